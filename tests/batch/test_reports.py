"""Reports of one job in every form, with texts in it that try to break out of each."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from datetime import datetime, timezone
from pathlib import Path

import jsonschema
import msgspec
import pytest

from aseptic.batch import reports
from aseptic.batch.report import Comparison, JobReport, JobRun, Reason
from aseptic.batch.reports import as_github, as_json, as_junit, as_markdown, as_sarif
from aseptic.batch.result import JobResult
from aseptic.errors import BadOption
from aseptic.model import CheckOutcome, Finding
from aseptic.results import Result

SCHEMA = json.loads((Path(__file__).parent / "sarif-2.1.0.schema.json").read_text("utf-8"))
HOSTILE = "]]>\x00\x1b[31m</testcase>\n::error::own | <script>alert(1)</script> **bold** `code` %0A"


def finding(code: str, severity: str, message: str = "5 % of rows", **fields) -> Finding:
    return Finding(code=code, name=f"name-of-{code}", severity=severity, message=message, **fields)


def outcome(code: str, how: str, reason: str | None = None) -> CheckOutcome:
    return CheckOutcome(
        code=code, name=f"name-of-{code}", outcome=how, reason=reason, duration_s=0.25
    )


REPORT = JobReport(
    aseptic="1.2.3",
    target="nightly jobs/train, v2.ipynb",
    kind="notebook",
    store="/runs",
    params={"C": 10, "text": HOSTILE},
    started_at=datetime(2026, 1, 31, 12, tzinfo=timezone.utc),
    duration_s=61.5,
    exit_code=1,
    reasons=[
        Reason(exit_code=1, text=f"failed: cell 2: {HOSTILE}"),
        Reason(exit_code=3, text="2 findings at --fail-on error in calm-otter: D15"),
        Reason(exit_code=4, text="acc 0.8 is worse than 0.9 of early beyond noise"),
    ],
    fail_on="error",
    error=f"cell 2: {HOSTILE}",
    failed_cell=2,
    cells_done=1,
    cells=4,
    runs=[
        JobRun(
            run_id="0" * 16,
            name=HOSTILE,
            experiment="train",
            status="failed",
            duration_s=2.0,
            metrics={"acc": 0.8, "loss": None, "layer/fc1/grad_norm": 3.0, HOSTILE: 1.0},
            findings=[
                finding("D15", "error", remedy="split before resampling"),
                finding("D15", "error", HOSTILE, subject="age", remedy=HOSTILE),
                finding("D13", "warning", subject="pay"),
                finding("X01", "error", acknowledged="by design"),
                finding("P03", "info"),
            ],
            checks=[
                outcome("D15", "findings"),
                outcome("D13", "findings"),
                outcome("D02", "clean"),
                outcome("T14", "not applicable", f"needs {HOSTILE}"),
                outcome("X01", "findings"),
                outcome("P03", "findings"),
            ],
        )
    ],
    comparison=Comparison(
        metric="acc", run="calm-otter", value=0.8, baseline="early", baseline_id="1" * 16,
        baseline_value=0.9, gain=-0.1, noise=0.02, noise_from="2 standard errors", verdict="worse",
    ),
    notes=[HOSTILE],
)  # fmt: skip
CLEAN = msgspec.structs.replace(
    REPORT, exit_code=0, reasons=[], error=None, runs=[], comparison=None, notes=[]
)


def test_json_reads_back_as_the_report():
    assert msgspec.json.decode(as_json.text(REPORT), type=JobReport) == REPORT
    assert json.loads(as_json.text(REPORT))["format"] == 1


def test_junit_has_a_case_a_check_and_counts_them():
    suites = ET.fromstring(as_junit.text(REPORT).encode())
    job, run = suites.findall("testsuite")
    assert [case.get("name") for case in job] == [
        "runs to its end", "acc is no worse than the baseline",
    ]  # fmt: skip
    assert (job.get("tests"), job.get("errors"), job.get("failures")) == ("2", "1", "1")
    assert (run.get("tests"), run.get("failures"), run.get("skipped")) == ("6", "1", "1")
    cases = {case.get("name").split()[0]: case for case in run}
    assert {code: [part.tag for part in case] for code, case in cases.items()} == {
        "D15": ["failure"],
        "D13": ["system-out"],
        "D02": [],
        "T14": ["skipped"],
        "X01": ["system-out"],
        "P03": ["system-out"],
    }
    told = cases["D15"].find("failure")
    assert told.get("message") == "5 % of rows"
    assert "<script>" in told.text
    assert "\x1b" not in as_junit.text(REPORT)
    assert cases["T14"].get("time") == "0.250"


def test_junit_of_a_clean_job_has_no_failure():
    suites = ET.fromstring(as_junit.text(CLEAN).encode())
    assert [suite.get("failures") for suite in suites] == ["0"]


@pytest.mark.parametrize("report", [REPORT, CLEAN])
def test_sarif_is_valid(report):
    jsonschema.Draft4Validator(SCHEMA).validate(json.loads(as_sarif.text(report)))


def test_sarif_has_a_result_a_finding():
    (run,) = json.loads(as_sarif.text(REPORT))["runs"]
    results, rules = run["results"], run["tool"]["driver"]["rules"]
    assert [one["ruleId"] for one in results] == ["D15", "D15", "D13", "X01", "P03"]
    assert [rules[one["ruleIndex"]]["id"] for one in results] == [one["ruleId"] for one in results]
    assert [one["level"] for one in results] == ["error", "error", "warning", "error", "note"]
    assert results[3]["suppressions"][0]["justification"] == "by design"
    place = results[0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "nightly%20jobs/train%2C%20v2.ipynb"
    prints = [one["partialFingerprints"]["aseptic/v1"] for one in results]
    assert len(set(prints)) == len(prints)
    (invocation,) = run["invocations"]
    assert (invocation["exitCode"], invocation["executionSuccessful"]) == (1, False)
    assert invocation["endTimeUtc"] == "2026-01-31T12:01:01.500Z"


def test_github_gets_one_line_an_annotation_and_no_command_of_anyone_else():
    rows = as_github.text(REPORT).splitlines()
    place = "file=nightly jobs/train%2C v2.ipynb,"
    assert all(re.match(rf"::(error|warning|notice) {re.escape(place)}title=[^:]*::", row)
               for row in rows)  # fmt: skip
    assert [row.split()[0] for row in rows] == [
        "::error", "::error", "::warning", "::notice", "::error", "::error", "::error",
    ]  # fmt: skip
    assert "%250A" in rows[1]  # what a person wrote as %0A stays so
    assert "title=D15 name-of-D15" in rows[0]


def test_markdown_has_the_table_and_nothing_that_html_or_markdown_would_read():
    text = as_markdown.text(REPORT)
    assert text.startswith("## ❌ nightly jobs/train, v2.ipynb\n")
    assert "<script>" not in text
    assert "\x1b" not in text
    table = [row for row in text.splitlines() if row.startswith("|")]
    assert len(table) == 3
    assert len({len(re.findall(r"(?<!\\)\|", row)) for row in table}) == 1
    assert "layer" not in text
    assert "[D15 name\\-of\\-D15](https://aseptic.readthedocs.io/en/latest/checks/D15/)" in text
    assert "acknowledged: by design" in text


def test_the_form_of_a_report_is_that_of_its_file_name(tmp_path, monkeypatch):
    summary = tmp_path / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    places = [str(tmp_path / "a" / name) for name in ("r.xml", "r.sarif", "r.json", "r.md")]
    sarif = str(tmp_path / "r.sarif.json")
    reports.refuse_unknown([*places, sarif, "github"])
    reports.write(REPORT, [*places, sarif, "github"])
    starts = [Path(place).read_text("utf-8")[:12] for place in places]
    assert starts == ["<?xml versio", '{\n  "$schema', '{\n  "format"', "## ❌ nightly"]
    assert Path(sarif).read_text("utf-8") == Path(places[1]).read_text("utf-8")
    assert summary.read_text("utf-8") == as_markdown.text(REPORT)
    with pytest.raises(BadOption, match="say github, or a file"):
        reports.refuse_unknown(["report.pdf"])


def test_a_report_that_cannot_be_written_is_said_and_hides_no_exit_code(tmp_path, capsys):
    reports.write(REPORT, [str(tmp_path / "absent" / "r.md"), str(tmp_path / "r.md")])
    assert "absent/r.md was not written" in capsys.readouterr().err
    assert (tmp_path / "r.md").exists()


def test_what_a_person_sees_ends_with_the_reason():
    result: Result = JobResult(REPORT)
    rows = result.text().splitlines()
    assert rows[-1].startswith("exit code 1: failed: cell 2")
    assert "also acc 0.8 is worse than 0.9 of early beyond noise" in rows
    assert "\x1b" not in result.text()
    assert result.exit_code == 1
    assert JobResult(CLEAN, is_quiet=True).text() == ""
    assert JobResult(REPORT, is_quiet=True).text() == result.text()


def test_where_github_reads_along_only_our_annotations_are_commands():
    rows = JobResult(REPORT, is_annotated=True).text().splitlines()
    pause = rows[0].removeprefix("::stop-commands::")
    at = rows.index(f"::{pause}::")
    assert pause not in as_json.text(REPORT)
    assert rows[at + 2 :] == as_github.text(REPORT).splitlines()
