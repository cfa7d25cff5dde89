"""How words become a call: commands and their arguments as plain declarations.

Built on argparse, but it never exits or prints: bad words raise BadOption with one line, and a
request for help is a result like any other.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from aseptic.errors import BadOption

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from aseptic.results import Result
    from aseptic.store.base import Store

#: What an argument takes, for completion.
Takes = Literal[
    "run", "trashed run", "experiment", "metric", "check", "command", "shell", "file", "text"
]


@dataclass(frozen=True)
class Argument:
    """One argument of a command; `names` is one bare name, or the spellings of an option."""

    names: tuple[str, ...]
    help: str
    takes: Takes = "text"
    settings: dict[str, Any] = field(default_factory=dict)  # as for argparse

    @property
    def is_option(self) -> bool:
        """Whether it is given by name."""
        return self.names[0].startswith("-")

    @property
    def has_value(self) -> bool:
        """Whether words follow its name."""
        return "action" not in self.settings or self.settings["action"] == "append"


@dataclass(frozen=True)
class Command:
    """One word of the grammar: what it does, what it takes, and the function that does it."""

    name: str
    help: str
    function: Callable[..., Result]  # called with the store, then the arguments by name
    arguments: tuple[Argument, ...] = ()
    has_table: bool = False  # its result has a DataFrame
    rewrite: Callable[[list[str]], list[str]] = list  # the words, before argparse sees them
    is_alone: Callable[[dict[str, Any]], bool] = lambda _: False  # needs no store, so called
    #: Of a job: the folder whose project's store it records to, made where there is none.
    folder: Callable[[dict[str, Any]], Path] | None = None
    usage: str | None = None  # where `rewrite` allows what argparse does not know

    @property
    def options(self) -> list[str]:
        """The spellings of all its options."""
        return [
            name for argument in self.arguments if argument.is_option for name in argument.names
        ]


@dataclass(frozen=True)
class Call:
    """A command with its arguments, ready to be made; `surface` holds what the surface added."""

    command: Command
    arguments: dict[str, Any]
    surface: dict[str, Any] = field(default_factory=dict)

    def __call__(self, store: Store) -> Result:
        """Does it."""
        return self.command.function(store, **self.arguments)


class HelpAsked(Exception):  # not an error: the words asked for help
    """The words asked for help; `text` is it."""

    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__(text)


def argument(*names: str, help: str, takes: Takes = "text", **settings: Any) -> Argument:  # noqa: A002  # argparse's word
    """Declares an argument; the settings are argparse's."""
    return Argument(names, help, takes, settings)


def parse(
    words: Sequence[str], commands: Sequence[Command], *, surface: Sequence[Argument] = ()
) -> Call:
    """The call that the words ask for.

    `surface` are options that the surface adds to each command. Raises BadOption, or HelpAsked.
    """
    if not words or words[0] in ("help", "-h", "--help"):
        raise HelpAsked(_help(words[1:], commands, surface))
    command = find_command(words[0], commands)
    parser = _parser(command, surface)
    values = vars(parser.read(command.rewrite(list(words[1:]))))
    ours = {_destination(argument) for argument in surface}
    return Call(
        command,
        {name: value for name, value in values.items() if name not in ours},
        {name: value for name, value in values.items() if name in ours},
    )


def find_command(word: str, commands: Sequence[Command]) -> Command:
    """The command of this name. Raises BadOption with what there is."""
    for command in commands:
        if command.name == word:
            return command
    names = [command.name for command in commands]
    raise BadOption(f"no command {word!r}.{close_to(word, names)} There are: {', '.join(names)}.")


def close_to(word: str, known: Iterable[str]) -> str:
    """A hint such as " Did you mean 'runs'?", or nothing."""
    near = get_close_matches(word, list(known), n=1)
    return f" Did you mean {near[0]!r}?" if near else ""


class _Parser(argparse.ArgumentParser):
    """A parser that raises BadOption instead of leaving the process."""

    def __init__(self, command: Command, usage: str | None = None) -> None:
        super().__init__(
            prog=f"aseptic {command.name}",
            description=command.help,
            usage=usage,
            add_help=False,
            allow_abbrev=False,
            formatter_class=_Formatter,
        )
        self.command = command
        self.color = False  # argparse of Python 3.14 would colour text that is not for a terminal

    def read(self, words: list[str]) -> argparse.Namespace:
        """The arguments. Raises BadOption, or HelpAsked."""
        known, unknown = self.parse_known_intermixed_args(words)
        for word in unknown:
            if word.startswith("-") and len(word) > 1:
                raise BadOption(self._no_option(word))
        if unknown:
            self.error(f"too many words: {' '.join(unknown)}")
        return known

    def error(self, message: str) -> NoReturn:
        """Raises BadOption."""
        usage = " ".join(self.format_usage().split()).replace("usage: aseptic ", "", 1)
        message = message.replace("the following arguments are required: ", "missing: ")
        raise BadOption(f"{self.command.name}: {message}. Usage: {usage}")

    def _no_option(self, word: str) -> str:
        name = word.partition("=")[0]
        options = sorted(self._option_string_actions)
        return (
            f"{self.command.name}: no option {name}.{close_to(name, options)} "
            f"There are: {', '.join(options)}."
        )


class _Formatter(argparse.HelpFormatter):
    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=32, width=96)


class _HelpAction(argparse.Action):
    def __init__(self, option_strings: Sequence[str], dest: str, **settings: Any) -> None:
        super().__init__(option_strings, dest, nargs=0, default=argparse.SUPPRESS, **settings)

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> NoReturn:
        raise HelpAsked(parser.format_help().rstrip())


def _parser(command: Command, surface: Sequence[Argument]) -> _Parser:
    parser = _Parser(command, command.usage)
    for one in (*command.arguments, *surface):
        parser.add_argument(*one.names, help=one.help, **one.settings)
    parser.add_argument("-h", "--help", action=_HelpAction, help="show this help")
    return parser


def _destination(one: Argument) -> str:
    longest = max(one.names, key=len)
    return str(one.settings.get("dest", longest.lstrip("-").replace("-", "_")))


def _help(words: Sequence[str], commands: Sequence[Command], surface: Sequence[Argument]) -> str:
    if words:
        return _parser(find_command(words[0], commands), surface).format_help().rstrip()
    width = max(len(command.name) for command in commands)
    listed = [f"  {command.name:<{width}}  {command.help}" for command in commands]
    return "\n".join(["Commands:", *listed, "", "`COMMAND --help` says what a command takes."])
