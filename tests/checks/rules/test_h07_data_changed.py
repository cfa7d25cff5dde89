"""H07: data that changed under its name."""

from __future__ import annotations

from tests.checks.examples import judge

from aseptic.checks.rules.h07_data_changed import data_changed
from aseptic.model import DataInput, Run
from aseptic.testing import make_run


def read(name: str, digest: str | None, *, is_file: bool = True, **fields: object) -> Run:
    location = f"data/{name}" if is_file else None
    kind = "file" if is_file else "array"
    data = DataInput(name=name, kind=kind, digest=digest, location=location)
    return make_run(data_inputs={name: data}, **fields)


def severities(run: Run, *earlier: Run) -> list[str]:
    return [finding.severity for finding in judge(data_changed, run=run, earlier=earlier).findings]


def test_a_file_that_changed_is_a_warning_that_names_the_newest_run_that_read_it():
    unrelated, before = make_run(), read("a.csv", "ab")
    (finding,) = judge(data_changed, run=read("a.csv", "cd"), earlier=[unrelated, before]).findings
    assert finding.severity == "warning"
    assert before.name in finding.message


def test_a_variable_that_changed_for_no_reason_is_information():
    assert severities(read("X", "cd", is_file=False), read("X", "ab", is_file=False)) == ["info"]


def test_other_code_params_or_an_unseeded_split_explain_a_variable():
    before = {"source": "fit(X)", "params": {"test_size": 0.2}}
    for other in (
        {"params": {"test_size": 0.3}},
        {"source": "fit(X[:10])"},
        {"seed": 3},
        {"source": "fit(*train_test_split(X))"},
    ):
        now = read("X", "cd", is_file=False, **before | other)
        assert severities(now, read("X", "ab", is_file=False, **before)) == [], other


def test_the_file_that_changed_is_named_and_not_what_was_read_from_it():
    def run(digest: str) -> Run:
        file = DataInput(name="a.csv", kind="file", digest=digest, location="a.csv")
        frame = DataInput(name="df", kind="dataframe", digest=digest)
        return make_run(data_inputs={"a.csv": file, "df": frame})

    assert severities(run("cd"), run("ab")) == ["warning"]


def test_a_file_that_the_run_writes_itself_is_passed_over():
    own = {"artifacts": {"a.csv": "ff"}}
    assert severities(read("a.csv", "cd", **own), read("a.csv", "ab", **own)) == []


def test_another_experiment_and_an_unknown_digest_say_nothing():
    assert severities(read("a.csv", "cd"), read("a.csv", "ab", experiment="other")) == []
    assert severities(read("a.csv", None), read("a.csv", "ab")) == []
    assert severities(read("a.csv", "cd"), read("a.csv", None)) == []
