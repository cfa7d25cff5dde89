"""How far a job is: a bar in a terminal, a line now and then where nobody looks."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from aseptic import progress
from aseptic.show.readable import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

_LINE_EVERY_S = 15.0


@contextmanager
def job_display(*, is_quiet: bool) -> Iterator[None]:
    """Shows on stderr what is reported within."""
    console = Console(stderr=True)
    if is_quiet:
        yield
    elif console.is_terminal:
        with _bar(console):
            yield
    else:
        with progress.shown_by(_Lines()):
            yield


@contextmanager
def _bar(console: Console) -> Iterator[None]:
    bar = Progress(
        BarColumn(bar_width=20),
        TextColumn("{task.fields[count]}"),
        TimeElapsedColumn(),
        _What("{task.description}", markup=False),
        console=console,
        transient=True,
        redirect_stdout=sys.stdout.isatty(),  # a script's output then stands above the bar
    )
    task = bar.add_task("starting", total=None, count="")

    def listen(what: str, done: int, of: int) -> None:
        count = f"{done}/{of}" if of else ""
        bar.update(task, description=plain(what), completed=done, total=of or None, count=count)

    with bar, progress.shown_by(listen):
        yield


class _What(TextColumn):
    """What is done now, cut at the edge of the terminal instead of breaking the line."""

    def render(self, task: object) -> Text:
        text = Text(task.description)  # type: ignore[attr-defined]  # a Task of rich
        text.no_wrap, text.overflow = True, "ellipsis"
        return text


class _Lines:
    """A line when it begins to be reported, then every quarter of a minute."""

    def __init__(self) -> None:
        self._next = 0.0

    def __call__(self, what: str, done: int, of: int) -> None:
        now = time.monotonic()
        if now < self._next or not what:
            return
        self._next = now + _LINE_EVERY_S
        count = f" ({done} of {of} done)" if of else ""
        print(f"aseptic run: {plain(what)}{count}", file=sys.stderr, flush=True)
