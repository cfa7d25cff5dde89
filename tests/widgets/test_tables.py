from __future__ import annotations

import math
from datetime import datetime, timezone

import numpy as np

from aseptic.store.base import RunColumns
from aseptic.widgets.tables import floats, is_missing, run_table


def columns(**groups) -> RunColumns:
    rows = max((len(v) for group in groups.values() for v in group.values()), default=0)
    given = {"fields": {}, "params": {}, "metrics": {}, "data": {}, "directions": {}, **groups}
    return RunColumns(run_ids=[f"{i:016x}" for i in range(rows)], **given)


def only(table):
    (column,) = table.columns
    return column


def test_a_metric_that_is_nan_is_not_one_that_is_missing():
    values = floats([0.5, None, math.nan])
    assert is_missing(values).tolist() == [False, True, False]
    assert np.isnan(values).tolist() == [False, True, True]


def test_the_missing_nan_survives_as_bytes():
    again = np.frombuffer(floats([None, 1.0]).tobytes(), dtype="<f8")
    assert is_missing(again).tolist() == [True, False]


def test_numbers_travel_as_float64_with_their_direction():
    column = only(run_table(columns(metrics={"acc": [0.5, 0.75]})))
    assert (column.key, column.kind, column.direction) == ("metrics.acc", "number", "max")
    assert np.frombuffer(column.values).tolist() == [0.5, 0.75]


def test_mixed_types_several_values_and_huge_integers_are_text():
    table = run_table(
        columns(params={"a": [1, "x"], "b": [(1.0, 2.0), 3.0], "c": [2**53 + 1, 1], "d": [True, 1]})
    )
    assert [column.kind for column in table.columns] == ["text"] * 4
    assert table.columns[1].values == ["(1.0, 2.0)", "3.0"]
    assert table.columns[2].values == [str(2**53 + 1), "1"]


def test_integers_are_told_from_floats():
    table = run_table(columns(params={"n": [1, 2], "C": [1.0, 2.0]}))
    assert [column.is_integer for column in table.columns] == [True, False]


def test_a_column_says_whether_it_tells_the_runs_apart():
    table = run_table(columns(params={"C": [1.0, 2.0], "n": [3, 3], "only": [1, None]}))
    assert [column.differs for column in table.columns] == [True, False, True]


def test_times_are_seconds_since_the_epoch():
    at = datetime(2026, 11, 24, tzinfo=timezone.utc)
    column = only(run_table(columns(fields={"started_at": [at]})))
    assert column.kind == "time"
    assert np.frombuffer(column.values).tolist() == [at.timestamp()]


def test_no_runs_make_an_empty_table():
    table = run_table(columns(fields={"name": []}), project="p")
    assert (table.run_ids, table.total, table.main_metric) == ([], 0, None)


def test_the_runs_that_a_run_read_from_are_chips():
    read = [(), ("collect/calm-otter",)]
    column = only(run_table(columns(fields={"upstream": read})))
    assert (column.label, column.kind, column.group) == ("from", "tags", "run")
    assert [list(value) for value in column.values] == [[], ["collect/calm-otter"]]
