"""Runs the examples in the docstrings of checks, and what a snippet's variables say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from aseptic.checks import Check, Evidence, Table
from aseptic.checks.runner import Report, run_checks
from aseptic.checks.settings import CheckSettings

_ROLES = ("train", "validation", "test", "reference", "serving", "data")


def judge(check: Check, *, depth: Any = "asked", **variables: Any) -> Report:
    """One check over what `variables` hold: data by role (`X` or `(X, y)`), target, model, …"""
    target = variables.get("target")
    tables = []
    for role in _ROLES:
        if role in variables:
            data = variables[role]
            features, own = data if isinstance(data, tuple) else (data, target)
            tables.append(Table(role, role, features, own))
    known = ("model", "run", "facts", "settings")
    evidence = Evidence(
        tuple(tables),
        depth=depth,
        earlier=lambda: variables.get("earlier", ()),
        series={
            name: (np.arange(len(values)), np.asarray(values, dtype=float))
            for name, values in variables.get("series", {}).items()
        },
        **{name: variables[name] for name in known if name in variables},
    )
    return run_checks([check], evidence, CheckSettings())


def run_example(check: Check, title: str) -> Report:
    """Judges what the code under `Bad::` or `Good::` makes."""
    variables: dict[str, Any] = {"np": np, "pd": pd}
    exec(check.sections[title], variables)
    return judge(check, **variables)
