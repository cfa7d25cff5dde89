"""D15 on copies, on coarse data, and on data that were resampled before the split."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.model_selection import train_test_split
from tests.checks.examples import judge

from aseptic.checks.rules.d15_train_test_overlap import train_test_overlap


def judged(**variables):
    return judge(train_test_overlap, **variables).findings


@pytest.mark.parametrize("seed", range(5))
def test_a_clean_split_of_data_with_a_few_equal_rows_is_clean(seed):
    assert not judged(
        **dict(zip(("train", "test"), train_test_split(load_iris().data), strict=True))
    )


@pytest.mark.parametrize("seed", range(10))
def test_a_clean_split_of_coarse_data_is_clean(seed):
    rows = np.random.default_rng(seed).integers(0, 6, (1500, 4))
    assert not judged(train=rows[:1200], test=rows[1200:])


@pytest.mark.parametrize("share", [0.02, 0.05, 1.0])
def test_copies_are_found_in_a_frame_beside_an_array(share):
    rows = load_breast_cancer().data
    train, test = rows[:400], rows[400:].copy()
    count = int(share * len(test))
    test[:count] = train[:count]
    (finding,) = judged(train=pd.DataFrame(train), test=test)
    assert finding.evidence["count"] == count
    assert finding.evidence["rows"] == tuple(range(min(100, count)))


def test_copies_are_found_in_coarse_data():
    rows = np.random.default_rng(0).integers(0, 8, (2000, 4))
    train, test = rows[:1600], rows[1600:].copy()
    assert not judged(train=train, test=test)
    test[:150] = train[:150]
    assert judged(train=train, test=test)


def test_copies_in_coarse_data_are_found_by_their_targets():
    rng = np.random.default_rng(0)
    rows, y = rng.integers(0, 5, (2000, 4)), rng.normal(size=2000)
    train, test, label = rows[:1600], rows[1600:].copy(), y[1600:].copy()
    assert not judged(train=(train, y[:1600]), test=(test, label))
    test[:10], label[:10] = train[:10], y[:10]
    (finding,) = judged(train=(train, y[:1600]), test=(test, label))
    assert finding.evidence["count"] == 10


def test_a_class_that_was_resampled_before_the_split_is_found():
    rng = np.random.default_rng(1)
    rows, label = rng.normal(size=(1000, 5)), np.arange(1000) < 100
    taken = np.concatenate([np.arange(1000), rng.choice(100, 800)])
    rng.shuffle(taken)
    cut = 1400
    (finding,) = judged(
        train=(rows[taken[:cut]], label[taken[:cut]]), test=(rows[taken[cut:]], label[taken[cut:]])
    )
    assert "resampled before the split" in finding.message


@pytest.mark.parametrize(
    ("train", "test"),
    [
        (np.zeros((0, 3)), np.zeros((0, 3))),
        (np.zeros((1, 3)), np.ones((1, 3))),
        (pd.DataFrame(index=range(5)), pd.DataFrame(index=range(5))),
        (np.zeros((50, 3)), np.zeros((20, 2))),
        (np.full((50, 3), np.nan), np.full((20, 3), np.nan)),
    ],
)
def test_odd_tables_give_no_finding_and_no_fault(train, test):
    (outcome,) = judge(train_test_overlap, train=train, test=test).outcomes
    assert outcome.outcome != "findings"
    assert "fault" not in (outcome.reason or "")


@pytest.mark.parametrize("as_frame", [False, True])
def test_of_large_tables_some_rows_are_looked_up_after_a_cell(as_frame):
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(100_000, 30))
    rows[:, 3] = rng.integers(0, 5, 100_000)
    train, test = rows[:80_000], rows[80_000:].copy()
    make = pd.DataFrame if as_frame else np.asarray
    assert not judged(depth="automatic", train=make(train), test=make(test))
    test[:1000] = train[:1000]
    (finding,) = judged(depth="automatic", train=make(train), test=make(test))
    assert finding.evidence["sample"] == "5,000 of 20,000 rows"
    assert finding.evidence["share"] == pytest.approx(0.05, abs=0.01)
    assert all(row < 1000 for row in finding.evidence["rows"])


def test_large_coarse_tables_are_clean_after_a_cell():
    rows = np.random.default_rng(0).integers(0, 9, (300_000, 8))
    assert not judged(depth="automatic", train=rows[:200_000], test=rows[200_000:])


def test_a_tenth_of_a_small_test_set_is_found_though_some_rows_repeat_by_nature():
    rows = np.random.default_rng(0).normal(size=(190, 4))
    rows[1:9:2] = rows[0:8:2]  # four pairs, all in train
    train, test = rows[:132], rows[132:].copy()
    test[:12] = train[20:32]
    (finding,) = judged(train=train, test=test)
    assert finding.evidence["p"] < finding.evidence["p_limit"]


def test_three_equal_rows_of_some_hundred_are_no_finding():
    rows = np.random.default_rng(0).normal(size=(2400, 4))
    rows[2000:2003] = rows[:3]
    assert not judged(train=rows[:1700], test=rows[1700:])


def test_pairs_that_a_random_split_parts_are_seldom_a_finding():
    alarms = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        rows = rng.normal(size=(400, 4))
        rows[1:41:2] = rows[0:40:2]
        rng.shuffle(rows)
        alarms += bool(judged(train=rows[:280], test=rows[280:]))
    assert alarms <= 4
