"""The panel that compares runs: query, table, curves and differences, in one widget."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import traitlets
from msgspec.structs import replace

from aseptic.comparison import diff, judged, take
from aseptic.contract import (
    Acknowledge,
    DifferencesReply,
    DifferencesRequest,
    FindingsReply,
    FindingsRequest,
    QueryRequest,
    Rename,
    Restore,
    SeriesReply,
    SeriesRequest,
    SetBaseline,
    SetNote,
    Star,
    Tag,
    Trash,
    View,
)
from aseptic.errors import BadOption, RunNotFound
from aseptic.results import CompareResult, RunsResult
from aseptic.show.as_html import draw_html
from aseptic.show.as_text import draw_text
from aseptic.show.findings import finding_blocks, outcome_blocks
from aseptic.widgets import picture, reduce
from aseptic.widgets.base import STATIC, Widget, done
from aseptic.widgets.findings import findings_of
from aseptic.widgets.packing import builtins
from aseptic.widgets.tables import run_table
from aseptic.widgets.worded import in_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from aseptic.contract import Curve, Reply, Request, RunTable
    from aseptic.show.blocks import Block
    from aseptic.store.base import RunColumns, Store

#: Curves read before are kept in the widget up to this size, for a notebook that is opened again.
LARGEST_KEPT = 2_000_000
#: Runs whose findings stand in the static form.
MOST_RUNS = 4


class ComparePanel(Widget):
    """Runs side by side. `selected`, `baseline` and `query` follow the screen, and lead it.

    `selected` holds run ids, in the order in which they were picked. A query that cannot be read
    raises BadQuery where it is set in Python, and is shown in the panel where it is typed.
    """

    _esm: ClassVar[Any] = STATIC / "panel.js"

    selected = traitlets.List(traitlets.Unicode(), help="ids of the runs picked").tag(sync=True)
    baseline = traitlets.Unicode(None, allow_none=True, help="id of the baseline").tag(sync=True)
    query = traitlets.Unicode("", help="selects the runs shown").tag(sync=True)
    view = traitlets.Dict(help="how someone looks at it; see contract.View").tag(sync=True)
    table = traitlets.Dict(help="contract.RunTable").tag(sync=True)
    curves: Any = traitlets.List(help="those read last; contract.Curve").tag(sync=True)
    differences = traitlets.Dict(None, allow_none=True, help="those read last").tag(sync=True)
    findings: Any = traitlets.List(help="those read last; contract.RunFindings").tag(sync=True)

    def __init__(
        self,
        store: Store,
        query: str | None = None,
        *,
        experiment: str | None = None,
        run_ids: Iterable[str] | None = None,
        selected: Iterable[str] = (),
        baseline: str | None = None,
    ) -> None:
        self._store = store
        self._experiment = experiment
        self._run_ids = None if run_ids is None else list(run_ids)
        self._columns = self._read(query or "")
        self._table = self._to_table(self._columns, query or "")
        super().__init__(
            table=builtins(self._table),
            query=query or "",
            selected=[store.get_run(run).run_id for run in selected],
            baseline=store.get_run(baseline).run_id if baseline else self._marked_baseline(),
            view=builtins(View()),
            differences=None,  # the trait's own default would be {}
        )

    @classmethod
    def of(cls, store: Store, query_or_runs: str | Sequence[str] | None = None) -> ComparePanel:
        """The panel of the runs that a query selects, of the runs named, or of all.

        A text that is the id or name of a run names that run. Raises BadQuery and RunNotFound.
        """
        if query_or_runs is None:
            return cls(store)
        if isinstance(query_or_runs, str):
            run = _named(store, query_or_runs)
            return cls(store, query_or_runs) if run is None else cls(store, run_ids=[run])
        return cls(store, run_ids=[store.get_run(run).run_id for run in query_or_runs])

    def refresh(self) -> None:
        """Reads the runs again."""
        self._show(self.query)

    @traitlets.validate("query")
    def _checked_query(self, proposal: Any) -> Any:
        if proposal["value"] != self.query or not self.table:
            self._read(proposal["value"])  # raises BadQuery
        return proposal["value"]

    @traitlets.observe("query")
    def _on_query(self, change: Any) -> None:
        if self.table and change["new"] != self._shown_query:
            self._show(change["new"])

    # -- reading --------------------------------------------------------------------------------

    def _read(self, query: str) -> RunColumns:
        columns = self._store.read_runs(
            query or None, experiment=self._experiment, run_ids=self._run_ids
        )
        return judged(columns, asked=query)

    def _to_table(self, columns: RunColumns, query: str) -> RunTable:
        self._shown_query = query
        if not query:
            self._total = len(columns.run_ids)
        elif not hasattr(self, "_total"):
            self._total = len(self._read("").run_ids)
        codes = columns.fields.get("findings") or [()] * len(columns.run_ids)
        found = [i for i, some in zip(columns.run_ids, codes, strict=True) if some]
        return run_table(
            columns,
            project=self._store.project,
            total=self._total,
            findings=self._store.read_findings(found) if found else None,
        )

    def _show(self, query: str) -> None:
        self._columns = self._read(query)
        self._table = self._to_table(self._columns, query)
        self.table = builtins(self._table)

    def _marked_baseline(self) -> str | None:
        marks = self._columns.fields.get("is_baseline", [])
        ids = [run_id for run_id, mark in zip(self._columns.run_ids, marks, strict=False) if mark]
        return ids[0] if ids else None

    # -- what the browser asks ------------------------------------------------------------------

    def answer(self, request: Request) -> Reply:
        """Reads what is asked for, or does it and sends the table anew."""
        if isinstance(request, SeriesRequest):
            return self._answer_series(request)
        if isinstance(request, DifferencesRequest):
            return self._answer_differences(request)
        if isinstance(request, FindingsRequest):
            return self._answer_findings(request)
        if isinstance(request, QueryRequest):
            self._show(request.query)
            self.query = request.query
        else:
            self._act(request)
            self._show(self.query)
        return done(request)

    def _answer_series(self, request: SeriesRequest) -> Reply:
        curves = [
            reduce.curve(
                series,
                points=request.points,
                x_axis=request.x_axis,
                x_min=request.x_min,
                x_max=request.x_max,
            )
            for series in self._store.read_series(request.run_ids, request.metric)
        ]
        if request.x_min is None and sum(map(_size, curves)) <= LARGEST_KEPT:
            self.curves = [builtins(curve) for curve in curves]
        return SeriesReply(request_id=request.request_id, curves=curves)

    def _answer_differences(self, request: DifferencesRequest) -> Reply:
        before, after = self._store.get_run(request.before), self._store.get_run(request.after)
        differences = in_words(diff(before, after))
        self.differences = builtins(differences)
        return DifferencesReply(request_id=request.request_id, differences=differences)

    def _answer_findings(self, request: FindingsRequest) -> Reply:
        runs = [findings_of(self._store.get_run(run_id)) for run_id in request.run_ids]
        self.findings = [builtins(run) for run in runs]
        return FindingsReply(request_id=request.request_id, runs=runs)

    def _act(self, request: Request) -> None:
        store = self._store
        if isinstance(request, Star):
            store.star(request.run_ids, is_starred=request.is_starred)
        elif isinstance(request, Tag):
            store.tag(request.run_ids, add=request.add, remove=request.remove)
        elif isinstance(request, SetNote):
            store.set_note(request.run_id, request.note)
        elif isinstance(request, Rename):
            store.rename(request.run_id, request.name)
        elif isinstance(request, Acknowledge):
            subject = request.subject
            store.acknowledge(request.run_id, request.code, request.reason, subject=subject)
        elif isinstance(request, SetBaseline):
            self._act_baseline(request.run_id)
        elif isinstance(request, Trash):
            store.trash(request.run_ids)
        elif isinstance(request, Restore):
            store.restore(request.run_ids)
        else:
            raise BadOption(f"the panel cannot do {type(request).__name__}")

    def _act_baseline(self, run_id: str | None) -> None:
        """A baseline belongs to its experiment; none: the experiment of the one there was."""
        run = run_id or self._marked_baseline()
        if run is not None:
            self._store.set_baseline(run_id, experiment=self._store.get_run(run).experiment)
        self.baseline = run_id

    # -- static ---------------------------------------------------------------------------------

    def static_html(self) -> str:
        """Table, differences, findings and curves of the runs picked, as HTML without script."""
        return draw_html(self._blocks()) + picture.figures(self._drawn(), self._names())

    def static_text(self) -> str:
        """The table, and the differences and findings of the runs picked, aligned."""
        return draw_text(self._blocks())

    def _blocks(self) -> list[Block]:
        return self._result().blocks() + [
            block
            for run in map(self._store.get_run, self.selected[:MOST_RUNS])
            if run.findings
            for block in [
                *finding_blocks(run.findings, f"findings in {run.name}"),
                *outcome_blocks(run.checks),
            ]
        ]

    def _result(self) -> CompareResult:
        columns, baselines = self._with_baseline()
        runs = RunsResult(
            columns,
            project=self._store.project,
            query=self.query or None,
            baselines=baselines,
        )
        pair = self._pair()
        return CompareResult(runs, diff(*map(self._store.get_run, pair)) if pair else None)

    def _with_baseline(self) -> tuple[RunColumns, RunColumns | None]:
        """The runs with the panel's baseline as theirs, those picked first."""
        columns = self._columns
        place = {run_id: row for row, run_id in enumerate(columns.run_ids)}
        picked = [place[run_id] for run_id in self.selected if run_id in place]
        columns = take(columns, list(dict.fromkeys([*picked, *range(len(place))])))
        marks = [run_id == self.baseline for run_id in columns.run_ids]
        columns = replace(columns, fields={**columns.fields, "is_baseline": marks})
        if self.baseline not in place:
            return columns, None
        experiments = list(dict.fromkeys(columns.fields["experiment"]))
        same = take(self._columns, [place[self.baseline]] * len(experiments))
        return columns, replace(same, fields={**same.fields, "experiment": experiments})

    def _drawn(self) -> list[Curve]:
        metric = self.view.get("metric") or (self._table.main_metric or "").removeprefix("metrics.")
        if not self.selected or not metric:
            return []
        found = self._store.read_series(self.selected[: picture.MOST], metric)
        return [reduce.curve(series, points=picture.POINTS) for series in found]

    def _pair(self) -> tuple[str, str] | None:
        if len(self.selected) < 2:
            return None
        before = self.baseline if self.baseline in self.selected else self.selected[0]
        return before, [run_id for run_id in self.selected if run_id != before][-1]

    def _names(self) -> dict[str, str]:
        return dict(zip(self._columns.run_ids, self._columns.fields["name"], strict=True))


def _named(store: Store, text: str) -> str | None:
    if not text.replace("-", "").isalnum():
        return None
    try:
        return store.get_run(text).run_id
    except RunNotFound:
        return None


def _size(curve: Curve) -> int:
    return 3 * len(curve.value) + 2 * len(curve.low or b"")
