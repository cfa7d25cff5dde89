"""The exit code and its precedence."""

from __future__ import annotations

from pathlib import Path

import pytest

from aseptic.batch.job import Job
from aseptic.batch.report import Comparison, JobRun
from aseptic.batch.verdict import reasons_of
from aseptic.model import Finding

LEAK = Finding(code="D15", name="train-test-overlap", severity="error", message="5 % of rows")
DRIFT = Finding(code="D13", name="covariate-drift", severity="warning", message="age has drifted")
TIP = Finding(code="P03", name="unpinned-packages", severity="info", message="no lock file")
KNOWN = Finding(
    code="D15", name="train-test-overlap", severity="error", message="5 %", acknowledged="by design"
)
WORSE = Comparison(
    metric="acc",
    run="late",
    value=0.8,
    baseline="early",
    baseline_id="0" * 16,
    baseline_value=0.9,
    gain=-0.1,
    noise=0.02,
    noise_from="2 standard errors from 5 seeds of early",
    verdict="worse",
)


def job(**words) -> Job:
    return Job(target="train.ipynb", folder=Path(), timeout_s=60.0, **words)


def run(*findings: Finding, **fields) -> JobRun:
    return JobRun(
        run_id="1" * 16,
        name="late",
        experiment="train",
        status="finished",
        findings=list(findings),
        **fields,
    )


def codes(asked: Job, *runs: JobRun, ended_by=None, error=None, comparison=None) -> list[int]:
    told = reasons_of(asked, ended_by=ended_by, error=error, runs=runs, comparison=comparison)
    return [one.exit_code for one in told]


@pytest.mark.parametrize(
    ("fail_on", "finding", "expected"),
    [
        (None, LEAK, [3]),
        (None, DRIFT, []),
        ("error", DRIFT, []),
        ("warning", DRIFT, [3]),
        ("warning", TIP, []),
        ("never", LEAK, []),
        ("warning", KNOWN, []),
    ],
)
def test_open_findings_count_from_the_level_on(fail_on, finding, expected):
    assert codes(job(fail_on=fail_on), run(finding)) == expected


def test_the_reasons_come_in_order_of_precedence():
    stopped = run(LEAK, stopped_by="T02 divergence: loss is 1e9")
    found = {"error": "cell 2: ValueError: no such file", "comparison": WORSE}
    assert codes(job(), stopped, **found) == [5, 1, 3, 4]
    assert codes(job(), run(LEAK), **found) == [1, 3, 4]
    assert codes(job(), run(LEAK), comparison=WORSE) == [3, 4]
    assert codes(job(), run(), comparison=WORSE) == [4]
    assert codes(job(), run()) == []


@pytest.mark.parametrize("error", ["cell 2: KeyboardInterrupt", "exit code 130"])
def test_the_interrupt_by_which_a_check_stops_a_training_is_no_failure_of_its_own(error):
    assert codes(job(), run(stopped_by="T02 divergence: loss is 1e9"), error=error) == [5]


@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 143), ("SIGINT", 130), ("SIGHUP", 129)])
def test_a_signal_goes_before_all_else_and_what_it_broke_is_no_failure(name, code):
    assert codes(job(), run(LEAK), ended_by=name, error="cell 1: KeyboardInterrupt") == [code, 3]


def test_a_timeout_is_a_failure_that_says_so():
    (told,) = reasons_of(
        job(), ended_by="timeout", error="cell 1: KeyboardInterrupt", runs=[run()], comparison=None
    )
    assert (told.exit_code, told.text) == (1, "timeout: not done after 60.0 s")


def test_nothing_recorded_fails_only_who_asked_for_findings():
    assert [codes(job(fail_on=level)) for level in (None, "error", "warning", "never")] == [
        [], [3], [3], [],
    ]  # fmt: skip
