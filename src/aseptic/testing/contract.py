"""The promises of `aseptic.store.base`, as tests that every store must pass.

    class TestMyStore(StoreContract):
        @pytest.fixture
        def store(self, tmp_path):
            return MyStore(tmp_path)

`open_store(store.url)` has to open the same store in another process.
"""

# ruff: noqa: D102  # the name of a test says it all

from __future__ import annotations

import math
import os
import signal
import struct
import subprocess
import sys
import threading
import time
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pytest

from aseptic.errors import (
    AsepticError,
    BadQuery,
    FindingNotFound,
    NoActiveRun,
    RunNotFound,
    StoreDamaged,
    StoreUnavailable,
)
from aseptic.model import (
    Artifact,
    Cell,
    CheckOutcome,
    ColumnSchema,
    DataInput,
    Environment,
    Finding,
    GitState,
    Metric,
    Origin,
    Outputs,
    Param,
    ParamUse,
    Problem,
    Run,
    RunEnd,
    State,
    Withdrawal,
    new_run_id,
    utc_now,
)
from aseptic.store.base import Acknowledged, Source
from aseptic.store.liveness import new_session
from aseptic.testing.runs import (
    make_artifact,
    make_finding,
    make_outcome,
    make_param,
    make_run,
    record_run,
    replaced,
    start_of,
)

if TYPE_CHECKING:
    from aseptic.store.base import RunJournal, Series, Store

HOSTILE_TEXTS = [
    "",
    "a/b",
    "../../etc/passwd",
    "CON",
    "%2e%2e",
    "a#b",
    "nul\0byte",
    "lone \udc80 surrogate",
    "\ufffeescape",
    "e\u0301 and \xe9",
    "\u202ebidi",
    "'; DROP TABLE runs; --",
    "n" * 100_000,
]

_ODD_NUMBERS = [
    math.nan,
    struct.unpack("<d", struct.pack("<Q", 0xFFF8_0000_0000_0001))[0],  # NaN with sign and payload
    math.inf,
    -math.inf,
    -0.0,
    0.0,
    5e-324,
    1.7976931348623157e308,
    0.1,
]

_ODD_VALUES: list[Any] = [
    None,
    True,
    False,
    0,
    -1,
    2**53 + 1,
    2**63 - 1,
    -(2**63),
    2**64,
    1.5,
    -0.0,
    math.inf,
    -math.inf,
    "text",
    (),
    (1, (2.5, None), "x"),
    {"a": {"b": (1, math.inf)}, "$int": "0x1", "$dict": {}},
    *HOSTILE_TEXTS,
]

_WRITER = """
import sys, time
from aseptic.model import new_run_id
from aseptic.store import open_store
from aseptic.testing import make_run, start_of
run = make_run(run_id=sys.argv[2], status="running")
journal = open_store(sys.argv[1]).start_run(start_of(run))
step = 0
while True:
    journal.log({"loss": 1 / (step + 1), "step_again": step}, step=step, time_s=time.time())
    sys.stdout.write(f"{step}\\n")
    sys.stdout.flush()
    step += 1
"""

_MAKER = """
import sys
from aseptic.store import open_store
from aseptic.testing import record_run
store = open_store(sys.argv[1])
for number in range(int(sys.argv[2])):
    run = record_run(store, series={"loss": [0.5, 0.25]}, params={"C": number})
    assert store.get_run(run.run_id).metrics["loss"].count == 2
"""


def end_now(journal: RunJournal, status: Any = "finished") -> None:
    """Ends the run."""
    journal.end(RunEnd(status=status, ended_at=utc_now(), duration_s=1.0))


def one_series(store: Store, run: Run, metric: str) -> Series:
    """The only series of the metric."""
    (series,) = store.read_series([run.run_id], metric)
    return series


def bits(values: Any) -> list[int]:
    """The bit patterns of float64 or int64 values: NaN equals itself, and -0.0 not 0.0."""
    found: list[int] = np.asarray(values).view("<i8").tolist()
    return found


def full_run() -> dict[str, Any]:
    """One of everything."""
    at = datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=timezone.utc)
    run_id = new_run_id()
    origin = Origin(how="argument", cell=2, cell_id="c2", line=3, callee="SVC", variable="C")
    column = ColumnSchema(name="a", dtype="float64", minimum=-math.inf, quantiles=(0.0, 0.5, 1.0))
    return {
        "run_id": run_id,
        "name": "svc",
        "experiment": "digits",
        "started_at": at,
        "notebook": "notebooks/digits.ipynb",
        "source": "C = 1\nSVC(C)",
        "tags": ("final", "süß"),
        "note": "two\nlines",
        "seed": 2**32,
        "expects": ("acc > 0.9",),
        "state": State(kind="stale", reasons=("cell 2 was changed",)),
        "params": {
            "C": Param(
                name="C",
                uses=(ParamUse(value=1.0, origin=origin), ParamUse(value=10, origin=origin)),
                note="2 values in one run",
            )
        },
        "metrics": {"acc": Metric(name="acc", value=0.9, direction="max", origin="assigned")},
        "data_inputs": {
            "X": DataInput(
                name="X",
                kind="dataframe",
                digest="ab",
                shape=(3, 1),
                columns=(column,),
                role="train",
                role_from="SVC.fit",
                from_run="0" * 16,
            )
        },
        "artifacts": {
            "figure": Artifact(
                name="figure",
                digest="0" * 64,
                size_bytes=3,
                media_type="image/png",
                content_digest="xxh3:ab",
            )
        },
        "findings": (
            Finding(
                code="D15",
                name="train-test-overlap",
                severity="error",
                message="12 % of test is in train",
                evidence={"rows": (1, 2), "share": math.inf},
                remedy="split first",
            ),
            Finding(
                code="D02",
                name="missing-values",
                severity="warning",
                message="5 % of age is missing",
                subject="age",
                acknowledged="the survey did not ask it in 2019",
            ),
        ),
        "checks": (
            CheckOutcome(code="D15", name="overlap", outcome="findings", duration_s=0.25),
            CheckOutcome(code="D12", name="drift", outcome="not applicable", reason="no test data"),
            CheckOutcome(code="D03", name="constant", outcome="clean", is_thorough=True),
        ),
        "git": GitState(commit="c0ffee", branch="main", is_dirty=True, changed=("a.py",)),
        "environment": Environment(python="3.11", packages={"numpy": "2.0"}, seeds={"numpy": 1}),
        "cells": (
            Cell(order=1, source="import x", cell_id="c1", started_at=at, writes=("x",)),
            Cell(order=2, source="SVC(C)", cell_id="c2", started_at=at, run_id=run_id),
        ),
        "outputs": Outputs(stdout="out", result="SVC()"),
        "problems": (Problem(what="figure 2", reason="too large"),),
    }


class StoreContract:
    """Subclass it with a fixture `store` that gives an empty store."""

    # -- a run comes back as it went in -----------------------------------------------------
    def test_a_run_comes_back_whole(self, store: Store) -> None:
        run = record_run(store, **full_run())
        assert store.get_run(run.run_id) == run

    def test_a_run_without_anything_comes_back_whole(self, store: Store) -> None:
        run = record_run(store)
        assert store.get_run(run.run_id) == run

    @pytest.mark.parametrize("value", _ODD_VALUES, ids=lambda value: repr(value)[:20])
    def test_a_param_comes_back_exactly(self, store: Store, value: Any) -> None:
        run = record_run(store, params={"p": make_param("p", value)})
        found = store.get_run(run.run_id).params["p"].value
        assert (found, type(found)) == (value, type(value))
        assert repr(store.read_runs().params["p"]) == repr([value])

    def test_an_integer_of_5000_digits_comes_back_exactly(self, store: Store) -> None:
        run = record_run(store, params={"p": 10**5000})
        is_same = store.get_run(run.run_id).params["p"].value == 10**5000  # too long to be shown
        assert is_same

    def test_a_param_that_is_nan_comes_back_as_nan(self, store: Store) -> None:
        run = record_run(store, params={"p": math.nan, "q": (math.nan,)})
        found = store.get_run(run.run_id).params
        assert math.isnan(found["p"].value)
        assert math.isnan(found["q"].value[0])

    @pytest.mark.parametrize("text", HOSTILE_TEXTS, ids=lambda text: ascii(text)[:20])
    def test_a_name_comes_back_exactly(self, store: Store, text: str) -> None:
        run = record_run(
            store,
            name=text,
            experiment=text,
            note=text,
            tags=(text,),
            source=text,
            params={text: 1},
            series={text: [1.0]},
            data_inputs={text: text},
            artifacts={text: text},
            problems=(Problem(what=text, reason=text),),
        )
        found = store.get_run(run.run_id)
        assert replaced(found, metrics={}) == replaced(run, metrics={})
        assert list(found.metrics) == [text]
        columns = store.read_runs(experiment=text)
        assert columns.params == {text: [1]}
        assert columns.fields["name"] == [text]
        assert columns.data == {text: [text]}
        assert one_series(store, run, text).value.tolist() == [1.0]

    def test_numbers_of_a_series_come_back_bit_for_bit(self, store: Store) -> None:
        run = record_run(store, series={"odd": _ODD_NUMBERS})
        series = one_series(store, run, "odd")
        assert bits(series.value) == bits(np.array(_ODD_NUMBERS))
        assert series.step.tolist() == list(range(len(_ODD_NUMBERS)))

    def test_integers_of_a_series_come_back_as_integers(self, store: Store) -> None:
        numbers = [0, -1, 2**53 + 1, 2**63 - 1, -(2**63)]
        run = record_run(store, series={"n": numbers})
        series = one_series(store, run, "n")
        assert (series.value.dtype, series.value.tolist()) == (np.dtype("int64"), numbers)
        assert store.get_run(run.run_id).metrics["n"].value == -(2**63)

    def test_integers_among_floats_come_back_as_floats(self, store: Store) -> None:
        run = record_run(store, series={"n": [1, 2.5, 3]})
        series = one_series(store, run, "n")
        assert (series.value.dtype, series.value.tolist()) == (np.dtype("float64"), [1, 2.5, 3])

    def test_steps_and_times_come_back_exactly(self, store: Store) -> None:
        run = make_run(status="running")
        journal = store.start_run(start_of(run))
        steps = [None, 0, -1.5, 10.0**300, 3]
        times = [1.8e9 + 0.1, 1.8e9 + 0.1 + 2**-22, 0.1, -5.0, 1.8e9]
        for step, time_s in zip(steps, times, strict=True):
            journal.log({"m": 1.0}, step=step, time_s=time_s)
        end_now(journal)
        series = one_series(store, run, "m")
        assert series.time_s.tolist() == times
        assert np.isnan(series.step[0])
        assert series.step[1:].tolist() == [0, -1.5, 10.0**300, 3]

    # -- what `log` and `append` take -------------------------------------------------------
    def test_an_integer_of_more_than_64_bits_is_refused_by_name(self, store: Store) -> None:
        journal = store.start_run(start_of(make_run(status="running")))
        with pytest.raises(OverflowError, match="'big'"):
            journal.log({"fine": 1, "big": 2**63}, step=1, time_s=0.0)

    @pytest.mark.parametrize("value", ["1", None, 1j, [1.0], np.array([1.0]), b"1"])
    def test_what_is_no_number_is_refused_by_name(self, store: Store, value: Any) -> None:
        journal = store.start_run(start_of(make_run(status="running")))
        with pytest.raises(TypeError, match="'odd'"):
            journal.log({"odd": value}, step=1, time_s=0.0)

    @pytest.mark.parametrize("step", ["1", [1], 10**400], ids=["text", "list", "huge"])
    def test_a_step_that_is_no_number_is_refused(self, store: Store, step: Any) -> None:
        journal = store.start_run(start_of(make_run(status="running")))
        with pytest.raises(TypeError, match="step"):
            journal.log({"m": 1.0}, step=step, time_s=0.0)

    def test_what_was_refused_leaves_the_rest_as_it_is(self, store: Store) -> None:
        run = make_run(status="running")
        journal = store.start_run(start_of(run))
        for value in (1.0, "no", 2**70, 2.0):
            with suppress(TypeError, OverflowError):
                journal.log({"m": value}, step=None, time_s=0.0)  # type: ignore[dict-item]  # on purpose
        assert one_series(store, run, "m").value.tolist() == [1.0, 2.0]

    def test_numpy_scalars_and_bools_are_logged_as_numbers(self, store: Store) -> None:
        series: dict[str, Any] = {
            "f": [np.float32(0.5), np.float64(0.1), np.array(0.25), Decimal("0.5")],
            "i": [np.int64(3), np.int8(4), np.array(5), True],
        }
        run = record_run(store, series=series)
        assert one_series(store, run, "f").value.tolist() == [0.5, 0.1, 0.25, 0.5]
        assert one_series(store, run, "i").value.tolist() == [3, 4, 5, 1]

    def test_a_later_record_replaces_the_earlier_of_its_name(self, store: Store) -> None:
        run = make_run(status="running")
        journal = store.start_run(start_of(run))
        for value in (1, 2):
            journal.append(make_param("C", value))
            journal.append(make_param(f"only-{value}", value))
            journal.append(GitState(commit=str(value)))
            journal.append(Metric(name="acc", value=value))
            store.fold()
        found = store.get_run(run.run_id)
        assert {name: param.value for name, param in found.params.items()} == {
            "only-1": 1,
            "C": 2,
            "only-2": 2,
        }
        assert (found.git.commit, found.metrics["acc"].value) == ("2", 2)

    def test_findings_accumulate_and_an_equal_one_is_said_once(self, store: Store) -> None:
        run = make_run(status="running")
        journal = store.start_run(start_of(run))
        first, second = (
            Finding(code="D15", name="overlap", severity="error", message=text) for text in "ab"
        )
        for finding in (first, second, first):
            journal.append(finding)
            store.fold()
        assert store.get_run(run.run_id).findings == (first, second)

    def test_what_a_check_withdraws_is_gone_and_what_it_finds_then_stands(
        self, store: Store
    ) -> None:
        early, late = (
            Finding(code="T02", name="divergence", severity="error", message=text) for text in "ab"
        )
        other = Finding(code="T01", name="not-finite", severity="error", message="c")
        for is_folded_between in (False, True):
            run = make_run(status="running")
            journal = store.start_run(start_of(run))
            for record in (early, other, Withdrawal(code="T02"), late):
                journal.append(record)
                if is_folded_between:
                    store.fold()
            assert store.get_run(run.run_id).findings == (other, late)

    def test_an_ended_run_takes_no_more(self, store: Store) -> None:
        journal = store.start_run(start_of(make_run(status="running")))
        end_now(journal)
        end_now(journal)
        with pytest.raises(NoActiveRun):
            journal.log({"m": 1.0}, step=None, time_s=0.0)

    @pytest.mark.parametrize("run_id", ["", "../x", "0" * 15, "0" * 17, "G" * 16, "0" * 15 + "\n"])
    def test_an_id_that_is_no_id_is_refused(self, store: Store, run_id: str) -> None:
        with pytest.raises(ValueError, match="id"):
            store.start_run(start_of(make_run(run_id=run_id, status="running")))

    @pytest.mark.parametrize("session_id", ["", "../x", "a/b", "a.b", "x" * 65, "a\n"])
    def test_a_session_id_never_becomes_a_path(self, store: Store, session_id: str) -> None:
        session = msgspec.structs.replace(new_session(), session_id=session_id)
        with pytest.raises(ValueError, match="id"):
            store.start_session(session)
        with pytest.raises(ValueError, match="id"):
            store.start_run(start_of(make_run(status="running"), session))

    # -- metrics ----------------------------------------------------------------------------
    def test_a_metric_sums_up_its_series(self, store: Store) -> None:
        run = record_run(store, series={"loss": [0.5, math.nan, 0.25, 0.75]})
        assert store.get_run(run.run_id).metrics["loss"] == Metric(
            name="loss",
            value=0.75,
            direction="min",  # by its name
            count=4,
            minimum=0.25,
            maximum=0.75,
            step=3.0,
            origin="log",
        )

    def test_a_metric_that_diverged_ends_as_nan(self, store: Store) -> None:
        run = record_run(store, series={"loss": [0.5, math.nan]})
        assert math.isnan(store.get_run(run.run_id).metrics["loss"].value)
        assert math.isnan(store.read_runs().metrics["loss"][0])

    def test_a_metric_record_says_the_direction_of_a_series_and_no_more(self, store: Store) -> None:
        record = Metric(name="loss", value=99, direction="min")
        run = record_run(store, series={"loss": [0.5, 0.25]}, metrics={"loss": record})
        found = store.get_run(run.run_id).metrics["loss"]
        assert (found.value, found.count, found.direction) == (0.25, 2, "min")
        assert store.read_runs().directions == {"loss": "min"}

    def test_folding_often_gives_the_same_as_folding_once(self, store: Store) -> None:
        run = make_run(status="running")
        journal = store.start_run(start_of(run))
        for step in range(20):
            journal.log({"loss": step / 7, "n": step}, step=step, time_s=step)
            if step % 3 == 0:
                journal.log({"loss": -float(step)}, step=step, time_s=step)
            store.fold()
            store.fold()
        end_now(journal)
        once = [
            step / 7 if not again else -float(step)
            for step in range(20)
            for again in range(1 + (step % 3 == 0))
        ]
        assert one_series(store, run, "loss").value.tolist() == once
        assert one_series(store, run, "n").value.tolist() == list(range(20))
        assert store.get_run(run.run_id).metrics["loss"].count == len(once)

    def test_what_is_written_changes_the_fingerprint(self, store: Store) -> None:
        before = store.fingerprint()
        run = make_run(status="running")
        journal = store.start_run(start_of(run))
        started = store.fingerprint()
        journal.log({"loss": 1.0}, step=0, time_s=0.0)
        logged = store.fingerprint()
        assert run.run_id not in before
        assert started[run.run_id] != logged[run.run_id]
        assert store.fingerprint() == logged  # asking changes nothing
        store.star([run.run_id])
        assert store.fingerprint()[""] != logged[""]

    def test_series_come_in_the_order_asked_for(self, store: Store) -> None:
        first = record_run(store, series={"a": [1.0], "b": [2.0]})
        second = record_run(store, series={"b": [3.0]})
        series = store.read_series([second.run_id, first.run_id])
        assert [(found.run_id, found.metric) for found in series] == [
            (second.run_id, "b"),
            (first.run_id, "a"),
            (first.run_id, "b"),
        ]
        assert store.read_series([first.run_id], "none") == []
        with pytest.raises(RunNotFound):
            store.read_series(["0" * 16])

    # -- running, ended, lost ---------------------------------------------------------------
    @pytest.mark.parametrize("status", ["finished", "failed", "interrupted"])
    def test_a_run_is_running_until_it_ends(self, store: Store, status: Any) -> None:
        run = make_run(status="running")
        journal = store.start_run(start_of(run))
        assert store.get_run(run.run_id).status == "running"
        end = RunEnd(status=status, ended_at=utc_now(), duration_s=2.5)
        journal.end(end)
        found = store.get_run(run.run_id)
        assert (found.status, found.ended_at, found.duration_s) == (status, end.ended_at, 2.5)

    def test_a_run_of_a_dead_process_is_lost_with_all_it_logged(self, store: Store) -> None:
        for delay_s in (0.0, 0.05, 0.2):
            run_id = new_run_id()
            acknowledged = _kill_while_logging(store, run_id, delay_s)
            run = store.get_run(run_id)
            (loss, again) = store.read_series([run_id])
            assert run.status == "lost"
            assert run.ended_at is not None
            assert len(loss.value) >= acknowledged
            assert again.value.tolist() == list(range(len(loss.value)))
            assert loss.value.tolist() == [1 / (step + 1) for step in range(len(loss.value))]

    @pytest.mark.parametrize(
        "change",
        [{"boot_id": "another"}, {"process_started": 1.0}, {"pid": 2**22 + 1}],
        ids=["rebooted", "pid used again", "no such pid"],
    )
    def test_a_process_is_known_by_more_than_its_pid(
        self, store: Store, change: dict[str, Any]
    ) -> None:
        session = msgspec.structs.replace(new_session(), **change)
        run = record_run(store, status="running", session=session)
        assert store.get_run(run.run_id).status == "lost"

    def test_a_run_of_another_host_is_running_while_it_writes(self, store: Store) -> None:
        session = msgspec.structs.replace(new_session(), host="elsewhere", pid=1)
        run = record_run(store, status="running", session=session)
        assert store.get_run(run.run_id).status == "running"

    def test_a_stopped_process_is_alive(self, store: Store) -> None:
        run_id = new_run_id()
        with _writer(store, run_id) as process:
            os.kill(process.pid, signal.SIGSTOP)
            assert store.get_run(run_id).status == "running"
            os.kill(process.pid, signal.SIGCONT)
            process.kill()

    # -- many at once -----------------------------------------------------------------------
    def test_processes_write_and_read_one_store_at_the_same_time(self, store: Store) -> None:
        processes = [_python(_MAKER, store.url, "5") for _ in range(4)]
        results = [process.communicate(timeout=120) for process in processes]
        assert [error for _, error in results if error] == []
        assert len(store.read_runs().run_ids) == 20

    def test_threads_write_one_run_and_nothing_is_lost(self, store: Store) -> None:
        run = make_run(status="running")
        journal = store.start_run(start_of(run))

        def write(thread: int) -> None:
            for step in range(200):
                journal.log({f"m{thread}": step}, step=step, time_s=0.0)

        threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        end_now(journal)
        series = store.read_series([run.run_id])
        assert {found.metric for found in series} == {f"m{number}" for number in range(8)}
        assert all(found.value.tolist() == list(range(200)) for found in series)

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
    def test_a_forked_process_writes_to_the_same_run(self, store: Store) -> None:
        run = make_run(status="running")
        journal = store.start_run(start_of(run))
        journal.log({"m": 1.0}, step=0, time_s=0.0)
        child = os.fork()
        if child == 0:
            try:
                journal.log({"m": 3.0}, step=2, time_s=0.0)
                journal.append(make_param("in_child", 1))
                end_now(journal, "failed")
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        journal.log({"m": 2.0}, step=1, time_s=0.0)
        assert store.get_run(run.run_id).status == "running"
        end_now(journal)
        found = store.get_run(run.run_id)
        assert found.status == "finished"
        assert found.params["in_child"].value == 1
        assert sorted(one_series(store, run, "m").value.tolist()) == [1.0, 2.0, 3.0]

    # -- finding runs -----------------------------------------------------------------------
    def test_a_run_is_found_by_id_prefix_and_name(self, store: Store) -> None:
        run = record_run(store, run_id="abcd" + "0" * 12, name="svc")
        for words in (run.run_id, "abcd", "abcd00", "svc"):
            assert store.get_run(words) == run

    def test_the_newest_run_of_a_name_is_found(self, store: Store) -> None:
        record_run(store, name="svc")
        newer, trashed = record_run(store, name="svc"), record_run(store, name="svc")
        store.trash([trashed.run_id])
        assert store.get_run("svc") == newer

    @pytest.mark.parametrize("words", ["", "abc", "abcd", "svx", "*", "%", "../x", "0" * 16])
    def test_what_is_not_there_is_not_found(self, store: Store, words: str) -> None:
        record_run(store, run_id="abcd" + "0" * 12, name="svc")
        record_run(store, run_id="abcd" + "1" * 12, name="svm")
        with pytest.raises(RunNotFound):
            store.get_run(words)

    def test_the_message_says_what_is_close(self, store: Store) -> None:
        record_run(store, name="svc-small")
        with pytest.raises(RunNotFound, match="svc-small"):
            store.get_run("svc-smal")

    def test_the_previous_run_is_the_newest_finished_one_before(self, store: Store) -> None:
        older = record_run(store)
        record_run(store, status="failed")
        record_run(store, experiment="another")
        trashed = record_run(store)
        store.trash([trashed.run_id])
        run = record_run(store, status="running")
        record_run(store)
        assert store.find_previous("test", before=run.run_id) == older
        assert store.find_previous("test", before=older.run_id) is None

    def test_a_run_of_the_same_cell_comes_first(self, store: Store) -> None:
        def record(cell_id: str, **fields: Any) -> Run:
            cell = Cell(order=1, source="x", cell_id=cell_id, started_at=utc_now())
            return record_run(store, cells=(cell,), notebook="a.ipynb", **fields)

        same = record("c1")
        other = record("c2")
        run = record("c1", status="running")
        wanted = {"before": run.run_id, "notebook": "a.ipynb"}
        found = store.find_previous("test", **wanted, cell_id="c1")
        assert found is not None
        assert found.run_id == same.run_id
        found = store.find_previous("test", **wanted, cell_id="c3")
        assert found is not None
        assert found.run_id == other.run_id

    def test_a_run_has_the_cells_up_to_its_own(self, store: Store) -> None:
        at = utc_now()
        cells = tuple(Cell(order=n, source=f"x = {n}", started_at=at) for n in (1, 2, 3))
        session = new_session()
        journal = store.start_session(session)
        for cell in cells:
            journal.append(cell)
        journal.append(msgspec.structs.replace(cells[0], duration_s=1.5))
        run = record_run(store, session=session, cells=(cells[1],))
        journal.close()
        own = msgspec.structs.replace(cells[1], run_id=run.run_id)
        assert store.get_run(run.run_id).cells == (
            msgspec.structs.replace(cells[0], duration_s=1.5),
            own,
        )

    # -- runs as columns --------------------------------------------------------------------
    def test_an_empty_store_gives_empty_columns(self, store: Store) -> None:
        columns = store.read_runs()
        assert columns.run_ids == []
        assert set(map(len, columns.fields.values())) == {0}

    def test_columns_are_parallel_and_newest_first(self, store: Store) -> None:
        old = record_run(store, params={"C": 1}, data_inputs={"X": "d1"}, tags=("a", "b"))
        new = record_run(store, params={"lr": make_param("lr", 0.1, 0.2)}, acc=0.9)
        columns = store.read_runs()
        assert columns.run_ids == [new.run_id, old.run_id]
        assert columns.params == {"C": [None, 1], "lr": [(0.1, 0.2), None]}
        assert columns.metrics == {"acc": [0.9, None]}
        assert columns.data == {"X": [None, "d1"]}
        assert columns.fields["tags"] == [(), ("a", "b")]
        assert columns.fields["started_at"] == [new.started_at, old.started_at]

    def test_columns_have_every_field(self, store: Store) -> None:
        run = record_run(store, **full_run())
        assert store.read_runs().fields == {
            "name": ["svc"],
            "experiment": ["digits"],
            "status": ["finished"],
            "state": ["stale"],
            "started_at": [run.started_at],
            "ended_at": [run.ended_at],
            "duration_s": [1.0],
            "tags": [("final", "süß")],
            "note": ["two\nlines"],
            "is_starred": [False],
            "is_baseline": [False],
            "git_commit": ["c0ffee"],
            "git_dirty": [True],
            "notebook": ["notebooks/digits.ipynb"],
            "findings": [("D15",)],
            "trashed_at": [None],
            "upstream": [()],
        }

    def test_runs_are_chosen_by_experiment_id_and_number(self, store: Store) -> None:
        first, second = record_run(store, experiment="a"), record_run(store, experiment="b")
        third = record_run(store, experiment="b")
        assert store.read_runs(experiment="a").run_ids == [first.run_id]
        assert store.read_runs(run_ids=[first.run_id, second.run_id]).run_ids == [
            second.run_id,
            first.run_id,
        ]
        assert store.read_runs(run_ids=[]).run_ids == []
        assert store.read_runs(limit=1).run_ids == [third.run_id]

    @pytest.mark.parametrize(
        "query",
        [
            "acc > 0.9",
            "metrics.acc > 0.9 and params.C == 1",
            "metrics['val/acc'] >= 0.5",
            "0.9 < acc <= 0.95",
            "lr in (0.1, 5)",
            "'final' in tags and not is_starred",
            "'D15' in findings",
            "status == 'finished' and name.startswith('go')",
            "'oo' in name or name == 'x'",
            "nothing is None and kernel == 'rbf'",
            "shuffle and kernel.contains('b')",
            "data.X == 'abc' and started_at < '2100-01-01'",
        ],
    )
    def test_a_query_selects_the_runs_that_it_says(self, store: Store, query: str) -> None:
        finding = Finding(code="D15", name="overlap", severity="error", message="m")
        good = record_run(
            store,
            name="good",
            params={"C": 1, "lr": make_param("lr", 0.1, 0.2), "kernel": "rbf", "shuffle": True},
            metrics={"acc": 0.95, "val/acc": 0.5},
            data_inputs={"X": "abc"},
            tags=("final",),
            findings=(finding,),
        )
        bad = record_run(
            store,
            name="bad",
            params={"C": 2, "lr": 1, "kernel": "l", "shuffle": False, "nothing": 0},
            metrics={"acc": 0.5, "val/acc": math.nan},
            data_inputs={"X": "abd"},
        )
        store.star([bad.run_id])
        assert store.read_runs(query).run_ids == [good.run_id]

    @pytest.mark.parametrize(
        "query",
        [
            "acc >",
            "ac > 1",
            "__import__('os').system('true')",
            "acc.__class__",
            "(lambda: 1)()",
            "[x for x in tags]",
            "acc > 0.1; DROP TABLE runs",
            "acc / 2 > 1",
            "params > 1",
            "tags == 'a'",
            "duration_s > 'x'",
            "started_at > 'soon'",
            "not " * 500 + "acc",
            "(" * 300,
            "a" * 10_000,
            "acc > 1\0",
            "acc > 1j",
            "acc > b'x'",
            "f'{acc}' == '1'",
            "acc if acc else acc",
            "(acc := 1)",
            "*acc",
            "acc == ...",
        ],
        ids=lambda query: query[:20],
    )
    def test_a_bad_query_is_refused_in_one_line(self, store: Store, query: str) -> None:
        record_run(store, acc=1.0)
        with pytest.raises(BadQuery) as caught:
            store.read_runs(query)
        assert "\n" not in str(caught.value)

    # -- objects ----------------------------------------------------------------------------
    def test_an_object_is_kept_once_by_content(self, store: Store) -> None:
        first, second = store.put_object(b"content"), store.put_object(b"content")
        assert first == second
        assert first[1] == 7
        assert store.read_object(first[0]) == b"content"

    def test_a_file_is_kept_as_an_object(self, store: Store, tmp_path: Any) -> None:
        file = tmp_path / "model.bin"
        file.write_bytes(b"x" * 3_000_000)
        digest, size = store.put_object(file)
        assert (size, store.read_object(digest)) == (3_000_000, b"x" * 3_000_000)
        assert store.put_object(b"x" * 3_000_000) == (digest, size)

    def test_an_artifact_is_added_to_a_run_that_has_ended(self, store: Store) -> None:
        run = record_run(store)
        digest, size = store.put_object(b"{}")
        kept = Artifact(name="executed.ipynb", digest=digest, size_bytes=size)
        store.add_artifact(run.run_id, kept)
        assert store.get_run(run.run_id).artifacts == {**run.artifacts, kept.name: kept}
        again = msgspec.structs.replace(kept, note="the second time")
        store.add_artifact(run.run_id, again)
        assert store.get_run(run.run_id).artifacts[kept.name] == again
        with pytest.raises(RunNotFound):
            store.add_artifact("0" * 16, kept)

    @pytest.mark.parametrize("digest", ["", "../../x", "0" * 64, "0" * 64 + "\n", "A" * 64])
    def test_what_is_no_object_cannot_be_read(self, store: Store, digest: str) -> None:
        with pytest.raises(StoreDamaged):
            store.read_object(digest)

    @pytest.mark.parametrize("name", ["a.csv", "deep/a.csv", "../../a.csv", "C:\\up\\a.csv"])
    def test_an_object_becomes_a_file_of_its_name_that_may_be_read_only(
        self, store: Store, name: str
    ) -> None:
        digest, _ = store.put_object(b"a,b\n1,2\n")
        path = store.local_copy(digest, name=name)
        assert (path.name, path.read_bytes()) == ("a.csv", b"a,b\n1,2\n")
        assert path.stat().st_mode & 0o222 == 0

    @pytest.mark.parametrize("name", ["", ".", "..", "a/..", "\0"])
    def test_an_object_without_a_file_name_is_called_artifact(
        self, store: Store, name: str
    ) -> None:
        assert store.local_copy(store.put_object(b"x")[0], name=name).name == "artifact"

    def test_a_copy_that_someone_changed_is_made_anew(self, store: Store) -> None:
        digest, _ = store.put_object(b"as it was")
        path = store.local_copy(digest, name="a.txt")
        path.chmod(0o600)
        path.write_bytes(b"forged")
        assert store.local_copy(digest, name="a.txt").read_bytes() == b"as it was"

    def test_what_is_no_object_has_no_copy(self, store: Store) -> None:
        with pytest.raises(StoreDamaged):
            store.local_copy("0" * 64, name="a.txt")

    # -- where data inputs came from --------------------------------------------------------
    def test_a_data_input_of_equal_content_is_from_the_newest_run_before_that_made_it(
        self, store: Store
    ) -> None:
        made = {"a": make_artifact("a", content_digest="xxh3:aa")}
        first, second = (record_run(store, artifacts=made, experiment="make") for _ in range(2))
        other = {"b": make_artifact("b", content_digest="xxh3:bb")}
        record_run(store, artifacts=other)
        reader = record_run(store, data_inputs={"file": "xxh3:aa", "own": "xxh3:cc"})
        record_run(store, artifacts=made, experiment="make")  # later than the reader
        assert store.read_sources([reader.run_id, first.run_id]) == {
            reader.run_id: {"file": Source(second.run_id, second.name, "make")}
        }

    def test_a_source_that_was_recorded_outdoes_equal_content(self, store: Store) -> None:
        made = {"a": make_artifact("a", content_digest="xxh3:aa")}
        first, _ = (record_run(store, artifacts=made, experiment="make") for _ in range(2))
        read = DataInput(name="make/a", kind="artifact", digest="xxh3:aa", from_run=first.run_id)
        reader = record_run(store, data_inputs={"make/a": read})
        sources = store.read_sources([reader.run_id])
        assert sources == {reader.run_id: {"make/a": Source(first.run_id, first.name, "make")}}
        store.rename(first.run_id, "renamed")
        assert store.read_sources([reader.run_id])[reader.run_id]["make/a"].name == "renamed"

    def test_the_runs_that_data_came_from_are_a_field_that_can_be_asked_for(
        self, store: Store
    ) -> None:
        made = {"a": make_artifact("a", content_digest="xxh3:aa")}
        maker = record_run(store, artifacts=made, experiment="make", name="maker")
        reader = record_run(store, data_inputs={"x": "xxh3:aa", "y": "xxh3:aa"})
        assert store.read_runs().fields["upstream"] == [("make/maker",), ()]
        for meant in ("maker", "make", maker.run_id):
            assert store.read_runs(f"'{meant}' in upstream").run_ids == [reader.run_id]
        assert store.read_runs("'other' in upstream").run_ids == []
        assert store.read_runs("'a' in artifacts").run_ids == [maker.run_id]

    def test_sources_of_a_run_that_is_not_there_are_refused(self, store: Store) -> None:
        assert store.read_sources([]) == {}
        with pytest.raises(RunNotFound):
            store.read_sources(["0" * 16])

    # -- what a person says afterwards ------------------------------------------------------
    def test_tags_are_added_and_removed(self, store: Store) -> None:
        run = record_run(store, tags=("a", "b"))
        store.tag([run.run_id], add=["c", "b", "c"], remove=["a", "none"])
        assert store.get_run(run.run_id).tags == ("b", "c")

    def test_name_note_and_star_may_change(self, store: Store) -> None:
        run = record_run(store)
        store.rename(run.run_id, "better")
        store.set_note(run.run_id, "why")
        store.star([run.run_id])
        changed = replaced(run, name="better", note="why", is_starred=True)
        assert store.get_run("better") == changed
        store.star([run.run_id], is_starred=False)
        store.set_note(run.run_id, None)
        assert store.get_run("better") == replaced(run, name="better")

    def test_what_a_person_said_outlives_what_the_run_says_later(self, store: Store) -> None:
        run = make_run(status="running", name="old")
        journal = store.start_run(start_of(run))
        store.rename(run.run_id, "new")
        journal.log({"m": 1.0}, step=None, time_s=0.0)
        end_now(journal)
        assert store.get_run(run.run_id).name == "new"

    def test_an_experiment_has_one_baseline(self, store: Store) -> None:
        first, second, other = (
            record_run(store),
            record_run(store),
            record_run(store, experiment="other"),
        )
        store.set_baseline(other.run_id, experiment="other")
        store.set_baseline(first.run_id, experiment="test")
        store.set_baseline(second.run_id, experiment="test")
        assert store.read_runs("is_baseline").run_ids == [other.run_id, second.run_id]
        store.set_baseline(None, experiment="test")
        assert store.read_runs("is_baseline").run_ids == [other.run_id]
        with pytest.raises(RunNotFound):
            store.set_baseline(other.run_id, experiment="test")

    def test_a_later_check_takes_the_place_of_what_was_found_before(self, store: Store) -> None:
        run = record_run(
            store,
            findings=tuple(make_finding(code) for code in ("D02", "D03", "D15")),
            checks=tuple(make_outcome(code, "findings") for code in ("D02", "D03", "D15")),
        )
        found = make_finding("D02", message="more is missing")
        outcomes = [
            CheckOutcome(code="D02", name="d02", outcome="findings", is_thorough=True),
            make_outcome("D03", "clean"),
        ]
        store.replace_findings(
            run.run_id, codes=["D02", "D03"], outcomes=outcomes, findings=[found]
        )
        after = store.get_run(run.run_id)
        assert after.findings == (run.findings[2], found)
        assert after.checks == (run.checks[2], *outcomes)
        assert store.read_runs("'D03' in findings").run_ids == []

    def test_what_a_running_run_finds_comes_after_what_was_replaced(self, store: Store) -> None:
        run = make_run(status="running")
        journal = store.start_run(start_of(run))
        first, second, third = (make_finding("D02", message=text) for text in "abc")
        journal.append(first)
        store.replace_findings(run.run_id, codes=["D02"], outcomes=[], findings=[second])
        journal.append(third)
        end_now(journal)
        assert store.get_run(run.run_id).findings == (second, third)

    def test_what_was_acknowledged_stays_so_where_it_is_found_again(self, store: Store) -> None:
        age = make_finding("D02", subject="age", message="5 % of age")
        pay = make_finding("D02", subject="pay", message="5 % of pay")
        run = record_run(store, findings=(age, pay))
        store.acknowledge(run.run_id, "D02", "not asked", subject="age")
        again = [
            msgspec.structs.replace(one, message="all rows: " + one.message) for one in (age, pay)
        ]
        store.replace_findings(run.run_id, codes=["D02"], outcomes=[], findings=again)
        assert store.get_run(run.run_id).findings == (
            msgspec.structs.replace(again[0], acknowledged="not asked"),
            again[1],
        )

    def test_what_is_acknowledged_is_not_open_any_more(self, store: Store) -> None:
        run = record_run(store, findings=(make_finding("D02"), make_finding("D15")))
        store.acknowledge(run.run_id, "D02", "known")
        assert [one.acknowledged for one in store.get_run(run.run_id).findings] == ["known", None]
        assert store.read_runs().fields["findings"] == [("D15",)]
        assert store.read_runs("'D02' in findings").run_ids == []
        assert store.read_runs("'D15' in findings").run_ids == [run.run_id]
        store.acknowledge(run.run_id, "D02", None)
        assert store.read_runs("'D02' in findings").run_ids == [run.run_id]

    def test_what_is_acknowledged_is_found_by_experiment(self, store: Store) -> None:
        now = utc_now()
        data = DataInput(name="X", kind="array", digest="ab", shape=(3, 2))
        first, second, other, late = (
            record_run(
                store,
                name=name,
                experiment=experiment,
                started_at=now - timedelta(hours=hours),
                data_inputs={"X": data},
                findings=(
                    make_finding("D02", subject="age", evidence={"table": "X"}),
                    make_finding("D15"),
                ),
            )
            for name, experiment, hours in [
                ("first", "a", 4),
                ("second", "a", 3),
                ("other", "b", 2),
                ("late", "a", 1),
            ]
        )
        for run in (first, second, other, late):
            store.acknowledge(run.run_id, "D02", f"by {run.name}")
        store.acknowledge(first.run_id, "D15", "known")
        assert store.find_acknowledged("a", before=late.started_at) == [
            Acknowledged("second", "D02", "age", "X", "ab", "by second"),
            Acknowledged("first", "D02", "age", "X", "ab", "by first"),
            Acknowledged("first", "D15", None, None, None, "known"),
        ]
        store.acknowledge(second.run_id, "D02", None)
        store.trash([first.run_id])
        assert store.find_acknowledged("a", before=now) == []
        assert store.get_run(other.run_id).findings[0].acknowledged == "by other"

    def test_findings_of_many_runs_are_read_at_once(self, store: Store) -> None:
        never, clean = record_run(store), record_run(store, checks=(make_outcome("D02"),))
        found = record_run(
            store, findings=(make_finding("D02", evidence={"share": 0.5}, remedy="do"),)
        )
        assert store.read_findings([never.run_id, clean.run_id, found.run_id]) == {
            clean.run_id: [],
            found.run_id: [make_finding("D02")],
        }
        assert store.read_checks([never.run_id, clean.run_id]) == {
            clean.run_id: [make_outcome("D02")]
        }
        assert store.read_findings([]) == {} == store.read_checks([])
        with pytest.raises(RunNotFound):
            store.read_findings(["0" * 16])

    def test_what_was_not_found_cannot_be_acknowledged(self, store: Store) -> None:
        run = record_run(store, findings=(make_finding("D02", subject="age"),))
        with pytest.raises(FindingNotFound, match="D02"):
            store.acknowledge(run.run_id, "D15", "known")
        with pytest.raises(FindingNotFound, match="pay"):
            store.acknowledge(run.run_id, "D02", "known", subject="pay")

    def test_an_acknowledgement_outlives_the_same_finding_said_again(self, store: Store) -> None:
        run = make_run(status="running")
        journal = store.start_run(start_of(run))
        journal.append(make_finding("D02"))
        store.acknowledge(run.run_id, "D02", "known")
        journal.append(make_finding("D02"))
        end_now(journal)
        assert store.get_run(run.run_id).findings[0].acknowledged == "known"

    def test_a_check_has_one_outcome_the_last(self, store: Store) -> None:
        run = make_run(status="running")
        journal = store.start_run(start_of(run))
        last = make_outcome("D02", "findings")
        for outcome in (make_outcome("D02", "clean"), last):
            journal.append(outcome)
        end_now(journal)
        assert store.get_run(run.run_id).checks == (last,)

    def test_a_trashed_run_is_out_of_sight_until_it_is_restored(self, store: Store) -> None:
        run, kept = record_run(store), record_run(store)
        store.trash([run.run_id])
        assert store.read_runs().run_ids == [kept.run_id]
        assert store.read_runs(trashed=True).run_ids == [run.run_id]
        assert store.get_run(run.run_id).trashed_at is not None
        store.restore([run.run_id])
        assert store.get_run(run.run_id) == run

    def test_nothing_changes_when_one_of_the_runs_is_not_there(self, store: Store) -> None:
        run = record_run(store)
        with pytest.raises(RunNotFound):
            store.tag([run.run_id, "0" * 16], add=["a"])
        assert store.get_run(run.run_id).tags == ()

    def test_gc_deletes_what_only_trashed_runs_use(self, store: Store) -> None:
        shared, own = store.put_object(b"shared")[0], store.put_object(b"own")[0]
        fields: dict[str, Any] = {"started_at": utc_now(), "ended_at": utc_now()}
        kept = record_run(store, artifacts={"a": shared})
        doomed = record_run(store, artifacts={"a": shared, "b": own}, **fields)
        store.trash([doomed.run_id])
        assert store.gc(dry_run=True) == {"runs": 1, "objects": 1, "size_bytes": 3}
        assert store.get_run(doomed.run_id).run_id == doomed.run_id
        assert store.gc() == {"runs": 1, "objects": 1, "size_bytes": 3}
        assert store.read_object(shared) == b"shared"
        assert store.get_run(kept.run_id) == kept
        for missing in (lambda: store.read_object(own), lambda: store.get_run(doomed.run_id)):
            with pytest.raises(AsepticError):
                missing()

    def test_gc_keeps_an_object_whose_run_is_about_to_name_it(self, store: Store) -> None:
        digest, _ = store.put_object(b"new")
        assert store.gc() == {"runs": 0, "objects": 0, "size_bytes": 0}
        assert store.read_object(digest) == b"new"

    def test_gc_keeps_a_trashed_run_that_still_writes(self, store: Store) -> None:
        run = record_run(store, status="running")
        store.trash([run.run_id])
        assert store.gc()["runs"] == 0
        assert store.get_run(run.run_id).status == "running"

    # -- what cannot be written -------------------------------------------------------------
    def test_an_id_is_used_once(self, store: Store) -> None:
        run = record_run(store)
        start = start_of(run)
        try:
            journal = store.start_run(start)
        except (FileExistsError, StoreUnavailable):
            return
        end_now(journal)
        assert store.read_runs().run_ids == [run.run_id]


def _python(code: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


class _writer:  # noqa: N801  # used as a function, in `with`
    """A process that logs to one run for ever."""

    def __init__(self, store: Store, run_id: str) -> None:
        self._process = _python(_WRITER, store.url, run_id)

    def __enter__(self) -> subprocess.Popen[str]:
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "0\n", self._process.communicate()[1]
        return self._process

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate(timeout=30)


def _kill_while_logging(store: Store, run_id: str, delay_s: float) -> int:
    """Kills a writer; returns how many of its points had been acknowledged."""
    with _writer(store, run_id) as process:
        time.sleep(delay_s)
        process.kill()
        assert process.stdout is not None
        whole = [line for line in process.stdout if line.endswith("\n")]
        process.wait()
    return 1 + len(whole)
