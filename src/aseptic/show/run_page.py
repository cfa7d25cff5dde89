"""All of one run, for reading."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aseptic.show import readable
from aseptic.show.blocks import Code, Column, Line, Paragraph, Span, Table, line
from aseptic.show.findings import finding_blocks, outcome_blocks
from aseptic.show.run_table import is_set_by_hand

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime

    from aseptic.model import DataInput, Origin, Param, Run
    from aseptic.show.blocks import Block, Tone
    from aseptic.store.base import Source

_PRINTED_LINES = 12


def run_page(
    run: Run, *, sources: Mapping[str, Source] | None = None, now: datetime | None = None
) -> list[Block]:
    """The blocks that show a run: what it was, how it went, what went in, where it ran.

    `sources` are the runs whose artifacts its data inputs are, by the input's name.
    """
    made = [
        _head(run, now),
        *finding_blocks(run.findings, "findings"),
        *outcome_blocks(run.checks),
        _metrics(run),
        _params(run),
        _data(run, sources or {}),
        _artifacts(run),
        _surroundings(run),
        _problems(run),
        _printed(run),
        Code(run.source.strip("\n"), "code") if run.source.strip() else None,
    ]
    return [block for block in made if block is not None]


def _head(run: Run, now: datetime | None) -> Paragraph:
    started = readable.ago(run.started_at, now) if now else readable.moment(run.started_at)
    if now and started != "now" and not started[:4].isdigit():
        started = f"{started} ago"
    took = readable.duration(run.duration_s)
    facts = [f"started {started}", f"took {took}" if took else "", run.notebook or ""]
    lines: list[Line] = [
        (
            *([Span("★ ", "warn")] if run.is_starred else []),
            Span(run.name, "strong"),
            Span(f"  {run.run_id}  in {run.experiment}", "dim"),
            *([Span("  baseline", "accent")] if run.is_baseline else []),
            *([Span("  in the trash", "warn")] if run.trashed_at else []),
        ),
        (Span(run.status, _status_tone(run)), Span(f"  {'  '.join(filter(None, facts))}", "dim")),
        *_state_lines(run),
    ]
    lines += [line(run.outputs.error, "bad")] if run.outputs.error else []
    lines += [line(" ".join(f"#{tag}" for tag in run.tags), "accent")] if run.tags else []
    lines += [line(row) for row in (run.note or "").splitlines()]
    lines += [line(f"expected: {text}", "dim") for text in run.expects]
    return Paragraph(lines)


def _status_tone(run: Run) -> Tone:
    tones: dict[str, Tone] = {"finished": "good", "failed": "bad", "running": "accent"}
    return tones.get(run.status, "warn")


def _state_lines(run: Run) -> Iterator[Line]:
    if run.state.kind == "clean":
        yield line("clean", "good")
    elif run.state.reasons or run.state.kind == "stale":
        tone: Tone = "warn" if run.state.kind == "stale" else "dim"
        yield (Span(run.state.kind, tone), Span(f"  {'; '.join(run.state.reasons)}", "dim"))


def _table(title: str, *columns: Column) -> Table | None:
    return Table(columns, title) if columns[0].cells else None


def _column(
    label: str,
    texts: Iterable[str | None],
    *,
    tone: Tone = "normal",
    rank: int = 0,
    is_number: bool = False,
) -> Column:
    return Column(label, [line(text or "", tone) for text in texts], is_number, rank)


def _metrics(run: Run) -> Table | None:
    metrics = list(run.metrics.values())
    have_series = any(metric.count > 1 for metric in metrics)
    last = _column("last" if have_series else "value", map(_number, metrics), is_number=True)
    names = _column("metric", [metric.name for metric in metrics], tone="strong")
    if not have_series:
        return _table("metrics", names, last)

    def of_series(label: str, read: Callable[..., str], rank: int) -> Column:
        texts = [read(metric) if metric.count > 1 else "" for metric in metrics]
        return _column(label, texts, is_number=True, rank=rank, tone="dim")

    return _table(
        "metrics",
        names,
        last,
        of_series("min", lambda metric: readable.number(metric.minimum), 1),
        of_series("max", lambda metric: readable.number(metric.maximum), 1),
        of_series("points", lambda metric: f"{metric.count:,}", 2),
        of_series("last step", lambda metric: readable.value(metric.step), 3),
    )


def _number(metric: object) -> str:
    return readable.number(getattr(metric, "value", None))


def _params(run: Run) -> Table | None:
    params = sorted(run.params.values(), key=lambda param: not is_set_by_hand(param.name))
    return _table(
        "params",
        _column("param", [param.name for param in params], tone="strong"),
        _column("value", map(_values, params)),
        _column("from", [_origin(param.uses[0].origin) for param in params], rank=1, tone="dim"),
    )


def _values(param: Param) -> str:
    text = ", then ".join(readable.value(use.value) for use in param.uses)
    return f"{text} ({param.note})" if param.note else text


def _origin(origin: Origin) -> str:
    words = {
        "assigned": "assigned",
        "argument": f"argument of {origin.callee}" if origin.callee else "argument",
        "default": f"default of {origin.callee}" if origin.callee else "default",
        "estimator": f"settings of {origin.callee}" if origin.callee else "settings",
        "global": "global",
        "parameters": "parameters cell",
        "given": "given",
    }[origin.how]
    cell = f"cell {origin.cell}" if origin.cell is not None else ""
    row = f"line {origin.line}" if origin.line is not None else ""
    return ", ".join(filter(None, [words, " ".join(filter(None, [cell, row]))]))


def _data(run: Run, sources: Mapping[str, Source]) -> Table | None:
    inputs = list(run.data_inputs.values())
    return _table(
        "data",
        _column("input", [data.name for data in inputs], tone="strong"),
        *_roles(inputs),
        _column("kind", [data.kind for data in inputs], rank=2, tone="dim"),
        _column("shape", [readable.shape(data.shape) for data in inputs], is_number=True),
        _column(
            "size", [readable.size(data.size_bytes) for data in inputs], is_number=True, rank=2
        ),
        _column("digest", [readable.digest(data.digest) for data in inputs], tone="dim"),
        _column("from", [_came_from(data, sources) for data in inputs], rank=1, tone="dim"),
    )


def _came_from(data: DataInput, sources: Mapping[str, Source]) -> str:
    source = sources.get(data.name)
    if source is not None and data.reason is None:
        return f"{source.name} of {source.experiment}"
    return data.reason or data.location or ""


def _roles(inputs: list[DataInput]) -> list[Column]:
    """The column of roles, where any is known."""
    told = [_role(data) for data in inputs]
    return [_column("role", told, rank=1)] if any(told) else []


def _role(data: DataInput) -> str:
    """Such as `train (SVC.fit)`: the part that data play, and what tells it."""
    return f"{data.role} ({data.role_from})" if data.role else ""


def _artifacts(run: Run) -> Table | None:
    kept = list(run.artifacts.values())
    return _table(
        "artifacts",
        _column("artifact", [one.name for one in kept], tone="strong"),
        _column("size", [readable.size(one.size_bytes) for one in kept], is_number=True),
        _column("type", [one.media_type for one in kept], rank=2, tone="dim"),
        _column("digest", [readable.digest(one.digest) for one in kept], rank=1, tone="dim"),
        _column("note", [one.note for one in kept], rank=1, tone="dim"),
    )


def _surroundings(run: Run) -> Paragraph:
    git, environment = run.git, run.environment
    packages = "  ".join(f"{name} {version}" for name, version in environment.packages.items())
    where = [f"Python {environment.python}" if environment.python else "", environment.platform]
    facts = [
        ("git", "  ".join(filter(None, [readable.commit(git.commit), git.branch, git.reason]))),
        ("changed", ", ".join(git.changed)),
        ("python", "  ".join(filter(None, where))),
        ("machine", "  ".join(filter(None, [environment.cpu, *environment.gpus]))),
        ("packages", packages),
        ("seed", "" if run.seed is None else str(run.seed)),
    ]
    lines = [(Span(f"{name:<10}", "dim"), Span(text)) for name, text in facts if text]
    return Paragraph(lines or [line("nothing is known of where it ran", "dim")], "ran in")


def _problems(run: Run) -> Table | None:
    return _table(
        "not recorded",
        _column("what", [problem.what for problem in run.problems], tone="warn"),
        _column("reason", [problem.reason for problem in run.problems]),
    )


def _printed(run: Run) -> Code | None:
    rows = (run.outputs.stdout or "").rstrip().splitlines()
    if not rows:
        return None
    hidden = len(rows) - _PRINTED_LINES
    title = (
        f"printed (the last {_PRINTED_LINES} of {len(rows):,} lines)" if hidden > 0 else "printed"
    )
    return Code("\n".join(rows[-_PRINTED_LINES:]), title)
