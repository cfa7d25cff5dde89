"""aseptic: its training checks, after the training and at the end of each epoch while it ran."""

from __future__ import annotations

import time
import zlib
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from judging_trainings import Judged, Said

import aseptic.checks
from aseptic.checks.discovery import load_checks
from aseptic.checks.evidence import Evidence
from aseptic.checks.runner import run_checks
from aseptic.checks.settings import CheckSettings
from aseptic.testing import make_run

if TYPE_CHECKING:
    from traces import Trace

    from aseptic.checks.runner import Report

STALLED_S = 1.5  # instead of 600: the planted stalls last 3 to 4 s
_MOST_TIMES = 30  # that a training is judged while it runs
_SETTINGS = CheckSettings(thresholds={"T18": {"least_s": STALLED_S}})


def judge(trace: Trace, *, without: tuple[str, ...] = ()) -> Judged:
    """After the training, from what was logged; `without` leaves series out."""
    started = time.perf_counter()
    report = _report(trace, until_s=None, without=without)
    seconds = time.perf_counter() - started
    findings = tuple(Said(one.code, (one.code,), one.severity != "info") for one in report.findings)
    faults = [one for one in report.outcomes if "a fault in the check" in (one.reason or "")]
    error = "; ".join(f"{one.code}: {one.reason}" for one in faults)
    return Judged(findings, None, seconds, error)


def judge_online(trace: Trace) -> dict[str, float]:
    """When each check would first have raised an alarm, in seconds from the start, by code."""
    first: dict[str, float] = {}
    for until_s in _times(trace):
        for one in _report(trace, until_s=until_s).findings:
            if one.severity != "info":
                first.setdefault(one.code, until_s)
    return first


def fingerprint() -> str:
    """Changes with the source of any check, so that what was judged by others is judged anew."""
    folder = Path(str(aseptic.checks.__file__)).parent
    sources = b"".join(path.read_bytes() for path in sorted(folder.rglob("*.py")))
    return f"{zlib.crc32(sources):08x}"


def _times(trace: Trace) -> list[float]:
    """The ends of epochs, and where the training stands still after them, the end of that."""
    times = [at for at in trace.epochs() if at < trace.seconds]
    if len(times) > _MOST_TIMES:
        places = np.linspace(0, len(times) - 1, _MOST_TIMES).round().astype(int)
        times = [times[place] for place in np.unique(places)]
    stood_s = trace.config["wait_once_s"]
    return [*times, times[-1] + stood_s] if stood_s and times else times


def _report(trace: Trace, *, until_s: float | None, without: tuple[str, ...] = ()) -> Report:
    """`until_s` is a time at which it still ran; None is after its end."""
    is_running = until_s is not None
    duration_s = trace.seconds if until_s is None else until_s
    # What runs is judged by the clock: it has begun so long ago.
    began = datetime.now(timezone.utc) - timedelta(seconds=duration_s)
    run = make_run(
        status="running" if is_running else trace.status,
        started_at=began,
        **({} if is_running else {"duration_s": duration_s}),
    )
    series, times = {}, {}
    for name, points in trace.series.items():
        known = points if until_s is None else points.until(until_s)
        if name in without or not len(known.value):
            continue
        numbers = np.arange(len(known.step), dtype=np.float64)
        series[name] = (numbers if np.isnan(known.step).any() else known.step, known.value)
        times[name] = known.time_s + began.timestamp()
    more: dict[str, Any] = {"times": times, "is_running": is_running}
    evidence = Evidence(run=run, series=series, **more)
    checks = [one for code, one in load_checks().items() if code.startswith("T")]
    return run_checks(checks, evidence, _SETTINGS)
