"""What every run store promises, whatever keeps it.

The promises:

- What `RunJournal.log` or `append` has returned from survives `kill -9` of the process.
- Values come back exactly as they went in: NaN, ±inf, -0.0, 64-bit integers.
- A record, a batch of points, an artifact and its reference are there whole or not at all.
- Any number of processes write and read one store at the same time; nobody sees a lock.
- A run whose process has died is `lost` to the next reader, with all its points; no run stays
  `running` for ever, and none is `finished` that did not finish.
- The process that tracks never holds the database open: it writes a journal, and folding the
  journal into the database is one short idempotent transaction, done by whoever comes next.
- A newer store is refused with `StoreTooNew` and nothing in it is changed.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from aseptic.model import (
    Artifact,
    Cell,
    CheckOutcome,
    DataInput,
    Direction,
    Environment,
    Finding,
    GitState,
    Metric,
    Outputs,
    Param,
    Problem,
    State,
    Withdrawal,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from aseptic.model import Run, RunEnd, RunStart, Session

Record = (
    Param
    | Metric
    | DataInput
    | Artifact
    | GitState
    | Environment
    | Outputs
    | State
    | Finding
    | CheckOutcome
    | Withdrawal
    | Problem
    | Cell
)


#: One value of each of some metrics, their step, and seconds since the epoch.
Point = tuple["Mapping[str, float | int]", "float | None", float]


class Series(NamedTuple):
    """One metric of one run, point by point. The arrays are of equal length.

    `step` is float64 (NaN where none was given), `time_s` float64 seconds since the epoch,
    `value` float64, or int64 where every value was an integer.
    """

    run_id: str
    metric: str
    step: NDArray[np.float64]
    time_s: NDArray[np.float64]
    value: NDArray[Any]


class Source(NamedTuple):
    """The run whose artifact a data input is."""

    run_id: str
    name: str
    experiment: str

    @property
    def said(self) -> str:
        """Such as `collect/calm-otter`: the experiment and the run."""
        return f"{self.experiment}/{self.name}"


class Acknowledged(NamedTuple):
    """A finding of a run that a person leaves as it is."""

    run: str  # its name
    code: str
    subject: str | None
    table: str | None  # that it is about
    digest: str | None  # of the table, where it is a data input
    reason: str


class RunColumns(msgspec.Struct, frozen=True, kw_only=True):
    """Runs side by side, newest first: each list has one entry a run, None where it has none.

    `fields` holds: name experiment status state started_at ended_at duration_s tags note
    is_starred is_baseline git_commit git_dirty notebook findings (codes, those acknowledged left
    out) trashed_at upstream (the runs whose artifacts it read, as `experiment/name`). Params that
    people set come before those that were filled in, and `model` before all.
    """

    run_ids: list[str]
    fields: dict[str, list[Any]]
    params: dict[str, list[Any]]  # several values in one run: a tuple, in order of use
    metrics: dict[str, list[Any]]  # last values
    data: dict[str, list[Any]]  # digests
    directions: dict[str, Direction]  # of the metrics for which one is known
    filled_in: frozenset[str] = frozenset()  # params that nobody set in any of these runs


class RunJournal(ABC):
    """Where one run writes. Safe to call from any thread; one that was forked opens its own."""

    run_id: str

    @abstractmethod
    def log(self, values: Mapping[str, float | int], *, step: float | None, time_s: float) -> None:
        """Writes one point of each metric. It is in the operating system's hands on return."""

    def log_many(self, points: Sequence[Point]) -> None:
        """Writes many points, in their order, as `log` does."""
        for values, step, time_s in points:
            self.log(values, step=step, time_s=time_s)

    @abstractmethod
    def append(self, record: Record) -> None:
        """Writes one record. A later record of the same kind and name replaces the earlier."""

    @abstractmethod
    def end(self, end: RunEnd) -> None:
        """Writes how the run ended, makes it durable (fsync) and closes the journal."""


class SessionJournal(ABC):
    """Where one session writes the cells it executed."""

    @abstractmethod
    def append(self, cell: Cell) -> None:
        """Writes one cell; the same `order` again replaces the earlier."""

    @abstractmethod
    def close(self) -> None:
        """Closes the journal; what was written stays."""


class Store(ABC):
    """A place that keeps runs. See the module for what it promises."""

    url: str  # without password
    project: str  # the name to show: the folder that holds `.aseptic`

    # -- writing ----------------------------------------------------------------------------
    @abstractmethod
    def start_run(self, start: RunStart) -> RunJournal:
        """Opens the journal of a new run. Raises StoreUnavailable where nothing can be written."""

    @abstractmethod
    def start_session(self, session: Session) -> SessionJournal:
        """Opens the journal of a session's cells."""

    @abstractmethod
    def put_object(self, content: bytes | Path) -> tuple[str, int]:
        """Keeps content; returns its sha256 as hex and its size in bytes. Kept once."""

    @abstractmethod
    def replace_findings(
        self,
        run_id: str,
        *,
        codes: Collection[str],
        outcomes: Sequence[CheckOutcome],
        findings: Sequence[Finding],
    ) -> None:
        """Puts what a later check found in the place of what these checks had found before.

        What a person acknowledged stays so where the same is found again (code and subject).
        """

    @abstractmethod
    def add_artifact(self, run_id: str, artifact: Artifact) -> None:
        """Adds to a run, ended or not, an artifact whose content `put_object` has kept.

        One of the same name is replaced. Raises RunNotFound.
        """

    # -- reading (each folds first) ----------------------------------------------------------
    @abstractmethod
    def fold(self) -> None:
        """Brings all journals into the database and marks runs whose process died `lost`."""

    @abstractmethod
    def fingerprint(self) -> dict[str, int]:
        """Numbers that change when something is written: one by run id for each run that writes.

        The rest has the key "": edits, and what was folded. Reads no content, so that it may be
        asked several times a second.
        """

    @abstractmethod
    def get_run(self, run: str) -> Run:
        """The run with this id, unique prefix of an id (4 digits or more), or name.

        Of several runs with the name, the newest that is not in the trash. Raises RunNotFound.
        """

    @abstractmethod
    def find_previous(
        self,
        experiment: str,
        *,
        before: str,
        notebook: str | None = None,
        cell_id: str | None = None,
    ) -> Run | None:
        """The newest finished run of the experiment older than run `before`, or None.

        With `cell_id`, runs of that cell come first.
        """

    @abstractmethod
    def read_runs(
        self,
        query: str | None = None,
        *,
        experiment: str | None = None,
        run_ids: Collection[str] | None = None,
        trashed: bool = False,
        limit: int | None = None,
    ) -> RunColumns:
        """The runs that a query selects, as columns. Raises BadQuery."""

    @abstractmethod
    def read_series(self, run_ids: Sequence[str], metric: str | None = None) -> list[Series]:
        """The series of these runs, in the order given; all metrics if none is named."""

    @abstractmethod
    def read_findings(self, run_ids: Collection[str]) -> dict[str, list[Finding]]:
        """What was found in these runs, without evidence and remedies, by run id.

        A run that no check has looked at is not in it. Raises RunNotFound.
        """

    @abstractmethod
    def read_checks(self, run_ids: Collection[str]) -> dict[str, list[CheckOutcome]]:
        """How checks ended in these runs, by run id; a run without any is not in it.

        Raises RunNotFound.
        """

    @abstractmethod
    def read_sources(self, run_ids: Collection[str]) -> dict[str, dict[str, Source]]:
        """By run id and data input: the run whose artifact it is; what is none is not in it.

        As it was recorded, else the newest run before this one that made an artifact of equal
        content. Raises RunNotFound.
        """

    @abstractmethod
    def find_acknowledged(self, experiment: str, *, before: datetime) -> list[Acknowledged]:
        """What is acknowledged in the runs of an experiment that began before, newest run first.

        At most 200 findings; runs in the trash are left out.
        """

    @abstractmethod
    def read_object(self, digest: str) -> bytes:
        """The content with this sha256. Raises StoreDamaged if it does not match."""

    @abstractmethod
    def local_copy(self, digest: str, *, name: str) -> Path:
        """A file on this machine that holds the content with this sha256, and may be read only.

        It is called as the last part of `name`, and stays until `gc`. Raises StoreDamaged if it
        does not match.
        """

    # -- what a person says afterwards -------------------------------------------------------
    @abstractmethod
    def tag(
        self, run_ids: Sequence[str], *, add: Sequence[str] = (), remove: Sequence[str] = ()
    ) -> None:
        """Adds and removes tags."""

    @abstractmethod
    def set_note(self, run_id: str, note: str | None) -> None:
        """Replaces the note."""

    @abstractmethod
    def rename(self, run_id: str, name: str) -> None:
        """Gives the run another name."""

    @abstractmethod
    def star(self, run_ids: Sequence[str], *, is_starred: bool = True) -> None:
        """Stars runs, or takes the star away."""

    @abstractmethod
    def set_baseline(self, run_id: str | None, *, experiment: str) -> None:
        """Makes the run the experiment's baseline, in place of the former; None: no baseline."""

    @abstractmethod
    def acknowledge(
        self, run_id: str, code: str, reason: str | None, *, subject: str | None = None
    ) -> None:
        """Leaves the findings of a check as they are, for a reason.

        None takes that back, in all runs of the experiment: they may have it from each other.
        Without `subject`, all findings of the check. Raises FindingNotFound.
        """

    @abstractmethod
    def trash(self, run_ids: Sequence[str]) -> None:
        """Puts runs into the trash; `restore` takes them out."""

    @abstractmethod
    def restore(self, run_ids: Sequence[str]) -> None:
        """Takes runs out of the trash."""

    @abstractmethod
    def gc(self, *, dry_run: bool = False) -> dict[str, int]:
        """Deletes the trashed runs and objects that no run uses.

        Returns counts and bytes: `runs`, `objects`, `size_bytes`.
        """
