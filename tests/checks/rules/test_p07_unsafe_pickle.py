"""P07: what is inside a model, and how it is kept."""

from __future__ import annotations

from tests.checks.examples import judge

from aseptic.checks.rules.p07_unsafe_pickle import unsafe_pickle
from aseptic.testing import make_run


def test_a_class_of_the_notebook_is_a_warning():
    Main = type("Main", (), {"__module__": "__main__"})
    (finding,) = judge(unsafe_pickle, model=Main()).findings
    assert finding.message == "the model holds Main, which a fresh process cannot find"


def test_saved_pickles_are_information_and_other_files_are_not():
    run = make_run(artifacts={"model.joblib": "ab", "net.pt": "cd", "scores.csv": "ef"})
    (finding,) = judge(unsafe_pickle, run=run).findings
    assert finding.severity == "info"
    assert "model.joblib, net.pt are pickles" in finding.message


def test_what_cannot_be_pickled_at_all_is_a_warning():
    import threading

    (finding,) = judge(unsafe_pickle, model=[threading.Lock()]).findings
    assert "cannot be pickled" in finding.message


def test_nothing_to_look_at_is_not_applicable():
    (outcome,) = judge(unsafe_pickle, run=make_run()).outcomes
    assert outcome.outcome == "not applicable"
