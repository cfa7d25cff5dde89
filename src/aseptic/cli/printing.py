# ruff: noqa: RUF001  # the minus sign is what people read
"""Results on a terminal, in colours and never wider than it; as plain text, JSON or CSV elsewhere.

What a run holds may come from anyone: no escape sequence of it reaches the terminal, and no text
of it is a formula to a spreadsheet.
"""

from __future__ import annotations

import csv
import io
import re
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from rich.console import Console
from rich.syntax import Syntax
from rich.table import Table as RichTable
from rich.text import Text

from aseptic import progress
from aseptic.model import utc_now
from aseptic.results import TableResult
from aseptic.show.as_text import heading, plain_code, unified
from aseptic.show.blocks import Code, CodeDiff, Folded, Line, Paragraph, Table
from aseptic.show.layout import GAP, Fitted, fit, width_of
from aseptic.show.plot_svg import plot_lines
from aseptic.show.readable import CONTROL, plain, shorten

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from rich.console import RenderableType

    from aseptic.contract import DiffLine
    from aseptic.results import Result
    from aseptic.show.blocks import Block, Tone

Form = Literal["screen", "json", "csv"]

_STYLES: dict[Tone, str] = {
    "normal": "",
    "strong": "bold",
    "dim": "dim",
    "good": "green",
    "bad": "red",
    "warn": "yellow",
    "accent": "cyan",
}

#: A spreadsheet takes text that begins with one of these for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def print_result(result: Result, form: Form = "screen", *, console: Console | None = None) -> None:
    """Prints a result to stdout, or to a console."""
    if form == "json":
        print(json_text(result))
    elif form == "csv":
        assert isinstance(result, TableResult)  # `main` has refused --csv for any other
        print(csv_text(result.frame()), end="")
    else:
        console = console or Console(highlight=False)
        text = "" if console.is_terminal else result.text()
        if console.is_terminal:
            print_blocks(result.blocks(now=utc_now()), console)
        elif text:
            print(text)


def json_text(result: Result) -> str:
    """The result's values as JSON; NaN and infinity are null, since JSON has neither."""
    encoded = msgspec.json.format(msgspec.json.encode(result.to_dict()), indent=2).decode()
    # JSON escapes what is below a blank; other control characters would reach the terminal.
    return re.sub(r"(?!\n)" + CONTROL, lambda found: f"\\u{ord(found[0]):04x}", encoded)


def csv_text(frame: pd.DataFrame) -> str:
    """The frame as CSV. Text that a spreadsheet would calculate gets an apostrophe before it."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([_csv_cell(name) for name in frame.columns])
    for row in frame.itertuples(index=False, name=None):
        writer.writerow([_csv_cell(value) for value in row])
    return buffer.getvalue()


def _csv_cell(value: Any) -> Any:
    if value is None or value != value:  # NaN
        return ""
    if isinstance(value, (tuple, list)):
        value = ", ".join(map(str, value))
    if not isinstance(value, str):
        return value
    text = "\n".join(plain(row) for row in value.split("\n"))
    return f"'{text}" if value.startswith(_FORMULA) else text


# -- the terminal -------------------------------------------------------------------------------


def print_blocks(blocks: list[Block], console: Console) -> None:
    """Prints blocks in colours, a blank line between them."""
    for i, block in enumerate(blocks):
        if i:
            console.print()
        if block.title:
            console.print(Text(plain(block.title), "dim underline"))
        for drawn in _drawn(block, console.width):
            console.print(drawn)


def _drawn(block: Block, width: int) -> Iterator[RenderableType]:
    if isinstance(block, Table):
        yield from _table(block, width)
    elif isinstance(block, Paragraph):
        yield from map(_text, block.lines)
        if block.plot is not None:
            yield from (Text(f"    {plain(row)}", "cyan") for row in plot_lines(block.plot))
    elif isinstance(block, Folded):
        yield _text(block.summary)
        yield from (Text.assemble("  ", _text(spans)) for spans in block.lines)
    elif isinstance(block, Code):
        source = "\n".join(plain_code(row) for row in block.source.splitlines())
        yield Syntax(
            source, "python", theme="ansi_dark", background_color="default", word_wrap=True
        )
    else:
        yield from _code_diff(block, width)


def _text(spans: Line) -> Text:
    return Text.assemble(*((plain(span.text), _STYLES[span.tone]) for span in spans))


def _table(table: Table, width: int) -> Iterator[RenderableType]:
    for i, part in enumerate(fit(table, width)):
        if i:
            yield ""
        yield _rich_table(part)
        if part.left_out:
            count = len(part.left_out)
            words = f"+{count} column{'' if count == 1 else 's'}: {', '.join(part.left_out)}"
            yield Text(shorten(plain(words), width - 8) + " (--all)", "dim")


def _rich_table(part: Fitted) -> RichTable:
    drawn = RichTable(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="")
    for column, width in zip(part.columns, part.widths, strict=True):
        drawn.add_column(
            Text(plain(column.label), _STYLES[column.tone]),
            justify="right" if column.is_number else "left",
            no_wrap=True,
            min_width=width,
            max_width=width,
        )
    for cells in zip(*(column.cells for column in part.columns), strict=True):
        drawn.add_row(*map(_text, cells))
    return drawn


def _code_diff(block: CodeDiff, width: int) -> Iterator[RenderableType]:
    half = (width - 3) // 2
    longest = max(width_of(_numbered(*side)) for row in block.lines for side in _sides(row))
    if longest > half:
        yield from (Text(row, _unified_style(row)) for row in unified(block))
        return
    names = (plain(block.before_name), plain(block.after_name))
    yield Text(f"{names[0]:<{longest}} │ {names[1]}", "dim")
    yield from (_row(row, longest) for row in block.lines)


def _sides(row: DiffLine) -> tuple[tuple[int | None, str | None], tuple[int | None, str | None]]:
    return (row.before_line, row.before), (row.after_line, row.after)


def _numbered(line: int | None, text: str | None) -> str:
    return "" if text is None else f"{line or '':>4}  {plain_code(text)}"


def _unified_style(row: str) -> str:
    return {"−": "red", "+": "green", "⋯": "dim"}.get(row[:1], "")


def _row(row: DiffLine, width: int) -> Text:
    if row.kind == "skipped":
        return Text(heading(row), "dim")
    before, after = (_numbered(*side) for side in _sides(row))
    is_same = row.kind == "same"
    padding = " " * (width - width_of(before))
    return Text.assemble(
        (before, "" if is_same else "red"),
        (f"{padding} │ ", "dim"),
        (after, "" if is_same else "green"),
    )


@contextmanager
def wait_sign(message: str, *, after_s: float = 1.0) -> Iterator[None]:
    """Says on a terminal's stderr what is being waited for, once it takes over a second."""
    console = Console(stderr=True)
    if not (console.is_terminal and sys.stdout.isatty()):
        yield
        return
    sign = console.status(message)
    timer = threading.Timer(after_s, sign.start)
    timer.daemon = True
    timer.start()
    try:
        with progress.shown_by(lambda what, done, of: sign.update(f"{what} ({done + 1} of {of})")):
            yield
    finally:
        timer.cancel()
        timer.join()
        sign.stop()
