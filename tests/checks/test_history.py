"""What runs have in common, and how sure their metrics are."""

from __future__ import annotations

import numpy as np
import pytest

from aseptic.checks.history import (
    configuration,
    is_rerun,
    judge_of,
    judges_of,
    scores_of,
    standard_error,
)
from aseptic.model import DataInput, Environment, GitState
from aseptic.testing import make_run


def test_scores_judge_and_the_most_telling_comes_first():
    metrics = {"train_acc": 1.0, "acc": 0.9, "test_acc": 0.8, "val_loss": 0.3, "n_rows": 7}
    costs = {"fit_time": 3.0, "latency_ms": 2.0, "mae": float("nan")}
    names = [score.name for score in scores_of(make_run(metrics=metrics | costs))]
    assert names == ["test_acc", "val_loss", "acc"]


def test_a_score_of_no_named_data_is_of_the_only_data_that_judges():
    test = DataInput(name="X_test", kind="array", digest="ab", shape=(50, 2))
    target = DataInput(name="y_test", kind="array", digest="cd", shape=(50,))
    validation = DataInput(name="X_val", kind="array", digest="ef", shape=(40, 2))
    one = make_run(acc=0.9, data_inputs={"X_test": test, "y_test": target})
    judge = judge_of(scores_of(one)[0], judges_of(one))
    assert judge is not None
    assert (judge.name, judge.rows) == ("X_test", 50)
    both = make_run(acc=0.9, data_inputs={"X_test": test, "X_val": validation})
    assert judge_of(scores_of(both)[0], judges_of(both)) is None


def test_seeds_and_names_of_runs_are_no_configuration():
    source = "%%track {}\nclf = RandomForestClassifier(random_state={}).fit(X, y)"
    a = make_run(source=source.format("a", 1), params={"random_state": 1, "max_depth": 3})
    b = make_run(source=source.format("b", 22), params={"random_state": 22, "max_depth": 3})
    c = make_run(source=source.format("c", 1), params={"random_state": 1, "max_depth": 4})
    assert configuration(a) == configuration(b) != configuration(c)


@pytest.mark.parametrize(
    "other",
    [
        {"seed": 2},
        {"params": {"C": 2}},
        {"data_inputs": {"X": "ef"}},
        {"source": "fit(X, 1)"},
        {"git": GitState(commit="a" * 40, diff_digest="b")},
        {"environment": Environment(packages={"numpy": "2.0"})},
    ],
)
def test_a_rerun_is_the_same_in_all_that_may_matter(other: dict):
    fields = {"source": "%%track a\nfit(X)", "params": {"C": 1}, "data_inputs": {"X": "ab"}}
    run = make_run(**fields)
    assert is_rerun(run, make_run(**fields | {"source": "%%track b\nfit(X)"}))
    assert not is_rerun(run, make_run(**fields | other))


@pytest.mark.parametrize("rows", [50, 400])
def test_standard_errors_are_those_of_repeated_test_sets(rows: int):
    rng = np.random.default_rng(0)
    shares = rng.binomial(rows, 0.85, size=4000) / rows
    assert standard_error("val_acc", 0.85, rows) == pytest.approx(shares.std(), rel=0.15)
    errors = rng.normal(size=(4000, rows))
    for name, values in (
        ("mse", (errors**2).mean(1)),
        ("rmse", np.sqrt((errors**2).mean(1))),
        ("mae", np.abs(errors).mean(1)),
    ):
        expected = standard_error(name, float(values.mean()), rows)
        assert expected == pytest.approx(values.std(), rel=0.1), name
    signal = rng.normal(size=(4000, rows))
    r2 = 1 - (errors**2).sum(1) / ((errors + signal) ** 2).sum(1)
    assert standard_error("r2", 0.5, rows) == pytest.approx(r2.std(), rel=0.2)


def test_the_standard_error_of_an_auc_is_that_of_repeated_test_sets():
    rng, rows = np.random.default_rng(0), 200
    areas = []
    for _ in range(1000):
        good, bad = rng.normal(1.2, 1, rows // 2), rng.normal(0, 1, rows // 2)
        areas.append((good[:, None] > bad).mean())
    expected = standard_error("roc_auc", float(np.mean(areas)), rows)
    assert expected == pytest.approx(np.std(areas), rel=0.15)


def test_percentages_are_shares_and_unknown_metrics_have_no_error():
    assert standard_error("accuracy", 85.0, 100) == pytest.approx(
        100 * standard_error("accuracy", 0.85, 100)
    )
    assert standard_error("reward", 3.0, 100) is None
    assert standard_error("acc", -2.0, 100) is None
    assert standard_error("acc", 1.0, 100) > 0
    assert standard_error("acc", float("nan"), 100) is None
    assert standard_error("acc", 0.9, 1) is None
