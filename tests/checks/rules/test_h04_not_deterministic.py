"""H04: reruns that give another metric."""

from __future__ import annotations

from tests.checks.examples import judge
from tests.checks.rules.cells import run_of_cells

from aseptic.checks.rules.h04_not_deterministic import not_deterministic
from aseptic.testing import make_run


def test_a_rounding_difference_and_a_time_do_not_count():
    earlier = [make_run(source="fit()", metrics={"acc": 0.9, "fit_time": 3.0})]
    run = make_run(source="fit()", metrics={"acc": 0.9 + 1e-15, "fit_time": 9.0})
    assert not judge(not_deterministic, run=run, earlier=earlier).findings


def test_unseeded_code_makes_it_information_as_the_cause_is_said_already():
    source = "clf = RandomForestClassifier().fit(X, y)"
    earlier = [make_run(source=source, acc=0.9)]
    (finding,) = judge(
        not_deterministic, run=make_run(source=source, acc=0.91), earlier=earlier
    ).findings
    assert finding.severity == "info"


def test_a_change_in_a_cell_that_the_run_used_explains_it():
    own = "acc = train(3)"
    before = run_of_cells("def train(x): return x", own, metrics={"acc": 0.90})
    same = run_of_cells("def train(x): return x", own, metrics={"acc": 0.95})
    other = run_of_cells("def train(x): return x + 1", own, metrics={"acc": 0.95})
    assert judge(not_deterministic, run=same, earlier=[before]).findings
    assert not judge(not_deterministic, run=other, earlier=[before]).findings


def test_infinities_and_nans_are_compared():
    nan, infinite = float("nan"), float("inf")
    for now, before, is_found in (
        (nan, nan, False),
        (nan, 0.9, True),
        (infinite, infinite, False),
        (infinite, 1.0, True),
        (0.0, 0.0, False),
    ):
        earlier = [make_run(source="fit()", loss=before)]
        report = judge(not_deterministic, run=make_run(source="fit()", loss=now), earlier=earlier)
        assert bool(report.findings) is is_found, (now, before, report)


def test_a_run_that_was_interrupted_is_compared_with_nothing():
    earlier = [make_run(source="fit()", loss=0.1)]
    run = make_run(source="fit()", loss=0.5, status="interrupted")
    (outcome,) = judge(not_deterministic, run=run, earlier=earlier).outcomes
    assert outcome.reason == "the run did not come to its end: it is interrupted"
