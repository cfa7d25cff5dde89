"""What a cell reads is seen, and nothing else is changed by looking."""

import builtins
import io
import os
import pathlib
import re
import sqlite3
import subprocess
import sys
import threading
import traceback
import urllib.request
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.csv
import pyarrow.dataset
import pyarrow.feather
import pyarrow.parquet
import pytest
import requests
import xxhash
from IPython.core.interactiveshell import InteractiveShell
from pandas import read_parquet as pandas_read_parquet
from polars import read_csv as polars_read_csv
from polars import scan_parquet as polars_scan_parquet
from pyarrow.parquet import read_table as arrow_read_table
from sqlalchemy import create_engine, text

from aseptic.capture import contents, readers
from aseptic.capture.contents import Budget, Unread, content_digest
from aseptic.capture.data import digest
from aseptic.capture.files import FileWatch
from aseptic.capture.patches import Patches, Place, hide_own_frames

TABLE = pd.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "z"]})


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    TABLE.to_csv("t.csv", index=False)
    TABLE.to_csv("t.csv.bz2", index=False)
    TABLE.to_parquet("t.parquet")
    TABLE.to_feather("t.feather")
    TABLE.to_json("t.json")
    TABLE.to_pickle("t.pkl")
    np.save("t.npy", np.arange(5))
    np.savetxt("t.txt", np.eye(3))
    pathlib.Path("parts").mkdir()
    TABLE.to_parquet("parts/0.parquet")
    TABLE.to_parquet("parts/1.parquet")
    return tmp_path


@contextmanager
def watching(base):
    found = []
    watch = FileWatch(base)
    watch.start()
    try:
        yield found
    finally:
        found += watch.stop()


def hash_of(path):
    return f"xxh3:{xxhash.xxh3_128_hexdigest(path.read_bytes())}"


def read_by_open():
    with open("t.csv") as file:  # noqa: PTH123 - `open` itself is what is tested
        file.read()


READERS = {
    "open": (read_by_open, "t.csv"),
    "pathlib": (lambda: pathlib.Path("t.csv").read_bytes(), "t.csv"),
    "pandas csv": (lambda: pd.read_csv("t.csv"), "t.csv"),
    "pandas csv by arrow": (lambda: pd.read_csv("t.csv", engine="pyarrow"), "t.csv"),
    "pandas bz2": (lambda: pd.read_csv("t.csv.bz2"), "t.csv.bz2"),
    "pandas parquet": (lambda: pd.read_parquet("t.parquet"), "t.parquet"),
    "pandas parquet, named before": (lambda: pandas_read_parquet("t.parquet"), "t.parquet"),
    "pandas feather": (lambda: pd.read_feather("t.feather"), "t.feather"),
    "pandas json": (lambda: pd.read_json("t.json"), "t.json"),
    "pandas pickle": (lambda: pd.read_pickle("t.pkl"), "t.pkl"),
    "polars csv": (lambda: polars_read_csv("t.csv"), "t.csv"),
    "polars parquet": (lambda: pl.read_parquet("t.parquet"), "t.parquet"),
    "polars scan": (lambda: polars_scan_parquet("t.parquet").collect(), "t.parquet"),
    "polars json": (lambda: pl.read_json("t.json"), "t.json"),
    "polars ipc": (lambda: pl.read_ipc("t.feather"), "t.feather"),
    "arrow parquet": (lambda: arrow_read_table("t.parquet"), "t.parquet"),
    "arrow parquet file": (lambda: pa.parquet.ParquetFile("t.parquet").read(), "t.parquet"),
    "arrow dataset": (lambda: pa.dataset.dataset("t.parquet").to_table(), "t.parquet"),
    "arrow csv": (lambda: pa.csv.read_csv("t.csv"), "t.csv"),
    "arrow feather": (lambda: pa.feather.read_table("t.feather"), "t.feather"),
    "arrow ipc": (lambda: pa.ipc.open_file(pa.memory_map("t.feather")).read_all(), "t.feather"),
    "numpy load": (lambda: np.load("t.npy"), "t.npy"),
    "numpy mapped": (lambda: np.load("t.npy", mmap_mode="r"), "t.npy"),
    "numpy text": (lambda: np.loadtxt("t.txt"), "t.txt"),
    "numpy genfromtxt": (lambda: np.genfromtxt("t.txt"), "t.txt"),
    "numpy fromfile": (lambda: np.fromfile("t.npy"), "t.npy"),
    "numpy memmap": (lambda: np.memmap("t.npy", mode="r"), "t.npy"),
}


@pytest.mark.parametrize(("read", "name"), READERS.values(), ids=READERS.keys())
def test_a_reader_is_seen_with_the_digest_of_its_file(folder, read, name):
    with watching(folder) as found:
        read()
    assert [(one.name, one.kind, one.digest, one.location) for one in found] == [
        (name, "file", hash_of(folder / name), name)
    ]


@pytest.mark.parametrize("read", [pd.read_parquet, pa.parquet.read_table, pa.dataset.dataset])
def test_a_folder_of_parts_is_one_input(folder, read):
    with watching(folder) as before:
        read("parts")
    (folder / "parts" / "1.parquet").write_bytes(b"other")
    with watching(folder) as after:
        pa.dataset.dataset("parts", schema=pa.schema([]), format="csv")
    assert [(one.name, one.kind, one.reason) for one in before] == [("parts", "folder", None)]
    assert after[0].digest != before[0].digest


def test_a_pattern_is_the_files_it_means(folder):
    with watching(folder) as found:
        pl.read_parquet("parts/*.parquet")
    assert [one.name for one in found] == ["parts/0.parquet", "parts/1.parquet"]


def test_hdf5_files_are_seen_though_c_opens_them(folder):
    h5py = pytest.importorskip("h5py")
    with h5py.File("t.h5", "w") as file:
        file["x"] = np.arange(3)
    with watching(folder) as found, h5py.File("t.h5") as file:
        file["x"][:]
    assert [(one.name, one.digest) for one in found] == [("t.h5", hash_of(folder / "t.h5"))]


# What is not an input


def test_a_file_that_the_cell_wrote_first_is_not_an_input(folder):
    with watching(folder) as found:
        pathlib.Path("new.csv").write_text("a\n1\n")
        pd.read_csv("new.csv")
    assert found == []


WRITERS = {
    "pandas": lambda: pd.read_parquet(TABLE.to_parquet("new") or "new"),
    "arrow": lambda: pd.read_parquet(pa.parquet.write_table(pa.table({"a": [1]}), "new") or "new"),
    "polars": lambda: pl.read_csv(pl.DataFrame({"a": [1]}).write_csv("new") or "new"),
    "polars parquet": lambda: pl.read_parquet(
        pl.DataFrame({"a": [1]}).write_parquet("new") or "new"
    ),
}


@pytest.mark.parametrize("write_and_read", WRITERS.values(), ids=WRITERS.keys())
def test_a_file_that_c_wrote_first_is_not_an_input(folder, write_and_read):
    with watching(folder) as found:
        write_and_read()
    assert found == []


def test_files_that_are_only_written_are_not_inputs(folder):
    with watching(folder) as found:
        TABLE.to_csv("out.csv")
        TABLE.to_parquet("out.parquet")
        np.save("out.npy", np.zeros(3))
    assert found == []


def test_the_machine_and_the_tools_are_not_inputs(folder):
    (folder / ".aseptic").mkdir()
    (folder / ".aseptic" / "x").write_text("")
    with watching(folder) as found:
        for path in (os.__file__, "/proc/self/status", "/dev/null", pd.__file__, ".aseptic/x"):
            with pathlib.Path(path).open("rb") as file:
                file.read(1)
    assert found == []


@pytest.mark.parametrize("prefix", [sys.prefix, "/usr"])  # the latter: a Python of the system's
def test_zones_that_a_library_looks_up_are_not_inputs_and_a_word_list_is(prefix):
    code = (
        "import sys, aseptic.errors, aseptic.capture.readers, aseptic.capture.data, sysconfig\n"
        f"sys.prefix = sys.base_prefix = {prefix!r}\n"
        f"paths = sysconfig.get_paths() | {{'data': {prefix!r}}}\n"
        "sysconfig.get_paths = lambda: paths\n"
        "from aseptic.capture.files import _is_ignored as ignored\n"
        "print(ignored('/usr/share/zoneinfo/UTC'), ignored('/usr/share/dict/words'))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True False\n"


def test_source_files_that_are_imported_are_not_inputs(folder, monkeypatch):
    (folder / "my_module.py").write_text("x = 1")
    monkeypatch.syspath_prepend(str(folder))
    with watching(folder) as found:
        import my_module  # noqa: F401

        pathlib.Path("my_module.py").read_text()
    assert found == []


def test_a_file_read_twice_is_one_input(folder):
    with watching(folder) as found:
        read_by_open()
        pd.read_csv(folder / "t.csv")
    assert [one.name for one in found] == ["t.csv"]


# What cannot be known


def test_a_file_changed_after_it_was_read_says_so(folder):
    with watching(folder) as found:
        pd.read_csv("t.csv")
        pathlib.Path("t.csv").write_text("other")
    assert [(one.digest, one.reason) for one in found] == [
        (None, "it was changed or removed after it was opened")
    ]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no FIFOs")
def test_a_fifo_is_not_waited_for(folder):
    os.mkfifo("pipe")
    watch = FileWatch(folder)
    watch.start()
    watch.opened("pipe", "r")
    assert [one.reason for one in watch.stop()] == ["it is no regular file"]


def test_a_loop_of_links_ends(folder):
    (folder / "parts" / "again").symlink_to(folder / "parts")
    (folder / "circle").symlink_to(folder / "circle")
    assert content_digest(str(folder / "parts"), Budget(5))[0].startswith("xxh3:")
    with pytest.raises(Unread, match="cannot be read"):
        content_digest(str(folder / "circle"), Budget(5))


def test_too_much_is_not_read(folder, monkeypatch):
    with pathlib.Path("huge").open("wb") as file:
        file.truncate(100 * 1024**3)
    with pytest.raises(Unread, match="100 GB"):
        content_digest("huge", Budget(5))
    with pytest.raises(Unread, match="took too long"):
        content_digest("t.csv", Budget(-1))
    monkeypatch.setattr(contents, "MAX_FILES", 1)
    with pytest.raises(Unread, match="more than 1 files"):
        content_digest("parts", Budget(5))


def test_many_files_of_a_folder_are_one_input(folder):
    pathlib.Path("many").mkdir()
    for number in range(60):
        pathlib.Path(f"many/{number}.txt").write_text(str(number))
    with watching(folder) as found:
        for number in range(60):
            pathlib.Path(f"many/{number}.txt").read_text()
    assert [(one.name, one.kind, one.shape, one.reason) for one in found] == [
        ("many/*", "files", (60,), None)
    ]


WRITE = """
import sqlite3, sys
try:
    sqlite3.connect(sys.argv[1], timeout=0).execute("insert into t values (1)")
except sqlite3.OperationalError as error:
    print(error)
"""


@pytest.mark.parametrize("name", ["user.db", "user.data"])
def test_the_locks_of_a_users_database_survive(folder, name):
    """Closing any descriptor of a file drops the process's POSIX locks on it (case 60)."""
    mine = sqlite3.connect(name, isolation_level=None)
    mine.execute("create table t (x)")
    mine.execute("begin exclusive")
    watch = FileWatch(folder)
    watch.start()
    watch.opened(name, "r")
    (found,) = watch.stop()
    other = subprocess.run(
        [sys.executable, "-c", WRITE, name], capture_output=True, text=True, check=True
    )
    assert other.stdout == "database is locked\n"
    mine.execute("rollback")
    assert found.digest == hash_of(folder / name)


# URLs and queries


@pytest.fixture
def address():
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"a,b\n1,x\n")

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_table_from_a_url_is_known_by_its_content(folder, address):
    with watching(folder) as found:
        table = pd.read_csv(f"{address}/t.csv?token=s3cr3t")
    (one,) = found
    assert (one.kind, one.digest, one.shape) == ("url", digest(table), (1, 2))
    assert one.name.startswith(f"{address}/t.csv")
    assert "s3cr3t" not in repr(one)


def test_what_requests_fetched_is_known_by_its_bytes(folder, address):
    with watching(folder) as found:
        requests.get(address, timeout=5)
    assert [(one.name, one.digest) for one in found] == [
        (address, f"xxh3:{xxhash.xxh3_128_hexdigest(b'a,b' + bytes([10]) + b'1,x' + bytes([10]))}")
    ]


def test_a_stream_from_a_url_is_left_to_the_caller(folder, address):
    with watching(folder) as found, urllib.request.urlopen(address) as response:
        assert response.read() == b"a,b\n1,x\n"
    assert [(one.kind, one.digest) for one in found] == [("url", None)]
    assert found[0].reason


def test_a_query_is_known_by_its_text_and_what_came_back(folder):
    connection = sqlite3.connect(":memory:")
    TABLE.to_sql("t", connection, index=False)
    with watching(folder) as found:
        table = pd.read_sql("select a from t where a > 1", connection)
    assert [(one.kind, one.location, one.digest) for one in found] == [
        ("query", "select a from t where a > 1", digest(table))
    ]


@pytest.mark.filterwarnings("ignore:Query string argument")  # SQLite has no passwords
def test_the_database_of_a_query_is_named_without_its_password(folder):
    engine = create_engine(f"sqlite:///{folder}/d.data?password=hunter2")
    TABLE.to_sql("t", engine, index=False)
    with watching(folder) as found:
        pd.read_sql_query(text("select * from t"), engine)
        pd.read_sql_table("t", engine)
        pl.read_database("select b from t", engine)
    queries = [one for one in found if one.kind == "query"]
    assert [one.name for one in queries] == ["select * from t", "t", "select b from t"]
    assert all(one.digest for one in queries)
    assert "sqlite" in queries[0].location
    assert "hunter2" not in repr(found)


# Nothing else changes


def everything():
    return {
        (id(place.owner), place.name): vars(place.owner)[place.name] for place in readers.places()
    }


def test_every_function_is_put_back():
    before = everything()
    with watching(pathlib.Path()):
        assert builtins.open is not before[id(builtins), "open"]
    after = everything()
    assert all(after[key] is before[key] for key in before)
    assert builtins.open is io.open


def test_what_someone_else_replaced_meanwhile_is_left_to_them(folder, monkeypatch):
    monkeypatch.setattr(builtins, "open", open)
    watch = FileWatch(pathlib.Path())
    watch.start()
    seen_by_them = builtins.open
    theirs = lambda *args, **kwargs: seen_by_them(*args, **kwargs)  # noqa: E731
    builtins.open = theirs
    watch.stop()
    assert builtins.open is theirs
    read_by_open()


def test_overlapping_watches_see_their_own_threads(folder):
    before = builtins.open
    first, second = FileWatch(folder), FileWatch(folder)
    started, read = threading.Event(), threading.Event()
    found = []

    def other_cell():
        second.start()
        started.set()
        read.wait(10)
        pathlib.Path("t.txt").read_text()
        found.extend(second.stop())

    thread = threading.Thread(target=other_cell)
    first.start()
    thread.start()
    started.wait(10)
    read_by_open()
    assert [one.name for one in first.stop()] == ["t.csv"]
    assert builtins.open is not before
    read.set()
    thread.join()
    assert [one.name for one in found] == ["t.txt"]
    assert builtins.open is before


def test_a_thread_that_the_cell_started_is_seen(folder):
    with watching(folder) as found:
        thread = threading.Thread(target=read_by_open)
        thread.start()
        thread.join()
    assert [one.name for one in found] == ["t.csv"]


def test_a_fault_while_noting_never_reaches_the_caller(folder, monkeypatch):
    def fail(*_):
        raise RuntimeError

    monkeypatch.setattr(FileWatch, "opened", fail)
    with watching(folder):
        read_by_open()


def test_a_failing_call_fails_as_it_did(folder):
    with pytest.raises(FileNotFoundError) as plain:
        open("absent")  # noqa: PTH123, SIM115 - `open` itself is what is tested
    with watching(folder) as found, pytest.raises(FileNotFoundError) as watched:
        open("absent")  # noqa: PTH123, SIM115 - `open` itself is what is tested
    assert found == []
    assert str(watched.value) == str(plain.value)
    names = [frame.name for frame in traceback.extract_tb(watched.value.__traceback__)]
    assert names == ["test_a_failing_call_fails_as_it_did", "watched"]
    hide_own_frames(watched.value)
    shown = traceback.extract_tb(watched.value.__traceback__)
    assert [frame.name for frame in shown] == ["test_a_failing_call_fails_as_it_did"]


CELL = """
def read():
    try:
        open("absent")
    except FileNotFoundError as error:
        raise ValueError from error
read()
"""


def test_ipython_shows_the_traceback_that_it_would_have_shown(folder, capsys):
    shell = InteractiveShell(colors="nocolor")

    def shown():
        shell.execution_count = 1
        shell.run_cell(CELL)
        return re.sub("-+", "-", capsys.readouterr().out)

    plain = shown()
    with watching(folder):
        watched = shown()
    assert "FileNotFoundError" in plain
    assert watched == plain


def test_a_warning_points_at_the_line_that_called(folder):
    with watching(folder), pytest.warns(pd.errors.ParserWarning) as caught:
        pd.read_csv("t.csv", sep=None)
    assert [one.filename for one in caught] == [__file__]


def test_a_watched_function_looks_as_before():
    with watching(pathlib.Path()):
        assert open.__name__ == "open"
        assert pd.read_csv.__doc__ == pd.read_csv.__wrapped__.__doc__
        assert isinstance(pa.parquet.ParquetFile, type)
        assert all(
            isinstance(vars(place.owner)[place.name], type) is False for place in readers.places()
        )


def test_a_wrapper_that_someone_kept_goes_on_working(folder):
    with watching(folder) as found:
        kept = builtins.open
    with kept("t.csv") as file:
        assert file.read()
    assert found == []


def test_only_what_is_imported_is_wrapped_and_what_comes_later_is_wrapped_then():
    class Library:
        read = staticmethod(len)

    places, calls = [], []
    patches = Patches(lambda: places)
    watcher = object()
    patches.add(watcher)
    places.append(
        Place(Library, "read", lambda _: lambda args, options, result: calls.append(result))
    )
    sys.modules["aseptic_test_late"] = sys
    try:
        patches.refresh()
    finally:
        del sys.modules["aseptic_test_late"]
    assert Library.read("abc") == 3
    patches.remove(watcher)
    assert calls == [3]
    assert Library.read("abcd") == 4
    assert calls == [3]
