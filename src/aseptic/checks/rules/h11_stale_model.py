"""H11: the model in use is of long ago, of other data, or no longer as good as it was."""

from __future__ import annotations

import math
from statistics import stdev
from typing import TYPE_CHECKING, NamedTuple

from aseptic.checks.check import NotApplicable, check
from aseptic.checks.history import finished, judge_of, judges_of, scores_of, standard_error
from aseptic.checks.rules.d29_drift_from_baseline import column_changes, same_tables

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from aseptic.checks.evidence import Evidence
    from aseptic.model import Finding, Run

_DAY_S = 86_400.0


@check("H11", severity="warning", needs=("run",), cost="look")
def stale_model(
    run: Evidence,
    *,
    days: float = 30.0,
    data_sets: int = 20,
    drifted: float = 0.3,
    errors: float = 2.0,
    least: int = 3,
    effect: float = 0.1,
    p: float = 0.005,
    missing: float = 0.05,
    newest: int = 300,
) -> Iterator[Finding]:
    """The deployed model is of long ago, of other data, or no longer as good as it was.

    Why: nobody looks at a model that runs on a schedule; the world goes on, and the score that it
    was chosen for is one of the past.

    Method: the model in use is that of the newest run tagged `deployed`, else of the experiment's
    baseline if this run reads an artifact of it. Runs that read nothing which that run made or
    read are passed over. Four reasons, from the records alone: it is older than `days`; since then
    at least `data_sets` other contents were read under a name that it read too, among the `newest`
    runs of this experiment; a share of at least `drifted` of the columns of a table that both read
    is not what it was (as D29 judges it, by `effect`, `p` and `missing`); and, where this run reads
    an artifact of it, a metric of this run is worse than when the model was new by more than
    `errors` standard errors. When it was new: in the first run of this experiment that read the
    artifact, else in the deployed run. The standard error is that of both for so many rows; once
    there are `least` scores, √2 times their standard deviation if that is more, as one day is
    harder than another: before that, the finding is information. So are age and newer data.

    Remedy: train on newer data, and replace the model if the new one is better beyond noise:
    `aseptic run … --against RUN --metric NAME`, then `aseptic tag RUN +deployed`.

    Bad::

        from aseptic.model import DataInput
        from aseptic.testing import make_run
        from aseptic.testing.runs import make_artifact

        def inputs(day):
            return {
                "model.txt": "xxh3:a1",
                "test": DataInput(name="test", kind="dataframe", digest=day, shape=(900, 6)),
            }

        deployed = make_run(
            tags=("deployed",),
            artifacts={"model.txt": make_artifact("model.txt", content_digest="xxh3:a1")},
        )
        earlier = [make_run(data_inputs=inputs("monday"), metrics={"test_mae": 10.9})]
        run = make_run(data_inputs=inputs("friday"), metrics={"test_mae": 14.2})

    Good::

        from aseptic.model import DataInput
        from aseptic.testing import make_run
        from aseptic.testing.runs import make_artifact

        def inputs(day):
            return {
                "model.txt": "xxh3:a1",
                "test": DataInput(name="test", kind="dataframe", digest=day, shape=(900, 6)),
            }

        deployed = make_run(
            tags=("deployed",),
            artifacts={"model.txt": make_artifact("model.txt", content_digest="xxh3:a1")},
        )
        earlier = [make_run(data_inputs=inputs("monday"), metrics={"test_mae": 10.9})]
        run = make_run(data_inputs=inputs("friday"), metrics={"test_mae": 11.3})
    """
    record = run.run
    assert record is not None
    earlier = list(finished(run.earlier(), most=newest))
    model = _in_use(run, record, earlier)
    yield from _age(run, record, model, days)
    yield from _newer_data(run, record, model, earlier, data_sets)
    yield from _drift(run, model, drifted, effect=effect, p=p, missing=missing)
    yield from _score(run, record, model, earlier, errors, least)


def _in_use(run: Evidence, record: Run, earlier: Sequence[Run]) -> Run:
    """The run whose model is in use, and which this one has to do with. Raises NotApplicable."""
    deployed = run.deployed()
    if deployed is None:
        baseline = next((one for one in earlier if one.is_baseline), None)
        deployed = baseline if baseline and _uses(record, baseline) else None
    if deployed is None:
        raise NotApplicable("no model is known to be in use: `aseptic tag RUN +deployed` says it")
    if deployed.run_id == record.run_id:
        raise NotApplicable("it is the deployed run itself")
    if not _uses(record, deployed) and not record.data_inputs.keys() & deployed.data_inputs.keys():
        raise NotApplicable(f"it reads nothing that the deployed run {deployed.name} made or read")
    return deployed


def _uses(record: Run, model: Run) -> bool:
    """Whether a run reads an artifact of another."""
    made = {one.content_digest for one in model.artifacts.values()} - {None}
    inputs = record.data_inputs.values()
    return any(one.from_run == model.run_id or one.digest in made for one in inputs)


# -- the reasons ----------------------------------------------------------------------------------
def _age(run: Evidence, record: Run, model: Run, days: float) -> Iterator[Finding]:
    age = (record.started_at - model.started_at).total_seconds() / _DAY_S
    if age > days:
        yield run.finding(
            f"the deployed model of {model.name} is {age:.0f} days old",
            subject="age",
            severity="info",
            days=age,
            limit=days,
            deployed=model.run_id,
        )


def _newer_data(
    run: Evidence, record: Run, model: Run, earlier: Sequence[Run], limit: int
) -> Iterator[Finding]:
    since = [record, *(one for one in earlier if one.started_at > model.started_at)]
    for name, read in model.data_inputs.items():
        contents = {one.data_inputs[name].digest for one in since if name in one.data_inputs}
        newer = len(contents - {read.digest, None})
        if newer >= limit:
            yield run.finding(
                f"{newer} newer versions of {name} were read since the deployed run {model.name}",
                subject=name,
                severity="info",
                data_sets=newer,
                limit=limit,
                deployed=model.run_id,
            )
            return


def _drift(
    run: Evidence, model: Run, share: float, *, effect: float, p: float, missing: float
) -> Iterator[Finding]:
    assert run.run is not None
    for before, now in same_tables(model, run.run):
        changes = column_changes([(before, now)], effect=effect, p=p, missing=missing)
        columns = [pair.now.name for _, pair, _ in changes]
        if before.digest != now.digest and len(columns) >= share * len(now.columns):
            yield run.finding(
                f"{len(columns)} of {len(now.columns)} columns of {now.name} are not what they"
                f" were for the deployed model of {model.name}: {', '.join(columns[:5])}",
                subject=now.name,
                columns=columns[:20],
                share=len(columns) / len(now.columns),
                limit=share,
                deployed=model.run_id,
            )


class _Scored(NamedTuple):
    """What a metric was in a run that used the model, and its standard error."""

    run: Run
    value: float
    error: float


def _score(
    run: Evidence, record: Run, model: Run, earlier: Sequence[Run], errors: float, least: int
) -> Iterator[Finding]:
    if not _uses(record, model):
        return
    for score in scores_of(record):
        judge = judge_of(score, judges_of(record, evidence=run))
        error = judge and standard_error(score.name, score.value, judge.rows)
        before = list(_scored(score.name, model, earlier))
        if error is None or not before:
            continue
        then, noise = before[0], _noise(error, before, least)
        loss = -score.gain_over(then.value)
        if loss > errors * noise:
            yield run.finding(
                f"{score.name} of the deployed model of {model.name} is {score.value:.4g}, and was"
                f" {then.value:.4g} in {then.run.name} when it was new; chance makes ±{noise:.2g}",
                subject=score.name,
                severity="warning" if len(before) >= least else "info",
                now=score.value,
                before=then.value,
                limit=errors * noise,
                standard_error=noise,
                deployed=model.run_id,
            )
        return


def _scored(metric: str, model: Run, earlier: Sequence[Run]) -> Iterator[_Scored]:
    """The scores of the model so far, the oldest first; its own where nobody used it yet."""
    users = [one for one in reversed(earlier) if _uses(one, model)]
    for one in users or [model]:
        score = next((found for found in scores_of(one) if found.name == metric), None)
        judge = score and judge_of(score, judges_of(one))
        error = score and judge and standard_error(metric, score.value, judge.rows)
        if score and error is not None:
            yield _Scored(one, score.value, error)


def _noise(error: float, before: Sequence[_Scored], least: int) -> float:
    """What chance makes of the difference: of so many rows, and of one data set and another."""
    of_rows = math.hypot(error, before[0].error)
    if len(before) < least:
        return of_rows
    return max(of_rows, stdev(one.value for one in before) * math.sqrt(2))
