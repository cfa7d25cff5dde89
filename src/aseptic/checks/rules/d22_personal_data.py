# ruff: noqa: SIM905 - word lists read best as words
"""D22: the data holds what names a person."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from aseptic.checks.check import NotApplicable, check
from aseptic.checks.words import words_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from aseptic.checks.evidence import Evidence
    from aseptic.checks.tables import Sample
    from aseptic.model import Finding


class _Pattern(NamedTuple):
    what: str
    form: re.Pattern[str]
    holds: Callable[[str], bool]  # the checksum, or what else must be true
    share: float  # of the values: more than chance gives


@check("D22", needs=("data",))
def personal_data(
    run: Evidence, *, share: float = 0.05, values: int = 1000, alone: float = 0.5
) -> Iterator[Finding]:
    """The data holds what names a person, or tells a person apart.

    Why: it is seldom a feature, it may leave the notebook in outputs, models and logs, and the law
    asks for a reason to keep it.

    Method: up to `values` different texts or whole numbers of each column are looked at; at
    least `share` of them are e-mail addresses, telephone numbers, IP addresses, social security
    numbers, account numbers (IBAN, mod 97) or numbers of payment cards (Luhn, at least half of
    the values, as one number in ten passes by chance). Names of columns (`last_name`, `passport`,
    `street` …) count where the column holds mostly different texts. Birth date and postcode
    together tell people apart: where the share of rows that no other row equals in them (and in
    the sex) is above `alone`. The finding shows no value.

    Remedy: leave the columns out before the data is kept or logged; for joins keep a hash with a
    secret salt; of dates of birth keep the age, of postcodes the region.

    Bad::

        data = pd.DataFrame({"contact": [f"person{n}@example.org" for n in range(50)]})

    Good::

        data = pd.DataFrame({"age": np.arange(50) % 7, "version": ["1.2.3", "10.4.1"] * 25})
    """
    sample = run.sample(run.main)
    if not len(sample):
        raise NotApplicable(f"{run.main.name} has no rows")
    for name in sample.features.columns:
        found = _kind_of_person(sample, name, share=share, most=values)
        if found is not None:
            what, part, limit = found
            yield run.finding(
                f"{name} seems to hold {what} ({part:.0%} of the values looked at)",
                subject=name,
                sample=sample,
                kind=what,
                share=part,
                limit=limit,
            )
    yield from _combination(run, sample, alone)


def _kind_of_person(
    sample: Sample, name: str, *, share: float, most: int
) -> tuple[str, float, float] | None:
    """What of a person a column holds, in which share of its values, and the limit."""
    texts = _some_texts(sample, name, most)
    if not texts:
        return None
    for pattern in _PATTERNS:
        matching = [text for text in texts if pattern.form.fullmatch(text)]
        limit = max(share, pattern.share)
        if len(matching) >= max(2, limit * len(texts)):
            part = sum(map(pattern.holds, matching)) / len(texts)
            if part >= limit:
                return pattern.what, part, limit
    words = words_of(name)
    for what, names in _NAMES.items():
        is_named = any(f" {one} " in f" {' '.join(words)} " for one in names)
        if is_named and sample.kinds[name] in ("text", "category"):
            counts = sample.texts(name)
            part = len(counts) / max(1, int(counts.sum()))
            if part > 0.5:
                return what, part, 0.5
    return None


def _some_texts(sample: Sample, name: str, most: int) -> list[str]:
    """Different texts of a column, and whole numbers so large that they may be cards."""
    kind = sample.kinds[name]
    if kind == "number":
        numbers = sample.numbers(name)
        large = numbers[(numbers >= _LEAST_CARD) & (numbers < 1e17)][:most]
        if len(large) < len(numbers) / 2:
            return []
        whole = sample.features[name].iloc[: 2 * most].dropna()
        return [str(int(value)) for value in whole[:most]]
    return [text.strip() for text in sample.texts(name).index[:most]]


def _combination(run: Evidence, sample: Sample, alone: float) -> Iterator[Finding]:
    births = [name for name in sample.features if _is_named(str(name), _BIRTH)]
    places = [name for name in sample.features if _is_named(str(name), _PLACE)]
    sexes = [name for name in sample.features if _is_named(str(name), _SEX)]
    if not births or not places:
        return
    columns = [births[0], places[0], *sexes[:1]]
    codes = np.stack([sample.codes(str(name)) for name in columns])
    counts = np.unique(codes, axis=1, return_counts=True)[1]
    part = float((counts == 1).sum() / len(sample))
    if part > alone:
        named = ", ".join(str(name) for name in columns)
        yield run.finding(
            f"{part:.0%} of the rows are alone with their {named}: together they tell people apart",
            sample=sample,
            columns=[str(name) for name in columns],
            share=part,
            limit=alone,
        )


def _is_named(name: str, names: tuple[str, ...]) -> bool:
    return any(f" {one} " in f" {' '.join(words_of(name))} " for one in names)


# -- checksums ------------------------------------------------------------------------------------
def passes_luhn(text: str) -> bool:
    """Whether the last digit of a card number is what the others ask for."""
    digits = [int(letter) for letter in reversed(text) if letter.isdigit()]
    doubled = [2 * digit - 9 * (digit > 4) for digit in digits[1::2]]
    return len(set(digits)) > 1 and (sum(digits[::2]) + sum(doubled)) % 10 == 0


def passes_iban(text: str) -> bool:
    """Whether an account number leaves 1 when it is divided by 97 (ISO 13616)."""
    plain = text.replace(" ", "").upper()
    turned = plain[4:] + plain[:4]
    return int("".join(str(int(letter, 36)) for letter in turned)) % 97 == 1


def _is_address(text: str) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    # 1.2.3.4 is more often a version
    return address.version == 6 or max(int(part) for part in text.split(".")) > 40


def _is_phone(text: str) -> bool:
    digits = sum(letter.isdigit() for letter in text)
    return 8 <= digits <= 15


def _always(text: str) -> bool:
    return bool(text)


_LEAST_CARD = 1e12
_PATTERNS = (
    _Pattern("e-mail addresses", re.compile(r"[^@\s]{1,64}@[\w-]+(?:\.[\w-]+)+"), _always, 0.0),
    _Pattern("account numbers", re.compile(r"[A-Za-z]{2}\d{2}[A-Za-z\d ]{11,36}"), passes_iban, 0),
    _Pattern(
        "numbers of payment cards",
        re.compile(r"(?:4|5[1-5]|2[2-7]|3[47]|6)(?:[ -]?\d){11,17}"),
        passes_luhn,
        0.5,
    ),
    _Pattern("social security numbers", re.compile(r"(?!000|9)\d{3}-\d{2}-\d{4}"), _always, 0.0),
    _Pattern(
        "telephone numbers",
        re.compile(r"(?:\+|00)\d[\d ()./-]{6,20}|\(?0?\d{2,4}\)?[ -]\d{3,4}[ -]\d{3,4}"),
        _is_phone,
        0.3,
    ),
    _Pattern(
        "IP addresses", re.compile(r"\d{1,3}(?:\.\d{1,3}){3}|[\da-fA-F:]{6,39}"), _is_address, 0
    ),
)
_NAMES = {
    "names of people": (
        "first name;last name;full name;surname;firstname;lastname;fullname;given name;family name"
        ";patient name;customer name;maiden name;fname;lname;user name;username"
    ).split(";"),
    "addresses": "street;address;home address;street address".split(";"),
    "numbers of documents": (
        "passport;ssn;social security;national id;tax id;driver license;licence number;iban"
        ";bsn;nino;insurance number"
    ).split(";"),
    "ways to reach people": "email;e mail;phone;telephone;mobile;fax".split(";"),
}
_BIRTH = ("birth", "dob", "birthdate", "birthday", "born", "geboortedatum")
_PLACE = ("zip", "zipcode", "postcode", "postal code", "postal", "plz")
_SEX = ("sex", "gender")
