"""Runs kinds of cell in a real kernel, through its messages, as a front end does."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Empty
from typing import Any

from jupyter_client.manager import KernelManager

from . import observe
from .driver import Project, clean_environ
from .kinds import Kind

OBSERVER = Path(observe.__file__)
_TIMEOUT_S = 60

# Run silently when the kernel has started; leaves no name behind.
_BEGIN = """
def _begin():
    import importlib.util, json, sys, os
    import numpy, pandas, matplotlib.pyplot
    spec = importlib.util.spec_from_file_location("observer", {path!r})
    sys.modules["observer"] = observer = importlib.util.module_from_spec(spec)
    sys.dont_write_bytecode = True
    spec.loader.exec_module(observer)
    observer.project = {project!r}
    observer.base = observer.Baseline()
    observer.modules_before = set(sys.modules)
    def write(path):
        with open(path, "w") as file:
            json.dump(observer.observe(get_ipython(), observer.base), file)
    observer.write = write
_begin()
del _begin
"""

# Before each kind: an empty namespace, the history at 1, the process as it was.
_RESET = """
def _reset():
    import os, random, sys, warnings
    import numpy, matplotlib.pyplot
    os.chdir({folder!r})
    matplotlib.pyplot.close("all")
    random.seed(42)
    numpy.random.seed(42)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(42)
    for name in ("module_x", "reloaded_module", "prints_when_imported"):
        sys.modules.pop(name, None)
    for name in ("last_type", "last_value", "last_traceback", "last_exc"):
        if hasattr(sys, name):
            delattr(sys, name)
    get_ipython().reset(new_session=True)
    get_ipython().history_manager.outputs.clear()
    get_ipython().history_manager.exceptions.clear()
_reset()
"""
_KEEP = """get_ipython().user_ns.pop("_reset", None)"""


class Kernel:
    """One kernel in a copy of a project, with or without aseptic."""

    def __init__(self, project: Project, home: Path, *, extension: str | None) -> None:
        self.extension = extension
        self.folder = project.copy()
        self._project = project
        self._manager = KernelManager(kernel_name="python3")
        self._manager.start_kernel(
            cwd=str(self.folder / "notebooks"),
            env=clean_environ(home),
            extra_arguments=["--HistoryManager.hist_file=:memory:"],
            stderr=subprocess.DEVNULL,
        )
        self.client = self._manager.blocking_client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=_TIMEOUT_S)
        observe.project = str(self.folder)
        self.run(_BEGIN.format(path=str(OBSERVER), project=str(self.folder)), silent=True)
        loading = f"%load_ext {extension}" if extension else "pass"
        self.loading = self.run(loading, store_history=False)
        assert self.loading["reply"]["status"] == "ok", self.loading

    # -- one cell -------------------------------------------------------------------------------
    def send(
        self,
        code: str,
        *,
        tags: tuple[str, ...] = (),
        cell_id: str | None = None,
        subshell_id: str | None = None,
        **options: Any,
    ) -> str:
        """Sends a cell as a front end does, and returns the id of the message."""
        content = {
            "code": code,
            "silent": False,
            "store_history": not options.get("silent", False),
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": False,
        } | options
        metadata: dict[str, Any] = {"tags": list(tags), "deletedCells": []}
        if cell_id:
            metadata["cellId"] = cell_id
        message = self.client.session.msg("execute_request", content, metadata=metadata)
        if subshell_id:
            message["header"]["subshell_id"] = subshell_id
        self.client.shell_channel.send(message)
        return str(message["header"]["msg_id"])

    def receive(self, message_id: str, stdin: tuple[str, ...] = ()) -> dict[str, Any]:
        """What the kernel says of a message until it is idle again, and its reply."""
        return self.receive_all([message_id], stdin)[0]

    def receive_all(
        self, message_ids: list[str], stdin: tuple[str, ...] = ()
    ) -> list[dict[str, Any]]:
        """The same of several messages, in their order; they may be at work at one time."""
        events: dict[str, list[list[str]]] = {message_id: [] for message_id in message_ids}
        busy, answers = set(message_ids), list(stdin)
        end = time.monotonic() + _TIMEOUT_S
        while busy:
            assert time.monotonic() < end, f"no end of the cell after {events}"
            if answers and self._answer(answers[0]):
                answers.pop(0)
            try:
                message = self.client.get_iopub_msg(timeout=0.05 if answers else 1)
            except Empty:
                assert self._manager.is_alive(), f"the kernel died after {events}"
                continue
            parent = message["parent_header"].get("msg_id")
            kind, content = message["msg_type"], message["content"]
            if parent not in events:
                continue
            if kind != "status":
                _add(events[parent], kind, content)
            elif content["execution_state"] == "idle":
                busy.discard(parent)
        replies = self._replies(message_ids)
        return [
            {
                "events": [[k, observe.normalise(c)] for k, c in events[message_id]],
                "reply": replies[message_id],
            }
            for message_id in message_ids
        ]

    def _answer(self, text: str) -> bool:
        try:
            self.client.get_stdin_msg(timeout=0.05)
        except Empty:
            return False
        self.client.input(text)
        return True

    def _replies(self, message_ids: list[str]) -> dict[str, Any]:
        replies: dict[str, Any] = {}
        while replies.keys() != set(message_ids):
            message = self.client.get_shell_msg(timeout=_TIMEOUT_S)
            content = {k: v for k, v in message["content"].items() if k != "engine_info"}
            if (parent := message["parent_header"].get("msg_id")) in message_ids:
                replies[parent] = json.loads(observe.normalise(json.dumps(content)))
        return replies

    def run(self, code: str, *, stdin: tuple[str, ...] = (), **options: Any) -> dict[str, Any]:
        """Runs one cell to its end."""
        return self.receive(self.send(code, allow_stdin=bool(stdin), **options), stdin)

    def state(self) -> dict[str, Any]:
        """Everything that can be seen in the kernel; asked silently."""
        path = self.folder.with_name(self.folder.name + "-state")
        self.run(f"__import__('sys').modules['observer'].write({str(path)!r})", silent=True)
        state: dict[str, Any] = json.loads(path.read_text())
        path.unlink()
        # event loops of finished cells go when they are collected
        left = [d for d in state["process"]["descriptors"] if d != "anon_inode"]
        state["process"]["descriptors"] = left
        for name in ("last result", "last succeeded"):
            del state["shell"][name]  # of the silent cell that asked
        return state

    def interrupt(self) -> None:
        self._manager.interrupt_kernel()

    def wait_until_busy(self, message_id: str) -> None:
        """Waits for the kernel to take up a message; what it says meanwhile is kept by nobody."""
        while True:
            message = self.client.get_iopub_msg(timeout=_TIMEOUT_S)
            if message["parent_header"].get("msg_id") == message_id:
                return

    def wait_until_idle(self, message_id: str) -> None:
        """Waits for the end of a message, whether it is replied to or not."""
        while True:
            message = self.client.get_iopub_msg(timeout=_TIMEOUT_S)
            is_idle = message["content"].get("execution_state") == "idle"
            if is_idle and message["parent_header"].get("msg_id") == message_id:
                return

    def start_subshell(self) -> str:
        """A subshell, in which cells run beside those of the main shell (ipykernel 7)."""
        message = self.client.session.msg("create_subshell_request", {})
        self.client.control_channel.send(message)
        reply = self.client.get_control_msg(timeout=_TIMEOUT_S)
        return str(reply["content"]["subshell_id"])

    # -- one kind -------------------------------------------------------------------------------
    def run_kind(self, kind: Kind, *, first_line: str | None = None) -> dict[str, Any]:
        """Runs the cells of a kind, tagged `run` where they are tracked."""
        observe.project = str(self.folder)
        self.run(_RESET.format(folder=str(self.folder / "notebooks")), silent=True)
        self.run(_KEEP, silent=True)
        cells = []
        for number, cell in enumerate(kind.cells, 1):
            is_tracked = cell.where == "tracked" and first_line is None
            answer = self.run(
                cell.source(first_line=first_line, loaded=self.extension is not None),
                tags=("run",) if is_tracked else (),
                cell_id=f"cell-{number}",
                stdin=kind.stdin,
            )
            cells.append({**answer, "state": self.state()})
        return {"cells": cells, "files": {}}

    def close(self) -> None:
        self.client.stop_channels()
        self._manager.shutdown_kernel(now=True)
        shutil.rmtree(self.folder)


def _add(events: list[list[str]], kind: str, content: dict[str, Any]) -> None:
    """One message as a name and a text; what a stream says in pieces is one text."""
    if kind == "stream":
        name, text = content["name"], content["text"]
        if events and events[-1][0] == name:
            events[-1][1] += text
        else:
            events.append([name, text])
    else:
        name = "display" if kind == "display_data" else kind
        events.append([name, json.dumps(content, sort_keys=True)])


class Kernels:
    """A plain kernel and one with aseptic, each in a project of its own."""

    def __init__(self, root: Path, *, extension: str = "aseptic") -> None:
        project, home = Project(root / "projects"), root / "home"
        home.mkdir()
        self._pool = ThreadPoolExecutor(2)
        self.plain, self.tracked = self._pool.map(
            lambda name: Kernel(project, home, extension=name), (None, extension)
        )

    def both(self, action: Any) -> tuple[Any, Any]:
        """What an action on a kernel gives: in the plain one, then in the other."""
        return action(self.plain), action(self.tracked)

    def close(self) -> None:
        self.plain.close()
        self.tracked.close()
        self._pool.shutdown()
