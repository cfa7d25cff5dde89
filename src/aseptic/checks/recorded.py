"""Evidence from a recorded run: its record, its series, and the runs before it.

The store keeps no rows, but hashes of them: whoever still has the data adds them as tables.
"""

from __future__ import annotations

from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from aseptic.checks.evidence import Evidence
from aseptic.checks.hashed_table import HashedTable
from aseptic.checks.kept_rows import kept_rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aseptic.checks.tables import Table
    from aseptic.model import Run
    from aseptic.store.base import Series, Store

_MOST_EARLIER = 100  # reading one takes about 2 ms


def evidence_of_run(
    run: Run, store: Store, *, tables: Sequence[Table] = (), settings: Mapping[str, Any]
) -> Evidence:
    """What is known of a run: earlier runs are read when a check asks for them.

    `settings` is the project's `[tool.aseptic]`.
    """

    @lru_cache(maxsize=1)
    def earlier() -> list[Run]:
        return earlier_runs(store, run)

    @lru_cache(maxsize=1)
    def find_deployed() -> Run | None:
        return deployed_run(store, run)

    read = store.read_series([run.run_id])
    facts = {name: float(metric.value) for name, metric in run.metrics.items()}
    hashed = tuple(
        HashedTable(kept.name, kept.role, kept.rows, partial(store.read_object, kept.digest))
        for kept in kept_rows(run)
    )
    return Evidence(
        tuple(tables),
        hashed,
        run=run,
        earlier=earlier,
        find_deployed=find_deployed,
        series=_points(read),
        times={one.metric: one.time_s for one in read},
        is_running=run.status == "running",
        facts=facts,
        settings=settings,
    )


def series_of(store: Store, run: Run) -> dict[str, tuple[Any, Any]]:
    """The run's series by name: steps and values."""
    return _points(store.read_series([run.run_id]))


def _points(read: Sequence[Series]) -> dict[str, tuple[Any, Any]]:
    return {one.metric: (_steps(one.step), one.value.astype(np.float64)) for one in read}


def earlier_runs(store: Store, run: Run, *, most: int = _MOST_EARLIER) -> list[Run]:
    """The newest runs of the experiment that began before a run, newest first."""
    columns = store.read_runs(experiment=run.experiment)
    started = zip(columns.run_ids, columns.fields["started_at"], strict=True)
    before = [run_id for run_id, at in started if at < run.started_at]
    return [store.get_run(run_id) for run_id in before[:most]]


def deployed_run(store: Store, run: Run) -> Run | None:
    """The newest run tagged `deployed` that began before a run, of any experiment."""
    columns = store.read_runs("'deployed' in tags")
    started = zip(columns.run_ids, columns.fields["started_at"], strict=True)
    found = next((run_id for run_id, at in started if at < run.started_at), None)
    return None if found is None else store.get_run(found)


def _steps(step: Any) -> Any:
    """The steps, or the numbers of the points where none was given."""
    return np.arange(len(step), dtype=np.float64) if np.isnan(step).any() else step
