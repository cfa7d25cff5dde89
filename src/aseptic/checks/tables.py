"""Data as checks see it: rows of features, the target beside them, and samples of both.

Nothing here writes to the user's data or keeps a copy of the whole of it: checks look at samples,
and at one hash for each row.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from aseptic.capture.row_hashes import row_hashes
from aseptic.checks.check import NotApplicable

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Sequence

    from numpy.typing import NDArray

Role = Literal["train", "validation", "test", "reference", "serving", "data"]
#: What a column holds. `category`: texts of which few are distinct; `text`: many.
Kind = Literal["number", "boolean", "time", "category", "text", "other"]
Task = Literal["classification", "regression"]

_MAX_CELLS = 20_000_000  # of a sample: the wider the table, the fewer rows
_MANY_ROWS = 50_000  # of a sample, from which on what is made of its columns is not kept
_BLOCK_CELLS = 1_000_000
_MAX_CLASSES = 50


class Table:
    """Features of one role by column, and the target where it is known.

    `features` is a DataFrame, an array or tensor of two dimensions, a polars or Arrow table, or a
    sparse matrix; `target` a column's name in it, or values beside it, one a row.
    Raises NotApplicable for what has no rows and columns.
    """

    is_hashed = False  # whether only hashes of its rows are known, and no values

    def __init__(self, name: str, role: Role, features: Any, target: Any = None) -> None:
        self.name = name
        self.role = role
        self._data = _as_rows(features)
        self._target, self.target_name = _split_target(self._data, target)
        if self._target is not None and len(self._target) != len(self):
            reason = f"{len(self._target):,} targets for {len(self):,} rows of {name}"
            raise NotApplicable(reason)
        self._samples: dict[int | None, Sample] = {}
        self._hashes: dict[tuple[str, ...], NDArray[np.uint64]] = {}

    def __len__(self) -> int:
        return int(self._data.shape[0])

    @property
    def is_named(self) -> bool:
        """Whether its columns have names of their own: those of an array are only counted."""
        return isinstance(self._data, pd.DataFrame) and any(
            isinstance(label, str) for label in self._labels
        )

    @property
    def source(self) -> Any:
        """The data as they are: a DataFrame, an array or a sparse matrix, the target included."""
        return self._data

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The names of the features, each once."""
        return _unique(self._labels)

    @cached_property
    def _labels(self) -> list[Hashable]:
        if isinstance(self._data, pd.DataFrame):
            return [label for place, label in enumerate(self._data.columns) if self._is_kept(place)]
        return list(range(self._data.shape[1]))

    def _is_kept(self, place: int) -> bool:
        return not (isinstance(self._target, _Column) and self._target.place == place)

    @cached_property
    def target(self) -> Any:
        """All targets as a Series, one a row, or None where it is not known what is predicted."""
        if self._target is None:
            return None
        if isinstance(self._target, _Column):
            return self._data.iloc[:, self._target.place].reset_index(drop=True)
        return self._target

    def sample(self, rows: int | None = None) -> Sample:
        """At most so many rows, drawn without repetition, always the same; all if None.

        All rows are not copied: but of a sparse matrix there are only as many as fit in memory.
        """
        count = len(self) if rows is None else min(rows, len(self))
        if rows is not None or hasattr(self._data, "toarray"):
            count = min(count, max(200, _MAX_CELLS // max(1, len(self.columns))))
        if count not in self._samples:
            self._samples[count] = self._draw(count)
        return self._samples[count]

    def release(self) -> None:
        """Forgets its samples, which hold the table in turn: then nobody keeps the data alive."""
        self._samples.clear()

    def head(self, rows: int) -> Sample:
        """The first rows, as they follow one another."""
        count = min(rows, len(self))
        return (
            self.sample() if count == len(self) else self._taken(np.arange(count), slice(0, count))
        )

    @cached_property
    def row_hashes(self) -> NDArray[np.uint64]:
        """One hash for each row of all features."""
        if hasattr(self._data, "toarray"):
            return self._hashes_of_sparse()
        return row_hashes(self._features(slice(None)))

    def _hashes_of_sparse(self) -> NDArray[np.uint64]:
        step = max(1, _MAX_CELLS // max(1, len(self.columns)))
        parts = [self._data[at : at + step] for at in range(0, len(self), step)]
        hashes = [row_hashes(part.toarray()) for part in parts]
        return np.concatenate(hashes or [np.zeros(0, dtype=np.uint64)])

    def column(self, name: str) -> Any:
        """A feature with all its rows, as a Series: for what a sample cannot tell."""
        if not isinstance(self._data, pd.DataFrame):
            values = self._data[:, [self.columns.index(name)]]
            values = values.toarray() if hasattr(values, "toarray") else values
            return pd.Series(values[:, 0], copy=False)
        places = [place for place in range(self._data.shape[1]) if self._is_kept(place)]
        return self._data.iloc[:, places[self.columns.index(name)]].reset_index(drop=True)

    def hashes_of(self, columns: Sequence[str]) -> NDArray[np.uint64]:
        """One hash for each row of some features."""
        key = tuple(columns)
        if key not in self._hashes:
            frame = pd.concat([self.column(name) for name in columns], axis=1)
            self._hashes[key] = row_hashes(frame)
        return self._hashes[key]

    def hashes_at(self, positions: NDArray[np.int64]) -> NDArray[np.uint64]:
        """The hashes of some rows, of all features."""
        return row_hashes(self._features(positions))

    def _draw(self, count: int) -> Sample:
        if count == len(self):
            return self._taken(None, slice(None))
        drawn = np.random.default_rng(0).choice(len(self), count, replace=False)
        return self._taken(np.sort(drawn), np.sort(drawn))

    def _taken(self, positions: NDArray[np.int64] | None, taken: Any) -> Sample:
        frame: Any = self._features(taken)
        if not isinstance(frame, pd.DataFrame):
            values = frame.toarray() if hasattr(frame, "toarray") else frame
            frame = pd.DataFrame(values, copy=False)
        labels = pd.Index(
            self.columns, dtype=object
        )  # of texts of Arrow, reading each takes longer
        frame = frame.set_axis(labels, axis=1).reset_index(drop=True)
        target = None if self.target is None else self.target.iloc[taken].reset_index(drop=True)
        return Sample(self, frame, target, positions)

    def _features(self, rows: Any) -> Any:
        if not isinstance(self._data, pd.DataFrame):
            return self._data[rows]
        taken = self._data.iloc[rows]
        if isinstance(self._target, _Column):  # slices of columns are not copied, lists would be
            sides = taken.iloc[:, : self._target.place], taken.iloc[:, self._target.place + 1 :]
            taken = pd.concat([side for side in sides if side.shape[1]] or sides[:1], axis=1)
        return taken


@dataclass(frozen=True)
class _Column:
    """The place of the target among the columns of its table."""

    place: int
    rows: int

    def __len__(self) -> int:
        return self.rows


class Sample:
    """Some rows of a table, or all: the features as a DataFrame with unique text labels."""

    def __init__(
        self,
        table: Table,
        features: pd.DataFrame,
        target: pd.Series | None,
        positions: NDArray[np.int64] | None,
    ) -> None:
        self.table = table
        self.features = features
        self.target = target
        self._positions = positions
        self._numbers: dict[str, NDArray[np.float64]] = {}
        self._codes: dict[str, NDArray[np.int64]] = {}
        self._remembered: dict[Hashable, Any] = {}
        self._texts: dict[str, pd.Series] = {}

    def __len__(self) -> int:
        return len(self.features)

    @property
    def positions(self) -> NDArray[np.int64]:
        """Of its rows in the table."""
        return np.arange(len(self)) if self._positions is None else self._positions

    def taken(self, rows: NDArray[np.int64]) -> Sample:
        """Some of its rows, by their places in it."""
        target = None if self.target is None else self.target.iloc[rows].reset_index(drop=True)
        features = self.features.iloc[rows].reset_index(drop=True)
        return Sample(self.table, features, target, self.positions[rows])

    def remember(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """What several checks compute of these rows, computed once."""
        if key not in self._remembered:
            self._remembered[key] = make()
        return self._remembered[key]

    @property
    def is_whole(self) -> bool:
        """Whether it holds all rows of its table."""
        return len(self) == len(self.table)

    @property
    def said(self) -> str:
        """Such as `20,000 of 1,000,000 rows`."""
        if self.is_whole:
            return f"{len(self):,} rows"
        return f"{len(self):,} of {len(self.table):,} rows"

    @cached_property
    def kinds(self) -> dict[str, Kind]:
        """What each column holds."""
        return {name: _kind_of(self.features[name]) for name in self.features.columns}

    def of_kind(self, *kinds: Kind) -> list[str]:
        """The columns of these kinds."""
        return [name for name, kind in self.kinds.items() if kind in kinds]

    def numbers(self, column: str) -> NDArray[np.float64]:
        """A column of numbers, booleans or times (in nanoseconds) as floats; missing is NaN."""
        if self._is_large:
            return _as_floats(self.features[column])
        if column not in self._numbers:
            place = self._places_of_numbers.get(column)
            values = None if place is None else self.number_matrix[1][:, place]
            self._numbers[column] = _as_floats(self.features[column]) if values is None else values
        return self._numbers[column]

    @property
    def _places_of_numbers(self) -> dict[str, int]:
        """The places of columns in the matrix of numbers, once someone has asked for that."""
        return self._place_of if "number_matrix" in vars(self) else {}

    @cached_property
    def _place_of(self) -> dict[str, int]:
        return {name: place for place, name in enumerate(self.number_matrix[0])}

    def codes(self, column: str) -> NDArray[np.int64]:
        """A number for each distinct value of a column, in order of occurrence; missing is -1."""
        if self._is_large:
            return _as_codes(self.features[column])
        if column not in self._codes:
            self._codes[column] = _as_codes(self.features[column])
        return self._codes[column]

    @cached_property
    def _is_large(self) -> bool:
        return len(self) > _MANY_ROWS or self.features.size > _MAX_CELLS

    def number_blocks(self) -> Iterator[tuple[list[str], NDArray[np.float64]]]:
        """The columns of kind `number`, and their values as floats, a column each.

        All at once; of a large sample some columns at a time, so that no copy of the whole is made.
        There is always one block, be it of no columns.
        """
        names = self.of_kind("number")
        if not names or not self._is_large:
            yield self.number_matrix
            return
        step = max(1, _BLOCK_CELLS // len(self))
        for start in range(0, len(names), step):
            some = names[start : start + step]
            values = np.empty((len(self), len(some)), order="F")
            for place, name in enumerate(some):
                values[:, place] = _as_floats(self.features[name])
            yield some, values

    @cached_property
    def number_matrix(self) -> tuple[list[str], NDArray[np.float64]]:
        """The columns of kind `number`, and their values as floats: a copy of all."""
        names = self.of_kind("number")
        frame = self.features if len(names) == self.features.shape[1] else self.features[names]
        if all(getattr(dtype, "kind", "O") in "iuf" for dtype in frame.dtypes):
            return names, frame.to_numpy(dtype=np.float64, na_value=np.nan)
        values = np.empty((len(self), len(names)), order="F")
        for place, name in enumerate(names):
            values[:, place] = self.numbers(name)
        return names, values

    def texts(self, column: str) -> pd.Series:
        """How often each distinct text of a column occurs, by text; empty where it has none."""
        if column not in self._texts:
            values = self.features[column]
            if getattr(values.dtype, "kind", "O") == "O":
                self._texts[column] = count_texts(values)
            else:
                self._texts[column] = pd.Series([], dtype=np.int64)
        return self._texts[column]

    @cached_property
    def encoded(self) -> pd.DataFrame:
        """The columns that a model of trees can use, as floats: numbers, else codes by frequency.

        Texts of many distinct values and objects are left out.
        """
        known = {
            name: self.numbers(name) if kind in ("number", "boolean", "time") else self._ranks(name)
            for name, kind in self.kinds.items()
            if kind in ("number", "boolean", "time", "category")
        }
        frame: pd.DataFrame = pd.DataFrame(known, index=self.features.index, copy=False)
        return frame

    def _ranks(self, column: str) -> NDArray[np.float64]:
        """Codes in the order of the values, so that they do not hang on the order of the rows."""
        values = self.features[column]
        texts = values.astype("string").fillna("").to_numpy(dtype=object)
        return np.unique(texts, return_inverse=True)[1].astype(np.float64)


def count_texts(values: pd.Series) -> pd.Series:
    """How often each distinct text occurs; values that are no text are left out."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        codes, labels = pd.factorize(values)
        counts = np.bincount(codes[codes >= 0], minlength=len(labels))
        by_label: pd.Series = pd.Series(counts, index=pd.Index(list(labels), dtype=object))
        return by_label.loc[[isinstance(label, str) for label in labels]]
    known = values.to_numpy(dtype=object)
    texts = [value for value in known if isinstance(value, str)]
    return pd.Series(texts, dtype=object).value_counts(sort=False)


def task_of(target: pd.Series | None) -> Task | None:
    """Whether a target is a class or a quantity; None where there is no target.

    Texts, booleans and categories are classes; so are whole numbers of which few are distinct.
    """
    if target is None:
        return None
    known = target.dropna()
    kind = _kind_of(known)
    if kind != "number":
        return "classification" if kind in ("category", "boolean", "text") else None
    numbers = _as_floats(known)
    if not len(numbers):
        return None
    distinct = len(np.unique(numbers))
    are_whole = bool(np.all(numbers == np.round(numbers)))
    is_coarse = distinct <= min(_MAX_CLASSES, max(2, len(numbers) // 5))
    return "classification" if are_whole and is_coarse else "regression"


# -- from what users have to rows and columns -----------------------------------------------------
def _as_rows(features: Any) -> Any:
    """A DataFrame, a NumPy array of two dimensions, or a sparse matrix in rows."""
    if isinstance(features, pd.DataFrame):
        return features
    if isinstance(features, pd.Series):
        return features.to_frame()
    if hasattr(features, "tocsr"):
        return features.tocsr()
    if hasattr(features, "to_pandas"):  # polars, Arrow
        return features.to_pandas()
    values = features
    if hasattr(features, "detach"):
        values = features.detach().cpu().numpy()
    values = np.asarray(values)
    if values.ndim == 1 and values.dtype.kind != "O":
        values = values[:, None]
    if values.ndim != 2:
        raise NotApplicable(f"a {type(features).__name__} of shape {values.shape} is no table")
    return values


def _split_target(data: Any, target: Any) -> tuple[Any, str | None]:
    if target is None:
        return None, None
    if isinstance(target, str) or (isinstance(target, (int, tuple)) and np.isscalar(target)):
        if not isinstance(data, pd.DataFrame) or target not in data.columns:
            raise NotApplicable(f"there is no column {target!r}")
        labels: list[Any] = list(data.columns)
        place = labels.index(target)
        return _Column(place, len(data)), str(target)
    series = _as_series(target)
    return series, None if series.name is None else str(series.name)


def _as_series(target: Any) -> Any:
    if isinstance(target, pd.DataFrame) and target.shape[1] == 1:
        target = target.iloc[:, 0]
    if isinstance(target, pd.Series):
        return target.reset_index(drop=True)
    if hasattr(target, "detach"):
        target = target.detach().cpu().numpy()
    if hasattr(target, "to_pandas"):
        return target.to_pandas().reset_index(drop=True)
    values = np.asarray(target)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1:
        raise NotApplicable(f"a target of shape {values.shape}: checks judge one target at a time")
    return pd.Series(values, copy=False)


def _unique(labels: list[Hashable]) -> tuple[str, ...]:
    """Labels as texts; what occurs again gets a number: `a`, `a (2)`."""
    counts: dict[str, int] = {}
    names = []
    for label in labels:
        text = str(label)
        counts[text] = counts.get(text, 0) + 1
        names.append(text if counts[text] == 1 else f"{text} ({counts[text]})")
    return tuple(names)


# -- columns --------------------------------------------------------------------------------------
def _kind_of(values: pd.Series) -> Kind:
    dtype = values.dtype
    kind = getattr(dtype, "kind", "O")
    if isinstance(dtype, pd.CategoricalDtype):
        return "category"
    if kind == "b":
        return "boolean"
    if kind in "iuf":
        return "number"
    if kind in "mM":
        return "time"
    return _kind_of_objects(values.dropna())


def _kind_of_objects(known: pd.Series) -> Kind:
    types = {type(value) for value in known.head(1000)}
    if types and types <= {str}:
        distinct = known.nunique()
        return "category" if distinct <= max(20, min(1000, len(known) // 10)) else "text"
    if types and types <= {bool, np.bool_}:
        return "boolean"
    if types and types <= {int, float, np.int64, np.float64}:
        return "number"
    return "other"


def _as_floats(values: pd.Series) -> NDArray[np.float64]:
    kind = getattr(values.dtype, "kind", "O")
    if kind in "mM":
        times = values.to_numpy()
        if times.dtype.kind not in "mM":  # with a time zone, or dates of Arrow
            times = pd.to_datetime(values, utc=True).dt.tz_convert(None).to_numpy()
        as_ns = times.astype(f"{times.dtype.kind}8[ns]")
        return np.where(np.isnat(as_ns), np.nan, as_ns.view(np.int64).astype(np.float64))
    if kind == "O":
        return pd.to_numeric(values, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    if isinstance(values.dtype, np.dtype):  # floats are not copied
        return values.to_numpy(dtype=np.float64)
    return values.to_numpy(dtype=np.float64, na_value=np.nan)


def _as_codes(values: pd.Series) -> NDArray[np.int64]:
    try:
        return pd.factorize(values)[0].astype(np.int64)
    except (TypeError, NotImplementedError):  # values that cannot be hashed; lists of Arrow
        return pd.factorize(values.map(repr))[0].astype(np.int64)
