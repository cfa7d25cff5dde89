"""What watching a training costs: the processor's time beside it, and what each `log` takes more.

Run `python benchmarks/bench_training_watch.py [--seconds N] [--layers N]`.
"""

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

PROBE_EVERY = 50  # steps
KINDS = ("grad_norm", "weight_norm", "update_ratio", "dead_share")
CALLS = 20_000


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--layers", type=int, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        _train(options.seconds, options.layers)
        _log()
        os.chdir("/")


def _train(seconds, layers):
    """A small training that logs three values a step, and those of its layers at probes."""
    import aseptic

    rng = np.random.default_rng(0)
    weights, rows = rng.normal(size=(256, 256)), rng.normal(size=(256, 256))
    step, started = 0, time.perf_counter()
    with aseptic.track() as run:
        watch = run._point_listeners[0].__self__
        while time.perf_counter() - started < seconds:
            rows = np.tanh(rows @ weights / 16)
            loss = 0.1 + 2.2 * 0.999**step + 0.05 * rng.random()
            run.log(loss=loss, grad_norm=rng.random(), lr=0.1, step=step)
            if step % PROBE_EVERY == 0:
                names = (f"layer/{i}/{kind}" for i in range(layers) for kind in KINDS)
                run.log({name: 0.001 + 0.05 * rng.random() for name in names}, step=step)
            step += 1
        duration = time.perf_counter() - started
    kept = sum(len(one.points) // 4 for one in watch._points.all.values())
    print(f"{duration:.1f} s, {step:,} steps, {len(watch._points.all)} series")
    print(f"  loading the checks, once a session   {watch.loading_s * 1e3:8.1f} ms")
    share = watch.judging_s / duration
    print(f"  judging beside the training          {watch.judging_s * 1e3:8.1f} ms  {share:.2%}")
    print(f"  points kept                          {kept:8,}     {kept * 32 / 1e6:.1f} MB")


def _log():
    """One `log` of three values, with the watch and without."""
    import aseptic
    from aseptic.training_watch import TrainingWatch

    with aseptic.track() as run:
        run.forget_listeners()
        times = {False: [], True: []}
        for round_ in range(10):
            is_watched = bool(round_ % 2)
            watch = TrainingWatch(run, Path.cwd())
            if is_watched:
                watch.start()
            for step in range(CALLS // 10):
                before = time.perf_counter()
                run.log(loss=1.0 / (1 + step), grad_norm=0.5, lr=0.1, step=step)
                times[is_watched].append(time.perf_counter() - before)
            watch.stop()
    print("`log` of three values, median")
    for is_watched, some in times.items():
        label = "watched" if is_watched else "not watched"
        print(f"  {label:35}  {statistics.median(some) * 1e6:8.2f} µs")


if __name__ == "__main__":
    main()
