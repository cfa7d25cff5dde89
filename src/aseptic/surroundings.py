"""Where a run happens: its git state, read in a thread as the run begins, and its environment."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from aseptic.model import GitState

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from aseptic.active_run import ActiveRun
    from aseptic.capture.git import GitReading


def record_surroundings(
    run: ActiveRun, git: BackgroundGit, *, seeds: Mapping[str, Any] | None = None
) -> None:
    """Records git state and environment."""
    from aseptic.capture.environment import read_environment

    reading = git.result()
    if reading is None:
        run.record(GitState(reason=git.fault or "git did not answer in time"))
    else:
        run.record(reading.state)
        if reading.diff is not None:
            run.keep(reading.diff, name=reading.state.diff or "git.diff", media_type="text/x-diff")
    run.record(read_environment(seeds=seeds))


class BackgroundGit:
    """Reads the repository in a thread, while the run is being begun."""

    def __init__(self, folder: Path) -> None:
        self.fault: str | None = None
        self._reading: GitReading | None = None
        self._thread = threading.Thread(
            target=self._read, args=(folder,), name="aseptic-git", daemon=True
        )
        self._thread.start()

    def result(self, timeout_s: float = 3.0) -> GitReading | None:
        """The reading, or None where it failed (see `fault`) or is not there in time."""
        self._thread.join(timeout_s)
        return self._reading

    def _read(self, folder: Path) -> None:
        from aseptic.capture.git import read_git

        try:
            self._reading = read_git(folder)
        except Exception as error:  # noqa: BLE001 -- recorded as the reason
            self.fault = f"{type(error).__name__}: {error}"


def read_git_in_background(folder: Path) -> BackgroundGit:
    """Starts reading the git state of a folder."""
    return BackgroundGit(folder)
