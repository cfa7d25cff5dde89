"""What executes a job: started in a thread of its own, interrupted and killed from outside."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING

from aseptic.tracking import JOB_VARIABLE

if TYPE_CHECKING:
    from aseptic.batch.job import Job
    from aseptic.store.base import Store


class Worker(ABC):
    """One execution of a notebook or a script."""

    cells = 0  # to execute; 0 where it is not known how much there is to do
    cells_done = 0
    doing = ""  # what it does now, in a few words
    failed_cell: int | None = None  # 1-based
    notebook: str | None = None  # the executed notebook as JSON, as far as it came

    def __init__(self) -> None:
        self.notes: list[str] = []

    @abstractmethod
    def execute(self) -> str | None:
        """Executes the job to its end; returns in words what failed, None where nothing did.

        Raises AsepticError where it cannot be begun.
        """

    @abstractmethod
    def interrupt(self) -> None:
        """Asks the code that runs to end, as Ctrl-C does. What has not begun does not begin."""

    @abstractmethod
    def kill(self) -> None:
        """Ends the process at once; what its runs have logged stays."""


def environment_of(job: Job, store: Store, runs_file: Path) -> dict[str, str]:
    """The environment of the process that executes a job."""
    environ = {**os.environ, "ASEPTIC_STORE": store.url, JOB_VARIABLE: str(runs_file)}
    if job.stop_on:
        environ["ASEPTIC_STOP_ON"] = ",".join(job.stop_on)
    if job.is_notebook and Path(job.target).is_file():
        environ["JPY_SESSION_NAME"] = str(Path(job.target).resolve())
    return environ
