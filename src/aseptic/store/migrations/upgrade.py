"""Brings a database to the newest revision: the only module that runs Alembic."""

from __future__ import annotations

import contextlib
import logging
import threading
from typing import TYPE_CHECKING, Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory

from aseptic.store.migrations import FOLDER, HEAD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection


def upgrade(connection: Connection, *, to: str = HEAD) -> None:
    """Runs the missing revisions within the transaction that the connection is in."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    scripts = ScriptDirectory.from_config(config)

    def missing(found: Any, _: object) -> list[object]:
        return list(scripts._upgrade_revs(to, found))  # noqa: SLF001  # what `command.upgrade` calls

    with _silence(), EnvironmentContext(config, scripts, fn=missing) as environment:
        environment.configure(connection=connection, transactional_ddl=True)
        environment.run_migrations()


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Nothing that Alembic logs of us reaches a user's cell, whatever logging is set up there."""
    here = threading.get_ident()
    logger = logging.getLogger("alembic.runtime.migration")

    def is_anothers(record: logging.LogRecord) -> bool:
        return record.thread != here

    logger.addFilter(is_anothers)
    try:
        yield
    finally:
        logger.removeFilter(is_anothers)
