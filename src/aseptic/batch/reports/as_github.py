"""The report as workflow commands of GitHub Actions: annotations at the file of the job."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aseptic.batch.report import at_level
from aseptic.show.readable import plain

if TYPE_CHECKING:
    from aseptic.batch.report import JobReport

_KINDS = {"error": "error", "warning": "warning", "info": "notice"}


def text(report: JobReport) -> str:
    """One line an annotation: the open findings, and the other reasons why the job fails.

    Tips are notices, and so is a warning that does not fail the job: the colour says what counts.
    """
    rows = []
    for run in report.runs:
        counting = at_level(run.findings, report.fail_on)
        for one in run.findings:
            if one.acknowledged is None:
                kind = "error" if one in counting else _KINDS[one.severity]
                kind = "warning" if kind == "error" and one not in counting else kind
                said = f"{run.name}: {one.message}" + (f"\n{one.remedy}" if one.remedy else "")
                rows.append(_command(kind, report.target, f"{one.code} {one.name}", said))
    for reason in report.reasons:
        title = f"aseptic: exit code {reason.exit_code}"
        rows.append(_command("error", report.target, title, reason.text))
    return "".join(f"{row}\n" for row in rows)


def _command(kind: str, file: str, title: str, message: str) -> str:
    return f"::{kind} file={_property(file)},title={_property(title)}::{_data(message)}"


def _data(value: str) -> str:
    """As `@actions/core` escapes: a text can begin no command of its own."""
    return plain(value.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A"))


def _property(value: str) -> str:
    return _data(value).replace(":", "%3A").replace(",", "%2C")
