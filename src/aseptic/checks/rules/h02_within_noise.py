"""H02: a run is better than another by less than chance alone would make it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aseptic.checks.check import NotApplicable, check
from aseptic.checks.history import (
    configuration,
    finished,
    judges_of,
    noise_of,
    scores_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from aseptic.checks.evidence import Evidence
    from aseptic.checks.history import Score
    from aseptic.model import Finding, Run


@check("H02", severity="warning", needs=("run",), cost="look")
def within_noise(
    run: Evidence, *, errors: float = 2.0, reruns: int = 3, newest: int = 300
) -> Iterator[Finding]:
    """The gain over an earlier run is within what chance alone makes.

    Why: another seed or another test set of the same size would as likely have turned it round,
    so nothing was learnt yet about which of the two is better.

    Method: the baseline among the `newest` earlier runs, else the best one with other code or
    params, is compared where the metric is the same and was measured on the same data. The gain
    counts from `errors` standard errors on: of the metric for so many rows, or, where `reruns`
    runs of one of the two differ in nothing but the seed, their standard deviation times √2,
    whichever is more. It is a warning against a baseline, else information.

    Remedy: run both with five seeds and compare the means; or judge on more rows, or by repeated
    cross-validation.

    Source: Bouthillier et al. 2021, "Accounting for variance in machine learning benchmarks".

    Bad::

        from aseptic.model import DataInput
        from aseptic.testing import make_run

        inputs = {"X_val": DataInput(name="X_val", kind="array", digest="ab", shape=(200, 4))}
        before = make_run(params={"C": 1}, metrics={"acc": 0.90}, data_inputs=inputs)
        earlier = [before]
        run = make_run(params={"C": 2}, metrics={"acc": 0.91}, data_inputs=inputs)

    Good::

        from aseptic.model import DataInput
        from aseptic.testing import make_run

        inputs = {"X_val": DataInput(name="X_val", kind="array", digest="ab", shape=(200, 4))}
        before = make_run(params={"C": 1}, metrics={"acc": 0.80}, data_inputs=inputs)
        earlier = [before]
        run = make_run(params={"C": 2}, metrics={"acc": 0.91}, data_inputs=inputs)
    """
    record = run.run
    assert record is not None
    earlier = list(finished(run.history(), most=newest))
    score, other = _compared(record, earlier)
    gain = score.gain_over(float(other.metrics[score.name].value))
    if gain <= 0:
        return
    judges = judges_of(record, evidence=run)
    noise = noise_of(score, record, other, judges=judges, earlier=earlier, reruns=reruns)
    if noise is None:
        raise NotApplicable(f"the standard error of {score.name} is not known")
    if gain < errors * noise.error:
        yield run.finding(
            f"{score.name} is {gain:.2g} better than that of {other.name}, and chance makes"
            f" ±{noise.error:.2g} ({noise.source})",
            subject=score.name,
            severity="warning" if other.is_baseline else "info",
            gain=gain,
            limit=errors * noise.error,
            standard_error=noise.error,
        )


def _compared(record: Run, earlier: Sequence[Run]) -> tuple[Score, Run]:
    """The score to look at, and the run to compare it with. Raises NotApplicable."""
    own = configuration(record)
    others = [one for one in earlier if _has_comparable_data(record, one)]
    for score in scores_of(record):
        with_score = [one for one in others if score.name in {s.name for s in scores_of(one)}]
        baseline = next((one for one in with_score if one.is_baseline), None)
        if baseline is not None:
            return score, baseline
        rivals = [one for one in with_score if configuration(one) != own]
        if rivals:
            return score, min(rivals, key=lambda one: score.gain_over(_value(one, score)))
    raise NotApplicable("no earlier run has a metric that judges, of the same data")


def _value(run: Run, score: Score) -> float:
    return float(run.metrics[score.name].value)


def _has_comparable_data(record: Run, other: Run) -> bool:
    """Whether no data that judges is known to differ."""
    digests, theirs = _digests(record), _digests(other)
    return all(theirs[name] == digests[name] for name in digests.keys() & theirs.keys())


def _digests(run: Run) -> dict[str, str]:
    """Of the data inputs that judge; what a cell made may be the same data, prepared otherwise."""
    judges = judges_of(run)
    return {judge.name: judge.digest for judge in judges if judge.name in run.data_inputs}
