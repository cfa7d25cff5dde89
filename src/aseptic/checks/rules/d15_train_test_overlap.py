"""D15: rows that the model was trained on are in the data that judges it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from aseptic.checks.check import check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aseptic.checks.evidence import Evidence
    from aseptic.model import Finding


@check("D15", severity="error", needs=("train", "test"))
def train_test_overlap(
    run: Evidence, *, share: float = 0.002, rows: int = 3, errors: float = 3.0
) -> Iterator[Finding]:
    """Rows that the model was trained on are in the data that judges it.

    Why: the metric then rewards memory: it is better than the model will be on new rows.

    Method: exact match of 64-bit hashes of all rows. The share of test rows that are in the
    training data is compared with the share of rows that the test data itself repeats, as coarse
    data repeat by nature; it counts above that by `share` and by `errors` standard errors, from
    `rows` rows on.

    Remedy: drop duplicates before the split; split before resampling or augmenting; where rows
    belong together, split by group (`GroupShuffleSplit`).

    Bad::

        rng = np.random.default_rng(0)
        train, test = rng.normal(size=(800, 4)), rng.normal(size=(200, 4))
        test[:10] = train[:10]

    Good::

        rng = np.random.default_rng(0)
        train, test = rng.normal(size=(800, 4)), rng.normal(size=(200, 4))
    """
    for train, test in run.pairs():
        shared = np.isin(test.row_hashes, train.row_hashes)
        found = shared.mean()
        natural = _repeated_share(test.row_hashes)
        error = np.sqrt(max(natural * (1 - natural), 0.0) / len(test))
        limit = natural + errors * error + share
        if shared.sum() >= rows and found > limit:
            yield run.finding(
                f"{found:.1%} of the rows of {test.name} are in {train.name}",
                table=test,
                rows=np.flatnonzero(shared),
                share=found,
                count=int(shared.sum()),
                repeated_by_nature=natural,
                limit=limit,
            )


def _repeated_share(hashes: np.ndarray) -> float:
    """The share of rows that have an equal one before them."""
    return 1.0 - len(np.unique(hashes)) / max(1, len(hashes))
