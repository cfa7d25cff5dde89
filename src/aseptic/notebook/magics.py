"""The magics `%aseptic WORDS` and `%%track`, with their completion.

The words after `%aseptic` are the shell command's, and give the same results; only `auto` means
something in a notebook alone.
"""

from __future__ import annotations

import shlex
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError

from aseptic import progress
from aseptic.errors import AsepticError
from aseptic.notebook.options import parse_track, track_parser
from aseptic.results import CompareResult, CurvesResult

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aseptic.notebook.extension import Extension
    from aseptic.results import Result
    from aseptic.store.base import Store

_SAID_EVERY_S = 1.0
_NOTEBOOK_WORDS = {"auto": "make a run of every cell that fits or logs: `auto`, `auto off`"}


def register(extension: Extension) -> None:
    """Adds the magics and their completion to the extension's shell."""
    magics = _Magics(extension)
    shell = extension.shell
    shell.register_magic_function(magics.aseptic, "line", "aseptic")
    shell.register_magic_function(magics.track, "cell", "track")
    shell.set_hook("complete_command", magics.complete, str_key="%aseptic")
    shell.set_hook("complete_command", magics.complete_track, str_key="%%track")


def unregister(shell: Any) -> None:
    """Takes the magics and their completion out again."""
    shell.magics_manager.magics["line"].pop("aseptic", None)
    shell.magics_manager.magics["cell"].pop("track", None)
    for key in ("%aseptic", "%%track"):
        shell.strdispatchers["complete_command"].strs.pop(key, None)


class _Magics:
    def __init__(self, extension: Extension) -> None:
        self._extension = extension

    def aseptic(self, line: str) -> Any:
        """Looks at this project's runs: `%aseptic runs`, `%aseptic compare`, `%aseptic help`."""
        from aseptic import commands

        try:
            words = shlex.split(line)
            if words[:1] == ["auto"]:
                return self._auto(words[1:])
            with _progress(self._extension.shell):
                result = commands.run(words, self._extension.store)
            return _shown(result, words, self._extension.store)
        except (AsepticError, ValueError) as error:  # ValueError: an open quotation mark
            raise UsageError(str(error)) from None

    def track(self, line: str, _cell: str) -> None:
        # Reached only when the line could not be read: otherwise it was taken off before.
        try:
            parse_track(line)
        except AsepticError as error:
            raise UsageError(str(error)) from None
        raise UsageError("%%track stands on the first line of a cell, above every other magic")

    track.__doc__ = (
        f"Records the execution of this cell as a run.\n\n{track_parser().format_help()}"
    )

    def complete(self, _completer: Any, event: Any) -> list[str]:
        """Completions of the word being typed after `%aseptic`."""
        from aseptic import commands

        words = event.line.split()[1:] or [""]
        if event.line.endswith(" ") and words != [""]:
            words.append("")
        found = commands.complete(words, self._extension.store)
        if len(words) == 1:
            found += [word for word in _NOTEBOOK_WORDS if word.startswith(words[0])]
        return found

    def complete_track(self, _completer: Any, event: Any) -> list[str]:
        """The options of `%%track`."""
        options = sorted(track_parser()._option_string_actions)  # noqa: SLF001 -- argparse has no other list
        return [option for option in options if option.startswith(event.symbol or "-")]

    def _auto(self, words: list[str]) -> None:
        if words not in ([], ["on"], ["off"]):
            raise UsageError(f"%aseptic auto {' '.join(words)}: expected `auto` or `auto off`")
        self._extension.is_auto = words != ["off"]
        state = "every cell that fits or logs is a run" if self._extension.is_auto else "off"
        print(f"aseptic auto: {state}")  # noqa: T201 -- the magic's answer


@contextmanager
def _progress(shell: Any) -> Iterator[None]:
    """Says in a notebook how far a command is, once it takes over a second; then takes it away."""
    from IPython.display import display

    shown: list[Any] = []
    last = time.perf_counter()

    def listen(what: str, done: int, of: int) -> None:
        nonlocal last
        if time.perf_counter() - last < _SAID_EVERY_S:
            return
        last = time.perf_counter()
        text = {"text/plain": f"{what} ({done + 1} of {of})"}
        if shown:
            shown[0].update(text, raw=True)
        else:
            shown.append(display(text, raw=True, display_id=True))  # type: ignore[no-untyped-call]

    if not hasattr(shell, "kernel"):
        yield
        return
    try:
        with progress.shown_by(listen):
            yield
    finally:
        if shown:
            shown[0].update({"text/plain": ""}, raw=True)


def _shown(result: Result, words: list[str], store: Store) -> Any:
    """What a notebook shows for a result: widgets where a terminal has tables."""
    if isinstance(result, CompareResult):
        from aseptic.widgets.panel import ComparePanel

        columns, query = result.runs.columns, result.runs.query
        is_all = query is not None or len(words) == 1
        return ComparePanel(store, query, run_ids=None if is_all else columns.run_ids)
    if isinstance(result, CurvesResult):
        from aseptic.widgets.curves import CurvesWidget

        return CurvesWidget(result.series, names=result.names)
    return result
