"""How a recorded value is written down so that it comes back exactly.

JSON has no NaN, infinity or tuple; a database no integer beyond 64 bits and no lone surrogate;
SQLite turns NaN to NULL and -0.0 to 0.0. What they cannot hold is written as a marked text.
"""

from __future__ import annotations

import json
import math
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

#: A text that a database cannot hold is kept as its JSON literal behind this noncharacter.
_ESCAPE = "\ufffe"
_EXACT_INT = 2**53  # up to here a float holds every integer
_TEXT_LIMIT = 1000  # characters kept of the text of a foreign object


def by_text(value: Any) -> Any:
    """What is recorded for a value that is none of ours: numpy's scalar as number, else its text.

    Never raises: the `__repr__` of a user's object may do anything.
    """
    try:
        item = value.item()
    except Exception:  # noqa: BLE001  # any object may come here, and do anything
        item = None
    if isinstance(item, (bool, int, float, str)):
        return item
    try:
        return repr(value)[:_TEXT_LIMIT]
    except Exception:  # noqa: BLE001  # as above
        return f"<{type(value).__name__}>"


def to_json(value: Any) -> str:
    """JSON of a record or a value; `from_json` gives it back exactly."""
    plain = msgspec.to_builtins(value, enc_hook=by_text, str_keys=True)
    return json.dumps(_marked(plain), allow_nan=False, separators=(",", ":"))


def from_json(text: str | bytes, kind: type[T]) -> T:
    """The record or value that `to_json` wrote; sequences come back as tuples."""
    return msgspec.convert(value_from_json(text), kind)


def value_from_json(text: str | bytes) -> Any:
    """The value that `to_json` wrote."""
    return _unmarked(json.loads(text))


def with_tuples(value: Any) -> Any:
    """The value with every list in it as a tuple."""
    if isinstance(value, dict):
        return {key: with_tuples(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return tuple(with_tuples(item) for item in value)
    return value


def _marked(value: Any) -> Any:
    if isinstance(value, dict):
        marked = {key: _marked(item) for key, item in value.items()}
        return {"$dict": marked} if any(key.startswith("$") for key in marked) else marked
    if isinstance(value, (list, tuple)):
        return [_marked(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return {"$float": repr(float(value))}
    if isinstance(value, int) and abs(value) >= 2**63:
        return {"$int": hex(value)}  # `str` refuses more than 4,300 digits
    return value


def _unmarked(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return tuple(_unmarked(item) for item in value)
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        key, item = next(iter(value.items()))
        if key == "$float":
            return float(item)
        if key == "$int":
            return int(item, 16)
        if key == "$dict":
            value = item
    return {key: _unmarked(item) for key, item in value.items()}


def storable(text: str) -> str:
    """The text in a form that every database takes; `original` gives it back."""
    if "\0" in text or text.startswith(_ESCAPE):
        return _ESCAPE + json.dumps(text)
    try:
        text.encode()
    except UnicodeEncodeError:
        return _ESCAPE + json.dumps(text)
    return text


def original(text: str) -> str:
    """The text that `storable` was given."""
    return str(json.loads(text[1:])) if text.startswith(_ESCAPE) else text


def pack_value(value: Any) -> tuple[str, float | None, str | None]:
    """`(kind, number, text)`: the columns that hold a value.

    `number` is for comparing and is None where there is none; `text` is there where the number
    alone would not give the value back exactly.
    """
    if value is None:
        return "none", None, None
    if isinstance(value, bool):
        return "bool", float(value), None
    if isinstance(value, int):
        return "int", _as_float(value), _exact_int(value)
    if isinstance(value, float):
        return "float", None if math.isnan(value) else float(value), _exact_float(value)
    if isinstance(value, str):
        return "str", None, str(value)
    return "json", None, to_json(value)


def unpack_value(kind: str, number: float | None, text: str | None) -> Any:
    """The value that `pack_value` was given; a text still as it is in the database."""
    if kind == "float":
        return number if text is None else float(text)
    if kind == "str":
        return text
    if kind == "int":
        return int(number) if text is None else int(text, 0)  # type: ignore[arg-type]  # has one
    if kind == "bool":
        return bool(number)
    return None if kind == "none" or text is None else value_from_json(text)


def _as_float(value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _exact_int(value: int) -> str | None:
    if abs(value) <= _EXACT_INT:
        return None
    return str(value) if abs(value) < 2**64 else hex(value)


def _exact_float(value: float) -> str | None:
    if math.isnan(value):
        return "nan"
    return "-0.0" if value == 0 and math.copysign(1, value) < 0 else None
