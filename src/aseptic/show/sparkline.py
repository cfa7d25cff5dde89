"""The course of a series in one line of text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

_BARS = "▁▂▃▄▅▆▇█"


def sparklines(series: Sequence[Any], *, width: int = 24) -> list[str]:
    """One text a series, all on one scale: the mean of each stretch of points as a bar.

    A stretch without a finite value is a blank. Series shorter than `width` get a bar a point.
    """
    means = [_means(np.asarray(values, dtype=float), width) for values in series]
    finite = np.concatenate(means) if means else np.array([])
    finite = finite[np.isfinite(finite)]
    if not finite.size:
        return [" " * len(mean) for mean in means]
    low, high = float(finite.min()), float(finite.max())
    return ["".join(_bar(value, low, high) for value in mean) for mean in means]


def _means(values: Any, width: int) -> Any:
    parts = np.array_split(values, width) if len(values) > width else values.reshape(-1, 1)
    return np.array([_mean(part) for part in parts], dtype=float)


def _mean(part: Any) -> float:
    finite = part[np.isfinite(part)]
    return float(finite.mean()) if finite.size else float("nan")


def _bar(value: float, low: float, high: float) -> str:
    if not np.isfinite(value):
        return " "
    if high - low == float("inf"):  # of floats that are halves of it
        value, low, high = float(value) / 2, low / 2, high / 2
    share = (value - low) / (high - low) if high > low else 0.5
    return _BARS[min(len(_BARS) - 1, int(share * len(_BARS)))]
