# ruff: noqa: RUF001, RUF002  # the minus sign is what people read
"""Blocks drawn as plain aligned text: for a pipe, a log, and the text form in a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aseptic.show.blocks import Code, CodeDiff, Folded, Paragraph, Table, text_of
from aseptic.show.layout import fit, width_of
from aseptic.show.plot_svg import plot_lines
from aseptic.show.readable import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from aseptic.contract import DiffLine
    from aseptic.show.blocks import Block, Column


def draw_text(blocks: Iterable[Block], *, width: int | None = None) -> str:
    """The blocks as text without colours or control characters, blank lines between them."""
    return "\n\n".join("\n".join(_block(block, width)) for block in blocks)


def _block(block: Block, width: int | None) -> Iterator[str]:
    if block.title:
        yield plain(block.title)
    if isinstance(block, Table):
        yield from _table(block, width)
    elif isinstance(block, Paragraph):
        yield from (plain(text_of(spans)) for spans in block.lines)
        if block.plot is not None:
            yield from (f"    {plain(row)}" for row in plot_lines(block.plot))
    elif isinstance(block, Folded):
        yield plain(text_of(block.summary))
        yield from (f"  {plain(text_of(spans))}" for spans in block.lines)
    elif isinstance(block, Code):
        yield from (f"  {plain_code(row)}".rstrip() for row in block.source.splitlines())
    else:
        yield from unified(block)


def plain_code(text: str) -> str:
    """A line of code with its tabs as blanks and other control characters escaped."""
    return plain(text.expandtabs(4))


def unified(block: CodeDiff) -> Iterator[str]:
    """A side-by-side diff as one column, − before and + after."""
    removed: list[str] = []
    added: list[str] = []
    for row in block.lines:
        if row.kind in ("same", "skipped"):
            yield from (*removed, *added)
            removed, added = [], []
            yield heading(row) if row.kind == "skipped" else f"  {plain_code(row.after or '')}"
            continue
        removed += [] if row.before is None else [f"− {plain_code(row.before)}"]
        added += [] if row.after is None else [f"+ {plain_code(row.after)}"]
    yield from (*removed, *added)


def heading(row: DiffLine) -> str:
    """What stands for lines that are not shown: the cell they begin, or dots."""
    if row.before is None and row.after is None:
        return "⋯"
    names = dict.fromkeys(name for name in (row.before, row.after) if name)
    return f"⋯ {' → '.join(names)}"


def _table(table: Table, width: int | None) -> Iterator[str]:
    for i, part in enumerate(fit(table, width)):
        if i:
            yield ""
        columns = list(zip(part.columns, part.widths, strict=True))
        yield _row(columns, [plain(column.label) for column in part.columns])
        for cells in zip(*(column.cells for column in part.columns), strict=True):
            yield _row(columns, [plain(text_of(cell)) for cell in cells])
        if part.left_out:
            yield f"not shown: {', '.join(part.left_out)}"


def _row(columns: list[tuple[Column, int]], texts: list[str]) -> str:
    padded = [
        " " * (width - width_of(text)) + text
        if column.is_number
        else text + " " * (width - width_of(text))
        for (column, width), text in zip(columns, texts, strict=True)
    ]
    return "  ".join(padded).rstrip()
