"""P06: the rows that the model is asked about were not made as those it learnt from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from aseptic.checks.check import NotApplicable, check
from aseptic.checks.serving import listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aseptic.checks.evidence import Evidence
    from aseptic.checks.tables import Kind, Sample, Table
    from aseptic.model import Finding

#: Kinds that a model sees as the same.
_ALIKE: dict[Kind, str] = {
    "number": "numbers",
    "boolean": "numbers",
    "time": "times",
    "category": "texts",
    "text": "texts",
}
_FEWEST = 20  # rows from which the place and the spread of a column can be told


@check("P06", severity="warning", needs=("train",), cost="scan")
def serving_skew(
    run: Evidence,
    *,
    shown: int = 5,
    missing: float = 0.02,
    shift: float = 10.0,
    ratio: float = 10.0,
    columns: float = 0.3,
) -> Iterator[Finding]:
    """The serving data has other columns than the training data, or was prepared otherwise.

    Why: the model answers all the same, and wrongly: a column that is missing, in another place or
    on another scale is another question.

    Method: a table of the role `serving` is compared with the training data: names, their order
    (where columns have names), kinds of values; columns with more than `missing` of their values
    missing where training had none; and preparation, by the medians and the ranges between the
    quartiles: other by `shift` ranges or by a factor of `ratio` in at least `columns` of the
    columns of numbers, and in two of them. Up to `shown` columns are named.

    Remedy: keep the preparation in the model (a `Pipeline`), save both as one, and hand it the
    raw columns in the order of training.

    Bad::

        rng = np.random.default_rng(0)
        raw = pd.DataFrame(rng.normal(50, 20, size=(200, 3)), columns=["age", "income", "weight"])
        train = (raw - raw.mean()) / raw.std()
        serving = raw[["age", "weight", "income"]]

    Good::

        rng = np.random.default_rng(0)
        train = pd.DataFrame(rng.normal(50, 20, size=(200, 2)), columns=["age", "income"])
        serving = pd.DataFrame(rng.normal(55, 20, size=(90, 2)), columns=["age", "income"])
    """
    train, serving = run.train, run.find_table("serving")
    if serving is None:
        raise NotApplicable("no serving data: `aseptic.roles(serving=…)` names it")
    if not train.is_named or not serving.is_named:
        if len(train.columns) != len(serving.columns):
            yield run.finding(
                f"{serving.name} has {len(serving.columns):,} columns, and {train.name} has"
                f" {len(train.columns):,}",
                severity="error",
                table=serving,
            )
            return
    else:
        yield from _of_names(run, train, serving, shown=shown)
    learnt, served = _side_by_side(run.sample(train), run.sample(serving))
    if not learnt:
        return
    one, other = run.sample(train), run.sample(serving)
    yield from _of_kinds(run, (one, learnt), (other, served), shown=shown)
    yield from _of_gaps(run, (one, learnt), (other, served), shown=shown, missing=missing)
    places = [
        place
        for place, (a, b) in enumerate(zip(learnt, served, strict=True))
        if one.kinds[a] == other.kinds[b] == "number"
    ]
    pairs = [(one.numbers(learnt[at]), other.numbers(served[at])) for at in places]
    scaled = [
        served[at]
        for at, (a, b) in zip(places, pairs, strict=True)
        if _is_prepared_otherwise(a, b, shift=shift, ratio=ratio)
    ]
    if len(scaled) >= max(2, columns * len(places)):
        yield run.finding(
            f"{len(scaled):,} of {len(places):,} columns of numbers lie on another scale in"
            f" {serving.name} than in {train.name}: {listed(scaled, shown)}",
            remedy=f"prepare {serving.name} as {train.name} was: scale it with the same scaler",
            sample=other,
            columns=tuple(scaled[:50]),
            share=len(scaled) / len(places),
            limit=columns,
        )


def _of_names(run: Evidence, train: Table, serving: Table, *, shown: int) -> Iterator[Finding]:
    lacking = [name for name in train.columns if name not in set(serving.columns)]
    extra = [name for name in serving.columns if name not in set(train.columns)]
    if lacking:
        yield run.finding(
            f"{serving.name} lacks {len(lacking):,} of the {len(train.columns):,} columns of"
            f" {train.name}: {listed(lacking, shown)}",
            severity="error",
            table=serving,
            columns=tuple(lacking[:50]),
        )
    elif extra:
        yield run.finding(
            f"{serving.name} has columns that {train.name} has not: {listed(extra, shown)}",
            severity="info",
            table=serving,
            columns=tuple(extra[:50]),
        )
    if not lacking and [n for n in serving.columns if n not in set(extra)] != list(train.columns):
        yield run.finding(
            f"{serving.name} has the columns of {train.name} in another order",
            remedy=f"`{serving.name} = {serving.name}[{train.name}.columns]`",
            table=serving,
        )


def _side_by_side(one: Sample, other: Sample) -> tuple[list[str], list[str]]:
    """The columns of both, pair by pair: by name, else by place."""
    if one.table.is_named and other.table.is_named:
        names = [name for name in one.features.columns if name in set(other.features.columns)]
        return names, names
    return list(one.features.columns), list(other.features.columns)


def _of_kinds(
    run: Evidence, learnt: tuple[Sample, list[str]], served: tuple[Sample, list[str]], *, shown: int
) -> Iterator[Finding]:
    (one, names), (other, others) = learnt, served
    found = []
    for name, its in zip(names, others, strict=True):
        kind, now = _ALIKE.get(one.kinds[name]), _ALIKE.get(other.kinds[its])
        if kind and now and kind != now and other.features[its].notna().any():
            found.append(f"{its} ({now}, and {kind} in training)")
    if found:
        yield run.finding(
            f"{other.table.name} holds other kinds of values: {listed(found, shown)}",
            remedy="encode and parse these columns as they were for training",
            sample=other,
            columns=tuple(found[:50]),
        )


def _of_gaps(
    run: Evidence,
    learnt: tuple[Sample, list[str]],
    served: tuple[Sample, list[str]],
    *,
    shown: int,
    missing: float,
) -> Iterator[Finding]:
    (one, names), (other, others) = learnt, served
    shares = other.features[others].isna().mean().to_numpy()
    were_whole = one.features[names].notna().all().to_numpy()
    is_gap = were_whole & (shares > missing) & (shares * len(other) >= 3) & (len(one) >= _FEWEST)
    found = [others[place] for place in np.flatnonzero(is_gap)]
    if found:
        yield run.finding(
            f"{other.table.name} has missing values where {one.table.name} has none:"
            f" {listed(found, shown)}",
            remedy="fill them as for training (an imputer in the model's pipeline)",
            sample=other,
            columns=tuple(found[:50]),
            share=float(shares[is_gap].max()),
            limit=missing,
        )


def _is_prepared_otherwise(a: Any, b: Any, *, shift: float, ratio: float) -> bool:
    """Whether a column lies elsewhere, or is spread otherwise, than drift would make it."""
    a, b = a[np.isfinite(a)], b[np.isfinite(b)]
    if min(len(a), len(b)) < _FEWEST:
        return False
    low_a, mid_a, high_a = np.quantile(a, [0.25, 0.5, 0.75])
    low_b, mid_b, high_b = np.quantile(b, [0.25, 0.5, 0.75])
    range_a, range_b = high_a - low_a, high_b - low_b
    if range_a <= 0 or range_b <= 0:
        return False
    is_elsewhere = abs(mid_a - mid_b) > shift * min(range_a, range_b)
    is_wider = not 1 / ratio < range_b / range_a < ratio
    return bool(is_elsewhere or is_wider)
