"""What is judged some columns at a time is judged as a small table is."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.checks.examples import judge

from aseptic.checks.discovery import load_checks
from aseptic.checks.single_columns import _quantiles

ROWS = 60_000


def make_table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(ROWS, 40))).add_prefix("x")
    frame["count"] = rng.integers(1, 1000, ROWS)
    frame["kind"] = pd.Categorical.from_codes(rng.integers(0, 4, ROWS), list("abcd"))
    return frame


def make_faulty_table() -> pd.DataFrame:
    frame = make_table()
    frame.loc[::3, "x1"] = np.nan
    frame["x2"] = 1.0
    frame["x35"] = frame["x0"] * 3 + 1
    frame.loc[:4, "x36"] *= 1e6
    frame["x37"] = np.arange(ROWS)
    frame.loc[::40, "count"] = -999
    return frame


@pytest.mark.parametrize(
    ("code", "column"),
    [
        ("D01", "x1"),
        ("D02", "x2"),
        ("D03", "x35"),
        ("D07", "x36"),
        ("D09", "x37"),
        ("D23", "count"),
    ],
)
def test_a_fault_in_a_large_table_is_found(code: str, column: str):
    check = load_checks()[code]
    found = judge(check, data=make_faulty_table(), depth="thorough").findings
    assert [finding.subject for finding in found] == [column]
    assert found[0].evidence.get("sample", "60,000 rows") == "60,000 rows"


@pytest.mark.parametrize("code", ["D01", "D02", "D03", "D07", "D08", "D09", "D23", "D25"])
def test_a_clean_large_table_is_clean(code: str):
    report = judge(load_checks()[code], data=make_table(), depth="thorough")
    assert [outcome.outcome for outcome in report.outcomes] == ["clean"]


def test_columns_that_are_alike_in_most_rows_are_no_copies():
    frame = make_table()
    frame["x35"] = frame["x0"].where(np.arange(ROWS) % 100 > 0, -frame["x0"])
    assert not judge(load_checks()["D03"], data=frame, depth="thorough").findings


def test_the_edges_of_bins_are_quantiles():
    rng = np.random.default_rng(0)
    at = np.linspace(0, 1, 9)[1:-1]
    for values in (rng.normal(size=1), rng.normal(size=17), rng.exponential(size=5000)):
        assert np.array_equal(_quantiles(np.sort(values), at), np.quantile(values, at))
