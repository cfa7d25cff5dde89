"""D14: the data are not the population that the model is meant for."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from aseptic.checks import plots, two_samples
from aseptic.checks.check import NotApplicable, check
from aseptic.checks.statistics import chi_squared_p

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from aseptic.checks.evidence import Evidence
    from aseptic.checks.tables import Sample
    from aseptic.model import Finding

_BINS = 5  # of numbers, by the quantiles of the reference
_MOST_LEVELS = 20
_RARE = 5.0  # rows expected: fewer are told by chance
_PERCENT = 1.5
_ROUNDS = 50
_MOST_WEIGHT = 10.0  # times the least of what the weights are bounded to


class _Margin(NamedTuple):
    """A column in levels: the level of each row, and the shares that the population has."""

    name: str
    labels: list[str]
    levels: NDArray[np.int64]  # -1: missing
    wanted: NDArray[np.float64]  # sum to 1
    reference_rows: float  # infinite for shares that are declared

    @property
    def found(self) -> NDArray[np.float64]:
        """The shares that the data have."""
        counts = np.bincount(self.levels[self.levels >= 0], minlength=len(self.labels))
        return np.asarray(counts / max(1, counts.sum()), dtype=np.float64)


@check("D14", severity="warning", needs=("data",))
def unrepresentative(run: Evidence, *, effect: float = 0.1, p: float = 0.005) -> Iterator[Finding]:
    """The data are not the population that the model is meant for.

    Why: the model learns most of whom it has most of, and its metric speaks of them. Who is rare
    in the data and frequent in the population gets a worse model than the metric says.

    Method: the reference is a table (`aseptic.roles(reference=…)`) or shares by column
    (`[tool.aseptic.reference.sex]`, `female = 0.51`, `male = 0.49`). Categories are compared by
    their shares, numbers in five parts of the reference, by the chi-squared test. It counts from
    Cramér's V `effect` on, with a p-value below `p` divided by the number of columns. Weights that
    mend the columns that were found are made by raking: a row weighs the product of the factors of
    its levels, and the effective number of rows says what that costs.

    Remedy: collect more of what is rare, or weight the rows (`sample_weight`) by the product of the
    factors in the evidence.

    Source: Deming and Stephan, On a least squares adjustment of a sampled frequency table, 1940;
    the effective number of rows is Kish's.

    Bad::

        rng = np.random.default_rng(0)
        train = pd.DataFrame({"sex": rng.choice(["f", "m"], 500, p=[0.2, 0.8])})
        settings = {"reference": {"sex": {"f": 0.51, "m": 0.49}}}

    Good::

        rng = np.random.default_rng(0)
        train = pd.DataFrame({"sex": rng.choice(["f", "m"], 500, p=[0.5, 0.5])})
        settings = {"reference": {"sex": {"f": 0.51, "m": 0.49}}}
    """
    sample = run.sample(run.main)
    margins = _margins(run, sample)
    tested = [(margin, *_difference(margin)) for margin in margins]
    off = [
        (margin, found, chance)
        for margin, found, chance in tested
        if found >= effect and chance < p / len(margins)
    ]
    factors, effective = _raked([margin for margin, _, _ in off], len(sample))
    for margin, found, chance in sorted(off, key=lambda one: -one[1]):
        ours, wanted = margin.found, margin.wanted
        least = int(np.argmin(ours - wanted))
        yield run.finding(
            f"{margin.name} {margin.labels[least]} is {ours[least]:.1%} of {sample.table.name}, "
            f"but {wanted[least]:.1%} of the population",
            subject=margin.name,
            sample=sample,
            remedy=f"collect more rows with {margin.name} {margin.labels[least]}, or weight each "
            f"row by its factor (evidence `weights`; of {len(sample):,} rows, {effective:,.0f} are "
            "left in effect)",
            cramers_v=found,
            effect_limit=effect,
            p=chance,
            p_limit=p / len(margins),
            weights=dict(zip(margin.labels, factors[margin.name].tolist(), strict=True)),
            effective_rows=effective,
            plot=plots.bars(
                margin.labels,
                {sample.table.name: ours.tolist(), "population": wanted.tolist()},
                x=margin.name,
                y="share",
            ),
        )


# -- what the population is -----------------------------------------------------------------------
def _margins(run: Evidence, sample: Sample) -> list[_Margin]:
    """The columns that can be compared. Raises NotApplicable where nothing is declared."""
    declared = run.settings.get("reference")
    found = list(_declared(sample, declared)) if isinstance(declared, dict) else []
    known = {margin.name for margin in found}
    if run.find_table("reference") is not None:
        reference = run.sample(run.reference)
        found += [one for one in _of_table(sample, reference) if one.name not in known]
    elif not isinstance(declared, dict):
        _ = run.reference  # says what is missing
    if not found:
        raise NotApplicable(f"no column of {sample.table.name} is in the reference")
    return found


def _declared(sample: Sample, declared: Mapping[str, Any]) -> Iterator[_Margin]:
    """Columns whose shares are declared; what they leave of 1 is all other values."""
    for name, shares in declared.items():
        if name not in sample.features or not isinstance(shares, dict) or not shares:
            continue
        try:
            wanted = np.array([float(share) for share in shares.values()])
        except (TypeError, ValueError):
            continue
        if not np.all(np.isfinite(wanted) & (wanted >= 0)) or wanted.sum() <= 0:
            continue
        if wanted.sum() > _PERCENT:  # they are percentages
            wanted = wanted / wanted.sum()
        labels = [str(label) for label in shares]
        values = sample.features[name]
        levels = pd.Index(labels).get_indexer(pd.Index(_texts(values))).astype(np.int64)
        is_other = (levels < 0) & values.notna().to_numpy()
        rest = 1.0 - float(wanted.sum())
        if rest > 1e-3 or is_other.any():
            labels.append("other")
            levels[is_other] = len(labels) - 1
            wanted = np.append(wanted, max(0.0, rest))
        yield _Margin(name, labels, levels, wanted / wanted.sum(), math.inf)


def _texts(values: pd.Series) -> list[str]:
    """Values as they are written in a file of settings: 1.0 is 1."""
    return [
        str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
        for value in values.tolist()
    ]


def _of_table(sample: Sample, reference: Sample) -> Iterator[_Margin]:
    for name, other in two_samples.common_columns(sample, reference):
        kinds = {sample.kinds[name], reference.kinds[other]}
        if kinds == {"number"}:
            yield from _of_numbers(name, sample.numbers(name), reference.numbers(other))
        elif kinds <= {"boolean", "category"}:
            yield from _of_categories(name, sample.features[name], reference.features[other])


def _of_numbers(
    name: str, ours: NDArray[np.float64], theirs: NDArray[np.float64]
) -> Iterator[_Margin]:
    theirs = theirs[np.isfinite(theirs)]
    if not len(theirs):
        return
    edges = np.unique(np.quantile(theirs, np.linspace(0, 1, _BINS + 1)[1:-1]))
    levels = np.where(np.isfinite(ours), np.searchsorted(edges, ours, side="left"), -1)
    counts = np.bincount(np.searchsorted(edges, theirs, side="left"), minlength=len(edges) + 1)
    labels = [
        f"up to {edges[0]:.4g}",
        *(f"up to {edge:.4g}" for edge in edges[1:]),
        f"above {edges[-1]:.4g}",
    ]
    yield _Margin(name, labels, levels, counts / counts.sum(), float(len(theirs)))


def _of_categories(name: str, ours: pd.Series, theirs: pd.Series) -> Iterator[_Margin]:
    both = pd.concat([ours.astype(object), theirs.astype(object)], ignore_index=True)
    codes, labels = pd.factorize(both)
    counts = np.bincount(codes[len(ours) :][codes[len(ours) :] >= 0], minlength=len(labels))
    if not counts.sum() or len(labels) > _MOST_LEVELS:
        return
    names = [str(label) for label in labels]
    yield _Margin(
        name, names, codes[: len(ours)].astype(np.int64), counts / counts.sum(), float(counts.sum())
    )


# -- how far the data are from it -----------------------------------------------------------------
def _difference(margin: _Margin) -> tuple[float, float]:
    """Cramér's V as if both were of one size, less what chance adds; and the p-value."""
    rows = float((margin.levels >= 0).sum())
    if not rows:
        return 0.0, 1.0
    ours, wanted = margin.found, margin.wanted
    spread = 1 / rows + 1 / margin.reference_rows
    is_rare = np.minimum(wanted, 1.0) / spread < _RARE
    if is_rare.any():
        ours = np.append(ours[~is_rare], ours[is_rare].sum())
        wanted = np.append(wanted[~is_rare], wanted[is_rare].sum())
    together = np.maximum(ours + wanted, 1e-300)
    least = max(1e-3, _RARE * spread)  # of a share that was declared as 0
    statistic = float(((ours - wanted) ** 2 / np.maximum(wanted, least)).sum()) / spread
    raw = float(((ours - wanted) ** 2 / together).sum()) / 2
    found = math.sqrt(max(0.0, raw - (len(ours) - 1) * spread / 4))
    return found, chi_squared_p(statistic, len(ours) - 1)


# -- weights that would mend it -------------------------------------------------------------------
def _raked(margins: list[_Margin], rows: int) -> tuple[dict[str, NDArray[np.float64]], float]:
    """The factor of each level by column, and the effective number of rows with these weights.

    Levels that the data do not have get the factor 0, missing values 1. Weights are bounded: no
    level counts more than ten times what it would without.
    """
    weights = np.ones(rows)
    factors = {margin.name: np.ones(len(margin.labels)) for margin in margins}
    for _ in range(_ROUNDS):
        for margin in margins:
            has = margin.levels >= 0
            sums = np.bincount(margin.levels[has], weights[has], minlength=len(margin.labels))
            shares = sums / max(sums.sum(), 1e-300)
            ratio = np.where(shares > 0, margin.wanted / np.maximum(shares, 1e-300), 0.0)
            before = factors[margin.name]
            after = np.clip(before * ratio, 0.0, _MOST_WEIGHT)
            change = np.where(before > 0, after / np.maximum(before, 1e-300), 0.0)
            factors[margin.name] = after
            weights[has] *= change[margin.levels[has]]
    total = float(weights.sum())
    return factors, total**2 / max(float((weights**2).sum()), 1e-300)
