"""Trains all that a part plans, watched by aseptic, and keeps a trace of each training.

    python benchmarks/accuracy/training/make_traces.py --part design

What is there already is not trained again, so a run that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import warnings
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from data import linear_reference, make_task, spoil
from traces import Points, Trace, read_trace, write_trace
from trainings import Plan, few, plan, recipe

import aseptic

if TYPE_CHECKING:
    from config import Config
    from data import Task
    from outcome import Outcome

    from aseptic.active_run import ActiveRun

HERE = Path(__file__).parent
WORK = HERE / "work"


def make(one: Plan, *, store: str) -> Trace:
    """Trains once."""
    config = one.config
    rows = {"seed": config.seed, "n_train": config.n_train, "noise": config.noise}
    sound = make_task(config.source, **rows)
    task = spoil(sound, config)
    reference = linear_reference(config.source, **rows)
    train = _trainer(config)
    outcome = None
    try:
        with aseptic.track(one.name, store=store) as run:
            started, clock = time.time(), time.perf_counter()
            run.log(reference_score=reference["val"])
            if config.architecture in ("mlp", "boosted"):
                _log_facts(task, run)
            outcome = train(config, task, run.log, aseptic.watch)
    except KeyboardInterrupt as interrupt:
        outcome = getattr(interrupt, "outcome", None)
        if outcome is None:
            raise
    seconds = time.perf_counter() - clock
    recorded = aseptic.get_run(run.run_id, store=run.store)
    return Trace(
        name=one.name,
        recipe=recipe(config),
        architecture=config.architecture,
        fault=one.fault.name if one.fault else "",
        twin=one.twin,
        config=asdict(config),
        status=recorded.status,
        seconds=round(seconds, 4),
        series=_series(run, started),
        oracle=_oracle(sound, outcome, reference),
        layer_sizes=outcome.layer_sizes,
        error=outcome.error,
    )


def _trainer(config: Config) -> Any:
    import train_boosted
    import train_sklearn
    import train_torch

    trainers = {"boosted": train_boosted.train, "mlp": train_sklearn.train}
    return trainers.get(config.architecture, train_torch.train)


def _log_facts(task: Task, run: ActiveRun) -> None:
    """What nobody sees in a model of scikit-learn, and a person may say."""
    run.log(dummy_loss=task.dummy_loss, n_train=len(task.y["train"]))
    if task.is_class:
        run.log(n_classes=task.n_classes)


def _series(run: ActiveRun, started: float) -> dict[str, Points]:
    return {
        one.metric: Points(
            np.asarray(one.step, float),
            np.asarray(one.value, float),
            np.asarray(one.time_s) - started,
        )
        for one in run.store.read_series([run.run_id])
    }


def _oracle(task: Task, outcome: Outcome, reference: dict[str, float]) -> dict[str, Any]:
    """What held-out rows say: the test rows, as they are without the fault in preparation."""
    test = outcome.predicted["test"]
    return {
        "metric": task.metric,
        "n_test": len(task.y["test"]),
        "n_train": len(task.y["train"]),
        "dummy_loss": task.dummy_loss,
        "dummy_score": _dummy_score(task),
        "reference": reference["test"],
        "test_losses": outcome.test_losses,
        "test_loss": test.loss,
        "test_score": test.score,
        "val_score": outcome.predicted["val"].score,
        "reported_val_score": outcome.reported_score,
        "final": {part: one.metrics() for part, one in outcome.predicted.items()},
    }


def _dummy_score(task: Task) -> float:
    if not task.is_class:
        return 0.0
    top = np.bincount(task.y["train"]).argmax()
    return float(np.mean(task.y["test"] == top))


def make_all(planned: list[Plan], folder: Path) -> None:
    """Makes what is missing, and says how far it is.

    What another process has made in the meantime is not made again.
    """
    warnings.simplefilter("ignore")
    folder.mkdir(parents=True, exist_ok=True)
    store = str(folder.parent / f"{folder.name}-runs")
    started = time.time()
    missing = [one for one in planned if not _is_made(one, folder)]
    for number, one in enumerate(missing, 1):
        if not _is_made(one, folder):
            write_trace(folder, make(one, store=store))
        left = (time.time() - started) / number * (len(missing) - number)
        said = f"training {number} of {len(missing)}, {left / 60:.0f} min left  {one.name:60.60}"
        print(f"\r{said}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)


def _is_made(one: Plan, folder: Path) -> bool:
    path = folder / f"{one.name}.json.gz"
    return path.exists() and read_trace(path).recipe == recipe(one.config)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=("design", "evaluation"), default="evaluation")
    parser.add_argument("--cases", type=int, help="about so many, for a quick look")
    parser.add_argument("--work", type=Path, default=WORK, help="where all is kept")
    said = "from the last to the first, beside a process that begins with the first"
    parser.add_argument("--backwards", action="store_true", help=said)
    options = parser.parse_args()
    planned = plan(options.part)
    if options.cases is not None:
        planned = few(planned, options.cases)
    make_all(planned[::-1] if options.backwards else planned, options.work / options.part)


if __name__ == "__main__":
    main()
