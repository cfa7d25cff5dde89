"""How a job ends before its time: by a scheduler, a limit, a check, or the death of its kernel."""

from __future__ import annotations

import os
import signal
import time

import psutil
import pytest

from .conftest import RUN

ENDLESS = (
    "import aseptic, time, os\n"
    "for step in range(10_000):\n"
    "    aseptic.log(loss=1 / (step + 1), step=step)\n"
    "    time.sleep(0.02)\n"
)
STOPPED = (
    "import aseptic\n"
    "from aseptic.tracking import find_active_run\n"
    "aseptic.log(loss=1e9)\n"
    "find_active_run().problem('stopped', 'T02 divergence: loss is 1e9')\n"
    "raise KeyboardInterrupt\n"
)


@pytest.fixture(params=["notebook", "script"])
def target(request, place):
    """A job that logs and does not end by itself."""
    if request.param == "script":
        return place.write("train.py", ENDLESS)
    pytest.importorskip("papermill")
    return place.notebook((ENDLESS, RUN), ("never = 1", RUN))


def children_of(process):
    return psutil.Process(process.pid).children(recursive=True)


def assert_all_gone(processes):
    _, alive = psutil.wait_procs(processes, timeout=20)
    assert alive == []


@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 143), ("SIGINT", 130)])
def test_a_signal_leaves_an_interrupted_run_with_all_its_points(place, target, name, code):
    process = place.start(target, "--report", "report.json")
    place.wait_for_points()
    children = children_of(process)
    process.send_signal(getattr(signal, name))
    done = place.end(process)
    assert done.code == code, done
    assert_all_gone(children)
    (run,) = place.runs
    (series,) = place.store.read_series([run.run_id], "loss")
    assert run.status == "interrupted"
    assert list(series.step) == list(range(len(series.step)))
    report = place.report()
    assert (report.exit_code, report.ended_by) == (code, name)
    assert f"exit code {code}: ended by {name}" in done.out
    assert ("executed.ipynb" in run.artifacts) == target.endswith(".ipynb")


def test_a_scheduler_that_ends_every_process_at_once_leaves_an_interrupted_run(place, target):
    process = place.start(target)
    place.wait_for_points()
    for one in [*children_of(process), psutil.Process(process.pid)]:
        one.send_signal(signal.SIGTERM)
    assert place.end(process).code == 143
    assert [run.status for run in place.runs] == ["interrupted"]


def test_a_job_out_of_time_is_interrupted_and_fails_by_timeout(place, target):
    process = place.start(target, "--timeout", "8", "--report", "report.json")
    done = place.end(process)
    assert done.code == 1, done
    report = place.report()
    assert (report.ended_by, report.reasons[0].text) == ("timeout", "timeout: not done after 8.0 s")
    assert [run.status for run in place.runs] == ["interrupted"]


def test_what_cannot_be_interrupted_is_killed_after_the_grace_time_and_loses_no_point(place):
    place.write(
        "train.py",
        "import aseptic, time\n"
        "for step in range(5):\n    aseptic.log(loss=step, step=step)\n"
        "while True:\n"
        "    try:\n        time.sleep(60)\n    except KeyboardInterrupt:\n        pass\n",
    )
    process = place.start("train.py", "--report", "report.json")
    place.wait_for_points(least=5)
    process.send_signal(signal.SIGTERM)
    done = place.end(process)
    assert done.code == 143
    assert "was killed" in place.report().notes[-1]
    (run,) = place.runs
    assert (run.status, run.metrics["loss"].count) == ("lost", 5)


def test_a_kernel_that_dies_leaves_a_lost_run_and_the_job_fails(place):
    pytest.importorskip("papermill")
    target = place.notebook((ENDLESS + "    if step == 20: os.kill(os.getpid(), 9)\n", RUN))
    done = place.run(target, "--report", "report.json")
    assert done.code == 1, done
    assert place.report().error == "the kernel died (signal 9)"
    (run,) = place.runs
    assert (run.status, run.metrics["loss"].count) == ("lost", 21)
    assert "executed.ipynb" in run.artifacts


def test_a_script_whose_job_is_killed_ends_by_itself(place):
    process = place.start(place.write("train.py", ENDLESS))
    place.wait_for_points()
    (child,) = [one for one in children_of(process) if "child" in " ".join(one.cmdline())]
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert_all_gone([child])
    assert [run.status for run in place.runs] == ["interrupted"]


@pytest.mark.parametrize("kind", ["notebook", "script"])
def test_a_training_that_a_check_stopped_ends_with_5(place, kind):
    target = (
        place.notebook((STOPPED, RUN)) if kind == "notebook" else place.write("train.py", STOPPED)
    )
    done = place.run(target, "--stop-on", "overfit,error", "--report", "report.json")
    assert done.code == 5, done
    report = place.report()
    assert report.runs[0].stopped_by == "T02 divergence: loss is 1e9"
    assert [one.exit_code for one in report.reasons] == [5]
    assert place.runs[0].status == "interrupted"


def test_stop_on_reaches_the_process_that_trains(place):
    place.write("train.py", "import os\nprint('stops on', os.environ['ASEPTIC_STOP_ON'])")
    done = place.run("train.py", "--stop-on", "overfit, error", "--stop-on", "T16")
    assert "stops on overfit,error,T16" in done.out


def test_a_second_ctrl_c_does_not_wait(place):
    place.write(
        "train.py",
        "import aseptic, time\naseptic.log(loss=1.0)\n"
        "while True:\n"
        "    try:\n        time.sleep(60)\n    except KeyboardInterrupt:\n        pass\n",
    )
    process = place.start("train.py", "--report", "report.json")
    place.wait_for_points(least=1)
    process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    assert place.end(process).code == 130
    assert "was killed" in place.report().notes[-1]
