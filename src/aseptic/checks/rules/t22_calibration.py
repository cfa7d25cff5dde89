"""T22: the probabilities of a model are not what comes true."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from aseptic.checks import plots
from aseptic.checks.check import NotApplicable, check
from aseptic.checks.models import UserModel, problem, problem_like
from aseptic.checks.statistics import normal_p

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from aseptic.checks.evidence import Evidence
    from aseptic.model import Finding

_FEWEST = 100
_MOST_BINS = 10


@check("T22", severity="warning", needs=("train", "test", "target", "model"), cost="fit")
def calibration(
    run: Evidence,
    *,
    excess: float = 0.1,
    serious: float = 0.15,
    short: float = 0.25,
    p: float = 0.001,
) -> Iterator[Finding]:
    """The probabilities of a model are far from what comes true on other rows.

    Why: whoever acts on 0.9 expects to be right in nine cases of ten.

    Method: test rows are put into bins of equally many by the probability of the class that is
    predicted. Over the bins, the probability less the share that comes true is averaged, with the
    error that binomial draws would give by themselves taken off. Probabilities that are too high
    by `excess` are a tip, by `serious` a warning; too low by `short` a tip (harmless where only the
    class is used); all with a `p` of the sum over all rows that is smaller than that. Needs
    100 test rows and `predict_proba`.

    Remedy: `CalibratedClassifierCV` on rows that the model was not fitted on.

    Source: Spiegelhalter: Probabilistic prediction in patient management, 1986; Guo and others: On
    Calibration of Modern Neural Networks, ICML 2017.

    Bad::

        from sklearn.tree import DecisionTreeClassifier
        rng = np.random.default_rng(0)
        X = rng.normal(size=(900, 4))
        y = (X[:, 0] + rng.normal(size=900) > 0).astype(int)
        train, test = (X[:500], y[:500]), (X[500:], y[500:])
        model = DecisionTreeClassifier(random_state=0).fit(*train)

    Good::

        from sklearn.linear_model import LogisticRegression
        rng = np.random.default_rng(0)
        X = rng.normal(size=(900, 4))
        y = (X[:, 0] + rng.normal(size=900) > 0).astype(int)
        train, test = (X[:500], y[:500]), (X[500:], y[500:])
        model = LogisticRegression().fit(*train)
    """
    model = UserModel(run)
    learnt = problem(run, run.train)
    rows = problem_like(run, learnt, run.test, rows=len(model.rows_of(run.test)))
    if len(rows) < _FEWEST:
        raise NotApplicable(f"{len(rows):,} test rows are too few: {_FEWEST} are needed")
    chances = model.chances(rows)
    stated = chances.max(axis=1)
    came_true = chances.argmax(axis=1) == rows.target
    said, true, of = _bins(stated, came_true)
    bias = _without_chance(said - true, true, of)
    z = _z(stated, came_true)
    is_high = bool(stated.mean() > came_true.mean())
    limit = excess if is_high else short
    if bias < limit or normal_p(z) > p:
        return
    yield run.finding(
        f"{model.name} states a probability of {stated.mean():.2f} on average and is right in"
        f" {came_true.mean():.1%} of {len(rows):,} rows of {run.test.name}: it is too"
        f" {'sure' if is_high else 'unsure'}",
        subject=model.name,
        severity=None if is_high and bias >= serious else "info",
        remedy=_remedy(model),
        sample=rows.sample,
        error=bias,
        limit=limit,
        z=z,
        plot=plots.lines(
            said.tolist(),
            {"came true": true.tolist(), "as stated": said.tolist()},
            x="probability",
            y="share that came true",
        ),
    )


def _bins(
    stated: NDArray[np.float64], came_true: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """The mean probability, the share that came true and the rows of each bin."""
    order = np.argsort(stated, kind="stable")
    parts = np.array_split(order, max(2, min(_MOST_BINS, len(order) // 30)))
    said = np.array([stated[part].mean() for part in parts])
    true = np.array([came_true[part].mean() for part in parts])
    return said, true, np.array([float(len(part)) for part in parts])


def _without_chance(
    difference: NDArray[np.float64], true: NDArray[np.float64], of: NDArray[np.float64]
) -> float:
    """The mean size of the differences, less what binomial draws alone would give."""
    likely = (true * of + 1) / (of + 2)
    chance = np.sqrt(2 / np.pi * likely * (1 - likely) / of)
    return float(np.average(np.maximum(np.abs(difference) - chance, 0.0), weights=of))


def _z(stated: NDArray[np.float64], came_true: NDArray[np.bool_]) -> float:
    """How many standard errors the mean probability is from the share that came true."""
    # No probability is taken to be certain: one miss would then be impossible.
    likely = np.clip(stated, 0.02, 0.98)
    return float((likely - came_true).sum() / np.sqrt((likely * (1 - likely)).sum()))


def _remedy(model: UserModel) -> str:
    fewest = "sigmoid' for fewer than 1,000 rows, 'isotonic"
    text = f"`CalibratedClassifierCV({model.name}(…), cv=5)`, method '{fewest}' for more"
    if "Tree" in model.name:
        return f"{text}; or `min_samples_leaf=20`, whose leaves state no 0 and 1"
    if "NB" in model.name:
        return f"{text}: naive Bayes counts what columns have in common again and again"
    if model.params.get("class_weight") is not None:
        return f"{text}; `class_weight` moves probabilities: leave it out where they are used"
    return text
