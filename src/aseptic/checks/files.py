"""Tables in files: read by the ending of their name, and those that a run read, read once more."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

from aseptic.capture.contents import Budget, Unread, content_digest
from aseptic.capture.data import digest
from aseptic.checks.check import NotApplicable
from aseptic.checks.roles import role_of
from aseptic.checks.tables import Role, Table
from aseptic.errors import BadOption, CannotDigest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aseptic.checks.evidence import Depth
    from aseptic.model import DataInput, Run

_SEPARATORS = {".csv": ",", ".tsv": "\t", ".txt": ","}
_READERS = {".parquet": "read_parquet", ".feather": "read_feather", ".jsonl": "read_json"}
_PACKED = (".gz", ".bz2", ".zip")
#: Seconds and bytes that reading the files of a run again may take.
_LIMITS: dict[Depth, tuple[float, int]] = {
    "automatic": (0.0, 0),
    "asked": (20.0, 200_000_000),
    "thorough": (600.0, 4_000_000_000),
}


class ReadAgain(NamedTuple):
    """The tables that a run's files hold, and what is to be said about them."""

    tables: tuple[Table, ...] = ()
    notes: tuple[str, ...] = ()


def read_table(path: str) -> Any:
    """The table in a file: CSV, TSV, Parquet, Feather or JSON lines. Raises BadOption."""
    import pandas as pd

    file = Path(path)
    suffix = _suffix(path)
    try:
        if suffix in _SEPARATORS:
            return pd.read_csv(file, sep=_SEPARATORS[suffix], low_memory=False)
        if suffix in _READERS:
            options = {"lines": True} if suffix == ".jsonl" else {}
            return getattr(pd, _READERS[suffix])(file, **options)
    except Exception as error:
        raise BadOption(f"cannot read {path}: {error}") from error
    known = ", ".join([*_SEPARATORS, *_READERS])
    raise BadOption(f"cannot read {path}: its name ends with none of {known}")


def read_again(run: Run, folder: Path, depth: Depth) -> ReadAgain:
    """The tables in the files that a run read, where they still hold what they held then.

    `folder` is the project's. They are read with the defaults of pandas; where a frame of the run
    is equal to one, that one has its name and role. What is too large for the depth is named.
    """
    budget = Budget(*_LIMITS[depth])
    found = [(data, _read(run, data, folder, budget)) for data in _files(run)]
    tables = tuple(table for _, table in found if isinstance(table, Table))
    return ReadAgain(tables, tuple(_said(data, table) for data, table in found))


def _read(run: Run, file: DataInput, folder: Path, budget: Budget) -> Table | str:
    """The table, or why there is none."""
    path = str(folder / str(file.location))
    try:
        content, _ = content_digest(path, budget)
        if content != file.digest:
            return "its content has changed since the run"
        return _table(run, file, read_table(path))
    except (Unread, BadOption, NotApplicable) as reason:
        return str(reason)


def _said(file: DataInput, table: Table | str) -> str:
    if isinstance(table, str):
        return f"{file.name} was not read again: {table}"
    as_what = "" if table.name == file.name else f" as {table.name}"
    return f"{file.name} was read again{as_what}: it holds what the run read"


def _files(run: Run) -> Iterator[DataInput]:
    for data in run.data_inputs.values():
        is_known = _suffix(data.name) in (*_SEPARATORS, *_READERS)
        if data.kind == "file" and data.digest and data.location and is_known:
            yield data


def _suffix(path: str) -> str:
    """The ending that says what a file holds, such as `.csv` of `train.csv.gz`."""
    file = Path(path)
    return Path(file.stem).suffix if file.suffix in _PACKED else file.suffix


def _table(run: Run, file: DataInput, frame: Any) -> Table:
    known = _same_data(run, frame)
    name = known.name if known else file.name
    role: Any = (known and known.role) or role_of(Path(name).name) or "data"
    return Table(name, role if role in get_args(Role) else "data", frame)


def _same_data(run: Run, frame: Any) -> DataInput | None:
    """The frame that the run read and that is equal to this one."""
    frames = [data for data in run.data_inputs.values() if data.kind == "dataframe"]
    try:
        found = digest(frame) if frames else None
    except (CannotDigest, MemoryError):
        return None
    return next((data for data in frames if data.digest == found), None)
