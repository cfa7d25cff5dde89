"""One 64-bit hash for each row of a table: which rows two tables share, and what became of a row.

A row keeps its hash when its table is split, filtered, shuffled, concatenated or converted between
a frame, an array and a sparse matrix: numbers are hashed by their value as a 64-bit float (whole
numbers beyond 2**53 by the nearest one), times by their nanoseconds in UTC, texts by their letters,
columns by their place and not by their name. Hashes tell rows apart; they give no value away that
cannot be guessed. Nothing is written to the data.
"""

from __future__ import annotations

import datetime
import decimal
import fractions
import itertools
import numbers
import uuid
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

_CHUNK = 8_192  # rows at a time: the temporaries of a column stay in the cache
_SMALL = 65_536  # cells at a time, of many columns side by side
_ENTRIES = 1_000_000  # of a sparse matrix at a time
_GOLDEN = 0x9E3779B97F4A7C15
_MASK = 0xFFFFFFFFFFFFFFFF
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_MISSING = np.uint64(0x7FF8000000000000)
_NUMBERS = (bool, int, float, complex, decimal.Decimal, fractions.Fraction)
_TIMES = (datetime.date, datetime.time, datetime.datetime, datetime.timedelta)
_SINGLE = frozenset((str, bytes, type(None), uuid.UUID, *_NUMBERS, *_TIMES))
_CONTAINERS = frozenset((list, tuple, dict, set, frozenset))


def row_hashes(data: Any) -> NDArray[np.uint64]:
    """The hash of each row of a frame, a series, an array of 1 or 2 dimensions, a sparse matrix.

    Equal rows have equal hashes; 2 ms for 10,000 rows of 50 numbers. Raises TypeError for what
    has no rows.
    """
    if hasattr(data, "tocsr"):
        return _hashes_of_sparse(data.tocsr())
    if not hasattr(data, "iloc"):
        data = np.asarray(data)
        if data.ndim == 2:
            return _hashes_of_array(data)
    elif data.ndim == 2 and len(data) <= _SMALL // 2:
        return _hashes_of_wide(data)
    n_rows, columns = _columns_of(data)
    hashes = np.full(n_rows, np.uint64(_GOLDEN), dtype=np.uint64)
    for place, column in enumerate(columns):
        _add_column(hashes, column, place)
    return hashes


def _hashes_of_array(values: NDArray[Any]) -> NDArray[np.uint64]:
    """Some rows at a time: the cells of a row lie side by side in memory."""
    hashes = np.full(len(values), np.uint64(_GOLDEN), dtype=np.uint64)
    if values.dtype.kind in "biuf" and values.shape[1]:
        step = max(1, _SMALL // values.shape[1])
        for start in range(0, len(values), step):
            _add_numbers(hashes[start : start + step], values[start : start + step], 0)
        return hashes
    for start in range(0, len(values), _CHUNK):
        rows = slice(start, start + _CHUNK)
        for place in range(values.shape[1]):
            _add_column(hashes[rows], values[rows, place], place)
    return hashes


def _hashes_of_wide(frame: Any) -> NDArray[np.uint64]:
    """Many columns at a time, where they are numbers: each by itself costs more than its rows."""
    hashes = np.full(len(frame), np.uint64(_GOLDEN), dtype=np.uint64)
    step = _SMALL // max(1, len(frame))
    for start in range(0, frame.shape[1], step):
        part = frame.iloc[:, start : start + step]
        if all(isinstance(dtype, np.dtype) and dtype.kind in "biuf" for dtype in part.dtypes):
            _add_numbers(hashes, part.to_numpy(dtype=np.float64), start)
            continue
        for place in range(part.shape[1]):
            _add_column(hashes, _array_of(part.iloc[:, place]), start + place)
    return hashes


def _columns_of(data: Any) -> tuple[int, Iterator[Any]]:
    """The number of rows, and each column as a NumPy array: one at a time, it may be a copy."""
    if hasattr(data, "iloc"):
        if data.ndim == 1:
            return len(data), iter([_array_of(data)])
        return len(data), (_array_of(data.iloc[:, place]) for place in range(data.shape[1]))
    if data.ndim != 1:
        raise TypeError(f"rows of {data.ndim} dimensions are not hashed")
    return len(data), (data[name] for name in data.dtype.names) if data.dtype.names else iter(
        [data]
    )


def _array_of(series: Any) -> Any:
    """The values of a pandas column, as NumPy can hold them."""
    dtype = series.dtype
    if isinstance(dtype, np.dtype):
        return series.to_numpy()
    kind = getattr(dtype, "kind", "O")
    if type(dtype).__name__ != "CategoricalDtype":
        if kind in "iufb":
            return series.to_numpy(dtype=np.float64, na_value=np.nan)
        if kind in "mM":
            if "date32" in str(dtype) or "date64" in str(dtype):  # of Arrow: datetime.date, None
                series = series.astype("timestamp[ns][pyarrow]")
            return series.to_numpy(dtype=f"{kind}8[ns]")
    return series.to_numpy(dtype=object)


def _hashes_of_sparse(matrix: Any) -> NDArray[np.uint64]:
    """What the dense matrix would have: zeros add nothing."""
    if not matrix.has_canonical_format:
        matrix = matrix.copy()
        matrix.sum_duplicates()
    ends = matrix.indptr
    hashes = np.full(matrix.shape[0], np.uint64(_GOLDEN), dtype=np.uint64)
    row = 0
    while row < len(hashes):
        after = int(np.searchsorted(ends, ends[row] + _ENTRIES, side="right")) - 1
        until = min(max(row + 1, after), len(hashes))
        part = slice(ends[row], ends[until])
        salts = (matrix.indices[part].astype(np.uint64) + np.uint64(1)) * np.uint64(_GOLDEN)
        added = _mixed(_bits(matrix.data[part]) ^ salts) - _mixed(salts)
        sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(added, dtype=np.uint64)])
        hashes[row:until] += np.diff(sums[ends[row : until + 1] - ends[row]])
        row = until
    return hashes


def _add_column(hashes: NDArray[np.uint64], column: Any, place: int) -> None:
    """Adds what a column adds to the hash of each row, in place: 0 for the number 0."""
    salt = np.array([(place + 1) * _GOLDEN & _MASK], dtype=np.uint64)
    of_zero = _mixed(salt.copy())
    for start in range(0, len(hashes), _CHUNK):
        bits = _bits(column[start : start + _CHUNK])
        bits ^= salt
        added = _mixed(bits)
        added -= of_zero
        hashes[start : start + _CHUNK] += added


def _add_numbers(hashes: NDArray[np.uint64], values: NDArray[Any], place: int) -> None:
    """The same of columns of numbers side by side, the first of which has this place."""
    salts = np.arange(place + 1, place + 1 + values.shape[1], dtype=np.uint64) * np.uint64(_GOLDEN)
    bits = _bits(values)
    bits ^= salts
    added = _mixed(bits)
    added -= _mixed(salts)
    hashes += added.sum(axis=1, dtype=np.uint64)


def _mixed(bits: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Each bit spread over all 64 (the finalizer of SplitMix64), in place."""
    bits ^= bits >> np.uint64(30)
    bits *= _MIX_1
    bits ^= bits >> np.uint64(27)
    bits *= _MIX_2
    bits ^= bits >> np.uint64(31)
    return bits


# -- 64 bits for each value, the same for equal values of any type --------------------------------
def _bits(values: Any) -> NDArray[np.uint64]:
    """Always a new array."""
    kind = values.dtype.kind
    if kind in "biuf":
        return _number_bits(values.astype(np.float64))
    if kind in "mM":
        return _time_bits(values)
    return _object_bits(values.astype(object))


def _number_bits(numbers: NDArray[np.float64]) -> NDArray[np.uint64]:
    numbers += 0.0  # -0.0 becomes 0.0
    bits = numbers.view(np.uint64)
    bits[np.isnan(numbers)] = _MISSING
    return bits


def _time_bits(times: Any) -> NDArray[np.uint64]:
    bits: NDArray[np.uint64] = times.astype(f"{times.dtype.kind}8[ns]").view(np.uint64)
    bits[np.isnat(times)] = _MISSING
    return bits


def _object_bits(values: Any) -> NDArray[np.uint64]:
    """No object is asked that a user has written: it stands for itself."""
    import pandas as pd

    if all(map(_is_single, set(map(type, values.tolist())))):
        codes, distinct = pd.factorize(values)  # missing values have the code -1
        return np.array([*map(_one, distinct), _MISSING], dtype=np.uint64)[codes]
    return np.array([_one(value) for value in values.tolist()], dtype=np.uint64)


def _is_single(kind: type) -> bool:
    """Whether it is a class of single values that Python, NumPy or pandas has written."""
    is_known = kind.__module__.partition(".")[0] in ("numpy", "pandas")
    return kind in _SINGLE or (is_known and not issubclass(kind, np.ndarray))


def _one(value: Any) -> int:
    kind = type(value)
    if kind is str:
        return _digest(value)
    if value is None or kind.__name__ in {"NAType", "NaTType"}:
        return int(_MISSING)
    if kind in _CONTAINERS:
        parts = sorted(map(_one, value)) if kind in (set, frozenset) else _parts(value)
        return _digest(f"{kind.__name__}{parts}")
    if kind is np.ndarray and not value.dtype.hasobject:
        return _digest(f"{value.shape}{value.tobytes()!r}")
    if not _is_single(kind):
        return _digest(f"{kind.__name__}{id(value)}")
    if isinstance(value, (numbers.Real, np.bool_, decimal.Decimal)):
        return int(_number_bits(_as_float(value))[0])
    if isinstance(value, (datetime.date, datetime.timedelta, np.datetime64, np.timedelta64)):
        return int(_time_bits(_as_time(value))[0])
    return _digest(str(value))


def _parts(value: Any) -> list[int]:
    items = itertools.chain(*value.items()) if type(value) is dict else value
    return [_one(item) for item in items]


def _digest(text: str) -> int:
    import xxhash

    return xxhash.xxh3_64_intdigest(text.encode("utf-8", "surrogatepass"))


def _as_float(value: Any) -> NDArray[np.float64]:
    try:
        return np.array([float(value)])
    except OverflowError:  # a whole number beyond all floats
        return np.array([np.inf if value > 0 else -np.inf])


def _as_time(value: Any) -> Any:
    """An array of one time, as pandas would hold it: with a time zone in UTC."""
    if hasattr(value, "asm8"):  # pandas: a subclass of datetime that knows nanoseconds
        value = value.asm8
    elif isinstance(value, datetime.datetime) and value.tzinfo is not None:
        value = value.astimezone(datetime.timezone.utc).replace(tzinfo=None)
    is_span = isinstance(value, (datetime.timedelta, np.timedelta64))
    return np.array([value], dtype="m8[ns]" if is_span else "M8[ns]")
