"""Curves under a cell: those of runs that have ended, and of one that is logging now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import traitlets

from aseptic.contract import Found, Points, SeriesReply, SeriesRequest, View
from aseptic.errors import NoSuchMetric
from aseptic.results import CurvesResult
from aseptic.show.as_text import draw_text
from aseptic.store.base import Series
from aseptic.widgets import picture, reduce
from aseptic.widgets.base import STATIC, Widget
from aseptic.widgets.packing import builtins

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from aseptic.contract import Curve, Mark, Reply, Request
    from aseptic.store.base import Store

POINTS = 1000  # of a curve: about the pixels of a plot


class CurvesWidget(Widget):
    """Curves by step or time. `append` makes them grow while a cell runs.

    Call `finish` at the end: only then does the notebook keep the curves as they became.
    """

    _esm: ClassVar[Any] = STATIC / "curves.js"

    curves: Any = traitlets.List(help="contract.Curve").tag(sync=True)
    names = traitlets.Dict(help="run id → name").tag(sync=True)
    view = traitlets.Dict(help="contract.View").tag(sync=True)
    marks: Any = traitlets.List(help="contract.Mark").tag(sync=True)

    def __init__(
        self,
        series: Iterable[Series] = (),
        *,
        names: Mapping[str, str] | None = None,
        metric: str | None = None,
    ) -> None:
        # each series in the parts that came, so that a long one is not copied for each batch
        self._parts: dict[tuple[str, str], list[Series]] = {}
        self._marks: list[Mark] = []
        for one in series:
            self._parts[one.run_id, one.metric] = [_numbered(one, 0)]
        super().__init__(
            curves=self._plain_curves(),
            names=dict(names or {}),
            view=builtins(View(metric=metric)),
        )

    @classmethod
    def of(cls, store: Store, metrics: Sequence[str], runs: Sequence[str] | None) -> CurvesWidget:
        """The curves of some metrics over some runs; None: over all that have them.

        Raises NoSuchMetric where none of the runs has one of the metrics, and RunNotFound.
        """
        run_ids = None if runs is None else [store.get_run(run).run_id for run in runs]
        columns = store.read_runs(run_ids=run_ids)
        for metric in metrics:
            if metric not in columns.metrics:
                raise NoSuchMetric(metric, known=columns.metrics)
        ids = run_ids or columns.run_ids
        series = [one for metric in metrics for one in store.read_series(ids, metric)]
        names = dict(zip(columns.run_ids, columns.fields["name"], strict=True))
        return cls(series, names=names, metric=metrics[0] if metrics else None)

    @classmethod
    def live(cls, names: Mapping[str, str]) -> CurvesWidget:
        """No curves yet: they come by `append`. `names` are those of the runs, by id."""
        return cls(names=names)

    def append(
        self,
        run_id: str,
        metric: str,
        steps: Sequence[float | None],
        times: Sequence[float],
        values: Sequence[float],
    ) -> None:
        """Draws more points of a series. Call it ten times a second at most, with a batch.

        A step of None counts on. It waits for nobody: the message goes out while the cell runs.
        """
        parts = self._parts.setdefault((run_id, metric), [])
        arrays = (np.array(part, dtype="<f8") for part in (steps, times, values))
        batch = _numbered(Series(run_id, metric, *arrays), sum(len(part.value) for part in parts))
        parts.append(batch)
        self.post(Points(curves=[reduce.curve(batch, points=POINTS)]))

    def show_marks(self, marks: Sequence[Mark]) -> None:
        """Shows what checks found, on the curves and as lines below: all there is to show."""
        self._marks = list(marks)
        self.marks = [builtins(mark) for mark in marks]

    def tell(self, run_name: str, mark: Mark) -> None:
        """Says a finding to whoever notifies people."""
        self.post(Found(run_name=run_name, mark=mark))

    def finish(self) -> None:
        """Keeps the curves as they are now in the widget's state and in its static form."""
        self.curves = self._plain_curves()
        self.update_form()

    def answer(self, request: Request) -> Reply:
        """Curves in more detail, where someone zoomed in."""
        if not isinstance(request, SeriesRequest):
            return super().answer(request)
        return SeriesReply(
            request_id=request.request_id,
            curves=[
                reduce.curve(
                    series,
                    points=request.points,
                    x_axis=request.x_axis,
                    x_min=request.x_min,
                    x_max=request.x_max,
                )
                for series in self._series()
                if series.run_id in request.run_ids and request.metric in (None, series.metric)
            ],
        )

    def static_html(self) -> str:
        """Each metric as a picture, in SVG."""
        drawn = picture.figures(self._curves(picture.POINTS), self.names, self._marks)
        return drawn or "<p>No curve yet.</p>"

    def static_text(self) -> str:
        """One line a curve, its course drawn small; and one for each finding."""
        curves = draw_text(CurvesResult(self._series(), dict(self.names)).blocks())
        return "\n".join([curves or "No curve yet.", *map(picture.mark_text, self._marks)])

    # -- private --------------------------------------------------------------------------------

    def _series(self) -> list[Series]:
        return [_joined(parts) for parts in self._parts.values()]

    def _curves(self, points: int) -> list[Curve]:
        return [reduce.curve(series, points=points) for series in self._series()]

    def _plain_curves(self) -> list[dict[str, Any]]:
        return [builtins(curve) for curve in self._curves(POINTS)]


def _numbered(series: Series, start: int) -> Series:
    """The series with the points that have no step numbered from `start` on."""
    step = np.asarray(series.step, dtype="<f8")
    if not np.isnan(step).any():
        return series
    numbers = np.arange(start, start + len(step), dtype="<f8")
    return series._replace(step=np.where(np.isnan(step), numbers, step))


def _joined(parts: list[Series]) -> Series:
    if len(parts) == 1:
        return parts[0]
    arrays = (
        np.concatenate([getattr(part, name) for part in parts])
        for name in ("step", "time_s", "value")
    )
    return Series(parts[0].run_id, parts[0].metric, *arrays)
