"""The report as SARIF 2.1.0, as code scanning reads it: a rule a check, a result a finding."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec

from aseptic.batch.verdict import FAILED, STOPPED
from aseptic.checks.discovery import load_checks
from aseptic.show.findings import docs_url

if TYPE_CHECKING:
    from datetime import datetime

    from aseptic.batch.report import JobReport, JobRun
    from aseptic.model import Finding

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {"error": "error", "warning": "warning", "info": "note"}


def text(report: JobReport) -> str:
    """The report; what is not a finding stands among the notifications of the invocation."""
    rules = {one.code: one for run in report.runs for one in run.findings}
    codes = list(rules)
    run = {
        "tool": {
            "driver": {
                "name": "aseptic",
                "version": report.aseptic,
                "informationUri": "https://aseptic.readthedocs.io",
                "rules": [_rule(one) for one in rules.values()],
            }
        },
        "invocations": [_invocation(report)],
        "automationDetails": {"id": f"aseptic/{_uri(report.target)}/"},
        "columnKind": "unicodeCodePoints",
        "results": [
            _result(one, codes.index(one.code), made, report)
            for made in report.runs
            for one in made.findings
        ],
    }
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return msgspec.json.format(msgspec.json.encode(log), indent=2).decode() + "\n"


def _rule(finding: Finding) -> dict[str, Any]:
    check = load_checks().get(finding.code)
    summary = check.summary if check else finding.name
    rule: dict[str, Any] = {
        "id": finding.code,
        "name": "".join(part.capitalize() for part in finding.name.split("-")),
        "shortDescription": {"text": summary},
        "defaultConfiguration": {"level": _LEVELS[check.severity if check else finding.severity]},
    }
    if finding.remedy:
        rule["help"] = {"text": finding.remedy}
    page = docs_url(finding.code)
    if page:
        rule["helpUri"] = page
    return rule


def _result(finding: Finding, index: int, run: JobRun, report: JobReport) -> dict[str, Any]:
    said = f"{run.name}: {finding.message}" + (f" {finding.remedy}" if finding.remedy else "")
    place: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": {"uri": _uri(report.target)},
            "region": {"startLine": 1},  # code scanning refuses a result without a line
        },
        "logicalLocations": [{"name": run.name, "fullyQualifiedName": run.run_id}],
    }
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": index,
        "level": _LEVELS[finding.severity],
        "message": {"text": said},
        "locations": [place],
        # the same finding of the next run is the same alert
        "partialFingerprints": {"aseptic/v1": _fingerprint(finding, run, report)},
    }
    if finding.acknowledged is not None:
        told = {"kind": "external", "status": "accepted", "justification": finding.acknowledged}
        result["suppressions"] = [told]
    return result


def _fingerprint(finding: Finding, run: JobRun, report: JobReport) -> str:
    what = (report.target, run.experiment, finding.code, finding.subject or "")
    return hashlib.sha256("\0".join(what).encode()).hexdigest()[:32]


def _invocation(report: JobReport) -> dict[str, Any]:
    ended_at = report.started_at + timedelta(seconds=report.duration_s)
    is_done = not any(
        one.exit_code in (FAILED, STOPPED) or one.exit_code > 128 for one in report.reasons
    )
    invocation: dict[str, Any] = {
        "executionSuccessful": is_done,
        "startTimeUtc": _time(report.started_at),
        "endTimeUtc": _time(ended_at),
        "exitCode": report.exit_code,
        "toolExecutionNotifications": [
            {"level": "error", "message": {"text": one.text}} for one in report.reasons
        ]
        + [{"level": "note", "message": {"text": note}} for note in report.notes],
    }
    if report.reasons:
        invocation["exitCodeDescription"] = report.reasons[0].text
    if report.ended_by and report.ended_by.startswith("SIG"):
        invocation["exitSignalName"] = report.ended_by
    return invocation


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def _uri(path: str) -> str:
    return quote(path, safe="/:" if "://" in path else "/")
