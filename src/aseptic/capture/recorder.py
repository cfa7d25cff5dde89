"""What the probes of one cell saw, and what of it is a param or a metric.

The rules are in `docs/decisions/0002-params-by-probes.md`. Everything kept here is plain.
"""

from __future__ import annotations

import builtins
import weakref
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, cast

from aseptic.capture import estimators
from aseptic.capture.callees import (
    SEED_NAMES,
    Callee,
    Level,
    bind,
    is_torch_module,
    read_callee,
    read_method,
)
from aseptic.capture.globals_read import globals_read
from aseptic.capture.metrics import (
    Kind,
    holds_metrics,
    is_config_name,
    is_metric_name,
    is_result_name,
)
from aseptic.capture.naming import Rank, Use, key_of
from aseptic.capture.sites import LIMIT, Reduced, Tail, reduce
from aseptic.capture.values import (
    NOTHING,
    is_a,
    is_data,
    is_recordable,
    is_tensor_elsewhere,
    leaves,
    members,
    number,
    plain,
)
from aseptic.direction import direction_of
from aseptic.model import Metric, Origin, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import FunctionType

    from aseptic.capture.bindings import Bindings
    from aseptic.capture.globals_read import GlobalRead
    from aseptic.capture.probes import Argument, BindPlan, CallPlan, Part, UsePlan
    from aseptic.capture.values import Nothing
    from aseptic.model import Value

MAX_VALUES: Final = 64  # distinct values of one name and source; more are data or a counter
_COUNTER_WORDS: Final = frozenset(
    """
    i j k n m t x it iter iters iteration step steps epoch epochs batch idx index fold rep repeat
    trial run round count counter n_iter num pos place position row col chunk
    """.split()  # noqa: SIM905 - a list of words reads best as words
)
_SEED_WORDS: Final = frozenset({"seed", "random_state", "random_seed", "rng"})
_MUTATORS: Final = frozenset(
    {"append", "extend", "insert", "add", "update", "setdefault", "pop", "remove", "clear", "sort"}
)


class _Reading(NamedTuple):
    """What is known of a number bound to a name."""

    value: float | int
    logged: int
    minimum: float | None
    maximum: float | None
    order: int

    @classmethod
    def first(cls, value: float, order: int) -> _Reading:
        is_nan = value != value
        return cls(value, 1, None if is_nan else value, None if is_nan else value, order)

    def then(self, value: float, order: int) -> _Reading:
        low = [one for one in (self.minimum, value) if one is not None and one == one]
        high = [one for one in (self.maximum, value) if one is not None and one == one]
        return _Reading(
            value, self.logged + 1, min(low, default=None), max(high, default=None), order
        )


class Recorder:
    """Gathers what the probes see; `finish`, then `uses`, `metrics` and `problems` say it."""

    def __init__(
        self,
        namespace: dict[str, Any],
        *,
        origin: Origin,
        defined_in: Callable[[str], Origin | None],
    ) -> None:
        self.namespace = namespace
        self._origin = origin
        self._defined_in = defined_in
        self._bindings: list[Bindings] = []
        self._uses: dict[tuple[str, str, Rank, str], Use] = {}
        self._too_many: dict[tuple[str, str], int] = {}
        self._assigned: dict[str, tuple[Value, int]] = {}
        self._readings: dict[tuple[str, str], _Reading] = {}  # by variable and leaf
        self._spent: set[str] = set()  # measured numbers that a call was given as an argument
        self._settled: set[str] = set()  # classes whose instances were seen at work
        self._pending: list[tuple[str, Use]] = []  # constructors' arguments, by class
        self._searches: list[weakref.ref[Any]] = []
        self._optimizers: set[int] = set()
        self._tensors: dict[str, tuple[weakref.ref[Any], int]] = {}
        self._tails: list[tuple[BindPlan, Tail]] = []
        self._problems: dict[str, Problem] = {}
        self._callees: weakref.WeakKeyDictionary[Any, Callee] = weakref.WeakKeyDictionary()
        self._order = 0

    def know(self, bindings: Bindings) -> None:
        """The names that the cell binds; a nested cell adds its own."""
        self._bindings.append(bindings)

    # -- called by the probes -------------------------------------------------------------------

    def callee_of(self, called: Any, plan: CallPlan) -> Callee:
        """What is known of the callee, or of the method of a receiver."""
        if plan.attribute is not None:
            return read_method(called, plan.attribute, plan.text)
        try:
            known = self._callees.get(called) if _is_known_by_identity(called) else None
        except TypeError:  # it takes no weak references
            known = None
        return known or self._remember(called, read_callee(called, plan.text))

    def value_of(self, name: str) -> Any:
        """What a bare name means to the cell; NOTHING where it means nothing."""
        return self.namespace.get(name, vars(builtins).get(name, NOTHING))

    def reduced(self, value: object, keyword: str | None) -> Reduced:
        """What of an argument may be kept."""
        if estimators.is_estimator(type(value)):
            self._look_again(value)
        return reduce(value, keyword=keyword)

    def receiver(self, called: Any, callee: Callee, plan: CallPlan) -> None:
        """The settings of the object whose method is called, or of a network that is called."""
        is_network = plan.attribute is None and is_torch_module(type(called))
        if callee.level is Level.NONE or is_a(called, type) or self._is_known_optimizer(called):
            return
        if plan.attribute is None and not is_network:
            return
        if estimators.is_estimator(type(called)):
            self._look_again(called)
        settings = estimators.settings_of(called)
        if settings is not None:
            self._settings(settings, plan)

    def call(self, plan: CallPlan, callee: Callee, found: list[Reduced]) -> None:
        """A call whose arguments are all known."""
        if callee.level is not Level.NONE:
            self._settings_of_arguments(plan, callee, found)
            self._bound_arguments(plan, callee, found)
        for place, argument in enumerate(plan.arguments):
            self._argument_variable(plan, callee, argument, found[place])
        # mypy takes a function in a field for a method
        function = cast("FunctionType | None", callee.function)
        if function is not None and not callee.is_library and callee.level is not Level.NONE:
            for read in globals_read(function, self.namespace):
                self._global(read, callee.name)

    def bound(self, plan: BindPlan, value: object) -> None:
        """An assignment, with the value that it binds."""
        self._order += 1
        for part in plan.parts:
            item = _at(value, part.path)
            if item is NOTHING:
                continue
            if part.kind is Kind.SETTING:
                self._constant(part.name, item, plan.line)
            else:
                self._measured(part, item)

    def used(self, plan: UsePlan, value: object) -> bool:
        """A setting that an expression reads; False when it is none: it is not looked at again."""
        if plan.member is None:
            return self._variable(plan.name, plain(value), callee=None)
        return self._member(plan.name, plan.member, plain(value), plan.line)

    def tail(self, plan: BindPlan, value: object) -> Tail:
        """Where an assignment that goes on for long keeps its last number."""
        tail = Tail({int, float, type(value)})
        self._tails.append((plan, tail))
        return tail

    def tired(self, plan: CallPlan) -> None:
        """A call site that was given settings ran more than LIMIT times."""
        reason = f"only the first {LIMIT} calls in line {plan.line} were looked at"
        self.problem(f"params of {plan.text}", reason)

    def fault(self, what: str, error: BaseException) -> None:
        """Something of ours, or of the object that was looked at, failed."""
        self.problem(f"params: {what}", f"{type(error).__name__}: {error}")

    def problem(self, what: str, reason: str) -> None:
        """Said once for each `what`."""
        self._problems.setdefault(what, Problem(what=what, reason=reason))

    # -- asked at the end -----------------------------------------------------------------------

    def finish(self, last_increment: BindPlan | None) -> None:
        """Reads what is known only when the cell has ended."""
        if last_increment is not None:
            name = last_increment.parts[0].name
            if name in self.namespace:
                self.bound(last_increment, self.namespace[name])
        for plan, tail in self._tails:
            self._close_tail(plan, tail)
        for name, (tensor, order) in self._tensors.items():
            self._close_tensor(name, tensor(), order)
        for search in self._searches:
            self._close_search(search())

    def uses(self) -> list[Use]:
        """Every value that was used, the fallbacks last."""
        found = [use for use in self._uses.values() if not self._is_flooded(use)]
        found += [use for owner, use in self._pending if owner not in self._settled]
        for (name, source), count in self._too_many.items():
            where = f" of {source}" if source else ""
            self.problem(
                f"param {name}",
                f"{count} or more values{where} in one run: not recorded as a param",
            )
        return sorted(found, key=lambda use: use.rank is Rank.FALLBACK) + list(self._unused())

    def metrics(self) -> list[Metric]:
        """The numbers that were measured, by name."""
        chosen = {key: reading for key, reading in self._readings.items() if self._is_metric(key)}
        named: dict[str, _Reading] = {}
        for (variable, leaf), reading in chosen.items():
            name = self._metric_name(variable, leaf, chosen)
            if name not in named or named[name].order <= reading.order:
                named[name] = reading
        return [_metric(name, reading) for name, reading in named.items()]

    def problems(self) -> list[Problem]:
        """What was not recorded, and why."""
        return list(self._problems.values())

    def clear(self) -> None:
        """Lets go of everything, the namespace too."""
        self.__init__({}, origin=self._origin, defined_in=lambda _: None)  # type: ignore[misc]

    # -- params ---------------------------------------------------------------------------------

    def _use(
        self, name: str, value: Value | Nothing, origin: Origin, source: str, rank: Rank
    ) -> None:
        if value is NOTHING or not is_recordable(name.rpartition(".")[2]):
            return
        key = (name, source, rank, key_of(value))
        if key in self._uses:
            return
        distinct = sum(1 for one in self._uses if one[:2] == (name, source))
        if distinct >= MAX_VALUES:
            self._too_many[name, source] = distinct
            return
        self._uses[key] = Use(name, value, origin, source, rank)

    def _is_flooded(self, use: Use) -> bool:
        return (use.name, use.source) in self._too_many

    def _at_line(self, line: int | None, **fields: Any) -> Origin:
        return Origin(
            cell=self._origin.cell,
            cell_id=self._origin.cell_id,
            line=line,
            **{"how": "argument", **fields},
        )

    def _is_bound_here(self, name: str) -> bool:
        return any(name in bindings for bindings in self._bindings)

    def is_counter(self, name: str | None) -> bool:
        """Whether a loop of the cell, or the cell itself, counts with this name."""
        return name is not None and any(name in bindings.counters for bindings in self._bindings)

    def _elsewhere(self, name: str, *, callee: str | None) -> Origin:
        """The origin of a name that this cell does not bind."""
        found = self._defined_in(name) or Origin(how="global")
        is_given = found.how == "parameters"
        how: Literal["parameters", "global"] = "parameters" if is_given else "global"
        return Origin(
            how=how,
            cell=found.cell,
            cell_id=found.cell_id,
            line=found.line,
            callee=callee,
            variable=name,
        )

    def _variable(self, name: str, value: Value | Nothing, *, callee: str | None) -> bool:
        """A variable that was read: a param under its own name, if it is a setting."""
        if value is NOTHING or self.is_counter(name):
            return False
        line = self._line_of(name)
        if line is not None:
            origin = self._at_line(line, how="assigned", callee=callee, variable=name)
        elif self._is_bound_here(name) or _is_result(name, value):
            return False
        else:
            origin = self._elsewhere(name, callee=callee)
        self._use(name, value, origin, "", Rank.EXPLICIT)
        return True

    def _line_of(self, name: str) -> int | None:
        """The line in which this cell bound a name to the constant that it has."""
        if name in self._assigned:
            return self._assigned[name][1]
        lines = [b.literal_loops[name] for b in self._bindings if name in b.literal_loops]
        return lines[0] if lines else None

    def _member(self, owner: str, member: str, value: Value | Nothing, line: int) -> bool:
        """`cfg.lr` or `cfg["lr"]`: a param named `lr`, if `cfg` holds settings."""
        found = _config_members(self.namespace.get(owner))
        if found is None or member not in found or self._holds_results(owner):
            return False
        if self._is_bound_here(owner):
            origin = self._at_line(line, variable=f"{owner}.{member}")
        else:
            origin = self._elsewhere(owner, callee=None)
        self._use(member, value, origin, owner, Rank.EXPLICIT)
        return True

    def _holds_results(self, name: str) -> bool:
        return any(variable == name for variable, leaf in self._readings if leaf) and not (
            is_config_name(name)
        )

    def _argument_variable(
        self, plan: CallPlan, callee: Callee, argument: Argument, item: Reduced
    ) -> None:
        """A bare variable or member as an argument is a use of it, whatever is called."""
        if argument.name is not None:
            if callee.level is not Level.NONE:
                self._spent.add(argument.name)
                self._variable(argument.name, _scalar(item), callee=callee.name)
        elif argument.member is not None and callee.level is not Level.NONE:
            self._member(*argument.member, item.value, plan.line)

    def _settings_of_arguments(
        self, plan: CallPlan, callee: Callee, found: Iterable[Reduced]
    ) -> None:
        """An estimator that is handed over is used with the settings that it has now."""
        if callee.kind is not None and estimators.is_estimator(callee.kind):
            return  # it becomes a part of another estimator, which will say it
        for item in found:
            if item.settings is not None:
                self._settings(item.settings, plan)

    def _settings(self, settings: estimators.Settings, plan: CallPlan) -> None:
        self._settled |= settings.owners
        origin = self._at_line(plan.line, how="estimator", callee=settings.owner)
        for name, value in settings.values.items():
            rank = Rank.EXPLICIT if name in settings.chosen else Rank.DEFAULT
            source = "" if name in ("model", "optimizer", "loss_function") else settings.owner
            self._use(name, value, origin, source, rank)

    def _bound_arguments(self, plan: CallPlan, callee: Callee, found: list[Reduced]) -> None:
        shape, items = _expanded(plan, found)
        if callee.is_seed:
            if shape and shape[0][0] in (None, "seed"):
                self._argument(plan, callee, "seed", shape[0][1], items[0])
            return
        for bound in bind(callee, [keyword for keyword, _, _ in shape]):
            if bound.argument is None:
                self._default(plan, callee, bound.name, bound.default)
            else:
                _, argument, _ = shape[bound.argument]
                self._argument(plan, callee, bound.name, argument, items[bound.argument])

    def _default(self, plan: CallPlan, callee: Callee, name: str, value: Value | Nothing) -> None:
        if callee.level is Level.FULL and not (callee.is_library and value is None):
            origin = self._at_line(plan.line, how="default", callee=callee.name)
            self._add(callee, Use(name, value, origin, callee.name, Rank.DEFAULT))

    def _argument(
        self, plan: CallPlan, callee: Callee, name: str, argument: Argument, item: Reduced
    ) -> None:
        is_wanted = callee.level >= Level.EXPLICIT or name in SEED_NAMES
        if not is_wanted or self._counts(argument, name) or self._is_measured(argument):
            return
        origin = self._argument_origin(plan, callee, argument)
        if item.members:
            source = argument.text or name
            self._settled.add(item.owner)
            for member, value in item.members.items():
                self._add(callee, Use(member, value, origin, source))
        elif item.settings is None:
            source = _library(plan.text) if callee.is_seed else callee.name
            self._add(callee, Use(name, item.value, origin, source))

    def _add(self, callee: Callee, use: Use) -> None:
        """Arguments of a constructor wait: what the object does with them later is what counts."""
        if callee.kind is None or not _waits(callee.kind):
            self._use(*use)
        elif use.value is not NOTHING and is_recordable(use.name):
            rank = Rank.DEFAULT if use.rank is Rank.DEFAULT else Rank.FALLBACK
            self._pending.append((callee.name, use._replace(rank=rank)))

    def _argument_origin(self, plan: CallPlan, callee: Callee, argument: Argument) -> Origin:
        name = argument.name
        if name is not None and not self._is_bound_here(name):
            return self._elsewhere(name, callee=callee.name)
        return self._at_line(plan.line, callee=callee.name, variable=argument.text)

    def _counts(self, argument: Argument, name: str) -> bool:
        """Whether an argument is a loop's counter: by how it is bound, and by what it is called.

        `train(epoch)` in a `for epoch in range(9)` is; `fit(max_depth=depth)` is a setting, and so
        is every seed.
        """
        if not self.is_counter(argument.name) or name in _SEED_WORDS:
            return False
        return name.lower() in _COUNTER_WORDS or str(argument.name).lower() in _COUNTER_WORDS

    def _is_measured(self, argument: Argument) -> bool:
        """Whether an argument is a metric of this cell, handed on."""
        name = argument.name
        return name is not None and (name, "") in self._readings and direction_of(name) is not None

    def _global(self, read: GlobalRead, callee: str) -> None:
        """A global that a called function reads."""
        value = self.namespace.get(read.name, NOTHING)
        if value is NOTHING or self.is_counter(read.name) or callable(value):
            return
        found = _config_members(value)
        if found is None or (read.member not in found and not is_config_name(read.name)):
            if found is None and read.member not in _MUTATORS and not _is_result(read.name, value):
                self._global_value(read.name, plain(value), callee)
            return
        origin = self._elsewhere(read.name, callee=callee)
        wanted = [read.member] if read.member in found else list(found)
        for member in wanted:
            self._use(str(member), found[str(member)], origin, read.name, Rank.EXPLICIT)

    def _global_value(self, name: str, value: Value | Nothing, callee: str) -> None:
        if name in self._assigned or not self._is_bound_here(name):
            line = self._line_of(name)
            origin = (
                self._elsewhere(name, callee=callee)
                if line is None
                else self._at_line(line, how="global", callee=callee, variable=name)
            )
            self._use(name, value, origin, "", Rank.EXPLICIT)

    def _constant(self, name: str, value: object, line: int) -> None:
        setting = plain(value)
        found = members(value)
        if found:
            for member, item in found.items():
                origin = self._at_line(line, how="assigned", variable=name)
                self._use(member, item, origin, name, Rank.FALLBACK)
        elif setting is not NOTHING:
            self._assigned[name] = (setting, line)
            origin = self._at_line(line, how="assigned")
            self._use(name, setting, origin, "", Rank.FALLBACK)

    def _unused(self) -> Iterator[Use]:
        return iter(())

    # -- estimators seen again at the end -------------------------------------------------------

    def _look_again(self, value: Any) -> None:
        if estimators.is_search(value) and all(ref() is not value for ref in self._searches):
            self._searches.append(weakref.ref(value))

    def _close_search(self, search: Any) -> None:
        if search is None:
            return
        origin = self._at_line(None, how="estimator", callee=type(search).__name__)
        for name, value in estimators.best_params(search).items():
            self._use(name, value, origin, type(search).__name__, Rank.EXPLICIT)

    def _is_known_optimizer(self, called: Any) -> bool:
        """Optimizers are looked at when they first step: schedulers change them at each."""
        if not estimators.is_optimizer(type(called)):
            return False
        is_known = id(called) in self._optimizers
        self._optimizers.add(id(called))
        return is_known

    def _remember(self, called: Any, callee: Callee) -> Callee:
        try:
            if _is_known_by_identity(called):
                self._callees[called] = callee
        except TypeError:  # it takes no weak references
            return callee
        return callee

    # -- metrics --------------------------------------------------------------------------------

    def _measured(self, part: Part, value: object) -> None:
        measured = number(value)
        if measured is not None:
            if part.kind is not Kind.MEMBER or self._is_result_member(part):
                self._read(part.name, "", measured)
            return
        if is_tensor_elsewhere(value):
            self._tensors[part.name] = (weakref.ref(value), self._order)
            return
        found = leaves(value)
        if part.keys is not None:
            found = {leaf: n for leaf, n in found.items() if leaf.partition("/")[0] in part.keys}
        if found and (part.keys or holds_metrics(part.name, found)):
            for leaf, one in found.items():
                self._read(part.name, leaf, one)

    def _is_result_member(self, part: Part) -> bool:
        """Whether `x.a` or `x["a"]` is a result: not of data, not of settings, not of a module."""
        if direction_of(part.name) is not None:
            return True
        root = self.namespace.get(part.root) if part.root else None
        if is_data(type(root)) or type(root).__name__ == "module" or "param" in part.text:
            return False
        if is_config_name(part.root or "") or self._is_config_use(part):
            return False
        is_fitted = part.text.endswith("_") or is_result_name(part.root or "")
        return is_fitted or self._is_bound_here(part.root or "")

    def _is_config_use(self, part: Part) -> bool:
        return any(key[1] == part.root for key in self._uses)

    def _read(self, variable: str, leaf: str, value: float) -> None:
        key = (variable, leaf)
        before = self._readings.pop(key, None)
        self._readings[key] = (
            before.then(value, self._order) if before else _Reading.first(value, self._order)
        )

    def _is_metric(self, key: tuple[str, str]) -> bool:
        variable, leaf = key
        if leaf:
            return variable not in self._spent or is_result_name(variable)
        if direction_of(variable) is not None:
            return True
        return variable not in self._spent and is_metric_name(variable)

    def _metric_name(
        self, variable: str, leaf: str, chosen: dict[tuple[str, str], _Reading]
    ) -> str:
        """The leaf's own name, with its variable's before it where another has the same leaf."""
        if not leaf:
            return variable
        same_leaf = {key[0] for key in chosen if (key[1] or key[0]) == leaf}
        values = {repr(r.value) for key, r in chosen.items() if (key[1] or key[0]) == leaf}
        return leaf if len(same_leaf) == 1 or len(values) == 1 else f"{variable}/{leaf}"

    def _close_tail(self, plan: BindPlan, tail: Tail) -> None:
        if tail.count == 0:
            return
        part = plan.parts[0]
        before = self._readings.get((part.name, ""))
        self._measured(part, tail.last)
        after = self._readings.get((part.name, ""))
        if before and after:
            count = before.logged + tail.count
            self._readings[part.name, ""] = after._replace(logged=count)

    def _close_tensor(self, name: str, tensor: Any, order: int) -> None:
        if tensor is None:
            self.problem(f"metric {name}", "the tensor was gone when the cell ended")
            return
        self._order = order
        measured = number(tensor.detach().cpu())
        if measured is not None:
            self._read(name, "", measured)


def _metric(name: str, reading: _Reading) -> Metric:
    return Metric(
        name=name,
        value=reading.value,
        direction=direction_of(name),
        count=reading.logged,
        minimum=reading.minimum,
        maximum=reading.maximum,
        origin="assigned",
    )


def _at(value: Any, path: tuple[int, ...]) -> object:
    """A member of an unpacked tuple or list; NOTHING where it cannot be had without consuming."""
    for place in path:
        if type(value) not in (tuple, list) or place >= len(value):
            return NOTHING
        value = value[place]
    return value


def _expanded(
    plan: CallPlan, found: list[Reduced]
) -> tuple[list[tuple[str | None, Argument, None]], list[Reduced]]:
    """The arguments with `*` and `**` taken apart, where that could be done without consuming."""
    shape: list[tuple[str | None, Argument, None]] = []
    items: list[Reduced] = []
    for argument, item in zip(plan.arguments, found, strict=True):
        for keyword, one in _parts_of(argument, item):
            shape.append((keyword, argument, None))
            items.append(one)
    return shape, items


def _parts_of(argument: Argument, item: Reduced) -> Iterator[tuple[str | None, Reduced]]:
    if argument.keyword == "*":
        yield from [("*", Reduced())] if item.items is None else [(None, i) for i in item.items]
    elif argument.keyword == "**":
        yield from ((name, Reduced(value)) for name, value in (item.members or {}).items())
    else:
        yield argument.keyword, item


def _scalar(item: Reduced) -> Value | Nothing:
    """A config object or dict is recorded by its members, not as one value."""
    return NOTHING if item.members else item.value


def _library(text: str) -> str:
    """Seeds of several libraries are told apart by the library: `np.random.seed`, `random.seed`."""
    return text.rpartition(".")[0] or text


def _waits(kind: type) -> bool:
    """Whether a class's instances show their settings later: estimators, optimizers, configs."""
    return (
        estimators.is_estimator(kind)
        or estimators.is_optimizer(kind)
        or any("__dataclass_fields__" in vars(base) for base in kind.__mro__)
        or any("__pydantic_fields__" in vars(base) for base in kind.__mro__)
        or kind.__name__ in ("SimpleNamespace", "Namespace")
    )


def _config_members(value: object) -> dict[str, Value] | None:
    if is_a(value, type):
        return members(_Attributes(own=dict(vars(value))).own)
    return members(value)


class _Attributes(NamedTuple):
    own: dict[str, object]


def _is_result(name: str, value: object) -> bool:
    """A number or list from another cell that is called like a metric is no setting."""
    is_number = type(value) in (int, float, tuple, list)
    return is_number and direction_of(name) is not None


def _is_known_by_identity(thing: object) -> bool:
    """Whether it can be a key without a user's `__hash__` or `__eq__` being called."""
    own: object = type(thing).__hash__
    return own is object.__hash__
