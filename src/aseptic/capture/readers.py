"""The functions through which programs read files, URLs and databases.

Python's own `open` sees most readers. Those in C++ (Arrow, polars) open files by themselves, so
they are watched where a path last passes through Python; there a name that was imported earlier
(`from polars import read_csv`) is seen too. Only what is imported already is looked at.
"""

from __future__ import annotations

import builtins
import io
import sys
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from aseptic.capture.patches import Observer, Place, hide_own_frames

_Args = tuple[Any, ...]
_Options = dict[str, Any]
_Observed = Callable[[Any], Observer]


class Watcher(Protocol):
    """Who is told what was read."""

    def opened(self, file: object, mode: str) -> None:
        """A file was opened in this mode."""

    def read(self, source: object, result: object) -> None:
        """A file, folder or URL was read, or some of them; `result` is what came of it."""

    def fetched(self, url: str, content: object) -> None:
        """A URL was read; its content, if that is in memory."""

    def queried(self, query: object, connection: object, result: object) -> None:
        """A query or table was read from a database."""


def places() -> Iterator[Place]:
    """Every function to watch in the modules that are imported now."""
    yield from _python()
    for module, names, observe in _FUNCTIONS:
        for name in names:
            yield from _place(module, name, observe)
    for module, (kind, name), observe in _METHODS:
        yield from _place(module, name, observe, inside=kind)
    yield from _polars()


#: Readers that open files in C++: imported during a cell, they may have read unseen.
UNSEEN_WHEN_NEW = ("polars", "pyarrow.parquet", "pyarrow.dataset")


def _python() -> Iterator[Place]:
    yield Place(builtins, "open", _open)
    yield Place(io, "open", _open)
    yield from _place("bz2", "_builtin_open", _open)
    yield from _place("pathlib", "open", _open, inside="_NormalAccessor")  # Python 3.10
    yield from _place("IPython.core.interactiveshell", "io_open", _open)
    yield from _place("numpy.lib._datasource", "open", _source)


def _polars() -> Iterator[Place]:
    """Every reader of polars passes its path through one of two functions, known by name."""
    for module in list(sys.modules):
        if module.startswith("polars.io."):
            yield from _place(module, "normalize_filepath", _source)
            yield from _place(module, "get_sources", _source)


def _place(
    module: str, name: str, observe: _Observed, *, inside: str | None = None
) -> Iterator[Place]:
    owner = sys.modules.get(module)
    if owner is not None and inside is not None:
        owner = vars(owner).get(inside)
    if owner is not None and name in vars(owner):
        yield Place(owner, name, observe)


def _open(watcher: Watcher) -> Observer:
    def observe(args: _Args, options: _Options, file: Any) -> None:
        mode = str(options.get("mode", args[1] if len(args) > 1 else "r"))
        watcher.opened(file.name, mode)  # `name` has been through the caller's `__fspath__` once

    return observe


def _shown_error(_: Watcher) -> Observer:
    def observe(_: _Args, __: _Options, shown: Any) -> None:
        hide_own_frames(shown[1])

    return observe


def _source(watcher: Watcher) -> Observer:
    def observe(args: _Args, options: _Options, result: Any) -> None:
        watcher.read(args[0] if args else next(iter(options.values())), result)

    return observe


def _made_from(watcher: Watcher) -> Observer:
    def observe(args: _Args, options: _Options, _: Any) -> None:
        watcher.read(args[1] if len(args) > 1 else next(iter(options.values())), None)

    return observe


def _opener(name: str, *, at: int, default: str) -> _Observed:
    """For what is given a path, by this name or at this place, and then perhaps a mode."""

    def watch(watcher: Watcher) -> Observer:
        def observe(args: _Args, options: _Options, _: Any) -> None:
            path = args[at] if len(args) > at else options[name]
            mode = args[at + 1] if len(args) > at + 1 else options.get("mode", default)
            watcher.opened(path, str(mode))

        return observe

    return watch


def _pandas_parquet(watcher: Watcher) -> Observer:
    def observe(args: _Args, options: _Options, _: Any) -> None:
        mode = args[3] if len(args) > 3 else options.get("mode", "rb")
        path = args[0] if args else options["path"]
        if mode == "rb":
            watcher.read(path, None)
        else:
            watcher.opened(path, str(mode))

    return observe


def _written(at: int) -> _Observed:
    """For what writes to its argument at this place: read afterwards, that is no input."""

    def watch(watcher: Watcher) -> Observer:
        def observe(args: _Args, options: _Options, _: Any) -> None:
            watcher.opened(args[at] if len(args) > at else next(iter(options.values())), "w")

        return observe

    return watch


def _urlopen(watcher: Watcher) -> Observer:
    def observe(args: _Args, options: _Options, _: Any) -> None:
        url = args[0] if args else options["url"]
        watcher.fetched(url if isinstance(url, str) else url.full_url, None)

    return observe


def _request(watcher: Watcher) -> Observer:
    def observe(args: _Args, options: _Options, response: Any) -> None:
        method = args[1] if len(args) > 1 else options["method"]
        url = args[2] if len(args) > 2 else options["url"]  # self, method, url
        if str(method).upper() == "GET":
            watcher.fetched(str(url), vars(response).get("_content"))

    return observe


def _database(watcher: Watcher) -> Observer:
    def observe(args: _Args, options: _Options, result: Any) -> None:
        query = args[1] if len(args) > 1 else next(iter(options.values()))
        watcher.queried(query, getattr(args[0], "con", None), result)

    return observe


def _query(watcher: Watcher) -> Observer:
    def observe(args: _Args, options: _Options, result: Any) -> None:
        query = args[0] if args else options["query"]
        connection = args[1] if len(args) > 1 else options.get("connection", options.get("uri"))
        watcher.queried(query, connection, result)

    return observe


def _names(formats: str) -> tuple[str, ...]:
    return tuple(f"read_{what}" for what in formats.split())


_FUNCTIONS: tuple[tuple[str, tuple[str, ...], _Observed], ...] = (
    # for URLs, whose content comes back as a table; files of these are seen by `open` as well
    ("pandas", _names("csv table fwf json html xml excel parquet feather orc pickle hdf"), _source),
    ("pandas", _names("stata sas spss"), _source),
    ("polars", _names("csv parquet ipc json ndjson avro excel"), _source),
    ("polars", ("read_database", "read_database_uri"), _query),
    ("pandas.io.parquet", ("_get_path_or_handle",), _pandas_parquet),
    ("pyarrow", ("memory_map",), _opener("path", at=0, default="r")),
    ("pyarrow.parquet", ("read_table", "read_pandas"), _source),
    ("pyarrow.dataset", ("_filesystem_dataset", "parquet_dataset"), _source),
    ("polars.dataframe.frame", ("normalize_filepath",), _written(0)),
    ("pyarrow.feather", ("write_feather",), _written(1)),
    ("pyarrow.csv", ("write_csv",), _written(1)),
    ("pyarrow.csv", ("read_csv", "open_csv"), _source),
    ("pyarrow.json", ("read_json", "open_json"), _source),
    ("pyarrow.feather", ("_read_table_internal",), _source),
    ("pyarrow.orc", ("read_table",), _source),
    ("urllib.request", ("urlopen",), _urlopen),
)

_METHODS: tuple[tuple[str, tuple[str, str], _Observed], ...] = (
    ("IPython.core.interactiveshell", ("InteractiveShell", "_get_exc_info"), _shown_error),
    ("pyarrow.parquet.core", ("ParquetFile", "__init__"), _made_from),
    ("pyarrow.parquet.core", ("ParquetDataset", "__init__"), _made_from),
    ("pyarrow.parquet.core", ("ParquetWriter", "__init__"), _written(1)),
    ("pyarrow.orc", ("ORCFile", "__init__"), _made_from),
    ("pandas.io.pytables", ("HDFStore", "__init__"), _opener("path", at=1, default="a")),
    ("pandas.io.sql", ("SQLDatabase", "read_query"), _database),
    ("pandas.io.sql", ("SQLDatabase", "read_table"), _database),
    ("pandas.io.sql", ("SQLiteDatabase", "read_query"), _database),
    ("pandas.io.sql", ("ADBCDatabase", "read_query"), _database),
    ("pandas.io.sql", ("ADBCDatabase", "read_table"), _database),
    ("h5py._hl.files", ("File", "__init__"), _opener("name", at=1, default="r")),
    ("requests.sessions", ("Session", "request"), _request),
)
