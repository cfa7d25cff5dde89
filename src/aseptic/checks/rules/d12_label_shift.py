"""D12: the targets of the data that judges the model lie otherwise than those it learned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from aseptic.checks import plots, two_samples
from aseptic.checks.check import check
from aseptic.checks.statistics import kolmogorov_smirnov, shares_differ
from aseptic.checks.tables import task_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aseptic.checks.evidence import Evidence
    from aseptic.checks.tables import Table
    from aseptic.model import Finding

_MOST_ROWS = 1_000_000  # of targets: one column is quickly read


@check("D12", severity="warning", needs=("train", "test", "target"))
def label_shift(run: Evidence, *, effect: float = 0.1, p: float = 0.005) -> Iterator[Finding]:
    """The targets of the test data lie otherwise than those of the training data.

    Why: the metric then speaks of another mix of cases than the model was fitted for, and where
    neither is what the model will meet, of none that matters.

    Method: classes by the chi-squared test and Cramér's V as if both tables were of one size;
    quantities by the Kolmogorov-Smirnov test and its distance. It counts from `effect` on, with a
    p-value below `p`. After a split by group (a column named as `patient_id` or `user`, none of
    whose values is on both sides) only the first row of each group counts: rows of one are alike.

    Remedy: split with `stratify=y`; where the shift is real (the test data are newer), weight the
    training rows by class or report the metric for each class.

    Source: Lipton, Wang, Smola, Detecting and correcting for label shift, ICML 2018.

    Bad::

        rng = np.random.default_rng(0)
        train = (rng.normal(size=(800, 3)), rng.choice(["a", "b"], 800, p=[0.8, 0.2]))
        test = (rng.normal(size=(200, 3)), rng.choice(["a", "b"], 200, p=[0.5, 0.5]))

    Good::

        rng = np.random.default_rng(0)
        train = (rng.normal(size=(800, 3)), rng.choice(["a", "b"], 800, p=[0.8, 0.2]))
        test = (rng.normal(size=(200, 3)), rng.choice(["a", "b"], 200, p=[0.8, 0.2]))
    """
    is_class = run.task == "classification"
    for train, test in run.pairs():
        if test.target is None:
            continue
        find = _classes if is_class else _quantities
        yield from find(run, train, test, _targets(run, train, test), effect, p)


def _targets(run: Evidence, train: Table, test: Table) -> tuple[Any, Any]:
    """All targets, or one a group where a split by group parts them."""
    samples = run.sample(train), run.sample(test)
    independent = two_samples.independent_rows(*samples)
    if independent[0] is samples[0]:
        return train.target, test.target
    return independent[0].target, independent[1].target


def _classes(
    run: Evidence,
    train: Table,
    test: Table,
    targets: tuple[Any, Any],
    effect: float,
    p: float,
) -> Iterator[Finding]:
    labels, ours, theirs = two_samples.counts_of(*targets)
    found = shares_differ(ours, theirs)
    if found.effect < effect or found.p >= p:
        return
    shares = ours / ours.sum(), theirs / theirs.sum()
    most = int(np.argmax(np.abs(shares[1] - shares[0])))
    yield run.finding(
        f"{labels[most]} is {shares[0][most]:.1%} of the targets of {train.name}, "
        f"but {shares[1][most]:.1%} of those of {test.name}",
        subject=test.target_name,
        table=test,
        cramers_v=found.effect,
        effect_limit=effect,
        p=found.p,
        p_limit=p,
        plot=two_samples.share_bars((train.name, test.name), labels, ours, theirs),
    )


def _quantities(
    run: Evidence,
    train: Table,
    test: Table,
    targets: tuple[Any, Any],
    effect: float,
    p: float,
) -> Iterator[Finding]:
    if task_of(test.target) is None:
        return
    ours, theirs = (one.to_numpy(dtype=np.float64, na_value=np.nan)[:_MOST_ROWS] for one in targets)
    found = kolmogorov_smirnov(ours, theirs)
    if found.effect < effect or found.p >= p:
        return
    middle = np.nanmedian(ours), np.nanmedian(theirs)
    yield run.finding(
        f"the targets of {test.name} lie otherwise than those of {train.name}: "
        f"median {middle[1]:.4g} instead of {middle[0]:.4g}",
        subject=test.target_name,
        table=test,
        remedy="shuffle before the split, or stratify by bins of the target; where the shift is "
        "real, report the metric for low, middle and high targets",
        distance=found.effect,
        effect_limit=effect,
        p=found.p,
        p_limit=p,
        plot=plots.histograms({train.name: ours, test.name: theirs}, x=test.target_name or ""),
    )
