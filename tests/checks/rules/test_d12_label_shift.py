"""D12 on clean splits, on splits that lost a class, and on quantities."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn import datasets
from sklearn.model_selection import train_test_split
from tests.checks.examples import judge

from aseptic.checks.rules.d12_label_shift import label_shift

NAMES = ["iris", "wine", "breast_cancer", "digits", "diabetes"]


def found(train, test):
    report = judge(label_shift, train=train, test=test)
    assert "fault" not in (report.outcomes[0].reason or "")
    return report.findings


def split(name: str, seed: int):
    X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    A, B, a, b = train_test_split(X, y, random_state=seed)
    return (A, a), (B, b)


@pytest.mark.parametrize("name", NAMES)
def test_clean_splits_are_clean(name):
    assert sum(bool(found(*split(name, seed))) for seed in range(40)) == 0


@pytest.mark.parametrize("name", ["iris", "wine", "breast_cancer", "digits"])
def test_a_split_without_shuffling_of_sorted_rows_is_found(name):
    X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    order = np.argsort(y, kind="stable")
    cut = int(0.75 * len(y))
    assert found((X[order[:cut]], y[order[:cut]]), (X[order[cut:]], y[order[cut:]]))


def test_a_class_that_is_rarer_in_the_test_data_is_named():
    (X, y), (B, b) = split("breast_cancer", 0)
    keep = (b == 1) | (np.arange(len(b)) % 5 == 0)
    (finding,) = found((X, y), (B[keep], b[keep]))
    assert "of the targets of train" in finding.message
    assert finding.evidence["plot"]["kind"] == "bars"


def test_quantities_that_were_cut_off_are_found():
    (X, y), (B, b) = split("diabetes", 0)
    (finding,) = found((X, y), (B[b > 120], b[b > 120]))
    assert "median" in finding.message


@pytest.mark.parametrize("n_test", [50, 2000])
def test_the_effect_does_not_hang_on_the_size_of_the_test_data(n_test):
    rng = np.random.default_rng(0)
    y, b = rng.random(20_000) < 0.2, rng.random(n_test) < 0.5
    (finding,) = found((np.zeros((20_000, 1)), y), (np.zeros((n_test, 1)), b))
    assert finding.evidence["cramers_v"] == pytest.approx(0.3, abs=0.12)


@pytest.mark.parametrize(
    ("y", "b"),
    [
        ([0] * 50, [0] * 50),
        ([None] * 50, [None] * 50),
        ([np.nan] * 50, [1.0] * 50),
        (list("ab") * 25, [1, 2] * 25),
        (list("ab") * 25, [[1]] * 50),
        (pd.Categorical(list("ab") * 25), list("ba") * 25),
    ],
)
def test_odd_targets_are_no_fault(y, b):
    target = pd.Series(b, dtype=object) if isinstance(b[0], list) else b
    found((np.zeros((50, 1)), y), (np.zeros((50, 1)), target))


def test_one_row_and_none_are_clean():
    assert not found((np.zeros((50, 1)), [0, 1] * 25), (np.zeros((1, 1)), [1]))


def persons(seed: int, share: float) -> tuple[pd.DataFrame, np.ndarray]:
    """Rows of persons, ten each and of one class, of which `share` are of the first."""
    rng = np.random.default_rng(seed)
    label = rng.random(60) < share
    data = pd.DataFrame({"user_id": np.repeat(rng.integers(1e9, size=60), 10)})
    return data.assign(x=rng.normal(size=600)), np.repeat(label, 10)


@pytest.mark.parametrize("seed", range(20))
def test_persons_of_one_class_that_were_split_by_person_are_clean(seed):
    assert not found(persons(seed, 0.5), persons(100 + seed, 0.5))


def test_a_shift_among_persons_is_found():
    assert found(persons(0, 0.8), persons(1, 0.2))


def test_quantities_of_persons_count_once():
    rng = np.random.default_rng(0)
    for _ in range(20):
        sides = [persons(seed, 0.5)[0] for seed in (0, 1)]
        assert not found(*[(data, np.repeat(rng.normal(size=60), 10)) for data in sides])
