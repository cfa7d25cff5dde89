"""One tracked execution of a cell: what is captured before, while and after it runs.

IPython alone executes the cell. `begin` is called with its syntax tree just before, `finish` just
after. Each step is guarded: a fault becomes a problem of the run and the rest goes on.
"""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from aseptic import alerts
from aseptic.active_run import status_of
from aseptic.capture import fit_watch
from aseptic.capture.cells import closure_of
from aseptic.capture.data import describe, is_data
from aseptic.capture.files import FileWatch
from aseptic.capture.outputs import OutputCapture
from aseptic.capture.params import ParamProbe
from aseptic.capture.secrets import redact
from aseptic.integrations.switch import Integrations
from aseptic.surroundings import record_surroundings
from aseptic.tracking import start_run
from aseptic.training_watch import TrainingWatch

if TYPE_CHECKING:
    import ast
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from aseptic.capture.cells import Names
    from aseptic.capture.params import DefinedIn
    from aseptic.model import Cell, Outputs, Run, RunStatus, State
    from aseptic.notebook.hygiene import Hygiene
    from aseptic.notebook.options import TrackOptions
    from aseptic.store.base import Record, Store
    from aseptic.surroundings import BackgroundGit

_ANSI = re.compile("\x1b\\[[0-9;]*m")


class TrackedCell:
    """The capture round one execution of one cell."""

    def __init__(
        self,
        *,
        store: Store,
        options: TrackOptions,
        cell: Cell,
        experiment: str,
        notebook: str | None,
        folder: Path,
        git: BackgroundGit,
        shell: Any,
        hygiene: Hygiene,
    ) -> None:
        self.options = options
        self._shell = shell
        self._git = git
        self.run = start_run(
            store,
            name=options.name,
            experiment=options.experiment or experiment,
            source=redact(cell.source),
            notebook=notebook,
            cell=cell,
            tags=options.tags,
            note=options.note,
            seed=options.seed,
            baseline=options.baseline,
            expects=options.expects,
        )
        alerts.watch(self.run, folder)
        self._probe: ParamProbe | None = None
        self._seen: set[str] = set()  # names looked at, or made by the cell itself
        self._files = FileWatch(folder)
        self._hygiene = hygiene
        self._fits = hygiene.watch()
        self._outputs = OutputCapture(shell)
        self._training = TrainingWatch(
            self.run,
            folder,
            ignore=(*options.ignore, *hygiene.ignore),
            is_said=not hasattr(shell, "kernel") and not options.is_quiet,
        )
        # A finder of modules would show in `sys.meta_path`: calls of the cell tell as well.
        self._hooks = Integrations(self.run, sees_imports=False)

    def begin(
        self, tree: ast.Module, names: Names, cell: Cell, *, defined_in: DefinedIn
    ) -> ast.Module:
        """Captures what must be taken before the cell runs; returns the tree to execute."""
        if self.options.seed is not None:
            with self.run.guarded("seed"):
                from aseptic.capture.environment import apply_seed

                apply_seed(self.options.seed)
        self.record_data(names)
        with self.run.guarded("params"):
            self._probe = ParamProbe(
                self._shell.user_ns,
                cell_order=cell.order,
                cell_id=cell.cell_id,
                defined_in=defined_in,
                on_call=self._refresh,
            )
        with self.run.guarded("files"):
            self._files.start()
        with self.run.guarded("uses of data"):
            self._fits.start()
        with self.run.guarded("outputs"):
            self._outputs.start()
        self._training.start()
        with self.run.guarded("hooks of frameworks"):
            self._hooks.start()
        tree = self.instrument(tree)
        # The cell may change the files that git looks at, and wait for any child process.
        self._git.result()
        self.run.reset_clock()
        return tree

    def _refresh(self) -> None:
        """A call of the cell's top level is about to be made: it may use what was imported."""
        fit_watch.refresh()
        self._hooks.refresh()

    def instrument(self, tree: ast.Module) -> ast.Module:
        """The tree with probes at its calls; the tree itself where that fails."""
        if self._probe is not None:
            with self.run.guarded("params"):
                return self._probe.instrument(tree)
        return tree

    def record_data(self, names: Names) -> None:
        """Digests the data among the names that are read, before the cell can change it."""
        namespace = self._shell.user_ns
        read = {
            *names.reads,
            *names.mutates,
            *names.deferred,
            *closure_of((*names.uses, *names.deferred), namespace),
        }
        for name in sorted(read - self._seen):
            self._seen.add(name)
            with self.run.guarded(f"data input {name}"):
                if name in namespace and is_data(namespace[name]):
                    self.run.record(describe(name, namespace[name]))
        self._seen |= set(names.writes)  # what the cell makes itself is no input

    def finish(self, error: BaseException | None, judge: Callable[[], State]) -> Run:
        """Records what the cell did and ends the run."""
        duration_s = self.run.stop_clock()
        with self._always("hooks of frameworks"):
            self._hooks.stop()
        with self._always("watching the training"):
            self._training.stop()
        with self._always("uses of data"):
            self._fits.stop()
        with self._always("outputs"):
            self._record_outputs(error)
        with self._always("files"):
            for data_input in self._files.stop():
                self.run.record(data_input)
        with self._always("params"):
            self._record_params()
        with self._always("git and environment"):
            record_surroundings(self.run, self._git)
        with self._always("state"):
            self.run.record(judge())
        with self._always("checks"):
            self._check(duration_s, status_of(error))
        run = self.run.end(status_of(error), duration_s=duration_s)
        self._hygiene.ended(run)
        return run

    # -- within ---------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _always(self, what: str) -> Iterator[None]:
        """Neither a fault nor an interrupt keeps the run from ending: the cell is over."""
        try:
            with self.run.guarded(what):
                yield
        except KeyboardInterrupt:
            self.run.problem(what, "interrupted")

    def _check(self, cell_s: float, status: RunStatus) -> None:
        if self._fits.missed is not None:
            self.run.problem("uses of data", self._fits.missed)
        try:
            self._hygiene.check_cell(
                self.run,
                self._seen,
                self._shell.user_ns,
                ignore=self.options.ignore,
                cell_s=cell_s,
                status=status,
                training=self._training,
            )
        except SystemExit as error:  # of an object of the user's that a check looked at
            self.run.problem("checks", f"SystemExit: {error}")

    def _record_params(self) -> None:
        if self._probe is None:
            return
        collected = self._probe.collect()
        records: list[Record] = [*collected.params, *collected.problems]
        for record in records:
            self.run.record(record)
        for metric in collected.metrics:
            self.run.record_assigned(metric)
        self._record_given()

    def _record_given(self) -> None:
        namespace = self._shell.user_ns
        for name, text in self.options.params:
            if text is None and name not in namespace:
                self.run.problem(f"param {name}", f"-p {name}: no variable of that name")
            else:
                self.run.log_params({name: namespace[name] if text is None else literal(text)})

    def _record_outputs(self, error: BaseException | None) -> None:
        captured = self._outputs.stop()
        shown = "" if error is None else _shown_traceback(self._shell)
        outputs: Outputs = replace(
            captured.outputs,
            error=None if error is None else _in_words(error, shown),
            traceback=redact(shown) or None,
        )
        self.run.record(outputs)
        for figure in captured.figures:
            self.run.keep(figure.content, name=figure.name, media_type=figure.media_type)
        for problem in captured.problems:
            self.run.record(problem)


def _shown_traceback(shell: Any) -> str:
    """The traceback as the cell showed it: formatting it again would call the user's `__str__`."""
    lines = getattr(shell, "_last_traceback", None)
    return _ANSI.sub("", "\n".join(lines)) if isinstance(lines, list) else ""


def _in_words(error: BaseException, shown: str) -> str:
    """Such as `ValueError: no such file`: the last line of the traceback."""
    kind = type(error).__name__
    last = shown.strip().rpartition("\n")[2]
    return redact(last) if last.startswith(kind) else kind


def literal(text: str) -> Any:
    """A value typed on the `%%track` line: a Python literal, else the text itself."""
    import ast

    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text
