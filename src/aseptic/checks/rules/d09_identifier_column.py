"""D09: a feature is a name of the row, and nothing else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from aseptic.checks.check import NotApplicable, check
from aseptic.checks.words import words_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aseptic.checks.evidence import Evidence
    from aseptic.checks.tables import Sample
    from aseptic.model import Finding

_ID_WORDS = frozenset({"id", "ids", "uuid", "guid", "uid", "key", "identifier", "index", "rownum"})
_TIME_WORDS = frozenset({"year", "date", "time", "timestamp", "day", "month", "week", "hour"})
_TOKEN = re.compile(r"[\w.:#/@+-]{1,64}")


@check("D09", needs=("data",))
def identifier_column(run: Evidence, *, rows: int = 50, density: float = 3.0) -> Iterator[Finding]:
    """A feature is a name of the row, and tells a model nothing that holds for new rows.

    Why: a tree learns single rows by it; where ids were given in order, it is the time, and leaks
    what happened when.

    Method: in tables of at least `rows` rows, a column of whole numbers without a repetition that
    either fills its range (at most `density` numbers in the range to a row), or rises or falls
    with the rows, or is named as an id; or a column of single tokens of text without a
    repetition. Years and dates are none. A warning for training data with a target.

    Remedy: leave it out of the features (`set_index`); keep it beside them for joins and for
    splitting by group.

    Bad::

        rng = np.random.default_rng(0)
        data = pd.DataFrame({"customer_id": rng.permutation(300), "age": rng.integers(20, 70, 300)})
        target = "age"

    Good::

        rng = np.random.default_rng(0)
        data = pd.DataFrame({"income": rng.lognormal(9, 1, 300), "age": rng.integers(20, 70, 300)})
        target = "age"
    """
    table = run.main
    sample = run.sample(table)
    if len(sample) < rows:
        raise NotApplicable(f"{table.name} has fewer than {rows} rows")
    for name in _unrepeated(sample):
        reason = _reason(table.column(name), name, density)
        if reason is not None:
            yield run.finding(
                f"{name} is different in every row and {reason}: an identifier",
                subject=name,
                severity=None if table.target is not None else "info",
                table=table,
                distinct=len(table),
                rows_of_table=len(table),
            )


def _unrepeated(sample: Sample) -> list[str]:
    """Columns of whole numbers or texts without a repetition among the rows looked at."""
    found = []
    for names, numbers in sample.number_blocks():
        with np.errstate(all="ignore"):
            maybe = np.all(numbers == np.round(numbers), axis=0)
        for place in np.flatnonzero(maybe):
            ordered = np.sort(numbers[:, place])
            if np.all(ordered[1:] > ordered[:-1]):
                found.append(names[place])
    for name in sample.of_kind("text"):
        texts = sample.texts(name)
        if len(texts) == len(sample):
            found.append(name)
    return found


def _reason(values: pd.Series, name: str, density: float) -> str | None:
    if not values.is_unique or values.isna().any():
        return None
    words = words_of(name)
    if getattr(values.dtype, "kind", "O") not in "iuf":
        texts = [str(value) for value in values.head(1000)]
        are_tokens = all(_TOKEN.fullmatch(text) for text in texts)
        return "holds one token of text" if are_tokens and not _are_times(texts) else None
    if _TIME_WORDS & set(words):
        return None
    numbers = values.to_numpy(dtype=np.float64)
    if numbers.max() - numbers.min() + 1 <= density * len(numbers):
        return "counts through its range"
    steps = np.diff(numbers)
    if np.all(steps > 0) or np.all(steps < 0):
        return "goes with the order of the rows"
    return "named as an id" if words and words[-1] in _ID_WORDS else None


def _are_times(texts: list[str]) -> bool:
    few = pd.Series(texts[:20])
    return bool(pd.to_datetime(few, errors="coerce", format="ISO8601").notna().all())
