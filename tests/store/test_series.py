import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aseptic.errors import StoreDamaged
from aseptic.store.series import decode_column, encode_column, join_columns


def bits(values):
    return np.asarray(values).view("<i8").tolist()


@given(st.lists(st.integers(0, 2**64 - 1)))
def test_any_bits_of_floats_come_back(patterns):
    values = np.array(patterns, "<u8").view("<f8")
    assert bits(decode_column(encode_column(values))) == bits(values)


@given(st.lists(st.integers(-(2**63), 2**63 - 1)))
def test_any_integers_come_back(numbers):
    values = np.array(numbers, "<i8")
    found = decode_column(encode_column(values))
    assert (found.dtype, found.tolist()) == (values.dtype, numbers)


@given(st.lists(st.floats(1e9, 2**31), min_size=1), st.floats(-1e6, 1e6))
def test_times_and_steps_come_back(times, step):
    for values in (np.array(times), step + np.arange(5.0)):
        assert bits(decode_column(encode_column(values))) == bits(values)


def test_steps_that_count_cost_nothing():
    assert len(encode_column(np.arange(20_000.0))) < 200


def test_a_loss_curve_with_its_steps_and_times_takes_8_bytes_a_point():
    rng = np.random.default_rng(0)
    count = 20_000
    time_s = 1.8e9 + np.cumsum(0.02 * rng.lognormal(0, 0.02, count))
    loss = np.exp(-np.arange(count) / 5000) * rng.lognormal(0, 0.02, count)
    columns = [np.arange(float(count)), time_s, loss]
    assert sum(len(encode_column(column)) for column in columns) / count < 8.1
    assert sum(len(encode_column(c.astype("<f4").astype("<f8"))) for c in columns[2:]) / count < 4


def test_floats_and_integers_join_to_floats():
    joined = join_columns([np.array([1, 2]), np.array([0.5])])
    assert (joined.dtype, joined.tolist()) == (np.dtype("<f8"), [1.0, 2.0, 0.5])


@pytest.mark.parametrize(
    "content",
    [b"", b"\0" * 5, b"\1\0\5\0\0\0garbage", b"\x09\0\0\0\0\0", encode_column(np.arange(9))[:-1]],
)
def test_what_is_no_column_is_damaged(content):
    with pytest.raises(StoreDamaged):
        decode_column(content)


def test_a_column_cannot_grow_beyond_what_it_says():
    bomb = bytearray(encode_column(np.full(1_000_000, math.pi)))
    bomb[2:6] = (10).to_bytes(4, "little")
    with pytest.raises(StoreDamaged):
        decode_column(bytes(bomb))
