from __future__ import annotations

import numpy as np
import pandas as pd
from tests.checks.examples import judge

from aseptic.checks.rules.d02_constant_columns import constant_columns


def test_constant_columns_are_told_together_and_are_no_warning():
    data = pd.DataFrame({"a": [1] * 60, "b": ["x"] * 60, "c": np.arange(60)})
    (found,) = judge(constant_columns, data=data).findings
    assert found.severity == "info"
    assert found.evidence["columns"] == ("a", "b")


def test_a_column_that_varies_only_in_test_is_a_warning():
    train = pd.DataFrame({"a": [1] * 200, "b": np.arange(200)})
    test = pd.DataFrame({"a": [1, 2] * 50, "b": np.arange(100)})
    (found,) = judge(constant_columns, train=train, test=test).findings
    assert (found.severity, found.subject) == ("warning", "a")


def test_a_rare_value_that_happens_to_be_in_test_is_no_warning():
    train = pd.DataFrame({"a": [1] * 200, "b": np.arange(200)})
    test = pd.DataFrame({"a": [1] * 99 + [2], "b": np.arange(100)})
    (found,) = judge(constant_columns, train=train, test=test).findings
    assert found.severity == "info"


def test_a_column_with_nothing_in_it_is_left_to_d01():
    data = pd.DataFrame({"a": [np.nan] * 60, "c": np.arange(60)})
    assert judge(constant_columns, data=data).findings == ()
