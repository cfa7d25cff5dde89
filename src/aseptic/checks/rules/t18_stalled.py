"""T18: a training that stands still without having ended."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from aseptic.checks.check import NotApplicable, check
from aseptic.checks.curves import median
from aseptic.series_names import FACTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aseptic.checks.evidence import Evidence
    from aseptic.model import Finding

_FEWEST = 3  # points, to know how long a step takes
_MOST_INTERVALS = 1_000


@check("T18", severity="error", needs=("series:*",), cost="look")
def stalled(run: Evidence, *, least_s: float = 600.0, times: float = 20.0) -> Iterator[Finding]:
    """Nothing was logged for far longer than a step takes, and the training has not ended.

    Why: a job that waits for a lock, a worker or a file looks alive to its scheduler.

    Method: the time since the last point of any series, facts left out, is above `least_s` seconds
    and above `times` the median time between points. While training goes on it is the time until
    now; of a run that was interrupted or lost, until its end. A pause after which it went on is
    none.

    Remedy: look at the data loader's workers (`num_workers=0` tells), at locks, and at what the
    last step waited for: `py-spy dump --pid` shows it.

    Source: SageMaker Debugger's rule StalledTrainingRule waits 1,800 s.

    Bad::

        from datetime import timedelta
        from aseptic.testing import make_run
        run = make_run(status="interrupted", duration_s=3600.0)
        times = {"loss": run.started_at.timestamp() + np.arange(50.0)}
        series = {"loss": np.ones(50)}

    Good::

        from aseptic.testing import make_run
        run = make_run(status="interrupted", duration_s=60.0)
        times = {"loss": run.started_at.timestamp() + np.arange(50.0)}
        series = {"loss": np.ones(50)}
    """
    # Facts are told once more when a run ends, however long nothing has moved.
    logged = {name: at for name, at in run.times.items() if len(at) and name not in FACTS}
    if not logged:
        raise NotApplicable("needs the times of what was logged")
    name, often = max(logged.items(), key=lambda item: len(item[1]))
    if len(often) < _FEWEST:
        raise NotApplicable(f"needs {_FEWEST} points of a series at least")
    if run.is_running:
        until = time.time() if run.now_s is None else run.now_s
    elif run.run is None:
        raise NotApplicable("no run: it is about a run's record")
    elif run.run.status in ("interrupted", "lost") and run.run.ended_at is not None:
        until = run.run.ended_at.timestamp()
    else:
        return
    waited = until - max(float(at[-1]) for at in logged.values())
    usual = median(np.diff(often[-_MOST_INTERVALS:]))
    limit = max(least_s, times * usual)
    if waited <= limit:
        return
    steps = run.series[name][0] if name in run.series else np.array([])
    yield run.finding(
        f"nothing was logged for {waited:,.0f} s, where a point of {name} takes {usual:.3g} s",
        series=name,
        step=float(steps[-1]) if len(steps) else None,
        waited_s=waited,
        limit_s=limit,
        usual_s=usual,
    )
