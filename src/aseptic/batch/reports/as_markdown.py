"""The report as Markdown, for a job's page, a pull request or a mail."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aseptic.batch.metrics import shown_metrics
from aseptic.batch.report import at_level
from aseptic.show import readable
from aseptic.show.findings import docs_url, open_findings, sorted_findings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aseptic.batch.report import JobReport, JobRun
    from aseptic.model import Finding

_MARKS = re.compile(r"([\\`*_{}\[\]<>()#+!|~@&-])")
_MOST_METRICS = 6


def text(report: JobReport) -> str:
    """The verdict, the runs as a table, and what was found in each."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: JobReport) -> Iterator[str]:
    sign = "✅" if report.exit_code == 0 else "❌"
    yield f"## {sign} {_md(report.target)}"
    yield ""
    took = readable.duration(report.duration_s)
    yield f"Exit code **{report.exit_code}** after {took}, findings count from {report.fail_on} on."
    yield ""
    yield from (f"- {_md(reason.text)}" for reason in report.reasons)
    if report.comparison is not None:
        yield f"- {_md(compared(report))}"
    yield from (f"- {_md(note)}" for note in report.notes)
    if report.runs:
        yield ""
        yield from _table(report)
    for run in report.runs:
        yield from _found(run, report)


def _table(report: JobReport) -> Iterator[str]:
    names = shown_metrics(name for run in report.runs for name in run.metrics)[:_MOST_METRICS]
    heads = ["run", "status", *names, "findings", "took"]
    yield "| " + " | ".join(map(_md, heads)) + " |"
    yield "|" + "---|" * len(heads)
    for run in report.runs:
        codes = ", ".join(dict.fromkeys(one.code for one in open_findings(run.findings)))
        metrics = [readable.number(run.metrics.get(name)) for name in names]
        cells = [run.name, run.status, *metrics, codes, readable.duration(run.duration_s)]
        yield "| " + " | ".join(map(_md, cells)) + " |"


def compared(report: JobReport) -> str:
    """The comparison with the baseline in a sentence; empty where there is none."""
    told = report.comparison
    if told is None:
        return ""
    said = f"{told.metric} {readable.number(told.value)} beside"
    said += f" {readable.number(told.baseline_value)} of {told.baseline}: {told.verdict}"
    return f"{said} (±{readable.number(told.noise)}: {told.noise_from})" if told.noise else said


def _found(run: JobRun, report: JobReport) -> Iterator[str]:
    if not run.findings:
        return
    counting = at_level(run.findings, report.fail_on)
    yield ""
    yield f"### {_md(run.name)}"
    yield ""
    for one in sorted_findings(run.findings):
        yield f"- {_finding(one, is_counting=one in counting)}"


def _finding(finding: Finding, *, is_counting: bool) -> str:
    page = docs_url(finding.code)
    name = f"{finding.code} {finding.name}"
    link = f"[{_md(name)}]({page})" if page else _md(name)
    said = f"{finding.severity} {link}: {_md(finding.message)}"
    if finding.acknowledged is not None:
        return f"{said} (acknowledged: {_md(finding.acknowledged)})"
    remedy = f" → {_md(finding.remedy)}" if finding.remedy else ""
    return f"**{said}**{remedy}" if is_counting else f"{said}{remedy}"


def _md(value: str) -> str:
    """The text on one line, with nothing in it that Markdown or HTML would read."""
    return _MARKS.sub(r"\\\1", readable.plain(value).replace("\\n", " "))
