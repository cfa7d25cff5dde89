"""Plots of findings, as pictures without script and as text."""

from __future__ import annotations

import math
from xml.etree import ElementTree

import pytest

from aseptic.checks import plots
from aseptic.show.plot_svg import plot_lines, plot_of, plot_svg

LINES = plots.lines([0, 1, 2, 3], {"train": [1, 2, 3, 4], "test": [2, 1, 2, 1]}, x="age", y="share")
BARS = plots.bars(["a", "b", "<c>"], {"train": [0.5, 0.25, 0.25]}, x="class", y="share")
ODD = [
    plots.lines([0, 1, 2], {"a": [math.nan, math.inf, -math.inf]}),
    plots.lines([1], {"a": [1]}),
    plots.lines([0, 1], {"a": [1e308, -1e308]}),
    plots.lines([1e17, 1e17 + 16], {"a": [5e-324, 0.0]}),
    plots.lines([3, 3], {"a": [7, 7]}),
    plots.bars(["x"], {"a": [math.nan], "b": [-3]}),
    plots.bars(["\u202ebidi\x1b[31m" * 9], {"</svg><script>": [1], "b" * 99: [2]}),
    plots.bars([str(i) for i in range(20)], {"a": [0.0] * 20}),
]


@pytest.mark.parametrize("plot", [LINES, BARS, *ODD])
def test_a_plot_is_one_whole_picture_without_script(plot):
    drawn = plot_svg(plot, title="a <b> & \x1b")
    assert drawn == plot_svg(plot, title="a <b> & \x1b")
    assert ElementTree.fromstring(drawn).tag.endswith("svg")
    assert "<script" not in drawn
    assert '="nan' not in drawn
    assert '="inf' not in drawn


def test_colours_come_from_the_page_with_a_fallback():
    drawn = plot_svg(LINES, title="x")
    assert 'stroke="#3b6fb6" style="stroke:var(--as-series-0,#3b6fb6)"' in drawn
    assert 'style="fill:var(--jp-content-font-color2,#6b6b6b)"' in drawn


def test_two_series_are_named_and_one_alone_is_not():
    assert ">train</text>" in plot_svg(LINES, title="x")
    assert ">train</text>" not in plot_svg(BARS, title="x")


def test_a_bar_is_as_long_as_its_value():
    widths = [
        float(bar.attrib["width"])
        for bar in ElementTree.fromstring(plot_svg(BARS, title="x")).iter()
        if bar.tag.endswith("rect")
    ]
    assert widths[0] == pytest.approx(2 * widths[1], abs=0.1)


@pytest.mark.parametrize(
    "evidence",
    [
        None,
        3,
        {},
        {"plot": None},
        {"plot": {"kind": "pie", "x": (1,), "series": {"a": (1,)}}},
        {"plot": {"kind": "lines", "x": (1, 2), "series": {"a": (1,)}}},
        {"plot": {"kind": "lines", "x": ("a",), "series": {"a": (1,)}}},
        {"plot": {"kind": "bars", "x": (), "series": {"a": ()}}},
        {"plot": {"kind": "bars", "x": ("a",), "series": {}}},
        {"plot": {"kind": "bars", "x": ("a",), "series": {"a": ("b",)}}},
        {"plot": {"kind": "bars", "x": ("a",), "series": {1: (1,)}}},
        {"plot": {"kind": "lines", "x": (1,) * 99_999, "series": {"a": (1,) * 99_999}}},
    ],
    ids=range(12),
)
def test_what_is_no_plot_is_not_drawn(evidence):
    assert plot_of(evidence) is None


def test_a_plot_reads_as_text():
    assert list(plot_lines(LINES)) == [
        "train  ▁▃▆█  1.0 to 4.0",
        "test   ▃▁▃▁  1.0 to 2.0",
        "share by age: from 0.0 to 3.0",
    ]
    assert list(plot_lines(BARS))[-1] == "share by class: from a to <c>"


@pytest.mark.parametrize("plot", ODD)
def test_an_odd_plot_has_a_text_too(plot):
    assert all(isinstance(row, str) for row in plot_lines(plot))
