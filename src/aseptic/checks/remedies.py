"""What to try next for this very estimator: a simpler one where it overfits, a richer one else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aseptic.checks.models import UserModel


def simpler(model: UserModel) -> str:
    """Which of its settings holds it back, and the value to try."""
    name, params = model.name, model.params
    if "HistGradientBoosting" in name:
        return f"{_less(params, 'max_leaf_nodes', 31, 0.25, 4)} or `early_stopping=True` for {name}"
    if "GradientBoosting" in name or name.startswith(("XGB", "LGBM", "CatBoost")):
        rate = _less(params, "learning_rate", 0.1, 0.5, 0.01)
        return f"early stopping on validation data, {rate} or shallower trees for {name}"
    if "Forest" in name or "ExtraTrees" in name:
        return f"{_more(params, 'min_samples_leaf', 1, 5)} for {name}"
    if "Tree" in name:
        depth = "`max_depth=5`" if params.get("max_depth") is None else "a smaller `max_depth`"
        return f"{depth} or {_more(params, 'min_samples_leaf', 1, 10)} for {name}, or a forest"
    if "Neighbors" in name:
        return f"{_more(params, 'n_neighbors', 5, 4)} for {name}"
    if name.startswith(("SVC", "SVR", "NuSV")):
        return (
            f"scaled columns, {_less(params, 'C', 1.0, 0.1, 1e-6)} or a smaller `gamma` for {name}"
        )
    if "MLP" in name:
        return f"{_more(params, 'alpha', 1e-4, 100)} or `early_stopping=True` for {name}"
    if "C" in params:
        return f"{_less(params, 'C', 1.0, 0.1, 1e-6)} for {name}"
    if "alpha" in params:
        return f"{_more(params, 'alpha', 1.0, 10)} for {name}"
    if name == "LinearRegression":
        return "`Ridge` or `Lasso` in the place of LinearRegression"
    return f"stronger regularisation of {name}, or fewer features"


def richer(model: UserModel) -> str:
    """Which of its settings lets it learn more, and the value to try."""
    name, params = model.name, model.params
    if "Dummy" in name:
        return "a model that looks at the features: `HistGradientBoosting…`"
    if "GradientBoosting" in name:
        return f"{_more(params, 'learning_rate', 0.1, 3)} or more iterations for {name}"
    if "Forest" in name or "Trees" in name or "Tree" in name:
        return _richer_trees(name, params)
    if "Neighbors" in name:
        return f"scaled columns (`StandardScaler`) and {_less(params, 'n_neighbors', 5, 0.3, 1)}"
    if name.startswith(("SVC", "SVR", "NuSV")):
        return f"scaled columns (`StandardScaler`) and {_more(params, 'C', 1.0, 10)} for {name}"
    if "MLP" in name:
        return f"scaled columns (`StandardScaler`), more `max_iter`, wider layers for {name}"
    if "C" in params and params["C"] is not None:
        return f"{_more(params, 'C', 1.0, 10)}, interactions or trees in the place of {name}"
    if "alpha" in params and _is_number(params["alpha"]):
        return (
            f"{_less(params, 'alpha', 1.0, 0.1, 0)}, interactions or trees in the place of {name}"
        )
    return f"interactions of features, or boosted trees in the place of {name}"


def _richer_trees(name: str, params: dict[str, Any]) -> str:
    if params.get("max_depth") is not None:
        return f"{_more(params, 'max_depth', 3, 2)} for {name}"
    if _is_number(params.get("min_samples_leaf")) and params["min_samples_leaf"] > 1:
        return f"{_less(params, 'min_samples_leaf', 1, 0.25, 1)} for {name}"
    return f"boosted trees in the place of {name}"


def _more(params: dict[str, Any], name: str, default: float, times: float) -> str:
    return f"`{name}={_said(_number(params, name, default) * times)}`"


def _less(params: dict[str, Any], name: str, default: float, times: float, least: float) -> str:
    value = _number(params, name, default)
    found = max(least, value * times)
    return f"`{name}={int(found) if isinstance(value, int) and found >= 1 else _said(found)}`"


def _number(params: dict[str, Any], name: str, default: float) -> float:
    value = params.get(name)
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else default


def _said(value: float) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
