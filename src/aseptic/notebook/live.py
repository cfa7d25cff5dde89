"""Curves that draw themselves under the cell while it logs, with what checks find on them.

Nothing is shown, and no widget code imported, until a metric has its second point. Points are
handed to the widget at most ten times a second, from the thread that runs the cell; a finding at
once, from the thread that found it, since no point may come after it.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from aseptic.model import Finding
from aseptic.notices import say_once
from aseptic.series_names import without_diagnostics

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aseptic.active_run import ActiveRun
    from aseptic.contract import Mark
    from aseptic.model import RunEnd
    from aseptic.store.base import Record

_INTERVAL_S = 0.1
_views: dict[str, LiveCurves] = {}


class LiveCurves:
    """The points of one run that the front end has not seen yet, and the widget that shows them."""

    def __init__(self, run: ActiveRun) -> None:
        self._run = run
        self._points: dict[str, list[tuple[float | None, float, float]]] = {}
        self._marks: list[Mark] = []
        self._widget: Any = None
        self._sent_at = 0.0
        self._thread = threading.get_ident()
        self._lock = threading.Lock()

    def add(self, values: Mapping[str, float], step: float | None, time_s: float) -> None:
        """Takes points; sends them if it is time and this is the cell's own thread."""
        with self._lock:
            for name in without_diagnostics(values):
                self._points.setdefault(name, []).append((step, time_s, values[name]))
        is_due = time.perf_counter() - self._sent_at >= _INTERVAL_S
        if is_due and threading.get_ident() == self._thread:
            self.send()

    def mark(self, finding: Finding) -> None:
        """Shows a finding, if curves are shown; else with the first of them."""
        from aseptic.show.findings import mark_of

        found = mark_of(self._run.run_id, finding)
        self._marks.append(found)
        if self._widget is not None:
            self._widget.show_marks(self._marks)
            self._widget.tell(self._run.name, found)

    def send(self) -> None:
        """Hands the points to the widget, which is made when a curve has its second point."""
        self._sent_at = time.perf_counter()
        with self._lock:
            if self._widget is None and all(len(rows) < 2 for rows in self._points.values()):
                return
            points, self._points = self._points, {}
        if self._widget is None:
            self._open()
        for name, rows in points.items():
            steps, times, values = zip(*rows, strict=True)
            self._widget.append(self._run.run_id, name, steps, times, values)

    def close(self) -> None:
        """Sends the rest and leaves a static picture for whoever opens the saved notebook.

        The marks are those of the findings that stand in the end, and are seen on a curve.
        """
        if self._points:
            self.send()
        if self._widget is not None:
            from aseptic.show.findings import mark_of, open_findings

            found = open_findings(self._run.snapshot().findings)
            marks = [mark_of(self._run.run_id, finding) for finding in found]
            self._widget.show_marks([mark for mark in marks if mark.metric is not None])
            self._widget.finish()

    def _open(self) -> None:
        from aseptic.widgets.curves import CurvesWidget

        self._widget = CurvesWidget.live({self._run.run_id: self._run.name})
        self._widget.show_marks(self._marks)
        self._widget.show()


def watch(shell: Any, run: ActiveRun) -> None:
    """Shows curves for this run as soon as there are any, where a front end can show widgets."""
    if not hasattr(shell, "kernel"):
        return
    view = _views[run.run_id] = LiveCurves(run)

    def listen(_: ActiveRun, values: Mapping[str, float], step: float | None, at: float) -> None:
        try:
            view.add(values, step, at)
        except Exception as error:  # noqa: BLE001 -- a picture must not stop a training
            run.forget_listener(listen)
            _say(error)

    def hear(_: ActiveRun, record: Record | RunEnd) -> None:
        if isinstance(record, Finding) and threading.get_ident() != run.thread:
            view.mark(record)  # found on the way: what is found at the end is on the card

    run.on_points(listen)
    run.on_record(hear)


def close(run: ActiveRun) -> None:
    """The run has ended: completes its curves, if any were shown."""
    view = _views.pop(run.run_id, None)
    try:
        if view is not None:
            view.close()
    except Exception as error:  # noqa: BLE001 -- as above
        _say(error)


def _say(error: Exception) -> None:
    say_once(f"live curves failed ({type(error).__name__}: {error}); the points are recorded")
