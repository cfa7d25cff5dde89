"""What T02 finds and what it lets pass."""

from __future__ import annotations

import numpy as np
from tests.checks.rules.trainings import EPOCHS, STEPS, begun, findings, healthy, outcome

from aseptic.checks.rules.t02_divergence import divergence
from aseptic.testing import make_run


def growing(factor: float = 1.02) -> np.ndarray:
    return 2.3 * factor**STEPS


def test_the_step_where_it_passed_the_limit_is_said():
    (finding,) = findings(divergence, healthy(loss=growing()))
    step = finding.evidence["step"]
    assert growing()[int(step) - 1] <= finding.evidence["limit"] < growing()[int(step)]


def test_one_bad_batch_is_no_divergence():
    series = healthy()
    series["loss"][1][100] = 500.0
    assert findings(divergence, series) == ()


def test_an_epoch_from_which_it_recovers_is_no_divergence():
    series = healthy(loss=None)
    series["train_loss"][1][5] = 9.0
    assert findings(divergence, series) == ()
    assert findings(divergence, begun(series, epochs=6), is_running=True) == ()


def test_it_is_seen_while_training_goes_on():
    assert findings(divergence, begun(healthy(loss=growing()), epochs=12), is_running=True)


def test_a_loss_that_grew_before_it_was_nan_diverged():
    loss = np.where(growing(1.1) < 1e6, growing(1.1), np.nan)
    (finding,) = findings(divergence, healthy(loss=loss, train_loss=None))
    assert "later not a number" in finding.message


def test_a_loss_of_large_targets_does_not_diverge_from_its_beginning():
    loss = 1e6 * 0.9 ** np.arange(EPOCHS)
    assert findings(divergence, {"train_loss": loss, "val_loss": loss}) == ()


def test_the_remedy_names_the_learning_rate_and_the_optimizer():
    run = make_run(params={"lr": 0.5, "optimizer": "SGD"})
    (finding,) = findings(divergence, healthy(loss=growing()), run=run)
    assert "`lr=0.05` in the place of 0.5 for SGD" in finding.remedy


def test_without_a_training_loss_it_cannot_judge():
    found = outcome(divergence, {"accuracy": [0.1, 0.2]})
    assert found.reason == "needs the series train_loss or loss: `aseptic.log(train_loss=…)`"
