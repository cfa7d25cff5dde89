"""How findings read, on a page and in a terminal."""

from __future__ import annotations

from aseptic.checks import plots
from aseptic.checks.runner import Report
from aseptic.model import CheckOutcome
from aseptic.results import CheckResult
from aseptic.selection import is_known, is_selected
from aseptic.show import findings as shown
from aseptic.show.as_text import draw_text
from aseptic.testing import make_finding, make_outcome

OVERLAP = make_finding(
    "D15",
    name="train-test-overlap",
    severity="error",
    message="5.0% of the rows of X_test are in X_train",
    evidence={
        "share": 0.05,
        "count": 1234,
        "limit": 0.002,
        "rows": tuple(range(100)),
        "table": "X_test",
        "sample": "5,000 of 90,000 rows",
    },
    remedy="split first",
)
AGE = make_finding("D02", subject="age", message="12% of age is missing", remedy="impute it")
KNOWN = make_finding("D03", message="pixel_0 is constant", acknowledged="the border of an image")
TIP = make_finding("D10", severity="info", message="x and y are alike")
OUTCOMES = (
    make_outcome("D01"),
    make_outcome("D12", "not applicable", reason="no test data"),
    make_outcome("D13", "not applicable", reason="no test data"),
    make_outcome("D15", "findings"),
)


def result(*findings, **options):
    return CheckResult(Report(findings, OUTCOMES), "svc", **options)


def test_a_check_reads_from_the_most_severe_to_what_could_not_be_judged():
    numbers = "share 0.05, count 1,234, limit 0.002"
    rows = "rows of X_test 0, 1, 2, 3, 4, 5, 6, 7, …"
    assert result(TIP, KNOWN, AGE, OVERLAP).text() == (
        f"""\
svc  1 error, 1 warning, 1 tip, 1 acknowledged

✗ D15 train-test-overlap  5.0% of the rows of X_test are in X_train
  {numbers}, {rows}, judged by 5,000 of 90,000 rows
  → split first

! D02 d02  12% of age is missing
  → impute it

i D10 d10  x and y are alike

! D03 d03  pixel_0 is constant
  acknowledged: the border of an image

1 check clean, 2 not applicable
  D12, D13  no test data"""
    )


def test_all_checks_are_listed_when_that_is_asked_for():
    text = result(show_all=True).text()
    assert "nothing found" in text
    assert "D01   d01    clean" in text
    assert "no test data" in text


def test_silence_is_not_called_clean_where_nothing_could_be_judged():
    silent = CheckResult(Report((), OUTCOMES[1:3]))
    assert silent.text().startswith("no check could judge")
    assert silent.worst is None


def test_what_is_acknowledged_is_not_open():
    assert result(KNOWN).open == []
    assert result(KNOWN).worst is None
    assert result(KNOWN, AGE).worst == "warning"
    assert result(AGE, OVERLAP).worst == "error"


def test_a_check_is_a_table_of_its_findings():
    frame = result(AGE, OVERLAP).frame()
    names = ["code", "name", "severity", "subject", "message", "remedy", "acknowledged"]
    assert list(frame) == names
    assert frame.code.tolist() == ["D15", "D02"]
    assert list(result().frame()) == names


def test_a_check_has_its_plain_values():
    told = result(OVERLAP).to_dict()
    assert told["findings"][0]["evidence"]["share"] == 0.05
    assert told["findings"][0]["acknowledged"] is None
    assert told["checks"][0] == {
        "code": "D01",
        "name": "d01",
        "outcome": "clean",
        "reason": None,
        "is_thorough": False,
        "duration_s": 0.0,
    }


def test_the_plot_is_drawn_on_the_page_and_as_text():
    plot = plots.lines([0, 1], {"train": [1, 2]}, x="age")
    drawn = result(make_finding(evidence={"plot": plot}))
    assert "<svg" in drawn._repr_html_()
    assert "train  ▁█  1.0 to 2.0" in drawn.text()


def test_nothing_of_a_finding_is_taken_for_html():
    evil = "<script>alert(1)</script>"
    finding = make_finding(
        name=evil,
        subject=evil,
        message=evil,
        remedy=evil,
        evidence={evil: evil, "plot": plots.bars([evil], {evil: [1.0], "b": [2.0]}, x=evil)},
    )
    outcome = CheckOutcome(code="X01", name=evil, outcome="not applicable", reason=evil)
    assert "<script" not in CheckResult(Report((finding,), (outcome,)), evil)._repr_html_()


def test_evidence_of_any_shape_is_shown_or_left_out():
    for evidence in (None, 3, "text", (1, 2), {"rows": 3}, {"rows": ()}, {"a": {"b": None}}):
        assert result(make_finding(evidence=evidence)).text()


def test_only_checks_that_come_with_aseptic_have_a_page():
    assert shown.docs_url("D15") == "https://aseptic.readthedocs.io/en/latest/checks/D15/"
    assert shown.docs_url("ACME01") is None


def test_a_finding_says_where_on_a_curve_it_began():
    evidence = {"series": "loss", "step": 1200.0, "limit": 4.0}
    finding = make_finding("T02", name="divergence", evidence=evidence)
    assert shown.began(finding) == "from step 1,200 of loss"
    assert shown.numbers_of(finding) == [("limit", "4")]
    text = draw_text(result(finding).blocks())
    assert "T02 divergence  T02 found something · from step 1,200 of loss" in text
    assert shown.began(make_finding(evidence={"series": "loss", "step": float("nan")})) == "of loss"
    assert shown.began(make_finding(evidence={"step": 3})) == ""


def test_words_mean_codes_names_and_severities():
    finding = make_finding("T02", name="divergence", severity="warning")
    assert all(is_selected(finding, [word]) for word in ("T02", "t02", "T", "divergence", "info"))
    assert not any(is_selected(finding, [word]) for word in ("T01", "error", "diverge", "x"))
    assert is_selected(finding, ["error", "Warning"])
    assert is_known("T0", [("T02", "divergence")])
    assert not is_known("diverge", [("T02", "divergence")])
