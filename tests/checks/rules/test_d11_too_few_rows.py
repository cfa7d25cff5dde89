"""What D11 finds, and that its promise of what more rows bring is kept."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("sklearn")

from sklearn.linear_model import RidgeCV
from tests.checks.examples import judge
from tests.checks.fitted_cases import split

from aseptic.checks import Evidence, Table
from aseptic.checks.models import problem
from aseptic.checks.rules.d11_too_few_rows import _curve, _error, _fitted_law, too_few_rows


def test_the_law_is_that_of_the_curve():
    sizes = np.array([50.0, 70.0, 100.0, 142.0, 200.0])
    law = _fitted_law(sizes, 0.9 - 2.0 * sizes**-0.5)
    assert (law.level, law.fall, law.power) == pytest.approx((0.9, 2.0, 0.5))
    assert law.gain(200) == pytest.approx(2.0 * (200**-0.5 - 400**-0.5))


def test_a_falling_curve_promises_nothing():
    assert _fitted_law(np.array([1.0, 2.0, 3.0, 4.0]), np.array([4.0, 3.0, 2.0, 1.0])).gain(4) == 0


@pytest.mark.parametrize("name", ["iris", "wine", "breast_cancer", "diabetes"])
def test_no_untouched_set_gets_a_warning(name: str):
    train, _ = split(name)
    found = judge(too_few_rows, depth="automatic", train=train).findings
    assert [one for one in found if one.severity != "info"] == []


def rising(rows: int, seed: int):
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(rows, 20))
    target = features @ np.linspace(0, 1, 20) + rng.normal(size=rows) * 2
    return features, target


def test_twice_the_rows_bring_what_is_promised_within_its_error():
    off = []
    for seed in range(6):
        features, target = rising(3000, seed)
        small, large = (
            RidgeCV(np.logspace(-2, 3, 6)).fit(features[:rows], target[:rows])
            for rows in (200, 400)
        )
        rest = features[400:], target[400:]
        brought = large.score(*rest) - small.score(*rest)
        train = Table("train", "train", features[:200], target[:200])
        run = Evidence((train,), depth="automatic")
        curve = _curve(run, problem(run))
        law = _fitted_law(curve.sizes, curve.values)
        off.append((law.gain(200) - brought) / _error(curve, 200, law))
    assert np.sum(np.abs(off) < 2.5) >= 5, off


def test_plenty_of_rows_are_enough():
    features, target = rising(5000, 0)
    assert judge(too_few_rows, train=(features, target)).findings == ()


def test_a_class_of_a_few_rows_is_named():
    rng = np.random.default_rng(0)
    label = np.array(["a"] * 300 + ["b"] * 300 + ["rare"] * 4)
    features = rng.normal(size=(604, 2)) + (label == "a")[:, None] * 4
    messages = [one.message for one in judge(too_few_rows, train=(features, label)).findings]
    assert "1 of 3 classes has fewer than 8 rows: rare" in messages


def test_more_features_than_rows_are_said():
    rng = np.random.default_rng(0)
    data = (rng.normal(size=(60, 90)), rng.integers(0, 2, 60))
    messages = [one.message for one in judge(too_few_rows, train=data).findings]
    assert messages == ["60 rows for 90 features: 0.7 for each"]


def test_a_handful_of_rows_is_said_to_be_few_though_no_curve_can_be_fitted():
    features, label = split("iris")[0]
    found = judge(too_few_rows, train=(features[:24], label[:24])).findings
    said = [(one.severity, one.message) for one in found if "learning curve" in one.message]
    few = "24 rows are few for 4 features and 3 classes, too few to fit a learning curve"
    assert said == [("info", few)]


def test_few_rows_are_said_to_be_few_where_the_curve_leaves_it_open():
    features, target = rising(60, 0)
    found = judge(too_few_rows, train=(features[:, :12], target)).findings
    assert [one.severity for one in found] == ["info"]
    assert found[0].message.startswith("60 rows ")


def test_few_rows_that_suffice_by_the_curve_are_not_said_to_be_few():
    rng = np.random.default_rng(0)
    label = np.arange(80) % 2
    features = rng.normal(size=(80, 3)) + label[:, None] * 20
    assert judge(too_few_rows, train=(features, label)).findings == ()


def test_a_target_that_is_the_same_in_all_rows_is_not_judged():
    (outcome,) = judge(too_few_rows, train=(np.eye(20), np.array(["a"] * 20))).outcomes
    assert outcome.outcome == "not applicable"
