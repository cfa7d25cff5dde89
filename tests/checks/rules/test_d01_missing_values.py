from __future__ import annotations

import numpy as np
import pandas as pd
from tests.checks.examples import judge

from aseptic.checks.rules.d01_missing_values import missing_values


def _table(n=400, seed=0):
    return pd.DataFrame(np.random.default_rng(seed).normal(size=(n, 3)), columns=list("abc"))


def test_some_missing_values_are_worth_knowing_and_many_are_a_warning():
    data = _table()
    data.loc[:39, "a"] = np.nan
    data.loc[:199, "b"] = np.inf
    severities = {one.subject: one.severity for one in judge(missing_values, data=data).findings}
    assert severities == {"a": "info", "b": "warning"}


def test_gaps_that_only_the_test_data_has_are_found():
    train, test = _table(), _table(seed=1)
    test.loc[:39, "a"] = np.nan
    (found,) = judge(missing_values, train=train, test=test).findings
    assert found.message == "0.0% of a is missing in train, but 10.0% in test"


def test_gaps_that_hang_on_the_label_are_found():
    data = _table()
    label = np.arange(400) % 2
    data.loc[(label == 1) & (np.arange(400) < 250), "a"] = np.nan
    messages = [one.message for one in judge(missing_values, train=(data, label)).findings]
    assert any("hangs on the label" in message for message in messages)


def test_gaps_at_random_hang_on_no_label():
    rng = np.random.default_rng(0)
    data = _table().mask(rng.random((400, 3)) < 0.04)
    report = judge(missing_values, train=(data, np.arange(400) % 2), test=_table(seed=1))
    assert report.findings == ()


def test_many_columns_with_gaps_are_one_finding():
    data = pd.DataFrame(np.full((50, 200), np.nan))
    assert len(judge(missing_values, data=data).findings) == 1
