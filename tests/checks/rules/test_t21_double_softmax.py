"""What T21 finds and what it lets pass."""

from __future__ import annotations

import math

import numpy as np
import pytest
from tests.checks.rules.trainings import EPOCHS, STEPS, findings, healthy

from aseptic.checks.rules.t21_double_softmax import double_softmax


def at_the_floor(classes: int, *, accuracy: float = 0.97):
    floor = math.log(1 + (classes - 1) / math.e)
    noise = np.random.default_rng(0).gamma(2, 0.02, len(STEPS))
    return {
        "loss": floor + noise,
        "train_loss": np.full(EPOCHS, floor + 1 - accuracy),
        "train_accuracy": np.full(EPOCHS, accuracy),
        "n_classes": classes,
        "dummy_loss": math.log(classes),
    }


@pytest.mark.parametrize("classes", [2, 3, 10, 100])
def test_a_loss_at_the_floor_with_a_good_accuracy_is_found(classes: int):
    assert findings(double_softmax, healthy(**at_the_floor(classes)))


def test_a_single_step_below_the_floor_proves_that_it_is_none():
    series = at_the_floor(2)
    series["loss"][77] = 0.2
    assert findings(double_softmax, healthy(**series)) == ()


def test_an_accuracy_that_fits_the_loss_is_none():
    series = at_the_floor(10)
    series["train_accuracy"] = np.full(EPOCHS, 0.3)
    assert findings(double_softmax, healthy(**series)) == ()


def test_an_honest_model_of_a_hard_problem_is_none():
    entropy = -0.75 * math.log(0.75) - 0.25 * math.log(0.25)
    series = at_the_floor(2, accuracy=0.75)
    series["loss"] = entropy + np.random.default_rng(0).normal(size=len(STEPS)) * 0.05
    series["train_loss"] = np.full(EPOCHS, entropy)
    assert findings(double_softmax, healthy(**series)) == ()
