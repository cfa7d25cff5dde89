"""`aseptic` is what its `__all__` says, and importing it is cheap."""

from __future__ import annotations

import inspect
import subprocess
import sys

import pytest

import aseptic

#: Loaded only when they are needed, so that `import aseptic` and `%load_ext` stay quick.
HEAVY = ["sqlalchemy", "alembic", "anywidget", "ipywidgets", "git", "pandas", "sklearn", "torch"]


def test_the_public_names_are_all_there_and_sorted():
    assert sorted(aseptic.__all__) == list(aseptic.__all__)
    assert [name for name in aseptic.__all__ if not hasattr(aseptic, name)] == []
    assert set(aseptic.__all__) <= set(dir(aseptic))


def test_nothing_else_looks_public():
    # in a process that has not imported the submodules
    code = (
        "import aseptic, types\n"
        "shown = {n for n in dir(aseptic) if n[0] != '_'}\n"
        "ours = {n for n in shown if not isinstance(getattr(aseptic, n), types.ModuleType)}\n"
        "known = {'annotations', 'load_ipython_extension', 'unload_ipython_extension'}\n"
        "print(sorted(ours - set(aseptic.__all__) - known))\n"
    )
    assert in_fresh_python(code) == "[]"


@pytest.mark.parametrize("name", [n for n in aseptic.__all__ if not n.startswith("__")])
def test_each_public_name_says_what_it_is(name):
    assert len((inspect.getdoc(getattr(aseptic, name)) or "").split()) > 3


def test_importing_aseptic_imports_nothing_heavy():
    code = f"import aseptic, sys; print([name for name in {HEAVY!r} if name in sys.modules])"
    assert in_fresh_python(code) == "[]"


def in_fresh_python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
