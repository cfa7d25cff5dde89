"""`aseptic run` on real trainings: what it ends with, and what its reports say of them."""

from __future__ import annotations

import json
import shutil
import xml.etree.ElementTree as ET
from pathlib import Path

import jsonschema
import pytest

from aseptic.checks.discovery import load_checks

from .conftest import PARAMETERS, RUN

pytest.importorskip("sklearn")

FIT = """\
model = LogisticRegression(C=C, max_iter=300).fit(X_train, y_train)
test_acc = model.score(X_test, y_test)
"""
SCHEMA = json.loads((Path(__file__).parent / "sarif-2.1.0.schema.json").read_text("utf-8"))
REPORTS = ("--report", "r.json", "--report", "r.xml", "--report", "r.sarif", "--report", "r.md",
           "--report", "github")  # fmt: skip


@pytest.fixture
def train(place):
    shutil.copy(Path(__file__).with_name("trainings.py"), place.folder)

    def call(kind: str, *words: str):
        return place.run("trainings.py", "-p", f"kind={kind}", *words, *REPORTS)

    return call


def needs(*codes: str):
    missing = [code for code in codes if code not in load_checks()]
    return pytest.mark.skipif(bool(missing), reason=f"there is no check {', '.join(missing)}")


def codes_in_reports(place, level: str) -> list[set[str]]:
    """The codes that fail the job, as each report tells them."""
    report = place.report("r.json")
    severities = {"error": {"error"}, "warning": {"error", "warning"}}[level]
    from_json = {f.code for run in report.runs for f in run.findings if f.severity in severities}
    suites = ET.fromstring((place.folder / "r.xml").read_text("utf-8").encode())
    cases = [case for suite in list(suites)[1:] for case in suite]
    from_junit = {c.get("name").split()[0] for c in cases if c.find("failure") is not None}
    sarif = json.loads((place.folder / "r.sarif").read_text("utf-8"))
    jsonschema.Draft4Validator(SCHEMA).validate(sarif)
    from_sarif = {r["ruleId"] for r in sarif["runs"][0]["results"] if r["level"] in severities}
    return [from_json, from_junit, from_sarif]


def assert_told(place, done, code: int, *, found: set[str], level: str = "warning") -> None:
    """Exit code and reports agree, and these checks are among those that found something."""
    report = place.report("r.json")
    assert (done.code, report.exit_code) == (code, code), done.out + done.err
    told = codes_in_reports(place, level)
    assert told[0] == told[1] == told[2]
    assert found & told[0] if found else not told[0], told[0]
    markdown = (place.folder / "r.md").read_text("utf-8")
    assert f"Exit code **{code}**" in markdown
    assert ("✅" in markdown) == (code == 0)
    errors = [row for row in done.out.splitlines() if row.startswith("::error file=trainings.py")]
    assert bool(errors) == (code != 0)


def test_a_healthy_training_ends_with_0(place, train):
    done = train("healthy", "--fail-on", "warning")
    assert_told(place, done, 0, found=set())
    assert place.runs[0].metrics["test_acc"].value > 0.9


@needs("T02")
def test_one_that_overfits_ends_with_3(place, train):
    done = train("overfit", "--fail-on", "warning")
    assert_told(place, done, 3, found={"T14"})


@needs("T01", "T02")
def test_one_that_diverges_ends_with_3(place, train):
    done = train("diverging")
    assert_told(place, done, 3, found={"T01", "T02"}, level="error")


@needs("T06")
def test_one_whose_gradients_vanish_ends_with_3(place, train):
    done = train("vanishing")
    assert_told(place, done, 3, found={"T06"}, level="error")


def test_one_that_crashes_ends_with_1_and_keeps_its_points(place, train):
    done = train("crashing", "--fail-on", "never")
    assert done.code == 1
    assert "RuntimeError: CUDA error" in done.err
    (run,) = place.runs
    assert (run.status, run.metrics["train_loss"].count) == ("failed", 3)
    suites = ET.fromstring((place.folder / "r.xml").read_text("utf-8").encode())
    assert suites[0][0].find("error").get("message") == "failed: exit code 1"


def test_one_that_is_worse_than_its_baseline_ends_with_4(place, train):
    assert train("healthy", "--fail-on", "never").code == 0
    baseline = place.runs[0].name
    against = ("--against", baseline, "--metric", "test_acc", "--fail-on", "never")
    done = train("worse", *against)
    assert done.code == 4, done.out
    told = place.report("r.json").comparison
    assert (told.verdict, told.baseline) == ("worse", baseline)
    assert "noise is not known, so a loss of 5% counts" in done.out
    done = train("healthy", "-p", "seed=1", *against)
    assert done.code == 0, done.out
    assert place.report("r.json").comparison.verdict == "within noise"


@needs("T01", "T02")
def test_one_that_diverges_can_be_stopped_early(place, train):
    pytest.importorskip("aseptic.training_watch")
    words = ("-p", "epochs=100000", "--stop-on", "not-finite,divergence", "--fail-on", "never")
    done = train("diverging", *words)
    assert done.code == 5, done.out + done.err
    (run,) = place.runs
    assert run.status == "interrupted"
    assert place.report("r.json").runs[0].stopped_by.startswith(("T01", "T02"))


def test_a_notebook_that_is_worse_on_its_test_rows_ends_with_4(place):
    pytest.importorskip("papermill")
    target = place.notebook(
        ("C = 1.0", PARAMETERS),
        "from sklearn.datasets import load_digits\n"
        "from sklearn.linear_model import LogisticRegression\n"
        "from sklearn.model_selection import train_test_split\n"
        "X, y = load_digits(return_X_y=True, as_frame=True)\n"
        "X_train, X_test, y_train, y_test = train_test_split(X / 16, y, random_state=0)",
        (FIT, RUN),
    )
    assert place.run(target, "--fail-on", "never").code == 0
    place.store.set_baseline(place.runs[0].run_id, experiment="train")
    words = ("--against", "baseline", "--fail-on", "never", "--report", "r.json")
    done = place.run(target, "-p", "C=1e-5", *words)
    told = place.report("r.json").comparison
    assert (done.code, told.verdict, told.metric) == (4, "worse", "test_acc"), done.out
    assert told.noise_from == "2 standard errors from the 450 rows of X_test"
