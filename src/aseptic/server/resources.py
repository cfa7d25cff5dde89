"""What the API offers of a store: runs, their series, differences and findings, and edits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from aseptic import comparison
from aseptic.contract import Curve, Differences, RunFindings, RunTable, XAxis
from aseptic.errors import BadOption
from aseptic.model import Run, writable
from aseptic.server.routes import Place, route
from aseptic.widgets import reduce
from aseptic.widgets.findings import findings_of
from aseptic.widgets.tables import run_table
from aseptic.widgets.worded import in_words

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from aseptic.store.base import RunColumns, Store

_MOST_RUNS = 100_000
_MOST_NAMED = 500  # runs that one request may name
_Id = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{16}\Z")]
_Ids = Annotated[list[_Id], msgspec.Meta(min_length=1, max_length=_MOST_NAMED)]
_Text = Annotated[str, msgspec.Meta(max_length=10_000)]
_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
_Points = Annotated[int, msgspec.Meta(ge=2, le=100_000)]


class RunsParams(Place, frozen=True, kw_only=True):
    """Which runs, in which order, and which page of them."""

    query: _Text = ""
    experiment: str | None = None
    notebook: str | None = None  # its path as the runs have it: relative to the project
    of_notebook: bool = False  # those of the notebook that `at` names
    trashed: bool = False
    sort: str = ""  # key of a column, such as `metrics.acc`; `-metrics.acc`: the largest first
    offset: Annotated[int, msgspec.Meta(ge=0)] = 0
    limit: Annotated[int, msgspec.Meta(ge=1, le=_MOST_RUNS)] = 10_000


class SeriesParams(Place, frozen=True, kw_only=True):
    """Which part of which series, and how finely."""

    run_id: _Ids
    metric: str | None = None  # None: all
    points: _Points = 1_000  # buckets, about the pixels that there are
    raw: bool = False  # every point as it was logged, `points` or not
    x_axis: XAxis = "step"
    x_min: float | None = None
    x_max: float | None = None


class DifferencesParams(Place, frozen=True, kw_only=True):
    """Two runs."""

    before: _Id
    after: _Id


class RunsNamed(Place, frozen=True, kw_only=True):
    """Some runs."""

    run_id: _Ids


class RunIds(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The runs that something is done with."""

    run_ids: _Ids


class Marks(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a person marks runs; what is left out stays as it is."""

    run_ids: _Ids
    add_tags: list[_Name] = []
    remove_tags: list[_Name] = []
    is_starred: bool | None = None


class Edit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a person changes about one run; what is left out stays as it is."""

    name: _Name | None = None
    note: _Text | msgspec.UnsetType | None = msgspec.UNSET  # null: no note
    is_baseline: bool | None = None  # of its experiment


class Reason(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why the findings of a check may stay."""

    code: _Name
    subject: str | None = None  # None: all findings of the check
    reason: _Text | None


class Edited(msgspec.Struct, frozen=True, kw_only=True):
    """The runs that were changed."""

    run_ids: list[str]


@route("GET", "runs", params=RunsParams, reply=RunTable)
def runs(store: Store, params: RunsParams) -> RunTable:
    """Runs side by side, newest first unless sorted; `total` counts all that are selected."""
    found = _select(store, params)
    total = len(found.run_ids)
    rows = _order(found, params.sort) if params.sort else range(total)
    page = comparison.take(found, rows[params.offset : params.offset + params.limit])
    codes = page.fields.get("findings") or [()] * len(page.run_ids)
    with_findings = [run_id for run_id, some in zip(page.run_ids, codes, strict=True) if some]
    return run_table(
        page,
        project=store.project,
        total=total,
        findings=store.read_findings(with_findings) if with_findings else None,
    )


@route("GET", "runs/{run_id}", reply=Run)
def one_run(store: Store, run_id: str) -> Run:
    """Everything that was recorded of one run."""
    found: Run = writable(store.get_run(run_id))
    return found


@route("GET", "series", params=SeriesParams, reply=list[Curve])
def series(store: Store, params: SeriesParams) -> list[Curve]:
    """The series of some runs, reduced to what a screen needs."""
    most = max(_MOST_RUNS, 2**62) if params.raw else params.points
    return [
        reduce.curve(one, points=most, x_axis=params.x_axis, x_min=params.x_min, x_max=params.x_max)
        for one in store.read_series(params.run_id, params.metric)
    ]


@route("GET", "differences", params=DifferencesParams, reply=Differences)
def differences(store: Store, params: DifferencesParams) -> Differences:
    """What changed from one run to another, what matters most first."""
    return in_words(comparison.diff(store.get_run(params.before), store.get_run(params.after)))


@route("GET", "findings", params=RunsNamed, reply=list[RunFindings])
def findings(store: Store, params: RunsNamed) -> list[RunFindings]:
    """What checks found in some runs."""
    return [findings_of(store.get_run(run_id)) for run_id in params.run_id]


@route("POST", "mark", body=Marks, reply=Edited)
def mark(store: Store, body: Marks) -> Edited:
    """Tags and stars of runs."""
    if body.add_tags or body.remove_tags:
        store.tag(body.run_ids, add=body.add_tags, remove=body.remove_tags)
    if body.is_starred is not None:
        store.star(body.run_ids, is_starred=body.is_starred)
    return Edited(run_ids=body.run_ids)


@route("PATCH", "runs/{run_id}", body=Edit, reply=Run)
def edit(store: Store, run_id: str, body: Edit) -> Run:
    """Name, note and baseline of one run; returns it as it is then."""
    if body.note is not msgspec.UNSET:
        store.set_note(run_id, body.note)
    if body.name is not None:
        store.rename(run_id, body.name)
    if body.is_baseline is not None:
        experiment = store.get_run(run_id).experiment
        store.set_baseline(run_id if body.is_baseline else None, experiment=experiment)
    return one_run(store, run_id)


@route("POST", "runs/{run_id}/acknowledge", body=Reason, reply=RunFindings)
def acknowledge(store: Store, run_id: str, body: Reason) -> RunFindings:
    """Leaves findings of a run as they are, for a reason; null takes that back."""
    store.acknowledge(run_id, body.code, body.reason, subject=body.subject)
    return findings_of(store.get_run(run_id))


@route("POST", "trash", body=RunIds, reply=Edited)
def trash(store: Store, body: RunIds) -> Edited:
    """Puts runs into the trash; `restore` takes them out."""
    store.trash(body.run_ids)
    return Edited(run_ids=body.run_ids)


@route("POST", "restore", body=RunIds, reply=Edited)
def restore(store: Store, body: RunIds) -> Edited:
    """Takes runs out of the trash."""
    store.restore(body.run_ids)
    return Edited(run_ids=body.run_ids)


# -- within ---------------------------------------------------------------------------------------


def _select(store: Store, params: RunsParams) -> RunColumns:
    found = store.read_runs(
        params.query or None, experiment=params.experiment, trashed=params.trashed
    )
    if params.notebook is None:
        return found
    notebooks = found.fields["notebook"]
    return comparison.take(found, [i for i, one in enumerate(notebooks) if one == params.notebook])


def _order(columns: RunColumns, sort: str) -> Sequence[int]:
    """The rows by a column; runs without a value come last, whichever way."""
    key = sort.removeprefix("-")
    values = _column(columns, key)
    known = [i for i, value in enumerate(values) if value is not None and value == value]
    rest = [i for i in range(len(values)) if i not in set(known)]
    try:
        known.sort(key=lambda i: values[i], reverse=sort.startswith("-"))
    except TypeError:  # numbers and texts in one column
        known.sort(key=lambda i: str(values[i]), reverse=sort.startswith("-"))
    return known + rest


def _column(columns: RunColumns, key: str) -> list[Any]:
    group, _, name = key.partition(".")
    spaces: dict[str, dict[str, list[Any]]] = {
        "params": columns.params,
        "metrics": columns.metrics,
        "data": columns.data,
    }
    values = spaces[group].get(name) if name and group in spaces else columns.fields.get(key)
    if values is None:
        raise BadOption(f"no column {key!r}. {_some_of(columns)}")
    return values


def _some_of(columns: RunColumns) -> str:
    known: Collection[str] = [*columns.fields, *(f"metrics.{name}" for name in columns.metrics)]
    return f"There are: {', '.join(list(known)[:20])}."
