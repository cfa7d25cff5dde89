"""H07: data of the same name is not what it was in the run before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aseptic.checks.check import check
from aseptic.checks.code import same_code
from aseptic.checks.history import configuration
from aseptic.checks.rules.h03_unseeded import unseeded_calls

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from aseptic.checks.evidence import Evidence
    from aseptic.model import DataInput, Finding, Run


@check("H07", severity="warning", needs=("run",), cost="look")
def data_changed(run: Evidence, *, newest: int = 100) -> Iterator[Finding]:
    """Data under the same name or path is not what it was in an earlier run.

    Why: a metric that moved may have moved for the data, and the earlier run cannot be made again.

    Method: each input with a digest is compared with that of the same name or path in the newest
    of the `newest` earlier runs of the experiment that read it. Files, URLs and queries give a
    warning, unless the run itself wrote them. A variable gives information, where code, params
    and seeds explain no change and no file of the run has changed.

    Remedy: keep each version under a name of its own (`sales-2026-11.csv`), and run the baseline
    again on the data of today before comparing.

    Bad::

        from aseptic.model import DataInput
        from aseptic.testing import make_run

        def sales(digest, rows):
            return DataInput(
                name="sales.csv", kind="file", digest=digest, location="sales.csv", shape=(rows, 3)
            )

        earlier = [make_run(data_inputs={"sales.csv": sales("ab", 100)})]
        run = make_run(data_inputs={"sales.csv": sales("cd", 120)})

    Good::

        from aseptic.model import DataInput
        from aseptic.testing import make_run

        sales = DataInput(name="sales.csv", kind="file", digest="ab", location="sales.csv")
        earlier = [make_run(data_inputs={"sales.csv": sales})]
        run = make_run(data_inputs={"sales.csv": sales})
    """
    record = run.run
    assert record is not None
    alike = [one for one in run.history()[:newest] if one.experiment == record.experiment]
    changed = list(_changed(record, alike))
    stored = [change for change in changed if change[0].location is not None]
    for data, before, other in stored or changed:
        if data.location is None and _is_explained(record, other):
            continue
        yield run.finding(
            f"{data.name} is not what it was in {other.name}{_shapes(data, before)}",
            subject=data.name,
            severity=None if data.location is not None else "info",
            now=data.digest,
            before=before.digest,
            earlier_run=other.run_id,
        )


def _changed(record: Run, alike: Sequence[Run]) -> Iterator[tuple[DataInput, DataInput, Run]]:
    for data in record.data_inputs.values():
        found = _find_before(data, alike)
        if found is None or data.digest is None or _is_written(data, record):
            continue
        before, other = found
        if before.digest != data.digest and not _is_written(before, other):
            yield data, before, other


def _find_before(data: DataInput, alike: Sequence[Run]) -> tuple[DataInput, Run] | None:
    """The same input in the newest run that has it, with a digest of the same kind of thing."""
    for other in alike:
        for before in other.data_inputs.values():
            is_same = _place(before) == _place(data) and before.kind == data.kind
            if is_same and before.digest is not None:
                return before, other
    return None


def _place(data: DataInput) -> tuple[str | None, str]:
    return (data.location, "") if data.location is not None else (None, data.name)


def _is_written(data: DataInput, run: Run) -> bool:
    """Whether a run wrote the file that it read, such as a table of results."""
    return data.location is not None and any(
        artifact.name in (data.name, data.location) for artifact in run.artifacts.values()
    )


def _is_explained(record: Run, other: Run) -> bool:
    """Whether other code, params or seeds may have made a variable another one."""
    return (
        configuration(record) != configuration(other)
        or record.seed != other.seed
        or record.session_id == other.session_id != ""  # its cells say what was done between
        or same_code(record) != same_code(other)
        or bool(unseeded_calls(record))
    )


def _shapes(data: DataInput, before: DataInput) -> str:
    if not data.shape or not before.shape or data.shape == before.shape:
        return ""
    now, then = (" x ".join(f"{n:,}" for n in one.shape) for one in (data, before))
    return f": it has {now}, and had {then}"
