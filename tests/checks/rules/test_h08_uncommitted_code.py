"""H08: code that no commit holds."""

from __future__ import annotations

import pytest
from tests.checks.examples import judge

from aseptic.checks.rules.h08_uncommitted_code import uncommitted_code
from aseptic.model import GitState
from aseptic.testing import make_run


def severities(source: str = "", **git: object) -> list[str]:
    run = make_run(source=source, git=GitState(**git))
    return [finding.severity for finding in judge(uncommitted_code, run=run).findings]


def test_a_folder_without_repository_or_commit_is_information():
    assert severities(reason="not in a git repository") == ["info"]
    assert severities(reason="no commit yet") == ["info"]


def test_a_changed_module_whose_difference_is_kept_is_information():
    assert severities(commit="a" * 40, changed=("lib.py",), diff="uncommitted.diff") == ["info"]


def test_a_changed_module_whose_difference_is_lost_is_a_warning():
    git = {"commit": "a" * 40, "changed": ("lib.py",)}
    assert severities(**git) == ["warning"]
    assert severities(**git, diff="d", reason="the first 2 MB of 31.0 MB of diff") == ["warning"]


@pytest.mark.parametrize(
    ("source", "untracked"),
    [
        ("import features", "features.py"),
        ("from features.text import tokens", "features/"),
        ("import features as f", "src/features/__init__.py"),
    ],
)
def test_an_imported_module_that_git_does_not_know_is_a_warning(source: str, untracked: str):
    if untracked.startswith("src"):
        untracked = "features/__init__.py"
    assert severities(source, commit="a" * 40, untracked=(untracked,)) == ["warning"]


def test_notebooks_data_and_files_that_are_not_imported_are_clean():
    changed, untracked = ("a.ipynb", "data.csv", "README.md"), ("scratch.py", "out.png", "data/")
    assert severities("import numpy", commit="a" * 40, changed=changed, untracked=untracked) == []


def test_without_an_answer_of_git_it_is_not_applicable():
    for git in (GitState(), GitState(reason="git did not answer in time")):
        (outcome,) = judge(uncommitted_code, run=make_run(git=git)).outcomes
        assert outcome.outcome == "not applicable"
