"""One file for each training: what was logged of it, and, apart, what held-out data say of it."""

from __future__ import annotations

import gzip
import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

#: Numbers that a person knows before the training, and logs once.
FACTS = ("dummy_loss", "reference_score", "n_train", "n_classes")


@dataclass(frozen=True)
class Points:
    """A series: steps, values, and when each was logged, in seconds from the start."""

    step: NDArray[np.float64]
    value: NDArray[np.float64]
    time_s: NDArray[np.float64]

    def until(self, time_s: float) -> Points:
        """What was known at that time."""
        count = int(np.searchsorted(self.time_s, time_s, side="right"))
        return Points(self.step[:count], self.value[:count], self.time_s[:count])


@dataclass(frozen=True)
class Trace:
    """One training. `oracle` and `config` are for the benchmark, and for no check of series."""

    name: str
    recipe: str
    architecture: str
    fault: str  # "" for a sound one
    twin: str
    config: dict[str, Any]
    status: str  # as aseptic has recorded it
    seconds: float  # of the training, with what watches it
    series: dict[str, Points]
    oracle: dict[str, Any]
    layer_sizes: dict[str, int] = field(default_factory=dict)
    error: str = ""

    @property
    def metric(self) -> str:
        return str(self.oracle["metric"])

    def epochs(self) -> list[float]:
        """When each epoch was over, in seconds from the start."""
        points = self.series.get(f"train_{self.metric}", self.series.get("train_loss"))
        return [] if points is None else points.time_s.tolist()


def write_trace(folder: Path, trace: Trace) -> None:
    """Whole or not at all; numbers to six digits."""
    said = asdict(trace)
    for points in said["series"].values():
        for name, values in points.items():
            points[name] = [float(f"{value:.6g}") for value in values.tolist()]
    path = folder / f"{trace.name}.json.gz"
    fresh = path.with_suffix(".new")
    fresh.write_bytes(gzip.compress(json.dumps(said).encode(), mtime=0))
    fresh.rename(path)


def read_trace(path: Path) -> Trace:
    """A trace as it was written."""
    said = json.loads(gzip.decompress(path.read_bytes()))
    series = {
        name: Points(**{kind: np.asarray(values, float) for kind, values in points.items()})
        for name, points in said.pop("series").items()
    }
    return Trace(series=series, **said)


def read_traces(folder: Path) -> Iterator[Trace]:
    """All traces of a folder, by name."""
    for path in sorted(folder.glob("*.json.gz")):
        yield read_trace(path)
