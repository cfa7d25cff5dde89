from __future__ import annotations

import numpy as np
import pytest

from aseptic.contract import Found, Mark, Points
from aseptic.errors import NoSuchMetric
from aseptic.store.base import Series
from aseptic.widgets.curves import CurvesWidget


@pytest.fixture
def live(monkeypatch):
    widget = CurvesWidget.live({"a": "calm-otter"})
    widget.sent = []
    monkeypatch.setattr(widget, "post", widget.sent.append)
    return widget


def values(curve) -> list[float]:
    plain = curve["value"] if isinstance(curve, dict) else curve.value
    return np.frombuffer(plain, dtype="<f8").tolist()


def test_each_batch_is_sent_once(live):
    live.append("a", "loss", [0, 1], [10.0, 11.0], [0.5, 0.4])
    live.append("a", "loss", [2], [12.0], [0.3])
    assert all(isinstance(message, Points) for message in live.sent)
    assert [values(message.curves[0]) for message in live.sent] == [[0.5, 0.4], [0.3]]


def test_points_without_a_step_are_counted_on(live):
    live.append("a", "loss", [None, None], [1.0, 2.0], [5.0, 6.0])
    live.append("a", "loss", [None], [3.0], [7.0])
    (series,) = live._series()
    assert series.step.tolist() == [0.0, 1.0, 2.0]


def test_the_curves_are_kept_when_the_cell_has_ended(live):
    live.append("a", "loss", [0, 1], [1.0, 2.0], [0.5, 0.4])
    assert live.curves == []
    live.finish()
    assert values(live.curves[0]) == [0.5, 0.4]
    assert "<svg" in live.static_html()
    assert "calm-otter" in live.static_text()


def test_a_zoomed_part_is_read_from_all_points():
    steps = np.arange(10_000.0)
    widget = CurvesWidget([Series("a", "loss", steps, steps, np.sin(steps))])
    sent: list = []
    widget.post = sent.append
    request = {"type": "series", "run_ids": ["a"], "metric": "loss", "x_min": 10.0, "x_max": 19.0}
    widget._receive(widget, {"request_id": 1, **request}, [])
    assert len(values(sent[0].curves[0])) == 12


def test_curves_of_a_store_are_read_by_metric_and_run(store, synthetic):
    widget = CurvesWidget.of(store, ["loss"], ["calm-otter", "keen-badger"])
    assert [curve["run_id"] for curve in widget.curves] == [
        synthetic.run_id(1),
        synthetic.run_id(2),
    ]
    with pytest.raises(NoSuchMetric):
        CurvesWidget.of(store, ["speed"], None)


def test_nothing_to_draw_is_said():
    assert "No curve yet" in CurvesWidget.live({}).static_html()


def test_what_was_found_is_in_the_state_and_in_the_static_form(live):
    mark = Mark(
        run_id="a",
        code="T02",
        name="divergence",
        severity="error",
        message="m",
        metric="loss",
        step=1,
    )
    live.append("a", "loss", [0, 1], [1.0, 2.0], [0.5, 0.4])
    live.show_marks([mark])
    live.tell("calm-otter", mark)
    assert live.marks[0]["code"] == "T02"
    assert live.sent[-1] == Found(run_name="calm-otter", mark=mark)
    live.finish()
    assert "✗ T02" in live.static_html()
    assert live.static_text().endswith("✗ T02 divergence from step 1 of loss: m")
