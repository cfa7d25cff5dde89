"""Which columns of a table fit into a width, and how wide each is."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from aseptic.show.blocks import Span, Table, text_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aseptic.show.blocks import Column, Line

GAP = 2

#: A column of text is not wider than this and is not cut below that.
_WIDEST, _NARROWEST = 40, 8


@dataclass(frozen=True)
class Fitted:
    """The columns that fit beside each other, their widths, and the labels of those left out."""

    columns: list[Column]
    widths: list[int]
    left_out: list[str]


def fit(table: Table, width: int | None) -> list[Fitted]:
    """The table as it can be shown in a width; None is any width.

    A table that can be folded becomes several, each beginning with the first column; of any
    other, the columns with the largest ranks are left out. What still does not fit is cut.
    """
    widths = [_natural(column) for column in table.columns]
    if width is None:
        return [Fitted(list(table.columns), widths, [])]
    if table.is_foldable:
        parts = _folded(widths, width)
        return [_cut(table, [*part], width) for part in parts]
    kept = _kept(table.columns, widths, width)
    return [_cut(table, kept, width)]


def cut_line(spans: Line, width: int) -> Line:
    """The line cut to a width, with … for what is gone."""
    if width_of(text_of(spans)) <= width:
        return spans
    kept: list[Span] = []
    room = width - 1
    for span in spans:
        taken = _head(span.text, room)
        kept.append(replace_text(span, taken))
        room -= width_of(taken)
        if taken != span.text:
            break
    last = kept.pop()
    return (*kept, replace_text(last, last.text + "…"))


def replace_text(span: Span, text: str) -> Span:
    """The span with another text."""
    return Span(text, span.tone)


def width_of(text: str) -> int:
    """How many columns of a terminal a text takes: wide characters take two."""
    if text.isascii():
        return len(text)
    return sum(_width_of_one(character) for character in text)


def _width_of_one(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _head(text: str, room: int) -> str:
    while text and width_of(text) > room:
        text = text[:-1]
    return text


def _natural(column: Column) -> int:
    longest = max((width_of(text_of(cell)) for cell in column.cells), default=0)
    return max(width_of(column.label), min(longest, _WIDEST))


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + GAP * (len(widths) - 1)


def _kept(columns: Sequence[Column], widths: Sequence[int], width: int) -> list[int]:
    """The places of the columns to show: those of the largest rank go first, from the right."""
    kept = list(range(len(columns)))
    while _total([widths[i] for i in kept]) > width:
        last = max(kept, key=lambda i: (columns[i].rank, i))
        if columns[last].rank == 0:
            break
        kept.remove(last)
    return kept


def _folded(widths: Sequence[int], width: int) -> list[list[int]]:
    parts = [[0]]
    for i in range(1, len(widths)):
        is_first = len(parts[-1]) == 1
        if not is_first and _total([widths[k] for k in (*parts[-1], i)]) > width:
            parts.append([0])
        parts[-1].append(i)
    return parts


def _cut(table: Table, kept: list[int], width: int) -> Fitted:
    columns = [table.columns[i] for i in kept]
    widths = [_natural(column) for column in columns]
    while _total(widths) > width:
        texts = [i for i, c in enumerate(columns) if not c.is_number and widths[i] > _NARROWEST]
        if not texts:
            break
        widest = max(texts, key=lambda i: widths[i])
        widths[widest] = max(_NARROWEST, widths[widest] - (_total(widths) - width))
    shown = [
        replace(
            column,
            label=text_of(cut_line((Span(column.label),), columns_width)),
            cells=[cut_line(cell, columns_width) for cell in column.cells],
        )
        for column, columns_width in zip(columns, widths, strict=True)
    ]
    gone = [] if table.is_foldable else [c.label for c in table.columns if c not in columns]
    return Fitted(shown, widths, gone)
