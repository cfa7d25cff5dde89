"""Equal rows have equal hashes, whatever holds them; other rows have others."""

from __future__ import annotations

import datetime
import time
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse

from aseptic.capture.row_hashes import row_hashes


@pytest.fixture
def numbers() -> np.ndarray:
    values = np.random.default_rng(0).normal(size=(20_000, 6))
    values[::7, 2] = np.nan
    values[::5, 3] = 0.0
    return values


@pytest.fixture
def mixed() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "n": rng.integers(0, 100, 500),
            "x": np.where(rng.random(500) < 0.1, np.nan, rng.normal(size=500)),
            "t": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 10**6, 500), "s"),
            "c": rng.choice(["red", "grün", ""], 500),
            "b": rng.random(500) < 0.5,
        }
    )


def same(one, other) -> bool:
    return np.array_equal(row_hashes(one), row_hashes(other))


def test_a_frame_an_array_and_a_sparse_matrix_of_the_same_numbers_are_alike(numbers):
    frame = pd.DataFrame(numbers)
    assert same(numbers, frame)
    assert same(numbers, np.asfortranarray(numbers))
    assert same(numbers, frame.to_numpy(dtype=object))
    assert same(numbers, frame.rename(columns=str))
    assert same(numbers, pd.DataFrame({name: frame[name].copy() for name in frame}))
    for form in (sparse.csr_matrix, sparse.csc_array, sparse.coo_matrix):
        assert same(numbers, form(numbers))


def test_a_sparse_matrix_of_many_entries_is_hashed_in_parts(monkeypatch):
    values = sparse.random(300, 50, density=0.2, random_state=0, format="csr")
    whole = row_hashes(values)
    monkeypatch.setattr("aseptic.capture.row_hashes._ENTRIES", 15)
    assert np.array_equal(row_hashes(values), whole)
    assert same(values, values.toarray())


def test_a_sparse_matrix_that_names_a_cell_twice_is_hashed_by_its_sum_and_left_as_it_is():
    twice = sparse.csr_matrix((np.array([1.0, 2.0]), np.array([0, 0]), np.array([0, 2])), (1, 2))
    assert same(twice, np.array([[3.0, 0.0]]))
    assert twice.nnz == 2


def test_rows_keep_their_hashes_when_shuffled_filtered_and_concatenated(mixed):
    hashes = row_hashes(mixed)
    order = np.random.default_rng(2).permutation(len(mixed))
    assert np.array_equal(row_hashes(mixed.iloc[order]), hashes[order])
    assert np.array_equal(row_hashes(mixed[mixed.b]), hashes[mixed.b])
    parts = pd.concat([mixed.iloc[300:], mixed.iloc[:300]], ignore_index=True)
    assert np.array_equal(row_hashes(parts), np.roll(hashes, 200))
    assert np.array_equal(row_hashes(mixed.head(1)), hashes[:1])


def test_rows_of_several_types_keep_their_hashes_as_objects(mixed):
    assert same(mixed, mixed.to_numpy())
    assert same(mixed, mixed.astype(object))
    assert same(mixed, mixed.convert_dtypes())
    assert same(mixed, mixed.convert_dtypes(dtype_backend="pyarrow"))
    assert same(mixed, mixed.astype({"c": "category"}))
    assert same(mixed, pl.from_pandas(mixed).to_pandas())


@pytest.mark.parametrize(
    "dtype", ["int8", "int64", "uint16", "float32", "float64", "Int64", "Float64", "object"]
)
def test_whole_numbers_are_alike_in_every_type(dtype):
    values = [0, 1, 2, 100]
    assert same(np.array(values), pd.Series(values, dtype=dtype))
    assert same(pd.DataFrame({"a": values}), pd.DataFrame({"a": pd.Series(values, dtype=dtype)}))


def test_true_is_one_and_a_text_of_a_number_is_none():
    assert same(np.array([True, False]), np.array([1.0, 0.0]))
    assert same(pd.Series([True, False], dtype="boolean"), np.array([1, 0]))
    assert not same(pd.Series(["1", "0"]), np.array([1, 0]))
    assert same(pd.Series([Decimal("1.50"), 2], dtype=object), np.array([1.5, 2.0]))


def test_zero_has_no_sign_and_every_nan_is_one():
    odd_nan = np.array([0xFFF8000000000001], dtype=np.uint64).view(np.float64)
    assert same(np.array([-0.0]), np.array([0.0]))
    assert same(np.array([-0.0], dtype=object), np.array([0]))
    assert same(odd_nan, np.array([np.nan]))


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA, pd.NaT, np.datetime64("NaT")])
def test_every_missing_value_is_one(missing):
    assert same(np.array([missing], dtype=object), np.array([np.nan]))


def test_a_missing_value_in_any_column_is_one():
    expected = row_hashes(np.array([np.nan]))
    for series in (
        pd.Series([None], dtype="Int64"),
        pd.Series([None], dtype="str"),
        pd.Series([None], dtype="datetime64[ns]"),
        pd.Series([None], dtype="datetime64[ns, UTC]"),
        pd.Series([None], dtype="timedelta64[s]"),
        pd.Series([None], dtype="category"),
        pd.Series([None], dtype="boolean"),
    ):
        assert np.array_equal(row_hashes(series), expected), series.dtype


def test_times_are_alike_in_every_unit_and_form():
    times = pd.Series(pd.to_datetime(["2024-01-01 00:00", "2024-06-01 12:30"]))
    expected = row_hashes(times)
    for form in (
        times.astype("datetime64[s]"),
        times.to_numpy(),
        times.astype(object),
        times.astype("datetime64[ms]").dt.tz_localize("UTC"),
        times.dt.tz_localize("UTC").dt.tz_convert("Asia/Tokyo"),
        times.dt.tz_localize("UTC").dt.tz_convert("Asia/Tokyo").astype(object),
        np.array([one.to_pydatetime() for one in times], dtype=object),
        np.array([datetime.date(2024, 1, 1), times[1]], dtype=object),
    ):
        assert np.array_equal(row_hashes(form), expected), form


def test_spans_are_alike_in_every_unit_and_form():
    spans = pd.Series(pd.to_timedelta([1, 90], "s"))
    assert same(spans, spans.astype("timedelta64[ns]"))
    assert same(spans, spans.astype(object))
    assert same(spans, spans.to_numpy(dtype=object))


def test_texts_are_alike_in_every_form():
    texts = ["a", "", "ü", "a b"]
    expected = row_hashes(pd.Series(texts))
    for form in (
        np.array(texts),
        np.array(texts, dtype=object),
        pd.Series(texts, dtype="category"),
    ):
        assert np.array_equal(row_hashes(form), expected)
    assert len(set(expected)) == 4


def test_texts_that_are_no_unicode_have_hashes():
    assert len(row_hashes(np.array(["\udcff", "a"], dtype=object))) == 2


@pytest.mark.parametrize("place", range(5))
def test_one_changed_cell_changes_the_hash_of_that_row_alone(mixed, place):
    before = row_hashes(mixed)
    changed = mixed.copy()
    new = [101, 1e-300, pd.Timestamp("1999-01-01"), "blue", not mixed.b[123]]
    changed.iloc[123, place] = new[place]
    after = row_hashes(changed)
    assert np.flatnonzero(before != after).tolist() == [123]


def test_the_last_bit_of_a_number_counts(numbers):
    changed = numbers.copy()
    changed[777, 4] = np.nextafter(changed[777, 4], np.inf)
    assert np.flatnonzero(row_hashes(numbers) != row_hashes(changed)).tolist() == [777]


def test_cells_that_change_places_change_the_hash():
    rows = np.array([[1, 2, 0], [2, 1, 0], [0, 1, 2], [1, 2, 2], [2, 2, 1], [0, 0, 0]])
    assert len(set(row_hashes(rows))) == len(rows)


def test_a_million_like_rows_of_small_numbers_do_not_collide():
    grid = np.stack(np.meshgrid(*[np.arange(100)] * 3), axis=-1).reshape(-1, 3)
    assert len(np.unique(row_hashes(grid))) == 1_000_000
    assert len(np.unique(row_hashes(grid / 7))) == 1_000_000


def test_the_bits_of_the_hashes_are_even():
    hashes = row_hashes(np.arange(10_000))
    ones = ((hashes[:, None] >> np.arange(64, dtype=np.uint64)) & np.uint64(1)).mean(axis=0)
    assert np.all(np.abs(ones - 0.5) < 0.03)


@pytest.mark.parametrize(
    "odd",
    [
        [[1], [1], [2, 3]],
        [{"a": 1}, {"a": 1}, {"a": 2}],
        [np.zeros(2000), np.zeros(2000), np.eye(2)],
        [1 + 2j, 1 + 2j, 3],
        [10**400, 10**400, -(10**400)],
        [b"a", b"a", b"b"],
    ],
)
def test_objects_of_any_kind_have_hashes(odd):
    values = np.empty(3, dtype=object)
    values[:] = odd
    one, like, other = row_hashes(values)
    assert one == like != other


class Shy:
    def __hash__(self):
        raise SystemExit

    def __eq__(self, other):
        raise SystemExit

    def __repr__(self):
        raise SystemExit


def test_objects_that_a_user_wrote_are_not_asked_and_stand_for_themselves():
    shy = [Shy(), Shy()]
    values = np.empty(6, dtype=object)
    values[:] = [shy[0], shy[1], [shy[0]], [shy[1]], 1, "a"]
    hashes = row_hashes(values)
    assert len(set(hashes)) == 6
    assert np.array_equal(row_hashes(values[::-1]), hashes[::-1])


@pytest.mark.parametrize(
    "frame", [pd.DataFrame(), pd.DataFrame({"a": []}), np.zeros((0, 3)), np.zeros(0)]
)
def test_no_rows_have_no_hashes(frame):
    assert len(row_hashes(frame)) == 0


def test_rows_without_columns_are_all_alike():
    assert len(set(row_hashes(np.zeros((3, 0))))) == 1


def test_columns_of_one_name_are_hashed_by_their_place():
    values = np.array([[1.0, 2.0], [3.0, 4.0]])
    assert same(pd.DataFrame(values, columns=["a", "a"]), values)


def test_the_fields_of_a_structured_array_are_its_columns():
    records = np.array([(1, 2.0), (3, 4.0)], dtype=[("a", int), ("b", float)])
    assert same(records, np.array([[1.0, 2.0], [3.0, 4.0]]))


@pytest.mark.parametrize("thing", [np.zeros((2, 2, 2)), 5, object()])
def test_what_has_no_rows_is_refused(thing):
    with pytest.raises(TypeError):
        row_hashes(thing)


def test_the_data_are_not_written_to(numbers):
    numbers[0, 0] = -0.0
    numbers.flags.writeable = False
    row_hashes(numbers)
    row_hashes(pd.DataFrame(numbers))
    assert np.signbit(numbers[0, 0])


def test_the_speed_is_printed(capsys):
    rng = np.random.default_rng(3)
    rows = 100_000
    cases = {
        "50 numbers": rng.normal(size=(rows, 50)),
        "50 small whole numbers": rng.integers(0, 9, (rows, 50)),
        "a text, all distinct": pd.DataFrame({"a": np.arange(rows).astype(str)}),
        "a text, 3 distinct": pd.DataFrame({"a": rng.choice(["x", "y", "z"], rows)}),
    }
    for name, data in cases.items():
        started = time.perf_counter()
        row_hashes(data)
        print(f"{name}: {1e3 * (time.perf_counter() - started):.0f} ms for {rows:,} rows")
    assert "50 numbers" in capsys.readouterr().out


def test_many_columns_at_a_time_give_the_hashes_of_one_at_a_time():
    values = np.random.default_rng(0).normal(size=(40, 3000)).round(1)
    values[values > 2] = np.nan
    frame = pd.DataFrame(values)
    with_text = frame.assign(word="a")
    assert np.array_equal(row_hashes(values), row_hashes(frame))
    assert np.array_equal(row_hashes(frame), row_hashes(frame.astype(object)))
    assert len(set(row_hashes(with_text) - row_hashes(frame))) == 1
