"""Runs side by side as a table for reading: what differs, the main metric first."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from aseptic.comparison import delta, differing, main_metric, metric_direction
from aseptic.show import readable
from aseptic.show.blocks import Column, Line, Span, Table, line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from aseptic.show.blocks import Tone
    from aseptic.store.base import RunColumns

_NOTHING = line(readable.MISSING, "dim")
_STATUS_TONES: dict[str, Tone] = {"running": "accent", "failed": "bad"}


def run_table(
    columns: RunColumns,
    *,
    baselines: RunColumns | None = None,
    metric: str | None = None,
    show_all: bool = False,
    now: datetime | None = None,
) -> Table:
    """One row a run. Only the params, metrics and data that differ, unless `show_all`.

    `metric` is the one to show first; by default the main one. `baselines` holds the baseline
    run of each experiment. Times are relative to `now`, or else said in full.
    """
    return Table(
        list(_Builder(columns, baselines, metric, show_all, now).columns()), is_foldable=show_all
    )


def shared_values(columns: RunColumns) -> list[tuple[str, str]]:
    """The params that have the same value in all of several runs, as text."""
    if len(columns.run_ids) < 2:
        return []
    different = differing(columns)
    return [
        (name, readable.value(values[0], width=24))
        for name, values in columns.params.items()
        if f"params.{name}" not in different
    ]


def is_set_by_hand(param: str) -> bool:
    """Whether a param's name looks like one that a person chose: `C`, not `svc__C` or `clf.C`."""
    return "." not in param and "__" not in param


class _Builder:
    def __init__(
        self,
        columns: RunColumns,
        baselines: RunColumns | None,
        metric: str | None,
        show_all: bool,
        now: datetime | None,
    ) -> None:
        self.runs = columns
        self.baselines = baselines
        main = main_metric(columns)
        self.metric = metric or (main.partition(".")[2] if main else None)
        self.now = now
        self.show_all = show_all
        self.different = differing(columns)

    def columns(self) -> Iterator[Column]:
        names = self.runs.fields["name"]
        yield Column("run", [self._name(row) for row in range(len(names))])
        if self.show_all or len(set(names)) < len(names):
            yield self._text("id", [run_id[:8] for run_id in self.runs.run_ids], rank=1)
        if self._is_shown("experiment"):
            yield self._text("experiment", self.runs.fields["experiment"], rank=2, tone="normal")
        yield self._text("started", [self._when(t) for t in self.runs.fields["started_at"]], rank=4)
        yield from self._main_metric()
        yield from self._params()
        yield from self._metrics()
        yield from self._rest()

    def _is_shown(self, key: str) -> bool:
        """Whether a column of params, metrics or data is: of a single run, all are."""
        return self.show_all or key in self.different or len(self.runs.run_ids) == 1

    def _name(self, row: int) -> Line:
        fields = self.runs.fields
        star = [Span("★ ", "warn")] if fields["is_starred"][row] else []
        name = Span(fields["name"][row], "strong")
        return (*star, name, *self._marks(row))

    def _marks(self, row: int) -> Iterator[Span]:
        status = self.runs.fields["status"][row]
        if self.runs.fields["is_baseline"][row]:
            yield Span(" baseline", "accent")
        if status != "finished":
            yield Span(f" {status}", _STATUS_TONES.get(status, "warn"))
        if self.runs.fields["state"][row] == "stale":
            yield Span(" stale", "warn")

    def _when(self, started_at: datetime) -> str:
        return readable.ago(started_at, self.now) if self.now else readable.moment(started_at)

    def _text(
        self, label: str, texts: Sequence[str | None], *, rank: int, tone: Tone = "dim"
    ) -> Column:
        return Column(label, [line(text, tone) if text else _NOTHING for text in texts], rank=rank)

    def _words(
        self, label: str, words: Sequence[Sequence[str] | None], *, rank: int, tone: Tone = "dim"
    ) -> Column:
        return Column(label, [line(", ".join(some or ()), tone) for some in words], rank=rank)

    def _main_metric(self) -> Iterator[Column]:
        values = self.runs.metrics.get(self.metric or "")
        if self.metric is None or values is None:
            return
        texts = readable.numbers(values)
        best = self._best(values)
        cells = [
            line(text, "strong" if i == best else "normal") if value is not None else _NOTHING
            for i, (text, value) in enumerate(zip(texts, values, strict=True))
        ]
        yield Column(self.metric, cells, is_number=True, tone="normal")
        if any(baseline is not None for baseline in self._baseline_values()):
            yield Column("vs baseline", self._deltas(values, texts), is_number=True, rank=1)

    def _best(self, values: list[Any]) -> int | None:
        """The row with the best value: the earliest, of several."""
        direction = metric_direction(self.runs, self.metric or "")
        rows = [i for i, x in enumerate(values) if x is not None and not math.isnan(x)]
        if direction is None or len(rows) < 2:
            return None
        sign = 1 if direction == "max" else -1
        return max(rows, key=lambda i: (sign * values[i], i))

    def _baseline_values(self) -> list[Any]:
        """The main metric of each run's own baseline, None for the baseline itself."""
        if self.baselines is None:
            return [None] * len(self.runs.run_ids)
        known = self.baselines.metrics.get(self.metric or "", [None] * len(self.baselines.run_ids))
        of_experiment = dict(zip(self.baselines.fields["experiment"], known, strict=True))
        return [
            None if is_baseline else of_experiment.get(experiment)
            for experiment, is_baseline in zip(
                self.runs.fields["experiment"], self.runs.fields["is_baseline"], strict=True
            )
        ]

    def _deltas(self, values: list[Any], texts: list[str]) -> list[Line]:
        direction = metric_direction(self.runs, self.metric or "")
        cells = []
        for value, baseline, text in zip(values, self._baseline_values(), texts, strict=True):
            distance, is_better = delta(value, baseline, direction)
            tone: Tone = "dim" if is_better is None else "good" if is_better else "bad"
            cells.append(line(readable.signed(distance, text), tone))
        return cells

    def _params(self) -> Iterator[Column]:
        names = [name for name in self.runs.params if self._is_shown(f"params.{name}")]
        for name in sorted(names, key=lambda name: not is_set_by_hand(name)):
            yield _values_column(name, self.runs.params[name], 2 if is_set_by_hand(name) else 5)

    def _metrics(self) -> Iterator[Column]:
        for name, values in self.runs.metrics.items():
            if name != self.metric and self._is_shown(f"metrics.{name}"):
                cells = [
                    line(text) if value is not None else _NOTHING
                    for text, value in zip(readable.numbers(values), values, strict=True)
                ]
                yield Column(name, cells, is_number=True, rank=3)

    def _rest(self) -> Iterator[Column]:
        fields = self.runs.fields
        for name, digests in self.runs.data.items():
            if self._is_shown(f"data.{name}"):
                yield self._text(name, [d and readable.digest(d) for d in digests], rank=6)
        if any(fields["git_commit"]) and (self.show_all or self._has_several_commits()):
            yield self._text("git", self._commits(), rank=6)
        if any(fields.get("upstream") or ()):
            yield self._words("from", fields["upstream"], rank=2)
        if any(fields["tags"]):
            yield self._words("tags", fields["tags"], rank=3)
        if any(fields["findings"]):
            yield self._words("findings", fields["findings"], rank=2, tone="warn")
        if any(fields["note"]) and self.show_all:
            yield self._text(
                "note", [readable.value(n) if n else "" for n in fields["note"]], rank=7
            )
        took = [line(readable.duration(s), "dim") for s in fields["duration_s"]]
        yield Column("took", took, is_number=True, rank=4)

    def _has_several_commits(self) -> bool:
        return bool({"git_commit", "git_dirty"} & self.different)

    def _commits(self) -> list[str]:
        fields = self.runs.fields
        return [
            readable.commit(sha, is_dirty=is_dirty)
            for sha, is_dirty in zip(fields["git_commit"], fields["git_dirty"], strict=True)
        ]


def _values_column(label: str, values: list[Any], rank: int) -> Column:
    present = [value for value in values if value is not None]
    is_number = bool(present) and all(
        isinstance(value, (int, float)) and not isinstance(value, bool) for value in present
    )
    cells = [_NOTHING if v is None else line(readable.value(v, width=28)) for v in values]
    return Column(label, cells, is_number=is_number, rank=rank)
