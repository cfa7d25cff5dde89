"""The values that were seen in use, each once, with those that only count if nothing else does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aseptic.capture.naming import Rank, Use, key_of
from aseptic.capture.values import NOTHING, is_recordable
from aseptic.model import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aseptic.model import Origin

MAX_VALUES: Final = 64  # distinct values of one name and source; more are data or a counter


class Uses:
    """Gathers uses; holds back those of constructors whose objects may still say it better."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str, Rank, str], Use] = {}
        self._counts: dict[tuple[str, str], int] = {}
        self._settled: set[str] = set()
        self._pending: list[tuple[str, Use]] = []

    def add(self, use: Use) -> None:
        """Takes a use, unless its value is not plain, its name a secret's, or it is known."""
        if use.value is NOTHING or not is_recordable(use.name.rpartition(".")[2]):
            return
        key = (use.name, use.source, use.rank, key_of(use.value))
        if key in self._found:
            return
        count = self._counts[key[:2]] = self._counts.get(key[:2], 0) + 1
        if count <= MAX_VALUES:
            self._found[key] = use

    def hold(self, owner: str, use: Use) -> None:
        """Takes an argument of a constructor; it counts unless the class is settled later."""
        rank = Rank.DEFAULT if use.rank is Rank.DEFAULT else Rank.FALLBACK
        if use.value is not NOTHING and is_recordable(use.name):
            self._pending.append((owner, use._replace(rank=rank)))

    def settle(self, *owners: str) -> None:
        """Objects of these classes were seen at work: what their constructors got is history."""
        self._settled.update(owners)

    def has_source(self, source: str | None) -> bool:
        """Whether members of this variable were used as settings."""
        return any(known == source for _, known in self._counts)

    def all(self) -> list[Use]:
        """Every use, in order; those held back come last."""
        given = {
            (use.source, use.name, key_of(use.value)): use.origin
            for _, use in self._pending
            if use.rank is Rank.FALLBACK
        }
        found = [_with_giver(use, given) for use in self._found.values() if self._is_kept(use)]
        found += [use for owner, use in self._pending if owner not in self._settled]
        return sorted(found, key=lambda use: use.rank is Rank.FALLBACK)

    def problems(self) -> Iterator[Problem]:
        """The names that had too many values to be settings."""
        for (name, source), count in self._counts.items():
            if count > MAX_VALUES:
                where = f" of {source}" if source else ""
                reason = f"more than {MAX_VALUES} values{where} in one run: no param"
                yield Problem(what=f"param {name}", reason=reason)

    def _is_kept(self, use: Use) -> bool:
        return self._counts[use.name, use.source] <= MAX_VALUES


def _with_giver(use: Use, given: dict[tuple[str, str, str], Origin]) -> Use:
    """An estimator's setting that its constructor was given here: the giving is its origin."""
    key = (use.source, use.name, key_of(use.value))
    is_given = use.origin.how == "estimator" and key in given
    return use._replace(origin=given[key]) if is_given else use
