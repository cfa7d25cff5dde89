"""What T24 finds and what it lets pass."""

from __future__ import annotations

from tests.checks.rules.trainings import findings, healthy, outcome

from aseptic.checks.rules.t24_evaluation_in_training_mode import evaluation_in_training_mode


def test_what_the_hook_has_counted_decides():
    (finding,) = findings(evaluation_in_training_mode, healthy(eval_in_train_mode_share=[1.0]))
    assert finding.remedy.startswith("`model.eval()`")
    assert findings(evaluation_in_training_mode, healthy(eval_in_train_mode_share=[0.0])) == ()


def test_without_the_hook_it_cannot_judge():
    assert outcome(evaluation_in_training_mode, healthy()).outcome == "not applicable"
