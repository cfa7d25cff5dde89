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


def _people(rows, seed=0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "class": rng.choice(["1st", "2nd", "3rd"], rows, p=[0.25, 0.2, 0.55]),
            "age": rng.choice(["adult", "child"], rows, p=[0.95, 0.05]),
            "sex": rng.choice(["man", "woman"], rows, p=[0.65, 0.35]),
        }
    )


def test_a_table_of_few_possible_rows_repeats_by_nature_with_test_or_without():
    assert judge(duplicate_rows, train=_people(900), test=_people(400, seed=1)).findings == ()
    assert judge(duplicate_rows, data=_people(900)).findings == ()


def test_rows_that_repeat_within_test_as_much_are_no_copies_though_none_is_in_both():
    train, test = _people(900), _people(400, seed=1)
    train["day"] = np.random.default_rng(2).integers(0, 250, 900)
    test["day"] = np.random.default_rng(3).integers(250, 360, 400)
    for one in (train, test):
        one["month"] = one["day"] // 30
        one["quarter"] = one["day"] // 91
    assert judge(duplicate_rows, train=train, test=test).findings == ()


def test_copies_in_coarse_data_are_found_where_the_test_rows_do_not_repeat():
    rng = np.random.default_rng(0)
    train = rng.integers(0, 8, size=(600, 6))
    train = np.concatenate([train, train[:60]])
    test = rng.integers(0, 8, size=(300, 6))
    assert judge(duplicate_rows, train=train, test=test).findings
