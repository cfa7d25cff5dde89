"""T21: softmax on top of softmax, so that the loss cannot fall below a floor."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from aseptic.checks.check import NotApplicable, check
from aseptic.checks.curves import curves_of, median, plot_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aseptic.checks.curves import Curve, Curves
    from aseptic.checks.evidence import Evidence
    from aseptic.model import Finding

_FEWEST_EPOCHS = 8
_BEYOND = 0.05  # of the accuracy, that is more than the share of the most frequent class
_MOST_CLASSES = 1e6
_ABOVE_HONEST = 1.03


@check(
    "T21",
    severity="error",
    needs=("series:train_loss|loss", "series:train_accuracy|val_accuracy", "fact:n_classes"),
    cost="look",
)
def double_softmax(
    run: Evidence, *, near: float = 0.08, accurate: float = 0.5, still: float = 0.05
) -> Iterator[Finding]:
    """The model's probabilities are handed to a loss that takes them for logits.

    Why: cross-entropy applies softmax itself; of probabilities it can make nothing certain, so the
    loss stands at a floor and the gradients shrink, while the accuracy looks fine.

    Method: softmax of a certain softmax has, for K classes, a cross-entropy of
    ln(1 + (K - 1)/e), and 1 more for each wrong answer. The training loss is within `near` of
    that at the end, with an accuracy above `accurate`; it has fallen by less than `still` in the
    last half, and the loss of no step was ever below the floor; and it is higher than that of a
    model which is as certain of each answer as it is often right.

    Remedy: hand the logits to the loss: no softmax in the model (`nn.CrossEntropyLoss`), or
    `from_logits=False` in Keras.

    Bad::

        steps = np.arange(400)
        series = {"loss": (steps, 1.4612 + 0.84 * 0.98**steps), "dummy_loss": 2.3, "n_classes": 10}
        series |= {"train_accuracy": np.linspace(0.3, 0.99, 20)}

    Good::

        steps = np.arange(400)
        series = {"loss": (steps, 2.3 * 0.99**steps), "dummy_loss": 2.3, "n_classes": 10}
        series |= {"train_accuracy": np.linspace(0.3, 0.99, 20)}
    """
    curves = curves_of(run)
    classes, loss = curves.fact("n_classes"), curves.train_loss
    accuracy = _accuracy(curves)
    if classes is None or not 2 <= classes <= _MOST_CLASSES:
        raise NotApplicable("needs the number of classes")
    if accuracy is None or loss is None or not len(loss.finite):
        raise NotApplicable("needs an accuracy")
    if curves.is_early or curves.is_lost:
        return
    floor = math.log(1 + (classes - 1) / math.e)
    expected = floor + (1 - accuracy)
    lowest = _lowest(curves)
    common = curves.fact("top_class_share") or 1 / classes
    if accuracy < max(accurate, common + _BEYOND) or lowest < 0.998 * floor:
        return
    if loss.last < _ABOVE_HONEST * _honest_loss(accuracy, classes):
        return
    if abs(loss.last / expected - 1) > near or not _stands(loss, still):
        return
    yield run.finding(
        f"{loss.name} stands at {loss.last:.3g} with an accuracy of {accuracy:.2f}: the floor of"
        f" softmax on softmax for {classes:.0f} classes is {floor:.3g}",
        plot=plot_of([loss]),
        series=loss.name,
        step=float(loss.x[0]),
        loss=loss.last,
        floor=floor,
        expected=expected,
        near_limit=near,
        accuracy=accuracy,
    )


def _accuracy(curves: Curves) -> float | None:
    """That of training, else of validation, at the end."""
    score = curves.train_score or curves.validation_score
    if score is None or "acc" not in score.name.lower() or not 0 < score.last <= 1:
        return None
    return score.last


def _honest_loss(accuracy: float, classes: float) -> float:
    """The highest cross-entropy of a calibrated model that is right so often."""
    wrong = max(1 - accuracy, 1e-12)
    return -accuracy * math.log(accuracy) - wrong * math.log(wrong / (classes - 1))


def _stands(loss: Curve, still: float) -> bool:
    """Whether it hardly falls any more, in 8 epochs at least."""
    if len(loss.finite) < _FEWEST_EPOCHS:
        return False
    return loss.last > (1 - still) * median(loss.part(0.5, 0.75).finite.y)


def _lowest(curves: Curves) -> float:
    """The lowest loss of any step, else of any epoch."""
    curve = curves.steps or curves.train_loss
    assert curve is not None
    raw = curves.raw(curve.name)
    return float(np.min(raw.finite.y))
