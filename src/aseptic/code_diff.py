# ruff: noqa: RUF001, RUF002, RUF003  # multiplication and minus signs are what people read
"""Two texts of code side by side, line by line."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING, NamedTuple

from aseptic.contract import DiffLine

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: Lines at least this alike stand in one row as "changed"; others as "removed" and "added".
ALIKE = 0.5

#: Aligning a block costs (lines before) × (lines after) comparisons of some 10 µs; a larger
#: block is paired in order instead.
LARGEST_ALIGNED = 400


class ChangedLines(NamedTuple):
    """The lines that only one of two texts has, in order."""

    removed: list[str]
    added: list[str]

    def __str__(self) -> str:
        """Such as "+3 −1 lines"."""
        signed = [("+", len(self.added)), ("−", len(self.removed))]
        words = [f"{sign}{count}" for sign, count in signed if count]
        return f"{' '.join(words)} {'line' if words in (['+1'], ['−1']) else 'lines'}"


def changed_lines(before: str, after: str) -> ChangedLines:
    """What was taken out of a text and what was put in, as whole lines."""
    removed: list[str] = []
    added: list[str] = []
    old, new = _lines(before), _lines(after)
    for opcode, i, i_end, j, j_end in _opcodes(old, new):
        if opcode != "equal":
            removed += old[i:i_end]
            added += new[j:j_end]
    return ChangedLines(removed, added)


def diff_lines(before: str, after: str, *, context: int = 3) -> list[DiffLine]:
    """The rows of a side-by-side diff; empty if the texts have the same lines.

    Round each change stand `context` equal lines; more of them are one row "skipped" without
    text. Line numbers are 1-based. Blanks at the ends of lines are no difference.
    """
    old, new = _lines(before), _lines(after)
    rows: list[DiffLine] = []
    for opcode, i, i_end, j, j_end in _opcodes(old, new):
        if opcode == "equal":
            pairs = zip(range(i, i_end), range(j, j_end), strict=True)
            rows += [_row("same", old, new, *pair) for pair in pairs]
        else:
            rows += _changed_rows(old, new, range(i, i_end), range(j, j_end))
    return list(_with_context(rows, context))


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.rstrip().splitlines()]


def _opcodes(old: list[str], new: list[str]) -> list[tuple[str, int, int, int, int]]:
    return list(SequenceMatcher(None, old, new, autojunk=False).get_opcodes())


def _changed_rows(old: list[str], new: list[str], before: range, after: range) -> list[DiffLine]:
    """The rows of a block that differs: like lines side by side, the others alone."""
    rows: list[DiffLine] = []
    i, j = before.start, after.start
    for next_i, next_j in [*_align(old, new, before, after), (before.stop, after.stop)]:
        rows += [_row("removed", old, new, k, None) for k in range(i, next_i)]
        rows += [_row("added", old, new, None, k) for k in range(j, next_j)]
        if next_i < before.stop:
            rows.append(_row("changed", old, new, next_i, next_j))
        i, j = next_i + 1, next_j + 1
    return rows


def _row(
    kind: str, old: Sequence[str], new: Sequence[str], i: int | None, j: int | None
) -> DiffLine:
    return DiffLine(
        kind=kind,  # type: ignore[arg-type]  # a literal at each call; mypy widens it to str
        before_line=None if i is None else i + 1,
        after_line=None if j is None else j + 1,
        before=None if i is None else old[i],
        after=None if j is None else new[j],
    )


def _align(
    old: Sequence[str], new: Sequence[str], before: range, after: range
) -> list[tuple[int, int]]:
    """Which line became which: the pairs, in order on both sides, that are most alike in sum."""
    if len(before) * len(after) > LARGEST_ALIGNED:
        return list(zip(before, after, strict=False))
    likeness = {(i, j): _likeness(old[i], new[j]) for i in before for j in after}
    best: dict[tuple[int, int], float] = {}  # the sum that can still be had from here on
    for i in reversed(before):
        for j in reversed(after):
            alone = max(best.get((i + 1, j), 0.0), best.get((i, j + 1), 0.0))
            paired = likeness[i, j] + best.get((i + 1, j + 1), 0.0)
            best[i, j] = max(alone, paired if likeness[i, j] else 0.0)
    return list(_walk(best, likeness, before, after))


def _walk(
    best: dict[tuple[int, int], float],
    likeness: dict[tuple[int, int], float],
    before: range,
    after: range,
) -> Iterator[tuple[int, int]]:
    i, j = before.start, after.start
    while i < before.stop and j < after.stop:
        paired = likeness[i, j] + best.get((i + 1, j + 1), 0.0)
        if likeness[i, j] and best[i, j] == paired:
            yield i, j
            i, j = i + 1, j + 1
        elif best[i, j] == best.get((i + 1, j), 0.0):
            i += 1
        else:
            j += 1


def _likeness(a: str, b: str) -> float:
    matcher = SequenceMatcher(None, a.strip(), b.strip(), autojunk=False)
    if matcher.quick_ratio() < ALIKE:  # an upper bound, at a tenth of the cost
        return 0.0
    ratio = matcher.ratio()
    return ratio if ratio >= ALIKE else 0.0


def _with_context(rows: Sequence[DiffLine], context: int) -> Iterator[DiffLine]:
    changed = [i for i, row in enumerate(rows) if row.kind != "same"]
    if not changed:
        return
    shown = {k for i in changed for k in range(i - context, i + context + 1)}
    was_shown = True
    for i, row in enumerate(rows):
        if i in shown:
            yield row
        elif was_shown:
            yield DiffLine(kind="skipped")
        was_shown = i in shown
