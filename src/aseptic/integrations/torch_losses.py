"""Losses of torch, recognised where they are computed: their value, and what was to be predicted.

A loss of the dummy is that of the best constant answer to the targets seen: with class shares p the
entropy H(p), for a squared error the variance of the target.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

#: In `torch.nn.functional`: the modules in `torch.nn` call these.
CLASSES = frozenset({"cross_entropy", "nll_loss"})
BINARY = frozenset({"binary_cross_entropy", "binary_cross_entropy_with_logits"})
SQUARED = "mse_loss"
FUNCTIONS = (*sorted(CLASSES | BINARY), SQUARED, "l1_loss", "smooth_l1_loss", "huber_loss")
_MOST_COLUMNS = 4_096  # of a target whose variance is taken


class Loss(NamedTuple):
    """One computation of a loss."""

    kind: str  # the function's name; "" for a loss function of the user's
    result: weakref.ref[Any]  # the tensor that the user got
    value: Any  # its mean over elements: a number, or a tensor on another device
    samples: int


def value_of(tensor: Any) -> Any:
    """A number; of a tensor on another device a tensor of its own, to be read later."""
    return tensor.item() if tensor.is_cpu else tensor.detach().clone()


def read_loss(kind: str, result: Any, prediction: Any, target: Any, reduction: str) -> Loss | None:
    """A loss as the mean over its elements; None where that cannot be said."""
    samples = target.shape[0] if target.dim() else 1
    if reduction == "mean" and result.dim() == 0:
        return Loss(kind, weakref.ref(result), value_of(result), samples)
    detached = result.detach()
    if reduction == "none":
        detached = detached.mean()
    elif reduction == "sum":
        elements = target.numel() if kind in CLASSES and not _are_shares(target) else None
        detached = detached / (elements or (len(prediction) if kind in CLASSES else target.numel()))
    if detached.numel() != 1:
        return None
    return Loss(kind, weakref.ref(result), value_of(detached), samples)


def _are_shares(target: Any) -> bool:
    return bool(target.dtype.is_floating_point)


class Targets:
    """What there was to predict in training, added up: enough for the loss of the dummy."""

    def __init__(self) -> None:
        self._kind: str | None = None
        self._counts: Any = None  # by class, or of ones by column
        self._rows = 0
        self._weights: Any = None
        self._smoothing = 0.0
        self._shift: Any = None  # the first mean: sums of squares lose no digits
        self._sums: Any = None
        self._squares: Any = None
        self._is_known = True

    def add(self, kind: str, prediction: Any, target: Any, options: Mapping[str, Any]) -> None:
        """Takes in the targets of one batch. Reads them from their device."""
        self._is_known &= self._kind in (None, kind)
        self._kind = kind
        if not self._is_known:
            return
        if kind in CLASSES:
            self._add_classes(prediction, target, options)
        elif kind in BINARY:
            self._add_binary(target, options)
        elif kind == SQUARED:
            self._add_numbers(target)
        else:
            self._is_known = False

    def facts(self) -> dict[str, float]:
        """`dummy_loss`, `n_classes` and `top_class_share`, as far as they are known."""
        if not self._is_known or self._rows == 0:
            return {}
        if self._kind in CLASSES:
            return self._class_facts()
        if self._kind in BINARY:
            return self._binary_facts()
        variance = np.maximum(self._squares / self._rows - (self._sums / self._rows) ** 2, 0)
        return {"dummy_loss": float(np.mean(variance))}

    # -- classes --------------------------------------------------------------------------------
    def _add_classes(self, prediction: Any, target: Any, options: Mapping[str, Any]) -> None:
        classes = prediction.shape[1] if prediction.dim() > 1 else prediction.shape[0]
        if _are_shares(target):
            shares = _numbers(target)
            shares = np.moveaxis(shares, 1, -1) if shares.ndim > 1 else shares
            counts = shares.reshape(-1, classes).sum(axis=0)
        else:
            found = _numbers(target).ravel()
            found = found[found != options.get("ignore_index", -100)]
            counts = np.bincount(found, minlength=classes).astype(np.float64)
        if self._counts is not None and len(counts) != len(self._counts):
            self._is_known = False
            return
        weight = options.get("weight")
        self._weights = None if weight is None else _numbers(weight)
        self._smoothing = float(options.get("label_smoothing", 0.0) or 0.0)
        self._counts = counts if self._counts is None else self._counts + counts
        self._rows += round(float(counts.sum()))

    def _class_facts(self) -> dict[str, float]:
        shares = self._counts / self._counts.sum()
        facts = {"n_classes": float(len(shares)), "top_class_share": float(shares.max())}
        if self._weights is not None and self._smoothing:
            return facts
        if self._weights is not None:
            shares = shares * self._weights
            shares = shares / shares.sum()
        shares = (1 - self._smoothing) * shares + self._smoothing / len(shares)
        return {"dummy_loss": _entropy(shares), **facts}

    # -- yes and no -----------------------------------------------------------------------------
    def _add_binary(self, target: Any, options: Mapping[str, Any]) -> None:
        if options.get("weight") is not None:
            self._is_known = False
            return
        positive = options.get("pos_weight")
        self._weights = None if positive is None else _numbers(positive)
        self._add_columns(_numbers(target))

    def _binary_facts(self) -> dict[str, float]:
        ones = self._sums / self._rows + self._shift
        facts = {}
        if ones.size == 1:
            share = float(ones.ravel()[0])
            facts = {"n_classes": 2.0, "top_class_share": max(share, 1 - share)}
        weighted = ones if self._weights is None else ones * self._weights
        total = weighted + 1 - ones  # of a column; 1 without weights
        share = weighted / total
        losses = total * -(_x_log_x(share) + _x_log_x(1 - share))
        return {"dummy_loss": float(np.mean(losses)), **facts}

    # -- numbers --------------------------------------------------------------------------------
    def _add_numbers(self, target: Any) -> None:
        self._add_columns(_numbers(target))

    def _add_columns(self, values: Any) -> None:
        columns = values.reshape(len(values) if values.ndim else 1, -1).astype(np.float64)
        if columns.shape[1] > _MOST_COLUMNS or (
            self._sums is not None and columns.shape[1] != len(self._sums)
        ):
            self._is_known = False
            return
        if self._sums is None:
            self._shift = columns.mean(axis=0)
            self._sums = np.zeros_like(self._shift)
            self._squares = np.zeros_like(self._shift)
        shifted = columns - self._shift
        self._rows += len(columns)
        self._sums = self._sums + shifted.sum(axis=0)
        self._squares = self._squares + (shifted**2).sum(axis=0)


def predicted_classes(kind: str, prediction: Any) -> Any:
    """How often each class is the predicted one; None where no classes are predicted."""
    if kind in CLASSES and prediction.dim() > 1:
        answers = _numbers(prediction.detach().argmax(dim=1)).ravel()
        return np.bincount(answers, minlength=prediction.shape[1])
    if kind in BINARY and prediction.numel() == len(prediction):
        limit = 0.0 if kind.endswith("logits") else 0.5
        ones = int((prediction.detach() > limit).sum().item())
        return np.array([prediction.numel() - ones, ones])
    return None


def _numbers(tensor: Any) -> Any:
    """The values of a tensor as an array that shares its memory, if it is on the CPU."""
    tensor = tensor.detach().cpu()
    kind = str(tensor.dtype).rpartition(".")[2]
    return (tensor.float() if kind == "bfloat16" else tensor).numpy()


def _entropy(shares: Any) -> float:
    return float(-_x_log_x(shares).sum())


def _x_log_x(shares: Any) -> Any:
    return np.where(shares > 0, shares * np.log(np.maximum(shares, 1e-300)), 0.0)
