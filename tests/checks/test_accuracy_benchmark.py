"""The benchmark of accuracy: what counts as found, and that a small run of it works."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from aseptic.checks.discovery import load_checks
from aseptic.checks.evidence import Evidence
from aseptic.checks.runner import run_checks
from aseptic.checks.settings import CheckSettings

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "accuracy"


@pytest.fixture
def score(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARK))
    import score

    return score


def make_case(score, **known):
    known = {"fault": "missing_at_random", "strength": 0.1, "seed": 1, **known}
    return score.Case("a", "wine", "design", "classification", "target", **known)


def said(score, check, **more):
    return score.Judged([{"check": check, "severity": "warning", "said": "", **more}])


def test_a_finding_about_the_planted_column_is_right(score):
    case = make_case(score, subjects=["age"])
    own = said(score, "D01", subject="age")
    assert score.is_found("aseptic", case, own, score.Judged(), ["D01"])


def test_a_finding_about_another_column_is_not(score):
    case = make_case(score, subjects=["age"])
    own = said(score, "D01", subject="income")
    assert not score.is_found("aseptic", case, own, score.Judged(), ["D01"])


def test_what_is_said_of_the_clean_twin_too_is_not_found(score):
    case = make_case(score, subjects=["age"])
    own = said(score, "D01", subject="age")
    assert not score.is_found("aseptic", case, own, own, ["D01"])


def test_a_column_named_in_words_counts_only_as_a_whole_word(score):
    case = make_case(score, subjects=["age"])
    twin = said(score, "PercentOfNulls", said="in wage")
    own = said(score, "PercentOfNulls", said="in wage, age")
    assert score.is_found("deepchecks", case, own, twin, ["D01"])
    assert not score.is_found("deepchecks", case, twin, twin, ["D01"])


def test_a_finding_about_a_class_is_one_about_the_target(score):
    case = make_case(score, fault="class_imbalance", subjects=["target"])
    own = said(score, "D10", subject="class 1")
    assert score.is_found("aseptic", case, own, score.Judged(), ["D10"])
    assert not score.is_found("aseptic", case, own, own, ["D10"])


def test_rows_count_where_most_of_them_were_planted(score):
    case = make_case(score, fault="label_noise", subjects=["target"], rows=[1, 2, 3, 4])
    twin = said(score, "label", rows=[9])
    right = said(score, "label", rows=[1, 2, 3, 9])
    wrong = said(score, "label", rows=[1, 2, 9, 10, 11])
    assert score.is_found("cleanlab", case, right, twin, ["D06"])
    assert not score.is_found("cleanlab", case, wrong, twin, ["D06"])


def test_the_interval_of_none_in_fifty_reaches_seven_percent(score):
    low, high = score.Share(0, 50).interval
    assert (low, round(high, 3)) == (0.0, 0.071)


def test_a_case_is_the_same_whenever_it_is_made(score, tmp_path):
    pd = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    import cases

    base = next(base for base in cases.BASES if base.name == "iris")
    one = cases.Plan("design", base, "plain", 0, cases.FAULTS["label_noise"], 0.1)
    tables = []
    for folder in (tmp_path / "a", tmp_path / "b"):
        case = cases.make(one, folder)
        tables.append(score.read_case(folder / one.name))
        train = pd.read_parquet(folder / one.name / "train.parquet")
        tables.append(train.to_csv())
    assert tables[:2] == tables[2:]
    assert len(case.rows) == round(0.1 * 105)


def test_the_parts_share_no_seed_and_no_held_out_data_set(score):
    import cases

    few = [base for base in cases.BASES if base.name in ("iris", "affairs", "wine")]
    assert {base.name for base in few if base.is_held_out} == {"affairs"}
    design = cases.plan("design", [base for base in few if base.package == "sklearn"])
    seeds = {part: set() for part in cases.PARTS}
    for part in cases.PARTS:
        for one in design:
            seeds[part].add(replace(one, part=part).seed(clean=False))
    assert not seeds["design"] & seeds["evaluation"]
    assert "affairs" not in {one.base.name for one in design}


def test_a_run_that_is_stopped_has_seen_something_of_all(score):
    import cases

    def planted(name, fault):
        return replace(make_case(score, fault=fault, twin="clean"), name=name)

    clean = replace(make_case(score, fault=None), name="clean")
    made = [clean, planted("a1", "a"), planted("a2", "a"), planted("b1", "b"), planted("b2", "b")]
    names = cases.in_turn(made)
    assert names[0] == "clean"
    assert {name[0] for name in names[1:3]} == {name[0] for name in names[3:]} == {"a", "b"}


def test_tools_are_compared_by_what_each_of_them_judged(score):
    twin = replace(make_case(score, fault=None), name="twin")
    case = replace(make_case(score, twin="twin"), name="case")
    judged = {"aseptic": dict.fromkeys(("twin", "case"), score.Judged())}
    figures = score.Figures({"twin": twin, "case": case}, judged)
    assert set(figures.common.cases) == {"twin", "case"}
    figures.judged["deepchecks"] = {"twin": score.Judged()}
    assert set(figures.common.cases) == {"twin"}


def test_alarms_of_a_check_of_models_are_of_the_clean_cases_with_a_model(score):
    cases = {
        name: replace(make_case(score, fault=None), name=name, model=model)
        for name, model in (("a", None), ("b", "forest"))
    }
    figures = score.Figures(cases, {"aseptic": {"a": score.Judged(), "b": said(score, "T14")}})
    assert figures.false_alarms("aseptic", "T14") == score.Share(1, 1)
    assert figures.false_alarms("aseptic", "D01") == score.Share(0, 2)


WAYS = [("parts", True), ("whole table", True), ("training part", False), ("pipeline", False)]


@pytest.mark.parametrize(("way", "leaks"), WAYS)
def test_a_leak_by_preparation_is_seen_by_one_who_looks_on(score, way, leaks):
    pytest.importorskip("sklearn")
    import bases
    import judge_aseptic

    rows = next(base for base in bases.BASES if base.name == "wine").load()
    rows = rows.sample(frac=1, random_state=0, ignore_index=True)
    case = replace(make_case(score), session=f"selection, {way}")
    lineage = judge_aseptic._lineage(case, rows[:120], rows[120:])
    report = run_checks([load_checks()["D18"]], Evidence((), lineage=lineage), CheckSettings())
    assert bool(report.findings) == leaks


def test_a_small_run_prints_a_row_for_each_check(tmp_path):
    pytest.importorskip("pyarrow")
    pytest.importorskip("sklearn")
    words = ["--part", "design", "--tools", "aseptic", "--cases", "4", "--bases", "iris"]
    command = [sys.executable, str(BENCHMARK / "score.py"), *words, "--work", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ)
    assert done.returncode == 0, done.stderr
    assert "| check | faults | found |" in done.stdout
    assert "| aseptic | 3 | " in done.stdout
