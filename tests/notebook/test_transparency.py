"""Cells run with aseptic as they run without it: everything that can be seen is equal.

Each kind of cell (`transparency/kinds.txt`) is run in fresh processes: plain, with the extension
loaded, and tracked. `%%track` is compared with a cell whose first line is blank.
"""

from __future__ import annotations

import pytest

from .transparency.compare import differences
from .transparency.driver import CARDED, LOADED, PLAIN, TRACKED, Driver
from .transparency.kinds import read_kinds

KINDS = {name: kind for name, kind in read_kinds().items() if kind.only != "kernel"}


@pytest.fixture(scope="module")
def driver(tmp_path_factory):
    driver = Driver(tmp_path_factory.mktemp("transparency"), extension="aseptic")
    yield driver
    driver.close()


@pytest.mark.parametrize("name", KINDS)
def test_a_cell_is_the_same(driver, name):
    kind = KINDS[name]
    if kind.missing:
        pytest.skip(f"needs {kind.missing}")
    plain, loaded, tracked, carded = driver.run(kind, PLAIN, LOADED, TRACKED, CARDED)
    found = {
        "loaded": differences(kind, plain, loaded),
        "tracked": differences(kind, plain, tracked),
        "with a card": differences(kind, plain, carded, cards="line"),
    }
    assert not any(found.values()), "\n".join(
        f"[{variant}] {difference}" for variant, some in found.items() for difference in some
    )
