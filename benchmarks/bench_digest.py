"""How fast data is digested, beside the fastest thing that reads the same memory.

Run `python benchmarks/bench_digest.py`; all is measured in one run, in turns, so that
a busy machine slows both sides alike.
"""

import argparse
import pickle
import statistics
import time

import numpy as np
import pandas as pd

from aseptic.capture.data import describe, digest

ROWS, COLUMNS, TEXTS = 5_000_000, 10, 1_000_000


def in_turns(times, **functions):
    """The times of each function, in seconds; they take turns."""
    spent = {name: [] for name in functions}
    for _ in range(times):
        for name, function in functions.items():
            start = time.perf_counter()
            function()
            spent[name].append(time.perf_counter() - start)
    return spent


def show(title, spent, size_bytes, against):
    """One line a function: best time, GB/s, and the median over the turns of the ratio."""
    print(f"\n{title}")
    for name, times in spent.items():
        pairs = zip(spent[against], times, strict=True)
        ratio = statistics.median(other / own for other, own in pairs)
        best = min(times)
        speed = f"{best * 1e3:9.1f} ms{size_bytes / best / 1e9:8.2f} GB/s"
        print(f"  {name:30}{speed}{ratio:8.2f} x as fast as {against}")


def numbers(times):
    rows = np.random.default_rng(0).random((ROWS, COLUMNS))
    by_row = pd.DataFrame(rows, copy=False)
    by_column = pd.DataFrame({str(i): rows[:, i].copy() for i in range(COLUMNS)})
    one_block = pd.DataFrame(np.asfortranarray(rows), copy=False)
    with_nan = one_block.mask(one_block > 0.99)
    block = one_block.to_numpy()
    spent = in_turns(
        times,
        sum=block.sum,
        frame=lambda: digest(one_block),
        frame_of_columns=lambda: digest(by_column),
        frame_of_rows=lambda: digest(by_row),
        frame_with_1_percent_nan=lambda: digest(with_nan),
        array_in_c_order=lambda: digest(rows),
        array_in_fortran_order=lambda: digest(block),
        described=lambda: describe("x", one_block),
    )
    show(f"{ROWS:,} x {COLUMNS} float64", spent, rows.nbytes, "sum")


def texts(times):
    held = pd.Series([f"name-{i % 5000}-{i}" for i in range(TEXTS)], dtype=object)
    arrow = held.astype("str" if hasattr(pd.options, "future") else "string[pyarrow]")
    missing = held.where(np.arange(TEXTS) % 7 > 0, None)
    size = int(held.str.len().sum())
    spent = in_turns(
        times,
        hash_pandas_object=lambda: pd.util.hash_pandas_object(held),
        objects=lambda: digest(held),
        objects_with_none=lambda: digest(missing),
    )
    show(f"{TEXTS:,} strings held as objects", spent, size, "hash_pandas_object")
    spent = in_turns(
        times,
        hash_pandas_object=lambda: pd.util.hash_pandas_object(arrow),
        arrow=lambda: digest(arrow),
    )
    show(f"{TEXTS:,} strings held by Arrow", spent, size, "hash_pandas_object")


def layouts():
    """Equal content in every layout; True is what each line must say."""
    rows = np.random.default_rng(0).random((100_000, 7))
    table = pd.DataFrame(rows, copy=False)
    same = {
        "copy": table.copy(),
        "pickle": pickle.loads(pickle.dumps(table)),
        "Fortran order": pd.DataFrame(np.asfortranarray(rows), copy=False),
        "column by column": pd.DataFrame({i: rows[:, i].copy() for i in range(7)}),
        "big-endian": pd.DataFrame(rows.astype(">f8")),
    }
    print("\nsame digest as a row-major frame")
    for name, other in same.items():
        print(f"  {name:34}{digest(other) == digest(table)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=15)
    times = parser.parse_args().times
    numbers(times)
    texts(times)
    layouts()


if __name__ == "__main__":
    main()
