"""What `capture.outputs` copies, in a real kernel and in a plain IPython shell."""

from __future__ import annotations

import json
import os
import textwrap
from collections.abc import Iterator
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from jupyter_client.manager import KernelManager

from aseptic.capture.outputs import _HEAD, _TAIL, Figure, OutputCapture, _Figures, _Text

SETUP = """
import sys, json
from aseptic.capture.outputs import OutputCapture
_open, _done = [], []

def _start(info):
    _open.append(OutputCapture(get_ipython()))
    _open[-1].start()

def _stop(result):
    if _open:
        _done.append(_open.pop().stop())

def _last(n=-1):
    o, figures, problems = _done[n]
    shown = dict(stdout=o.stdout, stderr=o.stderr, result=o.result, peak=o.peak_memory_bytes)
    shown["figures"] = [[f.name, f.media_type, len(f.content)] for f in figures]
    return json.dumps(shown | {"problems": [[p.what, p.reason] for p in problems]})

get_ipython().events.register("pre_run_cell", _start)
get_ipython().events.register("post_run_cell", _stop)
"""
HOOKS = """
import threading
def _all_hooks():
    found = [len(get_ipython().display_pub._hooks), len(get_ipython().displayhook._hooks)]
    for stream in (sys.stdout, sys.stderr):
        ready = threading.Event()
        def look():
            found.append(len(stream._hooks)); ready.set()
        stream.pub_thread.schedule(look); ready.wait(5)
    return found
"""


class Kernel:
    """A real kernel whose every cell is captured."""

    def __init__(self) -> None:
        self.manager = KernelManager(kernel_name="python3")
        # With this variable ipykernel leaves the file descriptors to pytest.
        env = {name: text for name, text in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
        self.manager.start_kernel(env=env)
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)
        self.run(SETUP)

    def run(self, source: str, *, expression: str = "None") -> tuple[list[dict[str, Any]], Any]:
        """The messages that a front end gets, and an expression's value after the cell."""
        shown: list[dict[str, Any]] = []
        reply = self.client.execute_interactive(
            textwrap.dedent(source),
            output_hook=shown.append,
            timeout=60,
            user_expressions={"x": expression},
        )
        value = reply["content"].get("user_expressions", {}).get("x", {})
        text = value.get("data", {}).get("text/plain")
        return shown, None if text is None else eval(text)

    def captured(self, source: str) -> dict[str, Any]:
        self.run(source)
        _, text = self.run("pass", expression="_last(-2)")
        return json.loads(text)

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    kernel = Kernel()
    yield kernel
    kernel.close()


def test_stdout_stderr_and_the_result_are_copied(kernel: Kernel):
    source = "import sys\nprint('out')\nprint('err', file=sys.stderr)\n6 * 7"
    found = kernel.captured(source)
    assert (found["stdout"], found["stderr"], found["result"]) == ("out\n", "err\n", "42")
    assert found["problems"] == []
    assert found["peak"] > 2**20


def test_the_front_end_sees_what_it_would_have_seen(kernel: Kernel):
    shown, _ = kernel.run("print('a'); display({'k': 1}); 'r'")
    kinds = [message["msg_type"] for message in shown]
    assert kinds == [
        "status",
        "execute_input",
        "stream",
        "display_data",
        "execute_result",
        "status",
    ]


def test_a_cell_that_shows_nothing_has_empty_streams_and_no_result(kernel: Kernel):
    found = kernel.captured("x = 1")
    assert (found["stdout"], found["stderr"], found["result"], found["figures"]) == (
        "",
        "",
        None,
        [],
    )


def test_text_written_by_child_processes_is_copied(kernel: Kernel):
    found = kernel.captured("import os, time\nos.system('echo from-a-child')\ntime.sleep(0.3)")
    assert "from-a-child" in found["stdout"]


def test_text_printed_by_threads_is_copied(kernel: Kernel):
    source = """
    import threading
    thread = threading.Thread(target=print, args=("thread",))
    thread.start()
    thread.join()
    """
    assert kernel.captured(source)["stdout"] == "thread\n"


def test_displayed_figures_are_kept_by_their_bytes(kernel: Kernel):
    source = """
    from IPython.display import SVG, Image, display
    import base64
    png = base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
        "+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    )
    display(Image(png))
    SVG("<svg xmlns='http://www.w3.org/2000/svg'/>")
    """
    figures = kernel.captured(source)["figures"]
    assert [figure[:2] for figure in figures] == [
        ["figure_1.png", "image/png"],
        ["figure_2.svg", "image/svg+xml"],
    ]
    assert figures[0][2] == 70


def test_matplotlibs_figures_are_captured(kernel: Kernel):
    source = "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2]); plt.show()"
    assert kernel.captured(source)["figures"][0][1] == "image/png"


def test_an_updated_display_is_kept_once(kernel: Kernel):
    source = """
    from IPython.display import SVG, display
    handle = display(SVG("<svg id='a'/>"), display_id=True)
    handle.update(SVG("<svg id='bcd'/>"))
    """
    figures = kernel.captured(source)["figures"]
    assert figures == [["figure_1.svg", "image/svg+xml", len("<svg id='bcd'/>")]]


def test_cleared_output_is_not_kept(kernel: Kernel):
    source = "from IPython.display import *\ndisplay(SVG('<svg/>'))\nclear_output()"
    assert kernel.captured(source)["figures"] == []


def test_secrets_are_removed(kernel: Kernel):
    found = kernel.captured("print('ghp_' + 'aB3d' * 9)\n{'password': 'hunter22'}")
    assert found["stdout"] == "‹removed: GitHub token›\n"  # noqa: RUF001 - the mark itself
    assert "hunter22" not in found["result"]


def test_a_result_is_not_formatted_twice(kernel: Kernel):
    source = """
    class Counted:
        count = 0
        def __repr__(self):
            Counted.count += 1
            return f"shown {Counted.count}"
    Counted()
    """
    assert kernel.captured(source)["result"] == "shown 1"
    assert kernel.run("pass", expression="Counted.count")[1] == 1


def test_what_percent_capture_takes_is_not_shown_and_not_kept(kernel: Kernel):
    found = kernel.captured("%%capture taken\nprint('hidden')")
    assert found["stdout"] == ""
    assert kernel.run("pass", expression="taken.stdout")[1] == "hidden\n"


def test_a_failing_cell_keeps_what_it_printed(kernel: Kernel):
    assert kernel.captured("print('before')\n1 / 0")["stdout"] == "before\n"


def test_a_flood_is_cut_in_the_middle_and_said(kernel: Kernel):
    found = kernel.captured("for n in range(200_000): print(n)")
    assert found["stdout"].startswith("0\n1\n")
    assert found["stdout"].endswith("199999\n")
    assert len(found["stdout"]) < _HEAD + _TAIL + 100
    assert found["problems"][0][0] == "stdout"


def test_every_hook_is_taken_off_again(kernel: Kernel):
    kernel.run(HOOKS)
    inside = "_seen = _all_hooks()"
    kernel.run(inside)
    assert kernel.run("pass", expression="_seen")[1] == [1, 1, 1, 1]
    stop = "get_ipython().events.unregister('pre_run_cell', _start)"
    kernel.run(stop)
    kernel.run(inside)
    assert kernel.run("pass", expression="_seen")[1] == [0, 0, 0, 0]
    kernel.run("get_ipython().events.register('pre_run_cell', _start)")


# Without a kernel -------------------------------------------------------------------------------


def test_a_plain_ipython_gives_its_result_and_says_what_it_cannot_give():
    shell = InteractiveShell()
    capture = OutputCapture(shell)
    capture.start()
    shell.run_cell("print('x')\n6 * 7", store_history=True)
    outputs, figures, problems = capture.stop()
    assert (outputs.result, outputs.stdout, figures) == ("42", None, [])
    assert [problem.what for problem in problems] == ["stdout", "stderr", "figures"]


def test_no_result_of_an_earlier_cell_is_taken_for_this_ones():
    shell = InteractiveShell()
    shell.run_cell("6 * 7", store_history=True)
    capture = OutputCapture(shell)
    capture.start()
    shell.run_cell("x = 1", store_history=True)
    assert capture.stop().outputs.result is None


def test_text_keeps_its_beginning_and_its_end():
    text = _Text()
    for part in ("a" * (_HEAD - 1), "b" * 10, "c" * _TAIL, "d" * 5):
        text.add(part)
    kept = text.get()
    assert kept.startswith("a" * (_HEAD - 1) + "b\n… ")
    assert kept.endswith("c" * (_TAIL - 5) + "d" * 5)
    assert text.dropped == 14


def test_short_text_is_kept_whole():
    text = _Text()
    text.add("ab")
    text.add("cd")
    assert (text.get(), text.dropped) == ("abcd", 0)


def test_too_many_figures_are_counted():
    figures = _Figures()
    for _ in range(25):
        figures.add({"image/svg+xml": "<svg/>"}, None)
    assert len(figures.kept) == 20
    assert figures.kept[0] == Figure("figure_1.svg", "image/svg+xml", b"<svg/>")
    assert figures.problems[0].reason == "5 of 25 were not kept: too many or too large"
