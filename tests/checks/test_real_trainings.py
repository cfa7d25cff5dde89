"""What the checks find in real trainings, sound ones and with a fault planted.

They are of the design part of the benchmark, on which the thresholds were set: this says that a
rule still knows what it knew, not how often the rules are right. `sample_traces.py` in
benchmarks/accuracy/training took them.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from aseptic.checks import Evidence
from aseptic.checks.discovery import load_checks
from aseptic.checks.runner import run_checks
from aseptic.checks.settings import CheckSettings

CHECKS = [one for code, one in load_checks().items() if code.startswith("T")]
KEPT = json.loads(gzip.decompress((Path(__file__).parent / "trainings.json.gz").read_bytes()))
FAULTY = [one for one in KEPT if one["causes"]]
SOUND = [one for one in KEPT if not one["causes"]]


def evidence_of(training, *, share: float = 1.0) -> Evidence:
    """All that was logged, or while it runs, up to a share of its steps."""
    series = {
        name: (np.array(steps), np.array(values, float))
        for name, (steps, values) in training["series"].items()
    }
    last = share * max(steps[-1] for steps, _ in series.values() if len(steps))
    parts = {name: (x[x <= last], y[x <= last]) for name, (x, y) in series.items()}
    return Evidence(series=parts, is_running=share < 1)


def alarms(evidence: Evidence) -> dict[str, str]:
    """Warnings and errors, by code."""
    found = run_checks(CHECKS, evidence, CheckSettings()).findings
    return {one.code: one.message for one in found if one.severity != "info"}


@pytest.mark.parametrize("training", SOUND, ids=[one["name"] for one in SOUND])
def test_a_sound_training_is_left_alone_while_it_runs_and_at_its_end(training):
    for share in (0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0):
        assert alarms(evidence_of(training, share=share)) == {}


@pytest.mark.parametrize("training", FAULTY, ids=[one["name"] for one in FAULTY])
def test_a_planted_fault_is_named(training):
    assert set(alarms(evidence_of(training))) & set(training["causes"])


def test_most_faults_are_seen_in_the_first_half():
    early = [
        one["name"]
        for one in FAULTY
        if set(alarms(evidence_of(one, share=0.5))) & set(one["causes"])
    ]
    assert len(early) > 0.6 * len(FAULTY)
