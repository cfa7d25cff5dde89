"""Runs and series as DataFrames."""

from __future__ import annotations

import time
from datetime import datetime, timezone

import numpy as np
import pandas as pd

from aseptic.frames import frame_of, history_frame
from aseptic.store.base import RunColumns, Series

NOON = datetime(2026, 1, 1, 12, tzinfo=timezone.utc)
FIELDS = {
    "name": "calm-otter",
    "experiment": "digits",
    "status": "finished",
    "state": "clean",
    "started_at": NOON,
    "duration_s": 2.0,
    "tags": ("final",),
    "note": None,
    "git_commit": "3f2c",
    "git_dirty": False,
    "findings": (),
}


def columns(count=1, *, params=None, metrics=None, data=None) -> RunColumns:
    return RunColumns(
        run_ids=[f"{i:016x}" for i in range(count)],
        fields={name: [value] * count for name, value in FIELDS.items()},
        params=params or {},
        metrics=metrics or {},
        data=data or {},
        directions={},
    )


def test_the_columns_are_the_run_fields_then_params_metrics_data_and_findings():
    frame = frame_of(columns(params={"C": [1.0]}, metrics={"acc": [0.9]}, data={"X": ["d"]}))
    assert list(frame.columns) == [
        "run_id", "name", "experiment", "status", "state", "started_at", "duration_s", "tags",
        "note", "git_commit", "git_dirty", "params.C", "metrics.acc", "data.X", "findings",
    ]  # fmt: skip


def test_a_store_without_runs_gives_a_frame_without_rows_but_with_columns():
    frame = frame_of(columns(0))
    assert len(frame) == 0
    assert "started_at" in frame.columns


def test_several_values_of_one_param_are_a_tuple_also_when_all_runs_have_as_many():
    frame = frame_of(columns(2, params={"lr": [(0.1, 0.3), (0.2, 0.4)]}))
    assert list(frame["params.lr"]) == [(0.1, 0.3), (0.2, 0.4)]


def test_values_keep_their_type_where_all_have_one():
    frame = frame_of(
        columns(
            2, params={"n": [1, 2], "lr": [0.1, None], "mixed": [1, "auto"], "b": [True, False]}
        )
    )
    assert frame["params.n"].dtype == np.int64
    assert frame["params.b"].dtype == bool
    assert np.isnan(frame["params.lr"][1])
    assert list(frame["params.mixed"]) == [1, "auto"]


def test_one_and_one_point_zero_stay_apart():
    values = list(frame_of(columns(2, params={"max_features": [1, 1.0]}))["params.max_features"])
    assert [type(value) for value in values] == [int, float]


def test_large_whole_numbers_lose_no_digit():
    frame = frame_of(columns(2, metrics={"id": [2**62 + 1, None], "count": [2**62 + 1, 3]}))
    assert frame["metrics.id"][0] == 2**62 + 1
    assert frame["metrics.count"][0] == 2**62 + 1


def test_times_are_in_utc():
    assert frame_of(columns())["started_at"][0] == pd.Timestamp(NOON)


def test_a_history_has_one_row_a_point_in_the_order_given():
    steps, times = np.array([0.0, np.nan]), np.array([1.5, 2.0])
    frame = history_frame(
        [
            Series("a", "loss", steps, times, np.array([0.5, np.inf])),
            Series("b", "loss", steps, times, np.array([0.25, np.nan])),
        ]
    )
    assert list(frame.columns) == ["run_id", "metric", "step", "time", "value"]
    assert list(frame["run_id"]) == ["a", "a", "b", "b"]
    assert frame["time"][0] == pd.Timestamp("1970-01-01 00:00:01.5", tz="UTC")
    np.testing.assert_array_equal(frame["value"], [0.5, np.inf, 0.25, np.nan])


def test_a_history_of_whole_numbers_is_of_whole_numbers():
    points = Series("a", "n", np.array([0.0]), np.array([1.0]), np.array([2**62 + 1]))
    assert history_frame([points])["value"][0] == 2**62 + 1


def test_a_history_of_nothing_has_its_columns():
    assert list(history_frame([]).columns) == ["run_id", "metric", "step", "time", "value"]


def test_a_thousand_runs_of_thirty_columns_are_a_frame_in_a_moment():
    count = 1000
    runs = columns(
        count,
        params={f"p{i}": [0.1] * count for i in range(15)},
        metrics={f"m{i}": [0.1] * count for i in range(15)},
    )
    frame_of(runs)
    began = time.perf_counter()
    frame_of(runs)
    assert time.perf_counter() - began < 0.2  # 6 ms on an idle machine
