"""Replies as bytes: JSON for people and programs, msgpack for the panel with binary numbers."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import numpy as np

MSGPACK = "application/vnd.msgpack"
#: Fields of the contract that hold float64 as bytes.
_FLOATS = frozenset({"values", "step", "time_s", "value", "low", "high"})


def encode(reply: Any, accept: str) -> tuple[bytes, str]:
    """The reply and its media type. Msgpack where it is asked for by name."""
    if MSGPACK in accept:
        return msgspec.msgpack.encode(reply, enc_hook=str), MSGPACK
    plain = msgspec.to_builtins(reply, builtin_types=(bytes,), str_keys=True, enc_hook=str)
    return msgspec.json.encode(_readable(plain)), "application/json"


def _readable(value: Any, name: str = "") -> Any:
    """The same with numbers instead of bytes; JSON has null for what is missing or not finite."""
    if isinstance(value, bytes):
        return _numbers(value) if name in _FLOATS else value.hex()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _readable(item, key) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_readable(item) for item in value]
    return value


def _numbers(content: bytes) -> list[float | None]:
    array = np.frombuffer(content, dtype="<f8")
    return [value if math.isfinite(value) else None for value in array.tolist()]
