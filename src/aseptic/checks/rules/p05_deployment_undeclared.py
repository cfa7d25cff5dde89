"""P05: nobody has said how the model is to be used."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from aseptic.checks.check import NotApplicable, check
from aseptic.checks.serving import declared_use, demand_use, faults_of_use, is_declared, listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aseptic.checks.evidence import Evidence
    from aseptic.model import Finding

_PICKLED = frozenset({".pkl", ".pickle", ".joblib", ".dill", ".skops", ".pt", ".pth", ".ckpt"})
_OTHERS = frozenset({".safetensors", ".onnx", ".keras", ".h5", ".tflite", ".bst", ".ubj", ".pmml"})
_MODELS = _PICKLED | _OTHERS
_EXAMPLES = {
    "rate": "rate = 10 (calls a second)",
    "callers": "callers = 1 (applications)",
    "batch": "batch = 1 (rows of a call)",
    "latency_ms": "latency_ms = 200",
}


@check("P05", severity="info", needs=("model",), cost="look")
def deployment_undeclared(run: Evidence) -> Iterator[Finding]:
    """It is not said how the model is to be used: how often, by how many, how fast.

    Why: whether a model is fast and small enough can only be judged against its use, and those
    who use it should say what that is before it is built.

    Method: `[tool.aseptic.deploy]` in pyproject.toml is looked at for `rate`, `callers`, `batch`
    and `latency_ms`, and for what cannot be understood. Where the table is not there, nothing is
    said but of a run that has saved a model among its artifacts, and that not after a cell.

    Remedy: say it in pyproject.toml under `[tool.aseptic.deploy]`: `rate = 10`, `callers = 1`,
    `batch = 1`, `latency_ms = 200`.

    Bad::

        class Model:
            def predict(self, rows):
                return np.zeros(len(rows))

        model = Model()
        settings = {"deploy": {"rate": 10, "latency_ms": "fast"}}

    Good::

        class Model:
            def predict(self, rows):
                return np.zeros(len(rows))

        model = Model()
        settings = {"deploy": {"rate": 10, "callers": 1, "batch": 1, "latency_ms": 200}}
    """
    demand_use(run)
    if not is_declared(run):
        saved = _saved_models(run)
        if not saved:
            raise NotApplicable(
                "nothing says that the model is to be used: no [tool.aseptic.deploy] in"
                " pyproject.toml, and no model among the artifacts of a run"
            )
        verb = "was" if len(saved) == 1 else "were"
        yield run.finding(
            f"{listed(saved, 3)} {verb} saved, but pyproject.toml does not say how the model is to"
            " be used",
            files=tuple(saved[:50]),
        )
        return
    faults = faults_of_use(run)
    if faults:
        yield run.finding(
            f"[tool.aseptic.deploy]: {'; '.join(faults[:5])}",
            severity="warning",
            faults=len(faults),
        )
    wrong = {fault.partition(" ")[0] for fault in faults}
    missing = [name for name in declared_use(run).missing if name not in wrong]
    if missing:
        yield run.finding(
            f"[tool.aseptic.deploy] does not say {', '.join(missing)}",
            remedy="add to [tool.aseptic.deploy]: " + "; ".join(_EXAMPLES[one] for one in missing),
            missing=tuple(missing),
        )


def _saved_models(run: Evidence) -> list[str]:
    """The artifacts of the run that are models by their names."""
    names = [] if run.run is None else list(run.run.artifacts)
    return [name for name in names if PurePosixPath(name).suffix.lower() in _MODELS]
