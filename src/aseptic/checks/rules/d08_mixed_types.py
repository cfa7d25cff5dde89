"""D08: one column holds values of several types."""

from __future__ import annotations

import numbers
from collections import Counter
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from aseptic.checks.check import NotApplicable, check
from aseptic.checks.words import are_numbers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aseptic.checks.evidence import Evidence
    from aseptic.checks.tables import Sample
    from aseptic.model import Finding


@check("D08", needs=("data",))
def mixed_types(run: Evidence, *, share: float = 0.5, stray: float = 0.1) -> Iterator[Finding]:
    """A column holds values of several types.

    Why: a few texts among numbers make the whole column text; comparisons and sorting then fail
    or mean something else, and an encoder makes a category of each number.

    Method: the types of the values that are known (number, text, truth value, time, other); any
    type but the commonest, in at most `share` of them. Columns of text count too where at most
    `stray` of the texts, but some, are no numbers.

    Remedy: `pd.to_numeric(column, errors="coerce")` after a look at what is no number, or declare
    it when reading (`na_values=`).

    Bad::

        data = pd.DataFrame({"weight": [70.5, 81.0, "unknown", 64.2] * 30})

    Good::

        data = pd.DataFrame({"weight": pd.Series([70.5, 81.0, None, 64.2] * 30, dtype=object)})
    """
    sample = run.sample(run.main)
    candidates = [
        name
        for name in sample.features.columns
        if getattr(sample.features[name].dtype, "kind", "O") == "O"
    ]
    if not candidates:
        raise NotApplicable(f"every column of {run.main.name} has a type of its own")
    for name in candidates:
        found = _strays(sample, name, stray)
        if found is None:
            continue
        usual, others, is_stray = found
        rare = is_stray.mean()
        if 0 < rare <= share:
            yield run.finding(
                f"{name} holds {usual}s, but {int(is_stray.sum()):,} of {len(is_stray):,}"
                f" values are {others}",
                subject=name,
                sample=sample,
                rows=sample.positions[sample.features[name].notna().to_numpy()][is_stray],
                share=rare,
                limit=share,
            )


def _strays(sample: Sample, name: str, most: float) -> tuple[str, str, Any] | None:
    """The usual type, the others, and which of the known values are of those."""
    texts = sample.texts(name)
    values = sample.features[name]
    count = int(values.notna().sum())
    if not count:
        return None
    if int(texts.sum()) < count:
        kinds = [_type_of(value) for value in values[values.notna()]]
        counts = Counter(kinds)
        usual = counts.most_common(1)[0][0]
        others = " and ".join(f"{kind}s" for kind in sorted(counts) if kind != usual)
        return usual, others, np.array([kind != usual for kind in kinds])
    numeric = are_numbers(texts.index)
    hits = texts.to_numpy()[numeric].sum()
    if not (1 - most) * count <= hits < count or numeric.sum() < 5:
        return None
    is_word = values[values.notna()].isin(texts.index[~numeric])
    return "number", "texts", is_word.to_numpy(dtype=bool)


def _type_of(value: Any) -> str:
    if isinstance(value, str):
        return "text"
    if isinstance(value, (bool, np.bool_)):
        return "truth value"
    if isinstance(value, numbers.Number) or type(value).__name__ == "Decimal":
        return "number"
    return "time" if isinstance(value, (date, np.datetime64)) else "object"
