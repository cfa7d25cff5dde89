"""The params and metrics of a cell: the values that its calls and assignments really had.

`ParamProbe.instrument` puts probes into the cell's tree, IPython runs the cell, and
`ParamProbe.collect` says what was seen. While the cell runs, a value is reduced to something plain
the moment a probe sees it; no reference to an object of the user's is kept (a weak one to a
search, whose best settings are known only after it was fitted, and to an optimizer, whose settings
the cell may change).
"""

from __future__ import annotations

import builtins
import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from aseptic.capture.bindings import bindings_of
from aseptic.capture.naming import params_of
from aseptic.capture.origins import Origins
from aseptic.capture.probes import Planner
from aseptic.capture.recorder import Recorder
from aseptic.capture.sites import Sites

if TYPE_CHECKING:
    import ast

    from aseptic.capture.probes import BindPlan
    from aseptic.model import Metric, Origin, Param, Problem

#: Where a name that this cell does not bind was bound: `how` is "parameters" for papermill's cell,
#: else "global"; None when it is not known.
DefinedIn = Callable[[str], "Origin | None"]

_serial = itertools.count(1)


class Collected(NamedTuple):
    """What a cell was run with and what it measured."""

    params: list[Param]
    metrics: list[Metric]
    problems: list[Problem]


class ParamProbe:
    """Sees the params and metrics of one execution of a cell.

    `on_call` is told of each call of the top level, before it is made.
    `instrument` may be called again for trees that the cell itself runs (`%%time`, `%%capture`);
    `collect` ends the probe, and must wait until the cell is done: the cell's code finds the
    probes under a name in `builtins` that no source can spell, and `collect` removes it.
    """

    def __init__(
        self,
        namespace: dict[str, Any],
        *,
        cell_order: int | None = None,
        cell_id: str | None = None,
        defined_in: DefinedIn = lambda _: None,
        on_call: Callable[[], None] = lambda: None,
    ) -> None:
        self._namespace = namespace
        self._table: list[Callable[[Any], Any]] = []
        self._table_name = f"<aseptic {next(_serial)}>"
        self._origins = Origins(cell=cell_order, cell_id=cell_id, defined_in=defined_in)
        self._recorder = Recorder(namespace, self._origins)
        self._on_call = on_call
        self._last_increment: BindPlan | None = None

    def instrument(self, tree: ast.Module) -> ast.Module:
        """The tree with probes; the same tree, unchanged, when it cannot be planned."""
        try:
            self._instrument(tree)
        except Exception as error:  # noqa: BLE001 - a fault of ours never stops a user's cell
            self._recorder.fault("reading the cell", error)
        return tree

    def collect(self) -> Collected:
        """What was seen; ends the probe. A second call gives nothing."""
        vars(builtins).pop(self._table_name, None)
        self._table.clear()
        recorder, self._recorder = self._recorder, Recorder({}, self._origins)
        last, self._last_increment = self._last_increment, None
        try:
            recorder.finish(last)
            params = params_of(recorder.uses())
            return Collected(params, recorder.metrics(), recorder.problems())
        except Exception as error:  # noqa: BLE001 - what was not recorded is said, not raised
            recorder.fault("collecting", error)
            return Collected([], [], recorder.problems())

    def _instrument(self, tree: ast.Module) -> None:
        if not _finds_builtins(self._namespace):
            return
        bindings = bindings_of(tree)
        self._origins.know(bindings)
        planner = Planner(
            bindings, self._namespace, Sites(self._recorder, self._table, self._on_call)
        )
        plan = planner.plan(tree)
        self._last_increment = planner.last_increment or self._last_increment
        vars(builtins)[self._table_name] = self._table
        plan.apply(self._table, self._table_name)


def _finds_builtins(namespace: dict[str, Any]) -> bool:
    """Whether code of this namespace sees our `builtins`; else it would not find the probes."""
    own = namespace.get("__builtins__", builtins)
    return own is builtins or own is vars(builtins)
