from __future__ import annotations

import numpy as np
import pandas as pd
from tests.checks.examples import judge

from aseptic.checks.rules.d21_sorted_rows import sorted_rows


class _Unshuffled:
    shuffle = False


def test_a_model_that_does_not_shuffle_makes_it_a_warning():
    data = (np.zeros((100, 1)), np.sort(np.arange(100) % 3))
    assert [one.severity for one in judge(sorted_rows, data=data).findings] == ["info"]
    found = judge(sorted_rows, data=data, model=_Unshuffled()).findings
    assert [one.severity for one in found] == ["warning"]


def test_a_number_that_rises_with_the_rows_is_found():
    target = np.linspace(0, 1, 200) + np.random.default_rng(0).normal(0, 0.1, 200)
    assert judge(sorted_rows, data=(np.zeros((200, 1)), target)).findings


def test_random_orders_are_clean():
    rng = np.random.default_rng(0)
    for rows in (20, 60, 400):
        for _ in range(40):
            classes = rng.choice(3, rows, p=[0.7, 0.2, 0.1])
            frame = pd.DataFrame({"a": np.zeros(rows)})
            assert not judge(sorted_rows, data=(frame, classes)).findings
            assert not judge(sorted_rows, data=(frame, rng.normal(size=rows))).findings
