"""Runs as a notebook makes them: of cells whose names are read from their source."""

from __future__ import annotations

import ast
from datetime import datetime, timezone
from typing import Any

from aseptic.capture.cells import names_of
from aseptic.model import Cell, Run, new_run_id
from aseptic.testing import make_run

_AT = datetime(2026, 1, 1, tzinfo=timezone.utc)


def run_of_cells(*sources: str, **fields: Any) -> Run:
    """The run of the last of these cells, which were executed in this order."""
    run_id = new_run_id()
    cells = []
    for order, source in enumerate(sources, 1):
        names = names_of(ast.parse(source))
        reads, writes = tuple(names.reads), tuple(names.writes)
        own = run_id if order == len(sources) else None
        cells.append(
            Cell(
                order=order,
                source=source,
                started_at=_AT,
                reads=reads,
                writes=writes,
                status="ok",
                run_id=own,
            )
        )
    return make_run(run_id=run_id, source=sources[-1], cells=tuple(cells), **fields)
