"""What was called: its name, its parameters with their defaults, and how much of it is a setting.

A callee is looked at from outside: its type, its module, its signature. Nothing is called and no
attribute is asked of an object that could compute it.
"""

from __future__ import annotations

import enum
import functools
import inspect
import sys
import weakref
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from aseptic.capture.values import (
    NOTHING,
    class_attribute,
    is_a,
    is_data,
    own_attributes,
    plain,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from aseptic.capture.values import Nothing
    from aseptic.model import Value


class Level(enum.IntEnum):
    """How much of a call is recorded."""

    NONE = 0  # a report such as `print` or `plot_curve`: its arguments set nothing
    SEEDS = 1  # numpy, pandas, plotting, the standard library: only seeds and sampled shares
    EXPLICIT = 2  # what the call gives, without the callee's defaults
    FULL = 3  # what the call gives, and the callee's defaults


class Parameter(NamedTuple):
    """One parameter of a callee, with the plain value of its default."""

    name: str
    kind: inspect._ParameterKind
    default: Value | Nothing = NOTHING


class Callee(NamedTuple):
    """What a call site needs to know of the object that it calls."""

    name: str
    level: Level
    parameters: tuple[Parameter, ...] | None  # None: it has no signature that can be read
    kind: type | None = None  # the class, where a class is called
    function: FunctionType | None = None  # the Python function that runs, where there is one
    is_library: bool = False
    is_seed: bool = False


class Bound(NamedTuple):
    """A parameter with the place of the argument that it got, or None where it has its default."""

    name: str
    argument: int | None
    default: Value | Nothing = NOTHING


SEED_CALLS: Final = frozenset(
    {"seed", "manual_seed", "manual_seed_all", "default_rng", "RandomState", "set_seed"}
    | {"set_random_seed", "seed_everything", "Random", "SeedSequence", "enable_full_determinism"}
)
#: Recorded whatever is called with them.
SEED_NAMES: Final = frozenset(
    {"seed", "random_state", "random_seed", "rng_seed", "manual_seed", "frac", "nrows", "n_rows"}
)
#: Arguments of libraries that say in which form something is given, not how it is done.
NOT_SETTINGS: Final = frozenset(
    {"return_X_y", "as_frame", "output_dict", "return_train_score", "return_estimator", "copy"}
    | {"return_indices", "pre_dispatch", "error_score", "verbose", "n_jobs", "check_input"}
    | {"zero_division", "digits", "set_to_none", "retain_graph", "block", "display"}
)
QUIET_PACKAGES: Final = frozenset(sys.stdlib_module_names) | {
    *("numpy", "pandas", "matplotlib", "seaborn", "plotly", "altair", "bokeh", "IPython", "tqdm"),
    *("ipywidgets", "PIL", "aseptic", "rich", "polars", "pyarrow", "mpl_toolkits", "cycler"),
    *("pydantic", "psutil", "ipykernel", "traitlets", "dotenv", "requests", "urllib3", "fsspec"),
    *("mlflow", "wandb", "comet_ml", "neptune", "aim", "tensorboardX"),
}
_EXPLICIT = ("torch.", "scipy.", "sklearn.metrics", "keras.", "tensorflow.", "statsmodels.")
_FULL = ("torch.optim",)
_REPORTS = frozenset(
    {"print", "report", "plot", "show", "display", "save", "write", "dump", "draw", "render", "log"}
    | {"assert", "check", "info", "debug", "warn", "warning", "summarize", "summarise", "record"}
    | {"add_scalar", "add_scalars", "add_metric", "set_postfix", "set_description"}
)
_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
_COLLECTING = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


class Callees:
    """Looks at callees; knows those of the cell that it has seen, without keeping them alive."""

    def __init__(self) -> None:
        self._known: weakref.WeakKeyDictionary[Any, Callee] = weakref.WeakKeyDictionary()

    def of(self, called: object, text: str) -> Callee:
        """What is known of the object that a call site calls; `text` is how the cell writes it."""
        if not _is_one_of(called, _IDENTIFIED) or type(called).__hash__ is not object.__hash__:
            return read_callee(called, text)  # its hash or its equality may be the user's code
        known = self._known.get(called)
        if known is None:
            known = self._known[called] = read_callee(called, text)
        return known

    def method(self, receiver: object, attribute: str, text: str) -> Callee:
        """What is known of `receiver.attribute`, without asking the receiver for it."""
        if is_a(receiver, ModuleType):
            return self.of(vars(receiver).get(attribute), text)
        found = _stored(receiver, attribute)
        if is_a(found, type):
            return self.of(found, text)
        called, skip = _unbound(found, receiver)
        callee = self.of(called, text)
        owner = receiver if is_a(receiver, type) else type(receiver)
        level = Level.SEEDS if is_data(owner) else level_of(owner.__module__, text)
        parameters = callee.parameters[skip:] if callee.parameters is not None else None
        return callee._replace(
            name=f"{_class_name(owner)}.{attribute}",
            parameters=parameters,
            level=min(callee.level, level),
        )


def read_callee(called: object, text: str) -> Callee:
    """What can be seen of a callee from outside."""
    module = module_of(called)
    return Callee(
        name=_name(called, text),
        level=level_of(module, text),
        parameters=_parameters(called),
        kind=called if is_a(called, type) else None,
        function=_python_function(called),
        is_library=_is_library(module),
        is_seed=text.rpartition(".")[2] in SEED_CALLS,
    )


def level_of(module: str, text: str) -> Level:
    """How much of a call into a module is recorded; `text` is how the cell writes the callee."""
    last = text.rpartition(".")[2]
    if last in SEED_CALLS:
        return Level.EXPLICIT
    if is_report(last):
        return Level.NONE
    if module.partition(".")[0] in QUIET_PACKAGES:
        return Level.SEEDS
    if module.startswith(_EXPLICIT) and not module.startswith(_FULL):
        return Level.EXPLICIT
    return Level.FULL


def is_report(name: str) -> bool:
    """Whether a function's name says that it shows or stores what it gets."""
    if name in _REPORTS:
        return True
    words = name.lower().strip("_").split("_")
    if words[0] == "log":
        return len(words) == 1 or words[1] not in (
            "reg",
            "regression",
            "loss",
            "likelihood",
            "odds",
        )
    return words[0] in _REPORTS


def bind(callee: Callee, shape: Sequence[str | None]) -> Iterator[Bound]:
    """Which parameter each argument got. The shape has a keyword, None, or `*` for an unknown star.

    Positions behind a star whose length is not known are left out, and so are positional
    arguments of a callee without a signature. Parameters that got nothing come last.
    """
    parameters = callee.parameters or ()
    given: set[str] = set()
    for bound in _explicit(parameters, shape):
        given.add(bound.name)
        yield bound
    if "*" in shape:
        return  # the star may have given any of the others
    for parameter in parameters:
        if parameter.name not in given and parameter.kind not in _COLLECTING:
            yield Bound(parameter.name, None, parameter.default)


def _explicit(parameters: Sequence[Parameter], shape: Sequence[str | None]) -> Iterator[Bound]:
    positional = iter([one.name for one in parameters if one.kind in _POSITIONAL])
    is_known = True
    for place, keyword in enumerate(shape):
        if keyword == "*":
            is_known = False
        elif keyword is not None:
            yield Bound(keyword, place)
        elif is_known:
            name = next(positional, None)
            if name is not None:
                yield Bound(name, place)


# -- looking at a callee --------------------------------------------------------------------------


def module_of(called: object) -> str:
    """The module that a callee comes from, or an empty text."""
    if is_a(called, functools.partial):
        return module_of(called.func)
    if is_a(called, MethodType):
        return module_of(called.__func__)
    if _is_one_of(called, (FunctionType, BuiltinFunctionType, type)):
        return str(called.__module__ or "builtins")
    owner = getattr(called, "__objclass__", None) if _is_descriptor(called) else type(called)
    return str((owner or type(called)).__module__)


def _is_one_of(called: object, kinds: tuple[type, ...]) -> bool:
    return issubclass(type(called), kinds)


_IDENTIFIED: Final = (FunctionType, type)  # what is equal to itself only


def _is_descriptor(called: object) -> bool:
    return type(called).__name__ in ("method_descriptor", "classmethod_descriptor")


def _stored(receiver: object, attribute: str) -> object:
    """An attribute as it is stored in an instance or class, without descriptors."""
    if is_a(receiver, type):
        return class_attribute(receiver, attribute)
    own = own_attributes(receiver)
    return own[attribute] if attribute in own else class_attribute(type(receiver), attribute)


def _unbound(found: object, receiver: object) -> tuple[object, int]:
    """The callable behind an attribute as stored, and how many parameters its binding fills."""
    if is_a(found, staticmethod):
        return found.__func__, 0
    if is_a(found, classmethod):
        return found.__func__, 1
    if is_a(found, FunctionType):
        return found, 0 if is_a(receiver, type) else 1
    guarded = vars(found).get("fn") if type(found).__name__ == "_AvailableIfDescriptor" else None
    return (guarded, 1) if is_a(guarded, FunctionType) else (found, 0)


def _python_function(called: object) -> FunctionType | None:
    if is_a(called, functools.partial):
        return _python_function(called.func)
    if is_a(called, MethodType):
        return _python_function(called.__func__)
    if is_a(called, type):
        return _python_function(class_attribute(called, "__init__"))
    if is_a(called, FunctionType):
        return called
    return _python_function(_call_of(called)) if called is not None else None


def _call_of(called: object) -> object:
    """What runs when an instance is called; a torch module's is its `forward`."""
    kind = type(called)
    name = "forward" if is_torch_module(kind) else "__call__"
    found = class_attribute(kind, name)
    return found if is_a(found, FunctionType) else None


def is_torch_module(kind: type) -> bool:
    """Whether a type is a `torch.nn.Module`; torch is not imported to know it."""
    return any(
        base.__name__ == "Module" and base.__module__ == "torch.nn.modules.module"
        for base in kind.__mro__
    )


def _name(called: object, text: str) -> str:
    if is_a(called, functools.partial):
        return _name(called.func, text)
    if is_a(called, type):
        return _class_name(called)
    if is_a(called, FunctionType) or is_a(called, MethodType):
        return called.__name__ if called.__name__ != "<lambda>" else text
    return text


def _class_name(kind: type) -> str:
    return str(type.__dict__["__name__"].__get__(kind))


def _parameters(called: object) -> tuple[Parameter, ...] | None:
    target = called if _has_signature(called) else _call_of(called)
    if target is None:
        return None
    try:
        signature = inspect.signature(target, **_LAZY)  # type: ignore[arg-type]  # checked by kind
    except (ValueError, TypeError, NameError):
        return None
    found = list(signature.parameters.values())
    skip = 0 if target is called else 1
    return tuple(Parameter(one.name, one.kind, _default(one)) for one in found[skip:])


def _has_signature(called: object) -> bool:
    kinds = (FunctionType, BuiltinFunctionType, MethodType, type, functools.partial)
    return _is_one_of(called, kinds) or _is_descriptor(called)


def _default(parameter: inspect.Parameter) -> Value | Nothing:
    return NOTHING if parameter.default is inspect.Parameter.empty else plain(parameter.default)


def _lazy() -> dict[str, Any]:
    """From 3.14 annotations are evaluated when asked for, which would run code of the user's."""
    if sys.version_info < (3, 14):
        return {}
    import annotationlib  # type: ignore[import-not-found,unused-ignore]  # new in 3.14

    return {"annotation_format": annotationlib.Format.STRING}


_LAZY: Final = _lazy()


@functools.lru_cache(maxsize=512)
def _is_library(module: str) -> bool:
    """Whether a module was installed; the notebook's own and local modules were not.

    `__main__` never was, though its file is that of a launcher which lies in site-packages.
    """
    if module == "__main__":
        return False
    package = sys.modules.get(module.partition(".")[0])
    place = str(getattr(package, "__file__", None) or "")
    return "site-packages" in place or "dist-packages" in place
