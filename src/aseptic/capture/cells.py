"""What a cell's source says about names, and the log of the cells that a session executed.

The source is only read, never run: `names_of` walks the syntax tree once (about 0.1 ms for
20 lines), `closure_of` reads the code objects of the notebook's own functions.
"""

from __future__ import annotations

import ast
import builtins
import dis
import sys
from types import CodeType, FunctionType, ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary

import msgspec

from aseptic.model import Cell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

BUILTINS = frozenset(dir(builtins)) | {"get_ipython", "display", "__file__"}


class Names(NamedTuple):
    """The global names of one cell, each tuple in the order in which they first occur.

    `reads` are loaded at the cell's top level (lambdas, comprehensions and class bodies count)
    before the cell itself has certainly bound them; `deferred` are loaded inside `def` bodies
    and bound nowhere in the cell; `mutates` are changed in place, as far as can be seen, and
    not made by the cell; `uses` are all that are loaded at the top level, its own included.
    Builtins are among them: only the namespace can say whether `input` is the builtin.
    """

    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    mutates: tuple[str, ...] = ()
    deferred: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()


def names_of(tree: ast.Module) -> Names:
    """The names that a cell reads, binds and changes.

    What certainly binds is judged in reading order: bodies of loops, `with` and `try` are taken
    to run, an `if` binds what both of its branches bind.
    """
    walk = _Walk()
    for statement in tree.body:
        walk.visit(statement)
    return walk.names()


def names_of_source(source: str, *, transform: Callable[[str], str] = str) -> Names | str:
    """The names of a cell's source, or in plain words why they are unknown.

    `transform` is IPython's `transform_cell`, which turns magics into calls; without it, a cell
    with magics is unknown.
    """
    try:
        return names_of(ast.parse(transform(source)))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return f"its source is not valid Python ({type(error).__name__})"


# The walk ---------------------------------------------------------------------------------------

_MUTATING = frozenset(
    (
        *(
            "append",
            "extend",
            "insert",
            "remove",
            "pop",
            "popitem",
            "clear",
            "update",
            "setdefault",
        ),
        *("add", "discard", "sort", "reverse", "appendleft", "popleft", "extendleft", "rotate"),
        *("fit", "fit_transform", "fit_predict", "partial_fit", "set_params", "load_state_dict"),
        *("train", "step", "zero_grad", "backward"),
        *("fill", "itemset", "resize", "setflags", "put", "partition"),
        *("intersection_update", "difference_update", "symmetric_difference_update"),
        *("write", "writelines", "subtract", "move_to_end"),
    )
)
_MUTATING_ARGUMENT = frozenset(
    ("shuffle", "heappush", "heappop", "heapify", "insort", "insort_left", "setattr", "delattr")
)


class _Walk:
    """One pass over a tree. `hidden` holds the local names of the functions around a node."""

    def __init__(self) -> None:
        self.reads: dict[str, None] = {}
        self.deferred: dict[str, None] = {}
        self.uses: dict[str, None] = {}
        self.writes: dict[str, None] = {}
        self.mutates: dict[str, None] = {}
        self.bound: set[str] = set()
        self.hidden: tuple[set[str], ...] = ()
        self.class_names: set[str] | None = None
        self.globals: set[str] = set()
        self.is_deferred = False

    def names(self) -> Names:
        deferred = (name for name in self.deferred if name not in self.bound)
        return Names(
            reads=tuple(self.reads),
            writes=tuple(self.writes),
            mutates=tuple(self.mutates),
            deferred=tuple(deferred),
            uses=tuple(self.uses),
        )

    def visit(self, node: ast.AST) -> None:
        handler = _HANDLERS.get(type(node))
        if handler is not None:
            handler(self, node)
        else:
            self.visit_fields(node)

    def visit_fields(self, node: ast.AST) -> None:
        for field in node._fields:
            value = getattr(node, field, None)
            if isinstance(value, list):
                self.visit_all(value)
            elif isinstance(value, ast.AST):
                self.visit(value)

    def visit_all(self, nodes: Iterable[Any]) -> None:
        for node in nodes:
            if isinstance(node, ast.AST):
                self.visit(node)

    # Names

    def load(self, name: str) -> None:
        if self.is_local(name):
            return
        if self.is_deferred:
            self.deferred[name] = None
            return
        self.uses[name] = None
        if name not in self.bound:
            self.reads[name] = None

    def bind(self, name: str) -> None:
        if self.class_names is not None:
            self.class_names.add(name)
        elif not self.is_local(name):
            self.writes[name] = None
            if not self.is_deferred:
                self.bound.add(name)

    def is_local(self, name: str) -> bool:
        if self.class_names is not None and name in self.class_names:
            return True
        if name in self.globals:
            return False
        return any(name in names for names in self.hidden)

    def mutate(self, node: ast.AST) -> None:
        """Note that the object at the root of `a.b[c].d` is changed.

        What a call returns is another object, as in `SVC(C=1).fit(X)`, unless its method is
        itself one that changes its object, as in `model.set_params(C=1).fit(X)`.
        """
        while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call, ast.Starred)):
            if not isinstance(node, ast.Call):
                node = node.value
            elif isinstance(node.func, ast.Attribute) and _is_mutating(node.func.attr):
                node = node.func.value
            else:
                return
        is_own = self.is_deferred or not isinstance(node, ast.Name) or node.id in self.bound
        if not is_own and isinstance(node, ast.Name) and not self.is_local(node.id):
            self.mutates[node.id] = None

    # Expressions

    def name(self, node: ast.Name) -> None:
        if not isinstance(node.ctx, ast.Store):  # `del x` needs the x that it deletes
            self.load(node.id)
        if not isinstance(node.ctx, ast.Load):
            self.bind(node.id)

    def attribute(self, node: ast.Attribute | ast.Subscript) -> None:
        self.visit(node.value)
        if isinstance(node, ast.Subscript):
            self.visit(node.slice)
        if not isinstance(node.ctx, ast.Load):
            self.mutate(node)

    def call(self, node: ast.Call) -> None:
        self.visit(node.func)
        self.visit_all(node.args)
        for keyword in node.keywords:
            self.visit(keyword.value)
        self.note_mutation(node)

    def note_mutation(self, node: ast.Call) -> None:
        func = node.func
        called: str = getattr(func, "attr", "") or getattr(func, "id", "")
        if called in _MUTATING_ARGUMENT and node.args:
            self.mutate(node.args[0])
        for keyword in node.keywords:
            if keyword.arg == "out":
                self.mutate(keyword.value)
        if isinstance(func, ast.Attribute) and (_is_mutating(called) or _is_in_place(node)):
            self.mutate(func.value)

    def walrus(self, node: ast.NamedExpr) -> None:
        self.visit(node.value)
        self.bind(node.target.id)

    def comprehension(self, node: Any) -> None:
        first, *others = node.generators
        self.visit(first.iter)
        names = {name for gen in node.generators for name in _stored(gen.target)}
        outer_class, self.class_names = self.class_names, None
        self.hidden = (*self.hidden, names)
        for generator in others:
            self.visit(generator.iter)
        for generator in node.generators:
            self.visit(generator.target)
            self.visit_all(generator.ifs)
        for field in ("key", "value", "elt"):
            self.visit_all((getattr(node, field, None),))
        self.hidden, self.class_names = self.hidden[:-1], outer_class

    def lambda_(self, node: ast.Lambda) -> None:
        self.visit_defaults(node.args)
        self.enter(_parameters(node.args), (node.body,), is_deferred=self.is_deferred)

    # Statements that bind

    def assign(self, node: ast.Assign) -> None:
        self.visit(node.value)
        self.visit_all(node.targets)

    def annotated(self, node: ast.AnnAssign) -> None:
        self.visit(node.annotation)
        if node.value is not None:
            self.visit(node.value)
            self.visit(node.target)

    def augmented(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            self.load(node.target.id)
        self.visit(node.value)
        self.visit(node.target)

    def loop(self, node: ast.For | ast.AsyncFor) -> None:
        self.visit(node.iter)
        self.visit(node.target)
        self.visit_all(node.body)
        self.visit_all(node.orelse)

    def branch(self, node: ast.If) -> None:
        self.visit(node.test)
        self.branches((node.body, node.orelse))

    def match(self, node: Any) -> None:
        self.visit(node.subject)
        last = node.cases[-1]
        is_total = last.guard is None and getattr(last.pattern, "pattern", last) is None
        bodies = [[case] for case in node.cases]
        self.branches(bodies if is_total else [*bodies, []])

    def branches(self, bodies: Iterable[Sequence[ast.AST]]) -> None:
        """Visit bodies of which one runs; what all of them bind is bound after them."""
        before, after = self.bound, []
        for body in bodies:
            self.bound = set(before)
            self.visit_all(body)
            after.append(self.bound)
        self.bound = set.intersection(*after) if len(after) > 1 else before

    def match_as(self, node: Any) -> None:
        self.visit_fields(node)
        name = getattr(node, "name", None) or getattr(node, "rest", None)
        if name:
            self.bind(name)

    def handler(self, node: ast.ExceptHandler) -> None:
        self.visit_all((node.type,))
        if node.name:
            self.bind(node.name)
        self.visit_all(node.body)

    def import_(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias in node.names:
            if alias.name != "*":
                self.bind(alias.asname or alias.name.partition(".")[0])

    def function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.visit_all(node.decorator_list)
        self.visit_defaults(node.args)
        self.visit_all((node.returns,))
        self.bind(node.name)
        self.enter(_parameters(node.args), node.body, is_deferred=True)

    def class_(self, node: ast.ClassDef) -> None:
        self.visit_all(node.decorator_list)
        self.visit_all(node.bases)
        self.visit_all(node.keywords)
        outer, self.class_names = self.class_names, set()
        self.visit_all(node.body)
        self.class_names = outer
        self.bind(node.name)

    def visit_defaults(self, args: ast.arguments) -> None:
        self.visit_all(args.defaults)
        self.visit_all(args.kw_defaults)
        for arg in (*args.posonlyargs, *args.args, *args.kwonlyargs):
            self.visit_all((arg.annotation,))

    def enter(self, names: set[str], body: Sequence[ast.AST], *, is_deferred: bool) -> None:
        """Visit the body of a function, whose parameters and local names are hidden."""
        outer = (self.hidden, self.class_names, self.globals, self.is_deferred)
        declared = _declared_global(body)
        names.update(_bound_in(body) - declared)
        self.hidden = (*self.hidden, names)
        self.class_names, self.globals, self.is_deferred = None, declared, is_deferred
        self.visit_all(body)
        self.hidden, self.class_names, self.globals, self.is_deferred = outer

    def nothing(self, node: ast.AST) -> None:
        pass


_HANDLERS: dict[type, Callable[[_Walk, Any], None]] = {
    ast.Name: _Walk.name,
    ast.Constant: _Walk.nothing,
    ast.Pass: _Walk.nothing,
    ast.Global: _Walk.nothing,
    ast.Nonlocal: _Walk.nothing,
    ast.Attribute: _Walk.attribute,
    ast.Subscript: _Walk.attribute,
    ast.Call: _Walk.call,
    ast.NamedExpr: _Walk.walrus,
    ast.ListComp: _Walk.comprehension,
    ast.SetComp: _Walk.comprehension,
    ast.DictComp: _Walk.comprehension,
    ast.GeneratorExp: _Walk.comprehension,
    ast.Lambda: _Walk.lambda_,
    ast.Assign: _Walk.assign,
    ast.AnnAssign: _Walk.annotated,
    ast.AugAssign: _Walk.augmented,
    ast.For: _Walk.loop,
    ast.AsyncFor: _Walk.loop,
    ast.If: _Walk.branch,
    ast.Match: _Walk.match,
    ast.MatchAs: _Walk.match_as,
    ast.MatchStar: _Walk.match_as,
    ast.MatchMapping: _Walk.match_as,
    ast.ExceptHandler: _Walk.handler,
    ast.Import: _Walk.import_,
    ast.ImportFrom: _Walk.import_,
    ast.FunctionDef: _Walk.function,
    ast.AsyncFunctionDef: _Walk.function,
    ast.ClassDef: _Walk.class_,
}
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def _is_mutating(method: str) -> bool:
    """Known by name, or by torch's trailing underscore: `weight.zero_()`."""
    return method in _MUTATING or (method.endswith("_") and not method.startswith("_"))


def _is_in_place(node: ast.Call) -> bool:
    return any(
        keyword.arg == "inplace" and getattr(keyword.value, "value", None) is True
        for keyword in node.keywords
    )


def _parameters(args: ast.arguments) -> set[str]:
    plain = (*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg)
    return {arg.arg for arg in plain if arg is not None}


def _stored(target: ast.AST) -> Iterator[str]:
    return (
        node.id
        for node in ast.walk(target)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    )


def _own_nodes(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """The nodes of a function's body, without those of the functions and classes in it."""
    todo = list(body)
    while todo:
        node = todo.pop()
        yield node
        if not isinstance(node, _SCOPES):
            todo.extend(ast.iter_child_nodes(node))


def _declared_global(body: Iterable[ast.AST]) -> set[str]:
    return {n for node in _own_nodes(body) if isinstance(node, ast.Global) for n in node.names}


def _bound_in(body: Iterable[ast.AST]) -> set[str]:
    return {name for node in _own_nodes(body) for name in _bound_by(node)}


def _bound_by(node: ast.AST) -> Iterable[str]:
    if isinstance(node, ast.Name):
        return () if isinstance(node.ctx, ast.Load) else (node.id,)
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return (node.name,)
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return [alias.asname or alias.name.partition(".")[0] for alias in node.names]
    if isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)):
        return (node.name,) if node.name else ()
    if isinstance(node, ast.MatchMapping):
        return (node.rest,) if node.rest else ()
    return ()


# Through the functions that a cell calls --------------------------------------------------------


def closure_of(names: Iterable[str], namespace: Mapping[str, Any]) -> set[str]:
    """The names that the named functions and classes of the notebook read, and those these read.

    Only functions and classes defined in the notebook are followed (their globals *are* the
    namespace), and the class of an object; a name is returned only if the namespace holds it.
    No attribute of a user's object is read, so no user's code runs.
    """
    seen: set[str] = set()
    todo = list(names)
    while todo:
        for code in _codes_of(namespace.get(todo.pop()), namespace):
            fresh = {name for name in _globals_of(code) if name in namespace} - seen
            seen |= fresh
            todo.extend(fresh)
    return seen


def _codes_of(value: object, namespace: Mapping[str, Any]) -> Iterator[CodeType]:
    if type(value) is FunctionType:
        yield from _codes_of_function(value, namespace)
    elif type(value) in (staticmethod, classmethod):
        yield from _codes_of(value.__func__, namespace)  # type: ignore[attr-defined] # both have it
    elif type(value) is property:
        for function in (value.fget, value.fset, value.fdel):
            yield from _codes_of(function, namespace)
    else:
        yield from _codes_of_class(
            value if issubclass(type(value), type) else type(value), namespace
        )


def _codes_of_class(class_: Any, namespace: Mapping[str, Any]) -> Iterator[CodeType]:
    members = type.__getattribute__(class_, "__dict__")
    if members.get("__module__") == namespace.get("__name__", "__main__"):
        for member in list(members.values()):
            if type(member) in _HOLDS_CODE:
                yield from _codes_of(member, namespace)


_HOLDS_CODE = frozenset((FunctionType, staticmethod, classmethod, property))


def _codes_of_function(function: FunctionType, namespace: Mapping[str, Any]) -> Iterator[CodeType]:
    wrapped = function.__dict__.get("__wrapped__")  # functools.wraps, by whatever module
    if type(wrapped) is FunctionType and wrapped is not function:
        yield from _codes_of_function(wrapped, namespace)
    if function.__globals__ is namespace:
        yield function.__code__


_GLOBALS_OF: WeakKeyDictionary[CodeType, frozenset[str]] = WeakKeyDictionary()


def _globals_of(code: CodeType) -> frozenset[str]:
    """The global names that a code object and those inside it load; remembered while it lives."""
    known = _GLOBALS_OF.get(code)
    if known is None:
        nested = (const for const in code.co_consts if isinstance(const, CodeType))
        known = frozenset(_loaded_globals(code)).union(*map(_globals_of, nested))
        _GLOBALS_OF[code] = known
    return known


def _loaded_globals(code: CodeType) -> Iterator[str]:
    for instruction in dis.get_instructions(code):
        if instruction.opname in {"LOAD_GLOBAL", "LOAD_NAME"}:
            yield instruction.argval


# The log ----------------------------------------------------------------------------------------


class CellLog:
    """The executed cells of one session, in order; each costs the same however many there are.

    A cell is begun before it runs and ended after it, so that an interrupted kernel still knows
    it. Cells are records, not objects of the user: nothing here keeps a value alive.
    """

    def __init__(self) -> None:
        self._cells: list[Cell] = []
        self._index: dict[int, int] = {}
        self._uses: dict[int, tuple[str, ...]] = {}  # of the cells begun and not ended
        self._writers: dict[str, int] = {}
        self._by_cell_id: dict[str, int] = {}

    @property
    def cells(self) -> Sequence[Cell]:
        """Every cell so far; not a copy."""
        return self._cells

    def begin(
        self,
        source: str,
        names: Names | str,
        *,
        started_at: datetime,
        cell_id: str | None = None,
        execution_count: int = 0,
        namespace: Mapping[str, Any] | None = None,
    ) -> Cell:
        """Log that a cell begins; its `order` is what `end` takes.

        The order follows IPython's execution count, so that a person finds the cell as `In [5]`;
        where that stands still (`store_history=False`) the order goes on by one.
        `names` is what `names_of_source` gave: a text says why they are unknown. The namespace
        tells modules apart: `np.append(…)` changes no `np`.
        """
        known = names if isinstance(names, Names) else Names()
        cell = Cell(
            order=max(execution_count, self._cells[-1].order + 1 if self._cells else 1),
            source=source,
            cell_id=cell_id,
            started_at=started_at,
            reads=self._without_builtins(known.reads),
            writes=known.writes,
            mutates=tuple(n for n in known.mutates if not _is_module(n, namespace)),
            reason=None if isinstance(names, Names) else names,
        )
        self._index[cell.order] = len(self._cells)
        self._uses[cell.order] = known.uses
        self._cells.append(cell)
        return cell

    def extend(
        self, order: int, names: Names, *, namespace: Mapping[str, Any] | None = None
    ) -> Cell:
        """Add the names of code that a cell runs through a magic, such as `%%time`."""
        begun = self._cells[self._index[order]]
        own = {*begun.writes}
        reads = (name for name in self._without_builtins(names.reads) if name not in own)
        mutates = (name for name in names.mutates if not _is_module(name, namespace))
        cell = msgspec.structs.replace(
            begun,
            reads=tuple(dict.fromkeys((*begun.reads, *reads))),
            writes=tuple(dict.fromkeys((*begun.writes, *names.writes))),
            mutates=tuple(dict.fromkeys((*begun.mutates, *mutates))),
        )
        self._uses[order] = (*self._uses.get(order, ()), *names.uses)
        self._cells[self._index[order]] = cell
        return cell

    def end(
        self,
        order: int,
        *,
        status: str,
        duration_s: float | None = None,
        run_id: str | None = None,
        namespace: Mapping[str, Any] | None = None,
    ) -> Cell:
        """Complete a cell and count its writes from now on.

        With the namespace, what the functions that it called read joins its reads (see
        `closure_of`), but for what the cell binds itself: that it may have done before the call.
        """
        begun = self._cells[self._index[order]]
        closure = closure_of(self._uses.pop(order, ()), namespace) if namespace else set()
        reads = dict.fromkeys((*begun.reads, *self._without_builtins(sorted(closure))))
        cell = msgspec.structs.replace(
            begun,
            status=status,
            duration_s=duration_s,
            run_id=run_id,
            reads=tuple(name for name in reads if name in begun.reads or name not in begun.writes),
        )
        self._cells[self._index[order]] = cell
        for name in (*cell.writes, *cell.mutates):
            self._writers[name] = order
        if cell.cell_id is not None:
            self._by_cell_id[cell.cell_id] = order
        return cell

    def remember(
        self,
        sources: Sequence[str],
        *,
        started_at: datetime,
        transform: Callable[[str], str] = str,
    ) -> None:
        """Log the cells that ran before the log began, as IPython's `In` holds them.

        `In[0]` is never a cell. Their ids, times and ends are not known, but what they bound is:
        without them, imports above `%load_ext aseptic` would come from nowhere.
        """
        for count, source in enumerate(sources[1:], start=1):
            names = names_of_source(source, transform=transform)
            cell = self.begin(source, names, started_at=started_at, execution_count=count)
            self.end(cell.order, status="unknown")

    def last_writer(self, name: str) -> Cell | None:
        """The cell that bound or changed a name last, or None where no logged cell did."""
        order = self._writers.get(name)
        return None if order is None else self._cells[self._index[order]]

    def latest_by_cell_id(self, cell_id: str) -> Cell | None:
        """The last execution of a notebook's cell."""
        order = self._by_cell_id.get(cell_id)
        return None if order is None else self._cells[self._index[order]]

    def _without_builtins(self, names: Iterable[str]) -> tuple[str, ...]:
        """The names but for builtins that no cell has bound to something else."""
        return tuple(
            dict.fromkeys(
                sys.intern(name) for name in names if name not in BUILTINS or name in self._writers
            )
        )


def _is_module(name: str, namespace: Mapping[str, Any] | None) -> bool:
    return namespace is not None and issubclass(type(namespace.get(name)), ModuleType)
