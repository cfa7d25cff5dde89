"""Every error that aseptic raises on purpose.

AsepticError
├── BadQuery            a query that cannot be read, or that names an unknown field
├── BadOption           an option of a magic or command that does not exist
├── RunNotFound         (LookupError)
├── NoSuchMetric        (LookupError)
├── FindingNotFound     (LookupError)
├── NoActiveRun         (RuntimeError)
├── CannotDigest        (TypeError)
├── StoreUnavailable    (OSError)
├── StoreTooNew         a newer aseptic wrote this store
└── StoreDamaged        a store that cannot be read

A message says what happened, to which thing, and what to do; it never holds a password.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class AsepticError(Exception):
    """The base of every error of aseptic."""


class BadQuery(AsepticError, ValueError):
    """A query that cannot be read, or names a field that no run has."""


class BadOption(AsepticError, ValueError):
    """Words that the magic or command does not take."""


class RunNotFound(AsepticError, LookupError):
    """The store has no run with this id, prefix or name."""

    def __init__(self, run: str, store: str, *, close: Iterable[str] = ()) -> None:
        near = ", ".join(close)
        hint = f" Close: {near}." if near else ""
        super().__init__(f"no run {run!r} in {store}.{hint} `%aseptic runs` lists the runs it has.")


class NoSuchMetric(AsepticError, LookupError):
    """No run asked for has this metric."""

    def __init__(self, metric: str, *, known: Iterable[str] = ()) -> None:
        have = ", ".join(sorted(known)) or "none"
        super().__init__(f"no metric {metric!r}; these runs have: {have}.")


class ArtifactNotFound(AsepticError, LookupError):
    """No run that was meant has an artifact of this name."""

    def __init__(self, run: str, name: str, *, has: Iterable[str] | None = None) -> None:
        if has is None:
            hint = f"{run!r} is no experiment, run or query of which a finished run has it."
        else:
            hint = f"the run {run!r} has: {', '.join(has) or 'none'}."
        super().__init__(f"no artifact {name!r}: {hint}")


class FindingNotFound(AsepticError, LookupError):
    """The run has no such finding."""

    def __init__(self, code: str, *, subject: str | None = None, has: Iterable[str] = ()) -> None:
        about = f" about {subject}" if subject else ""
        have = ", ".join(has) or "none"
        super().__init__(f"the run has no finding {code}{about}; it has: {have}.")


class NoActiveRun(AsepticError, RuntimeError):
    """`log` was called while no run was active."""

    def __init__(self) -> None:
        super().__init__(
            "no run is active here: begin the cell with %%track, or use `with aseptic.track():`."
        )


class CannotDigest(AsepticError, TypeError):
    """The content of an object cannot be digested, for the reason given."""

    def __init__(self, kind: str, reason: str) -> None:
        self.reason = reason
        super().__init__(f"cannot digest {kind}: {reason}")


class StoreUnavailable(AsepticError, OSError):
    """The store cannot be read or written now."""


class StoreTooNew(AsepticError):
    """A newer aseptic wrote this store; this one changes nothing in it."""

    def __init__(self, store: str, *, found: str, known: str) -> None:
        super().__init__(
            f"{store} was written by a newer aseptic (schema {found}, this one knows {known}); "
            "nothing was changed. Upgrade with `pip install -U aseptic`."
        )


class StoreDamaged(AsepticError):
    """The store's content cannot be read."""
