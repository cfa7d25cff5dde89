# ruff: noqa: RUF001  # the dash of a range is what people read
"""The deployment card: what somebody who serves a run's model must know of it, as Markdown.

`measure_use` asks the model, which takes seconds; `deployment_card` only writes what it is given.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aseptic.checks.check import NotApplicable
from aseptic.checks.history import judge_of, judges_of, scores_of, standard_error
from aseptic.checks.serving import (
    Declared,
    Latency,
    Load,
    Memory,
    Served,
    declared_use,
    measure_latencies,
    measure_load,
    measure_memory,
    pickled,
)
from aseptic.series_names import is_diagnostic
from aseptic.show import readable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from aseptic.checks.evidence import Evidence
    from aseptic.model import CheckOutcome, Finding, Metric, Run

_MOST_ROWS = 60  # of a table
_SEVERITIES = ("error", "warning", "info")


@dataclass(frozen=True)
class Use:
    """What was declared about the use of a model, and what was measured; None: it was not."""

    declared: Declared = field(default_factory=Declared)
    model: str | None = None
    size_bytes: int | None = None
    columns: tuple[tuple[str, str], ...] = ()  # name and kind, in the order it takes them
    latencies: tuple[Latency, ...] = ()
    load: Load | None = None
    memory: Memory | None = None
    notes: tuple[str, ...] = ()  # why something was not measured


def measure_use(run: Evidence, *, seconds: float = 2.0) -> Use:
    """Measures what the card shows of the model and the data in the evidence.

    In about `seconds` each for latency and load. What cannot be measured is a note.
    """
    declared = declared_use(run)
    if run.model is None:
        return Use(declared=declared, notes=("the model is not at hand",))
    try:
        served = Served(run)
    except NotApplicable as reason:
        return Use(declared=declared, notes=(str(reason),))
    notes: list[str] = []
    batch = int(declared.batch or 1)

    def tried(measure: Any) -> Any:
        try:
            return measure()
        except NotApplicable as reason:
            notes.append(str(reason))
            return None

    latencies = tried(lambda: measure_latencies(served, batch=batch, seconds=seconds))
    load = None
    if latencies and declared.rate is not None and declared.callers is not None:
        load = tried(
            lambda: measure_load(
                served,
                rate=declared.rate,
                callers=int(declared.callers or 1),
                rows=batch,
                seconds=seconds,
                rng=run.rng,
            )
        )
    found = pickled(run.model)
    if found.fault is not None:
        notes.append(f"the model cannot be pickled: {found.fault}")
    return Use(
        declared=declared,
        model=served.model.name,
        size_bytes=None if found.fault else found.size_bytes,
        columns=tuple(served.sample.kinds.items()),
        latencies=tuple(latencies or ()),
        load=load,
        memory=tried(lambda: measure_memory(served, int(declared.batch or 1000))),
        notes=tuple(dict.fromkeys(notes)),
    )


def deployment_card(
    run: Run,
    use: Use | None = None,
    *,
    findings: Iterable[Finding] | None = None,
    outcomes: Iterable[CheckOutcome] | None = None,
) -> str:
    """The card, from a run's record and what was measured of its use.

    `findings` and `outcomes` are by default those kept with the run. A section that nothing is
    known of says so, since silence would read as fine.
    """
    use = use or Use()
    found = run.findings if findings is None else tuple(findings)
    ended = run.checks if outcomes is None else tuple(outcomes)
    sections = [
        _heading(run, use, found),
        _section("Model", _model(run, use)),
        _section("What it takes", _signature(run, use)),
        _section("How good it is", _metrics(run)),
        _section("How it is to be used", _use(use)),
        _section("How fast it answers", _latency(use)),
        _section("What it was made from", _data(run)),
        _section("What it needs", _environment(run)),
        _section("Mind", _caveats(found, ended, use)),
    ]
    return "\n\n".join(sections) + "\n"


# -- sections -------------------------------------------------------------------------------------
def _heading(run: Run, use: Use, findings: Sequence[Finding]) -> str:
    open_ones = [one for one in findings if one.acknowledged is None]
    counts = [
        readable.count(sum(one.severity == level for one in open_ones), level)
        for level in ("error", "warning")
    ]
    said = f"{counts[0]}, {counts[1]}" if open_ones else "no finding is open"
    model = use.model or _param(run, "model") or "model"
    made = f"made {readable.moment(run.started_at)} in experiment {_text(run.experiment)}"
    return f"# Deployment card: {_text(run.name)}\n\n{_text(str(model))}, {made}. Checks: {said}."


def _section(title: str, lines: Iterable[str]) -> str:
    return f"## {title}\n\n" + ("\n".join(lines) or "Nothing was recorded.")


def _model(run: Run, use: Use) -> Iterator[str]:
    git = run.git
    rows = [
        ("run", f"`{run.run_id}`"),
        ("notebook", _text(run.notebook) if run.notebook else "not known"),
        ("commit", _text(readable.commit(git.commit, is_dirty=git.is_dirty)) if git.commit else ""),
        ("state", "; ".join((run.state.kind, *map(_text, run.state.reasons[:3])))),
        ("size", readable.size(use.size_bytes) if use.size_bytes is not None else "not measured"),
    ]
    rows += [
        (f"param `{_code(name)}`", _text(readable.value(param.value)))
        for name, param in run.params.items()
        if not param.is_filled_in
    ]
    yield from _table(("what", "value"), [row for row in rows if row[1]])


def _signature(run: Run, use: Use) -> Iterator[str]:
    columns = use.columns or _recorded_columns(run)
    if columns:
        yield f"Rows with {readable.count(len(columns), 'column')}, in this order:\n"
        numbered = [
            (str(number), f"`{_code(name)}`", _text(kind))
            for number, (name, kind) in enumerate(columns, 1)
        ]
        yield from _table(("", "column", "kind"), numbered)
    else:
        yield "The columns were not recorded."


def _recorded_columns(run: Run) -> tuple[tuple[str, str], ...]:
    """Those of the training data, as its name says, that the run read."""
    from aseptic.checks.roles import role_of

    found = [data for data in run.data_inputs.values() if data.columns]
    train = next((data for data in found if role_of(data.name) == "train"), None)
    return tuple((one.name, one.dtype) for one in train.columns) if train else ()


def _metrics(run: Run) -> Iterator[str]:
    metrics = [metric for name, metric in run.metrics.items() if not is_diagnostic(name)]
    if not metrics:
        yield "No metric was recorded."
        return
    judges, scores = judges_of(run), {score.name: score for score in scores_of(run)}
    rows = []
    for metric in metrics:
        score = scores.get(metric.name)
        judge = judge_of(score, judges) if score else None
        interval = _interval(metric, judge.rows) if judge else ""
        on = f"{judge.rows:,} rows of {_text(judge.name)}" if judge else ""
        rows.append((f"`{_code(metric.name)}`", readable.number(metric.value), interval, on))
    yield from _table(("metric", "value", "95 % interval", "measured on"), rows)
    if any(row[2] for row in rows):
        yield "\nIntervals are from the number of rows alone: drift and other seeds come on top."


def _interval(metric: Metric, rows: int) -> str:
    value = float(metric.value)
    error = standard_error(metric.name, value, rows)
    if error is None or not math.isfinite(error):
        return ""
    low, high = value - 1.96 * error, value + 1.96 * error
    if 0 <= value <= 1 and metric.direction != "min":
        low, high = max(0.0, low), min(1.0, high)
    return f"{readable.number(low)} – {readable.number(high)}"


def _use(use: Use) -> Iterator[str]:
    declared = use.declared
    if declared == Declared():
        yield "Not declared: `[tool.aseptic.deploy]` in pyproject.toml says it."
        return
    one = next((one for one in use.latencies if one.rows == int(declared.batch or 1)), None)
    load, memory = use.load, use.memory
    p95 = load.p95_ms if load else one.p95_ms if one else None
    size_mb = None if use.size_bytes is None else use.size_bytes / 1e6
    memory_mb = None if memory is None else memory.peak_bytes / 1e6
    rows = [
        ("calls a second", declared.rate, None),
        ("applications that call", declared.callers, None),
        ("rows of a call", declared.batch, None),
        ("95 % answered in (ms)", declared.latency_ms, p95),
        ("size (MB)", declared.size_mb, size_mb),
        ("memory of a call (MB)", declared.memory_mb, memory_mb),
    ]
    yield from _table(
        ("", "declared", "measured"),
        [
            (what, "not said" if said is None else f"{said:g}", _measured(said, value))
            for what, said, value in rows
        ],
    )


def _measured(limit: float | None, value: float | None) -> str:
    if value is None:
        return ""
    over = " **(over)**" if limit is not None and value > limit else ""
    return f"{value:.3g}{over}"


def _latency(use: Use) -> Iterator[str]:
    if not use.latencies:
        yield f"Not measured: {_prose(use.notes[0])}" if use.notes else "Not measured."
        return
    rows = [
        (
            f"{one.rows:,}",
            f"{one.median_ms:.3g}",
            f"{one.p95_ms:.3g}",
            f"{one.median_ms / one.rows:.3g}",
            f"{one.calls:,}",
        )
        for one in use.latencies
    ]
    header = ("rows of a call", "median (ms)", "95 % (ms)", "ms per row", "calls timed")
    yield from _table(header, rows)
    if use.load is not None:
        load = use.load
        yield (
            f"\nAt {load.rate:g} calls a second from {readable.count(load.callers, 'application')},"
            f" 95 % of {load.calls:,} calls were answered in {load.p95_ms:.3g} ms"
            f" ({load.answered:.0%} were answered at all)."
        )
    yield "\nMeasured in the process that made the card, with no network between."


def _data(run: Run) -> Iterator[str]:
    rows = [
        (
            _text(data.name),
            _text(data.kind),
            readable.shape(data.shape) if data.shape else "",
            f"`{data.digest[:12]}`" if data.digest else _text(data.reason or "not known"),
        )
        for data in run.data_inputs.values()
    ]
    if rows:
        yield from _table(("data", "kind", "shape", "digest"), rows)
    else:
        yield "No data was recorded."


def _environment(run: Run) -> Iterator[str]:
    environment = run.environment
    if not environment.packages and not environment.python:
        yield "The environment was not recorded."
        return
    yield f"Python {_text(environment.python)} on {_text(environment.platform)}.\n"
    yield "```text"
    for name, version in environment.packages.items():
        yield readable.plain(f"{name}=={version}").replace("`", "'")
    yield "```"


def _caveats(
    findings: Sequence[Finding], outcomes: Sequence[CheckOutcome], use: Use
) -> Iterator[str]:
    ordered = sorted(findings, key=lambda one: (_SEVERITIES.index(one.severity), one.code))
    for one in ordered:
        rest = f" Remedy: {_prose(one.remedy)}" if one.remedy else ""
        if one.acknowledged is not None:
            rest = f" Left as it is: {_prose(one.acknowledged)}"
        yield f"- **{one.severity}** {one.code} {_prose(one.message)}{rest}"
    for note in use.notes:
        yield f"- not measured: {_prose(note)}"
    silent = [one for one in outcomes if one.outcome == "not applicable" and one.code[0] == "P"]
    for outcome in silent:
        yield f"- not judged: {outcome.code} {outcome.name}: {_prose(outcome.reason or '')}"
    if not (ordered or use.notes or silent):
        yield "No check found anything." if outcomes else "No check was run."


# -- Markdown -------------------------------------------------------------------------------------
def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(header)} |"
    yield f"|{'---|' * len(header)}"
    for row in rows[:_MOST_ROWS]:
        yield f"| {' | '.join(row)} |"
    if len(rows) > _MOST_ROWS:
        yield f"\nand {len(rows) - _MOST_ROWS:,} more."


def _text(text: str) -> str:
    """Text that stays text: no table, link, picture, markup or HTML comes of a name or a value."""
    return re.sub(r"([\\`*_\[\]<>|#~!])", r"\\\1", readable.plain(text))


def _prose(text: str) -> str:
    """A sentence with its full stop; what stands between backticks stays code."""
    parts = re.split(r"(`[^`]+`)", readable.plain(text))
    said = "".join(part if place % 2 else _text(part) for place, part in enumerate(parts))
    return said if said.endswith((".", "!", "?")) else f"{said}."


def _code(text: str) -> str:
    return readable.plain(text).replace("`", "'").replace("|", "\\|")


def _param(run: Run, name: str) -> Any:
    param = run.params.get(name)
    return None if param is None else param.value
