"""D06: labels that are likely wrong."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from aseptic.checks import plots
from aseptic.checks.check import NotApplicable, check
from aseptic.checks.models import FOLDS, Problem, out_of_fold, problem, problem_like, score

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from aseptic.checks.evidence import Evidence
    from aseptic.model import Finding

_FEWEST_HITS = 4
_SKILLED = 0.5


@check("D06", severity="warning", needs=("data", "target"), cost="fit")
def label_noise(
    run: Evidence,
    *,
    unlikely: float = 0.2,
    more: float = 0.02,
    errors: float = 3.0,
    sure: float = 0.03,
    flat: float = 0.6,
    natural: float = 0.2,
    times: float = 1.25,
    told: float = 0.2,
) -> Iterator[Finding]:
    """Labels are likely wrong: models that did not see a row are sure of another class.

    Why: a model learns the wrong ones too, and where they are in the test data it is misjudged.

    Method: confident learning. A linear model and a small forest give each row the probability of
    its label without having seen it (3 folds). The share of rows whose label has a probability
    below `unlikely`, or is not the likeliest, is compared with the same share of the test rows,
    judged by the same models: it counts when above that by `more` and by `errors` standard errors,
    and `times` as much: where classes overlap, many labels are unlikely by nature. Without test
    data, or where both have such labels: wrong labels are spread evenly, while classes that overlap
    by nature are missed where the models are unsure. So it counts, too, when at least a share of
    `sure` of the half that the models are surest about is missed, that is `flat` of the share over
    all rows, the latter is below `natural`, and the models are half way from guessing to
    perfect. Never where they come less than `told` of that way, on train and on test: classes that
    can hardly be told apart do not show which labels are wrong.

    Remedy: look at the rows listed, the surest first, and mend or drop their labels.

    Source: Northcutt, Jiang, Chuang: Confident Learning, JAIR 70 (2021).

    Bad::

        rng = np.random.default_rng(0)
        X = rng.normal(size=(600, 4))
        y = (X[:, 0] + X[:, 1] > 0).astype(int)
        wrong = rng.choice(400, 32, replace=False)
        y[wrong] = 1 - y[wrong]
        train, test = (X[:400], y[:400]), (X[400:], y[400:])

    Good::

        rng = np.random.default_rng(0)
        X = rng.normal(size=(600, 4))
        y = (X[:, 0] + X[:, 1] + rng.normal(size=600) * 0.3 > 0).astype(int)
        train, test = (X[:400], y[:400]), (X[400:], y[400:])
    """
    learnt = problem(run)
    if learnt.task == "regression":
        raise NotApplicable("the target is a quantity: it is about labels of classes")
    judged, other = _judged(run, learnt)
    if max(one.skill for one in (judged, other) if one is not None) < told:
        return
    found = None
    if other is not None:
        found = _excess(judged, other, unlikely=unlikely, more=more, errors=errors, times=times)
    if found is None and not _is_flat(judged, sure=sure, flat=flat, natural=natural):
        return
    rows = judged.suspects(unlikely)
    if len(rows) < _FEWEST_HITS:
        return
    share = len(rows) / len(learnt)
    beside = (
        f"; of {run.test.name} {found[1]:.1%} are as unlikely, of {learnt.sample.table.name}"
        f" {found[0]:.1%}"
        if found
        else ""
    )
    yield run.finding(
        f"{share:.1%} of the labels of {learnt.sample.table.name} ({len(rows):,} of {len(learnt):,}"
        f" rows looked at) are likely wrong{beside}",
        rows=learnt.positions[rows],
        sample=learnt.sample,
        share=share,
        count=len(rows),
        missed=float(judged.missed.mean()),
        missed_where_sure=judged.missed_where_sure,
        sure_limit=sure,
        flat_limit=flat,
        unlikely_limit=unlikely,
        looked_at=learnt.said,
        plot=_plot(judged, other),
    )


@dataclass(frozen=True)
class _Judged:
    """Labels, and the probabilities that models which did not see them give to each class."""

    target: NDArray[np.int64]
    chances: NDArray[np.float64]

    @property
    def own(self) -> NDArray[np.float64]:
        """The probability of each row's label."""
        found: NDArray[np.float64] = self.chances[np.arange(len(self.target)), self.target]
        return found

    @property
    def missed(self) -> NDArray[np.bool_]:
        """Where another class is likelier."""
        found: NDArray[np.bool_] = self.chances.max(axis=1) > self.own
        return found

    @property
    def missed_where_sure(self) -> float:
        """The share that is missed in the half with the surest predictions."""
        surest = np.argsort(-self.chances.max(axis=1), kind="stable")[: len(self.target) // 2]
        return float(self.missed[surest].mean())

    @property
    def skill(self) -> float:
        """How far the models come from guessing, 0, to perfect, 1."""
        return score(self.target, self.chances.argmax(axis=1), "classification").skill

    def suspects(self, unlikely: float) -> NDArray[np.int64]:
        """Rows that are likelier another class than its own rows are on average; surest first."""
        n_classes = self.chances.shape[1]
        usual = np.array(
            [
                self.chances[self.target == k, k].mean() if np.any(self.target == k) else 1.0
                for k in range(n_classes)
            ]
        )
        best = self.chances.argmax(axis=1)
        is_other = self.missed & (self.chances.max(axis=1) >= np.minimum(usual[best], 0.95))
        is_other |= self.missed & (self.own < unlikely / 4)
        rows = np.flatnonzero(is_other)
        return rows[np.argsort(self.own[rows], kind="stable")]


def _judged(run: Evidence, learnt: Problem) -> tuple[_Judged, _Judged | None]:
    """The rows learnt from, and those of the test data, each judged by models of other rows."""
    try:
        test = problem_like(run, learnt, run.test, rows=1_000)
    except NotApplicable:
        test = None
    if test is not None and test.sample.table is learnt.sample.table:
        test = None
    chances = np.zeros((len(learnt), learnt.n_classes))
    test_chances = np.zeros((0 if test is None else len(test), learnt.n_classes))
    for number, (places, models) in enumerate(
        out_of_fold(run, learnt, ("linear", "trees"), size=16)
    ):
        rows = learnt.take(places)
        chances[places] = sum(model.chances(rows) for model in models) / len(models)
        if test is not None:
            # Each test row by one of the models, as each training row is: the mean would be better.
            at = np.arange(len(test)) % FOLDS == number
            some = test.take(at)
            test_chances[at] = sum(model.chances(some) for model in models) / len(models)
    judged = _Judged(learnt.target, chances)
    return judged, None if test is None else _Judged(test.target, test_chances)


def _excess(
    judged: _Judged, other: _Judged, *, unlikely: float, more: float, errors: float, times: float
) -> tuple[float, float] | None:
    """The shares of unlikely labels in train and test, where train has far more of them."""
    for here, there in (
        (judged.own < unlikely, other.own < unlikely),
        (judged.missed, other.missed),
    ):
        a, b = float(here.mean()), float(there.mean())
        # Half a hit more on each side: a share of none is not known for certain.
        a_, b_ = (here.sum() + 0.5) / (len(here) + 1), (there.sum() + 0.5) / (len(there) + 1)
        error = math.sqrt(a_ * (1 - a_) / len(here) + b_ * (1 - b_) / len(there))
        if here.sum() >= _FEWEST_HITS and a - b > max(more, errors * error) and a > times * b:
            return a, b
    return None


def _is_flat(judged: _Judged, *, sure: float, flat: float, natural: float) -> bool:
    """Whether labels are missed nearly as often where the models are sure as elsewhere."""
    missed, where_sure = float(judged.missed.mean()), judged.missed_where_sure
    hits = where_sure * (len(judged.target) // 2)
    is_even = where_sure >= max(sure, flat * missed) and missed < natural
    if hits < _FEWEST_HITS - 0.5 or not is_even:
        return False
    # Models that find no pattern are wrong evenly, too.
    return judged.skill > _SKILLED


def _plot(judged: _Judged, other: _Judged | None) -> dict[str, object]:
    samples = {"train": judged.own}
    if other is not None:
        samples["test"] = other.own
    return plots.histograms(samples, x="probability of the label")
