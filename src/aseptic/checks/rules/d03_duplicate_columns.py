"""D03: columns that say the same as another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from aseptic.checks.check import NotApplicable, check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from aseptic.checks.evidence import Evidence
    from aseptic.checks.tables import Sample
    from aseptic.model import Finding

_MOST_RANKED = 1_000  # columns; of more, only equal ones are found
_FEW_ROWS = 20_000  # of a larger table, whose ranks say which columns to compare in all rows
_UNLIKE = 10  # rows that do not have the commonest value: fewer may agree by chance


@check("D03", severity="info", needs=("data",))
def duplicate_columns(
    run: Evidence, *, correlation: float = 0.9995, rows: int = 30
) -> Iterator[Finding]:
    """Columns say the same as another column.

    Why: the copy adds nothing, makes linear coefficients arbitrary and splits the importance of
    the feature in two.

    Method: columns whose values correspond one to one, or whose ranks (of numbers, with the same
    gaps) correlate by more than `correlation`, as a quantity in two units does; in tables of at
    least `rows` rows, of columns in which at least 10 rows do not have the commonest value.

    Remedy: keep one of them.

    Bad::

        height = np.random.default_rng(0).normal(170, 9, size=200)
        data = pd.DataFrame({"height_cm": height, "height_inch": height / 2.54})

    Good::

        height, weight = np.random.default_rng(0).normal(170, 9, size=(2, 200))
        data = pd.DataFrame({"height_cm": height, "weight_kg": weight / 2})
    """
    table = run.main
    sample = run.sample(table)
    if len(sample) < rows:
        raise NotApplicable(f"{table.name} has fewer than {rows} rows")
    first: dict[str, str] = {}  # each copy, and the column that it copies
    _add_ranked(sample, first, correlation)
    _add_equal(sample, first)
    for copy, original in first.items():
        yield run.finding(
            f"{copy} says the same as {original}",
            subject=copy,
            remedy=f"leave {copy} or {original} out",
            sample=sample,
            limit=correlation,
        )


def _add_ranked(sample: Sample, first: dict[str, str], least: float) -> None:
    few = sample.table.sample(_FEW_ROWS) if len(sample) > _FEW_ROWS else sample
    is_all = len(few) == len(sample)
    names = sample.of_kind("number")
    if not 2 <= len(names) <= _MOST_RANKED:
        return
    numbers = few.number_matrix[1] if is_all else np.column_stack([*map(few.numbers, names)])
    for one, other in _agreeing(numbers, least if is_all else 1 - 2 * (1 - least)):
        name, copy = names[one], names[other]
        if copy in first or name in first or not _varies(sample, name):
            continue
        both = [] if is_all else [sample.numbers(name), sample.numbers(copy)]
        if is_all or _agreeing(np.column_stack(both), least):
            first[copy] = name


def _agreeing(numbers: NDArray[np.float64], least: float) -> list[tuple[int, int]]:
    """The places of columns that have the same gaps, and ranks that correlate by more."""
    gaps = np.isnan(numbers)
    ranks = _ranks(numbers)
    ranks -= ranks.mean(axis=0)
    length = np.sqrt((ranks**2).sum(axis=0))
    ranks /= np.where(length > 0, length, 1.0)
    agreeing = np.abs(np.triu(ranks.T @ ranks, 1)) > least
    return [
        (int(one), int(other))
        for one, other in zip(*np.nonzero(agreeing), strict=True)
        if np.array_equal(gaps[:, one], gaps[:, other])
    ]


def _ranks(numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean rank of each value in its column; a missing one has that of the middle."""
    ranks = np.empty_like(numbers)
    for place in range(numbers.shape[1]):
        values = numbers[:, place]
        distinct, codes, counts = np.unique(values, return_inverse=True, return_counts=True)
        mean_rank = np.cumsum(counts) - counts / 2
        if np.isnan(distinct[-1:]).any():
            mean_rank[-1] = (len(values) - counts[-1]) / 2
        ranks[:, place] = mean_rank[codes]
    return ranks


def _add_equal(sample: Sample, first: dict[str, str]) -> None:
    """Columns that are no numbers, or too many: by the pattern of their equal values."""
    names = sample.of_kind("number")
    seen: dict[bytes, str] = {}
    ranked = set(names) if len(names) <= _MOST_RANKED else set()
    for name in sample.features.columns:
        if name in ranked:
            continue
        pattern = _pattern(sample, name)
        if pattern is not None:
            original = seen.setdefault(pattern, name)
            if original != name and _varies(sample, name):
                first[name] = original


def _pattern(sample: Sample, name: str) -> bytes | None:
    """A digest of what equal columns share: the numbers, else which values are equal, if many."""
    import xxhash

    if sample.kinds[name] == "number":
        return xxhash.xxh3_128_digest(np.ascontiguousarray(sample.numbers(name)).data)
    codes = sample.codes(name)
    return xxhash.xxh3_128_digest(codes.data) if codes.max(initial=-1) < len(codes) / 2 else None


def _varies(sample: Sample, name: str) -> bool:
    counts = np.bincount(sample.codes(name) + 1)
    return bool(len(sample) - counts.max(initial=0) >= _UNLIKE)
