"""Blocks drawn as static HTML: no script, no class, the same bytes for the same content.

Everything is escaped. Colours come from JupyterLab's variables with fallbacks; code-hosting
sites remove styles, so alignment is said by attributes too.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from aseptic.show.as_text import heading, plain_code
from aseptic.show.blocks import Code, CodeDiff, Folded, Paragraph, Table, text_of
from aseptic.show.plot_svg import plot_svg
from aseptic.show.readable import plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aseptic.contract import DiffLine
    from aseptic.show.blocks import Block, Column, Line, Span

_DIM = "color:var(--jp-content-font-color2,#767676)"
_MONO = "font:12px/1.5 var(--jp-code-font-family,ui-monospace,Menlo,monospace)"
_STYLES = {
    "strong": "font-weight:600",
    "dim": _DIM,
    "good": "color:var(--jp-success-color1,#2b7a4b)",
    "bad": "color:var(--jp-error-color1,#b3452c)",
    "warn": "color:var(--jp-warn-color0,#946200)",
    "accent": "color:var(--jp-brand-color1,#1976d2)",
}
_RULE = "border-bottom:1px solid var(--jp-border-color2,#cfcfcf)"
_TABLE = "margin:0;border-collapse:collapse"
_CELL = "padding:3px 9px;white-space:nowrap"
_DIFF_TONES = {"changed": ("bad", "good"), "removed": ("bad", ""), "added": ("", "good")}


def draw_html(blocks: Iterable[Block]) -> str:
    """The blocks as one `<div>`."""
    body = "\n".join(_block(block) for block in blocks)
    font = "font:13px/1.45 var(--jp-ui-font-family,system-ui,sans-serif)"
    return f'<div style="{font};font-variant-numeric:tabular-nums">\n{body}\n</div>'


def _block(block: Block) -> str:
    title = (
        f'<div style="{_DIM};padding:10px 9px 0">{_text(block.title)}</div>' if block.title else ""
    )
    if isinstance(block, Table):
        return title + _table(block)
    if isinstance(block, Paragraph):
        return f'{title}<div style="padding:3px 0">{_lines(block.lines)}{_plot(block)}</div>'
    if isinstance(block, Folded):
        summary = f'<summary style="padding:0 9px">{_line(block.summary)}</summary>'
        return f"{title}<details>{summary}{_lines(block.lines)}</details>"
    if isinstance(block, Code):
        source = "\n".join(plain_code(row) for row in block.source.splitlines())
        style = f"{_MONO};margin:0;padding:0 9px"
        return f'{title}<pre style="{style}"><code>{escape(source)}</code></pre>'
    return title + _diff(block)


def _lines(lines: Iterable[Line]) -> str:
    return "".join(f'<div style="padding:0 9px">{_line(line)}</div>' for line in lines)


def _plot(block: Paragraph) -> str:
    if block.plot is None:
        return ""
    title = text_of(block.lines[0]) if block.lines else "plot"
    return f'<div style="padding:4px 9px 8px">{plot_svg(block.plot, title=title)}</div>'


def _table(table: Table) -> str:
    head = "".join(
        f'<th {_to(_side_of(column))};{_CELL};{_RULE};{_DIM};font-weight:500">'
        f"{_text(column.label)}</th>"
        for column in table.columns
    )
    rows = "\n".join(
        f"<tr>{''.join(map(_cell, table.columns, cells))}</tr>"
        for cells in zip(*(column.cells for column in table.columns), strict=True)
    )
    return f'<table style="{_TABLE}">\n<tr>{head}</tr>\n{rows}\n</table>'


def _cell(column: Column, line: Line) -> str:
    return f'<td {_to(_side_of(column))};{_CELL}">{_line(line)}</td>'


def _side_of(column: Column) -> str:
    return "right" if column.is_number else "left"


def _to(side: str) -> str:
    """Alignment, and the beginning of the style: JupyterLab's own style beats the attribute."""
    return f'align="{side}" style="text-align:{side}'


def _diff(block: CodeDiff) -> str:
    names = (block.before_name, block.after_name)
    head = "".join(f'<th {_to("left")};padding:0 9px;{_DIM}">{_text(name)}</th>' for name in names)
    rows = "\n".join(map(_diff_row, block.lines))
    return f'<table style="{_TABLE};{_MONO}">\n<tr>{head}</tr>\n{rows}\n</table>'


def _diff_row(row: DiffLine) -> str:
    if row.kind == "skipped":
        told = f'<td colspan="2" {_to("left")};padding:0 9px;{_DIM}">{_text(heading(row))}</td>'
        return f"<tr>{told}</tr>"
    tones = _DIFF_TONES.get(row.kind, ("", ""))
    sides = zip((row.before, row.after), tones, "−+", strict=True)  # noqa: RUF001  # a minus sign
    return f"<tr>{''.join(_side(text, tone, sign) for text, tone, sign in sides)}</tr>"


def _side(text: str | None, tone: str, sign: str) -> str:
    style = f"padding:0 9px;white-space:pre;{_STYLES.get(tone, '')}".rstrip(";")
    shown = "" if text is None else f"{sign if tone else ' '} {escape(plain_code(text))}"
    return f'<td {_to("left")};{style}">{shown}</td>'


def _line(line: Line) -> str:
    return "".join(map(_span, line))


def _span(span: Span) -> str:
    text = _text(span.text)
    if span.tone == "normal":
        return text
    if span.tone == "strong":
        return f"<b>{text}</b>"
    return f'<span style="{_STYLES[span.tone]}">{text}</span>'


def _text(text: str) -> str:
    return escape(plain(text))
