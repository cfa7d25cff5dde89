"""Runs to test with: made in memory, or written through a store's own journals."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from itertools import count
from typing import TYPE_CHECKING, Any

import msgspec

from aseptic.model import (
    Artifact,
    CheckOutcome,
    DataInput,
    Environment,
    Finding,
    GitState,
    Metric,
    Origin,
    Outputs,
    Param,
    ParamUse,
    Run,
    RunEnd,
    RunStart,
    State,
    new_run_id,
)
from aseptic.store.liveness import new_session

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aseptic.model import Session
    from aseptic.store.base import RunJournal, Store

_FIRST = datetime(2026, 1, 1, tzinfo=timezone.utc)
_turns = count()


def make_run(**fields: Any) -> Run:
    """A run with these fields of `Run`; every other keyword is a metric: `make_run(loss=0.1)`.

    Params, metrics and data inputs may be given as plain values: `params={"C": 1.0}`,
    `metrics={"val/acc": 0.9}`, `data_inputs={"X": "digest"}`. A run that is made later has
    started later.
    """
    turn = next(_turns)
    own = {name: fields.pop(name) for name in Run.__struct_fields__ if name in fields}
    started_at = own.setdefault("started_at", _FIRST + timedelta(minutes=turn))
    own.setdefault("run_id", new_run_id())
    own.setdefault("name", f"run-{turn}")
    own.setdefault("experiment", "test")
    own.setdefault("status", "finished")
    if own["status"] != "running":
        own.setdefault("duration_s", 1.0)
        own.setdefault("ended_at", started_at + timedelta(seconds=own["duration_s"]))
    own["params"] = _named(own.get("params", {}), Param, make_param)
    own["metrics"] = _named(own.get("metrics", {}) | fields, Metric, _make_metric)
    own["data_inputs"] = _named(own.get("data_inputs", {}), DataInput, _make_data_input)
    own["artifacts"] = _named(own.get("artifacts", {}), Artifact, make_artifact)
    return Run(**own)


def make_param(name: str, *values: Any, how: Any = "given") -> Param:
    """A param that was used with these values."""
    origin = Origin(how=how)
    return Param(name=name, uses=tuple(ParamUse(value=value, origin=origin) for value in values))


def make_finding(code: str = "D02", **fields: Any) -> Finding:
    """A finding of this check, by default a warning."""
    defaults = {"name": code.lower(), "severity": "warning", "message": f"{code} found something"}
    return Finding(code=code, **(defaults | fields))


def make_outcome(code: str = "D02", outcome: Any = "clean", **fields: Any) -> CheckOutcome:
    """How a check ended."""
    return CheckOutcome(**({"code": code, "name": code.lower(), "outcome": outcome} | fields))


def make_artifact(name: str, digest: str = "0" * 64, **fields: Any) -> Artifact:
    """An artifact; its content need not be in any store."""
    return Artifact(name=name, digest=digest, **({"size_bytes": 0} | fields))


def record_run(
    store: Store,
    *,
    series: Mapping[str, Sequence[float | int]] | None = None,
    session: Session | None = None,
    **fields: Any,
) -> Run:
    """Writes the run that `make_run(**fields)` makes, through a journal; returns it.

    `series` are logged at the steps 0, 1, … before the records, one second apart. The run
    returned is what was asked for: it has no metrics for `series`. One with the status
    `running` is not ended.
    """
    session = session or new_session(fields.get("notebook"))
    run = make_run(**fields, session_id=session.session_id)
    _write_cells(store, session, run)
    journal = store.start_run(start_of(run, session))
    _log(journal, series or {}, run.started_at.timestamp())
    _append_records(journal, run)
    if run.status != "running":
        assert run.ended_at is not None
        assert run.duration_s is not None
        end = RunEnd(status=run.status, ended_at=run.ended_at, duration_s=run.duration_s)
        journal.end(end)
    return run


def start_of(run: Run, session: Session | None = None) -> RunStart:
    """The start of this run, by default in a new session of this process."""
    return RunStart(
        run_id=run.run_id,
        name=run.name,
        experiment=run.experiment,
        started_at=run.started_at,
        session=session or new_session(run.notebook),
        source=run.source,
        cell=run.cells[-1] if run.cells else None,
        tags=run.tags,
        note=run.note,
        seed=run.seed,
        expects=run.expects,
    )


def _named(values: Mapping[str, Any], kind: type[Any], make: Any) -> dict[str, Any]:
    return {
        name: value if isinstance(value, kind) else make(name, value)
        for name, value in values.items()
    }


def _make_metric(name: str, value: float) -> Metric:
    return Metric(name=name, value=value)


def _make_data_input(name: str, digest: str) -> DataInput:
    return DataInput(name=name, kind="array", digest=digest)


def _write_cells(store: Store, session: Session, run: Run) -> None:
    if len(run.cells) > 1:
        journal = store.start_session(session)
        for cell in run.cells[:-1]:
            journal.append(cell)
        journal.close()


def _log(journal: RunJournal, series: Mapping[str, Sequence[float | int]], start_s: float) -> None:
    for step in range(max(map(len, series.values()), default=0)):
        values = {name: column[step] for name, column in series.items() if step < len(column)}
        journal.log(values, step=step, time_s=start_s + step)


def _append_records(journal: RunJournal, run: Run) -> None:
    named = (run.params, run.metrics, run.data_inputs, run.artifacts)
    records: list[Any] = [record for group in named for record in group.values()]
    for record in (*records, *run.findings, *run.checks, *run.problems):
        journal.append(record)
    singles = (run.git, run.environment, run.outputs, run.state)
    for single in singles:
        if single not in (GitState(), Environment(), Outputs(), State()):
            journal.append(single)


def replaced(run: Run, **fields: Any) -> Run:
    """The run with other fields."""
    return msgspec.structs.replace(run, **fields)
