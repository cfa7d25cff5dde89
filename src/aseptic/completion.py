"""What may come next in a line of commands."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from aseptic.errors import AsepticError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aseptic.grammar import Argument, Command, Takes
    from aseptic.store.base import RunColumns, Store

_HELP = ("-h", "--help")


def complete(words: Sequence[str], commands: Sequence[Command], store: Store | None) -> list[str]:
    """What the last word may become: commands, options, or what the argument takes.

    The last word may be empty. Nothing is raised: a store that is not there or cannot be read
    has no names to offer.
    """
    *before, start = words or [""]
    if not before:
        return _beginning(start, [command.name for command in commands])
    command = next((one for one in commands if one.name == before[0]), None)
    if command is None:
        return []
    return _beginning(start, _candidates(command, before[1:], start, store))


def _beginning(start: str, candidates: Sequence[str]) -> list[str]:
    return [one for one in dict.fromkeys(candidates) if one.startswith(start)]


def _candidates(command: Command, before: list[str], start: str, store: Store | None) -> list[str]:
    option = _open_option(command, before)
    if option is None and start[:1] in ("+", "-"):
        tags = [f"{start[0]}{tag}" for tag in _tags(store)] if command.name == "tag" else []
        return tags if start[0] == "+" else [*tags, *command.options, *_HELP]
    taking = option or _next_bare(command, before)
    if taking is not None and taking.takes == "file":
        return _files(start)
    return _known(taking.takes, store) if taking else []


def _files(start: str) -> list[str]:
    """The files and folders of which a path may be the beginning; hidden ones by their dot."""
    folder, slash, name = start.rpartition("/")
    try:
        found = sorted(Path(folder + slash).iterdir())
    except OSError:
        return []
    return [
        f"{folder}{slash}{one.name}{'/' if one.is_dir() else ''}"
        for one in found
        if name.startswith(".") or not one.name.startswith(".")
    ]


def _open_option(command: Command, before: list[str]) -> Argument | None:
    """The option whose value is being written, if any."""
    for i, word in enumerate(reversed(before)):
        if word.startswith("-"):
            found = next((one for one in command.arguments if word in one.names), None)
            takes_it = found and found.has_value and (i == 0 or found.settings.get("nargs") == "+")
            return found if takes_it else None
    return None


def _next_bare(command: Command, before: list[str]) -> Argument | None:
    """The argument that the next word without a dash is for."""
    bare = [one for one in command.arguments if not one.is_option]
    place = sum(not word.startswith(("-", "+")) for word in before)
    if bare and bare[-1].settings.get("nargs") in ("*", "+"):
        place = min(place, len(bare) - 1)
    return bare[place] if place < len(bare) else None


def _known(takes: Takes, store: Store | None) -> list[str]:
    if takes == "check":
        return _checks()
    columns = None if takes == "text" else _read(store, trashed=takes == "trashed run")
    if columns is None:
        return []
    if takes == "experiment":
        return [name for name in columns.fields["experiment"] if name]
    if takes == "metric":
        return sorted(columns.metrics)
    return [*columns.fields["name"], *(run_id[:8] for run_id in columns.run_ids)]


def _checks() -> list[str]:
    from aseptic.checks.discovery import load_checks

    return list(load_checks())


def _tags(store: Store | None) -> list[str]:
    columns = _read(store)
    return sorted({tag for tags in columns.fields["tags"] for tag in tags}) if columns else []


def _read(store: Store | None, *, trashed: bool = False) -> RunColumns | None:
    try:
        return store.read_runs(trashed=trashed) if store else None
    except AsepticError:
        return None
