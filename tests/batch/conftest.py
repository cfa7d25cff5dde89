"""Jobs as a scheduler runs them: `aseptic run` in a process of its own, in a folder of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from aseptic.batch.report import JobReport
from aseptic.store import open_store

LIMIT_S = 120
RUN = ("run",)
PARAMETERS = ("parameters",)


class Done(NamedTuple):
    """How a job ended."""

    code: int
    out: str
    err: str


class Place:
    """A folder with its own store, in which jobs run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environ = {
            **os.environ,
            "IPYTHONDIR": str(folder / ".ipython"),
            "ASEPTIC_STORE": str(folder / ".aseptic"),
            "OMP_NUM_THREADS": "1",
            "PYTHONUNBUFFERED": "1",
        }
        self.environ.pop("GITHUB_STEP_SUMMARY", None)

    @property
    def store(self) -> Any:
        return open_store(self.folder / ".aseptic")

    @property
    def runs(self) -> list[Any]:
        """All runs, the oldest first."""
        return [self.store.get_run(run_id) for run_id in reversed(self.store.read_runs().run_ids)]

    def write(self, name: str, text: str) -> str:
        (self.folder / name).write_text(text, encoding="utf-8")
        return name

    def notebook(self, *cells: tuple[str, tuple[str, ...]] | str, name: str = "train.ipynb") -> str:
        """Writes a notebook; a cell is its source, or its source and its tags."""
        made = []
        for cell in cells:
            source, tags = (cell, ()) if isinstance(cell, str) else cell
            made.append(new_code_cell(source, metadata={"tags": list(tags)}))
        page = new_notebook(cells=made)
        page.metadata["kernelspec"] = {
            "name": "python3", "display_name": "Python 3", "language": "python"
        }  # fmt: skip
        nbformat.write(page, self.folder / name)
        return name

    def start(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "aseptic", "run", *words],
            cwd=self.folder,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def end(self, process: subprocess.Popen[str]) -> Done:
        try:
            out, err = process.communicate(timeout=LIMIT_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        return Done(process.returncode, out, err)

    def run(self, *words: str) -> Done:
        return self.end(self.start(*words))

    def report(self, name: str = "report.json") -> JobReport:
        return msgspec.json.decode((self.folder / name).read_bytes(), type=JobReport)

    def wait_for_points(self, metric: str = "loss", *, least: int = 3) -> Any:
        """The running run, once it has logged so many points."""
        deadline = time.monotonic() + LIMIT_S
        while time.monotonic() < deadline:
            runs = self.runs if (self.folder / ".aseptic").exists() else []
            for run in runs:
                if metric in run.metrics and run.metrics[metric].count >= least:
                    return run
            time.sleep(0.1)
        raise AssertionError("the job has logged nothing")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)
