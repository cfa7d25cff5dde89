"""T15: what a model learnt holds for its training rows alone."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from aseptic.checks import plots
from aseptic.checks.check import NotApplicable, check
from aseptic.checks.curves import curves_of, median, smoothed
from aseptic.checks.models import (
    Comparison,
    compare_with_baselines,
    out_of_fold_predictions,
    score,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from aseptic.checks.curves import Curves
    from aseptic.checks.evidence import Evidence
    from aseptic.model import Finding


_FEWEST_EPOCHS = 6
_SKILLED = 0.2  # of what separates guessing from a score of 1
_REBOUND = 1.25  # of the validation loss, after something was learnt: that is T14
_CAUSES = (
    "T01", "T02", "T05", "T06", "T07", "T08", "T09", "T10", "T11", "T12", "T13", "T17", "T20",
)  # fmt: skip


@check(
    "T15",
    severity="error",
    needs=("train", "test", "target", "model"),
    instead=("series:val_loss", "series:train_loss|loss", "fact:dummy_loss|n_classes"),
    cost="fit",
    explained_by=_CAUSES,
)
def no_generalisation(
    run: Evidence,
    *,
    learnt: float = 0.2,
    kept: float = 0.03,
    errors: float = 3.0,
    explained: float = 0.05,
) -> Iterator[Finding]:
    """A model does well on its training data, and no better than a constant on the rest.

    Why: either the features say nothing about the target, or the two tables do not belong
    together: shuffled targets, another preprocessing, another population.

    Method: by curves, where the loss on validation data was logged: at the end more than
    `explained` of the dummy loss is explained by the training loss, and less than `kept` by the
    validation loss; and at no epoch (medians of three) was it more than chance gives: `kept`, or
    1.2 standard errors of a third of the training rows, 12 % at most; nor is the accuracy or R² a
    fifth of the way from guessing to 1. Where it was above `kept` and has risen by a quarter since,
    T14 speaks. While training goes on, after 10 epochs.

    Without curves: skill is R², or balanced accuracy stretched so that guessing is 0. The skill on
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
    if run.has("series:val_loss", "fact:dummy_loss|n_classes"):
        yield from _of_curves(run, learnt=explained, kept=kept)
    else:
        yield from _of_estimator(run, learnt=learnt, kept=kept, errors=errors)


def _of_curves(run: Evidence, *, learnt: float, kept: float) -> Iterator[Finding]:
    """From the losses of training and validation by epoch, in units of the dummy loss."""
    curves = curves_of(run)
    pair, base = curves.pair, curves.dummy_loss
    if pair is None or base is None or len(pair.x) < _FEWEST_EPOCHS:
        raise NotApplicable(f"needs both losses of {_FEWEST_EPOCHS} epochs at least")
    if curves.is_running and not curves.has_seen(epochs=10, steps=1000):
        raise NotApplicable("training has just begun")
    of_train = 1 - median(pair.train[-max(1, len(pair.train) // 10) :]) / base
    of_validation, best = _explained_of_validation(curves, pair.validation, base)
    chance = max(kept, _by_chance(curves.fact("n_train")))
    if of_train <= learnt or of_validation >= kept or best >= chance:
        return
    if curves.skill is not None and curves.skill > _SKILLED:
        return  # it is right, and far too sure
    if best > kept and 1 - of_validation > _REBOUND * (1 - best):
        return
    assert curves.validation_loss is not None
    name = curves.validation_loss.name
    yield run.finding(
        f"{of_train:.0%} of the dummy loss is explained on training data, and"
        f" {max(of_validation, 0.0):.0%} on validation data: what was learnt holds for the training"
        " rows alone",
        remedy="look whether features and labels are in the same order, whether labels were"
        " shuffled, and whether validation rows went through the same preprocessing",
        plot=plots.lines(
            pair.x.tolist(),
            {"training": pair.train.tolist(), "validation": pair.validation.tolist()},
            y="loss",
        ),
        series=name,
        step=float(pair.x[0]),
        explained=of_train,
        explained_limit=learnt,
        kept=of_validation,
        kept_limit=kept,
        best=best,
        best_limit=chance,
        dummy_loss=base,
        of=curves.dummy_said,
    )


def _explained_of_validation(
    curves: Curves, losses: NDArray[np.float64], base: float
) -> tuple[float, float]:
    """What is explained of the validation data at the end, and at best.

    R² knows how much their own targets vary; the dummy loss is that of the training targets.
    """
    score = curves.validation_score
    if score is not None and score.name.lower().endswith("r2") and len(score.finite):
        shares = score.finite.y
    else:
        shares = 1 - losses / base
    return median(shares[-max(1, len(shares) // 10) :]), float(np.max(smoothed(shares)))


def _by_chance(rows: float | None) -> float:
    """What may be explained of validation data by chance, where a third as many rows are those."""
    return 0.0 if not rows or rows < 0 else min(0.12, 1.2 / math.sqrt(rows / 3))


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
