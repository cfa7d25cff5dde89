"""Cells run with aseptic as they run without it: everything that can be seen is equal.

Each kind of cell (`transparency/kinds.txt`) is run in fresh processes: plain, with the extension
loaded, and tracked. `%%track` is compared with a cell whose first line is blank.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

import pytest

from .transparency.compare import differences
from .transparency.driver import CARDED, LOADED, PLAIN, TRACKED, Ahead, Driver
from .transparency.kinds import read_kinds

BY_NAME = read_kinds()
KINDS = [kind for kind in BY_NAME.values() if kind.only != "kernel"]


@pytest.fixture(scope="module")
def driver(tmp_path_factory, request):
    roots = [tmp_path_factory.mktemp("transparency") for _ in range(2)]
    drivers = [Driver(root, extension="aseptic") for root in roots]
    tests = [item for item in request.session.items if item.path == request.path]
    ahead = Ahead(drivers, [job for item in tests for job in _job(item)])
    yield ahead
    ahead.close()
    for driver in drivers:
        driver.close()


def _job(item):
    """What a test will ask of the driver, where its name tells."""
    variant = VARIANTS.get(getattr(item, "originalname", None))
    if variant is not None and not item.get_closest_marker("skip"):
        yield item.callspec.params["kind"], (PLAIN, variant)


def cases(kinds):
    """The kinds as cases of a test; those of which it is known may fail."""
    for kind in kinds:
        marks = []
        if kind.missing:
            marks.append(pytest.mark.skip(f"needs {kind.missing}"))
        if kind.limit:
            marks.append(pytest.mark.xfail(strict=True, reason=kind.limit))
        yield pytest.param(kind, id=kind.name, marks=marks)


def told(found):
    return "\n".join(map(str, found))


@pytest.mark.parametrize("kind", [*cases(KINDS)])
def test_a_tracked_cell_is_the_same(driver, kind):
    plain, tracked = driver.run(kind, PLAIN, TRACKED)
    assert not told(differences(kind, plain, tracked))


@pytest.mark.parametrize("kind", [*cases(k for k in KINDS[::8] if not k.limit)])
def test_a_cell_that_is_not_tracked_is_the_same(driver, kind):
    plain, loaded = driver.run(kind, PLAIN, LOADED)
    assert not told(differences(kind, plain, loaded))


@pytest.mark.parametrize("kind", [*cases(k for k in KINDS[4::8] if not k.limit)])
def test_the_card_comes_last(driver, kind):
    plain, carded = driver.run(kind, PLAIN, CARDED)
    assert not told(differences(kind, plain, carded, cards="line"))


VARIANTS = {
    "test_a_tracked_cell_is_the_same": TRACKED,
    "test_a_cell_that_is_not_tracked_is_the_same": LOADED,
    "test_the_card_comes_last": CARDED,
}


# A fault of ours ---------------------------------------------------------------------------------

HOOKS = {
    "pre_run_cell": "Extension._options",
    "visit": "Extension._begin",
    "post_run_cell": "Extension._end_cell",
}
ERRORS = ["Exception", "SystemExit", "MemoryError", "RecursionError"]


def failing(hook, error):
    """The tracked variant in which a part of a hook raises, each time it is called."""
    code = f"""
from aseptic.notebook.extension import Extension
def fails(*args, **kwargs): raise {error}("pretended")
{HOOKS[hook]} = fails
"""
    return replace(TRACKED, name=f"{hook}-{error}", before=(code,))


def without_notices(run):
    """The run without the lines that aseptic said, and those lines."""
    notices = []
    for cell in run["cells"]:
        cell["state"]["history"]["outputs"] = {}
        said = [e for e in cell["events"] if e[0] == "stderr" and e[1].startswith("aseptic: ")]
        notices += [line for _, text in said for line in text.splitlines()]
        cell["events"] = [e for e in cell["events"] if e not in said]
    run["end"]["history"]["outputs"] = {}
    return run, notices


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("name", ["out_by_number", "error_with_several_frames"])
def test_a_fault_of_ours_is_said_once_and_changes_nothing(driver, name, hook, error):
    kind = BY_NAME[name]
    plain, faulty = (deepcopy(run) for run in driver.run(kind, PLAIN, failing(hook, error)))
    faulty, notices = without_notices(faulty)
    plain, _ = without_notices(plain)
    assert not told(differences(kind, plain, faulty))
    assert len(notices) == 1
    assert error in notices[0]


@pytest.mark.parametrize("hook", ["pre_run_cell", "visit"])
def test_an_interrupt_that_comes_before_the_cell_interrupts_it(driver, hook):
    kind = BY_NAME["keyboard_interrupt_raised"]
    (interrupted,) = driver.run(kind, failing(hook, "KeyboardInterrupt"))
    assert [cell["error in"]["type"] for cell in interrupted["cells"]] == ["KeyboardInterrupt"] * 2
    shown = [text for cell in interrupted["cells"] for _, text in cell["events"]]
    assert not any(text.startswith(("before", "Out[")) for text in shown)


def test_an_interrupt_that_comes_after_the_cell_changes_nothing(driver):
    kind = BY_NAME["out_by_number"]
    plain, late = driver.run(kind, PLAIN, failing("post_run_cell", "KeyboardInterrupt"))
    assert not told(differences(kind, plain, late))
