"""A recorded run together with the store that can tell more of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from aseptic.errors import NoSuchMetric
from aseptic.model import Run

if TYPE_CHECKING:
    import pandas as pd

    from aseptic.store.base import Source, Store


class RecordedRun(Run, frozen=True, kw_only=True):
    """One run as `aseptic.get_run` gives it: everything of Run, its series and its artifacts."""

    store: Any

    @classmethod
    def of(cls, run: Run, store: Store) -> RecordedRun:
        """The run, with the store it was read from."""
        return cls(**msgspec.structs.asdict(run), store=store)

    def history(self, metric: str | None = None) -> pd.DataFrame:
        """The series of one metric, or of all: columns run_id metric step time value.

        Raises NoSuchMetric.
        """
        from aseptic.frames import history_frame

        if metric is not None and metric not in self.metrics:
            raise NoSuchMetric(metric, known=self.metrics)
        return history_frame(self.store.read_series([self.run_id], metric))

    def read_artifact(self, name: str) -> bytes:
        """The content of an artifact. Raises KeyError, with the names there are."""
        if name not in self.artifacts:
            known = ", ".join(self.artifacts) or "none"
            raise KeyError(f"no artifact {name!r} in run {self.name}; it has: {known}")
        content: bytes = self.store.read_object(self.artifacts[name].digest)
        return content

    def _repr_html_(self) -> str:
        from aseptic.results import RunResult

        return RunResult(self, self._sources())._repr_html_()

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        from aseptic.results import RunResult

        printer.text(RunResult(self, self._sources()).text())

    def _sources(self) -> dict[str, Source]:
        found: dict[str, dict[str, Source]] = self.store.read_sources([self.run_id])
        return found.get(self.run_id, {})
