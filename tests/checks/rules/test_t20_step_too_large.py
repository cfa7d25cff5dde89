"""What T20 finds and what it lets pass."""

from __future__ import annotations

import numpy as np
from tests.checks.rules.trainings import PROBES, findings, healthy, stuck

from aseptic.checks.rules.t20_step_too_large import step_too_large

ONE_LEAP = np.where(PROBES == 50, 3.0, 1e-3)


def test_a_step_larger_than_the_weights_is_found():
    (finding,) = findings(step_too_large, stuck(h1_update_ratio=ONE_LEAP))
    assert (finding.subject, finding.evidence["step"]) == ("h1", 50.0)


def test_a_layer_that_begins_at_zero_must_make_one():
    begins = np.where(PROBES == 0, 0.0, 1.0)
    assert findings(step_too_large, stuck(h1_update_ratio=ONE_LEAP, h1_weight_norm=begins)) == ()


def test_a_model_that_learns_may_make_one():
    assert findings(step_too_large, healthy(h1_update_ratio=ONE_LEAP)) == ()
