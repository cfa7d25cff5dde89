from __future__ import annotations

import numpy as np
import pandas as pd
from tests.checks.examples import judge

from aseptic.checks.rules.d22_personal_data import passes_iban, passes_luhn, personal_data


def _kinds(**columns):
    found = judge(personal_data, data=pd.DataFrame(columns)).findings
    return {one.subject: one.evidence["kind"] for one in found}


def test_checksums_know_the_examples_of_their_standards():
    assert passes_iban("GB82 WEST 1234 5698 7654 32")
    assert not passes_iban("GB82 WEST 1234 5698 7654 33")
    assert passes_luhn("4111 1111 1111 1111")
    assert not passes_luhn("4111 1111 1111 1112")


def test_what_names_a_person_is_found_by_its_form():
    assert _kinds(
        a=["ann@example.org", "bob@example.com", None] * 5,
        b=["GB82WEST12345698765432", "DE89370400440532013000", "x"] * 5,
        c=[4111111111111111, 5555555555554444, 4012888888881881] * 5,
        d=["+31 20 123 4567", "+44 20 7946 0958", "+1 212 555 0100"] * 5,
        e=["192.168.1.77", "10.0.0.212", "2001:db8::1"] * 5,
    ) == {
        "a": "e-mail addresses",
        "b": "account numbers",
        "c": "numbers of payment cards",
        "d": "telephone numbers",
        "e": "IP addresses",
    }


def test_names_that_several_people_have_are_names_of_people():
    rng = np.random.default_rng(0)
    names = [f"A{rng.integers(20)} B{rng.integers(20)}" for _ in range(300)]
    assert 0.4 < pd.Series(names).value_counts().eq(1).sum() / len(names) < 0.5
    assert _kinds(full_name=names) == {"full_name": "names of people"}


def test_versions_dates_and_long_numbers_are_no_persons():
    rng = np.random.default_rng(0)
    assert not _kinds(
        version=["1.2.3.4", "10.0.1.2"] * 30,
        day=[f"2020-01-{1 + n % 28:02d}" for n in range(60)],
        count=rng.integers(10**15, 10**16, 60),
        clock=["12:30", "11:15"] * 30,
        address=["Delft", "Leiden"] * 30,
    )


def test_a_name_of_a_column_counts_where_its_texts_differ():
    assert _kinds(last_name=[f"Name{n}" for n in range(40)]) == {"last_name": "names of people"}


def test_birth_date_and_postcode_tell_people_apart():
    rng = np.random.default_rng(0)
    days = pd.Timestamp("1970-01-01") + pd.to_timedelta(rng.integers(0, 9_000, 200), unit="D")
    data = pd.DataFrame({"birth_date": days, "postcode": rng.integers(1000, 9999, 200)})
    (found,) = judge(personal_data, data=data).findings
    assert "tell people apart" in found.message


def test_no_value_is_shown():
    data = pd.DataFrame({"mail": ["ann.hidden@example.org", "bob.hidden@example.org"] * 9})
    assert "hidden" not in str(judge(personal_data, data=data).findings)
