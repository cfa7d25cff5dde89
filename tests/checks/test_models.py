"""What `checks.models` promises, and what holds for every check that asks or fits models."""

from __future__ import annotations

import copy
import pickle
import time
from typing import Any

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("sklearn")

from sklearn.compose import make_column_transformer
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import balanced_accuracy_score, r2_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from tests.checks.examples import judge

from aseptic.checks import Evidence, NotApplicable, Table
from aseptic.checks.discovery import load_checks
from aseptic.checks.models import (
    Fitted,
    UserModel,
    compare_with_baselines,
    out_of_fold_predictions,
    problem,
    problem_like,
    score,
)

CODES = ("D06", "D11", "D19", "D20", "D31", "T14", "T15", "T16", "T17", "T22", "T23", "H06")
CHECKS = [one for code, one in load_checks().items() if code in CODES]
by_code = pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.code)


def make_frame(rows: int = 400, seed: int = 0) -> tuple[pd.DataFrame, pd.Series]:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"size": rng.normal(size=rows), "age": rng.normal(50, 10, rows)})
    frame["town"] = rng.choice(["north", "south", "west"], rows)
    label = np.where(frame["size"] + (frame["town"] == "north") > 0.3, "yes", "no")
    return frame, pd.Series(label)


def evidence(train: Any, test: Any, model: Any = None, **more: Any) -> Evidence:
    return Evidence(
        (Table("train", "train", *train), Table("test", "test", *test)), model=model, **more
    )


# -- scores ---------------------------------------------------------------------------------------
def test_the_values_of_scores_are_scikit_learns():
    rng = np.random.default_rng(0)
    truth, predicted = rng.integers(0, 3, 200), rng.integers(0, 3, 200)
    assert score(truth, predicted, "classification").value == pytest.approx(
        balanced_accuracy_score(truth, predicted)
    )
    numbers = rng.normal(size=200)
    guessed = numbers + rng.normal(size=200)
    assert score(numbers, guessed, "regression").value == pytest.approx(r2_score(numbers, guessed))


def test_a_constant_has_no_skill_and_the_truth_has_all():
    truth = np.repeat([0, 1, 2], 30)
    assert score(truth, np.zeros(90), "classification").skill == pytest.approx(0.0)
    assert score(truth, truth, "classification").skill == 1.0
    assert score(truth, truth, "classification").error > 0  # 30 rows of a class are not certain


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_the_error_of_a_score_is_how_much_it_varies_from_sample_to_sample(task: Any):
    rng = np.random.default_rng(1)
    found = []
    for _ in range(300):
        if task == "regression":
            truth = rng.normal(size=150)
            found.append(score(truth, truth + rng.normal(size=150) * 0.7, task))
        else:
            truth = rng.choice(3, 150, p=[0.6, 0.3, 0.1])
            found.append(score(truth, np.where(rng.random(150) < 0.3, 0, truth), task))
    spread = np.std([one.skill for one in found])
    assert np.mean([one.error for one in found]) == pytest.approx(spread, rel=0.3)


def test_scores_on_the_same_rows_differ_by_less_than_their_errors_say():
    rng = np.random.default_rng(2)
    truth = rng.normal(size=300)
    noise = rng.normal(size=300)
    a, b = (
        score(truth, truth + noise, "regression"),
        score(truth, truth + noise * 0.9, "regression"),
    )
    assert b.less(a)[1] < a.error / 2
    assert b.less(a)[0] == pytest.approx(b.skill - a.skill)


# -- problems -------------------------------------------------------------------------------------
def test_categories_of_test_rows_get_the_numbers_of_the_training_rows():
    frame, label = make_frame()
    only_west = frame[frame["town"] == "west"]
    run = evidence((frame, label), (only_west, label[only_west.index]))
    first = problem(run, run.train)
    codes = problem_like(run, first, run.test).codes
    assert set(codes[:, 2]) == {2.0}


def test_gaps_and_unknown_categories_are_filled():
    frame, label = make_frame()
    other = frame.assign(size=np.nan, town="elsewhere")
    run = evidence((frame, label), (other, label))
    codes = problem_like(run, problem(run, run.train), run.test).codes
    assert np.isfinite(codes).all()


def test_a_sample_says_how_many_rows_and_columns_it_holds():
    rng = np.random.default_rng(0)
    run = evidence(
        (rng.normal(size=(3000, 150)), rng.integers(0, 2, 3000)),
        (rng.normal(size=(50, 150)), rng.integers(0, 2, 50)),
        depth="automatic",
    )
    assert problem(run).said == "600 of 3,000 rows, 100 of 150 columns"


def test_predictions_out_of_fold_know_nothing_of_their_row():
    rng = np.random.default_rng(0)
    run = evidence((rng.normal(size=(300, 5)), rng.integers(0, 2, 300)), (np.ones((1, 5)), [0]))
    first = problem(run)
    kept = out_of_fold_predictions(run, first, "trees")
    assert abs(score(first.target, kept, "classification").skill) < 0.25
    own = Fitted(run, "trees", first).predict(first)
    assert score(first.target, own, "classification").skill > 0.5


# -- a user's model -------------------------------------------------------------------------------
def test_a_pipeline_is_asked_with_its_own_columns_in_its_own_order():
    frame, label = make_frame()
    pipeline = make_pipeline(
        make_column_transformer((OneHotEncoder(), ["town"]), (StandardScaler(), ["age", "size"])),
        LogisticRegression(),
    ).fit(frame, label)
    shuffled = frame[["town", "age", "size"]].assign(more=1.0)
    run = evidence((shuffled, label), (shuffled, label), pipeline)
    rows = problem(run, run.test)
    expected = pipeline.predict(frame) == "yes"
    assert (UserModel(run).predictions(rows) == expected).all()


def test_a_model_of_arrays_is_not_asked_with_named_columns():
    frame, label = make_frame()
    numbers = frame[["size", "age"]]
    model = LogisticRegression().fit(StandardScaler().fit_transform(numbers), label)
    run = evidence((numbers, label), (numbers, label), model)
    with pytest.raises(NotApplicable, match="fitted on an array"):
        UserModel(run).predictions(problem(run))


def test_an_array_of_as_many_columns_is_taken_to_be_in_the_models_order():
    frame, label = make_frame()
    numbers = frame[["size", "age"]]
    model = LogisticRegression().fit(numbers, label)
    run = evidence((numbers.to_numpy(), label), (numbers.to_numpy(), label), model)
    expected = model.predict(numbers) == "yes"
    assert (UserModel(run).predictions(problem(run)) == expected).all()


def test_probabilities_are_in_the_order_of_the_classes_of_the_problem():
    frame, label = make_frame()
    numbers = frame[["size", "age"]]
    flipped = pd.Series(label.map({"yes": "a", "no": "b"}))
    model = LogisticRegression().fit(numbers, flipped)
    run = evidence((numbers, flipped), (numbers, flipped), model)
    chances = UserModel(run).chances(problem(run))
    assert (chances.argmax(axis=1) == UserModel(run).predictions(problem(run))).all()


class Broken:
    def predict(self, features: Any) -> Any:
        raise RuntimeError("no\nway")


class Wordy:
    def predict(self, features: Any) -> Any:
        return np.array(["perhaps"] * len(features))


class Short:
    def predict(self, features: Any) -> Any:
        return np.zeros(3)


class Slow:
    def predict(self, features: Any) -> Any:
        time.sleep(0.3)
        return np.zeros(len(features))


ODD_MODELS = [Broken(), Wordy(), Short(), object(), 3, LogisticRegression(), Slow]


@by_code
@pytest.mark.parametrize("model", ODD_MODELS, ids=lambda model: type(model).__name__)
def test_a_model_that_fails_is_a_reason_not_a_fault(check: Any, model: Any):
    rng = np.random.default_rng(0)
    train, test = ((rng.normal(size=(rows, 3)), rng.integers(0, 2, rows)) for rows in (200, 150))
    report = judge(check, train=train, test=test, model=model)
    assert "fault" not in (report.outcomes[0].reason or "")
    if check.code in ("T14", "T15", "T16", "T22", "T23"):
        assert report.outcomes[0].outcome == "not applicable"


def test_a_model_that_is_slow_is_asked_for_little_after_a_cell():
    frame, label = make_frame()
    run = evidence((frame, label), (frame, label), Slow(), depth="automatic")
    with pytest.raises(NotApplicable, match="too slowly"):
        UserModel(run).rows_of(run.test)


@by_code
def test_the_users_model_and_data_stay_as_they_are(check: Any):
    frame, label = make_frame()
    numbers = frame[["size", "age"]]
    for model in (LogisticRegression(), RandomForestClassifier(10, random_state=0)):
        model.fit(numbers, label)
        before, data = pickle.dumps(model), copy.deepcopy(numbers)
        np.random.seed(5)
        state = np.random.get_state()[1].copy()
        judge(check, train=(numbers, label), test=(numbers, label), model=model)
        assert pickle.dumps(model) == before
        pd.testing.assert_frame_equal(numbers, data)
        assert (np.random.get_state()[1] == state).all()


def test_a_model_that_saw_other_data_is_not_compared():
    rng = np.random.default_rng(0)
    features, target = rng.normal(size=(200, 2)), rng.normal(size=200)
    model = LinearRegression().fit(features + 100, target * 50 + 4000)
    run = evidence((features, target), (features, target), model)
    with pytest.raises(NotApplicable, match="other data"):
        compare_with_baselines(run)


# -- odd input ------------------------------------------------------------------------------------
def odd_inputs() -> dict[str, Any]:
    rng = np.random.default_rng(0)
    objects = pd.DataFrame({"a": [object() for _ in range(50)], "b": [[1], {2}] * 25})
    twins = pd.DataFrame(rng.normal(size=(60, 3)), columns=["a", "a", "b"])
    return {
        "empty": (pd.DataFrame(), []),
        "no rows": (pd.DataFrame({"a": []}), []),
        "one row": (np.ones((1, 3)), [1]),
        "one class": (rng.normal(size=(80, 3)), np.zeros(80)),
        "all missing": (np.full((80, 3), np.nan), rng.integers(0, 2, 80)),
        "target missing": (rng.normal(size=(80, 3)), np.full(80, np.nan)),
        "infinite": (np.full((80, 3), np.inf), rng.normal(size=80)),
        "constant": (np.ones((80, 3)), rng.normal(size=80)),
        "huge": (rng.normal(size=(80, 3)) * 1e300, rng.normal(size=80) * 1e200),
        "wide": (rng.normal(size=(60, 10_000)), rng.integers(0, 2, 60)),
        "objects": (objects, rng.integers(0, 2, 50)),
        "object target": (rng.normal(size=(50, 2)), pd.Series([[1], {2}] * 25)),
        "twin columns": (twins, rng.integers(0, 2, 60)),
        "each its own class": (rng.normal(size=(60, 2)), [f"c{n}" for n in range(60)]),
        "mixed labels": (rng.normal(size=(60, 2)), pd.Series([1, "a", None] * 20, dtype=object)),
        "numbers as text": (pd.DataFrame({"a": ["1", "2", "x"] * 20}), [1.5, 2.5, 3.5] * 20),
        "categories": (
            pd.DataFrame({"a": pd.Categorical(["u", None, "v"] * 20)}),
            pd.Series(pd.Categorical(["yes", "no", "yes"] * 20)),
        ),
        "times": (
            pd.DataFrame({"t": pd.date_range("2020-01-01", periods=60)}),
            [True, False, True] * 20,
        ),
    }


@by_code
@pytest.mark.parametrize("name", list(odd_inputs()))
def test_odd_input_is_no_fault(check: Any, name: str):
    data = odd_inputs()[name]
    model = DummyClassifier().fit(np.zeros((4, 3)), [0, 1, 0, 1])
    tables = {}
    for role in ("train", "test"):
        try:
            Table(role, role, *data)
        except NotApplicable:
            return
        tables[role] = data
    for more in ({}, {"model": model}):
        report = judge(check, depth="automatic", **tables, **more)
        assert "fault" not in (report.outcomes[0].reason or "")
