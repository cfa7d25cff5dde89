"""What estimators saw, row by row: which rows a fit learned from, and which ones judged it.

Nothing of the user's is kept: of data only one hash a row (`row_hashes.py`), of estimators weak
references. Rows are known again however they were split, filtered, shuffled or converted; what a
transformer made of them is followed back to the rows that it was given.
"""

from __future__ import annotations

import itertools
import weakref
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    Hashes = NDArray[np.uint64]

CROSS_VALIDATIONS = frozenset(
    {
        "cross_val_predict",
        "cross_val_score",
        "cross_validate",
        "learning_curve",
        "permutation_test_score",
        "validation_curve",
    }
)
FITS = frozenset({"fit", "fit_predict", "fit_transform", "partial_fit"})
JUDGINGS = frozenset(
    {
        "decision_function",
        "from_estimator",
        "permutation_importance",
        "predict",
        "predict_log_proba",
        "predict_proba",
        "score",
    }
)
TRANSFORMS = frozenset({"fit_transform", "transform"})
#: They learn which values there are, and nothing of how they are spread.
_ENCODERS = frozenset({"OneHotEncoder", "OrdinalEncoder"})
#: What they do to a row hangs on that row alone, or on chance, whatever they were fitted on.
_LEARN_NOTHING = frozenset(
    {
        "AdditiveChi2Sampler",
        "Binarizer",
        "FunctionTransformer",
        "GaussianRandomProjection",
        "MissingIndicator",
        "Normalizer",
        "PolynomialCountSketch",
        "PolynomialFeatures",
        "RBFSampler",
        "SkewedChi2Sampler",
        "SparseRandomProjection",
    }
)
_LEARN_FROM_TARGETS = frozenset(
    {
        "GenericUnivariateSelect",
        "LinearDiscriminantAnalysis",
        "NeighborhoodComponentsAnalysis",
        "RFE",
        "RFECV",
        "SelectFdr",
        "SelectFpr",
        "SelectFromModel",
        "SelectFwe",
        "SelectKBest",
        "SelectPercentile",
        "SequentialFeatureSelector",
        "TargetEncoder",
    }
)
_MAX_HASHES = 8_000_000  # of all uses of a session: 64 MB; the oldest go first


@dataclass
class RowsSeen:
    """The rows of one piece of data: their number, and hashes of all or of a fixed sample."""

    rows: int
    columns: tuple[str, ...] | None = None  # the names, where it had names
    width: int = 0
    hashes: Hashes | None = None
    reason: str | None = None  # why there are no hashes

    @property
    def fraction(self) -> float:
        """How many of the rows have a hash."""
        return 0.0 if self.hashes is None else len(self.hashes) / max(1, self.rows)

    @property
    def is_whole(self) -> bool:
        """Whether each row has a hash."""
        return self.hashes is not None and len(self.hashes) == self.rows

    def equals(self, other: RowsSeen) -> bool:
        """Whether these are the same rows in the same order, by their hashes."""
        import numpy as np

        if self.hashes is None or other.hashes is None or self.rows != other.rows:
            return False
        return bool(np.array_equal(self.hashes, other.hashes))


@dataclass
class DataUse:
    """One call by which an estimator saw data, as the user wrote it, with all that it calls."""

    serial: int
    method: str  # `fit`, `score`, `cross_val_score`, …
    estimator: str  # the class
    token: int  # the same for the same estimator
    features: RowsSeen
    target: RowsSeen | None = None
    output: RowsSeen | None = None  # of `transform`: a row for each row of the features
    #: Hashes of some columns of the features alone: those that a transformer had made before.
    parts: dict[tuple[str, ...], RowsSeen] = field(default_factory=dict)
    evaluated: list[RowsSeen] = field(default_factory=list)  # `eval_set`
    nested: set[str] = field(default_factory=set)  # estimators that the call used within
    can_predict: bool = False
    can_transform: bool = False
    has_steps: bool = False  # a pipeline

    @property
    def fits(self) -> bool:
        """Whether something was learned from the data."""
        return self.method in FITS or self.is_cross_validation

    @property
    def is_cross_validation(self) -> bool:
        """Whether the data were split within: they train and judge."""
        return self.method in CROSS_VALIDATIONS or (
            self.method in FITS and self.estimator.endswith("SearchCV")
        )

    @property
    def judges(self) -> bool:
        """Whether the data judged a model."""
        return self.can_predict and (self.method in JUDGINGS or self.is_cross_validation)

    @property
    def trains(self) -> bool:
        """Whether a model, and not only a transformer, learned from the data."""
        return self.fits and self.can_predict

    @property
    def prepares(self) -> bool:
        """Whether a transformer learned from the data."""
        learns = self.estimator not in _LEARN_NOTHING
        return self.method in FITS and self.can_transform and learns

    @property
    def learns_values_only(self) -> bool:
        """Whether the transformer learns which values there are, and no more."""
        return self.estimator in _ENCODERS

    @property
    def learns_from_target(self) -> bool:
        """Whether the transformer looks at what is to be predicted."""
        names = {self.estimator, *self.nested}
        return self.target is not None and bool(names & _LEARN_FROM_TARGETS)

    @property
    def said(self) -> str:
        """Such as `SVC.fit`, or `cross_val_score of SVC`."""
        if self.method in CROSS_VALIDATIONS or self.method == "permutation_importance":
            return f"{self.method} of {self.estimator}"
        return f"{self.estimator}.{self.method}"


@dataclass(frozen=True)
class Passage:
    """Rows of a use that came out of a transformer, and the rows that it was given for them."""

    through: DataUse
    share: float  # of the use's rows that came out of it
    inputs: Hashes  # of these rows, before


class Lineage:
    """The uses of data in a session, in order."""

    def __init__(self) -> None:
        self.uses: list[DataUse] = []
        self.begun = 0  # the number of the last use before the current cell
        self._serial = itertools.count(1)
        self._tokens: dict[int, tuple[weakref.ref[Any], int]] = {}

    def __bool__(self) -> bool:
        return bool(self.uses)

    def next_serial(self) -> int:
        """A number for the next use."""
        return next(self._serial)

    def token_of(self, estimator: object) -> int:
        """A number that an estimator has as long as it lives."""
        known = self._tokens.get(id(estimator))
        if known is not None and known[0]() is estimator:
            return known[1]
        token = next(self._serial)
        try:
            self._tokens[id(estimator)] = (weakref.ref(estimator), token)
        except TypeError:  # no weak references to this class
            self._tokens.pop(id(estimator), None)
        return token

    def estimator_of(self, use: DataUse) -> Any:
        """The estimator of a use while it lives, else None."""
        for reference, token in self._tokens.values():
            if token == use.token:
                return reference()
        return None

    def add(self, use: DataUse) -> None:
        """Takes a use; forgets the hashes of the oldest ones when they become too many."""
        self.uses.append(use)
        kept = 0
        for one in reversed(self.uses):
            kept += _count(one)
            if kept > _MAX_HASHES and one is not use:
                self.uses.remove(one)

    def begin_cell(self) -> None:
        """What is used from now on is used in a new cell."""
        self.begun = next(self._serial)

    @property
    def current(self) -> list[DataUse]:
        """The uses of the current cell."""
        return [use for use in self.uses if use.serial > self.begun]

    def training_of(self, use: DataUse) -> list[DataUse]:
        """What the estimator of a use had been fitted on until then, since it was last fitted."""
        found: list[DataUse] = []
        for one in self.uses:
            if one.token == use.token and one.fits and one.serial < use.serial:
                found = [*found, one] if one.method == "partial_fit" else [one]
        return found

    def passages(self, use: DataUse) -> Iterator[Passage]:
        """The transformers that the rows of a use came through, the last one first."""
        seen = [use.features, *use.parts.values()]
        yield from self._passages([one for one in seen if one.hashes is not None], use.serial, 8)

    def _passages(self, rows: list[RowsSeen], before: int, depth: int) -> Iterator[Passage]:
        """A row that the last transformer made was made by no earlier one."""
        left = [one.hashes for one in rows if one.hashes is not None]
        for one in reversed(self.uses):
            if depth == 0 or one.serial >= before or one.output is None:
                continue
            for at, hashes in enumerate(left):
                is_known, inputs, is_from = _before(hashes, one)
                if not is_from.any():
                    continue
                left[at] = hashes[~is_from]
                if is_known.any():
                    yield Passage(one, float(is_known.sum()) / len(hashes), inputs)
                    earlier = RowsSeen(len(inputs), hashes=inputs)
                    yield from self._passages([earlier], one.serial, depth - 1)
                break

    def made_columns(self) -> set[tuple[str, ...]]:
        """The names of columns that transformers made, where they are known."""
        outputs = (use.output for use in self.uses if use.output is not None)
        return {out.columns for out in outputs if out.columns is not None}


def _before(hashes: Hashes, transform: DataUse) -> tuple[Any, Hashes, Any]:
    """Of some rows: which came out of a transform, and what they were where that is certain.

    Rows that became alike cannot be told apart, unless they are the whole result in its order.
    Returns a mask of those that are certain, their hashes before, and a mask of all that came.
    """
    import numpy as np

    output, features = transform.output, transform.features
    none = np.zeros(len(hashes), dtype=bool)
    if output is None or output.hashes is None or features.hashes is None:
        return none, hashes[:0], none
    if len(output.hashes) != len(features.hashes) or not len(output.hashes):
        return none, hashes[:0], none
    if np.array_equal(output.hashes, hashes):
        return ~none, features.hashes, ~none
    order = np.lexsort((features.hashes, output.hashes))
    made, given = output.hashes[order], features.hashes[order]
    first = np.minimum(np.searchsorted(made, hashes), len(made) - 1)
    last = np.maximum(np.searchsorted(made, hashes, side="right") - 1, 0)
    is_from = made[first] == hashes
    is_known = is_from & (given[first] == given[last])
    return is_known, given[first[is_known]], is_from


def _count(use: DataUse) -> int:
    seen: Sequence[RowsSeen | None] = (
        use.features,
        use.target,
        use.output,
        *use.parts.values(),
        *use.evaluated,
    )
    return sum(len(one.hashes) for one in seen if one is not None and one.hashes is not None)
