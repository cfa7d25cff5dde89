"""Differences with every value in words, as JSON can carry them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from aseptic.show import readable

if TYPE_CHECKING:
    from aseptic.contract import Change, Differences, SectionKind


def in_words(differences: Differences) -> Differences:
    """The same with every value as text: JSON knows neither NaN nor that 1.0 is not 1."""
    sections = [
        replace(
            section, changes=[_change_in_words(change, section.kind) for change in section.changes]
        )
        for section in differences.sections
    ]
    return replace(differences, sections=sections)


def _change_in_words(change: Change, kind: SectionKind) -> Change:
    if kind == "code" or (change.before is None and change.after is None):
        return replace(change, before=None, after=None)  # the note says what changed
    return replace(
        change,
        before=None if change.kind == "added" else _text(change.before, kind),
        after=None if change.kind == "removed" else _text(change.after, kind),
    )


def _text(value: Any, kind: SectionKind) -> str:
    if kind == "data" and isinstance(value, str):
        return readable.digest(value)
    if kind == "metrics":
        return readable.number(value)
    if kind == "git" and isinstance(value, str) and len(value) == 40:
        return readable.commit(value)
    return readable.value(value, width=120)
