"""P08: predicting takes much memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aseptic.checks.check import check
from aseptic.checks.serving import Served, declared_use, demand_use, measure_memory, megabytes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aseptic.checks.evidence import Evidence
    from aseptic.model import Finding


@check("P08", severity="warning", needs=("model",), cost="fit")
def memory(
    run: Evidence, *, megabytes_at_most: float = 500.0, times: float = 20.0
) -> Iterator[Finding]:
    """Predicting takes more memory than its use allows.

    Why: it is taken once for each call that runs at the same time, beside the model itself, and a
    process that runs out of memory answers nobody.

    Method: the height of what Python and NumPy hold during one call (`tracemalloc`) with the
    declared `batch`, else 1,000 rows; memory of other libraries is not seen. An error above the
    `memory_mb` of `[tool.aseptic.deploy]`, for each of the `callers` one call; without it a
    warning above `megabytes_at_most` where that is also more than `times` the rows handed over.
    After a cell only where `[tool.aseptic.deploy]` is there.

    Remedy: predict in smaller batches; models that compare with all training rows (nearest
    neighbours, kernels) take memory by their number.

    Bad::

        class Greedy:
            def predict(self, rows):
                return np.ones((len(rows), 2000)).sum(axis=1)

        model, test = Greedy(), np.zeros((50, 3))
        settings = {"deploy": {"memory_mb": 1, "batch": 1000}}

    Good::

        class Modest:
            def predict(self, rows):
                return np.zeros(len(rows))

        model, test = Modest(), np.zeros((50, 3))
        settings = {"deploy": {"memory_mb": 1, "batch": 1000}}
    """
    demand_use(run)
    declared = declared_use(run)
    found = measure_memory(Served(run), int(declared.batch or 1000))
    if declared.memory_mb is not None:
        callers = int(declared.callers or 1)
        needed = callers * found.peak_bytes
        if needed > declared.memory_mb * 1e6:
            by = f" for each of {callers} callers" if callers > 1 else ""
            yield run.finding(
                f"a call with {found.rows:,} rows takes {megabytes(found.peak_bytes)}{by}, and"
                f" {declared.memory_mb:g} MB are declared",
                severity="error",
                peak_bytes=found.peak_bytes,
                needed_bytes=needed,
                limit=int(declared.memory_mb * 1e6),
            )
    elif found.peak_bytes > max(megabytes_at_most * 1e6, times * found.input_bytes):
        yield run.finding(
            f"a call with {found.rows:,} rows takes {megabytes(found.peak_bytes)},"
            f" {found.peak_bytes / max(1, found.input_bytes):,.0f} times what is handed over",
            peak_bytes=found.peak_bytes,
            input_bytes=found.input_bytes,
            limit=int(megabytes_at_most * 1e6),
        )
