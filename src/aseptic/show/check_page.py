"""What a check is, for reading: why it matters, how it judges, what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aseptic.show import readable
from aseptic.show.blocks import Code, Column, Paragraph, Span, Table, line

if TYPE_CHECKING:
    from aseptic.checks.check import Check
    from aseptic.show.blocks import Block

_TEXTS = ("Why", "Method", "Remedy", "Source")


def check_page(check: Check) -> list[Block]:
    """The blocks that explain a check."""
    head = (Span(f"{check.code} {check.name}", "strong"), Span(f"  {check.severity}", "dim"))
    needs = f"needs: {', '.join(check.needs)}" if check.needs else "needs nothing in particular"
    blocks: list[Block] = [Paragraph([head, line(check.summary), line(needs, "dim")])]
    blocks += [
        Paragraph([line(check.sections[title])], title.lower())
        for title in _TEXTS
        if title in check.sections
    ]
    if check.thresholds:
        names = Column("threshold", [line(name, "strong") for name in check.thresholds])
        values = [line(readable.value(value)) for value in check.thresholds.values()]
        table = f"[tool.aseptic.checks.{check.code}] in pyproject.toml"
        blocks.append(Table([names, Column("default", values)], table))
    blocks += [
        Code(check.sections[title], f"{title.lower()} example")
        for title in ("Bad", "Good")
        if title in check.sections
    ]
    return blocks
