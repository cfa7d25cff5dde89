"""P02: the model is large, or takes columns in a wrong order without a word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from aseptic.checks.check import NotApplicable, check
from aseptic.checks.serving import Served, declared_use, demand_use, megabytes, pickled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aseptic.checks.evidence import Evidence
    from aseptic.model import Finding


@check("P02", severity="warning", needs=("model",), cost="fit")
def size_and_signature(
    run: Evidence, *, size_mb: float = 100.0, share: float = 0.05
) -> Iterator[Finding]:
    """The model is larger than its use allows, or does not know its columns.

    Why: a large model starts slowly and fills the memory of every process that serves it; one
    that does not know its columns gives wrong answers, not errors, when their order changes.

    Method: the bytes of its pickle are counted, none are written; a warning above `size_mb`, an
    error above the `size_mb` of `[tool.aseptic.deploy]`. Then it is asked about a frame and about
    the same frame with the columns reversed: information where it raises no error and more than
    `share` of the answers differ. After a cell only where `[tool.aseptic.deploy]` is there.

    Remedy: fit on a DataFrame, so that scikit-learn checks names and order; record the columns
    beside the model, and check them before predicting.

    Bad::

        class Model:
            def predict(self, rows):
                return np.asarray(rows)[:, 0] * 2

        model, test = Model(), np.random.default_rng(0).normal(size=(50, 3))

    Good::

        from sklearn.linear_model import LinearRegression

        test = pd.DataFrame(np.random.default_rng(0).normal(size=(50, 3)), columns=list("abc"))
        model = LinearRegression().fit(test, test["a"] - test["c"])
    """
    demand_use(run)
    limit = declared_use(run).size_mb
    most_mb = size_mb if limit is None else limit
    most = int(most_mb * 1e6) if run.depth == "automatic" else None
    found = pickled(run.model, most_bytes=most)
    if found.size_bytes > most_mb * 1e6:
        said = megabytes(found.size_bytes) if found.is_whole else f"more than {most_mb:g} MB"
        yield run.finding(
            f"the model takes {said}, and {most_mb:g} MB are {'declared' if limit else 'usual'}",
            severity="warning" if limit is None else "error",
            remedy="fewer or shallower trees, fewer features, or compression"
            " (`joblib.dump(…, compress=3)`); leave out what only training needs",
            size_bytes=found.size_bytes,
            limit=int(most_mb * 1e6),
        )
    yield from _of_order(run, Served(run), share=share)


def _of_order(run: Evidence, served: Served, *, share: float) -> Iterator[Finding]:
    count = served.sample.features.shape[1]
    if count < 2:
        return
    rows = served.batch(min(200, len(served.sample)))
    expected = served.answers(rows)
    order = np.arange(count)[::-1]
    reversed_rows = rows.iloc[:, order] if hasattr(rows, "iloc") else rows[:, order]
    try:
        answers = served.answers(reversed_rows)
    except NotApplicable:  # it refuses, as it should
        return
    differing = _share_that_differs(expected, answers)
    if differing > share:
        yield run.finding(
            f"with its columns in another order, the model gives {differing:.0%} other answers and"
            " no error",
            severity="info",
            share=differing,
            limit=share,
            rows_asked=len(expected),
        )


def _share_that_differs(expected: Any, answers: Any) -> float:
    if expected.shape != answers.shape or not len(expected):
        return float(expected.shape != answers.shape)
    if expected.dtype.kind in "fc":
        same = np.isclose(expected, answers, equal_nan=True)
    else:
        same = expected == answers
    return float(1.0 - np.mean(same))
