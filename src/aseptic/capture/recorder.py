"""What the probes of one cell saw, and what of it is a param.

The rules are in `docs/decisions/0002-params-by-probes.md`. Everything kept here is plain.
"""

from __future__ import annotations

import ast
import builtins
import weakref
from collections import defaultdict
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

import msgspec

from aseptic.capture import estimators
from aseptic.capture.callees import (
    NOT_SETTINGS,
    SEED_NAMES,
    Callee,
    Callees,
    Level,
    bind,
    is_torch_module,
    module_of,
)
from aseptic.capture.globals_read import globals_read
from aseptic.capture.metrics import Kind, is_config_name, is_result_name
from aseptic.capture.naming import Rank, Use, key_of
from aseptic.capture.readings import Readings
from aseptic.capture.sites import LIMIT, Reduced, reduce
from aseptic.capture.uses import Uses
from aseptic.capture.values import NOTHING, is_a, is_data, members, number, plain
from aseptic.direction import direction_of
from aseptic.model import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import FunctionType

    from aseptic.capture.globals_read import GlobalRead
    from aseptic.capture.origins import Origins
    from aseptic.capture.probes import Argument, BindPlan, CallPlan, LogPlan, Part, UsePlan
    from aseptic.capture.values import Nothing
    from aseptic.model import Metric, Origin, Value

_COUNTER_WORDS: Final = frozenset(
    """
    i j k n m t x it iter iters iteration step steps epoch epochs batch idx index fold rep repeat
    trial run round count counter n_iter num pos place position row col chunk
    """.split()  # noqa: SIM905 - a list of words reads best as words
)
MAX_LISTED: Final = 20  # numbers of a list that are metrics each; a longer one is a series
_KEYS: Final = (str, int, float)
_SEED_WORDS: Final = frozenset({"seed", "random_state", "random_seed", "rng"})
_MUTATORS: Final = frozenset(
    {"append", "extend", "insert", "add", "update", "setdefault", "pop", "remove", "clear", "sort"}
)
#: Settings that several objects of a run have in common, whichever class they are of.
_SHARED: Final = frozenset({"model", "optimizer", "loss_function"})


class _Call(NamedTuple):
    """A call whose callee is known."""

    plan: CallPlan
    callee: Callee


class Recorder:
    """Gathers what the probes see; `finish`, then `uses`, `metrics` and `problems` say it."""

    def __init__(self, namespace: dict[str, Any], origins: Origins) -> None:
        self._namespace = namespace
        self._origins = origins
        self._uses = Uses()
        self._readings = Readings(self._is_result_member)
        self._callees = Callees()
        self._searches: list[weakref.ref[Any]] = []
        self._optimizers: set[int] = set()
        self._changing: list[weakref.ref[Any]] = []
        self._typed: dict[tuple[str, str, str], str] = {}  # by name, source and value: the class
        self._problems: dict[str, Problem] = {}

    # -- called by the probes ---------------------------------------------------------------------

    def callee_of(self, called: Any, plan: CallPlan) -> Callee:
        """What is known of the callee, or of the method of a receiver."""
        if plan.attribute is not None:
            return self._callees.method(called, plan.attribute, plan.text)
        return self._callees.of(called, plan.text)

    def value_of(self, name: str) -> Any:
        """What a bare name means to the cell; NOTHING where it means nothing."""
        return self._namespace.get(name, vars(builtins).get(name, NOTHING))

    def reduced(self, value: object, keyword: str | None) -> Reduced:
        """What of an argument may be kept."""
        self._look_again(value)
        return reduce(value, keyword=keyword)

    def receiver(self, called: Any, callee: Callee, plan: CallPlan) -> None:
        """The settings of the object whose method is called, or of a network that is called."""
        is_object = plan.attribute is not None or is_torch_module(type(called))
        if not is_object or callee.level is Level.NONE or is_a(called, type):
            return
        if self._is_known_optimizer(called):
            return
        self._look_again(called)
        settings = estimators.settings_of(called)
        if settings is not None:
            self._settings(settings, plan.line)

    def call(self, plan: CallPlan, callee: Callee, found: list[Reduced]) -> None:
        """A call whose arguments are all known."""
        if callee.level is Level.NONE:
            return
        call = _Call(plan, callee)
        self._settings_of_arguments(call, found)
        self._arguments(call, found)
        for argument, item in zip(plan.arguments, found, strict=True):
            self._variables(call, argument, item)
        # mypy takes a function in a field for a method
        function = cast("FunctionType | None", callee.function)
        if function is not None and not callee.is_library:
            for read in globals_read(function, self._namespace):
                self._global(read, callee.name)

    def bound(self, plan: BindPlan, value: object) -> None:
        """An assignment, with the value that it binds."""
        for part in plan.parts:
            item = _at(value, part.path)
            if item is NOTHING:
                continue
            if part.item is not None:
                self._item(part.name, part.item, item)
            elif part.is_collected:
                self._collected(part, item)
            elif part.is_named and number(item) is not None:
                self._readings.add(part, item)
            elif part.kind is Kind.OTHER:
                continue
            elif part.kind is Kind.SETTING:
                self._constant(part.name, item, plan.line)
            else:
                self._readings.add(part, item)

    def used(self, plan: UsePlan, value: object) -> bool:
        """A setting that an expression reads; False when it is none: it is not looked at again."""
        if plan.member is None:
            return self._variable(plan.name, plain(value), callee=None)
        return self._member(plan.name, plan.member, plain(value), plan.line)

    def logged(self, plan: LogPlan, called: Any) -> None:
        """A call of `log`: where it is aseptic's, what it got is no metric a second time."""
        if plan.is_method and is_a(called, ModuleType):
            called = vars(called).get("log")
        if module_of(called).partition(".")[0] == "aseptic":
            self._readings.cover(plan.names)

    def tail(self, plan: BindPlan, value: object) -> Any:
        """Where an assignment that goes on for long keeps its last number."""
        return self._readings.tail(plan.parts[0], value)

    def tired(self, plan: CallPlan) -> None:
        """A call site that was given settings ran more than LIMIT times."""
        reason = f"only the first {LIMIT} calls in line {plan.line} were looked at"
        self.problem(Problem(what=f"params of {plan.text}", reason=reason))

    def fault(self, what: str, error: BaseException) -> None:
        """Something of ours, or of the object that was looked at, failed."""
        reason = f"{type(error).__name__}: {error}"
        self.problem(Problem(what=f"params: {what}", reason=reason))

    def problem(self, problem: Problem) -> None:
        """Said once for each `what`."""
        self._problems.setdefault(problem.what, problem)

    # -- asked at the end -------------------------------------------------------------------------

    def finish(self, last_increment: BindPlan | None) -> None:
        """Reads what is known only when the cell has ended."""
        if last_increment is not None:
            self.bound(last_increment, self.value_of(last_increment.parts[0].name))
        for search in self._searches:
            self._close_search(search())
        for optimizer in self._changing:
            self._close_optimizer(optimizer())
        for problem in (*self._readings.close(), *self._uses.problems()):
            self.problem(problem)

    def uses(self) -> list[Use]:
        """Every value that was used, the fallbacks last."""
        return [self._with_typist(use) for use in self._uses.all()]

    def metrics(self) -> list[Metric]:
        """The numbers that were measured, by name."""
        return self._readings.metrics()

    def problems(self) -> list[Problem]:
        """What was not recorded, and why."""
        return list(self._problems.values())

    # -- arguments --------------------------------------------------------------------------------

    def _arguments(self, call: _Call, found: list[Reduced]) -> None:
        """Each argument under its parameter's name, and the defaults of the others."""
        given = list(_expanded(call.plan, found))
        if call.callee.is_seed:
            self._seed(call, given)
            return
        for bound in bind(call.callee, [one.keyword for one in given]):
            if bound.argument is None:
                self._default(call, bound.name, bound.default)
            else:
                one = given[bound.argument]
                self._argument(call, bound.name, one.argument, one.item)

    def _seed(self, call: _Call, given: list[_Given]) -> None:
        """The first argument of a call that seeds, whatever its parameter is called."""
        if given and given[0].keyword in (None, "seed"):
            self._argument(call, "seed", given[0].argument, given[0].item)

    def _default(self, call: _Call, name: str, value: Value | Nothing) -> None:
        callee = call.callee
        is_empty = value is None if callee.is_library else value in ((), {})
        is_told = not callee.is_library or (callee.kind is not None and _waits(callee.kind))
        if callee.level is Level.FULL and is_told and not is_empty and name not in NOT_SETTINGS:
            origin = self._origins.here(call.plan.line, how="default", callee=callee.name)
            self._add(callee, Use(name, value, origin, callee.name, Rank.DEFAULT))

    def _argument(self, call: _Call, name: str, argument: Argument, item: Reduced) -> None:
        if not self._is_wanted(call.callee, name, argument):
            return
        origin = self._argument_origin(call, argument)
        if item.members:
            self._uses.settle(item.owner)
            prefix = f"{name}." if name in estimators.GRIDS else ""
            for member, value in item.members.items():
                self._add(call.callee, Use(prefix + member, value, origin, argument.text or name))
        elif item.settings is None:
            callee = call.callee
            source = _library(call.plan.text) if callee.is_seed else callee.name
            self._add(callee, Use(name, item.value, origin, source))

    def _is_wanted(self, callee: Callee, name: str, argument: Argument) -> bool:
        is_setting = callee.level >= Level.EXPLICIT or name in SEED_NAMES
        if not is_setting or (callee.is_library and name in NOT_SETTINGS):
            return False
        return not (self._counts(argument, name) or self._readings.is_metric(argument.name))

    @staticmethod
    def _counts(argument: Argument, name: str) -> bool:
        """Whether an argument is a loop's counter: by how it is bound, and by what it is called.

        `train(epoch)` in a `for epoch in range(9)` is; `fit(max_depth=depth)` is a setting, and so
        is every seed.
        """
        if not argument.counts or name in _SEED_WORDS:
            return False
        return name.lower() in _COUNTER_WORDS or str(argument.text).lower() in _COUNTER_WORDS

    def _add(self, callee: Callee, use: Use) -> None:
        """Arguments of a constructor wait: what the object does with them later is what counts."""
        if callee.kind is not None and _waits(callee.kind):
            self._uses.hold(callee.name, use)
        else:
            self._uses.add(use)

    def _argument_origin(self, call: _Call, argument: Argument) -> Origin:
        name, callee = argument.name, call.callee.name
        if name is not None and not self._origins.is_bound_here(name):
            return self._origins.elsewhere(name, callee=callee)
        return self._origins.here(call.plan.line, callee=callee, variable=argument.text)

    # -- variables, members, globals --------------------------------------------------------------

    def _variables(self, call: _Call, argument: Argument, item: Reduced) -> None:
        """A bare variable or member as an argument is a use of it, whatever is called."""
        if argument.name is not None:
            if call.callee.level >= Level.EXPLICIT:
                self._readings.spend(argument.name)
            is_value = not item.members and not is_a(self._namespace.get(argument.name), type)
            if is_value and argument.name in self._namespace:
                self._variable(argument.name, item.value, callee=call.callee.name)
        elif argument.member is not None:
            self._member(*argument.member, item.value, call.plan.line)

    def _variable(self, name: str, value: Value | Nothing, *, callee: str | None) -> bool:
        """A variable that was read: a param under its own name, if it is a setting."""
        if value is NOTHING or self._origins.is_counter(name):
            return False
        line = self._origins.line_of(name)
        if line is not None:
            origin = self._origins.here(line, how="assigned", callee=callee, variable=name)
        elif self._origins.is_bound_here(name) or _is_result(name, value):
            return False
        else:
            origin = self._origins.elsewhere(name, callee=callee)
        self._uses.add(Use(name, value, origin, ""))
        return True

    def _member(self, owner: str, member: str, value: Value | Nothing, line: int) -> bool:
        """`cfg.lr` or `cfg["lr"]`: a param named `lr`, if `cfg` holds settings."""
        found = _config_members(self._namespace.get(owner))
        if found is None or member not in found or self._readings.holds_results(owner):
            return False
        if self._origins.is_bound_here(owner):
            origin = self._origins.here(line, variable=f"{owner}.{member}")
        else:
            origin = self._origins.elsewhere(owner, callee=None)
        self._uses.settle(type(self._namespace.get(owner)).__name__)
        self._uses.add(Use(member, value, origin, owner))
        return True

    def _global(self, read: GlobalRead, callee: str) -> None:
        """A global that a called function reads: a value, or members of a config."""
        value = self._namespace.get(read.name, NOTHING)
        if value is NOTHING or self._origins.is_counter(read.name) or _is_called(value):
            return
        found = _config_members(value)
        if found is None:
            if read.member not in _MUTATORS and not _is_result(read.name, value):
                self._global_value(read.name, plain(value), callee)
        elif read.member in found or is_config_name(read.name):
            origin = self._origins.elsewhere(read.name, callee=callee)
            for member in [read.member] if read.member in found else list(found):
                self._uses.add(Use(str(member), found[str(member)], origin, read.name))

    def _global_value(self, name: str, value: Value | Nothing, callee: str) -> None:
        line = self._origins.line_of(name)
        if line is not None:
            origin = self._origins.here(line, how="global", callee=callee, variable=name)
        elif self._origins.is_bound_here(name):
            return
        else:
            origin = self._origins.elsewhere(name, callee=callee)
        self._uses.add(Use(name, value, origin, ""))

    def _constant(self, name: str, value: object, line: int) -> None:
        """A constant that the cell binds; it counts by itself if nothing is seen to use it."""
        setting, found = plain(value), members(value)
        if found:
            origin = self._origins.here(line, how="assigned", variable=name)
            for member, item in found.items():
                self._uses.add(Use(member, item, origin, name, Rank.FALLBACK))
        elif setting is not NOTHING:
            self._origins.assign(name, line)
            origin = self._origins.here(line, how="assigned")
            self._uses.add(Use(name, setting, origin, "", Rank.FALLBACK))

    # -- estimators and what is like them ---------------------------------------------------------

    def _settings_of_arguments(self, call: _Call, found: Iterable[Reduced]) -> None:
        """An estimator that is handed over is used with the settings that it has now."""
        if call.callee.kind is not None and estimators.is_estimator(call.callee.kind):
            return  # it becomes a part of another estimator, which will say it
        for item in found:
            if item.settings is not None:
                self._settings(item.settings, call.plan.line)

    def _settings(self, settings: estimators.Settings, line: int | None) -> None:
        self._uses.settle(*settings.owners)
        self._uses.own(settings.owner, settings.nested)
        origin = self._origins.here(line, how="estimator", callee=settings.owner)
        for name, value in settings.values.items():
            rank = Rank.EXPLICIT if name in settings.chosen else Rank.DEFAULT
            source = "" if name in _SHARED else settings.owner
            self._uses.add(Use(name, value, origin, source, rank))
            if name in settings.typed:
                self._typed[name, source, key_of(value)] = settings.typed[name]

    def _with_typist(self, use: Use) -> Use:
        """An estimator's setting that is no default was somebody's argument, seen or not."""
        owner = self._typed.get((use.name, use.source, key_of(use.value)))
        if owner is None or use.origin.how != "estimator":
            return use
        origin = msgspec.structs.replace(use.origin, how="argument", callee=owner)
        return use._replace(origin=origin)

    def _look_again(self, value: Any) -> None:
        """What is asked once more when the cell has ended.

        A search knows its best settings then, and an optimizer's may have been changed by hand.
        """
        if estimators.is_search(value):
            kept = self._searches
        elif estimators.is_optimizer(type(value)):
            kept = self._changing
        else:
            return
        if all(ref() is not value for ref in kept):
            kept.append(weakref.ref(value))

    def _close_search(self, search: Any) -> None:
        if search is not None:
            owner = type(search).__name__
            origin = self._origins.here(None, how="estimator", callee=owner)
            for name, value in estimators.best_params(search).items():
                self._uses.add(Use(name, value, origin, owner))

    def _close_optimizer(self, optimizer: Any) -> None:
        """The settings at the end are values beside the first; a scheduler's are its own to say."""
        try:
            is_asked = optimizer is not None and not estimators.is_scheduled(optimizer)
            settings = estimators.settings_of(optimizer) if is_asked else None
            if settings is not None:
                self._settings(settings, None)
        except Exception as error:  # noqa: BLE001 - what else was seen is kept
            self.fault("the optimizer at the end", error)

    def _is_known_optimizer(self, called: Any) -> bool:
        """Optimizers are looked at when they first step: schedulers change them at each."""
        if not estimators.is_optimizer(type(called)):
            return False
        is_known = id(called) in self._optimizers
        self._optimizers.add(id(called))
        return is_known

    # -- results ----------------------------------------------------------------------------------

    def _item(self, owner: str, key: ast.expr, value: object) -> None:
        """`results[name] = score`: a metric `results/svc`, where `results` is a dict of such."""
        measured = number(value)
        if measured is None or type(self._namespace.get(owner)) not in (dict, defaultdict):
            return
        found = self.value_of(key.id) if isinstance(key, ast.Name) else ast.literal_eval(key)
        text = plain(found)
        if type(text) not in (str, int, float):
            return
        if is_result_name(owner) or direction_of(owner) or direction_of(str(text)):
            self._readings.put_item(owner, str(text), measured)

    def _collected(self, part: Part, value: object) -> None:
        """`accs = {c: fit(c) for c in …}`: metrics `accs/0.1`; of a short list, `accs/0`."""
        if type(value) is list:
            value = dict(enumerate(value)) if len(value) <= MAX_LISTED else {}
        if type(value) is not dict:
            return
        found = {str(key): number(one) for key, one in value.items() if type(key) in _KEYS}
        numbers = {key: one for key, one in found.items() if one is not None}
        if not numbers:
            self._readings.add(part, value)  # dicts in a dict are named by their leaves
        is_measured = is_result_name(part.name) or direction_of(part.name) is not None
        for key, measured in numbers.items():
            if is_measured or direction_of(key):
                self._readings.put_item(part.name, key, measured)

    def _is_result_member(self, part: Part) -> bool:
        """Whether `x.a` or `x["a"]` is a result: not of data, not of settings, not of a module."""
        is_score = part.text.endswith("_") and direction_of(part.text.rpartition(".")[2])
        if is_score or direction_of(part.name) is not None:
            return True
        owner = part.root or ""
        kind = type(self._namespace.get(owner))
        if is_data(kind) or kind.__name__ == "module" or "param" in part.text:
            return False
        if is_config_name(owner) or self._uses.has_source(owner):
            return False
        is_fitted = part.text.endswith("_") or is_result_name(owner)
        return is_fitted or self._origins.is_bound_here(owner)


class _Given(NamedTuple):
    """One argument as the callee gets it: unpacked ones are several."""

    keyword: str | None
    argument: Argument
    item: Reduced


def _expanded(plan: CallPlan, found: list[Reduced]) -> Iterator[_Given]:
    """The arguments with `*` and `**` taken apart, where that could be done without consuming."""
    for argument, item in zip(plan.arguments, found, strict=True):
        if argument.keyword == "**":
            for name, value in (item.members or {}).items():
                yield _Given(name, argument, Reduced(value))
        elif argument.keyword != "*":
            yield _Given(argument.keyword, argument, item)
        elif item.items is None:
            yield _Given("*", argument, Reduced())
        else:
            yield from (_Given(None, argument, one) for one in item.items)


def _at(value: Any, path: tuple[int, ...]) -> object:
    """A member of an unpacked tuple or list; NOTHING where it cannot be had without consuming."""
    for place in path:
        if type(value) not in (tuple, list) or place >= len(value):
            return NOTHING
        value = value[place]
    return value


def _library(text: str) -> str:
    """Seeds of several libraries are told apart by the library: `np.random.seed`, `random.seed`."""
    return text.rpartition(".")[0] or text


def _waits(kind: type) -> bool:
    """Whether a class's instances show their settings later: estimators, optimizers, configs."""
    if estimators.is_estimator(kind) or estimators.is_optimizer(kind):
        return True
    marks = ("__dataclass_fields__", "__pydantic_fields__", "__attrs_attrs__")
    is_record = any(mark in vars(base) for base in kind.__mro__ for mark in marks)
    return is_record or kind.__name__ in ("SimpleNamespace", "Namespace")


def _config_members(value: object) -> dict[str, Value] | None:
    """The settings in a config object, or those that a class used as one has as attributes."""
    return members(dict(vars(value))) if is_a(value, type) else members(value)


def _is_called(value: object) -> bool:
    return callable(value) and not is_a(value, type)


def _is_result(name: str, value: object) -> bool:
    """A number or list from another cell that is called like a metric is no setting."""
    is_number = type(value) in (int, float, tuple, list)
    return is_number and direction_of(name) is not None
