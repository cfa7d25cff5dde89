"""Tracks one cell with the aseptic that is installed here, and sees that JupyterLab knows it.

Run in a new environment, with nothing on the PATH besides it, after a wheel was installed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from IPython.core.interactiveshell import InteractiveShell

import aseptic


def main() -> int:
    """1 where something is missing, with what it is."""
    if "site-packages" not in str(Path(aseptic.__file__)):
        print(f"this is not the installed aseptic: {aseptic.__file__}")
        return 1
    for list_of in (["labextension", "list"], ["server", "extension", "list"]):
        said = subprocess.run(
            [sys.executable, "-m", "jupyter", *list_of], capture_output=True, text=True, check=True
        )
        if not any(_is_ok(line) for line in (said.stdout + said.stderr).splitlines()):
            print(f"`jupyter {' '.join(list_of)}` has no aseptic that is OK:\n{said.stderr}")
            return 1
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        shell = InteractiveShell.instance()
        shell.run_cell("%load_ext aseptic").raise_error()
        shell.run_cell("def judge(C): return C / 4").raise_error()
        shell.run_cell("%%track first -e smoke\nC = 3\nacc = judge(C)").raise_error()
        runs = aseptic.runs()
        os.chdir("/")
    recorded = runs[["name", "experiment", "status", "params.C", "metrics.acc"]].values.tolist()
    if recorded != [["first", "smoke", "finished", 3, 0.75]]:
        print(f"the run was not recorded as it was: {recorded}")
        return 1
    print(f"aseptic {aseptic.__version__}: installed, seen by JupyterLab, tracks")
    return 0


def _is_ok(line: str) -> bool:
    return "aseptic" in line and "OK" in line


if __name__ == "__main__":
    sys.exit(main())
