"""The kinds of cell that are compared, read from `kinds.txt`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from .first_line import PLAIN_FIRST_LINE

Where = Literal["tracked", "untracked", "aseptic"]


@dataclass(frozen=True)
class Cell:
    text: str
    where: Where = "tracked"

    def source(self, *, first_line: str | None, loaded: bool) -> str:
        """The cell as typed, with `first_line` on top or where `{first}` stands."""
        if self.where == "aseptic":
            return self.text if loaded else "pass"
        if first_line is None:
            return re.sub(r"\{first\}\n?", "", self.text)
        line = PLAIN_FIRST_LINE if self.where == "untracked" else first_line
        if "{first}" in self.text:
            return self.text.replace("{first}", line)
        return f"{line}\n{self.text}"


@dataclass(frozen=True)
class Kind:
    name: str
    cells: tuple[Cell, ...]
    scrub: tuple[str, ...] = ()
    only: str | None = None
    stdin: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    limit: str | None = None

    @property
    def missing(self) -> list[str]:
        return [module for module in self.needs if find_spec(module) is None]


def read_kinds() -> dict[str, Kind]:
    """All kinds by name, in the order of `kinds.txt`."""
    path = Path(__file__).with_name("kinds.txt")
    blocks = re.split(r"^== (\w+)\n", path.read_text(), flags=re.MULTILINE)[1:]
    kinds = [_read_kind(name, body) for name, body in zip(blocks[::2], blocks[1::2], strict=True)]
    assert len({kind.name for kind in kinds}) == len(kinds), "two kinds have one name"
    return {kind.name: kind for kind in kinds}


_OPTION = re.compile(r"@(scrub|only|stdin|needs|limit|repeat|nested) (.*)\n")


def _read_kind(name: str, body: str) -> Kind:
    body = re.sub(r"\n## .*\n", "\n", body)
    options: dict[str, list[str]] = {}
    while match := _OPTION.match(body):
        options.setdefault(match[1], []).append(match[2])
        body = body[match.end() :]
    parts = re.split(r"^---(?: (untracked|aseptic))?\n", f"---\n{body}", flags=re.MULTILINE)[1:]
    cells = [
        Cell(text.rstrip("\n"), where or "tracked")
        for where, text in zip(parts[::2], parts[1::2], strict=True)
    ]
    if cells[0].text == "" and len(cells) > 1 and cells[1].where != "tracked":
        del cells[0]  # the kind begins with a cell that is not tracked
    if "repeat" in options:
        count, line = options["repeat"][0].split(" ", 1)
        head, _, tail = cells[0].text.partition("\n")
        cells = [Cell("\n".join([head, *[line] * int(count), tail]))]
    if "nested" in options:
        depth = int(options["nested"][0])
        cells = [Cell("depth = " + "abs(" * depth + "-1" + ")" * depth), Cell("depth")]
    return Kind(
        name,
        tuple(cells),
        scrub=tuple(" ".join(options.get("scrub", [])).split()),
        only=options.get("only", [None])[0],
        stdin=tuple(options.get("stdin", [])),
        needs=tuple(options.get("needs", [])),
        limit=options.get("limit", [None])[0],
    )
