"""What Python sends to the browser, and what the browser may ask: the only place that says it.

`make contract` writes the same shapes as TypeScript to `labextension/src/contract.ts`; a test
fails when that file is stale. JSON has no NaN: numbers that may be NaN or infinite travel either
in binary columns (little-endian float64) or as null.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from aseptic.model import Direction, Value

Group = Literal["run", "params", "metrics", "data", "git"]
SectionKind = Literal["data", "params", "code", "environment", "git", "metrics"]


class _Message(msgspec.Struct, frozen=True, kw_only=True):
    """The base of all that crosses to the browser."""


class Column(_Message, frozen=True, kw_only=True):
    """One column of the run table, with one value a run.

    `key` is `params.C`, `metrics.acc`, `data.X_train` or a run field such as `status`. A number
    column travels as float64 bytes (NaN where missing); every other one as a list (null where
    missing). A param with several values, or with mixed types, is text.
    """

    key: str
    label: str
    group: Group
    kind: Literal["number", "text", "time", "bool", "tags", "digest", "status", "state"]
    direction: Direction | None = None
    differs: bool = True  # whether the runs shown have more than one value
    values: Any = None


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
    step: Any
    time_s: Any
    value: Any
    low: Any = None
    high: Any = None


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
