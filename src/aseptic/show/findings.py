"""How findings read: mark, code and message, what they are founded on, and what to do."""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aseptic.contract import Mark
from aseptic.show import readable
from aseptic.show.blocks import Column, Folded, Line, Paragraph, Span, Table, line
from aseptic.show.plot_svg import plot_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from aseptic.model import CheckOutcome, Finding, Severity
    from aseptic.show.blocks import Block, Tone

#: Most severe first.
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")
MARKS: dict[Severity, str] = {"error": "✗", "warning": "!", "info": "i"}
TONES: dict[Severity, Tone] = {"error": "bad", "warning": "warn", "info": "dim"}
_DOCS = "https://aseptic.readthedocs.io/en/latest/checks/{code}/"
_NOT_NUMBERS = ("rows", "table", "sample", "plot", "series", "step")
_ROWS = 8  # positions that are shown
_NUMBERS = 12


def sorted_findings(findings: Iterable[Finding]) -> list[Finding]:
    """Open ones first, the most severe of them first; else in the order given."""
    return sorted(
        findings, key=lambda one: (one.acknowledged is not None, SEVERITIES.index(one.severity))
    )


def open_findings(findings: Iterable[Finding]) -> list[Finding]:
    """Those that nobody has acknowledged, the most severe first."""
    return [one for one in sorted_findings(findings) if one.acknowledged is None]


def counted(levels: Sequence[Severity]) -> str:
    """Such as "1 error, 2 warnings, 3 tips"; empty where there is none."""
    words: dict[Severity, str] = {"error": "error", "warning": "warning", "info": "tip"}
    many = {level: levels.count(level) for level in SEVERITIES}
    return ", ".join(readable.count(count, words[level]) for level, count in many.items() if count)


@cache
def _own_codes() -> frozenset[str]:
    """The codes of the checks that come with aseptic, from the names of their files."""
    rules = Path(__file__).parents[1] / "checks" / "rules"  # without importing them
    return frozenset(path.name.partition("_")[0].upper() for path in rules.glob("*_*.py"))


def docs_url(code: str) -> str | None:
    """The page of the docs about a check, or None for a project's own check."""
    return _DOCS.format(code=code) if code in _own_codes() else None


def numbers_of(finding: Finding) -> list[tuple[str, str]]:
    """What the finding is founded on, as names and texts."""
    evidence = finding.evidence if isinstance(finding.evidence, dict) else {}
    told = [(name, value) for name, value in evidence.items() if name not in _NOT_NUMBERS]
    texts = [(name.replace("_", " "), _number(value)) for name, value in told[:_NUMBERS]]
    rows = evidence.get("rows")
    if isinstance(rows, (tuple, list)) and rows:
        texts.append(_rows(rows, evidence.get("table")))
    elif evidence.get("table"):
        texts.append(("in", str(evidence["table"])))
    if evidence.get("sample"):
        texts.append(("judged by", str(evidence["sample"])))
    return texts


def curve_of(finding: Finding) -> tuple[str | None, float | None]:
    """The series on which it is seen, and the step where it began; None where there is none."""
    evidence = finding.evidence if isinstance(finding.evidence, dict) else {}
    series, step = evidence.get("series"), evidence.get("step")
    is_place = isinstance(step, (int, float)) and math.isfinite(step)
    at = float(step) if is_place and step is not None else None
    return (series if isinstance(series, str) else None), at


def mark_of(run_id: str, finding: Finding) -> Mark:
    """The finding as it is marked on a curve."""
    series, step = curve_of(finding)
    return Mark(
        run_id=run_id,
        code=finding.code,
        name=finding.name,
        severity=finding.severity,
        message=finding.message,
        metric=series,
        step=step,
    )


def began(finding: Finding) -> str:
    """Such as `from step 1,200 of loss`; empty where it is seen on no curve."""
    series, step = curve_of(finding)
    if series is None:
        return ""
    return f"of {series}" if step is None else f"from step {_number(step)} of {series}"


def _number(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1e9 else f"{value:.4g}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return readable.value(value, width=60)


def _rows(rows: Sequence[Any], table: Any) -> tuple[str, str]:
    shown = ", ".join(str(row) for row in rows[:_ROWS])
    more = ", …" if len(rows) > _ROWS else ""
    return (f"rows of {table}" if table else "rows", shown + more)


# -- blocks ---------------------------------------------------------------------------------------
def finding_blocks(findings: Iterable[Finding], title: str | None = None) -> list[Block]:
    """Each finding with what it is founded on, its plot and its remedy."""
    made: list[Block] = []
    for one in sorted_findings(findings):
        made.append(_finding(one, None if made else title))
    return made


def _finding(finding: Finding, title: str | None) -> Paragraph:
    is_open = finding.acknowledged is None
    lines: list[Line] = [heading(finding)]
    numbers = numbers_of(finding)
    if numbers:
        said = ", ".join(f"{name} {text}" for name, text in numbers)
        lines.append(line(f"  {said}", "dim"))
    if not is_open:
        lines.append(line(f"  acknowledged: {finding.acknowledged}", "dim"))
    elif finding.remedy:
        lines.append((Span("  → ", "accent"), Span(finding.remedy)))
    return Paragraph(lines, title, plot_of(finding.evidence) if is_open else None)


def heading(finding: Finding) -> Line:
    """Mark, code and message; dim where it is acknowledged."""
    tone = TONES[finding.severity] if finding.acknowledged is None else "dim"
    mark = f"{MARKS[finding.severity]} {finding.code}"
    message: Tone = "normal" if finding.acknowledged is None else "dim"
    told = (Span(mark, tone), Span(f" {finding.name}  ", "dim"), Span(finding.message, message))
    at = began(finding)
    return (*told, Span(f" · {at}", "dim")) if at else told


def outcome_blocks(outcomes: Sequence[CheckOutcome], *, show_all: bool = False) -> list[Block]:
    """The checks that found nothing: counted, and with the reasons of those that could not judge.

    With `show_all` a table of all checks.
    """
    if show_all:
        return [_outcome_table(outcomes)] if outcomes else []
    clean = sum(one.outcome == "clean" for one in outcomes)
    silent = sum(one.outcome == "not applicable" for one in outcomes)
    said = Span(f"{readable.count(clean, 'check')} clean", "good" if clean else "dim")
    if silent:
        told = Span(f", {silent:,} not applicable", "dim")
        return [Folded((said, told), list(_by_reason(outcomes)))]
    return [Paragraph([(said,)])] if clean else []


def silent_checks(outcomes: Iterable[CheckOutcome]) -> dict[str, list[str]]:
    """The codes of the checks that could not judge, by the reason."""
    reasons: dict[str, list[str]] = {}
    for one in outcomes:
        if one.outcome == "not applicable":
            reasons.setdefault(one.reason or "no reason was given", []).append(one.code)
    return reasons


def _by_reason(outcomes: Iterable[CheckOutcome]) -> Iterator[Line]:
    for reason, codes in silent_checks(outcomes).items():
        yield (Span(", ".join(codes)), Span(f"  {reason}", "dim"))


def _outcome_table(outcomes: Sequence[CheckOutcome]) -> Table:
    tones: dict[str, Tone] = {"findings": "warn", "clean": "good", "not applicable": "dim"}
    return Table(
        [
            Column("code", [line(one.code, "strong") for one in outcomes]),
            Column("check", [line(one.name) for one in outcomes], rank=2),
            Column("outcome", [line(one.outcome, tones[one.outcome]) for one in outcomes]),
            Column(
                "took",
                [line(readable.duration(one.duration_s), "dim") for one in outcomes],
                is_number=True,
                rank=3,
            ),
            Column("why", [line(one.reason or "", "dim") for one in outcomes], rank=1),
        ],
        "checks",
    )
