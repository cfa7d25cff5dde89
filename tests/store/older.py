"""Stores of past schemas, made as they were: by the migrations of then and rows in their SQL."""

from __future__ import annotations

import sqlite3

from sqlalchemy import create_engine

from aseptic.store.migrations.upgrade import upgrade


def make_store_0001(folder):
    """A store of the first schema, with one finished run `old` that has a finding."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "runs.db"
    engine = create_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        upgrade(connection, to="0001")
    engine.dispose()
    with sqlite3.connect(file) as connection:
        for table, row in _ROWS_0001:
            names, marks = ", ".join(row), ", ".join("?" * len(row))
            connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", [*row.values()])
    connection.close()


_ROWS_0001 = [
    (
        "runs",
        {
            "run_no": 1,
            "run_id": "a" * 16,
            "name": "old",
            "experiment": "test",
            "status": "finished",
            "started_at": "2026-01-01T00:00:00.000000+00:00",
            "ended_at": "2026-01-01T00:00:01.000000+00:00",
            "duration_s": 1.0,
            "session_id": "s",
            "source": "",
            "seed_kind": "none",
            "is_starred": 0,
            "is_baseline": 0,
            "expects": "[]",
            "state": "unknown",
            "state_reasons": "[]",
            "git": "{}",
            "environment": "{}",
            "outputs": "{}",
            "frames": 1,
        },
    ),
    (
        "findings",
        {
            "run_no": 1,
            "position": 0,
            "code": "D15",
            "name": "overlap",
            "severity": "error",
            "message": "m",
            "evidence": '{"share":0.5}',
            "remedy": None,
        },
    ),
]
