"""What T05 finds and what it lets pass."""

from __future__ import annotations

import numpy as np
from tests.checks.rules.trainings import PROBES, findings, healthy, stuck

from aseptic.checks.rules.t05_learning_rate_too_low import learning_rate_too_low
from aseptic.testing import make_run


def test_tiny_updates_of_a_model_that_learns_nothing_are_found():
    run = make_run(params={"learning_rate": 1e-6})
    (finding,) = findings(learning_rate_too_low, stuck(update_ratios=2e-6), run=run)
    assert finding.evidence["update_ratio"] == 2e-6
    assert "`learning_rate=1e-05` in the place of 1e-06" in finding.remedy


def test_tiny_updates_of_a_model_that_has_learnt_are_its_end():
    assert findings(learning_rate_too_low, healthy(update_ratios=2e-6)) == ()


def test_weights_that_decay_has_driven_to_nothing_are_no_matter_of_the_rate():
    norms = 3.0 * 0.9 ** np.arange(len(PROBES))
    assert findings(learning_rate_too_low, stuck(update_ratios=0.0, weight_norms=norms)) == ()
