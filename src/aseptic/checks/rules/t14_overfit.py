"""T14: a model knows its training data by heart, and pays for it on other rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aseptic.checks import remedies
from aseptic.checks.check import check
from aseptic.checks.models import Comparison, compare_with_baselines, number_said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aseptic.checks.evidence import Evidence
    from aseptic.model import Finding


@check("T14", severity="warning", needs=("train", "test", "target", "model"), cost="fit")
def overfit(
    run: Evidence, *, gap: float = 0.1, behind: float = 0.1, errors: float = 3.5
) -> Iterator[Finding]:
    """A model does far better on its training data, and a simpler one beats it on the rest.

    Why: what it learnt beyond the pattern is noise, and costs on every new row.

    Method: skill is R², or balanced accuracy stretched so that guessing is 0. A gap between
    training and test rows alone is no harm: an honest forest knows its training rows by heart. It
    counts where the gap is above `gap`, and a linear model or small trees, fitted on a sample of
    the same training data, have `behind` more skill on the same test rows; both differences above
    `errors` standard errors.

    Remedy: regularise, simplify, stop earlier, or collect more rows.

    Bad::

        from sklearn.neighbors import KNeighborsRegressor
        rng = np.random.default_rng(0)
        X = rng.normal(size=(700, 8))
        y = X @ np.arange(8) + rng.normal(size=700) * 8
        train, test = (X[:400], y[:400]), (X[400:], y[400:])
        model = KNeighborsRegressor(1).fit(*train)

    Good::

        from sklearn.ensemble import RandomForestClassifier
        rng = np.random.default_rng(0)
        X = rng.normal(size=(700, 8))
        y = (X[:, 0] + X[:, 1] ** 2 + rng.normal(size=700) * 0.3 > 1).astype(int)
        train, test = (X[:400], y[:400]), (X[400:], y[400:])
        model = RandomForestClassifier(50, random_state=0).fit(*train)
    """
    yield from _of_estimator(run, gap=gap, behind=behind, errors=errors)


def _of_estimator(run: Evidence, *, gap: float, behind: float, errors: float) -> Iterator[Finding]:
    """For a model without training curves: from its scores beside those of baselines."""
    found = compare_with_baselines(run)
    if not is_overfit(found, gap=gap, behind=behind, errors=errors):
        return
    fitted, best = found.best
    yield run.finding(
        f"{found.model.name} has {found.on_train.said} on {run.train.name} and"
        f" {found.on_test.value:.2f} on {run.test.name}, where {fitted.said} has {best.value:.2f}",
        subject=found.model.name,
        remedy=f"try {remedies.simpler(found.model)}; or begin with {fitted.said}",
        plot=found.plot(),
        gap=found.gap[0],
        gap_limit=gap,
        behind=number_said(*found.behind),
        behind_limit=behind,
        sample=found.test.sample,
        fitted_on=found.fitted_on,
        **found.numbers,
    )


def is_overfit(found: Comparison, *, gap: float, behind: float, errors: float) -> bool:
    """Symptom and harm: the gap, and a simpler model that is better on the same rows."""
    between, between_error = found.gap
    lost, lost_error = found.behind
    if between < max(gap, errors * between_error) or lost < max(behind, errors * lost_error):
        return False
    return found.on_test.skill > min(0.03, 2 * found.on_test.error)  # else T15 speaks
