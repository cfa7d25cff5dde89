"""What D06 finds and what it lets pass."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("sklearn")

from tests.checks.examples import judge
from tests.checks.fitted_cases import split

from aseptic.checks.rules.d06_label_noise import _excess, _Judged, label_noise

SETS = ("iris", "wine", "breast_cancer", "digits")


def mislabel(train, share: float, seed: int = 0):
    """The training part with a share of its labels changed to another class, and which."""
    features, label = train
    rng = np.random.default_rng(seed)
    label = np.array(label)
    wrong = rng.choice(len(label), round(share * len(label)), replace=False)
    classes = np.unique(label)
    label[wrong] = [rng.choice(classes[classes != label[row]]) for row in wrong]
    return (features, label), wrong


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_untouched_labels_are_not_doubted(name: str, seed: int):
    train, test = split(name, seed)
    assert judge(label_noise, depth="automatic", train=train, test=test).findings == ()
    assert judge(label_noise, depth="automatic", train=train).findings == ()


@pytest.mark.parametrize("name", SETS[1:])  # of iris, 10 rows would be wrong: too few at times
@pytest.mark.parametrize("seed", [0, 1])
def test_a_tenth_of_wrong_labels_is_found_with_its_rows(name: str, seed: int):
    train, test = split(name, seed)
    train, wrong = mislabel(train, 0.1, seed)
    (finding,) = judge(label_noise, depth="automatic", train=train, test=test).findings
    rows = finding.evidence["rows"]
    assert np.isin(rows, wrong).mean() > 0.7


@pytest.mark.parametrize("name", ["wine", "breast_cancer"])
def test_wrong_labels_on_both_sides_are_found_too(name: str):
    train, test = split(name)
    (train, _), (test, _) = mislabel(train, 0.1), mislabel(test, 0.1, 1)
    assert judge(label_noise, train=train, test=test).findings


def test_classes_that_overlap_by_nature_are_not_wrong():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(1500, 4))
    label = (features[:, 0] + rng.normal(size=1500) > 0).astype(int)
    for data in ((features, label), (features[:300], label[:300])):
        assert judge(label_noise, train=data).findings == ()


def test_labels_that_follow_nothing_are_not_called_wrong():
    rng = np.random.default_rng(0)
    train = (rng.normal(size=(500, 4)), (rng.random(500) < 0.1).astype(int))
    assert judge(label_noise, train=train).findings == ()


def test_quantities_have_no_labels():
    (outcome,) = judge(label_noise, train=split("diabetes")[0]).outcomes
    assert outcome.reason.startswith("the target is a quantity")


def test_a_sample_is_said_and_positions_are_those_of_the_table():
    rng = np.random.default_rng(0)
    features = pd.DataFrame(rng.normal(size=(6000, 3)))
    label = (features[0] > 0).astype(int).to_numpy()
    train, wrong = mislabel((features, label), 0.08)
    (finding,) = judge(label_noise, depth="automatic", train=train).findings
    assert finding.evidence["looked_at"] == "1,000 of 6,000 rows"
    assert np.isin(finding.evidence["rows"], wrong).mean() > 0.9


def _judged(told: float, missed: int, rows: int = 2000) -> _Judged:
    """Labels of which so many in a thousand are less likely than the other class."""
    is_missed = np.arange(rows) * 1000 // rows < missed
    own = np.where(is_missed, 1 - told, told)
    target = np.random.default_rng(0).integers(0, 2, rows)
    return _Judged(target, np.where(np.eye(2, dtype=bool)[target], own[:, None], 1 - own[:, None]))


def test_a_little_more_than_the_many_unlikely_labels_of_test_is_no_excess():
    limits = {"unlikely": 0.2, "more": 0.02, "errors": 3.0, "times": 1.25}
    assert _excess(_judged(0.7, 438), _judged(0.7, 379), **limits) is None
    assert _excess(_judged(0.7, 500), _judged(0.7, 379), **limits) is not None
    assert _excess(_judged(0.7, 80), _judged(0.7, 20), **limits) is not None


@pytest.mark.parametrize("seed", range(4))
def test_classes_that_can_hardly_be_told_show_no_wrong_labels(seed: int):
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(900, 4))
    label = (features[:, 0] * 0.15 + rng.normal(size=900) > 1).astype(int)
    train, _ = mislabel((features[:600], label[:600]), 0.2, seed)
    test = features[600:], label[600:]
    assert judge(label_noise, depth="automatic", train=train, test=test).findings == ()
