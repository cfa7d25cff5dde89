"""Runs of scripts: `aseptic.track` as a context manager and as a decorator."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from aseptic.active_run import status_of
from aseptic.capture.patches import hide_own_frames
from aseptic.model import Origin, Outputs, Param, ParamUse, State
from aseptic.surroundings import read_git_in_background, record_surroundings
from aseptic.tracking import default_store, run_of_context, start_run
from aseptic.training_watch import TrainingWatch, say_finding

if TYPE_CHECKING:
    from types import TracebackType

    from aseptic.active_run import ActiveRun
    from aseptic.store.base import Store

_NOT_A_CELL = "it is no tracked cell: what ran before it is not known"
_Function = TypeVar("_Function", bound=Callable[..., Any])


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
        here = run_of_context()  # one `track` may be open in several tasks and threads
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
        from aseptic.alerts import watch
        from aseptic.capture.files import FileWatch
        from aseptic.integrations.switch import Integrations

        self.run = run
        self._git = read_git_in_background(Path.cwd())
        self._files = FileWatch(Path.cwd())
        self._training = TrainingWatch(run, Path.cwd(), is_said=True)
        with run.guarded("files"):
            self._files.start()
        self._training.start()
        self._hooks = Integrations(run)
        with run.guarded("hooks of frameworks"):
            self._hooks.start()
        watch(run, Path.cwd())

    def finish(self, error: BaseException | None) -> None:
        duration_s = self.run.stop_clock()
        with self.run.guarded("hooks of frameworks"):
            self._hooks.stop()
        self._training.stop()
        if isinstance(error, SystemExit) and error.code in (None, 0):
            error = None  # the way for a script to say that it is done
        if error is not None:
            hide_own_frames(error)
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
        self.run.record(State(kind="unknown", reasons=(_NOT_A_CELL,)))
        if error is not None:
            self.run.record(Outputs(error=_in_words(error), traceback=_traceback(error)))
        with self.run.guarded("checks"):
            if self._training.is_worth_judging:
                for finding in self._training.settle(self._training.judge(status_of(error))):
                    say_finding(self.run, finding)


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
