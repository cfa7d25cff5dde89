"""The code that a run came from, as checks read it: its cell, and the cells that this one used."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from aseptic.model import Cell, Run

_MAGIC = re.compile(r"^(?P<indent>[ \t]*)[%!].*$", re.MULTILINE)
_TRACKED = re.compile(r"\A\s*%%track\b[^\n]*")
_LONGEST = 200_000  # characters: what is longer is no code that a person wrote


class Code(NamedTuple):
    """One piece of source: `place` is `cell 3`, or `the run's code`."""

    place: str
    source: str
    is_own: bool = False  # of the run, not of a cell before it

    def at(self, line: int) -> str:
        """Such as `line 4 of cell 3`; of the run's own code just `line 4`."""
        return f"line {line}" if self.is_own else f"line {line} of {self.place}"

    @property
    def tree(self) -> ast.Module | None:
        """The syntax, magics left out; None where it is no Python."""
        if len(self.source) > _LONGEST:
            return None
        plain = _MAGIC.sub(r"\g<indent>pass", self.source)
        try:
            return ast.parse(plain)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


def code_of(run: Run) -> list[Code]:
    """The run's own code and that of the earlier cells it depends on, in order of execution."""
    earlier = [Code(f"cell {cell.order}", cell.source) for cell in cells_used(run)]
    return [*earlier, Code("the run's code", run.source, is_own=True)]


def earlier_code(run: Run) -> list[Code]:
    """All cells of the session before the run's own, in order of execution."""
    own = _own_cell(run)
    cells = () if own is None else run.cells
    return [Code(f"cell {one.order}", one.source) for one in cells if own and one.order < own.order]


def cells_used(run: Run) -> list[Cell]:
    """The earlier cells that made or changed what the run's cell used, in order of execution.

    By the names that cells read and write. Cells that import are among them, those that only
    showed something are not.
    """
    own = _own_cell(run)
    if own is None:
        return []
    needed, found = set(own.reads), []
    for cell in sorted(run.cells, key=lambda cell: cell.order, reverse=True):
        if cell.order >= own.order or not needed & {*cell.writes, *cell.mutates}:
            continue
        if cell.status == "ok":  # one that failed may not have bound all that it writes
            needed -= set(cell.writes)
        needed |= set(cell.reads)
        found.append(cell)
    return found[::-1]


def _own_cell(run: Run) -> Cell | None:
    return next((cell for cell in reversed(run.cells) if cell.run_id == run.run_id), None)


def same_code(run: Run) -> tuple[str, ...]:
    """What two runs of the same code have in common: their sources without the names of runs.

    A cell that was run again and again counts once.
    """
    sources = dict.fromkeys(_bare(code.source) for code in code_of(run))
    return tuple(sources)


def _bare(source: str) -> str:
    return _TRACKED.sub("", source).strip()


class Call(NamedTuple):
    """A call and what is called, by its full dotted name where the imports tell it."""

    name: str
    node: ast.Call
    code: Code


def calls_in(codes: Iterable[Code]) -> Iterator[Call]:
    """All calls, in order of the text: `np.random.rand` reads `numpy.random.rand`."""
    imported: dict[str, str] = {}
    for code in codes:
        tree = code.tree
        if tree is None:
            continue
        nodes = list(ast.walk(tree))
        imported |= dict(name for node in nodes for name in _imported(node))
        found = [node for node in nodes if isinstance(node, ast.Call)]
        for node in sorted(found, key=lambda node: (node.lineno, node.col_offset)):
            yield Call(_dotted(node.func, imported), node, code)


def imported_modules(codes: Iterable[Code]) -> set[str]:
    """The top-level modules that the code imports by name."""
    found = set()
    for code in codes:
        for node in ast.walk(code.tree or ast.Module([], [])):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.partition(".")[0])
    return found


def _imported(node: ast.AST) -> Iterator[tuple[str, str]]:
    """Names that an import binds, and what they stand for."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            top = alias.name.partition(".")[0]
            yield (alias.asname, alias.name) if alias.asname else (top, top)
    elif isinstance(node, ast.ImportFrom):
        for alias in node.names:
            yield alias.asname or alias.name, f"{node.module or ''}.{alias.name}".lstrip(".")


def _dotted(node: ast.expr, imported: Mapping[str, str]) -> str:
    """`a.b.c` with `a` resolved; what is called on something else begins with a dot: `.sample`."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if isinstance(node, ast.Name):
        parts.append(imported.get(node.id, node.id))
        return ".".join(reversed(parts))
    return "." + ".".join(reversed(parts))
