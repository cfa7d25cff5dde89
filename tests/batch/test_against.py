"""Whether a job is worse than its baseline beyond noise."""

from __future__ import annotations

import math

import pytest

from aseptic.batch.against import compare, find_baseline, metric_to_compare
from aseptic.errors import BadOption, NoSuchMetric, RunNotFound
from aseptic.model import DataInput
from aseptic.store import open_store
from aseptic.testing import record_run


def judged_on(rows: int, digest: str = "ab"):
    return {"X_test": DataInput(name="X_test", kind="array", digest=digest, shape=(rows, 4))}


@pytest.fixture
def store(tmp_path):
    return open_store(tmp_path / ".aseptic")


def record(store, metric="test_acc", value=0.9, **fields):
    fields = {"params": {"C": 1}, "data_inputs": judged_on(1000), **fields}
    return record_run(store, metrics={metric: value}, experiment="e", **fields)


@pytest.mark.parametrize(
    ("value", "verdict"), [(0.95, "better"), (0.91, "within noise"), (0.89, "within noise"),
                           (0.85, "worse")]
)  # fmt: skip
def test_the_rows_that_judge_say_how_much_is_chance(store, value, verdict):
    baseline = record(store, name="early")
    run = record(store, value=value, params={"C": 2})
    told = compare([run], baseline, "test_acc", store)
    assert told.verdict == verdict
    assert told.noise == pytest.approx(2 * math.sqrt(value * (1 - value) / 1000), rel=0.1)
    assert told.noise_from == "2 standard errors from the 1,000 rows of X_test"
    assert told.gain == pytest.approx(value - 0.9)


def test_other_data_count_twice(store):
    baseline = record(store, data_inputs=judged_on(1000, "cd"))
    run = record(store, value=0.87, params={"C": 2})
    same = compare([run], record(store), "test_acc", store)
    other = compare([run], baseline, "test_acc", store)
    assert other.noise == pytest.approx(same.noise * math.sqrt(2))
    assert "other data judged it" in other.noise_from


def test_the_spread_of_seeds_counts_where_it_is_more(store):
    for seed, value in enumerate((0.86, 0.90, 0.94)):
        baseline = record(store, value=value, seed=seed, params={"C": 1, "seed": seed}, name="mid")
    run = record(store, value=0.83, params={"C": 2})
    told = compare([run], baseline, "test_acc", store)
    assert told.noise == pytest.approx(2 * 0.04 * math.sqrt(2))
    assert told.noise_from == "2 standard errors from 3 seeds of mid"
    assert told.verdict == "within noise"


@pytest.mark.parametrize(("value", "verdict"), [(1.04, "within noise"), (1.06, "worse")])
def test_where_noise_is_not_known_a_loss_of_5_percent_counts_and_is_said(store, value, verdict):
    baseline = record(store, metric="perplexity", value=1.0)
    run = record(store, metric="perplexity", value=value)
    told = compare([run], baseline, "perplexity", store)
    assert (told.verdict, told.noise) == (verdict, 0.05)
    assert told.noise_from == "noise is not known, so a loss of 5% counts"


def test_the_last_run_with_the_metric_is_compared(store):
    baseline = record(store)
    runs = [record(store, value=0.5), record(store, value=0.9, name="last"), record(store, "f1")]
    told = compare(runs, baseline, "test_acc", store)
    assert (told.run, told.verdict) == ("last", "within noise")


@pytest.mark.parametrize("value", [math.nan, None])
def test_a_job_without_a_number_is_worse(store, value):
    baseline = record(store)
    runs = [] if value is None else [record(store, value=value)]
    assert compare(runs, baseline, "test_acc", store).verdict == "worse"


def test_the_baseline_is_a_run_or_that_of_the_experiment(store):
    with pytest.raises(BadOption, match="'e' has no baseline yet"):
        find_baseline(store, "baseline", experiment="e")
    run = record(store, name="early")
    store.set_baseline(run.run_id, experiment="e")
    assert find_baseline(store, "baseline", experiment="e").run_id == run.run_id
    assert find_baseline(store, "early", experiment="other").run_id == run.run_id
    with pytest.raises(RunNotFound):
        find_baseline(store, "nobody", experiment="e")


def test_the_metric_is_the_one_that_judges_the_baseline_unless_it_is_named(store):
    run = record_run(store, metrics={"train_loss": 0.1, "test_acc": 0.9, "took": 3, "C_used": 1.0})
    assert metric_to_compare(run, None) == "test_acc"
    assert metric_to_compare(run, "train_loss") == "train_loss"
    with pytest.raises(NoSuchMetric):
        metric_to_compare(run, "f1")
    with pytest.raises(BadOption, match="better or worse"):
        metric_to_compare(run, "C_used")
    with pytest.raises(BadOption, match="say --metric"):
        metric_to_compare(record_run(store, metrics={"train_loss": 0.1}), None)
