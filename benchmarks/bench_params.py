"""What the probes cost: in a loop of two million steps, and in an ordinary training cell.

Run: python benchmarks/bench_params.py
"""

from __future__ import annotations

import ast
import statistics
import time
from typing import Any

from aseptic.capture.params import ParamProbe

STEPS = 2_000_000
LOOPS = {
    "arithmetic": "total = 0\nfor i in range(STEPS):\n    total += i * 0.5",
    "arithmetic with a setting": "total = 0\nfor i in range(STEPS):\n    total += i * rate",
    "a builtin": "for i in range(STEPS):\n    abs(i)",
    "a method of a list": "out = []\nfor i in range(STEPS):\n    out.append(i)",
    "a function": "for i in range(STEPS):\n    f(i, rate)",
    "a function, its result bound": "for i in range(STEPS):\n    y = f(i, rate)",
    "a function of expressions": "for i in range(STEPS):\n    f(i + 1, k=i * 2)",
}
LOOP_SETUP = f"STEPS = {STEPS}\nrate = 0.5\ndef f(x, k=1): return 0.25\n"

TRAINING_SETUP = """
from dataclasses import dataclass
import numpy as np
@dataclass
class Config:
    lr: float = 0.1
    hidden: int = 64
    epochs: int = 5
class Net:
    def __init__(self, hidden, depth=2): self.loss = 1.0
    def step(self, x, lr): self.loss *= 0.9; return self.loss
    def evaluate(self, x, y): return {"loss": self.loss, "acc": 1 - self.loss}
def load(name, split="train", size=100): return np.zeros((size, 4)), np.zeros(size)
def report(*args): pass
batch_size = 32
"""
TRAINING = """
cfg = Config(lr=0.05)
seed, momentum = 7, 0.9
np.random.seed(seed)
X, y = load("digits", size=200)
X_test, y_test = load("digits", split="test")
scale = X.std() + 1
X = X / scale
net = Net(hidden=cfg.hidden, depth=3)
history = []
for epoch in range(cfg.epochs):
    for start in range(0, len(X), batch_size):
        batch = X[start:start + batch_size]
        loss = net.step(batch, lr=cfg.lr)
    history.append(loss)
    if epoch % 2 == 0:
        report(epoch, loss)
result = net.evaluate(X_test, y_test)
acc = result["acc"]
error = 1 - acc
text = f"{acc:.3f}"
"""


def main() -> None:
    print(f"A loop of {STEPS:,} steps at the cell's top level (best of 3, seconds)")
    for name, source in LOOPS.items():
        plain, probed = _paired(source)
        print(
            f"  {name:30s} plain {plain:6.3f}   with probes {probed:6.3f}   {probed - plain:+.3f}"
        )
    print("\nA training cell of 20 lines (median of 50, milliseconds)")
    for name, value in _training().items():
        print(f"  {name:30s} {value * 1000:6.2f}")


def _paired(source: str) -> tuple[float, float]:
    """Plain and probed by turns, so that a busy machine weighs on both."""
    plain, probed = [], []
    for _ in range(3):
        plain.append(_time(source, with_probes=False))
        probed.append(_time(source, with_probes=True))
    return min(plain), min(probed)


def _time(source: str, *, with_probes: bool) -> float:
    namespace: dict[str, Any] = {"__name__": "__main__"}
    exec(LOOP_SETUP, namespace)
    probe = ParamProbe(namespace)
    tree = ast.parse(source)
    code = compile(probe.instrument(tree) if with_probes else tree, "<cell>", "exec")
    start = time.perf_counter()
    exec(code, namespace)
    seconds = time.perf_counter() - start
    probe.collect()
    return seconds


def _training() -> dict[str, float]:
    """Medians of each part of the work for one cell."""
    rounds = [_training_round() for _ in range(50)]
    return {name: statistics.median(one[name] for one in rounds) for name in rounds[0]}


def _training_round() -> dict[str, float]:
    namespace: dict[str, Any] = {"__name__": "__main__"}
    exec(TRAINING_SETUP, namespace)
    code = compile(TRAINING, "<cell>", "exec")
    marks = [time.perf_counter()]
    exec(code, namespace)
    marks.append(time.perf_counter())
    tree = ast.parse(TRAINING)
    probe = ParamProbe(namespace)
    marks.append(time.perf_counter())
    tree = probe.instrument(tree)
    marks.append(time.perf_counter())
    probed = compile(tree, "<cell>", "exec")
    marks.append(time.perf_counter())
    exec(probed, namespace)
    marks.append(time.perf_counter())
    probe.collect()
    marks.append(time.perf_counter())
    return {
        "the cell alone": marks[1] - marks[0],
        "instrument": marks[3] - marks[2],
        "the cell with probes": marks[5] - marks[4],
        "collect": marks[6] - marks[5],
        "added in all": (marks[3] - marks[2]) + (marks[6] - marks[4]) - (marks[1] - marks[0]),
    }


if __name__ == "__main__":
    main()
