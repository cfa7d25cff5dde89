"""What a person has acknowledged in an experiment holds for its later runs too.

A finding takes the reason of the newest run of the experiment in which the same was acknowledged:
the same check, about the same subject, in the same table; where that is a data input, with the same
digest. `aseptic acknowledge RUN CODE --clear` takes it back in the whole experiment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aseptic.model import DataInput, Finding
    from aseptic.store.base import Acknowledged

_INHERITED = "in run "


def inherited(
    finding: Finding, known: Sequence[Acknowledged], data_inputs: Mapping[str, DataInput]
) -> Finding:
    """The finding with the reason that was given in an earlier run, if there is one.

    `known` begins with the newest; `data_inputs` are those of the finding's own run.
    """
    if finding.acknowledged is not None:
        return finding
    table = table_of(finding)
    data = None if table is None else data_inputs.get(table)
    same = (finding.code, finding.subject, table, data and data.digest)
    for one in known:
        if (one.code, one.subject, one.table, one.digest) == same:
            is_told = one.reason.startswith(_INHERITED)
            reason = one.reason if is_told else f"{_INHERITED}{one.run}: {one.reason}"
            return msgspec.structs.replace(finding, acknowledged=reason)
    return finding


def table_of(finding: Finding) -> str | None:
    """The table that a finding is about."""
    evidence: Any = finding.evidence
    return evidence.get("table") if isinstance(evidence, dict) else None
