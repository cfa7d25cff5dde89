"""Which run is active, in a cell, a script, a thread or a forked child; and `log` to it."""

from __future__ import annotations

import contextlib
import contextvars
import functools
import os
import threading
from typing import TYPE_CHECKING, Any

from aseptic.active_run import ActiveRun, has_ended
from aseptic.errors import NoActiveRun
from aseptic.model import Cell, RunStart, is_writable, new_run_id, utc_now, writable
from aseptic.names import new_name
from aseptic.notices import mark_as_said, say_once

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from aseptic.model import Session
    from aseptic.store.base import Store


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
    start = start if is_writable(start) else writable(start)
    run = ActiveRun(store, start, store.start_run(start), on_end=_forget, outer=_run_of_context())
    with _lock:
        _active.append(run)
    _current.set(run)
    _tell_job(run)
    return run


#: Names the file in which `aseptic run` reads which runs its job made, one id a line.
JOB_VARIABLE = "ASEPTIC_JOB_RUNS"


def _tell_job(run: ActiveRun) -> None:
    path = os.environ.get(JOB_VARIABLE)
    if not path:
        return
    with contextlib.suppress(OSError):
        file = os.open(path, os.O_WRONLY | os.O_APPEND)  # `open` may be watched by another run
        try:
            os.write(file, f"{run.run_id}\n".encode())
        finally:
            os.close(file)


@functools.lru_cache(maxsize=8)
def _session(_pid: int, notebook: str | None) -> Session:
    """The session of this process; a forked child has one of its own."""
    from aseptic.store.liveness import new_session

    return new_session(notebook)


def forget_session() -> None:
    """What runs from now on belongs to a new session."""
    _session.cache_clear()


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


def run_of_context() -> ActiveRun | None:
    """The run that this context began last, ended or not."""
    return _current.get()


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


def say_nothing_of_missing_runs() -> None:
    """`log` keeps quiet from now on: it was said already that, and why, there is no run."""
    mark_as_said(str(NoActiveRun()))


def _say_that_none_is_active() -> None:
    run = _current.get()
    if run is not None:
        say_once(has_ended(run))
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
        run.forget_listeners()
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


def active_run_or_say() -> ActiveRun | None:
    """The run that this code belongs to; None is said once, with the reason."""
    run = find_active_run()
    if run is None:
        _say_that_none_is_active()
    return run


def log(
    values: Mapping[str, Any] | None = None, *, step: float | None = None, **metrics: Any
) -> None:
    """Records values on the active run: `log(loss=l, step=i)`, `log({"val/acc": a}, step=i)`.

    Without an active run it says so once and does nothing, so that code which logs also runs
    where nothing is tracked.
    """
    run = active_run_or_say()
    if run is not None:
        run.log(values, step=step, **metrics)


def log_params(values: Mapping[str, Any] | None = None, **params: Any) -> None:
    """Records params on the active run, in addition to those that are seen."""
    run = active_run_or_say()
    if run is not None:
        run.log_params(values, **params)


def log_artifact(path_or_object: Any, name: str | None = None) -> None:
    """Keeps a file, bytes, text, figure or JSON-able object as an artifact of the active run."""
    run = active_run_or_say()
    if run is not None:
        run.log_artifact(path_or_object, name)
