"""Whether the process that makes a run is still alive, and how a session says which it is.

A pid alone lies: it is used again, and another machine or another boot has the same ones. A
session is therefore known by host, boot, pid and the start time of the process together.
"""

from __future__ import annotations

import os
import socket
from functools import lru_cache
from pathlib import Path
from typing import Literal

import psutil

from aseptic.model import Session, new_run_id, utc_now

Liveness = Literal["alive", "dead", "elsewhere"]

#: psutil's start time moves with corrections of the clock, which it is derived from; a pid is
#: not used again as quickly as that.
_START_TOLERANCE_S = 10.0


def new_session(notebook: str | None = None) -> Session:
    """A session of this process; `notebook` is its path, relative to the project."""
    return Session(
        session_id=new_run_id(),
        started_at=utc_now(),
        notebook=notebook,
        host=socket.gethostname(),
        pid=os.getpid(),
        process_started=psutil.Process().create_time(),
        boot_id=boot_id(),
    )


@lru_cache(maxsize=1)
def boot_id() -> str:
    """What tells this boot of this machine from others; empty where the system has no such id."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def liveness(session: Session) -> Liveness:
    """Whether the session's process lives; `elsewhere` when it cannot be told from here.

    A stopped process (SIGSTOP) is alive, a zombie is dead.
    """
    if session.host != socket.gethostname() or not session.pid:
        return "elsewhere"
    if session.boot_id and boot_id() and session.boot_id != boot_id():
        return "dead"
    return "alive" if _is_running(session) else "dead"


def _is_running(session: Session) -> bool:
    try:
        process = psutil.Process(session.pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        started = process.create_time()
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:  # it exists, and belongs to another user
        return True
    return not session.process_started or (
        abs(started - session.process_started) < _START_TOLERANCE_S
    )
