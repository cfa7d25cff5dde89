"""Who is running: the identity of this process, by which readers tell whether it still lives."""

from __future__ import annotations

import functools
import os
import socket
from pathlib import Path

import psutil

from aseptic.model import Session, new_run_id, utc_now


def current_session(notebook: str | None = None) -> Session:
    """The session of this process; a forked child has one of its own."""
    return _session(os.getpid(), notebook)


@functools.lru_cache(maxsize=8)
def _session(pid: int, notebook: str | None) -> Session:
    return Session(
        session_id=new_run_id(),
        started_at=utc_now(),
        notebook=notebook,
        host=socket.gethostname(),
        pid=pid,
        process_started=psutil.Process(pid).create_time(),
        boot_id=boot_id(),
    )


@functools.lru_cache(maxsize=1)
def boot_id() -> str:
    """Changes with every start of the machine: a process id means nothing across it."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return str(int(psutil.boot_time()))
