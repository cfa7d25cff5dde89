"""The store in a folder: journals, objects, and a SQLite file that journals are folded into.

Starting a run, logging and keeping an object touch files only; SQLAlchemy is imported when
something is folded or read.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from aseptic.errors import StoreUnavailable
from aseptic.store.base import Store
from aseptic.store.copies import COPIES, CopyFolder
from aseptic.store.journal import FileRunJournal, FileSessionJournal, unavailable
from aseptic.store.objects import ObjectFolder, orphan_limit, unused

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from pathlib import Path

    from sqlalchemy import Connection

    from aseptic.model import Artifact, CheckOutcome, Finding, Run, RunStart, Session
    from aseptic.store.base import Acknowledged, RunColumns, Series, Source
    from aseptic.store.database import Database
    from aseptic.store.fold import Folder

T = TypeVar("T")


class SqliteStore(Store):
    """The runs in a folder, by default `.aseptic`. It is made at the first use."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = str(folder)
        self.project = folder.parent.name or str(folder.parent)
        self._objects = ObjectFolder(folder / "objects")
        self._copies = CopyFolder(folder / COPIES, self._objects)

    # -- writing ----------------------------------------------------------------------------
    def start_run(self, start: RunStart) -> FileRunJournal:
        """See Store."""
        return FileRunJournal(self._journal_folder(), start)

    def start_session(self, session: Session) -> FileSessionJournal:
        """See Store."""
        return FileSessionJournal(self._journal_folder(), session)

    def put_object(self, content: bytes | Path) -> tuple[str, int]:
        """See Store."""
        self._make_folder()
        return self._objects.put(content)

    def _journal_folder(self) -> Path:
        journals = self.folder / "journal"
        if not journals.is_dir():
            self._make_folder()
            _make_private(journals)
        return journals

    def _make_folder(self) -> None:
        if not self.folder.is_dir():
            _make_private(self.folder)
        ignore = self.folder / ".gitignore"
        if not ignore.exists():
            try:
                ignore.write_text("# Runs stay on this machine.\n*\n", encoding="utf-8")
            except OSError as error:
                raise unavailable(ignore, error) from error

    def replace_findings(
        self,
        run_id: str,
        *,
        codes: Collection[str],
        outcomes: Sequence[CheckOutcome],
        findings: Sequence[Finding],
    ) -> None:
        """See Store."""
        from aseptic.store import edits

        self._edit(
            [run_id],
            lambda connection, nos: edits.replace_findings(
                connection, nos[0], codes=codes, outcomes=outcomes, findings=findings
            ),
        )

    def add_artifact(self, run_id: str, artifact: Artifact) -> None:
        """See Store."""
        from aseptic.store import edits

        self._edit(
            [run_id], lambda connection, nos: edits.add_artifact(connection, nos[0], artifact)
        )

    # -- reading ----------------------------------------------------------------------------
    def fold(self) -> None:
        """See Store."""
        self._folder.fold()

    def fingerprint(self) -> dict[str, int]:
        """See Store."""
        from aseptic.store.fold import list_journals

        numbers: dict[str, int] = {"": 0}
        with suppress(OSError):
            numbers[""] = (self.folder / "runs.db").stat().st_mtime_ns
        for name, (size, _) in list_journals(self.folder / "journal").items():
            if name.endswith(".run"):
                run_id = name.partition(".")[0]
                numbers[run_id] = numbers.get(run_id, 0) + size
        return numbers

    def get_run(self, run: str) -> Run:
        """See Store."""
        from aseptic.store import reading

        return self._read(lambda connection: reading.get_run(connection, run, self.url))

    def find_previous(
        self,
        experiment: str,
        *,
        before: str,
        notebook: str | None = None,
        cell_id: str | None = None,
    ) -> Run | None:
        """See Store."""
        from aseptic.store import reading

        return self._read(
            lambda connection: reading.find_previous(
                connection, experiment, before=before, notebook=notebook, cell_id=cell_id
            )
        )

    def read_runs(
        self,
        query: str | None = None,
        *,
        experiment: str | None = None,
        run_ids: Collection[str] | None = None,
        trashed: bool = False,
        limit: int | None = None,
    ) -> RunColumns:
        """See Store."""
        from aseptic.store import reading

        return self._read(
            lambda connection: reading.read_runs(
                connection,
                query,
                experiment=experiment,
                run_ids=run_ids,
                trashed=trashed,
                limit=limit,
            )
        )

    def read_series(self, run_ids: Sequence[str], metric: str | None = None) -> list[Series]:
        """See Store."""
        from aseptic.store import reading

        return self._read(
            lambda connection: reading.read_series(connection, run_ids, metric, self.url)
        )

    def read_findings(self, run_ids: Collection[str]) -> dict[str, list[Finding]]:
        """See Store."""
        from aseptic.store import reading

        return self._read(lambda connection: reading.read_findings(connection, run_ids, self.url))

    def read_checks(self, run_ids: Collection[str]) -> dict[str, list[CheckOutcome]]:
        """See Store."""
        from aseptic.store import reading

        return self._read(lambda connection: reading.read_checks(connection, run_ids, self.url))

    def read_sources(self, run_ids: Collection[str]) -> dict[str, dict[str, Source]]:
        """See Store."""
        from aseptic.store import reading

        return self._read(lambda connection: reading.read_sources(connection, run_ids, self.url))

    def find_acknowledged(self, experiment: str, *, before: datetime) -> list[Acknowledged]:
        """See Store."""
        if not (self.folder / "runs.db").exists():
            return []  # what a person says is kept there: the database's library is not needed
        from aseptic.store import reading

        return self._read(
            lambda connection: reading.find_acknowledged(connection, experiment, before)
        )

    def read_object(self, digest: str) -> bytes:
        """See Store."""
        return self._objects.read(digest)

    def local_copy(self, digest: str, *, name: str) -> Path:
        """See Store."""
        return self._copies.get(digest, name=name)

    # -- what a person says afterwards ------------------------------------------------------
    def tag(
        self, run_ids: Sequence[str], *, add: Sequence[str] = (), remove: Sequence[str] = ()
    ) -> None:
        """See Store."""
        from aseptic.store import edits

        self._edit(
            run_ids, lambda connection, nos: edits.set_tags(connection, nos, add=add, remove=remove)
        )

    def set_note(self, run_id: str, note: str | None) -> None:
        """See Store."""
        self._set([run_id], note=note)

    def rename(self, run_id: str, name: str) -> None:
        """See Store."""
        self._set([run_id], name=name)

    def star(self, run_ids: Sequence[str], *, is_starred: bool = True) -> None:
        """See Store."""
        self._set(run_ids, is_starred=is_starred)

    def set_baseline(self, run_id: str | None, *, experiment: str) -> None:
        """See Store."""
        from aseptic.store import edits

        self._write(
            lambda connection: edits.set_baseline(
                connection, run_id, experiment=experiment, store=self.url
            )
        )

    def acknowledge(
        self, run_id: str, code: str, reason: str | None, *, subject: str | None = None
    ) -> None:
        """See Store."""
        from aseptic.store import edits

        self._edit(
            [run_id],
            lambda connection, nos: edits.acknowledge(
                connection, nos[0], code, reason, subject=subject
            ),
        )

    def trash(self, run_ids: Sequence[str]) -> None:
        """See Store."""
        from aseptic.store import edits

        self._write(lambda connection: edits.trash(connection, run_ids, self.url))

    def restore(self, run_ids: Sequence[str]) -> None:
        """See Store."""
        self._set(run_ids, trashed_at=None)

    def gc(self, *, dry_run: bool = False) -> dict[str, int]:
        """See Store.

        A trashed run that is still running stays. An object that no run ever named is kept
        for an hour, since its run may be about to name it; so is a local copy, which someone may
        be about to open.
        """
        from aseptic.store import edits

        if not dry_run:
            self._copies.clear(older_than=orphan_limit())
        if dry_run:
            runs, limits, sizes = self._read(lambda c: self._garbage(c, edits.count_trashed))
            doomed = [
                digest
                for digest, limit in limits.items()
                if self._objects.is_older(digest, than=limit)
            ]
        else:
            runs, limits, sizes = self._write(lambda c: self._garbage(c, edits.delete_trashed))
            doomed = [
                digest
                for digest, limit in limits.items()
                if self._objects.delete(digest, if_older_than=limit)
            ]
        size_bytes = sum(sizes[digest] for digest in doomed)
        return {"runs": runs, "objects": len(doomed), "size_bytes": size_bytes}

    def _garbage(
        self, connection: Connection, take: Callable[[Connection], int]
    ) -> tuple[int, dict[str, float], dict[str, int]]:
        """Counts trashed runs; objects nobody else uses, each with the newest time to delete."""
        from aseptic.store import edits

        by_trashed = edits.used_objects(connection, by_trashed=True)
        by_others = edits.used_objects(connection, by_trashed=False)
        sizes = self._objects.sizes()
        limits = {
            digest: max(orphan_limit(), _seconds(by_trashed.get(digest)))
            for digest in unused(sizes, by_others)
        }
        return take(connection), limits, sizes

    # -- transactions -----------------------------------------------------------------------
    @cached_property
    def _database(self) -> Database:
        from aseptic.store.database import Database

        return Database(self.folder / "runs.db")

    @cached_property
    def _folder(self) -> Folder:
        from aseptic.store.fold import Folder

        return Folder(self.folder / "journal", self._database)

    def _read(self, work: Callable[[Connection], T]) -> T:
        with suppress(StoreUnavailable):  # what is folded already can be read, if anything can
            self._folder.fold()
        if not (self.folder / "runs.db").exists():
            self._make_folder()
        return self._database.read(work)

    def _write(self, work: Callable[[Connection], T]) -> T:
        self._make_folder()
        self._folder.fold()
        return self._database.write(work)

    def _edit(
        self, run_ids: Sequence[str], change: Callable[[Connection, list[int]], None]
    ) -> None:
        from aseptic.store import reading

        def work(connection: Connection) -> None:
            numbers = reading.run_numbers(connection, run_ids, self.url)
            change(connection, list(numbers.values()))

        self._write(work)

    def _set(self, run_ids: Sequence[str], **values: Any) -> None:
        from aseptic.store import edits

        self._edit(run_ids, lambda connection, nos: edits.set_fields(connection, nos, **values))


def _make_private(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise unavailable(folder, error) from error


def _seconds(time: str | None) -> float:
    return datetime.fromisoformat(time).timestamp() if time else 0.0
