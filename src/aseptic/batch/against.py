"""Whether a job's run is worse than its baseline by more than chance makes.

The noise is that of H02: the standard error of the metric for the rows that judged it, or the
spread of runs that differ in nothing but the seed, whichever is more; twice of it counts. No
store keeps predictions, so rows cannot be paired. Where neither tells the noise, a loss of more
than `UNKNOWN_SHARE` of the baseline's value counts, and the report says that this was the rule.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from aseptic.batch.report import Comparison
from aseptic.checks.history import Noise, Score, judges_of, noise_of, scores_of
from aseptic.checks.recorded import earlier_runs
from aseptic.checks.roles import role_of
from aseptic.direction import direction_of
from aseptic.errors import BadOption, NoSuchMetric

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aseptic.model import Direction, Metric, Run
    from aseptic.store.base import Store

ERRORS = 2.0  # standard errors that a loss must exceed
UNKNOWN_SHARE = 0.05
OWN_BASELINE = "baseline"  # the word for the baseline of the job's experiment


def find_baseline(store: Store, wanted: str, *, experiment: str) -> Run:
    """The run to compare with, found before the job begins. Raises RunNotFound and BadOption."""
    if wanted != OWN_BASELINE:
        return store.get_run(wanted)
    found = store.read_runs("is_baseline", experiment=experiment).run_ids
    if not found:
        raise BadOption(
            f"run: experiment {experiment!r} has no baseline yet. `aseptic baseline RUN` sets it, "
            "or name a run: --against RUN"
        )
    return store.get_run(found[0])


def metric_to_compare(baseline: Run, wanted: str | None) -> str:
    """The metric named, or the one that judges the baseline. Raises NoSuchMetric and BadOption."""
    if wanted is None:
        scores = scores_of(baseline)
        if not scores:
            raise BadOption(
                f"run: which metric? Nothing that judges {baseline.name} is known: say --metric"
            )
        return scores[0].name
    found = baseline.metrics.get(wanted)
    if found is None:
        raise NoSuchMetric(wanted, known=baseline.metrics)
    if _direction(found) is None:
        raise BadOption(f"run: it is not known whether more of {wanted} is better or worse")
    return wanted


def compare(runs: Sequence[Run], baseline: Run, metric: str, store: Store) -> Comparison:
    """The last of the job's runs that has the metric, beside the baseline.

    NaN, or no such run, is worse: it cannot be shown that the job is as good.
    """
    reference = baseline.metrics[metric]
    direction = _direction(reference)
    assert direction is not None
    run = next((one for one in reversed(runs) if metric in one.metrics), None)
    value = run.metrics[metric].value if run is not None else math.nan
    old = float(reference.value)
    if run is None or not math.isfinite(value):
        return Comparison(
            metric=metric,
            run=run.name if run else None,
            value=None,
            baseline=baseline.name,
            baseline_id=baseline.run_id,
            baseline_value=old,
            gain=None,
            noise=None,
            noise_from="there is no number to compare",
            verdict="worse",
        )
    score = Score(metric, float(value), direction, role_of(metric))
    gain = score.gain_over(old)
    noise, source = _noise(score, run, baseline, store)
    verdict = "within noise" if abs(gain) <= noise else "better" if gain > 0 else "worse"
    return Comparison(
        metric=metric,
        run=run.name,
        value=score.value,
        baseline=baseline.name,
        baseline_id=baseline.run_id,
        baseline_value=old,
        gain=gain,
        noise=noise,
        noise_from=source,
        verdict=verdict,  # type: ignore[arg-type]  # one of the three
    )


def _direction(metric: Metric) -> Direction | None:
    return metric.direction or direction_of(metric.name)


def _noise(score: Score, run: Run, baseline: Run, store: Store) -> tuple[float, str]:
    """What a loss must exceed, in the unit of the metric, and in words where that comes from."""
    earlier = [one for one in earlier_runs(store, run) if one.run_id != baseline.run_id]
    judges = judges_of(run)
    found = noise_of(score, run, baseline, judges=judges, earlier=[baseline, *earlier])
    if found is None:
        limit = UNKNOWN_SHARE * abs(float(baseline.metrics[score.name].value))
        return limit, f"noise is not known, so a loss of {UNKNOWN_SHARE:.0%} counts"
    known = {judge.digest for judge in judges_of(baseline)}
    if known and known.isdisjoint(judge.digest for judge in judges):
        found = Noise(found.error * math.sqrt(2), f"{found.source}, and other data judged it")
    return ERRORS * found.error, f"{ERRORS:g} standard errors {found.source}"
