"""Whether a run comes from the notebook as it reads: the rules, as a pure function.

The question is always the same: if the notebook ran from top to bottom now, would every name
that the run used come from the same code? The run's names are followed back through the cells
that made them; each such use is asked about edits, deletions, re-runs and order.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from aseptic.capture.secrets import redact
from aseptic.model import Cell, State

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from datetime import datetime

_MOST_REASONS = 8


def judge(
    cells: Sequence[Cell],
    run_order: int,
    *,
    namespace_names: Collection[str] | None = None,
    deleted_cell_ids: Collection[str] = (),
    notebook_cells: Mapping[str, str] | None = None,
    notebook_saved_at: datetime | None = None,
) -> State:
    """The state of the run that is the cell of this order, with reasons in plain words.

    `cells` are the session's executed cells, in order; later ones than the run are passed over.
    `namespace_names` are the names that the kernel held when the cell began; without them, every
    name that no cell defines counts as held. `notebook_cells` are the notebook's code cells in
    the order of the page, as read at `notebook_saved_at`: a cell executed after that is not
    compared with them, since the page may not be saved yet.

    Stale needs evidence; what merely cannot be known makes the state unknown.
    """
    evidence = _Evidence(
        [cell for cell in cells if cell.order <= run_order],
        namespace_names,
        frozenset(deleted_cell_ids),
        _Page.of(cells, notebook_cells, notebook_saved_at),
    )
    run = evidence.cells[-1]
    if run.reason is not None:
        return State(kind="unknown", reasons=(f"what this cell uses is unknown: {run.reason}",))
    stale, unknown = _Reasons(), _Reasons()
    for use in evidence.uses_of(run):
        for what in _stale(use, evidence):
            stale.add(use, what)
        for what in _unknown(use, evidence):
            unknown.add(use, what)
    if stale.any():
        return State(kind="stale", reasons=stale.in_words(run))
    return State(kind="unknown" if unknown.any() else "clean", reasons=unknown.in_words(run))


# The rules --------------------------------------------------------------------------------------


class _Use(NamedTuple):
    """One name that one cell read, and a cell that made or changed it; None: no cell did."""

    name: str
    user: Cell
    source: Cell | None


def _stale(use: _Use, evidence: _Evidence) -> Iterator[str]:
    if use.source is None:
        return
    if evidence.is_deleted(use.source):
        yield "which has since been deleted"
    elif _is_same_cell(use.user, use.source) and use.name in use.source.writes:
        yield "an earlier run of the same cell, so running it again changes what it starts from"
    elif evidence.is_edited(use.source):
        yield "which has since been edited" + _and_run(use.source, evidence)
    elif evidence.is_run_again(use):
        yield "which has since been run again"
    else:
        yield from _out_of_order(use, evidence)


def _and_run(source: Cell, evidence: _Evidence) -> str:
    latest = evidence.latest[source.cell_id or ""]
    return "" if latest is source else f" and run again as In [{latest.order}]"


def _out_of_order(use: _Use, evidence: _Evidence) -> Iterator[str]:
    source, page = use.source, evidence.page
    above, user_at = page.position(source), page.position(use.user)
    if source is None or above is None or user_at is None:
        return
    if above > user_at:
        yield "which stands below it in the notebook"
        return
    expected = evidence.binder_above(use.name, user_at)
    if expected is not None and (page.position(expected) or 0) > above:
        yield f"but from top to bottom it would come from {_label(expected)}"


def _unknown(use: _Use, evidence: _Evidence) -> Iterator[str]:
    if use.source is not None:
        if use.source.status in {"error", "interrupted"}:
            yield "which did not run to its end"
    elif _HISTORY.fullmatch(use.name):
        yield "which holds the result of whatever ran before"
    elif evidence.is_held(use.name):
        unclear = [cell for cell in evidence.cells if cell.reason is not None]
        hint = f" (perhaps {_label(unclear[-1])}, whose names are unknown)" if unclear else ""
        yield f"which the kernel holds and no logged cell defines{hint}"


_HISTORY = re.compile(r"_{1,3}|_\d+|_oh|Out|In|_ih|_i{1,3}|_i\d+")
_KERNELS_OWN = frozenset(dir(builtins)) | {
    *("get_ipython", "display", "exit", "quit", "open", "_dh"),
    *("__name__", "__doc__", "__file__", "__builtin__", "__builtins__", "__session__"),
    *("__vsc_ipynb_file__",),
}


# The evidence -----------------------------------------------------------------------------------


class _Evidence:
    """The executed cells up to the run, indexed by what they wrote."""

    def __init__(
        self,
        cells: list[Cell],
        namespace_names: Collection[str] | None,
        deleted: frozenset[str],
        page: _Page,
    ) -> None:
        self.cells = cells
        self.page = page
        self.deleted = deleted
        self.namespace_names = namespace_names
        self.latest = {cell.cell_id: cell for cell in cells if cell.cell_id is not None}
        self._edited: dict[int, bool] = {}
        self._binders: dict[str, list[tuple[int, Cell]]] = {}
        self._touched: dict[str, list[tuple[Cell, bool]]] = defaultdict(list)
        for cell in cells:
            for name in (*cell.mutates, *cell.writes):
                self._touched[name].append((cell, name in cell.writes))

    def uses_of(self, run: Cell) -> Iterator[_Use]:
        """Every use of a name by the run, and by the cells that made what it used."""
        seen, todo = {run.order}, [run]
        while todo:
            user = todo.pop(0)
            for name in user.reads:
                source = self.source_of(name, user, run)
                yield _Use(name, user, source)
                if source is not None and source.order not in seen:
                    seen.add(source.order)
                    todo.append(source)

    def source_of(self, name: str, user: Cell, run: Cell) -> Cell | None:
        """The cell that bound or changed the name last before its use.

        One that changed it has used it too, so earlier ones are found from there. What the run's
        own cell changed in an earlier run is passed over: fitting a model again, or appending
        to a list of results, is what running a tracked cell again does. So is the same change
        made twice.
        """
        for cell, is_binding in reversed(self._touched.get(name, ())):
            if cell.order >= user.order:
                continue
            is_repeat = _is_same_cell(cell, user) and (user is run or cell.source == user.source)
            if is_binding or not is_repeat:
                return cell
        return None

    def is_held(self, name: str) -> bool:
        if name in _KERNELS_OWN:
            return False
        return self.namespace_names is None or name in self.namespace_names

    def is_deleted(self, cell: Cell) -> bool:
        return cell.cell_id in self.deleted or self.page.lacks(cell)

    def is_edited(self, cell: Cell) -> bool:
        """Whether the cell reads otherwise now, as last executed or as saved since then."""
        if cell.order not in self._edited:
            self._edited[cell.order] = self._find_edited(cell)
        return self._edited[cell.order]

    def _find_edited(self, cell: Cell) -> bool:
        latest = self.latest.get(cell.cell_id or "")
        if latest is None:
            return False
        saved = self.page.source_since(latest)
        return not _is_same_code(cell.source, latest.source if saved is None else saved)

    def is_run_again(self, use: _Use) -> bool:
        """Whether the source ran again after the use, so that the user has the older value.

        Not where running again cannot give another value: imports, functions, constants.
        """
        source = use.source
        if source is None or source.cell_id is None or use.name not in source.writes:
            return False
        is_later = self.latest[source.cell_id].order > use.user.order
        return is_later and not _is_fixed(source.source, use.name)

    def binder_above(self, name: str, position: int) -> Cell | None:
        """The cell nearest above a place of the page that, as last executed, binds the name."""
        if name not in self._binders:
            placed = ((self.page.position(cell), cell) for cell in self.latest.values())
            self._binders[name] = [
                (at, cell) for at, cell in placed if at is not None and name in cell.writes
            ]
        above = [found for found in self._binders[name] if found[0] < position]
        return max(above, key=lambda found: found[0], default=(0, None))[1]


class _Page(NamedTuple):
    """The notebook's code cells in the order of the page, where they are known."""

    sources: Mapping[str, str] = {}
    positions: Mapping[str, int] = {}
    saved_at: datetime | None = None

    @classmethod
    def of(
        cls, cells: Sequence[Cell], sources: Mapping[str, str] | None, saved_at: datetime | None
    ) -> _Page:
        """An empty page where no executed cell is on it: its ids are then of another kind."""
        if sources is None or not any(cell.cell_id in sources for cell in cells):
            return cls()
        return cls(sources, {cell_id: at for at, cell_id in enumerate(sources)}, saved_at)

    def position(self, cell: Cell | None) -> int | None:
        return None if cell is None else self.positions.get(cell.cell_id or "")

    def source_since(self, cell: Cell) -> str | None:
        """The cell's source as saved after it was executed."""
        return self.sources.get(cell.cell_id or "") if self._is_newer_than(cell) else None

    def lacks(self, cell: Cell) -> bool:
        is_known = bool(self.sources) and cell.cell_id is not None and self._is_newer_than(cell)
        return is_known and cell.cell_id not in self.sources

    def _is_newer_than(self, cell: Cell) -> bool:
        return self.saved_at is None or cell.started_at < self.saved_at


def _is_same_cell(a: Cell, b: Cell) -> bool:
    return a.cell_id is not None and a.cell_id == b.cell_id


_MAGIC_LINE = re.compile(r"^%%(?:track|sweep|time|capture)\b[^\n]*\n?", re.MULTILINE)


def _is_same_code(executed: str, now: str) -> bool:
    """Whether two sources say the same, but for comments, spaces and the magic on top.

    What was executed is kept without its secrets, so the other is compared without them too.
    """
    if executed == now or executed.strip() == now.strip():
        return True
    old, new = (_MAGIC_LINE.sub("", text).strip() for text in (executed, redact(now)))
    return old == new or (_tree(old) is not None and _tree(old) == _tree(new))


def _tree(source: str) -> str | None:
    try:
        return ast.dump(ast.parse(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _is_fixed(source: str, name: str) -> bool:
    """Whether a cell binds a name only by imports, definitions and literals."""
    try:
        tree = ast.parse(_MAGIC_LINE.sub("", source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    binding = [node for node in tree.body if name in _bound_names(node)]
    return bool(binding) and all(map(_is_fixed_statement, binding))


def _bound_names(node: ast.stmt) -> set[str]:
    names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    names |= {getattr(node, "name", "")}
    aliases = getattr(node, "names", ())
    return names | {
        alias.asname or alias.name.partition(".")[0]
        for alias in aliases
        if isinstance(alias, ast.alias)
    }


def _is_fixed_statement(node: ast.stmt) -> bool:
    if isinstance(node, (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)):
        return True
    if not isinstance(node, (ast.Assign, ast.AnnAssign)) or node.value is None:
        return False
    return not any(isinstance(n, (ast.Name, ast.Call)) for n in ast.walk(node.value))


# In words ---------------------------------------------------------------------------------------


class _Reasons:
    """Uses that share a reason, said in one sentence."""

    def __init__(self) -> None:
        self._names: dict[tuple[int, int, str], list[str]] = {}
        self._uses: dict[tuple[int, int, str], _Use] = {}

    def add(self, use: _Use, what: str) -> None:
        key = (use.user.order, use.source.order if use.source else 0, what)
        self._uses[key] = use
        names = self._names.setdefault(key, [])
        if use.name not in names:
            names.append(use.name)

    def any(self) -> bool:
        return bool(self._uses)

    def in_words(self, run: Cell) -> tuple[str, ...]:
        said = [_sentence(self._names[key], self._uses[key], key[2], run) for key in self._uses]
        more = len(said) - _MOST_REASONS
        return (*said[:_MOST_REASONS], *((f"and {more} more reasons",) if more > 0 else ()))


def _sentence(names: list[str], use: _Use, what: str, run: Cell) -> str:
    listed = ", ".join(f"`{name}`" for name in names[:5]) + (" …" if len(names) > 5 else "")
    user = "" if use.user is run else f"{_label(use.user)} used "
    if use.source is None:
        return f"{user or 'it uses '}{listed}, {what}"
    verb = "from" if user else ("comes from" if len(names) == 1 else "come from")
    return f"{user}{listed} {verb} {_label(use.source)}, {what}"


def _label(cell: Cell) -> str:
    """A cell as a person knows it: `In [3] (n = 100)`."""
    lines = (line.strip() for line in cell.source.splitlines())
    first = next((line for line in lines if line), "")
    return f"In [{cell.order}] ({first if len(first) <= 40 else first[:39] + '…'})"
