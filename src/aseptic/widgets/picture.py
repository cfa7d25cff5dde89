"""Curves as static HTML: SVG without script, the same bytes for the same curves."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import numpy as np

from aseptic.show import readable
from aseptic.show.drawing import GRID, INK, Scale, path_of, scale_of, series_color, ticks
from aseptic.show.findings import MARKS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from aseptic.contract import Curve, Mark
    from aseptic.model import Severity

WIDTH, HEIGHT = 520, 200
LEFT, RIGHT, TOP, BOTTOM = 46, 120, 10, 22
LABEL_GAP = 13.0
MOST = 12  # curves in one picture
POINTS = 160  # of a curve: the picture is not wider than it needs
FONT = "font:13px/1.45 var(--jp-ui-font-family,system-ui,sans-serif)"
_MARK_COLORS: dict[Severity, tuple[str, str]] = {
    "error": ("--as-bad", "#b3452c"),
    "warning": ("--as-warn", "#946200"),
    "info": ("--jp-content-font-color2", "#6b6b6b"),
}
DIM = "color:var(--jp-content-font-color2,#6b6b6b)"


def figures(curves: Sequence[Curve], names: Mapping[str, str], marks: Sequence[Mark] = ()) -> str:
    """One picture a metric; the last values stand below in words, for where pictures are gone.

    `marks` are shown on the curves, and in words below the pictures.
    """
    groups: dict[str, list[Curve]] = {}
    for curve in curves:
        if curve.count > 1:
            groups.setdefault(curve.metric, []).append(curve)
    drawn = [
        _figure(metric, some[:MOST], names, [one for one in marks if one.metric == metric])
        for metric, some in groups.items()
    ]
    return "".join([*drawn, *map(_mark_line, marks)] if drawn else [])


def mark_text(mark: Mark) -> str:
    """Such as `✗ T02 divergence from step 120 of loss: it is 9 times …`."""
    series = "" if mark.metric is None else f" of {mark.metric}"
    at = series if mark.step is None else f" from step {mark.step:,.10g}{series}"
    return readable.plain(f"{MARKS[mark.severity]} {mark.code} {mark.name}{at}: {mark.message}")


def _mark_line(mark: Mark) -> str:
    return f'<div style="{FONT}">{escape(mark_text(mark))}</div>'


def _figure(
    metric: str, curves: list[Curve], names: Mapping[str, str], marks: Sequence[Mark]
) -> str:
    lasts = ", ".join(
        f"{_name(curve, names)} {readable.number(float(_points(curve)[1][-1]))}" for curve in curves
    )
    return (
        f'<figure style="margin:10px 0;{FONT}"><figcaption><b>{escape(metric)}</b> '
        f'<span style="{DIM}">{escape(lasts)}</span></figcaption>'
        f"{svg(curves, title=metric, names=names, marks=marks)}</figure>"
    )


def _name(curve: Curve, names: Mapping[str, str]) -> str:
    return readable.plain(names.get(curve.run_id, curve.run_id[:8]))


def svg(
    curves: Sequence[Curve],
    *,
    title: str,
    names: Mapping[str, str],
    marks: Sequence[Mark] = (),
) -> str:
    """The curves of one metric over their steps, and where on them something was found."""
    points = [_points(curve) for curve in curves]
    x = _scale([part[0] for part in points], LEFT, WIDTH - RIGHT, pad=0.0)
    y = _scale([part[1] for part in points], HEIGHT - BOTTOM, TOP, pad=0.04)
    lines = [
        f'<path d="{path_of(steps.tolist(), values.tolist(), x, y)}" fill="none" '
        f'{series_color(i, "stroke")} stroke-width="1.6"/>'
        for i, (steps, values) in enumerate(points)
    ]
    labels = _labels(curves, points, y, names)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{WIDTH}" height="{HEIGHT}" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}"><title>{escape(title)}</title>'
        f"{_grid(x, y)}{''.join(lines)}{labels}{_marks(marks, x)}</svg>"
    )


def _points(curve: Curve) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return np.frombuffer(curve.step, dtype="<f8"), np.frombuffer(curve.value, dtype="<f8")


def _scale(arrays: list[NDArray[np.float64]], start: float, end: float, *, pad: float) -> Scale:
    return scale_of(np.concatenate(arrays).tolist(), start, end, pad=pad)


def _grid(x: Scale, y: Scale) -> str:
    style = f'{INK} font-size="10"'
    parts = []
    for tick in ticks(y.low, y.high):
        at = f"{y(tick):.1f}"
        parts.append(
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at}" y2="{at}" {GRID}/>'
            f'<text x="{LEFT - 6}" y="{y(tick) + 3.5:.1f}" '
            f'text-anchor="end" {style}>{tick:g}</text>'
        )
    parts += [
        f'<text x="{x(tick):.1f}" y="{HEIGHT - 6}" text-anchor="middle" {style}>{tick:g}</text>'
        for tick in ticks(x.low, x.high)
    ]
    return "".join(parts)


def _marks(marks: Sequence[Mark], x: Scale) -> str:
    """A line from top to bottom at the step, with the code beside its upper end."""
    parts = []
    for row, mark in enumerate(one for one in marks if one.step is not None):
        at = x(min(max(float(mark.step or 0.0), x.low), x.high))
        variable, color = _MARK_COLORS[mark.severity]
        is_right = at > (LEFT + WIDTH - RIGHT) / 2
        parts.append(
            f"<g><title>{escape(mark_text(mark))}</title>"
            f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}" '
            f'stroke-dasharray="3 3" stroke="{color}" style="stroke:var({variable},{color})"/>'
            f'<text x="{at + (-4 if is_right else 4):.1f}" y="{TOP + 9 + 12 * (row % 5)}" '
            f'text-anchor="{"end" if is_right else "start"}" font-size="11" '
            f'fill="{color}" style="fill:var({variable},{color})">'
            f"{MARKS[mark.severity]} {escape(mark.code)}</text></g>"
        )
    return "".join(parts)


def _labels(
    curves: Sequence[Curve],
    points: list[tuple[NDArray[np.float64], NDArray[np.float64]]],
    y: Scale,
    names: Mapping[str, str],
) -> str:
    lasts = [values[np.isfinite(values)] for _, values in points]
    wanted = [(y(float(last[-1])), i) for i, last in enumerate(lasts) if len(last)]
    text = []
    for place, i in spread(wanted, low=TOP, high=HEIGHT - BOTTOM):
        name = _name(curves[i], names)
        text.append(
            f'<text x="{WIDTH - RIGHT + 6}" y="{place + 4:.1f}" font-size="11" '
            f"{series_color(i, 'fill')}>{escape(readable.shorten(name, 18))}</text>"
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
