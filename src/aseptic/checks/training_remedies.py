"""What to try next for this very training: its optimizer, its learning rate, its layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from aseptic.checks.curves import Curves
    from aseptic.model import Param

_STRONG_DECAY = 0.1  # of weights, at which it is the first suspect
_RATES = ("lr", "learning_rate", "learning_rate_init", "eta0", "eta", "base_lr", "max_lr")


def learning_rate(curves: Curves) -> float | None:
    """The highest learning rate that was used, from the series `lr`, else from the run's params."""
    logged = curves.curve("lr") or curves.curve("learning_rate")
    if logged is not None and len(logged.finite):
        return float(np.max(logged.finite.y))
    param = _rate_param(curves)
    return None if param is None else _number(param.value)


def rate_times(curves: Curves, factor: float) -> str:
    """Such as `lr=0.003 in the place of 0.03 for SGD`."""
    rate, param = learning_rate(curves), _rate_param(curves)
    way = f"{factor:g} times" if factor >= 1 else f"1/{1 / factor:g} of"
    if rate is None:
        return f"{way} the learning rate{_of(optimizer(curves))}"
    name = "lr" if param is None else param.name.rpartition(".")[2]
    said = f"`{name}={rate * factor:.2g}` in the place of {rate:.2g}"
    return said + _of(optimizer(curves))


def stop_early(curves: Curves, at: float, epoch: int) -> str:
    """How this training would have ended at its best epoch (1 is the first), and what else helps.

    `at` is that epoch as it was logged.
    """
    if curves.is_boosted:
        return f"`early_stopping_rounds=20`: {epoch} trees are best; or a lower `learning_rate`"
    decay = curves.params.get("weight_decay")
    value = None if decay is None else _number(decay.value)
    stronger = "weight decay or dropout" if not value else f"`weight_decay={10 * value:.2g}`"
    where = f"epoch {epoch}" + ("" if at in (epoch, epoch - 1) else f" ({at:g})")
    return f"stop at {where} (early stopping that keeps the best weights), {stronger}, or more data"


def learn_more(curves: Curves, *, is_regularised: bool) -> str:
    """What lets it learn more than it does."""
    decay = curves.params.get("weight_decay")
    value = None if decay is None else _number(decay.value)
    if is_regularised or (value or 0.0) > _STRONG_DECAY:
        less = "less weight decay" if not value else f"`weight_decay={value / 100:.2g}`"
        return f"{less}, less dropout; then more epochs"
    if curves.is_boosted:
        return "more trees, deeper ones (`max_depth`), or a higher `learning_rate`"
    return f"wider or more layers, more epochs, less regularisation; or {rate_times(curves, 3)}"


def optimizer(curves: Curves) -> str | None:
    """The class of the optimizer, where the run's params say it."""
    for name in ("optimizer", "optimiser", "solver"):
        param = curves.params.get(name)
        if param is not None and isinstance(param.value, str):
            return param.value
    rate = _rate_param(curves)
    called = None if rate is None else rate.uses[-1].origin.callee
    return None if called is None else called.rpartition(".")[2]


def activation(curves: Curves) -> str | None:
    """The activation function, where a param names one."""
    param = curves.params.get("activation") or curves.params.get("act")
    return param.value if param is not None and isinstance(param.value, str) else None


def _rate_param(curves: Curves) -> Param | None:
    for name, param in curves.params.items():
        if name.rpartition(".")[2] in _RATES and _number(param.value) is not None:
            return param
    return None


def _number(value: Any) -> float | None:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if is_number else None


def _of(name: str | None) -> str:
    return "" if name is None else f" for {name}"
