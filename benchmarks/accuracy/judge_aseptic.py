"""aseptic: all checks, at the depth of one who asks, with no word of configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from judging import Finding, main

from aseptic.capture.fit_watch import FitWatch
from aseptic.capture.lineage import Lineage
from aseptic.checks.discovery import load_checks
from aseptic.checks.evidence import Evidence
from aseptic.checks.runner import run_checks
from aseptic.checks.settings import CheckSettings
from aseptic.checks.tables import Table

if TYPE_CHECKING:
    import pandas as pd
    from reading import Case


def judge(case: Case, train: pd.DataFrame, test: pd.DataFrame) -> list[Finding]:
    tables = (Table("train", "train", train, case.target), Table("test", "test", test, case.target))
    evidence = Evidence(tables, model=_model(case, train), lineage=_lineage(case, train, test))
    report = run_checks(list(load_checks().values()), evidence, CheckSettings())
    faults = [one for one in report.outcomes if "a fault in the check" in (one.reason or "")]
    if faults:
        raise RuntimeError("; ".join(f"{one.code}: {one.reason}" for one in faults))
    return [_finding(one) for one in report.findings]


def _model(case: Case, train: pd.DataFrame) -> Any:
    if case.model is None:
        return None
    from models import build_model

    model = build_model(case.model, case.task)
    return model.fit(train.drop(columns=case.target), train[case.target])


def _lineage(case: Case, train: pd.DataFrame, test: pd.DataFrame) -> Lineage:
    """What estimators saw while the session of the case ran, as in a tracked cell."""
    watch = FitWatch(Lineage())
    if case.session is not None:
        import sessions

        watch.start()
        try:
            sessions.run(case.session, train, test, case.target, case.task)
        finally:
            watch.stop()
    return watch.lineage


def _finding(one: Any) -> Finding:
    evidence = one.evidence or {}
    is_of_train = evidence.get("table") == "train"
    return {
        "check": one.code,
        "subject": one.subject,
        "severity": one.severity,
        "said": one.message,
        "rows": list(evidence.get("rows", ())) if is_of_train else [],
    }


if __name__ == "__main__":
    main("aseptic", judge)
