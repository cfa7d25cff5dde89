"""Writes the example notebooks in one form, without outputs, so that git shows what was meant.

`--check` changes nothing and fails where a notebook is not in that form.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def main(words: list[str]) -> int:
    """Tidies the notebooks in `examples/`; with `--check`, 1 where one is not tidy."""
    check = words == ["--check"]
    status = 0
    for path in sorted((ROOT / "examples").rglob("*.ipynb")):
        before = path.read_text(encoding="utf-8")
        after = tidy(before)
        if before == after:
            continue
        if check:
            print(f"{path.relative_to(ROOT)} is not tidy: run python tools/tidy_notebooks.py")
            status = 1
        else:
            path.write_text(after, encoding="utf-8")
            print(f"tidied {path.relative_to(ROOT)}")
    return status


def tidy(text: str) -> str:
    """The notebook without outputs, counts and what a front end left in its metadata."""
    notebook = json.loads(text)
    notebook["cells"] = [_tidy_cell(cell) for cell in notebook["cells"]]
    notebook["metadata"] = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    notebook["nbformat"], notebook["nbformat_minor"] = 4, 5
    return json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _tidy_cell(cell: dict[str, Any]) -> dict[str, Any]:
    source = cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])
    kept = {
        "cell_type": cell["cell_type"],
        "id": cell["id"],
        "metadata": {"tags": tags} if (tags := cell["metadata"].get("tags")) else {},
        "source": source.strip("\n").splitlines(keepends=True),
    }
    if cell["cell_type"] == "code":
        kept |= {"execution_count": None, "outputs": []}
    return kept


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
