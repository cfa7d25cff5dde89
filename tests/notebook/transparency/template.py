"""A process that has imported what cells need, and forks a fresh copy of itself for each kind.

    python template.py [MODULE...] [-- MODULE...]

imports the modules, those of the extension under test after the `--`, and answers requests.
A request is a line of JSON (`driver.Request`); the answer is a line of JSON: for each cell what it
printed, displayed, returned and raised, and everything that `observe` sees after it.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import io
import itertools
import json
import os
import select
import signal
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any

import observe
from first_line import FirstLine


class Recorder:
    """What a cell shows, in order."""

    def __init__(self) -> None:
        self.events: list[list[Any]] = []

    def text(self, stream: str, text: str) -> None:
        if self.events and self.events[-1][0] == stream:
            self.events[-1][1] += text
        else:
            self.events.append([stream, text])

    def take(self) -> list[list[Any]]:
        taken, self.events = self.events, []
        return [[kind, observe.normalise(content), *rest] for kind, content, *rest in taken]


class RecordedStream(io.TextIOBase):
    """A stream of text that a recorder sees; `fileno` is that of the real one."""

    encoding = "utf-8"
    errors = "strict"

    def __init__(self, name: str, fd: int, recorder: Recorder) -> None:
        self.name, self._fd, self._recorder = name, fd, recorder

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError("write() argument must be str")
        self._recorder.text(self.name, text)
        return len(text)

    def fileno(self) -> int:
        return self._fd

    def isatty(self) -> bool:
        return False

    def writable(self) -> bool:
        return True


def make_shell(recorder: Recorder) -> Any:
    """A terminal shell as a user has it, without history file, its displays recorded."""
    from IPython.core.displaypub import DisplayPublisher
    from IPython.terminal.interactiveshell import TerminalInteractiveShell
    from traitlets.config import Config

    class RecordedPublisher(DisplayPublisher):
        def publish(self, data: Any, metadata: Any = None, **kwargs: Any) -> None:
            transient = kwargs.get("transient") or {}
            shown = json.dumps(
                [data, metadata or {}, transient, bool(kwargs.get("update"))],
                default=repr,
                sort_keys=True,
            )
            recorder.events.append(["display", shown])

        def clear_output(self, wait: bool = False) -> None:
            recorder.events.append(["clear", str(wait)])

    config = Config()
    config.HistoryManager.hist_file = ":memory:"
    config.TerminalInteractiveShell.simple_prompt = True
    config.TerminalInteractiveShell.display_pub_class = RecordedPublisher
    config.InteractiveShell.colors = "linux"
    config.InteractiveShell.display_page = True
    shell = TerminalInteractiveShell.instance(config=config)
    shell.display_pub.__class__ = RecordedPublisher
    return shell


def seed_generators() -> None:
    """Two plain runs draw the same numbers only if they begin at the same seed."""
    for name, seed in (("random", "seed"), ("numpy.random", "seed"), ("torch", "manual_seed")):
        if name in sys.modules:
            getattr(sys.modules[name], seed)(42)


def run_kind(request: dict[str, Any], base: observe.Baseline) -> dict[str, Any]:
    """Runs the cells of a request in this process, in a shell of its own."""
    os.chdir(request["folder"])
    observe.project = str(Path.cwd().parent)
    os.environ.update(request["environ"])
    out, err = (Path(request["scratch"], name) for name in ("fd1", "fd2"))
    for fd, path in ((1, out), (2, err)):
        opened = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND)
        os.dup2(opened, fd)
        os.close(opened)
    recorder = Recorder()
    sys.stdout = RecordedStream("stdout", 1, recorder)
    sys.stderr = RecordedStream("stderr", 2, recorder)
    sys.stdin = io.StringIO("".join(line + "\n" for line in request["stdin"]))
    sys.path.insert(0, "")
    sys.argv = ["ipython"]
    seed_generators()
    threading._counter = itertools.count(1).__next__  # the names of threads to come
    shell = make_shell(recorder)
    FirstLine().install(shell)
    answer: dict[str, Any] = {"loading": [], "cells": []}
    if request["extension"]:
        shell.run_line_magic("load_ext", request["extension"])
        answer["loading"] = recorder.take()
    for step in request.get("before", []):
        exec(compile(step, "<before>", "exec"), {"shell": shell, "__name__": "before"})
    files: dict[str, int] = {"fd1": 0, "fd2": 0}
    for number, cell in enumerate(request["cells"], 1):
        answer["cells"].append(run_cell(shell, cell, f"cell-{number}"))
        answer["cells"][-1]["events"] = recorder.take()
        for name, path in (("fd1", out), ("fd2", err)):
            text = path.read_text(errors="replace")
            answer["cells"][-1][name] = observe.normalise(text[files[name] :])
            files[name] = len(text)
        answer["cells"][-1]["state"] = observe.observe(shell, base)
    if request["unload"]:
        recorder.take()
        if request["extension"] in shell.extension_manager.loaded:
            shell.run_line_magic("unload_ext", request["extension"])
        answer["unloading"] = recorder.take()
        answer["end"] = observe.observe(shell, base)
    return answer


def run_cell(shell: Any, cell: str, cell_id: str) -> dict[str, Any]:
    try:
        result = shell.run_cell(cell, store_history=True, cell_id=cell_id)
    except BaseException as error:
        return {"escaped": observe.describe_exception(error)}
    return {
        "result": observe.describe(result.result),
        "success": result.success,
        "error before": observe.describe_exception(result.error_before_exec),
        "error in": observe.describe_exception(result.error_in_exec),
        "execution_count": result.execution_count,
        "silent": result.info.silent,
    }


def serve(requests: Any, answers: Any, base: observe.Baseline) -> None:
    for line in requests:
        answers.write(json.dumps(in_a_fork(json.loads(line), base)) + "\n")
        answers.flush()


def in_a_fork(request: dict[str, Any], base: observe.Baseline) -> dict[str, Any]:
    """The answer of a forked child, or how it ended without one."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read)
        os.setpgid(0, 0)
        try:
            # out of the way of cells that look for the lowest free descriptor
            high = os.dup2(write, 200, inheritable=False)
            os.close(write)
            owner = os.getpid()
            try:
                answer = run_kind(request, base)
            except BaseException:
                answer = {"harness failed": traceback.format_exc()}
            if os.getpid() == owner:
                os.write(2, b"")
                with os.fdopen(high, "w") as pipe:
                    json.dump(answer, pipe)
        finally:
            os._exit(0)
    os.close(write)
    chunks, end = [], time.monotonic() + request["timeout_s"]
    with os.fdopen(read, "rb", buffering=0) as pipe:
        while select.select([pipe], [], [], max(0.0, end - time.monotonic()))[0]:
            if not (chunk := pipe.read(1 << 20)):
                break
            chunks.append(chunk)
        else:
            os.killpg(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            return {"harness failed": f"no answer within {request['timeout_s']} s"}
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if not chunks:
        return {"harness failed": f"ended with {status} and no answer"}
    return json.loads(b"".join(chunks))


def import_all(names: list[str]) -> None:
    for name in names:
        with contextlib.suppress(ImportError):  # optional packages
            importlib.import_module(name)


def main() -> None:
    preloaded, _, extension = " ".join(sys.argv[1:]).partition("--")
    import_all(preloaded.split())
    base = observe.Baseline()
    import_all(extension.split())
    requests = os.fdopen(os.dup(0), "r")
    answers = os.fdopen(os.dup(1), "w")
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    gc.collect()
    gc.freeze()  # the children copy less
    answers.write("ready\n")
    answers.flush()
    serve(requests, answers, base)


if __name__ == "__main__":
    main()
