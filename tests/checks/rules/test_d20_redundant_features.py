"""What D20 finds and what it lets pass."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.checks.examples import judge

from aseptic.checks.rules.d20_redundant_features import redundant_features


@pytest.mark.parametrize("seed", range(5))
def test_features_of_their_own_are_left_alone(seed: int):
    rng = np.random.default_rng(seed)
    data = rng.normal(size=(200, 30)) + rng.normal(size=(200, 1))
    assert judge(redundant_features, data=data).findings == ()


def test_a_group_is_named_once():
    rng = np.random.default_rng(0)
    size = rng.normal(size=300)
    data = pd.DataFrame({name: size + rng.normal(size=300) * 0.05 for name in "abc"})
    (finding,) = judge(redundant_features, data=data.assign(d=rng.normal(size=300))).findings
    assert set(finding.evidence["columns"]) == {"a", "b", "c"}


def test_a_sum_of_others_is_found_though_no_two_are_alike():
    rng = np.random.default_rng(0)
    data = pd.DataFrame(rng.normal(size=(300, 3)), columns=list("abc"))
    (finding,) = judge(redundant_features, data=data.assign(total=data.sum(axis=1))).findings
    assert finding.message.endswith("can be computed from each other")


def test_a_monotone_copy_is_found():
    rng = np.random.default_rng(0)
    value = rng.normal(size=300)
    data = pd.DataFrame({"a": value, "b": np.exp(value) + rng.normal(size=300) * 0.01})
    assert judge(redundant_features, data=data).findings


def test_exact_copies_are_left_to_d03():
    value = np.random.default_rng(0).normal(size=300)
    assert judge(redundant_features, data=pd.DataFrame({"a": value, "b": value})).findings == ()
