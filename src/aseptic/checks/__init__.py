"""Rules about the hygiene of data, training and runs, and what they find.

A check is one file in `rules/`: a generator function marked with `@check`, found by its place.
`evidence.py` is what it may look at, `runner.py` runs many within a time, `settings.py` says which.
"""

from aseptic.checks.check import Check, NotApplicable, check
from aseptic.checks.evidence import Evidence
from aseptic.checks.tables import Sample, Table

__all__ = ["Check", "Evidence", "NotApplicable", "Sample", "Table", "check"]
