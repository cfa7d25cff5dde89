"""Loading and unloading: one extension a shell, and the line that says where runs go."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aseptic.errors import AsepticError
from aseptic.notices import say
from aseptic.session_data import use_finder
from aseptic.tracking import use_store
from aseptic.version import __version__

_loaded: dict[int, Any] = {}  # by id of the shell: a shell must not be kept alive


def load(shell: Any) -> None:
    """Puts the extension into the shell; loading again changes nothing."""
    if id(shell) in _loaded:
        return
    from aseptic.notebook.extension import open_extension

    try:
        extension = open_extension(shell)
    except (AsepticError, OSError) as error:
        say(f"not loaded: {error}")
        return
    extension.load()
    use_store(extension.store)
    use_finder(extension.find_evidence)
    _loaded[id(shell)] = extension
    print(status_line(extension))  # noqa: T201 -- loading answers with one line


def find_extension(shell: Any) -> Any:
    """The extension that is loaded in the shell, or None."""
    return _loaded.get(id(shell))


def unload(shell: Any) -> None:
    """Takes the extension out of the shell."""
    extension = _loaded.pop(id(shell), None)
    if extension is not None:
        extension.unload()
        use_store(None)
        use_finder(None)


def status_line(extension: Any) -> str:
    """Such as `aseptic 0.1.0 · store .aseptic (new) · project digits · git main 3f2c1d0`."""
    new = "" if Path(extension.store.url).exists() else " (new)"
    parts = [f"aseptic {__version__}", f"store {_short(extension.store.url)}{new}"]
    parts += [f"project {extension.store.project}", _git(extension.folder)]
    return " · ".join(parts)


def _git(folder: Path) -> str:
    from aseptic.capture.git import read_head

    commit, branch = read_head(folder)
    if commit is None and branch is None:
        return "no git repository"
    return f"git {branch or 'detached'} {commit[:7] if commit else '(no commit yet)'}"


def _short(url: str) -> str:
    """The store's path as seen from here, where it lies below."""
    path = url.removeprefix("sqlite:///")
    try:
        return str(Path(path).relative_to(Path.cwd()))
    except ValueError:
        return path
