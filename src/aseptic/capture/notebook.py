"""Which notebook file this kernel belongs to, and what its cells say as they were last saved.

The file is read as JSON and never executed.
"""

from __future__ import annotations

import functools
import json
import os
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import psutil

if TYPE_CHECKING:
    from collections.abc import Mapping

_LARGEST_BYTES = 30_000_000


class NotebookCells(NamedTuple):
    """The code cells of a saved notebook, by cell id, in the order of the page."""

    sources: dict[str, str]
    saved_at: datetime


def find_notebook(
    namespace: Mapping[str, Any] | None = None, *, environ: Mapping[str, str] = os.environ
) -> Path | None:
    """The path of the notebook that is running, or None where nothing says so.

    JupyterLab and Notebook 7 set `JPY_SESSION_NAME` when they start the kernel (a notebook that
    is renamed later is not found); VS Code puts `__vsc_ipynb_file__` into the namespace, and
    papermill `PAPERMILL_INPUT_PATH` where it runs with `--inject-input-path`. Else the command line
    of the process that started the kernel tells, as in `jupyter execute train.ipynb`.
    """
    names = namespace or {}
    told = (
        names.get("__vsc_ipynb_file__"),
        names.get("PAPERMILL_INPUT_PATH"),
        environ.get("JPY_SESSION_NAME"),
        _executed_by_parent(os.getppid()),
    )
    paths = (Path(path) for path in told if isinstance(path, str) and path)
    return next((path for path in paths if _is_notebook(path)), None)


@functools.lru_cache(maxsize=4)
def _executed_by_parent(parent_pid: int) -> str | None:
    """The first notebook on the command line of the parent: papermill's input, not its output."""
    try:
        parent = psutil.Process(parent_pid)
        folder = Path(parent.cwd())
        words = [word for word in parent.cmdline() if word.endswith(".ipynb")]
    except (psutil.Error, OSError):
        return None
    return str(folder / words[0]) if words else None


def _is_notebook(path: Path) -> bool:
    try:
        return path.suffix == ".ipynb" and path.is_file()
    except (OSError, ValueError):
        return False


def read_cells(path: Path) -> NotebookCells | str:
    """The code cells of a notebook file that have an id, or in plain words why not.

    Files of more than 30 MB (of outputs, mostly) are not read: that would take the time of a
    cell. Notebooks of nbformat below 4.5 have no cell ids.
    """
    try:
        status = path.stat()
        if status.st_size > _LARGEST_BYTES:
            return f"{path.name} has {status.st_size / 1e6:.0f} MB, more than is read each time"
        cells = json.loads(path.read_bytes())["cells"]
        sources = {cell["id"]: _source(cell) for cell in cells if _is_code_with_id(cell)}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        return f"{path.name} could not be read as a notebook ({type(error).__name__})"
    return NotebookCells(sources, datetime.fromtimestamp(status.st_mtime, timezone.utc))


def _is_code_with_id(cell: dict[str, Any]) -> bool:
    return cell.get("cell_type") == "code" and isinstance(cell.get("id"), str)


def _source(cell: dict[str, Any]) -> str:
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)
