"""The small plots of findings: as SVG without script, and as lines of text.

A plot is a dict as `aseptic.checks.plots` makes it. It may come from anyone's check: what is not
well formed is not drawn. The same content gives the same bytes.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from aseptic.show import readable
from aseptic.show.drawing import (
    GRID,
    INK,
    is_drawable,
    path_of,
    scale_of,
    series_color,
    ticks,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from aseptic.show.drawing import Scale

WIDTH, HEIGHT = 360, 130
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 18, 8, 20
_LEGEND = 16
_LABELS = 118  # room for the labels of bars, at the left
_BAR, _GAP = 9, 5
_NAME = 22  # characters of a label or a series' name
_SMALL = f'{INK} font-size="10"'
_MOST_POINTS = 2_000  # plots are small; a check of anyone's may have been generous
_MOST_SERIES = 8

Plot = dict[str, Any]


def plot_of(evidence: Any) -> Plot | None:
    """The plot in a finding's evidence, or None where there is none that can be drawn."""
    plot = evidence.get("plot") if isinstance(evidence, dict) else None
    return plot if isinstance(plot, dict) and _is_whole(plot) else None


def _is_whole(plot: Plot) -> bool:
    xs, series = plot.get("x"), plot.get("series")
    if plot.get("kind") not in ("bars", "lines") or not isinstance(series, dict):
        return False
    if not isinstance(xs, (tuple, list)) or not 0 < len(xs) <= _MOST_POINTS:
        return False
    if plot["kind"] == "lines" and not all(map(_is_number, xs)):
        return False
    return 0 < len(series) <= _MOST_SERIES and all(
        isinstance(name, str)
        and isinstance(ys, (tuple, list))
        and len(ys) == len(xs)
        and all(map(_is_number, ys))
        for name, ys in series.items()
    )


def _is_number(value: Any) -> bool:
    is_integer = isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63
    return is_integer or isinstance(value, float)


# -- as SVG ---------------------------------------------------------------------------------------
def plot_svg(plot: Plot, *, title: str) -> str:
    """The plot as one `<svg>`; `title` is what it shows, for those who cannot see it."""
    drawn, height = _bars(plot) if plot["kind"] == "bars" else _lines(plot)
    legend = _legend(plot["series"])
    top = _LEGEND if legend else 0
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{WIDTH}" '
        f'height="{height + top}" viewBox="0 {-top} {WIDTH} {height + top}" '
        'font-family="system-ui,sans-serif" style="max-width:100%;height:auto">'
        f"<title>{_text(title)}</title>{legend}{drawn}</svg>"
    )


def _legend(series: Mapping[str, Any]) -> str:
    """The names of the series in their colours; of one alone, nothing."""
    if len(series) < 2:
        return ""
    width = WIDTH // len(series)
    return "".join(
        f'<text x="{6 + i * width}" y="-4" font-size="11" {series_color(i, "fill")}>'
        f"{_short(name, max(4, width // 7))}</text>"
        for i, name in enumerate(series)
    )


def _lines(plot: Plot) -> tuple[str, int]:
    xs = [float(value) for value in plot["x"]]
    series = [[float(value) for value in values] for values in plot["series"].values()]
    x = scale_of(xs, _LEFT, WIDTH - _RIGHT)
    y = scale_of([value for values in series for value in values], HEIGHT - _BOTTOM, _TOP, pad=0.04)
    lines = [_line(i, xs, values, x, y) for i, values in enumerate(series)]
    return f"{_grid(x, y)}{''.join(lines)}{_axis_labels(plot, HEIGHT)}", HEIGHT + 14


def _line(i: int, xs: list[float], ys: list[float], x: Scale, y: Scale) -> str:
    """A line, or a dot where there is one point alone."""
    points = [point for point in zip(xs, ys, strict=True) if all(map(is_drawable, point))]
    if len(points) == 1:
        (at, value) = points[0]
        color = series_color(i, "fill")
        return f'<circle cx="{x(at):.1f}" cy="{y(value):.1f}" r="3" {color}/>'
    path = path_of(xs, ys, x, y)
    return f'<path d="{path}" fill="none" {series_color(i, "stroke")} stroke-width="1.6"/>'


def _grid(x: Scale, y: Scale) -> str:
    rows = [
        f'<line x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y(tick):.1f}" y2="{y(tick):.1f}" {GRID}/>'
        f'<text x="{_LEFT - 5}" y="{y(tick) + 3.5:.1f}" text-anchor="end" {_SMALL}>{tick:g}</text>'
        for tick in ticks(y.low, y.high)
    ]
    columns = [
        f'<text x="{x(tick):.1f}" y="{HEIGHT - 6}" text-anchor="middle" {_SMALL}>{tick:g}</text>'
        for tick in ticks(x.low, x.high)
    ]
    return "".join([*rows, *columns])


def _bars(plot: Plot) -> tuple[str, int]:
    """One group of bars a label, from top to bottom: labels are read without turning the head."""
    series = [[float(value) for value in values] for values in plot["series"].values()]
    scale = scale_of([0.0, *(v for values in series for v in values)], _LABELS, WIDTH - 48)
    height = len(series) * _BAR + _GAP
    parts = []
    for row, label in enumerate(plot["x"]):
        top = _GAP + row * height
        middle = top + len(series) * _BAR / 2 + 3.5
        parts.append(
            f'<text x="{_LABELS - 6}" y="{middle:.1f}" text-anchor="end" {_SMALL}>'
            f"{_short(str(label), _NAME - 4)}</text>"
        )
        parts += [_bar(i, values[row], top + i * _BAR, scale) for i, values in enumerate(series)]
    bottom = _GAP + len(plot["x"]) * height
    return "".join([*parts, _axis_labels(plot, bottom)]), bottom + 16


def _bar(i: int, value: float, top: float, scale: Scale) -> str:
    if not is_drawable(value):
        return ""
    start, end = sorted((scale(0.0), scale(value)))
    return (
        f'<rect x="{start:.1f}" y="{top}" width="{max(end - start, 0.5):.1f}" height="{_BAR - 1}" '
        f'{series_color(i, "fill")}/><text x="{end + 4:.1f}" y="{top + _BAR - 1}" {_SMALL}>'
        f"{readable.number(value)}</text>"
    )


def _axis_labels(plot: Plot, bottom: float) -> str:
    """What the axes are, in one line below."""
    said = axes_of(plot)
    return f'<text x="6" y="{bottom + 8:g}" {_SMALL}>{_short(said, 60)}</text>' if said else ""


def axes_of(plot: Plot) -> str:
    """What the axes are, such as "share by age"."""
    x, y = (str(plot.get(name) or "") for name in ("x_label", "y_label"))
    return f"{y} by {x}" if x and y else x or y


def _short(text: str, width: int) -> str:
    return _text(readable.shorten(readable.plain(text), width))


def _text(text: str) -> str:
    return escape(readable.plain(text))


# -- as text --------------------------------------------------------------------------------------
def plot_lines(plot: Plot) -> Iterator[str]:
    """The plot as text: a line a series with its course drawn small, and what the axes are."""
    from aseptic.show.sparkline import sparklines  # imports numpy: not for the card of a cell

    series = plot["series"]
    width = max(len(readable.shorten(name, _NAME)) for name in series)
    for (name, values), drawn in zip(series.items(), sparklines([*series.values()]), strict=True):
        finite = [float(value) for value in values if is_drawable(value)]
        least, most = readable.numbers([min(finite, default=None), max(finite, default=None)])
        yield f"{readable.shorten(name, _NAME):<{width}}  {drawn}  {least} to {most}"
    said = axes_of(plot)
    yield f"{said + ': ' if said else ''}from {' to '.join(_ends(plot))}"


def _ends(plot: Plot) -> list[str]:
    ends = [plot["x"][0], plot["x"][-1]]
    if plot["kind"] == "lines":
        return readable.numbers(ends)
    return [readable.shorten(str(label), _NAME) for label in ends]
