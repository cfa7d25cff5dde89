"""Evidence from what a person hands over: frames, pairs of features and target, a model, series."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from aseptic.checks.check import NotApplicable
from aseptic.checks.evidence import Evidence
from aseptic.checks.tables import Role, Table
from aseptic.errors import BadOption

if TYPE_CHECKING:
    from collections.abc import Mapping

_ROLES: tuple[Role, ...] = ("train", "validation", "test", "reference", "serving", "data")


def evidence_of(
    data: Mapping[Role, Any],
    *,
    target: Any = None,
    model: Any = None,
    series: Mapping[str, Any] | None = None,
) -> Evidence:
    """Evidence from data by role: a table, or a pair of features and target `(X, y)`.

    `target` names the column of every table that has it. `series` holds, by name, a list of
    values by epoch, a pair `(steps, values)`, or one number, which is a fact.
    Raises BadOption for what is no data.
    """
    tables = [_table(role, data[role], target) for role in _ROLES if data.get(role) is not None]
    if target is not None and tables and not any(table.target is not None for table in tables):
        known = ", ".join(tables[0].columns[:8])
        raise BadOption(f"target={target!r}: no table has this column. {tables[0].name}: {known}")
    points, facts = _split_series(series or {})
    return Evidence(tuple(tables), model=model, series=points, facts=facts)


def _table(role: Role, data: Any, target: Any) -> Table:
    try:
        if isinstance(data, tuple) and len(data) == 2:
            return Table(role, role, *data)
        columns = getattr(data, "columns", ())
        has_target = target is not None and target in list(columns)
        return Table(role, role, data, target if has_target else None)
    except NotApplicable as error:
        raise BadOption(f"{role}: {error}") from None


def _split_series(
    series: Mapping[str, Any],
) -> tuple[dict[str, tuple[np.ndarray, np.ndarray]], dict[str, float]]:
    points: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    facts: dict[str, float] = {}
    for name, values in series.items():
        try:
            if np.ndim(values) == 0:
                facts[name] = float(values)
            elif isinstance(values, tuple) and len(values) == 2 and np.ndim(values[0]) == 1:
                steps, numbers = (np.asarray(one, dtype=np.float64) for one in values)
                points[name] = steps, numbers
            else:
                numbers = np.asarray(values, dtype=np.float64)
                points[name] = np.arange(len(numbers), dtype=np.float64), numbers
        except (TypeError, ValueError) as error:
            reason = "numbers, a pair (steps, values) or one number are expected"
            raise BadOption(f"series {name}: {reason}") from error
        if name in points and len(points[name][0]) != len(points[name][1]):
            raise BadOption(f"series {name}: as many steps as values are expected")
    return points, facts
