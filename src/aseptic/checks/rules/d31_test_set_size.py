"""D31: the test set is so small that its metric says little."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from aseptic.checks import plots
from aseptic.checks.check import NotApplicable, check
from aseptic.checks.models import UserModel, problem, problem_like, score

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aseptic.checks.evidence import Evidence
    from aseptic.checks.tables import Table
    from aseptic.model import Finding

_USUAL_ACCURACY = 0.8  # where no model is there to be asked
_USUAL_SPREAD = 0.6  # sd of squared errors around R², in units of the variance, at R² of 0.7


@check("D31", severity="info", needs=("test", "target"), cost="fit")
def test_set_size(
    run: Evidence,
    *,
    half: float = 0.1,  # noqa: PT028 -- it is no test, in spite of its name
    serious: float = 0.3,  # noqa: PT028
    gain: float = 0.02,  # noqa: PT028
) -> Iterator[Finding]:
    """The test set is so small that usual gains of a metric cannot be seen.

    Why: with a 95 % interval of ± 0.1, of two models that differ by 0.02 the worse one wins about
    every third time.

    Method: the half width of the 95 % interval of balanced accuracy or R², from the standard error
    of the model's own score on the test rows; without a model, of an accuracy of 0.8 or of a usual
    R². Above `half` it is a tip, above `serious` a warning. The rows that are needed to see a
    `gain` at 95 % follow from the same error, which falls with the root of the rows.

    Remedy: judge by cross-validation (`RepeatedKFold`), which uses every row, or hold out more.

    Bad::

        rng = np.random.default_rng(0)
        X, y = rng.normal(size=(300, 3)), rng.integers(0, 2, 300)
        train, test = (X[:260], y[:260]), (X[260:], y[260:])

    Good::

        rng = np.random.default_rng(0)
        X, y = rng.normal(size=(3000, 3)), rng.integers(0, 2, 3000)
        train, test = (X[:2000], y[:2000]), (X[2000:], y[2000:])
    """
    table = run.test
    if len(table) < 2:
        raise NotApplicable(f"{table.name} has {len(table):,} rows")
    error, said, sampled = _error(run, table)
    width = 1.96 * error
    if width <= half:
        return
    needed = math.ceil(len(table) * (width / gain) ** 2 / 100) * 100
    yield run.finding(
        f"{len(table):,} rows of {table.name} leave {said} uncertain by ± {width:.2f} (95 %)",
        severity="warning" if width > serious else None,
        remedy=(
            f"to see a gain of {gain:g} take some {needed:,} rows, or compare models by repeated"
            " cross-validation (`RepeatedKFold`) on the same folds"
        ),
        table=table,
        half=width,
        half_limit=half,
        serious_limit=serious,
        judged_on=sampled,
        plot=_plot(len(table), width),
    )


def _error(run: Evidence, table: Table) -> tuple[float, str, str]:
    """The standard error of the metric on the table, what the metric is, and on which rows."""
    if run.model is not None:
        try:
            return _error_of_model(run, table)
        except NotApplicable:
            pass
    if run.task == "regression":
        return _USUAL_SPREAD / math.sqrt(len(table)), "a usual R²", "the number of rows alone"
    error = math.sqrt(_USUAL_ACCURACY * (1 - _USUAL_ACCURACY) / len(table))
    return error, f"an accuracy of {_USUAL_ACCURACY:g}", "the number of rows alone"


def _error_of_model(run: Evidence, table: Table) -> tuple[float, str, str]:
    model = UserModel(run)
    rows = problem_like(run, problem(run, run.train), table, rows=len(model.rows_of(table)))
    found = score(rows.target, model.predictions(rows), rows.task)
    error = found.value_error * math.sqrt(len(rows) / len(table))
    return error, f"{found.said} of {model.name}", rows.said


def _plot(rows: int, width: float) -> dict[str, object]:
    at = [rows * factor for factor in (0.5, 1, 2, 4, 8, 16)]
    widths = [width * math.sqrt(rows / one) for one in at]
    return plots.lines(at, {"± of the metric": widths}, x="test rows", y="half width")
