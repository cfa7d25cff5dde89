"""Columns of numbers as compact bytes, and back bit for bit.

A column is one byte that names its encoding, the number of values, and the encoded values.
Every encoding that gives the same bits back is tried and the shortest kept:

- `plain` and `shuffled`: the 8 bytes of each value, compressed; shuffled puts all first bytes
  together, then all second ones, …: the exponents of a loss curve are alike, its mantissas not;
- `delta`: differences of integers, shuffled and compressed; also for floats that are whole
  numbers (steps), and for floats that are whole multiples of 2⁻²² s (the clock: that is the
  distance between two neighbouring float64 from 2004 to 2038).
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from aseptic.errors import StoreDamaged

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

Column = Any  # an NDArray of float64 or int64

_HEAD = struct.Struct("<BBI")  # encoding, type or binary scale, count
_PLAIN, _SHUFFLED, _DELTA_INT, _DELTA_FLOAT = range(4)
_TYPES = ("<f8", "<i8")
_SCALES = (0, 22)  # of floats tried as integers: whole numbers, and ticks of the clock
_LEVEL = 5  # of zlib; beyond it mantissas only cost time


def encode_column(values: Column) -> bytes:
    """The column, float64 or int64, as bytes."""
    data = np.ascontiguousarray(values, "<i8" if values.dtype.kind == "i" else "<f8")
    tries = [_encode_delta(data)] if data.dtype.kind == "i" else _encode_scaled(data)
    if not tries:
        tries = [_encode_bytes(data, _PLAIN), _encode_bytes(data, _SHUFFLED)]
    return min(tries, key=len)


def decode_column(content: bytes) -> Column:
    """The column that `encode_column` was given. Raises StoreDamaged."""
    try:
        encoding, detail, count = _HEAD.unpack_from(content)
        data = _inflate(content[_HEAD.size :], count * 8)
        return _decode(encoding, detail, data).copy()
    except (struct.error, zlib.error, ValueError, IndexError) as error:
        raise StoreDamaged(f"a metric series cannot be read: {error}") from error


def join_columns(columns: Sequence[Column]) -> Column:
    """One column of several; int64 where all of them are, else float64."""
    if all(column.dtype.kind == "i" for column in columns):
        return np.concatenate(columns)
    return np.concatenate([column.astype("<f8", copy=False) for column in columns])


def _encode_bytes(data: Column, encoding: int) -> bytes:
    content = data.tobytes() if encoding == _PLAIN else _shuffle(data)
    head = _HEAD.pack(encoding, _TYPES.index(data.dtype.str), len(data))
    return head + zlib.compress(content, _LEVEL)


def _encode_delta(data: Column) -> bytes:
    return _HEAD.pack(_DELTA_INT, 0, len(data)) + zlib.compress(_shuffle(_delta(data)), _LEVEL)


def _encode_scaled(data: NDArray[np.float64]) -> list[bytes]:
    for scale in _SCALES:
        ticks = _as_ticks(data, scale)
        if ticks is not None:
            head = _HEAD.pack(_DELTA_FLOAT, scale, len(data))
            return [head + zlib.compress(_shuffle(_delta(ticks)), _LEVEL)]
    return []


def _as_ticks(data: NDArray[np.float64], scale: int) -> NDArray[np.int64] | None:
    """The values as whole multiples of 2**-scale, or None if that would change one bit."""
    with np.errstate(all="ignore"):  # NaN and huge values are turned down just below
        scaled = np.ldexp(data, scale)
        if not (np.abs(scaled) < 2**62).all():
            return None
        ticks = scaled.astype("<i8")
        same = np.ldexp(ticks.astype("<f8"), -scale).view("<i8") == data.view("<i8")
    return ticks if same.all() else None


def _delta(data: NDArray[np.int64]) -> NDArray[np.int64]:
    """Differences as zigzag numbers, so that small ones of either sign have small bytes."""
    step = np.diff(data, prepend=np.zeros(1, "<i8"))  # wraps round, and `cumsum` wraps back
    return (step << 1) ^ (step >> 63)


def _undelta(zigzag: NDArray[np.int64]) -> NDArray[np.int64]:
    plain = (zigzag.view("<u8") >> np.uint64(1)).view("<i8") ^ -(zigzag & 1)
    return np.cumsum(plain, dtype="<i8")


def _shuffle(data: Column) -> bytes:
    planes: NDArray[np.uint8] = data.view(np.uint8).reshape(-1, 8).T
    return planes.tobytes()


def _unshuffle(data: bytes, dtype: str) -> Column:
    planes = np.frombuffer(data, np.uint8).reshape(8, -1)
    return np.ascontiguousarray(planes.T).reshape(-1).view(dtype)


def _decode(encoding: int, detail: int, data: bytes) -> Column:
    if encoding == _PLAIN:
        return np.frombuffer(data, _TYPES[detail])
    if encoding == _SHUFFLED:
        return _unshuffle(data, _TYPES[detail])
    if encoding not in (_DELTA_INT, _DELTA_FLOAT):
        raise ValueError(f"encoding {encoding} is not known")
    ticks = _undelta(_unshuffle(data, "<i8"))
    return ticks if encoding == _DELTA_INT else np.ldexp(ticks.astype("<f8"), -detail)


def _inflate(content: bytes, size: int) -> bytes:
    """Never more than was announced: the store may come from someone else."""
    stream = zlib.decompressobj()
    data = stream.decompress(content, size + 1)
    if len(data) != size or not stream.eof:
        raise ValueError(f"not the {size} bytes that were announced")
    return data
