"""D19: features that tell no more about the target than shuffled ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from aseptic.checks import plots
from aseptic.checks.check import NotApplicable, check
from aseptic.checks.models import Fitted, Problem, Score, out_of_fold, problem, score

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from aseptic.checks.evidence import Depth, Evidence
    from aseptic.model import Finding

_ROUNDS: dict[Depth, int] = {"automatic": 6, "asked": 20, "thorough": 20}
_ROWS: dict[Depth, int] = {"automatic": 500, "asked": 3_000, "thorough": 10_000}
_TREES: dict[Depth, int] = {"automatic": 8, "asked": 30, "thorough": 30}


@check("D19", severity="info", needs=("data", "target"), cost="fit")
def irrelevant_features(
    run: Evidence, *, errors: float = 1.6, count: int = 3, loss: float = 0.02
) -> Iterator[Finding]:
    """Features tell no more about the target than shuffled copies of features do.

    Why: each gives a model something to learn by heart, and must be delivered where it is used.

    Method: the rule of Boruta. A forest is fitted several times to the features and a shadow of
    each, shuffled anew each time. A feature is irrelevant whose mean importance is not above that
    of its own shadow by `errors` of the shadow's standard deviations. From `count` such features
    on, they are reported where simple models without all of them lose no more skill than `loss` or
    one standard error (3 folds), and that error is below twice `loss`: a single one does no harm.
    At most 500 rows are learnt from right after a cell, 3,000 if asked, 10,000 in a thorough check.

    Remedy: leave them out, and see that the score does not suffer.

    Source: Kursa, Rudnicki: Feature Selection with the Boruta Package, JSS 36(11), 2010.

    Bad::

        rng = np.random.default_rng(0)
        X = pd.DataFrame(rng.normal(size=(600, 6)), columns=list("abcdef"))
        train = (X, X["a"] + X["b"] * X["c"] + rng.normal(size=600) * 0.2)

    Good::

        rng = np.random.default_rng(0)
        X = pd.DataFrame(rng.normal(size=(600, 3)), columns=list("abc"))
        train = (X, X["a"] + X["b"] * 2 + X["c"] + rng.normal(size=600) * 0.2)
    """
    learnt = problem(run)
    if len(learnt.names) < 2:
        raise NotApplicable("there is only one feature")
    if len(learnt) > _ROWS[run.depth]:
        learnt = learnt.take(np.arange(_ROWS[run.depth]))
    varies = np.ptp(learnt.codes, axis=0) > 0  # columns that do not are left to D02
    importance, above, shadow = _importances(run, learnt)
    is_irrelevant = (above < errors) & varies
    found = int(is_irrelevant.sum())
    if found < count:
        return
    if found == int(varies.sum()):
        raise NotApplicable("no feature stands out from shuffled ones: more rows are needed")
    whole, without = _scores(run, learnt, is_irrelevant)
    lost, error = whole.less(without)
    if lost > max(loss, error) or error > 2 * loss or whole.skill < 3 * whole.error:
        return
    order = np.argsort(importance, kind="stable")
    names = [learnt.names[place] for place in order if is_irrelevant[place]]
    yield run.finding(
        f"{_listed(names)} tell no more about the target than"
        f" shuffled features: without them the skill of simple models"
        f" changes by {-lost:+.3f} ± {error:.3f}",
        remedy=f"try the model without {_listed(names)}, and keep it so if the score holds",
        sample=learnt.sample,
        columns=names[:100],
        count=found,
        rounds=_ROUNDS[run.depth],
        errors_limit=errors,
        with_all=whole.value,
        without=without.value,
        looked_at=learnt.said,
        plot=plots.bars(
            [learnt.names[place] for place in order[::-1]],
            {
                "importance": importance[order[::-1]].tolist(),
                "shuffled": shadow[order[::-1]].tolist(),
            },
            y="importance",
        ),
    )


def _importances(
    run: Evidence, learnt: Problem
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """The importance of each feature, by how many errors it is above its shadow's, and that."""
    forest = _forest(run, learnt)
    rng = run.rng
    count = learnt.codes.shape[1]
    found = np.array(
        [
            _round(forest, number, learnt.codes, learnt.target, rng)
            for number in range(_ROUNDS[run.depth])
        ]
    )
    importance, shadow = found[:, :count].mean(axis=0), found[:, count:].mean(axis=0)
    spread = found[:, count:].std(axis=0, ddof=1)
    # A few rounds may agree by chance: no shadow is taken to be steadier than half the usual.
    spread = np.maximum(spread, np.sqrt(np.mean(spread**2)) / 2)
    above = (importance - shadow) / np.where(spread > 0, spread, 1.0)
    return importance, above, shadow


def _round(
    forest: Any, number: int, real: NDArray[np.float64], target: NDArray[Any], rng: Any
) -> NDArray[np.float64]:
    count = real.shape[1]
    both = np.empty((len(real), 2 * count), dtype=np.float32)  # as forests see them
    both[:, :count] = real
    both[:, count:] = rng.permuted(both[:, :count], axis=0)
    model = forest(number).fit(both, target)
    found: NDArray[np.float64] = model.feature_importances_
    return found


def _forest(run: Evidence, learnt: Problem) -> Any:
    ensemble = run.module("sklearn.ensemble")
    is_class = learnt.task == "classification"
    kind = ensemble.ExtraTreesClassifier if is_class else ensemble.ExtraTreesRegressor
    leaf = max(3, len(learnt) // 100)
    share = "sqrt" if is_class else 0.4

    def make(number: int) -> Any:
        return kind(
            _TREES[run.depth],
            min_samples_leaf=leaf,
            max_features=share,
            random_state=number,
            n_jobs=1,
        )

    return make


def _scores(
    run: Evidence, learnt: Problem, is_irrelevant: NDArray[np.bool_]
) -> tuple[Score, Score]:
    """The better of a linear model and a forest with all features, and the same without some."""
    whole = {kind: _judged(run, learnt, kind) for kind in ("linear", "trees")}
    best = max(whole, key=lambda kind: whole[kind].skill)
    return whole[best], _judged(run, learnt.without(is_irrelevant), best)


def _judged(run: Evidence, learnt: Problem, kind: Any) -> Score:
    predicted = np.empty(len(learnt), dtype=learnt.target.dtype)
    models: list[Fitted]
    for places, models in out_of_fold(run, learnt, (kind,), size=12):
        predicted[places] = models[0].predict(learnt.take(places))
    return score(learnt.target, predicted, learnt.task)


def _listed(names: list[str]) -> str:
    if len(names) == 1:
        return names[0]
    shown = names if len(names) <= 4 else [*names[:3], f"{len(names) - 3:,} others"]
    return f"{', '.join(shown[:-1])} and {shown[-1]}"
