"""What T06 finds and what it lets pass."""

from __future__ import annotations

import numpy as np
from tests.checks.rules.trainings import PROBES, begun, findings, healthy, outcome, stuck

from aseptic.checks.rules.t06_vanishing_gradients import vanishing_gradients
from aseptic.testing import make_run


def test_a_first_layer_without_gradient_is_found_and_where():
    (finding,) = findings(vanishing_gradients, stuck(h0_grad_norm=1e-6))
    assert finding.subject == "h0"
    assert (finding.evidence["series"], finding.evidence["step"]) == ("layer/h0/grad_norm", 0.0)


def test_it_is_seen_at_the_third_epoch():
    series = stuck(h0_grad_norm=1e-6)
    assert findings(vanishing_gradients, begun(series, epochs=2), is_running=True) == ()
    assert findings(vanishing_gradients, begun(series, epochs=3), is_running=True)


def test_it_is_no_fault_of_a_model_that_learns():
    assert findings(vanishing_gradients, healthy(h0_grad_norm=1e-6)) == ()


def test_gradients_count_in_units_of_the_weights():
    small = stuck(h0_grad_norm=1e-6, h0_weight_norm=1e-5)
    assert findings(vanishing_gradients, small) == ()


def test_a_gradient_that_vanishes_when_all_is_learnt_is_none():
    late = np.where(PROBES < 300, 0.3, 1e-9)
    assert findings(vanishing_gradients, stuck(h0_grad_norm=late)) == ()


def test_the_remedy_depends_on_the_activation():
    for activation, said in (("sigmoid", "in the place of sigmoid"), ("relu", "He init")):
        run = make_run(params={"activation": activation})
        (finding,) = findings(vanishing_gradients, stuck(h0_grad_norm=1e-6), run=run)
        assert said in finding.remedy


def test_without_layers_it_says_who_logs_them():
    found = outcome(vanishing_gradients, {"train_loss": [1, 1]})
    assert found.reason == "needs the series layer/…/grad_norm: `aseptic.watch(model)` logs them"
