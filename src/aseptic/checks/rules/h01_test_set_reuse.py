# ruff: noqa: PT028 - its name begins with test_, and it is no test
"""H01: many configurations were scored on one test set, and the best of them is believed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from aseptic.checks.check import NotApplicable, check
from aseptic.checks.history import (
    configuration,
    finished,
    judge_of,
    judges_of,
    scores_of,
    standard_error,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from aseptic.checks.evidence import Evidence
    from aseptic.checks.history import Judge, Score
    from aseptic.model import Finding, Run


@check("H01", severity="warning", needs=("run",), cost="look")
def test_set_reuse(
    run: Evidence, *, configurations: int = 5, newest: int = 300
) -> Iterator[Finding]:
    """The best of many configurations was chosen by its score on the test data.

    Why: the best of many scores is partly the luckiest; on new data the model will be worse than
    its test score says.

    Method: among the `newest` earlier runs, those with the same metric on test data of the same
    digest, or of the same rows in another order, are counted by code and params, seeds aside. From
    `configurations` on, where this run is the best of all k, the luck to expect is the standard
    error of the metric times √(2 ln k). It is a warning where that is as much as the gain over the
    baseline (without one, over the first of these runs), else information.

    Remedy: choose by validation data or cross-validation, and score the chosen model once on test
    data that no choice has seen.

    Source: expected maximum of k normal scores; Blum and Hardt 2015, "The Ladder".

    Bad::

        from aseptic.model import DataInput
        from aseptic.testing import make_run

        inputs = {"X_test": DataInput(name="X_test", kind="array", digest="ab", shape=(200, 4))}
        scores = [0.90, 0.89, 0.91, 0.88, 0.90, 0.905]
        earlier = [
            make_run(params={"C": place}, metrics={"acc": score}, data_inputs=inputs)
            for place, score in enumerate(scores)
        ][::-1]
        run = make_run(params={"C": 99}, metrics={"acc": 0.92}, data_inputs=inputs)

    Good::

        from aseptic.model import DataInput
        from aseptic.testing import make_run

        chosen_by = {"X_val": DataInput(name="X_val", kind="array", digest="ab", shape=(200, 4))}
        earlier = [
            make_run(params={"C": place}, metrics={"acc": 0.9}, data_inputs=chosen_by)
            for place in range(8)
        ]
        inputs = {"X_test": DataInput(name="X_test", kind="array", digest="cd", shape=(200, 4))}
        run = make_run(metrics={"acc": 0.92}, data_inputs=inputs)
    """
    record = run.run
    assert record is not None
    score, judge = _tested(record, run)
    earlier = [one for one in finished(run.history(), most=newest) if _same_test(one, score, judge)]
    tried = {configuration(one) for one in (record, *earlier)}
    if len(tried) < configurations or not _is_best(score, earlier):
        return
    error = standard_error(score.name, score.value, judge.rows)
    if error is None:
        raise NotApplicable(f"the standard error of {score.name} is not known")
    luck = error * math.sqrt(2 * math.log(len(tried)))
    other = next((one for one in earlier if one.is_baseline), earlier[-1])
    gain = score.gain_over(float(other.metrics[score.name].value))
    yield run.finding(
        f"{score.name} is the best of {len(tried):,} configurations scored on {judge.name}: about"
        f" {luck:.2g} of it is luck, and it is {gain:.2g} better than that of {other.name}",
        subject=judge.name,
        severity="warning" if luck >= gain else "info",
        configurations=len(tried),
        limit=configurations,
        luck=luck,
        gain=gain,
        standard_error=error,
        rows_judged=judge.rows,
    )


def _tested(record: Run, run: Evidence) -> tuple[Score, Judge]:
    """The score on test data, and which data that is. Raises NotApplicable."""
    judges = judges_of(record, evidence=run)
    for score in scores_of(record):
        judge = judge_of(score, judges)
        if judge is not None and judge.role == "test":
            return score, judge
    raise NotApplicable("no metric is known to be of test data")


def _same_test(one: Run, score: Score, judge: Judge) -> bool:
    """Whether an earlier run has this score, of the same test data."""
    return judge.is_read_by(one) and any(other.name == score.name for other in scores_of(one))


def _is_best(score: Score, earlier: Sequence[Run]) -> bool:
    return all(score.gain_over(float(one.metrics[score.name].value)) > 0 for one in earlier)
