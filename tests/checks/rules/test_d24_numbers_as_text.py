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
