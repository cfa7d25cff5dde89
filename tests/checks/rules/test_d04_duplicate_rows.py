from __future__ import annotations

import numpy as np
import pandas as pd
from tests.checks.examples import judge

from aseptic.checks.rules.d04_duplicate_rows import duplicate_rows


def _coarse(rows, seed=0):
    return pd.DataFrame(np.random.default_rng(seed).integers(0, 4, size=(rows, 4)))


def test_copies_among_measurements_are_found_without_a_test_table():
    data = np.random.default_rng(0).normal(size=(500, 5))
    data[480:] = data[100:120]
    (found,) = judge(duplicate_rows, data=data).findings
    assert found.evidence["count"] == 20
    assert found.evidence["rows"] == tuple(range(480, 500))


def test_coarse_data_repeat_by_nature():
    report = judge(duplicate_rows, train=_coarse(600), test=_coarse(200, seed=1))
    assert report.findings == ()


def test_equal_features_with_another_target_are_no_copies():
    data = np.repeat(np.random.default_rng(0).normal(size=(100, 3)), 2, axis=0)
    assert judge(duplicate_rows, train=(data, np.arange(200))).findings == ()


def test_copies_in_a_large_table_are_found_by_a_few_columns_first():
    data = np.random.default_rng(0).normal(size=(120_000, 3))
    data[:2_000] = data[5_000:7_000]
    assert judge(duplicate_rows, data=data, depth="automatic").findings


def test_one_copy_in_many_rows_is_no_finding():
    data = np.random.default_rng(0).normal(size=(500, 5))
    data[0] = data[1]
    assert judge(duplicate_rows, data=data).findings == ()
