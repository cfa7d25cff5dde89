"""Curves as static HTML: SVG without script, the same bytes for the same curves."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from aseptic.show import readable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from aseptic.contract import Curve

WIDTH, HEIGHT = 520, 200
LEFT, RIGHT, TOP, BOTTOM = 46, 120, 10, 22
LABEL_GAP = 13.0
MOST = 12  # curves in one picture
POINTS = 160  # of a curve: the picture is not wider than it needs
FONT = "font:13px/1.45 var(--jp-ui-font-family,system-ui,sans-serif)"
DIM = "color:var(--jp-content-font-color2,#6b6b6b)"
INK = 'fill="#6b6b6b" style="fill:var(--jp-content-font-color2,#6b6b6b)"'
#: As `--as-series-0` … in tokens.css, for sites that take styles away.
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


class _Scale(NamedTuple):
    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)


def figures(curves: Sequence[Curve], names: Mapping[str, str]) -> str:
    """One picture a metric; the last values stand below in words, for where pictures are gone."""
    groups: dict[str, list[Curve]] = {}
    for curve in curves:
        if curve.count > 1:
            groups.setdefault(curve.metric, []).append(curve)
    return "".join(_figure(metric, some[:MOST], names) for metric, some in groups.items())


def _figure(metric: str, curves: list[Curve], names: Mapping[str, str]) -> str:
    lasts = ", ".join(
        f"{_name(curve, names)} {readable.number(float(_points(curve)[1][-1]))}" for curve in curves
    )
    return (
        f'<figure style="margin:10px 0;{FONT}"><figcaption><b>{escape(metric)}</b> '
        f'<span style="{DIM}">{escape(lasts)}</span></figcaption>'
        f"{svg(curves, title=metric, names=names)}</figure>"
    )


def _name(curve: Curve, names: Mapping[str, str]) -> str:
    return readable.plain(names.get(curve.run_id, curve.run_id[:8]))


def svg(curves: Sequence[Curve], *, title: str, names: Mapping[str, str]) -> str:
    """The curves of one metric over their steps."""
    points = [_points(curve) for curve in curves]
    x = _scale([part[0] for part in points], LEFT, WIDTH - RIGHT, pad=0.0)
    y = _scale([part[1] for part in points], HEIGHT - BOTTOM, TOP, pad=0.04)
    lines = [_line(i, *part, x, y) for i, part in enumerate(points)]
    labels = _labels(curves, points, y, names)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{WIDTH}" height="{HEIGHT}" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}"><title>{escape(title)}</title>'
        f"{_grid(x, y)}{''.join(lines)}{labels}</svg>"
    )


def ticks(low: float, high: float, count: int = 4) -> list[float]:
    """Round numbers between two values, about as many as asked for."""
    raw = (high - low) / count
    size = 10.0 ** math.floor(math.log10(raw))
    step = next(size * factor for factor in (1, 2, 5, 10) if size * factor >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(i * step, 12) for i in range(first, last + 1)]


def _points(curve: Curve) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return np.frombuffer(curve.step, dtype="<f8"), np.frombuffer(curve.value, dtype="<f8")


def _scale(arrays: list[NDArray[np.float64]], start: float, end: float, *, pad: float) -> _Scale:
    finite = np.concatenate([array[np.isfinite(array)] for array in arrays])
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)
    if low == high:
        low, high = low - 0.5, high + 0.5
    margin = (high - low) * pad
    return _Scale(low - margin, high + margin, start, end)


def _grid(x: _Scale, y: _Scale) -> str:
    style = f'{INK} font-size="10"'
    parts = []
    for tick in ticks(y.low, y.high):
        at = f"{y(tick):.1f}"
        parts.append(
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at}" y2="{at}" stroke="#808080" '
            f'stroke-opacity="0.2"/><text x="{LEFT - 6}" y="{y(tick) + 3.5:.1f}" '
            f'text-anchor="end" {style}>{tick:g}</text>'
        )
    parts += [
        f'<text x="{x(tick):.1f}" y="{HEIGHT - 6}" text-anchor="middle" {style}>{tick:g}</text>'
        for tick in ticks(x.low, x.high)
    ]
    return "".join(parts)


def _line(
    i: int, steps: NDArray[np.float64], values: NDArray[np.float64], x: _Scale, y: _Scale
) -> str:
    """The line, in pieces where values are NaN or infinite."""
    path = []
    is_drawing = False
    for step, value in zip(steps.tolist(), values.tolist(), strict=True):
        if math.isfinite(value):
            path.append(f"{'L' if is_drawing else 'M'}{x(step):.1f},{y(value):.1f}")
        is_drawing = math.isfinite(value)
    return f'<path d="{" ".join(path)}" fill="none" {_color(i, "stroke")} stroke-width="1.6"/>'


def _color(i: int, what: str) -> str:
    place = i % len(COLORS)
    color = COLORS[place]
    return f'{what}="{color}" style="{what}:var(--as-series-{place},{color})"'


def _labels(
    curves: Sequence[Curve],
    points: list[tuple[NDArray[np.float64], NDArray[np.float64]]],
    y: _Scale,
    names: Mapping[str, str],
) -> str:
    lasts = [values[np.isfinite(values)] for _, values in points]
    wanted = [(y(float(last[-1])), i) for i, last in enumerate(lasts) if len(last)]
    text = []
    for place, i in spread(wanted, low=TOP, high=HEIGHT - BOTTOM):
        name = _name(curves[i], names)
        text.append(
            f'<text x="{WIDTH - RIGHT + 6}" y="{place + 4:.1f}" font-size="11" '
            f"{_color(i, 'fill')}>{escape(readable.shorten(name, 18))}</text>"
        )
    return "".join(text)


def spread(wanted: list[tuple[float, int]], *, low: float, high: float) -> list[tuple[float, int]]:
    """The places, moved down, and up again from the end, until none is on another."""
    gap = min(LABEL_GAP, (high - low) / max(len(wanted) - 1, 1))
    placed: list[tuple[float, int]] = []
    for place, i in sorted(wanted):
        at = max(place, low, placed[-1][0] + gap if placed else low)
        placed.append((at, i))
    limit = high
    for k in range(len(placed) - 1, -1, -1):
        placed[k] = (min(placed[k][0], limit), placed[k][1])
        limit = placed[k][0] - gap
    return placed
