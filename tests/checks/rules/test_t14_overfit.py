"""What T14 finds and what it lets pass."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("sklearn")

from sklearn.ensemble import RandomForestClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from tests.checks.examples import judge
from tests.checks.fitted_cases import alarms, split
from tests.checks.rules.trainings import ENDS, EPOCHS, begun, findings, healthy

from aseptic.checks.rules.t14_overfit import overfit
from aseptic.checks.rules.t15_no_generalisation import no_generalisation


def noisy(rows: int = 2000, seed: int = 0):
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(rows, 6))
    label = (features[:, 0] + features[:, 1] + rng.normal(size=rows) > 0).astype(int)
    return (features[:500], label[:500]), (features[500:], label[500:])


def test_sensible_models_on_untouched_data_are_not_overfit():
    assert alarms(overfit, judge) == []


def test_an_honest_forest_that_knows_its_rows_by_heart_is_not_overfit():
    train, test = noisy()
    model = RandomForestClassifier(100, random_state=0).fit(*train)
    assert model.score(*train) == 1.0
    assert judge(overfit, train=train, test=test, model=model).findings == ()


@pytest.mark.parametrize("seed", range(5))
def test_a_full_tree_on_noisy_data_is(seed: int):
    train, test = noisy(seed=seed)
    model = DecisionTreeClassifier(random_state=0).fit(*train)
    (finding,) = judge(overfit, depth="automatic", train=train, test=test, model=model).findings
    assert "DecisionTreeClassifier" in finding.message
    assert "max_depth=5" in finding.remedy


def test_a_nearest_neighbour_that_costs_a_tenth_of_the_skill_is():
    train, test = noisy(rows=4000)
    model = KNeighborsClassifier(1).fit(*train)
    assert judge(overfit, train=train, test=test, model=model).findings


def test_a_full_tree_that_is_worse_than_a_constant_is_left_to_t15():
    train, test = split("diabetes")
    model = DecisionTreeRegressor(random_state=0).fit(*train)
    assert judge(overfit, train=train, test=test, model=model).findings == ()
    assert judge(no_generalisation, train=train, test=test, model=model).findings


def test_the_remedy_depends_on_the_settings():
    train, test = noisy()
    model = DecisionTreeClassifier(max_depth=20, min_samples_leaf=1, random_state=0).fit(*train)
    (finding,) = judge(overfit, train=train, test=test, model=model).findings
    assert "a smaller `max_depth`" in finding.remedy


def test_too_few_test_rows_prove_nothing():
    train, (features, label) = noisy()
    model = DecisionTreeClassifier(random_state=0).fit(*train)
    few = (features[:20], label[:20])
    (outcome,) = judge(overfit, train=train, test=few, model=model).outcomes
    assert outcome.reason == "20 test rows with a known target are too few"


# -- by curves --------------------------------------------------------------------------------
def rebounding(low: int = 10, to: float = 2.0) -> np.ndarray:
    """A validation loss that is lowest at an epoch (0 is the first), and rises from there."""
    fall, rise = np.linspace(2.3, 0.5, low + 1), np.linspace(0.5, 0.5 * to, EPOCHS - low)
    return np.concatenate([fall, rise[1:]])


FALLING = 2.3 * 0.85 ** np.arange(EPOCHS)


def overfitted(**changes):
    scores = np.minimum(np.arange(EPOCHS) / 12, 0.8)
    usual = {"val_loss": rebounding(10), "train_loss": FALLING, "val_accuracy": scores}
    return healthy(**(usual | changes))


def test_the_epoch_to_stop_at_is_said():
    (finding,) = findings(overfit, overfitted())
    assert finding.evidence["best_epoch"] == 11
    assert finding.evidence["step"] == ENDS[10]
    assert finding.remedy.startswith("stop at epoch 11 (219)")


def test_the_best_epoch_is_the_lowest_itself():
    loss = [2.2, 1.5, 1.2, 1.1, 1.2, 1.4, 1.6, 1.8, 2.0, 2.1]
    (finding,) = findings(overfit, {"train_loss": 2.2 * 0.6 ** np.arange(10), "val_loss": loss})
    assert finding.evidence["best_epoch"] == 4


def test_a_small_rebound_is_none():
    assert findings(overfit, overfitted(val_loss=rebounding(to=1.2))) == ()


def test_a_loss_that_rises_while_the_score_rises_too_is_none():
    assert findings(overfit, overfitted(val_accuracy=np.linspace(0.1, 0.9, EPOCHS))) == ()


def test_a_rebound_of_both_losses_is_another_matter():
    both = rebounding()
    assert findings(overfit, overfitted(val_loss=both, train_loss=both)) == ()


def test_one_bad_epoch_at_the_end_is_none():
    loss = FALLING.copy()
    loss[-1] = 9.0
    assert findings(overfit, overfitted(val_loss=loss)) == ()


def test_while_training_goes_on_the_minimum_must_lie_back():
    series = overfitted(val_loss=rebounding(10, to=8.0))
    assert findings(overfit, begun(series, epochs=13), is_running=True) == ()
    assert findings(overfit, begun(series, epochs=18), is_running=True)


def test_boosted_trees_are_told_how_many_trees_are_best():
    series = {"train-logloss": FALLING, "eval-logloss": rebounding(10)}
    (finding,) = findings(overfit, series)
    assert finding.remedy.startswith("`early_stopping_rounds=20`: 11 trees are best")
