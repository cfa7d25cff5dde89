"""The content of other libraries' data: sparse matrices, tensors, polars, Arrow, training sets.

Training sets are read by their libraries' own functions and instance attributes; one of a user's
own class yields its items by code that is not run.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from aseptic.capture import arrays
from aseptic.capture.digests import node, number
from aseptic.capture.kinds import data_kind, is_data, type_name
from aseptic.errors import CannotDigest

if TYPE_CHECKING:
    from aseptic.capture.plain import PlainDigest

_MAX_COPY = 100_000_000  # bytes that XGBoost may copy to show what a matrix holds


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


def bunch_node(bunch: Any, plain: PlainDigest) -> bytes:
    """The digest of the data in a scikit-learn Bunch: its description and paths are left out."""
    members = {
        name: value
        for name, value in dict.items(bunch)
        if is_data(value) and not isinstance(value, str)
    }
    return node("bunch", plain.value(members))


def torch_dataset_node(dataset: Any, plain: PlainDigest) -> bytes:
    """The digest of a torch dataset that torch itself wrote, from the tensors it holds."""
    held, kind = _attributes(dataset), _torch_name(dataset)
    if kind == "TensorDataset":
        return node("tensor dataset", plain.value(held["tensors"]))
    if kind == "Subset":
        return _subset_node(held["dataset"], held["indices"], plain)
    if kind == "ConcatDataset":
        return node("concatenated datasets", plain.value(held["datasets"]))
    raise _own_code(dataset)


def torch_loader_node(loader: Any, plain: PlainDigest) -> bytes:
    """The digest of the dataset that a torch DataLoader loads, or of the part that it draws."""
    held = _attributes(loader)
    batches = held.get("batch_sampler")
    if batches is not None and _torch_name(batches) != "BatchSampler":
        raise _own_code(batches)
    sampler = held["sampler"] if batches is None else _attributes(batches)["sampler"]
    dataset = plain.value(held["dataset"])
    if _torch_name(sampler) in {"SequentialSampler", "RandomSampler"}:
        return dataset
    if _torch_name(sampler) == "SubsetRandomSampler":
        return _subset_node(held["dataset"], _attributes(sampler)["indices"], plain)
    raise _own_code(sampler)


def _subset_node(dataset: object, indices: Any, plain: PlainDigest) -> bytes:
    places = np.asarray(indices)
    if places.dtype.kind not in "iu":
        raise CannotDigest("torch dataset", f"its indices are of type {places.dtype}")
    chosen = arrays.elements(places.astype(np.int64), plain.values)
    return node("subset", plain.value(dataset), chosen)


def _torch_name(obj: object) -> str | None:
    """The name of the object's class if torch wrote it, and not a user who inherits from it."""
    module, _, name = type_name(obj).rpartition(".")
    return name if module.startswith("torch.utils.data.") else None


def hugging_face_node(dataset: object, _: PlainDigest) -> bytes:
    """Raises: what the library calls a fingerprint is of how a dataset was made."""
    if not type_name(dataset).startswith(("datasets.arrow_dataset.", "datasets.iterable_dataset.")):
        raise _own_code(dataset)  # of a module of the user's that is called `datasets` as well
    reason = "its fingerprint says how it was made, not what it holds"
    raise CannotDigest("hugging face dataset", reason)


def xgboost_node(matrix: Any, plain: PlainDigest) -> bytes:
    """The digest of an XGBoost matrix: its values, labels, weights and names.

    Zeros are kept, since to XGBoost they are not missing.
    """
    from xgboost import DMatrix

    if type(matrix) is not DMatrix:
        raise CannotDigest("xgboost matrix", "it holds quantiles, not the values as they were")
    rows, columns = matrix_shape(matrix)
    needed = 8 * (DMatrix.num_nonmissing(matrix) + rows)
    if needed > _MAX_COPY:
        raise CannotDigest("xgboost matrix", f"to read it takes a copy of {needed / 1e6:,.0f} MB")
    values = DMatrix.get_data(matrix)
    parts = [values.data, values.indices.astype(np.int64), values.indptr.astype(np.int64)]
    parts += [DMatrix.get_float_info(matrix, name) for name in _XGBOOST_FLOATS]
    parts += [DMatrix.get_uint_info(matrix, "group_ptr")]
    names = plain.value((matrix.feature_names, matrix.feature_types))
    fields = (arrays.array_node(np.asarray(part), plain.values) for part in parts)
    return node("xgboost matrix", number(rows), number(columns), names, *fields)


def matrix_shape(matrix: Any) -> tuple[int, int]:
    """The rows and columns of an XGBoost matrix."""
    from xgboost import DMatrix

    return int(DMatrix.num_row(matrix)), int(DMatrix.num_col(matrix))


_XGBOOST_FLOATS = ("label", "weight", "base_margin", "label_lower_bound", "label_upper_bound")


def lightgbm_node(dataset: Any, plain: PlainDigest) -> bytes:
    """The digest of a LightGBM dataset: its raw data, labels, weights and groups.

    What LightGBM converts when it builds the dataset is converted first, so that
    training does not change the digest.
    """
    held = _attributes(dataset)
    if held.get("used_indices") is not None and held.get("reference") is not None:
        return _subset_node(held["reference"], held["used_indices"], plain)
    if held.get("data") is None:
        reason = "LightGBM freed its raw data (free_raw_data=False keeps it)"
        raise CannotDigest("lightgbm dataset", reason)
    if not is_data(held["data"]) or isinstance(held["data"], str):
        raise CannotDigest("lightgbm dataset", "its data is a file, or is read by code of its own")
    fields = [plain.value(held["data"]), plain.value(_lightgbm_names(held))]
    for name, dtype in _LIGHTGBM_FIELDS.items():
        fields.append(_lightgbm_field(name, held.get(name), dtype, plain))
    return node("lightgbm dataset", *fields)


def _lightgbm_names(held: dict[str, Any]) -> Any:
    """The names that were given; None for those that LightGBM makes up or takes from a table."""
    names, data = held.get("feature_name"), held["data"]
    if not isinstance(names, list):
        return None
    made_up = [f"Column_{place}" for place in range(len(names))]
    of_table = list(map(str, data.columns)) if data_kind(type(data)) == "dataframe" else made_up
    return None if names in (made_up, of_table) else names


def _lightgbm_field(name: str, value: Any, dtype: str, plain: PlainDigest) -> bytes:
    numbers = None if value is None else np.asarray(value).astype(dtype)
    if numbers is None or (name == "weight" and bool((numbers == 1).all())):
        return node("none")  # LightGBM drops weights that are all 1
    return arrays.array_node(numbers.ravel(order="F"), plain.values)


#: The types that LightGBM keeps these in.
_LIGHTGBM_FIELDS = {
    "label": "<f4",
    "weight": "<f4",
    "group": "<i4",
    "init_score": "<f8",
    "position": "<i4",
}


def _attributes(obj: object) -> dict[str, Any]:
    """The attributes of the instance itself, read past its class."""
    found: dict[str, Any] = object.__getattribute__(obj, "__dict__")
    return found


def _own_code(obj: object) -> CannotDigest:
    return CannotDigest("dataset", f"what a {type_name(obj)} yields is up to code of its own")
