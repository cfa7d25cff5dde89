"""The page `docs/commands.md` says what there is, and its examples are what happens."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from aseptic.cli.main import SURFACE
from aseptic.commands import COMMANDS

PAGE = (Path(__file__).parents[2] / "docs" / "commands.md").read_text(encoding="utf-8")
CONSOLE = re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)


def section(command: str) -> str:
    found = re.search(rf"^## {command}\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE)
    assert found, f"docs/commands.md has no section {command}"
    return found[1]


def said(option: str, text: str) -> bool:
    return re.search(rf"`[^`]*(?<!\w){option}\b[^`]*`", text) is not None


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command_has_a_section_with_all_its_options(command):
    text = section(command.name)
    for option in (one for one in command.arguments if one.is_option):
        assert any(said(name, text) for name in option.names), option.names
        assert all(said(name, PAGE) for name in option.names), option.names


@pytest.mark.parametrize("argument", SURFACE, ids=lambda argument: argument.names[0])
def test_what_the_shell_adds_is_said_at_the_beginning(argument):
    beginning = PAGE.partition("\n## ")[0]
    assert all(f"`{name}" in beginning for name in argument.names)


def test_the_page_has_no_command_that_does_not_exist():
    names = [command.name for command in COMMANDS]
    assert re.findall(r"^## (.*)$", PAGE, re.MULTILINE) == names


@pytest.mark.parametrize("block", CONSOLE, ids=lambda block: block.splitlines()[0])
def test_an_example_prints_what_the_page_shows(block, aseptic):
    for example in re.split(r"^\$ aseptic ", block, flags=re.MULTILINE)[1:]:
        line, _, shown = example.partition("\n")
        code, printed, fault = aseptic(line)
        assert (code, fault) == (0, "")
        if shown.strip():  # an example without output is only tried
            assert printed.strip().splitlines() == shown.strip().splitlines()
