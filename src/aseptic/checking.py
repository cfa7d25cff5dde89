"""Runs the project's checks: over a recorded run, or over data that a person hands over.

What was found in a run takes the place of what the same checks found in it before.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from aseptic import progress
from aseptic.checks.discovery import load_checks
from aseptic.checks.handed_over import evidence_of
from aseptic.checks.recorded import evidence_of_run
from aseptic.checks.runner import Report, run_checks
from aseptic.checks.settings import load_check_settings
from aseptic.errors import BadOption

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from aseptic.checks.check import Check
    from aseptic.checks.evidence import Depth, Evidence
    from aseptic.checks.settings import CheckSettings
    from aseptic.checks.tables import Role, Table
    from aseptic.model import Run
    from aseptic.store.base import Store

_SEPARATORS = {".csv": ",", ".tsv": "\t", ".txt": ","}


def check_run(
    run: Run,
    store: Store,
    *,
    tables: Sequence[Table] = (),
    model: Any = None,
    select: Collection[str] = (),
    ignore: Collection[str] = (),
    depth: Depth = "asked",
) -> Report:
    """Checks a recorded run and keeps what was found with it. Raises BadOption."""
    settings, table = load_check_settings(experiment=run.experiment)
    evidence = evidence_of_run(run, store, tables=tables, settings=table)
    report = _judge(replace(evidence, model=model, depth=depth), settings, select, ignore)
    judged = [one for one in report.outcomes if one.outcome != "not applicable"]
    codes = {one.code for one in judged}
    # What cannot be judged now, as the data is gone, may have been judged when it was there.
    store.replace_findings(run.run_id, codes=codes, outcomes=judged, findings=report.findings)
    known = store.get_run(run.run_id)
    missing = [one for one in report.outcomes if one.code not in {c.code for c in known.checks}]
    outcomes = sorted((*known.checks, *missing), key=lambda one: one.code)
    return Report(known.findings, tuple(outcomes))


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
    return _judge(replace(evidence, depth=depth, settings=table), settings, select, ignore)


def find_check(code: str) -> Check:
    """The check of a code or a name. Raises BadOption, with those there are."""
    settings, _ = load_check_settings()
    checks = load_checks(settings.files)
    for one in checks.values():
        if code.upper() == one.code or code.lower() == one.name:
            return one
    raise BadOption(f"no check {code!r}. There are: {', '.join(checks)}.")


def read_table(path: str) -> Any:
    """The table in a file: CSV, TSV, Parquet, Feather or JSON lines. Raises BadOption."""
    import pandas as pd

    file = Path(path)
    readers: dict[str, Any] = {
        ".parquet": pd.read_parquet,
        ".feather": pd.read_feather,
        ".jsonl": lambda name: pd.read_json(name, lines=True),
    }
    suffix = Path(file.stem).suffix if file.suffix in (".gz", ".bz2", ".zip") else file.suffix
    try:
        if suffix in readers:
            return readers[suffix](file)
        if suffix in _SEPARATORS:
            return pd.read_csv(file, sep=_SEPARATORS[suffix], low_memory=False)
    except Exception as error:
        raise BadOption(f"cannot read {path}: {error}") from error
    known = ", ".join([*_SEPARATORS, *readers])
    raise BadOption(f"cannot read {path}: its name ends with none of {known}")


def _judge(
    evidence: Evidence,
    settings: CheckSettings,
    select: Collection[str],
    ignore: Collection[str],
) -> Report:
    checks = load_checks(settings.files)
    if select:
        settings = msgspec.structs.replace(settings, select=tuple(select))
    chosen = settings.ignoring(ignore).chosen(checks)
    return run_checks(chosen, evidence, settings, on_progress=_report)


def _report(check: Check, number: int, of: int) -> None:
    progress.report(f"{check.code} {check.name}", number, of)
