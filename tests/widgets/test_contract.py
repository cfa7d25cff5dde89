from __future__ import annotations

import runpy
from pathlib import Path

LABEXTENSION = Path(__file__).parents[2] / "labextension"


def test_the_typescript_contract_says_what_the_python_contract_says():
    generator = runpy.run_path(str(LABEXTENSION / "contract.py"))
    written = (LABEXTENSION / "src" / "contract.ts").read_text("utf-8")
    assert written == generator["typescript"](), "stale: run `make contract`"
