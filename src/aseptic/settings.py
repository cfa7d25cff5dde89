"""Where the project is and which store it uses: found once, at the edge, and passed inward."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from aseptic.errors import BadOption

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # type: ignore[import-not-found]  # only there on Python 3.10

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

STORE_FOLDER = ".aseptic"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What a notebook, a script or a command works with."""

    project: Path  # the folder that paths of notebooks are relative to
    store: str  # a folder, or the URL of a store elsewhere


def load_settings(
    start: Path | None = None, *, environ: Mapping[str, str] | None = None
) -> Settings:
    """The settings for work done in folder `start`, by default the current one.

    The store is what `ASEPTIC_STORE` names, else `store` under `[tool.aseptic]` of the nearest
    pyproject.toml of the project, else the folder `.aseptic` of the project. A relative path
    is relative to `start` in the variable, and to pyproject.toml in the file.
    """
    start = (start or Path.cwd()).resolve()
    environ = os.environ if environ is None else environ
    project = find_project(start)
    named = _store_of_environ(environ, start) or _store_of_pyproject(start, project)
    return Settings(project=project, store=named or str(project / STORE_FOLDER))


def read_tables(start: Path, project: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Each folder from `start` up to the project with its `[tool.aseptic]`, the nearest first.

    Raises BadOption where a pyproject.toml cannot be read.
    """
    for file in _pyprojects(start.resolve(), project.resolve()):
        yield file.parent, _aseptic_table(file)


def find_project(start: Path) -> Path:
    """The git root above `start`; where there is none, the nearest folder with `.aseptic`.

    Where there is neither, `start` itself. A `.git` that is a file (worktree, submodule)
    counts as well.
    """
    folders = (start, *start.parents)
    for mark in (".git", STORE_FOLDER):
        for folder in folders:
            if (folder / mark).exists():
                return folder
    return start


def _store_of_environ(environ: Mapping[str, str], start: Path) -> str | None:
    named = environ.get("ASEPTIC_STORE", "").strip()
    return _absolute(named, start) if named else None


def _store_of_pyproject(start: Path, project: Path) -> str | None:
    for file in _pyprojects(start, project):
        store = _aseptic_table(file).get("store")
        if isinstance(store, str) and store.strip():
            return _absolute(store.strip(), file.parent)
    return None


def _pyprojects(start: Path, project: Path) -> Iterator[Path]:
    for folder in (start, *start.parents):
        if (folder / "pyproject.toml").is_file():
            yield folder / "pyproject.toml"
        if folder == project:
            return


def _aseptic_table(file: Path) -> dict[str, Any]:
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadOption(f"cannot read {file}: {error}") from error
    table = content.get("tool", {}).get("aseptic", {})
    return table if isinstance(table, dict) else {}


def _absolute(store: str, folder: Path) -> str:
    return store if "://" in store else str(folder / Path(store).expanduser())
