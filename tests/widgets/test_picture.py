from __future__ import annotations

import itertools
import math
from xml.etree import ElementTree

import numpy as np

from aseptic.contract import Mark
from aseptic.store.base import Series
from aseptic.widgets import picture, reduce


def curve(run_id, values, metric="loss"):
    values = np.asarray(values, dtype=float)
    steps = np.arange(len(values), dtype=float)
    return reduce.curve(Series(run_id, metric, steps, steps, values))


def test_a_picture_is_well_formed_and_the_same_for_the_same_curves():
    curves = [curve("a", [1, 0.5, 0.25]), curve("b", [2, 1, 0.5])]
    names = {"a": "calm-otter", "b": "<b>&"}
    drawn = picture.figures(curves, names)
    assert drawn == picture.figures(curves, names)
    root = ElementTree.fromstring(drawn)
    texts = [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]
    assert texts[-2:] == ["<b>&", "calm-otter"]
    assert "calm-otter 0.25, <b>& 0.5" in "".join(root.itertext())


def test_a_gap_breaks_the_line():
    drawn = picture.svg([curve("a", [1, math.nan, 3, math.inf, 2, 1])], title="x", names={})
    path = next(ElementTree.fromstring(drawn).iter("{http://www.w3.org/2000/svg}path")).get("d")
    assert path.count("M") == 3


def test_a_flat_line_and_nothing_but_nan_can_be_drawn():
    assert "<path" in picture.svg([curve("a", [1, 1])], title="x", names={})
    assert "<path" in picture.svg([curve("a", [math.nan, math.nan])], title="x", names={})


def test_metrics_with_one_value_have_no_picture():
    assert picture.figures([curve("a", [1])], {}) == ""


def test_ticks_are_round_numbers():
    assert picture.ticks(0.0, 1.0) == [0.0, 0.5, 1.0]
    assert picture.ticks(0.31, 0.97) == [0.4, 0.6, 0.8]


def test_labels_do_not_lie_on_each_other():
    places = picture.spread([(50.0, 0), (51.0, 1), (199.0, 2)], low=10, high=178)
    tops = [place for place, _ in places]
    assert all(b - a >= picture.LABEL_GAP for a, b in itertools.pairwise(tops))
    assert max(tops) <= 178


def mark(code="T02", **fields):
    about = {"name": "divergence", "severity": "error", "message": "it <grows>", "metric": "loss"}
    return Mark(run_id="a", code=code, **(about | {"step": 1.0} | fields))


def test_a_mark_stands_at_its_step_and_its_text_below():
    marks = [
        mark(),
        mark("T14", metric="val_loss"),
        mark("T18", step=None),
        mark("T03", step=900.0),
    ]
    drawn = picture.figures([curve("a", [1, 2, 3])], {}, marks)
    root = ElementTree.fromstring(f"<div>{drawn}</div>")
    svg = "{http://www.w3.org/2000/svg}"
    signs = [text.text for text in root.iter(f"{svg}text") if text.text[0] in "✗!"]
    assert signs == ["✗ T02", "✗ T03"], "those of this curve that began somewhere"
    places = [
        float(line.get("x1")) for line in root.iter(f"{svg}line") if "dash" in str(line.attrib)
    ]
    middle = (picture.LEFT + picture.WIDTH - picture.RIGHT) / 2
    assert places == [middle, picture.WIDTH - picture.RIGHT], "one beyond the curve at its end"
    assert [line.text for line in root.findall("div")] == [
        "✗ T02 divergence from step 1 of loss: it <grows>",
        "✗ T14 divergence from step 1 of val_loss: it <grows>",
        "✗ T18 divergence of loss: it <grows>",
        "✗ T03 divergence from step 900 of loss: it <grows>",
    ]


def test_marks_without_a_curve_draw_nothing():
    assert picture.figures([], {}, [mark()]) == ""
