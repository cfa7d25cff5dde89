"""Small plots as values: what a finding shows beside its numbers. `show` and the panel draw them.

A plot is a plain dict: `kind` is `bars` (x are labels) or `lines` (x are numbers), `series` holds
a tuple of numbers for each name, as long as `x`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_MOST_BARS = 20


def bars(
    labels: Sequence[str], series: Mapping[str, Sequence[float]], *, x: str = "", y: str = ""
) -> dict[str, Any]:
    """Bars by label, at most 20: the first ones."""
    shown = min(len(labels), _MOST_BARS)
    return {
        "kind": "bars",
        "x": tuple(str(label) for label in labels[:shown]),
        "series": {name: _numbers(values[:shown]) for name, values in series.items()},
        "x_label": x,
        "y_label": y,
    }


def lines(
    at: Sequence[float], series: Mapping[str, Sequence[float]], *, x: str = "", y: str = ""
) -> dict[str, Any]:
    """Lines over numbers."""
    return {
        "kind": "lines",
        "x": _numbers(at),
        "series": {name: _numbers(values) for name, values in series.items()},
        "x_label": x,
        "y_label": y,
    }


def histograms(samples: Mapping[str, Any], *, x: str = "", bins: int = 20) -> dict[str, Any]:
    """How samples of numbers lie, as shares over common bins between their 1 % and 99 % points.

    What lies outside counts in the first and the last bin.
    """
    finite = {name: values[np.isfinite(values)] for name, values in samples.items()}
    together = np.concatenate([values for values in finite.values() if len(values)] or [[0.0]])
    low, high = np.quantile(together, [0.01, 0.99])
    edges = np.linspace(low, high if high > low else low + 1.0, bins + 1)
    shares = {
        name: _shares(np.clip(values, edges[0], edges[-1]), edges)
        for name, values in finite.items()
    }
    return lines(((edges[:-1] + edges[1:]) / 2).tolist(), shares, x=x, y="share")


def _shares(values: Any, edges: Any) -> list[float]:
    counts = np.histogram(values, edges)[0]
    return [float(count) / max(1, len(values)) for count in counts]


def _numbers(values: Sequence[float]) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
