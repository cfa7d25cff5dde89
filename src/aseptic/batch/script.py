"""A script, executed by a Python process of its own, with tracking round it."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from aseptic.batch.worker import Worker
from aseptic.capture.secrets import redact

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aseptic.batch.job import Job

#: Given to `aseptic.batch.child`: JSON with `experiment` and `params`.
CHILD_VARIABLE = "ASEPTIC_JOB_SCRIPT"


class ScriptWorker(Worker):
    """One execution of one script. Params reach it as `--name=value`, before its arguments."""

    doing = "running"

    def __init__(self, job: Job, environ: Mapping[str, str]) -> None:
        super().__init__()
        params = {**job.params, **_arguments(job)}
        asked = {"experiment": job.experiment or Path(job.name).stem, "params": params}
        self.environ = {**environ, CHILD_VARIABLE: json.dumps(asked, default=str)}
        self.job = job
        self.process: subprocess.Popen[bytes] | None = None
        self.is_stopping = False

    def execute(self) -> str | None:
        """See Worker."""
        given = [f"--{name}={as_argument(value)}" for name, value in self.job.params.items()]
        script = str(Path(self.job.target).resolve())
        # In a terminal what the script prints goes through us, so that it stands above the bar.
        is_shown = sys.stderr.isatty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "aseptic.batch.child", script, *given, *self.job.arguments],
            cwd=self.job.folder,
            env={**self.environ, "PYTHONUNBUFFERED": "1"} if is_shown else self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if is_shown else None,
            stderr=subprocess.PIPE if is_shown else None,
            start_new_session=True,
        )
        if self.is_stopping:  # it was to end before it had begun
            self._signal(signal.SIGINT)
        copiers = [
            threading.Thread(target=_copy, args=(source, target), daemon=True)
            for source, target in (
                (self.process.stdout, sys.stdout),
                (self.process.stderr, sys.stderr),
            )
            if source is not None
        ]
        for copier in copiers:
            copier.start()
        code = self.process.wait()
        for copier in copiers:
            copier.join(1.0)  # a child that the script left behind may hold the pipe open
        if code == 0:
            return None
        return f"the script died (signal {-code})" if code < 0 else f"exit code {code}"

    def interrupt(self) -> None:
        """See Worker."""
        self.is_stopping = True
        self._signal(signal.SIGINT)

    def kill(self) -> None:
        """See Worker."""
        process = self.process
        if process is not None and process.poll() is None:
            if hasattr(os, "killpg"):
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
            process.kill()

    def _signal(self, number: int) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)


def _arguments(job: Job) -> dict[str, str]:
    """The words after `--` as one param: runs that were given others are not the same."""
    return {"arguments": redact(shlex.join(job.arguments))} if job.arguments else {}


def as_argument(value: Any) -> str:
    """A param's value as a word of a command line: text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, default=str)


def _copy(source: IO[bytes], target: Any) -> None:
    for row in source:
        target.write(row.decode("utf-8", "replace"))
        target.flush()
