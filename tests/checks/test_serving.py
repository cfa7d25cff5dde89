"""What using a model costs, and what is declared about it."""

from __future__ import annotations

import threading
import time
import tracemalloc

import numpy as np
import pandas as pd
import pytest

from aseptic.checks import Evidence, Table
from aseptic.checks.check import NotApplicable
from aseptic.checks.serving import (
    Served,
    declared_use,
    demand_use,
    faults_of_use,
    measure_latencies,
    measure_latency,
    measure_load,
    measure_memory,
    megabytes,
    pickled,
)


class Sleepy:
    """Answers after a while, and notes who asked."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.asked: list[int] = []
        self.threads: set[int] = set()

    def predict(self, rows):
        self.asked.append(len(rows))
        self.threads.add(threading.get_ident())
        time.sleep(self.seconds)
        return np.zeros(len(rows))


def served(model, rows: int = 10) -> Served:
    return Served(Evidence((Table("test", "test", np.zeros((rows, 2))),), model=model))


def test_what_is_declared_is_read_and_what_cannot_be_understood_is_said():
    table = {"rate": 5, "callers": True, "latency_ms": "fast", "batch": 0, "speed": 3}
    run = Evidence(settings={"deploy": table})
    assert declared_use(run).rate == 5
    assert declared_use(run).missing == ("callers", "batch", "latency_ms")
    assert faults_of_use(run) == [
        "speed is not known",
        "callers is no positive number",
        "batch is no positive number",
        "latency_ms is no positive number",
    ]


def test_after_a_cell_only_a_declared_use_is_judged():
    with pytest.raises(NotApplicable, match="deploy"):
        demand_use(Evidence(depth="automatic", settings={"deploy": 3}))
    demand_use(Evidence(depth="automatic", settings={"deploy": {}}))
    demand_use(Evidence(depth="asked"))


def test_latency_is_that_of_calls_with_so_many_rows():
    model = Sleepy(0.005)
    found = measure_latency(served(model), 32, seconds=0.05)
    assert found.rows == 32
    assert 5 <= found.median_ms <= found.p95_ms
    assert set(model.asked) == {32}
    assert len(model.asked) == found.calls + 1


def test_a_slow_model_is_asked_few_times():
    model = Sleepy(0.05)
    found = measure_latencies(served(model), batch=1, seconds=0.02)
    assert [latency.rows for latency in found] == [1]
    assert len(model.asked) == 2


def test_waiting_for_the_calls_before_counts_under_load():
    lock = threading.Lock()

    class OneAtATime(Sleepy):
        def predict(self, rows):
            with lock:
                return super().predict(rows)

    model = OneAtATime(0.01)
    rng = np.random.default_rng(0)
    calm = measure_load(served(model), rate=20, callers=4, rows=1, seconds=0.5, rng=rng)
    busy = measure_load(served(model), rate=400, callers=4, rows=1, seconds=0.5, rng=rng)
    assert len(model.threads) >= 4
    assert calm.answered == 1.0
    assert calm.p95_ms < 100 < busy.p95_ms
    assert busy.answered < 0.8


def test_a_model_that_fails_is_not_applicable_also_under_load():
    class Broken:
        def predict(self, rows):
            raise RuntimeError("no")

    with pytest.raises(NotApplicable, match="RuntimeError: no"):
        measure_load(
            served(Broken()),
            rate=50,
            callers=2,
            rows=1,
            seconds=0.1,
            rng=np.random.default_rng(0),
        )
    with pytest.raises(NotApplicable, match="no rows"):
        Served(Evidence(model=Broken()))


def test_answers_that_are_not_one_a_row_are_not_applicable():
    class Odd(Sleepy):
        def __init__(self, answer):
            self.answer = answer

        def predict(self, rows):
            return self.answer

    for answer in (None, 3.0, [1.0]):
        with pytest.raises(NotApplicable, match="an answer for each row"):
            served(Odd(answer)).answers(np.zeros((4, 2)))


def test_the_size_is_that_of_the_pickle_with_no_copy_of_arrays():
    array = np.zeros(3_000_000)
    tracemalloc.start()
    found = pickled({"weights": array})
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.size_bytes == pytest.approx(array.nbytes, rel=0.01)
    assert peak < 1_000_000
    cut = pickled({"weights": array}, most_bytes=1000)
    assert not cut.is_whole
    assert found.fault is None


def test_what_another_process_cannot_find_is_named():
    class Local:
        pass

    Main = type("Main", (), {"__module__": "__main__"})
    found = pickled([Local(), Main(), lambda x: x])
    assert "test_what_another_process_cannot_find_is_named.Local" in found.strangers[0]
    assert pickled(Main()).strangers == ("Main",)
    assert pickled([np.sin, len, 3, "a", pd.DataFrame({"a": [1]})]).strangers == ()
    assert pickled(lambda x: x).strangers == ("a lambda",)
    assert "cannot" in str(pickled(threading.Lock()).fault)


def test_memory_is_the_height_of_one_call():
    class Greedy(Sleepy):
        def predict(self, rows):
            return np.ones((len(rows), 1000)).sum(axis=1)

    found = measure_memory(served(Greedy()), 1000)
    assert 8e6 <= found.peak_bytes < 9e6
    assert not tracemalloc.is_tracing()
    assert found.input_bytes == 1000 * 2 * 8


def test_a_tracing_user_is_left_alone():
    tracemalloc.start()
    try:
        with pytest.raises(NotApplicable, match="tracemalloc"):
            measure_memory(served(Sleepy()), 10)
        assert tracemalloc.is_tracing()
    finally:
        tracemalloc.stop()


def test_sizes_read_well():
    assert [megabytes(size) for size in (1200, 3.4e5, 2.5e6, 1.2e9)] == [
        "0.0012 MB",
        "0.3 MB",
        "2.5 MB",
        "1200 MB",
    ]
