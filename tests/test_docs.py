"""The docs name everything there is, and their marked code blocks run."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import aseptic
from aseptic import errors
from aseptic.commands import COMMANDS
from aseptic.notebook.options import track_parser
from aseptic.store.query import FIELDS

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted((ROOT / "docs").glob("*.md"))
WITH_README = [ROOT / "README.md", *PAGES]

#: A block that is executed: `<!-- runs -->` on the line before it. Those of a page share a session.
RUNS = re.compile(r"<!-- runs -->\n+```python\n(.*?)```", re.DOTALL)

SESSION = """
import json, sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
for block in json.load(sys.stdin):
    if "%" in block and "load_ext" not in block and not shell.extension_manager.loaded:
        shell.run_cell("%load_ext aseptic").raise_error()
    result = shell.run_cell(block, store_history=True)
    if not result.success:
        sys.exit("failed: " + block)
"""


def text_of(*names: str) -> str:
    return "\n".join((ROOT / "docs" / name).read_text(encoding="utf-8") for name in names)


#: IPython calls these; people say `%load_ext aseptic`.
PROTOCOL = {"load_ipython_extension", "unload_ipython_extension"}


@pytest.mark.parametrize("name", sorted({*aseptic.__all__} - PROTOCOL))
def test_every_public_name_is_in_the_docs(name):
    assert re.search(rf"\baseptic\.{name}\b|## .*\b{name}\b", text_of("python.md"))


ERRORS = [e for e in vars(errors).values() if isinstance(e, type)]


@pytest.mark.parametrize("error", [e.__name__ for e in ERRORS if e is not aseptic.AsepticError])
def test_every_error_is_in_the_docs(error):
    assert f"`{error}`" in text_of("python.md")


@pytest.mark.parametrize("option", sorted(track_parser()._option_string_actions))
def test_every_option_of_track_is_in_the_docs(option):
    assert re.search(rf"`[^`]*{option}\b[^`]*`", text_of("notebook.md"))


def test_the_docs_name_no_option_of_track_that_does_not_exist():
    known = set(track_parser()._option_string_actions)
    table = re.search(r"## Options of `%%track`(.*?)\n## ", text_of("notebook.md"), re.DOTALL)
    assert table is not None
    assert set(re.findall(r"(?<=`)--?[a-z]+|(?<= )--[a-z]+", table.group(1))) <= known


@pytest.mark.parametrize("field", FIELDS)
def test_every_field_of_a_query_is_in_the_docs(field):
    assert f"`{field}`" in text_of("python.md")


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command_and_its_options_are_in_the_docs(command):
    text = text_of("commands.md")
    assert f"\n## {command.name}\n" in text
    assert [option for option in command.options if option not in text] == []


@pytest.mark.parametrize("page", [p for p in WITH_README if RUNS.search(p.read_text("utf-8"))])
def test_the_marked_blocks_of_a_page_run(page, tmp_path):
    pytest.importorskip("sklearn")
    blocks = RUNS.findall(page.read_text(encoding="utf-8"))
    environment = {
        **os.environ,
        "ASEPTIC_STORE": str(tmp_path / "runs"),
        "IPYTHONDIR": str(tmp_path / "ipython"),
    }
    done = subprocess.run(
        [sys.executable, "-c", SESSION],
        input=json.dumps(blocks),
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("page", [*WITH_README, ROOT / "CONTRIBUTING.md"], ids=lambda p: p.name)
def test_links_within_the_project_lead_somewhere(page):
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8"))
    targets += re.findall(r"(?:src|srcset)=\"(?!https?:)([^\"]+)\"", page.read_text("utf-8"))
    assert [t for t in targets if not (page.parent / t).exists()] == []


@pytest.mark.parametrize("target", ["demo", "test", "lint", "docs", "contract", "bench", "clean"])
def test_every_make_target_is_named_for_contributors(target):
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert f"`{target}`" in text or f"make {target}" in text
