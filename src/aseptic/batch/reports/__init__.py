"""Reports for those who read them by machine: one module a form, each a pure function to text."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from aseptic.batch.reports import as_github, as_json, as_junit, as_markdown, as_sarif
from aseptic.errors import BadOption
from aseptic.notices import say

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from aseptic.batch.report import JobReport

GITHUB = "github"

_FORMS: dict[str, Callable[[JobReport], str]] = {
    ".xml": as_junit.text,
    ".sarif": as_sarif.text,
    ".sarif.json": as_sarif.text,
    ".json": as_json.text,
    ".md": as_markdown.text,
}


def refuse_unknown(places: Sequence[str]) -> None:
    """Raises BadOption where the form of a report is not known, or its folder cannot be made."""
    for place in places:
        if place == GITHUB:
            continue
        if _form(place) is None:
            known = ", ".join(_FORMS)
            raise BadOption(f"run: --report {place}: say github, or a file that ends with {known}")
        try:
            Path(place).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BadOption(f"run: --report {place}: {error.strerror}") from error


def write(report: JobReport, places: Sequence[str]) -> None:
    """Writes the report to files; says on stderr which cannot be written, as the job is over.

    `github` is for whoever prints: only the page that GitHub shows of a job is written here.
    """
    for place in places:
        form = _form(place)
        try:
            if form is not None:
                Path(place).write_text(form(report), encoding="utf-8")
            elif "GITHUB_STEP_SUMMARY" in os.environ:
                with Path(os.environ["GITHUB_STEP_SUMMARY"]).open("a", encoding="utf-8") as page:
                    page.write(as_markdown.text(report))
        except OSError as error:
            say(f"--report {place} was not written: {error}")


def github_lines(report: JobReport) -> str:
    """What GitHub Actions reads from a job's stdout."""
    return as_github.text(report)


def _form(place: str) -> Callable[[JobReport], str] | None:
    ends = [ending for ending in _FORMS if place.lower().endswith(ending)]
    return _FORMS[max(ends, key=len)] if ends else None
