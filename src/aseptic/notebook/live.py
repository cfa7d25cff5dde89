"""Curves that draw themselves under the cell while it logs.

Nothing is shown, and no widget code imported, until a metric has its second point.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aseptic.notices import say_once

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aseptic.tracking import ActiveRun

_Point = tuple[str, "float | None", float, float]
_views: dict[str, LiveCurves] = {}


class LiveCurves:
    """The curves of one run; the first points wait until there is something to draw."""

    def __init__(self, run: ActiveRun) -> None:
        self._run = run
        self._waiting: list[_Point] = []
        self._seen: set[str] = set()
        self._widget: Any = None

    def add(self, values: Mapping[str, float], step: float | None, time_s: float) -> None:
        """Takes the points of one call of `log`."""
        for name, value in values.items():
            self._add((name, step, time_s, value))

    def _add(self, point: _Point) -> None:
        if self._widget is not None:
            self._widget.append(self._run.run_id, *point)
            return
        self._waiting.append(point)
        if point[0] in self._seen:
            self._open()
        self._seen.add(point[0])

    def close(self) -> None:
        """Leaves a static picture for whoever opens the saved notebook."""
        if self._widget is not None:
            self._widget.finish()

    def _open(self) -> None:
        from aseptic.widgets.curves import CurvesWidget

        self._widget = CurvesWidget(names={self._run.run_id: self._run.name})
        for point in self._waiting:
            self._widget.append(self._run.run_id, *point)
        self._waiting.clear()
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
            run.on_points(None)
            _say(error)

    run.on_points(listen)


def close(run: ActiveRun) -> None:
    """The run has ended: completes its curves, if any were shown."""
    run.on_points(None)
    view = _views.pop(run.run_id, None)
    try:
        if view is not None:
            view.close()
    except Exception as error:  # noqa: BLE001 -- as above
        _say(error)


def _say(error: Exception) -> None:
    say_once(f"live curves failed ({type(error).__name__}: {error}); the points are recorded")
