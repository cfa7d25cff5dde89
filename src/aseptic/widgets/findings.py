"""The findings of a run for the browser, in words and numbers that JSON can carry."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from aseptic.contract import FindingPlot, PlotSeries, RunFindings, ShownFinding
from aseptic.model import writable
from aseptic.show.findings import (
    curve_of,
    docs_url,
    numbers_of,
    open_findings,
    silent_checks,
    sorted_findings,
)
from aseptic.show.plot_svg import axes_of, plot_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from aseptic.model import Finding, Run, Severity
    from aseptic.show.plot_svg import Plot


def findings_of(run: Run) -> RunFindings:
    """All findings of a run, and the checks that had none."""
    return RunFindings(
        run_id=run.run_id,
        findings=[_shown(finding) for finding in sorted_findings(writable(run.findings))],
        clean=sum(one.outcome == "clean" for one in run.checks),
        silent=[(", ".join(codes), reason) for reason, codes in silent_checks(run.checks).items()],
    )


def severities(codes: Iterable[str], findings: Sequence[Finding]) -> list[Severity]:
    """The highest severity of each code among the open findings of a run."""
    highest: dict[str, Severity] = {one.code: one.severity for one in open_findings(findings)[::-1]}
    return [highest.get(code, "warning") for code in codes]


def _shown(finding: Finding) -> ShownFinding:
    plot = plot_of(finding.evidence)
    series, step = curve_of(finding)
    return ShownFinding(
        code=finding.code,
        name=finding.name,
        severity=finding.severity,
        message=finding.message,
        numbers=numbers_of(finding),
        remedy=finding.remedy,
        subject=finding.subject,
        acknowledged=finding.acknowledged,
        plot=None if plot is None else _plot(plot),
        url=docs_url(finding.code),
        metric=series,
        step=step,
    )


def _plot(plot: Plot) -> FindingPlot:
    is_bars = plot["kind"] == "bars"
    return FindingPlot(
        kind=plot["kind"],
        labels=[str(label) for label in plot["x"]] if is_bars else [],
        at=[] if is_bars else _finite(plot["x"]),
        series=[
            PlotSeries(name=name, values=_finite(values)) for name, values in plot["series"].items()
        ],
        axes=axes_of(plot),
    )


def _finite(values: Iterable[float]) -> list[float | None]:
    return [float(value) if math.isfinite(value) else None for value in values]
