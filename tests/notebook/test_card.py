"""What the run card says of findings, with styles and without."""

from __future__ import annotations

import re
import subprocess
import sys
from html import unescape

from aseptic.checks import plots
from aseptic.notebook.card import card_html, card_parts, card_text
from aseptic.testing import make_finding, make_outcome, make_run

OVERLAP = make_finding(
    "D15",
    name="train-test-overlap",
    severity="error",
    message="5.0% of the rows of X_test are in X_train",
    evidence={"share": 0.05, "plot": plots.bars(["a", "b"], {"rows": [1, 2]})},
    remedy="split before you resample",
)
AGE = make_finding("D02", message="12% of age is missing")
KNOWN = make_finding("D03", severity="error", message="x is constant", acknowledged="by design")
TIPS = tuple(make_finding(f"D1{i}", severity="info", message="a tip") for i in range(2))


def text(run):
    return card_text(run, list(card_parts(run, None)))


def html(run):
    return card_html(run, list(card_parts(run, None)))


def read(run):
    """The page as it reads where styles and pictures are taken off."""
    page = re.sub(r"<(style|svg).*?</\1>", "", html(run), flags=re.DOTALL)
    return [
        line.strip()
        for line in unescape(
            re.sub(r"<(div|details|/summary)\b[^>]*>", "\n", page)
            .replace("</div>", "\n")
            .replace("</details>", "\n")
        ).splitlines()
        if re.sub("<[^>]*>", "", line).strip()
    ]


def test_findings_stand_on_lines_of_their_own_below_the_card():
    run = make_run(name="svc", findings=(AGE, KNOWN, *TIPS, OVERLAP))
    assert text(run).splitlines()[1:] == [
        "  ✗ D15 5.0% of the rows of X_test are in X_train",
        "  ! D02 12% of age is missing",
        "  ✗ D03 x is constant (acknowledged: by design)",
        "  +2 tips: %aseptic show svc",
    ]


def test_without_findings_the_card_is_one_line():
    assert len(text(make_run(acc=1.0)).splitlines()) == 1


def test_what_is_too_much_for_the_card_is_counted():
    many = tuple(make_finding("D02", subject=str(i), message=str(i)) for i in range(9))
    assert text(make_run(name="svc", findings=many)).splitlines()[-1] == (
        "  +3 more: %aseptic show svc"
    )


def test_the_remedy_the_plot_and_the_page_of_the_docs_are_behind_the_line():
    page = html(make_run(findings=(OVERLAP,)))
    details = re.search("<details>(.*)</details>", page, re.DOTALL)[1]
    assert "<summary" in details
    assert "split before you resample" in details
    assert "<svg" in details
    assert 'href="https://aseptic.readthedocs.io/en/latest/checks/D15/"' in details
    assert "share 0.05" in details
    assert "<script" not in page


def test_a_check_of_the_project_itself_has_no_page_but_explains_itself():
    page = html(make_run(findings=(make_finding("ACME01"),)))
    assert "%aseptic explain ACME01" in page
    assert "href" not in page


def test_it_reads_well_without_styles():
    lines = [re.sub("<[^>]*>", "", line) for line in read(make_run(findings=(OVERLAP, *TIPS)))]
    assert "✗ D15 5.0% of the rows of X_test are in X_train" in lines
    assert "split before you resample" in lines
    assert any(line.startswith("+2 tips") for line in lines)


def test_that_all_was_clean_is_said_in_few_words():
    outcomes = (make_outcome("D01"), make_outcome("D02"), make_outcome("D12", "not applicable"))
    assert text(make_run(checks=outcomes)).endswith("2 of 3 checks clean")
    assert text(make_run(checks=outcomes[:2])).endswith("2 checks clean")
    assert "clean" not in text(make_run(checks=outcomes[2:])).replace("unknown", "")
    assert "checks clean" not in text(make_run(checks=outcomes, findings=(AGE,)))


def test_nothing_of_a_finding_is_taken_for_html():
    evil = "<script>alert('x')</script>"
    finding = make_finding(name=evil, message=evil, remedy=evil, evidence={evil: evil})
    assert "<script" not in html(make_run(findings=(finding,)))


def test_the_same_findings_give_the_same_bytes():
    run = make_run(findings=(OVERLAP, AGE))
    assert html(run) == html(run)


def test_the_card_imports_no_numpy():
    code = "import sys, aseptic.notebook.card; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
