# ruff: noqa: RUF001  # multiplication and minus signs are what people read
"""How values read to a person."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from aseptic.show import readable

NOON = datetime(2026, 1, 31, 12, tzinfo=timezone.utc)
NAN = float("nan")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"), ("rbf", "rbf"), (True, "True"), (3, "3"), (3.0, "3.0"), (1e-05, "1e-05"),
        (0.1 + 0.2, "0.3"), ((64, 32), "(64, 32)"), ((1,), "(1,)"), ((0.1, "x"), "(0.1, 'x')"),
        ({"a": 0.5}, "{a: 0.5}"), ("two\nlines\x1b", "two\\nlines\\x1b"),
        ("x" * 50, "x" * 39 + "…"),
        (NAN, "nan"), (10**20, "1" + "0" * 20), ("", ""),
    ],
)  # fmt: skip
def test_a_param_is_shown_on_one_line(value, text):
    assert readable.value(value) == text


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ([0.98611, 0.9917, 0.7], ["0.9861", "0.9917", "0.7000"]),
        ([0.5, 1.0], ["0.5", "1.0"]),
        ([12.3456, 3.1], ["12.35", "3.10"]),
        ([1234.5, 7.0], ["1234", "7"]),
        ([1, 20], ["1", "20"]),
        ([0.5, 1e-7], ["0.5", "1e-07"]),
        ([0.0, -0.25], ["0.00", "-0.25"]),
        ([NAN, float("inf"), None, 0.5], ["nan", "inf", "–", "0.5"]),
        ([1.5e12], ["1.5e+12"]),
        ([0.00012345], ["0.000123"]),
        ([], []),
    ],
)
def test_metrics_below_each_other_have_as_many_decimals(values, texts):
    assert readable.numbers(values) == texts


@pytest.mark.parametrize(
    ("delta", "like", "text"),
    [(0.0056, "0.9917", "+0.0056"), (-0.25, "0.5", "−0.2"), (0, "0.5", "+0.0"), (None, "1", ""),
     (-1e-06, "0.9917", "−1e-06")],
)  # fmt: skip
def test_a_difference_has_a_sign_and_the_decimals_of_its_number(delta, like, text):
    assert readable.signed(delta, like) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0123, "12 ms"), (0.9996, "1.0 s"), (2.04, "2.0 s"), (59.96, "1 min 00 s"),
     (754, "12 min 34 s"), (7500, "2 h 05 min"), (None, "")],
)  # fmt: skip
def test_a_duration_is_in_the_units_that_fit(seconds, text):
    assert readable.duration(seconds) == text


@pytest.mark.parametrize(
    ("before", "text"),
    [(timedelta(seconds=30), "now"), (timedelta(minutes=7), "7 min"), (timedelta(hours=30), "1 d"),
     (timedelta(hours=3), "3 h"), (timedelta(days=40), "2025-12-22"), (timedelta(hours=-1), "now")],
)  # fmt: skip
def test_how_long_ago_is_told_roughly(before, text):
    assert readable.ago(NOON - before, NOON) == text


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [(0, "0 B"), (812, "812 B"), (3_200_000, "3.2 MB"), (999_600, "1.0 MB"), (None, "")],
)
def test_a_size_is_in_the_units_that_fit(size_bytes, text):
    assert readable.size(size_bytes) == text


def test_digests_and_commits_are_known_by_their_ends():
    assert readable.digest("xxh3:a41f00009c") == "a41f…9c"
    assert readable.digest("short") == "short"
    assert readable.digest(None) == "–"
    assert readable.commit("3f2c1d9aaaa", is_dirty=True) == "3f2c1d9*"
    assert readable.commit(None) == ""
