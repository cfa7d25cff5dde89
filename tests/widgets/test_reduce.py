from __future__ import annotations

import math
import time

import numpy as np
import pytest

from aseptic.store.base import Series
from aseptic.widgets import reduce


def series(values, *, step=None, time_s=None) -> Series:
    values = np.asarray(values)
    numbers = np.arange(len(values), dtype=float)
    return Series(
        "a",
        "loss",
        numbers if step is None else np.asarray(step, dtype=float),
        100 + 2 * numbers if time_s is None else np.asarray(time_s, dtype=float),
        values,
    )


def part(curve, name):
    return np.frombuffer(getattr(curve, name), dtype="<f8").tolist()


def test_a_short_series_is_sent_as_it_is():
    curve = reduce.curve(series([1.0, math.nan, -0.0]), points=10)
    assert np.isnan(part(curve, "value")[1])
    assert math.copysign(1, part(curve, "value")[2]) == -1
    assert (curve.low, curve.high, curve.count) == (None, None, 3)


def test_buckets_keep_extremes_and_last_values_and_pass_nan_over():
    curve = reduce.curve(series([1.0, 9.0, 2.0, math.nan, -5.0, 3.0]), points=2)
    assert part(curve, "value") == [2.0, 3.0]
    assert part(curve, "low") == [1.0, -5.0]
    assert part(curve, "high") == [9.0, 3.0]
    assert part(curve, "step") == [2.0, 5.0]
    assert curve.count == 6


def test_a_bucket_of_nothing_but_nan_stays_nan():
    curve = reduce.curve(series([math.nan, math.nan, 1.0, 2.0]), points=2)
    assert np.isnan(part(curve, "low")[0])
    assert np.isnan(part(curve, "value")[0])


@pytest.mark.parametrize("n", [1001, 1999, 12_345, 100_000])
def test_no_extreme_and_no_last_value_is_lost(n):
    values = np.random.default_rng(n).normal(size=n)
    curve = reduce.curve(series(values), points=1000)
    assert len(part(curve, "value")) == 1000
    assert min(part(curve, "low")) == values.min()
    assert max(part(curve, "high")) == values.max()
    assert part(curve, "value")[-1] == values[-1]


def test_a_zoomed_curve_has_one_point_beyond_each_end():
    curve = reduce.curve(series(np.arange(100.0)), x_min=10.5, x_max=20.5)
    assert part(curve, "step") == [float(x) for x in range(10, 22)]


def test_zoom_goes_by_the_axis_that_is_looked_at():
    curve = reduce.curve(series(np.arange(100.0)), x_axis="time", x_min=10, x_max=12)
    assert part(curve, "step") == [4.0, 5.0, 6.0, 7.0]


def test_points_out_of_order_are_sorted_by_step():
    curve = reduce.curve(series([3.0, 1.0, 2.0], step=[3, 1, 2]))
    assert part(curve, "value") == [1.0, 2.0, 3.0]


def test_points_without_a_step_are_numbered():
    curve = reduce.curve(series([5.0, 6.0], step=[math.nan, math.nan]))
    assert part(curve, "step") == [0.0, 1.0]


def test_no_points_make_an_empty_curve():
    curve = reduce.curve(series([]), x_axis="time")
    assert (part(curve, "value"), curve.count) == ([], 0)


def test_a_million_points_are_reduced_in_a_blink(capsys):
    values = series(np.random.default_rng(0).normal(size=1_000_000))
    start = time.perf_counter()
    reduce.curve(values)
    took = time.perf_counter() - start
    with capsys.disabled():
        print(f"\n1,000,000 points reduced to 1,000 in {took * 1000:.0f} ms")
    assert took < 1
