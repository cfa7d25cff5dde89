"""Which types of objects are data, known by the names of their types.

No library is imported to ask whether an object is one of its tables, and no attribute of an
object is read: a type tells its own ancestry.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sized

_MIN_LEAVES = 20  # a shorter list is a setting, not a data set
_MIN_BYTES = 4096  # so is a shorter text
_MAX_LOOKS = 64  # members that `is_data` looks at

#: Data whose content is not read: on a device, in a file, or not computed yet.
UNREAD = {
    ("xarray", "DataArray"): "xarray array",
    ("xarray", "Variable"): "xarray array",
    ("xarray", "Dataset"): "xarray dataset",
    ("xarray", "DataTree"): "xarray dataset",
    ("jax", "Array"): "jax array",
    ("jaxlib", "ArrayImpl"): "jax array",
    ("cupy", "ndarray"): "cupy array",
    ("cudf", "DataFrame"): "cudf dataframe",
    ("cudf", "Series"): "cudf series",
    ("tensorflow", "Tensor"): "tensorflow tensor",
    ("tensorflow", "DatasetV2"): "tensorflow dataset",
    ("datasets", "Dataset"): "hugging face dataset",
    ("datasets", "IterableDataset"): "hugging face dataset",
    ("dask", "Array"): "dask array",
    ("dask", "DataFrame"): "dask dataframe",
    ("pyspark", "DataFrame"): "spark dataframe",
    ("h5py", "Dataset"): "hdf5 dataset",
    ("zarr", "Array"): "zarr array",
}
#: What each known type is called, by the package it is from and its name.
_DATA = {
    ("pandas", "DataFrame"): "dataframe",
    ("pandas", "Series"): "series",
    ("pandas", "Index"): "index",
    ("pandas", "ExtensionArray"): "pandas array",
    ("numpy", "MaskedArray"): "masked array",
    ("numpy", "ndarray"): "array",
    ("scipy", "_spbase"): "sparse matrix",
    ("scipy", "spmatrix"): "sparse matrix",
    ("torch", "Tensor"): "tensor",
    ("polars", "DataFrame"): "polars dataframe",
    ("polars", "Series"): "polars series",
    ("polars", "LazyFrame"): "lazy dataframe",
    ("pyarrow", "Table"): "arrow table",
    ("pyarrow", "RecordBatch"): "arrow table",
    ("pyarrow", "Array"): "arrow array",
    ("pyarrow", "ChunkedArray"): "arrow array",
    ("sklearn", "Bunch"): "bunch",
    ("torch", "Dataset"): "torch dataset",
    ("torch", "DataLoader"): "torch data loader",
    ("xgboost", "DMatrix"): "xgboost matrix",
    ("lightgbm", "Dataset"): "lightgbm dataset",
    **UNREAD,
}
#: Single values of libraries: they can be digested, but are no data inputs.
_SCALARS = {
    ("numpy", "generic"): "numpy scalar",
    ("pandas", "Timestamp"): "timestamp",
    ("pandas", "Timedelta"): "timedelta",
    ("pandas", "Period"): "period",
    ("pandas", "Interval"): "interval",
    ("pandas", "NaTType"): "missing",
    ("pandas", "NAType"): "missing",
}
_CONTAINERS: tuple[type, ...] = (list, tuple, dict, set, frozenset)
_TEXTS: dict[type, str] = {bytes: "bytes", bytearray: "bytes", memoryview: "bytes", str: "text"}
_PLAIN = frozenset({type(None), bool, int, float, complex, str, bytes})

_ancestry = cast("Callable[[type], tuple[type, ...]]", type.__dict__["__mro__"].__get__)
_module_of = cast("Callable[[type], object]", type.__dict__["__module__"].__get__)
_name_of = cast("Callable[[type], str]", type.__dict__["__name__"].__get__)


def is_data(obj: object) -> bool:
    """Whether an object is data: a table, an array, a tensor, or many plain values.

    Takes microseconds, whatever the size: of a container it looks at the first members.
    """
    kind = type(obj)
    if kind in _TEXTS:
        return len(cast("Sized", obj)) >= _MIN_BYTES
    return _is_known(kind) or (_container(kind) is not None and _holds_data(obj))


def data_kind(kind: type) -> str | None:
    """What data of this type is called; None for a type that is no library's table or array."""
    return _find(kind, _DATA)


def scalar_kind(kind: type) -> str | None:
    """What a library's single value of this type is called; None for any other type."""
    return _find(kind, _SCALARS)


def kind_of(obj: object) -> str:
    """What an object is called in a record."""
    kind = type(obj)
    container = _container(kind)
    named = data_kind(kind) or _TEXTS.get(kind) or (container and container.__name__)
    return named or ("value" if kind in _PLAIN or scalar_kind(kind) else "object")


def type_name(obj: object) -> str:
    """The type's full name, read from the type alone."""
    module, name = _name(type(obj))
    return name if module == "builtins" else f"{module}.{name}"


def _find(kind: type, names: dict[tuple[str, str], str]) -> str | None:
    for base in _ancestry(kind):
        if _name_of(base) in _NAMES:
            module, name = _name(base)
            found = names.get((module.partition(".")[0], name))
            if found is not None:
                return found
    return None


_NAMES = frozenset(name for _, name in (*_DATA, *_SCALARS))


def _name(kind: type) -> tuple[str, str]:
    """Module and name; through `type` itself, since a metaclass may answer for its classes."""
    module = _module_of(kind)
    return (module if type(module) is str else "?"), _name_of(kind)


def _is_known(kind: type) -> bool:
    """Whether all objects of the type are data; a Bunch is a dict that may hold settings."""
    return data_kind(kind) not in {None, "bunch"}


def _container(kind: type) -> type | None:
    return next((base for base in _CONTAINERS if base in _ancestry(kind)), None)


def _holds_data(obj: object) -> bool:
    """Whether the first members are an array, or so many plain values that they are data."""
    leaves, looks, queue = 0, 0, [obj]
    roles: dict[type, str] = {}
    while queue and looks < _MAX_LOOKS:
        for member in islice(_members(queue.pop(0)), _MAX_LOOKS - looks):
            looks += 1
            kind = type(member)
            role = roles.get(kind) or roles.setdefault(kind, _role(kind))
            leaves += role == "leaf"
            if role == "data" or leaves >= _MIN_LEAVES:
                return True
            if role == "container":
                queue.append(member)
    return False


def _role(kind: type) -> str:
    if kind in _PLAIN or scalar_kind(kind) is not None:
        return "leaf"
    if _is_known(kind):
        return "data"
    return "other" if _container(kind) is None else "container"


def _members(container: object) -> Iterable[object]:
    """Members by the built-in's own iterator, which a subclass cannot replace."""
    kind = _container(type(container))
    if kind is dict:
        return iter(dict.values(cast("dict[object, object]", container)))
    return cast("Iterable[object]", kind.__iter__(container))  # type: ignore[union-attr]  # one of _CONTAINERS
