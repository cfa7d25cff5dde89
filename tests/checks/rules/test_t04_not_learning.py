"""What T04 finds and what it lets pass."""

from __future__ import annotations

import numpy as np
from tests.checks.rules.trainings import STEPS, begun, findings, healthy, outcome, stuck

from aseptic.checks.handed_over import evidence_of
from aseptic.checks.rules.t04_not_learning import not_learning
from aseptic.checks.rules.t05_learning_rate_too_low import learning_rate_too_low
from aseptic.checks.runner import run_checks
from aseptic.checks.settings import CheckSettings


def test_a_loss_that_stays_that_of_one_answer_is_found():
    (finding,) = findings(not_learning, stuck())
    assert finding.message == (
        "train_loss ends at 2.3, where one and the same answer has 2.3 (dummy_loss)"
    )


def test_a_little_learning_is_enough():
    assert findings(not_learning, stuck(train_loss=np.full(30, 2.1))) == ()


def test_it_waits_until_training_has_gone_on_for_long():
    early = begun(stuck(), epochs=15)
    assert outcome(not_learning, early, is_running=True).reason == "training has just begun"
    assert findings(not_learning, early)
    assert findings(not_learning, begun(stuck(), epochs=20), is_running=True)


def test_without_the_dummy_loss_the_first_steps_stand_for_it():
    series = {"loss": (STEPS, np.full(len(STEPS), 2.3))}
    (finding,) = findings(not_learning, series)
    assert finding.evidence["of"] == "the first steps of loss"


def test_epochs_alone_do_not_say_where_a_loss_began():
    found = outcome(not_learning, {"train_loss": [0.5] * 30})
    assert "dummy_loss" in found.reason


def test_its_cause_silences_it():
    series = stuck(update_ratios=1e-6)
    checks = [not_learning, learning_rate_too_low]
    report = run_checks(checks, evidence_of({}, series=series), CheckSettings())
    assert [finding.code for finding in report.findings] == ["T05"]
    assert report.outcomes[0].reason == "explained by T05 learning-rate-too-low"


def test_a_healthy_training_passes():
    assert findings(not_learning, healthy()) == ()
