"""What a result shows, before it is drawn: tables, paragraphs, code, in a few tones of voice.

A result says its blocks once; plain text, static HTML and the terminal each draw them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aseptic.contract import DiffLine
    from aseptic.show.plot_svg import Plot

#: Colour only where it means something.
Tone = Literal["normal", "strong", "dim", "good", "bad", "warn", "accent"]


class Span(NamedTuple):
    """A piece of text in one tone. The text is raw: whoever draws it escapes it."""

    text: str
    tone: Tone = "normal"


#: One line: spans that follow each other.
Line = tuple[Span, ...]


@dataclass(frozen=True)
class Column:
    """One column of a table. The smaller its rank, the longer it stays when space is short."""

    label: str
    cells: Sequence[Line]
    is_number: bool = False  # right-aligned
    rank: int = 0
    tone: Tone = "dim"  # of the label


@dataclass(frozen=True)
class Table:
    """Rows under columns. `is_foldable`: columns that do not fit come below, none is left out."""

    columns: Sequence[Column]
    title: str | None = None
    is_foldable: bool = False


@dataclass(frozen=True)
class Paragraph:
    """Lines of text, and below them the plot that shows what they say."""

    lines: Sequence[Line]
    title: str | None = None
    plot: Plot | None = None


@dataclass(frozen=True)
class Folded:
    """Lines that few want to read: behind their summary where a page can fold, else below it."""

    summary: Line
    lines: Sequence[Line]
    title: str | None = None


@dataclass(frozen=True)
class Code:
    """Source code as it was."""

    source: str
    title: str | None = None


@dataclass(frozen=True)
class CodeDiff:
    """Two texts of code, side by side."""

    lines: Sequence[DiffLine]
    before_name: str
    after_name: str
    title: str | None = None


Block = Table | Paragraph | Folded | Code | CodeDiff


def line(text: str, tone: Tone = "normal") -> Line:
    """A line in one tone."""
    return (Span(text, tone),)


def text_of(spans: Line) -> str:
    """The text of a line, without its tones."""
    return "".join(span.text for span in spans)
