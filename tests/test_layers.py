"""Imports point one way; `[tool.importlinter]` in pyproject.toml says which."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def test_no_layer_imports_one_above_it():
    lint = Path(sys.executable).with_name("lint-imports")
    said = subprocess.run([lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert said.returncode == 0, said.stdout + said.stderr
