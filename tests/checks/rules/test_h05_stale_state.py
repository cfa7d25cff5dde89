"""H05: the state that the run was judged to have."""

from __future__ import annotations

from tests.checks.examples import judge

from aseptic.checks.rules.h05_stale_state import stale_state
from aseptic.model import State
from aseptic.testing import make_run


def test_the_first_reason_is_said_and_all_are_evidence():
    run = make_run(state=State(kind="stale", reasons=("X was edited", "y was deleted")))
    (finding,) = judge(stale_state, run=run).findings
    assert finding.message == "X was edited, and 1 more"
    assert finding.evidence["reasons"] == ("X was edited", "y was deleted")


def test_an_unknown_state_is_not_applicable_with_its_reason():
    run = make_run(state=State(kind="unknown", reasons=("the kernel holds X",)))
    (outcome,) = judge(stale_state, run=run).outcomes
    assert outcome.reason == "the kernel holds X"
