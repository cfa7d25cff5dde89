"""Rules about the hygiene of data, training and runs, and what they find.

A check is one file in `rules/`: a generator function marked with `@check`, found by its place.
`evidence.py` is what it may look at, `runner.py` runs many within a time, `settings.py` says which.
"""

from typing import TYPE_CHECKING, Any

from aseptic.checks.check import Check, NotApplicable, check
from aseptic.checks.evidence import Evidence

if TYPE_CHECKING:
    from aseptic.checks.tables import Sample, Table

__all__ = ["Check", "Evidence", "NotApplicable", "Sample", "Table", "check"]


def __getattr__(name: str) -> Any:
    """Tables when they are asked for: they import pandas, which a session may not have."""
    if name in ("Sample", "Table"):
        from aseptic.checks import tables

        return getattr(tables, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
