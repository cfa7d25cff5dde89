from __future__ import annotations

import numpy as np
import pandas as pd
from tests.checks.examples import judge

from aseptic.checks.rules.d24_numbers_as_text import numbers_as_text


def _is_found(texts):
    return bool(judge(numbers_as_text, data=pd.DataFrame({"a": texts})).findings)


def test_numbers_as_people_write_them_are_found():
    numbers = np.random.default_rng(0).uniform(1, 9_999, 60)
    for form in ("{:.3f}", "{:,.2f}", "€ {:.2f}", "{:.0f} %", "-{:.1f}", "{:.2e}"):
        assert _is_found([form.format(number) for number in numbers]), form


def test_placeholders_among_them_do_not_hide_them():
    assert _is_found([f"{number}.5" for number in range(50)] + ["?", "n/a"])


def test_codes_are_no_numbers():
    assert not _is_found([f"{number:05d}" for number in range(60)])
    assert not _is_found([f"{10_000 + number}" for number in range(60)])
    assert not _is_found(["1", "2", "3"] * 20)
    assert not _is_found([f"2020-01-{1 + number % 28:02d}" for number in range(60)])


def test_numbers_with_one_unit_or_currency_are_found():
    numbers = np.random.default_rng(0).uniform(1, 9_999, 60)
    for form in ("{:,.2f} kg", "CHF {:.2f}", "US${:,.0f}", "{:.0f}°C", "{:.1f} m/s2", "-{:.0f} km"):
        assert _is_found([form.format(number) for number in numbers]), form
    data = pd.DataFrame({"a": [f"{number:.1f} kg" for number in numbers]})
    (found,) = judge(numbers_as_text, data=data).findings
    assert found.message == "a holds numbers, but as text, with kg"


def test_numbers_with_a_word_or_with_several_units_are_names():
    assert not _is_found([f"room {number}" for number in range(60)])
    assert not _is_found([f"N{number}" for number in range(60)])
    assert not _is_found([f"{number} {'kg' if number % 3 else 'lb'}" for number in range(60)])
    assert not _is_found([f"{number}th" for number in range(60)])
    assert not _is_found([f"{number:05d} NY" for number in range(60)])
    assert not _is_found([f"{number} High Street, {'AB'[number % 2]}" for number in range(60)])
    assert not _is_found([f"10:{number:02d} h" for number in range(60)])
