"""Series made small enough for a screen: extremes and last value of each bucket of points."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from aseptic.contract import Curve

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from aseptic.contract import XAxis
    from aseptic.store.base import Series


def curve(
    series: Series,
    *,
    points: int = 1000,
    x_axis: XAxis = "step",
    x_min: float | None = None,
    x_max: float | None = None,
) -> Curve:
    """The series between two x values, in at most `points` buckets of equally many points.

    One point beyond each end is kept, so that the line leaves the plot instead of stopping in
    it. `low` and `high` leave NaN values out; a bucket whose last value is NaN keeps the NaN.
    """
    step, time_s, value = _in_order(series)
    inside = _inside(_axis(x_axis, step, time_s), x_min, x_max)
    step, time_s, value = step[inside], time_s[inside], value[inside]
    if len(value) <= max(points, 2):
        low = high = None
    else:
        low, high, last = _buckets(value, points)
        step, time_s, value = step[last], time_s[last], value[last]
    return Curve(
        run_id=series.run_id,
        metric=series.metric,
        count=len(series.value),
        step=step.tobytes(),
        time_s=time_s.tobytes(),
        value=value.tobytes(),
        low=None if low is None else low.tobytes(),
        high=None if high is None else high.tobytes(),
    )


def _in_order(
    series: Series,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Step, time and value as float64 and by step; points without a step are numbered."""
    step = np.asarray(series.step, dtype="<f8")
    time_s = np.asarray(series.time_s, dtype="<f8")
    value = np.asarray(series.value, dtype="<f8")
    if np.isnan(step).any():
        step = np.arange(len(step), dtype="<f8")
    if len(step) > 1 and (np.diff(step) < 0).any():
        order = np.argsort(step, kind="stable")
        step, time_s, value = step[order], time_s[order], value[order]
    return step, time_s, value


def _axis(
    x_axis: XAxis, step: NDArray[np.float64], time_s: NDArray[np.float64]
) -> NDArray[np.float64]:
    if x_axis == "step":
        return step
    return time_s - time_s.min() if x_axis == "time" and len(time_s) else time_s


def _inside(x: NDArray[np.float64], x_min: float | None, x_max: float | None) -> slice:
    """The part of an ordered axis between two values, and one point beyond each."""
    start = 0 if x_min is None else max(0, int(np.searchsorted(x, x_min)) - 1)
    end = len(x) if x_max is None else int(np.searchsorted(x, x_max, side="right")) + 1
    return slice(start, max(end, start))


def _buckets(
    value: NDArray[np.float64], points: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.intp]]:
    """Lowest and highest value of each bucket, and the index of its last point."""
    starts = np.linspace(0, len(value), points, endpoint=False).astype(np.intp)
    last = np.append(starts[1:], len(value)) - 1
    # fmin and fmax pass NaN over, unlike minimum and maximum
    low = np.fmin.reduceat(value, starts).astype("<f8")
    high = np.fmax.reduceat(value, starts).astype("<f8")
    return low, high, last
