"""What a training led to, as held-out data show it: what no check is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LARGEST = 1e9  # a loss that is no number, or larger


@dataclass(frozen=True)
class Prediction:
    """The targets of some rows, and the class probabilities or quantities predicted for them."""

    y: NDArray
    predicted: NDArray

    @property
    def is_class(self) -> bool:
        return self.predicted.ndim == 2

    @cached_property
    def loss(self) -> float:
        """Cross-entropy or mean squared error."""
        if self.is_class:
            own = self.predicted[np.arange(len(self.y)), self.y]
            return _finite(float(-np.log(np.clip(own, 1e-7, 1)).mean()))
        return _finite(float(np.mean((self.y - self.predicted.astype(np.float64)) ** 2)))

    @cached_property
    def score(self) -> float:
        """Accuracy or R²; that of NaN is that of a constant, or 0."""
        if self.is_class:
            return float(np.mean(self.predicted.argmax(axis=1) == self.y))
        return 1.0 - self.loss / max(float(np.var(self.y)), 1e-12)

    def metrics(self) -> dict[str, float]:
        """What skore compares by default for an estimator."""
        if not self.is_class:
            return {"r2": self.score, "rmse": self.loss**0.5}
        from sklearn.metrics import precision_score, recall_score, roc_auc_score

        said = self.predicted.argmax(axis=1)
        more = {"average": "macro", "zero_division": 0}
        found = {
            "accuracy": self.score,
            "precision": float(precision_score(self.y, said, **more)),
            "recall": float(recall_score(self.y, said, **more)),
            "log_loss": self.loss,
        }
        if np.isfinite(self.predicted).all() and len(np.unique(self.y)) == self.predicted.shape[1]:
            p = self.predicted.astype(np.float64)
            p /= p.sum(axis=1, keepdims=True)
            binary = p.shape[1] == 2
            found["roc_auc"] = float(
                roc_auc_score(self.y, p[:, 1] if binary else p, multi_class="ovr")
            )
        return found


@dataclass(frozen=True)
class Outcome:
    """The predictions at the end for train, val and test, and the test loss after each epoch."""

    predicted: dict[str, Prediction]
    test_losses: list[float]
    reported_score: float  # on validation, as the person has measured it
    layer_sizes: dict[str, int] = field(default_factory=dict)
    error: str = ""  # with which the training ended


def _finite(loss: float) -> float:
    return loss if np.isfinite(loss) and loss < _LARGEST else _LARGEST
