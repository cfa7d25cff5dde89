"""scikit-learn: the curves that its estimators keep, and the candidates of its searches.

A network's loss is seen after each epoch, what boosting keeps when it has been fitted. Losses are
in the unit of the estimator, and so is `dummy_loss`: gradient boosting reports twice the log loss
of two classes, histogram-based boosting half the squared error.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from aseptic.capture.patches import Patches, Place
from aseptic.capture.values import NOTHING, plain
from aseptic.integrations.curves import (
    ModelCurves,
    class_facts,
    input_facts,
    is_part_of_many,
    variance_facts,
)
from aseptic.tracking import find_active_run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from aseptic.active_run import ActiveRun
    from aseptic.capture.patches import Observer

_NETWORKS = "sklearn.neural_network._multilayer_perceptron"
_BOOSTING = "sklearn.ensemble._gb"
_HISTOGRAMS = "sklearn.ensemble._hist_gradient_boosting.gradient_boosting"
_SEARCHES = "sklearn.model_selection._search"

#: Modules that may be imported later than their package; see `switch.py`.
PARTS = (_NETWORKS, _BOOSTING, _HISTOGRAMS, _SEARCHES)
_MOST_CANDIDATES = 10_000


def start(run: ActiveRun) -> SklearnWatch:
    """Watches the estimators that a run fits until `stop`."""
    return SklearnWatch(run)


class SklearnWatch:
    """Sees the estimators that one run fits."""

    def __init__(self, run: ActiveRun) -> None:
        self._run = run
        self._curves = ModelCurves(run)
        self._searches = 0
        _PATCHES.add(self)

    def refresh(self) -> None:
        """A part of scikit-learn was imported."""
        _PATCHES.refresh()

    def stop(self) -> None:
        """Watches no more."""
        _PATCHES.remove(self)
        self._curves.finish()

    # -- what the watched methods tell ----------------------------------------------------------
    def passed_epoch(self, network: Any) -> None:
        """A network has gone through its training data once more."""
        if self._curves.is_of(network):
            self._log(network)

    def fitted(self, model: Any, features: Any, target: Any) -> None:
        """An estimator that keeps curves has been fitted."""
        if self._curves.is_of(model):
            self._log(model)
            with self._run.guarded("training facts"):
                self._curves.log_facts(_facts(model, features, target))

    def searched(self, search: Any) -> None:
        """A search has tried its candidates and, if it does so, fitted the best one."""
        if find_active_run() is not self._run or is_part_of_many():
            return
        self._searches += 1
        number = "" if self._searches == 1 else f"-{self._searches}"
        self._run.log_artifact(_candidates(search.cv_results_), f"candidates{number}.csv")
        best = vars(search).get("best_estimator_")
        model = vars(best)["steps"][-1][-1] if best is not None and "steps" in vars(best) else best
        curves = _curves_of(model)
        if curves and self._curves.is_of(model):
            self._curves.log_rest(curves)

    def _log(self, model: Any) -> None:
        self._curves.log_rest(_curves_of(model))


def _curves_of(model: Any) -> dict[str, Any]:
    """The curves that an estimator keeps, by our names."""
    own = vars(model) if model is not None else {}
    if "loss_curve_" in own:
        scores = own.get("validation_scores_")
        return {"train_loss": own["loss_curve_"], **({"val_score": scores} if scores else {})}
    if "validation_score_" not in own:  # gradient boosting
        stages = own.get("train_score_")
        return (
            {} if stages is None or not hasattr(model, "staged_predict") else {"train_loss": stages}
        )
    is_loss = own.get("scoring", "loss") == "loss"
    sign, what = (-1.0, "loss") if is_loss else (1.0, "score")
    found = {"train": own["train_score_"], "val": own["validation_score_"]}
    return {
        f"{part}_{what}": [sign * value for value in values]
        for part, values in found.items()
        if values is not None and len(values)
    }


def _facts(model: Any, features: Any, target: Any) -> dict[str, float]:
    """What the training data say; `dummy_loss` only where the loss is the one that it is of."""
    kind, own = type(model).__name__, vars(model)
    is_network = "loss_curve_" in own
    if "classes_" in own:
        facts = class_facts(target)
        if own.get("loss", "log_loss") != "log_loss" or own.get("class_weight") is not None:
            facts.pop("dummy_loss")
        elif kind == "GradientBoostingClassifier" and facts["n_classes"] == 2:
            facts["dummy_loss"] *= 2
    else:
        facts = variance_facts(target)
        if own.get("loss", "squared_error") != "squared_error":
            facts.pop("dummy_loss")
        elif kind != "GradientBoostingRegressor":
            facts["dummy_loss"] /= 2  # networks and histogram-based boosting take half the square
    return {**facts, **(input_facts(features) if is_network else {})}


def _candidates(results: Any) -> Any:
    """What a search tried, as a table: settings, scores and times of each candidate."""
    import pandas as pd

    columns = {}
    for name, values in results.items():
        if name != "params":
            known = [plain(value) for value in list(values)[:_MOST_CANDIDATES]]
            columns[name] = [
                type(value).__name__ if one is NOTHING else one
                for one, value in zip(known, values, strict=False)
            ]
    return pd.DataFrame(columns)


# -- what is watched ------------------------------------------------------------------------------
def _passing(watch: SklearnWatch) -> Observer:
    return lambda args, _, __: watch.passed_epoch(args[0])


def _fitting(watch: SklearnWatch) -> Observer:
    return lambda args, kwargs, _: watch.fitted(*_given(args, kwargs))


def _searching(watch: SklearnWatch) -> Observer:
    return lambda args, _, __: watch.searched(args[0])


def _given(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any, Any]:
    """The estimator, the features and the target of a call of `fit`."""
    features, target = kwargs.get("X"), kwargs.get("y")
    return (
        args[0],
        args[1] if len(args) > 1 else features,
        args[2] if len(args) > 2 else target,
    )


_METHODS: tuple[tuple[str, str, str, Callable[[Any], Observer]], ...] = (
    (_NETWORKS, "BaseMultilayerPerceptron", "_update_no_improvement_count", _passing),
    (_NETWORKS, "BaseMultilayerPerceptron", "fit", _fitting),
    (_BOOSTING, "BaseGradientBoosting", "fit", _fitting),
    (_HISTOGRAMS, "BaseHistGradientBoosting", "fit", _fitting),
    (_SEARCHES, "BaseSearchCV", "fit", _searching),
)


def _places() -> Iterator[Place]:
    for module, owner, name, observe in _METHODS:
        kind = vars(sys.modules.get(module, sys)).get(owner)
        if kind is not None and name in vars(kind):
            yield Place(kind, name, observe)


_PATCHES = Patches(_places)
