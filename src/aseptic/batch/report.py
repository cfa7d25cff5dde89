"""What became of a job, as values: the shape of the JSON report, and what others are made of."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

from aseptic.model import CheckOutcome, Finding, RunStatus, Severity

FORMAT = 1  # of the JSON report; counted up when a reader of before would be wrong


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """Why the job does not end with 0."""

    exit_code: int
    text: str


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """The job's metric beside the baseline's. `gain` is positive where the job is better."""

    metric: str
    run: str | None  # name of the job's run; None where none has the metric
    value: float | None
    baseline: str  # name of the run
    baseline_id: str
    baseline_value: float
    gain: float | None
    noise: float | None  # a loss up to here may be chance, in the unit of the metric
    noise_from: str
    verdict: Literal["better", "within noise", "worse"]


class JobRun(msgspec.Struct, frozen=True, kw_only=True):
    """One run that the job made, with what checks found in it; evidence is left out."""

    run_id: str
    name: str
    experiment: str
    status: RunStatus
    duration_s: float | None = None
    metrics: dict[str, float | None] = {}  # last values; null for NaN and infinity
    findings: list[Finding] = []
    checks: list[CheckOutcome] = []
    stopped_by: str | None = None  # the check that ended it, in words


class JobReport(msgspec.Struct, frozen=True, kw_only=True):
    """All that `aseptic run` has to say. `reasons` are in order: the first gives the exit code."""

    format: int = FORMAT
    aseptic: str
    target: str
    kind: Literal["notebook", "script"]
    output: str | None = None
    store: str
    params: dict[str, Any] = {}
    started_at: datetime
    duration_s: float
    exit_code: int
    reasons: list[Reason] = []
    fail_on: Literal["error", "warning", "never"]
    ignore: list[str] = []
    ended_by: str | None = None  # "timeout", or a signal such as "SIGTERM"
    error: str | None = None  # what failed
    failed_cell: int | None = None  # 1-based place in the notebook
    cells_done: int = 0
    cells: int = 0  # 0 of a script
    runs: list[JobRun] = []
    comparison: Comparison | None = None
    notes: list[str] = []


_LEVELS: dict[str, tuple[Severity, ...]] = {
    "error": ("error",),
    "warning": ("error", "warning"),
    "never": (),
}


def counting(run: JobRun, report: JobReport) -> list[Finding]:
    """The findings of a run that fail the job: open, and at its level or above."""
    return at_level(run.findings, report.fail_on)


def at_level(findings: list[Finding], fail_on: str) -> list[Finding]:
    """The findings that nobody acknowledged and that are as severe as `fail_on` says."""
    levels = _LEVELS[fail_on]
    return [one for one in findings if one.acknowledged is None and one.severity in levels]
