"""What T12 finds and what it lets pass."""

from __future__ import annotations

import numpy as np
import pytest
from tests.checks.rules.trainings import EPOCHS, PER_EPOCH, findings, healthy, outcome, stuck

from aseptic.checks.rules.t12_no_shuffling import no_shuffling

BATCHES = np.tile(np.random.default_rng(1).gamma(3, 1, PER_EPOCH), EPOCHS)


def test_batches_in_the_same_order_are_found():
    (finding,) = findings(no_shuffling, stuck(loss=BATCHES))
    assert finding.severity == "warning"
    assert finding.evidence["correlation"] > 0.99


def test_where_it_does_no_harm_it_is_a_tip():
    series = healthy()
    series["loss"] = (series["loss"][0], series["loss"][1] * BATCHES)
    (finding,) = findings(no_shuffling, series)
    assert finding.severity == "info"


@pytest.mark.parametrize("seed", range(20))
def test_shuffled_batches_are_not(seed: int):
    noise = np.random.default_rng(seed).gamma(3, 1, EPOCHS * PER_EPOCH)
    assert findings(no_shuffling, stuck(loss=noise)) == ()


def test_a_loss_that_falls_in_each_epoch_is_not():
    falls = np.tile(np.linspace(2, 1, PER_EPOCH), EPOCHS)
    noise = np.random.default_rng(0).normal(size=len(falls)) * 0.1
    assert findings(no_shuffling, healthy(loss=falls + noise)) == ()


def test_a_step_an_epoch_tells_nothing():
    assert outcome(no_shuffling, {"loss": [1.0] * 80, "val_loss": [1.0] * 30}).reason.startswith(
        "needs the loss of each of 6 steps"
    )
