"""The words after `%%track`, and where the line stands in a cell."""

from __future__ import annotations

import argparse
import difflib
import functools
import re
import shlex
from typing import NoReturn

import msgspec
from IPython.core.inputtransformer2 import leading_indent

from aseptic.errors import BadOption
from aseptic.expectations import parse_expectation

_SKIPPED = re.compile(r"\s*(#.*)?$")  # blank lines and comments may stand above `%%track`
_TRACK = re.compile(r"%%track(?:\s+(?P<words>.*))?$")
_CELL_MAGIC = re.compile(r"%%\w")


class TrackOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What a person said of a run when starting it."""

    name: str | None = None
    experiment: str | None = None
    tags: tuple[str, ...] = ()
    params: tuple[tuple[str, str | None], ...] = ()  # value None: the variable of this name
    note: str | None = None
    seed: int | None = None
    baseline: str | None = None
    expects: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()  # codes of checks, or what they begin with
    is_quiet: bool = False
    store: str | None = None


class _Parser(argparse.ArgumentParser):
    """argparse that raises BadOption in one line instead of leaving the process."""

    def error(self, message: str) -> NoReturn:
        known = sorted(option for option in self._option_string_actions if option != "-h")
        unknown = re.search(r"unrecognized arguments: (\S+)", message)
        close = difflib.get_close_matches(unknown.group(1), known, n=1) if unknown else []
        hint = f" Did you mean {close[0]}?" if close else ""
        raise BadOption(f"%%track: {message}.{hint} Options: {' '.join(known)}")


def track_parser() -> argparse.ArgumentParser:
    """The options of `%%track`; the source of its help text."""
    parser = _Parser(prog="%%track", add_help=False, allow_abbrev=False)
    add = parser.add_argument
    add("name", nargs="?", metavar="NAME", help="a name for the run (otherwise one is given)")
    add("-e", "--experiment", metavar="NAME", help="the group of runs it belongs to")
    add("-t", "--tag", action="append", default=[], metavar="TAG", help="a tag; may be repeated")
    add(
        "-p",
        "--param",
        action="append",
        default=[],
        metavar="NAME[=VALUE]",
        help="a param by hand: a value, or the variable of that name; may be repeated",
    )
    add("--note", metavar="TEXT", help="a note")
    add("--seed", type=int, metavar="N", help="seed random, numpy and torch before the cell runs")
    add("--baseline", metavar="RUN", help="the run to compare with on the card")
    add(
        "--expect",
        action="append",
        default=[],
        metavar="EXPR",
        help="what you expect beforehand, such as 'acc > 0.9'; the card says whether it held",
    )
    add(
        "--ignore",
        action="append",
        default=[],
        metavar="CODE",
        help="a check that is not to run, such as D10, or all that begin so; may be repeated",
    )
    add("--quiet", action="store_true", help="no card and no curves under the cell")
    return parser


@functools.lru_cache(maxsize=256)
def parse_track(words: str) -> TrackOptions:
    """The options in the text after `%%track`. Raises BadOption.

    Remembered, since the line is read twice for each cell, and is the same again and again.
    """
    try:
        parts = shlex.split(words)
    except ValueError as error:
        raise BadOption(f"%%track: {error} in {words!r}") from None
    found = track_parser().parse_args(parts)
    for expectation in found.expect:
        parse_expectation(expectation)
    return TrackOptions(
        name=found.name,
        experiment=found.experiment,
        tags=tuple(found.tag),
        params=tuple(_param(text) for text in found.param),
        note=found.note,
        seed=found.seed,
        baseline=found.baseline,
        expects=tuple(found.expect),
        ignore=tuple(found.ignore),
        is_quiet=found.quiet,
    )


def find_track_line(lines: list[str]) -> int | None:
    """The index of the `%%track` line among the cell magics that begin a cell, or None."""
    for index, line in enumerate(lines):
        if _TRACK.match(line.rstrip()):
            return index
        if not _SKIPPED.match(line) and not _CELL_MAGIC.match(line):
            return None
    return None


def track_words(raw_cell: str) -> str | None:
    """The text after `%%track` in a cell, or None where the cell is not marked so."""
    lines = raw_cell.splitlines()
    index = find_track_line(lines)
    if index is None:
        return None
    match = _TRACK.match(lines[index].rstrip())
    assert match is not None
    return match.group("words") or ""


def strip_track(lines: list[str]) -> list[str]:
    """An input transformer: the cell as it reads without `%%track`.

    The line becomes a comment, so that line numbers hold and the history shows the options;
    where another cell magic follows, it has to come first and the lines above it go. What is below
    is dedented, as IPython would have done without the line above. A line with options that cannot
    be read stays: the magic `%%track` then says what is wrong.
    """
    index = find_track_line(lines)
    if index is None or not _is_readable(lines[index]):
        return lines
    rest: list[str] = leading_indent(lines[index + 1 :])  # type: ignore[no-untyped-call]  # IPython's
    follows = next((n for n, line in enumerate(rest) if not _SKIPPED.match(line)), None)
    if any(_CELL_MAGIC.match(line) for line in lines[:index]):
        return lines[:index] + rest
    if follows is not None and _CELL_MAGIC.match(rest[follows]):
        return rest[follows:]
    return [*lines[:index], f"# {lines[index]}", *rest]


def _is_readable(line: str) -> bool:
    match = _TRACK.match(line.rstrip())
    assert match is not None
    try:
        parse_track(match.group("words") or "")
    except BadOption:
        return False
    return True


def _param(text: str) -> tuple[str, str | None]:
    name, equals, value = text.partition("=")
    if not name.isidentifier() and not equals:
        raise BadOption(f"%%track -p {text}: not NAME or NAME=VALUE")
    return name.strip(), value if equals else None
