"""D28: test rows that are training rows but for a little noise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from aseptic.checks import two_samples
from aseptic.checks.check import NotApplicable, check
from aseptic.checks.statistics import two_proportions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from aseptic.checks.evidence import Depth, Evidence
    from aseptic.checks.tables import Sample
    from aseptic.model import Finding

#: How many numbers are read to compare rows: test rows x training rows x columns.
_WORK: dict[Depth, int] = {
    "automatic": 100_000_000,
    "asked": 3_000_000_000,
    "thorough": 5_000_000_000,
}
_MOST_ROWS = 1_000  # whose nearest ones are looked for
_MOST_COLUMNS = 50
_LEAST_ROWS = 30
_LEAST_DISTINCT = 3  # values of a column that tells rows apart
_CONTINUOUS = 20  # values of a column that count as continuous
_COLUMNS_EVERYWHERE = 4
_BLOCK = 250_000  # distances at a time
_NEARER = 4  # copies with little noise stand out at a part of the nearness, in dense data too


@check("D28", severity="warning", needs=("train", "test"), cost="fit")
def near_duplicate_rows(
    run: Evidence,
    *,
    nearness: float = 0.2,
    share: float = 0.01,
    rows: int = 3,
    p: float = 0.001,
    everywhere: float = 0.2,
) -> Iterator[Finding]:
    """Test rows are training rows but for a little noise.

    Why: copies that were augmented, rounded or measured twice reward memory as equal rows do, and
    an exact comparison does not see them.

    Method: of each test row, the distance to the nearest training row, divided by that to the
    second nearest, over standardised columns of numbers. A row is a near copy where that is below
    `nearness`; where that tells nothing, below a quarter of it. Training rows are judged in the
    same way among themselves: the share of near copies in the test data counts if it is above
    theirs by `share`, from `rows` rows on, with a p-value below `p`. A share of `everywhere` counts
    even where it is the same in the training data, if at least 4 columns are continuous: copies
    made before the split are on both sides, and by nature so many rows are never so close. Rows
    that are exactly equal are left to D15. At most 1,000 test rows are looked at, and as many
    training rows as the time allows: of 50 columns some 1,000 right after a cell, 30,000 if asked,
    50,000 in a thorough check.

    Remedy: augment and resample after the split, and only the training part; split by the group
    that such rows share (`GroupShuffleSplit`).

    Source: the distance ratio is Lowe's (2004, section 7.1).

    Bad::

        rng = np.random.default_rng(0)
        train, test = rng.normal(size=(800, 4)), rng.normal(size=(200, 4))
        test[:20] = train[:20] + rng.normal(0, 0.01, (20, 4))

    Good::

        rng = np.random.default_rng(0)
        train, test = rng.normal(size=(800, 4)), rng.normal(size=(200, 4))
    """
    for train_table, test_table in run.pairs():
        train, test = run.sample(train_table), run.sample(test_table)
        seen, judged, judged_at, continuous = _rows(run, train, test)
        their = _ratios(judged, seen, None)
        own_at = run.rng.permutation(len(seen))[:_MOST_ROWS]
        own = _ratios(seen[own_at], seen, own_at)
        for limit in (nearness, nearness / _NEARER):
            near, natural = their < limit, own < limit
            found = two_proportions(int(natural.sum()), len(own), int(near.sum()), len(their))
            is_more = found.effect > share and found.p < p
            is_everywhere = near.mean() >= everywhere and continuous >= _COLUMNS_EVERYWHERE
            if near.sum() < rows or not (is_more or is_everywhere):
                continue
            positions = test.positions[judged_at[np.flatnonzero(near)]]
            beside = f"of the rows of {train_table.name} {natural.mean():.1%} are so close"
            yield run.finding(
                f"{near.mean():.1%} of the rows of {test_table.name} are almost equal to one of "
                f"{train_table.name}; among themselves, {beside}",
                rows=positions,
                sample=test,
                share=near.mean(),
                share_in_train=natural.mean(),
                share_limit=share,
                everywhere_limit=everywhere,
                p=found.p,
                p_limit=p,
                nearness=limit,
                compared=(len(their), len(seen)),
                looked_at=f"{len(their):,} of {len(test):,} rows beside {len(seen):,} of"
                f" {len(train):,} of {train_table.name}",
            )
            break


def _rows(
    run: Evidence, train: Sample, test: Sample
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64], int]:
    """Standardised training rows, test rows, and the places of the latter in their sample.

    And how many of the columns are continuous.
    """
    pairs = {
        (pair.name, pair.other): _distinct(train.numbers(pair.name))
        for pair in two_samples.comparable_columns(train, test)
        if pair.is_numeric
    }
    telling = [pair for pair, distinct in pairs.items() if distinct >= _LEAST_DISTINCT]
    telling = telling[:: -(-len(telling) // _MOST_COLUMNS)] if telling else []
    continuous = sum(pairs[pair] >= _CONTINUOUS for pair in telling)
    if continuous < 2:
        raise NotApplicable("fewer than two columns are continuous numbers")
    if min(len(train), len(test)) < _LEAST_ROWS:
        raise NotApplicable(f"fewer than {_LEAST_ROWS} rows")
    judged_at = np.sort(run.rng.permutation(len(test))[:_MOST_ROWS])
    most = max(_LEAST_ROWS, _WORK[run.depth] // (2 * len(judged_at) * len(telling)))
    seen_at = np.sort(run.rng.permutation(len(train))[:most])
    seen = np.empty((len(seen_at), len(telling)))
    judged = np.empty((len(judged_at), len(telling)))
    for place, (name, other) in enumerate(telling):
        ours, theirs = train.numbers(name)[seen_at], test.numbers(other)[judged_at]
        seen[:, place], judged[:, place] = _standardised(ours, theirs)
    return seen, judged, judged_at, continuous


def _distinct(values: NDArray[np.float64]) -> int:
    return len(np.unique(values[np.isfinite(values)][:5_000]))


def _standardised(
    seen: NDArray[np.float64], judged: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """By the middle 80 % of the training rows: the same for any scale and for heavy tails."""
    low, middle, high = np.nanquantile(seen, [0.1, 0.5, 0.9])
    spread = high - low if high > low else np.nanstd(seen)
    spread = spread if spread > 0 and np.isfinite(spread) else 1.0
    bound = 5.0
    scaled = [
        np.nan_to_num(np.clip((one - middle) / spread, -bound, bound)) for one in (seen, judged)
    ]
    return scaled[0], scaled[1]


def _ratios(
    judged: NDArray[np.float64], seen: NDArray[np.float64], own_at: NDArray[np.int64] | None
) -> NDArray[np.float64]:
    """The nearest distance over the second nearest, of each row; 1 where the nearest is 0.

    `own_at`: the rows are those of `seen` at these places, and are not near to themselves.
    """
    squares = np.einsum("ij,ij->i", seen, seen)
    ratios = np.ones(len(judged))
    block = max(1, _BLOCK // len(seen))
    for start in range(0, len(judged), block):
        part = judged[start : start + block]
        distances = squares - 2 * part @ seen.T + (part**2).sum(axis=1)[:, None]
        if own_at is not None:
            distances[np.arange(len(part)), own_at[start : start + block]] = np.inf
        nearest = _two_nearest(distances)
        # by subtraction: what is nearly equal is lost in the squares above
        exact = np.sqrt(((part[:, None, :] - seen[nearest]) ** 2).sum(axis=2))
        first, second = exact.min(axis=1), exact.max(axis=1)
        is_apart = (first > 0) & (second > 0)
        ratios[start : start + block] = np.where(
            is_apart, first / np.where(is_apart, second, 1.0), 1.0
        )
    return ratios


def _two_nearest(distances: NDArray[np.float64]) -> NDArray[np.int64]:
    """The places of the two smallest of each row, which it overwrites; faster than to sort."""
    every = np.arange(len(distances))
    first = distances.argmin(axis=1)
    distances[every, first] = np.inf
    return np.column_stack([first, distances.argmin(axis=1)])
