"""What a command returns: it shows itself as text and static HTML, and knows its plain values.

Result
├── TableResult         has a DataFrame too
│   ├── RunsResult      runs side by side
│   ├── CompareResult   runs side by side and, of two, what differs
│   ├── CurvesResult    series
│   ├── DiffResult      what differs between two runs
│   ├── CheckResult     what checks found
│   └── HygieneResult   what is open over all runs
├── RunResult           one run
├── CheckPageResult     what a check looks for
├── MarkdownResult      a text in Markdown
├── FactsResult         names and values
└── MessageResult       one sentence
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from aseptic.comparison import take
from aseptic.show import readable
from aseptic.show.as_html import draw_html
from aseptic.show.as_text import draw_text
from aseptic.show.blocks import CodeDiff, Column, Line, Paragraph, Span, Table, line
from aseptic.show.check_page import check_page
from aseptic.show.findings import (
    TONES,
    counted,
    finding_blocks,
    open_findings,
    outcome_blocks,
    sorted_findings,
)
from aseptic.show.hygiene import CheckedRun, checked_runs, hygiene_blocks, open_checks
from aseptic.show.run_page import run_page
from aseptic.show.run_table import run_table, shared_values
from aseptic.show.sparkline import sparklines

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    import pandas as pd

    from aseptic.checks.check import Check
    from aseptic.checks.runner import Report
    from aseptic.contract import Change, Differences, DiffSection
    from aseptic.model import CheckOutcome, Finding, Run, Severity
    from aseptic.show.blocks import Block, Tone
    from aseptic.store.base import RunColumns, Series, Source, Store


class Result(ABC):
    """What a command returns."""

    @abstractmethod
    def blocks(self, *, now: datetime | None = None) -> list[Block]:
        """What it shows. Times are relative to `now`, or else said in full."""

    @abstractmethod
    def to_dict(self) -> Any:
        """Its plain values: dicts, lists, text, numbers and None."""

    @property
    def exit_code(self) -> int:
        """What a shell command that gives this ends with."""
        return 0

    def text(self, *, width: int | None = None) -> str:
        """The result as plain aligned text, not wider than `width` where that can be."""
        return draw_text(self.blocks(), width=width)

    def __repr__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        return draw_html(self.blocks())


class TableResult(Result):
    """A result that is a table at heart."""

    @abstractmethod
    def frame(self) -> pd.DataFrame:
        """The whole table."""


@dataclass(frozen=True, repr=False)
class RunsResult(TableResult):
    """Runs side by side, in the order to show them."""

    columns: RunColumns
    project: str = ""
    query: str | None = None
    baselines: RunColumns | None = None
    metric: str | None = None  # shown first; by default the main one
    show_all: bool = False
    is_trash: bool = False
    most: int = 50  # rows to show; the values hold all

    def __len__(self) -> int:
        return len(self.columns.run_ids)

    def blocks(self, *, now: datetime | None = None) -> list[Block]:
        """The table, and a line that says what is the same in all."""
        if not self.columns.run_ids:
            return [Paragraph([line(self._why_empty())])]
        table = run_table(
            take(self.columns, range(len(self))[: self.most]),
            baselines=self.baselines,
            metric=self.metric,
            show_all=self.show_all,
            now=now,
        )
        return [table, Paragraph([self._summary()])]

    def frame(self) -> pd.DataFrame:
        """As `aseptic.runs` gives it."""
        from aseptic.frames import frame_of

        return frame_of(self.columns)

    def to_dict(self) -> list[dict[str, Any]]:
        """One dict a run, with `params`, `metrics` and `data` inside."""
        groups = ("params", "metrics", "data")
        return [
            {
                "run_id": run_id,
                **_row(self.columns.fields, i),
                **{group: _row(getattr(self.columns, group), i) for group in groups},
            }
            for i, run_id in enumerate(self.columns.run_ids)
        ]

    def _why_empty(self) -> str:
        if self.is_trash:
            return "The trash is empty."
        if self.query:
            return f"No run matches {self.query}"
        return "No runs yet: begin a cell with %%track, or use `with aseptic.track():` in a script."

    def _summary(self) -> Line:
        count = readable.count(len(self), "run")
        count = f"{self.most:,} of {count}" if len(self) > self.most else count
        where = f" in the trash of {self.project}" if self.is_trash else f" in {self.project}"
        shared = [] if self.show_all else shared_values(self.columns)
        words = [f"{name} {value}" for name, value in shared[:4]]
        words += [f"{len(shared) - 4} more"] if len(shared) > 4 else []
        same = f"  ·  same in all: {', '.join(words)}" if words else ""
        return (Span(f"{count}{where if self.project else ''}{same}", "dim"),)


def _row(columns: dict[str, list[Any]], i: int) -> dict[str, Any]:
    row: dict[str, Any] = msgspec.to_builtins({name: values[i] for name, values in columns.items()})
    return row


@dataclass(frozen=True, repr=False)
class RunResult(Result):
    """One run, whole."""

    run: Run
    sources: Mapping[str, Source] = field(default_factory=dict)  # of its data inputs, by name

    def blocks(self, *, now: datetime | None = None) -> list[Block]:
        """What it was, how it went, what went in, where it ran."""
        return run_page(self.run, sources=self.sources, now=now)

    def to_dict(self) -> dict[str, Any]:
        """The record of the run, and in `upstream` where its data inputs came from."""
        record: dict[str, Any] = msgspec.to_builtins(self.run)
        record["upstream"] = {name: source._asdict() for name, source in self.sources.items()}
        return record


@dataclass(frozen=True, repr=False)
class DiffResult(TableResult):
    """What differs between two runs, what matters most first."""

    differences: Differences

    def blocks(self, *, now: datetime | None = None) -> list[Block]:  # noqa: ARG002  # no times
        """One table of what differs, then the code side by side."""
        told = self.differences
        code = next((s for s in told.sections if s.kind == "code" and s.lines), None)
        rows = [row for section in told.sections for row in _section_rows(section)]
        labels = ("", "", told.before_name, told.after_name, "")
        cells = zip(*rows, strict=True)
        columns = [Column(label, column) for label, column in zip(labels, cells, strict=True)]
        table = Table(columns)
        if code is None:
            return [table]
        return [table, CodeDiff(code.lines, told.before_name, told.after_name, "code")]

    def frame(self) -> pd.DataFrame:
        """One row a difference: `section name kind before after delta is_better note`."""
        import pandas as pd

        names = ["section", "name", "kind", "before", "after", "delta", "is_better", "note"]
        rows = [
            [section.kind, *(getattr(change, name) for name in names[1:])]
            for section in self.differences.sections
            for change in section.changes
        ]
        frame: pd.DataFrame = pd.DataFrame(rows, columns=names)
        return frame

    def to_dict(self) -> dict[str, Any]:
        """The differences as the browser gets them."""
        told: dict[str, Any] = msgspec.to_builtins(self.differences)
        return told


_Row = tuple[Line, Line, Line, Line, Line]


def _section_rows(section: DiffSection) -> list[_Row]:
    rows = [_change_row(section, change) for change in section.changes]
    if not rows or section.note:
        told = section.note or ("same" if section.same else "none")
        counted = f"{told} ({section.same:,})" if told == "same" else told
        rows.append((line(""), line(counted, "dim"), line(""), line(""), line("")))
    first = rows[0]
    return [(line(section.kind, "dim"), *first[1:]), *rows[1:]]


def _change_row(section: DiffSection, change: Change) -> _Row:
    before, after = (
        _shown(section, value, is_there)
        for value, is_there in (
            (change.before, change.kind != "added"),
            (change.after, change.kind != "removed"),
        )
    )
    tone: Tone = "dim" if change.is_better is None else "good" if change.is_better else "bad"
    words = [readable.signed(change.delta, after) if change.delta else "", change.note or ""]
    return (
        line(""),
        line(change.name, "strong"),
        line(before, "bad" if section.kind == "params" else "normal"),
        line(after, "good" if section.kind == "params" else "normal"),
        line(", ".join(filter(None, words)), tone),
    )


def _shown(section: DiffSection, value: Any, is_there: bool) -> str:
    if section.kind == "code":
        return ""
    if not is_there:
        return readable.MISSING
    if section.kind == "data":
        return readable.digest(value)
    if section.kind == "metrics":
        return readable.number(value)
    if section.kind == "git" and isinstance(value, str):
        is_sha = len(value) == 40
        return readable.commit(value) if is_sha else readable.value(value)
    return readable.value(value)


@dataclass(frozen=True, repr=False)
class CompareResult(TableResult):
    """Runs side by side and, where there are two, what differs between them."""

    runs: RunsResult
    differences: Differences | None = None

    def blocks(self, *, now: datetime | None = None) -> list[Block]:
        """The run table, and the differences of two."""
        table = self.runs.blocks(now=now)
        return table + (DiffResult(self.differences).blocks() if self.differences else [])

    def frame(self) -> pd.DataFrame:
        """The runs, as `aseptic.runs` gives them."""
        return self.runs.frame()

    def to_dict(self) -> dict[str, Any]:
        """`runs` and `differences`."""
        told = self.differences and msgspec.to_builtins(self.differences)
        return {"runs": self.runs.to_dict(), "differences": told}


@dataclass(frozen=True, repr=False)
class CurvesResult(TableResult):
    """Series of several runs."""

    series: Sequence[Series]
    names: dict[str, str] = field(default_factory=dict)  # of the runs, by id
    metrics: Sequence[str] = ()  # that were asked for

    def blocks(self, *, now: datetime | None = None) -> list[Block]:  # noqa: ARG002  # no times
        """One line a series, with its course drawn small; one table a metric."""
        drawn = dict.fromkeys(one.metric for one in self.series)
        blocks: list[Block] = [self._table(metric) for metric in drawn]
        lone = [metric for metric in self.metrics if metric not in drawn]
        told = [f"{one} has no curve: `runs --sort {one}` lists its values" for one in lone]
        return [*blocks, Paragraph([line(text) for text in told])] if told else blocks

    def _table(self, metric: str) -> Table:
        series = [one for one in self.series if one.metric == metric]
        values = [one.value for one in series]

        def numbers(label: str, read: Any, rank: int = 0) -> Column:
            texts = readable.numbers([read(value) if len(value) else None for value in values])
            return Column(label, [line(text) for text in texts], is_number=True, rank=rank)

        counts = [line(f"{len(value):,}", "dim") for value in values]
        names = [line(self.names.get(one.run_id, one.run_id), "strong") for one in series]
        return Table(
            [
                Column("run", names),
                Column("", [line(drawn, "accent") for drawn in sparklines(values)]),
                numbers("first", lambda value: value[0].item(), rank=3),
                numbers("min", _least, rank=1),
                numbers("max", _greatest, rank=1),
                numbers("last", lambda value: value[-1].item()),
                Column("points", counts, is_number=True, rank=2),
            ],
            metric,
        )

    def frame(self) -> pd.DataFrame:
        """One row a point, as `aseptic.history` gives it."""
        from aseptic.frames import history_frame

        return history_frame(self.series)

    def to_dict(self) -> list[dict[str, Any]]:
        """One dict a series, with lists of `step`, `time_s` and `value`."""
        return [
            {
                "run_id": one.run_id,
                "metric": one.metric,
                "step": one.step.tolist(),
                "time_s": one.time_s.tolist(),
                "value": one.value.tolist(),
            }
            for one in self.series
        ]


def _least(values: Any) -> float | None:
    finite = [value for value in values.tolist() if value == value]
    return min(finite, default=None)


def _greatest(values: Any) -> float | None:
    finite = [value for value in values.tolist() if value == value]
    return max(finite, default=None)


@dataclass(frozen=True, repr=False)
class CheckResult(TableResult):
    """What checks found, most severe first, and how each of them ended."""

    report: Report
    name: str = ""  # of the run, or whatever was checked
    show_all: bool = False  # list the checks that found nothing too

    @property
    def findings(self) -> list[Finding]:
        """All of them, open ones first, the most severe first."""
        return sorted_findings(self.report.findings)

    @property
    def open(self) -> list[Finding]:
        """Those that nobody has acknowledged."""
        return open_findings(self.report.findings)

    @property
    def worst(self) -> Severity | None:
        """The highest severity that is open."""
        return self.open[0].severity if self.open else None

    def __len__(self) -> int:
        return len(self.report.findings)

    def blocks(self, *, now: datetime | None = None) -> list[Block]:  # noqa: ARG002  # no times
        """A line that counts, the findings, and the checks that found nothing."""
        found = finding_blocks(self.report.findings)
        outcomes = outcome_blocks(self.report.outcomes, show_all=self.show_all)
        notes = [Paragraph([line(note, "dim")]) for note in self.report.notes]
        return [Paragraph([self._summary()]), *found, *outcomes, *notes]

    def _summary(self) -> Line:
        name = (Span(self.name, "strong"), Span("  ")) if self.name else ()
        known = len(self) - len(self.open)
        acknowledged = f", {known} acknowledged" if known else ""
        if self.open:
            told = Span(counted([one.severity for one in self.open]), TONES[self.open[0].severity])
        elif any(one.outcome != "not applicable" for one in self.report.outcomes):
            told = Span("nothing found", "good")
        else:
            told = Span("no check could judge", "warn")
        return (*name, told, Span(acknowledged, "dim"))

    def frame(self) -> pd.DataFrame:
        """One row a finding: `code name severity subject message remedy acknowledged`."""
        import pandas as pd

        names = ["code", "name", "severity", "subject", "message", "remedy", "acknowledged"]
        rows = [[getattr(one, name) for name in names] for one in self.findings]
        frame: pd.DataFrame = pd.DataFrame(rows, columns=names)
        return frame

    def to_dict(self) -> dict[str, Any]:
        """`findings` with their evidence, `checks`, how each of them ended, and `notes`."""
        found = [_all_fields(one) for one in self.findings]
        checks = [_all_fields(one) for one in self.report.outcomes]
        return {"findings": found, "checks": checks, "notes": list(self.report.notes)}


@dataclass(frozen=True, repr=False)
class HygieneResult(TableResult):
    """What is open over all runs of a project, and how it develops."""

    columns: RunColumns
    findings: dict[str, list[Finding]]  # by run id; runs that were never checked are not in it
    outcomes: dict[str, list[CheckOutcome]]  # by run id
    project: str = ""

    @classmethod
    def read(cls, store: Store, *, experiment: str | None = None) -> HygieneResult:
        """That of all runs in a store, or of one experiment."""
        columns = store.read_runs(experiment=experiment)
        run_ids = columns.run_ids
        findings, outcomes = store.read_findings(run_ids), store.read_checks(run_ids)
        return cls(columns, findings, outcomes, store.project)

    def blocks(self, *, now: datetime | None = None) -> list[Block]:
        """What is open by check, by experiment, and in the newest runs."""
        unchecked = len(self.columns.run_ids) - len(self.findings)
        return hygiene_blocks(self._runs, project=self.project, unchecked=unchecked, now=now)

    @property
    def _runs(self) -> list[CheckedRun]:
        return checked_runs(self.columns, self.findings, self.outcomes)

    def frame(self) -> pd.DataFrame:
        """One row a check: `code name severity runs acknowledged is_current experiments`."""
        import pandas as pd

        names = ["code", "name", "severity", "runs", "acknowledged", "is_current", "experiments"]
        rows = [[getattr(one, name) for name in names] for one in open_checks(self._runs)]
        frame: pd.DataFrame = pd.DataFrame(rows, columns=names)
        return frame

    def to_dict(self) -> dict[str, Any]:
        """`checks` over all runs with their course, and the codes open in each of the `runs`."""
        runs = [
            {
                "run_id": run.run_id,
                "name": run.name,
                "experiment": run.experiment,
                "started_at": run.started_at.isoformat(),
                "open": list(dict.fromkeys(one.code for one in run.open)),
            }
            for run in reversed(self._runs)
        ]
        return {"checks": [asdict(one) for one in open_checks(self._runs)], "runs": runs}


def _all_fields(record: msgspec.Struct) -> dict[str, Any]:
    """The record as a dict, with the fields that have their default too."""
    fields: dict[str, Any] = msgspec.to_builtins(msgspec.structs.asdict(record))
    return fields


@dataclass(frozen=True, repr=False)
class CheckPageResult(Result):
    """What a check looks for, why, and what to do."""

    check: Check

    def blocks(self, *, now: datetime | None = None) -> list[Block]:  # noqa: ARG002  # no times
        """Its page."""
        return check_page(self.check)

    def to_dict(self) -> dict[str, Any]:
        """Its parts."""
        check = self.check
        return {
            "code": check.code,
            "name": check.name,
            "severity": check.severity,
            "needs": list(check.needs),
            "summary": check.summary,
            "thresholds": check.thresholds,
            **{title.lower(): text for title, text in check.sections.items()},
        }


@dataclass(frozen=True, repr=False)
class MarkdownResult(Result):
    """A text in Markdown; `data` says in values what became of it."""

    markdown: str
    data: dict[str, Any] = field(default_factory=dict)

    def blocks(self, *, now: datetime | None = None) -> list[Block]:  # noqa: ARG002  # no times
        """Its lines as they are."""
        return [Paragraph([line(row) for row in self.markdown.splitlines()])]

    def to_dict(self) -> dict[str, Any]:
        """`markdown` and the values."""
        return {"markdown": self.markdown, **self.data}

    def text(self, *, width: int | None = None) -> str:  # noqa: ARG002  # a document keeps its lines
        """The text itself."""
        return self.markdown

    def _repr_html_(self) -> None:  # type: ignore[override]  # a notebook draws the Markdown
        return None

    def _repr_markdown_(self) -> str:
        return self.markdown


@dataclass(frozen=True, repr=False)
class FactsResult(Result):
    """Names and values; `is_ok` is false where one of them needs attention."""

    facts: dict[str, Any]
    attention: frozenset[str] = frozenset()
    title: str | None = None

    @property
    def is_ok(self) -> bool:
        """Whether nothing needs attention."""
        return not self.attention

    @property
    def exit_code(self) -> int:
        """1 where something needs attention."""
        return 0 if self.is_ok else 1

    def blocks(self, *, now: datetime | None = None) -> list[Block]:  # noqa: ARG002  # no times
        """One line a fact."""
        width = max(map(len, self.facts), default=0)
        return [
            Paragraph(
                [
                    (
                        Span(f"{name:<{width}}  ", "dim"),
                        Span(str(value), "warn" if name in self.attention else "normal"),
                    )
                    for name, value in self.facts.items()
                ],
                self.title,
            )
        ]

    def to_dict(self) -> dict[str, Any]:
        """The facts, and whether all is well."""
        return {**msgspec.to_builtins(self.facts), "is_ok": self.is_ok}


@dataclass(frozen=True, repr=False)
class MessageResult(Result):
    """What was done, in a sentence; `data` says it in values."""

    message: str
    data: dict[str, Any] = field(default_factory=dict)

    def blocks(self, *, now: datetime | None = None) -> list[Block]:  # noqa: ARG002  # no times
        """Its lines."""
        return [Paragraph([line(row) for row in self.message.splitlines()])]

    def to_dict(self) -> dict[str, Any]:
        """`message` and the values."""
        return {"message": self.message, **self.data}
