"""What a check may look at: data by role, the model, the run, its series, and what came before.

No library of tables is imported for a check that looks at none: it may run while a cell does.

Made by whoever has it: the notebook after a cell, `aseptic.check` of what is handed over, a test
of a few literal values. What is not there is asked for in vain: `NotApplicable`, with the reason.
"""

from __future__ import annotations

import math
import re
import sys
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import msgspec
import numpy as np

from aseptic.capture.lineage import Lineage
from aseptic.checks.check import NotApplicable
from aseptic.checks.curves import curves_of
from aseptic.model import Finding, Run, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from aseptic.checks.check import Check
    from aseptic.checks.tables import Role, Sample, Table, Task

#: `automatic`: after a cell, within a budget. `asked`: samples, some seconds. `thorough`: all rows.
Depth = Literal["automatic", "asked", "thorough"]
_T = TypeVar("_T")
_TRAINING = re.compile(r"training\d+/")
_SAMPLE_ROWS: dict[Depth, int | None] = {"automatic": 5_000, "asked": 20_000, "thorough": None}

BUDGET_IS_SPENT = "the time for checks after a cell was over: ask for it with `%aseptic check`"
BY_HASHES = "hashes of rows alone, which the run has kept"
_MISSING: dict[str, str] = {
    "train": "no training data: name it as in `aseptic.check(train=…)` or `aseptic.roles(train=…)`",
    "test": "no test or validation data: name it as in `aseptic.check(train=…, test=…)`",
    "reference": "no reference population: `aseptic.roles(reference=…)` declares one",
    "data": "no table was read",
    "target": "the target is not known: hand over `(X, y)`, or name the column: `target=…`",
    "model": "no fitted model: `aseptic.check(…, model=…)`",
    "run": "no run: it is about a run's record",
    "earlier": "no earlier run to compare with",
}


@dataclass(frozen=True)
class Evidence:
    """Everything that is known. A check gets it bound to itself, and makes findings with it."""

    tables: tuple[Table, ...] = ()
    hashed: tuple[Table, ...] = ()  # of which a run has kept hashes of the rows, and no values
    model: Any = None  # a fitted estimator, as the user made it
    run: Run | None = None
    earlier: Callable[[], Sequence[Run]] = tuple  # earlier runs of the project, newest first
    find_deployed: Callable[[], Run | None] = lambda: None  # the newest that is tagged `deployed`
    lineage: Lineage = field(default_factory=Lineage)  # what estimators saw, row by row
    #: Series by name: steps and values; facts are numbers by name. See the docs of training checks.
    series: Mapping[str, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)
    facts: Mapping[str, float] = field(default_factory=dict)
    #: When each point of a series was logged, in seconds since the epoch.
    times: Mapping[str, np.ndarray] = field(default_factory=dict)
    is_running: bool = False  # whether training goes on: more points will come
    now_s: float | None = None  # the time, in seconds since the epoch, where it is not now
    settings: Mapping[str, Any] = field(default_factory=dict)  # `[tool.aseptic]`, such as `deploy`
    folder: Path | None = None  # of the project; None: the one that the current folder is in
    depth: Depth = "asked"
    deadline: float | None = None  # of `time.perf_counter`
    check: Check | None = None
    training: str = ""  # what the series of this training began with, such as `training2/`
    takes_turns: bool = False  # trained against another network: neither loss need fall
    #: What checks have worked out of the series, for the others: see `curves.curves_of`.
    memory: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    # -- data -----------------------------------------------------------------------------------
    def tables_of(self, *roles: Role) -> list[Table]:
        """The tables of these roles."""
        return [table for table in self.tables if table.role in roles]

    def find_table(self, role: Role) -> Table | None:
        """The largest table of a role, or None."""
        return max(self.tables_of(role), key=len, default=None)

    @property
    def train(self) -> Table:
        """What the model was fitted on. Raises NotApplicable."""
        return _found("train", self.find_table("train"))

    @property
    def test(self) -> Table:
        """What the model is judged on: the test data, else the validation data."""
        return _found("test", self.find_table("test") or self.find_table("validation"))

    @property
    def reference(self) -> Table:
        """The population that the data should represent."""
        return _found("reference", self.find_table("reference"))

    @property
    def main(self) -> Table:
        """The training data, else the largest table of no role, or of any."""
        order: tuple[Role, ...] = ("train", "data", "validation", "test")
        found = [table for role in order if (table := self.find_table(role)) is not None]
        with_values = [table for table in found if not table.is_hashed]
        return _found("data", next(iter(with_values or found), None))

    def pairs(self) -> Iterator[tuple[Table, Table]]:
        """Each table that judges, beside the training data: validation, then test."""
        for table in self.tables_of("validation", "test"):
            yield self.train, table

    def sample(self, table: Table) -> Sample:
        """As many rows of a table as this depth allows."""
        return table.sample(_SAMPLE_ROWS[self.depth])

    @cached_property
    def task(self) -> Task:
        """Whether a class or a quantity is predicted. Raises NotApplicable."""
        from aseptic.checks.tables import task_of

        task = task_of(self.target(self.main))
        if task is None:
            raise NotApplicable("the target is neither a class nor a number")
        return task

    def target(self, table: Table) -> Any:
        """The targets of a table, as a Series. Raises NotApplicable."""
        return _found("target", table.target)

    def history(self) -> Sequence[Run]:
        """The earlier runs, newest first. Raises NotApplicable where there are none.

        Reading them takes time, so it also does once the time for checks is over.
        """
        if self.is_hurried:
            raise NotApplicable(BUDGET_IS_SPENT)
        runs = self.earlier()
        if not runs:
            raise NotApplicable(_MISSING["earlier"])
        return runs

    def deployed(self) -> Run | None:
        """The newest earlier run that is tagged `deployed`, of any experiment.

        Raises NotApplicable once the time for checks is over.
        """
        if self.is_hurried:
            raise NotApplicable(BUDGET_IS_SPENT)
        return self.find_deployed()

    def with_hashed(self) -> Evidence:
        """The same, with tables of hashes alone for the roles that have no values."""
        known = {table.role for table in self.tables}
        more = [table for table in self.hashed if table.role not in known]
        return replace(self, tables=(*self.tables, *more))

    # -- means ----------------------------------------------------------------------------------
    @property
    def rng(self) -> np.random.Generator:
        """Random numbers that are the same each time, and not those of the user."""
        return np.random.default_rng(0)

    def time_left(self) -> float:
        """Seconds until the time that was given is over; infinite where there is no hurry."""
        return math.inf if self.deadline is None else self.deadline - time.perf_counter()

    @property
    def is_hurried(self) -> bool:
        """Whether the time that was given is over."""
        return self.time_left() < 0

    def module(self, name: str) -> Any:
        """A library that the check needs. Raises NotApplicable where it is not to be had.

        After a cell, only what the session has imported: importing takes time, and shows.
        """
        if name in sys.modules:
            return sys.modules[name]
        package = name.partition(".")[0]
        if self.depth == "automatic" and package not in sys.modules:
            raise NotApplicable(f"{package} is not imported: ask for it with `%aseptic check`")
        if find_spec(package) is None:
            raise NotApplicable(f"needs {package}: `pip install aseptic[checks]`")
        return import_module(name)

    def demand(self, needs: Sequence[str]) -> None:
        """Raises NotApplicable for the first need that is not met.

        A need is `train`, `test` (or validation), `reference`, `data`, `target`, `model`, `run`,
        `earlier`, a series as in `series:val_loss`, one of each layer as in
        `series:layer/*/grad_norm`, or a number as in `fact:dummy_loss`; `series:lr|grad_norm` is
        met by either.
        """
        for need in needs:
            self._demand(need)

    def has(self, *needs: str) -> bool:
        """Whether these needs are met."""
        try:
            self.demand(needs)
        except NotApplicable:
            return False
        return True

    def _demand(self, need: str) -> None:
        kind, _, name = need.partition(":")
        if kind in ("series", "fact"):
            names = name.split("|")
            known = curves_of(self)
            is_met = known.has_series if kind == "series" else known.has_fact
            if not any(map(is_met, names)):
                raise NotApplicable(_series_missing(names, is_fact=kind == "fact"))
        elif kind == "target":
            self.target(self.main)
        elif kind == "earlier":
            self.history()
        elif kind in ("train", "test", "reference"):
            getattr(self, kind)
        elif kind == "data":
            _ = self.main
        else:
            _found(kind, getattr(self, kind))

    # -- trainings ------------------------------------------------------------------------------
    def trainings(self) -> list[Evidence]:
        """The same for each training that the run holds: itself, and those of `training2/…`.

        Where there is a `training1/…`, they take turns, as the two networks of a GAN do.
        """
        prefixes = sorted({found[0] for name in self.series if (found := _TRAINING.match(name))})
        if not prefixes:
            return [self]
        if "trainings" not in self.memory:
            takes_turns = prefixes[0] == "training1/"
            self.memory["trainings"] = [
                replace(
                    self,
                    training=prefix,
                    takes_turns=takes_turns,
                    memory={},
                    **self._parts_of(prefix, prefixes),
                )
                for prefix in ("", *prefixes)
            ]
        return [replace(one, check=self.check) for one in self.memory["trainings"]]

    def _parts_of(self, prefix: str, prefixes: Sequence[str]) -> dict[str, Any]:
        """Series, times and facts whose names begin so, without that beginning."""
        wholes = {"series": self.series, "times": self.times, "facts": self.facts}
        if not prefix:
            others = tuple(prefixes)
            return {
                part: {name: one for name, one in whole.items() if not name.startswith(others)}
                for part, whole in wholes.items()
            }
        return {
            part: {
                name.removeprefix(prefix): one
                for name, one in whole.items()
                if name.startswith(prefix)
            }
            for part, whole in wholes.items()
        }

    def of_its_training(self, finding: Finding) -> Finding:
        """A finding that says which training of the run it is about, where there are several."""
        if not self.training:
            return finding
        name = self.training.rstrip("/")
        evidence = {**finding.evidence, "training": name}
        if "series" in evidence:
            evidence["series"] = self.training + evidence["series"]
        subject = name if finding.subject is None else f"{name}: {finding.subject}"
        message = f"{name}: {finding.message}"
        return msgspec.structs.replace(finding, message=message, subject=subject, evidence=evidence)

    # -- findings -------------------------------------------------------------------------------
    def bound_to(self, check: Check) -> Evidence:
        """The same evidence, for one check."""
        return replace(self, check=check)

    def finding(
        self,
        message: str,
        *,
        subject: str | None = None,
        severity: Severity | None = None,
        remedy: str | None = None,
        rows: Any = None,
        table: Table | None = None,
        sample: Sample | None = None,
        plot: Mapping[str, Any] | None = None,
        **numbers: Any,
    ) -> Finding:
        """A finding of the check that this is bound to.

        `numbers` are what it is founded on, by name, with the limits beside them. `rows` are
        positions in `table` (at most 100 are kept); never values: they may be personal.
        """
        assert self.check is not None
        table = table or (sample.table if sample else None)
        evidence = {name: _plain(value) for name, value in numbers.items()}
        is_hashed = table is not None and table.is_hashed
        if rows is not None and not is_hashed:
            evidence["rows"] = tuple(int(row) for row in rows[:100])
        if table is not None:
            evidence["table"] = table.name
        if sample is not None:
            evidence["sample"] = sample.said
        if is_hashed:
            evidence["sample"] = BY_HASHES
        if plot is not None:
            evidence["plot"] = dict(plot)
        return Finding(
            code=self.check.code,
            name=self.check.name,
            severity=severity or self.check.severity,
            message=message,
            subject=subject,
            evidence=evidence,
            remedy=remedy or self.check.remedy,
        )


#: What `warnings` calls when filters have changed, by the version of Python.
_SIGNALS = ("_filters_mutated", "_filters_mutated_lock_held")


@contextmanager
def quietly() -> Iterator[None]:
    """Warnings of libraries are not shown, and the registries of warnings stay as they are.

    `warnings.catch_warnings` makes Python forget which warnings it has shown, so a cell that runs
    later would show them again: neither we call it, nor does it have that effect where a library
    does.
    """
    import warnings

    signals = {name: getattr(warnings, name) for name in _SIGNALS if hasattr(warnings, name)}
    for name in signals:
        setattr(warnings, name, lambda: None)
    entry = ("ignore", None, Warning, None, 0)
    warnings.filters.insert(0, entry)  # type: ignore[attr-defined]  # the list itself, on purpose
    try:
        with np.errstate(all="ignore"):
            yield
    finally:
        for name, signal in signals.items():
            setattr(warnings, name, signal)
        warnings.filters.remove(entry)  # type: ignore[attr-defined]


class _OfThread(threading.local):
    """Matches every warning in a thread that is quiet, and none in others."""

    is_quiet = False

    def match(self, _text: str) -> bool:
        """As `warnings` asks the pattern of a filter."""
        return self.is_quiet


_of_thread = _OfThread()


@contextmanager
def quietly_in_this_thread() -> Iterator[None]:
    """As `quietly`, beside the user's code: what warns in other threads is shown as ever.

    For checks of series alone, which call no library that changes the filters of warnings.
    """
    import warnings

    entry = ("ignore", _of_thread, Warning, None, 0)
    filters = warnings.filters  # the user's code may put another list in its place meanwhile
    filters.insert(0, entry)  # type: ignore[attr-defined]  # the list itself, on purpose
    _of_thread.is_quiet = True
    try:
        with np.errstate(all="ignore"):
            yield
    finally:
        _of_thread.is_quiet = False
        with suppress(ValueError):
            filters.remove(entry)  # type: ignore[attr-defined]


def _series_missing(names: Sequence[str], *, is_fact: bool) -> str:
    said = " or ".join(name.replace("*", "…") for name in names)
    if names[0].startswith("layer/"):
        return f"needs the series {said}: `aseptic.watch(model)` logs them"
    if names == ["*"]:
        return "needs a series: `aseptic.log(loss=…)` in a loop"
    what = "number" if is_fact else "series"
    return f"needs the {what} {said}: `aseptic.log({names[0]}=…)`"


def _found(need: str, found: _T | None) -> _T:
    if found is None:
        raise NotApplicable(_MISSING[need])
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, (list, tuple, np.ndarray)):
        return tuple(_plain(item) for item in value)
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    return value
