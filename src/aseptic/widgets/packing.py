"""Messages to the browser with their bytes as buffers, which JSON cannot carry."""

from __future__ import annotations

from typing import Any

import msgspec


def pack(message: msgspec.Struct) -> tuple[dict[str, Any], list[bytes]]:
    """The message as JSON values, each bytes replaced by `{"$buffer": i}`, and the buffers."""
    buffers: list[bytes] = []
    content: dict[str, Any] = _without_bytes(builtins(message), buffers)
    return content, buffers


def builtins(message: msgspec.Struct) -> dict[str, Any]:
    """The message as plain dicts and lists; bytes stay bytes, as synchronized traits want it."""
    plain: dict[str, Any] = msgspec.to_builtins(message, builtin_types=(bytes,))
    return plain


def _without_bytes(value: Any, buffers: list[bytes]) -> Any:
    if isinstance(value, bytes):
        buffers.append(value)
        return {"$buffer": len(buffers) - 1}
    if isinstance(value, dict):
        return {key: _without_bytes(item, buffers) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_bytes(item, buffers) for item in value]
    return value
