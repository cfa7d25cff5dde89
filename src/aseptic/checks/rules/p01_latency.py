"""P01: the model answers too slowly for how it is to be used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aseptic.checks import plots
from aseptic.checks.check import check
from aseptic.checks.serving import (
    Served,
    declared_use,
    demand_use,
    measure_latencies,
    measure_load,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aseptic.checks.evidence import Evidence
    from aseptic.checks.serving import Declared, Latency
    from aseptic.model import Finding

_SECONDS = {"automatic": 0.1, "asked": 1.0, "thorough": 10.0}
_LOAD_CALLS = 5  # fewer calls than these in the time of measuring say nothing about a rate


@check("P01", severity="error", needs=("model",), cost="fit")
def latency(run: Evidence, *, slow_ms: float = 100.0) -> Iterator[Finding]:
    """The model answers more slowly than its use allows.

    Why: a model that is right too late is of no use to the application that waits for it.

    Method: `predict` is timed on the data at hand, in this process, warm: one row, 32 and 1,000
    rows and the declared `batch` at a time, one call after the other; then, where `rate` and
    `callers` are declared, in as many threads at random times. An error where the median is more
    than the declared `latency_ms`, a warning where only the 95 % point is. Nothing declared:
    information where one row takes more than `slow_ms`. After a cell only where
    `[tool.aseptic.deploy]` is there, and without the load.

    Remedy: call with batches, cache what repeats, or take a smaller model (fewer trees, fewer
    features, a linear one).

    Bad::

        import time

        class Slow:
            def predict(self, rows):
                time.sleep(0.03)
                return np.zeros(len(rows))

        model, test = Slow(), np.zeros((50, 3))
        settings = {"deploy": {"latency_ms": 5, "batch": 1}}

    Good::

        class Fast:
            def predict(self, rows):
                return np.zeros(len(rows))

        model, test = Fast(), np.zeros((50, 3))
        settings = {"deploy": {"latency_ms": 500, "batch": 1, "rate": 20, "callers": 2}}
    """
    demand_use(run)
    served, declared = Served(run), declared_use(run)
    seconds = _SECONDS[run.depth]
    batch = int(declared.batch or 1)
    found = measure_latencies(served, batch=batch, seconds=seconds)
    one = next(latency for latency in found if latency.rows == batch)
    limit = declared.latency_ms
    if limit is not None and one.p95_ms > limit:
        is_sure = one.median_ms > limit
        yield run.finding(
            f"{_rows(batch)} take {one.median_ms:.3g} ms, 95 % of the calls up to"
            f" {one.p95_ms:.3g} ms, and {limit:g} ms are declared",
            severity="error" if is_sure else "warning",
            remedy=_remedy(found, batch),
            median_ms=one.median_ms,
            p95_ms=one.p95_ms,
            limit=limit,
            calls=one.calls,
            plot=_plot(found),
        )
    elif limit is None and one.median_ms > slow_ms:
        yield run.finding(
            f"{_rows(batch)} take {one.median_ms:.3g} ms",
            severity="info",
            remedy=_remedy(found, batch),
            median_ms=one.median_ms,
            p95_ms=one.p95_ms,
            limit=slow_ms,
            calls=one.calls,
            plot=_plot(found),
        )
    elif run.depth != "automatic":
        yield from _under_load(run, served, declared, seconds=seconds, batch=batch)


def _under_load(
    run: Evidence, served: Served, declared: Declared, *, seconds: float, batch: int
) -> Iterator[Finding]:
    if declared.rate is None or declared.callers is None or declared.rate * seconds < _LOAD_CALLS:
        return
    callers = int(declared.callers)
    load = measure_load(
        served, rate=declared.rate, callers=callers, rows=batch, seconds=seconds, rng=run.rng
    )
    limit = declared.latency_ms or 1000 * seconds
    if load.p95_ms > limit:
        yield run.finding(
            f"at {declared.rate:g} calls a second from {callers} applications, 95 % of the calls"
            f" take up to {load.p95_ms:.3g} ms, and {limit:g} ms are declared",
            severity="error" if load.p95_ms > 2 * limit else "warning",
            remedy="serve it from several processes, or with batches",
            p95_ms=load.p95_ms,
            limit=limit,
            answered=load.answered,
            calls=load.calls,
        )


def _rows(batch: int) -> str:
    return "calls with one row" if batch == 1 else f"calls with {batch:,} rows"


def _remedy(found: list[Latency], batch: int) -> str | None:
    """What batches would bring, where they bring much."""
    one = next(latency for latency in found if latency.rows == batch)
    best = min(found, key=lambda latency: latency.median_ms / latency.rows)
    gain = (one.median_ms / one.rows) / max(1e-9, best.median_ms / best.rows)
    if best.rows <= batch or gain < 3:
        return None
    return f"call with batches: of {best.rows:,} rows, each takes {gain:.0f} times less"


def _plot(found: list[Latency]) -> dict[str, object]:
    labels = [f"{latency.rows:,}" for latency in found]
    per_row = [latency.median_ms / latency.rows for latency in found]
    return plots.bars(labels, {"ms per row": per_row}, x="rows of a call", y="ms per row")
