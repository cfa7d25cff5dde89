"""What T08 finds and what it lets pass."""

from __future__ import annotations

import numpy as np
from tests.checks.rules.trainings import PROBES, findings, healthy, stuck

from aseptic.checks.rules.t08_dead_units import dead_units


def test_a_layer_that_dies_is_found_and_when():
    (finding,) = findings(dead_units, stuck(h1_dead_share=np.where(PROBES < 150, 0.2, 1.0)))
    assert finding.subject == "h1"
    assert finding.evidence["step"] == 150.0


def test_a_layer_that_comes_back_is_none():
    assert findings(dead_units, stuck(h1_dead_share=np.where(PROBES < 150, 1.0, 0.2))) == ()


def test_a_model_that_learns_may_have_dead_units():
    assert findings(dead_units, healthy(dead_shares=0.95)) == ()
