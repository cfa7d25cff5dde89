"""What it costs to look at a cell, its session, its repository and its surroundings.

Run with `python benchmarks/bench_cells.py`; medians, in milliseconds.
"""

from __future__ import annotations

import ast
import statistics
import subprocess
import tempfile
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from aseptic.capture.cells import CellLog, names_of, names_of_source
from aseptic.capture.environment import random_states, read_environment
from aseptic.capture.git import read_git, read_head
from aseptic.capture.secrets import redact
from aseptic.reproduce.state import judge

if TYPE_CHECKING:
    from collections.abc import Callable

CELL = """\
from sklearn.svm import SVC
C, gamma = 1.0, 0.001
Xs = scale(X_train[:, cols])
parts = [f(x) for x in Xs if x.mean() > cutoff]
df["a"] = df["b"].apply(lambda r: r * factor)
df.loc[mask, "c"] = 3
def predict(m, data):
    out = m.predict(data)
    return threshold * out + bias
class Net(Base):
    size = WIDTH
    def forward(self, x):
        return torch.relu(self.l(x))
with open(path) as fh:
    rows = [line.split(sep) for line in fh]
for i, (tr, te) in enumerate(kf.split(X)):
    clf = SVC(C=C, gamma=gamma).fit(X[tr], y[tr])
    scores.append(clf.score(X[te], y[te]))
model.fit(X)
acc = np.mean(scores)
"""


def median_ms(call: Callable[[], object], *, times: int = 100) -> float:
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        call()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken) * 1e3


def show(what: str, call: Callable[[], object], *, times: int = 100) -> None:
    print(f"{what:58}{median_ms(call, times=times):10.3f} ms")


def repository(folder: Path, *, files: int) -> Path:
    folder.mkdir()
    for n in range(files):
        (folder / f"m{n}.py").write_text(f"x = {n}\n")
    who = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    for words in (("init", "-q"), ("add", "-A"), (*who, "commit", "-q", "-m", "one")):
        subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True)
    return folder


def log_of(length: int) -> CellLog:
    log, names = CellLog(), names_of_source(CELL)
    now = datetime.now(timezone.utc)
    for n in range(length):
        cell = log.begin(CELL, names, started_at=now, cell_id=f"c{n}")
        log.end(cell.order, status="ok", namespace={})
    return log


def log_one(log: CellLog, namespace: dict[str, object]) -> None:
    cell = log.begin(CELL, names_of_source(CELL), started_at=datetime.now(timezone.utc))
    log.end(cell.order, status="ok", namespace=namespace)


def bench_cells() -> None:
    tree = ast.parse(CELL)
    show("names_of, 20 lines", lambda: names_of(tree))
    log = CellLog()
    show("log a cell of 20 lines: parse, names, closure, record", lambda: log_one(log, {}))
    cells = log_of(200).cells
    show(
        "judge a run after 200 cells that all change one table",
        lambda: judge(cells, 200, namespace_names=()),
        times=10,
    )
    show("redact 20 lines", lambda: redact(CELL))
    show("redact 1 MB of source", lambda: redact(CELL * 1_500), times=5)


def bench_git(folder: Path) -> None:
    for files in (3, 300):
        repo = repository(folder / f"r{files}", files=files)
        read_git(repo)
        show(f"read_git, {files} files, clean", lambda repo=repo: read_git(repo), times=30)
        (repo / "m0.py").write_text("x = 'changed'\n")
        (repo / "new.py").write_text("")
        show(f"read_git, {files} files, 2 changed", lambda repo=repo: read_git(repo), times=30)
    show("read_head", lambda: read_head(repo))


def bench_environment() -> None:
    started = time.perf_counter()
    read_environment()
    print(f"{'read_environment, first':58}{(time.perf_counter() - started) * 1e3:10.3f} ms")
    show("read_environment, again", read_environment)
    show("random_states", random_states)


if __name__ == "__main__":
    bench_cells()
    with tempfile.TemporaryDirectory() as temporary:
        bench_git(Path(temporary))
    bench_environment()
