"""D11: more rows would make the model better, or there are too few to learn some things at all."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from aseptic.checks import plots
from aseptic.checks.check import NotApplicable, check
from aseptic.checks.models import Fitted, Problem, Score, folds, number_said, problem, score
from aseptic.checks.tables import task_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from aseptic.checks.evidence import Evidence
    from aseptic.model import Finding

_SHARES = (0.4, 0.5, 0.63, 0.8, 1.0)  # of the rows of each fold that models are fitted to
_POWERS = np.array([0.3, 0.5, 0.75, 1.0])  # steeper ones fit noise (measured)
_DRAWS = 100
_TREES = 8
_MOST_CLASSES = 50


@check("D11", severity="info", needs=("data", "target"), cost="fit")
def too_few_rows(
    run: Evidence,
    *,
    gain: float = 0.02,
    much: float = 0.05,
    errors: float = 2.5,
    of_class: int = 8,
    of_feature: float = 2.0,
    plenty_of_feature: float = 10.0,
    plenty_of_class: float = 50.0,
) -> Iterator[Finding]:
    """More rows would make the model better, or some things cannot be learnt from so few.

    Why: where the learning curve still rises, rows help more than another model does.

    Method: a linear model and a small forest are fitted to 40 to 100 % of the rows and scored on
    others (3 folds). A power law a - b n^-c through the scores of the better one says what twice
    the rows would add; its error comes from redrawing the scored rows and from how well the law
    fits. A tip above `gain`, a warning above `much` of balanced accuracy or R², both above `errors`
    standard errors. Besides: classes with fewer than `of_class` rows, and fewer than `of_feature`
    rows for each feature. A tip, too, where there are fewer than `plenty_of_feature` rows for each
    feature or `plenty_of_class` for each class, and no curve can be fitted to so few, or it leaves
    open whether twice the rows would add `gain` (within two standard errors).

    Remedy: collect more rows, first of the classes that have fewest.

    Bad::

        rng = np.random.default_rng(0)
        X = rng.normal(size=(120, 40))
        train = (X, X @ rng.normal(size=40) + rng.normal(size=120))

    Good::

        rng = np.random.default_rng(0)
        X = rng.normal(size=(2000, 3))
        train = (X, X @ np.array([1.0, 2.0, 3.0]) + rng.normal(size=2000))
    """
    small = list(_small_classes(run, of_class))
    yield from small
    few = _few_said(run, of_feature=plenty_of_feature, of_class=plenty_of_class)
    try:
        learnt = problem(run)
    except NotApplicable:
        if few:
            yield _few(run, f"{few}, too few to fit a learning curve")
        if few or small:
            return
        raise
    rows, columns = len(run.main), len(learnt.sample.table.columns)
    if rows < of_feature * columns:
        few = None
        yield run.finding(
            f"{rows:,} rows for {columns:,} features: {rows / columns:.1f} for each",
            remedy="fewer features (a selection inside the pipeline, PCA) or a strong"
            " regularisation: `RidgeCV`, `LogisticRegression(C=0.01)`",
            table=run.main,
            rows_of_feature=rows / columns,
            limit=of_feature,
        )
    curve = _curve(run, learnt)
    law = _fitted_law(curve.sizes, curve.values)
    more, error = float(law.gain(rows)), _error(curve, rows, law)
    is_skilled = curve.last.skill >= 3 * curve.last.error
    if is_skilled and more >= max(gain, errors * error):
        yield _rising(run, learnt, curve, law, error, gain=gain, much=much, errors=errors)
    elif few and (not is_skilled or more + 2 * error >= gain):
        yield _few(run, f"{few}; the learning curve leaves open what more would bring")


def _few_said(run: Evidence, *, of_feature: float, of_class: float) -> str | None:
    """That the rows are few for so many features or classes, in words; None if they are plenty."""
    rows, columns = len(run.main), len(run.main.columns)
    if rows < 2:
        return None
    parts = [f"{columns:,} features"] if rows < of_feature * columns else []
    if run.task == "classification":
        classes = int(run.target(run.main).nunique())
        if classes < 2 or classes > _MOST_CLASSES:
            return None
        parts += [f"{classes:,} classes"] if rows < of_class * classes else []
    return f"{rows:,} rows are few for {' and '.join(parts)}" if parts else None


def _few(run: Evidence, message: str) -> Finding:
    return run.finding(
        message,
        remedy="collect more rows; until then few features, a strong regularisation, and scores by"
        " repeated cross-validation: `RepeatedKFold`",
        table=run.main,
        rows_there=len(run.main),
        features=len(run.main.columns),
    )


def _small_classes(run: Evidence, least: int) -> Iterator[Finding]:
    """Classes of which so few rows are there that nothing general can be learnt."""
    target = run.target(run.main)
    if task_of(target) != "classification" or len(target) < 2 * least:
        return
    counts = target.value_counts()
    small = counts[counts < least]
    if not len(small) or len(counts) > _MOST_CLASSES or len(small) > len(counts) / 2:
        return
    labels = [str(label)[:40] for label in small.index]
    named = f"{', '.join(labels[:5])}{' and others' if len(labels) > 5 else ''}"
    yield run.finding(
        f"{len(small):,} of {len(counts):,} classes {'has' if len(small) == 1 else 'have'} fewer"
        f" than {least} rows: {named}",
        remedy=f"collect rows of {named}, join rare classes, or leave them out of the claim",
        table=run.main,
        fewest=int(small.min()),
        limit=least,
        plot=plots.bars(
            [str(label)[:40] for label in counts.index[::-1]],
            {"rows": [float(count) for count in counts.to_numpy()[::-1]]},
            y="rows",
        ),
    )


def _rising(
    run: Evidence,
    learnt: Problem,
    curve: _Curve,
    law: _Law,
    error: float,
    *,
    gain: float,
    much: float,
    errors: float,
) -> Finding:
    rows = len(run.main)
    more = float(law.gain(rows))
    return run.finding(
        f"twice the rows would add about {number_said(more, error)} to the {curve.last.said}"
        f" of {curve.said}",
        severity="warning" if more > max(much, 2 * errors * error) else None,
        remedy=f"collect more rows: about {_rows_for(law, rows, more / 2):,} more would bring half"
        " of that; a model that is told more (features, a prior) needs fewer",
        sample=learnt.sample,
        gain=more,
        error=error,
        gain_limit=gain,
        much_limit=much,
        power=law.power,
        looked_at=learnt.said,
        plot=plots.lines(
            [*curve.sizes, rows, 2 * rows],
            {
                "score": [*curve.values, math.nan, math.nan],
                "law": law.at(np.array([*curve.sizes, rows, 2 * rows])).tolist(),
            },
            x="rows",
            y=curve.last.metric,
        ),
    )


@dataclass(frozen=True)
class _Curve:
    """Scores of one kind of model by the number of rows it was fitted to."""

    sizes: NDArray[np.float64]
    scores: list[Score]
    said: str

    @property
    def values(self) -> NDArray[np.float64]:
        """The plain scores."""
        return np.array([one.value for one in self.scores])

    @property
    def last(self) -> Score:
        """The score with all rows."""
        return self.scores[-1]


@dataclass(frozen=True)
class _Law:
    """`level - fall * n ** -power`."""

    level: float
    fall: float
    power: float
    misfit: float

    def at(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """The score with so many rows."""
        return self.level - self.fall * rows**-self.power

    def gain(self, rows: float) -> float:
        """What twice the rows add."""
        return float(self.fall * (rows**-self.power - (2 * rows) ** -self.power))


def _curve(run: Evidence, learnt: Problem) -> _Curve:
    """The learning curve of the kind of model that is better with all rows."""
    fold = folds(learnt)
    order = run.rng.permutation(len(learnt))
    whole = {kind: _scored(run, learnt, kind, fold, order, 1.0) for kind in ("linear", "trees")}
    kind = max(whole, key=lambda one: whole[one][0].skill)
    scores = [_scored(run, learnt, kind, fold, order, share)[0] for share in _SHARES[:-1]]
    size = (fold != 0).sum()
    return _Curve(
        np.array([round(size * share) for share in _SHARES], dtype=np.float64),
        [*scores, whole[kind][0]],
        whole[kind][1],
    )


def _scored(
    run: Evidence,
    learnt: Problem,
    kind: Any,
    fold: NDArray[np.int64],
    order: NDArray[np.int64],
    share: float,
) -> tuple[Score, str]:
    """The score on all rows, each predicted by a model of a share of the rows of other folds."""
    predicted = np.empty(len(learnt), dtype=learnt.target.dtype)
    said = ""
    for number in range(int(fold.max()) + 1):
        others = order[fold[order] != number]
        model = Fitted(run, kind, learnt.take(others[: round(len(others) * share)]), size=_TREES)
        said = model.said
        predicted[fold == number] = model.predict(learnt.take(fold == number))
    return score(learnt.target, predicted, learnt.task), said


def _fitted_law(sizes: NDArray[np.float64], values: NDArray[np.float64]) -> _Law:
    """The law nearest to the scores; rows never harm in it."""
    level, fall, power, misfit = _fitted_laws(sizes, values[None])
    return _Law(float(level[0]), float(fall[0]), float(power[0]), float(misfit[0]))


def _fitted_laws(
    sizes: NDArray[np.float64], values: NDArray[np.float64]
) -> tuple[NDArray[np.float64], ...]:
    """Level, fall, power and misfit of the law nearest to each row of scores."""
    # Scores of more rows count more: they are steadier, and nearer to where the law is asked.
    weights = np.sqrt(sizes / sizes[-1])
    laws = []
    for power in _POWERS:
        design = np.column_stack([np.ones(len(sizes)), -(sizes**-power)])
        level, fall = np.linalg.pinv(design * weights[:, None]) @ (values * weights).T
        level = np.where(fall < 0, values.mean(axis=1), level)
        fall = np.maximum(fall, 0.0)
        misfit = (values - level[:, None] - fall[:, None] * design[:, 1]) * weights
        laws.append(
            (level, fall, np.full(len(values), power), np.sqrt((misfit**2).sum(axis=1) / 3))
        )
    stacked = np.array(laws)  # power, quantity, row
    best = stacked[:, 3].argmin(axis=0)
    chosen = stacked[best, :, np.arange(len(values))]
    return tuple(chosen.T)


def _error(curve: _Curve, rows: int, law: _Law) -> float:
    """The standard error of the gain: from the rows that were scored, and from the misfit."""
    rng = np.random.default_rng(0)
    count = len(curve.last.parts)
    parts = np.array(
        [one.parts * (one.value_error / max(one.error, 1e-12)) for one in curve.scores]
    )
    weights = rng.multinomial(count, np.full(count, 1 / count), size=_DRAWS) / count
    noise = weights @ parts.T + rng.normal(size=(_DRAWS, len(parts))) * law.misfit
    _, fall, power, _ = _fitted_laws(curve.sizes, curve.values + noise)
    return float(np.std(fall * (float(rows) ** -power - (2.0 * rows) ** -power)))


def _rows_for(law: _Law, rows: int, gain: float) -> int:
    """How many more rows bring a gain, rounded."""
    at = rows**-law.power - gain / max(law.fall, 1e-12)
    more = (max(at, 1e-12) ** (-1 / law.power)) - rows
    step = 10 ** max(0, math.floor(math.log10(max(more, 1))) - 1)
    return int(math.ceil(more / step) * step)
