"""What `%%track` costs on a trivial cell, and what the extension costs a cell without it.

In a real InteractiveShell, in a git repository of 100 committed files with one changed. The three
kinds of cell take turns, so that a busy machine slows all of them alike.
"""

from __future__ import annotations

import contextlib
import io
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

BLOCKS = 12  # of which the first warms up
CELLS = 10  # of each kind in a block
AIM_TRACKED_MS = 15.0
AIM_UNTRACKED_MS = 0.5


def main() -> None:
    """Prints the medians and what they are beyond a plain cell."""
    with tempfile.TemporaryDirectory() as folder:
        make_repository(Path(folder))
        os.environ["IPYTHONDIR"] = str(Path(folder) / ".git" / "ipython")
        os.chdir(folder)
        times = measure()
        os.chdir("/")

    plain = statistics.median(times["plain"])
    print(f"`z = 1`, {len(times['plain'])} cells of each kind    median      p95    beyond plain")
    for name, label in (
        ("plain", "without aseptic"),
        ("untracked", "loaded, not tracked"),
        ("tracked", "%%track"),
    ):
        median, high = statistics.median(times[name]), statistics.quantiles(times[name], n=20)[-1]
        print(f"  {label:22} {median:14.2f} ms {high:8.2f} ms {median - plain:9.2f} ms")
    for name, aim in (("untracked", AIM_UNTRACKED_MS), ("tracked", AIM_TRACKED_MS)):
        beyond = statistics.median(times[name]) - plain
        print(f"  aim for {name}: {aim:g} ms more: {'met' if beyond <= aim else 'missed'}")


def make_repository(folder: Path) -> None:
    """100 small files, committed, one of them changed since."""
    for number in range(100):
        (folder / f"module_{number}.py").write_text(f"VALUE = {number}\n" * 20)
    git = ["git", "-C", str(folder), "-c", "user.name=bench", "-c", "user.email=bench@localhost"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "files"], check=True)
    (folder / "module_7.py").write_text("VALUE = 8\n")


def measure() -> dict[str, list[float]]:
    """Milliseconds of each cell, by kind."""
    shell = InteractiveShell.instance(config=Config(HistoryManager={"enabled": False}))
    times: dict[str, list[float]] = {"plain": [], "untracked": [], "tracked": []}
    for block in range(BLOCKS):
        found = {"plain": run(shell, "z = 1")}
        run(shell, "%load_ext aseptic", count=1)
        found["untracked"] = run(shell, "z = 1")
        found["tracked"] = run(shell, "%%track -e bench\nz = 1")
        run(shell, "%unload_ext aseptic", count=1)
        if block > 0:
            for name, values in found.items():
                times[name] += values
    return times


def run(shell: InteractiveShell, source: str, *, count: int = CELLS) -> list[float]:
    """Milliseconds of each of several executions; what the cells print is thrown away."""
    times = []
    for _ in range(count):
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            start = time.perf_counter()
            result = shell.run_cell(source, store_history=True)
            times.append((time.perf_counter() - start) * 1000)
        result.raise_error()
    return times


if __name__ == "__main__":
    main()
