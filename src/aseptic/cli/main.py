"""The shell command `aseptic`: words in, a printed result and an exit code out.

Exit codes: 0 done; 1 done, but something needs attention (`doctor`); 2 it could not be done. `run`
has more, see `aseptic.batch.verdict`.
"""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING, Any

from aseptic.cli.completion import complete_words, completion_script
from aseptic.cli.job_display import job_display
from aseptic.cli.place import open_existing, open_or_new
from aseptic.cli.printing import Form, print_result, wait_sign
from aseptic.commands import COMMANDS
from aseptic.errors import AsepticError, BadOption
from aseptic.grammar import HelpAsked, argument, parse
from aseptic.show.readable import plain
from aseptic.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from aseptic.grammar import Call

#: What a shell adds to each command.
SURFACE = (
    argument(
        "--store", metavar="STORE", help="the folder or URL of the runs, instead of the project's"
    ),
    argument("--json", action="store_true", help="print JSON"),
    argument("--csv", action="store_true", help="print the table as CSV"),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Does what the words say and returns the exit code. A fault is one line on stderr."""
    words = _command_first(list(sys.argv[1:] if argv is None else argv))
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # where "…" cannot be written, "?" can
    try:
        return _do(words)
    except AsepticError as error:
        print(f"aseptic: {plain(str(error))}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _command_first(words: list[str]) -> list[str]:
    """The words with the shell's own options behind the command: `aseptic --store X runs` too."""
    count = 0
    while count < len(words) and words[count].split("=")[0] in ("--store", "--json", "--csv"):
        count += 2 if words[count] == "--store" else 1
    return words if count >= len(words) else [words[count], *words[:count], *words[count + 1 :]]


def _do(words: list[str]) -> int:
    first = words[0] if words else "help"
    if first in ("--version", "-V"):
        # By name: `from aseptic import …` would make every surface a dependency of this one.
        print(f"aseptic {__version__}")
    elif first == "completion":
        print(completion_script(words[1:]))
    elif first == "--complete":
        print("\n".join(complete_words(words[1:], SURFACE)))
    else:
        return _call(words)
    return 0


def _call(words: list[str]) -> int:
    try:
        call = parse(words, COMMANDS, surface=SURFACE)
    except HelpAsked as help_asked:
        print(help_asked.text)
        return 0
    form = _form(call)
    with _display(call):
        result = call(_open_store(call))
    print_result(result, form)
    return result.exit_code


def _display(call: Call) -> AbstractContextManager[None]:
    if call.command.folder is not None:
        return job_display(is_quiet=call.arguments["quiet"])
    return wait_sign(f"{call.command.name}: reading the store")


def _open_store(call: Call) -> Any:
    """The store; None where there is none and the call does without."""
    if call.command.folder is not None:
        return open_or_new(call.surface["store"], call.command.folder(call.arguments))
    try:
        return open_existing(call.surface["store"])
    except AsepticError:
        if call.command.is_alone(call.arguments):
            return None
        raise


def _form(call: Call) -> Form:
    if call.surface["csv"] and call.surface["json"]:
        raise BadOption(f"{call.command.name}: say either --json or --csv.")
    if call.surface["csv"] and not call.command.has_table:
        raise BadOption(f"{call.command.name}: has no table for --csv; --json prints its values.")
    return "csv" if call.surface["csv"] else "json" if call.surface["json"] else "screen"
