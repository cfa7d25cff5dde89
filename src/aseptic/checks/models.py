"""Small models that checks fit of their own, scores of one scale, and how a user's model is asked.

A user's model is only ever asked for predictions: it is never fitted, changed or copied here.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from aseptic.checks.check import NotApplicable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from aseptic.checks.evidence import Depth, Evidence
    from aseptic.checks.tables import Sample, Table, Task

#: The models that checks fit: the commonest answer, a regularised linear one, and one of trees.
Kind = Literal["dummy", "linear", "trees"]

FOLDS = 3
_FIT_ROWS: dict[Depth, int] = {"automatic": 1_000, "asked": 5_000, "thorough": 10_000}
_FIT_CELLS: dict[Depth, int] = {"automatic": 60_000, "asked": 500_000, "thorough": 5_000_000}
_ASKED_ROWS: dict[Depth, int] = {"automatic": 2_000, "asked": 20_000, "thorough": 200_000}
_MOST_COLUMNS: dict[Depth, int] = {"automatic": 100, "asked": 500, "thorough": 2_000}
_PREDICT_S = 0.05  # what asking a user's model may take after a cell, for each table
_MOST_CLASSES = 50
_MOST_DUMMIES = 20  # categories of a column that a linear model gets a column each for
_FEWEST = 30  # rows to learn from
_LARGEST = 1e30  # trees take 32-bit numbers


# -- rows to learn from ---------------------------------------------------------------------------
@dataclass(frozen=True)
class Problem:
    """Rows of a table as models take them: numbers without gaps, and what is to be predicted.

    The target is the number of a class in `classes`, or the quantity itself.
    """

    sample: Sample
    places: NDArray[np.int64]  # of the rows in the sample
    codes: NDArray[np.float64]  # a column for each feature; categories as numbers: for trees
    target: NDArray[Any]
    task: Task
    classes: pd.Index | None
    encoder: Encoder

    def __len__(self) -> int:
        return len(self.target)

    @property
    def names(self) -> tuple[str, ...]:
        """The features that are used."""
        return self.encoder.names

    @property
    def positions(self) -> NDArray[np.int64]:
        """Of the rows in their table."""
        return self.sample.positions[self.places]

    @property
    def n_classes(self) -> int:
        """How many classes there are; 0 for a quantity."""
        return 0 if self.classes is None else len(self.classes)

    def take(self, rows: Any) -> Problem:
        """The same, of some of the rows."""
        return replace(
            self,
            places=self.places[rows],
            codes=self.codes[rows],
            target=self.target[rows],
        )

    def without(self, columns: NDArray[np.bool_]) -> Problem:
        """The same rows, and what these columns hold shown to no model."""
        return replace(self, codes=self.encoder.hidden(self.codes, columns))

    @property
    def said(self) -> str:
        """Such as `1,000 of 20,000 rows`, with the columns where not all are used."""
        used, rows = len(self.names), len(self.sample.table)
        text = f"{len(self):,} rows" if len(self) == rows else f"{len(self):,} of {rows:,} rows"
        columns = len(self.sample.table.columns)
        return text if used == columns else f"{text}, {used:,} of {columns:,} columns"


class Encoder:
    """Makes numbers of the columns of samples, as those of the first sample were made."""

    def __init__(self, sample: Sample, *, most: int) -> None:
        kinds = sample.kinds
        usable = [name for name, kind in kinds.items() if kind not in ("text", "other")]
        if not usable:
            raise NotApplicable(f"{sample.table.name} has no columns of numbers or categories")
        self.names = tuple(_spread(usable, most))
        self._levels = {
            name: np.unique(_texts(sample.features[name]))
            for name in self.names
            if kinds[name] == "category"
        }
        codes = self._codes(sample)
        with np.errstate(all="ignore"):
            known = np.where(np.isfinite(codes), codes, np.nan)
            is_empty = np.all(np.isnan(known), axis=0)
            known[:, is_empty] = 0.0
            self._fill = np.nanmedian(known, axis=0) if len(known) else np.zeros(codes.shape[1])
        filled = self.filled(codes)
        self._middle = filled.mean(axis=0)
        spread = filled.std(axis=0)
        self._spread = np.where(spread > 1e-12 * (np.abs(self._middle) + 1e-300), spread, 1.0)
        self._dummies = {
            place: len(self._levels[name])
            for place, name in enumerate(self.names)
            if name in self._levels and len(self._levels[name]) <= _MOST_DUMMIES
        }

    def codes(self, sample: Sample) -> NDArray[np.float64]:
        """A column for each feature; gaps get the median, categories their place in the order."""
        return self.filled(self._codes(sample))

    def wide(self, codes: NDArray[np.float64]) -> NDArray[np.float64]:
        """Standardised, and a column for each of a few categories."""
        kept = [place for place in range(codes.shape[1]) if place not in self._dummies]
        wide = np.empty((len(codes), len(kept) + sum(self._dummies.values())))
        scaled = wide[:, : len(kept)]
        scaled[:] = codes[:, kept]
        scaled -= self._middle[kept]
        scaled /= self._spread[kept]
        np.clip(scaled, -1e3, 1e3, out=scaled)
        end = len(kept)
        for place, count in self._dummies.items():
            wide[:, end : end + count] = codes[:, [place]] == np.arange(count)
            end += count
        return wide

    def hidden(self, codes: NDArray[np.float64], columns: NDArray[np.bool_]) -> NDArray[np.float64]:
        """With the same value in all rows of some columns."""
        shown: NDArray[np.float64] = np.where(columns, self._middle, codes)
        return shown

    def filled(self, codes: NDArray[np.float64]) -> NDArray[np.float64]:
        """Without gaps and infinities."""
        filled: NDArray[np.float64] = np.where(np.isfinite(codes), codes, self._fill)
        return np.clip(filled, -_LARGEST, _LARGEST)

    def _codes(self, sample: Sample) -> NDArray[np.float64]:
        missing = [name for name in self.names if name not in sample.kinds]
        if missing:
            raise NotApplicable(f"{sample.table.name} has no column {missing[0]}")
        return np.column_stack([self._column(sample, name) for name in self.names])

    def _column(self, sample: Sample, name: str) -> NDArray[np.float64]:
        levels = self._levels.get(name)
        if levels is None:
            kind = sample.kinds[name]
            if kind in ("number", "boolean", "time"):
                return np.asarray(sample.numbers(name))
            return np.full(len(sample), np.nan)
        texts = _texts(sample.features[name])
        at = np.searchsorted(levels, texts).clip(0, len(levels) - 1)
        found: NDArray[np.float64] = np.where(levels[at] == texts, at, np.nan).astype(np.float64)
        return found


def problem(run: Evidence, table: Table | None = None) -> Problem:
    """The training data, or another table, as models of checks learn from it. Kept on the sample.

    Raises NotApplicable where nothing can be learnt from it.
    """
    table = table or run.main
    columns = min(len(table.columns), _MOST_COLUMNS[run.depth])
    rows = max(200, min(_FIT_ROWS[run.depth], _FIT_CELLS[run.depth] // max(1, columns)))
    sample = table.sample(rows)
    task = target_task(run)

    def make() -> Problem:
        return _problem(sample, run.target(table), task, _MOST_COLUMNS[run.depth])

    made: Problem = sample.remember(("problem", task), make)
    return made


def problem_like(
    run: Evidence, first: Problem, table: Table, *, rows: int | None = None
) -> Problem:
    """Another table in the numbers of the first: rows of classes that it does not know left out."""
    sample = table.sample(rows or _ASKED_ROWS[run.depth])

    def make() -> Problem:
        return _encoded(sample, run.target(table), first.task, first.classes, first.encoder)

    made: Problem = sample.remember(("problem like", id(first.encoder)), make)
    if not len(made):
        raise NotApplicable(f"no row of {table.name} has a target of {first.sample.table.name}")
    return made


def target_task(run: Evidence) -> Task:
    """What is predicted; a model that was fitted knows it better than the target shows."""
    task = run.task  # not applicable where the target is neither
    if run.model is not None:
        kind = getattr(run.model, "_estimator_type", None)
        if kind is None and "sklearn" in type(run.model).__module__:
            base = run.module("sklearn.base")
            kind = "regressor" if base.is_regressor(run.model) else None
        if kind == "regressor" and task_of_numbers(run):
            return "regression"
        if kind == "classifier" or hasattr(run.model, "classes_"):
            return "classification"
    return task


def task_of_numbers(run: Evidence) -> bool:
    """Whether the target is of numbers, whatever it stands for."""
    return bool(getattr(run.target(run.main).dtype, "kind", "O") in "iuf")


def _problem(sample: Sample, whole: pd.Series, task: Task, columns: int) -> Problem:
    encoder = Encoder(sample, most=columns)
    classes = None if task == "regression" else _classes(sample.target)
    made = _encoded(sample, whole, task, classes, encoder)
    if len(made) < _FEWEST:
        raise NotApplicable(f"{len(made):,} rows with a target are too few to learn from")
    if task == "regression" and np.ptp(made.target) == 0:
        raise NotApplicable("the target is the same in all rows")
    if task == "regression" and np.abs(made.target).max() > _LARGEST:
        raise NotApplicable("the target is too large to be squared")
    return made


def _classes(target: pd.Series | None) -> pd.Index:
    import pandas as pd

    assert target is not None
    counts = _labels(target).value_counts(dropna=True)
    kept = counts[counts >= FOLDS]
    if len(kept) < 2:
        raise NotApplicable("fewer than two classes have enough rows")
    if len(kept) > _MOST_CLASSES:
        raise NotApplicable(f"{len(counts):,} classes are too many to learn from a sample")
    try:
        ordered: pd.Index = pd.Index(sorted(kept.index))
    except TypeError:  # labels of several types
        ordered = pd.Index(kept.index)
    return ordered


def _encoded(
    sample: Sample, whole: pd.Series, task: Task, classes: pd.Index | None, encoder: Encoder
) -> Problem:
    import pandas as pd

    taken = whole.iloc[sample.positions].reset_index(drop=True)
    if classes is None:
        target: NDArray[Any] = pd.to_numeric(taken, errors="coerce").to_numpy(
            dtype=np.float64, na_value=np.nan
        )
        places = np.flatnonzero(np.isfinite(target))
    else:
        target = class_codes(classes, taken)
        places = np.flatnonzero(target >= 0)
    codes = encoder.codes(sample)[places]
    return Problem(sample, places, codes, target[places], task, classes, encoder)


def class_codes(classes: pd.Index, labels: Any) -> NDArray[np.int64]:
    """The number of each label's class; -1 for labels that are none."""
    import pandas as pd

    return np.asarray(classes.get_indexer(pd.Index(_labels(pd.Series(labels)))), dtype=np.int64)


def _labels(target: pd.Series) -> pd.Series:
    """Labels that compare: categories as their values, booleans as 0 and 1."""
    import pandas as pd

    if isinstance(target.dtype, pd.CategoricalDtype):
        target = target.astype(target.cat.categories.dtype)
    if getattr(target.dtype, "kind", "O") == "b":
        return target.astype(np.int64)
    if getattr(target.dtype, "kind", "O") in "iuf":
        return target.astype(np.float64)
    return target.astype(object)


def _texts(values: pd.Series) -> NDArray[Any]:
    return values.astype("string").fillna("").to_numpy(dtype=str)


def _spread(names: Sequence[str], most: int) -> list[str]:
    """At most so many, evenly over all."""
    if len(names) <= most:
        return list(names)
    return [names[int(place)] for place in np.linspace(0, len(names) - 1, most)]


# -- models of our own ----------------------------------------------------------------------------
class Fitted:
    """A model that a check has fitted to a problem."""

    def __init__(self, run: Evidence, kind: Kind, train: Problem, *, size: int = 24) -> None:
        self.kind = kind
        self._n_classes = train.n_classes
        self._constant = _constant(train)
        self._model: Any = None
        if kind != "dummy" and (train.task == "regression" or len(np.unique(train.target)) > 1):
            self._model = _estimator(run, kind, train, size)
            self._model.fit(self._input(train), train.target)

    @property
    def said(self) -> str:
        """Such as `a linear model`."""
        names = {"dummy": "a constant", "linear": "a linear model", "trees": "a small forest"}
        return names[self.kind]

    def predict(self, rows: Problem) -> NDArray[Any]:
        """Classes by number, or quantities."""
        if self._model is None:
            return np.full(len(rows), self._constant)
        return np.asarray(self._model.predict(self._input(rows)))

    def chances(self, rows: Problem) -> NDArray[np.float64]:
        """The probability of each class, one row each."""
        found = np.zeros((len(rows), self._n_classes))
        if self._model is None:
            found[:, int(self._constant)] = 1.0
        else:
            found[:, self._model.classes_] = self._model.predict_proba(self._input(rows))
        return found

    def _input(self, rows: Problem) -> NDArray[np.float64]:
        return rows.encoder.wide(rows.codes) if self.kind == "linear" else rows.codes


def _constant(train: Problem) -> float:
    if train.task == "regression":
        return float(train.target.mean())
    return float(np.bincount(train.target).argmax())


def _estimator(run: Evidence, kind: Kind, train: Problem, size: int) -> Any:
    is_class = train.task == "classification"
    if kind == "linear":
        linear = run.module("sklearn.linear_model")
        if is_class:
            return linear.LogisticRegression(C=1.0, max_iter=100)
        return linear.RidgeCV(alphas=np.logspace(-2, 3, 6))
    ensemble = run.module("sklearn.ensemble")
    leaf = 2 if len(train) < 1_000 else 4
    if run.depth == "automatic" or train.n_classes > 5 or len(train) < 500:
        forest = ensemble.ExtraTreesClassifier if is_class else ensemble.ExtraTreesRegressor
        settings = {} if is_class else {"max_features": 0.6}
        return forest(size, min_samples_leaf=leaf, random_state=0, n_jobs=1, **settings)
    boosted = (
        ensemble.HistGradientBoostingClassifier
        if is_class
        else ensemble.HistGradientBoostingRegressor
    )
    return boosted(max_iter=60, learning_rate=0.15, max_leaf_nodes=15, random_state=0)


def fit(run: Evidence, kind: Kind, train: Problem) -> Fitted:
    """A model of the kind, fitted to the whole problem once and kept with its sample."""
    made: Fitted = train.sample.remember(
        ("fitted", kind, id(train.encoder)), lambda: Fitted(run, kind, train)
    )
    return made


def folds(train: Problem, *, count: int = FOLDS) -> NDArray[np.int64]:
    """The fold of each row: even in each class, else at random; the same each time."""
    order = np.random.default_rng(0).permutation(len(train))
    if train.task == "classification":
        order = order[np.argsort(train.target[order], kind="stable")]
    fold = np.empty(len(train), dtype=np.int64)
    fold[order] = np.arange(len(train)) % count
    return fold


def out_of_fold(
    run: Evidence, train: Problem, kinds: Sequence[Kind], *, size: int = 24
) -> Iterator[tuple[NDArray[np.int64], list[Fitted]]]:
    """For each fold: the places of its rows, and the models fitted to the other rows."""
    fold = folds(train)
    for number in range(FOLDS):
        others = train.take(fold != number)
        yield np.flatnonzero(fold == number), [Fitted(run, k, others, size=size) for k in kinds]


def out_of_fold_predictions(run: Evidence, train: Problem, kind: Kind) -> NDArray[Any]:
    """What a model that did not see the row predicts for it; kept with the sample."""

    def make() -> NDArray[Any]:
        found = np.empty(len(train), dtype=train.target.dtype)
        for places, (model,) in out_of_fold(run, train, [kind]):
            found[places] = model.predict(train.take(places))
        return found

    key = ("out of fold", kind, id(train.encoder))
    made: NDArray[Any] = train.sample.remember(key, make)
    return made


# -- scores ---------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Score:
    """How well predictions meet the truth: 1 is perfect, 0 is what a constant reaches.

    `skill` is R², or balanced accuracy stretched so that guessing is 0; `value` is the plain one.
    """

    value: float
    skill: float
    error: float  # the standard error of skill
    parts: NDArray[np.float64]  # what each row adds to the error of skill: its influence
    metric: str
    value_error: float  # the standard error of value

    @property
    def said(self) -> str:
        """Such as `balanced accuracy 0.93`."""
        return f"{self.metric} {self.value:.2f}"

    def less(self, other: Score) -> tuple[float, float]:
        """How much more skill than the other's on the same rows, and the standard error."""
        error = float(np.std(self.parts - other.parts)) / math.sqrt(max(1, len(self.parts)))
        return self.skill - other.skill, error

    def less_apart(self, other: Score) -> tuple[float, float]:
        """How much more skill than the other's on other rows, and the standard error."""
        return self.skill - other.skill, math.hypot(self.error, other.error)


def score(truth: NDArray[Any], predicted: NDArray[Any], task: Task) -> Score:
    """Balanced accuracy of classes by number, or R²."""
    if task == "regression":
        return _r_squared(truth, np.asarray(predicted, dtype=np.float64))
    return _balanced_accuracy(truth, predicted)


def _balanced_accuracy(truth: NDArray[Any], predicted: NDArray[Any]) -> Score:
    hit = (truth == predicted).astype(np.float64)
    _, at, counts = np.unique(truth, return_inverse=True, return_counts=True)
    n, classes = len(truth), len(counts)
    hits = np.bincount(at, weights=hit)
    recall = hits / counts
    # Half a hit and half a miss more, so that a class without errors is not thought to be certain.
    likely = (hits + 0.5) / (counts + 1.0)
    error = math.sqrt(float((likely * (1 - likely) / counts).sum())) / classes
    parts = (hit - recall[at]) * n / (classes * counts[at])
    stretch = 1.0 if classes < 2 else classes / (classes - 1.0)
    value = float(recall.mean())
    skill = 1.0 - (1.0 - value) * stretch
    return Score(value, skill, error * stretch, parts * stretch, "balanced accuracy", error)


def _r_squared(truth: NDArray[Any], predicted: NDArray[np.float64]) -> Score:
    squares = (truth - predicted) ** 2
    around = (truth - truth.mean()) ** 2
    variance = float(around.mean())
    if variance <= 0:
        raise NotApplicable("the target is the same in all rows that judge")
    unexplained = float(squares.mean()) / variance
    parts = -(squares - unexplained * around) / variance
    error = float(parts.std()) / math.sqrt(len(truth))
    return Score(1.0 - unexplained, 1.0 - unexplained, error, parts, "R²", error)


# -- a user's model -------------------------------------------------------------------------------
class UserModel:
    """A fitted model of the user, asked as it was fitted: by its columns, or by an array."""

    def __init__(self, run: Evidence) -> None:
        self._run = run
        self._model = run.model
        if self._model is None or not callable(getattr(self._model, "predict", None)):
            kind = type(self._model).__name__
            raise NotApplicable(f"a {kind} has no `predict`")

    @cached_property
    def estimator(self) -> Any:
        """The estimator itself: the last step of a pipeline, the best one of a search."""
        found = self._model
        for _ in range(5):
            if hasattr(found, "best_estimator_"):
                found = found.best_estimator_
            elif isinstance(getattr(found, "steps", None), list) and found.steps:
                found = found.steps[-1][1]
            else:
                break
        return found

    @cached_property
    def pipeline(self) -> Any:
        """The pipeline that the estimator is the last step of, or None."""
        found = getattr(self._model, "best_estimator_", self._model)
        return found if isinstance(getattr(found, "steps", None), list) else None

    @property
    def name(self) -> str:
        """The class of the estimator."""
        return type(self.estimator).__name__

    @property
    def params(self) -> dict[str, Any]:
        """The settings of the estimator by name; none where it does not say."""
        read = getattr(self.estimator, "get_params", None)
        try:
            return dict(read(deep=False)) if callable(read) else {}
        except Exception:  # noqa: BLE001 -- an estimator of the user's own may do anything
            return {}

    def rows_of(self, table: Table) -> Sample:
        """As many rows of the table as there is time to ask about."""
        sample = table.sample(_ASKED_ROWS[self._run.depth])
        if self._run.depth != "automatic":
            return sample
        affordable = sample.remember(("affordable", id(self._model)), lambda: self._pace(sample))
        if affordable < _FEWEST:
            reason = f"{self.name} predicts too slowly to be asked after a cell: `%aseptic check`"
            raise NotApplicable(reason)
        return table.sample(min(len(sample), affordable))

    def predictions(self, rows: Problem) -> NDArray[Any]:
        """What it predicts: classes by their number in the problem (-1: none), or quantities."""
        import pandas as pd

        found = self._ask("predict", rows.sample)[rows.places]
        if rows.classes is None:
            as_numbers = pd.to_numeric(pd.Series(found), errors="coerce")
            numbers: NDArray[np.float64] = as_numbers.to_numpy(dtype=np.float64)
            if not np.all(np.isfinite(numbers)):
                raise NotApplicable(f"{self.name} predicts values that are no numbers")
            return numbers
        codes = class_codes(rows.classes, found)
        if np.mean(codes < 0) > 0.5:
            raise NotApplicable(f"{self.name} predicts other labels than the target holds")
        return codes

    def chances(self, rows: Problem) -> NDArray[np.float64]:
        """Its probability of each class of the problem. Raises NotApplicable if it gives none."""
        if not callable(getattr(self._model, "predict_proba", None)):
            raise NotApplicable(f"{self.name} gives no probabilities")
        if rows.classes is None or not hasattr(self._model, "classes_"):
            raise NotApplicable(f"it is not known which classes {self.name} gives")
        found = self._ask("predict_proba", rows.sample)
        columns = class_codes(rows.classes, self._model.classes_)
        if found.ndim != 2 or found.shape[1] != len(columns) or np.all(columns < 0):
            raise NotApplicable(f"{self.name} gives probabilities of other classes")
        known = np.zeros((len(rows), rows.n_classes))
        known[:, columns[columns >= 0]] = found[rows.places][:, columns >= 0]
        return known

    def input_of(self, sample: Sample) -> Any:
        """The rows as the model was fitted on such: named columns in its order, or an array."""
        return self._form(sample.features, sample.table)

    def _form(self, features: pd.DataFrame, table: Table) -> Any:
        names = getattr(self._model, "feature_names_in_", None)
        if names is not None and (table.is_named or len(names) != features.shape[1]):
            missing = [str(name) for name in names if str(name) not in features.columns]
            if missing:
                raise NotApplicable(f"{table.name} has no column {missing[0]} as the model needs")
            return features[[str(name) for name in names]].set_axis(list(names), axis=1)
        count = getattr(self._model, "n_features_in_", None)
        if count is not None and count != features.shape[1]:
            columns = f"{count:,} columns, {table.name} has {features.shape[1]:,}"
            raise NotApplicable(f"the model was fitted on {columns}")
        if table.is_named and "sklearn" in type(self._model).__module__:
            reason = f"the model was fitted on an array, and {table.name} has named columns"
            raise NotApplicable(f"{reason}: hand over what it was fitted on")
        return features.to_numpy()

    def _ask(self, method: str, sample: Sample) -> NDArray[Any]:
        key = (method, id(self._model))
        found = np.asarray(sample.remember(key, lambda: self._call(method, self.input_of(sample))))
        if len(found) != len(sample):
            raise NotApplicable(
                f"{self.name} gives {len(found):,} answers for {len(sample):,} rows"
            )
        return found

    def _call(self, method: str, features: Any) -> NDArray[Any]:
        try:
            found = np.asarray(getattr(self._model, method)(features))
        except Exception as error:
            reason = str(error).partition("\n")[0][:200]
            message = f"`{method}` of {self.name} fails: {type(error).__name__}: {reason}"
            raise NotApplicable(message) from error
        if method == "predict" and found.ndim == 2 and found.shape[1] == 1:
            found = found[:, 0]
        if method == "predict" and found.ndim != 1:
            raise NotApplicable(f"{self.name} predicts more than one value for a row")
        return found

    def _pace(self, sample: Sample) -> int:
        """How many rows it can predict in the time."""
        took = self._took(sample, 20)
        if took > 4 * _PREDICT_S:
            return 0
        took = self._took(sample, 500)
        # One of three sizes, so that the same rows are taken when the machine is a little slower.
        if took <= _PREDICT_S:
            return _ASKED_ROWS["automatic"]
        return 500 if took <= 3 * _PREDICT_S else 120

    def _took(self, sample: Sample, rows: int) -> float:
        features = self._form(sample.features.iloc[:rows], sample.table)
        started = time.perf_counter()
        self._call("predict", features)
        return time.perf_counter() - started


# -- a user's model beside baselines on the same rows ---------------------------------------------
@dataclass(frozen=True)
class Comparison:
    """The scores of a user's model on its training and test rows, and those of baselines on both.

    Baselines are fitted on a part of the training data at most as large as what the model saw.
    """

    model: UserModel
    learnt: Problem  # what the baselines are fitted on
    train: Problem
    test: Problem
    on_train: Score
    on_test: Score
    baselines: dict[Kind, tuple[Fitted, Score]]  # scores on the test rows

    @property
    def gap(self) -> tuple[float, float]:
        """How much more skill it shows on the training rows, and the standard error."""
        return self.on_train.less_apart(self.on_test)

    @property
    def best(self) -> tuple[Fitted, Score]:
        """The best baseline on the test rows."""
        return max(self.baselines.values(), key=lambda pair: pair[1].skill)

    @property
    def behind(self) -> tuple[float, float]:
        """How much more skill the best baseline shows on the same test rows, and its error."""
        return self.best[1].less(self.on_test)

    @property
    def fitted_on(self) -> str:
        """Which rows the baselines were fitted on, in words."""
        return self.learnt.said

    @property
    def numbers(self) -> dict[str, Any]:
        """For the evidence of a finding."""
        known: dict[str, Any] = {"train": self.on_train.value, "test": self.on_test.value}
        return known | {str(name): pair[1].value for name, pair in self.baselines.items()}

    def plot(self) -> dict[str, Any]:
        """The scores as bars."""
        from aseptic.checks import plots

        labels = [f"{self.model.name}, train", f"{self.model.name}, test"]
        labels += [fitted.said for fitted, _ in self.baselines.values()]
        values = [self.on_train.value, self.on_test.value]
        values += [found.value for _, found in self.baselines.values()]
        return plots.bars(labels, {self.on_test.metric: values}, y=self.on_test.metric)


def compare_with_baselines(run: Evidence) -> Comparison:
    """The user's model beside a constant, a linear model and trees on the same split.

    Raises NotApplicable where the model cannot be asked, or seems to have seen other data.
    """
    model = UserModel(run)
    learnt = problem(run, run.train)
    train = problem_like(run, learnt, run.train, rows=len(model.rows_of(run.train)))
    test = problem_like(run, learnt, run.test, rows=len(model.rows_of(run.test)))
    if len(test) < _FEWEST:
        raise NotApplicable(f"{len(test):,} test rows with a known target are too few")
    on_train = score(train.target, model.predictions(train), train.task)
    on_test = score(test.target, model.predictions(test), test.task)
    if on_train.skill < -max(0.1, 3 * on_train.error):
        reason = f"{model.name} does worse on {run.train.name} than a constant"
        raise NotApplicable(f"{reason}: it was fitted on other data")
    kinds: tuple[Kind, ...] = ("dummy", "linear", "trees")
    baselines = {}
    for kind in kinds:
        fitted = fit(run, kind, learnt)
        baselines[kind] = (fitted, score(test.target, fitted.predict(test), test.task))
    return Comparison(model, learnt, train, test, on_train, on_test, baselines)


def number_said(value: float, error: float) -> str:
    """A difference with its error: `+0.010 ± 0.004`."""
    return f"{value:+.3f} ± {error:.3f}"
