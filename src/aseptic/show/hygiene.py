"""What is open over all runs of a project, by check and by experiment, and how it develops."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from aseptic.show import readable
from aseptic.show.blocks import Column, Line, Paragraph, Span, Table, line
from aseptic.show.findings import MARKS, SEVERITIES, TONES, counted, open_findings
from aseptic.show.sparkline import sparklines

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from aseptic.model import CheckOutcome, Finding, Severity
    from aseptic.show.blocks import Block
    from aseptic.store.base import RunColumns

_NEWEST = 6  # runs that are listed
_COURSE = 24  # stretches of runs in a course


@dataclass(frozen=True)
class CheckedRun:
    """One run that checks have looked at."""

    run_id: str
    name: str
    experiment: str
    started_at: datetime
    findings: Sequence[Finding]
    outcomes: Mapping[str, str]  # by code

    def judges(self, code: str) -> bool:
        """Whether a check could judge here: silence of one that could not says nothing."""
        return self.outcomes.get(code, "findings") != "not applicable"

    @property
    def open(self) -> list[Finding]:
        """What nobody has acknowledged, the most severe first."""
        return open_findings(self.findings)


@dataclass(frozen=True)
class OpenCheck:
    """One check, over the runs in which it found something."""

    code: str
    name: str
    severity: Severity  # the highest in any run
    experiments: tuple[str, ...]
    runs: int  # in which it is open
    acknowledged: int  # runs in which all of it is acknowledged
    is_current: bool  # open in the newest run of an experiment in which it could judge
    course: tuple[float, ...]  # the share of the runs judged in which it is open, oldest first


def checked_runs(
    columns: RunColumns,
    findings: Mapping[str, Sequence[Finding]],
    outcomes: Mapping[str, Sequence[CheckOutcome]],
) -> list[CheckedRun]:
    """The runs that were checked, oldest first."""
    fields = columns.fields
    rows = zip(
        columns.run_ids, fields["name"], fields["experiment"], fields["started_at"], strict=True
    )
    made = [
        CheckedRun(*row, findings[row[0]], {o.code: o.outcome for o in outcomes.get(row[0], ())})
        for row in rows
        if row[0] in findings
    ]
    return made[::-1]


def open_checks(runs: Sequence[CheckedRun]) -> list[OpenCheck]:
    """The checks that are open now first, then the most severe, then those of most runs."""
    codes = dict.fromkeys(one.code for run in runs for one in run.findings)
    made = [_open_check(code, [run for run in runs if run.judges(code)]) for code in codes]
    return sorted(
        made,
        key=lambda one: (
            not one.is_current,
            SEVERITIES.index(one.severity),
            -one.runs,
            one.code,
        ),
    )


def _open_check(code: str, runs: Sequence[CheckedRun]) -> OpenCheck:
    newest = {run.experiment: run.run_id for run in runs}
    found = {run.run_id: [one for one in run.findings if one.code == code] for run in runs}
    some = [finding for findings in found.values() for finding in findings]
    is_open = {run_id: bool(open_findings(findings)) for run_id, findings in found.items()}
    return OpenCheck(
        code=code,
        name=some[-1].name,
        severity=min((one.severity for one in some), key=SEVERITIES.index),
        experiments=tuple(dict.fromkeys(run.experiment for run in runs if found[run.run_id])),
        runs=sum(is_open.values()),
        acknowledged=sum(bool(found[run_id]) and not is_open[run_id] for run_id in found),
        is_current=any(is_open[run_id] for run_id in newest.values()),
        course=course(is_open.values()),
    )


def course(values: Iterable[float]) -> tuple[float, ...]:
    """The means of up to 24 stretches of runs, each as long as the others."""
    numbers = [float(value) for value in values]
    count = min(_COURSE, len(numbers))
    ends = [round(i * len(numbers) / count) for i in range(count + 1)] if count else [0]
    parts = [numbers[start:end] for start, end in pairwise(ends)]
    return tuple(sum(part) / len(part) for part in parts)


# -- blocks ---------------------------------------------------------------------------------------
def hygiene_blocks(
    runs: Sequence[CheckedRun], *, project: str, unchecked: int, now: datetime | None
) -> list[Block]:
    """What is open by check, by experiment, and in the newest runs."""
    checks = open_checks(runs)
    blocks: list[Block] = [Paragraph([_summary(runs, checks, project), *_unchecked(unchecked)])]
    if checks:
        blocks += [_check_table(checks), _experiment_table(runs), _newest_table(runs, now)]
    return blocks


def _summary(runs: Sequence[CheckedRun], checks: Sequence[OpenCheck], project: str) -> Line:
    """What is open now, counted by check: those come first."""
    if not runs:
        return line("No run has been checked yet.")
    current = [one.severity for one in checks if one.is_current]
    told = f"{counted(current)} open" if current else "nothing is open"
    tone = TONES[current[0]] if current else "good"
    checked = readable.count(len(runs), "checked run")
    return (Span(project, "strong"), Span("  "), Span(told, tone), Span(f"  of {checked}", "dim"))


def _unchecked(count: int) -> list[Line]:
    if not count:
        return []
    verb = "was" if count == 1 else "were"
    return [
        line(f"{readable.count(count, 'run')} {verb} never checked: `aseptic check RUN`", "dim")
    ]


def _check_table(checks: Sequence[OpenCheck]) -> Table:
    def tones(one: OpenCheck) -> Any:
        return TONES[one.severity] if one.runs else "dim"

    return Table(
        [
            Column("", [line(f"{MARKS[one.severity]} {one.code}", tones(one)) for one in checks]),
            Column("check", [line(one.name, "strong") for one in checks]),
            Column("now", [_now(one) for one in checks]),
            Column("runs", _counts(one.runs for one in checks), is_number=True),
            Column(
                "acknowledged", _counts(one.acknowledged for one in checks), is_number=True, rank=2
            ),
            Column(
                "course",
                [line(_share_course(one.course), "accent") for one in checks],
                rank=1,
            ),
            Column(
                "experiments", [line(", ".join(one.experiments), "dim") for one in checks], rank=3
            ),
        ],
        "by check",
    )


def _now(one: OpenCheck) -> Line:
    if one.is_current:
        return line("open", TONES[one.severity])
    return line("gone", "good") if one.runs else line("acknowledged", "dim")


def _counts(numbers: Iterable[int]) -> list[Line]:
    return [line(f"{number:,}" if number else readable.MISSING, "dim") for number in numbers]


def _share_course(values: Sequence[float]) -> str:
    """Shares on a scale from 0 to 1."""
    return sparklines([values, (0.0, 1.0)])[0]


def _experiment_table(runs: Sequence[CheckedRun]) -> Table:
    groups: dict[str, list[CheckedRun]] = {}
    for run in runs:
        groups.setdefault(run.experiment, []).append(run)
    newest = [group[-1] for group in groups.values()]
    courses = [course([len(run.open) for run in group]) for group in groups.values()]
    return Table(
        [
            Column("experiment", [line(name, "strong") for name in groups]),
            Column("newest run", [line(run.name) for run in newest], rank=2),
            Column("open in it", [_open_codes(run) for run in newest]),
            Column("runs", _counts(len(group) for group in groups.values()), is_number=True),
            Column("course", [line(drawn, "accent") for drawn in sparklines(courses)], rank=1),
        ],
        "by experiment",
    )


def _newest_table(runs: Sequence[CheckedRun], now: datetime | None) -> Table:
    newest = list(runs)[::-1][:_NEWEST]
    times = [
        readable.ago(r.started_at, now) if now else readable.moment(r.started_at) for r in newest
    ]
    return Table(
        [
            Column("run", [line(run.name, "strong") for run in newest]),
            Column("experiment", [line(run.experiment, "dim") for run in newest], rank=2),
            Column("started", [line(text, "dim") for text in times], rank=1),
            Column("open", [_open_codes(run) for run in newest]),
        ],
        "the newest runs",
    )


def _open_codes(run: CheckedRun) -> Line:
    tones = {one.code: TONES[one.severity] for one in reversed(run.open)}  # the highest last
    codes = dict.fromkeys(one.code for one in run.open)
    if not codes:
        is_judged = any(outcome != "not applicable" for outcome in run.outcomes.values())
        return line("clean", "good") if is_judged else line("not judged", "dim")
    spans = [span for code in codes for span in (Span(", "), Span(code, tones[code]))]
    return tuple(spans[1:])
