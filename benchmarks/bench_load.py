"""How long `%load_ext aseptic` takes beyond IPython and pandas, in fresh processes.

The first tracked cell is timed too, because what loading puts off is paid there.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROUNDS = 9
AIM_S = 0.3

PROGRAM = """
import contextlib, io, json, time
start = time.perf_counter()
import pandas
pandas_s = time.perf_counter() - start
from IPython.core.interactiveshell import InteractiveShell

def timed(source):
    start = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        shell.run_cell(source, store_history=True).raise_error()
    return time.perf_counter() - start

shell = InteractiveShell.instance()
timed("0")
times = {
    "pandas": pandas_s,
    "load": timed("%load_ext aseptic"),
    "first": timed("%%track\\nz = 1"),
    "second": timed("%%track\\nz = 1"),
}
print(json.dumps(times))
"""


def main() -> None:
    """Prints the medians."""
    measure()  # warms the page cache and writes the .pyc files
    rounds = [measure() for _ in range(ROUNDS)]
    medians = {name: statistics.median(times[name] for times in rounds) for name in rounds[0]}
    lowest = {name: min(times[name] for times in rounds) for name in rounds[0]}
    print(f"fresh processes, {ROUNDS} rounds                 median     lowest")
    print(f"  import pandas, to compare         {_ms(medians['pandas'])} {_ms(lowest['pandas'])}")
    print(f"  %load_ext aseptic, after pandas   {_ms(medians['load'])} {_ms(lowest['load'])}")
    print(f"  first %%track of a process        {_ms(medians['first'])} {_ms(lowest['first'])}")
    print(f"  second %%track                    {_ms(medians['second'])} {_ms(lowest['second'])}")
    verdict = "met" if medians["load"] <= AIM_S else "missed"
    print(f"  aim for loading: {_ms(AIM_S).strip()} at the median: {verdict}")


def measure() -> dict[str, float]:
    """Seconds of each step in a process of its own, in a new git repository."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["git", "init", "-q", folder], check=True)
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM],
            cwd=Path(folder),
            env={**os.environ, "IPYTHONDIR": str(Path(folder) / ".git" / "ipython")},
            capture_output=True,
            text=True,
            check=True,
        )
    times: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return times


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:7.1f} ms"


if __name__ == "__main__":
    main()
