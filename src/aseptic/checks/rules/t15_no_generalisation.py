"""T15: what a model learnt holds for its training rows alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from aseptic.checks.check import check
from aseptic.checks.models import (
    Comparison,
    compare_with_baselines,
    out_of_fold_predictions,
    score,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aseptic.checks.evidence import Evidence
    from aseptic.model import Finding


@check("T15", severity="error", needs=("train", "test", "target", "model"), cost="fit")
def no_generalisation(
    run: Evidence, *, learnt: float = 0.2, kept: float = 0.03, errors: float = 3.0
) -> Iterator[Finding]:
    """A model does well on its training data, and no better than a constant on the rest.

    Why: either the features say nothing about the target, or the two tables do not belong
    together: shuffled targets, another preprocessing, another population.

    Method: skill is R², or balanced accuracy stretched so that guessing is 0. The skill on
    training rows is above `learnt`, that on test rows below `kept` and within 2 standard errors
    of 0, and the gap above `errors` standard errors; with more than 5 classes, predictions must not
    rise with the classes either. Whether baselines find a pattern inside the
    training data (3 folds) and in the test data tells which of the two it is: where they find
    none in either, it is a warning.

    Remedy: check that features and targets are in the same order, that the test data went through
    the same preprocessing, and that both come from one population.

    Bad::

        from sklearn.ensemble import RandomForestClassifier
        rng = np.random.default_rng(0)
        X = rng.normal(size=(600, 5))
        y = (X[:, 0] > 0).astype(int)
        train, test = (X[:400], y[:400]), (X[400:], rng.permutation(y[400:]))
        model = RandomForestClassifier(30, random_state=0).fit(*train)

    Good::

        from sklearn.ensemble import RandomForestClassifier
        rng = np.random.default_rng(0)
        X = rng.normal(size=(600, 5))
        y = (X[:, 0] > 0).astype(int)
        train, test = (X[:400], y[:400]), (X[400:], y[400:])
        model = RandomForestClassifier(30, random_state=0).fit(*train)
    """
    yield from _of_estimator(run, learnt=learnt, kept=kept, errors=errors)


def _of_estimator(run: Evidence, *, learnt: float, kept: float, errors: float) -> Iterator[Finding]:
    """For a model without training curves: from its scores beside those of baselines."""
    found = compare_with_baselines(run)
    if not has_learnt_in_vain(found, learnt=learnt, kept=kept, errors=errors):
        return
    finds_within = _skill_within(run, found) > 0.1
    finds_beyond = found.best[1].skill - errors * found.best[1].error > 0.1
    remedy = None
    if finds_beyond:
        remedy = (
            f"{found.best[0].said} has {found.best[1].said} on the same test rows: look for what"
            f" {found.model.name} was fitted on, and whether its targets were shuffled"
        )
    elif not finds_within:
        remedy = (
            "simple models find no pattern in the training data either (3 folds): other features"
            " are needed, or the targets are not in the order of the rows"
        )
    yield run.finding(
        f"{found.model.name} has {found.on_train.said} on {run.train.name} and"
        f" {found.on_test.value:.2f} on {run.test.name}: no better than a constant",
        subject=found.model.name,
        severity=None if finds_within or finds_beyond else "warning",
        remedy=remedy,
        sample=found.test.sample,
        plot=found.plot(),
        learnt=found.on_train.skill,
        learnt_limit=learnt,
        kept=found.on_test.skill,
        kept_limit=kept,
        fitted_on=found.fitted_on,
        **found.numbers,
    )


def has_learnt_in_vain(found: Comparison, *, learnt: float, kept: float, errors: float) -> bool:
    """Skill on the training rows, none on the test rows, and too few of those is no reason."""
    between, error = found.gap
    test = found.on_test
    return (
        found.on_train.skill > learnt
        and test.skill < min(kept, 2 * test.error)
        and between > max(learnt, errors * error)
        and not _are_in_order(found, errors)
    )


def _are_in_order(found: Comparison, errors: float) -> bool:
    """Whether many classes, such as counts, are missed by little: predictions rise with them."""
    if found.test.n_classes <= 5:
        return False
    truth, predicted = found.test.target, found.model.predictions(found.test)
    if np.ptp(truth) == 0 or np.ptp(predicted) == 0:
        return False
    return bool(np.corrcoef(truth, predicted)[0, 1] * np.sqrt(len(truth)) > errors)


def _skill_within(run: Evidence, found: Comparison) -> float:
    """The best skill of baselines inside the training data, less its error."""
    learnt = found.learnt
    scores = [
        score(learnt.target, out_of_fold_predictions(run, learnt, kind), learnt.task)
        for kind in ("linear", "trees")
    ]
    return max(one.skill - 3 * one.error for one in scores)
