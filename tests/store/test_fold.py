import os
import random
import subprocess
import sys
import threading
import time

import msgspec
import pytest

from aseptic.model import Problem, RunEnd, new_run_id, utc_now
from aseptic.store import fold
from aseptic.store.liveness import new_session
from aseptic.store.sqlite import SqliteStore
from aseptic.testing import make_run, record_run, start_of

END = RunEnd(status="finished", ended_at=utc_now(), duration_s=1.0)


@pytest.fixture
def store(tmp_path):
    return SqliteStore(tmp_path / ".aseptic")


def files(store):
    return sorted(path.name for path in (store.folder / "journal").iterdir())


def age(store, seconds):
    for path in (store.folder / "journal").iterdir():
        os.utime(path, (time.time() - seconds,) * 2)


def gone_session():
    return msgspec.structs.replace(new_session(), process_started=1.0)


def test_an_ended_run_leaves_no_journal(store):
    record_run(store, series={"m": [1.0]})
    assert len(files(store)) == 1
    store.fold()
    assert files(store) == []


def test_folding_nothing_new_does_not_touch_the_database(store):
    run = make_run(status="running")
    journal = store.start_run(start_of(run))
    journal.log({"m": 1.0}, step=None, time_s=0.0)
    store.fold()
    (store.folder / "runs.db").unlink()
    store.fold()
    assert not (store.folder / "runs.db").exists()


def test_a_folded_file_that_could_not_be_removed_is_not_folded_again(store):
    run = record_run(store, series={"m": [1.0, 2.0]})
    (file,) = (store.folder / "journal").iterdir()
    content = file.read_bytes()
    store.fold()
    file.write_bytes(content)  # as if the process had died between commit and removal
    SqliteStore(store.folder).fold()
    assert store.get_run(run.run_id).metrics["m"].count == 2
    assert files(store) == []


def test_a_large_journal_is_folded_in_pieces(store, monkeypatch):
    monkeypatch.setattr(fold, "_PIECE", 4096)  # 32 MB in earnest
    run = make_run(status="running", note="n" * 10_000)  # its first frame is longer than a piece
    journal = store.start_run(start_of(run))
    for step in range(1000):
        journal.log({"m": float(step)}, step=step, time_s=0.0)
    journal.end(END)
    assert store.read_series([run.run_id])[0].value.tolist() == list(range(1000))
    assert store.get_run(run.run_id).status == "finished"


def test_folding_comes_to_an_end_while_a_run_writes(store):
    journal = store.start_run(start_of(make_run(status="running")))
    is_done = threading.Event()

    def write():
        while not is_done.is_set():
            journal.log({"m": 1.0}, step=None, time_s=0.0)

    thread = threading.Thread(target=write)
    thread.start()
    time.sleep(0.2)
    begin = time.monotonic()
    store.fold()
    is_done.set()
    thread.join()
    assert time.monotonic() - begin < 30


def test_the_journal_of_a_lost_run_is_kept_for_a_day(store):
    run = record_run(store, status="running", session=gone_session())
    assert store.get_run(run.run_id).status == "lost"
    assert len(files(store)) == 1
    age(store, fold.KEEP_S + 1)
    SqliteStore(store.folder).fold()
    assert files(store) == []
    assert store.get_run(run.run_id).status == "lost"


def test_a_lost_run_that_writes_again_is_running_with_all_its_points(store):
    session = msgspec.structs.replace(new_session(), host="elsewhere")
    run = make_run(status="running")
    journal = store.start_run(start_of(run, session))
    journal.log({"m": 1.0}, step=None, time_s=0.0)
    age(store, fold.ELSEWHERE_S + 1)
    assert store.get_run(run.run_id).status == "lost"
    assert store.get_run(run.run_id).ended_at is not None
    journal.log({"m": 2.0}, step=None, time_s=0.0)
    found = store.get_run(run.run_id)
    assert (found.status, found.ended_at, found.metrics["m"].count) == ("running", None, 2)
    journal.end(END)
    assert store.get_run(run.run_id).status == "finished"


def test_a_damaged_journal_is_put_aside_and_said_once_its_process_is_dead(store):
    run = make_run(status="running")
    journal = store.start_run(start_of(run, gone_session()))
    for step in range(3):
        journal.log({"m": float(step)}, step=step, time_s=0.0)
    (file,) = (store.folder / "journal").iterdir()
    content = bytearray(file.read_bytes())
    content[-37 - 5] ^= 1
    file.write_bytes(content)
    found = store.get_run(run.run_id)
    assert (found.status, found.metrics["m"].count) == ("lost", 1)
    assert found.problems == (Problem(what="74 bytes of the journal", reason="they are damaged"),)
    assert files(store) == []
    assert (store.folder / "damaged" / file.name).read_bytes() == content


def test_one_journal_that_cannot_be_read_does_not_stop_the_others(store):
    run = record_run(store)
    (store.folder / "journal" / f"{'1' * 16}.run").write_bytes(os.urandom(100))
    assert store.read_runs().run_ids == [run.run_id]


def test_the_points_of_a_deleted_run_are_let_go(store):
    session = gone_session()
    run = make_run(status="running")
    journal = store.start_run(start_of(run, session))
    store.trash([run.run_id])
    assert store.gc()["runs"] == 1
    journal.log({"m": 1.0}, step=None, time_s=0.0)
    store.fold()
    assert store.read_runs().run_ids == store.read_runs(trashed=True).run_ids == []
    assert files(store) == []


def test_what_was_acknowledged_survives_kill_whenever_it_comes(store):
    code = """
import sys
from aseptic.store import open_store
from aseptic.testing import make_run, start_of
run = make_run(run_id=sys.argv[2], status="running")
journal = open_store(sys.argv[1]).start_run(start_of(run))
for step in range(10**9):
    journal.log({"a": step, "b": step / 3}, step=step, time_s=step)
    sys.stdout.write(f"{step}\\n")
    sys.stdout.flush()
"""
    rng = random.Random(1)
    for _ in range(12):
        run_id = new_run_id()
        process = subprocess.Popen(
            [sys.executable, "-c", code, store.url, run_id], stdout=subprocess.PIPE, text=True
        )
        process.stdout.readline()
        time.sleep(rng.expovariate(20))
        process.kill()
        acknowledged = 1 + sum(line.endswith("\n") for line in process.stdout)
        process.wait()
        a, b = store.read_series([run_id])
        assert len(a.value) >= acknowledged
        assert a.value.tolist() == a.step.tolist() == list(range(len(a.value)))
        assert b.value.tolist() == [step / 3 for step in range(len(a.value))]
        assert store.get_run(run_id).status == "lost"


def test_sixteen_processes_use_a_new_store_at_once(store):
    code = """
import sys
from aseptic.store import open_store
from aseptic.testing import record_run
sys.stdin.readline()
store = open_store(sys.argv[1])
run = record_run(store, series={"m": [1.0, 2.0]})
assert store.get_run(run.run_id).metrics["m"].count == 2
"""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code, store.url],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(16)
    ]
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    errors = [process.communicate(timeout=200)[1] for process in processes]
    assert [error for error in errors if error] == []
    columns = store.read_runs()
    assert len(columns.run_ids) == 16
    assert columns.metrics == {"m": [2.0] * 16}


def test_folders_at_work_together_fold_each_point_once(store):
    runs = [make_run(status="running") for _ in range(3)]
    open_journals = [store.start_run(start_of(run)) for run in runs]
    is_done = threading.Event()

    def fold_all_the_time():
        own = SqliteStore(store.folder)
        while not is_done.is_set():
            own.fold()

    folders = [threading.Thread(target=fold_all_the_time) for _ in range(3)]
    for thread in folders:
        thread.start()
    for step in range(300):
        for journal in open_journals:
            journal.log({"m": float(step)}, step=step, time_s=0.0)
        time.sleep(0.001)
    is_done.set()
    for thread in folders:
        thread.join()
    for series in store.read_series([run.run_id for run in runs]):
        assert series.value.tolist() == list(range(300))
