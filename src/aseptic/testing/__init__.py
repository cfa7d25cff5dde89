"""Public test kit: the promises that every store must keep, and runs to test with.

`StoreContract` is imported from `aseptic.testing.contract`, since it needs pytest.
"""

from aseptic.testing.runs import make_finding, make_outcome, make_run, record_run, start_of

__all__ = ["make_finding", "make_outcome", "make_run", "record_run", "start_of"]
