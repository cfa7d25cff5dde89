"""What T10 finds and what it lets pass."""

from __future__ import annotations

from tests.checks.rules.trainings import findings, healthy, stuck

from aseptic.checks.rules.t10_no_update import no_update


def test_layers_that_do_not_move_are_found():
    (finding,) = findings(no_update, stuck(update_ratios=0.0))
    assert finding.evidence["layers"] == ("h0", "h1", "out")


def test_one_layer_that_the_optimizer_does_not_have_is_named():
    (finding,) = findings(no_update, stuck(h1_update_ratio=0.0))
    assert finding.subject == "h1"


def test_a_layer_without_gradient_is_frozen_on_purpose():
    assert findings(no_update, stuck(h0_update_ratio=0.0, h0_grad_norm=0.0)) == ()


def test_in_a_model_that_learns_all_the_same_it_is_a_warning():
    (finding,) = findings(no_update, healthy(h0_update_ratio=0.0))
    assert finding.severity == "warning"


def test_the_optimizer_of_another_model_is_found():
    series = stuck(update_ratios=0.0)
    bare = {name: one for name, one in series.items() if not name.endswith("/grad_norm")}
    (finding,) = findings(no_update, bare)
    assert finding.message.endswith("and none has a gradient")
