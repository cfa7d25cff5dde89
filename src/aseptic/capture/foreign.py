"""The content of sparse matrices, tensors and polars tables, read through NumPy or Arrow."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from aseptic.capture import arrays
from aseptic.capture.digests import node, number
from aseptic.errors import CannotDigest

if TYPE_CHECKING:
    from aseptic.capture.plain import PlainDigest


def sparse_node(matrix: Any, plain: PlainDigest) -> bytes:
    """The digest of a sparse matrix: its non-zero elements in order, whatever its format.

    Duplicates are summed and zeros left out on a copy.
    """
    shape = b"".join(map(number, matrix.shape))
    entries = matrix.tocoo(copy=True)
    entries.sum_duplicates()
    entries.eliminate_zeros()
    values = np.asarray(entries.data)
    places = entries.coords if hasattr(entries, "coords") else (entries.row, entries.col)
    coordinates = [np.asarray(axis, dtype=np.int64) for axis in places]
    order = np.lexsort(coordinates[::-1])
    digests = [arrays.elements(axis[order], plain.values) for axis in coordinates]
    tag = arrays.type_tag(values.dtype).encode()
    return node("sparse", tag, shape, *digests, arrays.elements(values[order], plain.values))


def tensor_node(tensor: Any, plain: PlainDigest) -> bytes:
    """The digest of a torch tensor: element type, shape and elements, whatever its device."""
    import torch

    if tensor.layout is not torch.strided:
        raise CannotDigest("tensor", f"its layout is {tensor.layout}")
    if tensor.is_quantized or tensor.device.type == "meta":
        raise CannotDigest("tensor", "it is quantized, or holds no data")
    with torch.no_grad(), torch._C.DisableTorchFunctionSubclass():  # noqa: SLF001 - no public name
        values = tensor.detach().resolve_conj().resolve_neg().cpu()
        name = str(values.dtype).removeprefix("torch.")
        array = _tensor_array(values, name)
    shape = b"".join(map(number, array.shape))
    return node("tensor", name.encode(), shape, arrays.elements(array, plain.values))


def _tensor_array(values: Any, name: str) -> Any:
    import torch

    if name == "bfloat16":  # NumPy has no such type
        return values.view(torch.int16).numpy()
    if name.startswith("float8"):
        return values.view(torch.uint8).numpy()
    return values.numpy()


def polars_frame_node(frame: Any, _: PlainDigest) -> bytes:
    """The digest of a polars table: column names and order, types and values."""
    fields = [
        field
        for column in frame.get_columns()
        for field in (str(column.name).encode(), *_polars_column(column))
    ]
    shape = b"".join(map(number, frame.shape))
    return node("polars dataframe", shape, *fields)


def polars_series_node(series: Any, _: PlainDigest) -> bytes:
    """The digest of a polars column with its name."""
    size = number(len(series))
    return node("polars series", size, str(series.name).encode(), *_polars_column(series))


def _polars_column(series: Any) -> tuple[bytes, bytes]:
    if find_spec("pyarrow") is None:
        raise CannotDigest("polars column", "pyarrow, which reads it, is not installed")
    from aseptic.capture import arrow

    kind = type(series.dtype).__name__
    if kind == "Object" or str(series.dtype) == "Object":
        raise CannotDigest("polars column", f"column {series.name!r} holds Python objects")
    values = series.to_arrow()
    categories = "".join(f" {label!r}" for label in _enum_labels(series.dtype))
    return f"{arrow.type_tag(values.type)}{categories}".encode(), arrow.column(values)


def _enum_labels(dtype: Any) -> list[str]:
    labels = getattr(dtype, "categories", None) if type(dtype).__name__ == "Enum" else None
    return [] if labels is None else list(labels)


def arrow_table_node(table: Any, _: PlainDigest) -> bytes:
    """The digest of an Arrow table or record batch: names and order, types and values."""
    from aseptic.capture import arrow

    fields: list[bytes] = []
    for name, column in zip(table.schema.names, table.columns, strict=True):
        fields += name.encode(), arrow.type_tag(column.type).encode(), arrow.column(column)
    return node("arrow table", number(table.num_rows), number(table.num_columns), *fields)


def arrow_array_node(values: Any, _: PlainDigest) -> bytes:
    """The digest of an Arrow array, in one chunk or many."""
    from aseptic.capture import arrow

    tag = arrow.type_tag(values.type).encode()
    return node("arrow array", tag, number(len(values)), arrow.column(values))
