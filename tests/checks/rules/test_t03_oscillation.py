"""What T03 finds and what it lets pass."""

from __future__ import annotations

import numpy as np
from tests.checks.rules.trainings import EPOCHS, findings, healthy, outcome

from aseptic.checks.rules.t03_oscillation import oscillation

UP_AND_DOWN = np.where(np.arange(EPOCHS) % 2, 0.5, 1.0)


def test_a_loss_that_leaps_is_found():
    (finding,) = findings(oscillation, healthy(train_loss=UP_AND_DOWN))
    assert finding.evidence["flips"] == 1.0


def test_a_loss_near_nothing_may_leap():
    assert findings(oscillation, healthy(train_loss=UP_AND_DOWN * 0.02)) == ()


def test_a_loss_that_falls_fast_does_not_oscillate():
    assert findings(oscillation, healthy(train_loss=2.3 * 0.5 ** np.arange(EPOCHS))) == ()


def test_a_few_epochs_prove_nothing():
    found = outcome(oscillation, {"train_loss": [1, 2, 1, 2]})
    assert found.reason == "needs the training loss of 8 epochs at least"
