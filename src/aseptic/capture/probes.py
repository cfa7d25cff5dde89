"""Where a cell's syntax tree is looked into: at the calls and assignments of its top level.

The plan is made first and without touching the tree, then applied, so that a fault while planning
leaves the cell as it was. A probe is a call that gives its argument back unchanged, with the
source position of what it wraps. The user's own calls are never wrapped, so no frame of ours is
on the stack when the user's code runs, and every traceback reads as it would without us.

`f(lr, x + 1)` becomes `⟨0⟩(f)(lr, ⟨1⟩(x + 1))`: constants are known from the source, and bare
names that come before anything that could change them are read when the callee is. Of a method
call only the receiver is wrapped (`⟨0⟩(clf).fit(X, y)`), since Python gives method calls a line
of their own.
"""

from __future__ import annotations

import ast
import builtins
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from aseptic.capture.bindings import Bindings, counts, names_in, parts_of
from aseptic.capture.callees import SEED_NAMES, Level, level_of, module_of
from aseptic.capture.metrics import Kind, classify, dotted
from aseptic.capture.values import NOTHING, is_a, is_data, members, plain
from aseptic.direction import direction_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    Probe = Callable[[Any], Any]


class Argument(NamedTuple):
    """One argument as the cell writes it."""

    keyword: str | None  # None for a position, `*` and `**` for what is unpacked
    text: str | None = None  # the bare variable, attribute or item that was passed
    name: str | None = None  # the bare variable alone
    literal: object = NOTHING  # its value, where the source says it
    counts: bool = False  # the variable is one that the cell counts with
    is_read: bool = False  # the variable is read from the namespace, without a probe
    member: tuple[str, str] | None = None  # `cfg.lr` and `cfg["lr"]`: the object and its member


class CallPlan(NamedTuple):
    """A call site: what the source says of it."""

    text: str
    attribute: str | None  # of a method call, whose receiver is probed
    line: int
    arguments: tuple[Argument, ...]


class Part(NamedTuple):
    """One name that an assignment binds, and where its value is in the assigned one."""

    name: str
    kind: Kind
    path: tuple[int, ...] = ()
    keys: frozenset[str] | None = None  # of a dict display: the measured ones
    root: str | None = None  # of a member: the variable it is taken from
    text: str = ""  # of a member: how the source writes it
    is_named: bool = False  # the name is a metric's: if its value is a number, that is measured
    is_collected: bool = False  # a comprehension of measured numbers
    item: ast.expr | None = None  # of `results[name] = …`: the constant or name in the brackets


class BindPlan(NamedTuple):
    """An assignment to names that may hold settings or metrics."""

    parts: tuple[Part, ...]
    line: int


class UsePlan(NamedTuple):
    """A setting that an expression reads outside of a call's arguments."""

    name: str
    line: int
    member: str | None = None


class LogPlan(NamedTuple):
    """A call of something called `log`, and the names that it makes say nothing new."""

    names: frozenset[str]
    is_method: bool  # the receiver is probed


class Sites(Protocol):
    """Makes the probes of planned sites."""

    def call(self, plan: CallPlan) -> tuple[Probe, Sequence[Probe]]:
        """The probe of the callee or receiver, and one for each argument."""

    def binding(self, plan: BindPlan) -> Probe:
        """The probe of an assigned value."""

    def increment(self, plan: BindPlan) -> Probe:
        """The probe of a name just after `name += value`; it returns None."""

    def use(self, plan: UsePlan) -> Probe:
        """The probe of a name or member that is read."""

    def log(self, plan: LogPlan) -> Probe:
        """The probe of what logs, or of its receiver."""


class _Slot(NamedTuple):
    """A place in the tree that holds an expression."""

    owner: Any
    key: str | int

    def get(self) -> Any:
        return getattr(self.owner, self.key) if isinstance(self.key, str) else self.owner[self.key]

    def put(self, node: ast.AST) -> None:
        if isinstance(self.key, str):
            setattr(self.owner, self.key, node)
        else:
            self.owner[self.key] = node


#: Methods that set nothing: of containers, text, tables, tensors and figures.
HARMLESS_METHODS: Final = frozenset(
    """
    add agg all any append apply argmax argmin assign astype backward clear clip close copy
    count cpu cuda cumsum decode describe detach difference discard drop drop_duplicates dropna
    dtypes encode endswith eval extend fillna find flatten float flush format get get_params
    groupby head hist iloc index info insert int intersection isalpha isdigit isin isna isnull
    item items iterrows itertuples join keys legend loc long lower map max mean median melt
    merge min mkdir model_dump mode nunique numpy parameters permute pivot pivot_table plot pop
    popitem predict_log_proba quantile ravel read read_text rename replace requires_grad_
    reset_index reshape reverse round savefig scatter seek select set_index set_title set_xlabel
    set_ylabel setdefault set_params shape show size sort sort_index sort_values split squeeze
    startswith state_dict std strip sum swapaxes tail to to_csv to_dict to_list to_numpy
    to_parquet title tolist transpose type union unique unsqueeze update upper value_counts
    values var view where with_columns write write_text zero_grad zfill
    """.split()  # noqa: SIM905 - a list of words reads best as words
)
_SCOPES = (
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.Delete),
    ast.GeneratorExp,  # it may run when the cell, and with it its probes, is long gone
)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp)
#: Fields that bind, declare or match: nothing in them may be wrapped.
_CLOSED_FIELDS = frozenset(
    {"annotation", "target", "targets", "optional_vars", "pattern", "type_params", "ctx"}
)
_SHELL_NAMES = frozenset({"In", "Out", "exit", "quit", "get_ipython", "_"})


class Plan:
    """The probes that a cell gets, and where. Made by `Planner`, applied once."""

    def __init__(self) -> None:
        self.wraps: list[tuple[_Slot, Probe]] = []
        self.insertions: list[tuple[list[ast.stmt], ast.AugAssign, Probe]] = []

    def apply(self, table: list[Probe], table_name: str) -> None:
        """Puts the probes into the tree; `table_name` is how the running cell finds the table."""
        for slot, probe in self.wraps:
            node = slot.get()
            slot.put(_call(table_name, len(table), node))
            table.append(probe)
        for body, statement, probe in self.insertions:
            target = ast.copy_location(ast.Name(_target_id(statement), ast.Load()), statement)
            test = _call(table_name, len(table), target)
            look = ast.copy_location(ast.If(test, [_pass(statement)], []), statement)
            body.insert(body.index(statement) + 1, look)
            table.append(probe)


class Planner:
    """Walks the top level of a cell and decides what is looked at."""

    def __init__(self, bindings: Bindings, namespace: Mapping[str, object], sites: Sites) -> None:
        self._bindings = bindings
        self._namespace = namespace
        self._sites = sites
        self._plan = Plan()
        self._is_silent = False
        self._last_line = 0  # of the statement of the cell that is looked at
        self._locals: dict[str, bool] = {}  # a comprehension's variables, and whether they count
        self.last_increment: BindPlan | None = None

    def plan(self, tree: ast.Module) -> Plan:
        """What to do with a cell. Its last statement stays last: the shell may display it."""
        for statement in tree.body:
            self._last_line = statement.end_lineno or 0
            self._statement(statement, tree.body, is_last=statement is tree.body[-1])
        return self._plan

    # -- walking ----------------------------------------------------------------------------------

    def _statement(self, node: ast.stmt, body: list[ast.stmt], *, is_last: bool = False) -> None:
        self._node(node)
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            self._increment(node, body, is_last=is_last)

    def _children(self, node: ast.AST) -> None:
        for field, value in ast.iter_fields(node):
            if field in _CLOSED_FIELDS:
                continue
            if isinstance(value, list):
                self._list(value)
            elif isinstance(value, ast.AST):
                self._visit(_Slot(node, field))

    def _list(self, nodes: list[Any]) -> None:
        for place, item in enumerate(nodes):
            if isinstance(item, ast.stmt):
                self._statement(item, nodes)
            elif isinstance(item, ast.AST):
                self._visit(_Slot(nodes, place))

    def _visit(self, slot: _Slot) -> None:
        node = slot.get()
        match node:
            case ast.Call():
                self._on_call(node)
            case ast.Name(ctx=ast.Load()):
                self._on_name(slot, node)
            case ast.Attribute(ctx=ast.Load()) | ast.Subscript(ctx=ast.Load()):
                self._on_member(slot, node)
            case _:
                self._node(node)

    def _node(self, node: ast.AST) -> None:
        if isinstance(node, _SCOPES):
            return
        if isinstance(node, _COMPREHENSIONS):
            self._comprehension(node)
            return
        self._children(node)
        if isinstance(node, (ast.Assign, ast.AnnAssign, ast.NamedExpr)) and node.value is not None:
            self._on_assignment(node)

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.DictComp) -> None:
        """It runs here and now, but its variables are its own: they are seen by value only."""
        before = self._locals
        self._locals = {
            **before,
            **{
                name: counts(each.iter)
                for each in node.generators
                for name in names_in(each.target)
            },
        }
        self._children(node)
        self._locals = before

    # -- reads ------------------------------------------------------------------------------------

    def _on_name(self, slot: _Slot, node: ast.Name) -> None:
        if not self._is_silent and self._is_setting(node.id):
            self._wrap(slot, self._sites.use(UsePlan(node.id, node.lineno)))

    def _is_setting(self, name: str) -> bool:
        """Whether a name may hold a setting whose use has to be seen where it is read.

        A name that the cell binds to one constant only needs no look: what was assigned was used.
        """
        if name in self._locals:
            return False
        if name in self._bindings:
            rebound = self._bindings.is_rebound_setting(name)
            return rebound and self._bindings.is_steady(name)
        if name.startswith("_") or name in _SHELL_NAMES:
            return False
        value = self._namespace.get(name)
        is_value = value is not None and not is_a(value, type)
        return is_value and plain(value) is not NOTHING

    def _on_member(self, slot: _Slot, node: ast.Attribute | ast.Subscript) -> None:
        member = _member_of(node)
        if member is None:
            if not isinstance(node.value, ast.Name):
                self._visit(_Slot(node, "value"))
            if isinstance(node, ast.Subscript):
                self._visit(_Slot(node, "slice"))
        elif not self._is_silent and self._may_hold_settings(member[0]):
            self._wrap(slot, self._sites.use(UsePlan(member[0], node.lineno, member[1])))

    def _may_hold_settings(self, name: str) -> bool:
        if name in self._locals:
            return False
        if name in self._bindings:
            kinds = self._bindings.kinds.get(name, [])
            return bool(kinds) and Kind.OTHER not in kinds
        value = self._namespace.get(name)
        if is_a(value, type):
            return value.__module__ == self._namespace.get("__name__")
        return value is not None and bool(members(value))

    # -- assignments ------------------------------------------------------------------------------

    def _on_assignment(self, node: ast.Assign | ast.AnnAssign | ast.NamedExpr) -> None:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        parts = [part for target in targets for part in self._parts(target, node.value, ())]
        if parts:
            plan = BindPlan(tuple(parts), node.lineno)
            self._wrap(_Slot(node, "value"), self._sites.binding(plan))

    def _parts(
        self, target: ast.expr, value: ast.expr | None, path: tuple[int, ...]
    ) -> Iterator[Part]:
        if isinstance(target, ast.Name):
            part = self._part(target.id, _unwrapped(value), path)
            if part is not None:
                yield part
        elif isinstance(target, (ast.Tuple, ast.List)):
            yield from self._unpacked(target, value, path)
        elif isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name):
            yield from self._item(target.value.id, target.slice, _unwrapped(value), path)

    def _item(
        self, name: str, key: ast.expr, value: ast.expr | None, path: tuple[int, ...]
    ) -> Iterator[Part]:
        """`results[name] = score`, by a key that can be read without running anything."""
        is_known = isinstance(key, ast.Constant) or (
            isinstance(key, ast.Name) and key.id not in self._bindings.counters
        )
        part = self._part(name, value, path) if is_known else None
        if part is not None and part.kind is Kind.MEASURED:
            yield part._replace(item=key)

    def _unpacked(
        self, target: ast.Tuple | ast.List, value: ast.expr | None, path: tuple[int, ...]
    ) -> Iterator[Part]:
        parts = parts_of(target, value)
        for place, element in enumerate(target.elts):
            if isinstance(element, ast.Starred):
                return  # where the others lie depends on the length
            yield from self._parts(element, parts[place], (*path, place))

    def _part(self, name: str, value: ast.expr | None, path: tuple[int, ...]) -> Part | None:
        if value is None or name.startswith("_"):
            return None
        kind = classify(value, self._bindings.kind_of)
        if kind is Kind.CLOCK and isinstance(value, ast.BinOp) and direction_of(name):
            kind = Kind.MEASURED
        is_named = self._is_named(name, value, kind)
        is_steady = kind is not Kind.SETTING or self._bindings.is_steady(name)
        if not is_named and (not is_steady or kind in (Kind.OTHER, Kind.CLOCK)):
            return None
        root, text = _root(value) if kind is Kind.MEMBER else (None, "")
        is_collected = kind is Kind.MEASURED and isinstance(value, (ast.ListComp, ast.DictComp))
        keys = self._measured_keys(value)
        return Part(name, kind, path, keys, root, text, is_named, is_collected)

    def _is_named(self, name: str, value: ast.expr, kind: Kind) -> bool:
        """Whether a number of this name is a metric, whatever it is computed from."""
        if kind not in (Kind.SETTING, Kind.OTHER) or direction_of(name) is None:
            return False
        return any(isinstance(inner, ast.Name) for inner in ast.walk(value))

    def _measured_keys(self, value: ast.expr) -> frozenset[str] | None:
        if not isinstance(value, ast.Dict):
            return None
        kinds = {
            str(key.value): classify(item, self._bindings.kind_of)
            for key, item in zip(value.keys, value.values, strict=True)
            if isinstance(key, ast.Constant)
        }
        measured = (Kind.MEASURED, Kind.MEMBER)
        return frozenset(key for key, kind in kinds.items() if kind in measured)

    def _increment(self, node: ast.AugAssign, body: list[ast.stmt], *, is_last: bool) -> None:
        name = _target_id(node)
        if self._bindings.kind_of(name) is not Kind.MEASURED or name.startswith("_"):
            return
        plan = BindPlan((Part(name, Kind.MEASURED),), node.lineno)
        if is_last:
            self.last_increment = plan
        else:
            self._plan.insertions.append((body, node, self._sites.increment(plan)))

    # -- calls ------------------------------------------------------------------------------------

    def _on_call(self, node: ast.Call) -> None:
        level = self._level(node)
        if level is Level.NONE:
            before, self._is_silent = self._is_silent, True
            self._through(node)
            self._is_silent = before
            self._log(node)
        elif level is Level.SEEDS:
            self._through(node)
        else:
            self._probe_call(node)

    def _log(self, node: ast.Call) -> None:
        """`aseptic.log(loss=loss)`: if it is ours that is called, `loss` is a metric already."""
        func = node.func
        if (dotted(func) or "").rpartition(".")[2] != "log":
            return
        names = self._bindings.said_by(_logged(node), self._last_line)
        if names & self._bindings.kinds.keys():
            is_method = self._is_method(func)
            probe = self._sites.log(LogPlan(names, is_method))
            self._wrap(_Slot(func, "value") if is_method else _Slot(node, "func"), probe)

    def _through(self, node: ast.Call) -> None:
        """Looks into a call that is not recorded itself."""
        self._into_callee(node)
        self._list(node.args)
        self._list(node.keywords)

    def _into_callee(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Attribute):
            if not isinstance(node.func.value, ast.Name):
                self._visit(_Slot(node.func, "value"))
        elif not isinstance(node.func, ast.Name):
            self._visit(_Slot(node, "func"))

    def _probe_call(self, node: ast.Call) -> None:
        self._into_callee(node)
        arguments, slots = self._arguments(node)
        attribute = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        method = attribute if self._is_method(node.func) else None
        text = dotted(node.func) or attribute
        plan = CallPlan(text, method, node.lineno, tuple(arguments))
        enter, takes = self._sites.call(plan)
        self._wrap(_Slot(node.func, "value") if method else _Slot(node, "func"), enter)
        for slot, take in zip(slots, takes, strict=True):
            if slot is not None:
                self._wrap(slot, take)

    def _is_method(self, func: ast.expr) -> bool:
        """Not so for a module imported in this cell: Python compiles that as a plain attribute."""
        if not isinstance(func, ast.Attribute):
            return False
        return not (isinstance(func.value, ast.Name) and func.value.id in self._bindings.imports)

    def _arguments(self, node: ast.Call) -> tuple[list[Argument], list[_Slot | None]]:
        """The arguments in order of evaluation, and the slots of those that need a probe."""
        arguments: list[Argument] = []
        slots: list[_Slot | None] = []
        is_calm = True  # nothing so far could have changed a variable
        for keyword, slot in _argument_slots(node):
            argument = self._argument(keyword, slot.get(), is_calm=is_calm)
            needs_probe = not argument.is_read and argument.literal is NOTHING
            if needs_probe and argument.name is None and argument.member is None:
                self._visit(slot)
            is_calm = is_calm and not needs_probe
            arguments.append(argument)
            slots.append(slot if needs_probe else None)
        return arguments, slots

    def _argument(self, keyword: str | None, value: ast.expr, *, is_calm: bool) -> Argument:
        if isinstance(value, ast.Name) and value.id in self._locals:
            return Argument(keyword, value.id, counts=self._locals[value.id])
        if isinstance(value, ast.Name):
            is_counter = value.id in self._bindings.counters
            return Argument(keyword, value.id, value.id, counts=is_counter, is_read=is_calm)
        found = _member_of(value) if isinstance(value, (ast.Attribute, ast.Subscript)) else None
        if found is not None:
            member = None if found[0] in self._locals else found
            return Argument(keyword, ast.unparse(value), member=member)
        text = ast.unparse(value) if keyword == "**" else None
        return Argument(keyword, text, literal=_literal(value))

    def _level(self, node: ast.Call) -> Level:
        """How much of a call may matter, as far as it can be told before the cell runs."""
        level = self._level_of(node.func)
        is_seeded = any(keyword.arg in SEED_NAMES for keyword in node.keywords)
        return Level.EXPLICIT if level is Level.SEEDS and is_seeded else level

    def _level_of(self, func: ast.expr) -> Level:
        text = dotted(func)
        if text is None:
            return _method_level(func) if isinstance(func, ast.Attribute) else Level.FULL
        root, _, rest = text.partition(".")
        if root in self._locals:
            return _method_level(func) if isinstance(func, ast.Attribute) else Level.FULL
        if root in self._bindings.imports:
            whole = (
                f"{self._bindings.imports[root]}.{rest}" if rest else self._bindings.imports[root]
            )
            return level_of(whole, text)
        if root in self._bindings:
            return _method_level(func) if isinstance(func, ast.Attribute) else level_of("", text)
        return self._level_of_known(root, rest, text, func)

    def _level_of_known(self, root: str, rest: str, text: str, func: ast.expr) -> Level:
        value = self._namespace.get(root, getattr(builtins, root, NOTHING))
        if not rest:
            return level_of("" if value is NOTHING else module_of(value), text)
        if is_a(value, ModuleType):
            found = _followed(value, rest)
            module = value.__name__ if found is NOTHING else module_of(found)
            return min(level_of(module, text), level_of(value.__name__, text))
        if is_a(value, type):
            return level_of(module_of(value), text)
        if is_data(type(value)) or type(value).__module__ == "builtins":
            return Level.SEEDS
        return _method_level(func) if isinstance(func, ast.Attribute) else Level.FULL

    def _wrap(self, slot: _Slot, probe: Probe) -> None:
        self._plan.wraps.append((slot, probe))


def _logged(node: ast.Call) -> Iterator[ast.expr]:
    """The values that a call of `log` names: `log(loss=…)`, `log({"loss": …})`."""
    for argument in node.args:
        if isinstance(argument, ast.Dict):
            pairs = zip(argument.keys, argument.values, strict=True)
            yield from (value for key, value in pairs if key is not None)
    yield from (one.value for one in node.keywords if one.arg not in (None, "step"))


def _method_level(func: ast.Attribute) -> Level:
    return Level.SEEDS if func.attr in HARMLESS_METHODS else level_of("", func.attr)


def _followed(module: ModuleType, path: str) -> object:
    """`linalg.norm` in a module, through the modules' own dicts only."""
    value: object = module
    for name in path.split("."):
        if not is_a(value, ModuleType) or name not in vars(value):
            return NOTHING
        value = vars(value)[name]
    return value


def _argument_slots(node: ast.Call) -> Iterator[tuple[str | None, _Slot]]:
    for place, value in enumerate(node.args):
        if isinstance(value, ast.Starred):
            yield "*", _Slot(value, "value")
        else:
            yield None, _Slot(node.args, place)
    for keyword in node.keywords:
        yield keyword.arg or "**", _Slot(keyword, "value")


def _member_of(node: ast.Attribute | ast.Subscript) -> tuple[str, str] | None:
    """`cfg.lr` and `cfg["lr"]` as object and member."""
    if not isinstance(node.value, ast.Name):
        return None
    if isinstance(node, ast.Attribute):
        return node.value.id, node.attr
    key = node.slice
    if isinstance(key, ast.Constant) and isinstance(key.value, str):
        return node.value.id, key.value
    return None


def _literal(node: ast.expr) -> object:
    """The value that the source itself says, or NOTHING; a lambda or generator has none either."""
    if isinstance(node, ast.Constant):
        return node.value
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return NOTHING


def _root(node: ast.expr) -> tuple[str | None, str]:
    """The variable that a member is taken from, and the member as written."""
    for inner in ast.walk(node):
        if isinstance(inner, (ast.Attribute, ast.Subscript)):
            text = ast.unparse(inner)
            found: ast.expr = inner
            while isinstance(found, (ast.Attribute, ast.Subscript)):
                found = found.value
            return (found.id, text) if isinstance(found, ast.Name) else (None, text)
    return None, ""


def _unwrapped(value: ast.expr | None) -> ast.expr | None:
    return value.value if isinstance(value, (ast.Await, ast.NamedExpr)) else value


def _target_id(node: ast.AugAssign) -> str:
    assert isinstance(node.target, ast.Name)
    return node.target.id


def _call(table_name: str, index: int, node: ast.expr) -> ast.Call:
    """`table[index](node)`, at the node's own place in the source."""
    table = ast.copy_location(ast.Name(table_name, ast.Load()), node)
    place = ast.copy_location(ast.Constant(index), node)
    entry = ast.copy_location(ast.Subscript(table, place, ast.Load()), node)
    return ast.copy_location(ast.Call(entry, [node], []), node)


def _pass(statement: ast.stmt) -> ast.Pass:
    return ast.copy_location(ast.Pass(), statement)
