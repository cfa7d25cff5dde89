"""The active run: how one is started, written to and ended, in a notebook or a script.

Starting a run may raise; from then on a fault of ours is said once, counted as a problem of the
run, and the user's code goes on.
"""

from __future__ import annotations

import contextlib
import contextvars
import functools
import inspect
import json
import math
import mimetypes
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from aseptic.direction import direction_of
from aseptic.errors import AsepticError, NoActiveRun
from aseptic.model import (
    Artifact,
    Cell,
    DataInput,
    Environment,
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
    new_run_id,
    utc_now,
)
from aseptic.names import new_name
from aseptic.notices import say, say_once

if TYPE_CHECKING:
    from types import TracebackType

    from aseptic.capture.git import GitReading
    from aseptic.model import Session
    from aseptic.store.base import Record, RunJournal, Store

_Function = TypeVar("_Function", bound=Callable[..., Any])
Number = float | int
_INT64_END = 2**63  # what a series holds: 64-bit floats and integers
PointListener = Callable[["ActiveRun", Mapping[str, Number], "float | None", float], None]


class ActiveRun:
    """A run that is being recorded. Made by `start_run`; safe to use from any thread."""

    def __init__(
        self, store: Store, start: RunStart, journal: RunJournal, *, outer: ActiveRun | None = None
    ) -> None:
        self.store = store
        self.start = start
        self.outer = outer  # the run that was active where this one was started
        self.thread = threading.get_ident()
        self._pid = os.getpid()
        self._journal = journal
        self._records: dict[tuple[str, str], Record] = {}
        self._points: dict[str, _Summary] = {}
        self._listener: PointListener | None = None
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
        if self._write(lambda: self._journal.log(numbers, step=at, time_s=now)):
            self._summarise(numbers, at)
            if self._listener is not None:
                self._listener(self, numbers, at, now)

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
        content, default_name, media_type = _as_content(path_or_object)
        if self.is_ended:
            say_once(_has_ended(self))
            return
        self.keep(content, name=name or default_name, media_type=media_type)

    # -- what capture calls ---------------------------------------------------------------------
    def record(self, record: Record) -> None:
        """Writes one record; a fault is said once."""
        if self._write(lambda: self._journal.append(record)):
            key = (type(record).__name__, str(getattr(record, "name", getattr(record, "what", ""))))
            self._records[key] = record

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
            digest, size = self.store.put_object(content)
        except (AsepticError, OSError) as error:
            self._say_unwritten(error)
            self.problem(f"artifact {name}", str(error))
            return
        self.record(
            Artifact(name=name, digest=digest, size_bytes=size, media_type=media_type, note=note)
        )

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

    def on_points(self, listener: PointListener | None) -> None:
        """Calls `listener(run, values, step, time_s)` after each `log`."""
        self._listener = listener

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
            self._end = RunEnd(status=status, ended_at=utc_now(), duration_s=seconds)
            end = self._end
            self._write(lambda: self._journal.end(end))
            _forget(self)
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
            git=self._last(GitState) or GitState(),
            environment=self._last(Environment) or Environment(),
            cells=(start.cell,) if start.cell else (),
            outputs=self._last(Outputs) or Outputs(),
            problems=tuple(self._named(Problem).values()),
        )

    # -- within ---------------------------------------------------------------------------------
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
                numbers[name if type(name) is str else str(name)] = number
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
            say_once(_has_ended(self))
            return False
        except Exception as error:  # noqa: BLE001 -- whatever is wrong with the store, training goes on
            self._say_unwritten(error)
            return False
        return True

    def _say_unwritten(self, error: Exception) -> None:
        if not self._has_failed_to_write:
            self._has_failed_to_write = True
            say(f"run {self.name}: not everything is recorded: {error}")


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


# -- starting a run -------------------------------------------------------------------------------
def start_run(
    store: Store,
    *,
    name: str | None,
    experiment: str,
    source: str,
    notebook: str | None = None,
    cell: Cell | None = None,
    tags: Iterable[str] = (),
    note: str | None = None,
    seed: int | None = None,
    baseline: str | None = None,
    expects: Iterable[str] = (),
) -> ActiveRun:
    """Starts a run and makes it the active one. Raises StoreUnavailable."""
    start = RunStart(
        run_id=new_run_id(),
        name=name or new_name(),
        experiment=experiment,
        started_at=utc_now(),
        session=_session(os.getpid(), notebook),
        source=source,
        cell=cell,
        tags=tuple(tags),
        note=note,
        seed=seed,
        baseline=baseline,
        expects=tuple(expects),
    )
    run = ActiveRun(store, start, store.start_run(start), outer=_run_of_context())
    with _lock:
        _active.append(run)
    _current.set(run)
    return run


@functools.lru_cache(maxsize=8)
def _session(_pid: int, notebook: str | None) -> Session:
    """The session of this process; a forked child has one of its own."""
    from aseptic.store.liveness import new_session

    return new_session(notebook)


_lock = threading.Lock()
_active: list[ActiveRun] = []
_current: contextvars.ContextVar[ActiveRun | None] = contextvars.ContextVar(
    "aseptic_run", default=None
)


class _Thread(threading.local):
    executes_cells = False


_thread = _Thread()


def executes_cells() -> None:
    """Says of this thread that it executes cells: it does not take part in runs of others."""
    _thread.executes_cells = True


def find_active_run() -> ActiveRun | None:
    """The run that this code belongs to.

    The one of this context, or the nearest around it that has not ended. A thread that was
    started by others has no context of its own: it belongs to the run that is active, if it is
    certain which.
    """
    if _current.get() is not None:
        return _run_of_context()
    runs = _runs_for_strangers()
    return runs[-1] if _is_one_in_another(runs) else None


def _run_of_context() -> ActiveRun | None:
    return next((run for run in _outwards(_current.get()) if not run.is_ended), None)


def _outwards(run: ActiveRun | None) -> Iterator[ActiveRun]:
    while run is not None:
        yield run
        run = run.outer


def _runs_for_strangers() -> list[ActiveRun]:
    """The active runs that code without a run of its own may belong to."""
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main and not _thread.executes_cells:
        return _active.copy()
    here = threading.get_ident()
    return [run for run in _active.copy() if run.thread == here or run.is_forked]


def _is_one_in_another(runs: list[ActiveRun]) -> bool:
    """Whether the last of several runs was started within all the others."""
    return bool(runs) and set(runs) <= set(_outwards(runs[-1]))


def _has_ended(run: ActiveRun) -> str:
    return f"run {run.name} has ended: what is logged to it now is not recorded"


def _say_that_none_is_active() -> None:
    run = _current.get()
    if run is not None:
        say_once(_has_ended(run))
    elif _runs_for_strangers():
        say_once(
            "several runs are active, and it cannot be told which of them this thread belongs to: "
            "call `log` of the run itself"
        )
    else:
        say_once(str(NoActiveRun()))


def _forget(run: ActiveRun) -> None:
    with _lock:
        if run in _active:
            _active.remove(run)
    if _current.get() is run:
        _current.set(run.outer)


def _after_fork() -> None:
    """A forked child has one thread, shows nothing, and goes on with the runs that it is in."""
    global _lock  # noqa: PLW0603 -- another thread of the parent may have held it
    _lock = threading.Lock()
    own = set(_outwards(_run_of_context()))
    for run in _active.copy():
        run.on_points(None)
        if own and run not in own:
            _active.remove(run)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


_default_store: Store | None = None


def use_store(store: Store | None) -> None:
    """Makes a store the one that is meant where none is named; None: the project's own again."""
    global _default_store  # noqa: PLW0603 -- one default a process, set when the extension loads
    _default_store = store


def default_store() -> Store:
    """The store that is meant where none is named."""
    from aseptic.store import open_store

    return _default_store or open_store()


def log(
    values: Mapping[str, Any] | None = None, *, step: float | None = None, **metrics: Any
) -> None:
    """Records values on the active run: `log(loss=l, step=i)`, `log({"val/acc": a}, step=i)`.

    Without an active run it says so once and does nothing, so that code which logs also runs
    where nothing is tracked.
    """
    run = find_active_run()
    if run is None:
        _say_that_none_is_active()
        return
    run.log(values, step=step, **metrics)


def log_params(values: Mapping[str, Any] | None = None, **params: Any) -> None:
    """Records params on the active run, in addition to those that are seen."""
    run = find_active_run()
    if run is None:
        _say_that_none_is_active()
        return
    run.log_params(values, **params)


def log_artifact(path_or_object: Any, name: str | None = None) -> None:
    """Keeps a file, bytes, text, figure or JSON-able object as an artifact of the active run."""
    run = find_active_run()
    if run is None:
        _say_that_none_is_active()
        return
    run.log_artifact(path_or_object, name)


class track:  # noqa: N801 -- used as a verb: `with aseptic.track():`
    """The active run, as a context manager or a decorator.

    ::

        with aseptic.track("baseline", experiment="digits") as run:
            run.log(loss=0.3, step=1)

        @aseptic.track(experiment="digits")
        def train(lr, epochs=10): ...

    As a decorator each call is a run, named for the function, and the arguments are its params;
    of a coroutine function, until it has been awaited. The run is `failed` if an exception
    leaves the block, `interrupted` if KeyboardInterrupt or a cancellation does.
    """

    def __init__(
        self,
        name: str | None = None,
        *,
        experiment: str | None = None,
        tags: Iterable[str] = (),
        params: Mapping[str, Any] | None = None,
        note: str | None = None,
        seed: int | None = None,
        store: Store | str | None = None,
    ) -> None:
        if callable(name):
            raise TypeError("write `@aseptic.track()`, with parentheses")
        self._name = name
        self._experiment = experiment
        self._tags = tuple(tags)
        self._params = dict(params or {})
        self._note = note
        self._seed = seed
        self._store = store
        self._open: list[_Script] = []

    def __enter__(self) -> ActiveRun:
        if self._seed is not None:
            from aseptic.capture.environment import apply_seed

            apply_seed(self._seed)
        run = start_run(
            _store_of(self._store),
            name=self._name,
            experiment=self._experiment or _script_name(),
            source=_script_source(),
            tags=self._tags,
            note=self._note,
            seed=self._seed,
        )
        self._open.append(_Script(run))
        if self._params:
            run.log_params(self._params)
        run.reset_clock()
        return run

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        here = _current.get()  # one `track` may be open in several tasks and threads
        script = next((one for one in self._open if one.run is here), self._open[-1])
        self._open.remove(script)
        script.finish(error)

    def __call__(self, function: _Function) -> _Function:
        """Makes each call of the function a run."""
        _refuse_what_is_not_called(function)
        signature = inspect.signature(function)

        @functools.wraps(function)
        def tracked(*args: Any, **kwargs: Any) -> Any:
            with self._of_call(function) as run:
                _record_arguments(run, signature, args, kwargs)
                return function(*args, **kwargs)

        @functools.wraps(function)
        async def awaited(*args: Any, **kwargs: Any) -> Any:
            with self._of_call(function) as run:
                _record_arguments(run, signature, args, kwargs)
                return await function(*args, **kwargs)

        is_coroutine = inspect.iscoroutinefunction(function)
        return awaited if is_coroutine else tracked  # type: ignore[return-value]  # `wraps` keeps it

    def _of_call(self, function: Callable[..., Any]) -> track:
        return track(
            self._name or getattr(function, "__name__", None),
            experiment=self._experiment,
            tags=self._tags,
            params=self._params,
            note=self._note,
            seed=self._seed,
            store=self._store,
        )


def _refuse_what_is_not_called(function: Any) -> None:
    """Raises TypeError for a class, and for a generator: others run between its values."""
    if inspect.isclass(function):
        raise TypeError(f"track decorates functions, not the class {function.__name__}")
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise TypeError(
            f"{function.__name__} is a generator, which runs bit by bit: "
            "use `with aseptic.track():` where it is consumed"
        )


def _store_of(store: Store | str | None) -> Store:
    from aseptic.store import open_store

    if store is None:
        return default_store()
    return open_store(store) if isinstance(store, str) else store


class _Script:
    """What is captured round a `with track()` block."""

    def __init__(self, run: ActiveRun) -> None:
        from aseptic.capture.files import FileWatch

        self.run = run
        self._git = read_git_in_background(Path.cwd())
        self._files = FileWatch(Path.cwd())
        with run.guarded("files"):
            self._files.start()

    def finish(self, error: BaseException | None) -> None:
        duration_s = self.run.stop_clock()
        if isinstance(error, SystemExit) and error.code in (None, 0):
            error = None  # the way for a script to say that it is done
        try:
            if not self.run.is_forked:  # the rest is its parent's to say
                self._record(error)
        finally:
            self.run.end(status_of(error), duration_s=duration_s)

    def _record(self, error: BaseException | None) -> None:
        with self.run.guarded("files"):
            for data_input in self._files.stop():
                self.run.record(data_input)
        with self.run.guarded("git and environment"):
            record_surroundings(self.run, self._git)
        if error is not None:
            self.run.record(Outputs(error=_in_words(error), traceback=_traceback(error)))


def _in_words(error: BaseException) -> str:
    from aseptic.capture.secrets import redact

    kind = type(error).__name__
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 -- the user's own `__str__`
        text = ""
    return redact(f"{kind}: {text}") if text else kind


def _traceback(error: BaseException) -> str:
    import traceback

    from aseptic.capture.secrets import redact

    return redact("".join(traceback.format_exception(error)))


def status_of(error: BaseException | None) -> Literal["finished", "failed", "interrupted"]:
    """How a run ended, by the exception that left it."""
    if error is None:
        return "finished"
    is_interrupt = isinstance(error, (KeyboardInterrupt, GeneratorExit))
    is_cancelled = type(error).__name__ == "CancelledError"  # asyncio's and others'
    return "interrupted" if is_interrupt or is_cancelled else "failed"


def record_surroundings(
    run: ActiveRun, git: BackgroundGit, *, seeds: Mapping[str, Any] | None = None
) -> None:
    """Records git state and environment."""
    from aseptic.capture.environment import read_environment

    reading = git.result()
    if reading is None:
        run.record(GitState(reason=git.fault or "git did not answer in time"))
    else:
        run.record(reading.state)
        if reading.diff is not None:
            run.keep(reading.diff, name=reading.state.diff or "git.diff", media_type="text/x-diff")
    run.record(read_environment(seeds=seeds))


class BackgroundGit:
    """Reads the repository in a thread, while the cell already runs."""

    def __init__(self, folder: Path) -> None:
        self.fault: str | None = None
        self._reading: GitReading | None = None
        self._thread = threading.Thread(
            target=self._read, args=(folder,), name="aseptic-git", daemon=True
        )
        self._thread.start()

    def result(self, timeout_s: float = 3.0) -> GitReading | None:
        """The reading, or None where it failed (see `fault`) or is not there in time."""
        self._thread.join(timeout_s)
        return self._reading

    def _read(self, folder: Path) -> None:
        from aseptic.capture.git import read_git

        try:
            self._reading = read_git(folder)
        except Exception as error:  # noqa: BLE001 -- recorded as the reason
            self.fault = f"{type(error).__name__}: {error}"


def read_git_in_background(folder: Path) -> BackgroundGit:
    """Starts reading the git state of a folder."""
    return BackgroundGit(folder)


def _record_arguments(
    run: ActiveRun, signature: inspect.Signature, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    try:
        bound = signature.bind(*args, **kwargs)
    except TypeError:
        return  # the call itself will raise it, with the user's traceback
    given = set(bound.arguments)
    bound.apply_defaults()
    for number, (name, value) in enumerate(bound.arguments.items()):
        if number == 0 and name in ("self", "cls"):
            continue
        origin = Origin(how="argument" if name in given else "default")
        is_rest = signature.parameters[name].kind is inspect.Parameter.VAR_KEYWORD
        for key, one in value.items() if is_rest else [(name, value)]:
            with run.guarded(f"param {key}"):
                _record_argument(run, key, one, origin)


def _record_argument(run: ActiveRun, name: str, value: Any, origin: Origin) -> None:
    """A config object is taken apart: `config.lr`."""
    from aseptic.capture.values import NOTHING, is_recordable, members, plain

    if not is_recordable(name):
        return
    parts = members(value) or {}
    found = {f"{name}.{part}": one for part, one in parts.items()} or {name: plain(value)}
    for key, known in found.items():
        if known is not NOTHING:
            run.record(Param(name=key, uses=(ParamUse(value=known, origin=origin),)))


def _script_path() -> Path | None:
    main = sys.modules.get("__main__")
    path = getattr(main, "__file__", None)
    return Path(path) if path else None


def _script_name() -> str:
    path = _script_path()
    return path.stem if path else "python"


def _script_source() -> str:
    from aseptic.capture.secrets import redact

    path = _script_path()
    try:
        return redact(path.read_text(encoding="utf-8")) if path else ""
    except (OSError, UnicodeDecodeError):
        return ""


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


def _as_content(thing: Any) -> tuple[bytes | Path, str, str]:
    """Content, name and media type of something to keep."""
    path = _file_of(thing)
    if path is not None:
        guess = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        return path, path.name, guess
    if isinstance(thing, os.PathLike):
        if Path(thing).is_dir():
            raise IsADirectoryError(f"{os.fspath(thing)!r} is a folder: pass the files in it")
        raise FileNotFoundError(f"no file {os.fspath(thing)!r} to keep as an artifact")
    if isinstance(thing, (bytes, bytearray, memoryview)):
        return bytes(thing), "artifact.bin", "application/octet-stream"
    if isinstance(thing, str):
        return thing.encode("utf-8", "backslashreplace"), "artifact.txt", "text/plain"
    if hasattr(thing, "savefig"):
        return _figure_png(thing), "figure.png", "image/png"
    if hasattr(thing, "to_csv"):
        return thing.to_csv().encode(), "table.csv", "text/csv"
    try:
        return json.dumps(thing, indent=1).encode(), "artifact.json", "application/json"
    except (TypeError, ValueError, RecursionError):
        raise TypeError(
            f"cannot keep a {type(thing).__name__} as an artifact: save it to a file and pass "
            "the path (aseptic pickles nothing)"
        ) from None


def _file_of(thing: Any) -> Path | None:
    """The file that a path names; a text may name one, or be what is to be kept."""
    if not isinstance(thing, (str, os.PathLike)):
        return None
    try:
        return Path(thing) if Path(thing).is_file() else None
    except (OSError, ValueError):  # too long for a path, or with a NUL in it
        return None


def _figure_png(figure: Any) -> bytes:
    import io

    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()
