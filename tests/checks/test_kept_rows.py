"""Hashes of rows that a run has kept judge where the data are gone, and give no values away."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from aseptic.checks import NotApplicable, Table
from aseptic.checks.discovery import load_checks
from aseptic.checks.evidence import BY_HASHES, Evidence
from aseptic.checks.hashed_table import MAGIC, HashedTable, packed, unpacked
from aseptic.checks.kept_rows import MEDIA_TYPE, KeptRows, kept_rows
from aseptic.checks.runner import run_checks
from aseptic.checks.settings import CheckSettings
from aseptic.model import Artifact, DataInput
from aseptic.testing import make_run

RNG = np.random.default_rng(0)
TRAIN = pd.DataFrame(RNG.normal(size=(800, 4)), columns=list("abcd"))
TEST = pd.DataFrame(RNG.normal(size=(200, 4)), columns=list("abcd"))


def hashed(name, role, data):
    content = packed(Table(name, role, data))
    return HashedTable(name, role, len(data), lambda: content)


def judge(code, *tables, values=()):
    check = load_checks()[code]
    return run_checks([check], Evidence(tuple(values), tables), CheckSettings())


def test_the_content_is_the_same_in_whatever_order_the_rows_are():
    shuffled = TRAIN.sample(frac=1, random_state=1)
    assert packed(Table("a", "train", TRAIN)) == packed(Table("b", "test", shuffled))
    assert packed(Table("a", "train", TRAIN)) != packed(Table("a", "train", TRAIN + 1))


def test_the_content_tells_rows_and_columns_and_nothing_else():
    content = packed(Table("a", "train", TRAIN))
    width, hashes = unpacked(content)
    assert (width, len(hashes), len(content)) == (4, 800, 16 + 8 * 800)
    assert np.array_equal(hashes, np.sort(Table("a", "train", TRAIN).row_hashes))


@pytest.mark.parametrize("content", [b"", b"something else that is long", MAGIC + b"1234567"])
def test_other_content_is_not_taken_for_hashes(content):
    table = HashedTable("X", "train", 3, lambda: content)
    with pytest.raises(NotApplicable, match="the hashes of the rows of X"):
        _ = table.row_hashes


def test_copied_rows_are_found_by_hashes_alone():
    copied = pd.concat([TEST, TRAIN.head(20)])
    report = judge("D15", hashed("X_train", "train", TRAIN), hashed("X_test", "test", copied))
    (finding,) = report.findings
    assert finding.message == "9.1% of the rows of X_test are in X_train"
    assert finding.evidence["count"] == 20
    assert finding.evidence["sample"] == BY_HASHES
    assert "rows" not in finding.evidence, "positions in sorted hashes mean nothing"
    assert report.outcomes[0].reason == BY_HASHES


def test_clean_data_are_clean_by_hashes_too():
    report = judge("D15", hashed("X_train", "train", TRAIN), hashed("X_test", "test", TEST))
    assert [(one.outcome, one.reason) for one in report.outcomes] == [("clean", BY_HASHES)]


def test_copies_within_train_are_found_beside_test():
    copied = pd.concat([TRAIN, TRAIN.head(80)])
    tables = hashed("X_train", "train", copied), hashed("X_test", "test", TEST)
    assert [one.evidence["count"] for one in judge("D04", *tables).findings] == [80]


def test_copies_are_not_judged_without_values_and_test_rows():
    (outcome,) = judge("D04", hashed("X_train", "train", TRAIN)).outcomes
    assert outcome.outcome == "not applicable"
    assert outcome.reason == "of X_train only hashes are kept: judged beside test rows alone"


def test_values_come_before_hashes():
    copied = pd.concat([TEST, TRAIN.head(20)])
    both = Table("X_train", "train", TRAIN), Table("X_test", "test", copied)
    report = judge("D15", hashed("X_test", "test", TEST), values=both)
    assert len(report.findings[0].evidence["rows"]) == 20


def test_checks_that_need_values_do_not_see_hashes():
    tables = hashed("X_train", "train", TRAIN), hashed("X_test", "test", TEST)
    assert [one.outcome for one in judge("D13", *tables).outcomes] == ["not applicable"]
    for table in tables:
        with pytest.raises(NotApplicable, match="only hashes of its rows are kept, no values"):
            table.sample(10)


def test_a_run_names_the_tables_of_its_data_inputs_and_of_what_its_cell_made():
    given = DataInput(
        name="X", kind="dataframe", digest="d", shape=(9, 2), role="train", row_hashes="a" * 64
    )
    made = Artifact(
        name="row-hashes/test/3 rows of X", digest="b" * 64, size_bytes=40, media_type=MEDIA_TYPE
    )
    run = make_run(data_inputs={"X": given}, artifacts={made.name: made})
    assert list(kept_rows(run)) == [
        KeptRows("X", "train", 9, "a" * 64),
        KeptRows("3 rows of X", "test", 3, "b" * 64),
    ]


def test_one_test_set_in_another_order_is_still_one_test_set():
    def run(number, **fields):
        data = DataInput(
            name="X_test",
            kind="array",
            digest=f"order {number}",
            shape=(200, 4),
            row_hashes="a" * 64,
        )
        return make_run(params={"C": number}, data_inputs={"X_test": data}, **fields)

    earlier = [run(number, metrics={"acc": 0.9}) for number in range(6)]
    evidence = Evidence(run=run(9, metrics={"acc": 0.92}), earlier=lambda: earlier)
    report = run_checks([load_checks()["H01"]], evidence, CheckSettings())
    assert [one.evidence["configurations"] for one in report.findings] == [7]
