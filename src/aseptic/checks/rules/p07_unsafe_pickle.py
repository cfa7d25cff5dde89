"""P07: the model holds what another process cannot find, or is kept in a form that runs code."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from aseptic.checks.check import NotApplicable, check
from aseptic.checks.serving import demand_use, listed, pickled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aseptic.checks.evidence import Evidence
    from aseptic.model import Finding

_RUN_CODE = frozenset({".pkl", ".pickle", ".joblib", ".dill", ".pt", ".pth", ".ckpt"})
_LOOKED_AT = 50_000_000  # bytes of a pickle, after a cell


@check("P07", severity="warning", needs=(), cost="scan")
def unsafe_pickle(run: Evidence, *, shown: int = 3) -> Iterator[Finding]:
    """The model is a pickle that other processes cannot load, or should not.

    Why: a pickle names classes and functions and does not hold them, so those of the notebook
    are not found elsewhere; and loading a pickle runs whatever code is in it.

    Method: the model is pickled to nowhere, and each object in it is looked at: classes and
    functions of `__main__`, local ones and lambdas are a warning. Artifacts of the run that are
    pickles by their name are information. Up to `shown` are named. After a cell only where
    `[tool.aseptic.deploy]` is there.

    Remedy: move these classes and functions into a module that is installed where the model is
    used; replace lambdas by functions with a name.

    Source: https://docs.python.org/3/library/pickle.html; https://skops.readthedocs.io

    Bad::

        class Model:
            pass

        model = Model()
        model.link = lambda x: x

    Good::

        from sklearn.linear_model import LinearRegression

        model = LinearRegression()
    """
    demand_use(run)
    files = [] if run.run is None else _pickles(run.run.artifacts)
    if run.model is None and not files:
        raise NotApplicable("no model, and no saved file of a run")
    if run.model is not None:
        most = _LOOKED_AT if run.depth == "automatic" else None
        found = pickled(run.model, most_bytes=most)
        if found.strangers:
            yield run.finding(
                f"the model holds {listed(list(found.strangers), shown)}, which a fresh process"
                " cannot find",
                found=found.strangers[:50],
            )
        elif found.fault is not None:
            yield run.finding(f"the model cannot be pickled: {found.fault}")
    if files:
        verb = "is a pickle" if len(files) == 1 else "are pickles"
        yield run.finding(
            f"{listed(files, shown)} {verb}: loading runs the code in it",
            severity="info",
            remedy="load it only from places you trust, and say where it comes from; weights alone"
            " can be kept as safetensors, scikit-learn models with skops",
            files=tuple(files[:50]),
        )


def _pickles(names: object) -> list[str]:
    assert isinstance(names, dict)
    return [name for name in names if PurePosixPath(name).suffix.lower() in _RUN_CODE]
