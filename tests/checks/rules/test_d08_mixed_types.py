from __future__ import annotations

import numpy as np
import pandas as pd
from tests.checks.examples import judge

from aseptic.checks.rules.d08_mixed_types import mixed_types


def test_a_text_in_a_column_that_was_read_as_text_is_found():
    texts = [str(number) for number in range(99)] + ["unknown"]
    (found,) = judge(mixed_types, data=pd.DataFrame({"a": texts})).findings
    assert found.message == "a holds numbers, but 1 of 100 values are texts"
    assert found.evidence["rows"] == (99,)


def test_whole_numbers_and_fractions_are_one_type():
    data = pd.DataFrame({"a": pd.Series([1, 2.5, np.int64(3)] * 20, dtype=object)})
    assert judge(mixed_types, data=data).findings == ()


def test_codes_of_which_some_are_digits_are_no_numbers():
    data = pd.DataFrame({"ticket": ["113803", "A/5 21171", "PC 17599", "349909"] * 30})
    assert judge(mixed_types, data=data).findings == ()
