"""T16: a model has not learnt what simple ones learn from the same data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aseptic.checks import remedies, training_remedies
from aseptic.checks.check import NotApplicable, check
from aseptic.checks.curves import curves_of, plot_of
from aseptic.checks.models import Comparison, compare_with_baselines, number_said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aseptic.checks.evidence import Evidence
    from aseptic.model import Finding


_CAUSES = (
    "T01", "T02", "T03", "T04", "T05", "T06", "T07", "T08", "T10", "T11", "T12", "T13",
    "T15", "T17", "T20", "T21", "T25",
)  # fmt: skip


@check(
    "T16",
    severity="warning",
    needs=("train", "test", "target", "model"),
    instead=("series:train_accuracy", "series:val_accuracy", "fact:reference_score"),
    cost="fit",
    explained_by=_CAUSES,
)
def underfit(
    run: Evidence,
    *,
    gap: float = 0.1,
    behind: float = 0.1,
    errors: float = 2.5,
    short: float = 0.08,
    shrunk: float = 0.1,
) -> Iterator[Finding]:
    """A model does no better on its training data than on the rest, and a simple one beats it.

    Why: there is a pattern in the features that this model cannot hold, or was kept from learning.

    Method: by curves, where `reference_score` (of a linear model or boosted trees on the same
    split) was logged: at the end, the scores on training and on validation data are both `short`
    below it. Weights that have shrunk below `shrunk` of what they were speak of regularisation.
    While training goes on it is not judged.

    Without curves: skill is R², or balanced accuracy stretched so that guessing is 0. The gap
    between training and test rows is below `gap`, and a linear model or small trees, fitted on a
    sample of the same training data, have `behind` more skill on the same test rows, above `errors`
    standard errors.

    Remedy: more capacity, less regularisation, scaled columns, or another kind of model.

    Bad::

        from sklearn.linear_model import LogisticRegression
        rng = np.random.default_rng(0)
        X = rng.normal(size=(800, 3))
        y = (X[:, 0] * X[:, 1] > 0).astype(int)
        train, test = (X[:500], y[:500]), (X[500:], y[500:])
        model = LogisticRegression().fit(*train)

    Good::

        from sklearn.ensemble import HistGradientBoostingClassifier
        rng = np.random.default_rng(0)
        X = rng.normal(size=(800, 3))
        y = (X[:, 0] * X[:, 1] > 0).astype(int)
        train, test = (X[:500], y[:500]), (X[500:], y[500:])
        model = HistGradientBoostingClassifier(max_iter=30).fit(*train)
    """
    if run.has("series:train_accuracy", "series:val_accuracy", "fact:reference_score"):
        yield from _of_curves(run, short=short, shrunk=shrunk)
    else:
        yield from _of_estimator(run, gap=gap, behind=behind, errors=errors)


def _of_curves(run: Evidence, *, short: float, shrunk: float) -> Iterator[Finding]:
    """From the scores of the last epochs beside that of a reference."""
    curves = curves_of(run)
    if run.is_running:
        raise NotApplicable("training goes on")
    train, validation = curves.train_score, curves.validation_score
    reference = curves.fact("reference_score")
    assert train is not None
    assert validation is not None
    assert reference is not None
    is_short = max(train.last, validation.last) < reference - short
    if not is_short:
        return
    shrunken, share = curves.shrinkage or ("", 1.0)
    is_regularised = share < shrunk
    yield run.finding(
        f"{validation.name} ends at {validation.last:.2f} ({train.name} {train.last:.2f}), where a"
        f" reference has {reference:.2f}"
        + (f"; the weights of {shrunken} have shrunk away" if is_regularised else ""),
        remedy=training_remedies.learn_more(curves, is_regularised=is_regularised),
        plot=plot_of([validation, train], x="epoch"),
        series=train.name,
        step=float(train.x[-1]),
        score=validation.last,
        train_score=train.last,
        reference=reference,
        short_limit=short,
        shrunk=share,
        shrunk_limit=shrunk,
    )


def _of_estimator(run: Evidence, *, gap: float, behind: float, errors: float) -> Iterator[Finding]:
    """For a model without training curves: from its scores beside those of baselines."""
    found = compare_with_baselines(run)
    if not is_underfit(found, gap=gap, behind=behind, errors=errors):
        return
    fitted, best = found.best
    yield run.finding(
        f"{found.model.name} has {found.on_test.said} on {run.test.name}"
        f" ({found.on_train.value:.2f} on {run.train.name}), where {fitted.said} has"
        f" {best.value:.2f}",
        subject=found.model.name,
        remedy=f"try {remedies.richer(found.model)}; or begin with {fitted.said}",
        sample=found.test.sample,
        plot=found.plot(),
        gap=found.gap[0],
        gap_limit=gap,
        behind=number_said(*found.behind),
        behind_limit=behind,
        fitted_on=found.fitted_on,
        **found.numbers,
    )


def is_underfit(found: Comparison, *, gap: float, behind: float, errors: float) -> bool:
    """No gap to speak of, and a simple model that is better on the same rows."""
    lost, error = found.behind
    return found.gap[0] < gap and lost > max(behind, errors * error)
