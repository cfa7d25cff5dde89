"""The words of the grammar: what they ask for, and what is said when they are wrong."""

from __future__ import annotations

import pytest

from aseptic import commands
from aseptic.commands import COMMANDS
from aseptic.errors import BadOption
from aseptic.grammar import HelpAsked, parse
from aseptic.results import MessageResult
from aseptic.store import open_store


def asked(line: str) -> dict:
    return {name: value for name, value in parse(line.split(), COMMANDS).arguments.items() if value}


@pytest.mark.parametrize(
    ("line", "arguments"),
    [
        ("runs", {}),
        ("runs acc>0.9 -e digits -n 3", {"query": "acc>0.9", "experiment": "digits", "limit": 3}),
        ("runs -e digits acc>0.9", {"query": "acc>0.9", "experiment": "digits"}),
        ("compare a -e digits b", {"runs": ["a", "b"], "experiment": "digits"}),
        ("curves loss acc --runs a b", {"metrics": ["loss", "acc"], "runs": ["a", "b"]}),
        ("tag a b +x -y", {"runs": ["a", "b"], "add": ["x"], "remove": ["y"]}),
        ("tag a --add=-x --remove y", {"runs": ["a"], "add": ["-x"], "remove": ["y"]}),
        ("tag +x a -y b", {"runs": ["a", "b"], "add": ["x"], "remove": ["y"]}),
        ("note a in many words", {"run": "a", "text": ["in", "many", "words"]}),
        ("baseline --clear -e net", {"clear": True, "experiment": "net"}),
        ("gc --dry-run", {"dry_run": True}),
    ],
)
def test_words_are_read_as_arguments(line, arguments):
    assert asked(line) == arguments


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("rnus", "no command 'rnus'. Did you mean 'runs'? There are: runs, show, compare,"),
        ("runs --srot acc", "runs: no option --srot. Did you mean '--sort'? There are: --all, "),
        ("runs -x", "runs: no option -x. There are: "),
        ("runs a b", "runs: too many words: b. Usage: runs [-e EXPERIMENT]"),
        ("runs -n none", "runs: argument -n/--limit: 'none' is not a whole number from 1 on. U"),
        ("runs -n 0", "runs: argument -n/--limit: '0' is not a whole number from 1 on. Usage:"),
        ("show", "show: missing: RUN. Usage: show [-h] RUN"),
        ("diff a", "diff: missing: AFTER. Usage: diff [-h] BEFORE AFTER"),
        ("runs --sort", "runs: argument --sort: expected one argument. Usage: "),
        ("runs --exp digits", "runs: no option --exp. "),  # no abbreviations: they would go stale
    ],
)
def test_wrong_words_get_one_line_that_says_what_there_is(line, message):
    with pytest.raises(BadOption) as caught:
        parse(line.split(), COMMANDS)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command_has_help_that_names_its_arguments(command):
    with pytest.raises(HelpAsked) as caught:
        parse([command.name, "--help"], COMMANDS)
    for argument in command.arguments:
        assert all(name in caught.value.text for name in argument.names if argument.is_option)
        assert argument.help in " ".join(caught.value.text.split())


@pytest.mark.parametrize("line", ["", "help", "--help", "help runs", "runs -h"])
def test_help_is_a_result_and_touches_no_store(line, tmp_path):
    result = commands.run(line.split(), open_store(tmp_path / "none"))
    assert isinstance(result, MessageResult)
    assert not (tmp_path / "none").exists()
