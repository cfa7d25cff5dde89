# ruff: noqa: RUF001  # the dash for nothing is what people read
"""What is open over all runs, and how it develops."""

from __future__ import annotations

import pytest

from aseptic.results import HygieneResult
from aseptic.show.hygiene import course
from aseptic.store.sqlite import SqliteStore
from aseptic.testing import make_finding, make_outcome, record_run

CLEAN = make_outcome("D02")


@pytest.fixture
def store(tmp_path):
    return SqliteStore(tmp_path / "lab" / ".aseptic")


@pytest.fixture
def history(store):
    """D02 comes and is mended, D15 is open, D03 is acknowledged; one run was never checked."""
    gap = make_finding("D02", name="missing-values")
    leak = make_finding("D15", name="overlap", severity="error")
    flat = make_finding("D03", name="constant", acknowledged="by design")
    record_run(store, name="r0", experiment="digits")
    for i, findings in enumerate([(gap,), (gap, flat), (flat,), (flat, leak)], start=1):
        record_run(store, name=f"r{i}", experiment="digits", findings=findings, checks=(CLEAN,))
    record_run(store, name="w1", experiment="wine", checks=(CLEAN,))
    return store


def test_a_project_reads_by_check_by_experiment_and_by_run(history):
    text = HygieneResult.read(history).text()
    assert text.startswith(
        "lab  1 error open  of 5 checked runs\n1 run was never checked: `aseptic check RUN`"
    )
    rows = [" ".join(row.split()) for row in text.splitlines()]
    assert "✗ D15 overlap open 1 – ▁▁▁█▁ digits" in rows
    assert "! D02 missing-values gone 2 – ██▁▁▁ digits" in rows
    assert "! D03 constant acknowledged – 3 ▁▁▁▁▁ digits" in rows
    assert "digits r4 D15 4 ██▁█" in rows
    assert "wine w1 clean 1 ▁" in rows
    assert any(row.startswith("w1 wine 2026-01-") and row.endswith("clean") for row in rows)


def test_what_is_open_now_comes_first(history):
    frame = HygieneResult.read(history).frame()
    assert frame.code.tolist() == ["D15", "D02", "D03"]
    assert frame.runs.tolist() == [1, 2, 0]
    assert frame.acknowledged.tolist() == [0, 0, 3]
    assert frame.is_current.tolist() == [True, False, False]


def test_a_check_that_could_not_judge_has_not_mended_anything(history):
    silent = [make_outcome(code, "not applicable") for code in ("D02", "D03", "D15")]
    record_run(history, name="r5", experiment="digits", checks=tuple(silent))
    result = HygieneResult.read(history)
    assert result.frame().is_current.tolist() == [True, False, False]
    rows = [" ".join(row.split()) for row in result.text().splitlines()]
    assert "✗ D15 overlap open 1 – ▁▁▁█▁ digits" in rows
    assert "digits r5 not judged 5 ██▁█▁" in rows


def test_one_experiment_can_be_asked_for(history):
    assert "digits" not in HygieneResult.read(history, experiment="wine").text()
    assert "nothing is open" in HygieneResult.read(history, experiment="wine").text()


def test_runs_in_the_trash_do_not_count(history):
    history.trash([history.get_run("r4").run_id])
    assert HygieneResult.read(history).frame().is_current.tolist() == [False, False]


def test_a_project_has_its_plain_values(history):
    told = HygieneResult.read(history).to_dict()
    assert [run["open"] for run in told["runs"]] == [[], ["D15"], [], ["D02"], ["D02"]]
    assert told["checks"][0]["course"] == (0.0, 0.0, 0.0, 1.0, 0.0)


def test_a_project_without_runs_or_checks_says_so(store):
    assert HygieneResult.read(store).text() == "No run has been checked yet."
    record_run(store)
    assert "1 run was never checked" in HygieneResult.read(store).text()


def test_a_course_has_few_points_however_many_runs():
    assert course([]) == ()
    assert course([1, 0]) == (1.0, 0.0)
    assert len(course([0.5] * 1001)) == 24
    assert course([0] * 500 + [1] * 500)[::23] == (0.0, 1.0)
