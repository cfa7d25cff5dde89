"""The settings that estimators, optimizers and networks hold themselves.

Duck-typed through `sys.modules` and the names of base classes: no framework is imported to ask
whether something belongs to it. `get_params` is a library's or a user's code, so its caller
guards it; it is called on estimators only.
"""

from __future__ import annotations

import inspect
import sys
import weakref
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from aseptic.capture.callees import is_torch_module
from aseptic.capture.values import NOTHING, is_a, own_attributes, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from aseptic.capture.values import Nothing
    from aseptic.model import Value

#: Boosters' settings that are None are not set: the library's own default holds.
_DROPS_NONE: Final = ("xgboost", "lightgbm", "catboost")
#: Params of a search that hold what it searches.
GRIDS: Final = ("param_grid", "param_distributions", "search_spaces")


class Settings(NamedTuple):
    """What an object was set to: values by name, and which of them its user chose."""

    owner: str
    values: dict[str, Value]
    chosen: frozenset[str]
    owners: frozenset[str]  # its own class and those of the estimators within it
    typed: Mapping[str, str]  # the settings that are no defaults, with the class that has them
    nested: Mapping[str, str] = MappingProxyType({})  # `svc__C` and the like: the class of `svc`


def settings_of(value: object) -> Settings | None:
    """The settings of an estimator, search, pipeline, optimizer or network; None for others."""
    kind = type(value)
    if is_estimator(kind):
        return _of_estimator(value, kind)
    if is_optimizer(kind):
        return _of_optimizer(value, kind)
    if is_torch_module(kind) or _is_keras(kind, "Model"):
        return _named_only(kind)
    return _of_keras_optimizer(value, kind) if _is_keras(kind, "Optimizer") else None


def is_estimator(kind: type) -> bool:
    """Whether a class is a scikit-learn estimator or one of a booster's that acts like it."""
    base = getattr(sys.modules.get("sklearn.base"), "BaseEstimator", None)
    if base is not None and issubclass(kind, base):
        return True
    return _comes_from(kind, _DROPS_NONE) and _has(kind, "get_params") and _has(kind, "fit")


def is_optimizer(kind: type) -> bool:
    """Whether a class is a torch optimizer."""
    return any(
        base.__name__ == "Optimizer" and base.__module__.startswith("torch.optim")
        for base in kind.__mro__
    )


def is_search(value: object) -> bool:
    """Whether an estimator is a search over settings, such as `GridSearchCV`."""
    return any(base.__name__ == "BaseSearchCV" for base in type(value).__mro__)


def is_scheduled(value: object) -> bool:
    """Whether a scheduler sets an optimizer's rate: it marks each group with the first one."""
    groups = own_attributes(value).get("param_groups")
    return isinstance(groups, list) and any("initial_lr" in group for group in groups)


def best_params(value: object) -> dict[str, Value]:
    """The settings that a fitted search chose; empty before it was fitted."""
    best = own_attributes(value).get("best_params_")
    if type(best) is not dict:
        return {}
    found = {f"best_params.{name}": _setting(item) for name, item in best.items()}
    return {name: item for name, item in found.items() if item is not NOTHING}


# -- scikit-learn and what acts like it -----------------------------------------------------------


def _of_estimator(value: Any, kind: type) -> Settings:
    given = dict(value.get_params(deep=True))
    own = _own_values(given, kind)
    nested = _searched(given) if is_search(value) else frozenset()
    values = {name: item for name, item in own.items() if name not in nested}
    model = _model_name(value)
    extra = {"model": model} if model else {}
    inner = frozenset(type(item).__name__ for item in _estimators_in(given.values()))
    return Settings(
        owner=kind.__name__,
        values={**values, **_grid(given), **extra},
        chosen=_chosen(values, kind) | extra.keys() | _grid(given).keys(),
        owners=inner | {kind.__name__},
        typed={**_typed(given, kind), **dict.fromkeys(_grid(given), kind.__name__)},
        nested={name: owner for name, owner in _nested(given) if name in values},
    )


def _own_values(given: Mapping[str, object], kind: type) -> dict[str, Value]:
    """The plain ones of `get_params()`; an estimator that only names a step is its step's name."""
    steps = {name.partition("__")[0] for name in given if "__" in name}
    found: dict[str, Value] = {}
    for name, item in given.items():
        is_unset = item is None and _comes_from(kind, _DROPS_NONE)
        is_step = name in steps and is_estimator(type(item)) and "steps" in given
        setting = NOTHING if is_unset or is_step or name in GRIDS else _setting(item)
        if setting is not NOTHING:
            found[str(name)] = setting
    return found


def _setting(item: object) -> Value | Nothing:
    """The value of one setting: plain, the class of an estimator, or the steps of a pipeline."""
    if is_estimator(type(item)):
        return type(item).__name__
    if issubclass(type(item), (list, tuple)):
        steps: Any = item
        if any(_is_step(step) for step in steps):
            return tuple(_step_text(step) for step in steps)
    if callable(item) and not is_a(item, type):
        return NOTHING
    return plain(item)


def _is_step(step: object) -> bool:
    return isinstance(step, tuple) and len(step) > 1 and is_estimator(type(step[1]))


def _step_text(step: object) -> Value:
    if isinstance(step, tuple) and len(step) > 1:
        return f"{step[0]}: {step[1] if isinstance(step[1], str) else type(step[1]).__name__}"
    return type(step).__name__


def _grid(given: Mapping[str, object]) -> dict[str, Value]:
    """The grid of a search, one param a searched name: `param_grid.C`."""
    found: dict[str, Value] = {}
    for name in GRIDS:
        for searched, values in _grid_items(given.get(name)):
            setting = plain(_as_list(values))
            text = type(values).__name__ if setting is NOTHING else setting
            found[f"{name}.{searched}"] = text
    return found


def _grid_items(grid: object) -> Iterator[tuple[str, object]]:
    several = grid if isinstance(grid, (list, tuple)) else [grid]
    for one in several:
        if type(one) is dict:
            yield from one.items()


def _as_list(values: object) -> object:
    """A grid is often `np.logspace(…)`: its numbers; a frozen scipy distribution stays."""
    is_array = type(values).__module__ == "numpy" and type(values).__name__ == "ndarray"
    return values.tolist() if is_array else values  # type: ignore[attr-defined]  # an ndarray


def _searched(given: Mapping[str, object]) -> frozenset[str]:
    """The nested settings that a search replaces: the estimator's own values are not used."""
    names = {searched for grid in GRIDS for searched, _ in _grid_items(given.get(grid))}
    return frozenset(f"estimator__{name}" for name in names)


def _chosen(values: Mapping[str, Value], kind: type) -> frozenset[str]:
    """The settings that are not the class's defaults; those of nested estimators all count."""
    try:
        parameters = inspect.signature(kind).parameters
    except (ValueError, TypeError):
        return frozenset(values)
    defaults = {name: plain(one.default) for name, one in parameters.items()}
    return frozenset(
        name for name, value in values.items() if repr(defaults.get(name, NOTHING)) != repr(value)
    )


def _typed(given: Mapping[str, object], kind: type) -> dict[str, str]:
    """The settings that are no defaults of the class they belong to, with that class.

    `svc__C` belongs to the class of `svc`. The name of a step is no setting of its pipeline.
    """
    found: dict[str, str] = {}
    for name, item in given.items():
        outer, _, own = name.rpartition("__")
        owner = type(given.get(outer)) if outer else kind
        if is_estimator(owner) and _differs(own, _setting(item), owner):
            found[name] = owner.__name__
    return found


def _nested(given: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """The settings of estimators within an estimator, each with the class that has it."""
    for name in given:
        outer = given.get(name.rpartition("__")[0])
        if is_estimator(type(outer)):
            yield name, type(outer).__name__


def _differs(name: str, value: Value | Nothing, kind: type) -> bool:
    """Whether a class has a setting of this name with another default, or with none."""
    default = _defaults(kind).get(name)
    return default is not None and default != repr(value)


_known_defaults: weakref.WeakKeyDictionary[type, dict[str, str]] = weakref.WeakKeyDictionary()


def _defaults(kind: type) -> dict[str, str]:
    """What a constructor and those of its bases take, with the defaults as text."""
    if kind not in _known_defaults:
        _known_defaults[kind] = {
            name: repr(plain(one.default)) if one.default is not one.empty else ""
            for base in reversed(kind.__mro__)
            for name, one in _parameters(base).items()
        }
    return _known_defaults[kind]


def _parameters(kind: type) -> Mapping[str, inspect.Parameter]:
    try:
        return inspect.signature(kind).parameters
    except (ValueError, TypeError):
        return {}


def _model_name(value: Any) -> str | None:
    """The class that predicts: a pipeline's last step, a search's estimator; else None."""
    own = own_attributes(value)
    inner = _last_step(own) or own.get("estimator")
    if inner is not None and is_estimator(type(inner)) and (is_search(value) or "steps" in own):
        return _model_name(inner)
    predicts = _has(type(value), "predict") or _has(type(value), "fit_predict")
    return type(value).__name__ if predicts else None


def _last_step(own: Mapping[str, object]) -> object:
    steps = own.get("steps")
    if isinstance(steps, list) and steps and isinstance(steps[-1], tuple):
        return steps[-1][-1]
    return None


def _estimators_in(values: Iterable[object]) -> Iterator[object]:
    for value in values:
        inner = value if isinstance(value, (list, tuple)) else [value]
        for item in inner:
            candidates = item if isinstance(item, tuple) else (item,)
            yield from (one for one in candidates if is_estimator(type(one)))


# -- torch and keras ------------------------------------------------------------------------------


def _of_optimizer(value: object, kind: type) -> Settings:
    groups = own_attributes(value).get("param_groups")
    found = [_group_values(group) for group in groups] if isinstance(groups, list) else []
    values = found[0] if found else {}
    if any(group != values for group in found):
        values = _by_group(found)
    chosen = _chosen(values, kind)
    extra: dict[str, Value] = {"optimizer": kind.__name__}
    typed = {
        name: kind.__name__
        for name, item in values.items()
        if _differs(name.rpartition(".")[2], item, kind)
    }
    return Settings(kind.__name__, {**values, **extra}, chosen | {"optimizer"}, _only(kind), typed)


def _group_values(group: Mapping[str, object]) -> dict[str, Value]:
    pairs = ((name, plain(item)) for name, item in group.items() if name != "params")
    return {name: item for name, item in pairs if item is not NOTHING and item is not None}


def _by_group(groups: list[dict[str, Value]]) -> dict[str, Value]:
    """One value where all groups agree, `group0.lr`, `group1.lr` where they do not."""
    shared = {k: v for k, v in groups[0].items() if all(g.get(k) == v for g in groups)}
    own = {
        f"group{place}.{name}": item
        for place, group in enumerate(groups)
        for name, item in group.items()
        if name not in shared
    }
    return {**shared, **own}


def _named_only(kind: type) -> Settings:
    """A network or a loss is known by its class: its weights are no settings."""
    name = "loss_function" if any(base.__name__ == "_Loss" for base in kind.__mro__) else "model"
    return Settings(kind.__name__, {name: kind.__name__}, frozenset({name}), frozenset(), {})


def _of_keras_optimizer(value: Any, kind: type) -> Settings:
    pairs = ((name, plain(item)) for name, item in dict(value.get_config()).items())
    values = {name: item for name, item in pairs if item is not NOTHING and name != "name"}
    typed = {name: kind.__name__ for name, item in values.items() if _differs(name, item, kind)}
    return Settings(kind.__name__, values, _chosen(values, kind), _only(kind), typed)


def _is_keras(kind: type, name: str) -> bool:
    return any(
        base.__name__ == name and base.__module__.partition(".")[0] in ("keras", "tensorflow")
        for base in kind.__mro__
    )


def _only(kind: type) -> frozenset[str]:
    return frozenset({kind.__name__})


def _comes_from(kind: type, packages: tuple[str, ...]) -> bool:
    return any(base.__module__.partition(".")[0] in packages for base in kind.__mro__)


def _has(kind: type, name: str) -> bool:
    """Whether a class or a base of it defines an attribute, without asking for it."""
    return any(name in vars(base) for base in kind.__mro__)
