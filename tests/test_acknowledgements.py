"""What was acknowledged before holds for the same finding in the same data."""

from __future__ import annotations

import pytest

from aseptic.acknowledgements import inherited
from aseptic.model import DataInput, Finding
from aseptic.store.base import Acknowledged

FINDING = Finding(
    code="D02",
    name="constant",
    severity="warning",
    message="age is constant",
    subject="age",
    evidence={"table": "X"},
)
KNOWN = Acknowledged("first", "D02", "age", "X", "ab", "it was not asked")
DATA = {"X": DataInput(name="X", kind="dataframe", digest="ab")}


def test_the_reason_says_where_it_was_given():
    found = inherited(FINDING, [KNOWN], DATA)
    assert found.acknowledged == "in run first: it was not asked"


def test_what_was_inherited_says_the_first_run_still():
    later = KNOWN._replace(run="second", reason="in run first: it was not asked")
    assert inherited(FINDING, [later, KNOWN], DATA).acknowledged == "in run first: it was not asked"


def test_the_newest_reason_counts():
    newer = KNOWN._replace(run="second", reason="still not asked")
    assert inherited(FINDING, [newer, KNOWN], DATA).acknowledged == "in run second: still not asked"


@pytest.mark.parametrize(
    "change",
    [{"code": "D03"}, {"subject": "pay"}, {"subject": None}, {"table": "Z"}, {"digest": "other"}],
)
def test_another_finding_or_other_data_is_open(change):
    assert inherited(FINDING, [KNOWN._replace(**change)], DATA).acknowledged is None


def test_a_table_that_is_no_data_input_has_no_digest_to_compare():
    assert inherited(FINDING, [KNOWN._replace(digest=None)], {}).acknowledged is not None
