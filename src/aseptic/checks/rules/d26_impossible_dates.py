# ruff: noqa: SIM905 - word lists read best as words
"""D26: dates that cannot be, or that stand for no date."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from aseptic.checks.check import NotApplicable, check
from aseptic.checks.words import words_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from aseptic.checks.evidence import Evidence
    from aseptic.checks.tables import Sample
    from aseptic.model import Finding

_ISO = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}.*)?")
_PLACEHOLDERS = np.array(
    "0001-01-01 1000-01-01 1111-11-11 1601-01-01 1753-01-01 1800-01-01 1899-12-30 1899-12-31"
    " 1900-01-01 1904-01-01 1970-01-01 1980-01-01 2000-01-01 2038-01-19 2099-12-31 2262-04-11"
    " 2999-12-31 9999-12-31".split(),
    dtype="M8[D]",
)
#: Words of names whose dates may lie ahead.
_AHEAD = frozenset(
    "due end until expiry expires expiration valid planned plan next deadline expected scheduled"
    " appointment forecast maturity target renewal review event departure arrival checkin checkout"
    " delivery".split()
)
_BIRTH = frozenset({"birth", "born", "dob", "birthdate", "birthday"})
_FIRST = ("start", "begin", "from", "admission", "admitted", "pickup", "opened", "departure")
_LAST = ("end", "finish", "to", "discharge", "discharged", "dropoff", "closed", "arrival")


@check("D26", needs=("data",))
def impossible_dates(
    run: Evidence, *, share: float = 0.2, spike: float = 10.0, rows: int = 3
) -> Iterator[Finding]:
    """Dates cannot be, or stand for no date.

    Why: durations and ages made of them are nonsense, and 1970-01-01 is no birthday but a zero.

    Method: columns of times, and texts written as ISO dates. Found are: dates after today in at
    most `share` of the rows, unless the name says that they lie ahead (due, planned, until, …); a
    date in use as placeholder (1900-01-01, 1970-01-01, 9999-12-31, …) at least `rows` times and
    `spike` times as often as a date of the column on average, outside of the others or on one
    day; anything before birth; an end before its start, in at most `share` of the rows.

    Remedy: replace placeholders by `pd.NaT`; look at the rows: day and month swapped, a century
    wrong, two columns exchanged?

    Bad::

        days = pd.Timestamp("2015-01-01") + pd.to_timedelta(np.arange(300), unit="D")
        data = pd.DataFrame({"joined": days})
        data.loc[:9, "joined"] = pd.Timestamp("1970-01-01")

    Good::

        days = pd.Timestamp("2015-01-01") + pd.to_timedelta(np.arange(300), unit="D")
        data = pd.DataFrame({"joined": days})
    """
    sample = run.sample(run.main)
    times = _times(sample)
    if not times:
        raise NotApplicable(f"{run.main.name} has no columns of dates")
    today = np.datetime64("today", "D") + 1  # somewhere it is tomorrow
    for name, days in times.items():
        ahead = days > today
        placeholder, hits = _placeholder(days, spike=spike, rows=rows)
        ahead &= ~hits
        if hits.any():
            message = f"{hits.mean():.1%} of {name} is {placeholder}, which stands for no date"
            yield _finding(run, sample, name, message, hits)
        if 0 < ahead.mean() <= share and not _AHEAD & set(words_of(name)):
            message = f"{ahead.mean():.1%} of {name} lies in the future"
            yield _finding(run, sample, name, message, ahead)
    yield from _disorder(run, sample, times, share)


def _finding(
    run: Evidence, sample: Sample, name: str, message: str, hits: NDArray[np.bool_]
) -> Finding:
    return run.finding(
        message,
        subject=name,
        sample=sample,
        rows=sample.positions[hits],
        share=float(hits.mean()),
        count=int(hits.sum()),
    )


def _times(sample: Sample) -> dict[str, NDArray[np.datetime64]]:
    """The columns of dates, in days; what is no date is NaT."""
    found = {}
    for name, kind in sample.kinds.items():
        values = sample.features[name]
        if kind == "time" and values.dtype.kind == "M":
            days = values.to_numpy()
            if days.dtype.kind != "M":  # with a time zone, or dates of Arrow
                days = pd.to_datetime(values, utc=True).dt.tz_convert(None).to_numpy()
            found[name] = days.astype("M8[D]")
        elif kind in ("category", "text") and _are_iso(sample.texts(name)):
            found[name] = _as_days(values)
    return found


def _are_iso(texts: pd.Series) -> bool:
    return len(texts) > 0 and all(_ISO.fullmatch(text) for text in texts.index[:50])


def _as_days(values: pd.Series) -> NDArray[np.datetime64]:
    """Years beyond what nanoseconds hold are kept, so pandas does not read them."""
    texts = values.to_numpy(dtype=object)
    days = [text[:10] if isinstance(text, str) and _ISO.fullmatch(text) else "" for text in texts]
    try:
        return np.array([day or "NaT" for day in days], dtype="M8[D]")
    except ValueError:  # no day of the calendar, such as 2021-02-30
        parsed = pd.to_datetime(pd.Series(days), errors="coerce", format="%Y-%m-%d")
        return parsed.to_numpy().astype("M8[D]")


def _placeholder(
    days: NDArray[np.datetime64], *, spike: float, rows: int
) -> tuple[str, NDArray[np.bool_]]:
    none = np.zeros(len(days), dtype=bool)
    known = days[~np.isnat(days)]
    distinct, counts = np.unique(known, return_counts=True)
    if len(distinct) < 10:
        return "", none
    for place in np.flatnonzero(np.isin(distinct, _PLACEHOLDERS)):
        others = np.delete(counts, place)
        rest = np.delete(distinct, place)
        span = (rest[-1] - rest[0]).astype(float)
        day = distinct[place]
        gap = max((rest[0] - day).astype(float), (day - rest[-1]).astype(float))
        is_outside = gap > max(365.0, span / 10)
        is_spike = counts[place] > max(spike * others.mean(), 2 * others.max())
        if counts[place] >= rows and (is_outside or is_spike):
            return str(day), days == day
    return "", none


def _disorder(
    run: Evidence, sample: Sample, times: dict[str, NDArray[np.datetime64]], share: float
) -> Iterator[Finding]:
    for first, starts in times.items():
        for last, ends in times.items():
            is_birth = bool(_BIRTH & set(words_of(first))) and not _BIRTH & set(words_of(last))
            if not is_birth and not _are_ends(words_of(first), words_of(last)):
                continue
            wrong = ends < starts
            if 0 < wrong.mean() <= share:
                message = f"{last} lies before {first} in {wrong.mean():.1%} of the rows"
                yield _finding(run, sample, last, message, wrong)


def _are_ends(first: list[str], last: list[str]) -> bool:
    """Whether two names differ in one word alone: start and end of one thing."""
    pairs = zip(_FIRST, _LAST, strict=True)
    is_same = len(first) == len(last)
    return is_same and any(
        one in first and [other if word == one else word for word in first] == last
        for one, other in pairs
    )
