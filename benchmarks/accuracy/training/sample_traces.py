"""Takes a few trainings of the design part for the tests: sound ones, and one with each fault.

    python benchmarks/accuracy/training/sample_traces.py

Of each fault the first that hurt and is named by a check; so the tests tell when a rule forgets it.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import harm
import numpy as np
from planted import FAULTS
from traces import Points, Trace, read_traces

from aseptic.checks.discovery import load_checks
from aseptic.checks.evidence import Evidence
from aseptic.checks.runner import run_checks
from aseptic.checks.settings import CheckSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

HERE = Path(__file__).parent
DESIGN = HERE / "work" / "design"
SAMPLE = HERE.parents[2] / "tests" / "checks" / "trainings.json.gz"
SOUND_OF_EACH = 3  # architecture


def chosen(traces: dict[str, Trace]) -> Iterator[tuple[Trace, tuple[str, ...]]]:
    """The trainings to keep, with the codes of which one must be found."""
    counts: dict[str, int] = {}
    for trace in traces.values():
        if not trace.fault and not harm.why_unsound(trace):
            counts[trace.architecture] = counts.get(trace.architecture, 0) + 1
            if counts[trace.architecture] <= SOUND_OF_EACH:
                yield trace, ()
    for name, fault in FAULTS.items():
        for trace in traces.values():
            twin = traces.get(trace.twin)
            if trace.fault != name or twin is None or harm.why_unsound(twin):
                continue
            if harm.has_hurt(trace, twin) and found(trace) & set(fault.causes):
                yield trace, fault.causes
                break


def found(trace: Trace) -> set[str]:
    """The codes of what the checks of trainings find in the series."""
    checks = [one for code, one in load_checks().items() if code.startswith("T")]
    series = {name: (_steps(one), one.value) for name, one in trace.series.items()}
    report = run_checks(checks, Evidence(series=series), CheckSettings())
    return {one.code for one in report.findings}


def as_kept(trace: Trace, causes: tuple[str, ...]) -> dict[str, Any]:
    """What the tests read: the numbers to four digits."""
    return {
        "name": trace.name,
        "causes": causes,
        "series": {
            name: [_steps(one).tolist(), [float(f"{value:.4g}") for value in one.value]]
            for name, one in trace.series.items()
        },
    }


def _steps(points: Points) -> NDArray[np.float64]:
    """As aseptic reads a series from its store: numbered where no steps were given."""
    is_missing = np.isnan(points.step).any()
    return np.arange(len(points.step), dtype=np.float64) if is_missing else points.step


def main() -> None:
    traces = {trace.name: trace for trace in read_traces(DESIGN)}
    kept = [as_kept(trace, causes) for trace, causes in chosen(traces)]
    SAMPLE.write_bytes(gzip.compress(json.dumps(kept).encode(), 9, mtime=0))
    print(f"{len(kept)} trainings, {SAMPLE.stat().st_size:,} bytes")
    for one in kept:
        print(f"  {one['name']:60} {', '.join(one['causes'])}")


if __name__ == "__main__":
    main()
