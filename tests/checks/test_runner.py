"""What running many checks promises."""

from __future__ import annotations

import time
import warnings

import numpy as np

from aseptic.checks import Evidence, NotApplicable, Table, check
from aseptic.checks.runner import run_checks
from aseptic.checks.settings import CheckSettings

DATA = Evidence((Table("X", "train", np.zeros((10, 2))),))


@check("A01", cost="look", needs=("train",))
def finds(run, *, count=1):
    """It finds."""
    for number in range(count):
        yield run.finding(f"finding {number}", subject=f"column {number}", count=count)


@check("A02")
def finds_nothing(run):
    """It finds nothing."""
    yield from ()


@check("A03")
def breaks(run):
    """It breaks."""
    warnings.warn("noise", stacklevel=1)
    yield run.finding("before the fault")
    raise ZeroDivisionError("by zero")


@check("A04")
def cannot(run):
    """It cannot judge."""
    if run.depth == "asked":
        raise NotApplicable("no reason to")
    yield from ()


@check("A05", cost="fit")
def is_slow(run):
    """It takes its time."""
    time.sleep(0.05)
    yield from ()


@check("A06", cost="fit", needs=("test",))
def needs_test(run):
    """It needs test data."""
    yield from ()


def outcomes_of(*checks, evidence=DATA, settings=None, **options):
    report = run_checks(checks, evidence, settings or CheckSettings(), **options)
    return {outcome.code: outcome for outcome in report.outcomes}


def test_silence_and_unfitness_are_told_apart():
    ended = outcomes_of(finds, finds_nothing, cannot, needs_test)
    assert [one.outcome for one in ended.values()] == [
        "findings",
        "clean",
        "not applicable",
        "not applicable",
    ]
    assert ended["A04"].reason == "no reason to"
    assert "aseptic.check(train=…, test=…)" in ended["A06"].reason


def test_a_fault_in_a_check_is_an_outcome_and_stops_no_other():
    report = run_checks([breaks, finds], DATA, CheckSettings())
    ended = {outcome.code: outcome.reason for outcome in report.outcomes}
    assert ended["A03"] == "a fault in the check: ZeroDivisionError: by zero"
    assert [finding.code for finding in report.findings] == ["A01"]


def test_nothing_begins_after_the_budget():
    ended = outcomes_of(finds, is_slow, needs_test, budget_s=0.02)
    assert ended["A01"].outcome == "findings"
    assert ended["A05"].outcome == "clean"
    assert "%aseptic check" in ended["A06"].reason
    assert ended["A05"].duration_s > 0.04


def test_checks_that_only_look_at_records_run_also_after_the_budget():
    @check("A07", cost="look")
    def reads_history(run):
        """It reads earlier runs."""
        yield run.finding(f"{len(run.history())} runs")

    ended = outcomes_of(finds, finds_nothing, reads_history, budget_s=0.0)
    assert ended["A01"].outcome == "findings"
    for code in ("A02", "A07"):
        assert "%aseptic check" in ended[code].reason


def test_the_project_sets_severity_and_thresholds():
    settings = CheckSettings(severity={"A01": "error"}, thresholds={"A01": {"count": 2}})
    report = run_checks([finds], DATA, settings)
    assert [(one.severity, one.message) for one in report.findings] == [
        ("error", "finding 0"),
        ("error", "finding 1"),
    ]


def test_too_many_findings_of_one_check_are_counted():
    settings = CheckSettings(thresholds={"A01": {"count": 30}})
    report = run_checks([finds], DATA, settings)
    assert len(report.findings) == 21
    assert report.findings[-1].message == "and 10 more of the same"


def test_warnings_of_libraries_are_not_shown_and_the_filters_stay():
    before = list(warnings.filters)
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("always")
        run_checks([breaks], DATA, CheckSettings())
    assert shown == []
    assert warnings.filters == before


@check("A08")
def catches_warnings(run):
    """It calls a library that catches warnings."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
    yield from ()


def test_python_still_knows_which_warnings_it_has_shown():
    module = {"__name__": "somebody", "__warningregistry__": {}}
    warn = "import warnings\nwarnings.warn('once', UserWarning)"
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("default")
        exec(warn, module)
        run_checks([catches_warnings, breaks], DATA, CheckSettings())
        exec(warn, module)
    assert len(shown) == 1


def test_progress_is_told_before_each_check():
    told = []
    run_checks([is_slow, finds], DATA, CheckSettings(), on_progress=lambda *args: told.append(args))
    assert told == [(finds, 0, 2), (is_slow, 1, 2)]


def test_findings_come_most_severe_first():
    settings = CheckSettings(severity={"A07": "error"})

    @check("A07", severity="info")
    def is_late(run):
        """It is late."""
        yield run.finding("last by its code")

    report = run_checks([finds, is_late], DATA, settings)
    assert [one.code for one in report.findings] == ["A07", "A01"]


@check("A09", explained_by=("A10", "A01"))
def is_a_symptom(run):
    """It is a symptom."""
    yield run.finding("seen")


@check("A10", explained_by=("A11",))
def is_a_cause(run):
    """It is a cause, and a symptom of another."""
    yield run.finding("known")


@check("A11")
def is_the_first_cause(run, *, there=True):
    """It is the first cause."""
    if there:
        yield run.finding("the root")


def test_a_symptom_is_left_out_where_its_cause_is_found():
    report = run_checks([is_a_symptom, is_a_cause], DATA, CheckSettings())
    assert [one.code for one in report.findings] == ["A10"]
    outcome = report.outcomes[0]
    assert (outcome.code, outcome.outcome) == ("A09", "not applicable")
    assert outcome.reason == "explained by A10 is-a-cause"


def test_a_cause_that_is_itself_explained_still_explains():
    report = run_checks([is_a_symptom, is_a_cause, is_the_first_cause], DATA, CheckSettings())
    assert [one.code for one in report.findings] == ["A11"]


def test_a_symptom_without_a_cause_stays():
    settings = CheckSettings(thresholds={"A11": {"there": False}})
    report = run_checks([is_a_cause, is_the_first_cause], DATA, settings)
    assert [one.code for one in report.findings] == ["A10"]


@check("A12", cost="fit", needs=("model",), instead=("series:val_loss",))
def fits_or_looks(run):
    """It fits models, unless there are curves."""
    yield run.finding("judged")


def test_curves_spare_what_a_check_would_need_else_and_the_time_for_it():
    (outcome,) = outcomes_of(fits_or_looks).values()
    assert outcome.reason.startswith("no fitted model")
    curves = Evidence(series={"val_loss": (np.arange(3.0), np.ones(3))})
    (outcome,) = outcomes_of(fits_or_looks, evidence=curves, budget_s=0.0).values()
    assert outcome.outcome == "findings"


@check("A13", needs=("series:loss",))
def is_large(run):
    """A loss is large."""
    if run.series["loss"][1][-1] > 1:
        yield run.finding("a large loss", series="loss", step=2.0)


@check("A14", needs=("series:loss",), explained_by=("A13",))
def is_logged(run):
    """A loss is logged."""
    yield run.finding("a loss", subject="it")


def several(**last: float) -> Evidence:
    names = {"first": "loss", "second": "training2/loss", "third": "training3/loss"}
    return Evidence(
        series={names[one]: (np.arange(3.0), np.full(3, value)) for one, value in last.items()}
    )


def test_each_training_of_a_run_is_judged_by_itself():
    report = run_checks([is_large], several(first=0.5, second=2.0), CheckSettings())
    (finding,) = report.findings
    assert (finding.message, finding.subject) == ("training2: a large loss", "training2")
    assert finding.evidence == {"series": "training2/loss", "step": 2.0, "training": "training2"}


def test_a_cause_in_one_training_explains_nothing_in_another():
    report = run_checks([is_large, is_logged], several(first=0.5, second=2.0), CheckSettings())
    assert [(one.code, one.subject) for one in report.findings] == [
        ("A13", "training2"),
        ("A14", "it"),
    ]


def test_where_no_training_can_be_judged_the_reason_is_that_of_the_first():
    (outcome,) = outcomes_of(needs_val, evidence=several(first=0.5, second=2.0)).values()
    assert outcome.reason == "needs the series val_loss: `aseptic.log(val_loss=…)`"


@check("A15", needs=("series:val_loss",))
def needs_val(run):
    """It needs the loss on validation data."""
    yield from ()
