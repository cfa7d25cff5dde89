"""Writes docs/checks/: one page for each check, from its docstring, and the list of all.

How accurate a check is comes from `benchmarks/accuracy/figures.json`, which `make bench-accuracy`
writes.

`--check` changes nothing, and fails where a page is not as it would be written.
"""

from __future__ import annotations

import json
import sys
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from aseptic.checks.discovery import load_checks

if TYPE_CHECKING:
    from aseptic.checks import Check

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "checks"
FIGURES = ROOT / "benchmarks" / "accuracy" / "figures.json"
GROUPS = {
    "D": "Data: quality, amount, representativeness, leakage, features",
    "T": "Training and fit",
    "H": "Runs: reproducibility and the history of an experiment",
    "P": "Deployment",
}

_ABOUT = """\
What each check looks for. [Checks](../checks.md) says how to ask for them and how to set them;
`aseptic explain CODE` shows a page in the terminal."""


def page(check: Check) -> str:
    """The page of one check, as Markdown."""
    parts = [
        f"# {check.code} {check.name}",
        check.summary,
        f"Severity: {check.severity}. Needs: {', '.join(check.needs) or 'nothing in particular'}.",
    ]
    parts += [
        f"**{title}.** {_capital(check.sections[title])}"
        for title in ("Why", "Method", "Remedy", "Source")
        if title in check.sections
    ]
    parts += [f"**Measured.** {said}" for said in _measured(check.code)]
    if check.thresholds:
        rows = [f"| `{name}` | `{value!r}` |" for name, value in check.thresholds.items()]
        table = "\n".join(["| threshold | default |", "|---|---|", *rows])
        parts += [f"Set in pyproject.toml, under `[tool.aseptic.checks.{check.code}]`:", table]
    for title, said in (("Bad", "Found"), ("Good", "Clean")):
        parts += [f"## {said}", f"```python\n{check.sections[title]}\n```"]
    return "\n\n".join(parts) + "\n"


def _measured(code: str) -> list[str]:
    """How many planted faults the check found, and its false alarms; nothing where it had none."""
    figures = _figures().get(code)
    if figures is None:
        return []
    (found, planted), (alarms, clean) = figures["found"], figures["alarms"]
    felt, hurting = figures["found_where_it_hurts"]
    of_hurting = f" (of {hurting:,} that hurt the score: {felt:,})" if hurting else ""
    first = f"found {found:,} of {planted:,} planted faults{of_hurting}, " if planted else ""
    alarmed = f"{alarms:,} false alarms on {clean:,} clean cases" if clean else "no clean case"
    return [_capital(f"{first}{alarmed}: [Accuracy](accuracy.md).")]


@lru_cache
def _figures() -> dict[str, dict[str, list[int]]]:
    figures: dict[str, dict[str, list[int]]] = json.loads(FIGURES.read_text(encoding="utf-8"))
    return figures


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def index(checks: list[Check]) -> str:
    """The list of all checks, by group."""
    parts = [
        "# Checks",
        _ABOUT,
    ]
    for letter, title in GROUPS.items():
        chosen = [check for check in checks if check.code.startswith(letter)]
        rows = [
            f"| [{check.code}]({check.code}.md) | {check.name} | {check.severity} "
            f"| {check.summary} |"
            for check in chosen
        ]
        if rows:
            head = ["| code | name | severity | says |", "|---|---|---|---|"]
            parts += [f"## {title}", "\n".join([*head, *rows])]
    return "\n\n".join(parts) + "\n"


def main() -> int:
    """Writes the pages, or with `--check` compares them."""
    checks = list(load_checks().values())
    pages = {FOLDER / "index.md": index(checks)}
    pages |= {FOLDER / f"{check.code}.md": page(check) for check in checks}
    stale = [file for file, text in pages.items() if not _holds(file, text)]
    extra = [file for file in FOLDER.glob("[A-Z]*[0-9].md") if file not in pages]
    if "--check" in sys.argv:
        for file in (*stale, *extra):
            print(
                f"{file.relative_to(FOLDER.parents[1])} is not up to date: `make pages` writes it"
            )
        return int(bool(stale or extra))
    FOLDER.mkdir(exist_ok=True)
    for file in stale:
        file.write_text(pages[file], encoding="utf-8")
    for file in extra:
        file.unlink()
    return 0


def _holds(file: Path, text: str) -> bool:
    return file.is_file() and file.read_text(encoding="utf-8") == text


if __name__ == "__main__":
    sys.exit(main())
