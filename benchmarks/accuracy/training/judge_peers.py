"""The published rules of SageMaker Debugger, UMLAUT, AutoTrainer and skore, on the same traces.

They are written anew from their documentation and source, with the defaults given there, as the
tools themselves cannot watch these trainings: SageMaker's is a service, UMLAUT and AutoTrainer are
parts of Keras. Each rule is read in its favour: `codes` are all checks of ours of which one could
say that it says the same.

Sources: the page "debugger-built-in-rules" of the developer guide of Amazon SageMaker (as of 2023);
`heuristics.py` of UMLAUT (Schoop et al., CHI 2021); `monitor.py` of AutoTrainer (Zhang et al., ICSE
2021); SKD001 and SKD002 of skore 0.28. Rules that need what no trace has (tensors to be named,
images, tokens, the graph) are left out.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from judging_trainings import Judged, Said

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray
    from traces import Trace

_TOO_FAST = ("T01", "T02", "T03", "T20")
_TOO_SLOW = ("T04", "T05", "T10", "T11", "T16")
_TINY = 1e-12


def judge(tool: str, trace: Trace) -> Judged:
    """What a tool's rules say after the training."""
    with np.errstate(all="ignore"):
        return Judged(tuple(RULES[tool](trace)))


def _values(trace: Trace, name: str) -> NDArray[np.float64]:
    points = trace.series.get(name)
    return np.array([]) if points is None else points.value


def _layers(trace: Trace, kind: str) -> dict[str, NDArray[np.float64]]:
    """The series of each layer, in the order of the network."""
    found = {
        name.removeprefix("layer/").removesuffix(f"/{kind}"): points.value
        for name, points in trace.series.items()
        if name.startswith("layer/") and name.endswith(f"/{kind}")
    }
    places = {layer: _values(trace, f"layer/{layer}/index") for layer in found}
    order = sorted(found, key=lambda one: places[one][-1] if len(places[one]) else 0)
    return {layer: found[layer] for layer in order}


def _losses(trace: Trace) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Of train and validation, at the same epochs."""
    train, val = _values(trace, "train_loss"), _values(trace, "val_loss")
    count = min(len(train), len(val))
    return train[:count], val[:count]


# -- SageMaker Debugger ---------------------------------------------------------------------------
def _sagemaker(trace: Trace) -> Iterator[Said]:
    sizes = trace.layer_sizes
    # The mean of |g| is taken to be its root mean square, which is never smaller.
    means = {name: g / math.sqrt(sizes.get(name, 1)) for name, g in _grads(trace).items()}
    if any((mean < 1e-7).any() for mean in means.values()):
        yield Said("VanishingGradient", ("T06", "T08", "T10", "T11"))
    watched = [_values(trace, name) for name in ("loss", "train_loss", "val_loss", "grad_norm")]
    if any(not np.isfinite(values).all() for values in watched):
        yield Said("ExplodingTensor", ("T01", "T02", "T07", "T20"))
    updates = _layers(trace, "update_ratio").values()
    if any((ratio > 10).any() for ratio in updates):
        yield Said("WeightUpdateRatio, large", ("T02", "T20"))
    if any((ratio < 1e-8).any() for ratio in updates):
        yield Said("WeightUpdateRatio, small", ("T05", "T10", "T11"))
    if any((share > 0.5).any() for share in _layers(trace, "dead_share").values()):
        yield Said("DeadRelu", ("T08",))
    if any((share > 0.5).any() for share in _layers(trace, "saturated_share").values()):
        yield Said("SaturatedActivation", ("T09",))
    steps = _values(trace, "loss")
    steps = (steps if len(steps) else _values(trace, "train_loss"))[::10]
    if any(100 * (a - b) / abs(a) < 0.1 for a, b in pairwise(steps)):
        yield Said("LossNotDecreasing", (*_TOO_FAST, "T04", "T05", "T10", "T11", "T13"))
    train, val = _losses(trace)
    if ((val - train) / train > 0.1).sum() > 1:
        yield Said("Overfit", ("T14", "T15"))
    if _without_gain(train, 0.01) > 5 or _without_gain(val, 0.01) > 10:
        yield Said("Overtraining", ("T14",))
    if trace.status == "interrupted" and trace.config["wait_once_s"] > 1.5:  # 1,800 s, shortened
        yield Said("StalledTraining", ("T18",))


def _grads(trace: Trace) -> dict[str, NDArray[np.float64]]:
    return _layers(trace, "grad_norm")


def _without_gain(losses: NDArray[np.float64], least: float) -> int:
    """The most epochs in a row in which the lowest loss has not fallen by so much."""
    best, since, most = math.inf, 0, 0
    for loss in losses:
        best, since = (loss, 0) if loss < best - least else (best, since + 1)
        most = max(most, since)
    return most


# -- UMLAUT ---------------------------------------------------------------------------------------
def _umlaut(trace: Trace) -> Iterator[Said]:
    if (_values(trace, "input_abs_max") > 1).any():
        yield Said("input outside -1 to 1", ("T17",))
    losses = [_values(trace, name) for name in ("loss", "train_loss", "val_loss")]
    if any(np.isnan(values).any() for values in losses):
        yield Said("loss is NaN", ("T01", "T02"))
    rate = _values(trace, "lr")
    if (rate > 0.01).any():
        yield Said("learning rate above 0.01", _TOO_FAST)
    if len(rate) and (rate[rate > 0] < 1e-7).any():
        yield Said("learning rate below 1e-7", ("T05",))
    train, val = _losses(trace)
    if ((np.diff(val) > 0) & (np.diff(train) < 0)).any():
        yield Said("validation loss rises while training loss falls", ("T14", "T15"))
    if trace.metric == "acc":
        train_score, val_score = _values(trace, "train_acc"), _values(trace, "val_acc")
        count = min(len(train_score), len(val_score))
        if (val_score > 0.95).any():
            yield Said("validation accuracy above 0.95", ())
        if (val_score[:count] > train_score[:count] + 0.05).any():
            yield Said("validation accuracy above that of training", ())
    if trace.config["dropout"] > 0.5 and trace.architecture not in ("mlp", "boosted"):
        yield Said("dropout above 0.5", ("T16", "T24"))


# -- AutoTrainer ----------------------------------------------------------------------------------
def _autotrainer(trace: Trace) -> Iterator[Said]:
    scores = _values(trace, f"val_{trace.metric}")
    losses = np.concatenate([_values(trace, "loss"), _values(trace, "train_loss")])
    if not np.isfinite(losses).all() or (losses >= 1e3).any():
        yield Said("explode", ("T01", "T02", "T07", "T20"))
    if len(scores) and np.nanmax(scores) >= 0.7:
        return
    grads = list(_grads(trace).values())
    if len(grads) > 1:
        count = min(len(grads[0]), len(grads[-1]))
        first, last = grads[0][:count], grads[-1][:count]
        ratio = first / (last + _TINY)
        if ((ratio < 1e-3) & (first < 1e-4)).any():
            yield Said("vanish", ("T06", "T11"))
        if (ratio > 70).any():
            yield Said("explode", ("T07", "T20"))
    if any((share >= 0.7).any() for share in _layers(trace, "dead_share").values()):
        yield Said("dying ReLU", ("T08",))
    if len(scores) > 2 and (np.abs(np.diff(scores)) >= 0.03).mean() >= 0.2:
        yield Said("unstable", _TOO_FAST)
    if len(scores) > 1 and np.diff(scores).max() < 0.01:
        yield Said("slow", _TOO_SLOW)


# -- skore ----------------------------------------------------------------------------------------
def _skore(trace: Trace) -> Iterator[Said]:
    """At the end, on train and test; its metrics, and for the dummy those that can be had."""
    final = trace.oracle["final"]
    train, test = final["train"], final["test"]
    shared = [name for name in train if name in test]
    gaps = [_gap(name, train[name], test[name]) for name in shared]
    limits = [max(0.03, 0.1 * abs(train[name])) for name in shared]
    if sum(gap >= limit for gap, limit in zip(gaps, limits, strict=True)) > len(shared) / 2:
        yield Said("SKD001 overfit", ("T14", "T15"))
    dummy = _dummy(trace)
    is_low = []
    for name, constant in dummy.items():
        both = max(abs(train[name]), abs(test[name]))
        is_close = abs(train[name] - test[name]) <= max(0.03, 0.05 * both)
        gain = _gap(name, test[name], constant)
        is_low.append(is_close and gain < max(0.01, 0.03 * abs(constant)))
    if sum(is_low) > len(is_low) / 2:
        yield Said("SKD002 underfit", ("T04", "T16"))


def _gap(name: str, better: float, worse: float) -> float:
    """By how much the first is better."""
    return worse - better if name in ("log_loss", "rmse") else better - worse


def _dummy(trace: Trace) -> dict[str, float]:
    oracle = trace.oracle
    if trace.metric == "acc":
        return {"accuracy": oracle["dummy_score"], "log_loss": oracle["dummy_loss"]}
    return {"r2": 0.0, "rmse": math.sqrt(oracle["dummy_loss"])}


RULES: dict[str, Callable[[Trace], Iterator[Said]]] = {
    "SageMaker Debugger": _sagemaker,
    "UMLAUT": _umlaut,
    "AutoTrainer": _autotrainer,
    "skore": _skore,
}
