"""The evaluations of a booster, round by round, under the library's names and under ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from aseptic.integrations.curves import ModelCurves, class_facts, held_out, variance_facts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aseptic.active_run import ActiveRun

#: Metrics that are the mean loss that a booster descends, and what the dummy's loss is of.
_ENTROPIES = frozenset({"logloss", "mlogloss", "binary_logloss", "multi_logloss", "cross_entropy"})
_ROOTS = frozenset({"rmse"})
_SQUARES = frozenset({"l2", "mse"})
LOSSES = _ENTROPIES | _ROOTS | _SQUARES | {"mae", "l1", "rmsle", "poisson-nloglik", "quantile"}


class Rounds:
    """The rounds of one run's first booster."""

    def __init__(self, run: ActiveRun) -> None:
        self._curves = ModelCurves(run)

    def log(
        self,
        booster: Any,
        history: Mapping[str, Mapping[str, Sequence[Any]]],
        *,
        trained_on: str | None,
        target: Any,
    ) -> None:
        """Logs what was evaluated since the last round.

        `history` has the values by data set and metric; `trained_on` names the data set that is
        the training data themselves, None where none is. `target` gives the training targets, or
        None where they are weighted.
        """
        if not self._curves.is_of(booster):
            return
        plain = {
            f"{part}-{metric}": values
            for part, metrics in history.items()
            for metric, values in metrics.items()
            if values and not isinstance(values[-1], tuple)
        }
        validation = held_out(part for part in history if part != trained_on)
        for name, part in (("train_loss", trained_on), ("val_loss", validation)):
            losses = [one for one in history.get(part or "", ()) if one in LOSSES]
            if losses and f"{part}-{losses[0]}" in plain:
                plain[name] = plain[f"{part}-{losses[0]}"]
                self._log_dummy(losses[0], target)
        self._curves.log_rest(plain)

    def finish(self) -> None:
        """The run is over."""
        self._curves.finish()

    def _log_dummy(self, metric: str, target: Any) -> None:
        if self._curves.has_facts:
            return
        values = target()
        facts: dict[str, float] = {}
        if values is not None and metric in _ENTROPIES:
            facts = class_facts(values)
        elif values is not None and metric in _ROOTS | _SQUARES:
            facts = variance_facts(values)
            if metric in _ROOTS:
                facts["dummy_loss"] = float(np.sqrt(facts["dummy_loss"]))
        self._curves.log_facts(facts)
