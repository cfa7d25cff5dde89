"""D01: values are missing, and it hangs on the label or on the side of the split."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from aseptic.checks import plots
from aseptic.checks.check import NotApplicable, check
from aseptic.checks.statistics import kolmogorov_smirnov, two_proportions

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from numpy.typing import NDArray

    from aseptic.checks.evidence import Evidence
    from aseptic.checks.tables import Sample
    from aseptic.model import Finding

_FEW = 5  # columns that get a finding each; more get one together
_MOST_CLASSES = 20


@check("D01", needs=("data",))
def missing_values(
    run: Evidence,
    *,
    share: float = 0.05,
    much: float = 0.2,
    difference: float = 0.05,
    label_difference: float = 0.2,
    p: float = 0.001,
) -> Iterator[Finding]:
    """Values are missing.

    Why: most estimators refuse rows with missing values, and dropping or filling them changes
    what the data represents. Where it hangs on the label whether a value is missing, the gap
    itself gives the answer away; where train and test differ in it, they were made differently.

    Method: the share of missing and infinite values of each column, above `share`: a warning
    above `much`, else worth knowing. Between train and test, the two-proportion z-test: the
    shares differ by more than `difference`. Between rows of one class and the others, the same
    test: by more than `label_difference`; for a number as target, the Kolmogorov-Smirnov distance
    of its values. Both at `p`, divided by the number of tests (Bonferroni).

    Remedy: find out why they are missing; fill inside the pipeline, fitted on train alone
    (`SimpleImputer(add_indicator=True)`), or leave the column out.

    Bad::

        rng = np.random.default_rng(0)
        data = pd.DataFrame(rng.normal(size=(300, 2)), columns=["age", "income"])
        data.loc[:89, "age"] = np.nan

    Good::

        rng = np.random.default_rng(0)
        data = pd.DataFrame(rng.normal(size=(300, 2)), columns=["age", "income"])
        data.loc[:2, "age"] = np.nan
    """
    table = run.main
    sample = run.sample(table)
    if not len(sample):
        raise NotApplicable(f"{table.name} has no rows")
    counts = _counts(sample)
    yield from _often(run, sample, counts, share, much)
    if table.target is not None:
        yield from _by_label(run, sample, counts, label_difference, p)
    if table.role == "train":
        for other in run.tables_of("validation", "test"):
            yield from _between(run, sample, counts, run.sample(other), difference, p)


def _counts(sample: Sample) -> NDArray[np.int64]:
    """How many values of each column are missing or infinite."""
    counts = np.zeros(sample.features.shape[1], dtype=np.int64)
    places = {name: place for place, name in enumerate(sample.features.columns)}
    for names, numbers in sample.number_blocks():
        counts[[places[name] for name in names]] = len(numbers) - np.isfinite(numbers).sum(axis=0)
    for name in set(places) - set(sample.of_kind("number")):
        counts[places[name]] = int(sample.features[name].isna().sum())
    return counts


def _gaps(sample: Sample, name: str) -> NDArray[np.bool_]:
    """Whether the value of a column is missing or infinite, row by row."""
    if sample.kinds[name] == "number":
        return ~np.isfinite(sample.numbers(name))
    found: NDArray[np.bool_] = sample.features[name].isna().to_numpy()
    return found


def _often(
    run: Evidence, sample: Sample, counts: NDArray[np.int64], share: float, much: float
) -> Iterator[Finding]:
    shares = counts / len(sample)
    names = list(sample.features.columns)
    found = sorted(np.flatnonzero(shares > share), key=lambda place: -shares[place])
    if len(found) > _FEW:
        labels = [names[place] for place in found]
        values = [float(shares[place]) for place in found]
        yield run.finding(
            f"more than {share:.0%} is missing of each of {len(found)} columns, most of"
            f" {labels[0]} ({values[0]:.1%})",
            severity="warning" if values[0] > much else "info",
            sample=sample,
            columns=labels[:20],
            shares=values[:20],
            limit=share,
            plot=plots.bars(labels, {"missing": values}, x="column", y="share"),
        )
        return
    for place in found:
        yield run.finding(
            f"{shares[place]:.1%} of {names[place]} is missing",
            subject=names[place],
            severity="warning" if shares[place] > much else "info",
            remedy="leave the column out, or keep only whether it is known: too little is there"
            if shares[place] > 0.5
            else None,
            sample=sample,
            rows=sample.positions[_gaps(sample, names[place])],
            share=shares[place],
            limit=share,
        )


def _by_label(
    run: Evidence, sample: Sample, counts: NDArray[np.int64], least: float, p: float
) -> Iterator[Finding]:
    target = sample.target
    if target is None or len(sample) < 20:
        return
    places = np.flatnonzero((counts >= 10) & (counts <= len(sample) - 10))
    for place in places:
        name = str(sample.features.columns[int(place)])
        gaps = _gaps(sample, name)
        effect, found_p, of = _label_effect(run, gaps, target)
        if effect > least and found_p < p / (of * len(places)):
            yield run.finding(
                f"whether {name} is missing hangs on the label: the shares differ by {effect:.0%}"
                if of > 1
                else f"whether {name} is missing hangs on the target (distance {effect:.2f})",
                subject=name,
                remedy=f"find out whether {name} is known before the label is; if not, leave it"
                " out and do not add a missing-indicator",
                sample=sample,
                rows=sample.positions[gaps],
                effect=effect,
                limit=least,
                p=found_p,
            )


def _label_effect(
    run: Evidence, gap: NDArray[np.bool_], target: pd.Series
) -> tuple[float, float, int]:
    """The effect, its p, and how many classes were tried (1 for a quantity)."""
    if run.task == "regression":
        values = target.to_numpy(dtype=np.float64, na_value=np.nan)
        effect, p = kolmogorov_smirnov(values[~gap], values[gap])
        return effect, p, 1
    best = (0.0, 1.0)
    classes = target.value_counts().index[:_MOST_CLASSES]
    for label in classes:
        inside = (target == label).to_numpy(dtype=bool, na_value=False)
        hits, of = int(gap[inside].sum()), int(inside.sum())
        effect, p = two_proportions(hits, of, int(gap.sum()) - hits, len(gap) - of)
        if p < best[1]:
            best = abs(effect), p
    return *best, max(2, len(classes))


def _between(
    run: Evidence,
    train: Sample,
    ours: NDArray[np.int64],
    test: Sample,
    least: float,
    p: float,
) -> Iterator[Finding]:
    theirs = _counts(test)
    places = {name: place for place, name in enumerate(test.features.columns)}
    shared = [(at, name) for at, name in enumerate(train.features.columns) if name in places]
    for at, name in shared:
        a, b = int(ours[at]), int(theirs[places[name]])
        effect, found_p = two_proportions(a, len(train), b, len(test))
        if abs(effect) > least and found_p < p / len(shared):
            yield run.finding(
                f"{a / len(train):.1%} of {name} is missing in {train.table.name}, but"
                f" {b / len(test):.1%} in {test.table.name}",
                subject=name,
                remedy=f"{name} was read or joined differently on the two sides: make both alike",
                sample=train,
                train_share=a / len(train),
                test_share=b / len(test),
                limit=least,
                p=found_p,
            )
