from __future__ import annotations

import json
import math

import msgspec
import numpy as np
import pytest

from aseptic.checks.plots import lines
from aseptic.contract import Done, Failed, FindingsReply, SeriesReply
from aseptic.errors import BadQuery, RunNotFound
from aseptic.testing import make_finding, make_run
from aseptic.widgets.findings import findings_of
from aseptic.widgets.panel import ComparePanel


@pytest.fixture
def panel(store):
    return ComparePanel(store)


@pytest.fixture
def sent(panel, monkeypatch):
    """What the panel sends to the browser."""
    messages: list = []
    monkeypatch.setattr(panel, "post", messages.append)
    return messages


def ask(panel, **message):
    panel._receive(panel, {"request_id": 7, **message}, [])


def rows(panel):
    return panel.table["run_ids"]


def test_it_shows_all_runs_and_the_marked_baseline(panel, synthetic):
    assert len(rows(panel)) == 12
    assert (panel.baseline, panel.selected, panel.query) == (synthetic.run_id(2), [], "")
    assert (panel.curves, panel.differences) == ([], None)  # {} has once stopped the browser


def test_runs_may_be_named_where_it_is_made(store, synthetic):
    panel = ComparePanel(store, selected=["calm-otter"], baseline="keen-badger")
    assert (panel.selected, panel.baseline) == ([synthetic.run_id(1)], synthetic.run_id(2))
    with pytest.raises(RunNotFound):
        ComparePanel(store, selected=["nobody"])


def test_it_is_made_of_a_query_a_name_or_a_list(store, synthetic):
    assert len(rows(ComparePanel.of(store))) == 12
    assert 0 < len(rows(ComparePanel.of(store, "acc > 0.9"))) < 12
    assert rows(ComparePanel.of(store, "calm-otter")) == [synthetic.run_id(1)]
    assert rows(ComparePanel.of(store, ["calm-otter", "keen-badger"])) == [
        synthetic.run_id(1), synthetic.run_id(2),
    ]  # fmt: skip


def test_the_table_says_how_severe_each_finding_is(panel, synthetic):
    (column,) = [one for one in panel.table["columns"] if one["kind"] == "findings"]
    at = rows(panel).index
    assert column["values"][at(synthetic.run_id(6))] == ["D15", "D12", "D10"]
    assert column["severities"][at(synthetic.run_id(6))] == ["error", "warning", "info"]
    assert column["severities"][at(synthetic.run_id(1))] == []


def test_findings_are_told_with_numbers_plot_and_remedy(panel, sent, synthetic):
    ask(panel, type="findings", run_ids=[synthetic.run_id(6), synthetic.run_id(1)])
    (reply,) = sent
    assert isinstance(reply, FindingsReply)
    overlap, drift, _, known = reply.runs[0].findings
    assert overlap.numbers[-1] == ("rows of X_test", "3, 9, 21")
    assert overlap.url is not None
    assert drift.plot is not None
    assert (drift.plot.axes, drift.plot.at) == ("share by age", [20, 30, 40, 50, 60])
    assert known.acknowledged == "the border of the image"
    assert (reply.runs[1].clean, reply.runs[1].findings) == (2, [])
    assert reply.runs[1].silent == [("D13", "no reference population")]
    assert [run["run_id"] for run in panel.findings] == [synthetic.run_id(6), synthetic.run_id(1)]


def test_a_number_that_json_does_not_have_is_sent_as_null():
    plot = lines([0, 1], {"a": [math.nan, math.inf], "b": [1, 2]})
    sent = findings_of(make_run(findings=(make_finding(evidence={"plot": plot}),)))
    assert [one.values for one in sent.findings[0].plot.series] == [[None, None], [1.0, 2.0]]
    assert json.loads(msgspec.json.encode(sent))


def test_the_static_form_has_the_findings_of_the_runs_picked(panel, synthetic):
    assert "5.1% of the rows" not in panel.static_html()
    panel.selected = [synthetic.run_id(6)]
    assert "5.1% of the rows of X_test are in X_train" in panel.static_text()
    assert "<svg" in panel.static_html()


def test_a_query_set_in_python_selects_or_raises(panel):
    panel.query = "acc > 0.9"
    assert 0 < len(rows(panel)) < 12
    assert panel.table["total"] == 12
    with pytest.raises(BadQuery):
        panel.query = "speed > 3"
    assert panel.query == "acc > 0.9"


def test_a_query_typed_in_the_browser_selects_or_is_refused_in_one_line(panel, sent):
    ask(panel, type="query", query="acc > 0.9")
    assert (panel.query, sent) == ("acc > 0.9", [Done(request_id=7)])
    ask(panel, type="query", query="speed > 3")
    assert isinstance(sent[1], Failed)
    assert sent[1].message.startswith("no run has a field 'speed'")
    assert panel.query == "acc > 0.9"


def test_curves_are_sent_reduced_and_kept_for_a_saved_notebook(store, synthetic, monkeypatch):
    store.points = 5000
    panel = ComparePanel(store)
    sent: list = []
    monkeypatch.setattr(panel, "post", sent.append)
    ask(panel, type="series", run_ids=[synthetic.run_id(1)], metric="loss", points=100)
    (reply,) = sent
    assert isinstance(reply, SeriesReply)
    assert reply.curves[0].count == 5000
    assert len(np.frombuffer(reply.curves[0].low)) == 100
    assert panel.curves[0]["value"] == reply.curves[0].value


def test_differences_are_sent_in_words(panel, sent, synthetic):
    ask(panel, type="differences", before=synthetic.run_id(1), after=synthetic.run_id(3))
    (reply,) = sent
    params = next(s for s in reply.differences.sections if s.kind == "params")
    assert all(isinstance(change.after, str | None) for change in params.changes)


def test_what_a_person_says_reaches_the_store(panel, sent, store, synthetic):
    one = synthetic.run_id(4)
    ask(panel, type="star", run_ids=[one], is_starred=True)
    ask(panel, type="tag", run_ids=[one], add=["best"], remove=["final"])
    ask(panel, type="note", run_id=one, note="try again")
    ask(panel, type="rename", run_id=one, name="bold-name")
    ask(panel, type="baseline", run_id=one)
    assert sent == [Done(request_id=7)] * 5
    run = store.get_run(one)
    assert (run.is_starred, run.tags, run.note, run.name) == (
        True,
        ("best",),
        "try again",
        "bold-name",
    )
    assert (panel.baseline, run.is_baseline) == (one, True)
    assert store.calls == [("set_baseline", one, "digits")]


def test_trashed_runs_leave_the_table_and_come_back(panel, sent, synthetic):
    ask(panel, type="trash", run_ids=[synthetic.run_id(4)])
    assert len(rows(panel)) == 11
    ask(panel, type="restore", run_ids=[synthetic.run_id(4)])
    assert len(rows(panel)) == 12


def test_a_message_that_nobody_knows_is_answered(panel, sent):
    ask(panel, type="explode")
    assert isinstance(sent[0], Failed)


def test_a_fault_in_the_store_is_said_and_does_not_escape(panel, sent, store, monkeypatch):
    monkeypatch.setattr(store, "read_series", lambda *_: 1 / 0)
    ask(panel, type="series", run_ids=[], metric="loss")
    assert sent == [Failed(request_id=7, message="ZeroDivisionError: division by zero")]


def test_the_static_form_holds_table_curves_and_differences_without_script(store, synthetic):
    picked = [synthetic.run_id(2), synthetic.run_id(6)]
    data, _ = ComparePanel(store, selected=picked)._repr_mimebundle_()
    html = data["text/html"]
    assert html == ComparePanel(store, selected=picked)._repr_mimebundle_()[0]["text/html"]
    assert "<script" not in html
    for part in ("keen-badger", "slow-lynx", "<svg", "LogisticRegression"):
        assert part in html
    assert data["text/plain"].splitlines()[0].split()[:2] == ["run", "started"]
    assert "application/vnd.jupyter.widget-view+json" in data


def test_the_static_form_escapes_what_users_wrote(store, synthetic):
    store.rename(synthetic.run_id(1), "<img src=x onerror=alert(1)>")
    html = ComparePanel(store).static_html()
    assert "<img" not in html
    assert "&lt;img" in html


def test_a_panel_can_be_made_many_times(store):
    made = [ComparePanel(store) for _ in range(3)]
    assert len({panel._esm for panel in made}) == 1


def test_an_empty_store_says_how_to_begin(synthetic):
    panel = ComparePanel(synthetic.SyntheticStore(0))
    assert "begin a cell with %%track" in panel.static_text()
    assert (panel.baseline, rows(panel)) == (None, [])
