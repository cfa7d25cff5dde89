"""Which metrics of a run are worth a place where there are few: those that judge it, first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aseptic.checks.history import is_cost
from aseptic.checks.roles import role_of
from aseptic.direction import direction_of
from aseptic.series_names import without_diagnostics

if TYPE_CHECKING:
    from collections.abc import Iterable

_RANKS = ("test", "validation", None, "train")


def shown_metrics(names: Iterable[str]) -> list[str]:
    """The metrics to show, the most telling first; not facts, nor what is logged of each layer."""
    return sorted(without_diagnostics(dict.fromkeys(names)), key=_rank)


def _rank(name: str) -> tuple[bool, int]:
    role = role_of(name)
    judges = direction_of(name) is not None and not is_cost(name)
    return not judges, _RANKS.index(role) if role in _RANKS else len(_RANKS)
