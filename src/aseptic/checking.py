"""Runs the project's checks: over a recorded run, or over data that a person hands over.

What was found in a run takes the place of what the same checks found in it before.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from aseptic import progress
from aseptic.acknowledgements import inherited
from aseptic.checks.discovery import load_checks
from aseptic.checks.evidence import BY_HASHES
from aseptic.checks.files import ReadAgain, read_again
from aseptic.checks.handed_over import evidence_of
from aseptic.checks.recorded import evidence_of_run
from aseptic.checks.runner import EXPLAINED, Report, run_checks
from aseptic.checks.settings import load_check_settings
from aseptic.errors import BadOption
from aseptic.session_data import find_evidence
from aseptic.settings import find_project

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from aseptic.checks.check import Check
    from aseptic.checks.evidence import Depth, Evidence
    from aseptic.checks.settings import CheckSettings
    from aseptic.checks.tables import Role
    from aseptic.model import CheckOutcome, Run
    from aseptic.store.base import Store


def check_run(
    run: Run,
    store: Store,
    *,
    select: Collection[str] = (),
    ignore: Collection[str] = (),
    depth: Depth = "asked",
    folder: Path | None = None,
) -> Report:
    """Checks a recorded run and keeps what was found with it. Raises BadOption.

    The settings are those of a folder, by default the current one.
    """
    settings, _ = load_check_settings(folder, experiment=run.experiment)
    evidence = replace(evidence_at_hand(run, store, folder=folder), depth=depth)
    project = find_project(folder or Path.cwd())
    again = ReadAgain() if evidence.tables else read_again(run, project, depth)
    evidence = replace(evidence, tables=evidence.tables or again.tables)
    report = _judge(evidence, settings, select, ignore)
    fresh = [one for one in report.outcomes if _is_worth_more(one, run)]
    codes = {one.code for one in fresh}
    known = store.find_acknowledged(run.experiment, before=run.started_at)
    found = [inherited(one, known, run.data_inputs) for one in report.findings if one.code in codes]
    store.replace_findings(run.run_id, codes=codes, outcomes=fresh, findings=found)
    checked = store.get_run(run.run_id)
    return Report(checked.findings, checked.checks, (*again.notes, *_by_hashes(report.outcomes)))


def _is_worth_more(outcome: CheckOutcome, run: Run) -> bool:
    """Whether an outcome takes the place of what the run's record says.

    What cannot be judged now, as the data are gone, may have been judged when they were there; and
    hashes of rows alone do not take back what the values told.
    """
    if (outcome.reason or "").startswith(EXPLAINED):
        return True
    was_judged = outcome.code in {one.code for one in run.checks if one.outcome != "not applicable"}
    is_weak = outcome.outcome == "clean" and outcome.reason == BY_HASHES
    return not was_judged or not (outcome.outcome == "not applicable" or is_weak)


def _by_hashes(outcomes: Sequence[CheckOutcome]) -> list[str]:
    codes = [one.code for one in outcomes if one.reason == BY_HASHES]
    return [f"{', '.join(codes)}: judged by {BY_HASHES}"] if codes else []


def evidence_at_hand(run: Run, store: Store, *, folder: Path | None = None) -> Evidence:
    """What is known of a recorded run, with the data and the model that the session still holds."""
    _, table = load_check_settings(folder, experiment=run.experiment)
    evidence = evidence_of_run(run, store, settings=table)
    held = find_evidence(run)
    if held is None:
        return evidence
    return replace(evidence, tables=held.tables, model=held.model, lineage=held.lineage)


def check_data(
    data: Mapping[Role, Any],
    *,
    target: Any = None,
    model: Any = None,
    series: Mapping[str, Any] | None = None,
    select: Collection[str] = (),
    ignore: Collection[str] = (),
    depth: Depth = "asked",
) -> Report:
    """Checks what is handed over, see `evidence_of`. Raises BadOption."""
    settings, table = load_check_settings()
    evidence = evidence_of(data, target=target, model=model, series=series)
    of_runs = [one.code for one in _load(settings).values() if {"run", "earlier"} & {*one.needs}]
    evidence = replace(evidence, depth=depth, settings=table)
    return _judge(evidence, settings, select, (*ignore, *of_runs))


def find_check(code: str) -> Check:
    """The check of a code or a name. Raises BadOption, with those there are."""
    settings, _ = load_check_settings()
    checks = _load(settings)
    for one in checks.values():
        if code.upper() == one.code or code.lower() == one.name:
            return one
    raise BadOption(f"no check {code!r}. There are: {', '.join(checks)}.")


def _judge(
    evidence: Evidence,
    settings: CheckSettings,
    select: Collection[str],
    ignore: Collection[str],
) -> Report:
    checks = _load(settings)
    if select:
        settings = msgspec.structs.replace(settings, select=tuple(select))
    chosen = settings.ignoring(ignore).chosen(checks)
    return run_checks(chosen, evidence, settings, on_progress=_report)


def _load(settings: CheckSettings) -> dict[str, Check]:
    return load_checks(settings.files)


def _report(check: Check, number: int, of: int) -> None:
    progress.report(f"{check.code} {check.name}", number, of)
