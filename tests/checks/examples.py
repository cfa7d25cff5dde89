"""Runs the examples in the docstrings of checks, and what a snippet's variables say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from aseptic.capture.fit_watch import FitWatch
from aseptic.capture.lineage import Lineage
from aseptic.checks import Check
from aseptic.checks.handed_over import evidence_of
from aseptic.checks.runner import Report, run_checks
from aseptic.checks.settings import CheckSettings

_ROLES = ("train", "validation", "test", "reference", "serving", "data")
_FIELDS = ("run", "settings", "lineage", "folder", "times", "is_running", "now_s")


def judge(check: Check, *, depth: Any = "asked", **variables: Any) -> Report:
    """One check over what `variables` hold: data by role (`X` or `(X, y)`), target, model, …"""
    data = {role: variables[role] for role in _ROLES if role in variables}
    evidence = evidence_of(
        data,
        target=variables.get("target"),
        model=variables.get("model"),
        series=variables.get("series"),
    )
    evidence = replace(
        evidence,
        depth=depth,
        earlier=lambda: variables.get("earlier", ()),
        find_deployed=lambda: variables.get("deployed"),
        **{name: variables[name] for name in _FIELDS if name in variables},
    )
    return run_checks([check], evidence, CheckSettings())


def run_example(check: Check, title: str) -> Report:
    """Judges what the code under `Bad::` or `Good::` makes."""
    code = check.sections[title]
    variables: dict[str, Any] = {"np": np, "pd": pd}
    if "sklearn" in code:
        variables["lineage"] = watched(code, variables)
    else:
        exec(code, variables)
    return judge(check, **variables)


def watched(code: str, variables: dict[str, Any]) -> Lineage:
    """Executes code, and gives what estimators saw meanwhile."""
    import sklearn.model_selection  # noqa: F401 -- what is watched must be there

    watch = FitWatch(Lineage())
    watch.start()
    try:
        exec(code, variables)
    finally:
        watch.stop()
    return watch.lineage
