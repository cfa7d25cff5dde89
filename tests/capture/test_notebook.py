"""How the notebook file of a kernel is found and read."""

from __future__ import annotations

import json
from pathlib import Path

from aseptic.capture.notebook import NotebookCells, find_notebook, read_cells


def write(path: Path, *cells: dict[str, object]) -> Path:
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "cells": list(cells)}))
    return path


def test_code_cells_come_in_the_order_of_the_page(tmp_path: Path):
    path = write(
        tmp_path / "a.ipynb",
        {"cell_type": "code", "id": "b", "source": ["x = 1\n", "y = 2"]},
        {"cell_type": "markdown", "id": "m", "source": "# Title"},
        {"cell_type": "code", "id": "a", "source": "z = 3"},
        {"cell_type": "code", "source": "no id"},
    )
    found = read_cells(path)
    assert isinstance(found, NotebookCells)
    assert list(found.sources.items()) == [("b", "x = 1\ny = 2"), ("a", "z = 3")]
    assert abs(found.saved_at.timestamp() - path.stat().st_mtime) < 1e-3


def test_what_is_no_notebook_is_said(tmp_path: Path):
    broken = tmp_path / "a.ipynb"
    for text in ("{", "[]", '{"cells": 1}', '{"cells": [1]}', "null", "[" * 100_000):
        broken.write_text(text)
        reason = read_cells(broken)
        assert isinstance(reason, str), text
        assert reason.startswith("a.ipynb could not be read as a notebook")
    assert isinstance(read_cells(tmp_path / "missing.ipynb"), str)


def test_a_huge_notebook_is_not_read(tmp_path: Path):
    huge = tmp_path / "a.ipynb"
    with huge.open("wb") as file:
        file.truncate(31_000_000)
    assert read_cells(huge) == "a.ipynb has 31 MB, more than is read each time"


def test_the_notebook_is_found_where_jupyter_vs_code_or_papermill_say_it(tmp_path: Path):
    path = write(tmp_path / "a.ipynb")
    assert find_notebook(environ={"JPY_SESSION_NAME": str(path)}) == path
    assert find_notebook({"__vsc_ipynb_file__": str(path)}, environ={}) == path
    assert find_notebook({"PAPERMILL_INPUT_PATH": str(path)}, environ={}) == path


def test_nothing_is_found_where_nothing_is_said(tmp_path: Path):
    assert find_notebook(environ={}) is None
    assert find_notebook(environ={"JPY_SESSION_NAME": str(tmp_path / "gone.ipynb")}) is None
    assert find_notebook(environ={"JPY_SESSION_NAME": str(tmp_path)}) is None
    assert find_notebook({"__vsc_ipynb_file__": 3}, environ={"JPY_SESSION_NAME": "\0"}) is None
