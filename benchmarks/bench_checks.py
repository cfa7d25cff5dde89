"""How long the checks take on 1,000,000 rows x 50 columns and on 10,000 columns; how much memory.

Run `python benchmarks/bench_checks.py [--rows N]`. Each depth is measured in a process of its own:
the peak is what that process held at most, over what it held of the data before. The checks have
run on a few rows before, so that the code of libraries is not counted as memory for the data. The
model is gradient boosting, fitted on 20,000 of the rows.
"""

import argparse
import ctypes
import json
import subprocess
import sys
import time

ROWS, COLUMNS = 1_000_000, 50
WIDE = 10_000
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


def make_wide_tables():
    """Train and test of 200 rows x 10,000 columns of numbers; a class."""
    import numpy as np
    import pandas as pd

    values = np.random.default_rng(0).normal(size=(200, WIDE))
    whole = pd.DataFrame(values, columns=[f"x{place}" for place in range(WIDE)])
    whole["y"] = (whole["x0"] > 0).astype(np.int64)
    return whole.iloc[:140], whole.iloc[140:]


def fit_model(train):
    """What the checks of fit and of deployment look at."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    some = train.iloc[:20_000]
    model = HistGradientBoostingClassifier(max_iter=20, categorical_features="from_dtype")
    return model.fit(some.drop(columns="y"), some["y"])


def measure(depth, rows, *, is_wide, has_model):
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

    train, test = make_wide_tables() if is_wide else make_tables(rows)
    model = fit_model(train) if has_model else None
    size = int(train.memory_usage(deep=False).sum() + test.memory_usage(deep=False).sum())
    checks = list(load_checks().values())

    def run(train, test):
        tables = (Table("train", "train", train, "y"), Table("test", "test", test, "y"))
        return run_checks(checks, Evidence(tables, model=model, depth=depth), CheckSettings())

    if not is_wide:
        run(train.iloc[:300], test.iloc[:100])
    _reset_peak()
    before = psutil.Process().memory_info().rss
    started, cpu = time.perf_counter(), time.process_time()
    report = run(train, test)
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


def show(depth, rows, *options):
    command = [sys.executable, __file__, "--rows", str(rows), "--measure", depth, *options]
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
    parser.add_argument("--wide", action="store_true", help="200 rows x 10,000 columns")
    parser.add_argument("--model", action="store_true", help="with a fitted model")
    options = parser.parse_args()
    if options.measure:
        measure(options.measure, options.rows, is_wide=options.wide, has_model=options.model)
        return
    for title, more in [("of data", []), ("of data and of a fitted model", ["--model"])]:
        print(f"all checks {title}, {options.rows:,} x {COLUMNS}, without a limit of time")
        for depth in ("automatic", "asked", "thorough"):
            show(depth, options.rows, *more)
    print(f"all checks of data, 200 x {WIDE:,}, without a limit of time")
    show("automatic", options.rows, "--wide")


if __name__ == "__main__":
    main()
