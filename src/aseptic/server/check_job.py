"""Checks one run in a process of its own: `python -m aseptic.server.check_job STORE RUN DEPTH`.

Prints a line of JSON for each step, see `jobs.Progress`.
"""

from __future__ import annotations

import sys

import msgspec

from aseptic import progress
from aseptic.errors import AsepticError
from aseptic.server.jobs import Progress


def main(store_url: str, run_id: str, depth: str) -> int:
    """Returns the exit code: 0 where the checks ran, whatever they found."""
    from aseptic.checking import check_run
    from aseptic.store import open_store

    store = open_store(store_url)
    try:
        with progress.shown_by(lambda what, done, of: _say(Progress(what=what, done=done, of=of))):
            check_run(
                store.get_run(run_id), store, depth="thorough" if depth == "thorough" else "asked"
            )
    except AsepticError as error:
        _say(Progress(message=str(error)))
        return 1
    return 0


def _say(told: Progress) -> None:
    sys.stdout.write(msgspec.json.encode(told).decode() + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
