"""D25: one category is written in several ways."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from aseptic.checks.check import NotApplicable, check
from aseptic.checks.tables import count_texts
from aseptic.checks.words import plain_form

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aseptic.checks.evidence import Evidence
    from aseptic.checks.tables import Sample
    from aseptic.model import Finding

_MOST_DISTINCT = 2_000  # of more, no category is expected


@check("D25", needs=("data",))
def text_variants(run: Evidence, *, letters: int = 2, repeated: float = 2.0) -> Iterator[Finding]:
    """One category is written in several ways.

    Why: "Amsterdam", "amsterdam " and "AMSTERDAM" become three features, each seen less often;
    a spelling that only the test data has is an unknown category there. In the target they become
    classes of their own.

    Method: texts that are equal without case, spaces, underscores and the form of their letters
    (Unicode NFKC), with at least `letters` letters, in columns in which a text occurs `repeated`
    times on average; in the test data too, and in the target.

    Remedy: `column.str.strip().str.casefold()` before the split, or a table of names.

    Bad::

        data = pd.DataFrame({"city": ["Delft", "Leiden", "delft ", "Leiden"] * 30})

    Good::

        data = pd.DataFrame({"city": ["Delft", "Leiden", "Den Haag", "Leiden"] * 30})
    """
    table = run.main
    sample = run.sample(table)
    tests = [run.sample(one) for one in run.tables_of("validation", "test")]
    tests = tests if table.role == "train" else []
    columns = _columns(sample, tests)
    if not columns:
        raise NotApplicable(f"{table.name} has no columns of text")
    for name, counts in columns.items():
        if len(counts) > _MOST_DISTINCT or counts.sum() < repeated * len(counts):
            continue
        groups = _variants(counts, letters)
        if groups:
            most = max(len(group) for group in groups)
            rare = sum(int(counts[group].sum() - counts[group].max()) for group in groups)
            yield run.finding(
                f"{len(groups):,} {'category' if len(groups) == 1 else 'categories'} of {name}"
                f" {'is' if len(groups) == 1 else 'are'} written in up to {most} ways, the rarer"
                f" ones in {rare:,} rows",
                subject=name,
                sample=sample,
                rows=_rows(sample, name, groups, counts),
                categories=len(groups),
                ways=most,
                count=rare,
            )


def _columns(sample: Sample, tests: list[Sample]) -> dict[str, pd.Series]:
    """How often each text occurs, in all tables together, by column; the target too."""
    columns = {}
    for name in sample.of_kind("category", "text", "other"):
        others = [one.texts(name) for one in tests if name in one.features]
        columns[name] = _sum([sample.texts(name), *others])
    target = sample.target
    if target is not None and getattr(target.dtype, "kind", "O") == "O":
        columns[sample.table.target_name or "the target"] = count_texts(target)
    return {name: counts for name, counts in columns.items() if len(counts)}


def _sum(counts: list[pd.Series]) -> pd.Series:
    total: Counter[str] = Counter()
    for one in counts:
        total.update(dict(zip(one.index, one, strict=True)))
    texts = pd.Index(list(total), dtype=object)  # `object`: half a surrogate pair is no `str`
    summed: pd.Series = pd.Series(list(total.values()), index=texts, dtype=np.int64)
    return summed


def _variants(counts: pd.Series, letters: int) -> list[list[str]]:
    forms: dict[str, list[str]] = defaultdict(list)
    for text in counts.index:
        forms[plain_form(text)].append(text)
    return [
        group
        for form, group in forms.items()
        if len(group) > 1 and sum(letter.isalpha() for letter in form) >= letters
    ]


def _rows(
    sample: Sample, name: str, groups: list[list[str]], counts: pd.Series
) -> np.ndarray | None:
    if name not in sample.features:
        return None
    rare = [text for group in groups for text in group if text != counts[group].idxmax()]
    return sample.positions[np.flatnonzero(sample.features[name].isin(rare).to_numpy(dtype=bool))]
