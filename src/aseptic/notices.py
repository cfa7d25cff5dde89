"""The one line that aseptic says when something is amiss; never an exception, never twice."""

from __future__ import annotations

import sys

_said: set[str] = set()


def say(message: str) -> None:
    """Prints `aseptic: message` to standard error."""
    try:
        print(f"aseptic: {message}", file=sys.stderr)  # noqa: T201 -- this is the one place that prints
    except Exception:  # noqa: BLE001 -- a closed or broken stderr must not fail a user's cell
        return


def say_once(message: str) -> None:
    """Says the message unless it was said before in this process."""
    if message not in _said:
        _said.add(message)
        say(message)


def mark_as_said(message: str) -> None:
    """The message will not be said by `say_once`: it has been said in other words."""
    _said.add(message)
