"""T23: a model fails on a part of the data that a few features describe."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from aseptic.checks import plots
from aseptic.checks.check import NotApplicable, check
from aseptic.checks.models import Problem, UserModel, fit, problem, problem_like

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from aseptic.checks.evidence import Evidence
    from aseptic.model import Finding

_FEWEST = 120
_DEPTH = 2


@check("T23", severity="warning", needs=("train", "test", "target", "model"), cost="fit")
def weak_slice(
    run: Evidence,
    *,
    smallest: float = 0.05,
    largest: float = 0.4,
    worse: float = 0.15,
    errors: float = 3.5,
) -> Iterator[Finding]:
    """A model fails on a part of the data where an answer without features would do better.

    Why: a good mean hides it: a group of people, a machine, a season that the model is wrong about.

    Method: a tree of depth 2 looks for a slice with large errors in one half of the test rows; the
    other half judges it, and the halves change places. A slice has between `smallest` and `largest`
    of the rows. It counts where, in the judging half, the model's error in it is above that of the
    slice's own commonest class or mean, taken from the first half, or above that of a small forest
    fitted to a sample of the training data, by `worse` (of accuracy, or of the variance of the
    target) and by `errors` standard errors. Where classes merely overlap, nothing does better, and
    it does not count.

    Remedy: look at the rows listed: add a feature that tells them apart, more rows of the slice, or
    a model of its own.

    Bad::

        from sklearn.linear_model import LogisticRegression
        rng = np.random.default_rng(0)
        X = rng.normal(size=(3000, 4))
        y = (X[:, 0] > 0).astype(int)
        y = np.where(X[:, 1] > 1, 1 - y, y)
        train, test = (X[:2000], y[:2000]), (X[2000:], y[2000:])
        model = LogisticRegression().fit(*train)

    Good::

        from sklearn.linear_model import LogisticRegression
        rng = np.random.default_rng(0)
        X = rng.normal(size=(3000, 4))
        y = (X[:, 0] + rng.normal(size=3000) > 0).astype(int)
        train, test = (X[:2000], y[:2000]), (X[2000:], y[2000:])
        model = LogisticRegression().fit(*train)
    """
    model = UserModel(run)
    learnt = problem(run, run.train)
    rows = problem_like(run, learnt, run.test, rows=len(model.rows_of(run.test)))
    if len(rows) < _FEWEST:
        raise NotApplicable(f"{len(rows):,} test rows are too few: {_FEWEST} are needed")
    judged = _Judged(rows, model.predictions(rows), fit(run, "trees", learnt).predict(rows))
    found = _weakest(run, judged, smallest=smallest, largest=largest, worse=worse, errors=errors)
    if found is None:
        return
    lost = judged.error[found.rows]
    elsewhere = np.delete(judged.error, found.rows)
    yield run.finding(
        f"{model.name} is {_said(judged, float(lost.mean()), float(elsewhere.mean()))} on"
        f" {len(found.rows):,} of {len(rows):,} rows of {run.test.name}, where {found.described}"
        f" ({found.better} does better there, by {found.loss:.2f} ± {found.error:.2f})",
        subject=found.columns[0],
        rows=rows.positions[found.rows],
        sample=rows.sample,
        columns=found.columns,
        count=len(found.rows),
        within=float(lost.mean()),
        elsewhere=float(elsewhere.mean()),
        better_by=found.loss,
        worse_limit=worse,
        plot=plots.bars(
            ["slice", "elsewhere"],
            {"error": [float(lost.mean()), float(elsewhere.mean())]},
            y="share wrong" if rows.classes is not None else "squared error / variance",
        ),
    )


@dataclass(frozen=True)
class _Judged:
    """Test rows, what the model says of them, and what a forest says."""

    rows: Problem
    predicted: NDArray[Any]
    forest: NDArray[Any]

    @property
    def error(self) -> NDArray[np.float64]:
        """1 for each row that is wrong, or squared errors in units of the target's variance."""
        return self.error_of(self.predicted)

    def error_of(self, answers: Any) -> NDArray[np.float64]:
        """The same of other answers."""
        target = self.rows.target
        if self.rows.classes is not None:
            return np.asarray(target != answers, dtype=np.float64)
        # One row that is far off is not a slice: errors are counted up to 3 standard deviations.
        squares = np.minimum((target - answers) ** 2 / max(float(target.var()), 1e-300), 9.0)
        return np.asarray(squares, dtype=np.float64)


@dataclass(frozen=True)
class _Slice:
    rows: NDArray[np.int64]  # of both halves
    columns: list[str]
    described: str
    loss: float
    error: float
    better: str


def _weakest(
    run: Evidence,
    judged: _Judged,
    *,
    smallest: float,
    largest: float,
    worse: float,
    errors: float,
) -> _Slice | None:
    """The slice with the largest loss that the other half of the rows confirms."""
    half = run.rng.permutation(len(judged.rows)) % 2 == 0
    found = []
    for first in (half, ~half):
        tree = _tree(run, judged, first, smallest)
        # Rows by node: the whole tree counts, as a slice of one column is said better than of two.
        nodes = tree.decision_path(judged.rows.codes.astype(np.float32)).toarray().astype(bool)
        worst = _worst_node(judged.error, nodes, first, smallest=smallest, largest=largest)
        if worst is None:
            continue
        inside = nodes[:, worst]
        loss, error, better = _loss(judged, first & inside, ~first & inside)
        if loss > max(worse, errors * error):
            columns, described = _described(judged.rows, tree.tree_, worst)
            found.append(_Slice(np.flatnonzero(inside), columns, described, loss, error, better))
    return max(found, key=lambda one: one.loss, default=None)


def _worst_node(
    error: NDArray[np.float64],
    nodes: NDArray[np.bool_],
    first: NDArray[np.bool_],
    *,
    smallest: float,
    largest: float,
) -> int | None:
    """The node whose mean error stands out most from that of all rows, in one half."""
    usual = error[first].mean()
    best: tuple[float, int | None] = (0.0, None)
    for node in range(1, nodes.shape[1]):
        inside = nodes[:, node]
        own = error[first & inside]
        if smallest / 2 <= inside.mean() <= largest and len(own):
            stands_out = float(own.mean() - usual) * math.sqrt(len(own))
            if stands_out > best[0]:
                best = (stands_out, node)
    return best[1]


def _tree(run: Evidence, judged: _Judged, first: NDArray[np.bool_], smallest: float) -> Any:
    trees = run.module("sklearn.tree")
    least = max(15, math.ceil(smallest * first.sum()))
    tree = trees.DecisionTreeRegressor(max_depth=_DEPTH, min_samples_leaf=least, random_state=0)
    return tree.fit(judged.rows.codes[first].astype(np.float32), judged.error[first])


def _loss(
    judged: _Judged, first: NDArray[np.bool_], second: NDArray[np.bool_]
) -> tuple[float, float, str]:
    """How much more error the model has in a slice than the better of two others, and its error."""
    target = judged.rows.target[first]
    if not len(target) or second.sum() < 10:
        return 0.0, math.inf, ""
    constant = (
        target.mean() if judged.rows.classes is None else np.bincount(target.astype(int)).argmax()
    )
    rivals = {
        "the slice's own mean" if judged.rows.classes is None else "its commonest class": constant,
        "a small forest": judged.forest,
    }
    best = (-math.inf, math.inf, "")
    for name, answers in rivals.items():
        more = (judged.error - judged.error_of(answers))[second]
        # Half a row more on each side: no difference in a few rows is not certainty.
        error = math.sqrt((float(more.var()) + 0.5 / len(more)) / len(more))
        best = max(best, (float(more.mean()), error, name))
    return best


def _described(rows: Problem, tree: Any, leaf: int) -> tuple[list[str], str]:
    """The columns of a slice, and where in them it lies: by shares of rows, never by values."""
    parent = {}
    for node in range(tree.node_count):
        for child, is_left in (
            (tree.children_left[node], True),
            (tree.children_right[node], False),
        ):
            if child >= 0:
                parent[int(child)] = (node, is_left)
    limits: dict[str, list[float]] = {}
    while leaf in parent:
        leaf, is_left = parent[leaf]
        place = int(tree.feature[leaf])
        below = float(np.mean(rows.codes[:, place] <= tree.threshold[leaf]))
        span = limits.setdefault(rows.names[place], [0.0, 1.0])
        span[1 if is_left else 0] = min(span[1], below) if is_left else max(span[0], below)
    kinds = rows.sample.kinds
    texts = [
        _span(name, *span, is_category=kinds[name] == "category") for name, span in limits.items()
    ]
    return list(limits), " and ".join(texts[::-1])


def _span(name: str, low: float, high: float, *, is_category: bool) -> str:
    if is_category:
        return f"{name} is of some categories ({high - low:.0%} of the rows)"
    if low == 0.0:
        return f"{name} is among its lowest {high:.0%}"
    if high == 1.0:
        return f"{name} is among its highest {1 - low:.0%}"
    return f"{name} is between its {low:.0%} and {high:.0%} point"


def _said(judged: _Judged, within: float, elsewhere: float) -> str:
    if judged.rows.classes is not None:
        return f"wrong in {within:.0%} (elsewhere in {elsewhere:.0%})"
    return f"off by {within:.2f} of the variance (elsewhere by {elsewhere:.2f})"
