"""P04: what a fresh process makes of a model."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from tests.checks.examples import judge

from aseptic.checks.rules.p04_save_and_load import save_and_load

ROWS = np.random.default_rng(0).normal(size=(30, 2))

MODULE = """
import os

class Mine:
    def __init__(self):
        self.pid = os.getpid()

    def predict(self, rows):
        return rows[:, 0]

class OfThisProcess(Mine):
    def predict(self, rows):
        return rows[:, 0] * (1 if self.pid == os.getpid() else 2)

class Random(Mine):
    def predict(self, rows):
        import numpy
        return numpy.random.default_rng().normal(size=len(rows))

class Labels(Mine):
    def predict(self, rows):
        import numpy
        return numpy.where(rows[:, 0] > 0, "yes", "no").astype(object)
"""


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "mine_of_p04.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "mine_of_p04", raising=False)
    import mine_of_p04

    return mine_of_p04


@pytest.mark.parametrize("kind", ["Mine", "Labels"])
def test_a_model_of_a_module_of_the_project_is_clean(tmp_path: Path, mine, kind: str):
    model = getattr(mine, kind)()
    report = judge(save_and_load, model=model, test=ROWS, folder=tmp_path)
    assert report.outcomes[0].outcome == "clean", report


def test_a_module_that_is_not_there_is_an_error(tmp_path: Path, mine):
    (tmp_path / "elsewhere").mkdir()
    report = judge(save_and_load, model=mine.Mine(), test=ROWS, folder=tmp_path / "elsewhere")
    (finding,) = report.findings
    assert finding.severity == "error"
    assert "ModuleNotFoundError" in finding.message


def test_state_of_this_process_gives_other_answers(tmp_path: Path, mine):
    model = mine.OfThisProcess()
    (finding,) = judge(save_and_load, model=model, test=ROWS, folder=tmp_path).findings
    assert finding.message == ("loaded in a fresh process, the model gives 30 of 30 other answers")


def test_a_model_that_draws_at_random_is_not_applicable(tmp_path: Path, mine):
    (outcome,) = judge(save_and_load, model=mine.Random(), test=ROWS, folder=tmp_path).outcomes
    assert outcome.outcome == "not applicable"


def test_it_never_runs_after_a_cell():
    (outcome,) = judge(save_and_load, depth="automatic", model=object(), test=ROWS).outcomes
    assert outcome.outcome == "not applicable"
