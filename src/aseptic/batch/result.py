"""How the end of a job reads: what it was, its runs, what was found, and why the exit code."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from aseptic.batch.metrics import shown_metrics
from aseptic.batch.report import at_level
from aseptic.batch.reports import github_lines
from aseptic.batch.reports.as_markdown import compared
from aseptic.results import Result
from aseptic.show import readable
from aseptic.show.blocks import Column, Line, Paragraph, Span, Table, line
from aseptic.show.findings import TONES, finding_blocks, open_findings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from aseptic.batch.report import JobReport, JobRun
    from aseptic.show.blocks import Block, Tone

_MOST_METRICS = 4
_STATUS: dict[str, Tone] = {
    "finished": "good",
    "failed": "bad",
    "lost": "bad",
    "interrupted": "warn",
}


@dataclass(frozen=True, repr=False)
class JobResult(Result):
    """What became of a job. Quiet, it shows nothing of one that ended with 0."""

    report: JobReport
    is_quiet: bool = False
    is_annotated: bool = False  # whether GitHub reads what it prints

    @property
    def exit_code(self) -> int:
        """See `aseptic.batch.verdict`."""
        return self.report.exit_code

    def blocks(self, *, now: datetime | None = None) -> list[Block]:  # noqa: ARG002  # no times
        """The table of runs, the open findings, and the reasons last, where eyes end up."""
        if self.is_quiet and self.report.exit_code == 0:
            shown: list[Block] = []
        else:
            shown = self._summary()
        if not self.is_annotated:
            return shown
        # GitHub runs what begins with `::`, and a run may have any name
        pause = secrets.token_hex(16)
        return [
            Paragraph([line(f"::stop-commands::{pause}")]),
            *shown,
            Paragraph([line(f"::{pause}::")]),
            Paragraph([line(row) for row in github_lines(self.report).splitlines()]),
        ]

    def _summary(self) -> list[Block]:
        report = self.report
        blocks: list[Block] = [_table(report)] if report.runs else []
        for run in report.runs:
            blocks += finding_blocks(_shown(run, report), run.name)
        return [*blocks, Paragraph(list(_ending(report)))]

    def to_dict(self) -> dict[str, Any]:
        """The JSON report."""
        told: dict[str, Any] = msgspec.to_builtins(self.report)
        return told


def _shown(run: JobRun, report: JobReport) -> list[Any]:
    """Errors and warnings, and whatever fails the job; tips are counted in the table."""
    counting = at_level(run.findings, report.fail_on)
    return [one for one in open_findings(run.findings) if one in counting or one.severity != "info"]


def _table(report: JobReport) -> Table:
    names = shown_metrics(name for run in report.runs for name in run.metrics)
    asked = report.comparison.metric if report.comparison else None
    names = sorted(names, key=lambda name: name != asked)[:_MOST_METRICS]
    runs = report.runs
    return Table(
        [
            Column("run", [line(run.name, "strong") for run in runs]),
            Column("status", [line(run.status, _STATUS.get(run.status, "normal")) for run in runs]),
            *(
                Column(
                    name,
                    [line(text) for text in readable.numbers([r.metrics.get(name) for r in runs])],
                    is_number=True,
                    rank=rank,
                )
                for rank, name in enumerate(names, start=1)
            ),
            Column("findings", [_codes(run) for run in runs]),
            Column(
                "took",
                [line(readable.duration(run.duration_s), "dim") for run in runs],
                is_number=True,
                rank=9,
            ),
        ]
    )


def _codes(run: JobRun) -> Line:
    worst = {one.code: one.severity for one in reversed(open_findings(run.findings))}
    spans = [Span(f"{code} ", TONES[worst[code]]) for code in reversed(worst)]
    return tuple(spans) or line(readable.MISSING, "dim")


def _ending(report: JobReport) -> Iterator[Line]:
    for note in report.notes:
        yield line(f"note: {note}", "dim")
    if report.comparison is not None:
        yield line(compared(report), "dim")
    how = "done" if report.error is None and report.ended_by is None else "ended"
    cells = (
        f", {report.cells_done} of {readable.count(report.cells, 'cell')}" if report.cells else ""
    )
    yield line(f"{report.target} {how} in {readable.duration(report.duration_s)}{cells}")
    for reason in report.reasons[1:]:
        yield line(f"also {reason.text}", "warn")
    if report.reasons:
        first = report.reasons[0]
        yield (Span(f"exit code {first.exit_code}: ", "bad"), Span(first.text))
    else:
        yield line("exit code 0: clean", "good")
