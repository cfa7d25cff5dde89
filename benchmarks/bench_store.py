"""What the store costs, each beside the least that it could cost, in the same run.

Run with `python benchmarks/bench_store.py`. The machine may be noisy: every pair is measured in
turns, and the best of each is shown.
"""

from __future__ import annotations

import math
import os
import random
import sqlite3
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from aseptic.model import RunEnd, utc_now
from aseptic.store import open_store
from aseptic.store.liveness import new_session
from aseptic.testing import make_run, record_run, start_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from aseptic.store.base import Store

STEPS = 20_000
ROUNDS = 5
RUNS = 1_000
NAMES = ("loss", "acc", "val_loss", "val_acc", "lr")


def main() -> None:
    with _store() as store:
        bench_log(store)
    with _store() as store:
        bench_run(store)
    with _store() as store:
        bench_read_runs(store)
    for name, curve in (("float64", lambda x: x), ("float32", _as_float32)):
        with _store() as store:
            bench_size(store, name, curve)


def bench_log(store: Store) -> None:
    """`log` of 5 values, against one bare `os.write` of as many bytes."""
    journal = store.start_run(start_of(make_run(status="running")))
    fd = os.open(Path(store.url) / "bare", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    values, frame = dict.fromkeys(NAMES, 0.5), b"x" * 69
    logged, bare = [], []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for step in range(STEPS):
            journal.log(values, step=step, time_s=1.8e9)
        middle = time.perf_counter()
        for _ in range(STEPS):
            os.write(fd, frame)
        logged.append(middle - start)
        bare.append(time.perf_counter() - middle)
    os.close(fd)
    per_call, per_write = min(logged) / STEPS, min(bare) / STEPS
    print(f"log(5 values)      {per_call * 1e6:8.2f} µs   {5 / per_call / 1e6:.2f} M points/s")
    print(f"one os.write       {per_write * 1e6:8.2f} µs   factor {per_call / per_write:.1f}")


def bench_run(store: Store) -> None:
    """A run with 10 params and 10 metrics: until `end` returned, and until it is folded."""
    _one_run(store)
    recorded, folded = [], []
    for _ in range(20):
        start = time.perf_counter()
        _one_run(store)
        middle = time.perf_counter()
        store.fold()
        recorded.append(middle - start)
        folded.append(time.perf_counter() - middle)
    start = time.perf_counter()
    store.fold()
    nothing = time.perf_counter() - start
    print(f"start … end        {_median(recorded):8.2f} ms")
    print(f"fold it            {_median(folded):8.2f} ms   nothing new {nothing * 1e3:.3f} ms")


def _one_run(store: Store) -> None:
    record_run(
        store,
        session=SESSION,
        params={f"p{number}": number / 3 for number in range(10)},
        metrics={f"m{number}": number / 7 for number in range(10)},
    )


def bench_read_runs(store: Store) -> None:
    """1,000 runs with 20 params and 10 metrics as columns, against the bare rows."""
    for number in range(RUNS):
        record_run(
            store,
            session=SESSION,
            params={f"p{column}": number / (column + 1) for column in range(20)},
            metrics={f"m{column}": number / (column + 7) for column in range(10)},
        )
    start = time.perf_counter()
    store.fold()
    print(f"fold 1,000 runs    {(time.perf_counter() - start) * 1e3:8.0f} ms")
    columns, bare = [], []
    for _ in range(ROUNDS):
        columns.append(_timed(store.read_runs))
        bare.append(_timed(lambda: _bare_read(store)))
    query = _timed(lambda: store.read_runs("m1 > 50 and p3 < 100"))
    print(f"read_runs          {min(columns) * 1e3:8.1f} ms   with a query {query * 1e3:.1f} ms")
    print(f"bare sqlite3       {min(bare) * 1e3:8.1f} ms   factor {min(columns) / min(bare):.2f}")


def _bare_read(store: Store) -> None:
    connection = sqlite3.connect(Path(store.url) / "runs.db")
    connection.execute("SELECT * FROM runs ORDER BY started_at DESC").fetchall()
    connection.execute("SELECT run_no, name, kind, number, text FROM params").fetchall()
    connection.execute("SELECT run_no, name, kind, number, text FROM metrics").fetchall()
    connection.close()


def bench_size(store: Store, kind: str, curve: Callable[[float], float]) -> None:
    """Bytes a point of loss curves with noise, logged every 20 ms or so."""
    for names in (("loss",), NAMES):
        record_run(store, session=SESSION)
        before = _size(store)
        run = make_run(status="running")
        journal = store.start_run(start_of(run, SESSION))
        noise, now = random.Random(0), 1.8e9
        for step in range(STEPS):
            now += 0.02 * noise.lognormvariate(0, 0.05)
            trend = math.exp(-step / 5000) + 0.1
            values = {name: curve(trend * noise.lognormvariate(0, 0.1)) for name in names}
            journal.log(values, step=step, time_s=now)
        journal.end(RunEnd(status="finished", ended_at=utc_now(), duration_s=1.0))
        fold_s = _timed(store.fold)
        points = STEPS * len(names)
        read_s = _timed(lambda run=run: store.read_series([run.run_id]))
        print(
            f"{kind}, {len(names)}        {(_size(store) - before) / points:8.2f} bytes a point"
            f"   fold {fold_s * 1e3:.0f} ms, read {read_s * 1e3:.0f} ms for {points:,} points"
        )


def _as_float32(value: float) -> float:
    import numpy as np

    return float(np.float32(value))


def _size(store: Store) -> int:
    file = Path(store.url) / "runs.db"
    store.fold()
    return file.stat().st_size if file.exists() else 0


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _median(seconds: list[float]) -> float:
    return sorted(seconds)[len(seconds) // 2] * 1e3


@contextmanager
def _store() -> Iterator[Store]:
    with tempfile.TemporaryDirectory() as folder:
        yield open_store(Path(folder) / ".aseptic")


SESSION = new_session()

if __name__ == "__main__":
    main()
