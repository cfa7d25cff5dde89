"""What is known of a recorded run when it is checked."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np

import aseptic
from aseptic.checks.recorded import earlier_runs, evidence_of_run
from aseptic.model import utc_now
from aseptic.testing import record_run


def test_the_runs_before_are_those_of_the_experiment_newest_first(tmp_path: Path):
    store = aseptic.open_store(tmp_path)
    now = utc_now()
    for name, experiment, age in [
        ("oldest", "a", 9),
        ("other", "b", 8),
        ("older", "a", 7),
        ("it", "a", 6),
        ("new", "a", 1),
    ]:
        started_at = now - timedelta(hours=age)
        record_run(store, name=name, experiment=experiment, started_at=started_at)
    earlier = earlier_runs(store, store.get_run("it"))
    assert [run.name for run in earlier] == ["older", "oldest"]
    assert evidence_of_run(store.get_run("it"), store, settings={}).history() == earlier


def test_series_have_their_steps_and_numbers_are_facts(tmp_path: Path):
    store = aseptic.open_store(tmp_path)
    with aseptic.track("train", store=store) as run:
        for epoch in range(3):
            run.log(loss=1.0 / (epoch + 1), step=epoch * 10)
            run.log(lr=0.1)
    evidence = evidence_of_run(store.get_run("train"), store, settings={})
    steps, values = evidence.series["loss"]
    assert steps.tolist() == [0, 10, 20]
    assert np.allclose(values, [1, 1 / 2, 1 / 3])
    assert evidence.series["lr"][0].tolist() == [0, 1, 2]
    assert evidence.facts["lr"] == 0.1
