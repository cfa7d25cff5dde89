"""The names of the series that tell how a training went: whoever logs and whoever reads uses them.

A step is one update of the weights, counted from 0. Series by epoch have the number of their last
step as x, so that all curves of a training lie over one axis. A fact is a series of one point, or
of a few where it is known better later: the last one holds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

#: By step: what the gradient is of; its norm over all parameters (L2); the learning rate.
LOSS: Final = "loss"
GRAD_NORM: Final = "grad_norm"
LR: Final = "lr"

#: By epoch: the mean over the samples of the epoch, in the unit of the loss function.
TRAIN_LOSS: Final = "train_loss"
VAL_LOSS: Final = "val_loss"

#: The loss of the best constant answer: the entropy of the classes, the variance of the target.
DUMMY_LOSS: Final = "dummy_loss"
#: The score of a linear or gradient-boosted model on the same split.
REFERENCE_SCORE: Final = "reference_score"
N_TRAIN: Final = "n_train"
N_CLASSES: Final = "n_classes"
STEPS_PER_EPOCH: Final = "steps_per_epoch"
#: The largest absolute value that was fed to the first layer, after preprocessing.
INPUT_ABS_MAX: Final = "input_abs_max"
#: The largest over the smallest standard deviation of the columns fed to the first layer.
INPUT_SCALE_RATIO: Final = "input_scale_ratio"
#: The share of the training's time in which it waited for its data loader.
DATA_WAIT_SHARE: Final = "data_wait_share"
#: The share of steps after which the gradients were not cleared before the next backward pass.
UNCLEARED_GRAD_SHARE: Final = "uncleared_grad_share"
#: The share of evaluations (no gradient) for which dropout or batch norm was in training mode.
EVAL_IN_TRAIN_MODE_SHARE: Final = "eval_in_train_mode_share"
#: The share of the most frequent class: among the training targets, and among the predictions.
TOP_CLASS_SHARE: Final = "top_class_share"
TOP_PREDICTED_SHARE: Final = "top_predicted_share"

FACTS: Final = frozenset(
    {
        DUMMY_LOSS,
        REFERENCE_SCORE,
        N_TRAIN,
        N_CLASSES,
        STEPS_PER_EPOCH,
        INPUT_ABS_MAX,
        INPUT_SCALE_RATIO,
        DATA_WAIT_SHARE,
        UNCLEARED_GRAD_SHARE,
        EVAL_IN_TRAIN_MODE_SHARE,
        TOP_CLASS_SHARE,
        TOP_PREDICTED_SHARE,
    }
)

#: Of each layer, at probes: L2 norms, the size of an update over that of the weights, and shares
#: of its units: always 0, saturated, and with the same incoming weights as another unit. `index` is
#: the layer's place in the network, from 0.
LAYER_SERIES: Final = (
    "grad_norm",
    "weight_norm",
    "update_ratio",
    "dead_share",
    "saturated_share",
    "identical_share",
    "index",
)

#: What begins so belongs to a layer, or to the second, third, … of several trainings in one run.
_PREFIXES: Final = ("layer/", "training2/", "training3/", "training4/")
#: The first of several trainings that take turns.
_FIRST: Final = "training1/"
_DIAGNOSTICS: Final = FACTS | {GRAD_NORM, LR}


def layer_series(layer: str, name: str) -> str:
    """The name of a layer's series, such as `layer/conv1/grad_norm`."""
    return f"layer/{layer}/{name}"


def is_diagnostic(name: str) -> bool:
    """Whether a series tells how a training went, and not how good its result is.

    It is kept and drawn like any other; but no column of the run table, and nothing that runs are
    ranked by, unless someone names it.
    """
    name = name.removeprefix(_FIRST)  # its loss is shown as that of a single training is
    return name in _DIAGNOSTICS or name.startswith(_PREFIXES)


def without_diagnostics(names: Iterable[str], *, keep: Collection[str] = ()) -> list[str]:
    """The names that are no diagnostics, and those to keep."""
    return [name for name in names if name in keep or not is_diagnostic(name)]
