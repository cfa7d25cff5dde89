"""D29: the data are not what they were in the run that this one is compared with."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from aseptic.checks import plots
from aseptic.checks.check import NotApplicable, check
from aseptic.checks.statistics import kolmogorov_p, normal_p, two_proportions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from aseptic.checks.evidence import Evidence
    from aseptic.model import ColumnSchema, DataInput, Finding, Run

_LEVELS = np.array([0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0])
_FEW = 0.05  # of the rows of the sketch: so few distinct values are all seen
_LEAST_ROWS = 30
_NUMBERS = ("int", "uint", "float", "bool", "Int", "UInt", "Float", "double", "decimal")


class _Pair(NamedTuple):
    """One column, then and now: how many rows each sketch is of, and how many miss it."""

    before: ColumnSchema
    now: ColumnSchema
    rows: tuple[int, int]
    missing: tuple[float, float]  # shares


class _Change(NamedTuple):
    what: str
    numbers: dict[str, Any]


@check("D29", severity="warning", needs=("run",), cost="look")
def drift_from_baseline(
    run: Evidence, *, effect: float = 0.1, p: float = 0.005, missing: float = 0.05
) -> Iterator[Finding]:
    """The data are not what they were in the baseline run.

    Why: two runs can only be compared on the same kind of data; and a model that was chosen on the
    older data has not been judged on the newer ones.

    Method: the columns of each data input of the same name, by the sketches that both runs keep of
    them: so it works when the data are gone. Numbers: the largest distance of the two distributions
    at their quantiles counts from `effect` on, for numbers of few distinct values the difference of
    the means in standard deviations from twice `effect` on; missing values count where their share
    differs by `missing`. All with a p-value below `p` divided by the number of comparisons, for as
    many rows as the sketches are of. A new type, and columns that are new or gone, are said as they
    are. The baseline is the newest earlier run of the experiment that is marked as one, else the
    run of any experiment that is tagged `deployed`, else the one before of this experiment.

    Remedy: look at what changed between the two versions of the data; mark a new baseline if the
    change is meant.

    Bad::

        from aseptic.capture.data import describe
        from aseptic.testing.runs import make_run
        rng = np.random.default_rng(0)
        old, new = (pd.DataFrame({"age": rng.normal(at, 5, 500)}) for at in (40, 44))
        run = make_run(data_inputs={"people": describe("people", new)})
        earlier = [make_run(data_inputs={"people": describe("people", old)}, is_baseline=True)]

    Good::

        from aseptic.capture.data import describe
        from aseptic.testing.runs import make_run
        rng = np.random.default_rng(0)
        old, new = (pd.DataFrame({"age": rng.normal(40, 5, 500)}) for _ in range(2))
        run = make_run(data_inputs={"people": describe("people", new)})
        earlier = [make_run(data_inputs={"people": describe("people", old)}, is_baseline=True)]
    """
    assert run.run is not None
    baseline = _baseline(run)
    changed = changed_inputs(baseline, run.run)
    schema = [one for pair in changed for one in _schema_changes(run, baseline, *pair)]
    found = list(column_changes(changed, effect=effect, p=p, missing=missing))
    if not (schema or found):
        _refuse_without_sketches(changed)
    yield from schema
    for now, pair, change in found:
        yield run.finding(
            f"{pair.now.name} of {now.name} {change.what} in the run {baseline.name}",
            subject=pair.now.name,
            plot=_plot(pair, baseline),
            baseline=baseline.run_id,
            rows_of_sketches=pair.rows,
            **change.numbers,
        )


def _refuse_without_sketches(changed: Sequence[tuple[DataInput, DataInput]]) -> None:
    """Raises NotApplicable where a column could not be compared: nothing is known to be clean."""
    pairs = [pair for before, now in changed for pair in _column_pairs(before, now)]
    unknown = [one.now.name for one in pairs if None in (one.before.missing, one.now.missing)]
    if unknown:
        raise NotApplicable(
            f"no sketch was kept of {len(unknown)} of {len(pairs)} columns, such as {unknown[0]}"
        )


def _baseline(run: Evidence) -> Run:
    """The run to compare with. Raises NotApplicable where there is none."""
    assert run.run is not None
    deployed = run.deployed()
    earlier = run.earlier() if deployed else run.history()
    others = [one for one in earlier if one.run_id != run.run.run_id and one.trashed_at is None]
    marked = [one for one in others if one.is_baseline]
    own = [one for one in marked if one.experiment == run.run.experiment]
    in_use = [deployed] if deployed and same_tables(deployed, run.run) else []
    same = [one for one in others if one.experiment == run.run.experiment and one.data_inputs]
    found = next(iter([*own, *in_use, *marked, *same]), None)
    if found is None:
        raise NotApplicable("no earlier run of this experiment, and none is marked as a baseline")
    return found


def same_tables(baseline: Run, run: Run) -> list[tuple[DataInput, DataInput]]:
    """The tables that both runs read under one name: as the baseline read it, and the run."""
    return [
        (baseline.data_inputs[name], now)
        for name, now in run.data_inputs.items()
        if name in baseline.data_inputs and now.columns and baseline.data_inputs[name].columns
    ]


def changed_inputs(baseline: Run, run: Run) -> list[tuple[DataInput, DataInput]]:
    """The tables of both runs that are not equal. Raises NotApplicable where there is none."""
    found = same_tables(baseline, run)
    if not found:
        raise NotApplicable(f"no table of this run was read by the run {baseline.name} too")
    return [(before, now) for before, now in found if not _is_equal(before, now)]


def column_changes(
    changed: Sequence[tuple[DataInput, DataInput]], *, effect: float, p: float, missing: float
) -> Iterator[tuple[DataInput, _Pair, _Change]]:
    """The columns that are not what they were, with their table as it is now."""
    comparisons = 2 * max(1, sum(len(now.columns) for _, now in changed))
    for before, now in changed:
        for pair in _column_pairs(before, now):
            change = _change(pair, effect, p / comparisons, missing)
            if change is not None:
                yield now, pair, change


def _is_equal(before: DataInput, now: DataInput) -> bool:
    return before.digest is not None and before.digest == now.digest


# -- columns that came, went or changed their type ------------------------------------------------
def _schema_changes(
    run: Evidence, baseline: Run, before: DataInput, now: DataInput
) -> Iterator[Finding]:
    old, new = [one.name for one in before.columns], [one.name for one in now.columns]
    gone, added = [x for x in old if x not in set(new)], [x for x in new if x not in set(old)]
    for names, verb in ((gone, "no longer has"), (added, "newly has")):
        if names:
            what = names[0] if len(names) == 1 else f"{len(names)} columns, such as {names[0]}"
            yield run.finding(
                f"{now.name} {verb} {what}, compared with the run {baseline.name}",
                subject=now.name,
                severity="info",
                baseline=baseline.run_id,
                columns=tuple(names[:20]),
            )


def _column_pairs(before: DataInput, now: DataInput) -> Iterator[_Pair]:
    """The columns of both, by name; those that a table has twice are left out."""
    known = {column.name: column for column in before.columns}
    once = len(known) == len(before.columns)
    for column in now.columns:
        if column.name in known and once:
            earlier = known[column.name]
            shares = _missing_share(earlier, before), _missing_share(column, now)
            yield _Pair(earlier, column, (before.sketch_rows or 0, now.sketch_rows or 0), shares)


def _missing_share(column: ColumnSchema, data: DataInput) -> float:
    rows = data.shape[0] if data.shape else 0
    return min(1.0, (column.missing or 0) / max(1, rows))


# -- one column -----------------------------------------------------------------------------------
def _change(pair: _Pair, effect: float, p: float, missing: float) -> _Change | None:
    if _is_number(pair.before) != _is_number(pair.now):
        what = f"is of type {pair.now.dtype}, but was {pair.before.dtype}"
        return _Change(what, {})
    if min(pair.rows) < _LEAST_ROWS:
        return None
    return (
        _missing_change(pair, p, missing)
        or _number_change(pair, effect, p)
        or _distinct_change(pair)
    )


def _is_number(column: ColumnSchema) -> bool:
    return column.dtype.startswith(_NUMBERS)


def _missing_change(pair: _Pair, p: float, missing: float) -> _Change | None:
    if pair.before.missing is None or pair.now.missing is None:
        return None
    hits = [round(share * rows) for share, rows in zip(pair.missing, pair.rows, strict=True)]
    found = two_proportions(hits[0], pair.rows[0], hits[1], pair.rows[1])
    if abs(found.effect) < missing or found.p >= p:
        return None
    what = f"is missing in {pair.missing[1]:.1%} of the rows, but was in {pair.missing[0]:.1%}"
    return _Change(what, {"difference": found.effect, "limit": missing, "p": found.p})


def _number_change(pair: _Pair, effect: float, p: float) -> _Change | None:
    before, now = pair.before, pair.now
    if len(before.quantiles) != len(_LEVELS) or len(now.quantiles) != len(_LEVELS):
        return None
    if before.mean is None or now.mean is None or before.std is None or now.std is None:
        return None
    n_before, n_now = (
        rows * (1 - share) for rows, share in zip(pair.rows, pair.missing, strict=True)
    )
    if min(n_before, n_now) < _LEAST_ROWS:
        return None
    described = f"has median {now.quantiles[3]:.4g}, but had {before.quantiles[3]:.4g}"
    if _is_coarse(before.quantiles) or _is_coarse(now.quantiles):
        error = math.sqrt(before.std**2 / n_before + now.std**2 / n_now)
        spread = math.sqrt((before.std**2 + now.std**2) / 2)
        shift = abs(now.mean - before.mean)
        if not spread or shift / spread < 2 * effect or normal_p(shift / error) >= p:
            return None
        described = f"has mean {now.mean:.4g}, but had {before.mean:.4g}"
        return _Change(
            described,
            {"shift": shift / spread, "limit": 2 * effect, "p": normal_p(shift / error)},
        )
    distance = _distance(before.quantiles, now.quantiles)
    chance = kolmogorov_p(distance, n_before, n_now)
    if distance < effect or chance >= p:
        return None
    return _Change(described, {"distance": distance, "limit": effect, "p": chance})


def _is_coarse(quantiles: Sequence[float]) -> bool:
    """Whether values repeat so often that two quantiles are equal."""
    return len(set(quantiles)) < len(quantiles)


def _distance(before: Sequence[float], now: Sequence[float]) -> float:
    """The largest distance of two distributions at the quantiles of both, linear between them."""
    one, other = np.asarray(before), np.asarray(now)
    at_one = np.abs(np.interp(one[1:-1], other, _LEVELS, 0.0, 1.0) - _LEVELS[1:-1])
    at_other = np.abs(np.interp(other[1:-1], one, _LEVELS, 0.0, 1.0) - _LEVELS[1:-1])
    return float(max(at_one.max(), at_other.max()))


def _distinct_change(pair: _Pair) -> _Change | None:
    """Texts of few distinct values that are many more, or many fewer, than they were."""
    if _is_number(pair.now) or not pair.before.distinct or not pair.now.distinct:
        return None
    few = _FEW * min(pair.rows)
    less, more = sorted((pair.before.distinct, pair.now.distinct))
    if less > few or more < 2 * less + 3:
        return None
    what = f"has {pair.now.distinct:,} distinct values, but had {pair.before.distinct:,}"
    return _Change(what, {"distinct": pair.now.distinct, "before": pair.before.distinct})


def _plot(pair: _Pair, baseline: Run) -> dict[str, object] | None:
    if not pair.before.quantiles or not pair.now.quantiles:
        return None
    series = {baseline.name: pair.before.quantiles, "now": pair.now.quantiles}
    return plots.lines(_LEVELS.tolist(), series, x="quantile", y=pair.now.name)
