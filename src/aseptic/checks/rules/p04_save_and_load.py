"""P04: the model, saved and loaded in a fresh process, does not predict what it did."""

from __future__ import annotations

import pickle
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from aseptic.checks.check import NotApplicable, check
from aseptic.checks.serving import Served
from aseptic.settings import find_project

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aseptic.checks.evidence import Evidence
    from aseptic.model import Finding

_TIMEOUT_S = 120.0
_SCRIPT = """
import pickle, sys
with open(sys.argv[1], "rb") as file:
    model, rows = pickle.load(file)
answers = model.predict(rows)
import numpy
with open(sys.argv[2], "wb") as file:
    numpy.save(file, numpy.asarray(answers), allow_pickle=True)
"""


@check("P04", severity="error", needs=("model",), cost="fit")
def save_and_load(run: Evidence, *, rows: int = 200, relative: float = 1e-9) -> Iterator[Finding]:
    """The model does not survive being saved and loaded in a fresh process.

    Why: this is what every deployment does; a model that needs the notebook's own classes, or a
    state that is not saved, works only here.

    Method: the model and `rows` rows are pickled to a temporary folder, as joblib does, and a
    fresh Python in the project's folder loads them and predicts. Its answers are compared with
    those of this process: numbers within `relative` of their value, classes exactly. Only when
    asked, since it takes seconds.

    Remedy: move classes and functions that the model uses into a module that can be imported
    there; replace lambdas by functions with a name.

    Bad::

        class Model:
            def predict(self, rows):
                return np.zeros(len(rows))

        model, test = Model(), np.zeros((50, 3))

    Good::

        from sklearn.linear_model import LinearRegression

        rng = np.random.default_rng(0)
        test = rng.normal(size=(50, 3))
        model = LinearRegression().fit(test, test[:, 0])
    """
    if run.depth == "automatic":
        raise NotApplicable("it takes seconds: ask for it with `%aseptic check`")
    served = Served(run)
    batch = served.batch(min(rows, len(served.sample)))
    expected = served.answers(batch)
    if not _is_same(expected, served.answers(batch), relative=relative):
        raise NotApplicable("the model answers otherwise each time it is asked")
    folder = run.folder or find_project(Path.cwd())
    answers, fault = _in_fresh_process(run.model, batch, folder)
    if fault is not None:
        yield run.finding(f"the model cannot be {fault}")
    elif not _is_same(expected, answers, relative=relative):
        differing = _differing(expected, answers, relative=relative)
        yield run.finding(
            f"loaded in a fresh process, the model gives {differing:,} of {len(expected):,} other"
            " answers",
            remedy="look for state that `__getstate__` leaves out, globals and unseeded draws",
            differing=differing,
            rows_asked=len(expected),
            limit=relative,
        )


def _in_fresh_process(model: Any, rows: Any, folder: Path) -> tuple[Any, str | None]:
    """The answers, or what failed, in words. Raises NotApplicable where it takes too long."""
    with tempfile.TemporaryDirectory(prefix="aseptic-", ignore_cleanup_errors=True) as place:
        saved, answers = Path(place, "model.pkl"), Path(place, "answers.npy")
        try:
            with saved.open("wb") as file:
                pickle.dump((model, rows), file, protocol=5)
        except Exception as error:  # noqa: BLE001 -- `__reduce__` of the user's may do anything
            return None, f"saved: {type(error).__name__}: {_first_line(str(error))}"
        command = [sys.executable, "-c", _SCRIPT, str(saved), str(answers)]
        try:
            done = subprocess.run(
                command,
                cwd=folder,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=_TIMEOUT_S,
                stdin=subprocess.DEVNULL,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise NotApplicable(f"a fresh process took more than {_TIMEOUT_S:g} s") from None
        if done.returncode or not answers.exists():
            last = _last_line(done.stderr) or f"the process ended with {done.returncode}"
            return None, f"loaded and asked in a fresh process: {last}"
        # Written by the process above, from this very model.
        return np.load(answers, allow_pickle=True), None


def _is_same(expected: Any, answers: Any, *, relative: float) -> bool:
    return expected.shape == answers.shape and not _differing(expected, answers, relative=relative)


def _differing(expected: Any, answers: Any, *, relative: float) -> int:
    if expected.shape != answers.shape:
        return len(expected)
    if expected.dtype.kind in "fc" and answers.dtype.kind in "fc":
        same = np.isclose(answers, expected, rtol=relative, atol=0.0, equal_nan=True)
    else:
        same = expected == answers
    return int(np.sum(~np.asarray(same, dtype=bool).reshape(len(expected), -1).all(axis=1)))


def _first_line(text: str) -> str:
    return text.partition("\n")[0][:200]


def _last_line(text: str) -> str:
    lines = [line for line in text.strip().splitlines() if line.strip()]
    return lines[-1].strip()[:200] if lines else ""
