# ruff: noqa: SIM905 - word lists read best as words
"""What texts in a column look like: numbers, placeholders, variants of one word. Pure functions."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

_NUMBER = re.compile(
    r"\s*[-+(]?\s*[$€£¥]?\s*(?:\d{1,3}(?:[,. ']\d{3})+|\d+)?(?:[.,]\d+)?(?:[eE][-+]?\d+)?"
    r"\s*[%€$£)]?\s*"
)
_MEASURED = re.compile(
    r"\s*(?P<before>[A-Za-z]{0,3}[$€£¥₹₩₽₺]|USD|EUR|GBP|CHF|JPY|CNY|INR|CAD|AUD|SEK|NOK|DKK|PLN)?"
    r"\s*(?P<number>[-+(]?\s*(?:\d[\d.,' ]*|[.,]\d+)(?:[eE][-+]?\d+)?\)?)"
    r"\s*(?P<after>(?:[^\W\d_]|[°%$€£¥\"'])[^\d]{0,12}[23]?)?\s*"
)
_ORDINALS = {"st", "nd", "rd", "th"}
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
#: Texts that stand for "missing", in lower case.
PLACEHOLDERS = {"", "not available"}.union(
    "? ?? - -- --- . n/a na n.a. #n/a nan null nil missing <na> #null! #ref! #value! #div/0!"
    " (null)".split()
)


def are_numbers(texts: Iterable[str]) -> NDArray[np.bool_]:
    """Which texts are numbers as people write them: `1,234.50`, `12 %`, `€ 3`."""
    found = [
        any(letter.isdigit() for letter in text[:40]) and bool(_NUMBER.fullmatch(text[:40]))
        for text in texts
    ]
    return np.array(found, dtype=bool)


def without_unit(texts: Sequence[str], *, share: float) -> tuple[str, list[str]] | None:
    """The unit or currency that stands at nearly all of the texts, and the texts without it.

    None where there is no such one: `12 kg` and `3 m` have none in common. What stands before a
    number must be a currency: other words there make a name, as in `room 12`.
    """
    matches = [_MEASURED.fullmatch(text) for text in texts]
    units = Counter((one["before"] or "", (one["after"] or "").strip()) for one in matches if one)
    unit, count = units.most_common(1)[0] if units else (("", ""), 0)
    if not any(unit) or count < share * len(texts) or unit[1] in _ORDINALS:
        return None
    bare = [
        one["number"].strip()
        if one and (one["before"] or "", (one["after"] or "").strip()) == unit
        else text
        for one, text in zip(matches, texts, strict=True)
    ]
    return "".join(unit), bare


def is_placeholder(text: str) -> bool:
    """Whether a text says that a value is missing."""
    return text.strip().lower() in PLACEHOLDERS


def plain_form(text: str) -> str:
    """The text without what a reader does not see: case, spaces, the form of its letters."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(folded.replace("\u200b", "").replace("_", " ").split())


def words_of(name: str) -> list[str]:
    """The words of a column's name in lower case: `birthDate` and `birth_date` are two."""
    return [word.lower() for word in _WORDS.findall(name)]
