"""What a data object's content is in 128 bits, and how a run records it.

`digests.py` says what the bytes are; `kinds.py` says which objects are data. Nothing is written
to an object, and no method that a user may have written is called on it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aseptic.capture import foreign
from aseptic.capture.digests import as_text, node
from aseptic.capture.kinds import UNREAD, data_kind, is_data, kind_of, scalar_kind, type_name
from aseptic.capture.plain import PlainDigest
from aseptic.capture.sketch import shape_of, size_of, sketch
from aseptic.errors import CannotDigest
from aseptic.model import DataInput

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["describe", "digest", "is_data"]


def digest(obj: object) -> str:
    """The digest of an object's content, the same in every process and layout.

    Raises CannotDigest, with the reason, where the content cannot be known.
    """
    plain = PlainDigest(lambda value: _library_node(value, plain))
    try:
        return as_text(plain.value(obj))
    except CannotDigest as error:
        raise CannotDigest(kind_of(obj), error.reason) from None


def describe(name: str, obj: object) -> DataInput:
    """The record of an object that a run read under a name.

    Never raises for the object's sake: what cannot be digested is recorded with the reason.
    """
    found, reason = _digest_or_reason(obj)
    drawn = sketch(obj)
    return DataInput(
        name=name,
        kind=kind_of(obj),
        digest=found,
        reason=reason,
        shape=shape_of(obj),
        size_bytes=size_of(obj),
        columns=drawn.columns,
        sketch_rows=drawn.rows,
    )


def _digest_or_reason(obj: object) -> tuple[str | None, str | None]:
    try:
        return digest(obj), None
    except CannotDigest as error:
        return None, error.reason
    except MemoryError:
        return None, "memory ran out while reading it"
    except Exception as error:  # noqa: BLE001 - whatever a library raises over odd content
        return None, f"{type(error).__name__} while reading it"


def _library_node(obj: object, plain: PlainDigest) -> bytes:
    kind = data_kind(type(obj)) or scalar_kind(type(obj))
    if kind is None:
        raise CannotDigest("object", f"a {type_name(obj)} is not plain data")
    return _NODES[kind](obj, plain)


def _frame(obj: Any, plain: PlainDigest) -> bytes:
    from aseptic.capture import tables

    return tables.frame_node(obj, plain)


def _series(obj: Any, plain: PlainDigest) -> bytes:
    from aseptic.capture import tables

    return tables.series_node(obj, plain)


def _index(obj: Any, plain: PlainDigest) -> bytes:
    from aseptic.capture import tables

    return tables.index_node(obj, plain)


def _pandas_array(obj: Any, plain: PlainDigest) -> bytes:
    from aseptic.capture import tables

    return tables.array_node(obj, plain)


def _array(obj: Any, plain: PlainDigest) -> bytes:
    from aseptic.capture import arrays

    return arrays.array_node(arrays.as_plain_array(obj), plain.values)


def _masked_array(obj: Any, plain: PlainDigest) -> bytes:
    from aseptic.capture import arrays

    return arrays.masked_array_node(obj, plain.values)


def _scalar(obj: Any, plain: PlainDigest) -> bytes:
    import numpy as np

    return node("scalar", _array(np.asarray(obj), plain))


def _moment(obj: Any, plain: PlainDigest) -> bytes:
    return plain.value(("pandas", str(obj), obj.unit, str(getattr(obj, "tz", None))))


def _period(obj: Any, plain: PlainDigest) -> bytes:
    return plain.value(("period", obj.freqstr, obj.ordinal))


def _interval(obj: Any, plain: PlainDigest) -> bytes:
    return plain.value(("interval", obj.closed, obj.left, obj.right))


def _missing(obj: object, _: PlainDigest) -> bytes:
    return node(type(obj).__name__)


def _lazy(_: object, __: PlainDigest) -> bytes:
    raise CannotDigest("lazy dataframe", "it is a query that has not been collected")


def _unread(obj: object, _: PlainDigest) -> bytes:
    raise CannotDigest(kind_of(obj), f"aseptic does not read a {type_name(obj)}")


_NODES: dict[str, Callable[[Any, PlainDigest], bytes]] = {
    "dataframe": _frame,
    "series": _series,
    "index": _index,
    "pandas array": _pandas_array,
    "array": _array,
    "masked array": _masked_array,
    "sparse matrix": foreign.sparse_node,
    "tensor": foreign.tensor_node,
    "polars dataframe": foreign.polars_frame_node,
    "polars series": foreign.polars_series_node,
    "lazy dataframe": _lazy,
    "arrow table": foreign.arrow_table_node,
    "arrow array": foreign.arrow_array_node,
    "bunch": foreign.bunch_node,
    "torch dataset": foreign.torch_dataset_node,
    "torch data loader": foreign.torch_loader_node,
    "xgboost matrix": foreign.xgboost_node,
    "lightgbm dataset": foreign.lightgbm_node,
    **dict.fromkeys(UNREAD.values(), _unread),
    "hugging face dataset": foreign.hugging_face_node,
    "numpy scalar": _scalar,
    "timestamp": _moment,
    "timedelta": _moment,
    "period": _period,
    "interval": _interval,
    "missing": _missing,
}
