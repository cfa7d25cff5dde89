# ruff: noqa: RUF001 - the quotes round what was removed
"""H10: secrets or personal data were in the source, the output or the columns of a run."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from aseptic.capture.secrets import redact
from aseptic.checks.check import check
from aseptic.checks.code import code_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from aseptic.checks.evidence import Evidence
    from aseptic.model import Finding, Run

_MOST_TEXT = 200_000  # characters of an output
_REMOVED = re.compile(r"‹removed: ([^›]{1,80})›")


@check("H10", severity="warning", needs=("run",), cost="look")
def secrets_in_run(run: Evidence, *, persons: int = 3, shown: int = 3) -> Iterator[Finding]:
    """Secrets or personal data are in the source, the output or the columns of the run.

    Why: aseptic removes secrets before it writes, but the notebook file still holds them, and
    goes wherever it is sent; data about persons may not go there at all.

    Method: a warning for each kind of secret that was recognised in source, output or params (by
    the name it is assigned to or by its form). Information from `persons` different e-mail
    addresses or card numbers in a text on, for any IBAN, and for columns whose name speaks of a
    person (`email`, `date_of_birth`). Kinds and up to `shown` places are named, never values.

    Remedy: take it out of the notebook and its outputs, read it from the environment
    (`os.environ["…"]`) or a keyring, and change the secret where the notebook was shared.

    Bad::

        from aseptic.testing import make_run

        run = make_run(source="password = 'hunter2-hunter2'")

    Good::

        import os
        from aseptic.testing import make_run

        run = make_run(source="password = os.environ['DB_PASSWORD']")
    """
    record = run.run
    assert record is not None
    texts = list(_texts(record))
    secrets = _by_kind(texts, _secrets)
    if secrets:
        yield run.finding(_said("a secret", secrets, shown), places=_places(secrets))
    personal = {
        kind: places
        for kind, places in _by_kind(texts, _personal).items()
        if len(places) >= (1 if kind == "IBAN" else persons)
    }
    if personal:
        yield run.finding(
            _said("personal data", personal, shown),
            severity="info",
            remedy="show counts and summaries instead of rows, and clear the output",
            places=_places(personal),
            limit=persons,
        )
    yield from _of_columns(run, record, shown=shown)


class _Text(NamedTuple):
    place: str
    text: str


def _texts(run: Run) -> Iterator[_Text]:
    for code in code_of(run):
        yield _Text(code.place, code.source)
    outputs = run.outputs
    for name in ("stdout", "stderr", "result", "error", "traceback"):
        text = getattr(outputs, name)
        if text:
            yield _Text(f"the output ({name})", text[:_MOST_TEXT])
    for param in run.params.values():
        for use in param.uses:
            if isinstance(use.value, str):
                yield _Text(f"the param {param.name}", use.value)


_Found = dict[str, list[str]]  # places by kind


def _by_kind(texts: list[_Text], find: Callable[[str], Iterator[tuple[str, int]]]) -> _Found:
    found: _Found = {}
    for place, text in texts:
        for kind, at in find(text):
            line = text.count("\n", 0, at) + 1
            found.setdefault(kind, []).append(f"line {line} of {place}")
    return found


def _secrets(text: str) -> Iterator[tuple[str, int]]:
    """Those that were removed, or that would be."""
    for match in _REMOVED.finditer(redact(text)):
        yield match[1], match.start()


# Personal data -----------------------------------------------------------------------------------
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,4}[A-Za-z]{2,12}(?![\w@])")
_NO_PERSON = re.compile(r"@(?:\w+\.)*(?:example\.|test\.|localhost|github\.com|gitlab\.com)|^git@")
_IBAN = re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?(?!\w)")
_CARD = re.compile(r"(?<![\d.,-])(?:[3-6]\d{3})([ -])\d{4}\1\d{4}\1\d{4}(?![\d.,-])")


def _personal(text: str) -> Iterator[tuple[str, int]]:
    """Each different one, where it stands first."""
    seen = set()
    for kind, pattern, is_one in _KINDS:
        for match in pattern.finditer(text):
            if match[0] not in seen and is_one(match[0]):
                seen.add(match[0])
                yield kind, match.start()


def _is_iban(text: str) -> bool:
    """By its check digits (ISO 13616)."""
    plain = text.replace(" ", "")
    digits = "".join(str(int(char, 36)) for char in plain[4:] + plain[:4])
    return int(digits) % 97 == 1


def _is_card(text: str) -> bool:
    """By its check digit (Luhn)."""
    digits = [int(char) for char in text if char.isdigit()][::-1]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


def _is_person(text: str) -> bool:
    return not _NO_PERSON.search(text)


_KINDS: tuple[tuple[str, re.Pattern[str], Callable[[str], bool]], ...] = (
    ("e-mail address", _EMAIL, _is_person),
    ("IBAN", _IBAN, _is_iban),
    ("card number", _CARD, _is_card),
)
_COLUMNS = frozenset(
    """
    email emailaddress phone phonenumber telephone mobile mobilenumber ssn socialsecuritynumber
    passport passportnumber iban creditcard creditcardnumber dateofbirth dob birthdate birthday
    firstname lastname surname familyname givenname fullname ipaddress nationalid taxid
    """.split()  # noqa: SIM905 - a list of words reads best as words
)


def _of_columns(run: Evidence, record: Run, *, shown: int) -> Iterator[Finding]:
    """Columns of data inputs and of tables whose name speaks of a person."""
    columns = {
        data.name: [one.name for one in data.columns] for data in record.data_inputs.values()
    }
    columns |= {table.name: list(table.columns) for table in run.tables}
    for name, names in columns.items():
        found = [one for one in names if re.sub(r"[\W_]", "", one).lower() in _COLUMNS]
        if found:
            more = f" and {len(found) - shown} more" if len(found) > shown else ""
            yield run.finding(
                f"{name} has columns about persons: {', '.join(found[:shown])}{more}",
                subject=name,
                severity="info",
                remedy=f"leave them out of {name} where no feature needs them",
                columns=tuple(found[:20]),
            )


# Words -------------------------------------------------------------------------------------------
def _said(what: str, found: _Found, shown: int) -> str:
    places = [place for places in found.values() for place in places]
    where = Counter(place.partition(" of ")[2] for place in places)
    more = f" and {len(where) - shown} more" if len(where) > shown else ""
    kinds = ", ".join(list(found)[:shown])
    many = f", {len(places)} times" if len(places) > 1 else ""
    return f"{what} ({kinds}) was in {', '.join(list(where)[:shown])}{more}{many}"


def _places(found: _Found) -> tuple[str, ...]:
    return tuple(f"{kind}: {place}" for kind, places in found.items() for place in places)[:50]
