"""How far long work is, told to whoever shows it: the terminal, or the cell that asked.

Work calls `report`; a surface listens with `shown_by`. Where nobody listens, nothing happens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Listener = Callable[[str, int, int], None]  # what is being done, how many are done, of how many

_listener: ContextVar[Listener | None] = ContextVar("aseptic_progress", default=None)


def report(what: str, done: int, of: int) -> None:
    """Tells that `what` is being done, after `done` of `of` parts."""
    listener = _listener.get()
    if listener is not None:
        listener(what, done, of)


@contextmanager
def shown_by(listener: Listener) -> Iterator[None]:
    """What is reported within goes to `listener`."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)
