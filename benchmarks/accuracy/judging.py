"""The loop of every judge: cases from disk, findings to disk, in one form for all.

Needs pandas and nothing of the environment that made the cases. What is there already is not judged
again, so a run that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import signal
import time
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
from reading import Case, read_case, read_tables

#: A finding is a dict: `check` as the tool names it, `said`, and if there are `subject` (a column),
#: `rows` (positions in train) and `severity` (`info` is no alarm).
Finding = dict[str, Any]
Judge = Callable[[Case, pd.DataFrame, pd.DataFrame], list[Finding]]

MOST_SECONDS = 300  # of the processor, for one case; then it counts as not found


def main(tool: str, judge: Judge) -> None:
    """Judges the cases that the command line names."""
    parser = argparse.ArgumentParser(description=f"Judges cases with {tool}.")
    parser.add_argument("cases", type=Path, help="the folder of the cases")
    parser.add_argument("out", type=Path, help="the folder for the findings")
    parser.add_argument("--names", type=Path, help="a file with the names of cases, one a line")
    options = parser.parse_args()
    every = sorted(folder.name for folder in options.cases.iterdir())
    names = options.names.read_text().split() if options.names else every
    folders = [options.cases / name for name in names]
    folders = [folder for folder in folders if (folder / "case.json").exists()]
    options.out.mkdir(parents=True, exist_ok=True)
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGPROF, _give_up)
    for number, folder in enumerate(folders, 1):
        path = options.out / f"{folder.name}.json"
        print(f"\r{tool}: case {number} of {len(folders)}  {folder.name:60.60}", end="", flush=True)
        if not path.exists() or _is_of_another(path, folder):
            path.write_text(json.dumps(_judge(tool, judge, folder)))
    print()


def _judge(tool: str, judge: Judge, folder: Path) -> dict[str, Any]:
    case = read_case(folder)
    train, test = read_tables(folder, case)
    started = time.perf_counter()
    findings, error = [], None
    signal.setitimer(signal.ITIMER_PROF, MOST_SECONDS)
    try:
        findings = judge(case, train, test)
    except Exception as fault:  # a tool that fails on a case has found nothing in it
        error = f"{type(fault).__name__}: {fault}"[:500]
        error += "".join(traceback.format_tb(fault.__traceback__)[-1:])
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return {
        "case": case.name,
        "recipe": case.recipe,
        "tool": tool,
        "seconds": round(time.perf_counter() - started, 3),
        "error": error,
        "findings": findings,
    }


def _is_of_another(path: Path, folder: Path) -> bool:
    """Whether the findings are of a case that was made anew since."""
    return json.loads(path.read_text()).get("recipe") != read_case(folder).recipe


def _give_up(*_: Any) -> None:
    raise TimeoutError(f"more than {MOST_SECONDS} s")
