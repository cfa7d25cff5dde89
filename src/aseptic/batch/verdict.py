"""The exit code of a job, and why: one rule of precedence, as a pure function.

0 clean · 1 failed, or out of time · 2 usage, so nothing was run · 3 findings at the level or above
· 4 worse than the baseline · 5 stopped by a check · 128 + number: ended by a signal

Several may hold. What ended the job goes before what was found in it, and what makes the metric
doubtful before the metric: signal, 5, 1, 3, 4.
"""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from aseptic.batch.report import Comparison, JobRun, Reason, at_level
from aseptic.show.readable import count, number

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from aseptic.batch.job import Job

FAILED, USAGE, FINDINGS, WORSE, STOPPED = 1, 2, 3, 4, 5


def reasons_of(
    job: Job,
    *,
    ended_by: str | None,
    error: str | None,
    runs: Sequence[JobRun],
    comparison: Comparison | None,
) -> list[Reason]:
    """Why the job does not end with 0, the deciding reason first; empty where it does."""
    if ended_by is not None and ended_by != "timeout":
        told = [Reason(exit_code=128 + signal.Signals[ended_by], text=f"ended by {ended_by}")]
    else:
        told = []
    stopped = list(_stopped(runs))
    if stopped and error is not None and _is_interrupt(error):
        error = None  # that is how a check ends a training
    return [
        *told,
        *stopped,
        *_failed(job, ended_by, error),
        *_found(job, runs),
        *_worse(comparison),
    ]


def _stopped(runs: Sequence[JobRun]) -> Iterator[Reason]:
    for run in runs:
        if run.stopped_by is not None:
            yield Reason(exit_code=STOPPED, text=f"{run.name} was stopped: {run.stopped_by}")


def _is_interrupt(error: str) -> bool:
    return "KeyboardInterrupt" in error or error == "exit code 130"


def _failed(job: Job, ended_by: str | None, error: str | None) -> Iterator[Reason]:
    if ended_by == "timeout":
        yield Reason(exit_code=FAILED, text=f"timeout: not done after {number(job.timeout_s)} s")
    elif error is not None and ended_by is None:
        yield Reason(exit_code=FAILED, text=f"failed: {error}")


def _found(job: Job, runs: Sequence[JobRun]) -> Iterator[Reason]:
    for run in runs:
        found = at_level(run.findings, job.level)
        if found:
            codes = ", ".join(dict.fromkeys(f"{one.code} {one.name}" for one in found))
            told = f"{count(len(found), 'finding')} at --fail-on {job.level} in {run.name}: {codes}"
            yield Reason(exit_code=FINDINGS, text=told)
    if not runs and job.fail_on in ("error", "warning"):
        told = "nothing was recorded, so nothing was checked, and --fail-on asks for it"
        yield Reason(exit_code=FINDINGS, text=told)


def _worse(comparison: Comparison | None) -> Iterator[Reason]:
    if comparison is None or comparison.verdict != "worse":
        return
    if comparison.value is None:
        told = f"no run of the job has a number for {comparison.metric}"
        yield Reason(exit_code=WORSE, text=f"{told}, which {comparison.baseline} has")
        return
    told = (
        f"{comparison.metric} {number(comparison.value)} is worse than "
        f"{number(comparison.baseline_value)} of {comparison.baseline}"
    )
    yield Reason(exit_code=WORSE, text=f"{told} beyond noise ({comparison.noise_from})")
