"""Whatever was logged, no check of trainings breaks: it judges, or says what it needs."""

from __future__ import annotations

import numpy as np
import pytest
from tests.checks.rules.trainings import healthy, stuck

from aseptic.checks import Evidence
from aseptic.checks.discovery import load_checks
from aseptic.checks.handed_over import evidence_of
from aseptic.checks.runner import run_checks
from aseptic.checks.settings import CheckSettings
from aseptic.testing import make_run

TRAINING = [check for code, check in load_checks().items() if code.startswith("T")]
NAMES = list(healthy(n_classes=10.0, data_wait_share=[0.1], top_predicted_share=[0.1]))
ODD = {
    "nothing": [],
    "one point": [1.0],
    "two points": [1.0, 2.0],
    "nan": [np.nan] * 50,
    "infinite": [np.inf, -np.inf] * 25,
    "zero": [0.0] * 50,
    "negative": [-1.0] * 50,
    "enormous": [1e308, -1e308] * 25,
    "tiny": [1e-320] * 50,
    "one number in the end": [np.nan] * 49 + [1.0],
}


def broken(evidence: Evidence) -> list[str]:
    report = run_checks(TRAINING, evidence, CheckSettings())
    return [one.reason for one in report.outcomes if "a fault in" in (one.reason or "")]


@pytest.mark.parametrize("values", ODD.values(), ids=list(ODD))
@pytest.mark.parametrize("is_running", [False, True])
def test_series_of_odd_values(values, is_running):
    arrays = {name: (np.arange(float(len(values))), np.array(values)) for name in NAMES}
    assert broken(Evidence(series=arrays, is_running=is_running)) == []


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("values", [[], [np.nan] * 600, [0.0]], ids=["nothing", "nan", "zero"])
def test_one_odd_series_among_sound_ones(name, values):
    for series in (healthy(), stuck()):
        evidence = evidence_of({}, series=series)
        odd = {name: (np.arange(float(len(values))), np.array(values))}
        assert broken(Evidence(series={**evidence.series, **odd}, facts=evidence.facts)) == []


def test_steps_that_go_back_stand_still_or_are_missing():
    values = np.linspace(2, 1, 60)
    for steps in (np.zeros(60), np.arange(60.0)[::-1], np.tile(np.arange(20.0), 3)):
        assert broken(Evidence(series=dict.fromkeys(NAMES, (steps, values)))) == []


@pytest.mark.parametrize("seed", range(30))
def test_series_of_any_length_with_gaps(seed):
    rng = np.random.default_rng(seed)
    series, times = {}, {}
    for name in NAMES:
        if rng.random() < 0.2:
            continue
        length = int(rng.integers(0, 300))
        values = rng.normal(size=length) * 10.0 ** rng.integers(-9, 9)
        values[rng.random(length) < 0.1] = rng.choice([np.nan, np.inf, 0.0])
        series[name] = (np.sort(rng.integers(0, 500, length)).astype(float), values)
        times[name] = np.sort(rng.random(length)) * 1e4
    run = make_run(status="interrupted")
    assert broken(Evidence(series=series, times=times, run=run, is_running=seed % 2 == 0)) == []
