"""What differs between two runs of the same cells, less what aseptic may add."""

from __future__ import annotations

import importlib.metadata
import re
import sys
from dataclasses import dataclass
from functools import cache
from itertools import zip_longest
from pathlib import Path
from typing import Any, Literal

from .kinds import Kind

Cards = Literal["none", "line", "display"]  # what a card is: nothing, text of a terminal, HTML
MAGICS = {f"{kind} {name}" for kind in ("line", "cell") for name in ("track", "sweep", "aseptic")}


@dataclass(frozen=True)
class Difference:
    where: str
    plain: Any
    other: Any

    def __str__(self) -> str:
        return f"{self.where}\n    plain: {_shorten(self.plain)}\n    other: {_shorten(self.other)}"


def _shorten(value: Any, limit: int = 1500) -> str:
    text = repr(value)
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text)} characters)"


def differences(
    kind: Kind,
    plain: dict[str, Any],
    other: dict[str, Any],
    *,
    cards: Cards = "none",
    owners: tuple[str, ...] = ("aseptic",),
) -> list[Difference]:
    """Where the other run is seen to differ from the plain one.

    With `cards`, a line of text or a display may follow at the end of each cell. The `owners`
    are the modules whose hooks may be there while the extension is loaded.
    """
    for run in (plain, other):
        if "harness failed" in run:
            return [
                Difference(
                    "the run itself",
                    plain.get("harness failed", "an answer"),
                    other.get("harness failed", "an answer"),
                )
            ]
    hidden = {n for n, cell in enumerate(kind.cells, 1) if cell.where == "aseptic"}
    found = list(_diff("cells", len(plain["cells"]), len(other["cells"])))
    for number, (before, after) in enumerate(zip(plain["cells"], other["cells"], strict=True), 1):
        before, after = (_prepared(cell, kind, hidden) for cell in (before, after))
        if cards != "none":  # those of the cells before are in what IPython remembers
            after = _without_cards(after, before, cards)
        if number in hidden:
            before, after = {"state": before["state"]}, {"state": after["state"]}
        found += _diff(
            f"cell {number}", _allow(before, before, owners), _allow(after, before, owners)
        )
    if "end" in plain and "end" in other:
        # by now there are no hooks that may be there: only modules, which stay imported
        before, after = (
            {"state": run["end"], "events": run["unloading"]} for run in (plain, other)
        )
        before, after = (_prepared(end, kind, hidden) for end in (before, after))
        if cards != "none":
            after = _without_cards(after, before, cards)
        found += _diff("after unloading", before, _allow(after, before, owners, is_loaded=False))
    found += _diff("files", plain["files"], other["files"])
    return found


def _prepared(cell: dict[str, Any], kind: Kind, hidden: set[int]) -> dict[str, Any]:
    return _hide(_scrubbed(cell, kind), hidden)


def _hide(cell: dict[str, Any], hidden: set[int]) -> dict[str, Any]:
    """A cell without the text of those cells that only aseptic's side has."""
    if not hidden:
        return cell
    history = dict(cell["state"]["history"])
    history["In"] = [
        "hidden" if number in hidden else text for number, text in enumerate(history["In"])
    ]
    history["raw"] = "hidden"
    shown = history["outputs"].items()
    history["outputs"] = {n: outputs for n, outputs in shown if int(n) not in hidden}
    return {**cell, "state": {**cell["state"], "history": history}}


_SCRUBS = {
    "times": [
        (r"(CPU times|Wall time|Compiler\s*):[^\n]*", r"\1"),
        (r"[\d.]+ ?[nmμµu]?s ±[^\n]*", "timing"),
        (r"The slowest run took[^\n]*\n[^\n]*\n", ""),
        (r"\d+(\.\d+)?(e[+-]\d+)? ?(ns|μs|µs|us|ms|s)\b", "time"),
    ],
    "profile": [(r"[\d.]+ seconds|\d+\.\d+", "n"), (r"in n", "in n")],
    "threads": [(r"Thread-\d+", "Thread-N")],
    "ids": [(r"^\d{2,}$", "N")],
    "pdb": [(r"\x1b\[[0-9;]*m", "")],
}


def _scrubbed(value: Any, kind: Kind) -> Any:
    rules = [rule for name in kind.scrub for rule in _SCRUBS[name]]
    return _scrub(value, rules) if rules else value


def _scrub(value: Any, rules: list[tuple[str, str]]) -> Any:
    if isinstance(value, str):
        for pattern, new in rules:
            value = re.sub(pattern, new, value)
        return value
    if isinstance(value, list):
        return [_scrub(item, rules) for item in value]
    if isinstance(value, dict):
        return {key: _scrub(item, rules) for key, item in value.items()}
    return value


def _without_cards(cell: dict[str, Any], plain: dict[str, Any], cards: Cards) -> dict[str, Any]:
    """A cell without the card at its end, in the outputs that IPython remembers too."""
    history = {
        **cell["state"]["history"],
        "outputs": plain["state"]["history"]["outputs"],
    }
    events = _without_card(cell["events"], plain["events"], cards)
    return {**cell, "events": events, "state": {**cell["state"], "history": history}}


def _without_card(events: list[Any], plain: list[Any], cards: Cards) -> list[Any]:
    """The events without the one at the end that the plain run has not."""
    events, last = list(events), len(plain) - 1
    if cards == "line" and plain and len(events) == len(plain):
        (kind, text), (seen_kind, seen) = plain[last], events[last]
        if kind == seen_kind == "stdout" and seen.startswith(text) and seen.endswith("\n"):
            events[last] = plain[last]  # the line follows what the cell printed last
    wanted = "stdout" if cards == "line" else "display"
    return events[:-1] if len(events) == len(plain) + 1 and events[-1][0] == wanted else events


def _allow(
    cell: dict[str, Any], plain: dict[str, Any], owners: tuple[str, ...], *, is_loaded: bool = True
) -> dict[str, Any]:
    """The cell without what aseptic may own: modules for good, the rest while it is loaded."""
    state, seen = cell["state"], plain["state"]
    process, shell = dict(state["process"]), dict(state["shell"])
    loggers = process["logging"]["loggers"].items()
    process["logging"] = {
        **process["logging"],
        "loggers": {
            name: text
            for name, text in loggers
            if name in seen["process"]["logging"]["loggers"]
            or name.partition(".")[0] not in own_modules()
        },
    }
    if is_loaded:
        process["threads"] = [
            t for t in process["threads"] if not re.fullmatch(r"aseptic-.* daemon", t)
        ]
        process["descriptors"] = [d for d in process["descriptors"] if "/.aseptic/" not in d]
        for name in ("ast_transformers", "input_transformers_cleanup", "input_transformers_post"):
            shell[name] = [t for t in shell[name] if not _is_of(owners, t.strip("<"))]
        shell["callbacks"] = [
            c for c in shell["callbacks"] if not _is_of(owners, c.partition(": ")[2])
        ]
        shell["magics"] = [m for m in shell["magics"] if m not in MAGICS]
    modules = _allowed_modules(state["modules"], seen["modules"], owners)
    return {**cell, "state": {**state, "process": process, "shell": shell, "modules": modules}}


def _allowed_modules(modules: list[str], plain: list[str], owners: tuple[str, ...]) -> list[str]:
    return sorted(set(modules) - ((own_modules() | set(owners)) - set(plain)))


def _is_of(owners: tuple[str, ...], name: str) -> bool:
    return name.partition(".")[0] in owners


@cache
def own_modules() -> frozenset[str]:
    """The top-level modules of aseptic, of what it requires, and of Python."""
    project = Path(__file__).parents[3].joinpath("pyproject.toml").read_text()
    wanted = re.findall(r'"([\w.-]+)', project.partition("\ndependencies = [")[2].partition("]")[0])
    seen = set()
    while wanted:
        name = _canonical(wanted.pop())
        if name not in seen:
            seen.add(name)
            wanted += [
                re.split(r"[^\w.-]", line)[0] for line in _requires(name) if "extra ==" not in line
            ]
    names = {
        module
        for module, packages in importlib.metadata.packages_distributions().items()
        if seen & {_canonical(package) for package in packages}
    }
    return frozenset({"aseptic"} | names | sys.stdlib_module_names)


def _requires(name: str) -> list[str]:
    try:
        return importlib.metadata.requires(name) or []
    except importlib.metadata.PackageNotFoundError:  # for another platform
        return []


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _diff(where: str, plain: Any, other: Any) -> list[Difference]:
    """The smallest parts that differ."""
    if plain == other:
        return []
    if isinstance(plain, dict) and isinstance(other, dict):
        return [
            difference
            for key in sorted(plain.keys() | other.keys())
            for difference in _diff(
                f"{where} · {key}", plain.get(key, "absent"), other.get(key, "absent")
            )
        ]
    if isinstance(plain, list) and isinstance(other, list):
        if all(isinstance(x, str) for x in (*plain, *other)) and sorted(plain) == plain:
            return [Difference(where, _less(plain, other), _less(other, plain))]
        return [
            difference
            for number, (a, b) in enumerate(zip_longest(plain, other, fillvalue="absent"))
            for difference in _diff(f"{where}[{number}]", a, b)
        ]
    return [Difference(where, plain, other)]


def _less(items: list[str], others: list[str]) -> list[str]:
    left = list(others)
    return [item for item in items if not (item in left and not left.remove(item))]
