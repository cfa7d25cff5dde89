"""The oracle of transparency is itself sound: equal runs are equal, and each fault is seen."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .transparency.compare import differences
from .transparency.driver import PLAIN, Driver, Variant
from .transparency.kinds import read_kinds

KINDS = {name: kind for name, kind in read_kinds().items() if kind.only != "kernel"}


@pytest.fixture(scope="module")
def driver(tmp_path_factory):
    driver = Driver(tmp_path_factory.mktemp("oracle"), extension=None)
    yield driver
    driver.close()


@pytest.mark.parametrize("name", list(KINDS)[::24])
def test_plain_equals_plain(driver, name):
    kind = KINDS[name]
    if kind.missing:
        pytest.skip(f"needs {kind.missing}")
    plain, again = driver.run(kind, PLAIN, Variant("again"))
    assert "\n".join(map(str, differences(kind, plain, again))) == ""


# read, not imported: it runs only in the process under test
FAULTS = re.findall(
    r"def ((?:pre|tree|post|unload)_\w+)",
    Path(__file__).with_name("transparency").joinpath("faulty.py").read_text(),
)
FAULTS = [fault for fault in FAULTS if not fault.endswith("_run_cell")]
CLEAN = Variant("clean", "faulty", "%%track --quiet")
CELLS = {
    "pre": "expression random_without_seed_continues numpy_seed_and_draw "
    "stdout_as_the_cell_sees_it",
    "tree": "zero_division_in_a_call_over_lines arguments_are_evaluated_once "
    "objects_that_count_calls locals_and_globals",
    "post": "expression error_with_several_frames weakref_dies_at_once warning_shown_once "
    "data_in_out_dies_with_reset",
    "unload": "expression",
}


def faulty(fault):
    return Variant(fault, "faulty", "%%track --quiet", environ=(("FAULTY", fault),))


@pytest.mark.parametrize("stage", CELLS)
def test_an_extension_without_fault_is_equal(driver, stage):
    assert seen(driver, CLEAN, stage) == []


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_seen(driver, fault):
    assert seen(driver, faulty(fault), fault.partition("_")[0])


def seen(driver, variant, stage):
    """The differences that a variant makes to the cells of a stage."""
    found = []
    for name in CELLS[stage].split():
        plain, other = driver.run(KINDS[name], PLAIN, variant)
        found += differences(KINDS[name], plain, other, owners=("faulty", "first_line"))
    return found
