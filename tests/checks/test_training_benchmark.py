"""The benchmark of trainings: what is sound, what hurts, what is right; and a small run of it."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "accuracy" / "training"


@pytest.fixture
def benchmark(monkeypatch):
    """The folder of the benchmark on the path; what it appends to it is taken away again."""
    pytest.importorskip("sklearn")
    monkeypatch.setattr(sys, "path", [str(BENCHMARK), *sys.path])


def make_trace(name="a", *, fault="", losses=(0.5, 0.4, 0.4), **known):
    from traces import Points, Trace

    oracle = {
        "metric": "acc",
        "n_test": 400,
        "n_train": 100,
        "dummy_loss": 0.7,
        "dummy_score": 0.5,
        "reference": 0.9,
        "test_losses": list(losses),
        "test_loss": losses[-1],
        "test_score": 0.9,
        "val_score": 0.9,
        "reported_val_score": 0.9,
        **known,
    }
    epochs = np.arange(3.0)
    series = {"train_loss": Points(epochs, np.array([0.6, 0.5, np.nan]), epochs + 1)}
    twin = "twin" if fault else ""
    return Trace(name, "0", "dense", fault, twin, {}, "finished", 3.0, series, oracle)


def make_figures(of_own, of_twin, *, online=()):
    from judging_trainings import Judged, Said
    from score_trainings import Figures

    traces = {
        "a": make_trace("a", fault="overfit", losses=(0.5, 0.4, 0.9)),
        "twin": make_trace("twin"),
    }
    said = {
        name: Judged(tuple(Said(code, (code,)) for code in codes))
        for name, codes in (("a", of_own), ("twin", of_twin))
    }
    return Figures(traces, {"aseptic": said}, {"a": dict(online), "twin": {}})


def test_a_training_that_is_worse_than_a_linear_model_is_not_sound(benchmark):
    from harm import why_unsound

    assert why_unsound(make_trace()) == ""
    assert "linear model" in why_unsound(make_trace(test_score=0.8))


def test_a_training_whose_test_loss_has_risen_is_not_sound(benchmark):
    from harm import why_unsound

    assert "risen" in why_unsound(make_trace(losses=(0.5, 0.4, 0.6)))


def test_a_fault_without_which_it_is_no_better_has_not_hurt(benchmark):
    from harm import has_hurt

    twin = make_trace()
    assert not has_hurt(make_trace(fault="dead units"), twin)
    assert has_hurt(make_trace(fault="dead units", test_score=0.7), twin)
    assert has_hurt(make_trace(fault="dead units", losses=(0.5, 0.6)), twin)


def test_the_cause_is_right_where_it_is_named(benchmark):
    figures = make_figures(["T14"], [])
    assert figures.named("aseptic", figures.planted(hurt=True)).count == 1


def test_a_cause_that_is_named_for_the_twin_too_is_not_right(benchmark):
    figures = make_figures(["T14"], ["T14"])
    assert figures.named("aseptic", figures.planted(hurt=True)).count == 0
    assert figures.any_alarm("aseptic", figures.sound).count == 1


def test_what_stopping_saves_is_counted_from_the_first_right_alarm(benchmark):
    figures = make_figures(["T14"], [], online=[("T03", 0.5), ("T14", 1.5)])
    assert figures.saved(figures.traces["a"]) == 0.5


def test_the_parts_share_no_seed_and_no_held_out_data_set(benchmark):
    from data import SOURCES
    from trainings import plan

    parts = {part: plan(part) for part in ("design", "evaluation")}
    seeds = {part: {one.config.seed for one in plans} for part, plans in parts.items()}
    assert not seeds["design"] & seeds["evaluation"]
    held_out = {one.name for one in SOURCES if one.is_held_out}
    assert not held_out & {one.config.source for one in parts["design"]}


def test_every_fault_is_planted_beside_its_twin(benchmark):
    from planted import FAULTS
    from trainings import plan

    known = {one.name: one for one in plan("evaluation")}
    planted = [one for one in known.values() if one.fault]
    assert {one.fault.name for one in planted} == set(FAULTS)
    assert all(one.config.seed == known[one.twin].config.seed for one in planted)


def test_a_trace_is_read_as_it_was_written(benchmark, tmp_path):
    from traces import read_trace, write_trace

    one = make_trace()
    write_trace(tmp_path, one)
    again = read_trace(tmp_path / "a.json.gz")
    assert replace(again, series={}) == replace(one, series={})
    np.testing.assert_array_equal(again.series["train_loss"].value, [0.6, 0.5, np.nan])


def test_a_small_run_prints_a_row_for_each_tool(tmp_path):
    pytest.importorskip("torch")
    pytest.importorskip("lightgbm")
    words = ["--part", "design", "--cases", "4", "--work", str(tmp_path)]
    command = [sys.executable, str(BENCHMARK / "score_trainings.py"), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ)
    assert done.returncode == 0, done.stderr
    for tool in ("aseptic", "SageMaker Debugger", "UMLAUT", "AutoTrainer", "skore"):
        assert f"\n| {tool} |" in done.stdout
