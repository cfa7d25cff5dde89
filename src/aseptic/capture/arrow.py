"""The content of Arrow arrays, independent of chunks, offsets and what lies under nulls.

Text, large text and text views are one type here, and so are their binary and list kin: they
hold the same values. Dictionary and run-end encodings are undone.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]  # it ships no types
import pyarrow.compute as pc  # type: ignore[import-untyped]  # it ships no types

from aseptic.capture.digests import WINDOW_ROWS, Buffer, node, spans, windows
from aseptic.errors import CannotDigest


def column(values: pa.Array | pa.ChunkedArray) -> bytes:
    """The digest of an Arrow column, without its type."""
    stretches = (values.slice(a, b - a) for a, b in spans(len(values), WINDOW_ROWS))
    return windows(len(values), (node("items", *fields(_flat(one))) for one in stretches))


def type_tag(kind: pa.DataType) -> str:
    """The name of a logical type, the same for every way to lay it out."""
    types = pa.types
    if _is_text(kind):
        return "text"
    if _is_binary(kind):
        return "binary"
    if types.is_dictionary(kind) or types.is_run_end_encoded(kind):
        return type_tag(kind.value_type)
    if types.is_map(kind):
        return f"map<{type_tag(kind.key_type)},{type_tag(kind.item_type)}>"
    if types.is_fixed_size_list(kind):
        return f"list[{kind.list_size}]<{type_tag(kind.value_type)}>"
    if _is_list(kind):
        return f"list<{type_tag(kind.value_type)}>"
    if types.is_struct(kind):
        return "struct<" + ",".join(f"{f.name}:{type_tag(f.type)}" for f in kind) + ">"
    if isinstance(kind, pa.BaseExtensionType):
        return f"extension<{kind.extension_name},{type_tag(kind.storage_type)}>"
    return str(kind)


def fields(values: pa.Array) -> list[Buffer]:
    """The canonical bytes of an array: what is missing, lengths, content."""
    kind = values.type
    types = pa.types
    if isinstance(kind, pa.BaseExtensionType):
        return fields(values.storage)
    if types.is_dictionary(kind):
        return fields(values.dictionary_decode())
    if types.is_run_end_encoded(kind):
        return fields(pc.run_end_decode(values))
    if types.is_null(kind):
        return []
    if _is_text(kind) or _is_binary(kind):
        return list(text_fields(values))
    if types.is_map(kind) or _is_list(kind) or types.is_fixed_size_list(kind):
        return _lists(values)
    if types.is_struct(kind):
        children = (b"".join(map(_framed, fields(child))) for child in values.flatten())
        return [_mask(values), *children]
    if types.is_union(kind):
        raise CannotDigest("arrow column", f"its type is {kind}")
    return [_mask(values), _primitive(values)]


def text_fields(values: pa.Array) -> tuple[Buffer, Buffer]:
    """The lengths and the characters of an array of text or bytes; -1 where it is null."""
    values = _large_binary(values)
    lengths = _numpy(pc.fill_null(pc.binary_length(values), -1)).astype("<i8")
    present = values.drop_null() if values.null_count else values
    return lengths.tobytes(), _content(present)


def _content(values: pa.Array) -> Buffer:
    """The characters of the strings; `values` has no nulls and 64-bit offsets."""
    if not len(values):
        return b""
    _, offsets, content = values.buffers()
    bounds = np.frombuffer(offsets, dtype=np.int64)[values.offset : values.offset + len(values) + 1]
    if content is None:
        return b""
    return memoryview(content)[bounds[0] : bounds[-1]]


def _large_binary(values: pa.Array) -> pa.Array:
    if pa.types.is_large_string(values.type) or pa.types.is_large_binary(values.type):
        return values
    return values.cast(pa.large_string() if _is_text(values.type) else pa.large_binary())


def _lists(values: pa.Array) -> list[Buffer]:
    lengths = _numpy(pc.fill_null(pc.list_value_length(values), -1)).astype("<i8")
    if pa.types.is_map(values.type):
        values = values.cast(pa.list_(_entries(values.type)))
    return [lengths.tobytes(), *fields(values.flatten())]


def _entries(kind: pa.MapType) -> pa.StructType:
    return pa.struct([("key", kind.key_type), ("value", kind.item_type)])


def _primitive(values: pa.Array) -> Buffer:
    """The bytes of fixed-width values, zero where they are null."""
    if pa.types.is_boolean(values.type):
        values = values.cast(pa.uint8())
    width = values.type.byte_width
    buffer = values.buffers()[1]
    if buffer is None or not len(values):
        return b""
    raw = np.frombuffer(buffer, dtype=np.uint8)
    raw = raw[values.offset * width : (values.offset + len(values)) * width]
    if values.null_count:
        raw = raw.copy()
        raw.reshape(len(values), width)[_numpy(values.is_null())] = 0
    return raw.data


def _mask(values: pa.Array) -> bytes:
    return _numpy(values.is_null()).tobytes() if values.null_count else b""


def _numpy(values: pa.Array) -> Any:
    return values.to_numpy(zero_copy_only=False)


def _flat(values: pa.Array | pa.ChunkedArray) -> pa.Array:
    if not isinstance(values, pa.ChunkedArray):
        return values
    if values.num_chunks == 1:
        return values.chunk(0)
    flat = values.combine_chunks()
    return flat if isinstance(flat, pa.Array) else pa.concat_arrays(flat.chunks)


def _framed(field: Buffer) -> bytes:
    return len(field).to_bytes(8, "little") + bytes(field)


def _is_text(kind: pa.DataType) -> bool:
    types = pa.types
    return bool(types.is_string(kind) or types.is_large_string(kind) or _named(kind, "string_view"))


def _is_binary(kind: pa.DataType) -> bool:
    types = pa.types
    return bool(types.is_binary(kind) or types.is_large_binary(kind) or _named(kind, "binary_view"))


def _is_list(kind: pa.DataType) -> bool:
    types = pa.types
    return bool(types.is_list(kind) or types.is_large_list(kind) or "list_view" in str(kind)[:15])


def _named(kind: pa.DataType, name: str) -> bool:
    # the predicates for views are newer than pyarrow 15
    return str(kind) == name
