"""What series mean by their names, and how much a training has learnt."""

from __future__ import annotations

import math

import numpy as np
import pytest

from aseptic.checks import Evidence
from aseptic.checks.curves import curves_of, smoothed, thinned
from aseptic.checks.discovery import load_checks
from aseptic.checks.handed_over import evidence_of


def curves(**series):
    named = {name.replace("__", "/"): values for name, values in series.items()}
    return curves_of(evidence_of({}, series=named))


def names(found) -> tuple[str | None, ...]:
    """The names that were taken for the losses of training, of steps and of validation."""
    all_three = (found.train_loss, found.steps, found.validation_loss)
    return tuple(None if curve is None else curve.name for curve in all_three)


@pytest.mark.parametrize(
    ("logged", "meant"),
    [
        ({"train_loss": 20, "val_loss": 20, "loss": 400}, ("train_loss", "loss", "val_loss")),
        ({"loss": 20, "val_loss": 20}, ("loss", None, "val_loss")),  # Keras
        (
            {"train_loss_step": 400, "train_loss_epoch": 20, "val_loss": 20},  # Lightning
            ("train_loss_epoch", "train_loss_step", "val_loss"),
        ),
        ({"loss": 100, "eval_loss": 10}, ("loss", "loss", "eval_loss")),  # Hugging Face
        ({"train/loss": 100, "eval/loss": 10}, ("train/loss", "train/loss", "eval/loss")),
        (
            {"training binary_logloss": 50, "valid_1 binary_logloss": 50},  # LightGBM
            ("training binary_logloss", None, "valid_1 binary_logloss"),
        ),
        (
            {"validation_0-logloss": 50, "validation_1-logloss": 50},  # XGBoost
            ("validation_0-logloss", None, "validation_1-logloss"),
        ),
        ({"train-rmse": 50, "eval-rmse": 50}, ("train-rmse", None, "eval-rmse")),
        ({"validation_0-rmse": 50}, (None, None, "validation_0-rmse")),
        ({"loss": 30}, ("loss", None, None)),
        ({"loss": 500}, ("loss", "loss", None)),
        ({"d_loss": 500, "kl_loss": 500}, (None, None, None)),
    ],
)
def test_the_losses_are_known_by_the_names_of_each_library(logged, meant):
    series = {name: np.linspace(2, 1, length) for name, length in logged.items()}
    assert names(curves_of(evidence_of({}, series=series))) == meant


def test_a_dummy_loss_is_no_loss_of_training():
    found = curves_of(Evidence(series={"dummy_loss": (np.zeros(1), np.array([2.3]))}))
    assert found.train_loss is None
    assert found.dummy_loss == 2.3


def test_where_the_dummy_loss_is_not_known_it_is_said_what_stands_for_it():
    known = curves(loss=[2.0, 1.0], dummy_loss=4.0)
    assert known.learnt() == {"explained": 0.75, "dummy_loss": 4.0}
    classes = curves(loss=[2.0, 1.0], n_classes=2)
    assert classes.dummy_loss == math.log(2)
    assert classes.learnt()["of"] == "ln(2), as of 2 even classes"
    steps = curves(loss=np.linspace(5, 1, 200))
    assert steps.learnt()["of"] == "the first steps of loss"
    assert curves(train_loss=[2.0, 1.0]).explained is None


def test_a_number_of_classes_says_nothing_of_squared_errors():
    assert curves(train_mse=[2.0, 1.0], n_classes=2).dummy_loss is None


def test_a_loss_that_is_not_finite_explains_nothing():
    assert curves(train_loss=[2.0, 1.0, math.nan], dummy_loss=2.0).explained == -math.inf


def test_a_score_as_good_as_the_reference_is_no_harm():
    logged = {"train_loss": [0.9] * 9, "val_accuracy": [0.6] * 9, "dummy_loss": 1.0}
    assert curves(**logged).is_harmed()
    assert not curves(**logged, reference_score=0.6).is_harmed()
    assert curves(**logged, reference_score=0.8).is_harmed()


def test_training_and_validation_are_paired_by_epoch():
    pair = curves(
        train_loss=(np.arange(10.0), np.arange(10.0)), val_loss=(np.array([4.0, 9.0]), np.ones(2))
    ).pair
    assert pair.x.tolist() == [4, 9]
    assert pair.train.tolist() == [4, 9]


def test_an_epoch_that_is_not_finite_is_no_pair():
    assert curves(train_loss=[3.0, math.nan, 1.0], val_loss=[1.0, 2.0, 3.0]).pair.x.tolist() == [
        0,
        2,
    ]


def test_layers_that_were_logged_by_the_alphabet_come_in_the_order_of_their_numbers():
    logged = [f"layer/{name}/grad_norm" for name in ("0", "10", "2", "head")]
    found = curves(**{name: [1.0] for name in logged})
    assert [name for name, _ in found.layers("grad_norm")] == ["0", "2", "10", "head"]


def test_layers_come_in_the_order_of_their_index_where_it_was_logged():
    series = {f"layer/{name}/grad_norm": [1.0] for name in ("encoder", "head", "lstm")}
    series |= {"layer/encoder/index": 0.0, "layer/head/index": 2.0, "layer/lstm/index": 1.0}
    found = curves_of(evidence_of({}, series=series))
    assert [name for name, _ in found.layers("grad_norm")] == ["encoder", "lstm", "head"]


def test_the_steps_of_an_epoch_are_counted():
    steps = (np.arange(60.0), np.ones(60))
    assert curves(loss=steps, train_loss=np.ones(6)).steps_per_epoch == 10
    ends = (np.arange(9.0, 60, 10), np.ones(6))
    assert curves(loss=steps, train_loss=ends).steps_per_epoch == 10
    assert curves(loss=steps, train_loss=np.ones(6), steps_per_epoch=12).steps_per_epoch == 12


def test_long_series_are_thinned_by_medians():
    found = curves(loss=np.arange(10_001.0)).curve("loss")
    assert len(found) <= 2_000
    assert found.y[0] == 2.5  # of 0 to 5
    assert len(thinned(found, 10)) == 10


def test_a_single_peak_is_smoothed_away():
    assert smoothed(np.array([1.0, 1, 9, 1, 1])).tolist() == [1, 1, 1, 1, 1]


def test_evidence_asks_for_series_and_numbers_by_any_of_their_names():
    run = evidence_of({}, series={"loss": np.ones(5), "layer/a/grad_norm": np.ones(2)})
    assert run.has("series:train_loss|loss", "series:layer/*/grad_norm")
    assert not run.has("series:val_loss")
    assert not run.has("fact:dummy_loss|n_classes")


def test_no_two_checks_explain_each_other():
    causes = {check.code: check.explained_by for check in load_checks().values()}

    def behind(code: str, seen: tuple[str, ...] = ()) -> None:
        assert code not in seen, f"{' ← '.join((*seen, code))} is a circle"
        for cause in causes.get(code, ()):
            behind(cause, (*seen, code))

    for code in causes:
        behind(code)


def test_networks_that_train_against_each_other_have_no_loss_that_should_fall():
    logged = {"training1/loss": [1.0] * 99, "training2/loss": [1.0] * 99}
    trainings = evidence_of({}, series=logged).trainings()
    assert [one.training for one in trainings] == ["", "training1/", "training2/"]
    assert not any(one.has("series:train_loss|loss") for one in trainings)
    assert curves_of(trainings[1]).losses == ["loss"]


def test_a_second_training_has_its_own_series_and_numbers():
    logged = {"loss": [1.0] * 9, "training2/loss": [2.0] * 99, "training2/dummy_loss": 3.0}
    first, second = evidence_of({}, series=logged).trainings()
    assert (first.series.keys(), first.facts) == ({"loss"}, {})
    assert (second.series.keys(), second.facts) == ({"loss"}, {"dummy_loss": 3.0})


def test_a_few_points_beside_those_of_a_hook_are_steps():
    assert names(curves(loss=[1.0] * 20, lr=[0.1] * 20)) == ("loss", "loss", None)
    keras = curves(loss=[1.0] * 20, lr=[0.1] * 20, val_loss=[1.0] * 20)
    assert names(keras) == ("loss", None, "val_loss")
