"""P01: answers that come too late."""

from __future__ import annotations

import threading
import time

import numpy as np
from tests.checks.examples import judge

from aseptic.checks.rules.p01_latency import latency

ROWS = np.zeros((20, 2))


class Model:
    """Takes a while for a call, and none for a row: as a model in Python does."""

    def __init__(self, seconds: float, lock: threading.Lock | None = None) -> None:
        self.seconds = seconds
        self.lock = lock or threading.Lock()

    def predict(self, rows):
        with self.lock:
            time.sleep(self.seconds)
        return np.zeros(len(rows))


def test_slow_calls_are_an_error_and_batches_are_advised():
    deploy = {"latency_ms": 5, "batch": 1}
    (finding,) = judge(latency, model=Model(0.02), test=ROWS, settings={"deploy": deploy}).findings
    assert finding.severity == "error"
    assert "batches" in finding.remedy
    assert finding.evidence["limit"] == 5
    assert finding.evidence["plot"]["kind"] == "bars"


def test_without_a_declared_limit_only_a_very_slow_model_is_information():
    (finding,) = judge(latency, model=Model(0.12), test=ROWS).findings
    assert finding.severity == "info"
    assert not judge(latency, model=Model(0.01), test=ROWS).findings


def test_many_callers_are_slower_than_one():
    deploy = {"latency_ms": 60, "batch": 1, "rate": 300, "callers": 4}
    (finding,) = judge(latency, model=Model(0.01), test=ROWS, settings={"deploy": deploy}).findings
    assert "at 300 calls a second from 4 applications" in finding.message
    calm = deploy | {"rate": 10}
    assert not judge(latency, model=Model(0.01), test=ROWS, settings={"deploy": calm}).findings


def test_after_a_cell_it_takes_little_time_and_only_where_a_use_is_declared():
    (outcome,) = judge(latency, depth="automatic", model=Model(0.0), test=ROWS).outcomes
    assert outcome.outcome == "not applicable"
    deploy = {"latency_ms": 60, "batch": 1, "rate": 300, "callers": 4}
    report = judge(
        latency, depth="automatic", model=Model(0.001), test=ROWS, settings={"deploy": deploy}
    )
    assert report.outcomes[0].outcome == "clean"
    assert report.outcomes[0].duration_s < 0.3


def test_no_data_and_no_predict_are_not_applicable():
    for variables in ({"model": Model(0)}, {"model": object(), "test": ROWS}):
        (outcome,) = judge(latency, **variables).outcomes
        assert outcome.outcome == "not applicable"
