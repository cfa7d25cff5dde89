"""Trainings in real kernels: what is told while a cell runs, and how it is stopped."""

from __future__ import annotations

import pytest
from tests.notebook.test_kernels import Kernel, new_folder

import aseptic

TRAINING = """%%track
import time, aseptic
for step in range(600):
    try:
        aseptic.log(loss=2.3 * 1.2**min(step, 60), step=step)
        time.sleep(0.05)
        if {until}:
            break
    except Exception:
        pass
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.delenv("ASEPTIC_STORE", raising=False)
    monkeypatch.delenv("ASEPTIC_STOP_ON", raising=False)
    folder = new_folder(tmp_path)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def start(place):
    made = []

    def make():
        made.append(Kernel(place))
        return made[-1]

    yield make
    for kernel in made:
        kernel.close()


def last():
    return aseptic.get_run(aseptic.runs().run_id[0])


def custom(answer):
    sent = [content["data"] for content in answer.of("comm_msg")]
    return [data["content"] for data in sent if data.get("method") == "custom"]


def test_a_finding_is_told_while_the_cell_runs_and_its_end_with_the_card(start):
    kernel = start()
    answer = kernel.run(TRAINING.format(until="step > 130"))
    (found,) = [one for one in custom(answer) if one["type"] == "found"]
    assert found["mark"]["code"] == "T02"
    assert found["mark"]["metric"] == "loss"
    kinds = [kind for kind, _ in answer.messages]
    told_at = next(
        place
        for place, (kind, content) in enumerate(answer.messages)
        if kind == "comm_msg" and content["data"].get("content", {}).get("type") == "found"
    )
    assert "comm_msg" in kinds[told_at + 10 :], "the cell had ended when it was told"
    (card,) = [
        content
        for content in answer.of("display_data")
        if "as-Card" in content["data"].get("text/html", "")
    ]
    run = last()
    ended = card["transient"]["aseptic"]
    assert (ended["run_id"], ended["status"]) == (run.run_id, "finished")
    assert [one["code"] for one in ended["findings"]] == ["T02"]
    assert "aseptic" not in card["metadata"]
    assert [one.code for one in run.findings] == ["T02"]
    assert kernel.run("import sys; print('pandas' in sys.modules)").text == "False\n"


def test_a_cell_is_stopped_by_what_it_was_asked_to_be_stopped_by(start, monkeypatch):
    monkeypatch.setenv("ASEPTIC_STOP_ON", "divergence")
    kernel = start()
    answer = kernel.run(TRAINING.format(until="False"))
    assert answer.reply["status"] == "error"
    assert answer.reply["ename"] == "KeyboardInterrupt"
    assert "is stopped by T02 divergence" in answer.text
    run = last()
    assert run.status == "interrupted"
    (stopped,) = [one.reason for one in run.problems if one.what == "stopped"]
    assert stopped.startswith("T02 divergence: ")
    assert kernel.run("1 + 1").reply["status"] == "ok", "the kernel goes on"


def test_a_quiet_cell_is_watched_without_a_word(start):
    kernel = start()
    answer = kernel.run(TRAINING.format(until="step > 130").replace("%%track", "%%track --quiet"))
    assert answer.messages == [one for one in answer.messages if one[0] == "execute_input"]
    assert [one.code for one in last().findings] == ["T02"]
