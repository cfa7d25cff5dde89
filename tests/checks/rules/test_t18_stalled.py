"""What T18 finds and what it lets pass."""

from __future__ import annotations

import numpy as np
from tests.checks.rules.trainings import findings, outcome

from aseptic.checks.rules.t18_stalled import stalled
from aseptic.testing import make_run

SERIES = {"loss": np.ones(50)}


NOW = 1.8e9


def logged(*, seconds_ago: float, apart: float = 1.0) -> dict[str, np.ndarray]:
    return {"loss": NOW - seconds_ago - apart * np.arange(49.0, -1, -1)}


def test_a_running_training_that_logs_nothing_is_found():
    run = make_run(status="running")
    (finding,) = findings(
        stalled, SERIES, run=run, times=logged(seconds_ago=900), now_s=NOW, is_running=True
    )
    assert finding.evidence["waited_s"] == 900
    assert finding.evidence["step"] == 49.0


def test_slow_steps_are_waited_for():
    run = make_run(status="running")
    times = logged(seconds_ago=900, apart=100)
    assert findings(stalled, SERIES, run=run, times=times, now_s=NOW, is_running=True) == ()


def test_a_run_that_has_ended_by_itself_did_not_stall():
    times = logged(seconds_ago=90_000)
    assert findings(stalled, SERIES, run=make_run(status="finished"), times=times) == ()


def test_a_pause_after_which_it_went_on_is_none():
    times = logged(seconds_ago=5)
    times["loss"][:25] -= 7200
    run = make_run(status="running")
    assert findings(stalled, SERIES, run=run, times=times, now_s=NOW, is_running=True) == ()


def test_without_points_it_cannot_judge():
    found = outcome(stalled, {}, run=make_run(status="running"), now_s=NOW, is_running=True)
    assert found.reason == "needs a series: `aseptic.log(loss=…)` in a loop"
    found = outcome(stalled, SERIES, run=make_run(status="running"), is_running=True)
    assert found.reason == "needs the times of what was logged"


def test_a_fact_that_is_told_at_the_end_is_no_sign_of_life():
    run = make_run(status="running")
    times = {**logged(seconds_ago=900), "uncleared_grad_share": np.array([NOW - 1])}
    series = {**SERIES, "uncleared_grad_share": np.ones(1)}
    (finding,) = findings(stalled, series, run=run, times=times, now_s=NOW, is_running=True)
    assert finding.evidence["waited_s"] == 900
