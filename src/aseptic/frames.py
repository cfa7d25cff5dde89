"""Runs and series as DataFrames, as `aseptic.runs` and `aseptic.history` give them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aseptic.store.base import RunColumns, Series

#: The run fields of the frame, in order; `findings` comes last, after the data.
_FIELDS = (
    "name",
    "experiment",
    "status",
    "state",
    "started_at",
    "duration_s",
    "tags",
    "note",
    "git_commit",
    "git_dirty",
)


def frame_of(columns: RunColumns) -> pd.DataFrame:
    """One row a run, newest first.

    `run_id`, the run fields, then `params.NAME`, `metrics.NAME` (last value), `data.NAME`
    (digest) and `findings` (codes). A param with several values in one run holds them as a
    tuple, in order of use. Whole numbers stay whole where every run has one.
    """
    fields = columns.fields
    series: dict[str, Any] = {"run_id": columns.run_ids}
    series |= {name: fields[name] for name in _FIELDS}
    series |= {f"params.{name}": _column(values) for name, values in columns.params.items()}
    series |= {f"metrics.{name}": _numbers(values) for name, values in columns.metrics.items()}
    series |= {f"data.{name}": _objects(values) for name, values in columns.data.items()}
    series["findings"] = _objects(fields["findings"])
    series["tags"] = _objects(fields["tags"])
    series["started_at"] = pd.to_datetime(fields["started_at"], utc=True)
    series["duration_s"] = _numbers(fields["duration_s"])
    frame: pd.DataFrame = pd.DataFrame(series)
    return frame


def history_frame(series: Sequence[Series]) -> pd.DataFrame:
    """One row a point: `run_id metric step time value`, in the order given.

    `time` is in UTC; `step` is NaN where none was given.
    """
    lengths = [len(one.value) for one in series]
    frame: pd.DataFrame = pd.DataFrame(
        {
            "run_id": np.repeat([one.run_id for one in series], lengths),
            "metric": np.repeat([one.metric for one in series], lengths),
            "step": _joined([one.step for one in series]),
            "time": _times(_joined([one.time_s for one in series])),
            "value": _joined([one.value for one in series]),
        }
    )
    return frame


def _joined(arrays: list[Any]) -> Any:
    return np.concatenate(arrays) if arrays else np.array([], dtype=float)


def _times(time_s: Any) -> Any:
    # By way of whole microseconds: floats of seconds do not hold nanoseconds.
    return pd.DatetimeIndex((time_s * 1e6).round().astype("datetime64[us]"), tz="UTC")


def _column(values: list[Any]) -> Any:
    """Values of one type as that type, missing ones as NaN; anything else just as recorded."""
    kinds = {type(value) for value in values}
    if kinds <= {float, type(None)} or kinds == {int, type(None)}:
        return _numbers(values)
    if kinds in ({int}, {bool}) and _are_int64(values):
        return np.array(values)
    return _objects(values)


def _numbers(values: list[Any]) -> Any:
    """Values of a metric: whole numbers if all of them are, else floats."""
    whole = [value for value in values if isinstance(value, int)]
    if len(whole) == len(values) and _are_int64(whole):
        return np.array(values, dtype=np.int64)
    if any(abs(value) > 2**53 for value in whole):  # a float would lose digits
        return _objects(values)
    return np.array([np.nan if value is None else value for value in values], dtype=float)


def _are_int64(values: list[int]) -> bool:
    return all(-(2**63) <= value < 2**63 for value in values)


def _objects(values: list[Any]) -> Any:
    # Not np.array: it would make a matrix of tuples.
    return np.fromiter(values, dtype=object, count=len(values))
