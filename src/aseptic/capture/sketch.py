"""The schema and a small statistical sketch of data, from a few evenly spaced rows.

For drift and for a glance, never for identity: a fixed number of rows, a fixed time, no random
numbers. Texts give counts only: no value of theirs is kept.
"""

from __future__ import annotations

import math
import time
from contextlib import suppress
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from aseptic.capture import foreign
from aseptic.capture.kinds import data_kind
from aseptic.model import ColumnSchema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_MAX_ROWS = 1000
_MAX_COLUMNS = 1000
_BUDGET_S = 0.015  # of this thread's own time: on a busy machine the clock says nothing
_LEVELS = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
_COUNTABLE = frozenset({str, int, float, bool, bytes})


class Sketch(NamedTuple):
    """The columns of an object, and the number of rows that were looked at."""

    columns: tuple[ColumnSchema, ...] = ()
    rows: int | None = None


class _Column(NamedTuple):
    """One column: its schema, and how to read some of its rows as a NumPy array."""

    name: str
    dtype: str
    read: Callable[[Any], Any]


def sketch(obj: object) -> Sketch:
    """The columns of a table or array with statistics, as far as the time allows.

    Columns after the time is up keep their name and type. Empty for what has no columns.
    """
    total = _row_count(obj)
    if total is None:
        return Sketch()
    rows = _spread(total)
    until = time.thread_time() + _BUDGET_S
    columns = []
    for column in islice(_columns(obj), _MAX_COLUMNS):
        late = time.thread_time() > until
        columns.append(_schema(column) if late else _drawn(column, rows, total))
    return Sketch(tuple(columns), len(rows)) if columns else Sketch()


def shape_of(obj: object) -> tuple[int, ...]:
    """The shape of a table or array; the length of a container; empty for a single value."""
    kind = data_kind(type(obj))
    thing: Any = obj
    with suppress(Exception):
        if kind is None:
            return (_length(obj),)
        shape = _SHAPES[kind](thing) if kind in _SHAPES else thing.shape
        return tuple(int(size) for size in shape)
    return ()


def size_of(obj: object) -> int | None:
    """The bytes that the data takes up in memory, without the Python objects it refers to."""
    with suppress(Exception):
        return _SIZES.get(data_kind(type(obj)) or "", _text_size)(obj)
    return None


def _length(obj: object) -> int:
    for base in (list, tuple, dict, set, frozenset, bytes, bytearray, memoryview, str):
        if isinstance(obj, base):
            return base.__len__(obj)  # type: ignore[arg-type]  # chosen by its type
    raise TypeError


def _no_shape(_: object) -> tuple[int, ...]:
    return ()


#: Kinds without an attribute `shape`, or whose classes a user may have written.
_SHAPES: dict[str, Callable[[Any], Iterable[int]]] = {
    "arrow array": lambda obj: (len(obj),),
    "bunch": lambda obj: (_length(obj),),
    "xgboost matrix": foreign.matrix_shape,
    **dict.fromkeys(
        (
            "lazy dataframe",
            "torch dataset",
            "torch data loader",
            "lightgbm dataset",
            "xarray dataset",
            "tensorflow dataset",
            "hugging face dataset",
            "dask dataframe",
            "spark dataframe",
        ),
        _no_shape,
    ),
}


def _text_size(obj: Any) -> int | None:
    if type(obj) is memoryview:
        return int(obj.nbytes)
    return len(obj) if type(obj) in {bytes, bytearray} else None


_SIZES: dict[str, Callable[[Any], int | None]] = {
    "dataframe": lambda obj: int(obj.memory_usage(index=False, deep=False).sum()),
    "sparse matrix": lambda obj: int(obj.tocoo(copy=False).data.nbytes),
    "tensor": lambda obj: int(obj.numel() * obj.element_size()),
    "polars dataframe": lambda obj: int(obj.estimated_size()),
    "polars series": lambda obj: int(obj.estimated_size()),
    **dict.fromkeys(
        ("series", "index", "pandas array", "array", "masked array", "arrow table", "arrow array"),
        lambda obj: int(obj.nbytes),
    ),
}


def _row_count(obj: object) -> int | None:
    shape = shape_of(obj)
    return shape[0] if data_kind(type(obj)) in _READERS and shape else None


def _spread(total: int) -> Any:
    """Evenly spaced row numbers, the first and the last among them."""
    return np.linspace(0, total - 1, min(total, _MAX_ROWS)).astype(np.int64)


def _columns(obj: Any) -> Iterator[_Column]:
    with suppress(Exception):
        yield from _READERS[data_kind(type(obj)) or ""](obj)


def _of_frame(frame: Any) -> Iterator[_Column]:
    for place, (name, dtype) in enumerate(zip(frame.columns, frame.dtypes, strict=True)):
        yield _Column(_label(name), str(dtype), partial(_frame_rows, frame, place))


def _of_series(series: Any) -> Iterator[_Column]:
    yield _Column(_label(series.name), str(series.dtype), partial(_series_rows, series))


def _of_array(array: Any) -> Iterator[_Column]:
    values = np.ndarray.view(array, np.ndarray)
    if values.dtype.fields is not None:
        for field in values.dtype.names or ():
            yield _Column(field, values[field].dtype.name, values[field].__getitem__)
    elif values.ndim == 1:
        yield _Column("0", values.dtype.name, values.__getitem__)
    elif values.ndim == 2:
        for place in range(values.shape[1]):
            yield _Column(str(place), values.dtype.name, values[:, place].__getitem__)


def _of_tensor(tensor: Any) -> Iterator[_Column]:
    values, name = tensor.detach(), str(tensor.dtype).removeprefix("torch.")
    if values.ndim == 1:
        yield _Column("0", name, partial(_tensor_rows, values))
    elif values.ndim == 2:
        for place in range(values.shape[1]):
            yield _Column(str(place), name, partial(_tensor_rows, values[:, place]))


def _of_polars(frame: Any) -> Iterator[_Column]:
    for column in frame.get_columns():
        yield from _of_polars_series(column)


def _of_polars_series(series: Any) -> Iterator[_Column]:
    yield _Column(series.name, str(series.dtype), partial(_polars_rows, series))


def _of_arrow(table: Any) -> Iterator[_Column]:
    for name, column in zip(table.schema.names, table.columns, strict=True):
        yield _Column(name, str(column.type), partial(_arrow_rows, column))


def _frame_rows(frame: Any, place: int, rows: Any) -> Any:
    return _series_rows(frame.iloc[:, place], rows)


def _series_rows(series: Any, rows: Any) -> Any:
    taken = series.iloc[rows]
    if isinstance(taken.dtype, np.dtype):
        return taken.to_numpy()
    kind = getattr(taken.dtype, "kind", "O")
    if kind in "iuf" and type(taken.dtype).__name__ != "CategoricalDtype":
        return taken.to_numpy(dtype=np.float64, na_value=np.nan)
    return taken.to_numpy(dtype="datetime64[ns]" if kind == "M" else object)


def _tensor_rows(column: Any, rows: Any) -> Any:
    return column[rows].cpu().double().numpy()


def _polars_rows(series: Any, rows: Any) -> Any:
    return series.gather(rows.tolist()).to_numpy()


def _arrow_rows(column: Any, rows: Any) -> Any:
    return np.asarray(column.take(rows))


_READERS: dict[str | None, Callable[[Any], Iterable[_Column]]] = {
    "dataframe": _of_frame,
    "series": _of_series,
    "array": _of_array,
    "tensor": _of_tensor,
    "polars dataframe": _of_polars,
    "polars series": _of_polars_series,
    "arrow table": _of_arrow,
}


def _label(name: object) -> str:
    if isinstance(name, str):
        return str.__str__(name)
    return str(name) if type(name) in {int, float, bool, tuple, type(None)} else "?"


def _schema(column: _Column) -> ColumnSchema:
    return ColumnSchema(name=column.name, dtype=column.dtype)


def _drawn(column: _Column, rows: Any, total: int) -> ColumnSchema:
    try:
        values = column.read(rows)
        return _statistics(column, np.asarray(values), total)
    except Exception:  # noqa: BLE001 - a type that has no such statistics keeps its schema
        return _schema(column)


def _statistics(column: _Column, values: Any, total: int) -> ColumnSchema:
    missing = _missing(values)
    known = values[~missing]
    scale = total / max(1, len(values))
    return ColumnSchema(
        name=column.name,
        dtype=column.dtype,
        missing=round(int(missing.sum()) * scale),
        distinct=_distinct(known, total * len(known) / max(1, len(values))),
        **_moments(known),
    )


def _missing(values: Any) -> Any:
    if values.dtype.kind in "fcmM":
        return np.isnan(values) if values.dtype.kind in "fc" else np.isnat(values)
    if values.dtype.kind != "O":
        return np.zeros(len(values), dtype=bool)
    return np.array([_is_missing(value) for value in values.tolist()], dtype=bool)


def _is_missing(value: Any) -> bool:
    kind = type(value)
    if kind is float:
        return bool(value != value)  # only NaN differs from itself
    return value is None or kind.__name__ in {"NAType", "NaTType"}


def _distinct(known: Any, total: float) -> int | None:
    """The number of distinct values; from a sample by the estimator GEE.

    Charikar et al., Towards estimation error guarantees for distinct values, PODS 2000.
    """
    if known.dtype.kind == "O":
        values = known.tolist()
        if not set(map(type, values)) <= _COUNTABLE:
            return None
        known = np.array([hash(value) for value in values])
    _, counts = np.unique(known, return_counts=True)
    once = int((counts == 1).sum())
    share = max(1.0, total / max(1, len(known)))
    return round(math.sqrt(share) * once) + len(counts) - once


def _moments(known: Any) -> dict[str, Any]:
    if not len(known) or known.dtype.kind not in "biufM":
        return {}
    if known.dtype.kind == "M":
        return {"minimum": str(known.min()), "maximum": str(known.max())}
    values = known.astype(np.float64)
    values = values[np.isfinite(values)]
    if not len(values):
        return {}
    with np.errstate(all="ignore"):
        return {
            "minimum": known.min().item(),
            "maximum": known.max().item(),
            "mean": float(values.mean()),
            "std": float(values.std()),
            "quantiles": tuple(np.quantile(values, _LEVELS).tolist()),
        }
