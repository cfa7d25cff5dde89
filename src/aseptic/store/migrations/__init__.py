"""The revisions of the schema: one small file each in `versions/`, named by its number.

The revisions are known from the names of the files, so that opening a store of the present
revision does not import Alembic.
"""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent
REVISIONS = sorted(path.stem[:4] for path in (FOLDER / "versions").glob("[0-9]*.py"))
HEAD = REVISIONS[-1]
