"""T01: a loss, a metric or a gradient that is NaN or infinite."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from aseptic.checks import training_remedies as remedies
from aseptic.checks.check import NotApplicable, check
from aseptic.checks.curves import Curve, curves_of, first_where, plot_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aseptic.checks.evidence import Evidence
    from aseptic.model import Finding

_COLUMNS_SAID = 3


@check("T01", severity="error", needs=("series:*",), cost="look")
def not_finite(run: Evidence, *, passing: float = 0.02) -> Iterator[Finding]:
    """The loss or the gradient is NaN or infinite.

    Why: from there on every weight is NaN, and no further step can mend it.

    Method: the losses and the norm of the gradient, point by point. It is an error where the last
    point of one of them is not finite; where it recovers, at most `passing` of its points pass for
    what mixed precision skips, and a loss with more is a warning. Where the training data are at
    hand, their columns with gaps or infinite values are named.

    Remedy: look for NaN in the data, log(0) and 0/0 in the loss; lower the learning rate, and clip
    the gradient's norm.

    Bad::

        steps = np.arange(200)
        loss = np.where(steps < 150, 2.3 * 0.99**steps, np.nan)
        series = {"loss": (steps, loss)}

    Good::

        steps = np.arange(200)
        series = {"loss": (steps, 2.3 * 0.99**steps), "grad_norm": (steps, 0.99**steps)}
    """
    curves = curves_of(run)
    names = [*curves.losses, *(["grad_norm"] if curves.has_series("grad_norm") else [])]
    if not names:
        raise NotApplicable("needs a loss or the norm of the gradient: `aseptic.log(loss=…)`")
    found = [curves.raw(name) for name in names]
    for curve in sorted(filter(_has_gaps, found), key=_share_before):
        gaps = ~np.isfinite(curve.y)
        lasts = bool(gaps[-1])
        if not lasts and (curve.name == "grad_norm" or gaps.mean() <= passing):
            continue
        place = first_where(gaps) or 0
        columns = _columns_with_gaps(run)
        yield run.finding(
            f"{curve.name} is {_said(curve.y[place])} from {curve.x[place]:g} on"
            if lasts
            else f"{curve.name} is not finite at {gaps.sum():,} of {len(curve):,} points",
            subject=curve.name,
            severity=None if lasts else "warning",
            remedy=_remedy(run, columns),
            plot=plot_of([curve]),
            series=curve.name,
            step=float(curve.x[place]),
            before=float(curve.y[place - 1]) if place else None,
            share=float(gaps.mean()),
            passing_limit=passing,
            columns=columns,
        )
        return  # one of them makes the others so


def _has_gaps(curve: Curve) -> bool:
    return not bool(np.isfinite(curve.y).all())


def _share_before(curve: Curve) -> float:
    return (first_where(~np.isfinite(curve.y)) or 0) / len(curve)


def _said(value: float) -> str:
    return "NaN" if np.isnan(value) else "infinite"


def _columns_with_gaps(run: Evidence) -> tuple[str, ...]:
    table = run.find_table("train")
    if table is None:
        return ()
    features = run.sample(table).features.select_dtypes("number")
    is_finite = np.isfinite(features.to_numpy(np.float64, na_value=np.nan)).all(axis=0)
    return tuple(map(str, features.columns[~is_finite]))


def _remedy(run: Evidence, columns: tuple[str, ...]) -> str | None:
    if columns:
        more = "" if len(columns) <= _COLUMNS_SAID else f" and {len(columns) - _COLUMNS_SAID} more"
        said = ", ".join(columns[:_COLUMNS_SAID])
        return f"fill or drop the gaps of the training data: {said}{more}"
    curves = curves_of(run)
    return (
        "look for NaN in the data, log(0) and 0/0 in the loss; else try"
        f" {remedies.rate_times(curves, 0.1)}, and clip the gradient's norm"
    )
