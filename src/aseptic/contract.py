"""What Python sends to the browser, and what the browser may ask: the only place that says it.

`make contract` writes the same shapes as TypeScript to `labextension/src/contract.ts`; a test
fails when that file is stale. JSON has no NaN: numbers that may be NaN or infinite travel either
in binary columns (little-endian float64) or as null.

The browser asks with a `Request` and gets the `Reply` with the same `request_id`; `Points` and
`Found` come unasked, while a cell logs. An action (`Star`, `Rename`, …) is answered by `Done` or
`Failed`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Union

import msgspec

from aseptic.model import Direction, RunStatus, Severity, Value

Group = Literal["run", "params", "metrics", "data", "git"]
ColumnKind = Literal[
    "number", "text", "time", "bool", "tags", "digest", "status", "state", "findings"
]
XAxis = Literal["step", "time", "wall"]

#: float64 values as bytes in Python; in the browser a view of the same bytes.
Floats = Annotated[Any, "DataView"]
SectionKind = Literal["data", "params", "code", "environment", "git", "metrics"]


class _Message(msgspec.Struct, frozen=True, kw_only=True):
    """The base of all that crosses to the browser. With a tag, JSON carries it as `type`."""


class Column(_Message, frozen=True, kw_only=True):
    """One column of the run table, with one value a run.

    `key` is `params.C`, `metrics.acc`, `data.X_train` or a run field such as `status`. A number
    column travels as float64 bytes (NaN where missing); every other one as a list (null where
    missing). A param with several values, or with mixed types, is text.
    """

    key: str
    label: str
    group: Group
    kind: ColumnKind
    direction: Direction | None = None
    differs: bool = True  # whether the runs shown have more than one value
    is_integer: bool = False  # of numbers
    values: Annotated[Any, "DataView | unknown[]"] = None
    severities: list[list[Severity]] = []  # of findings: one for each code of a run


class RunTable(_Message, frozen=True, kw_only=True):
    """Runs side by side, newest first."""

    project: str
    run_ids: list[str]
    columns: list[Column]
    total: int  # runs in the project that the query could have selected
    main_metric: str | None = None  # key of the metric column to sort by and compare first


class Curve(_Message, frozen=True, kw_only=True):
    """One series, reduced to what a screen can show; arrays as float64 bytes of equal length.

    Where points were merged, `low` and `high` hold the extremes of each bucket, and `value` its
    last point.
    """

    run_id: str
    metric: str
    count: int  # points before the reduction
    step: Floats
    time_s: Floats
    value: Floats
    low: Annotated[Any, "DataView | null"] = None
    high: Annotated[Any, "DataView | null"] = None


class Mark(_Message, frozen=True, kw_only=True):
    """What a check found in a run, and where on which curve it began, if it is seen on one."""

    run_id: str
    code: str
    name: str
    severity: Severity
    message: str
    metric: str | None = None
    step: float | None = None


class Change(_Message, frozen=True, kw_only=True):
    """One thing that differs between two runs."""

    name: str
    kind: Literal["changed", "added", "removed"]
    before: Value = None
    after: Value = None
    delta: float | None = None  # of numbers
    is_better: bool | None = None  # of metrics whose direction is known
    note: str | None = None


class DiffLine(_Message, frozen=True, kw_only=True):
    """One row of a side-by-side diff of code; a side without a line is None."""

    kind: Literal["same", "changed", "added", "removed", "skipped"]
    before_line: int | None = None
    after_line: int | None = None
    before: str | None = None
    after: str | None = None


class DiffSection(_Message, frozen=True, kw_only=True):
    """What differs in one respect; `same` counts what does not."""

    kind: SectionKind
    changes: list[Change]
    same: int
    lines: list[DiffLine] = []
    note: str | None = None  # such as "neither run has a git state: not a repository"


class Differences(_Message, frozen=True, kw_only=True):
    """What changed from run `before` to run `after`, what matters most first."""

    before: str  # run ids
    after: str
    before_name: str
    after_name: str
    sections: list[DiffSection]


class PlotSeries(_Message, frozen=True, kw_only=True):
    """The numbers of one series of a small plot; null where one is NaN or infinite."""

    name: str
    values: list[float | None]


class FindingPlot(_Message, frozen=True, kw_only=True):
    """What a finding shows beside its numbers: bars by label, or lines over numbers."""

    kind: Literal["bars", "lines"]
    labels: list[str]  # of bars
    at: list[float | None]  # of lines
    series: list[PlotSeries]
    axes: str  # what they are, such as "share by age"


class ShownFinding(_Message, frozen=True, kw_only=True):
    """One finding, to be read."""

    code: str
    name: str
    severity: Severity
    message: str
    numbers: list[tuple[str, str]]  # what it is founded on: names and texts
    remedy: str | None = None
    subject: str | None = None
    acknowledged: str | None = None  # the reason
    plot: FindingPlot | None = None
    url: str | None = None  # of the check's page
    metric: str | None = None  # the curve on which it is seen
    step: float | None = None  # where on it it began


class RunFindings(_Message, frozen=True, kw_only=True):
    """What checks found in one run, the most severe first, and why others were silent."""

    run_id: str
    findings: list[ShownFinding]
    clean: int  # checks that found nothing
    silent: list[tuple[str, str]]  # codes, and the reason why they could not judge


class Sort(_Message, frozen=True, kw_only=True):
    """One column that the table is sorted by."""

    key: str
    is_descending: bool


class View(_Message, frozen=True, kw_only=True):
    """How someone looks at the panel: kept with the widget, so that a saved one opens the same."""

    sort: list[Sort] = []
    filters: dict[str, str] = {}  # column key → text such as "> 0.9"
    shown: dict[str, bool] = {}  # columns that were shown or hidden by hand
    order: list[str] = []  # column keys; those left out keep their place after these
    pinned: list[str] = []
    only_differs: bool = True
    metric: str | None = None  # of the curves, without "metrics."
    x_axis: XAxis = "step"
    is_log: bool = False
    smoothing: float = 0.0  # 0: none, towards 1: stronger


class SeriesRequest(_Message, frozen=True, kw_only=True, tag="series"):
    """Asks for the curves of a metric; `x_min` and `x_max` in units of `x_axis` when zoomed."""

    request_id: int
    run_ids: list[str]
    metric: str | None = None  # None: all metrics
    x_axis: XAxis = "step"
    x_min: float | None = None
    x_max: float | None = None
    points: int = 1000  # buckets: about the pixels of the plot's width


class DifferencesRequest(_Message, frozen=True, kw_only=True, tag="differences"):
    """Asks what changed between two runs."""

    request_id: int
    before: str
    after: str


class FindingsRequest(_Message, frozen=True, kw_only=True, tag="findings"):
    """Asks what checks found in some runs."""

    request_id: int
    run_ids: list[str]


class QueryRequest(_Message, frozen=True, kw_only=True, tag="query"):
    """Asks for the table of the runs that a query selects."""

    request_id: int
    query: str


class Star(_Message, frozen=True, kw_only=True, tag="star"):
    """Stars runs, or takes the star away."""

    request_id: int
    run_ids: list[str]
    is_starred: bool


class Tag(_Message, frozen=True, kw_only=True, tag="tag"):
    """Adds and removes tags."""

    request_id: int
    run_ids: list[str]
    add: list[str] = []
    remove: list[str] = []


class SetNote(_Message, frozen=True, kw_only=True, tag="note"):
    """Replaces the note of a run."""

    request_id: int
    run_id: str
    note: str | None


class Rename(_Message, frozen=True, kw_only=True, tag="rename"):
    """Gives a run another name."""

    request_id: int
    run_id: str
    name: str


class Acknowledge(_Message, frozen=True, kw_only=True, tag="acknowledge"):
    """Leaves what a check found in a run as it is, for a reason."""

    request_id: int
    run_id: str
    code: str
    subject: str | None
    reason: str


class SetBaseline(_Message, frozen=True, kw_only=True, tag="baseline"):
    """Makes a run the baseline of its experiment; None: the panel compares with none."""

    request_id: int
    run_id: str | None


class Trash(_Message, frozen=True, kw_only=True, tag="trash"):
    """Puts runs into the trash."""

    request_id: int
    run_ids: list[str]


class Restore(_Message, frozen=True, kw_only=True, tag="restore"):
    """Takes runs out of the trash."""

    request_id: int
    run_ids: list[str]


Action = Union[Star, Tag, SetNote, Rename, Acknowledge, SetBaseline, Trash, Restore]  # noqa: UP007
Request = Union[SeriesRequest, DifferencesRequest, FindingsRequest, QueryRequest, Action]  # noqa: UP007


class SeriesReply(_Message, frozen=True, kw_only=True, tag="series"):
    """The curves asked for."""

    request_id: int
    curves: list[Curve]


class DifferencesReply(_Message, frozen=True, kw_only=True, tag="differences"):
    """What changed."""

    request_id: int
    differences: Differences


class FindingsReply(_Message, frozen=True, kw_only=True, tag="findings"):
    """What checks found, a run each."""

    request_id: int
    runs: list[RunFindings]


class Done(_Message, frozen=True, kw_only=True, tag="done"):
    """The query or action asked for was done; the table has been sent anew."""

    request_id: int


class Failed(_Message, frozen=True, kw_only=True, tag="failed"):
    """What was asked for could not be done; the message says why, in one line."""

    request_id: int
    message: str


class Points(_Message, frozen=True, kw_only=True, tag="points"):
    """New points, as they were logged: curves that continue those sent before."""

    curves: list[Curve]


class Found(_Message, frozen=True, kw_only=True, tag="found"):
    """A check has found something in a run that goes on: for whoever notifies people."""

    run_name: str
    mark: Mark


class RunEnded(_Message, frozen=True, kw_only=True):
    """How a run ended: it goes with the card of its cell, and is not saved with the notebook."""

    run_id: str
    run_name: str
    status: RunStatus
    findings: list[Mark]


Reply = Union[SeriesReply, DifferencesReply, FindingsReply, Done, Failed, Points, Found]  # noqa: UP007
