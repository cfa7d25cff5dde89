"""What checks may look at after a cell: its data with their roles, its model, its run.

Who is train and who is test is known from what estimators did with the data (`capture/lineage.py`),
else from the names of variables; what a person said with `aseptic.roles` comes first. Data are
recognised by their rows, so a frame counts as train where the fit saw some of its columns.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from aseptic.capture.fit_watch import is_plain, plain_columns, rows_seen, table_kind
from aseptic.checks.check import NotApplicable
from aseptic.checks.evidence import Evidence
from aseptic.checks.recorded import deployed_run, earlier_runs
from aseptic.checks.roles import is_target_name, role_of
from aseptic.checks.tables import Table
from aseptic.errors import AsepticError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from aseptic.capture.lineage import DataUse, Lineage, RowsSeen
    from aseptic.checks.tables import Role
    from aseptic.model import Run
    from aseptic.store.base import Store
    from aseptic.training_watch import Logged

_MIN_ROWS = 20  # an array that only its name calls data has so many
_MAX_UNNAMED = 3  # frames without a role
#: Words of names for what comes out of a model or a split, and is no data for it.
_RESULTS = frozenset(
    {"acc", "accuracy", "auc", "curve", "cm", "err", "error", "errors", "f1", "history", "idx"}
    | {"ids", "index", "indexes", "indices", "loss", "losses", "mask", "metric", "metrics", "mse"}
    | {"pred", "prediction", "predictions", "preds", "prob", "proba", "probas", "probs", "rmse"}
    | {"residuals", "result", "results", "score", "scores", "size", "sizes", "time", "times"}
)
_WORDS = re.compile(r"[^A-Za-z0-9]+|(?<=[a-z])(?=[A-Z])")


class Assigned(NamedTuple):
    """A variable's role, and what tells it."""

    role: Role
    role_from: str  # `roles`, such as `SVC.fit`, or `name`


@dataclass
class CellData:
    """The data of one cell: its tables for checks, and the role of each variable."""

    tables: list[Table] = field(default_factory=list)
    roles: dict[str, Assigned] = field(default_factory=dict)


def evidence_of(
    names: Iterable[str],
    namespace: Mapping[str, Any],
    lineage: Lineage,
    *,
    declared: Mapping[str, tuple[str, ...]],
    run: Run,
    store: Store,
    settings: Mapping[str, Any],
    earlier: Sequence[Run] | None = None,
    logged: Logged | None = None,
) -> tuple[Evidence, dict[str, Assigned]]:
    """What is known of a cell, for the checks that run by themselves; and the roles of its data."""
    found = _Finder(names, namespace, lineage).find(declared)
    evidence = Evidence(
        tables=tuple(found.tables),
        model=_model(names, namespace, lineage),
        run=run,
        earlier=_earlier(run, store) if earlier is None else lambda: earlier,
        find_deployed=_find_deployed(run, store),
        series=logged.series if logged else {},
        times=logged.times if logged else {},
        facts={name: float(metric.value) for name, metric in run.metrics.items()},
        settings=settings,
        lineage=lineage,
        depth="automatic",
    )
    return evidence, found.roles


class _Finder:
    """Looks through the variables of a cell, each hashed at most once."""

    def __init__(
        self, names: Iterable[str], namespace: Mapping[str, Any], lineage: Lineage
    ) -> None:
        self._lineage = lineage
        self._data = {
            name: namespace[name]
            for name in sorted(names)
            if name in namespace and name[:1] != "_" and _is_tabular(namespace[name])
        }
        self._hashed: dict[tuple[str, tuple[str, ...]], RowsSeen] = {}
        self._found = CellData()
        self._filled: set[str] = set()

    def find(self, declared: Mapping[str, tuple[str, ...]]) -> CellData:
        """The tables and roles, by what is surest first."""
        self._from_declarations(declared)
        self._from_uses()
        self._from_names()
        self._rest()
        return self._found

    # -- the three sources ----------------------------------------------------------------------
    def _from_declarations(self, declared: Mapping[str, tuple[str, ...]]) -> None:
        for role, names in declared.items():
            known = [name for name in names if name in self._data]
            if known:
                target = known[1] if len(known) > 1 else self._target_by_name(known[0], role)
                self._add(known[0], role, "roles", target=target)

    def _from_uses(self) -> None:
        for use, seen, role in _roles_of_uses(self._lineage):
            matches = [
                (name, columns) for name in self._data for columns in self._match(name, seen)
            ]
            if not matches:
                self._add_part(seen, role, use.said)
                continue
            targets = list(self._targets(use, matches)) if seen is use.features else []
            for name, columns in sorted(matches, key=lambda match: bool(match[1])):
                own = role_of(name)
                is_finer = role == "test" and own in ("validation", "train")
                self._add(
                    name,
                    own if is_finer and own is not None else role,
                    "name" if is_finer else use.said,
                    columns=columns,
                    target=targets[0] if targets else None,
                )
            for target in targets:
                if target in self._data and matches and matches[0][0] in self._found.roles:
                    role_found = self._found.roles[matches[0][0]]
                    self._found.roles.setdefault(target, role_found)

    def _from_names(self) -> None:
        named = [name for name in self._data if name not in self._found.roles]
        for name in sorted(named, key=lambda name: not name.lower().startswith("x")):
            role = role_of(name)
            if role is None or _words_of(name) & _RESULTS:
                continue
            if is_target_name(name) or self._data[name].ndim != 2:
                self._found.roles[name] = Assigned(role, "name")
            elif role not in self._filled and len(self._data[name]) >= _MIN_ROWS:
                self._add(name, role, "name", target=self._target_by_name(name, role))

    def _rest(self) -> None:
        """Frames of no role: data all the same."""
        frames = [
            name
            for name, data in self._data.items()
            if name not in self._found.roles and table_kind(data) == "dataframe"
        ]
        for name in sorted(frames, key=lambda name: -len(self._data[name]))[:_MAX_UNNAMED]:
            self._make(name, "data", self._data[name], self._target_by_name(name, None))

    # -- within ---------------------------------------------------------------------------------
    def _add(
        self,
        name: str,
        role: Any,
        role_from: str,
        *,
        columns: tuple[str, ...] = (),
        target: str | None = None,
    ) -> None:
        if name in self._found.roles:
            return
        self._found.roles[name] = Assigned(role, role_from)
        if target in self._data:
            assert target is not None
            self._found.roles.setdefault(target, Assigned(role, role_from))
        if any(self._is_same(name, table.name) for table in self._found.tables):
            return  # the same rows under two names are one table
        data = self._data[name]
        if columns:
            kept = [*columns, target] if target in set(map(str, data.columns)) else [*columns]
            data = _with_columns(data, kept)
        if self._make(name, role, data, target):
            self._filled.add(role)

    def _add_part(self, seen: RowsSeen, role: Role, said: str) -> None:
        """Adds the rows that an estimator saw, where they are some of those of a variable."""
        wholes = sorted((len(data), name) for name, data in self._data.items() if data.ndim == 2)
        for size, name in wholes:
            data = self._data[name]
            if role in self._filled or size <= seen.rows or data.shape[1] != seen.width:
                continue
            rows = _places_of(seen, self._hash(name))
            if rows is None:
                continue
            target = self._target_by_name(name, role_of(name))
            targets = None if target is None else _take(self._data[target], rows)
            part = f"{seen.rows:,} rows of {name}"
            if self._make(part, role, _take(data, rows), targets):
                self._found.roles.setdefault(name, Assigned(role, said))
                self._filled.add(role)

    def _make(self, name: str, role: Role, data: Any, target: Any) -> bool:
        """Adds a table, with its target (values, or the name of a variable or column)."""
        is_name = isinstance(target, str)
        targets = [] if target is None else [self._data.get(target, target) if is_name else target]
        if table_kind(data) == "dataframe":
            kept = plain_columns(data)
            data = data if len(kept) == data.shape[1] else data.iloc[:, kept]
        elif not is_plain(data):
            return False
        for one in [*targets, None]:
            try:
                self._found.tables.append(Table(name, role, data, one))
            except NotApplicable:
                continue
            return True
        return False

    def _is_same(self, name: str, other: str) -> bool:
        """Whether two variables hold the same rows."""
        if other not in self._data or len(self._data[name]) != len(self._data[other]):
            return False
        return self._hash(name).equals(self._hash(other))

    def _match(self, name: str, seen: RowsSeen) -> Iterator[tuple[str, ...]]:
        """Under which columns a variable holds the rows that an estimator saw: () for all."""
        data = self._data[name]
        if seen.hashes is None or len(data) != seen.rows:
            return
        width = data.shape[1] if data.ndim == 2 else 1
        if width == seen.width:
            if self._hash(name).equals(seen):
                yield ()
        elif seen.columns and table_kind(data) == "dataframe" and width > seen.width:
            labels = list(map(str, data.columns))
            is_part = len(set(labels)) == width and set(seen.columns) <= set(labels)
            if is_part and self._hash(name, seen.columns).equals(seen):
                yield seen.columns

    def _targets(
        self, use: DataUse, matches: Sequence[tuple[str, tuple[str, ...]]]
    ) -> Iterator[str]:
        """What holds the targets of a use: a variable, or a column beside the features."""
        seen = use.target
        if seen is None or seen.hashes is None:
            return
        yield from (
            name for name in self._data for columns in self._match(name, seen) if not columns
        )
        for name, columns in matches:
            if columns:
                others = [one for one in map(str, self._data[name].columns) if one not in columns]
                yield from (one for one in others[:50] if self._hash(name, (one,)).equals(seen))

    def _hash(self, name: str, columns: tuple[str, ...] = ()) -> RowsSeen:
        key = (name, columns)
        if key not in self._hashed:
            data = self._data[name]
            self._hashed[key] = rows_seen(_with_columns(data, columns) if columns else data)
        return self._hashed[key]

    def _target_by_name(self, name: str, role: str | None) -> str | None:
        """The variable with the targets of these features: of the same role and length."""
        if not _says_features(name):
            return None
        return next(
            (
                other
                for other, data in self._data.items()
                if is_target_name(other)
                and role_of(other) == (role_of(name) or role)
                and len(data) == len(self._data[name])
                and (data.ndim == 1 or data.shape[1] == 1)
            ),
            None,
        )


def _roles_of_uses(lineage: Lineage) -> Iterator[tuple[DataUse, RowsSeen, Role]]:
    """The rows that the cell's estimators saw, with their role; training first."""
    uses = lineage.current
    for use in reversed(uses):  # the last fit is the model that stays
        if use.trains:
            yield use, use.features, "train"
    for use in uses:
        for seen in use.evaluated:
            yield use, seen, "validation"
    judging = [use for use in uses if use.judges and not use.is_cross_validation]
    choosing = _used_for_choosing(lineage, judging)
    for use in judging:
        trained = lineage.training_of(use)
        is_training = any(one.features.equals(use.features) for one in trained)
        is_judged = bool(trained) or use.method not in ("predict", "predict_proba")
        if not is_training and is_judged and use.features.hashes is not None:
            is_choosing = use.features.hashes.tobytes() in choosing
            yield use, use.features, "validation" if is_choosing else "test"


def _used_for_choosing(lineage: Lineage, judging: Sequence[DataUse]) -> set[bytes]:
    """Rows that judged several fits, while other rows judged later, and only one."""
    fits: dict[bytes, set[int]] = {}
    last: dict[bytes, int] = {}
    for use in judging:
        trained = lineage.training_of(use)
        if use.features.hashes is None or not trained:
            continue
        if any(one.features.equals(use.features) for one in trained):
            continue
        key = use.features.hashes.tobytes()
        fits.setdefault(key, set()).add(trained[-1].serial)
        last[key] = use.serial
    final = max((last[key] for key in fits if len(fits[key]) == 1), default=0)
    return {key for key in fits if len(fits[key]) > 1 and last[key] < final}


def _model(names: Iterable[str], namespace: Mapping[str, Any], lineage: Lineage) -> Any:
    """The estimator that was fitted last, else judged last, and that a variable holds."""
    held = {id(namespace[name]) for name in names if name in namespace}
    uses = lineage.current
    fitted = [use for use in uses if use.trains and use.method in ("fit", "partial_fit")]
    for use in (*reversed(fitted), *reversed([use for use in uses if use.judges])):
        estimator = lineage.estimator_of(use)
        if estimator is not None and id(estimator) in held:
            return estimator
    return None


def _earlier(run: Run, store: Store) -> Callable[[], Sequence[Run]]:
    """The earlier runs of the experiment, read when they are asked for."""

    @functools.lru_cache(maxsize=1)
    def read() -> Sequence[Run]:
        try:
            return earlier_runs(store, run)
        except (AsepticError, OSError):
            return []

    return read


def _places_of(seen: RowsSeen, whole: RowsSeen) -> NDArray[np.int64] | None:
    """Where the rows that were seen lie in a variable; None where one of them does not."""
    import numpy as np

    if seen.hashes is None or whole.hashes is None or not (seen.is_whole and whole.is_whole):
        return None
    order = np.argsort(whole.hashes, kind="stable")
    at = np.searchsorted(whole.hashes, seen.hashes, sorter=order)
    places: NDArray[np.int64] = order[np.minimum(at, len(order) - 1)]
    return places if np.array_equal(whole.hashes[places], seen.hashes) else None


def _take(data: Any, rows: Any) -> Any:
    return data.iloc[rows] if hasattr(data, "iloc") else data[rows]


def _is_tabular(value: object) -> bool:
    """Whether it is a frame, a series or an array with rows."""
    data: Any = value
    return table_kind(value) is not None and len(data) > 0


def _with_columns(data: Any, columns: Iterable[str | None]) -> Any:
    labels = list(map(str, data.columns))
    return data.iloc[:, [labels.index(column) for column in columns if column is not None]]


def _says_features(name: str) -> bool:
    return not is_target_name(name)


def _words_of(name: str) -> set[str]:
    return {word.lower() for word in _WORDS.split(name) if word}


def _find_deployed(run: Run, store: Store) -> Callable[[], Run | None]:
    """The run that was tagged `deployed`, read when it is asked for."""

    @functools.lru_cache(maxsize=1)
    def read() -> Run | None:
        try:
            return deployed_run(store, run)
        except (AsepticError, OSError):
            return None

    return read
