"""Runs checks over evidence within a time, and keeps how each of them ended."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import msgspec

from aseptic.checks.check import Check, NotApplicable
from aseptic.checks.evidence import BUDGET_IS_SPENT, BY_HASHES, Evidence, quietly
from aseptic.model import CheckOutcome, Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from aseptic.checks.settings import CheckSettings

_ORDER = {"look": 0, "scan": 1, "fit": 2}
_SEVERITIES = ("error", "warning", "info")
EXPLAINED = "explained by"  # how the reason begins of a symptom whose cause was found
_ROLES = {"data": "main", "train": "train", "test": "test"}  # properties of evidence, by need
_MOST_FINDINGS = 20  # of one check; how many more there are is said


@dataclass(frozen=True)
class Report:
    """The findings, most severe first, and how every check ended."""

    findings: tuple[Finding, ...] = ()
    outcomes: tuple[CheckOutcome, ...] = ()
    notes: tuple[str, ...] = ()  # what was looked at, where it is not plain


def run_checks(
    checks: Sequence[Check],
    evidence: Evidence,
    settings: CheckSettings,
    *,
    budget_s: float | None = None,
    expected_s: Mapping[str, float] | None = None,
    on_progress: Callable[[Check, int, int], None] | None = None,
    quiet: Callable[[], AbstractContextManager[None]] = quietly,
) -> Report:
    """Judges the evidence by each check, cheap and severe ones first.

    Never raises for what a check does: a fault in it is an outcome, with the reason. What would
    begin after the budget is not run, nor what by `expected_s` (by code) would end after it; but
    for checks that only look at records.
    `on_progress(check, number, of)` is called before each.
    """
    ordered = sorted(checks, key=lambda one: (_ORDER[one.cost], _SEVERITIES.index(one.severity)))
    if budget_s is not None:
        evidence = replace(evidence, deadline=time.perf_counter() + budget_s)
    judged: dict[str, tuple[CheckOutcome, list[Finding]]] = {}
    with quiet():
        for number, one in enumerate(ordered):
            if on_progress is not None:
                on_progress(one, number, len(ordered))
            margin = (expected_s or {}).get(one.code, 0.0)
            judged[one.code] = _judge(one, evidence, settings, margin_s=margin)
    evidence.memory.clear()  # it holds evidence in turn: a circle would keep the user's data alive
    _drop_symptoms(checks, judged)
    outcomes = sorted((outcome for outcome, _ in judged.values()), key=lambda one: one.code)
    findings = [finding for _, found in judged.values() for finding in found]
    findings.sort(key=lambda finding: (_SEVERITIES.index(finding.severity), finding.code))
    return Report(tuple(findings), tuple(outcomes))


def _drop_symptoms(
    checks: Sequence[Check], judged: dict[str, tuple[CheckOutcome, list[Finding]]]
) -> None:
    """Leaves out what is found where its cause is found too, in the same training of the run.

    Where nothing is left, the outcome says by what it is explained.
    """
    found = {code: set(map(_training, findings)) for code, (_, findings) in judged.items()}
    for one in checks:
        outcome, findings = judged[one.code]
        causes = {code: found[code] for code in one.explained_by if found.get(code)}
        explained = set().union(*causes.values())
        left = [finding for finding in findings if _training(finding) not in explained]
        if findings and not left:
            cause = judged[next(iter(causes))][0]
            outcome = _not_applicable(outcome, f"{EXPLAINED} {cause.code} {cause.name}")
        judged[one.code] = (outcome, left)


def _training(finding: Finding) -> str | None:
    """Which training of the run it is about; None where there is only one."""
    evidence = finding.evidence
    return evidence.get("training") if isinstance(evidence, dict) else None


def _judge(
    check: Check, evidence: Evidence, settings: CheckSettings, *, margin_s: float
) -> tuple[CheckOutcome, list[Finding]]:
    started = time.perf_counter()
    outcome = CheckOutcome(
        code=check.code,
        name=check.name,
        outcome="clean",
        is_thorough=evidence.depth == "thorough",
    )
    found: list[Finding] = []
    if evidence.time_left() < margin_s and not check.only_looks(evidence):
        return _not_applicable(outcome, BUDGET_IS_SPENT), found
    try:
        found = list(check(evidence, **settings.thresholds.get(check.code, {})))
    except NotApplicable as reason:
        outcome = _not_applicable(outcome, str(reason))
    except MemoryError:
        outcome = _not_applicable(outcome, "memory ran out")
    except Exception as error:  # noqa: BLE001 -- a fault in a check must not stop the others
        outcome = _not_applicable(outcome, f"a fault in the check: {type(error).__name__}: {error}")
    else:
        if check.rows_suffice and _needs_hashes(check, evidence):
            outcome = msgspec.structs.replace(outcome, reason=BY_HASHES)
    if found:
        outcome = msgspec.structs.replace(outcome, outcome="findings")
    took = time.perf_counter() - started
    return msgspec.structs.replace(outcome, duration_s=took), _fitted(found, check, settings)


def _needs_hashes(check: Check, evidence: Evidence) -> bool:
    """Whether a role that a check needs is there by the hashes of its rows alone."""
    own = evidence.with_hashed()
    return any(getattr(own, _ROLES[need]).is_hashed for need in check.needs if need in _ROLES)


def _not_applicable(outcome: CheckOutcome, reason: str) -> CheckOutcome:
    return msgspec.structs.replace(outcome, outcome="not applicable", reason=reason)


def _fitted(found: list[Finding], check: Check, settings: CheckSettings) -> list[Finding]:
    """The findings as they are kept: not too many, in the severity that the project set."""
    severity = settings.severity.get(check.code)
    if severity is not None:
        found = [msgspec.structs.replace(one, severity=severity) for one in found]
    if len(found) <= _MOST_FINDINGS:
        return found
    more = len(found) - _MOST_FINDINGS
    last = msgspec.structs.replace(
        found[_MOST_FINDINGS], subject=None, message=f"and {more:,} more of the same", evidence={}
    )
    return [*found[:_MOST_FINDINGS], last]
