"""Whether a training is sound, and whether a fault has hurt: by test rows that no check has seen.

A sound training is about as good as a linear model of the same rows, and its test loss has not
risen. Whether a fault has hurt is judged beside the twin: by the score, by the loss (a model may
be right and far too sure), or by what the fault itself spoils. All limits were fixed beforehand.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from planted import FAULTS

if TYPE_CHECKING:
    from traces import Trace

BEHIND = 0.05  # of the score of a linear model, that a sound one may be
RISEN = 1.15  # of its lowest test loss, that the last of a sound one may be
REBOUND = 1.25  # the same, of one that is overfitted
LOST = 0.03  # of the score of the twin
LOST_LOSS = 1.25  # times the test loss of the twin
MISREPORTED = 0.03  # by which a measured validation score is wrong
SLOWER = 2.0  # times as long an epoch takes as that of the twin
ERRORS = 2.0  # standard errors that a difference of accuracies has to have
SLACK = 0.02  # of the dummy loss, that is no difference


def score_error(trace: Trace) -> float:
    """The standard error of an accuracy on the test rows; that of R² is not known: 0."""
    if trace.metric != "acc":
        return 0.0
    p = min(max(trace.oracle["test_score"], 0.01), 0.99)
    return math.sqrt(p * (1 - p) / trace.oracle["n_test"])


def rebound(trace: Trace) -> float:
    """The last test loss over the lowest, but for what is next to nothing beside L0."""
    losses = trace.oracle["test_losses"]
    slack = SLACK * trace.oracle["dummy_loss"]
    return float((losses[-1] + slack) / (min(losses) + slack))


def why_unsound(trace: Trace) -> str:
    """What is wrong with a training in which nothing is planted, or an empty text."""
    oracle = trace.oracle
    if trace.error:
        return trace.error
    behind = oracle["reference"] - oracle["test_score"]
    if behind > max(BEHIND, ERRORS * score_error(trace)):
        return f"score {oracle['test_score']:.3f}, a linear model {oracle['reference']:.3f}"
    if rebound(trace) > RISEN:
        return f"test loss has risen {rebound(trace):.2f} times"
    if oracle["test_score"] - oracle["dummy_score"] < 0.05:
        return "nothing to be learnt"
    return ""


def has_hurt(trace: Trace, twin: Trace) -> bool:
    """Whether a planted fault did harm."""
    kind = FAULTS[trace.fault].harm
    if kind == "rebound":
        return rebound(trace) > REBOUND
    if kind == "misreported":
        oracle = trace.oracle
        return abs(oracle["reported_val_score"] - oracle["val_score"]) > MISREPORTED
    if kind == "time":
        return trace.config["wait_once_s"] > 0 or _epoch_s(trace) > SLOWER * _epoch_s(twin)
    return _is_worse(trace, twin)


def _epoch_s(trace: Trace) -> float:
    """Seconds that an epoch takes."""
    return trace.seconds / max(len(trace.epochs()), 1)


def _is_worse(trace: Trace, twin: Trace) -> bool:
    lost = twin.oracle["test_score"] - trace.oracle["test_score"]
    error = math.hypot(score_error(trace), score_error(twin))
    if trace.error or lost > max(LOST, ERRORS * error):
        return True
    slack = SLACK * twin.oracle["dummy_loss"]
    return bool(trace.oracle["test_loss"] > LOST_LOSS * twin.oracle["test_loss"] + slack)
