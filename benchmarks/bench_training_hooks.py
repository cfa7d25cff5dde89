"""What watching a training costs: small networks of torch, on digits, with a data loader.

Each training is timed with and without, in turn, with the processor time of this process: other
work on the machine does not count. The same seeds, so the same computation.

Run: python benchmarks/bench_training_hooks.py
"""

from __future__ import annotations

import statistics
import tempfile
import time
from itertools import pairwise
from typing import TYPE_CHECKING

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

import aseptic
from aseptic.integrations.switch import Integrations

if TYPE_CHECKING:
    from collections.abc import Callable

    from aseptic.active_run import ActiveRun

REPEATS = 7


def dense(width: int, depth: int) -> Callable[[], nn.Module]:
    def make() -> nn.Module:
        sizes = [64, *[width] * depth]
        layers = [m for a, b in pairwise(sizes) for m in (nn.Linear(a, b), nn.ReLU())]
        return nn.Sequential(*layers, nn.Linear(width, 10))

    return make


def convolutional() -> nn.Module:
    return nn.Sequential(
        nn.Unflatten(1, (1, 8, 8)),
        nn.Conv2d(1, 16, 3, padding=1),
        nn.BatchNorm2d(16),
        nn.ReLU(),
        nn.Conv2d(16, 32, 3, padding=1),
        nn.BatchNorm2d(32),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(4),
        nn.Flatten(),
        nn.Linear(512, 10),
    )


CASES: dict[str, tuple[Callable[[], nn.Module], int, int]] = {
    "2 x 64, batches of 32": (dense(64, 2), 32, 20),
    "4 x 128, batches of 64": (dense(128, 4), 64, 20),
    "2 x 512, batches of 64": (dense(512, 2), 64, 20),
    "convolutional, batches of 32": (convolutional, 32, 10),
}


def train(make: Callable[[], nn.Module], batch: int, epochs: int) -> int:
    torch.manual_seed(0)
    x, y = load_digits(return_X_y=True)
    features, target = torch.tensor(x / 16, dtype=torch.float32), torch.tensor(y)
    loader = DataLoader(TensorDataset(features[:1400], target[:1400]), batch, shuffle=True)
    held_out = DataLoader(TensorDataset(features[1400:], target[1400:]), 256)
    model = make()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    steps = 0
    for _ in range(epochs):
        model.train()
        for xb, yb in loader:
            optimizer.zero_grad()
            loss = functional.cross_entropy(model(xb), yb)
            loss.backward()
            optimizer.step()
            steps += 1
        model.eval()
        with torch.no_grad():
            for xb, yb in held_out:
                functional.cross_entropy(model(xb), yb).item()
    return steps


def timed(run: ActiveRun | None, *args: object) -> float:
    watch = None if run is None else Integrations(run)
    began = time.process_time()
    if watch is not None:
        watch.start()
    train(*args)  # type: ignore[arg-type]
    if watch is not None:
        watch.stop()
    return time.process_time() - began


def main() -> None:
    torch.set_num_threads(1)
    print(f"{'training':30} {'steps':>6} {'a step':>9} {'watched':>9} {'costs':>7}")
    for name, case in CASES.items():
        steps = train(*case)  # also warms up
        plain, watched = [], []
        for repeat in range(REPEATS):
            for is_on in (True, False) if repeat % 2 else (False, True):
                if is_on:
                    # the run itself, with git and files, is what bench_cell.py measures
                    with tempfile.TemporaryDirectory() as folder:
                        run = aseptic.track(store=folder)
                        active = run.__enter__()
                        run._open[0]._hooks.stop()
                        watched.append(timed(active, *case))
                        run.__exit__(None, None, None)
                else:
                    plain.append(timed(None, *case))
        before, after = statistics.median(plain), statistics.median(watched)
        share = statistics.median(b / a - 1 for a, b in zip(plain, watched, strict=True))
        print(
            f"{name:30} {steps:6,} {before / steps * 1e6:6.0f} µs {after / steps * 1e6:6.0f} µs"
            f" {share:7.1%}",
            flush=True,
        )


if __name__ == "__main__":
    main()
