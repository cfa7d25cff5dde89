"""The report as JSON: `JobReport`, field by field, with null for NaN and infinity."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from aseptic.batch.report import JobReport


def text(report: JobReport) -> str:
    """The report, indented; `msgspec.json.decode(…, type=JobReport)` reads it back."""
    return msgspec.json.format(msgspec.json.encode(report), indent=2).decode() + "\n"
