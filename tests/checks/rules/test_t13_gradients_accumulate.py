"""What T13 finds and what it lets pass."""

from __future__ import annotations

import numpy as np
from tests.checks.rules.trainings import STEPS, findings, healthy, stuck

from aseptic.checks.rules.t13_gradients_accumulate import gradients_accumulate

SUM = 0.3 * (1 + STEPS)


def test_a_norm_that_grows_as_a_sum_does_is_found():
    assert findings(gradients_accumulate, stuck(grad_norm=SUM))


def test_a_norm_that_grows_in_leaps_is_none():
    leaps = SUM * np.random.default_rng(0).gamma(4, 0.25, len(SUM))
    assert findings(gradients_accumulate, stuck(grad_norm=leaps)) == ()


def test_a_model_that_learns_does_not_accumulate():
    assert findings(gradients_accumulate, healthy(grad_norm=SUM)) == ()


def test_what_the_hook_has_counted_decides():
    assert findings(gradients_accumulate, stuck(grad_norm=SUM, uncleared_grad_share=0.0)) == ()
    (finding,) = findings(gradients_accumulate, stuck(uncleared_grad_share=0.98))
    assert finding.message == "98% of the steps began with the gradients of the step before"
    (finding,) = findings(gradients_accumulate, healthy(uncleared_grad_share=0.98))
    assert finding.severity == "warning"
