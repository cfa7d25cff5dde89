"""Notebook jobs of jupyter-scheduler, executed by `aseptic run`: the server's setting names this.

c.Scheduler.execution_manager_class = "aseptic.batch.jupyter_scheduler.AsepticExecutionManager"
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
from jupyter_scheduler.executors import DefaultExecutionManager

from aseptic.settings import load_settings

OPTIONS_VARIABLE = "ASEPTIC_RUN"  # options of `aseptic run`, as a shell takes them
_PAGE = "executed.ipynb"


class AsepticExecutionManager(DefaultExecutionManager):  # type: ignore[misc]  # not a dependency
    """Executes a job with `aseptic run`: an exit code other than 0 is a failed job."""

    def execute(self) -> None:
        """Raises RuntimeError with the last line of the summary, which says why it failed."""
        job = self.model
        staged = Path(self.staging_paths["input"])
        done = subprocess.run(
            self._command(job, staged),
            cwd=staged.parent,
            capture_output=True,
            text=True,
            check=False,
        )
        if (staged.parent / _PAGE).is_file():
            page: Any = nbformat.read(staged.parent / _PAGE, as_version=4)  # type: ignore[no-untyped-call]  # nbformat's
            self.add_side_effects_files(str(staged.parent))
            self.create_output_files(job, page)
        if done.returncode:
            told = (done.stdout.strip() or done.stderr.strip()).rpartition("\n")[2]
            raise RuntimeError(told or f"exit code {done.returncode}")

    def _command(self, job: Any, staged: Path) -> list[str]:
        """The job works on a copy in the staging folder; its store is that of the project."""
        store = load_settings(Path(self.root_dir)).store
        words = [sys.executable, "-m", "aseptic", "run", str(staged), str(staged.parent / _PAGE)]
        words += ["--store", store, "--experiment", Path(job.input_filename).stem]
        words += shlex.split(os.environ.get(OPTIONS_VARIABLE, ""))
        for name, value in (job.parameters or {}).items():
            words += ["-p", f"{name}={value}"]
        return words
