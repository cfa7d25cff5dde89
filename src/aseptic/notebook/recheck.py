"""The data and the model of a recorded run, as far as the session still holds them.

A run keeps digests, not rows. A variable counts as what the run read where its content has the
recorded digest; what the run's own cell made counts as long as no later cell has touched it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aseptic.capture.data import digest
from aseptic.checks.evidence import quietly
from aseptic.errors import CannotDigest
from aseptic.notebook.evidence import evidence_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from aseptic.checks.evidence import Evidence
    from aseptic.model import Cell, Run
    from aseptic.notebook.extension import Extension


def evidence_at_hand(run: Run, extension: Extension) -> Evidence:
    """Which of a run's data and which model the session holds."""
    namespace = extension.shell.user_ns
    found = [*_unchanged(run, namespace), *_made(run, extension.log.cells)]
    names = {name for name in found if name in namespace}
    with quietly():
        evidence, _ = evidence_of(
            names,
            namespace,
            extension.hygiene.lineage,
            declared=_recorded_roles(run, names),
            run=run,
            store=extension.store,
            settings={},
            earlier=(),
        )
    return evidence


def _unchanged(run: Run, namespace: Mapping[str, Any]) -> Iterator[str]:
    """The variables that still hold what the run read."""
    for name, data_input in run.data_inputs.items():
        if name in namespace and data_input.digest is not None:
            try:
                if digest(namespace[name]) == data_input.digest:
                    yield name
            except (CannotDigest, MemoryError):
                continue


def _made(run: Run, cells: Sequence[Cell]) -> Iterator[str]:
    """What the run's cell bound and no later cell of the session has bound or changed."""
    own = next((cell for cell in cells if cell.run_id == run.run_id), None)
    if own is None:
        return
    later = [cell for cell in cells if cell.order > own.order]
    touched = {name for cell in later for name in (*cell.writes, *cell.mutates)}
    yield from (name for name in own.writes if name not in touched)


def _recorded_roles(run: Run, names: Collection[str]) -> dict[str, tuple[str, ...]]:
    """By role: the names that the run's record says, the features first.

    A role whose features are gone is left out: its targets alone are no table.
    """
    roles: dict[str, list[str]] = {}
    for name, data_input in run.data_inputs.items():
        if data_input.role is not None:
            place = 0 if len(data_input.shape) > 1 else len(roles.get(data_input.role, []))
            roles.setdefault(data_input.role, []).insert(place, name)
    return {role: tuple(found) for role, found in roles.items() if found[0] in names}
