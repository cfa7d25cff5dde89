"""A run that is being recorded: what it is told goes to its journal, and faults never to the user.

What is wrong with a value or with the store is said once, counted as a problem of the run, and the
user's code goes on.
"""

from __future__ import annotations

import contextlib
import math
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from aseptic.acknowledgements import inherited
from aseptic.artifacts import changed_at, content_digest, content_of
from aseptic.direction import direction_of
from aseptic.errors import AsepticError, NoActiveRun
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
    Problem,
    Run,
    RunEnd,
    RunStart,
    State,
    Withdrawal,
    is_writable,
    utc_now,
    writable,
)
from aseptic.notices import say, say_once

if TYPE_CHECKING:
    from pathlib import Path

    from aseptic.store.base import Acknowledged, Point, Record, RunJournal, Store

Number = float | int
_INT64_END = 2**63  # what a series holds: 64-bit floats and integers
PointListener = Callable[["ActiveRun", Mapping[str, Number], "float | None", float], None]
RecordListener = Callable[["ActiveRun", "Record | RunEnd"], None]


class ActiveRun:
    """A run that is being recorded. Made by `start_run`; safe to use from any thread."""

    def __init__(
        self,
        store: Store,
        start: RunStart,
        journal: RunJournal,
        *,
        on_end: Callable[[ActiveRun], None],
        outer: ActiveRun | None = None,
    ) -> None:
        self.store = store
        self.start = start
        self.outer = outer  # the run that was active where this one was started
        self.thread = threading.get_ident()
        self._pid = os.getpid()
        self._journal = journal
        self._on_end = on_end
        self._records: dict[tuple[str, str], Record] = {}
        self._points: dict[str, _Summary] = {}
        self._by_hand: set[str] = set()  # metrics that were given to `log`
        self._point_listeners: tuple[PointListener, ...] = ()
        self._record_listeners: tuple[RecordListener, ...] = ()
        self._stopped_by: str | None = None
        self._acknowledged: list[Acknowledged] | None = None  # in the experiment; None: not read
        self._clock = time.perf_counter()
        self._end: RunEnd | None = None
        self._has_failed_to_write = False

    @property
    def run_id(self) -> str:
        """16 hex digits."""
        return self.start.run_id

    @property
    def name(self) -> str:
        """The run's name, such as `calm-otter`."""
        return self.start.name

    @property
    def is_ended(self) -> bool:
        """Whether nothing more can be recorded."""
        return self._end is not None

    @property
    def is_forked(self) -> bool:
        """Whether this process was forked from the one that the run belongs to."""
        return self._pid != os.getpid()

    # -- what users call ------------------------------------------------------------------------
    def log(
        self,
        values: Mapping[str, Any] | None = None,
        *,
        step: float | None = None,
        **metrics: Any,
    ) -> None:
        """Records one value of each metric; never raises for what is wrong with a value.

        Accepted: int, float, bool and whatever holds a single number (numpy scalars, 0-d arrays
        and tensors). Anything else is left out, said once, and kept as a problem of the run.
        """
        if values is not None:
            metrics = {**self._named_values(values, "log"), **metrics}
        numbers = self._numbers(metrics)
        if not numbers:
            return
        now = time.time()
        at = None if step is None else self._step(step)
        self._by_hand.update(numbers)
        if self._write(lambda: self._journal.log(numbers, step=at, time_s=now)):
            self._summarise(numbers, at)
            for listener in self._point_listeners:
                listener(self, numbers, at, now)

    def log_params(self, values: Mapping[str, Any] | None = None, **params: Any) -> None:
        """Records params by hand, in addition to those that are seen."""
        from aseptic.capture.values import NOTHING, is_recordable, plain

        if values is not None:
            params = {**self._named_values(values, "log_params"), **params}
        for name, value in params.items():
            known = plain(value) if is_recordable(str(name)) else NOTHING
            if known is NOTHING:
                self.problem(f"param {name}", "a secret, or no plain value")
            else:
                use = ParamUse(value=known, origin=Origin(how="given"))
                self.record(Param(name=str(name), uses=(use,)))

    def log_artifact(self, path_or_object: Any, name: str | None = None) -> None:
        """Keeps a file, bytes, text, a figure (anything with `savefig`) or a JSON-able object."""
        content, default_name, media_type = content_of(path_or_object)
        if self.is_ended:
            say_once(has_ended(self))
            return
        self.keep(content, name=name or default_name, media_type=media_type)

    # -- what capture calls ---------------------------------------------------------------------
    def leave_to_person(self, names: Iterable[str]) -> None:
        """These metrics are going to be given to `log`."""
        self._by_hand.update(names)

    def log_seen(self, points: Sequence[Point]) -> None:
        """Records points that were seen of a training: plain numbers by name, step and time.

        A series that a person logs is the person's alone: what was seen is left out from then on,
        and the run says so where something of it is recorded already.
        """
        kept = []
        for values, step, time_s in points:
            mine = {name: one for name, one in values.items() if name not in self._by_hand}
            if mine:
                kept.append((mine, step, time_s))
        if kept and self._write(lambda: self._journal.log_many(kept)):
            for values, step, time_s in kept:
                self._summarise(values, step)
                for listener in self._point_listeners:
                    listener(self, values, step, time_s)

    def record(self, record: Record) -> None:
        """Writes one record; a fault is said once."""
        if isinstance(record, Finding):
            record = self._with_reason(record)
        if not is_writable(record):
            record = writable(record)
        if self._write(lambda: self._journal.append(record)):
            self._records[type(record).__name__, _key_of(record)] = record
            self._tell(record)

    def keep(
        self,
        content: bytes | Path,
        *,
        name: str,
        media_type: str = "application/octet-stream",
        note: str | None = None,
    ) -> None:
        """Keeps content as an artifact of the run."""
        try:
            before = changed_at(content)
            digest, size = self.store.put_object(content)
            as_input = content_digest(content) if changed_at(content) == before else None
        except (AsepticError, OSError) as error:
            self._say_unwritten(error)
            self.problem(f"artifact {name}", str(error))
            return
        self.record(
            Artifact(
                name=name,
                digest=digest,
                size_bytes=size,
                media_type=media_type,
                note=note,
                content_digest=as_input,
            )
        )

    def record_assigned(self, metric: Metric) -> None:
        """Records a number that a name was bound to, unless it was logged under that name.

        The series stands then; where the name ended as another number, the run says so.
        """
        logged = self._points.get(metric.name)
        if logged is None:
            self.record(metric)
        elif logged.last != metric.value and not math.isnan(logged.last):
            reason = f"{metric.value} was bound to the name and not logged; the series stands"
            self.problem(f"metric {metric.name}", reason)

    def problem(self, what: str, reason: str) -> None:
        """Records that something could not be captured, and why."""
        self.record(Problem(what=what, reason=reason))

    @contextlib.contextmanager
    def guarded(self, what: str) -> Iterator[None]:
        """A fault in `what` is a problem of the run, and no more."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 -- a fault of ours never stops the user's code
            self.problem(what, f"{type(error).__name__}: {error}")

    def withdraw(self, code: str) -> None:
        """What a check has found so far no longer stands: it has judged anew."""
        if self._write(lambda: self._journal.append(Withdrawal(code=code))):
            for finding in self._named(Finding).values():
                if finding.code == code:
                    del self._records[Finding.__name__, _key_of(finding)]

    def stop(self, reason: str) -> None:
        """Notes that a check has stopped the run: whatever ends it, it ends `interrupted`."""
        self._stopped_by = reason
        self.problem("stopped", reason)

    @property
    def stopped_by(self) -> str | None:
        """Why a check has stopped the run, such as `T02 divergence: …`."""
        return self._stopped_by

    # -- who listens ----------------------------------------------------------------------------
    def on_points(self, listener: PointListener) -> None:
        """Calls `listener(run, values, step, time_s)` after each `log`, in the thread that logs."""
        self._point_listeners += (listener,)

    def on_record(self, listener: RecordListener) -> None:
        """Calls `listener(run, record)` after each record, the end of the run included."""
        self._record_listeners += (listener,)

    def forget_listener(self, listener: PointListener | RecordListener) -> None:
        """The listener hears no more, if it ever did."""
        self._point_listeners = tuple(one for one in self._point_listeners if one != listener)
        self._record_listeners = tuple(one for one in self._record_listeners if one != listener)

    def forget_listeners(self) -> None:
        """Nobody hears any more: in a forked child, those who listened are not there."""
        self._point_listeners = ()
        self._record_listeners = ()

    # -- time and end ---------------------------------------------------------------------------

    def reset_clock(self) -> None:
        """Begins to count the run's duration now."""
        self._clock = time.perf_counter()

    def stop_clock(self) -> float:
        """Seconds since the run began."""
        return time.perf_counter() - self._clock

    def end(
        self,
        status: Literal["finished", "failed", "interrupted"],
        *,
        duration_s: float | None = None,
    ) -> Run:
        """Ends the run and returns it as it was recorded."""
        if self._end is None:
            seconds = self.stop_clock() if duration_s is None else duration_s
            kind = status if self._stopped_by is None else "interrupted"
            end = self._end = RunEnd(status=kind, ended_at=utc_now(), duration_s=seconds)
            self._write(lambda: self._journal.end(end))
            self._on_end(self)
            self._tell(end)
        return self.snapshot()

    def snapshot(self) -> Run:
        """The run as recorded so far, without asking the store."""
        end, start = self._end, self.start
        return Run(
            run_id=start.run_id,
            name=start.name,
            experiment=start.experiment,
            status=end.status if end else "running",
            started_at=start.started_at,
            ended_at=end.ended_at if end else None,
            duration_s=end.duration_s if end else None,
            session_id=start.session.session_id,
            notebook=start.session.notebook,
            source=start.source,
            tags=start.tags,
            note=start.note,
            seed=start.seed,
            expects=start.expects,
            state=self._last(State) or State(),
            params=self._named(Param),
            metrics={**self._named(Metric), **self._series_metrics()},
            data_inputs=self._named(DataInput),
            artifacts=self._named(Artifact),
            findings=tuple(self._named(Finding).values()),
            checks=tuple(self._named(CheckOutcome).values()),
            git=self._last(GitState) or GitState(),
            environment=self._last(Environment) or Environment(),
            cells=(start.cell,) if start.cell else (),
            outputs=self._last(Outputs) or Outputs(),
            problems=tuple(self._named(Problem).values()),
        )

    # -- within ---------------------------------------------------------------------------------
    def _tell(self, record: Record | RunEnd) -> None:
        for listener in self._record_listeners:
            self._tell_one(listener, record)

    def _tell_one(self, listener: RecordListener, record: Record | RunEnd) -> None:
        try:
            listener(self, record)
        except Exception as error:  # noqa: BLE001 -- whoever listens must not stop the run
            self.forget_listener(listener)
            say_once(f"{type(record).__name__} was not passed on: {error}")

    def _with_reason(self, finding: Finding) -> Finding:
        """The finding with what a person said of the same one in an earlier run."""
        with self.guarded("what was acknowledged before"):
            if self._acknowledged is None:
                self._acknowledged = []
                self._acknowledged = self.store.find_acknowledged(
                    self.start.experiment, before=self.start.started_at
                )
            if self._acknowledged:
                return inherited(finding, self._acknowledged, self._named(DataInput))
        return finding

    def _named(self, kind: type[Any]) -> dict[str, Any]:
        records = self._records.copy()  # another thread may be recording
        return {k[1]: r for k, r in records.items() if k[0] == kind.__name__}

    def _last(self, kind: type[Any]) -> Any:
        return next(iter(self._named(kind).values()), None)

    def _series_metrics(self) -> dict[str, Metric]:
        return {name: summary.metric(name) for name, summary in self._points.copy().items()}

    def _summarise(self, numbers: Mapping[str, Number], step: float | None) -> None:
        for name, value in numbers.items():
            summary = self._points.get(name)
            if summary is None:
                summary = self._points[name] = _Summary()
            summary.add(value, step)

    def _numbers(self, values: Mapping[str, Any]) -> dict[str, Number]:
        numbers: dict[str, Number] = {}
        for name, value in values.items():
            kind = type(value)
            number = value if kind is float or kind is int else _as_number(value)
            if number is None:
                self._refuse(str(name), f"{kind.__name__} is not a number")
            elif type(number) is int and not -_INT64_END <= number < _INT64_END:
                self._refuse(str(name), "an integer of more than 64 bits")
            else:
                numbers[name if type(name) is str and name.isascii() else _text(name)] = number
        return numbers

    def _named_values(self, values: Any, function: str) -> dict[str, Any]:
        try:
            return {**values}
        except TypeError:
            kind = type(values).__name__
            reason = f"{kind} gives no names: use `{function}(name=value)` or a dict"
            self._say_problem(function, reason, said=f"{function}: {reason}")
            return {}

    def _step(self, step: Any) -> float | None:
        try:
            return float(_as_number(step))  # type: ignore[arg-type]  # None raises TypeError
        except (TypeError, OverflowError):
            reason = f"{type(step).__name__} is not a number that a float can hold"
            self._say_problem("step", reason, said=f"step was not recorded: {reason}")
            return None

    def _refuse(self, name: str, reason: str) -> None:
        self._say_problem(
            f"metric {name}", reason, said=f"metric {name!r} was not recorded: {reason}"
        )

    def _say_problem(self, what: str, reason: str, *, said: str) -> None:
        """Says once what was not recorded, and keeps it as a problem."""
        if ("Problem", what) not in self._records:
            say_once(said)
            self.problem(what, reason)

    def _write(self, write: Callable[[], None]) -> bool:
        try:
            write()
        except NoActiveRun:
            say_once(has_ended(self))
            return False
        except Exception as error:  # noqa: BLE001 -- whatever is wrong with the store, training goes on
            self._say_unwritten(error)
            return False
        return True

    def _say_unwritten(self, error: Exception) -> None:
        if not self._has_failed_to_write:
            self._has_failed_to_write = True
            say(f"run {self.name}: not everything is recorded: {error}")
            missing = Problem(what="parts of the run", reason=str(error))
            self._records[Problem.__name__, missing.what] = missing  # for the card, if nothing else


def status_of(error: BaseException | None) -> Literal["finished", "failed", "interrupted"]:
    """How a run ended, by the exception that left it."""
    if error is None:
        return "finished"
    is_interrupt = isinstance(error, (KeyboardInterrupt, GeneratorExit))
    is_cancelled = type(error).__name__ == "CancelledError"  # asyncio's and others'
    return "interrupted" if is_interrupt or is_cancelled else "failed"


class _Summary:
    """Count, last value and extremes of one series while it is logged."""

    __slots__ = ("count", "last", "maximum", "minimum", "step")

    def __init__(self) -> None:
        self.count = 0
        self.last: Number = math.nan
        self.minimum = math.inf
        self.maximum = -math.inf
        self.step: float | None = None

    def add(self, value: Number, step: float | None) -> None:
        self.count += 1
        self.last = value
        self.step = step
        if value < self.minimum:
            self.minimum = value
        if value > self.maximum:
            self.maximum = value

    def metric(self, name: str) -> Metric:
        has_range = self.minimum <= self.maximum
        return Metric(
            name=name,
            value=self.last,
            direction=direction_of(name),
            count=self.count,
            minimum=self.minimum if has_range else None,
            maximum=self.maximum if has_range else None,
            step=self.step,
            origin="log",
        )


def has_ended(run: ActiveRun) -> str:
    """What is said when something is logged to a run after its end."""
    return f"run {run.name} has ended: what is logged to it now is not recorded"


def _key_of(record: Record) -> str:
    """What tells a record from others of its kind; a later one with the same key replaces it."""
    if isinstance(record, Finding):
        return repr((record.code, record.name, record.subject, record.message))
    if isinstance(record, CheckOutcome):
        return record.code
    return str(getattr(record, "name", getattr(record, "what", "")))


def _text(name: object) -> str:
    text: str = writable(str(name))
    return text


def _as_number(value: Any) -> Number | None:
    """The one number that a value holds, or None."""
    if getattr(getattr(value, "dtype", None), "kind", "") in ("m", "M"):
        return None  # numpy's times, which give their nanoseconds
    try:
        inner = value.item() if hasattr(value, "item") else value
        if isinstance(inner, int):
            return int(inner)
        return float(inner) if hasattr(inner, "__float__") else None
    except Exception:  # noqa: BLE001 -- an array of many values, or an object of the user's
        return None
