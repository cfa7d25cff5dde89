"""`%aseptic check` in a notebook looks at the data that the session still holds."""

from __future__ import annotations

import pytest

from aseptic.store import open_store

pytest.importorskip("sklearn")


@pytest.fixture
def shell(tmp_path, monkeypatch):
    from IPython.core.interactiveshell import InteractiveShell

    monkeypatch.setenv("ASEPTIC_STORE", str(tmp_path / "runs"))
    monkeypatch.chdir(tmp_path)
    shell = InteractiveShell()
    shell.run_cell("%load_ext aseptic").raise_error()
    shell.run_cell(
        "import numpy as np\nrng = np.random.default_rng(0)\n"
        "X_train, X_test = rng.normal(size=(300, 3)), rng.normal(size=(100, 3))\n"
        "X_test[:20] = X_train[:20]\n"
        "y_train, y_test = rng.integers(0, 2, 300), rng.integers(0, 2, 100)"
    ).raise_error()
    # what runs by itself is left out, to see what the command finds
    shell.run_cell(
        "%%track first --ignore D --quiet\n"
        "from sklearn.linear_model import LogisticRegression\n"
        "model = LogisticRegression().fit(X_train, y_train)\nacc = model.score(X_test, y_test)"
    ).raise_error()
    yield shell
    shell.run_cell("%unload_ext aseptic")


def check(shell, line):
    result = shell.run_cell(f"%aseptic check {line}")
    result.raise_error()
    return result.result


def test_the_data_that_is_still_there_is_looked_at(shell, tmp_path):
    found = check(shell, "first --select D15")
    assert [
        (one.code, len(one.evidence["rows"])) for one in found.findings if one.code == "D15"
    ] == [("D15", 20)]
    kept = open_store(tmp_path / "runs").get_run("first")
    assert "D15" in [one.code for one in kept.findings]


def test_data_that_has_changed_since_is_not_taken_for_it(shell):
    shell.run_cell("X_test = X_test + 1")
    found = check(shell, "first --select D15 --select D13").report
    outcomes = {one.code: one.outcome for one in found.outcomes}
    assert (outcomes["D13"], outcomes["D15"]) == ("not applicable", "findings")
    assert "rows" not in found.findings[0].evidence, "it is judged by the hashes of its rows"


def test_the_model_is_asked_too(shell):
    outcomes = {one.code: one for one in check(shell, "first --select T16").report.outcomes}
    assert outcomes["T16"].outcome != "not applicable", outcomes["T16"].reason


def test_what_cannot_be_judged_later_keeps_what_was_found(shell):
    check(shell, "first --select D15")
    shell.run_cell("del X_test")
    found = check(shell, "first --select D15")
    assert "D15" in [one.code for one in found.findings]


def test_a_thorough_check_looks_at_all_rows(shell):
    outcomes = {one.code: one for one in check(shell, "first --thorough").report.outcomes}
    assert outcomes["D15"].is_thorough


def test_a_deployment_card_measures_the_model_that_is_there(shell):
    result = shell.run_cell("%aseptic deploy-card first")
    result.raise_error()
    card = result.result.markdown
    assert "LogisticRegression" in card
    assert "not at hand" not in card
    assert result.result._repr_markdown_() == card
