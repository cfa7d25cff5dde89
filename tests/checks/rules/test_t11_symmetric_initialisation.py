"""What T11 finds and what it lets pass."""

from __future__ import annotations

import numpy as np
from tests.checks.rules.trainings import PROBES, findings, healthy, stuck

from aseptic.checks.rules.t11_symmetric_initialisation import symmetric_initialisation

LATE = np.where(PROBES == 0, 0.0, 0.3)


def test_units_with_the_same_weights_are_found():
    (finding,) = findings(symmetric_initialisation, stuck(h1_identical_share=1.0))
    assert finding.subject == "h1"


def test_weights_of_zero_are_found():
    series = stuck(h1_weight_norm=LATE, h0_grad_norm=LATE)
    (finding,) = findings(symmetric_initialisation, series)
    assert "the weights of h1 are 0" in finding.message


def test_equal_weights_cancel_the_gradient():
    assert findings(symmetric_initialisation, stuck(h0_grad_norm=LATE))


def test_dead_units_cut_the_gradient_as_well():
    assert findings(symmetric_initialisation, stuck(h0_grad_norm=LATE, h1_dead_share=1.0)) == ()


def test_gradients_that_shrink_from_layer_to_layer_are_none():
    series = stuck(h0_grad_norm=1e-6, h1_grad_norm=1e-3)
    assert findings(symmetric_initialisation, series) == ()


def test_a_last_layer_that_begins_at_zero_and_learns_is_a_good_start():
    series = healthy(out_weight_norm=LATE, h0_grad_norm=LATE, h1_grad_norm=LATE)
    assert findings(symmetric_initialisation, series) == ()
