"""The content of pandas tables, columns and indexes, whichever way pandas keeps them.

A column of strings is *text* whether it is held as objects, as `str`, as `string` or by Arrow;
in text, None, NaN and NA are the one missing value, since pandas turns each into the other on
the way from one of these to the next. In any other column of objects they are three values.

An index of whole numbers with equal steps is what a RangeIndex with these steps is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from aseptic.capture import arrays
from aseptic.capture.digests import WINDOW_ROWS, node, number, spans, windows
from aseptic.capture.plain import PlainDigest, text_fields
from aseptic.errors import CannotDigest

if TYPE_CHECKING:
    from collections.abc import Sequence

#: A column: the name of its type, and the digest of its values.
_Column = tuple[str, bytes]


def frame_node(frame: pd.DataFrame, plain: PlainDigest) -> bytes:
    """The digest of a table: index, column names and order, types and values."""
    if type(frame) is not pd.DataFrame:
        frame = pd.DataFrame(frame)
    series = [frame.iloc[:, place] for place in range(frame.shape[1])]
    columns = _columns(series, frame.columns, plain)
    fields = [field for tag, digest in columns for field in (tag.encode(), digest)]
    shape = b"".join(map(number, frame.shape))
    labels = [index_node(frame.index, plain), index_node(frame.columns, plain)]
    return node("dataframe", shape, *labels, *fields)


def series_node(series: pd.Series[Any], plain: PlainDigest) -> bytes:
    """The digest of one column with its name and index."""
    tag, digest = _column(series, plain)
    labels = [plain.value(series.name), index_node(series.index, plain)]
    return node("series", tag.encode(), number(len(series)), *labels, digest)


def index_node(index: pd.Index[Any], plain: PlainDigest) -> bytes:
    """The digest of labels and of the names of their levels."""
    names = plain.values(list(index.names))
    levels = [_level(index.get_level_values(place), plain) for place in range(index.nlevels)]
    fields = [field for tag, digest in levels for field in (tag.encode(), digest)]
    return node("index", number(len(index)), names, *fields)


def array_node(values: Any, plain: PlainDigest) -> bytes:
    """The digest of a pandas array, which has neither name nor index."""
    if isinstance(values, pd.api.extensions.ExtensionArray):
        tag, digest = _column(pd.Series(values, copy=False), plain)
        return node("pandas array", tag.encode(), number(len(values)), digest)
    raise CannotDigest("pandas array", f"it is a {type(values).__name__}")


def _level(index: pd.Index[Any], plain: PlainDigest) -> _Column:
    steps = _steps(index)
    if steps is not None:
        return "i8", node("range", *map(number, steps))
    return _column(index.to_series(), plain)


def _steps(index: pd.Index[Any]) -> tuple[int, int, int] | None:
    """First label, step and count of a regular index of int64; None for any other."""
    if isinstance(index, pd.RangeIndex):
        first, step = (index.start, index.step) if len(index) > 1 else (index.start, 1)
        return (first, step, len(index)) if len(index) else (0, 1, 0)
    if index.dtype != np.dtype("int64"):
        return None
    labels = index.to_numpy()
    if len(labels) < 2:
        return (int(labels[0]), 1, 1) if len(labels) else (0, 1, 0)
    first, step = int(labels[0]), int(labels[1]) - int(labels[0])
    for start, stop in spans(len(labels), WINDOW_ROWS):
        if int(labels[stop - 1]) != first + step * (stop - 1):
            return None
        if not np.array_equal(labels[start:stop], first + step * np.arange(start, stop)):
            return None
    return first, step, len(labels)


def _columns(
    series: Sequence[pd.Series[Any]], names: pd.Index[Any], plain: PlainDigest
) -> list[_Column]:
    """Every column; plain numbers together, since they may share one table in memory."""
    numeric = [place for place, column in enumerate(series) if _is_numbers(column.dtype)]
    digests = arrays.columns_of([series[place].to_numpy() for place in numeric])
    together = dict(zip(numeric, digests, strict=True))
    return [
        (arrays.type_tag(column.to_numpy().dtype), together[place])
        if place in together
        else _named_column(column, names, place, plain)
        for place, column in enumerate(series)
    ]


def _named_column(
    column: pd.Series[Any], names: pd.Index[Any], place: int, plain: PlainDigest
) -> _Column:
    try:
        return _column(column, plain)
    except CannotDigest as error:
        name = names[place]
        shown = repr(name) if type(name) is str else f"number {place}"
        raise CannotDigest("dataframe", f"column {shown}: {error.reason}") from None


def _is_numbers(dtype: Any) -> bool:
    return isinstance(dtype, np.dtype) and dtype.kind in "biufcmM" and dtype.char not in "gG"


def _column(series: pd.Series[Any], plain: PlainDigest) -> _Column:
    dtype = series.dtype
    if isinstance(dtype, np.dtype):
        values = series.to_numpy()
        if dtype.hasobject:
            return _objects(values, plain)
        return arrays.type_tag(dtype), arrays.elements(values, plain.values)
    return _extension(series.array, plain)


def _objects(values: Any, plain: PlainDigest) -> _Column:
    """Text, if it is nothing else; otherwise Python values."""
    text = _text(values)
    if text is not None:
        return "text", text
    return "object", plain.values(values.tolist())


def _text(values: Any) -> bytes | None:
    """The digest of objects that are all strings or missing, at least one a string."""
    parts, seen = [], not len(values)
    for start, stop in spans(len(values), WINDOW_ROWS):
        window, missing = values[start:stop].tolist(), None
        kinds = set(map(type, window))
        others = {kind for kind in kinds if not issubclass(kind, str)}
        if others:
            if not _are_missing(window, others):
                return None
            missing = pd.isna(values[start:stop])
            window = values[start:stop][~missing].tolist()
        seen = seen or len(kinds) > len(others)
        parts.append(node("items", *text_fields(window, missing)))
    return windows(len(values), parts) if seen else None


def _are_missing(window: Sequence[Any], others: set[type]) -> bool:
    if not others <= {type(None), type(pd.NA), float}:
        return False
    # only NaN differs from itself
    return float not in others or all(v != v for v in window if type(v) is float)


def _extension(values: Any, plain: PlainDigest) -> _Column:
    dtype = values.dtype
    read = next((_READERS[kind.__name__] for kind in type(dtype).__mro__ if _knows(kind)), None)
    if read is None:
        raise CannotDigest("column", f"its type is {type(dtype).__module__}.{type(dtype).__name__}")
    return read(values, plain)


def _knows(kind: type) -> bool:
    return kind.__name__ in _READERS and kind.__module__.partition(".")[0] == "pandas"


def _strings(values: Any, plain: PlainDigest) -> _Column:
    if getattr(values.dtype, "storage", "python") == "python":
        return "text", _text(np.asarray(values, dtype=object)) or _all_missing(len(values))
    return _arrow(values, plain)


def _all_missing(count: int) -> bytes:
    parts = [
        node("items", *text_fields([], np.ones(stop - start, dtype=bool)))
        for start, stop in spans(count, WINDOW_ROWS)
    ]
    return windows(count, parts)


def _arrow(values: Any, _: PlainDigest) -> _Column:
    from aseptic.capture import arrow

    stored = values.__arrow_array__()
    tag = arrow.type_tag(stored.type)
    return (tag if tag == "text" else f"{tag}[arrow]"), arrow.column(stored)


def _categories(values: Any, plain: PlainDigest) -> _Column:
    codes = arrays.elements(np.asarray(values.codes), plain.values)
    tag = "ordered category" if values.ordered else "category"
    return tag, node(tag, index_node(values.categories, plain), codes)


def _zoned_times(values: Any, plain: PlainDigest) -> _Column:
    times = arrays.elements(values.asi8, plain.values)
    return f"datetime64[{values.dtype.unit}, {values.dtype.tz}]", times


def _periods(values: Any, plain: PlainDigest) -> _Column:
    return f"period[{values.freqstr}]", arrays.elements(values.asi8, plain.values)


def _intervals(values: Any, plain: PlainDigest) -> _Column:
    sides = [field for side in (values.left, values.right) for field in _level(side, plain)]
    fields = [field.encode() if isinstance(field, str) else field for field in sides]
    return f"interval[{values.closed}]", node("interval", *fields)


def _sparse(values: Any, plain: PlainDigest) -> _Column:
    dense = np.asarray(values)
    fill = plain.value(np.asarray(values.fill_value).item())
    tag, digest = _objects(dense, plain) if dense.dtype.hasobject else ("", b"")
    digest = digest or arrays.elements(dense, plain.values)
    return f"sparse[{tag or arrays.type_tag(dense.dtype)}]", node("sparse", fill, digest)


def _nullable(values: Any, plain: PlainDigest) -> _Column:
    kind = values.dtype.numpy_dtype
    filled = values.to_numpy(dtype=kind, na_value=kind.type(0))
    mask = np.asarray(values.isna())
    return f"nullable {arrays.type_tag(kind)}", arrays.masked(filled, mask, plain.values)


_READERS = {
    "StringDtype": _strings,
    "ArrowDtype": _arrow,
    "CategoricalDtype": _categories,
    "DatetimeTZDtype": _zoned_times,
    "PeriodDtype": _periods,
    "IntervalDtype": _intervals,
    "SparseDtype": _sparse,
    "BaseMaskedDtype": _nullable,
}
