"""The content of NumPy arrays, independent of strides, byte order and memory order."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import xxhash

from aseptic.capture.digests import WINDOW_BYTES, in_threads, node, number, spans, windows
from aseptic.errors import CannotDigest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

#: What digests the elements of an object array, given as a list.
ObjectDigest = Callable[[Sequence[object]], bytes]

_GATHER_ROWS = 4096  # rows copied at a time out of row-major tables: fills half of an L2 cache
_GATHER_COLUMNS = 16  # two cache lines of float64, each read once


def array_node(array: Array, objects: ObjectDigest) -> bytes:
    """The digest of an array: type, shape and every element."""
    shape = b"".join(number(size) for size in array.shape)
    return node("array", type_tag(array.dtype).encode(), shape, elements(array, objects))


def type_tag(dtype: np.dtype[Any]) -> str:
    """The name of an element type, the same on every machine and in either byte order."""
    if dtype.fields is not None:
        members = (f"{name}:{type_tag(field[0])}" for name, field in _fields(dtype))
        return "{" + ",".join(members) + "}"
    if dtype.subdtype is not None:
        base, shape = dtype.subdtype
        return f"{type_tag(base)}{list(shape)}"
    if dtype.kind in "gG" or dtype.char in "gG":
        return f"long{dtype.kind}"
    return dtype.str[1:] if dtype.kind not in "OT" else dtype.kind


def elements(array: Array, objects: ObjectDigest) -> bytes:
    """The digest of the elements alone, in C order."""
    dtype = array.dtype
    if dtype.fields is not None:
        return node("fields", *(elements(array[name], objects) for name, _ in _fields(dtype)))
    if dtype.kind == "T":
        return elements(array.astype(object), objects)
    if dtype.hasobject:
        return objects(array.ravel().tolist())
    if dtype.char in "gG":
        return _long_doubles(array)
    return _numbers(array)


def masked(values: Array, mask: Array, objects: ObjectDigest) -> bytes:
    """The digest of elements some of which are missing; what lies under the mask is left out."""
    if not mask.any():
        return node("masked", elements(values, objects))
    filled = values.copy()
    filled[mask] = np.zeros((), dtype=values.dtype)[()]
    return node("masked", elements(filled, objects), elements(mask.astype(bool), objects))


def columns_of(arrays: Sequence[Array]) -> list[bytes]:
    """The digests of one-dimensional arrays of numbers, the same as `elements` of each.

    Columns that lie side by side in a row-major table are read together, so that memory is
    read once and not once for each column.
    """
    digests: dict[int, bytes] = {}
    for group in _side_by_side(arrays):
        digests.update(zip(group, _gathered([arrays[place] for place in group]), strict=True))
    return [digests.get(place) or _numbers(array) for place, array in enumerate(arrays)]


def _fields(dtype: np.dtype[Any]) -> list[tuple[str, Any]]:
    known: Any = dtype.fields or {}
    return [(name, known[name]) for name in dtype.names or ()]


def _numbers(array: Array) -> bytes:
    flat = _flat(array)
    cuts = spans(flat.size, _window_width(flat.dtype))

    def digest_all(some: Sequence[tuple[int, int]]) -> list[bytes]:
        return [_hash(_stretch(flat, *span)) for span in some]

    is_ready = flat.ndim == 1 and flat.flags.c_contiguous
    return windows(flat.size, digest_all(cuts) if is_ready else in_threads(digest_all, cuts))


def _window_width(dtype: np.dtype[Any]) -> int:
    return max(1, WINDOW_BYTES // max(1, dtype.itemsize))


def _flat(array: Array) -> Array:
    """The array as numbers that have a buffer; one-dimensional, where that needs no copy."""
    if array.dtype.kind in "mM":
        array = array.view(array.dtype.str.replace(array.dtype.str[1:], "i8"))
    return array.reshape(-1) if array.flags.c_contiguous else array


def _hash(stretch: Array) -> bytes:
    buffer: Any = stretch
    if stretch.dtype.kind not in "fiu" or not _is_little_endian(stretch.dtype):
        buffer = canonical_bytes(stretch)
    return xxhash.xxh3_128_digest(buffer)


def canonical_bytes(stretch: Array) -> memoryview:
    """The bytes of a contiguous stretch of numbers, little-endian."""
    if not stretch.size or not stretch.dtype.itemsize:
        return memoryview(b"")
    if not _is_little_endian(stretch.dtype):
        stretch = stretch.astype(stretch.dtype.newbyteorder("<"))
    return stretch.view(np.uint8).data


def _is_little_endian(dtype: np.dtype[Any]) -> bool:
    order = dtype.byteorder
    return order in "<|" or (order == "=" and sys.byteorder == "little")


def _stretch(array: Array, start: int, stop: int) -> Array:
    """Elements `start` to `stop` in C order, contiguous; copied only where they are not so."""
    if array.ndim == 1:
        return np.ascontiguousarray(array[start:stop])
    if array.flags.c_contiguous:
        return array.reshape(-1)[start:stop]
    row = array[0].size
    first, last = start // row, -(-stop // row)
    if last - first == 1:
        return _stretch(array[first], start - first * row, stop - first * row)
    return _rows(array[first:last]).reshape(-1)[start - first * row : stop - first * row]


def _rows(block: Array) -> Array:
    """The block in C order. NumPy would walk a narrow column-major block along its short side."""
    if block.ndim != 2 or abs(block.strides[0]) > abs(block.strides[1]):
        return np.ascontiguousarray(block)
    rows = np.empty(block.shape, dtype=block.dtype)
    for start in range(0, len(block), _GATHER_ROWS):
        for column in range(block.shape[1]):
            part = slice(start, start + _GATHER_ROWS)
            rows[part, column] = block[part, column]
    return rows


def _long_doubles(array: Array) -> bytes:
    """Long doubles as two doubles and an exponent: their own bytes hold undefined padding."""
    if array.dtype.kind == "c":
        return node("long", _long_doubles(array.real), _long_doubles(array.imag))
    with np.errstate(all="ignore"):
        mantissa, exponent = np.frexp(array)
        high = mantissa.astype(np.float64)
        low = (mantissa - high).astype(np.float64)
    parts = (high, low, exponent.astype(np.int32))
    return node("long", *(_numbers(part) for part in parts))


def _side_by_side(arrays: Sequence[Array]) -> list[list[int]]:
    """The places of columns that follow one another in the rows of one table."""
    groups: list[list[int]] = []
    for place, array in enumerate(arrays):
        if not _is_strided(array):
            continue
        if groups and _follows(arrays[groups[-1][-1]], array, groups[-1], place):
            groups[-1].append(place)
        else:
            groups.append([place])
    return [group for group in groups if len(group) > 1]


def _is_strided(array: Array) -> bool:
    return (
        array.ndim == 1
        and array.size > 1
        and array.dtype.kind in "biufcmM"
        and array.dtype.char not in "gG"
        and array.strides[0] > array.itemsize
    )


def _follows(left: Array, right: Array, group: list[int], place: int) -> bool:
    return (
        place == group[-1] + 1
        and len(group) < _GATHER_COLUMNS
        and left.dtype == right.dtype
        and left.strides == right.strides
        and left.shape == right.shape
        and _address(right) - _address(left) == left.itemsize
    )


def _address(array: Array) -> int:
    return int(array.__array_interface__["data"][0])


def _gathered(columns: Sequence[Array]) -> list[bytes]:
    first = columns[0]
    table = np.lib.stride_tricks.as_strided(
        first,
        shape=(len(first), len(columns)),
        strides=(first.strides[0], first.itemsize),
        writeable=False,
    )
    cuts = spans(len(first), _window_width(first.dtype))
    rows = in_threads(lambda some: [_window_of_table(table[slice(*span)]) for span in some], cuts)
    size = xxhash.xxh3_128().digest_size
    return [
        windows(len(first), (row[at : at + size] for row in rows))
        for at in range(0, size * len(columns), size)
    ]


def _window_of_table(table: Array) -> bytes:
    """The digests of one window of every column, one after the other."""
    states = [xxhash.xxh3_128() for _ in range(table.shape[1])]
    columns = np.empty((table.shape[1], _GATHER_ROWS), dtype=table.dtype)
    for start, stop in spans(len(table), _GATHER_ROWS):
        part = columns[:, : stop - start]
        np.copyto(part, table[start:stop].T)
        for state, column in zip(states, part, strict=True):
            state.update(canonical_bytes(column))
    return b"".join(state.digest() for state in states)


def as_plain_array(array: Array) -> Array:
    """The array without a subclass that could answer for it."""
    if type(array) is np.ndarray:
        return array
    if isinstance(array, np.ndarray):
        return np.ndarray.view(array, np.ndarray)
    raise CannotDigest(type(array).__name__, "it is not a NumPy array")


def masked_array_node(array: np.ma.MaskedArray[Any, Any], objects: ObjectDigest) -> bytes:
    """The digest of a masked array; the fill value is how it prints, and is left out."""
    values = np.ndarray.view(array, np.ndarray)
    if values.dtype.fields is not None:
        raise CannotDigest("masked array", "it has fields, each with a mask of its own")
    shape = b"".join(number(size) for size in values.shape)
    mask = np.ma.getmaskarray(array)
    return node(
        "masked array", type_tag(values.dtype).encode(), shape, masked(values, mask, objects)
    )
