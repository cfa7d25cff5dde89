import sqlite3
import subprocess
import sys
import threading
import time

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from tests.store.older import make_store_0001

from aseptic.errors import StoreDamaged, StoreTooNew, StoreUnavailable
from aseptic.model import Finding
from aseptic.store import migrations, open_store, schema
from aseptic.store.database import Database
from aseptic.store.sqlite import SqliteStore
from aseptic.testing import record_run


@pytest.fixture
def store(tmp_path):
    return SqliteStore(tmp_path / ".aseptic")


def sql(store, *statements):
    connection = sqlite3.connect(store.folder / "runs.db")
    rows = [connection.execute(statement).fetchall() for statement in statements]
    connection.commit()
    connection.close()
    return rows[-1]


def test_the_migrations_make_the_tables_of_the_schema(store):
    store.fold()
    store.read_runs()

    def compare(connection):
        return compare_metadata(MigrationContext.configure(connection), schema.metadata)

    assert store._database.read(compare) == []


def test_the_migrations_make_the_views_of_the_schema(store):
    record_run(store, acc=0.5)
    store.read_runs()
    for view, select in schema.VIEWS.items():
        assert sql(store, f"SELECT * FROM {view}") == sql(store, select)
    assert sql(store, "SELECT name, value FROM v_metrics") == [("acc", 0.5)]


def test_a_newer_store_is_refused_and_nothing_in_it_is_changed(store):
    record_run(store)
    store.read_runs()
    record_run(store)
    sql(store, "UPDATE alembic_version SET version_num = '9999'")
    before = {path: path.read_bytes() for path in store.folder.rglob("*") if path.is_file()}
    for act in (store.read_runs, store.fold, lambda: store.gc(), lambda: store.trash([])):
        with pytest.raises(StoreTooNew, match=r"9999.*nothing was changed"):
            act()
    after = {path: path.read_bytes() for path in store.folder.rglob("*") if path.is_file()}
    assert before == after


def test_an_older_store_is_copied_before_it_is_migrated(store):
    make_store_0001(store.folder)
    assert store.read_runs().run_ids == ["a" * 16]
    (backup,) = (store.folder / "backups").iterdir()
    assert backup.name.startswith("runs-0001-")
    connection = sqlite3.connect(backup)
    assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("0001",)]
    assert connection.execute("SELECT run_id FROM runs").fetchall() == [("a" * 16,)]
    connection.close()


def test_a_store_of_the_first_schema_keeps_its_findings(store):
    make_store_0001(store.folder)
    assert store.get_run("old").findings == (
        Finding(code="D15", name="overlap", severity="error", message="m", evidence={"share": 0.5}),
    )
    assert store.get_run("old").checks == ()
    store.acknowledge("a" * 16, "D15", "known")
    assert sql(store, "SELECT code, acknowledged FROM v_findings") == [("D15", "known")]


def test_a_failed_migration_changes_nothing(store, monkeypatch):
    make_store_0001(store.folder)

    def refuse(*_):
        raise OSError(28, "no space left on device")

    monkeypatch.setattr("alembic.op.execute", refuse)  # the views come last
    with pytest.raises(OSError, match="no space"):
        store.read_runs()
    monkeypatch.undo()
    assert sql(store, "SELECT version_num FROM alembic_version") == [("0001",)]
    assert store.read_runs().run_ids == ["a" * 16]


def test_alembic_is_not_imported_when_there_is_nothing_to_migrate(store):
    record_run(store)
    store.read_runs()
    code = f"""
import sys
from aseptic.store import open_store
open_store({store.url!r}).read_runs()
print("alembic" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_the_revisions_follow_one_another():
    numbers = [int(revision) for revision in migrations.REVISIONS]
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_writer_waits_for_another_process(store):
    run = record_run(store)
    store.read_runs()
    holder = sqlite3.connect(store.folder / "runs.db", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    release = threading.Timer(0.5, lambda: None)
    release.start()
    waiter = threading.Thread(target=store.rename, args=(run.run_id, "new"))
    waiter.start()
    time.sleep(0.3)
    assert waiter.is_alive()
    holder.execute("COMMIT")
    holder.close()
    waiter.join(30)
    assert store.get_run("new").run_id == run.run_id


def test_a_store_held_for_ever_is_unavailable_in_one_line(store):
    store.read_runs()
    holder = sqlite3.connect(store.folder / "runs.db", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    database = Database(store.folder / "runs.db", busy_timeout_s=0.1)
    with pytest.raises(StoreUnavailable, match="held by another process"):
        database.read(lambda connection: None)
    holder.close()


def test_logging_does_not_wait_for_the_database(store):
    store.read_runs()
    holder = sqlite3.connect(store.folder / "runs.db", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    begin = time.monotonic()
    run = record_run(store, series={"m": [1.0, 2.0]})
    assert time.monotonic() - begin < 5
    holder.close()
    assert store.get_run(run.run_id).metrics["m"].count == 2


def test_no_connection_is_left_open(store):
    from pathlib import Path

    record_run(store)
    store.read_runs()
    open_files = [str(link.resolve()) for link in Path("/proc/self/fd").iterdir()]
    assert str(store.folder / "runs.db") not in open_files


@pytest.mark.parametrize("content", [b"not a database, but a text" * 100, b"\0" * 4096])
def test_a_file_that_is_no_database_is_said_to_be_damaged_and_stays(store, content):
    record_run(store)
    (store.folder / "runs.db").write_bytes(content)
    with pytest.raises(StoreDamaged, match="Move it away"):
        store.read_runs()
    assert (store.folder / "runs.db").read_bytes() == content


def test_a_removed_database_is_made_anew(store):
    record_run(store)
    store.read_runs()
    (store.folder / "runs.db").unlink()
    run = record_run(store)
    assert store.read_runs().run_ids == [run.run_id]


def test_a_store_can_be_read_where_it_cannot_be_written(store, monkeypatch):
    run = record_run(store)
    store.read_runs()
    record_run(store)

    def refuse(*_):
        raise StoreUnavailable("read-only")

    monkeypatch.setattr(Database, "write", refuse)  # as root, nothing is read-only
    assert SqliteStore(store.folder).read_runs().run_ids == [run.run_id]


def test_open_store_takes_the_folder_or_the_one_that_holds_it(tmp_path):
    (tmp_path / ".aseptic").mkdir()
    assert open_store(tmp_path).url == open_store(tmp_path / ".aseptic").url
    assert open_store(tmp_path).project == tmp_path.name
    assert open_store(tmp_path / "runs").url == str(tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


def test_a_url_that_cannot_be_opened_is_refused_without_its_password():
    with pytest.raises(ValueError, match="postgresql://…") as caught:
        open_store("postgresql://me:secret@host/db")
    assert "secret" not in str(caught.value)
