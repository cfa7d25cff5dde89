"""What holds for every check: its docs are whole, its examples true, and bad input is no fault."""

from __future__ import annotations

import pytest
from tests.checks.examples import run_example

from aseptic.checks import Check
from aseptic.checks.discovery import load_checks

CHECKS = list(load_checks().values())
by_code = pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.code)


@by_code
def test_the_docs_say_why_how_and_what_to_do(check: Check):
    assert check.summary.endswith(".")
    assert {"Why", "Method", "Remedy", "Bad", "Good"} <= set(check.sections)
    unexplained = [name for name in check.thresholds if f"`{name}`" not in check.sections["Method"]]
    assert not unexplained


@by_code
def test_the_file_is_named_as_the_check(check: Check):
    stem = check.function.__module__.rpartition(".")[2]
    assert stem == f"{check.code.lower()}_{check.function.__name__}"


@by_code
def test_the_bad_example_is_found(check: Check):
    report = run_example(check, "Bad")
    assert [finding.code for finding in report.findings], report.outcomes
    assert all(finding.remedy for finding in report.findings)


@by_code
def test_the_good_example_is_clean(check: Check):
    report = run_example(check, "Good")
    assert [outcome.outcome for outcome in report.outcomes] == ["clean"], report
