"""What a job's runs have logged so far, in a few words for the terminal."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from aseptic import progress
from aseptic.batch.metrics import shown_metrics
from aseptic.errors import AsepticError
from aseptic.show import readable

if TYPE_CHECKING:
    from pathlib import Path

    from aseptic.batch.worker import Worker
    from aseptic.store.base import Store

_EVERY_S = 1.0
_SHARE = 0.02  # of the time that reading the store may take
_MOST = 4  # metrics that are shown


class Watch:
    """Reports how far a worker is, with the last metrics of the newest run."""

    def __init__(self, worker: Worker, store: Store, runs_file: Path) -> None:
        self._worker = worker
        self._store = store
        self._runs_file = runs_file
        self._values = ""
        self._next = time.monotonic() + _EVERY_S

    def tick(self) -> None:
        """Reports; the store is read every second, or as rarely as it is slow."""
        now = time.monotonic()
        if now >= self._next:
            self._values = self._read()
            took_s = time.monotonic() - now
            self._next = now + max(_EVERY_S, took_s / _SHARE)
        said = [self._worker.doing, self._values]
        what = " · ".join(part for part in said if part)
        progress.report(what, self._worker.cells_done, self._worker.cells)

    def _read(self) -> str:
        run_ids = job_runs(self._runs_file)
        if not run_ids:
            return ""
        try:
            columns = self._store.read_runs(run_ids=run_ids[-1:])
        except (AsepticError, OSError):
            return ""  # shown again when the store can be read
        names = shown_metrics(columns.metrics)[:_MOST]
        values = [f"{name} {readable.number(columns.metrics[name][0])}" for name in names]
        return " · ".join([*columns.fields["name"], *values])


def job_runs(file: Path) -> list[str]:
    """The ids of the runs that a job made, in the order in which they began."""
    try:
        return list(dict.fromkeys(file.read_text(encoding="utf-8").split()))
    except OSError:
        return []
