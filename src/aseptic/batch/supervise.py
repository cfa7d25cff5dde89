"""Watches a job while it runs: its time, the signals of a scheduler, and what it has logged.

The job runs in a thread, since Python hands signals to the main one. Ending goes in two steps:
an interrupt, so that the runs end with all they have, and after a grace time the kill.
"""

from __future__ import annotations

import signal
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from aseptic.batch.worker import Worker

#: Seconds from the interrupt to the kill. Less than the 10 s that Docker gives, the 30 s of Slurm
#: and Kubernetes, the 60 s of Airflow.
GRACE_S = 8.0
_AGAIN_S = 2.0  # an interrupt is lost on a kernel that was about to begin a cell
_TICK_S = 0.1


@dataclass
class Ending:
    """How the execution came to its end."""

    error: str | None = None  # what failed, in words
    ended_by: str | None = None  # "timeout", or the name of a signal
    is_killed: bool = False
    fault: BaseException | None = field(default=None, repr=False)  # of ours, or bad words


def supervise(
    worker: Worker,
    *,
    timeout_s: float | None,
    on_tick: Callable[[], None],
    grace_s: float = GRACE_S,
) -> Ending:
    """Lets the worker execute to its end, or ends it. `on_tick` is called several times a second.

    Raises what the worker raises.
    """
    ending = Ending()
    thread = threading.Thread(
        target=_execute, args=(worker, ending), name="aseptic-job", daemon=True
    )
    started = time.monotonic()
    with _Signals() as signals:
        thread.start()
        while thread.is_alive() and ending.ended_by is None:
            _join(thread, signals)
            on_tick()
            if signals.received:
                ending.ended_by = signals.received[0]
            elif timeout_s is not None and time.monotonic() - started > timeout_s:
                ending.ended_by = "timeout"
        if thread.is_alive():
            _end(worker, thread, ending, signals, grace_s)
    if ending.fault is not None:
        raise ending.fault
    return ending


def _execute(worker: Worker, ending: Ending) -> None:
    try:
        ending.error = worker.execute()
    except BaseException as error:  # noqa: BLE001 -- raised again where the job was begun
        ending.fault = error


def _end(
    worker: Worker, thread: threading.Thread, ending: Ending, signals: _Signals, grace_s: float
) -> None:
    worker.interrupt()
    asked_at = time.monotonic()
    has_asked_again = False
    many = len(signals.received)
    while thread.is_alive():
        _join(thread, signals)
        waited_s = time.monotonic() - asked_at
        if waited_s > grace_s or (len(signals.received) > many and signals.is_by_hand):
            ending.is_killed = True
            worker.kill()
            thread.join(grace_s)
            return
        if waited_s > _AGAIN_S and not has_asked_again:
            has_asked_again = True
            worker.interrupt()


def _join(thread: threading.Thread, signals: _Signals) -> None:
    try:
        thread.join(_TICK_S)
    except KeyboardInterrupt:  # in a kernel, whose handler is not ours
        signals.received.append("SIGINT")


class _Signals:
    """Notes the signals that ask a process to end, as long as it is open.

    One that is ignored stays so: a job in the background of a shell, or below `nohup`.
    """

    _NAMES = ("SIGINT", "SIGTERM", "SIGHUP")

    def __init__(self) -> None:
        self.received: list[str] = []
        self._before: dict[int, Any] = {}

    @property
    def is_by_hand(self) -> bool:
        """Whether Ctrl-C came again: a person does not want to wait."""
        return self.received.count("SIGINT") > 1

    def __enter__(self) -> _Signals:  # noqa: PYI034 -- Self is of Python 3.11
        if threading.current_thread() is threading.main_thread():
            numbers = [getattr(signal, name) for name in self._NAMES if hasattr(signal, name)]
            for number in numbers:
                before = signal.getsignal(number)
                if before is not signal.SIG_IGN:
                    self._before[number] = before
                    signal.signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self.received.append(signal.Signals(number).name)
