"""H05: the run does not come from the notebook as it reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aseptic.checks.check import NotApplicable, check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aseptic.checks.evidence import Evidence
    from aseptic.model import Finding


@check("H05", severity="warning", needs=("run",), cost="look")
def stale_state(run: Evidence, *, shown: int = 1) -> Iterator[Finding]:
    """The run used something that the notebook, read from top to bottom, would not give.

    Why: nobody can make this result again by running the notebook, perhaps not even you tomorrow.

    Method: the names that the run's cell used are followed back through the session's cells. The
    state is stale where one of these cells was edited, deleted, run again or stands further down;
    what merely cannot be known is no finding. `shown` reasons are in the message, all of them in
    the evidence.

    Remedy: run the cells above again, from top to bottom, then this cell (Restart and run all
    does the same).

    Bad::

        from aseptic.model import State
        from aseptic.testing import make_run

        reason = "it used X, made by In [3], which has since been edited"
        run = make_run(state=State(kind="stale", reasons=(reason,)))

    Good::

        from aseptic.model import State
        from aseptic.testing import make_run

        run = make_run(state=State(kind="clean"))
    """
    record = run.run
    assert record is not None
    state = record.state
    if state.kind == "unknown":
        raise NotApplicable("; ".join(state.reasons) or "the state of the run is not known")
    if state.kind == "stale":
        more = len(state.reasons) - shown
        said = "; ".join(state.reasons[:shown]) or "what it used has since changed"
        yield run.finding(
            f"{said}{f', and {more} more' if more > 0 else ''}", reasons=state.reasons
        )
