"""What T09 finds and what it lets pass."""

from __future__ import annotations

import numpy as np
from tests.checks.rules.trainings import EPOCHS, findings, healthy, stuck

from aseptic.checks.rules.t09_saturated_units import saturated_units


def test_a_saturated_layer_is_found():
    (finding,) = findings(saturated_units, stuck(h0_saturated_share=0.8))
    assert finding.subject == "h0"


def test_a_model_that_learns_may_have_one():
    fall = np.linspace(2.3, 0.02, EPOCHS)
    series = healthy(h0_saturated_share=0.8, train_loss=fall, val_loss=fall)
    assert findings(saturated_units, series) == ()


def test_what_it_costs_on_validation_data_counts_too():
    series = healthy(h0_saturated_share=0.8, val_loss=np.full(EPOCHS, 0.9))
    assert findings(saturated_units, series)
