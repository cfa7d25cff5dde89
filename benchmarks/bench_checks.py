"""How long the checks take on 1,000,000 rows x 50 columns, and how much memory.

Run `python benchmarks/bench_checks.py [--rows N]`. Each depth is measured in a process of its own:
the peak is what that process held at most, over what it held of the data before.
"""

import argparse
import ctypes
import json
import subprocess
import sys
import time

ROWS, COLUMNS = 1_000_000, 50
SHOWN = 8  # of the slowest checks


def make_tables(rows):
    """Train and test, 70 to 30: numbers, whole numbers, categories, texts, dates; a class."""
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(0)
    columns = {}
    for place in range(COLUMNS - 1):
        kind = place % 5
        if kind == 0:
            columns[f"x{place}"] = rng.normal(size=rows)
        elif kind == 1:
            columns[f"x{place}"] = rng.gamma(2.0, 3.0, rows).astype(np.float32)
        elif kind == 2:
            columns[f"x{place}"] = rng.integers(0, 1000, rows)
        elif kind == 3:
            codes = rng.integers(0, 12, rows)
            columns[f"x{place}"] = pd.Categorical.from_codes(codes, [f"c{i}" for i in range(12)])
        else:
            columns[f"x{place}"] = np.where(rng.random(rows) < 0.02, np.nan, rng.normal(size=rows))
    score = columns["x0"] + columns["x5"] + rng.normal(size=rows)
    columns["y"] = (score > 0).astype(np.int64)
    whole = pd.DataFrame(columns)
    cut = int(0.7 * rows)
    return whole.iloc[:cut], whole.iloc[cut:]


def measure(depth, rows):
    """Times of one depth and the peak of memory, printed as JSON."""
    import resource

    import psutil
    import scipy.stats  # noqa: F401 -- as in a session that uses scikit-learn
    import sklearn.ensemble  # noqa: F401

    from aseptic.checks.discovery import load_checks
    from aseptic.checks.evidence import Evidence
    from aseptic.checks.runner import run_checks
    from aseptic.checks.settings import CheckSettings
    from aseptic.checks.tables import Table

    train, test = make_tables(rows)
    size = int(train.memory_usage(deep=False).sum() + test.memory_usage(deep=False).sum())
    checks = list(load_checks().values())
    _reset_peak()
    before = psutil.Process().memory_info().rss
    started, cpu = time.perf_counter(), time.process_time()
    tables = (Table("train", "train", train, "y"), Table("test", "test", test, "y"))
    report = run_checks(checks, Evidence(tables, depth=depth), CheckSettings())
    took, cpu = time.perf_counter() - started, time.process_time() - cpu
    peak = _peak() or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    times = {one.code: one.duration_s for one in report.outcomes}
    more = max(0, peak - before)
    print(json.dumps({"took": took, "cpu": cpu, "size": size, "more": more, "times": times}))


def _reset_peak():
    """Lets the kernel forget the peak that making the data had, where it can (Linux).

    What is free is given back before: else what the checks take would be hidden in it.
    """
    try:
        ctypes.CDLL(None).malloc_trim(0)
        with open("/proc/self/clear_refs", "w") as file:  # noqa: PTH123 -- no file of the disk
            file.write("5")
    except (OSError, AttributeError):
        pass


def _peak():
    try:
        with open("/proc/self/status") as file:  # noqa: PTH123
            lines = dict(line.split(":", 1) for line in file)
        return int(lines["VmHWM"].split()[0]) * 1024
    except (OSError, KeyError):
        return None


def show(depth, rows):
    command = [sys.executable, __file__, "--rows", str(rows), "--measure", depth]
    found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    size, more = found["size"], found["more"]
    print(
        f"  {depth:10}{found['took']:8.2f} s ({found['cpu']:.2f} s of CPU)    peak"
        f" {(size + more) / size:.2f} x the data ({size / 1e6:,.0f} + {more / 1e6:,.0f} MB)"
    )
    slowest = sorted(found["times"].items(), key=lambda item: -item[1])[:SHOWN]
    print("             slowest: " + ", ".join(f"{code} {took:.2f} s" for code, took in slowest))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--measure", choices=("automatic", "asked", "thorough"))
    options = parser.parse_args()
    if options.measure:
        measure(options.measure, options.rows)
        return
    print(f"all checks of data, {options.rows:,} x {COLUMNS}, without a limit of time")
    for depth in ("automatic", "asked", "thorough"):
        show(depth, options.rows)


if __name__ == "__main__":
    main()
