"""Sees the data that estimators are fitted on and judged by, while a tracked cell runs.

scikit-learn asks for an estimator's tags whenever it validates data (`validate_data`) or looks
whether an estimator is fitted (`check_is_fitted`). That question is watched (`patches.py`), as it
cannot fail for an estimator of scikit-learn: so no traceback has a frame of ours. The frames above
it tell which method the user called, on what: the outermost one of a library counts, so the steps
of a pipeline and the folds of a cross-validation are parts of one use. What a transformer returns
is seen where scikit-learn wraps it.

Nothing is imported, and no object of the user's is kept: hashes of rows, and weak references to
estimators. Not seen: calls in other threads and processes (of `cross_val_score(n_jobs=2)` the data
as a whole are seen), estimators that never call scikit-learn, and scikit-learn before 1.6.
"""

from __future__ import annotations

import sys
import threading
import time
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from aseptic.capture.kinds import data_kind
from aseptic.capture.lineage import (
    CROSS_VALIDATIONS,
    FITS,
    JUDGINGS,
    TRANSFORMS,
    DataUse,
    Lineage,
    RowsSeen,
)
from aseptic.capture.patches import Patches, Place

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from aseptic.capture.patches import Observer

#: Calls that count. What is called within the others, such as a plot of effects, is no judging.
_IGNORED = frozenset({"partial_dependence"})
_METHODS = CROSS_VALIDATIONS | FITS | JUDGINGS | TRANSFORMS | _IGNORED
_LIBRARIES = frozenset({"imblearn", "lightgbm", "sklearn", "xgboost"})
_SHELL = "IPython.core.interactiveshell"
_MARK = "<aseptic use>"  # among the locals of the library's frame: no source can spell it
_MAX_CELLS = 2_000_000  # of which all rows are hashed; of larger data a sample
_SAMPLE_CELLS = 400_000
_MIN_SAMPLE = 1_000
_MAX_USES = 500  # of one cell
_LEAST_S = 0.2  # what looking may take in any cell
_SHARE = 0.05  # and of the cell's time


class FitWatch:
    """Sees the uses of data between `start` and `stop`, and adds them to a lineage."""

    def __init__(self, lineage: Lineage) -> None:
        self.lineage = lineage
        self._thread = 0
        self._started = 0.0
        self._spent = 0.0
        self._count = 0
        self._open: dict[int, DataUse] = {}
        self._last: DataUse | None = None
        self._busy = False
        self.missed: str | None = None  # why not everything was looked at

    def start(self) -> None:
        """Begin to see. `stop` must follow."""
        self._thread = threading.get_ident()
        self._started = time.perf_counter()
        self.lineage.begin_cell()
        _PATCHES.add(self)

    def stop(self) -> None:
        """See no more; everything is as it was."""
        _PATCHES.remove(self)
        self._open.clear()
        self._last = None

    # -- what the watched functions tell --------------------------------------------------------
    def asked(self) -> None:
        """An estimator is about to use data, or a fold of it."""
        if self._is_elsewhere():
            return
        self._busy = True
        try:
            self._use_of(_library_frame())
        finally:
            self._busy = False

    def transformed(self, result: object, estimator: object) -> None:
        """A transformer is about to return a result.

        The method itself has returned to what wraps it: then it was the last use of data.
        """
        if self._is_elsewhere():
            return
        self._busy = True
        try:
            frame = _library_frame()
            use = self._use_of(frame) if frame is not None else self._last
            is_own = use is not None and self.lineage.token_of(estimator) == use.token
            if use is not None and use.method in TRANSFORMS and (is_own or use.has_steps):
                use.output = self._output(use, result)
        finally:
            self._busy = False

    def _is_elsewhere(self) -> bool:
        """Whether another thread asks, or our own looking at data does."""
        return self._busy or threading.get_ident() != self._thread

    # -- within ---------------------------------------------------------------------------------
    def _use_of(self, frame: FrameType | None) -> DataUse | None:
        if frame is None or frame.f_code.co_name in _IGNORED:
            return None
        values = frame.f_locals
        known = values.get(_MARK)
        if known is None:
            values[_MARK] = known = self._begin(frame.f_code.co_name, values)
        return self._open.get(known)

    def _begin(self, method: str, values: Any) -> int:
        """Notes a use; its number marks the frame, which may ask many times."""
        serial = self.lineage.next_serial()
        self._count += 1
        if self._count > _MAX_USES:
            self.missed = f"only the first {_MAX_USES} uses of data in a cell are looked at"
            return serial
        estimator = values.get("self", values.get("estimator"))
        features = values.get("X")
        if estimator is None or features is None:
            return serial
        kind = type(estimator)
        use = DataUse(
            serial=serial,
            method=method,
            estimator=kind.__name__,
            token=self.lineage.token_of(estimator),
            features=self._rows(features),
            target=self._target(values.get("y")),
            can_predict=_has(_last_kind(estimator), "predict"),
            can_transform=_has(_last_kind(estimator), "transform"),
            has_steps=_is_pipeline(kind),
        )
        if use.judges or use.trains or use.method in TRANSFORMS:
            self._add_parts(use, features)
        self._add_evaluated(use, values.get("eval_set"))
        self._open[serial] = self._last = use
        self.lineage.add(use)
        return serial

    def _target(self, target: object) -> RowsSeen | None:
        return None if target is None else self._rows(target)

    def _add_parts(self, use: DataUse, features: Any) -> None:
        """Hashes of the columns that a transformer had made, beside others that it had not."""
        have = use.features.columns
        if have is None or len(set(have)) < len(have):
            return
        for columns in self.lineage.made_columns():
            if columns != have and set(columns) <= set(have):
                places = [have.index(column) for column in columns]
                use.parts[columns] = self._rows(features.iloc[:, places])

    def _add_evaluated(self, use: DataUse, pairs: object) -> None:
        for pair in pairs if isinstance(pairs, (list, tuple)) else ():
            if isinstance(pair, (list, tuple)) and pair:
                use.evaluated.append(self._rows(pair[0]))

    def _output(self, use: DataUse, result: object) -> RowsSeen:
        seen = self._rows(result)
        if seen.columns is None and seen.width == use.features.width:
            seen.columns = use.features.columns
        return seen

    def _rows(self, data: object) -> RowsSeen:
        elapsed = time.perf_counter() - self._started
        if self._spent > max(_LEAST_S, _SHARE * elapsed):
            self.missed = f"looking at data took more than {_SHARE:.0%} of the cell's time"
            return RowsSeen(_length(data), reason=self.missed)
        started = time.perf_counter()
        try:
            return rows_seen(data)
        finally:
            self._spent += time.perf_counter() - started


def rows_seen(data: Any) -> RowsSeen:
    """The rows of a frame, a series or an array: hashes of all, or of a sample that is fixed."""
    kind = table_kind(data)
    if kind is None:
        return RowsSeen(_length(data), reason=f"rows of a {type(data).__name__} are not hashed")
    import numpy as np

    from aseptic.capture.row_hashes import row_hashes

    rows = len(data)
    width = data.shape[1] if data.ndim == 2 else 1
    columns = tuple(map(str, data.columns)) if kind == "dataframe" else None
    seen = RowsSeen(rows, columns, width)
    if rows * width > _MAX_CELLS:
        count = max(_MIN_SAMPLE, _SAMPLE_CELLS // max(1, width))
        drawn = np.unique(np.random.default_rng(0).integers(0, rows, count))
        data = data[drawn] if kind == "array" else data.iloc[drawn]
    if not is_plain(data):
        seen.reason = "it holds objects"
        return seen
    with np.errstate(all="ignore"):
        seen.hashes = row_hashes(_as_array(data) if kind == "dataframe" else data)
    return seen


def _as_array(frame: Any) -> Any:
    """A frame of one type of numbers as an array: its rows are hashed faster, and alike."""
    import numpy as np

    kinds = set(frame.dtypes)
    kind = next(iter(kinds)) if len(kinds) == 1 else None
    return frame.to_numpy() if isinstance(kind, np.dtype) and kind.kind in "iufb" else frame


def table_kind(data: Any) -> str | None:
    """`dataframe`, `series` or `array`: of numpy and pandas themselves, of one or two dimensions.

    A user's own class of tables may do anything when it is asked for its rows.
    """
    kind = data_kind(type(data)) if _package(type(data)) in ("numpy", "pandas") else None
    is_table = kind in ("dataframe", "array", "series") and data.ndim in (1, 2)
    return kind if is_table else None


def is_plain(data: Any) -> bool:
    """Whether hashing calls no method that a user has written."""
    if data.ndim == 1:
        return _holds_plain_values(data)
    if hasattr(data, "iloc"):
        return bool(len(plain_columns(data)) == data.shape[1])
    return bool(data.dtype.kind != "O") or all(map(_holds_plain_values, data.T))


def plain_columns(frame: Any) -> list[int]:
    """The places of the columns of a frame whose values are no objects of the user's."""
    return [
        at
        for at, dtype in enumerate(frame.dtypes)
        if dtype.kind in "biufmM" or _holds_plain_values(frame.iloc[:, at])
    ]


def _holds_plain_values(column: Any) -> bool:
    dtype = column.dtype
    if type(dtype).__name__ == "CategoricalDtype":
        dtype, column = dtype.categories.dtype, dtype.categories
    if dtype.kind in "biufmMUS" or type(dtype).__name__ in ("StringDtype", "ArrowDtype"):
        return True
    is_object: bool = dtype.kind == "O"
    return is_object and set(map(type, column)) <= _plain_types()


def _plain_types() -> set[type]:
    """Types of single values whose hash, equality and text are Python's or a library's."""
    import numpy as np
    import pandas as pd

    of_libraries = {
        np.float64,
        np.int64,
        np.bool_,
        np.str_,
        pd.Timestamp,
        type(pd.NA),
        type(pd.NaT),
    }
    return {bool, date, datetime, float, int, str, type(None), *of_libraries}


def _length(data: Any) -> int:
    try:
        return len(data) if type(data) in (list, tuple) else int(data.shape[0])
    except Exception:  # noqa: BLE001 -- whatever an object of the user's answers
        return 0


def _package(kind: type) -> str:
    """Where a class is from."""
    module = type.__dict__["__module__"].__get__(kind)
    return module.partition(".")[0] if type(module) is str else ""


def _has(kind: type, method: str) -> bool:
    return any(method in vars(base) for base in kind.__mro__)


def _is_pipeline(kind: type) -> bool:
    return kind.__name__ == "Pipeline" and _package(kind) in _LIBRARIES


def _last_kind(estimator: object) -> type:
    """The class that decides what an estimator can do: of a pipeline that of its last step."""
    kind = type(estimator)
    if not _is_pipeline(kind):
        return kind
    steps = vars(estimator).get("steps")
    if type(steps) is not list or not steps or type(steps[-1]) is not tuple:
        return kind
    return _last_kind(steps[-1][-1])


def _library_frame() -> FrameType | None:
    """The outermost frame of a library within the cell in which an estimator uses data."""
    frame: FrameType | None = sys._getframe(2)  # noqa: SLF001 -- the caller tells what is asked
    found = None
    while frame is not None:
        module = frame.f_globals.get("__name__")
        if module == _SHELL:
            break
        if frame.f_code.co_name in _METHODS and isinstance(module, str):
            found = frame if module.partition(".")[0] in _LIBRARIES else found
        frame = frame.f_back
    return found


# -- what is watched ------------------------------------------------------------------------------
def _asking(watch: FitWatch) -> Observer:
    def observe(*_: object) -> None:
        watch.asked()

    return observe


def _wrapping(watch: FitWatch) -> Observer:
    def observe(args: tuple[Any, ...], _: dict[str, Any], result: object) -> None:
        watch.transformed(result, args[3])

    return observe


_FUNCTIONS = (
    ("sklearn.utils.validation", "get_tags", _asking),
    ("sklearn.model_selection._validation", "is_classifier", _asking),
    ("sklearn.model_selection._search", "is_classifier", _asking),
    ("sklearn.utils._set_output", "_wrap_data_with_container", _wrapping),
    ("xgboost.sklearn", "_wrap_evaluation_matrices", _asking),
)


def _places() -> Iterator[Place]:
    for module, name, observe in _FUNCTIONS:
        owner = sys.modules.get(module)
        if owner is not None and name in vars(owner):
            yield Place(owner, name, observe)
    model = vars(sys.modules.get("xgboost.sklearn", sys)).get("XGBModel")
    if model is not None:
        yield Place(model, "_can_use_inplace_predict", _asking)


_PATCHES = Patches(_places)


def refresh() -> None:
    """Watch what has been imported since; cheap when nothing was."""
    _PATCHES.refresh()
