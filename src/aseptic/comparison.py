# ruff: noqa: RUF001, RUF002  # multiplication and minus signs are what people read
"""Runs side by side: what differs between them, and which way is better. Opens no store."""

from __future__ import annotations

import ast
import math
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec.structs import replace

from aseptic.code_diff import ChangedLines, changed_lines, diff_lines
from aseptic.contract import Change, Differences, DiffLine, DiffSection
from aseptic.direction import direction_of
from aseptic.series_names import is_diagnostic, without_diagnostics

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence

    from aseptic.model import (
        Cell,
        DataInput,
        Direction,
        GitState,
        Metric,
        Param,
        ParamUse,
        Run,
        Value,
    )
    from aseptic.store.base import RunColumns

#: A metric can be the main one if this share of the runs that the most frequent metric has
#: have it: one failed run must not decide which metric is looked at.
FREQUENT = 0.8

_SIDES: tuple[set[str], ...] = (
    {"val", "valid", "validation", "dev", "cv", "oof"},
    {"test", "eval", "holdout"},
    set(),  # a name that says nothing
    {"train", "training", "fit"},
    {"time", "seconds", "sec", "ms", "duration", "latency", "memory", "bytes"},  # a cost
)


class Delta(NamedTuple):
    """How far a value is from another, and whether that is better; None if it cannot be said."""

    value: float | None
    is_better: bool | None


def diff(before: Run, after: Run) -> Differences:
    """What changed from one run to the other: data, params, code, environment, git, metrics.

    A value that only one run has is a difference. `1`, `1.0` and `True` are three values, and
    NaN equals NaN. `same` counts what was compared and found equal. In `lines`, a row "skipped"
    with text is the heading of a cell; there are headings only where several cells differ.
    """
    return Differences(
        before=before.run_id,
        after=after.run_id,
        before_name=before.name,
        after_name=after.name,
        sections=[
            _diff_data(before.data_inputs, after.data_inputs),
            _diff_params(before.params, after.params),
            _diff_code(before, after),
            _diff_environment(before, after),
            _diff_git(before.git, after.git),
            _diff_metrics(before.metrics, after.metrics),
        ],
    )


def what_changed(before: Run, after: Run) -> list[Change]:
    """The causes that changed from one run to the other, in short: params, data, code, git.

    Code is one change named "code", with a note such as "+3 −1 lines". It is left out where all
    that changed in it are the constants assigned to params, since the params say that better.
    """
    return [
        *_diff_params(before.params, after.params).changes,
        *_diff_data(before.data_inputs, after.data_inputs).changes,
        *_code_in_short(before, after),
        *_diff_git(before.git, after.git).changes,
    ]


def delta(value: Value, baseline: Value, direction: Direction | None) -> Delta:
    """How far a metric's value is from the baseline's, and whether that is better.

    Equal values are neither better nor worse. NaN against a number is worse if the direction
    is known: the run diverged.
    """
    if not (_is_number(value) and _is_number(baseline)) or value == baseline:
        return Delta(0 if _is_number(value) and value == baseline else None, None)
    distance = value - baseline
    return Delta(
        distance if math.isfinite(distance) else None,
        None if direction is None else _is_better(value, baseline, direction),
    )


def differing(columns: RunColumns) -> set[str]:
    """The keys (`params.C`, `metrics.acc`, `data.X`, `status`) with more than one value.

    Missing is a value: a param that only some of the runs have differs. Not so for params that
    nobody set, which differ where they do among runs of one model: another model has other
    defaults, and its name tells that.
    """
    filled_in = {f"params.{name}" for name in columns.filled_in}
    models = columns.params.get("model", [None] * len(columns.run_ids))
    return {
        key
        for key, values in keyed(columns)
        if (_differ_within(values, models) if key in filled_in else _have_several_values(values))
    }


def _differ_within(values: list[Any], models: list[Any]) -> bool:
    by_model: dict[Hashable, list[Any]] = {}
    for value, model in zip(values, models, strict=True):
        if value is not None:
            by_model.setdefault(_identity(model), []).append(value)
    return any(map(_have_several_values, by_model.values()))


def keyed(columns: RunColumns) -> Iterator[tuple[str, list[Any]]]:
    """Every column with its key: the run fields, then `params.…`, `metrics.…` and `data.…`."""
    yield from columns.fields.items()
    for group in ("params", "metrics", "data"):
        for name, values in getattr(columns, group).items():
            yield f"{group}.{name}", values


def take(columns: RunColumns, rows: Sequence[int]) -> RunColumns:
    """Some of the runs, in the order of the rows given; columns without a value stay."""

    def taken(group: dict[str, list[Any]]) -> dict[str, list[Any]]:
        return {name: [values[i] for i in rows] for name, values in group.items()}

    return replace(
        columns,
        run_ids=[columns.run_ids[i] for i in rows],
        fields=taken(columns.fields),
        params=taken(columns.params),
        metrics=taken(columns.metrics),
        data=taken(columns.data),
    )


def judged(columns: RunColumns, *, asked: str = "") -> RunColumns:
    """The columns without the metrics that only tell how a training went.

    Those that `asked` names stay: a query, or the metric to sort by.
    """
    named = [name for name in columns.metrics if name in asked]
    shown = without_diagnostics(columns.metrics, keep=named)
    return replace(columns, metrics={name: columns.metrics[name] for name in shown})


def main_metric(columns: RunColumns) -> str | None:
    """The key (`metrics.acc`) of the metric to look at first, or None.

    Of the metrics that most runs have and whose direction is known: on validation data before
    test data before unnamed before training data before costs, then one where more is better.
    """
    counts = {
        name: sum(value is not None for value in values)
        for name, values in columns.metrics.items()
        if metric_direction(columns, name)
    }
    enough = max(1.0, FREQUENT * max(counts.values(), default=0))

    def rank(name: str) -> tuple[int, bool, int]:
        return _side(name), metric_direction(columns, name) != "max", -counts[name]

    best = min((name for name, count in counts.items() if count >= enough), key=rank, default=None)
    return best and f"metrics.{best}"


def metric_direction(columns: RunColumns, metric: str) -> Direction | None:
    """Which way is better: as the runs recorded it, else as the name tells."""
    return columns.directions.get(metric) or direction_of(metric)


# -- values -------------------------------------------------------------------------------------


def _changes(
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    *,
    identity: Callable[[Any], Hashable] | None = None,
    value: Callable[[Any], Value] = lambda thing: thing,
) -> list[Change]:
    """What differs between two mappings, in the order of `after`, then what only `before` has."""
    same = identity or _identity
    changes = []
    for name in (*after, *(name for name in before if name not in after)):
        if name not in before:
            changes.append(Change(name=name, kind="added", after=value(after[name])))
        elif name not in after:
            changes.append(Change(name=name, kind="removed", before=value(before[name])))
        elif same(before[name]) != same(after[name]):
            old, new = value(before[name]), value(after[name])
            changes.append(Change(name=name, kind="changed", before=old, after=new))
    return changes


def _count_same(before: Iterable[str], after: Iterable[str], changes: list[Change]) -> int:
    return len({*before, *after}) - len(changes)


def _identity(value: Value) -> Hashable:
    """Equal for equal values of the same type: 1, 1.0 and True differ; NaN is NaN."""
    if isinstance(value, float):
        return "float", repr(value)
    if isinstance(value, (tuple, list)):
        return "tuple", tuple(_identity(item) for item in value)
    if isinstance(value, dict):
        return "dict", frozenset((key, _identity(item)) for key, item in value.items())
    return type(value).__name__, value


def _have_several_values(values: list[Any]) -> bool:
    first = _identity(values[0]) if values else None
    return any(_identity(value) != first for value in values)


def _is_number(value: Value) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_better(value: float, baseline: float, direction: Direction) -> bool | None:
    if math.isnan(value) or math.isnan(baseline):
        return None if math.isnan(value) and math.isnan(baseline) else math.isnan(baseline)
    return value > baseline if direction == "max" else value < baseline


def _side(metric: str) -> int:
    """Which data a metric's name speaks of, as a place in the order of preference."""
    words = set(re.split(r"[^a-z]+", metric.lower()))
    return max((i for i, side in enumerate(_SIDES) if words & side), default=2)


# -- params and metrics -------------------------------------------------------------------------


def _diff_params(before: Mapping[str, Param], after: Mapping[str, Param]) -> DiffSection:
    changes = _changes(before, after, identity=_uses, value=lambda param: param.value)
    told = [change for change in changes if not _is_other_default(change, before, after)]
    told.sort(key=lambda change: (after.get(change.name) or before[change.name]).is_filled_in)
    return DiffSection(
        kind="params",
        changes=[
            replace(change, note=_uses_note(before.get(change.name), after.get(change.name)))
            for change in told
        ],
        same=_count_same(before, after, changes),
        note=_other_defaults(len(changes) - len(told)),
    )


def _is_other_default(
    change: Change, before: Mapping[str, Param], after: Mapping[str, Param]
) -> bool:
    """Whether it is a default that one run has because its model is another."""
    one = after.get(change.name) or before[change.name]
    return change.kind != "changed" and one.is_filled_in


def _other_defaults(many: int) -> str | None:
    return f"{many} defaults that only one of the runs has" if many else None


def _uses(param: Param) -> Hashable:
    return tuple(_identity(use.value) for use in param.uses)


def _uses_note(before: Param | None, after: Param | None) -> str | None:
    counts = [len(param.uses) if param else 1 for param in (before, after)]
    if max(counts) == 1:
        return None
    if before and after and counts[0] != counts[1]:
        return f"{counts[0]} → {counts[1]} values in one run"
    return f"{max(counts)} values in one run"


def _diff_metrics(before: Mapping[str, Metric], after: Mapping[str, Metric]) -> DiffSection:
    before = {name: metric for name, metric in before.items() if not is_diagnostic(name)}
    after = {name: metric for name, metric in after.items() if not is_diagnostic(name)}
    changes = _changes(before, after, identity=_number, value=lambda metric: metric.value)
    return DiffSection(
        kind="metrics",
        changes=[_judged(change, before, after) for change in changes],
        same=_count_same(before, after, changes),
    )


def _number(metric: Metric) -> Hashable:
    return "nan" if math.isnan(metric.value) else metric.value


def _judged(change: Change, before: Mapping[str, Metric], after: Mapping[str, Metric]) -> Change:
    metrics = [runs[change.name] for runs in (after, before) if change.name in runs]
    known = [metric.direction for metric in metrics if metric.direction]
    direction = known[0] if known else direction_of(change.name)
    value, is_better = delta(change.after, change.before, direction)
    return replace(change, delta=value, is_better=is_better)


# -- data ---------------------------------------------------------------------------------------


def _diff_data(before: Mapping[str, DataInput], after: Mapping[str, DataInput]) -> DiffSection:
    changes = _changes(before, after, identity=_content, value=lambda data: data.digest)
    unknown = [name for name in after if name in before and _is_unknown(before[name], after[name])]
    sure = [change for change in changes if change.name not in unknown]
    return DiffSection(
        kind="data",
        changes=[replace(change, note=_data_note(change, before, after)) for change in sure],
        same=_count_same(before, after, sure) - len(unknown),
        note="; ".join(_why_unknown(before[name], after[name]) for name in unknown) or None,
    )


def _content(data: DataInput) -> Hashable:
    return data.digest or data.shape


def _is_unknown(before: DataInput, after: DataInput) -> bool:
    """Whether it cannot be said that the content is the same or not."""
    return not (before.digest and after.digest) and before.shape == after.shape


def _why_unknown(before: DataInput, after: DataInput) -> str:
    without = after if after.digest is None else before
    return f"{after.name} cannot be compared: {without.reason or 'it has no digest'}"


def _data_note(
    change: Change, before: Mapping[str, DataInput], after: Mapping[str, DataInput]
) -> str | None:
    if change.kind == "changed":
        return _what_differs(before[change.name], after[change.name])
    others, digest = (before, change.after) if change.kind == "added" else (after, change.before)
    twins = [name for name, data in others.items() if digest and data.digest == digest]
    return f"same content as {twins[0]}" if twins else None


def _what_differs(before: DataInput, after: DataInput) -> str:
    """Shape, columns and types; else which columns' statistics differ; else only the values."""
    words = []
    if before.shape != after.shape:
        words.append(f"{_shape(before)} → {_shape(after)}")
    words += _column_words(before, after)
    return ", ".join(words) or "same shape, other values or another order"


def _shape(data: DataInput) -> str:
    return " × ".join(f"{length:,}" for length in data.shape) or "no shape"


def _column_words(before: DataInput, after: DataInput) -> list[str]:
    old = {column.name: column for column in before.columns}
    new = {column.name: column for column in after.columns}
    if not (old and new):
        return []
    both = [name for name in new if name in old]
    retyped = [name for name in both if old[name].dtype != new[name].dtype]
    changed = [name for name in both if name not in retyped and old[name] != new[name]]
    is_reordered = list(old) != list(new) and set(old) == set(new)
    return [
        *_named("added", [name for name in new if name not in old]),
        *_named("removed", [name for name in old if name not in new]),
        *(f"{name} {old[name].dtype} → {new[name].dtype}" for name in retyped[:3]),
        *(["columns in another order"] if is_reordered else []),
        *(_named("changed", changed) if before.shape == after.shape else []),
    ]


def _named(verb: str, columns: list[str]) -> list[str]:
    if not columns:
        return []
    more = f" and {len(columns) - 3} more" if len(columns) > 3 else ""
    noun = "column" if len(columns) == 1 else "columns"
    return [f"{noun} {', '.join(columns[:3])}{more} {verb}"]


# -- code ---------------------------------------------------------------------------------------


class _CellPair(NamedTuple):
    """One cell as it was in both runs; None where a run did not have it."""

    before_name: str | None
    after_name: str | None
    before: str | None
    after: str | None

    @property
    def is_same(self) -> bool:
        return (self.before or "").rstrip() == (self.after or "").rstrip()

    @property
    def changed(self) -> ChangedLines:
        return changed_lines(self.before or "", self.after or "")


def _diff_code(before: Run, after: Run) -> DiffSection:
    pairs = _cell_pairs(before, after)
    changed = [pair for pair in pairs if not pair.is_same]
    blocks = [(pair, diff_lines(pair.before or "", pair.after or "")) for pair in changed]
    blocks = [(pair, lines) for pair, lines in blocks if lines]
    has_headings = any(pair.before_name != _OWN for pair, _ in blocks)
    return DiffSection(
        kind="code",
        changes=[_code_change(pair) for pair, _ in blocks],
        same=len(pairs) - len(blocks),
        lines=_under_headings(blocks)
        if has_headings
        else [row for _, rows in blocks for row in rows],
        note=None if before.source or after.source else "neither run has code",
    )


def _under_headings(blocks: list[tuple[_CellPair, list[DiffLine]]]) -> list[DiffLine]:
    """The rows of several cells; the next heading says well enough that lines are skipped."""
    rows: list[DiffLine] = []
    for pair, lines in blocks:
        if rows and rows[-1].kind == "skipped":
            rows.pop()
        rows += [DiffLine(kind="skipped", before=pair.before_name, after=pair.after_name), *lines]
    return rows


def _code_change(pair: _CellPair) -> Change:
    kind: Any = "changed"
    if pair.before is None or pair.after is None:
        kind = "added" if pair.before is None else "removed"
    name = pair.after_name or pair.before_name or ""
    return Change(name=name, kind=kind, note=str(pair.changed))


def _code_in_short(before: Run, after: Run) -> list[Change]:
    pairs = [pair for pair in _cell_pairs(before, after) if not pair.is_same]
    values = {repr(use.value) for run in (before, after) for use in _uses_of(run)}
    if all(_only_sets_params(pair, values) for pair in pairs):
        return []
    changed = [pair.changed for pair in pairs]
    removed = [line for lines in changed for line in lines.removed]
    added = [line for lines in changed for line in lines.added]
    return [Change(name="code", kind="changed", note=str(ChangedLines(removed, added)))]


def _uses_of(run: Run) -> Iterator[ParamUse]:
    return (use for param in run.params.values() for use in param.uses)


def _only_sets_params(pair: _CellPair, values: set[str]) -> bool:
    """Whether all that changed in a cell are constants, and these are values of params."""
    before, after = _constants(pair.before or ""), _constants(pair.after or "")
    if before is None or after is None or before.tree != after.tree:
        return False
    changed = [(a, b) for a, b in zip(before.values, after.values, strict=True) if a != b]
    return all(repr(value) in values for two in changed for value in two)


class _Constants(NamedTuple):
    """A cell's tree without its constants, and these in their order."""

    tree: str
    values: list[Value]


def _constants(source: str) -> _Constants | None:
    """None for a source that is no plain Python."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return None
    without = _WithoutConstants()
    return _Constants(ast.dump(without.visit(tree)), without.values)


class _WithoutConstants(ast.NodeTransformer):
    def __init__(self) -> None:
        self.values: list[Value] = []

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:  # ast's name
        is_negative = isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant)
        if not is_negative or not _is_number(node.operand.value):  # type: ignore[attr-defined]  # a Constant
            return self.generic_visit(node)
        self.values.append(-node.operand.value)  # type: ignore[attr-defined]  # as above
        return ast.Constant(value=None)

    def visit_Constant(self, node: ast.Constant) -> ast.AST:  # ast's name
        self.values.append(node.value)
        return ast.Constant(value=None)


_OWN = "this cell"


def _cell_pairs(before: Run, after: Run) -> list[_CellPair]:
    """The runs' own cells, then the earlier cells that they depend on, each with its like."""
    own = _CellPair(_OWN, _OWN, _untracked(before.source), _untracked(after.source))
    old, new = _earlier_cells(before), _earlier_cells(after)
    keys = [*new, *(key for key in old if key not in new)]
    return [own, *(_pair(old.get(key), new.get(key)) for key in keys)]


def _pair(before: Cell | None, after: Cell | None) -> _CellPair:
    return _CellPair(
        f"cell {before.order}" if before else None,
        f"cell {after.order}" if after else None,
        before.source if before else None,
        after.source if after else None,
    )


def _untracked(source: str) -> str:
    """The source with its `%%track` line blank: a run's name in it is no change of code."""
    return re.sub(r"\A\s*%%track[^\n]*", "", source)


def _earlier_cells(run: Run) -> dict[Hashable, Cell]:
    """The last version of each earlier cell that made a name the run's cell depends on.

    By the chain of names read and written. Keyed by the notebook's id of the cell, or by the
    names that it writes, so that two sessions' cells can be paired.
    """
    own = next((cell for cell in reversed(run.cells) if cell.run_id == run.run_id), None)
    needed = set(own.reads) if own else set()
    found: dict[Hashable, Cell] = {}
    for cell in sorted(run.cells, key=lambda cell: cell.order, reverse=True):
        if own is None or cell.order >= own.order or not needed & {*cell.writes, *cell.mutates}:
            continue
        if cell.status == "ok":  # a cell that failed may not have bound all that it writes
            needed -= set(cell.writes)
        needed |= set(cell.reads)
        if _key(cell) != _key(own):
            found.setdefault(_key(cell), cell)
    return dict(reversed(found.items()))


def _key(cell: Cell) -> Hashable:
    return cell.cell_id or tuple(sorted(cell.writes))


# -- environment and git ------------------------------------------------------------------------


def _diff_environment(before: Run, after: Run) -> DiffSection:
    old, new = _settings(before), _settings(after)
    changes = _changes(old, new)
    return DiffSection(kind="environment", changes=changes, same=_count_same(old, new, changes))


def _settings(run: Run) -> dict[str, Value]:
    """What the run ran on: interpreter, machine, seeds that were set, packages."""
    environment = run.environment
    # A digest of a generator's state is text: it moves on with every draw and says no cause.
    seeds = {f"{k} seed": v for k, v in environment.seeds.items() if not isinstance(v, str)}
    machine = {
        "Python": environment.python,
        "platform": environment.platform,
        "cpu": environment.cpu,
        "gpus": environment.gpus,
        "seed": run.seed,
    }
    known = {name: value for name, value in machine.items() if value not in (None, "", ())}
    return {**known, **seeds, **environment.packages}


def _diff_git(before: GitState, after: GitState) -> DiffSection:
    if before.commit is None and after.commit is None:
        reason = after.reason or before.reason or "no commit"
        note = f"neither run has a git state: {reason}"
        return DiffSection(kind="git", changes=[], same=0, note=note)
    old, new = _git_facts(before), _git_facts(after)
    changes = _changes(old, new, identity=lambda fact: fact[1], value=lambda fact: fact[0])
    return DiffSection(
        kind="git",
        changes=[
            replace(change, note=_files(after) if change.name == "uncommitted" else None)
            for change in changes
        ],
        same=_count_same(old, new, changes),
        note=next((git.reason for git in (after, before) if git.commit is None), None),
    )


def _git_facts(git: GitState) -> dict[str, tuple[Value, Hashable]]:
    """Each fact as shown, and as compared."""
    facts = {"commit": git.commit, "branch": git.branch, "remote": git.remote}
    known: dict[str, tuple[Value, Hashable]] = {k: (v, v) for k, v in facts.items() if v}
    if git.is_dirty is not None:
        count = len(git.changed)
        text = f"{count} file{'' if count == 1 else 's'}" if git.is_dirty else "none"
        known["uncommitted"] = text, (git.is_dirty, git.changed, git.diff_digest)
    return known


def _files(git: GitState) -> str | None:
    more = f" and {len(git.changed) - 5} more" if len(git.changed) > 5 else ""
    return ", ".join(git.changed[:5]) + more if git.changed else None
