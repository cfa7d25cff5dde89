"""D28 on copies with noise, on rounded copies, and on data that are coarse or dense by nature."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn import datasets
from sklearn.model_selection import train_test_split
from tests.checks.examples import judge

from aseptic.checks.rules.d28_near_duplicate_rows import near_duplicate_rows

NAMES = ["iris", "wine", "breast_cancer", "diabetes"]


def split(name: str, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    train, test = train_test_split(getattr(datasets, f"load_{name}")().data, random_state=seed)
    return train, test


def found(train, test):
    return judge(near_duplicate_rows, train=train, test=test).findings


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("seed", range(3))
def test_a_clean_split_is_clean(name, seed):
    assert not found(*split(name, seed))


def test_dense_data_of_few_columns_are_clean():
    rng = np.random.default_rng(0)
    assert not found(rng.normal(size=(5000, 2)), rng.normal(size=(2000, 2)))


@pytest.mark.parametrize("name", ["wine", "breast_cancer", "diabetes"])
@pytest.mark.parametrize("noise", [1e-6, 0.01])
def test_copies_with_a_little_noise_are_found(name, noise):
    train, test = split(name)
    count = 8
    rng = np.random.default_rng(0)
    test[:count] = train[:count] + rng.normal(size=test[:count].shape) * noise * train.std(axis=0)
    (finding,) = found(train, test)
    assert finding.evidence["rows"] == tuple(range(count))


def test_copies_in_dense_data_are_found_by_how_near_they_are():
    rng = np.random.default_rng(0)
    train, test = rng.normal(size=(3000, 2)), rng.normal(size=(900, 2))
    copies = np.arange(20)
    test[copies] = train[copies] + rng.normal(size=(20, 2)) * 1e-4
    (finding,) = found(train, test)
    assert finding.evidence["nearness"] == 0.05
    assert set(copies) <= set(finding.evidence["rows"])


def test_columns_of_few_values_tell_rows_apart():
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 4, (1200, 6))
    rows = np.hstack([rng.normal(size=(1200, 2)).round(1), codes])
    train, test = rows[:900], rows[900:]
    test[:12] = train[:12] + rng.normal(size=(12, 8)) * 1e-3
    assert found(train, test)


def test_copies_in_single_precision_are_found():
    train, test = split("breast_cancer")
    test[:8] = train[:8].astype(np.float32)
    assert found(train, test)


def test_rows_that_are_exactly_equal_are_left_to_the_other_check():
    train, test = split("breast_cancer")
    test[:20] = train[:20]
    assert not found(train, test)


def test_data_that_were_augmented_before_the_split_are_found():
    data = datasets.load_breast_cancer().data
    noise = np.random.default_rng(0).normal(size=data.shape) * 0.02 * data.std(axis=0)
    train, test = train_test_split(np.concatenate([data, data + noise]), random_state=0)
    assert found(train, test)


@pytest.mark.parametrize(
    ("train", "test"),
    [
        (np.zeros((100, 3)), np.zeros((50, 3))),
        (np.full((100, 3), np.nan), np.full((50, 3), np.nan)),
        (np.full((100, 3), np.inf), np.random.default_rng(0).normal(size=(50, 3))),
        (pd.DataFrame({"a": [[1]] * 50}), pd.DataFrame({"a": [[1]] * 50})),
        (np.random.default_rng(0).normal(size=(2, 3)), np.ones((1, 3))),
        (np.random.default_rng(0).normal(size=(100, 3)) * [1, 1e300, 1], np.ones((50, 3))),
    ],
)
def test_odd_tables_give_no_finding_and_no_fault(train, test):
    (outcome,) = judge(near_duplicate_rows, train=train, test=test).outcomes
    assert outcome.outcome != "findings"
    assert "fault" not in (outcome.reason or "")
