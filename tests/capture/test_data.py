"""What changes a digest, and what must not."""

import copy
import datetime
import decimal
import gc
import os
import pickle
import random
import subprocess
import sys
import time
import tracemalloc
import weakref
from collections import OrderedDict
from typing import NamedTuple

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aseptic.capture.data import describe, digest, is_data
from aseptic.errors import CannotDigest

#: Before pandas 3 `str` was no dtype: `astype` made the text "None" of None.
TEXT = "str" if pd.__version__ >= "3" else "string"
DAYS = pd.date_range("2024-01-01", periods=6, freq="D")


def frame():
    return pd.DataFrame(
        {
            "number": [1.5, np.nan, 3.0, 4.0, 5.0, 6.0],
            "count": np.arange(6),
            "flag": [True, False, True, True, False, False],
            "day": DAYS,
            "zoned": DAYS.tz_localize("Europe/Vienna"),
            "name": pd.Series(["a", None, "c", "é", "", "f"], dtype=object),
            "kind": pd.Categorical(["x", "y", "x", None, "y", "x"]),
            "nullable": pd.array([1, None, 3, 4, 5, 6], dtype="Int64"),
            "lasting": pd.to_timedelta(np.arange(6), unit="s"),
        }
    )


def changed(change):
    new = frame()
    result = change(new)
    return new if result is None else result


# What must change it


def test_one_label_flipped_at_row_four_million_changes_the_digest():
    labels = np.zeros(5_000_000, dtype=np.int64)
    table = pd.DataFrame({"x": np.arange(5_000_000.0), "y": labels})
    before = digest(table)
    table.loc[4_000_000, "y"] = 1
    assert digest(table) != before


def replace(column, values):
    return lambda table: table.assign(**{column: values})


def set_cell(row, column, value):
    def change(table):
        table.loc[row, column] = value

    return change


CHANGES = {
    "a datetime column is replaced": replace("day", DAYS + pd.Timedelta("1s")),
    "a zone is replaced": lambda t: t.assign(zoned=t["zoned"].dt.tz_convert("UTC")),
    "a bool column is inverted": lambda t: t.assign(flag=~t["flag"]),
    "one string changes in a column holding a None": set_cell(4, "name", "g"),
    "a None becomes the text nan": set_cell(1, "name", "nan"),
    "a None becomes the text None": set_cell(1, "name", "None"),
    "a missing text becomes empty": set_cell(1, "name", ""),
    "category codes are swapped": lambda t: t.assign(
        kind=pd.Categorical.from_codes([1, 0, 1, -1, 0, 1], categories=["x", "y"])
    ),
    "categories are renamed": lambda t: t.assign(kind=t["kind"].cat.rename_categories(["y", "x"])),
    "categories become ordered": lambda t: t.assign(kind=t["kind"].cat.as_ordered()),
    "a column is renamed": lambda t: t.rename(columns={"number": "Number"}),
    "two rows are swapped": lambda t: t.iloc[[1, 0, 2, 3, 4, 5]].reset_index(drop=True),
    "two columns are swapped": lambda t: t[["count", "number", *t.columns[2:]]],
    "float32 stands for float64": lambda t: t.astype({"number": "float32"}),
    "int32 stands for int64": lambda t: t.astype({"count": "int32"}),
    "the index changes": lambda t: t.set_index(pd.Index([0, 1, 2, 3, 4, 6])),
    "the index gets a name": lambda t: t.rename_axis("row"),
    "a nullable value goes missing": set_cell(2, "nullable", pd.NA),
    "a duration changes": set_cell(2, "lasting", pd.Timedelta("9s")),
    "a row is dropped": lambda t: t.iloc[:5],
    "a column is dropped": lambda t: t.drop(columns="flag"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_changed_table_has_another_digest(change):
    assert digest(changed(change)) != digest(frame())


def test_half_of_an_array_changed_changes_the_digest():
    array = np.random.default_rng(1).random((200, 100))
    other = array.copy()
    other[100:] += 1
    assert digest(other) != digest(array)


UNEQUAL = [
    (np.float64([0.0]), np.float64([-0.0])),
    (np.zeros(4), np.zeros((2, 2))),
    (np.zeros(4, "f4"), np.zeros(4, "f8")),
    (np.zeros(4, "i8"), np.zeros(4, "u8")),
    (np.array(["a", "b"]), np.array([b"a", b"b"])),
    (np.array([1], "M8[s]"), np.array([1], "M8[ns]")),
    (np.array([None, "a"], object), np.array([float("nan"), "a"], object)),
    (np.array(["nan", "a"], object), np.array([float("nan"), "a"], object)),
    (np.ma.array([1, 2], mask=[0, 1]), np.ma.array([1, 2], mask=[0, 0])),
    (np.array(1), np.array([1])),
    (pd.Series([None], dtype=object), pd.Series([float("nan")], dtype=object)),
    (pd.Series([1, 2], name="a"), pd.Series([1, 2], name="b")),
    (pd.Index([1, 2, 4]), pd.Index([1, 2, 3])),
    (pd.MultiIndex.from_tuples([(1, "a")]), pd.MultiIndex.from_tuples([(1, "b")])),
    (pl.DataFrame({"a": ["x"]}), pl.DataFrame({"a": ["y"]})),
    (pl.Series("a", [1, None]), pl.Series("a", [1, 0])),
    (pa.array([1, None]), pa.array([1, 0])),
    (pa.array(["a", None]), pa.array(["a", ""])),
    (pa.array([[1], [2, 3]]), pa.array([[1, 2], [3]])),
    (pa.array([[], None]), pa.array([None, []])),
    (pa.array([{"a": 1}, None]), pa.array([{"a": 1}, {"a": None}])),
    ([1, 2], (1, 2)),
    ([1, 2], [2, 1]),
    ([True], [1]),
    ([1], [1.0]),
    ([0.0], [-0.0]),
    ([None], [float("nan")]),
    ([None], ["None"]),
    (["ab", "c"], ["a", "bc"]),
    ([[1], []], [[], [1]]),
    ([b"a"], ["a"]),
    ({"a": 1, "b": 2}, {"a": 2, "b": 1}),
    ({1, 2}, {1, 3}),
    ([2**70], [2**70 + 1]),
    ([decimal.Decimal("1.0")], [decimal.Decimal("1.00")]),
    ([datetime.date(2024, 1, 1)], [datetime.datetime(2024, 1, 1)]),
    (b"a" * 9, bytearray(b"a" * 9)),
    ("a", b"a"),
    (1, 1.0),
]


@pytest.mark.parametrize(("left", "right"), UNEQUAL, ids=range(len(UNEQUAL)))
def test_what_differs_has_another_digest(left, right):
    assert digest(left) != digest(right)


# What must not change it

SAMPLES = [
    frame(),
    frame().set_index(["count", "name"]),
    frame()["name"],
    pd.Series(pd.period_range("2024-01", periods=3, freq="M")),
    pd.Series(pd.interval_range(0, 3)),
    pd.Series(pd.arrays.SparseArray([0, 0, 1])),
    pd.Series([1.5, None], dtype="Float64"),
    pd.Series([True, None], dtype="boolean"),
    pd.Series([[1], None], dtype=pd.ArrowDtype(pa.list_(pa.int64()))),
    pd.Index(["a", "b"], name="letters"),
    np.arange(24).reshape(2, 3, 4),
    np.array([(1, 2.5, "a")], dtype=[("a", "i4"), ("b", "f8"), ("c", "U3")]),
    np.array(["2024-01-01", "NaT"], "M8[D]"),
    np.array([None, "a", 1, [2, 3]], object),
    np.array(3.5),
    np.array([1.5, np.nan], np.longdouble),
    np.array([1 + 2j]),
    np.empty((0, 3)),
    np.ma.array([1.0, 2.0], mask=[False, True]),
    pl.DataFrame({"a": [1, None], "b": ["x", None], "c": [[1], [2, 3]]}),
    pl.Series("when", DAYS.to_pydatetime().tolist()),
    pa.table({"a": [1, None], "b": ["x", None], "c": [{"d": 1}, None]}),
    [1, "a", None, 2.5, [3, {"b": (4, 5)}], {6}, b"c", range(3)],
    {"b": np.arange(3), "a": frame()},
    datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc),
    [np.float64(1.5), pd.Timestamp("2024-01-01", tz="UTC"), pd.NaT, pd.NA, pd.Timedelta("1s")],
]


@pytest.mark.parametrize("value", SAMPLES, ids=range(len(SAMPLES)))
def test_a_copy_and_a_pickle_round_trip_have_the_same_digest(value):
    assert digest(copy.deepcopy(value)) == digest(value)
    assert digest(pickle.loads(pickle.dumps(value))) == digest(value)


PROGRAM = """
import numpy as np, pandas as pd
from aseptic.capture.data import digest
table = pd.DataFrame({"a": np.arange(3.0), "b": ["x", None, "é"], "c": list("yxy")})
table["c"] = table["c"].astype("category")
rows = table.to_numpy(dtype=object)
things = [table, rows, {"k": {"a", "b", "c", 1, 2.5}, "l": frozenset("xyz")}]
print(*map(digest, things))
"""


def test_another_process_with_another_hash_seed_gives_the_same_digest():
    outputs = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1


def test_digests_stay_what_they_are_from_version_to_version():
    table = pd.DataFrame({"a": [1.5, np.nan], "b": ["x", None]}, index=["i", "j"])
    assert [digest(value) for value in (np.arange(3), ["a", None, 2], table)] == [
        "xxh3:0296f0f82811e61bdb661c966148b278",
        "xxh3:139cd09057bc25363eefad1ce0bf95d1",
        "xxh3:3f1a8c1bbd9d8960a3ca402f80222495",
    ]


@pytest.mark.parametrize("shape", [(7, 5), (70_001, 3), (3, 70_001), (200, 30, 20)])
def test_the_order_in_memory_does_not_change_the_digest(shape):
    array = np.random.default_rng(1).random(shape)
    doubled = np.zeros((*shape[:-1], shape[-1] * 2))
    doubled[..., ::2] = array
    layouts = [
        np.asfortranarray(array),
        doubled[..., ::2],
        array[::-1][::-1],
        array.astype(">f8"),
        array.T.copy().T,
    ]
    assert {digest(layout) for layout in layouts} == {digest(array)}


def test_a_table_made_from_rows_has_the_digest_of_one_made_from_columns():
    rows = np.random.default_rng(1).random((200_000, 37))
    rows[7, 3] = np.nan
    by_row = pd.DataFrame(rows, copy=False)
    by_column = pd.DataFrame({name: rows[:, name].copy() for name in range(37)})
    assert digest(by_row) == digest(by_column) == digest(pd.DataFrame(np.asfortranarray(rows)))
    assert digest(by_row.iloc[::2]) == digest(by_column.iloc[::2])


@pytest.mark.parametrize("missing", [None, float("nan"), pd.NA])
def test_a_string_column_has_one_digest_however_pandas_holds_it(missing):
    held = pd.Series(["a", missing, "é", ""] * 20_000, dtype=object, name="s")
    ways = [TEXT, "string[python]", "string[pyarrow]", pd.ArrowDtype(pa.string())]
    assert {digest(held.astype(way)) for way in ways} == {digest(held)}


WITHOUT_ARROW = """
import sys

class NoArrow:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "pyarrow":
            raise ImportError(name)

sys.meta_path.insert(0, NoArrow())
import pandas as pd
from aseptic.capture.data import digest
held = pd.Series(["a", None, "é"], dtype=object)
print(digest(held), digest(held.astype("string")), digest(held.astype(sys.argv[1])))
"""


def test_strings_have_the_same_digest_where_arrow_is_not_installed():
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_ARROW, TEXT], capture_output=True, text=True, check=True
    )
    assert set(done.stdout.split()) == {digest(pd.Series(["a", None, "é"], dtype=object))}


def test_a_lone_surrogate_is_text():
    held = pd.Series(["a", None, "\ud800"], dtype=object)
    assert digest(held) != digest(pd.Series(["a", None, "\ud801"], dtype=object))


def test_a_range_and_the_same_labels_are_one_index():
    table = frame()
    assert digest(table.set_index(pd.Index(np.arange(6)))) == digest(table)
    assert digest(table.iloc[::2]) == digest(table.loc[[0, 2, 4]])


def test_nan_is_one_value_in_arrays_and_a_negative_one_another():
    assert digest(np.array([np.nan])) == digest(np.array([float("nan")]))
    assert digest(-np.array([np.nan])) != digest(np.array([np.nan]))
    assert digest(pd.Series([None, 1.0])) == digest(pd.Series([np.nan, 1.0]))


def test_chunks_offsets_and_bytes_under_nulls_do_not_matter():
    plain = pa.array([1, None, 3, 4])
    values = pa.py_buffer(np.array([9, 1, 77, 3, 4]).tobytes())
    dirty = pa.Array.from_buffers(pa.int64(), 5, [pa.py_buffer(b"\x1b"), values]).slice(1)
    assert dirty.equals(plain)
    assert digest(dirty) == digest(plain)
    assert digest(pa.chunked_array([plain[:1], plain[1:]])) == digest(plain)


@pytest.mark.parametrize("kind", [pa.string(), pa.list_(pa.int8()), pa.bool_(), pa.float32()])
def test_a_slice_has_the_digest_of_its_values(kind):
    values = {
        "string": ["a", None, "bc"],
        "list<item: int8>": [[1], None, [2, 3]],
        "bool": [True, None, False],
        "float": [1, None, 3],
    }[str(kind)]
    long = pa.array([values[2], *values, values[0]], kind)
    assert digest(long[1:4]) == digest(pa.array(values, kind))


def test_arrow_text_has_one_digest_in_every_encoding():
    text = pa.array(["a", None, "b", "a"])
    others = [pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string())]
    assert {digest(text.cast(other)) for other in others} == {digest(text)}


def test_polars_chunks_do_not_matter():
    parts = [pl.DataFrame({"a": [1], "b": ["x"]}), pl.DataFrame({"a": [2], "b": ["y"]})]
    assert digest(pl.concat(parts, rechunk=False)) == digest(pl.concat(parts, rechunk=True))


class Point(NamedTuple):
    x: int
    y: int


def test_the_order_of_dict_entries_and_sets_does_not_matter():
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    assert digest(OrderedDict(a=1)) == digest({"a": 1})
    assert digest({1, "a", None}) == digest({None, 1, "a"})
    assert digest(Point(1, 2)) == digest((1, 2))


def test_a_sparse_matrix_has_one_digest_in_every_format_and_is_left_as_it_was():
    sparse = pytest.importorskip("scipy.sparse")
    messy = sparse.coo_matrix(([1.0, 2.0, 3.0, 0.0], ([1, 0, 1, 2], [1, 2, 1, 0])), shape=(3, 3))
    tidy = sparse.csr_array(messy.toarray())
    assert {digest(messy.copy().asformat(f)) for f in ("csr", "csc", "coo", "lil", "dok")} == {
        digest(tidy)
    }
    assert messy.data.tolist() == [1.0, 2.0, 3.0, 0.0]
    assert messy.row.tolist() == [1, 0, 1, 2]
    assert digest(tidy * 2) != digest(tidy)


def test_a_tensor_is_its_numbers():
    torch = pytest.importorskip("torch")
    values = torch.arange(12.0).reshape(3, 4)
    assert digest(values.T.contiguous().T) == digest(values)
    assert digest(values.clone().requires_grad_()) == digest(values)
    assert digest(torch.nn.Parameter(values)) == digest(values)
    assert digest(values.bfloat16()) != digest(values)
    other = values.bfloat16()
    other[2, 3] = 0
    assert digest(other) != digest(values.bfloat16())
    with pytest.raises(CannotDigest, match="layout"):
        digest(values.to_sparse())


plain_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.dates(),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner),
    max_leaves=30,
)


@settings(max_examples=200, deadline=None)
@given(plain_values)
def test_plain_values_survive_a_pickle(value):
    assert digest(pickle.loads(pickle.dumps(value))) == digest(value)


@settings(max_examples=200, deadline=None)
@given(plain_values, plain_values)
def test_digests_are_equal_only_where_the_values_are(left, right):
    if digest(left) == digest(right):
        assert left == right or "nan" in repr(left)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.none() | st.text(), min_size=1), st.data())
def test_text_has_one_digest_as_objects_and_in_arrow_chunks(texts, data):
    if all(text is None for text in texts):
        texts = [*texts, ""]
    cut = data.draw(st.integers(0, len(texts)))
    try:
        chunks = [pa.array(texts[:cut], pa.string()), pa.array(texts[cut:], pa.string())]
    except UnicodeEncodeError:
        return
    held = pd.Series(texts, dtype=object)
    arrow = pd.Series(pd.arrays.ArrowExtensionArray(pa.chunked_array(chunks)))
    assert digest(arrow) == digest(held)


# What cannot be digested


class Hostile:
    """Once armed, objects of this class fail a test that touches them."""

    is_armed = False

    def __getattribute__(self, name):
        if Hostile.is_armed:
            raise AssertionError(f"{name} was read")
        return object.__getattribute__(self, name)

    def __repr__(self):
        assert not Hostile.is_armed
        return "hostile"

    def __eq__(self, other):
        assert not Hostile.is_armed
        return self is other

    def __hash__(self):
        assert not Hostile.is_armed
        return 1


@pytest.fixture
def armed(monkeypatch):
    monkeypatch.setattr(Hostile, "is_armed", True)


class HostileDict(dict):
    def __iter__(self):
        raise AssertionError

    keys = values = items = __len__ = __getitem__ = __iter__


def objects(*values):
    array = np.empty(len(values), dtype=object)
    for place, value in enumerate(values):
        array[place] = value
    return array


def looping():
    value = [1]
    value.append(value)
    return value


def deep():
    value = []
    for _ in range(2000):
        value = [value]
    return value


REASONS = [
    (Hostile(), "Hostile is not plain data"),
    ([1, Hostile()], "at position 1: .*Hostile"),
    (objects(1, Hostile()), "at position 1: .*Hostile"),
    (
        pd.DataFrame({"a": [1, 2], "b": objects(1, Hostile())}),
        "'b': at position 1",
    ),
    (looping(), "contains itself"),
    (deep(), "nested more than"),
    (pl.LazyFrame({"a": [1]}), "not been collected"),
    (pl.Series([object()]), "Python objects"),
    (print, "builtin_function"),
    (pd, "module"),
]


@pytest.mark.parametrize(("value", "reason"), REASONS, ids=range(len(REASONS)))
def test_what_cannot_be_digested_says_why(armed, value, reason):
    with pytest.raises(CannotDigest, match=reason):
        digest(value)
    described = describe("x", value)
    assert described.digest is None
    assert described.reason


def test_no_method_of_a_users_class_is_called(armed):
    table = HostileDict(a=np.arange(3))
    assert is_data(table)
    assert digest(table) == digest({"a": np.arange(3)})
    assert not is_data(Hostile())


# What is data

DATA = [
    frame(), frame()["name"], frame().index, np.zeros(3), np.array(1), pl.DataFrame(),
    pl.LazyFrame(), pa.table({}), list(range(20)), {"X": np.zeros(2)}, [[1, 2], [3, np.zeros(1)]],
    b"x" * 5000,    [[0] * 5] * 5, {"rows": [{"a": 1, "b": 2}] * 10}, ({1.5},) * 20,
]  # fmt: skip
NOT_DATA = [
    1, "x", b"x", None, [], [1, 2, 3], {"lr": 0.1, "layers": [64, 32]}, pd, print, frame, Hostile(),
    [Hostile()] * 50, deep(), np.float64(1.0), pd.Timestamp(0), type, np.ndarray,
]  # fmt: skip


@pytest.mark.parametrize("value", DATA, ids=range(len(DATA)))
def test_tables_arrays_and_many_values_are_data(value):
    assert is_data(value)


@pytest.mark.parametrize("value", NOT_DATA, ids=range(len(NOT_DATA)))
def test_settings_modules_and_objects_are_not_data(armed, value):
    assert not is_data(value)


def test_estimators_and_networks_are_not_data():
    linear = pytest.importorskip("sklearn.linear_model")
    assert not is_data(linear.LogisticRegression())


# Training sets of other libraries


def test_a_torch_loader_has_the_digest_of_what_it_draws():
    torch = pytest.importorskip("torch")
    sets = pytest.importorskip("torch.utils.data")
    whole = sets.TensorDataset(torch.arange(10.0), torch.zeros(10))
    part = sets.Subset(whole, [1, 2])
    assert is_data(whole)
    assert digest(sets.DataLoader(whole, batch_size=2, shuffle=True)) == digest(whole)
    drawn = sets.DataLoader(whole, sampler=sets.SubsetRandomSampler([1, 2]))
    assert digest(drawn) == digest(part) != digest(whole)
    other = sets.TensorDataset(torch.arange(10.0), torch.ones(10))
    assert digest(other) != digest(whole)


def test_a_torch_dataset_of_a_users_class_is_data_with_a_reason():
    sets = pytest.importorskip("torch.utils.data")

    class Own(sets.Dataset):
        def __len__(self):
            raise AssertionError

        __getattr__ = __getitem__ = __len__

    assert is_data(Own())
    assert "code of its own" in describe("own", sets.DataLoader(Own(), sampler=[1])).reason


def test_an_xgboost_matrix_is_its_values_and_labels():
    xgboost = pytest.importorskip("xgboost")
    rows, labels = np.eye(30), np.arange(30) % 2
    matrix = xgboost.DMatrix(rows, labels)
    assert is_data(matrix)
    assert describe("m", matrix).shape == (30, 30)
    assert digest(matrix) == digest(xgboost.DMatrix(rows.copy(), labels))
    assert digest(matrix) != digest(xgboost.DMatrix(rows, 1 - labels))
    missing = np.where(rows == 0, np.nan, rows)
    assert digest(matrix) != digest(xgboost.DMatrix(missing, labels))
    assert "quantiles" in describe("q", xgboost.QuantileDMatrix(rows, labels)).reason


def test_building_a_lightgbm_dataset_does_not_change_its_digest():
    lightgbm = pytest.importorskip("lightgbm")
    rows, labels = np.random.default_rng(0).random((300, 3)), np.arange(300) % 2
    for table in (rows, pd.DataFrame(rows, columns=list("abc"))):
        made = lightgbm.Dataset(table, labels, free_raw_data=False, params={"verbose": -1})
        before = digest(made)
        assert digest(made.construct()) == before
        assert digest(lightgbm.Dataset(table, 1 - labels)) != before
    freed = lightgbm.Dataset(rows, labels, params={"verbose": -1}).construct()
    assert "freed" in describe("freed", freed).reason


def test_a_bunch_is_its_data_and_not_its_description():
    utils = pytest.importorskip("sklearn.utils")
    data = np.arange(6.0)
    bunch = utils.Bunch(data=data, DESCR="x" * 5000, filename="/a")
    assert is_data(bunch)
    assert digest(bunch) == digest(utils.Bunch(data=data, DESCR="y"))
    assert digest(bunch) != digest(utils.Bunch(data=data + 1))
    assert not is_data(utils.Bunch(lr=0.1))


def test_asking_whether_it_is_data_takes_no_longer_for_more(armed):
    def cost(value):
        start = time.perf_counter()
        for _ in range(100):
            is_data(value)
        return time.perf_counter() - start

    assert cost([Hostile()] * 1_000_000) < 0.1


# Records


def test_a_table_is_described_by_its_columns():
    table = pd.DataFrame({"n": [1.0, 3.0, np.nan], "s": ["a", "b", "a"], "t": DAYS[:3]})
    found = describe("table", table)
    assert (found.name, found.kind, found.shape, found.sketch_rows) == (
        "table",
        "dataframe",
        (3, 3),
        3,
    )
    assert found.digest == digest(table)
    number, text, day = found.columns
    assert (number.missing, number.distinct, number.minimum, number.maximum, number.mean) == (
        1,
        2,
        1.0,
        3.0,
        2.0,
    )
    assert (text.name, text.missing, text.distinct, text.minimum) == ("s", 0, 2, None)
    assert str(day.minimum).startswith("2024-01-01")


@pytest.mark.parametrize("value", SAMPLES, ids=range(len(SAMPLES)))
def test_everything_can_be_described(value):
    found = describe("x", value)
    assert found.digest
    assert found.row_hashes is None


def test_describing_leaves_the_random_state_alone():
    before = random.getstate(), np.random.get_state()
    describe("x", pd.DataFrame(np.zeros((10_000, 3))))
    assert random.getstate() == before[0]
    assert all(np.array_equal(a, b) for a, b in zip(np.random.get_state(), before[1], strict=True))


def test_the_sketch_of_a_wide_table_has_a_limit():
    found = describe("wide", pd.DataFrame(np.zeros((50, 3000))))
    assert len(found.columns) == 1000
    assert found.digest


def test_nothing_keeps_what_was_described_alive():
    value = np.zeros(1000)
    describe("x", value)
    gone = weakref.ref(value)
    del value
    gc.collect()
    assert gone() is None


def test_a_digest_needs_no_copy_of_a_large_table():
    table = pd.DataFrame(np.zeros((1_000_000, 10)))
    digest(table.head())
    tracemalloc.start()
    digest(table)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20_000_000
