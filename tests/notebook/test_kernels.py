"""Tracked cells in real kernels, driven by messages as a front end does, and by batch tools."""

import base64
import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import nbclient
import nbformat
import pytest
from jupyter_client.manager import KernelManager
from nbformat.v4 import new_code_cell, new_notebook

import aseptic

LIMIT_S = 60
SCORE = "def score(value):\n    return value"


class Answer(NamedTuple):
    """What a front end is told of one cell: its messages in order, and the reply."""

    messages: list
    reply: dict

    def of(self, kind):
        return [content for name, content in self.messages if name == kind]

    @property
    def text(self):
        return "".join(content["text"] for content in self.of("stream"))

    @property
    def cards(self):
        bundles = [content["data"] for content in self.of("display_data")]
        return [bundle for bundle in bundles if "as-Card" in bundle.get("text/html", "")]


class Kernel:
    """A kernel in a folder, with the extension loaded."""

    def __init__(self, folder):
        environ = dict(os.environ, IPYTHONDIR=str(folder / ".ipython"))
        environ.pop("ASEPTIC_STORE", None)
        self.manager = KernelManager(kernel_name="python3")
        self.manager.start_kernel(
            cwd=str(folder),
            env=environ,
            extra_arguments=["--HistoryManager.enabled=False"],
            stderr=subprocess.DEVNULL,
        )
        self.client = self.manager.blocking_client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=LIMIT_S)
        self.run("%load_ext aseptic")

    def send(self, code, *, subshell_id=None, **metadata):
        """Sends a cell with its metadata, as JupyterLab does; returns the id of the message."""
        content = {"code": code, "silent": False, "store_history": True, "user_expressions": {}}
        content |= {"allow_stdin": False, "stop_on_error": False}
        message = self.client.session.msg("execute_request", content, metadata=metadata)
        if subshell_id is not None:
            message["header"]["subshell_id"] = subshell_id
        self.client.shell_channel.send(message)
        return message["header"]["msg_id"]

    def run(self, code, **metadata):
        (answer,) = self.receive(self.send(code, **metadata))
        return answer

    def receive(self, *message_ids):
        """All that is said of the messages until each is idle again, and the replies."""
        messages, busy = {each: [] for each in message_ids}, set(message_ids)
        while busy:
            message = self.client.get_iopub_msg(timeout=LIMIT_S)
            parent, content = message["parent_header"].get("msg_id"), message["content"]
            if parent in messages and message["msg_type"] == "status":
                if content["execution_state"] == "idle":
                    busy.discard(parent)
            elif parent in messages:
                messages[parent].append((message["msg_type"], content))
        replies = {}
        while not messages.keys() <= replies.keys():
            reply = self.client.get_shell_msg(timeout=LIMIT_S)
            replies[reply["parent_header"]["msg_id"]] = reply["content"]
        return [Answer(messages[each], replies[each]) for each in message_ids]

    def wait_for(self, text):
        """Waits until the cell that runs has printed a text."""
        said = ""
        while text not in said:
            message = self.client.get_iopub_msg(timeout=LIMIT_S)
            said += message["content"].get("text", "")

    def interrupt(self, code, *, when="ready"):
        """Runs a cell, and interrupts it when it has printed `ready`."""
        message_id = self.send(code)
        self.wait_for(when)
        time.sleep(0.05)
        self.manager.interrupt_kernel()
        (answer,) = self.receive(message_id)
        return answer

    def start_subshell(self):
        message = self.client.session.msg("create_subshell_request", {})
        self.client.control_channel.send(message)
        return self.client.get_control_msg(timeout=LIMIT_S)["content"]["subshell_id"]

    def has_subshells(self):
        self.client.kernel_info()
        reply = self.client.get_shell_msg(timeout=LIMIT_S)["content"]
        return "kernel subshells" in reply.get("supported_features", ())

    def close(self):
        self.client.stop_channels()
        with contextlib.suppress(queue.Empty, RuntimeError):
            self.manager.shutdown_kernel(now=True)


def new_folder(folder):
    """A git repository with one commit."""
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    (folder / ".gitignore").write_text(".ipython\n")
    for words in (["init", "-q", "-b", "main"], ["add", "."], [*who, "commit", "-qm", "start"]):
        subprocess.run(["git", *words], cwd=folder, check=True)
    return folder


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """The folder of the kernel that most tests share; the current one."""
    folder = new_folder(tmp_path_factory.mktemp("kernels"))
    before = Path.cwd()
    os.chdir(folder)
    yield folder
    os.chdir(before)


@pytest.fixture(scope="module")
def shared(place):
    kernel = Kernel(place)
    yield kernel
    kernel.close()


@pytest.fixture
def kernel(shared, place, monkeypatch):
    """The shared kernel, with an empty namespace."""
    monkeypatch.chdir(place)
    monkeypatch.delenv("ASEPTIC_STORE", raising=False)
    shared.run(f"%reset -f\nimport aseptic\n{SCORE}")
    return shared


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of its own, the current one."""
    monkeypatch.chdir(new_folder(tmp_path))
    monkeypatch.delenv("ASEPTIC_STORE", raising=False)
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / ".ipython"))
    return tmp_path


def count():
    return len(aseptic.runs())


def last():
    return aseptic.get_run(aseptic.runs().run_id[0])


def points(run, metric="x"):
    return run.history(metric).value.tolist()


# -- which cells are runs -------------------------------------------------------------------------
def test_a_cell_tagged_run_is_a_run_and_another_is_not(kernel):
    before = count()
    kernel.run("a = max(1, 2)", tags=["run"], cellId="cell-a", deletedCells=[], trusted=True)
    kernel.run("b = max(1, 2)", tags=["other"], cellId="cell-b")
    kernel.run("c = max(1, 2)", cellId="cell-c")
    kernel.run("d = max(1, 2)", tags="run", cellId="cell-d")
    kernel.run("print('run')", tags=None)
    assert count() == before + 1
    run = last()
    assert run.status == "finished"
    assert run.cells[-1].cell_id == "cell-a"
    assert run.source == "a = max(1, 2)"


def test_the_tag_is_read_from_the_message_where_ipython_does_not_hand_it_on(kernel):
    kernel.run(
        """
        def old_ipython(info):
            info.cell_meta = None
        callbacks = get_ipython().events.callbacks["pre_run_cell"]
        callbacks.insert(0, old_ipython)
        """
    )
    before = count()
    kernel.run("a = max(1, 2)", tags=["run"], cellId="cell-old")
    kernel.run("b = max(1, 2)", cellId="cell-old-2")
    kernel.run("callbacks.remove(old_ipython)")
    assert count() == before + 1
    assert last().cells[-1].source == "a = max(1, 2)"


def test_a_cell_that_was_deleted_makes_what_uses_it_stale(kernel):
    kernel.run("lr = 0.5", cellId="gone")
    kernel.run("acc = abs(lr)", tags=["run"], cellId="kept", deletedCells=["gone"])
    assert last().state.kind == "stale"


# -- what is shown --------------------------------------------------------------------------------
def test_the_card_is_the_last_output_of_the_cell(kernel):
    answer = kernel.run("%%track first -e demo\nacc = score(0.5)\nprint('out')\nacc")
    kinds = [name for name, _ in answer.messages]
    assert kinds == ["execute_input", "stream", "execute_result", "display_data"]
    (card,) = answer.cards
    assert sorted(card) == ["text/html", "text/plain"]
    assert card["text/plain"].startswith("first demo · acc 0.5")
    assert "<script" not in card["text/html"]
    assert answer.of("execute_result")[0]["data"] == {"text/plain": "0.5"}
    assert answer.reply["status"] == "ok"


def test_the_card_of_a_failed_cell_follows_its_error(kernel):
    answer = kernel.run("%%track\nmax(1, 2)\n1 / 0")
    kinds = [name for name, _ in answer.messages]
    assert sorted(kinds[1:]) == ["display_data", "error"]
    assert "failed ZeroDivisionError" in answer.cards[0]["text/plain"]
    assert answer.reply["status"] == "error"
    run = last()
    assert run.outputs.error == "ZeroDivisionError: division by zero"
    assert "1 / 0" in run.outputs.traceback


def test_quiet_shows_nothing(kernel):
    answer = kernel.run("%%track silent --quiet\nfor i in range(3):\n    aseptic.log(x=i, step=i)")
    assert [name for name, _ in answer.messages] == ["execute_input"]
    assert points(last()) == [0, 1, 2]


def test_curves_appear_while_the_cell_logs_and_are_complete_in_the_saved_notebook(kernel):
    answer = kernel.run(
        """%%track curves
import time
for i in range(4):
    aseptic.log(loss=1 / (i + 1), acc=i, step=i)
    time.sleep(0.12)
"""
    )
    widget, form, _ = answer.of("display_data")
    model = widget["data"]["application/vnd.jupyter.widget-view+json"]["model_id"]
    sent = [m for m in answer.of("comm_msg") if m["comm_id"] == model]
    assert any(message["data"]["method"] == "custom" for message in sent)
    updates = answer.of("update_display_data")
    html = updates[-1]["data"]["text/html"]
    assert updates[-1]["transient"]["display_id"] == form["transient"]["display_id"]
    assert "<svg" in html
    assert "loss" in html
    assert "acc" in html
    assert "<script" not in html
    assert [name for name, _ in answer.messages][-1] == "display_data"  # the card stays below
    assert answer.messages[-1][1]["data"] == answer.cards[0]
    assert points(last(), "acc") == [0, 1, 2, 3]


def test_a_metric_of_one_point_has_no_curve(kernel):
    answer = kernel.run("%%track\naseptic.log(loss=0.5)")
    assert answer.of("comm_open") == []
    assert len(answer.of("display_data")) == 1


def test_what_threads_log_is_drawn_with_the_rest(kernel):
    answer = kernel.run(
        """%%track
import threading
threads = [threading.Thread(target=aseptic.log, kwargs={"x": i, "step": i}) for i in range(5)]
for thread in threads:
    thread.start()
    thread.join()
"""
    )
    assert points(last()) == [0, 1, 2, 3, 4]
    assert "<svg" in answer.of("update_display_data")[-1]["data"]["text/html"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_workers_forked_by_a_cell_log_to_its_run_and_show_nothing_themselves(kernel):
    answer = kernel.run(
        """%%track forked
import multiprocessing, warnings
warnings.simplefilter("ignore")
def work(i):
    aseptic.log(x=i)
    aseptic.log(x=i)
with multiprocessing.get_context("fork").Pool(2) as pool:
    pool.map(work, range(4))
aseptic.log(own=1)
"""
    )
    assert answer.reply["status"] == "ok"
    assert answer.text == ""
    assert answer.of("comm_open") == []
    run = last()
    assert (run.status, sorted(points(run))) == ("finished", [0, 0, 1, 1, 2, 2, 3, 3])


# -- what is recorded -----------------------------------------------------------------------------
def test_what_a_cell_prints_and_draws_is_recorded(kernel):
    answer = kernel.run(
        """%%track
%matplotlib inline
import sys
import matplotlib.pyplot as plt
print("to stdout")
print("to stderr", file=sys.stderr)
plt.plot([1, 2])
plt.show()
plt.plot([2, 1])
plt.show()
"the result"
"""
    )
    run = last()
    assert run.outputs.stdout == "to stdout\n"
    assert run.outputs.stderr == "to stderr\n"
    assert run.outputs.result == "'the result'"
    pictures = [
        c["data"]["image/png"] for _, c in answer.messages if "image/png" in c.get("data", ())
    ]
    kept = [run.read_artifact(name) for name in run.artifacts if name.startswith("figure_")]
    assert kept == [base64.b64decode(picture) for picture in pictures]
    assert len(kept) == 2
    assert list(run.problems) == []


def test_a_picture_that_is_the_result_is_kept_or_said_to_be_missing(kernel):
    answer = kernel.run(
        """%%track
%matplotlib inline
import matplotlib.pyplot as plt
figure = plt.figure()
plt.close(figure)
figure.gca().plot([2, 1])
figure
"""
    )
    (result,) = answer.of("execute_result")
    run = last()
    if run.problems:  # before ipykernel 7
        assert [problem.what for problem in run.problems] == ["figures"]
    else:
        assert run.read_artifact("figure_1.png") == base64.b64decode(result["data"]["image/png"])


def test_what_is_recorded_as_printed_is_what_stands_under_the_cell(kernel):
    kernel.run(
        "import threading, time\n"
        "def talk():\n    time.sleep(0.2)\n    print('late')\n"
        "thread = threading.Thread(target=talk)\nthread.start()"
    )
    answer = kernel.run("%%track\nimport time\nprint('own')\nthread.join()\ntime.sleep(0.1)")
    assert last().outputs.stdout == answer.text
    assert "own" in answer.text


# -- await, interrupts, death ---------------------------------------------------------------------
def test_a_cell_that_awaits_is_tracked_to_its_end(kernel):
    answer = kernel.run(
        """%%track awaited
import asyncio
async def train(lr):
    for i in range(3):
        await asyncio.sleep(0.01)
        aseptic.log(x=i, step=i)
    return lr
acc = await train(0.5)
print("out")
acc
"""
    )
    assert answer.reply["status"] == "ok"
    assert len(answer.cards) == 1
    run = last()
    assert (run.name, run.status, points(run)) == ("awaited", "finished", [0, 1, 2])
    assert run.params["lr"].value == 0.5
    assert (run.outputs.stdout, run.outputs.result) == ("out\n", "0.5")
    assert run.duration_s > 0.03


def test_tasks_gathered_in_a_cell_log_to_its_run_and_in_blocks_to_their_own(kernel):
    kernel.run(
        """%%track gathered
import asyncio
async def train(name):
    with aseptic.track(name) as run:
        for i in range(3):
            await asyncio.sleep(0)
            aseptic.log(own=name == "b", step=i)
    aseptic.log(done=1)
await asyncio.gather(train("a"), train("b"))
"""
    )
    assert points(aseptic.get_run("a"), "own") == [0, 0, 0]
    assert points(aseptic.get_run("b"), "own") == [1, 1, 1]
    assert points(aseptic.get_run("gathered"), "done") == [1, 1]


def test_a_task_left_behind_does_not_log_to_the_next_run(kernel):
    kernel.run(
        """%%track left
import asyncio
async def background():
    for i in range(40):
        aseptic.log(stray=i)
        await asyncio.sleep(0.01)
task = asyncio.create_task(background())
await asyncio.sleep(0.02)
"""
    )
    answer = kernel.run("%%track next\nimport asyncio\nawait asyncio.sleep(0.1)\naseptic.log(x=1)")
    kernel.run("task.cancel()")
    assert "stray" not in aseptic.get_run("next").metrics
    assert aseptic.get_run("left").metrics["stray"].count >= 1
    assert answer.reply["status"] == "ok"


def test_a_cell_interrupted_while_it_awaits_is_an_interrupted_run(kernel):
    answer = kernel.interrupt(
        """%%track
import asyncio
aseptic.log(x=1)
print("ready", flush=True)
for _ in range(3000):
    await asyncio.sleep(0.02)  # ipykernel sees a signal only when its loop wakes
"""
    )
    assert answer.reply["status"] == "error"
    run = last()
    assert (run.status, points(run)) == ("interrupted", [1])
    kernel.run("%%track after\nx = max(1, 2)")
    assert (last().name, last().status) == ("after", "finished")


def test_a_loop_that_is_interrupted_is_an_interrupted_run_with_every_point(kernel):
    answer = kernel.interrupt(
        """%%track
import time
for i in range(10_000_000):
    aseptic.log(x=i, step=i)
    if i == 200:
        print("ready", flush=True)
        time.sleep(60)
"""
    )
    assert answer.reply["ename"] == "KeyboardInterrupt"
    assert "interrupted" in answer.cards[0]["text/plain"]
    run = last()
    assert (run.status, points(run)) == ("interrupted", list(range(201)))


def test_an_interrupt_at_any_moment_of_a_loop_loses_no_point_that_was_logged(kernel):
    for _ in range(3):
        answer = kernel.interrupt(
            """%%track
from itertools import count
print("ready", flush=True)
for i in count():
    aseptic.log(x=i, step=i)
    done = i
"""
        )
        assert answer.reply["ename"] == "KeyboardInterrupt", answer
        done = int(kernel.run("done").of("execute_result")[0]["data"]["text/plain"])
        run = last()
        assert run.status == "interrupted"
        assert points(run) in (list(range(done + 1)), list(range(done + 2)))


SLOW = """
class Slow:
    def __enter__(self):
        return self
import aseptic.notebook.tracked_cell as tracked_cell, time
def slow(function):
    def call(*args, **kwargs):
        print("ready", flush=True)
        time.sleep(60)
        return function(*args, **kwargs)
    return call
"""


@pytest.mark.parametrize("step", ["describe", "closure_of"])
def test_an_interrupt_while_data_is_digested_stops_the_cell_before_it_runs(kernel, step):
    kernel.run(f"import numpy as np\nX = np.ones(3)\n{SLOW}\nkept = tracked_cell.{step}")
    kernel.run(f"tracked_cell.{step} = slow(kept)")
    answer = kernel.interrupt("%%track\nran = X.sum()")
    kernel.run(f"tracked_cell.{step} = kept")
    assert answer.reply["ename"] == "KeyboardInterrupt"
    assert kernel.run("ran").reply["ename"] == "NameError"
    assert last().status == "interrupted"
    kernel.run("%%track after\nran = X.sum()")
    assert (last().name, last().status) == ("after", "finished")
    assert "X" in last().data_inputs


@pytest.mark.parametrize("step", ["record_surroundings", "_shown_traceback"])
def test_an_interrupt_while_the_run_is_written_down_still_ends_it(kernel, step):
    kernel.run(f"{SLOW}\nkept = tracked_cell.{step}\ntracked_cell.{step} = slow(kept)")
    answer = kernel.interrupt("%%track late\naseptic.log(x=1)\nraise ValueError('own')")
    kernel.run(f"tracked_cell.{step} = kept")
    assert answer.reply["ename"] == "ValueError"
    assert len(answer.cards) == 1
    run = last()
    assert (run.status, points(run)) == ("failed", [1])
    assert any("interrupted" in problem.reason for problem in run.problems)
    answer = kernel.run("aseptic.log(x=2)")
    assert points(aseptic.get_run("late")) == [1]


def test_a_cell_that_ends_the_kernel_by_exit_is_a_run_that_ended(kernel):
    answer = kernel.run("%%track left\naseptic.log(x=1)\nraise SystemExit")
    assert answer.reply["status"] == "error"
    assert last().status == "failed"


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_a_killed_kernel_leaves_a_lost_run_with_every_point(folder):
    kernel = Kernel(folder)
    try:
        kernel.run("%%track whole\nlr = max(0.5, 0.1)")
        kernel.send(
            """%%track killed
import aseptic, time
for i in range(500):
    aseptic.log(x=i, step=i)
print("ready", flush=True)
time.sleep(60)
"""
        )
        kernel.wait_for("ready")
        assert last().status == "running"
        kernel.manager.signal_kernel(signal.SIGKILL)
        until = time.monotonic() + 10
        while last().status == "running" and time.monotonic() < until:
            time.sleep(0.05)
        run = last()
        assert (run.name, run.status, points(run)) == ("killed", "lost", list(range(500)))
        assert aseptic.get_run("whole").status == "finished"
    finally:
        kernel.close()


def test_a_disk_that_is_full_for_a_while_is_said_once_and_the_cell_goes_on(kernel):
    pytest.importorskip("resource")
    answer = kernel.run(
        """%%track full
import resource
_, most = resource.getrlimit(resource.RLIMIT_FSIZE)
aseptic.log(x=0)
resource.setrlimit(resource.RLIMIT_FSIZE, (1, most))
for i in range(1, 4):
    aseptic.log(x=i)
resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
aseptic.log(x=4)
"""
    )
    assert answer.reply["status"] == "ok"
    assert answer.text.count("\n") == 1
    assert "run full: not everything is recorded: cannot write" in answer.text
    run = last()
    assert (run.status, points(run)) == ("finished", [0, 4])
    assert [problem.what for problem in run.problems] == ["3 points and 0 records"]


# -- subshells ------------------------------------------------------------------------------------
@pytest.fixture
def subshells(kernel):
    if not kernel.has_subshells():
        pytest.skip("this kernel has no subshells")
    return [kernel.start_subshell() for _ in range(2)]


NAMES = ("one", "two", "three")
PARALLEL = """%%track {name} -e {name}
import time, sys
meet({number})
value = score({number})
for i in range(20):
    aseptic.log(x={number}, {name}=i, step=i)
    print("{name}", end=" ")
    time.sleep(0.01)
open("{name}.txt").read()
meet({number})
time.sleep({number} / 4)  # ipykernel mixes results that are shown at the same moment
"{name}"
"""
MEET = """
import threading
barrier = threading.Barrier({count})
def meet(number):
    barrier.wait(20)
"""


def test_cells_that_run_at_one_time_in_subshells_are_runs_of_their_own(kernel, subshells, place):
    for name in NAMES:
        (place / f"{name}.txt").write_text(name)
    kernel.run(MEET.format(count=3))
    sent = [
        kernel.send(
            PARALLEL.format(name=name, number=number), subshell_id=where, cellId=f"cell-{name}"
        )
        for number, (name, where) in enumerate(zip(NAMES, (None, *subshells), strict=True))
    ]
    answers = kernel.receive(*sent)
    for number, (name, answer) in enumerate(zip(NAMES, answers, strict=True)):
        assert answer.reply["status"] == "ok", answer
        assert len(answer.cards) == 1
        assert answer.cards[0]["text/plain"].startswith(f"{name} {name} ")
        run = aseptic.get_run(name)
        assert run.status == "finished"
        assert points(run) == [number] * 20
        assert points(run, name) == list(range(20))
        assert set(run.metrics) == {"x", name, "value"}
        assert run.outputs.stdout == f"{name} " * 20
        assert run.outputs.result == f"'{name}'"
        assert list(run.data_inputs) == [f"{name}.txt"]
        assert run.cells[-1].cell_id == f"cell-{name}" or run.source in {
            c.source for c in run.cells
        }
        svg = answer.of("update_display_data")[-1]["data"]["text/html"]
        assert [other for other in NAMES if f">{other}<" in svg] == [name]


def test_an_untracked_cell_beside_a_tracked_one_logs_to_no_run(kernel, subshells):
    kernel.run(MEET.format(count=2))
    tracked = "%%track alone\nmeet(0)\nmeet(0)\naseptic.log(x=1)"
    stranger = "meet(1)\naseptic.log(x=99)\nmeet(1)"
    for first, second in ((None, subshells[0]), (subshells[0], None), subshells):
        sent = kernel.send(tracked, subshell_id=first), kernel.send(stranger, subshell_id=second)
        answers = kernel.receive(*sent)
        assert [answer.reply["status"] for answer in answers] == ["ok", "ok"]
        assert points(aseptic.get_run("alone")) == [1]


def test_many_short_cells_in_subshells_are_all_runs_with_their_own_cells(kernel, subshells):
    before = count()
    sent = [
        kernel.send(f"%%track r{n} --quiet\nv{n} = score({n})", subshell_id=where, cellId=f"c{n}")
        for n, where in enumerate((None, *subshells) * 8)
    ]
    answers = kernel.receive(*sent)
    assert {answer.reply["status"] for answer in answers} == {"ok"}
    assert count() == before + 24
    orders = set()
    for n in range(24):
        run = aseptic.get_run(f"r{n}")
        own = [cell for cell in run.cells if cell.source == run.source]
        assert [cell.cell_id for cell in own] == [f"c{n}"]
        assert run.metrics[f"v{n}"].value == n
        orders.add(own[0].order)
    assert len(orders) == 24


# -- without a front end --------------------------------------------------------------------------
def write_notebook(path, *cells):
    """A notebook of cells, each its source, or its source and tags."""
    made = []
    for number, cell in enumerate(cells):
        source, tags = cell if isinstance(cell, tuple) else (cell, [])
        made.append(new_code_cell(source, id=f"cell-{number}", metadata={"tags": tags}))
    kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(new_notebook(cells=made, metadata={"kernelspec": kernelspec}), path)


def execute(folder, *words):
    environ = dict(os.environ, IPYTHONDIR=str(folder / ".ipython"))
    environ.pop("ASEPTIC_STORE", None)
    return subprocess.run(
        [sys.executable, "-m", *words],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_jupyter_execute_records_runs_and_saves_their_cards(folder):
    write_notebook(
        folder / "train.ipynb",
        "import aseptic\n%load_ext aseptic",
        f"{SCORE}\nlr = 0.5",
        "%%track batch\nacc = score(lr)\nfor i in range(3):\n    aseptic.log(loss=i, step=i)",
        "%aseptic compare",
    )
    done = execute(folder, "jupyter", "execute", "train.ipynb", "--inplace")
    assert done.returncode == 0, done.stderr
    run = last()
    assert (run.name, run.status) == ("batch", "finished")
    assert run.params["lr"].value == 0.5
    assert run.metrics["acc"].value == 0.5
    assert points(run, "loss") == [0, 1, 2]
    outputs = json.loads((folder / "train.ipynb").read_text())["cells"][2]["outputs"]
    html = ["".join(output["data"].get("text/html", "")) for output in outputs if "data" in output]
    assert "<svg" in html[-2]
    assert "as-Card" in html[-1]


def test_a_notebook_that_fails_in_batch_leaves_a_failed_run(folder):
    write_notebook(folder / "train.ipynb", "%load_ext aseptic", "%%track\nx = abs(1)\n1 / 0")
    notebook = nbformat.read(folder / "train.ipynb", as_version=4)
    with pytest.raises(nbclient.exceptions.CellExecutionError):
        nbclient.NotebookClient(notebook, resources={"metadata": {"path": str(folder)}}).execute()
    assert last().status == "failed"


def test_papermill_gives_params_whose_origin_is_its_cell(folder):
    pytest.importorskip("papermill")
    write_notebook(
        folder / "train.ipynb",
        ("lr = 0.1\nepochs = 3", ["parameters"]),
        "%load_ext aseptic",
        SCORE,
        "%%track paper\nacc = score(lr * epochs)",
    )
    done = execute(folder, "papermill", "train.ipynb", "out.ipynb", "-p", "lr", "0.5")
    assert done.returncode == 0, done.stderr
    run = last()
    assert (run.name, run.status, run.metrics["acc"].value) == ("paper", "finished", 1.5)
    assert run.params["lr"].value == 0.5
    assert run.params["lr"].uses[0].origin.how == "parameters"
