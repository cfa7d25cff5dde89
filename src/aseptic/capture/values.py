"""What of a user's object may be recorded: its plain value, its settings, or nothing.

Nothing here calls a method that a user may have written, imports a framework or keeps the
object: types are looked at as they are (`type(x)`, never `x.__class__`), attributes are read from
the instance's own dict, and what comes back holds no reference to what was given.
"""

from __future__ import annotations

import datetime
import decimal
import enum
import fractions
import pathlib
import sys
import uuid
from collections import OrderedDict, defaultdict
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final, TypeGuard, TypeVar

import xxhash

from aseptic.capture.secrets import is_secret_name, redact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from aseptic.model import Value

T = TypeVar("T")

MAX_TEXT: Final = 500  # characters of a text that are kept
MAX_ITEMS: Final = 32  # of a sequence; a longer one is data
MAX_MEMBERS: Final = 64  # of a dict or a config object; a bigger one is data
MAX_DEPTH: Final = 4
_INT64: Final = range(-(2**63), 2**64)  # what msgpack and SQLite can carry

_TEXTUAL = (
    datetime.date,
    datetime.time,
    datetime.timedelta,
    decimal.Decimal,
    fractions.Fraction,
    uuid.UUID,
    pathlib.PurePath,
)
_BY_REPR = (complex, range, slice)
_NAMED_KINDS = {  # types that name themselves well, by module and name: no framework is imported
    ("torch", "dtype"),
    ("torch", "device"),
    ("numpy", "dtype"),
}
_SCALARS = frozenset({bool, int, float, str, type(None), list, set})  # hold no named members
_DICTS = (dict, OrderedDict, defaultdict)


class Nothing(enum.Enum):
    """The value of what has no plain value; None is a value."""

    NOTHING = "nothing"


NOTHING: Final = Nothing.NOTHING


def plain(value: object, *, depth: int = 0) -> Value | Nothing:
    """The value as it is recorded, or NOTHING for data, functions, modules and other objects.

    Sequences become tuples, sets are sorted, an enum member is `Color.RED`, a class is its name,
    a path or a date its text. A text is cut at MAX_TEXT characters, with its length and a digest
    behind it so that two long texts that differ are recorded as different.
    """
    kind = type(value)
    for base, read in _READERS:
        if issubclass(kind, base):
            return read(value)
    if issubclass(kind, (list, tuple, set, frozenset)):
        return _items(value, depth=depth)
    if kind in _DICTS:
        return _mapping(value, depth=depth)
    return _foreign(value, kind)


def members(value: object) -> dict[str, Value] | None:
    """The plain settings that an object or dict holds, by name; None when it is no such thing.

    Dicts with text keys, dataclasses, named tuples, argparse and SimpleNamespace, pydantic
    and attrs models, omegaconf; nested ones are joined with a point (`model.hidden`). Members
    with a secret name and those that are not plain are left out.
    """
    found = _flat(value, depth=0)
    return dict(found) if found is not None and len(found) <= MAX_MEMBERS else None


def number(value: object) -> int | float | None:
    """The number that a value is: of Python, numpy, or an array or CPU tensor without axes.

    A bool is none, and neither is a tensor on a GPU: asking for its value would wait for it.
    """
    kind = type(value)
    if kind is float or kind is int:
        return _storable(value)
    if issubclass(kind, (bool, enum.Enum)):
        return None
    if issubclass(kind, (int, float)):
        return _storable(plain(value))
    return _storable(_item(value, kind))


def is_tensor_elsewhere(value: object) -> bool:
    """Whether a value is a tensor of one number that lies on another device than the CPU."""
    return _is_torch_tensor(type(value)) and _is_scalar_tensor(value) and not _is_on_cpu(value)


def leaves(value: object, *, limit: int = 200) -> dict[str, int | float]:
    """The numbers in a dict, dataclass or named tuple (nested: joined by `/`), at most `limit`."""
    found: dict[str, int | float] = {}
    for path, leaf in _leaves(value, depth=0):
        measured = number(leaf)
        if measured is not None:
            found[path] = measured
        if len(found) == limit:
            break
    return found


def is_a(value: object, kind: type[T]) -> TypeGuard[T]:
    """Whether a value is of a type, by its type alone: `isinstance` asks `__class__` too."""
    return issubclass(type(value), kind)


def is_data(kind: type) -> bool:
    """Whether a type is a table, array, tensor or series of some known library."""
    return kind.__name__ in _DATA_NAMES and _package(kind) in _DATA_PACKAGES


def safe_text(text: str) -> str:
    """A text without secrets, cut and fit for UTF-8."""
    exact = text.encode("utf-8", "backslashreplace").decode()
    clean = redact(exact[: 4 * MAX_TEXT])
    if len(exact) <= MAX_TEXT:
        return clean
    digest = xxhash.xxh3_64_hexdigest(exact.encode())[:8]
    return f"{clean[:MAX_TEXT]}… ({len(exact)} characters, {digest})"


def is_recordable(name: str) -> bool:
    """Whether a name may be recorded with its value: not a secret's, not a hidden one."""
    return not name.startswith("_") and not is_secret_name(name)


# -- plain values ---------------------------------------------------------------------------------


def _integer(value: Any) -> Value:
    exact = int.__int__(value)
    return exact if exact in _INT64 else safe_text(hex(exact))


def _float(value: Any) -> float:
    return float.__float__(value)


def _text(value: Any) -> str:
    return safe_text(str.__str__(value))


def _as_text(value: Any) -> str:
    """Only for the exact types of the standard library: a subclass may have its own `__str__`."""
    return safe_text(str(value))


def _class_name(value: Any) -> str:
    return str(type.__dict__["__name__"].__get__(value))


def _member_name(value: Any) -> str:
    return f"{type(value).__name__}.{value._name_}"


_READERS: tuple[tuple[type, Callable[[Any], Value]], ...] = (
    (type(None), lambda value: value),
    (bool, lambda value: value),
    (enum.Enum, _member_name),
    (int, _integer),
    (float, _float),
    (str, _text),
    (type, _class_name),
)


def _items(value: Any, *, depth: int) -> Value | Nothing:
    kind = type(value)
    length = next(base.__len__ for base in kind.__mro__ if base in _SEQUENCES)(value)
    if depth >= MAX_DEPTH or length > MAX_ITEMS:
        return NOTHING
    found = [plain(item, depth=depth + 1) for item in _iterate(value, kind)]
    if any(item is NOTHING for item in found):
        return NOTHING
    return tuple(sorted(found, key=repr) if issubclass(kind, (set, frozenset)) else found)


_SEQUENCES = (list, tuple, set, frozenset)


def _iterate(value: Any, kind: type) -> Iterator[object]:
    """By the built-in type's own iterator: a subclass may compute, or never end."""
    base: Any = next(base for base in kind.__mro__ if base in _SEQUENCES)
    found: Iterator[object] = base.__iter__(value)
    return found


def _mapping(value: Any, *, depth: int) -> Value | Nothing:
    if depth >= MAX_DEPTH or len(value) > MAX_MEMBERS:
        return NOTHING
    found = {_key(key): plain(item, depth=depth + 1) for key, item in dict.items(value)}
    if any(key is None or item is NOTHING for key, item in found.items()):
        return NOTHING
    return {str(key): item for key, item in found.items() if not is_secret_name(str(key))}


def _key(key: object) -> str | None:
    """A dict's key as text; only plain scalars, for others would be asked for their own text."""
    text = plain(key)
    return str(text) if isinstance(text, (str, int, float, bool)) else None


def _foreign(value: Any, kind: type) -> Value | Nothing:
    """What the standard library or numpy made: text for dates and paths, `item()` for scalars."""
    if kind in _BY_REPR:
        return repr(value)
    if kind.__module__ in _PLAIN_MODULES and issubclass(kind, _TEXTUAL):
        return _as_text(value)
    if (kind.__module__.partition(".")[0], kind.__name__) in _NAMED_KINDS or _is_dtype(kind):
        return _as_text(value)
    item = _item(value, kind) if _package(kind) == "numpy" else None
    return NOTHING if item is None else plain(item)


_PLAIN_MODULES = frozenset(
    {"datetime", "decimal", "fractions", "uuid", "pathlib", "pathlib._local"}
)


def _is_dtype(kind: type) -> bool:
    return _package(kind) == "numpy" and kind.__mro__[1].__name__ == "dtype"


# -- numbers --------------------------------------------------------------------------------------


def _storable(value: object) -> int | float | None:
    if type(value) is int:
        return value if value in _INT64 else float(value) if abs(value) < 10**300 else None
    return value if type(value) is float else None


def _item(value: Any, kind: type) -> object:
    """The Python scalar of a numpy scalar, an array without axes or a CPU tensor without axes."""
    if _package(kind) == "numpy" and kind.__module__ == "numpy":
        is_scalar = getattr(value, "ndim", 1) == 0 and not kind.__name__.startswith("record")
        return value.item() if is_scalar else None
    if _is_torch_tensor(kind) and _is_scalar_tensor(value) and _is_on_cpu(value):
        return value.item()
    return None


def _is_torch_tensor(kind: type) -> bool:
    """The exact types: a subclass answers through its own `__torch_function__`."""
    return kind.__module__.startswith("torch") and kind.__name__ in ("Tensor", "Parameter")


def _is_scalar_tensor(value: Any) -> bool:
    return bool(value.dim() == 0)


def _is_on_cpu(value: Any) -> bool:
    return bool(value.device.type == "cpu")


# -- settings in objects --------------------------------------------------------------------------


def _flat(value: object, *, depth: int) -> list[tuple[str, Value]] | None:
    fields = _fields(value)
    if fields is None or depth >= MAX_DEPTH or len(fields) > MAX_MEMBERS:
        return None
    found: list[tuple[str, Value]] = []
    for name, member in fields.items():
        if is_recordable(name):
            found += _flat_member(name, member, depth=depth)
    return found


def _flat_member(name: str, member: object, *, depth: int) -> Iterable[tuple[str, Value]]:
    inner = _flat(member, depth=depth + 1)
    if inner:
        return [(f"{name}.{path}", value) for path, value in inner]
    value = plain(member)
    return [] if value is NOTHING else [(name, value)]


def _fields(value: object) -> Mapping[str, object] | None:
    """The named members of a config object, read without asking the object."""
    kind = type(value)
    if kind in _SCALARS:
        return None
    if kind in _DICTS:
        return _text_keyed(value)
    if issubclass(kind, tuple):
        return _tuple_fields(value, kind)
    if _is_namespace(kind):
        return own_attributes(value)
    names = _declared_fields(kind)
    if names is not None:
        own = own_attributes(value)
        return {name: own[name] for name in names if name in own}
    return _omegaconf(value, kind)


def _text_keyed(value: Any) -> Mapping[str, object] | None:
    is_text = all(type(key) is str for key in dict.keys(value))
    return dict(dict.items(value)) if is_text and len(value) <= MAX_MEMBERS else None


def _tuple_fields(value: Any, kind: type) -> Mapping[str, object] | None:
    names = class_attribute(kind, "_fields")
    if type(names) is not tuple:
        return None
    return dict(zip(names, tuple.__iter__(value), strict=False))


def _is_namespace(kind: type) -> bool:
    if issubclass(kind, SimpleNamespace):
        return True
    return any(
        base.__module__ == "argparse" and base.__name__ == "Namespace" for base in kind.__mro__
    )


def _declared_fields(kind: type) -> Iterable[str] | None:
    """The field names of a dataclass, a pydantic model (1 or 2) or an attrs class."""
    attrs = class_attribute(kind, "__attrs_attrs__")
    if is_a(attrs, tuple):
        return [str(attribute.name) for attribute in attrs]
    for name in ("__dataclass_fields__", "__pydantic_fields__", "model_fields", "__fields__"):
        fields = class_attribute(kind, name)
        if type(fields) is dict:
            return list(fields)
    return None


def _omegaconf(value: object, kind: type) -> Mapping[str, object] | None:
    if kind.__name__ != "DictConfig" or _package(kind) != "omegaconf":
        return None
    container = sys.modules["omegaconf"].OmegaConf.to_container(value, resolve=True)
    return _text_keyed(container) if type(container) is dict else None


def own_attributes(value: object) -> Mapping[str, object]:
    """The instance's attributes as stored in it (its dict or slots), without properties."""
    try:
        own = object.__getattribute__(value, "__dict__")
    except AttributeError:
        own = {}
    return dict(own) if type(own) is dict and own else dict(_slots(value))


def _slots(value: object) -> Iterator[tuple[str, object]]:
    for base in type(value).__mro__:
        for name, member in vars(base).items():
            if type(member).__name__ == "member_descriptor":
                try:
                    yield name, member.__get__(value)
                except AttributeError:  # the slot is empty
                    continue


def class_attribute(kind: type, name: str) -> object:
    """An attribute as stored in a class or its bases, without descriptors or metaclass."""
    return next((vars(base)[name] for base in kind.__mro__ if name in vars(base)), None)


# -- numbers in results ---------------------------------------------------------------------------


def _leaves(value: object, *, depth: int) -> Iterator[tuple[str, object]]:
    for name, member in (_result_fields(value) or {}).items():
        if _result_fields(member) is not None and depth < MAX_DEPTH:
            for path, leaf in _leaves(member, depth=depth + 1):
                yield f"{name}/{path}", leaf
        else:
            yield name, member


def _result_fields(value: object) -> Mapping[str, object] | None:
    if type(value) in _DICTS:
        pairs: Any = value
        return {text: item for key, item in dict.items(pairs) if (text := _key(key)) is not None}
    return _fields(value)


def _package(kind: type) -> str:
    return kind.__module__.partition(".")[0]


_DATA_PACKAGES = frozenset(
    {"numpy", "pandas", "polars", "pyarrow", "torch", "scipy", "tensorflow", "jax", "jaxlib"}
    | {"datasets", "dask", "xgboost", "lightgbm", "cupy", "modin", "xarray", "cudf", "geopandas"}
)
_DATA_NAMES = frozenset(
    {"ndarray", "matrix", "MaskedArray", "memmap", "DataFrame", "Series", "Index", "LazyFrame"}
    | {"Table", "RecordBatch", "Array", "ChunkedArray", "Tensor", "Parameter", "EagerTensor"}
    | {"csr_matrix", "csc_matrix", "coo_matrix", "csr_array", "csc_array", "coo_array"}
    | {"ArrayImpl", "Dataset", "DatasetDict", "DMatrix", "QuantileDMatrix", "DataArray"}
    | {"RangeIndex", "DatetimeIndex", "MultiIndex", "CategoricalIndex", "GeoDataFrame"}
    | {"TensorDataset", "DataLoader", "Subset", "IterableDataset", "ConcatDataset"}
)
