"""The checks that run by themselves after a tracked cell, within its budget.

What estimators saw is kept for the session, so that a split in one cell and a fit in the next are
seen together. Checks of data alone are not run again on the same data. Checks and what they need
are imported when the first cell has data to look at, never for `%load_ext`.
"""

from __future__ import annotations

import sys
import time
from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec

from aseptic import declared
from aseptic.capture.fit_watch import FitWatch
from aseptic.capture.lineage import Lineage
from aseptic.errors import AsepticError
from aseptic.training_watch import as_ended

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from aseptic.active_run import ActiveRun
    from aseptic.checks.check import Check
    from aseptic.checks.evidence import Evidence
    from aseptic.checks.runner import Report
    from aseptic.checks.settings import CheckSettings
    from aseptic.model import Cell, CheckOutcome, Finding, Run, RunStatus
    from aseptic.notebook.evidence import Assigned
    from aseptic.training_watch import Logged, TrainingWatch

_SHARE = 0.05  # of the cell's time
_SHARE_FOR_ROWS = 0.4  # of the time for checks: hashes of rows, which some checks need as well
_MAX_EARLIER = 30
#: Seconds for each value in the tables, until a check has been seen to run: measured on digits.
_RATES = {"look": 0.0, "scan": 0.0, "fit": 1.5e-6}
_MAX_REMEMBERED = 8  # data sets whose findings are kept
_OF_DATA_ALONE = frozenset({"data", "reference", "target", "test", "train"})
_Judged = tuple["CheckOutcome", tuple["Finding", ...]]


class Hygiene:
    """What checks know in one session."""

    def __init__(self, folder: Path, *, cells: Callable[[], Sequence[Cell]] = tuple) -> None:
        self.folder = folder
        self.cells = cells  # those of the session so far
        self.lineage = Lineage()
        self.ignore: tuple[str, ...] = ()  # in the whole session
        self.least_budget_s = 0.0  # however short the cell and the project's budget are
        self._earlier: dict[str, list[Run]] = {}  # by experiment, newest first
        self._rates: dict[str, float] = {}  # seconds that each check took, per cell of its tables
        self._remembered: OrderedDict[str, dict[str, _Judged]] = OrderedDict()

    def watch(self) -> FitWatch:
        """A watch for one cell."""
        return FitWatch(self.lineage)

    def check_cell(
        self,
        run: ActiveRun,
        names: Iterable[str],
        namespace: Mapping[str, Any],
        *,
        ignore: Sequence[str] = (),
        cell_s: float,
        status: RunStatus,
        training: TrainingWatch,
    ) -> None:
        """Judges what a cell did, and records the roles of its data, findings and outcomes."""
        if "pandas" not in sys.modules:  # no table to look at; importing it would show
            if training.is_worth_judging:
                training.settle(training.judge(status))
            return
        from aseptic.checks.discovery import load_checks
        from aseptic.checks.evidence import quietly
        from aseptic.checks.settings import load_check_settings

        settings, table = load_check_settings(self.folder, experiment=run.start.experiment)
        settings = settings.ignoring((*ignore, *self.ignore))
        checks = settings.chosen(load_checks(settings.files))
        earlier = self._earlier_runs(run)
        budget_s = max(settings.budget_s, self.least_budget_s, _SHARE * cell_s)
        deadline = time.perf_counter() + budget_s
        with quietly():
            evidence, roles = self._evidence(
                run, status, names, namespace, table, earlier, training.logged()
            )
        _record_roles(run, roles)
        evidence = self._with_kept_rows(run, evidence, deadline)
        try:
            training.settle(self._judge(checks, evidence, settings, deadline))
        finally:
            for known in evidence.tables:
                known.release()

    def ended(self, run: Run) -> None:
        """Notes a run of this session, for the next one to be compared with."""
        if run.experiment in self._earlier:
            self._earlier[run.experiment].insert(0, _with_cells(run, self.cells()))
            del self._earlier[run.experiment][_MAX_EARLIER:]

    # -- within ---------------------------------------------------------------------------------
    def _evidence(
        self,
        run: ActiveRun,
        status: RunStatus,
        names: Iterable[str],
        namespace: Mapping[str, Any],
        settings: Mapping[str, Any],
        earlier: Sequence[Run],
        logged: Logged,
    ) -> tuple[Evidence, dict[str, Assigned]]:
        from aseptic.notebook.evidence import evidence_of

        return evidence_of(
            names,
            namespace,
            self.lineage,
            declared=declared.declared_names(namespace),
            run=_with_cells(as_ended(run, status), self.cells()),
            store=run.store,
            settings=settings,
            earlier=earlier,
            logged=logged,
        )

    def _with_kept_rows(self, run: ActiveRun, evidence: Evidence, deadline: float) -> Evidence:
        """The same evidence, once hashes of the rows are kept with the run."""
        from aseptic.checks.evidence import quietly
        from aseptic.notebook.kept_rows import keep_rows

        now = time.perf_counter()
        with run.guarded("hashes of rows"), quietly():
            keep_rows(run, evidence.tables, until=now + _SHARE_FOR_ROWS * (deadline - now))
        return replace(evidence, run=_with_cells(run.snapshot(), self.cells()))

    def _earlier_runs(self, run: ActiveRun) -> list[Run]:
        """The runs of the experiment so far, newest first; the store is asked once a session.

        That takes some tenths of a second, most of them for importing the database's library.
        """
        from aseptic.checks.recorded import earlier_runs

        experiment = run.start.experiment
        if experiment not in self._earlier:
            try:
                found = earlier_runs(run.store, run.snapshot(), most=_MAX_EARLIER)
            except (AsepticError, OSError):
                found = []
            self._earlier[experiment] = found
        return list(self._earlier[experiment])

    def _judge(
        self, checks: Sequence[Check], evidence: Evidence, settings: CheckSettings, deadline: float
    ) -> Report:
        """Runs the checks; those of data alone only where the data are new."""
        from aseptic.checks.runner import Report, run_checks

        of_data = {one.code for one in checks if _is_of_data_alone(one)}
        known = self._known(_key(evidence, settings)) if of_data and evidence.tables else {}
        fresh = [one for one in checks if one.code not in known]
        budget_s = max(0.0, deadline - time.perf_counter())
        size = _cells_looked_at(evidence)
        expected = {one.code: self._rates.get(one.code, _RATES[one.cost]) * size for one in fresh}
        report = run_checks(fresh, evidence, settings, budget_s=budget_s, expected_s=expected)
        self._rates |= {
            one.code: one.duration_s / size
            for one in report.outcomes
            if one.outcome != "not applicable"
        }
        again = [known[one.code] for one in checks if one.code in known]
        for outcome in report.outcomes:
            if outcome.code in of_data and evidence.tables and _is_final(outcome):
                found = tuple(one for one in report.findings if one.code == outcome.code)
                known[outcome.code] = (outcome, found)
        return Report(
            (*report.findings, *(one for _, found in again for one in found)),
            (*report.outcomes, *(outcome for outcome, _ in again)),
        )

    def _known(self, key: str | None) -> dict[str, _Judged]:
        """What was found in the same data before; a place to keep it."""
        if key is None:
            return {}
        known = self._remembered.setdefault(key, {})
        self._remembered.move_to_end(key)
        while len(self._remembered) > _MAX_REMEMBERED:
            self._remembered.popitem(last=False)
        return known


def _cells_looked_at(evidence: Evidence) -> int:
    """About how many values a check sees after a cell: its samples are limited."""
    sizes = (min(len(table), 5_000) * len(table.columns) for table in evidence.tables)
    return max(1, sum(sizes))


def _with_cells(run: Run, cells: Sequence[Cell]) -> Run:
    """The run with the session's cells up to its own, as its record will have them."""
    if not run.cells:
        return run
    order = run.cells[-1].order
    known = [cell for cell in cells if cell.order <= order]
    if not known or known[-1].order != order:
        return run
    own = msgspec.structs.replace(known[-1], run_id=run.run_id)
    return msgspec.structs.replace(run, cells=(*known[:-1], own))


def _record_roles(run: ActiveRun, roles: Mapping[str, Assigned]) -> None:
    """Says of the data that the run read which part they played."""
    for name, data_input in run.snapshot().data_inputs.items():
        found = roles.get(name)
        if found is not None:
            told = msgspec.structs.replace(data_input, role=found.role, role_from=found.role_from)
            run.record(told)


def _is_of_data_alone(check: Check) -> bool:
    return bool(check.needs) and set(check.needs) <= _OF_DATA_ALONE


def _is_final(outcome: CheckOutcome) -> bool:
    """Whether the same would come out again: not where time or a library was missing."""
    from aseptic.checks.evidence import BUDGET_IS_SPENT

    return outcome.reason != BUDGET_IS_SPENT and "import" not in (outcome.reason or "")


def _key(evidence: Evidence, settings: CheckSettings) -> str | None:
    """The content of all tables, and what decides how they are judged; None where it is unknown."""
    from aseptic.capture.data import digest
    from aseptic.errors import CannotDigest

    parts = [repr(settings)]
    try:
        for table in evidence.tables:
            parts += table.name, table.role, str(table.target_name), digest(table.source)
            parts.append("" if table.target is None else digest(table.target))
    except (CannotDigest, MemoryError):
        return None
    return "\n".join(parts)
