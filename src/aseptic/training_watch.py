"""Watches a training while it runs: judges what it has logged so far, in a thread beside it.

The thread sleeps until there are new points, and takes at most one hundredth of the run's time,
loading the checks once a session apart. It sees numbers that were logged and nothing else: no
object of the user's. What it finds is recorded at once. When the run has ended, all points are
judged once more, and what is found then takes the place of what was found on the way.
"""

from __future__ import annotations

import math
import signal
import threading
import time
from array import array
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec.structs import replace

from aseptic.model import utc_now
from aseptic.notices import say, say_once
from aseptic.selection import is_known, is_selected

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from aseptic.active_run import ActiveRun
    from aseptic.checks.check import Check
    from aseptic.checks.evidence import Evidence
    from aseptic.checks.runner import Report
    from aseptic.checks.settings import CheckSettings
    from aseptic.model import CheckOutcome, Finding, Run, RunStatus

    Floats = NDArray[np.float64]

_FIRST_S = 2.0  # before that no check is loaded: most cells have ended
_PAUSE_S = 1.0  # between two judgements, at least
_SHARE = 0.01  # of the run's time
_IDLE_S = 10.0  # without a point, until it is asked whether the training stands still
_MOST_SERIES = 2_000
_MOST_POINTS = 4_000  # of one series
_MOST_IN_ALL = 400_000  # 32 bytes each
_FEWEST_AT_ALL = 100  # of one series, however many there are
_MIN_POINTS = 3  # of a series, to be worth loading the checks at the end


class Logged(NamedTuple):
    """What a run has logged, by name: steps and values, and the times in seconds of the epoch."""

    series: dict[str, tuple[Floats, Floats]]
    times: dict[str, Floats]


class TrainingWatch:
    """Judges one run by its series, from `start` to `stop`. A fault in it is a problem of the run.

    `folder` is where the project's settings are looked for, `ignore` names codes of checks. Where
    no front end shows what is found on the way, `is_said` has it said on standard error.
    """

    def __init__(
        self, run: ActiveRun, folder: Path, *, ignore: Sequence[str] = (), is_said: bool = False
    ) -> None:
        self._run = run
        self._folder = folder
        self._ignore = tuple(ignore)
        self._is_said = is_said
        self._points = _Points()
        self._found: dict[tuple[str, str | None], Finding] = {}
        self._stopping: str | None = None  # the code of the check that stops the run
        self.loading_s = self.judging_s = 0.0  # of the processor, taken so far
        self._asleep_s = 0.0  # since the last point: the machine, not the training
        self._thread: threading.Thread | None = None
        self._fresh = threading.Event()  # there are points that were not judged
        self._over = threading.Event()
        self._lock = threading.Lock()  # of recording: nothing is recorded once the run has ended

    def start(self) -> None:
        """Begins to listen; the thread begins with the first point."""
        self._run.on_points(self._take)

    def stop(self) -> None:
        """The run ends: nothing is found on the way any more. Waits for no judgement."""
        if self._run.is_forked:
            return  # the thread is its parent's, and so may be the lock
        self._run.forget_listener(self._take)
        self._over.set()
        self._fresh.set()
        try:
            self._lock.acquire()
        except KeyboardInterrupt:
            if self._stopping is None:  # else it is our own, a moment late
                raise
        else:
            self._lock.release()

    @property
    def is_worth_judging(self) -> bool:
        """Whether there is a series, or a value that is no finite number, or a finding."""
        series = self._points.all.values()
        return bool(self._found) or any(one.count >= _MIN_POINTS or one.odd for one in series)

    def logged(self) -> Logged:
        """All points, from the store where not all were kept here."""
        return self._points.logged() if self._points.is_whole else _stored(self._run)

    def judge(self, status: RunStatus) -> Report:
        """What all points say, now that the run ends with a status."""
        from aseptic.checks.evidence import quietly
        from aseptic.checks.runner import run_checks

        checks, settings, table = self._load()
        with quietly():
            run = as_ended(self._run, status)
            evidence = _evidence(run, self.logged(), table, now_s=None)
        return run_checks(checks, evidence, settings)

    def settle(self, report: Report) -> list[Finding]:
        """Records what was found at the end; it takes the place of what was found on the way.

        Returns what is new.
        """
        early = {code for code, _ in self._found}
        for outcome in report.outcomes:
            if outcome.code not in early:
                self._run.record(outcome)
            elif self._is_final(outcome):
                self._run.withdraw(outcome.code)
                self._run.record(outcome)
            else:
                self._run.record(replace(outcome, outcome="findings", reason=None))
        for finding in report.findings:
            self._run.record(finding)
        return [one for one in report.findings if (one.code, one.subject) not in self._found]

    # -- while the run goes on ------------------------------------------------------------------
    def _take(
        self, _run: ActiveRun, values: Mapping[str, float], step: float | None, time_s: float
    ) -> None:
        """Keeps points; called by whoever logs, so it must be quick and never wait."""
        self._points.add(values, step, time_s)
        if not self._fresh.is_set():
            self._fresh.set()
        if self._thread is None:
            self._thread = threading.Thread(
                target=self._watch, name="aseptic-training-watch", daemon=True
            )
            self._thread.start()

    def _watch(self) -> None:
        with self._run.guarded("watching the training"):
            self._judge_on_and_on()

    def _judge_on_and_on(self) -> None:
        if self._over.wait(_FIRST_S):
            return
        before = time.thread_time()
        checks, settings, table = self._load()
        self.loading_s = time.thread_time() - before
        _say_unknown(settings.stop_on, checks)
        while checks and not self._over.is_set():
            self._fresh.clear()
            before = time.thread_time()
            self._judge_so_far(checks, settings, table)
            spent_s = time.thread_time() - before
            self.judging_s += spent_s
            if not self._over.wait(max(_PAUSE_S, spent_s / _SHARE)):
                self._wait_for_points()

    def _wait_for_points(self) -> None:
        """A while at most; time in which the machine or the process slept is no time of waiting."""
        before_s = time.time()
        if self._fresh.wait(_IDLE_S):
            self._asleep_s = 0.0
        else:
            self._asleep_s += max(0.0, time.time() - before_s - _IDLE_S)

    def _judge_so_far(
        self, checks: Sequence[Check], settings: CheckSettings, table: Mapping[str, Any]
    ) -> None:
        from aseptic.checks.evidence import quietly_in_this_thread
        from aseptic.checks.runner import run_checks

        logged, now_s = self._points.logged(), time.time() - self._asleep_s
        evidence = _evidence(self._run.snapshot(), logged, table, now_s=now_s)
        report = run_checks(checks, evidence, settings, quiet=quietly_in_this_thread)
        with self._lock:
            for finding in report.findings:
                if not self._over.is_set():
                    self._tell(finding, settings)

    def _tell(self, finding: Finding, settings: CheckSettings) -> None:
        """Records a finding, once for its check and subject, and stops the run where asked to."""
        key = (finding.code, finding.subject)
        if key in self._found:
            return
        self._found[key] = finding
        self._run.record(finding)
        if self._is_said:
            say_finding(self._run, finding)
        if self._stopping is None and is_selected(finding, settings.stop_on):
            self._stopping = finding.code
            self._run.stop(f"{finding.code} {finding.name}: {finding.message}")
            say(f"run {self._run.name} is stopped by {finding.code} {finding.name}")
            _interrupt(self._run.thread)

    # -- within ---------------------------------------------------------------------------------
    def _load(self) -> tuple[list[Check], CheckSettings, dict[str, Any]]:
        from aseptic.checks.discovery import load_training_checks
        from aseptic.checks.settings import load_check_settings

        settings, table = load_check_settings(self._folder, experiment=self._run.start.experiment)
        settings = settings.ignoring(self._ignore)
        checks = [one for one in load_training_checks(settings.files) if settings.chooses(one.code)]
        return checks, settings, table

    def _is_final(self, outcome: CheckOutcome) -> bool:
        """Whether it says more than what was found on the way: not where something was missing."""
        if outcome.outcome == "findings":
            return True
        is_judged = outcome.outcome == "clean" or (outcome.reason or "").startswith("explained by")
        return is_judged and outcome.code != self._stopping


def say_finding(run: ActiveRun, finding: Finding) -> None:
    """Says a warning or an error in one line."""
    if finding.severity != "info":
        say(f"{run.name}: {finding.code} {finding.name}: {finding.message}")


class _Points:
    """The points so far, in bounded memory: of long series every second, fourth, … is kept."""

    def __init__(self) -> None:
        self.all: dict[str, _Kept] = {}
        self._is_too_many = False
        self._most = _MOST_POINTS

    @property
    def is_whole(self) -> bool:
        """Whether every point is here."""
        return not self._is_too_many and all(kept.stride == 1 for kept in self.all.values())

    def add(self, values: Mapping[str, float], step: float | None, time_s: float) -> None:
        for name, value in values.items():
            kept = self.all.get(name)
            if kept is None:
                if len(self.all) >= _MOST_SERIES:
                    self._is_too_many = True
                    continue
                kept = self.all[name] = _Kept()
                self._most = max(_FEWEST_AT_ALL, min(_MOST_POINTS, _MOST_IN_ALL // len(self.all)))
            kept.add(step, time_s, value, most=self._most)

    def logged(self) -> Logged:
        series, times = {}, {}
        for name, kept in self.all.copy().items():
            rows = kept.rows()
            series[name] = (rows[:, 1], rows[:, 3])
            times[name] = rows[:, 2]
        return Logged(series, times)


class _Kept:
    """Some points of one series: evenly many, the first, the last, and the first odd one.

    Whoever logs adds while the watch's thread reads: `points` grows by whole points only, and is
    read in one go.
    """

    __slots__ = ("count", "last", "odd", "points", "stride")

    def __init__(self) -> None:
        self.count = 0
        self.stride = 1
        self.points = array("d")  # number, step, time and value of each
        self.last: tuple[float, ...] = ()
        self.odd: tuple[float, ...] = ()  # the first that is NaN or infinite

    def add(self, step: float | None, time_s: float, value: float, *, most: int) -> None:
        number = self.count
        point = (number, number if step is None else step, time_s, value)
        self.count = number + 1
        self.last = point
        if not self.odd and not math.isfinite(value):
            self.odd = point
        if number % self.stride == 0:
            self.points.extend(point)
            while len(self.points) > 4 * most:
                self._thin()

    def rows(self) -> Floats:
        """The points, a row each, in the order in which they came."""
        import numpy as np

        kept = np.frombuffer(self.points.tobytes(), dtype=np.float64).reshape(-1, 4)
        others = [point for point in (self.odd, self.last) if point]
        rows = np.vstack([kept, *others]) if others else kept
        _, first = np.unique(rows[:, 0], return_index=True)
        found: Floats = rows[first]
        return found

    def _thin(self) -> None:
        kept = array("d")
        for start in range(0, len(self.points), 8):
            kept.extend(self.points[start : start + 4])
        self.points = kept
        self.stride *= 2


def as_ended(active: ActiveRun, status: RunStatus) -> Run:
    """The run as recorded so far, and as if it had ended now."""
    kind = status if active.stopped_by is None else "interrupted"
    return replace(active.snapshot(), status=kind, ended_at=utc_now())


def _evidence(
    run: Run, logged: Logged, table: Mapping[str, Any], *, now_s: float | None
) -> Evidence:
    """`now_s` is the time of a run that goes on."""
    from aseptic.checks.evidence import Evidence

    return Evidence(
        run=run,
        series=logged.series,
        times=logged.times,
        facts={name: float(metric.value) for name, metric in run.metrics.items()},
        settings=table,
        depth="automatic",
        is_running=now_s is not None,
        now_s=now_s,
    )


def _stored(run: ActiveRun) -> Logged:
    """The whole series, as they stand in the store."""
    import numpy as np

    series, times = {}, {}
    for one in run.store.read_series([run.run_id]):
        numbers = np.arange(len(one.step), dtype=np.float64)
        steps = numbers if np.isnan(one.step).any() else one.step
        series[one.metric] = (steps, one.value.astype(np.float64))
        times[one.metric] = one.time_s
    return Logged(series, times)


def _say_unknown(words: Iterable[str], checks: Sequence[Check]) -> None:
    """A word that is misspelt stops nothing: it had better be said."""
    known = [(one.code, one.name) for one in checks]
    for word in words:
        if not is_known(word, known):
            say_once(
                f"stop on {word!r}: no check of training has this code or name: it stops nothing"
            )


def _interrupt(thread_id: int) -> None:
    """Raises KeyboardInterrupt in a thread: `except Exception` does not swallow it.

    The main thread gets a signal, which also ends what it waits for. Where that would do something
    else, and in other threads, the exception comes with the next step of Python code.
    """
    import ctypes

    main = threading.main_thread().ident
    is_plain = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if thread_id == main and is_plain and hasattr(signal, "pthread_kill"):
        signal.pthread_kill(thread_id, signal.SIGINT)
        return
    raising = ctypes.pythonapi.PyThreadState_SetAsyncExc
    raising(ctypes.c_ulong(thread_id), ctypes.py_object(KeyboardInterrupt))
