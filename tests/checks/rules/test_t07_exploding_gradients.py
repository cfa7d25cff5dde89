"""What T07 finds and what it lets pass."""

from __future__ import annotations

import numpy as np
from tests.checks.rules.trainings import STEPS, findings, healthy, stuck

from aseptic.checks.rules.t07_exploding_gradients import exploding_gradients


def test_a_first_gradient_of_thousands_is_found():
    (finding,) = findings(exploding_gradients, stuck(grad_norm=5e3 * 0.99**STEPS))
    assert finding.evidence["step"] == 0.0
    assert finding.evidence["first"] == 5e3


def test_a_gradient_that_is_large_all_the_time_is_found():
    assert findings(exploding_gradients, stuck(grad_norm=np.full(len(STEPS), 150.0)))


def test_gradients_that_grow_because_the_loss_diverges_are_no_cause():
    grown = 1.1**STEPS
    assert findings(exploding_gradients, stuck(grad_norm=grown, loss=2.3 * grown)) == ()


def test_a_model_that_learns_may_have_them():
    assert findings(exploding_gradients, healthy(grad_norm=5e3 * 0.9**STEPS)) == ()


def test_a_loss_of_large_numbers_has_large_gradients():
    series = stuck(grad_norm=np.full(len(STEPS), 1e5), dummy_loss=1e6)
    series["loss"] = (STEPS, np.full(len(STEPS), 1e6))
    series["train_loss"] = (STEPS[::20], np.full(30, 1e6))
    assert findings(exploding_gradients, series) == ()


def test_a_norm_that_is_infinite_at_once_is_found():
    series = stuck(grad_norm=np.full(len(STEPS), np.inf), loss=np.full(len(STEPS), np.nan))
    assert findings(exploding_gradients, series)
