"""What a person sees of a job: a bar in a terminal, lines elsewhere."""

from __future__ import annotations

import os
import pty
import re
import sys

from aseptic.batch.metrics import shown_metrics

TRAIN = """
import aseptic, time
print("\\x1b[32mloading\\x1b[0m")
for step in range(40):
    aseptic.log(val_loss=1 / (step + 1), step=step)
    time.sleep(0.1)
"""


def in_terminal(place, *words: str) -> tuple[int, str]:
    """Exit code, and what a terminal of 100 columns gets."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(place.folder)
        environ = {**place.environ, "TERM": "xterm-256color", "COLUMNS": "100"}
        os.execve(sys.executable, [sys.executable, "-m", "aseptic", "run", *words], environ)
    said = b""
    while True:
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        said += piece
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), said.decode()


def test_a_terminal_shows_a_bar_with_live_values_below_what_the_script_prints(place):
    place.write("train.py", TRAIN)
    code, said = in_terminal(place, "train.py")
    assert code == 0, said
    bare = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", said)
    assert "━━" in bare
    assert re.search(r"running · [a-z]+-[a-z]+ · val_loss 0\.\d+", bare)
    assert "loading" in bare
    assert bare.rstrip().endswith("exit code 0: clean")


def test_without_a_terminal_come_plain_lines_and_quiet_says_nothing(place):
    place.write("train.py", "import aseptic\naseptic.log(acc=1.0)\n")
    done = place.run("train.py")
    assert done.code == 0
    assert "\x1b" not in done.out + done.err
    assert done.err == "aseptic run: running\n"
    assert place.run("train.py", "--quiet") == (0, "", "")


def test_the_metrics_that_judge_come_first():
    names = [
        "layer/1/grad_norm",
        "dummy_loss",
        "C_seen",
        "train_loss",
        "val_acc",
        "fit_seconds",
        "test_acc",
    ]
    assert shown_metrics(names) == ["test_acc", "val_acc", "train_loss", "C_seen", "fit_seconds"]
