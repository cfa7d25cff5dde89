"""The files, folders, URLs and queries that a cell reads while it runs.

Reading is seen by wrappers that are in place only meanwhile (`patches.py`, `readers.py`); a file
that the cell wrote before it read it is no input. Contents are digested when the cell has ended.
Not seen: `os.open`, programs that are started, readers in C that `readers.py` does not list,
and what a library imported during the cell read before its first call that is seen.
"""

from __future__ import annotations

import glob
import json
import os
import re
import site
import subprocess
import sys
import sysconfig
from pathlib import Path, PurePath
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.request import url2pathname

from aseptic.capture import contents, readers
from aseptic.capture.contents import Budget, Unread
from aseptic.capture.data import describe, is_data
from aseptic.capture.digests import as_text, node
from aseptic.capture.patches import Patches
from aseptic.capture.secrets import redact, strip_credentials
from aseptic.model import DataInput

if TYPE_CHECKING:
    from collections.abc import Iterator

_BUDGET_S = 20.0
_MAX_ALONE = 50  # more files of one folder than these become one data input
_MAX_NAME = 80
_URL = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]+://")
#: Databases: something in this process may hold a lock on them that closing them would drop.
_DATABASES = frozenset(
    f".{end}"
    for end in ("db", "db3", "duckdb", "h5", "hdf", "hdf5", "mdb", "nc", "sqlite", "sqlite3")
)
_NOISE = re.compile(
    r"/(\.git|\.aseptic|\.aseptic-copies|\.ipython|\.jupyter|__pycache__|\.ipynb_checkpoints)/"
    r"|/(\.cache|\.config|jupyter)/(matplotlib|fontconfig|runtime)/|/matplotlibrc$"
    r"|/journal/[0-9a-f.]{16,}\.(run|session)$|/objects/[0-9a-f]{2}/[0-9a-f]{62}$"
    r"|^/etc/(localtime|timezone|mime\.types|locale\.\w+)$"
)

#: What libraries read for time zones, languages, fonts and certificates; word lists are not here.
_SYSTEM = (
    "/usr/share/zoneinfo",
    "/usr/share/locale",
    "/usr/lib/locale",
    "/usr/share/i18n",
    "/usr/share/fonts",
    "/usr/share/fontconfig",
    "/usr/share/mime",
    "/usr/share/ca-certificates",
    "/usr/share/terminfo",
    "/etc/ssl",
    "/etc/fonts",
    "/var/db/timezone",
)

_PATCHES = Patches(readers.places)


class FileWatch:
    """Sees what is read between `start` and `stop`; `base` is the project's folder."""

    def __init__(self, base: Path) -> None:
        self._base = base
        self._read: dict[str, _Sighting] = {}
        self._written: set[str] = set()
        self._others: dict[str, DataInput] = {}
        self._modules: frozenset[str] = frozenset()

    def start(self) -> None:
        """Begin to see. `stop` must follow."""
        self._modules = frozenset(sys.modules)
        _PATCHES.add(self)

    def stop(self) -> list[DataInput]:
        """See no more, and give what was read, with digests, in the order of first reading."""
        _PATCHES.remove(self)
        sources = _sources() if self._read else set()
        seen = [one for path, one in self._read.items() if path not in sources]
        return [*_digested(seen, self._base), *self._others.values(), *self._unseen()]

    def opened(self, file: object, mode: str) -> None:
        """Note a file that was opened; only one that is read as it was before is an input."""
        path = _path(file)
        if path is None or _is_ignored(path):
            return
        if "r" not in mode:
            self._written.add(path)
        elif path not in self._read and path not in self._written:
            self._read[path] = _Sighting(str(_text(file)), path, _state(path))
        if "+" in mode:
            self._written.add(path)
        _PATCHES.refresh()

    def read(self, source: object, result: object) -> None:
        """Note a source that a reader was given: a path, a URL, or a list of these."""
        if isinstance(source, (list, tuple)):
            for one in source:
                self.read(one, None)
            return
        text = _text(source)
        if text is not None and _URL.match(text) and not text.startswith("file:"):
            self.fetched(text, result)
        elif text is not None:
            for path in _expanded(text):
                self.opened(path, "r")

    def fetched(self, url: str, content: object) -> None:
        """Note a URL, with the digest of what came from it if that is at hand."""
        if url.startswith("file:"):
            self.opened(url, "r")
            return
        name = strip_credentials(url)
        known = self._others.get(name)
        if known is None or known.digest is None:
            self._others[name] = _from_afar(name, "url", name, content)

    def queried(self, query: object, connection: object, result: object) -> None:
        """Note a query, with the digest of the table that came back."""
        text = redact(_query_text(query))
        where = _connection(connection)
        name = " ".join(text.split())[:_MAX_NAME]
        while name in self._others and self._others[name].location != f"{where}{text}":
            name += "…"
        self._others[name] = _from_afar(name, "query", f"{where}{text}", result)

    def _unseen(self) -> Iterator[DataInput]:
        new = [m for m in readers.UNSEEN_WHEN_NEW if m in sys.modules and m not in self._modules]
        for library in sorted({module.partition(".")[0] for module in new}):
            yield DataInput(
                name=f"files read by {library}",
                kind="unknown",
                reason=f"{library} was imported while the cell ran: what it read first is not seen",
            )


class _Sighting(NamedTuple):
    name: str  # as it was written
    path: str
    state: tuple[int, ...]


def _digested(seen: list[_Sighting], base: Path) -> Iterator[DataInput]:
    answers = _answers(seen, Budget(_BUDGET_S)) if seen else []
    records = [_record(one, answer, base) for one, answer in zip(seen, answers, strict=True)]
    groups: dict[str, list[DataInput]] = {}
    for one, record in zip(seen, records, strict=True):
        groups.setdefault(str(PurePath(one.path).parent), []).append(record)
    for folder, members in groups.items():
        yield from members if len(members) <= _MAX_ALONE else [_together(folder, members, base)]


def _answers(seen: list[_Sighting], budget: Budget) -> list[_Answer]:
    """What each file holds; those that this process has open are read by a child."""
    held = _held_files()
    apart = [one for one in seen if one.state[:2] in held or _is_database(one.path)]
    others = iter(_in_child([one.path for one in apart], budget))
    return [next(others) if one in apart else _here(one.path, budget) for one in seen]


class _Answer(NamedTuple):
    digest: str | None = None
    size_bytes: int | None = None
    reason: str | None = None


def _here(path: str, budget: Budget) -> _Answer:
    try:
        return _Answer(*contents.content_digest(path, budget))
    except Unread as error:
        return _Answer(reason=str(error))


def _in_child(paths: list[str], budget: Budget) -> list[_Answer]:
    if not paths:
        return []
    question = json.dumps({"paths": paths, "seconds": budget.left()})
    try:
        done = subprocess.run(
            [sys.executable, "-I", contents.__file__],
            input=question,
            capture_output=True,
            text=True,
            timeout=budget.left() + 5,
            check=True,
        )
        return [_Answer(*answer) for answer in json.loads(done.stdout)]
    except (OSError, subprocess.SubprocessError, ValueError):
        reason = "it is open in this process, and could not be read by another"
        return [_Answer(reason=reason) for _ in paths]


def _record(one: _Sighting, answer: _Answer, base: Path) -> DataInput:
    if _state(one.path) != one.state:
        answer = _Answer(reason="it was changed or removed after it was opened")
    return DataInput(
        name=one.name,
        kind="folder" if Path(one.path).is_dir() else "file",
        digest=answer.digest,
        size_bytes=answer.size_bytes,
        reason=answer.reason,
        location=_location(one.path, base),
    )


def _together(folder: str, members: list[DataInput], base: Path) -> DataInput:
    """Many files of one folder as one data input: names and digests, by name."""
    reason = next((member.reason for member in members if member.reason), None)
    lines = sorted(f"{member.digest}  {member.location}" for member in members)
    return DataInput(
        name=f"{_location(folder, base)}/*",
        kind="files",
        digest=None if reason else as_text(node("files", "\n".join(lines).encode())),
        reason=reason,
        shape=(len(members),),
        size_bytes=sum(member.size_bytes or 0 for member in members),
        location=_location(folder, base),
    )


def _from_afar(name: str, kind: str, location: str, content: object) -> DataInput:
    if isinstance(content, bytes):
        digest = contents.bytes_digest(content)
        size = len(content)
        return DataInput(name=name, kind=kind, digest=digest, size_bytes=size, location=location)
    if not is_data(content):
        reason = "what came back was read in parts, and not kept"
        return DataInput(name=name, kind=kind, reason=reason, location=location)
    found = describe(name, content)
    return DataInput(
        name=name,
        kind=kind,
        digest=found.digest,
        reason=found.reason,
        shape=found.shape,
        size_bytes=found.size_bytes,
        location=location,
        columns=found.columns,
        sketch_rows=found.sketch_rows,
    )


def _query_text(query: Any) -> str:
    if type(query) is str:
        return query
    return str(query) if type(query).__module__.startswith("sqlalchemy.") else "a query"


def _connection(connection: Any) -> str:
    """A comment line that names the database, for one that has a URL."""
    url = connection if type(connection) is str else None
    if type(connection).__module__.startswith("sqlalchemy."):
        url = connection.engine.url.render_as_string(hide_password=True)
    return f"-- {strip_credentials(url)}\n" if url else ""


def _text(file: object) -> str | None:
    """The path or URL as text, if it is one."""
    if isinstance(file, bytes):
        return os.fsdecode(file)
    if isinstance(file, PurePath):
        return str(file)
    return file if isinstance(file, str) else None


def _expanded(text: str) -> list[str]:
    """The text if it is a path that exists, and the files that it means if it is a pattern."""
    if Path(_path(text) or "").exists():
        return [text]
    return sorted(glob.glob(text, recursive=True)) if glob.has_magic(text) else []  # noqa: PTH207 - names as written


def _path(file: object) -> str | None:
    text = _text(file)
    if text is not None and text.startswith("file:"):
        text = url2pathname(re.sub(r"^file:(//[^/]*)?", "", text))
    if text is None:
        return None
    return os.path.abspath(Path(text).expanduser())  # noqa: PTH100 - `resolve` follows links


def _state(path: str) -> tuple[int, ...]:
    """What tells whether a file was changed; empty for one that is gone."""
    try:
        found = Path(path).stat()
    except OSError:
        return ()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _held_files() -> set[tuple[int, ...]]:
    """The files that this process has open; empty where locks do not drop by closing."""
    folder = next((f for f in ("/proc/self/fd", "/dev/fd") if Path(f).is_dir()), None)
    names = os.listdir(folder) if folder else []  # noqa: PTH208 - names, not paths
    return {_state(f"{folder}/{name}")[:2] for name in names}


def _is_database(path: str) -> bool:
    return os.name == "posix" and PurePath(path).suffix.lower() in _DATABASES


def _is_ignored(path: str) -> bool:
    """Whether a file belongs to the machine or to the tools rather than to the experiment."""
    return path.startswith(_INSTALLED) or _NOISE.search(path.replace(os.sep, "/")) is not None


def _installed() -> Iterator[str]:
    paths = sysconfig.get_paths()
    del paths["data"]  # the prefix itself: all of /usr, for a Python of the system's
    folders = [*paths.values(), *site.getsitepackages(), site.getusersitepackages()]
    for prefix in (sys.prefix, sys.base_prefix):
        parts = ["lib", "etc", "include"] + ["share"] * (prefix not in {"/usr", "/usr/local"})
        folders += (str(Path(prefix, part)) for part in parts)
    folders += _SYSTEM
    folders += ["/proc", "/dev", "/sys", str(Path(__file__).parents[1])]  # the last: our own
    yield from {folder.rstrip(os.sep) + os.sep for folder in folders if len(folder) > 1}


_INSTALLED = tuple(_installed())


def _location(path: str, base: Path) -> str:
    try:
        return PurePath(path).relative_to(base.absolute()).as_posix()
    except ValueError:
        return path


def _sources() -> set[str]:
    """The files that modules were imported from; read past `getattr`, which may import."""
    modules = [
        vars(module) for module in list(sys.modules.values()) if isinstance(module, ModuleType)
    ]
    return {str(names.get("__file__")) for names in modules}
