from __future__ import annotations

import numpy as np
import pandas as pd
from tests.checks.examples import judge

from aseptic.checks.rules.d03_duplicate_columns import duplicate_columns


def test_a_copy_under_other_words_is_found():
    data = pd.DataFrame({"sex": ["m", "f", "f"] * 40, "is_male": ["yes", "no", "no"] * 40})
    (found,) = judge(duplicate_columns, data=data).findings
    assert found.message == "is_male says the same as sex"


def test_texts_that_are_all_different_are_no_copies_of_each_other():
    data = pd.DataFrame({"a": [f"a{n}" for n in range(99)], "b": [f"b{n}" for n in range(99)]})
    assert judge(duplicate_columns, data=data).findings == ()


def test_two_columns_that_differ_from_zero_in_one_row_are_no_copies():
    one = np.zeros(200)
    one[7] = 1
    data = pd.DataFrame({"a": one, "b": one * 3, "c": np.arange(200)})
    assert judge(duplicate_columns, data=data).findings == ()


def test_strong_correlation_is_no_copy():
    rng = np.random.default_rng(0)
    a = rng.normal(size=500)
    data = pd.DataFrame({"a": a, "b": a + rng.normal(0, 0.1, 500)})
    assert judge(duplicate_columns, data=data).findings == ()
