"""The extension that `%load_ext aseptic` puts into an IPython shell, and takes out again.

It listens before and after each cell and sees the cell's syntax tree in between; IPython alone
executes the cell. Whatever goes wrong in here is said once and ends here.
"""

from __future__ import annotations

import ast
import functools
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from msgspec.structs import replace

from aseptic import declared, upstream
from aseptic.active_run import status_of
from aseptic.capture.cells import CellLog, Names, names_of
from aseptic.capture.notebook import find_notebook
from aseptic.capture.secrets import redact
from aseptic.errors import AsepticError
from aseptic.model import Origin, utc_now
from aseptic.notebook import auto
from aseptic.notebook.hygiene import Hygiene
from aseptic.notebook.options import TrackOptions, parse_track, strip_track, track_words
from aseptic.notices import say, say_once
from aseptic.surroundings import BackgroundGit, read_git_in_background
from aseptic.tracking import executes_cells, forget_session, say_nothing_of_missing_runs

if TYPE_CHECKING:
    import types
    from datetime import datetime

    from aseptic.capture.fit_watch import FitWatch
    from aseptic.model import Cell, DataInput, Run, State
    from aseptic.notebook.tracked_cell import TrackedCell
    from aseptic.store.base import SessionJournal, Store

RUN_TAG = "run"
_MAX_FAULTS = 20  # after so many faults in one session the extension keeps quiet for good

_Method = TypeVar("_Method", bound=Callable[..., Any])


def guarded(method: _Method) -> _Method:
    """A hook that never raises: a fault is said once; an interrupt is handed on to the cell."""

    @functools.wraps(method)
    def call(self: Extension, *args: Any) -> Any:
        try:
            return method(self, *args)
        except KeyboardInterrupt:
            self.interrupt()
        except BaseException as error:  # noqa: BLE001 -- SystemExit in a hook would end the kernel
            self.fault(method.__name__, error)
        return args[0] if args else None

    return call  # type: ignore[return-value]  # the same signature


class Frame:
    """One cell that is being executed; nested `run_cell` calls make nested frames."""

    __slots__ = (
        "cell",
        "fits",
        "git",
        "held",
        "info",
        "is_interrupted",
        "options",
        "started",
        "started_at",
        "tracked",
    )

    def __init__(self, info: Any, options: TrackOptions | None) -> None:
        self.info = info
        self.options = options
        self.tracked: TrackedCell | None = None
        self.cell: Cell | None = None
        self.git: BackgroundGit | None = None
        self.fits: FitWatch | None = None  # of a cell that is no run, with `%aseptic auto` on
        self.is_interrupted = False
        self.held: frozenset[str] = frozenset()  # the names that the kernel held at the start
        self.started_at: datetime = utc_now()
        self.started = time.perf_counter()


class Extension:
    """aseptic in one IPython shell."""

    def __init__(self, shell: Any, store: Store, folder: Path) -> None:
        self.shell = shell
        self.store = store
        self.folder = folder
        self.is_auto = False
        self.experiment: str | None = None  # by default the notebook's name
        self.log = CellLog()
        self.hygiene = Hygiene(folder, cells=lambda: self.log.cells)
        self._frames = threading.local()
        self._lock = threading.RLock()  # of `log` and what is written of it: subshells share them
        self._latest: dict[tuple[str, str], Run] = {}  # the last run of each cell, for its card
        self._session_journal: SessionJournal | None = None
        self._cells_written = 0
        self._faults = 0
        self._artifacts_read: dict[int, list[DataInput]] = {}  # by the cell's order
        self._parameter_cells: set[int] = set()  # orders of papermill's `parameters` cells

    # -- in and out -----------------------------------------------------------------------------
    def load(self) -> None:
        """Registers hooks, the transformers and the magics."""
        from aseptic.notebook import magics

        self._remember_earlier_cells()
        self.shell.input_transformers_cleanup.append(strip_track)
        self.shell.ast_transformers.append(self)
        self.shell.events.register("pre_run_cell", self.pre_run_cell)
        self.shell.events.register("post_run_cell", self.post_run_cell)
        magics.register(self)

    def unload(self) -> None:
        """Takes out everything that `load` put in."""
        from aseptic.notebook import magics

        magics.unregister(self.shell)
        _discard(self.shell.input_transformers_cleanup, strip_track)
        _discard(self.shell.ast_transformers, self)
        self.shell.events.unregister("pre_run_cell", self.pre_run_cell)
        self.shell.events.unregister("post_run_cell", self.post_run_cell)
        for frame in reversed(self._stack()):  # of a cell that unloads its own extension
            if frame.fits is not None:
                frame.fits.stop()
            self._end_run(frame, None)
            frame.tracked = None
        if self._session_journal is not None:
            self._session_journal.close()
        forget_session()
        declared.forget()

    def find_evidence(self, run: Run) -> Any:
        """What the session still holds of a run's data, its model, and what estimators saw."""
        from aseptic.notebook.recheck import evidence_at_hand

        return evidence_at_hand(run, self)

    # -- the hooks ------------------------------------------------------------------------------
    @guarded
    def pre_run_cell(self, info: Any) -> None:
        """A cell is about to be parsed: notes what was said of it."""
        executes_cells()
        frame = Frame(info, None)
        self._stack().append(frame)
        if len(self._stack()) == 1 and not self._is_off:
            frame.options = self._options(info)
            if frame.options is not None:
                frame.git = read_git_in_background(self.folder)

    def visit(self, tree: ast.Module) -> ast.Module:
        """The cell has been parsed and will be executed when this returns (an AST transformer)."""
        tree = self._prepare(tree)
        frame = self._top()
        return _interrupting(tree) if frame is not None and frame.is_interrupted else tree

    @guarded
    def _prepare(self, tree: ast.Module) -> ast.Module:
        """The tree to execute, with what must be seen before it is."""
        frame = self._top()
        if frame is None or self._is_off or frame.is_interrupted or not tree.body:
            return tree
        if self._tracked() is not None:
            return self._nested(tree)
        names = names_of(tree)
        if frame.options is None and self.is_auto and auto.is_training(tree, self.shell.user_ns):
            frame.options = TrackOptions()
        if frame.cell is None and len(self._stack()) == 1:
            frame.cell = self._log_cell(frame, names)
            if _is_parameters(self.shell, frame.info):
                self._parameter_cells.add(frame.cell.order)
        if frame.options is not None and frame.cell is not None:
            return self._begin(frame, frame.cell, tree, names)
        if self.is_auto and frame.fits is None and len(self._stack()) == 1:
            frame.fits = self.hygiene.watch()
            frame.fits.start()
        return tree

    @guarded
    def post_run_cell(self, result: Any) -> None:
        """The cell has ended, in whatever way."""
        stack = self._stack()
        if not stack or (result is not None and _is_blank(result.info.raw_cell)):
            return  # an empty cell ends without having begun (ipython#14597)
        frame, error = stack[-1], _error_of(result)
        try:
            if frame.fits is not None:
                frame.fits.stop()
            if frame.cell is not None:
                self._end_cell(frame, error)
        finally:
            try:
                self._end_run(frame, error)
            finally:
                stack.pop()

    @guarded
    def _remember_earlier_cells(self) -> None:
        """What ran before the extension was loaded, as far as IPython still knows it."""
        history = getattr(self.shell, "history_manager", None)
        sources = [redact(source) for source in getattr(history, "input_hist_raw", [""])]
        self.log.remember(sources, started_at=utc_now(), transform=self.shell.transform_cell)
        self._parameter_cells |= {c.order for c in self.log.cells if _is_injected(c.source)}

    # -- what they do ---------------------------------------------------------------------------
    def _options(self, info: Any) -> TrackOptions | None:
        words = track_words(info.raw_cell)
        if words is None:
            return TrackOptions() if RUN_TAG in _tags(self.shell, info) else None
        try:
            return parse_track(words)
        except AsepticError:
            return None  # the line was left in the cell: the magic says what is wrong with it

    def _log_cell(self, frame: Frame, names: Names) -> Cell:
        source = redact(frame.info.raw_cell)
        with self._lock:
            return self.log.begin(
                source,
                names,
                started_at=frame.started_at,
                cell_id=getattr(frame.info, "cell_id", None),
                execution_count=_execution_count(self.shell, frame.info),
                namespace=self.shell.user_ns,
            )

    def _defined_in(self, name: str) -> Origin | None:
        """Where a name that the tracked cell uses was bound."""
        cell = self.log.last_writer(name)
        if cell is None:
            return None
        is_parameters = cell.order in self._parameter_cells
        how: Literal["parameters", "global"] = "parameters" if is_parameters else "global"
        return Origin(how=how, cell=cell.order, cell_id=cell.cell_id)

    def _begin(self, frame: Frame, cell: Cell, tree: ast.Module, names: Names) -> ast.Module:
        from aseptic.notebook.tracked_cell import TrackedCell

        assert frame.options is not None
        frame.held = frozenset(self.shell.user_ns)
        notebook = find_notebook(self.shell.user_ns)
        try:
            frame.tracked = TrackedCell(
                store=self.store,
                options=frame.options,
                cell=cell,
                experiment=self.experiment or (notebook.stem if notebook else "notebook"),
                notebook=self._relative(notebook),
                folder=self.folder,
                git=frame.git or read_git_in_background(self.folder),
                shell=self.shell,
                hygiene=self.hygiene,
            )
        except AsepticError as error:
            say_once(f"runs are not recorded: {error}")
            say_nothing_of_missing_runs()
            return tree
        self._watch_points(frame.tracked)
        return frame.tracked.begin(tree, names, cell, defined_in=self._defined_in)

    def _nested(self, tree: ast.Module) -> ast.Module:
        """Code that runs within a tracked cell: below `%%time`, or in a nested `run_cell`."""
        tracked, frame = self._tracked(), self._stack()[0]
        assert tracked is not None
        names = names_of(tree)
        tracked.record_data(names)
        if frame.cell is not None:
            with self._lock:
                frame.cell = self.log.extend(frame.cell.order, names, namespace=self.shell.user_ns)
        return tree if _is_being_timed() else tracked.instrument(tree)

    @guarded
    def _end_cell(self, frame: Frame, error: BaseException | None) -> None:
        assert frame.cell is not None
        statuses: dict[str, str] = {"finished": "ok", "failed": "error"}
        with self._lock:
            frame.cell = self.log.end(
                frame.cell.order,
                status=statuses.get(status_of(error), "interrupted"),
                duration_s=time.perf_counter() - frame.started,
                run_id=frame.tracked.run.run_id if frame.tracked else None,
                namespace=self.shell.user_ns,
            )
            if frame.tracked is not None:
                frame.tracked.run.record(frame.cell)
            if frame.tracked is not None or self._session_journal is not None:
                self._write_cells(frame.cell, frame.tracked)
        inputs = frame.tracked.run.snapshot().data_inputs if frame.tracked else {}
        read = [*upstream.take_pending(), *(one for one in inputs.values() if one.from_run)]
        if read:
            self._artifacts_read[frame.cell.order] = read

    def _write_cells(self, ended: Cell, tracked: TrackedCell | None) -> None:
        """From its first run on, the session's cells are kept, those before it included."""
        if self._session_journal is None:
            assert tracked is not None
            self._session_journal = self.store.start_session(tracked.run.start.session)
        fresh = self.log.cells[self._cells_written :]
        # one that was still running when another cell ended was written without its end
        for cell in fresh if ended in fresh else (*fresh, ended):
            self._session_journal.append(cell)
        self._cells_written = len(self.log.cells)

    @guarded
    def _end_run(self, frame: Frame, error: BaseException | None) -> None:
        from aseptic.notebook import live

        tracked = frame.tracked
        if tracked is None:
            if frame.git is not None:
                frame.git.result()  # no run came of it; nothing goes on behind the next cell
            return
        self._record_artifacts(tracked)
        run = replace(
            tracked.finish(error, lambda: self._judge(frame)), cells=tuple(self.log.cells)
        )
        live.close(tracked.run)
        key = (run.experiment, _cell_key(frame))
        previous = self._latest.get(key) or self._find_previous(run, frame)
        self._latest[key] = run
        if not tracked.options.is_quiet:
            from aseptic.notebook.card import show_card

            show_card(self.shell, run, previous, baseline=self._baseline(tracked))

    def _record_artifacts(self, tracked: TrackedCell) -> None:
        """What the earlier cells that this one depends on read of the artifacts of other runs."""
        if not self._artifacts_read:
            return
        from aseptic.checks.code import cells_used

        with tracked.run.guarded("artifacts read before"):
            run = replace(tracked.run.snapshot(), cells=tuple(self.log.cells))
            for cell in cells_used(run):
                for read in self._artifacts_read.get(cell.order, ()):
                    upstream.record(tracked.run, read)

    def _judge(self, frame: Frame) -> State:
        from aseptic.capture.notebook import NotebookCells, read_cells
        from aseptic.reproduce.state import judge

        assert frame.cell is not None
        notebook = find_notebook(self.shell.user_ns)
        page = read_cells(notebook) if notebook else None
        return judge(
            self.log.cells,
            frame.cell.order,
            namespace_names=frame.held,
            deleted_cell_ids=_metadata(self.shell, frame.info).get("deletedCells", ()),
            notebook_cells=page.sources if isinstance(page, NotebookCells) else None,
            notebook_saved_at=page.saved_at if isinstance(page, NotebookCells) else None,
        )

    def _find_previous(self, run: Run, frame: Frame) -> Run | None:
        try:
            return self.store.find_previous(
                run.experiment,
                before=run.run_id,
                notebook=run.notebook,
                cell_id=getattr(frame.info, "cell_id", None),
            )
        except (AsepticError, OSError) as error:
            say_once(f"the run before cannot be read: {error}")
            return None

    def _baseline(self, tracked: TrackedCell) -> Run | None:
        wanted = tracked.options.baseline
        if wanted is None:
            return None
        try:
            return self.store.get_run(wanted)
        except AsepticError as error:
            say(str(error))
            return None

    def _watch_points(self, tracked: TrackedCell) -> None:
        from aseptic.notebook import live

        if not tracked.options.is_quiet:
            live.watch(self.shell, tracked.run)

    def _relative(self, notebook: Path | None) -> str | None:
        if notebook is None:
            return None
        try:
            return notebook.resolve().relative_to(self.folder).as_posix()
        except ValueError:
            return notebook.name

    # -- the stack of cells, one a thread: subshells run cells beside each other ------------------
    def _stack(self) -> list[Frame]:
        try:
            return self._frames.stack  # type: ignore[no-any-return]  # set two lines below
        except AttributeError:
            self._frames.stack = []
            return self._frames.stack  # type: ignore[no-any-return]  # as above

    def _top(self) -> Frame | None:
        stack = self._stack()
        return stack[-1] if stack else None

    def _tracked(self) -> TrackedCell | None:
        return next((f.tracked for f in reversed(self._stack()) if f.tracked), None)

    # -- faults -----------------------------------------------------------------------------------
    @property
    def _is_off(self) -> bool:
        return self._faults >= _MAX_FAULTS

    def fault(self, where: str, error: BaseException) -> None:
        """Says a fault of ours once; the run, if any, keeps it as a problem."""
        self._faults += 1
        say_once(f"{where} failed ({type(error).__name__}: {error}); the cell was not touched")
        if self._is_off:
            say("too many faults: no more runs are recorded. `%reload_ext aseptic` begins anew")
        tracked = self._tracked()
        if tracked is not None and not tracked.run.is_ended:
            tracked.run.problem(where, f"{type(error).__name__}: {error}")

    def interrupt(self) -> None:
        """Ctrl-C came while we were at work: IPython would swallow it, the cell must not run."""
        frame = self._top()
        if frame is not None:
            frame.is_interrupted = True


def open_extension(shell: Any) -> Extension:
    """Finds the project and its store, and makes the extension for a shell."""
    from aseptic.settings import load_settings
    from aseptic.store import open_store

    notebook = find_notebook(shell.user_ns)
    settings = load_settings(notebook.parent if notebook else Path.cwd())
    return Extension(shell, open_store(settings.store), settings.project)


def _cell_key(frame: Frame) -> str:
    return getattr(frame.info, "cell_id", None) or ""


def _discard(items: list[Any], item: Any) -> None:
    if item in items:
        items.remove(item)


def _is_blank(text: str | None) -> bool:
    return not text or text.isspace()


def _error_of(result: Any) -> BaseException | None:
    """The exception that ended the cell. A cancelled cell has no result at all."""
    if result is None:
        return KeyboardInterrupt()
    return result.error_before_exec or result.error_in_exec  # type: ignore[no-any-return]  # IPython's


def _interrupting(tree: ast.Module) -> ast.Module:
    """A cell that does nothing but raise the interrupt that arrived too early."""
    raising = ast.parse("raise KeyboardInterrupt").body
    return ast.Module(body=raising, type_ignores=tree.type_ignores)


def _is_being_timed() -> bool:
    """Whether `%timeit` is what asks: probes would be measured with the code."""
    frame: types.FrameType | None = sys._getframe()  # noqa: SLF001 -- the only way to see the caller
    for _ in range(6):
        frame = frame.f_back if frame else None
        if frame is not None and frame.f_code.co_name == "timeit":
            return True
    return False


def _metadata(shell: Any, info: Any) -> dict[str, Any]:
    """The cell's metadata, where the front end sends it."""
    found = getattr(info, "cell_meta", None)
    if not found and hasattr(shell, "get_parent"):
        found = (shell.get_parent() or {}).get("metadata")
    return found if isinstance(found, dict) else {}


def _execution_count(shell: Any, info: Any) -> int:
    """The number that a person sees as `In [5]`; IPython has counted on when the cell begins."""
    count = getattr(shell, "execution_count", 1)
    return count - 1 if getattr(info, "store_history", False) else 0


def _is_parameters(shell: Any, info: Any) -> bool:
    """Whether this is the cell of parameters: by its tag, or by what papermill writes."""
    tags = {"parameters", "injected-parameters"}.intersection(_tags(shell, info))
    return bool(tags) or _is_injected(info.raw_cell)


def _is_injected(source: str) -> bool:
    """Whether papermill wrote this cell; it does not send the cell's tags."""
    return source.startswith("# Parameters\n")


def _tags(shell: Any, info: Any) -> list[str]:
    tags = _metadata(shell, info).get("tags")
    return tags if isinstance(tags, list) else []
