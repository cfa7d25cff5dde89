"""H11 on records: a deployed run, the runs that used its model, and the run that is judged."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import numpy as np
import pandas as pd
import pytest
from tests.checks.examples import judge

from aseptic.capture.data import describe
from aseptic.checks.recorded import evidence_of_run
from aseptic.checks.rules.h11_stale_model import stale_model
from aseptic.checks.runner import run_checks
from aseptic.checks.settings import CheckSettings
from aseptic.model import DataInput
from aseptic.store.sqlite import SqliteStore
from aseptic.testing import record_run
from aseptic.testing.runs import make_artifact, make_run

START = datetime(2026, 1, 1, tzinfo=timezone.utc)
MODEL = {"model.txt": make_artifact("model.txt", content_digest="xxh3:a1")}


def day(number, **fields):
    return {"started_at": START + timedelta(days=number), **fields}


def deployed(**fields):
    return make_run(**day(0, tags=("deployed",), artifacts=MODEL, **fields))


def use(number, mae):
    """A run of some day that scores the model."""
    test = DataInput(name="test", kind="dataframe", digest=f"day {number}", shape=(900, 6))
    inputs = {"model.txt": "xxh3:a1", "test": test}
    return day(number, data_inputs=inputs, metrics={"test_mae": mae})


def found(run, earlier=(), **variables):
    report = judge(stale_model, run=run, earlier=earlier, **variables)
    return [(one.subject, one.severity) for one in report.findings]


def reason(run, **variables):
    (outcome,) = judge(stale_model, run=run, **variables).outcomes
    return outcome.reason


def test_a_model_of_long_ago_is_said():
    assert found(make_run(**use(29, 11.0)), deployed=deployed()) == []
    assert found(make_run(**use(31, 11.0)), deployed=deployed()) == [("age", "info")]


def test_newer_data_are_counted_by_content():
    model = deployed(data_inputs={"flights": "day 0"})
    halves = [day(n / 2, data_inputs={"flights": f"day {n // 2}"}) for n in range(39, 1, -1)]
    earlier = [make_run(**fields) for fields in halves]  # two runs of each of 19 days
    run = make_run(**day(29, data_inputs={"flights": "day 29"}))
    assert found(run, earlier, deployed=model) == [("flights", "info")]
    assert found(run, earlier[2:], deployed=model) == []


def table(shift):
    rng = np.random.default_rng(0)
    columns = {name: rng.normal(shift, 1, 1000) for name in ("a", "b")}
    return describe("test", pd.DataFrame(columns | {"c": rng.normal(0, 1, 1000)}))


def test_drift_from_the_data_that_the_model_learnt_from_is_said():
    model = deployed(data_inputs={"test": table(0)})
    drifted = make_run(**day(1, data_inputs={"test": table(1)}))
    same = make_run(**day(1, data_inputs={"test": table(0.01)}))
    assert found(drifted, deployed=model) == [("test", "warning")]
    assert found(same, deployed=model) == []


def test_a_worse_score_is_information_until_it_is_known_how_days_differ():
    first = make_run(**use(1, 10.0))
    assert found(make_run(**use(2, 14.0)), [first], deployed=deployed()) == [("test_mae", "info")]


@pytest.mark.parametrize(("mae", "severities"), [(11.0, []), (14.0, ["warning"])])
def test_one_day_is_harder_than_another(mae, severities):
    days = [(4, 10.1), (3, 11.0), (2, 9.5), (1, 10.0)]
    earlier = [make_run(**use(number, value)) for number, value in days]
    report = found(make_run(**use(5, mae)), earlier, deployed=deployed())
    assert report == [("test_mae", severity) for severity in severities]
    varied = [make_run(**use(n, value)) for n, value in [(3, 13.0), (2, 9.0), (1, 10.0)]]
    assert found(make_run(**use(5, mae)), varied, deployed=deployed()) == []


def test_a_better_score_is_no_finding():
    assert found(make_run(**use(2, 6.0)), [make_run(**use(1, 10.0))], deployed=deployed()) == []


def test_a_baseline_counts_where_its_model_is_read():
    model = make_run(**day(0, artifacts=MODEL, is_baseline=True))
    assert found(make_run(**use(31, 11.0)), [model]) == [("age", "info")]
    other = make_run(**day(31, data_inputs={"test": "x"}))
    assert reason(other, earlier=[model]).startswith("no model is known to be in use")


def test_a_run_that_has_nothing_to_do_with_the_model_is_passed_over():
    run = make_run(**day(99, data_inputs={"other": "x"}))
    assert reason(run, deployed=deployed()).startswith("it reads nothing that the deployed run")
    assert reason(run) == "no model is known to be in use: `aseptic tag RUN +deployed` says it"


def test_the_deployed_run_is_found_in_the_store_whatever_its_experiment(tmp_path):
    store = SqliteStore(tmp_path / ".aseptic")
    for number, tags in [(0, ("deployed",)), (1, ("deployed",)), (2, ())]:
        record_run(store, **day(number, tags=tags, artifacts=MODEL, experiment="train"))
    run = record_run(store, **use(40, 11.0), experiment="validate")
    record_run(store, **day(50, tags=("deployed",), artifacts=MODEL, experiment="train"))
    evidence = evidence_of_run(store.get_run(run.run_id), store, settings={})
    (finding,) = run_checks([stale_model], evidence, CheckSettings()).findings
    assert finding.message.endswith("is 39 days old")
