import errno
import os
import resource
import stat
import subprocess
import sys

import pytest

from aseptic.errors import StoreUnavailable
from aseptic.model import Problem, RunEnd, utc_now
from aseptic.store import journal as journals
from aseptic.store.journal import MAGIC, FileRunJournal, Frames
from aseptic.store.sqlite import SqliteStore
from aseptic.testing import make_run, record_run, start_of

END = RunEnd(status="finished", ended_at=utc_now(), duration_s=1.0)


@pytest.fixture
def store(tmp_path):
    return SqliteStore(tmp_path / ".aseptic")


def start(store, **fields):
    run = make_run(status="running", **fields)
    return run, store.start_run(start_of(run))


def only_file(store):
    (file,) = (store.folder / "journal").glob("*.run")
    return file


def points(store, run):
    series = store.read_series([run.run_id])
    return series[0].value.tolist() if series else []


def log(journal, *values):
    for value in values:
        journal.log({"m": value}, step=None, time_s=0.0)


def test_starting_and_logging_import_no_database(tmp_path):
    code = """
import sys
from aseptic.store import open_store
from aseptic.testing import make_run, start_of
journal = open_store(sys.argv[1]).start_run(start_of(make_run(status="running")))
journal.log({"m": 1.0}, step=1, time_s=0.0)
print([name for name in ("sqlalchemy", "alembic", "numpy", "sqlite3") if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_folders_are_private_and_files_too_whatever_the_umask(store):
    before = os.umask(0)
    try:
        record_run(store, series={"m": [1.0]})
        store.put_object(b"x")
        store.fold()
        start(store)
    finally:
        os.umask(before)
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in store.folder.rglob("*")}
    folders = {mode for path, mode in modes.items() if path.is_dir()}
    files = {mode for path, mode in modes.items() if path.is_file() and path.name != ".gitignore"}
    assert (folders, files) == ({0o700}, {0o600})
    assert stat.S_IMODE(store.folder.stat().st_mode) == 0o700


def test_git_is_told_to_ignore_the_store(store):
    start(store)
    assert "*" in (store.folder / ".gitignore").read_text().splitlines()


def test_one_log_call_is_one_write(store, monkeypatch):
    _, journal = start(store)
    values = dict.fromkeys("abcde", 0.5)
    journal.log(values, step=0, time_s=0.0)
    size = only_file(store).stat().st_size
    journal.log(values, step=1, time_s=0.0)
    assert only_file(store).stat().st_size - size == 8 + 21 + 5 * 8


@pytest.mark.parametrize("cut", range(1, 37))
def test_a_torn_tail_takes_nothing_with_it(store, cut):
    run, journal = start(store)
    log(journal, 1.0, 2.0, 3.0)
    file = only_file(store)
    os.truncate(file, file.stat().st_size - cut)  # the last frame has 37 bytes
    assert points(store, run) == [1.0, 2.0]


def test_what_was_torn_is_read_once_it_is_whole(store):
    run, journal = start(store)
    log(journal, 1.0, 2.0)
    file = only_file(store)
    content = file.read_bytes()
    os.truncate(file, len(content) - 5)
    assert points(store, run) == [1.0]
    file.write_bytes(content)
    assert points(store, run) == [1.0, 2.0]


def test_what_follows_a_broken_frame_is_not_trusted():
    frames = [journals.record_frame(Problem(what=text, reason="r")) for text in "abc"]
    broken = bytearray(b"".join(frames))
    broken[len(frames[0]) + 20] ^= 1
    found = Frames(bytes(broken))
    assert [journals.read_record(body).what for body in found] == ["a"]
    assert (found.size, found.is_broken) == (len(frames[0]), True)


@pytest.mark.parametrize("content", [b"", b"ase", MAGIC, MAGIC + b"\1\0", b"SQLite format 3\0" * 9])
def test_a_file_that_is_no_journal_stops_nothing(store, content):
    run = record_run(store)
    (store.folder / "journal" / f"{'0' * 16}.run").write_bytes(content)
    assert store.read_runs().run_ids == [run.run_id]


def test_a_record_of_a_newer_aseptic_is_a_problem_of_the_run(store):
    run, journal = start(store)
    frame = journals.record_frame(Problem(what="a", reason="b")).replace(b"Problem", b"Plotter")
    body = frame[8:]
    journal.write_frame(journals._HEAD.pack(len(body), journals.crc32(body)) + body)
    log(journal, 1.0)
    assert [problem.reason for problem in store.get_run(run.run_id).problems] == [
        "it was written by a newer aseptic"
    ]
    assert points(store, run) == [1.0]


# -- disks that are full, read-only or gone -------------------------------------------------------
def limit_file_size(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))


@pytest.fixture
def file_size():
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield limit_file_size
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_what_the_disk_did_not_take_is_counted_and_said(store, file_size):
    run, journal = start(store)
    log(journal, 1.0)
    file_size(only_file(store).stat().st_size + 50)  # the next frame fits, the one after is cut
    log(journal, 2.0)
    for _ in range(3):
        with pytest.raises(StoreUnavailable, match=r"cannot write .*\. Set"):
            log(journal, -1.0)
    with pytest.raises(StoreUnavailable):
        journal.append(Problem(what="a", reason="b"))
    assert (journal.unwritten.points, journal.unwritten.records) == (3, 1)
    file_size(resource.RLIM_INFINITY)
    log(journal, 3.0)
    journal.end(END)
    assert points(store, run) == [1.0, 2.0, 3.0]
    found = store.get_run(run.run_id)
    assert found.status == "finished"
    assert found.problems == (
        Problem(what="3 points and 1 records", reason="EFBIG while writing the journal"),
    )


def test_a_full_disk_says_what_to_do(store):
    error = journals.unavailable("x", OSError(errno.ENOSPC, "No space left on device"))
    assert str(error) == (
        "cannot write x: No space left on device. "
        "Free some space; until then what is logged is counted, not kept."
    )
    assert error.errno == errno.ENOSPC


def test_a_place_that_cannot_be_a_folder_is_unavailable(tmp_path):
    (tmp_path / "file").write_text("x")
    store = SqliteStore(tmp_path / "file" / ".aseptic")
    for act in (
        lambda: start(store),
        lambda: store.put_object(b"x"),
        store.read_runs,
    ):
        with pytest.raises(StoreUnavailable):
            act()


# -- forks -----------------------------------------------------------------------------------------
def in_child(work):
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0


def test_a_forked_process_writes_a_file_of_its_own(store):
    _, journal = start(store)
    log(journal, 1.0)
    before = only_file(store).read_bytes()
    in_child(lambda: log(journal, 2.0))
    assert len(list((store.folder / "journal").glob("*.run"))) == 2
    assert (store.folder / "journal" / f"{journal.run_id}.run").read_bytes() == before


def test_a_child_that_logs_nothing_leaves_nothing(store):
    _, journal = start(store)
    in_child(lambda: journal.end(END))
    assert len(list((store.folder / "journal").glob("*"))) == 1
    log(journal, 1.0)


def test_a_fork_while_another_thread_logs_does_not_hang(store):
    import threading

    run, journal = start(store)
    is_done = threading.Event()

    def write():
        while not is_done.is_set():
            log(journal, 1.0)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        for _ in range(20):
            in_child(lambda: journal.log({"child": 1.0}, step=None, time_s=0.0))
    finally:
        is_done.set()
        thread.join()
    assert len(store.read_series([run.run_id], "child")[0].value) == 20


def test_a_grandchild_writes_to_the_run_too(store):
    run, journal = start(store)

    def child():
        log(journal, 1.0)
        in_child(lambda: log(journal, 2.0))

    in_child(child)
    assert sorted(points(store, run)) == [1.0, 2.0]


def test_a_journal_is_never_opened_twice(store):
    run, _ = start(store)
    with pytest.raises(FileExistsError):
        FileRunJournal(store.folder / "journal", start_of(run))
