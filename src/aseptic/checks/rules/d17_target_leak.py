"""D17: one feature gives the target away."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from aseptic.checks import plots
from aseptic.checks.check import NotApplicable, check
from aseptic.checks.single_columns import bins_of, goal_of, skill

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aseptic.checks.evidence import Evidence
    from aseptic.model import Finding

_LEAST_ROWS = 60
_TWINS = 0.995  # two columns that both tell as much as this may be the same leak
_TWINS_RESIDUAL = 0.1
_ALONE = 0.995  # asked of a column that has no others to be compared with


@check("D17", severity="error", needs=("data", "target"))
def target_leak(
    run: Evidence, *, skill_limit: float = 0.95, residual: float = 0.35, errors: float = 2.0
) -> Iterator[Finding]:
    """One feature gives the target away.

    Why: such a feature is mostly made from the target, or written down after it is known; it will
    not be there when the model has to predict.

    Method: each column by itself, cut into bins, predicts the target of rows that were left out,
    in three folds. Classes are judged by balanced accuracy, quantities by the explained variance of
    their ranks; both are 0 by chance and 1 at best. It counts above `skill_limit`, where what is
    left unexplained is less than `residual` of what the second best column leaves, by `errors`
    standard errors: a subject where several columns tell the target nearly as well is easy, not
    leaking. A missing value counts as a value: a date of discharge is missing for who is still ill.

    Remedy: ask when this column is known. Drop it if that is after the prediction has to be made,
    or if it was computed from the target.

    Source: Kaufman, Rosset, Perlich, Leakage in data mining, KDD 2011.

    Bad::

        rng = np.random.default_rng(0)
        y = rng.integers(0, 2, 500)
        train = (np.column_stack([rng.normal(size=(500, 4)), y + rng.normal(0, 0.1, 500)]), y)

    Good::

        rng = np.random.default_rng(0)
        y = rng.integers(0, 2, 500)
        train = (np.column_stack([rng.normal(size=(500, 4)), y + rng.normal(0, 1, 500)]), y)
    """
    sample = run.sample(run.main)
    goal = goal_of(sample, run.task)
    if goal is None or len(goal.rows) < _LEAST_ROWS:
        raise NotApplicable("too few rows have a target, or it has one value or too many classes")
    skills: dict[str, float] = {}
    for number, name in enumerate(sample.features.columns):
        if run.is_hurried:
            raise NotApplicable(f"the time was over after {number:,} columns")
        bins = bins_of(sample, name)
        if bins is not None:
            skills[name] = skill(bins, goal)
    best = sorted(skills, key=lambda name: -skills[name])
    for name in _leaks(best, skills, len(goal.rows), skill_limit, residual, errors):
        yield run.finding(
            f"{name} alone tells the target almost for sure: {skills[name]:.1%} of what there is "
            "to tell",
            subject=name,
            sample=sample,
            skill=skills[name],
            skill_limit=skill_limit,
            unexplained=1 - skills[name],
            unexplained_by_the_next=tuple(1 - skills[other] for other in best[1:4]),
            residual_limit=residual,
            plot=plots.bars(best[:10], {"skill": [skills[one] for one in best[:10]]}, y="skill"),
        )


def _leaks(
    best: list[str],
    skills: dict[str, float],
    n_rows: int,
    skill_limit: float,
    residual: float,
    errors: float,
) -> list[str]:
    """The columns that stand out: the best one, or the best two where both are one leak."""
    left = [1 - skills[name] for name in best[:3]] + [1.0, 1.0]
    if len(best) < 2:
        return best if best and skills[best[0]] > _ALONE else []
    if left[0] >= 1 - skill_limit:
        return []
    if left[0] < residual * left[1] and _is_sure(left[0], left[1], n_rows, errors):
        return best[:1]
    are_twins = left[1] < 1 - _TWINS and left[1] < _TWINS_RESIDUAL * left[2]
    return best[:2] if are_twins and _is_sure(left[1], left[2], n_rows, errors) else []


def _is_sure(left: float, left_by_next: float, n_rows: int, errors: float) -> bool:
    return n_rows * (left_by_next - left) > errors * math.sqrt(n_rows * max(0.0, left_by_next))
