"""Where the names of a running cell come from: this cell, with the line, or another one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aseptic.model import Origin

if TYPE_CHECKING:
    from collections.abc import Callable

    from aseptic.capture.bindings import Bindings


class Origins:
    """Knows what the cell binds, where it has just bound a constant, and who bound the rest."""

    def __init__(
        self,
        *,
        cell: int | None,
        cell_id: str | None,
        defined_in: Callable[[str], Origin | None],
    ) -> None:
        self._cell = cell
        self._cell_id = cell_id
        self._defined_in = defined_in
        self._bindings: list[Bindings] = []
        self._assigned: dict[str, int] = {}

    def know(self, bindings: Bindings) -> None:
        """Adds what the cell, or a cell that it runs, binds."""
        self._bindings.append(bindings)

    def assign(self, name: str, line: int) -> None:
        """The cell has just bound a name to a constant."""
        self._assigned[name] = line

    def here(self, line: int | None, **fields: Any) -> Origin:
        """An origin in this cell; an argument, unless `how` says otherwise."""
        return Origin(cell=self._cell, cell_id=self._cell_id, line=line, **_argument(fields))

    def elsewhere(self, name: str, *, callee: str | None) -> Origin:
        """The origin of a name that this cell does not bind."""
        found = self._defined_in(name) or Origin(how="global")
        return Origin(
            how="parameters" if found.how == "parameters" else "global",
            cell=found.cell,
            cell_id=found.cell_id,
            line=found.line,
            callee=callee,
            variable=name,
        )

    def is_bound_here(self, name: str) -> bool:
        """Whether the cell binds a name, anywhere."""
        return any(name in bindings for bindings in self._bindings)

    def is_counter(self, name: str | None) -> bool:
        """Whether the cell counts with a name."""
        return any(name in bindings.counters for bindings in self._bindings)

    def line_of(self, name: str) -> int | None:
        """The line in which the cell bound a name to the constant that it has now."""
        if name in self._assigned:
            return self._assigned[name]
        loops = (bindings.literal_loops.get(name) for bindings in self._bindings)
        return next((line for line in loops if line is not None), None)


def _argument(fields: dict[str, Any]) -> dict[str, Any]:
    return {"how": "argument", **fields}
