"""How data of many kinds become the same rows and columns."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import sparse

from aseptic.checks import NotApplicable, Table
from aseptic.checks.handed_over import evidence_of
from aseptic.checks.tables import task_of
from aseptic.errors import BadOption

FRAME = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": ["x", "y", "x"], "y": [0, 1, 0]})


def test_a_target_may_be_a_column_or_lie_beside():
    by_name = Table("df", "train", FRAME, "y")
    beside = Table("df", "train", FRAME[["a", "b"]], np.array([0, 1, 0]))
    for table in (by_name, beside):
        assert table.columns == ("a", "b")
        assert table.target.tolist() == [0, 1, 0]
        assert list(table.sample().features) == ["a", "b"]
    assert (by_name.row_hashes == beside.row_hashes).all()


@pytest.mark.parametrize(
    "data",
    [
        np.arange(6.0).reshape(3, 2),
        pd.DataFrame(np.arange(6.0).reshape(3, 2)),
        pl.DataFrame(np.arange(6.0).reshape(3, 2)),
        pa.table({"a": [0.0, 2.0, 4.0], "b": [1.0, 3.0, 5.0]}),
        sparse.coo_matrix(np.arange(6.0).reshape(3, 2)),
        [[0, 1], [2, 3], [4, 5]],
    ],
    ids=lambda data: type(data).__module__,
)
def test_every_kind_of_table_gives_the_same_numbers(data: object):
    sample = Table("X", "train", data).sample()
    assert sample.features.to_numpy(dtype=float).tolist() == [[0, 1], [2, 3], [4, 5]]


def test_names_that_occur_twice_are_told_apart():
    frame = pd.DataFrame([[1, 2, 3]], columns=["a", "a", 7])
    assert Table("df", "data", frame).columns == ("a", "a (2)", "7")


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0, 0), (1, 1)])
def test_small_tables_have_samples_too(shape: tuple[int, int]):
    sample = Table("X", "train", pd.DataFrame(np.zeros(shape))).sample()
    assert sample.features.shape == shape
    assert len(sample.kinds) == shape[1]
    assert sample.encoded.shape == shape


def test_a_sample_is_drawn_the_same_each_time_and_knows_its_rows():
    table = Table("X", "train", np.arange(10_000.0)[:, None], np.arange(10_000))
    sample = table.sample(100)
    assert len(sample) == 100
    assert sample.features["0"].tolist() == sample.positions.tolist()
    assert sample.target.tolist() == sample.positions.tolist()
    assert sample.said == "100 of 10,000 rows"


def test_the_wider_a_table_the_fewer_rows_are_looked_at():
    table = Table("X", "train", np.zeros((3000, 20_000), dtype=np.int8))
    assert len(table.sample(2000)) == 1000
    assert len(table.sample()) == 3000  # as they are: nothing is copied
    wide = sparse.csr_matrix((3000, 20_000), dtype=np.int8)
    assert len(Table("X", "train", wide).sample()) == 1000


@pytest.mark.skipif(int(pd.__version__.partition(".")[0]) < 3, reason="older pandas copies more")
def test_all_rows_are_looked_at_without_a_copy():
    frame = pd.DataFrame(np.zeros((100, 6)), columns=list("abcdef"))
    sample = Table("X", "train", frame, "c").sample()
    assert list(sample.features) == list("abdef")
    shared = [np.shares_memory(frame[name], sample.numbers(name)) for name in "abdef"]
    assert all(shared)


def test_a_target_in_the_middle_of_equal_names_leaves_the_others():
    frame = pd.DataFrame([[1, 2, 3, 4]] * 3, columns=["a", "y", "a", "b"], index=[5, 5, 5])
    for table in (Table("X", "train", frame, "y"), Table("X", "train", frame[["y"]], "y")):
        assert len(table.sample().features) == 3
    sample = Table("X", "train", frame, "y").sample()
    assert sample.features.iloc[0].to_dict() == {"a": 1, "a (2)": 3, "b": 4}


def test_the_blocks_of_a_large_sample_are_its_columns_of_numbers():
    values = np.random.default_rng(0).normal(size=(60_000, 40)).astype(np.float32)
    frame = pd.DataFrame(values).assign(word="a")
    sample = Table("X", "train", frame).sample()
    blocks = list(sample.number_blocks())
    assert len(blocks) > 1
    assert [name for names, _ in blocks for name in names] == [str(place) for place in range(40)]
    assert np.array_equal(np.hstack([numbers for _, numbers in blocks]), values)


def test_there_is_one_block_even_without_numbers():
    for rows in (3, 60_000):
        frame = pd.DataFrame({"word": ["a"] * rows})
        ((names, numbers),) = Table("X", "train", frame).sample().number_blocks()
        assert (names, numbers.shape) == ([], (rows, 0))


def test_texts_of_a_category_are_counted_as_those_of_objects():
    frame = pd.DataFrame({"object": ["b", "a", None, "b"]}, dtype=object)
    frame["category"] = pd.Categorical(frame["object"], categories=["a", "b", "c"])
    sample = Table("X", "train", frame).sample()
    pd.testing.assert_series_equal(
        sample.texts("category"), sample.texts("object"), check_names=False
    )


def test_what_each_column_holds_is_told():
    frame = pd.DataFrame(
        {
            "number": [1, 2, 3],
            "nullable": pd.array([1, None, 3], dtype="Int64"),
            "flag": [True, False, True],
            "maybe": pd.array([True, None, False], dtype="boolean"),
            "time": pd.to_datetime(["2020-01-01", "2020-01-02", None], utc=True),
            "class": ["x", "y", None],
            "category": pd.Categorical([1, 2, 1]),
            "object": [[1], {2}, object()],
            "mixed": [1, "x", None],
        }
    )
    sample = Table("df", "data", frame).sample()
    assert list(sample.kinds.values()) == [
        "number", "number", "boolean", "boolean", "time", "category", "category", "other", "other",
    ]  # fmt: skip
    assert np.isnan(sample.numbers("nullable")).tolist() == [False, True, False]
    assert np.isnan(sample.numbers("time")).tolist() == [False, False, True]
    assert sample.codes("object").tolist() == [0, 1, 2]
    assert "object" not in sample.encoded


def test_many_distinct_texts_are_no_categories():
    frame = pd.DataFrame({"id": [f"row {number}" for number in range(500)]})
    assert Table("df", "data", frame).sample().kinds == {"id": "text"}


@pytest.mark.parametrize(
    ("target", "task"),
    [
        (pd.Series(["cat", "dog"] * 20), "classification"),
        (pd.Series([0, 1, 2] * 20), "classification"),
        (pd.Series([0.0, 1.0] * 20), "classification"),
        (pd.Series([True, False] * 20), "classification"),
        (pd.Series(np.linspace(0, 1, 60)), "regression"),
        (pd.Series(range(60)), "regression"),
        (pd.Series([None] * 60), None),
        (None, None),
    ],
)
def test_the_target_says_what_is_learnt(target: pd.Series | None, task: str | None):
    assert task_of(target) == task


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"train": np.zeros((2, 2, 2))}, "train: a ndarray of shape"),
        ({"train": (np.zeros((3, 2)), np.zeros(2))}, "2 targets for 3 rows"),
        ({"train": (np.zeros((3, 2)), np.zeros((3, 2)))}, "one target at a time"),
    ],
)
def test_what_is_no_table_is_refused(data: dict, said: str):
    with pytest.raises(BadOption, match=said):
        evidence_of(data)


def test_a_target_that_no_table_has_is_refused_with_the_columns_there_are():
    with pytest.raises(BadOption, match=r"no table has this column\. train: a, b, y"):
        evidence_of({"train": FRAME}, target="z")


def test_a_target_must_be_a_column_of_the_table_it_is_named_for():
    with pytest.raises(NotApplicable, match="no column 'z'"):
        Table("df", "train", FRAME, "z")


def test_series_are_lists_pairs_or_facts():
    evidence = evidence_of({}, series={"loss": [3, 2], "lr": ([0, 10], [0.1, 0.2]), "dummy": 0.7})
    assert {name: (s.tolist(), v.tolist()) for name, (s, v) in evidence.series.items()} == {
        "loss": ([0, 1], [3, 2]),
        "lr": ([0, 10], [0.1, 0.2]),
    }
    assert evidence.facts == {"dummy": 0.7}


@pytest.mark.parametrize("values", ["text", [1, "x"], ([0, 1], [1.0]), object()])
def test_series_that_are_no_numbers_are_refused(values: object):
    with pytest.raises(BadOption, match="series loss"):
        evidence_of({}, series={"loss": values})
