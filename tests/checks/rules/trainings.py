"""Series of trainings to judge: one that goes well, and what to change in it."""

from __future__ import annotations

from typing import Any

import numpy as np
from tests.checks.examples import judge

from aseptic.checks import Check
from aseptic.model import CheckOutcome, Finding

EPOCHS, PER_EPOCH = 30, 20
STEPS = np.arange(float(EPOCHS * PER_EPOCH))
ENDS = np.arange(PER_EPOCH - 1.0, len(STEPS), PER_EPOCH)
PROBES = np.arange(0.0, len(STEPS), 5)


def healthy(**changes: Any) -> dict[str, Any]:
    """A training of three layers that explains most of the dummy loss; None leaves a series out.

    Layers are changed by `h0_grad_norm=…`, or `grad_norms=…` in all three.
    """
    noise = np.random.default_rng(0).gamma(20, 0.05, len(STEPS))
    fall = 0.1 + 2.2 * 0.99**STEPS
    series: dict[str, Any] = {
        "loss": (STEPS, fall * noise),
        "train_loss": (ENDS, fall[PER_EPOCH - 1 :: PER_EPOCH]),
        "val_loss": (ENDS, fall[PER_EPOCH - 1 :: PER_EPOCH] + 0.05),
        "train_accuracy": (ENDS, 1 - fall[PER_EPOCH - 1 :: PER_EPOCH] / 2.6),
        "val_accuracy": (ENDS, 1 - fall[PER_EPOCH - 1 :: PER_EPOCH] / 2.5),
        "grad_norm": (STEPS, noise),
        "dummy_loss": 2.3,
        "reference_score": 0.9,
        "n_classes": 10,
        "n_train": 1000,
        "input_abs_max": 4.0,
    }
    usual = {"grad_norm": 0.3, "weight_norm": 3.0, "update_ratio": 1e-3, "dead_share": 0.1}
    usual |= {"saturated_share": 0.05, "identical_share": 0.0}
    for layer in ("h0", "h1", "out"):
        for kind, value in usual.items():
            values = changes.pop(f"{layer}_{kind}", changes.get(f"{kind}s", value))
            series[f"layer/{layer}/{kind}"] = (PROBES, np.broadcast_to(values, len(PROBES)))
    for kind in usual:
        changes.pop(f"{kind}s", None)
    for name, value in changes.items():
        known = isinstance(series.get(name), tuple) and isinstance(value, np.ndarray | list)
        series[name] = (series[name][0], np.asarray(value)) if known else value
    return {name: value for name, value in series.items() if value is not None}


def stuck(**changes: Any) -> dict[str, Any]:
    """The same, but nothing is learnt: the loss stays that of one and the same answer."""
    noise = np.random.default_rng(0).gamma(20, 0.05, len(STEPS))
    flat = {
        "loss": 2.3 * noise,
        "train_loss": np.full(EPOCHS, 2.3),
        "val_loss": np.full(EPOCHS, 2.3),
        "train_accuracy": np.full(EPOCHS, 0.1),
        "val_accuracy": np.full(EPOCHS, 0.1),
    }
    return healthy(**(flat | changes))


def begun(series: dict[str, Any], *, epochs: int) -> dict[str, Any]:
    """What was logged up to the end of so many epochs."""
    until = epochs * PER_EPOCH - 1
    return {
        name: (value[0][value[0] <= until], value[1][value[0] <= until])
        if isinstance(value, tuple)
        else value
        for name, value in series.items()
    }


def findings(check: Check, series: dict[str, Any], **variables: Any) -> tuple[Finding, ...]:
    """What one check finds."""
    return judge(check, series=series, **variables).findings


def outcome(check: Check, series: dict[str, Any], **variables: Any) -> CheckOutcome:
    """How one check ends."""
    return judge(check, series=series, **variables).outcomes[0]
