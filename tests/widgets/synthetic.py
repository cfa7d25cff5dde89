"""A store of made-up runs, the same each time: for the widgets' tests, here and in a browser."""

from __future__ import annotations

import random
from datetime import datetime, timedelta, timezone

import numpy as np

from aseptic.checks.plots import bars, lines
from aseptic.errors import BadQuery, RunNotFound
from aseptic.model import (
    Cell,
    CheckOutcome,
    DataInput,
    Environment,
    Finding,
    GitState,
    Metric,
    Origin,
    Param,
    ParamUse,
    Run,
)
from aseptic.store.base import RunColumns, Series, Store

START = datetime(2026, 11, 24, 9, 0, tzinfo=timezone.utc)
ADJECTIVES = ["brisk", "calm", "keen", "mild", "plain", "quiet", "slow", "warm", "bold", "dry"]
ANIMALS = ["heron", "otter", "badger", "finch", "maple", "wren", "lynx", "hare", "crane", "newt"]
MODELS = ["SVC", "RandomForest", "LogisticRegression", "GradientBoosting"]
DIRECTIONS = {"acc": "max", "val_acc": "max", "loss": "min", "val_loss": "min"}
SOURCE = """C, gamma = {C}, {gamma}
clf = SVC(C=C, gamma=gamma)
clf.fit(X_train, y_train)
acc = clf.score(X_test, y_test)
"""
OTHER_SOURCE = """C, gamma = {C}, {gamma}
clf = make_pipeline(StandardScaler(), SVC(C=C, gamma=gamma))
clf.fit(X_train, y_train)
acc = clf.score(X_test, y_test)
"""


OUTCOMES = (
    CheckOutcome(code="D01", name="missing-values", outcome="clean"),
    CheckOutcome(code="D02", name="missing-pattern", outcome="clean"),
    CheckOutcome(
        code="D13", name="reference", outcome="not applicable", reason="no reference population"
    ),
)
OVERLAP = Finding(
    code="D15",
    name="train-test-overlap",
    severity="error",
    message="5.1% of the rows of X_test are in X_train",
    evidence={"share": 0.0511, "count": 23, "limit": 0.002, "rows": (3, 9, 21), "table": "X_test"},
    remedy="Drop duplicates before the split; split before resampling or augmenting.",
)
DRIFT = Finding(
    code="D12",
    name="drift",
    severity="warning",
    message="age lies otherwise in X_test than in X_train",
    subject="age",
    evidence={
        "distance": 0.31,
        "limit": 0.1,
        "plot": lines(
            [20, 30, 40, 50, 60],
            {"X_train": [0.1, 0.35, 0.3, 0.2, 0.05], "X_test": [0.05, 0.1, 0.25, 0.35, 0.25]},
            x="age",
            y="share",
        ),
    },
    remedy="Ask where the rows of X_test come from; weigh the rows of X_train.",
)
IMBALANCE = Finding(
    code="D21",
    name="class-imbalance",
    severity="warning",
    message="class 2 has 3.1% of the rows of y_train",
    evidence={
        "share": 0.031,
        "plot": bars(["0", "1", "2"], {"y_train": [0.6, 0.369, 0.031]}, x="class", y="share"),
    },
    remedy="Weigh the classes, and judge by a metric that counts each class alike.",
)
TIP = Finding(code="D10", name="correlated", severity="info", message="x7 and x8 are alike")
KNOWN = Finding(
    code="D03",
    name="constant",
    severity="warning",
    message="pixel_0 is constant",
    acknowledged="the border of the image",
)
#: By the last digit of the run's id.
FINDINGS = {2: (DRIFT,), 3: (IMBALANCE, TIP), 6: (OVERLAP, DRIFT, TIP, KNOWN)}


class SyntheticStore(Store):
    """`runs` runs in memory, with 40 columns if `wide`. A query is `acc > NUMBER` only."""

    url = "memory:"
    project = "digits"

    def __init__(self, runs: int = 12, *, points: int = 60, wide: bool = False) -> None:
        self.points = points
        self.runs = [_run(i, runs, wide) for i in range(runs)]
        self.trashed: set[str] = set()
        self.calls: list[tuple] = []

    # -- reading --------------------------------------------------------------------------------
    def read_runs(self, query=None, *, experiment=None, run_ids=None, trashed=False, limit=None):
        runs = [run for run in self.runs if (run.run_id in self.trashed) == trashed]
        if run_ids is not None:
            runs = [run for run in runs if run.run_id in set(run_ids)]
        if query == "is_baseline":
            runs = [run for run in runs if run.is_baseline]
        elif query:
            name, sign, limit_text = ([*query.split(), "", ""])[:3]
            if name not in DIRECTIONS or sign != ">":
                raise BadQuery(f"no run has a field {name!r}; there are: {', '.join(DIRECTIONS)}.")
            runs = [run for run in runs if run.metrics[name].value > float(limit_text)]
        return _columns(runs[:limit])

    def get_run(self, run):
        for one in self.runs:
            if run in (one.run_id, one.name):
                return one
        raise RunNotFound(run, self.project)

    def read_series(self, run_ids, metric=None):
        names = [metric] if metric else list(DIRECTIONS)
        return [
            _series(self.get_run(run_id), name, self.points)
            for run_id in run_ids
            for name in names
            if name in DIRECTIONS
        ]

    def find_acknowledged(self, experiment, *, before):
        return []

    def read_findings(self, run_ids):
        runs = [self.get_run(run_id) for run_id in run_ids]
        return {run.run_id: list(run.findings) for run in runs if run.checks}

    # -- what a person says ---------------------------------------------------------------------
    def _replace(self, run_ids, **changes):
        from msgspec.structs import replace

        self.runs = [replace(r, **changes) if r.run_id in run_ids else r for r in self.runs]

    def tag(self, run_ids, *, add=(), remove=()):
        for run_id in run_ids:
            kept = [tag for tag in self.get_run(run_id).tags if tag not in remove]
            self._replace([run_id], tags=tuple(dict.fromkeys([*kept, *add])))

    def set_note(self, run_id, note):
        self._replace([run_id], note=note)

    def rename(self, run_id, name):
        self._replace([run_id], name=name)

    def star(self, run_ids, *, is_starred=True):
        self._replace(run_ids, is_starred=is_starred)

    def set_baseline(self, run_id, *, experiment):
        self.calls.append(("set_baseline", run_id, experiment))
        self._replace([run.run_id for run in self.runs], is_baseline=False)
        self._replace([run_id], is_baseline=True)

    def trash(self, run_ids):
        self.trashed |= set(run_ids)

    def restore(self, run_ids):
        self.trashed -= set(run_ids)

    # -- not needed here ------------------------------------------------------------------------
    def _unused(self, *args, **kwargs):
        raise NotImplementedError

    start_run = start_session = put_object = add_artifact = find_previous = read_object = gc = (
        _unused
    )
    replace_findings = acknowledge = read_checks = read_sources = local_copy = _unused

    def fold(self):
        pass

    def fingerprint(self):
        return {"": 0}


def run_id(i: int) -> str:
    return f"{i:016x}"


def _run(i: int, count: int, wide: bool) -> Run:
    rng = random.Random(i)
    C = rng.choice([0.1, 1.0, 3.0, 10.0, 100.0])
    gamma = rng.choice([0.0001, 0.001, 0.01])
    model = MODELS[i % 4 if i % 3 else 0]
    params = {"model": model, "seed": i % 5, "test_size": 0.25}
    if model == "SVC":
        params |= {"C": C, "gamma": gamma}
    acc = 0.7 + 0.3 * rng.random() ** 0.4
    metrics = {"acc": acc, "loss": 1.2 - acc, "val_acc": acc - 0.01, "val_loss": 1.25 - acc}
    if wide:
        params |= {f"p{k}": rng.choice([k, k + 0.5, k * 2.0]) for k in range(14)}
        metrics |= {f"m{k}": rng.gauss(k, 1) for k in range(12)}
    source = (SOURCE if i % 2 else OTHER_SOURCE).format(C=C, gamma=gamma)
    name = f"{ADJECTIVES[i % 10]}-{ANIMALS[(i // 10 + i) % 10]}"
    age = timedelta(minutes=i)
    return Run(
        run_id=run_id(i),
        name=name if i < 100 else f"{name}-{i}",
        experiment="digits",
        status="failed" if i % 11 == 7 else "running" if i == 0 else "finished",
        started_at=datetime.now(timezone.utc) - age,
        duration_s=1 + 3 * rng.random(),
        source=source,
        tags=("final",) if i % 9 == 4 else (),
        is_starred=i % 7 == 1,
        is_baseline=i == 2,
        params={
            k: Param(name=k, uses=(ParamUse(value=v, origin=Origin(how="assigned")),))
            for k, v in params.items()
        },
        metrics={
            k: Metric(name=k, value=v, direction=DIRECTIONS.get(k)) for k, v in metrics.items()
        },
        data_inputs={
            "X_train": DataInput(
                name="X_train",
                kind="array",
                shape=(1347, 64),
                digest="xxh3:a41f0000000000009c" if i % 4 else "xxh3:77aa00000000000010",
            ),
            "y_train": DataInput(name="y_train", kind="array", shape=(1347,), digest="xxh3:bb01"),
        },
        git=GitState(
            commit=("3f2c1d" if i < count / 2 else "9b01aa") + "0" * 34,
            branch="main",
            is_dirty=i % 5 == 0,
            changed=("notes.md",) if i % 5 == 0 else (),
        ),
        environment=Environment(python="3.12.1", packages={"numpy": "2.4.6", "sklearn": "1.9.0"}),
        cells=(Cell(order=1, source=source, started_at=START),),
        findings=FINDINGS.get(i % 16, ()),
        checks=OUTCOMES if i else (),
    )


def _open_codes(run: Run) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.code for one in run.findings if one.acknowledged is None))


def _columns(runs: list[Run]) -> RunColumns:
    def names(group):
        return dict.fromkeys(name for run in runs for name in getattr(run, group))

    def values(group, name, field):
        found = (getattr(run, group).get(name) for run in runs)
        return [None if one is None else getattr(one, field) for one in found]

    plain = [
        *("name", "experiment", "status", "started_at", "ended_at", "duration_s", "tags", "note"),
        *("is_starred", "is_baseline", "notebook", "trashed_at"),
    ]
    fields = {name: [getattr(run, name) for run in runs] for name in plain}
    return RunColumns(
        run_ids=[run.run_id for run in runs],
        fields={
            **fields,
            "state": ["stale" if run.run_id[-1] == "5" else "clean" for run in runs],
            "git_commit": [run.git.commit for run in runs],
            "git_dirty": [run.git.is_dirty for run in runs],
            "findings": [_open_codes(run) for run in runs],
        },
        params={name: values("params", name, "value") for name in names("params")},
        metrics={name: values("metrics", name, "value") for name in names("metrics")},
        data={name: values("data_inputs", name, "digest") for name in names("data_inputs")},
        directions=dict(DIRECTIONS),
    )


def _series(run: Run, metric: str, points: int) -> Series:
    rng = np.random.default_rng(int(run.run_id, 16) + len(metric))
    step = np.arange(points, dtype="f8")
    end = run.metrics[metric].value
    course = 1 - np.exp(-6 * step / points)
    first = 0.3 if "acc" in metric else 2.0
    noise = rng.normal(0, 0.012 if "acc" in metric else 0.05, points)
    value = first + (end - first) * course + noise * (1 - 0.7 * course)
    return Series(run.run_id, metric, step, START.timestamp() + step * 0.5, value)
