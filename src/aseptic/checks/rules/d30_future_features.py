"""D30: a feature is known only after what the model is to tell."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from aseptic.checks.check import NotApplicable, check
from aseptic.checks.column_names import words_of
from aseptic.checks.single_columns import bins_of, goal_of, skill

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from aseptic.checks.evidence import Evidence
    from aseptic.checks.single_columns import Goal
    from aseptic.checks.tables import Sample
    from aseptic.model import Finding

_LEAST_ROWS = 60
#: Words of which one says that the column was written down after the event.
_LATER = frozenset(("after", "outcome", "outcomes", "future", "post", "afterwards", "eventual"))
_END = re.compile(
    "closed|resolved|completed|finished|ended|discharged?|died|death|deceased|churned|cancell?ed"
    "|paid|repaid|settled|refunded|returned|delivered|terminated|defaulted|recovered|expired|left"
)
_EVENT = re.compile(
    "event|time|timestamp|date|created|opened|started|admitted|admission|ordered|at"
)
_NOT_AN_EVENT = re.compile("birth|birthday|born|dob|due|planned|scheduled|expected|valid|target")


@check("D30", severity="warning", needs=("data", "target"))
def future_features(
    run: Evidence, *, skill_limit: float = 0.1, later: float = 0.95, equal: float = 0.95
) -> Iterator[Finding]:
    """A feature is known only after what the model is to tell.

    Why: when the model has to predict, such a feature is not there yet; the metric that it brings
    will not be reached.

    Method: three signs, none of which is enough by itself. A column whose name says that it is of
    later (`balance_after`, `outcome`) and that tells the target (`skill_limit`, as in D17). A time
    whose name is that of an end (`closed_at`, `discharge_date`) and that lies behind the row's own
    time (`created_at`, `date`) in `later` of the rows, and that tells the target by how much later
    it is or by being missing (`skill_limit`). A column of numbers that is the target of the next
    row in `equal` of the rows, while the target itself is not the same from row to row.

    Remedy: drop it, or take its value as it was at the time of the prediction.

    Source: Kaufman, Rosset, Perlich, Leakage in data mining, KDD 2011.

    Bad::

        rng = np.random.default_rng(0)
        y = rng.integers(0, 2, 500)
        after = 100 * y + rng.normal(0, 80, 500)
        train = (pd.DataFrame({"x": rng.normal(size=500), "balance_after": after}), y)

    Good::

        rng = np.random.default_rng(0)
        y = rng.integers(0, 2, 500)
        before = 100 * y + rng.normal(0, 80, 500)
        train = (pd.DataFrame({"x": rng.normal(size=500), "balance_before": before}), y)
    """
    sample = run.sample(run.main)
    goal = goal_of(sample, run.task)
    if goal is None or len(goal.rows) < _LEAST_ROWS:
        raise NotApplicable("too few rows have a target, or it has one value or too many classes")
    for name in sample.features.columns:
        if _LATER.intersection(words_of(name)):
            yield from _named_later(run, sample, goal, name, skill_limit)
    yield from _later_times(run, sample, goal, later, skill_limit)
    yield from _next_targets(run, sample, equal)


def _named_later(
    run: Evidence, sample: Sample, goal: Goal, name: str, skill_limit: float
) -> Iterator[Finding]:
    bins = bins_of(sample, name)
    told = 0.0 if bins is None else skill(bins, goal)
    if told > skill_limit:
        yield run.finding(
            f"{name} is of later by its name, and tells {told:.0%} of what there is to tell of the "
            "target",
            subject=name,
            sample=sample,
            skill=told,
            skill_limit=skill_limit,
        )


# -- times ----------------------------------------------------------------------------------------
def _later_times(
    run: Evidence, sample: Sample, goal: Goal, later: float, skill_limit: float
) -> Iterator[Finding]:
    times = sample.of_kind("time")
    own = next((name for name in times if _is_of_event(name)), None)
    if own is None:
        return
    for name in times:
        if name == own or not any(map(_END.fullmatch, words_of(name))):
            continue
        length = sample.numbers(name) - sample.numbers(own)
        known = np.isfinite(length)
        if not known.any() or (length[known] > 0).mean() < later:
            continue
        told = _told_by(length, goal)
        if told > skill_limit:
            yield run.finding(
                f"{name} lies behind {own} in {(length[known] > 0).mean():.0%} of the rows, and "
                f"tells {told:.0%} of what there is to tell of the target",
                subject=name,
                sample=sample,
                later=(length[known] > 0).mean(),
                later_limit=later,
                skill=told,
                skill_limit=skill_limit,
            )


def _is_of_event(name: str) -> bool:
    words = words_of(name)
    return any(map(_EVENT.fullmatch, words)) and not any(
        _NOT_AN_EVENT.fullmatch(word) or _END.fullmatch(word) for word in words
    )


def _told_by(values: NDArray[np.float64], goal: Goal) -> float:
    edges = np.nanquantile(values, np.linspace(0.1, 0.9, 9))
    bins = np.searchsorted(edges, values) + 1
    bins[np.isnan(values)] = 0
    return skill(bins, goal)


# -- targets of the next row ----------------------------------------------------------------------
def _next_targets(run: Evidence, sample: Sample, equal: float) -> Iterator[Finding]:
    """The table's first rows, as they follow one another: a sample would tear them apart."""
    target = sample.table.target
    head = sample.table.head(len(sample))
    values = pd.to_numeric(target.head(len(head)), errors="coerce").to_numpy(
        dtype=np.float64, na_value=np.nan
    )
    if len(values) < _LEAST_ROWS or _share_equal(values[:-1], values[1:]) > 0.5:
        return
    for name in head.of_kind("number", "boolean"):
        numbers = head.numbers(name)
        found = _share_equal(numbers[:-1], values[1:])
        if found >= equal and _share_equal(numbers, values) < 0.5:
            yield run.finding(
                f"{name} is the target of the next row in {found:.1%} of the rows",
                subject=name,
                severity="error",
                sample=head,
                remedy=f"shift {name} the other way (`shift(1)`): a row may know the target of the "
                "row before, not of the next",
                equal=found,
                equal_limit=equal,
            )


def _share_equal(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    known = np.isfinite(a) & np.isfinite(b)
    if known.sum() < _LEAST_ROWS / 2:
        return 0.0
    return float(np.isclose(a[known], b[known], rtol=1e-9, atol=0).mean())
