"""Runs made without a notebook: what `track`, `log` and the rest record, refuse and survive."""

import asyncio
import contextlib
import decimal
import enum
import fractions
import inspect
import json
import math
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import msgspec
import numpy as np
import pandas as pd
import pytest

import aseptic
from aseptic import notices, scripts, tracking
from aseptic.model import Finding
from aseptic.testing import make_finding, make_outcome


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder without git, the current one; nothing was said before."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ASEPTIC_STORE", raising=False)
    monkeypatch.setattr(tracking, "_default_store", None)
    monkeypatch.setattr(notices, "_said", set())
    return tmp_path


@pytest.fixture
def script(folder):
    """Executes a script of its own process, and gives what became of it."""

    def run(source, *, check=True):
        path = folder / "train.py"
        path.write_text(textwrap.dedent(source))
        done = subprocess.run(
            [sys.executable, str(path)], capture_output=True, text=True, timeout=60, check=False
        )
        assert not check or done.returncode == 0, done.stderr
        return done

    return run


@pytest.fixture
def started(folder):
    """Starts a script, and waits for the line `ready` that it prints."""
    processes = []

    def start(source):
        path = folder / "train.py"
        path.write_text(textwrap.dedent(source))
        process = subprocess.Popen(
            [sys.executable, "-u", str(path)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        assert process.stdout.readline() == "ready\n", process.stderr.read()
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def last():
    """The newest run, whole."""
    return aseptic.get_run(aseptic.runs().run_id[0])


def points(run, metric):
    return run.history(metric).value.tolist()


def problems(run):
    return {problem.what: problem.reason for problem in run.problems}


# -- the block ------------------------------------------------------------------------------------
def test_a_block_is_a_run_with_its_params_and_points(folder):
    with aseptic.track(
        "first", experiment="demo", tags=["a"], params={"lr": 0.1}, note="hello"
    ) as active:
        for step in range(3):
            active.log(loss=1.0 / (step + 1), step=step)
        aseptic.log(acc=1)
    run = last()
    assert (run.name, run.experiment, run.status) == ("first", "demo", "finished")
    assert (run.tags, run.note) == (("a",), "hello")
    assert run.params["lr"].uses[0].origin.how == "given"
    assert points(run, "loss") == [1.0, 1 / 2, 1 / 3]
    assert run.history("loss").step.tolist() == [0, 1, 2]
    assert run.metrics["acc"].value == 1
    assert run.git.reason
    assert run.environment.python


def test_an_active_run_tells_every_finding_and_how_each_check_ended(folder):
    age, pay = (make_finding("D02", subject=name) for name in ("age", "pay"))
    last_outcome = make_outcome("D02", "findings")
    with aseptic.track() as active:
        for record in (age, pay, make_outcome("D02", "clean"), last_outcome):
            active.record(record)
        told = active.snapshot()
    assert (told.findings, told.checks) == ((age, pay), (last_outcome,))
    assert (last().findings, last().checks) == ((age, pay), (last_outcome,))


def test_a_script_names_the_experiment_and_is_the_source(script):
    script(
        """
        import aseptic
        with aseptic.track() as run:
            run.log(loss=0.5)
        """
    )
    run = last()
    assert run.experiment == "train"
    assert "run.log(loss=0.5)" in run.source


def test_what_a_block_reads_is_a_data_input(folder):
    (folder / "d.csv").write_text("a,b\n1,2\n")
    with aseptic.track():
        pd.read_csv("d.csv")
    assert last().data_inputs["d.csv"].size_bytes == 8


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ValueError("no"), "failed"),
        (KeyboardInterrupt(), "interrupted"),
        (SystemExit(2), "failed"),
        (SystemExit("no data"), "failed"),
        (SystemExit(0), "finished"),
        (SystemExit(), "finished"),
        (MemoryError(), "failed"),
        (RecursionError(), "failed"),
    ],
)
def test_an_exception_leaves_the_block_as_it_is_and_says_how_the_run_ended(folder, error, status):
    def fail():
        with aseptic.track() as active:
            active.log(loss=1.0)
            raise error

    with pytest.raises(type(error)) as caught:
        fail()
    assert caught.value is error
    run = last()
    assert run.status == status
    assert points(run, "loss") == [1.0]
    assert (run.outputs.error is None) == (status == "finished")


def test_an_exception_that_cannot_be_written_out_is_recorded_by_its_type(folder):
    class Mute(Exception):
        def __str__(self):
            raise RuntimeError("never")

    with pytest.raises(Mute), aseptic.track():
        raise Mute
    run = last()
    assert (run.status, run.outputs.error) == ("failed", "Mute")


def test_secrets_in_an_exception_are_not_recorded(folder):
    with pytest.raises(ValueError, match="hunter2"), aseptic.track():
        raise ValueError("postgresql://me:hunter2@db/x")
    assert "hunter2" not in last().outputs.error


def test_an_interrupt_while_the_run_is_being_ended_still_ends_it(folder, monkeypatch):
    def interrupted(*_args, **_kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(scripts, "record_surroundings", interrupted)
    with pytest.raises(KeyboardInterrupt), aseptic.track() as active:
        active.log(loss=1.0)
    assert last().status == "finished"
    assert tracking.find_active_run() is None


def test_a_fault_of_ours_while_the_run_is_being_ended_is_a_problem_of_the_run(folder, monkeypatch):
    def fail(*_args, **_kwargs):
        raise OSError("no such device")

    monkeypatch.setattr(scripts, "record_surroundings", fail)
    with aseptic.track() as active:
        active.log(loss=1.0)
    run = last()
    assert run.status == "finished"
    assert "OSError: no such device" in problems(run)["git and environment"]


def test_a_run_within_a_run_takes_what_is_logged_in_it(folder):
    with aseptic.track("outer") as outer:
        aseptic.log(x=1)
        with aseptic.track("inner"):
            aseptic.log(x=2)
            with aseptic.track("innermost"):
                aseptic.log(x=3)
            aseptic.log(x=4)
        aseptic.log(x=5)
    found = {name: points(aseptic.get_run(name), "x") for name in ("outer", "inner", "innermost")}
    assert found == {"outer": [1, 5], "inner": [2, 4], "innermost": [3]}
    assert outer.is_ended


def test_one_track_may_be_entered_again_and_within_itself(folder):
    track = aseptic.track("again")
    with track as one:
        one.log(x=1)
        with track as two:
            aseptic.log(x=2)
    with track:
        aseptic.log(x=3)
    assert [points(aseptic.get_run(run.run_id), "x") for run in (one, two)] == [[1], [2]]
    assert aseptic.runs().status.tolist() == ["finished"] * 3


def test_one_track_may_be_entered_by_several_threads(folder):
    track, met = aseptic.track("shared"), threading.Barrier(2)
    ended = {}

    def work(number):
        with track as active:
            met.wait(10)
            aseptic.log(x=number)
            met.wait(10)
            if number:
                time.sleep(0.05)
        ended[number] = active.run_id

    in_threads(work, 2)
    for number, run_id in ended.items():
        run = aseptic.get_run(run_id)
        assert (run.status, points(run, "x")) == ("finished", [number])


def in_threads(work, count):
    threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


# -- the decorator --------------------------------------------------------------------------------
def test_a_decorated_call_is_a_run_with_its_arguments_as_params(folder):
    @aseptic.track(experiment="demo")
    def train(X, lr, *layers, epochs=5, password="p", **options):
        """Trains."""
        aseptic.log(loss=lr)
        return X, layers

    X = np.zeros(3)
    returned = train(X, 0.25, 8, 4, momentum=0.9)
    assert returned[0] is X
    assert returned[1] == (8, 4)
    run = last()
    assert (run.name, run.experiment, run.status) == ("train", "demo", "finished")
    assert {name: param.value for name, param in run.params.items()} == {
        "lr": 0.25,
        "layers": (8, 4),
        "epochs": 5,
        "momentum": 0.9,
    }
    how = {name: param.uses[0].origin.how for name, param in run.params.items()}
    assert how == {"lr": "argument", "layers": "argument", "momentum": "argument"} | {
        "epochs": "default"
    }
    assert points(run, "loss") == [0.25]


def test_a_decorated_function_looks_as_before(folder):
    def train(lr: float, epochs: int = 5) -> float:
        """Trains."""

    tracked = aseptic.track()(train)
    assert (tracked.__name__, tracked.__doc__) == ("train", "Trains.")
    assert inspect.signature(tracked) == inspect.signature(train)


def test_a_decorated_method_has_no_param_self(folder):
    class Config(dict):
        @aseptic.track()
        def train(self, lr):
            return self

    config = Config(a=1)
    assert config.train(0.5) is config
    assert {name: param.value for name, param in last().params.items()} == {"lr": 0.5}


def test_a_wrong_call_raises_as_without_the_decorator_and_is_a_failed_run(folder):
    @aseptic.track()
    def train(lr):
        pass

    with pytest.raises(TypeError, match=r"train\(\) got an unexpected keyword argument 'lrr'"):
        train(lrr=1)
    assert last().status == "failed"


def test_a_decorated_function_that_calls_itself_makes_a_run_of_each_call(folder):
    @aseptic.track()
    def down(n):
        aseptic.log(n=n)
        return n if n == 0 else down(n - 1)

    assert down(2) == 0
    assert sorted(aseptic.runs()["metrics.n"]) == [0, 1, 2]


def test_a_decorated_coroutine_is_a_run_until_it_has_been_awaited(folder):
    @aseptic.track()
    async def train(lr):
        await asyncio.sleep(0)
        aseptic.log(loss=lr)
        return lr

    assert inspect.iscoroutinefunction(train)

    async def both():
        return await asyncio.gather(train(0.5), train(0.25))

    assert asyncio.run(both()) == [0.5, 0.25]
    found = aseptic.runs()
    assert found.status.tolist() == ["finished", "finished"]
    assert found["params.lr"].tolist() == found["metrics.loss"].tolist()


def test_a_cancelled_coroutine_is_an_interrupted_run(folder):
    @aseptic.track()
    async def train():
        await asyncio.sleep(60)

    async def cancel():
        task = asyncio.create_task(train())
        await asyncio.sleep(0.01)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancel())
    assert last().status == "interrupted"


def test_what_is_no_function_to_call_is_refused_with_the_way_to_do_it(folder):
    def steps():
        yield 1

    async def more():
        yield 1

    for generator in (steps, more):
        with pytest.raises(TypeError, match=r"generator.*with aseptic\.track\(\)"):
            aseptic.track()(generator)
    with pytest.raises(TypeError, match="class"):
        aseptic.track()(dict)
    with pytest.raises(TypeError, match=r"@aseptic\.track\(\)"):
        aseptic.track(steps)
    assert len(aseptic.runs()) == 0


# -- tasks and threads ----------------------------------------------------------------------------
def test_concurrent_tasks_log_to_their_own_runs(folder):
    async def train(name, count):
        with aseptic.track(name):
            for step in range(count):
                await asyncio.sleep(0)
                with aseptic.track(f"{name}-{step}"):
                    await asyncio.sleep(0)
                    aseptic.log(inner=step)
                    await asyncio.sleep(0)
                aseptic.log(x=step, step=step)
                await asyncio.to_thread(aseptic.log, thread=step)

    async def all_of_them():
        await asyncio.gather(train("a", 5), train("b", 3))

    asyncio.run(all_of_them())
    for name, count in (("a", 5), ("b", 3)):
        run = aseptic.get_run(name)
        assert points(run, "x") == points(run, "thread") == list(range(count))
        assert "inner" not in run.metrics
        assert points(aseptic.get_run(f"{name}-2"), "inner") == [2]


def test_a_task_that_outlives_its_run_does_not_log_to_another(folder, capsys):
    async def background(go_on):
        aseptic.log(x=1)
        await go_on.wait()
        aseptic.log(x=2)

    async def main():
        go_on = asyncio.Event()
        with aseptic.track("one"):
            task = asyncio.create_task(background(go_on))
            await asyncio.sleep(0)
        with aseptic.track("two"):
            go_on.set()
            await task

    asyncio.run(main())
    assert points(aseptic.get_run("one"), "x") == [1]
    assert "x" not in aseptic.get_run("two").metrics
    assert "run one has ended" in capsys.readouterr().err


def test_twenty_threads_log_every_point_to_the_run_that_started_them(folder):
    def work(number):
        for step in range(50):
            aseptic.log({f"m{number}": step, "all": number}, step=step)

    with aseptic.track():
        in_threads(work, 20)
    run = last()
    assert len(run.history("all")) == 1000
    for number in range(20):
        assert points(run, f"m{number}") == list(range(50))


def test_a_thread_is_not_guessed_a_run_when_several_are_active(folder, capsys):
    at_work, done = threading.Barrier(3), threading.Barrier(3)

    def work(number):
        with aseptic.track(f"run{number}"):
            aseptic.log(x=number)
            at_work.wait(10)
            done.wait(10)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    at_work.wait(10)
    stranger = threading.Thread(target=lambda: [aseptic.log(x=99) for _ in range(2)])
    stranger.start()
    stranger.join()
    done.wait(10)
    for thread in threads:
        thread.join()
    assert [points(aseptic.get_run(f"run{n}"), "x") for n in range(2)] == [[0], [1]]
    said = capsys.readouterr().err
    assert said.count("aseptic:") == 1
    assert "several runs are active" in said


# -- what can be logged ---------------------------------------------------------------------------
class Level(enum.IntEnum):
    LOW = 1


NUMBERS = [
    1,
    0,
    -(2**63),
    2**63 - 1,
    1.5,
    -0.0,
    math.nan,
    math.inf,
    -math.inf,
    5e-324,
    np.float64(0.1),
    np.float32(0.5),
    np.float16(0.25),
    np.longdouble(0.5),
    np.int64(-(2**63)),
    np.uint8(255),
    np.array(0.75),
    np.array(7),
    np.array([0.5]),
    np.array([[3]]),
    pd.Series([2.5]),
    decimal.Decimal("0.125"),
    decimal.Decimal("NaN"),
    fractions.Fraction(1, 4),
]


@pytest.mark.parametrize("value", NUMBERS, ids=lambda value: f"{type(value).__name__} {value}")
def test_a_number_of_any_kind_comes_back_exactly(folder, value):
    with aseptic.track():
        aseptic.log(x=value)
    run = last()
    (found,) = points(run, "x")
    expected = value.item() if hasattr(value, "item") else value
    expected = (
        float(expected) if isinstance(expected, (np.longdouble, decimal.Decimal)) else expected
    )
    assert repr(found) == repr(
        float(expected) if isinstance(expected, fractions.Fraction) else expected
    )
    assert run.problems == ()


def test_truths_are_ones_and_zeros(folder):
    with aseptic.track():
        for value in (True, np.False_, np.array(True), Level.LOW):
            aseptic.log(x=value)
    assert points(last(), "x") == [1, 0, 1, 1]


def test_a_tensor_of_one_element_is_a_number(folder):
    torch = pytest.importorskip("torch")
    with aseptic.track():
        aseptic.log(x=torch.tensor(0.5, requires_grad=True))
        aseptic.log(x=torch.tensor([0.25], dtype=torch.float16))
        aseptic.log(x=torch.tensor(0.125, dtype=torch.bfloat16))
        aseptic.log(n=torch.tensor(2**40))
        aseptic.log(b=torch.tensor(True))
        aseptic.log(many=torch.zeros(2), meta=torch.zeros((), device="meta"))
    run = last()
    assert points(run, "x") == [0.5, 0.25, 0.125]
    assert (points(run, "n"), points(run, "b")) == ([2**40], [1])
    assert problems(run) == {
        "metric many": "Tensor is not a number",
        "metric meta": "Tensor is not a number",
    }


def test_what_only_says_how_to_become_a_float_is_a_number(folder):
    class Loss:
        def __float__(self):
            return 0.5

    class Broken:
        def __float__(self):
            raise RuntimeError("on another device")

    with aseptic.track():
        aseptic.log(x=Loss(), y=Broken())
    run = last()
    assert points(run, "x") == [0.5]
    assert problems(run) == {"metric y": "Broken is not a number"}


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("0.5", "str is not a number"),
        (None, "NoneType is not a number"),
        ([0.5], "list is not a number"),
        (np.zeros(2), "ndarray is not a number"),
        (np.array("0.5"), "ndarray is not a number"),
        (np.complex128(1), "complex128 is not a number"),
        (1j, "complex is not a number"),
        (np.datetime64("2026-01-01", "ns"), "datetime64 is not a number"),
        (np.timedelta64(5, "ns"), "timedelta64 is not a number"),
        (pd.Timestamp("2026-01-01"), "Timestamp is not a number"),
        (pd.NA, "NAType is not a number"),
        (decimal.Decimal("sNaN"), "Decimal is not a number"),
        (2**63, "an integer of more than 64 bits"),
        (-(2**63) - 1, "an integer of more than 64 bits"),
        (fractions.Fraction(10**400), "Fraction is not a number"),
        (np.uint64(2**64 - 1), "an integer of more than 64 bits"),
        (lambda: 0.5, "function is not a number"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_is_no_number_is_left_out_said_once_and_kept_as_a_problem(
    folder, capsys, value, reason
):
    with aseptic.track():
        for step in range(3):
            aseptic.log(loss=value, good=step, step=step)
    run = last()
    assert points(run, "good") == [0, 1, 2]
    assert "loss" not in run.metrics
    assert problems(run) == {"metric loss": reason}
    assert capsys.readouterr().err == f"aseptic: metric 'loss' was not recorded: {reason}\n"


def test_what_is_refused_in_one_run_is_said_again_in_the_next(folder, capsys):
    for _ in range(2):
        with aseptic.track():
            aseptic.log(loss="a")
    assert capsys.readouterr().err.count("metric 'loss' was not recorded") == 1
    assert problems(last()) == {"metric loss": "str is not a number"}


def test_names_may_be_any_text(folder):
    names = ["val/acc", "", "a b", "ä", "x\ny", "a\0b", "\ud800", "step", "values", "p" * 1000, 7]
    with aseptic.track():
        aseptic.log({name: number for number, name in enumerate(names)})
    run = last()
    found = {name: metric.value for name, metric in run.metrics.items()}
    assert len(found) == len(names)
    assert (found["val/acc"], found["7"], found["step"], found["\\ud800"]) == (0, 10, 7, 6)


def test_what_is_no_unicode_is_written_out_so_that_every_reader_takes_it(folder):
    file = os.fsdecode(b"d\xff.csv")
    try:
        (folder / file).write_text("a\n1\n")
    except OSError:
        pytest.skip("this file system takes only Unicode")
    with aseptic.track("n\ud800", tags=["t\ud800"], note="\ud800", params={"p\ud800": 1}):
        Path(file).read_bytes()
        aseptic.log_params({"huge": 2**70})
        aseptic.log_artifact(b"x", name="a\ud800")
        aseptic.log({"m\ud800": 1.0})
    assert aseptic.runs().columns.str.contains("udcff").any()
    run = last()
    assert (run.name, run.tags, run.note) == ("n\\ud800", ("t\\ud800",), "\\ud800")
    assert [*run.data_inputs] == [r"d\udcff.csv"]
    assert run.data_inputs[r"d\udcff.csv"].size_bytes == 4
    assert (*run.params, *run.artifacts, *run.metrics) == (
        "p\\ud800",
        "huge",
        "a\\ud800",
        "m\\ud800",
    )
    run._repr_html_().encode()
    assert len(aseptic.history([run.run_id])) == 1


def test_a_mapping_of_any_kind_gives_names_and_values(folder):
    with aseptic.track():
        aseptic.log(pd.Series({"loss": 0.5, "acc": 0.9}), step=1)
        aseptic.log({}, step=2)
        aseptic.log(None, step=3)
        aseptic.log(step=4)
    run = last()
    assert (points(run, "loss"), points(run, "acc")) == ([0.5], [0.9])


@pytest.mark.parametrize("values", [0.5, [0.5], "loss", np.zeros(3)])
def test_values_without_names_are_refused_with_the_way_to_log_them(folder, capsys, values):
    with aseptic.track():
        aseptic.log(values, loss=1.0)
        aseptic.log(values, loss=2.0)
    run = last()
    assert points(run, "loss") == [1.0, 2.0]
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "log(name=value)" in said
    assert len(run.problems) == 1


@pytest.mark.parametrize(
    ("steps", "kept"),
    [
        ([None, None], [math.nan, math.nan]),
        ([-1, -5], [-1, -5]),
        ([3, 1, 2, 2], [3, 1, 2, 2]),
        ([10**15, 2**53], [10**15, 2**53]),
        ([0.5, np.int64(3), np.array(4), True], [0.5, 3, 4, 1]),
        ([math.inf, -0.0], [math.inf, -0.0]),
        ([1e300], [1e300]),
    ],
    ids=str,
)
def test_steps_are_kept_as_they_were_given_in_the_order_of_logging(folder, steps, kept):
    with aseptic.track():
        for number, step in enumerate(steps):
            aseptic.log(x=number, step=step)
    found = last().history("x")
    assert found.value.tolist() == list(range(len(steps)))
    assert list(map(repr, found.step)) == [repr(float(step)) for step in kept]


@pytest.mark.parametrize(
    "step", ["three", [1], 10**400, object(), np.zeros(2)], ids=lambda s: str(s)[:9]
)
def test_a_step_that_is_no_number_is_said_once_and_the_value_kept(folder, capsys, step):
    with aseptic.track():
        aseptic.log(x=1.0, step=step)
        aseptic.log(x=2.0, step=step)
    run = last()
    assert points(run, "x") == [1.0, 2.0]
    assert run.history("x").step.isna().all()
    assert list(problems(run)) == ["step"]
    assert capsys.readouterr().err.count("\n") == 1


# -- outside a run --------------------------------------------------------------------------------
def test_without_a_run_it_is_said_once_and_the_script_goes_on(script):
    done = script(
        """
        import aseptic
        for step in range(3):
            aseptic.log(loss=step, step=step)
        aseptic.log_params(lr=0.1)
        aseptic.log_artifact("text")
        print("done")
        """
    )
    assert done.stdout == "done\n"
    assert done.stderr.count("\n") == 1
    assert "no run is active here" in done.stderr
    assert len(aseptic.runs()) == 0


def test_after_the_end_of_its_run_logging_is_said_once_and_records_nothing(folder, capsys):
    with aseptic.track("over") as active:
        active.log(x=1)
    for step in range(3):
        active.log(x=step, step=step)
        active.log_params(lr=0.1)
        active.log_artifact("text")
    said = capsys.readouterr().err
    assert said == "aseptic: run over has ended: what is logged to it now is not recorded\n"
    run = last()
    assert (points(run, "x"), run.params, run.artifacts) == ([1], {}, {})
    assert not list(folder.glob(".aseptic/objects/*/*"))


def test_a_closed_stderr_does_not_stop_the_script(script):
    script(
        """
        import os, sys
        import aseptic
        os.close(2)
        aseptic.log(loss=1)
        with aseptic.track() as run:
            run.log(loss="x", good=1)
        sys.stderr = None
        run.log(good=2)
        """
    )
    assert points(last(), "good") == [1]


# -- params and artifacts -------------------------------------------------------------------------
def test_params_by_hand_are_plain_values_and_never_secrets(folder):
    with aseptic.track():
        aseptic.log_params({"a.b": 1, 3: "x"}, lr=0.5, layers=[8, 4], api_key="k", data=np.zeros(9))
        aseptic.log_params(lr=0.25, none=None, big=2**70)
    run = last()
    assert {name: param.value for name, param in run.params.items()} == {
        "a.b": 1,
        "3": "x",
        "lr": 0.25,
        "layers": (8, 4),
        "none": None,
        "big": hex(2**70),
    }
    assert sorted(problems(run)) == ["param api_key", "param data"]


@pytest.mark.parametrize("values", [0.5, ["lr"], "lr"])
def test_params_without_names_are_refused_in_one_line(folder, capsys, values):
    with aseptic.track():
        aseptic.log_params(values, lr=0.5)
    run = last()
    assert run.params["lr"].value == 0.5
    assert len(run.problems) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_artifacts_of_every_kind_are_kept_by_content(folder):
    from matplotlib.figure import Figure

    (folder / "model.bin").write_bytes(b"\0\1")
    (folder / "page.html").write_text("<p>")
    figure = Figure()
    with aseptic.track():
        aseptic.log_artifact("model.bin")
        aseptic.log_artifact(folder / "page.html", name="report.html")
        aseptic.log_artifact(b"bytes", name="raw")
        aseptic.log_artifact(memoryview(b"view"), name="view")
        aseptic.log_artifact("just text, no file")
        aseptic.log_artifact(figure)
        aseptic.log_artifact(pd.DataFrame({"a": [1]}))
        aseptic.log_artifact({"classes": ["cat"]}, name="classes.json")
    run = last()
    types = {name: artifact.media_type for name, artifact in run.artifacts.items()}
    assert types == {
        "model.bin": "application/octet-stream",
        "report.html": "text/html",
        "raw": "application/octet-stream",
        "view": "application/octet-stream",
        "artifact.txt": "text/plain",
        "figure.png": "image/png",
        "table.csv": "text/csv",
        "classes.json": "application/json",
    }
    assert run.read_artifact("model.bin") == b"\0\1"
    assert run.read_artifact("view") == b"view"
    assert run.read_artifact("artifact.txt") == b"just text, no file"
    assert run.read_artifact("figure.png").startswith(b"\x89PNG")
    assert run.read_artifact("table.csv") == b",a\n0,1\n"
    assert json.loads(run.read_artifact("classes.json")) == {"classes": ["cat"]}


def test_texts_of_any_length_and_with_any_character_are_texts(folder):
    texts = ["x" * 5000, "a\0b", "line\n" * 3, "\ud800"]
    with aseptic.track():
        for number, text in enumerate(texts):
            aseptic.log_artifact(text, name=str(number))
    run = last()
    assert [run.read_artifact(str(n)) for n in range(3)] == [t.encode() for t in texts[:3]]
    assert len(run.artifacts) == 4


def test_an_object_that_cannot_be_kept_is_refused_before_anything_is_written(folder):
    circle = []
    circle.append(circle)
    with aseptic.track():
        for thing in (object(), {1, 2}, lambda: None, circle, np.zeros(3)):
            with pytest.raises(TypeError, match=f"cannot keep a {type(thing).__name__} as an art"):
                aseptic.log_artifact(thing)
        with pytest.raises(FileNotFoundError, match=r"no file 'gone\.bin' to keep"):
            aseptic.log_artifact(folder.joinpath("gone.bin").relative_to(folder))
        with pytest.raises(IsADirectoryError, match="folder"):
            aseptic.log_artifact(folder)
    assert last().artifacts == {}


# -- processes ------------------------------------------------------------------------------------
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_child_logs_to_the_run_of_its_parent(script):
    script(
        """
        import os, aseptic
        with aseptic.track("parent") as run:
            aseptic.log(x=0)
            children = []
            for child in range(1, 4):
                pid = os.fork()
                if not pid:
                    aseptic.log(x=child)
                    run.log_params({f"child{child}": child})
                    os._exit(0)
                children.append(pid)
            assert [os.waitpid(pid, 0)[1] for pid in children] == [0, 0, 0]
            aseptic.log(x=4)
        """
    )
    run = last()
    assert run.status == "finished"
    assert sorted(points(run, "x")) == [0, 1, 2, 3, 4]
    assert set(run.params) == {"child1", "child2", "child3"}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_child_that_leaves_the_block_does_not_end_the_run_of_its_parent(script):
    script(
        """
        import os, sys, aseptic
        with aseptic.track("parent"):
            pid = os.fork()
            aseptic.log(x=1 if pid else 2)
            if not pid:
                sys.exit(3)
            assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 3
            assert aseptic.get_run("parent").status == "running"
            aseptic.log(x=3)
        """
    )
    run = last()
    assert (run.status, run.outputs.error) == ("finished", None)
    assert sorted(points(run, "x")) == [1, 2, 3]
    assert len(aseptic.runs()) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_forking_while_other_threads_log_and_start_runs_never_hangs(script):
    script(
        """
        import os, threading, time, warnings, aseptic
        warnings.simplefilter("ignore")
        stop = threading.Event()
        def busy():
            while not stop.is_set():
                aseptic.log(busy=1)
                with aseptic.track("short") as run:
                    run.log(y=1)
                time.sleep(0.02)
        with aseptic.track("first"):
            pass  # whatever is imported late is imported now
        with aseptic.track("parent") as parent:
            threads = [threading.Thread(target=busy) for _ in range(3)]
            for thread in threads:
                thread.start()
            for number in range(6):
                pid = os.fork()
                if not pid:
                    parent.log(x=number)
                    with aseptic.track("child") as run:
                        run.log(y=1)
                    os._exit(0)
                assert os.waitpid(pid, 0)[1] == 0
            stop.set()
            for thread in threads:
                thread.join()
        """
    )
    assert points(aseptic.get_run("parent"), "x") == list(range(6))
    assert len(aseptic.runs("name == 'child' and status == 'finished'")) == 6


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_fork_while_another_thread_is_starting_a_run_leaves_no_lock_held(script):
    script(
        """
        import os, threading, warnings, aseptic
        from aseptic import tracking
        from aseptic.capture.files import _PATCHES
        warnings.simplefilter("ignore")
        held, done = threading.Event(), threading.Event()
        def hold():
            with tracking._lock, _PATCHES._lock:
                held.set()
                done.wait(30)
        threading.Thread(target=hold).start()
        held.wait(30)
        pid = os.fork()
        if not pid:
            with aseptic.track("child") as run:
                run.log(x=1)
            os._exit(0)
        assert os.waitpid(pid, 0)[1] == 0
        done.set()
        """
    )
    assert points(last(), "x") == [1]


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_workers_of_a_pool_log_to_the_run_when_forked_and_say_so_when_spawned(script, method):
    if method == "fork" and not hasattr(os, "fork"):
        pytest.skip("this system does not fork")
    done = script(
        f"""
        import multiprocessing, aseptic
        def work(number):
            aseptic.log(x=number)
            return number
        if __name__ == "__main__":
            with aseptic.track("pool"):
                with multiprocessing.get_context({method!r}).Pool(2) as pool:
                    assert pool.map(work, range(8)) == list(range(8))
                aseptic.log(end=1)
        """
    )
    run = last()
    assert run.status == "finished"
    if method == "fork":
        assert sorted(points(run, "x")) == list(range(8))
        assert "no run is active" not in done.stderr
    else:
        assert "x" not in run.metrics
        assert 1 <= done.stderr.count("no run is active here") <= 2


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_a_killed_script_leaves_a_lost_run_with_every_point(started):
    process = started(
        """
        import time, aseptic
        with aseptic.track("killed", params={"lr": 0.5}) as run:
            for step in range(1000):
                run.log(loss=step, step=step)
            print("ready")
            time.sleep(60)
        """
    )
    assert last().status == "running"
    process.kill()
    process.wait()
    run = last()
    assert run.status == "lost"
    assert points(run, "loss") == list(range(1000))
    assert run.params["lr"].value == 0.5


def test_an_interrupted_script_is_an_interrupted_run_with_every_point(started):
    process = started(
        """
        import time, aseptic
        with aseptic.track("interrupted"):
            for step in range(10):
                aseptic.log(loss=step, step=step)
            print("ready")
            time.sleep(60)
        """
    )
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert "KeyboardInterrupt" in said
    run = last()
    assert (run.status, points(run, "loss")) == ("interrupted", list(range(10)))


# -- a store that fails ---------------------------------------------------------------------------
def test_a_store_that_cannot_be_written_for_a_while_is_said_once_and_kept_as_a_problem(script):
    pytest.importorskip("resource")
    done = script(
        """
        import resource, aseptic
        _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
        with aseptic.track("full"):
            aseptic.log(x=0)
            resource.setrlimit(resource.RLIMIT_FSIZE, (1, most))  # as if the disk were full
            for step in range(1, 4):
                aseptic.log(x=step)
                aseptic.log_params(lr=step)
                aseptic.log_artifact("text")
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
            aseptic.log(x=4)
        print("done")
        """
    )
    assert done.stdout == "done\n"
    assert done.stderr.count("\n") == 1
    assert "run full: not everything is recorded: cannot write" in done.stderr
    run = last()
    assert (run.status, points(run, "x")) == ("finished", [0, 4])
    assert any("3 points" in what for what in problems(run))


def test_a_store_that_is_removed_lets_the_block_go_on(script):
    done = script(
        """
        import shutil, aseptic
        with aseptic.track("gone"):
            aseptic.log(x=0)
            shutil.rmtree(".aseptic")
            aseptic.log(x=1)
            aseptic.log_artifact("text")
        print("done")
        """
    )
    assert done.stdout == "done\n"
    assert done.stderr.count("\n") <= 1


def test_starting_where_nothing_can_be_written_raises_and_leaves_no_run_active(folder):
    (folder / ".aseptic").write_text("a file where the store's folder should be")
    with pytest.raises(aseptic.AsepticError, match="cannot write"), aseptic.track():
        pytest.fail("the block was entered")
    assert tracking.find_active_run() is None


def test_several_listeners_hear_points_and_records_until_they_are_forgotten(folder):
    heard = []

    def first(_run, values, step, _time_s):
        heard.append(("first", values, step))

    def second(_run, values, _step, _time_s):
        heard.append(("second", values))

    def records(_run, record):
        heard.append(type(record).__name__)

    with aseptic.track() as active:
        active.on_points(first)
        active.on_points(second)
        active.on_record(records)
        active.log(x=1, step=3)
        active.forget_listener(first)
        active.log(x=2)
        active.problem("a", "b")
        active.forget_listener(second)
        active.log(x=3)
        del heard[4:]
    assert heard[:4] == [
        ("first", {"x": 1}, 3.0),
        ("second", {"x": 1}),
        ("second", {"x": 2}),
        "Problem",
    ]
    assert heard[-1] == "RunEnd"


def test_a_record_listener_that_fails_is_dropped_and_said(folder, capsys):
    def fails(_run, _record):
        raise RuntimeError("no")

    with aseptic.track() as active:
        active.on_record(fails)
        active.problem("a", "b")
        active.problem("c", "d")
    assert capsys.readouterr().err == "aseptic: Problem was not passed on: no\n"


def test_a_run_that_a_check_has_stopped_ends_interrupted_whatever_ended_it(folder):
    with aseptic.track() as active:
        active.stop("T02 divergence: the loss is 9 times what it was")
    run = aseptic.get_run(active.run_id)
    assert run.status == "interrupted"
    assert ("stopped", active.stopped_by) in [(one.what, one.reason) for one in run.problems]


def test_what_is_withdrawn_is_in_no_snapshot(folder):
    finding = Finding(code="T02", name="divergence", severity="error", message="m")
    with aseptic.track() as active:
        active.record(finding)
        active.withdraw("T02")
        assert active.snapshot().findings == ()
        again = msgspec.structs.replace(finding, message="n")
        active.record(again)
    assert aseptic.get_run(active.run_id).findings == (again,)


def test_a_listener_of_a_notebook_does_not_hear_a_forked_child(folder):
    if not hasattr(os, "fork"):
        pytest.skip("this system does not fork")
    heard = []
    with aseptic.track() as active:
        active.on_points(lambda *_: heard.append(os.getpid()) or os.write(1, b"heard"))
        active.log(x=1)
        pid = os.fork()
        if not pid:
            with contextlib.suppress(BaseException):
                heard.clear()
                active.log(x=2)
            os._exit(len(heard))
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert heard == [os.getpid()]
