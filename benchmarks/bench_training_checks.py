"""How long the checks of a training take: 20 layers x 120 probes, 10,000 steps, 100 epochs.

Run `python benchmarks/bench_training_checks.py [--layers N] [--steps N]`.
"""

import argparse
import time

import numpy as np

LAYERS, PROBES, STEPS, EPOCHS = 20, 120, 10_000, 100
KINDS = (
    "grad_norm",
    "weight_norm",
    "update_ratio",
    "dead_share",
    "saturated_share",
    "identical_share",
)
REPEATS = 9
SHOWN = 6  # of the slowest checks


def make_series(layers, steps, *, is_learning):
    """What the hooks log of one training; where it does not learn, no rule can end early."""
    rng = np.random.default_rng(0)
    every, probes = np.arange(float(steps)), np.linspace(0, steps - 1, PROBES).round()
    epochs = np.linspace(0, steps - 1, EPOCHS).round()
    fall = (lambda x: 0.1 + 2.2 * np.exp(-5 * x / steps)) if is_learning else np.ones_like
    series = {
        "loss": (every, fall(every) * rng.gamma(20, 0.05, steps)),
        "grad_norm": (every, rng.gamma(4, 0.25, steps)),
        "lr": (every, np.full(steps, 0.1)),
        "train_loss": (epochs, fall(epochs)),
        "val_loss": (epochs, fall(epochs) + 0.05),
        "train_accuracy": (epochs, 1 - fall(epochs) / 2.5),
        "val_accuracy": (epochs, 1 - fall(epochs) / 2.4),
    }
    for layer in range(layers):
        for kind in KINDS:
            series[f"layer/{layer}/{kind}"] = (probes, rng.gamma(4, 0.01, PROBES))
    facts = {"dummy_loss": 2.3 if is_learning else 1.0, "reference_score": 0.9, "n_classes": 10}
    return series | facts | {"n_train": 5000, "input_abs_max": 4.0, "top_class_share": 0.1}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--layers", type=int, default=LAYERS)
    parser.add_argument("--steps", type=int, default=STEPS)
    options = parser.parse_args()

    from aseptic.checks.discovery import load_checks
    from aseptic.checks.handed_over import evidence_of
    from aseptic.checks.runner import run_checks
    from aseptic.checks.settings import CheckSettings

    checks = [one for one in load_checks().values() if one.code.startswith("T")]
    for is_learning in (True, False):
        series = make_series(options.layers, options.steps, is_learning=is_learning)
        times, slowest = [], {}
        for _ in range(REPEATS):
            evidence = evidence_of({}, series=series)
            began = time.perf_counter()
            report = run_checks(checks, evidence, CheckSettings())
            times.append(time.perf_counter() - began)
            slowest = {one.code: 1000 * one.duration_s for one in report.outcomes}
        order = sorted(slowest.items(), key=lambda item: -item[1])[:SHOWN]
        print(
            f"{'healthy' if is_learning else 'learns nothing'}: {options.layers} layers x {PROBES}"
            f" probes, {options.steps:,} steps: {len(checks)} checks in"
            f" {1000 * np.median(times):.1f} ms (best {1000 * min(times):.1f})"
        )
        print("   slowest: " + ", ".join(f"{code} {took:.2f} ms" for code, took in order))


if __name__ == "__main__":
    main()
