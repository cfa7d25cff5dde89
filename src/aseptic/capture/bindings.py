"""What a cell's top level binds its names to, in the order in which the cell reads.

`bindings_of(tree)` is what the instrumentation needs to know before a cell runs: which names hold
settings, which hold measured numbers, which count, and which were imported from where. Functions,
classes, lambdas and comprehensions have scopes of their own and are not entered.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from typing import TYPE_CHECKING

from aseptic.capture.metrics import Kind, classify, dotted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_SCOPES = (
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda),
    *(ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp),
)
_COUNTING = frozenset({"range", "enumerate", "count", "trange", "tnrange", "arange"})
#: Calls that give the number that they get: `float(loss)`, `loss.detach().item()`.
_SAME_NUMBER = frozenset({"float", "int", "round"})
_SAME_NUMBER_METHODS = frozenset({"item", "detach", "cpu", "numpy", "clone"})
_PASSING_ON = frozenset({"tqdm", "zip", "list", "reversed", "iter", "track", "auto", "notebook"})


class Bindings:
    """The names that a cell binds at its top level, and what it binds them to."""

    def __init__(self) -> None:
        self.kinds: defaultdict[str, list[Kind]] = defaultdict(list)
        self.imports: dict[str, str] = {}  # alias to the full name of what was imported
        self.counters: set[str] = set()
        self.literal_loops: dict[str, int] = {}  # loop variable over constants, and its line
        self.defined: set[str] = set()
        self.last_bound: dict[str, int] = {}  # the last line that binds a name
        self.accumulated: set[str] = set()  # names that were added to: `total += loss`
        self.reads: defaultdict[str, set[str]] = defaultdict(set)  # what a name is computed from
        self.passed_on: defaultdict[str, set[str]] = defaultdict(set)  # `value = loss.item()`

    def __contains__(self, name: str) -> bool:
        return name in self.kinds or name in self.imports or name in self.defined

    def kind_of(self, name: str) -> Kind:
        """What a name stands for after what was read so far; settings if it is bound elsewhere."""
        if name in self.counters or name in self.imports or name in self.defined:
            return Kind.OTHER
        found = self.kinds.get(name)
        if not found:
            return Kind.SETTING
        return next((kind for kind in (Kind.MEASURED, Kind.CLOCK) if kind in found), found[-1])

    def is_steady(self, name: str) -> bool:
        """Whether every binding of a name in the cell is to a setting: it does not accumulate."""
        return all(kind is Kind.SETTING for kind in self.kinds.get(name, [Kind.OTHER]))

    def is_rebound_setting(self, name: str) -> bool:
        """Whether a name has more than one binding, a setting among them."""
        found = self.kinds.get(name, [])
        return len(found) > 1 and Kind.SETTING in found

    def said_by(self, values: Iterable[ast.expr], until: int) -> frozenset[str]:
        """The names that say nothing new once these values are logged.

        They are the names whose value one of them is, and what adds those up or is read for them.
        A name that is bound again after line `until` says something new.
        """
        logged = list(values)
        found = {name for value in logged for name in _values_in(value)}
        while more := {name for one in found for name in self.passed_on.get(one, ())} - found:
            found |= more
        read = {name for value in logged for name in _names_read(value)}
        read = read.union(*(self.reads.get(name, ()) for name in found))
        sums = {n for n in self.accumulated if n in read or not found.isdisjoint(self.reads[n])}
        return frozenset(n for n in found | sums if self.last_bound.get(n, 0) <= until)


def bindings_of(tree: ast.Module) -> Bindings:
    """Reads a cell's tree once, from top to bottom."""
    bindings = Bindings()
    for node in top_level(tree):
        _read(node, bindings)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            bindings.last_bound[node.id] = node.lineno
    return bindings


def top_level(node: ast.AST) -> Iterator[ast.AST]:
    """A node and what it holds, in the order of the source, without entering other scopes."""
    yield node
    if not isinstance(node, _SCOPES):
        for child in ast.iter_child_nodes(node):
            yield from top_level(child)


def names_in(target: ast.expr) -> Iterator[str]:
    """The names that an assignment to this target binds."""
    if isinstance(target, ast.Name):
        yield target.id
    elif isinstance(target, ast.Starred):
        yield from names_in(target.value)
    elif isinstance(target, (ast.Tuple, ast.List)):
        for element in target.elts:
            yield from names_in(element)


def counts(iterable: ast.expr) -> bool:
    """Whether a loop over this only counts: `range(…)`, `tqdm(range(…))`."""
    if not isinstance(iterable, ast.Call):
        return False
    last = (dotted(iterable.func) or "").rpartition(".")[2]
    return last in _COUNTING or (last in _PASSING_ON and any(map(counts, iterable.args)))


def _read(node: ast.AST, bindings: Bindings) -> None:
    match node:
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                _bind(target, value, bindings)
        case ast.AnnAssign(target=target, value=ast.expr() as value):
            _bind(target, value, bindings)
        case ast.NamedExpr(target=target, value=value):
            _bind(target, value, bindings)
        case ast.AugAssign(target=ast.Name(id=name), value=value):
            found = _combined_with(name, value, bindings)
            bindings.kinds[name].append(found)
            bindings.accumulated.add(name)
            bindings.reads[name].update(_names_read(value))
            if found is Kind.OTHER:
                bindings.counters.add(name)
        case ast.For() | ast.AsyncFor():
            _read_loop(node, bindings)
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="append"), args=[value]):
            if classify(value, bindings.kind_of) is Kind.MEASURED:
                bindings.kinds[name].append(Kind.MEASURED)  # `min(errs)` is measured too
        case _:
            _read_definition(node, bindings)


def _combined_with(name: str, value: ast.expr, bindings: Bindings) -> Kind:
    """What `name += value` makes of a name: a metric, or a counter."""
    kinds = {classify(value, bindings.kind_of), bindings.kind_of(name)}
    return Kind.MEASURED if kinds & {Kind.MEASURED, Kind.MEMBER} else Kind.OTHER


def _bind(target: ast.expr, value: ast.expr, bindings: Bindings) -> None:
    for name, part in pairs(target, value):
        kind = classify(part, bindings.kind_of) if part is not None else Kind.OTHER
        if kind is Kind.SETTING and _reads(part, name):
            bindings.counters.add(name)  # `step = step + 1`
            kind = Kind.OTHER
        bindings.kinds[name].append(kind)
        if part is not None:
            if _reads(part, name):
                bindings.accumulated.add(name)  # `total = total + loss`
            bindings.reads[name].update(_names_read(part))
            bindings.passed_on[name].update(_values_in(part))


def pairs(target: ast.expr, value: ast.expr | None) -> Iterator[tuple[str, ast.expr | None]]:
    """Each name of a target with the expression that it gets, as far as the syntax shows."""
    if isinstance(target, ast.Name):
        yield target.id, value
    elif isinstance(target, (ast.Tuple, ast.List)):
        parts = parts_of(target, value)
        for element, part in zip(target.elts, parts, strict=True):
            yield from pairs(element, part)
    elif isinstance(target, ast.Starred):
        yield from ((name, None) for name in names_in(target))


def parts_of(target: ast.Tuple | ast.List, value: ast.expr | None) -> list[ast.expr | None]:
    """The display's own members for `a, b = 1, 2`; the whole call for each of `a, b = f()`."""
    is_starred = any(isinstance(element, ast.Starred) for element in target.elts)
    if isinstance(value, (ast.Tuple, ast.List)):
        members: list[ast.expr | None] = [*value.elts]
        fits = len(members) == len(target.elts) and not is_starred
        return members if fits else [None] * len(target.elts)
    return [value if isinstance(value, (ast.Call, ast.Await)) else None] * len(target.elts)


def _reads(node: ast.expr | None, name: str) -> bool:
    return node is not None and name in _names_read(node)


def _names_read(node: ast.expr) -> Iterator[str]:
    return (inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name))


def _values_in(node: ast.expr) -> Iterator[str]:
    """The name whose number an expression is."""
    match node:
        case ast.Name(id=name):
            yield name
        case ast.Call(func=ast.Name(id=called), args=[inner, *_]) if called in _SAME_NUMBER:
            yield from _values_in(inner)
        case ast.Call(func=ast.Attribute(value=inner, attr=called)):
            if called in _SAME_NUMBER_METHODS:
                yield from _values_in(inner)


def _read_loop(node: ast.For | ast.AsyncFor, bindings: Bindings) -> None:
    names = list(names_in(node.target))
    for name in names:
        bindings.kinds[name].append(Kind.OTHER)
    if counts(node.iter):
        bindings.counters.update(names if not _is_enumerate(node.iter) else names[:1])
    elif isinstance(node.target, ast.Name) and _lists_settings(node.iter, bindings):
        bindings.literal_loops[node.target.id] = node.lineno


def _lists_settings(iterable: ast.expr, bindings: Bindings) -> bool:
    is_display = isinstance(iterable, (ast.List, ast.Tuple, ast.Set))
    return is_display and classify(iterable, bindings.kind_of) is Kind.SETTING


def _is_enumerate(iterable: ast.expr) -> bool:
    return isinstance(iterable, ast.Call) and (dotted(iterable.func) or "") != "range"


def _read_definition(node: ast.AST, bindings: Bindings) -> None:
    match node:
        case ast.Import(names=aliases):
            for alias in aliases:
                whole = alias.name if alias.asname else alias.name.partition(".")[0]
                bindings.imports[alias.asname or whole] = whole
        case ast.ImportFrom(names=aliases, module=module, level=0):
            for alias in aliases:
                bindings.imports[alias.asname or alias.name] = f"{module}.{alias.name}"
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            bindings.defined.add(name)
        case ast.withitem(optional_vars=ast.expr() as target):
            for name in names_in(target):
                bindings.kinds[name].append(Kind.OTHER)
        case ast.ExceptHandler(name=str() as name) | ast.MatchAs(name=str() as name):
            bindings.kinds[name].append(Kind.OTHER)
