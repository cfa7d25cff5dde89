"""Short transactions on the SQLite file of a store: connect, begin, commit, close.

No connection outlives its transaction: SQLite's locks are lost when anything in the process
opens and closes the same file, and a forked child inherits a connection that lies.

The rollback journal is used on every SQLite, not WAL: WAL stays with the file, so one process
with a newer SQLite would lead one with an older into its WAL-reset fault (before 3.51.3, 3.50.7
and 3.44.6), and WAL needs all processes on one host. Nothing waits for a commit but folding.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.pool import NullPool

from aseptic.errors import StoreDamaged, StoreTooNew, StoreUnavailable
from aseptic.store.journal import unavailable
from aseptic.store.migrations import HEAD, REVISIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

T = TypeVar("T")

#: How long a transaction waits for the one before it. Each is short; this is for a slow disk.
BUSY_TIMEOUT_S = 60.0
_PAUSE_S = 0.02


class Database:
    """The file `runs.db`, made and migrated at its first use."""

    def __init__(self, path: Path, *, busy_timeout_s: float = BUSY_TIMEOUT_S) -> None:
        self.path = path
        self._busy_timeout_s = busy_timeout_s
        self._engine = create_engine("sqlite://", creator=self._connect, poolclass=NullPool)
        event.listen(self._engine, "begin", _begin)

    def read(self, work: Callable[[Connection], T]) -> T:
        """What `work` returns, of one state of the store. Raises StoreUnavailable, StoreDamaged."""
        return self._current("BEGIN", work)

    def write(self, work: Callable[[Connection], T]) -> T:
        """The same, and keeps what `work` changed, or nothing of it."""
        return self._current("BEGIN IMMEDIATE", work)

    def _current(self, begin: str, work: Callable[[Connection], T]) -> T:
        """Runs `work` on the present schema: looked at each time, since another may migrate."""

        def checked(connection: Connection) -> T:
            found = _revision(connection)
            if found != HEAD:
                raise _NotCurrent(found)
            return work(connection)

        try:
            self._make_file()
            return self._transact(checked, begin)
        except _NotCurrent as error:
            self._refuse_newer(error.found)
        self._transact(self._migrate, "BEGIN IMMEDIATE")
        return self._transact(checked, begin)

    def _transact(self, work: Callable[[Connection], T], begin: str) -> T:
        """Runs `work` again while another process has the file; SQLite waits by itself mostly."""
        deadline = time.monotonic() + self._busy_timeout_s
        while True:
            try:
                with self._translated(), self._engine.connect() as connection:
                    return _within(connection.execution_options(aseptic_begin=begin), work)
            except _Busy as error:  # noqa: PERF203  # a new try is what the loop is for
                if time.monotonic() > deadline:
                    raise StoreUnavailable(str(error)) from error
                time.sleep(_PAUSE_S)

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path, timeout=self._busy_timeout_s, isolation_level=None, check_same_thread=False
        )
        connection.executescript(
            "PRAGMA trusted_schema=OFF; PRAGMA foreign_keys=ON; PRAGMA synchronous=FULL;"
        )
        return connection

    # -- the schema -------------------------------------------------------------------------
    def _make_file(self) -> None:
        """Before SQLite would, which asks the umask; its own journal takes the file's mode."""
        if not self.path.exists():
            make_folder(self.path.parent)
            _make_private(self.path)

    def _migrate(self, connection: Connection) -> None:
        """One process migrates; the others wait for its lock and find nothing to do."""
        found = _revision(connection)
        if found == HEAD:
            return
        self._refuse_newer(found)
        if found is not None:
            self._back_up(found)
        from aseptic.store.migrations.upgrade import upgrade

        upgrade(connection)

    def _refuse_newer(self, found: str | None) -> None:
        if found is not None and found not in REVISIONS:
            raise StoreTooNew(str(self.path.parent), found=found, known=HEAD)

    def _back_up(self, revision: str) -> None:
        """A copy beside the store, made under the lock of the migration: nobody writes meanwhile.

        SQLite makes it, through a second connection that only reads. To copy the file would be
        to open and close it, and so to drop that lock.
        """
        folder = self.path.parent / "backups"
        try:
            make_folder(folder)
            stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
            target = folder / f"runs-{revision}-{stamp}.db"
            _make_private(target)
            with closing(self._connect()) as source, closing(sqlite3.connect(target)) as copy:
                source.backup(copy)
        except OSError as error:
            raise unavailable(folder, error) from error

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """SQLite's errors as ours."""
        try:
            yield
        except (OperationalError, DatabaseError) as error:
            if type(error) not in (OperationalError, DatabaseError):
                raise  # such as IntegrityError: a fault of ours, not of the store
            raise self._answer(error.orig) from error
        except sqlite3.Error as error:
            raise self._answer(error) from error

    def _answer(self, error: BaseException | None) -> Exception:
        code = getattr(error, "sqlite_errorcode", None)  # from Python 3.11 on
        text = str(error)
        if (code is not None and code & 0xFF in (5, 6)) or "locked" in text:
            return _Busy(f"{self.path} is held by another process; try again when it is done.")
        if "not a database" in text or "malformed" in text:
            return StoreDamaged(
                f"{self.path} cannot be read: {text}. Move it away and a new one is made from "
                f"the journals; copies of it may lie in {self.path.parent / 'backups'}."
            )
        return StoreUnavailable(f"cannot use {self.path}: {text}.")


class _NotCurrent(Exception):
    """The schema is older or newer than this aseptic's, or not there yet."""

    def __init__(self, found: str | None) -> None:
        self.found = found
        super().__init__(found)


class _Busy(StoreUnavailable):
    """Another process has the file at this moment."""


def make_folder(folder: Path) -> None:
    """Makes the folder for its owner alone. Raises StoreUnavailable."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise unavailable(folder, error) from error


def _make_private(path: Path) -> None:
    try:
        path.touch(mode=0o600)
    except OSError as error:
        raise unavailable(path, error) from error


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("aseptic_begin", "BEGIN"))


def _within(connection: Connection, work: Callable[[Connection], T]) -> T:
    with connection.begin():
        return work(connection)


def _revision(connection: Connection) -> str | None:
    """The revision of the store's schema, or None for a file without one."""
    asked = "SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'"
    if connection.exec_driver_sql(asked).first() is None:
        return None
    row: Any = connection.exec_driver_sql("SELECT version_num FROM alembic_version").first()
    return None if row is None else str(row[0])
