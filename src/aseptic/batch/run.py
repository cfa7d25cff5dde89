"""`aseptic run`: a job from its words to its report."""

from __future__ import annotations

import math
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from aseptic.batch import reports
from aseptic.batch.against import compare, find_baseline, metric_to_compare
from aseptic.batch.job import folder_of, refuse_unknown_stops
from aseptic.batch.report import JobReport, JobRun
from aseptic.batch.supervise import supervise
from aseptic.batch.verdict import reasons_of
from aseptic.batch.watch import Watch, job_runs
from aseptic.batch.worker import environment_of
from aseptic.capture.secrets import is_secret_name, redact
from aseptic.checking import check_run
from aseptic.checks.discovery import load_checks
from aseptic.checks.settings import load_check_settings
from aseptic.errors import AsepticError, BadOption
from aseptic.model import Artifact, utc_now
from aseptic.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from aseptic.batch.job import Job
    from aseptic.batch.report import Comparison, Reason
    from aseptic.batch.supervise import Ending
    from aseptic.batch.worker import Worker
    from aseptic.model import Run
    from aseptic.store.base import Store

NOTEBOOK_NAME = "executed.ipynb"  # of the artifact
_REMOVED = "‹removed›"  # noqa: RUF001 -- as in `aseptic.capture.secrets`
STOPPED = "stopped"  # what a watch that ended the training says in its Problem


def run_job(job: Job, store: Store) -> JobReport:
    """Executes a job, judges what it recorded, writes its reports; the report has the exit code.

    Raises AsepticError where the job cannot be begun: nothing was executed then.
    """
    _refuse(job)
    baseline = _find_baseline(job, store)
    started_at, started = utc_now(), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="aseptic-job-") as folder:
        runs_file = Path(folder) / "runs"
        runs_file.touch(mode=0o600)
        worker = _worker(job, store, runs_file)
        watch = Watch(worker, store, runs_file)
        ending = supervise(worker, timeout_s=job.timeout_s, on_tick=watch.tick)
        run_ids = job_runs(runs_file)
    runs = list(_judged(run_ids, job, store, worker.notes))
    _keep_notebook(runs, worker, store)
    comparison = compare(runs, *baseline, store) if baseline else None
    report = _report(
        job, store, worker, ending, runs, comparison, started_at, time.monotonic() - started
    )
    reports.write(report, job.reports)
    return report


def _refuse(job: Job) -> None:
    """Raises BadOption for what can be seen to be wrong before anything is executed."""
    if "://" not in job.target and not Path(job.target).is_file():
        raise BadOption(f"run: there is no file {job.target}")
    settings, _ = load_check_settings(folder_of(job.target), experiment=job.experiment)
    checks = load_checks(settings.files)
    settings.ignoring(job.ignore).chosen(checks)
    refuse_unknown_stops(job.stop_on, checks)
    reports.refuse_unknown(job.reports)
    if not job.folder.is_dir():
        raise BadOption(f"run: there is no folder {job.folder}")


def _find_baseline(job: Job, store: Store) -> tuple[Run, str] | None:
    if job.against is None:
        if job.metric is not None:
            raise BadOption("run: --metric says what to compare: say --against RUN too")
        return None
    experiment = job.experiment or Path(job.name).stem
    baseline = find_baseline(store, job.against, experiment=experiment)
    return baseline, metric_to_compare(baseline, job.metric)


def _worker(job: Job, store: Store, runs_file: Path) -> Worker:
    environ = environment_of(job, store, runs_file)
    if job.is_notebook:
        from aseptic.batch.notebook import NotebookWorker

        return NotebookWorker(job, environ)
    from aseptic.batch.script import ScriptWorker

    return ScriptWorker(job, environ)


# -- what came of it ----------------------------------------------------------------------------


def _judged(run_ids: list[str], job: Job, store: Store, notes: list[str]) -> Iterator[Run]:
    """The job's runs, each checked by what is recorded: a dead kernel checked nothing itself."""
    for run_id in run_ids:
        try:
            run = store.get_run(run_id)
        except AsepticError as error:
            notes.append(f"run {run_id} cannot be read: {error}")
            continue
        try:
            check_run(run, store, ignore=job.ignore, folder=folder_of(job.target))
        except (AsepticError, OSError) as error:
            notes.append(f"{run.name} could not be checked: {error}")
        yield store.get_run(run_id)


def _keep_notebook(runs: list[Run], worker: Worker, store: Store) -> None:
    """Keeps the executed notebook, without secrets, with each run that it made."""
    if worker.notebook is None or not runs:
        return
    try:
        content = msgspec.json.encode(_redacted(msgspec.json.decode(worker.notebook)))
        digest, size = store.put_object(content)
        artifact = Artifact(
            name=NOTEBOOK_NAME,
            digest=digest,
            size_bytes=size,
            media_type="application/x-ipynb+json",
        )
        for run in runs:
            store.add_artifact(run.run_id, artifact)
    except (AsepticError, OSError) as error:
        worker.notes.append(f"the executed notebook is not kept: {error}")


def _redacted(value: Any) -> Any:
    """The value with the secrets of all its texts removed; pictures stay as they are."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, list):
        is_lines = all(isinstance(item, str) for item in value)
        # a source or output is a list of its lines, and a secret may be on several of them
        return redact("".join(value)).splitlines(keepends=True) if is_lines else _each(value)
    if not isinstance(value, dict):
        return value
    return {name: _redacted_under(name, item) for name, item in value.items()}


def _redacted_under(name: str, value: Any) -> Any:
    if name.startswith("image/"):
        return value
    is_one = not isinstance(value, (dict, list))
    return _REMOVED if is_one and is_secret_name(name) else _redacted(value)


def _each(values: list[Any]) -> list[Any]:
    return [_redacted(item) for item in values]


def _report(
    job: Job,
    store: Store,
    worker: Worker,
    ending: Ending,
    runs: list[Run],
    comparison: Comparison | None,
    started_at: datetime,
    duration_s: float,
) -> JobReport:
    told = [_told(run, job) for run in runs]
    error = redact(ending.error) if ending.error else None
    reasons: list[Reason] = reasons_of(
        job, ended_by=ending.ended_by, error=error, runs=told, comparison=comparison
    )
    notes = [redact(note) for note in worker.notes]
    if not runs:
        notes.append(
            "no run was recorded: tag a cell `run`, or begin it with %%track"
            if job.is_notebook
            else "no run was recorded"
        )
    if ending.is_killed:
        notes.append("it did not end when it was interrupted, and was killed")
    return JobReport(
        aseptic=__version__,
        target=redact(job.target),
        kind="notebook" if job.is_notebook else "script",
        output=job.output and redact(job.output),
        store=store.url,
        params={name: _redacted_under(name, value) for name, value in job.params.items()},
        started_at=started_at,
        duration_s=duration_s,
        exit_code=reasons[0].exit_code if reasons else 0,
        reasons=reasons,
        fail_on=job.level,
        ignore=list(job.ignore),
        ended_by=ending.ended_by,
        error=error,
        failed_cell=worker.failed_cell,
        cells_done=worker.cells_done,
        cells=worker.cells,
        runs=told,
        comparison=comparison,
        notes=notes,
    )


def _told(run: Run, job: Job) -> JobRun:
    """A run as reports have it: without evidence, and without what is ignored."""
    return JobRun(
        run_id=run.run_id,
        name=run.name,
        experiment=run.experiment,
        status=run.status,
        duration_s=run.duration_s,
        metrics={name: _finite(metric.value) for name, metric in run.metrics.items()},
        findings=[
            msgspec.structs.replace(one, evidence=None)
            for one in run.findings
            if not job.is_ignored(one.code)
        ],
        checks=[one for one in run.checks if not job.is_ignored(one.code)],
        stopped_by=next((one.reason for one in run.problems if one.what == STOPPED), None),
    )


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
