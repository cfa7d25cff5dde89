"""H04: the same code, data, params and seed gave another metric."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from aseptic.checks.check import NotApplicable, check
from aseptic.checks.history import finished, is_cost, is_rerun
from aseptic.checks.rules.h03_unseeded import unseeded_calls

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aseptic.checks.evidence import Evidence
    from aseptic.model import Finding, Run


@check("H04", severity="warning", needs=("run",), cost="look")
def not_deterministic(
    run: Evidence, *, relative: float = 1e-9, newest: int = 300
) -> Iterator[Finding]:
    """The same code, data, params and seed gave another metric.

    Why: the result cannot be reproduced, and a change of this size in another run says nothing.

    Method: the newest earlier run, among the `newest`, that had the same code (the cells it used
    included), params, seed, digests of data, packages, commit and processor is compared. Metrics
    count that differ by more than `relative` of their value; times and sizes do not. It is
    information where the code draws random numbers without a seed, as H03 says that already.

    Remedy: start generators in the cell that draws from them, so that running it again starts
    them again; make the model in the cell that fits it; on a GPU,
    `torch.use_deterministic_algorithms(True)`; else look for sets, threads and files that change.

    Bad::

        from aseptic.testing import make_run

        earlier = [make_run(source="acc = fit(X, seed=0)", metrics={"acc": 0.91})]
        run = make_run(source="acc = fit(X, seed=0)", metrics={"acc": 0.92})

    Good::

        from aseptic.testing import make_run

        earlier = [make_run(source="acc = fit(X, seed=0)", metrics={"acc": 0.91})]
        run = make_run(source="acc = fit(X, seed=0)", metrics={"acc": 0.91})
    """
    record = run.run
    assert record is not None
    if record.status not in ("running", "finished"):
        raise NotApplicable(f"the run did not come to its end: it is {record.status}")
    earlier = finished(run.history(), most=newest)
    twin = next((one for one in earlier if is_rerun(record, one)), None)
    differing = [] if twin is None else _differing(record, twin, relative=relative)
    if twin is None or not differing:
        return
    name, now, before = max(differing, key=lambda one: abs(one[1] - one[2]))
    more = f", and {len(differing) - 1} more differ" if len(differing) > 1 else ""
    yield run.finding(
        f"{name} is {now:.6g} and was {before:.6g} in {twin.name}, with the same code, data,"
        f" params and seed{more}",
        subject=name,
        severity="info" if unseeded_calls(record) else "warning",
        now=now,
        before=before,
        difference=abs(now - before),
        limit=relative * max(abs(now), abs(before)),
        earlier_run=twin.run_id,
    )


def _differing(run: Run, twin: Run, *, relative: float) -> list[tuple[str, float, float]]:
    """The metrics that differ, with both values; NaN differs from a number."""
    found = []
    for name in run.metrics.keys() & twin.metrics.keys():
        now, before = float(run.metrics[name].value), float(twin.metrics[name].value)
        if is_cost(name) or (math.isnan(now) and math.isnan(before)):
            continue
        if not math.isclose(now, before, rel_tol=relative):
            found.append((name, now, before))
    return found
