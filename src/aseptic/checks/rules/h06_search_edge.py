"""H06: the best value that a search found lies at the edge of what it tried."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from aseptic.checks import plots
from aseptic.checks.check import NotApplicable, check

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from aseptic.checks.evidence import Evidence
    from aseptic.model import Finding

#: Values that nothing lies beyond, by the last part of a parameter's name.
_LEAST = {
    "n_neighbors": 1, "max_depth": 1, "min_samples_leaf": 1, "min_samples_split": 2, "degree": 1,
    "n_components": 1, "ccp_alpha": 0, "l1_ratio": 0, "alpha": 0, "reg_alpha": 0, "reg_lambda": 0,
    "min_child_weight": 0, "gamma": 0, "p": 1,
}  # fmt: skip
_MOST = {
    "l1_ratio": 1, "max_features": 1.0, "subsample": 1.0, "colsample_bytree": 1.0,
    "max_samples": 1.0,
}  # fmt: skip


@check("H06", severity="info", needs=("model",), cost="look")
def search_edge(run: Evidence, *, values: int = 3, errors: float = 1.0) -> Iterator[Finding]:
    """The best value that a search found is the smallest or largest that it tried.

    Why: the score may still rise beyond it.

    Method: for a `GridSearchCV` or `RandomizedSearchCV`, params of numbers of which at least
    `values` distinct ones were tried. The best score at the edge must be above the best at the
    value next to it by `errors` standard errors of the difference over the folds, so that a flat
    curve is no finding. Natural ends, such as one neighbour or a share of 1, are none.

    Remedy: search again, with values beyond the edge.

    Bad::

        from sklearn.model_selection import GridSearchCV
        from sklearn.neighbors import KNeighborsRegressor
        rng = np.random.default_rng(0)
        X = rng.normal(size=(300, 4))
        y = X[:, 0] + rng.normal(size=300)
        model = GridSearchCV(KNeighborsRegressor(), {"n_neighbors": [1, 2, 4, 8]}).fit(X, y)

    Good::

        from sklearn.model_selection import GridSearchCV
        from sklearn.neighbors import KNeighborsRegressor
        rng = np.random.default_rng(0)
        X = rng.normal(size=(300, 4))
        y = X[:, 0] + rng.normal(size=300)
        grid = {"n_neighbors": [2, 5, 10, 20, 40, 80, 160]}
        model = GridSearchCV(KNeighborsRegressor(), grid).fit(X, y)
    """
    results, best = _results(run.model)
    for name in best:
        edge = _edge(results, name, best[name], values=values, errors=errors)
        if edge is None:
            continue
        side, at, scores, gain, error = edge
        beyond = _beyond(at, side)
        yield run.finding(
            f"the best {name} of the search, {best[name]:g}, is the {side} of {len(at)} tried,"
            f" and the score still rises there ({gain:+.3g} ± {error:.2g})",
            subject=name,
            remedy=f"search again with {name} up to {beyond:g}"
            if side == "largest"
            else f"search again with {name} down to {beyond:g}",
            best=float(best[name]),
            tried=len(at),
            gain=gain,
            error=error,
            plot=plots.lines(at.tolist(), {"best score": scores.tolist()}, x=name, y="score"),
        )


def _results(model: Any) -> tuple[Mapping[str, Any], dict[str, Any]]:
    """What a search has tried, and the best of it."""
    results = getattr(model, "cv_results_", None)
    best = getattr(model, "best_params_", None)
    place = getattr(model, "best_index_", None)
    if not isinstance(results, dict) or not isinstance(best, dict) or place is None:
        raise NotApplicable("the model is no search: `GridSearchCV`, `RandomizedSearchCV`")
    return results, best


def _edge(
    results: Mapping[str, Any], name: str, best: Any, *, values: int, errors: float
) -> tuple[str, NDArray[np.float64], NDArray[np.float64], float, float] | None:
    """The side that the best value lies on, the values tried, their best scores, and the gain."""
    metric = _metric(results)
    if metric is None or not _is_number(best):
        return None
    tried = list(results.get(f"param_{name}", ()))
    numbers = np.array([float(one) if _is_number(one) else math.nan for one in tried])
    scores = np.asarray(results[f"mean_test_{metric}"], dtype=np.float64)
    at = np.unique(numbers[np.isfinite(numbers) & np.isfinite(scores)])
    if len(at) < values or float(best) not in (at[0], at[-1]):
        return None
    side = "largest" if float(best) == at[-1] else "smallest"
    if _is_natural(name, float(best), side):
        return None
    tops = [_top(numbers, scores, value) for value in at]
    edge, inner = (tops[-1], tops[-2]) if side == "largest" else (tops[0], tops[1])
    gain, error = _gain(results, metric, edge, inner)
    if gain <= errors * error or gain <= 0:
        return None
    return side, at, scores[tops], gain, error


def _metric(results: Mapping[str, Any]) -> str | None:
    """The name of the scores: `score`, or the only one of several metrics."""
    names = [key.removeprefix("mean_test_") for key in results if key.startswith("mean_test_")]
    if "score" in names:
        return "score"
    return names[0] if len(names) == 1 else None


def _top(numbers: NDArray[np.float64], scores: NDArray[np.float64], value: float) -> int:
    """The place of the best candidate with a value."""
    return int(np.nanargmax(np.where(numbers == value, scores, -np.inf)))


def _gain(results: Mapping[str, Any], metric: str, edge: int, inner: int) -> tuple[float, float]:
    """How much better one candidate is than another over the folds, and the standard error."""
    folds = [
        np.asarray(values, dtype=np.float64)
        for key, values in results.items()
        if key.startswith("split") and key.endswith(f"_test_{metric}")
    ]
    differences = np.array([values[edge] - values[inner] for values in folds])
    differences = differences[np.isfinite(differences)]
    if len(differences) < 2:
        return 0.0, math.inf
    error = float(differences.std(ddof=1)) / math.sqrt(len(differences))
    return float(differences.mean()), error


def _is_natural(name: str, value: float, side: str) -> bool:
    """Whether nothing lies beyond."""
    short = name.rpartition("__")[2]
    if side == "smallest":
        return short in _LEAST and value <= _LEAST[short]
    return short in _MOST and value >= _MOST[short]


def _beyond(at: NDArray[np.float64], side: str) -> float:
    """The next value in the same steps: by a factor where the values are spread by factors."""
    edge, inner = (at[-1], at[-2]) if side == "largest" else (at[0], at[1])
    is_by_factor = bool(at[0] > 0) and bool(at[-1] / at[0] >= 8)
    beyond = edge * (edge / inner) ** 2 if is_by_factor else edge + 2 * (edge - inner)
    return float(beyond)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.number)) and not isinstance(value, (bool, np.bool_))
