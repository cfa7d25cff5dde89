"""What D19 finds and what it lets pass."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("sklearn")

from tests.checks.examples import judge
from tests.checks.fitted_cases import split

from aseptic.checks.rules.d19_irrelevant_features import irrelevant_features


@pytest.mark.parametrize("name", ["iris", "wine", "diabetes"])
def test_features_that_say_something_are_left_alone(name: str):
    train, _ = split(name)
    assert judge(irrelevant_features, depth="automatic", train=train).findings == ()


@pytest.mark.parametrize("name", ["iris", "breast_cancer", "diabetes"])
def test_columns_of_noise_are_named(name: str):
    (features, target), _ = split(name)
    rng = np.random.default_rng(0)
    noise = pd.DataFrame(rng.normal(size=(len(features), 6)), index=features.index).add_prefix("n")
    data = (pd.concat([features, noise], axis=1), target)
    (finding,) = judge(irrelevant_features, train=data).findings
    assert len(set(noise.columns) & set(finding.evidence["columns"])) >= 4
    assert finding.severity == "info"


def test_a_product_of_two_features_needs_both():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(800, 6))
    label = (features[:, 0] * features[:, 1] > 0).astype(int)
    (finding,) = judge(irrelevant_features, train=(features, label)).findings
    assert not {"0", "1"} & set(finding.evidence["columns"])


def test_where_nothing_stands_out_nothing_is_said():
    rng = np.random.default_rng(0)
    data = (rng.normal(size=(300, 5)), rng.integers(0, 2, 300))
    assert judge(irrelevant_features, train=data).findings == ()
