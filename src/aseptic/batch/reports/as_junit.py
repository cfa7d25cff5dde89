"""The report as JUnit XML: a suite for the job and one a run, a test case a check."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

from aseptic.batch.report import at_level
from aseptic.batch.verdict import FAILED, FINDINGS, STOPPED, WORSE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aseptic.batch.report import JobReport, JobRun
    from aseptic.model import CheckOutcome, Finding

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def text(report: JobReport) -> str:
    """The report; findings at its level are failures, what ended the job early is an error."""
    suites = ET.Element("testsuites", name="aseptic")
    _suite(suites, report.target, _job_cases(report), report)
    for run in report.runs:
        _suite(suites, run.name, [_check_case(run, one, report) for one in run.checks], report)
    ET.indent(suites)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(suites, "unicode") + "\n"


def _suite(suites: ET.Element, name: str, cases: Sequence[ET.Element], report: JobReport) -> None:
    suite = ET.SubElement(
        suites,
        "testsuite",
        name=_clean(name),
        timestamp=report.started_at.strftime("%Y-%m-%dT%H:%M:%S"),
        tests=str(len(cases)),
        failures=str(sum(case.find("failure") is not None for case in cases)),
        errors=str(sum(case.find("error") is not None for case in cases)),
        skipped=str(sum(case.find("skipped") is not None for case in cases)),
        time=f"{sum(float(case.get('time', 0)) for case in cases):.3f}",
    )
    suite.extend(cases)


def _job_cases(report: JobReport) -> list[ET.Element]:
    """Whether the job ran to its end, whether it was recorded, and is as good as its baseline."""
    ran = _case(report.target, "runs to its end", report.duration_s)
    for reason in report.reasons:
        if reason.exit_code in (FAILED, STOPPED) or reason.exit_code > 128:
            _tell(ran, "error", reason.text, kind=str(reason.exit_code))
    cases = [ran]
    nothing = [one for one in report.reasons if one.exit_code == FINDINGS and not report.runs]
    if nothing:
        recorded = _case(report.target, "records a run")
        _tell(recorded, "failure", nothing[0].text)
        cases.append(recorded)
    if report.comparison is not None:
        beside = _case(report.target, f"{report.comparison.metric} is no worse than the baseline")
        for reason in report.reasons:
            if reason.exit_code == WORSE:
                _tell(beside, "failure", reason.text)
        cases.append(beside)
    return cases


def _check_case(run: JobRun, outcome: CheckOutcome, report: JobReport) -> ET.Element:
    case = _case(
        f"{report.target}.{run.name}", f"{outcome.code} {outcome.name}", outcome.duration_s
    )
    found = [one for one in run.findings if one.code == outcome.code]
    failing = at_level(found, report.fail_on)
    if failing:
        _tell(case, "failure", failing[0].message, body=_in_full(failing), kind=failing[0].severity)
    elif outcome.outcome == "not applicable":
        _tell(case, "skipped", outcome.reason or "not applicable")
    rest = [one for one in found if one not in failing]
    if rest:
        ET.SubElement(case, "system-out").text = _clean(_in_full(rest))
    return case


def _in_full(findings: Sequence[Finding]) -> str:
    return "\n\n".join(
        f"{one.severity}: {one.message}"
        + (f"\nacknowledged: {one.acknowledged}" if one.acknowledged else "")
        + (f"\n→ {one.remedy}" if one.remedy else "")
        for one in findings
    )


def _case(group: str, name: str, seconds: float = 0.0) -> ET.Element:
    return ET.Element("testcase", classname=_clean(group), name=_clean(name), time=f"{seconds:.3f}")


def _tell(case: ET.Element, tag: str, message: str, *, body: str = "", kind: str = "") -> None:
    """Puts what happened into a case; a case has one of each, so the first stays."""
    if case.find(tag) is None:
        made = ET.SubElement(case, tag, message=_clean(message))
        if kind:
            made.set("type", kind)
        made.text = _clean(body) or None


def _clean(value: str) -> str:
    """The text without characters that XML cannot hold; the rest is escaped as it is written."""
    return _NO_XML.sub("\ufffd", value)
