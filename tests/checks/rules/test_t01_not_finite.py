"""What T01 finds and what it lets pass."""

from __future__ import annotations

import numpy as np
import pandas as pd
from tests.checks.rules.trainings import STEPS, findings, healthy

from aseptic.checks.rules.t01_not_finite import not_finite


def test_the_step_where_it_began_is_said():
    loss = np.where(STEPS < 250, 1.0, np.nan)
    (finding,) = findings(not_finite, healthy(loss=loss))
    assert finding.message == "loss is NaN from 250 on"
    assert (finding.evidence["series"], finding.evidence["step"]) == ("loss", 250.0)


def test_the_series_that_was_first_is_the_one_that_is_named():
    loss = np.where(STEPS < 251, 1.0, np.nan)
    norm = np.where(STEPS < 250, 1.0, np.inf)
    (finding,) = findings(not_finite, healthy(loss=loss, grad_norm=norm))
    assert finding.message == "grad_norm is infinite from 250 on"


def test_what_mixed_precision_skips_is_no_fault():
    norm = np.where(STEPS % 100 == 3, np.inf, 1.0)
    assert findings(not_finite, healthy(grad_norm=norm)) == ()


def test_a_loss_that_recovers_again_and_again_is_a_warning():
    (finding,) = findings(not_finite, healthy(loss=np.where(STEPS % 10 == 3, np.nan, 1.0)))
    assert finding.severity == "warning"


def test_columns_of_the_training_data_with_gaps_are_named():
    train = pd.DataFrame({"age": [1.0, np.nan, 3.0], "size": [1.0, 2.0, 3.0]})
    series = healthy(loss=np.full(len(STEPS), np.nan))
    (finding,) = findings(not_finite, series, train=train)
    assert finding.evidence["columns"] == ("age",)
    assert "age" in finding.remedy
