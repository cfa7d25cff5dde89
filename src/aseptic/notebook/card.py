"""The run card: what a run was, under the output of its cell, as static HTML and as lines of text.

The HTML carries its few styles inline, with JupyterLab's colours where there are any; stripped of
all styles, as code-hosting sites do, it still reads as sentences.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import msgspec

from aseptic.comparison import delta, what_changed
from aseptic.contract import RunEnded
from aseptic.direction import direction_of
from aseptic.expectations import is_met
from aseptic.model import writable
from aseptic.series_names import is_diagnostic
from aseptic.show import readable
from aseptic.show.blocks import Line, Span, Tone, text_of
from aseptic.show.findings import (
    MARKS,
    TONES,
    began,
    docs_url,
    mark_of,
    numbers_of,
    open_findings,
    sorted_findings,
)
from aseptic.show.plot_svg import plot_of, plot_svg

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aseptic.contract import Change
    from aseptic.model import DataInput, Finding, Metric, Run

_MAX_METRICS = 4
_MAX_CHANGES = 5
_MAX_DATA = 2
_MAX_FINDINGS = 6
_SHOWN_ANYWAY = {"stdout", "stderr", "figures", "result"}  # the cell shows them; see the run page
_TONES: dict[Tone, str] = {
    "normal": "",
    "dim": "color:var(--jp-content-font-color2,#6b6b6b)",
    "good": "color:var(--as-good,#2b7a4b)",
    "bad": "color:var(--as-bad,#b3452c)",
    "warn": "color:var(--as-warn,#946200)",
    "strong": "font-weight:600",
    "accent": "color:var(--jp-brand-color1,#1976d2)",
}
_EDGES = {"finished": "--jp-brand-color1,#1976d2", "failed": "--as-bad,#b3452c"}
# Jupyter has no variable that says whether a theme is dark; colours of meaning follow this class.
_STYLE = (
    "<style>body[data-jp-theme-light=false] .as-Card"
    "{--as-good:#6cc48d;--as-bad:#e88d74;--as-warn:#e0b252;"
    "--as-series-0:#6ea1e8;--as-series-1:#ec8a55;--as-series-2:#e27ba4}</style>"
)


# Not seen, but read where styles are taken off: the gap between the parts is a style too.
_SEPARATOR = '\n<span style="font-size:0"> · </span>\n'


def show_card(shell: Any, run: Run, previous: Run | None, *, baseline: Run | None = None) -> None:
    """Appends the card to the output of the cell that has just ended."""
    parts = list(card_parts(run, previous, baseline=baseline))
    bundle = {"text/plain": card_text(run, parts), "text/html": card_html(run, parts)}
    if hasattr(shell, "kernel"):
        # what goes as `transient` reaches the front end and is not saved
        told = {"aseptic": msgspec.to_builtins(_ended(run))}
        shell.display_pub.publish(data=bundle, metadata={}, transient=told)
    else:
        print(bundle["text/plain"])  # noqa: T201 -- a terminal shows the card as a line


def _ended(run: Run) -> RunEnded:
    findings = [mark_of(run.run_id, one) for one in open_findings(run.findings)[:_MAX_FINDINGS]]
    return RunEnded(
        run_id=run.run_id, run_name=run.name, status=run.status, findings=writable(findings)
    )


def card_text(run: Run, parts: list[Line]) -> str:
    """The card in one line, and a line for each finding."""
    card = " · ".join(text_of(part).strip() for part in parts)
    return "\n".join([card, *(f"  {text_of(row)}" for row in finding_lines(run))])


def card_html(run: Run, parts: list[Line]) -> str:
    """The card as HTML without script."""
    edge = _EDGES.get(run.status, "--as-warn,#946200")
    spans = _SEPARATOR.join(f"<span>{_spans(part)}</span>" for part in parts)
    return (
        f'{_STYLE}<div class="as-Card" role="note" aria-label="run {escape(run.name)}" '
        f'style="border-left:3px solid var({edge});'
        "background:var(--jp-layout-color2,#f6f6f6);color:var(--jp-content-font-color1,#222);"
        "padding:5px 12px;display:flex;flex-wrap:wrap;gap:3px 8px;align-items:baseline;"
        "font-family:var(--jp-ui-font-family,system-ui,sans-serif);"
        'font-size:13px;line-height:1.45;font-variant-numeric:tabular-nums">\n'
        f"{spans}{_findings_html(run)}\n</div>"
    )


def card_parts(run: Run, previous: Run | None, *, baseline: Run | None = None) -> Iterator[Line]:
    """What the card says, most important first."""
    yield _title(run)
    yield from _metrics(run, baseline or previous)
    yield from _expectations(run)
    if previous is not None:
        yield _changes(what_changed(previous, run))
    yield from _data(run, previous)
    yield from _git(run)
    yield (Span(readable.duration(run.duration_s), "dim"),)
    yield from _state(run)
    yield from _notes(run)
    yield from _problems(run)
    yield from _clean(run)


# -- findings -------------------------------------------------------------------------------------
def finding_lines(run: Run) -> Iterator[Line]:
    """A line a finding that is no tip, those acknowledged last; then what there is besides."""
    told = _told(run)
    yield from (_finding(finding) for finding in told[:_MAX_FINDINGS])
    yield from _besides(run, len(told))


def _told(run: Run) -> list[Finding]:
    return [one for one in sorted_findings(run.findings) if one.severity != "info"]


def _besides(run: Run, told: int) -> Iterator[Line]:
    tips = sum(one.severity == "info" for one in open_findings(run.findings))
    words = [f"+{told - _MAX_FINDINGS} more" if told > _MAX_FINDINGS else ""]
    words += [f"+{readable.count(tips, 'tip')}" if tips else ""]
    said = ", ".join(filter(None, words))
    if said:
        yield (Span(f"{said}: %aseptic show {run.name}", "dim"),)


def _finding(finding: Finding) -> Line:
    """Mark, code, message; all of it dim, with the reason, where a person has acknowledged it."""
    mark = f"{MARKS[finding.severity]} {finding.code} "
    if finding.acknowledged is not None:
        return (Span(f"{mark}{finding.message} (acknowledged: {finding.acknowledged})", "dim"),)
    at = began(finding)
    line = (Span(mark, TONES[finding.severity]), Span(finding.message))
    return (*line, Span(f" · {at}", "dim")) if at else line


def _findings_html(run: Run) -> str:
    told = _told(run)
    rows = [_finding_html(finding) for finding in told[:_MAX_FINDINGS]]
    rows += [f"<div>{_spans(row)}</div>" for row in _besides(run, len(told))]
    return f'\n<div style="flex-basis:100%">\n{chr(10).join(rows)}\n</div>' if rows else ""


def _finding_html(finding: Finding) -> str:
    """The line, and behind it what it is founded on, the plot, what to do, and where to read on."""
    line = _spans(_finding(finding))
    if finding.acknowledged is not None:
        return f"<div>{line}</div>"
    numbers = ", ".join(f"{name} {text}" for name, text in numbers_of(finding))
    plot = plot_of(finding.evidence)
    parts = [
        _span(Span(numbers, "dim")) if numbers else "",
        plot_svg(plot, title=finding.message) if plot else "",
        _span(Span(finding.remedy)) if finding.remedy else "",
        _more(finding),
    ]
    inner = "".join(f'<div style="padding:2px 0">{part}</div>' for part in parts if part)
    return (
        f'<details><summary style="cursor:pointer">{line}</summary>\n'
        f'<div style="padding:2px 0 6px 16px">{inner}</div></details>'
    )


def _more(finding: Finding) -> str:
    url = docs_url(finding.code)
    if url is None:
        return _span(Span(f"%aseptic explain {finding.code}", "dim"))
    style = _TONES["accent"]
    told = f"{finding.code} {finding.name}"
    return (
        f'<a href="{escape(url)}" target="_blank" rel="noopener" style="{style}">'
        f"{escape(readable.plain(told))}: why and how</a>"
    )


def _clean(run: Run) -> Iterator[Line]:
    """That checks were made, and how many could judge, is said where they found nothing."""
    clean = sum(one.outcome == "clean" for one in run.checks)
    if clean and not run.findings:
        of = f"{clean} of " if clean < len(run.checks) else ""
        yield (Span(f"{of}{readable.count(len(run.checks), 'check')} clean", "dim"),)


# -- the parts ------------------------------------------------------------------------------------
def _title(run: Run) -> Line:
    title = (Span(run.name, "strong"), Span(f" {run.experiment}", "dim"))
    if run.status == "finished":
        return title
    why = readable.shorten(run.outputs.error or "", 80)
    tone: Tone = "bad" if run.status == "failed" else "warn"
    return (*title, Span(f" {run.status}", tone), Span(f" {why}", "dim"))


def _metrics(run: Run, other: Run | None) -> Iterator[Line]:
    known = [metric for name, metric in run.metrics.items() if not is_diagnostic(name)]
    known.sort(key=_rank)
    for i, metric in enumerate(known[:_MAX_METRICS]):
        yield _metric(metric, other, is_first=i == 0)
    if len(known) > _MAX_METRICS:
        yield (Span(f"+{len(known) - _MAX_METRICS} metrics", "dim"),)


def _rank(metric: Metric) -> tuple[bool, bool]:
    """What a name of its own was given comes before the many numbers of a report."""
    return "/" in metric.name, metric.direction is None


def _metric(metric: Metric, other: Run | None, *, is_first: bool) -> Line:
    """The value and its delta; the first metric says which run it is compared with."""
    shown = readable.number(metric.value)
    line = (Span(f"{metric.name} "), Span(shown, "strong"))
    before = other.metrics.get(metric.name) if other else None
    if other is None or before is None:
        return line
    moved = delta(metric.value, before.value, metric.direction or direction_of(metric.name))
    if moved.value is None:
        return (*line, Span(f" was {readable.number(before.value)} in {other.name}", "dim"))
    if moved.value == 0:
        return (*line, Span(f" as {other.name}" if is_first else " same", "dim"))
    arrow = "▲" if moved.value > 0 else "▼"
    tone: Tone = "dim" if moved.is_better is None else "good" if moved.is_better else "bad"
    size = readable.number(abs(moved.value))
    than = (Span(f" vs {other.name}", "dim"),) if is_first else ()
    return (*line, Span(f" {arrow} {size}", tone), *than)


def _expectations(run: Run) -> Iterator[Line]:
    values = {name: metric.value for name, metric in run.metrics.items()}
    marks: dict[bool | None, Span] = {
        True: Span("✓", "good"),
        False: Span("✗", "bad"),
        None: Span("not measured", "warn"),
    }
    for text in run.expects:
        yield (Span(f"expected {text} ", "dim"), marks[is_met(text, values)])


def _changes(changes: list[Change]) -> Line:
    if not changes:
        return (Span("nothing changed", "dim"),)
    shown = ", ".join(_change(change) for change in changes[:_MAX_CHANGES])
    line = (Span("changed: ", "dim"), Span(shown))
    more = len(changes) - _MAX_CHANGES
    return (*line, Span(f" +{more} more", "dim")) if more > 0 else line


def _change(change: Change) -> str:
    if change.kind == "added":
        after = "" if _is_digest(change.after) else f" {readable.value(change.after)}"
        return f"{change.name}{after} (new)"
    if change.kind == "removed":
        return f"{change.name} gone"
    if change.note and (change.before is None or _is_digest(change.before)):
        return f"{change.name} {change.note}"
    return f"{change.name} {readable.value(change.before)} → {readable.value(change.after)}"


def _is_digest(value: Any) -> bool:
    """The data is named with its shape and digest further on."""
    return isinstance(value, str) and value.startswith("xxh3:")


def _data(run: Run, previous: Run | None) -> Iterator[Line]:
    known = list(run.data_inputs.values())
    for data in known[:_MAX_DATA]:
        words = [
            data.name,
            data.role or "",
            readable.shape(data.shape),
            readable.digest(data.digest),
        ]
        line = Span(" ".join(word for word in words if word), "dim")
        before = previous.data_inputs.get(data.name) if previous else None
        yield (line, *_sameness(data, before))
    if len(known) > _MAX_DATA:
        yield (Span(f"+{len(known) - _MAX_DATA} data inputs", "dim"),)


def _sameness(data: DataInput, before: DataInput | None) -> Line:
    if before is None or before.digest is None or data.digest is None:
        return ()
    is_same = before.digest == data.digest
    return (Span(" same" if is_same else " changed", "dim" if is_same else "warn"),)


def _git(run: Run) -> Iterator[Line]:
    if run.git.commit:
        yield (Span(readable.commit(run.git.commit, is_dirty=run.git.is_dirty), "dim"),)


def _state(run: Run) -> Iterator[Line]:
    tones: dict[str, Tone] = {"clean": "good", "stale": "warn", "unknown": "dim"}
    line = (Span(run.state.kind, tones[run.state.kind]),)
    reasons = "; ".join(run.state.reasons[:2])
    yield (*line, Span(f": {reasons}", "dim")) if reasons else line


def _notes(run: Run) -> Iterator[Line]:
    several = [param for param in run.params.values() if len(param.uses) > 1]
    for param in several[:2]:
        said = f"{param.name} had {len(param.uses)} values: "
        yield (Span(said, "warn"), Span(readable.value(param.value)))


def _problems(run: Run) -> Iterator[Line]:
    problems = [problem for problem in run.problems if problem.what not in _SHOWN_ANYWAY]
    if problems:
        first, more = problems[0], len(problems) - 1
        rest = f" (+{more} more)" if more else ""
        yield (Span("not recorded: ", "warn"), Span(f"{first.what}: {first.reason}{rest}", "dim"))


def _spans(line: Line) -> str:
    return "".join(map(_span, line))


def _span(span: Span) -> str:
    text = escape(readable.plain(span.text))
    if span.tone == "strong":
        return f"<b>{text}</b>"
    style = _TONES[span.tone]
    return f'<span style="{style}">{text}</span>' if style else text
