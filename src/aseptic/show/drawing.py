"""What SVG pictures without script share: scales, round ticks, ink and the colours of series.

Colours come from the page's variables with fallbacks, as attributes too: some sites take styles
away.
"""

from __future__ import annotations

import math
from typing import NamedTuple

INK = 'fill="#6b6b6b" style="fill:var(--jp-content-font-color2,#6b6b6b)"'
GRID = 'stroke="#808080" stroke-opacity="0.2"'
#: As `--as-series-0` … in tokens.css.
COLORS = (
    "#3b6fb6",
    "#d5672d",
    "#c24d7c",
    "#1b8a7d",
    "#a8800f",
    "#7a5bc0",
    "#4b9cd3",
    "#8a5a44",
)
_HUGE = 1e300  # beyond it, a difference of two floats may be infinite, and below 1 / it nothing


class Scale(NamedTuple):
    """From values to places in a picture."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """The place of a value."""
        share = (value - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)


def scale_of(values: list[float], start: float, end: float, *, pad: float = 0.0) -> Scale:
    """The scale that holds all finite values, and a share of their range beyond them."""
    finite = [value for value in values if is_drawable(value)]
    low, high = min(finite, default=0.0), max(finite, default=1.0)
    if high - low <= max(1e-12 * max(abs(low), abs(high)), 1 / _HUGE):
        margin = max(0.5, 1e-6 * abs(low))
        low, high = low - margin, high + margin
    margin = (high - low) * pad
    return Scale(low - margin, high + margin, start, end)


def is_drawable(value: float) -> bool:
    """Whether a value has a place on a scale."""
    return abs(value) < _HUGE  # false for NaN


def ticks(low: float, high: float, count: int = 4) -> list[float]:
    """Round numbers between two values, about as many as asked for."""
    raw = (high - low) / count
    size = 10.0 ** math.floor(math.log10(raw))
    step = next(size * factor for factor in (1, 2, 5, 10) if size * factor >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(i * step, 12) for i in range(first, last + 1)]


def path_of(xs: list[float], ys: list[float], x: Scale, y: Scale) -> str:
    """The line through the points, in pieces where values are NaN or infinite."""
    path = []
    is_drawing = False
    for at, value in zip(xs, ys, strict=True):
        is_point = is_drawable(at) and is_drawable(value)
        if is_point:
            path.append(f"{'L' if is_drawing else 'M'}{x(at):.1f},{y(value):.1f}")
        is_drawing = is_point
    return " ".join(path)


def series_color(i: int, what: str) -> str:
    """The colour of series `i`, as `fill` or `stroke`."""
    place = i % len(COLORS)
    color = COLORS[place]
    return f'{what}="{color}" style="{what}:var(--as-series-{place},{color})"'
