"""The values that were seen in use, each once, with those that only count if nothing else does."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from aseptic.capture.naming import Rank, Use, key_of
from aseptic.capture.values import NOTHING, is_recordable
from aseptic.model import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from aseptic.model import Origin

    Key = tuple[str, str, str]  # a class, its setting and the value

MAX_VALUES: Final = 64  # distinct values of one name and source; more are data or a counter


class Uses:
    """Gathers uses; holds back those of constructors whose objects may still say it better."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str, Rank, str], Use] = {}
        self._counts: dict[tuple[str, str], int] = {}
        self._settled: set[str] = set()
        self._pending: list[tuple[str, Use]] = []
        self._nested: dict[tuple[str, str], str] = {}  # `Pipeline`, `svc__C`: the class of `svc`

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

    def own(self, source: str, nested: Mapping[str, str]) -> None:
        """Settings of this source belong to objects within it, of these classes."""
        self._nested.update({(source, name): owner for name, owner in nested.items()})

    def has_source(self, source: str | None) -> bool:
        """Whether members of this variable were used as settings."""
        return any(known == source for _, known in self._counts)

    def all(self) -> list[Use]:
        """Every use, in order; those held back come last."""
        given, unclear = self._given(), self._unclear()
        found = [
            use if self._key(use) in unclear else self._with_giver(use, given)
            for use in self._found.values()
            if self._is_kept(use)
        ]
        found += [use for owner, use in self._pending if owner not in self._settled]
        return sorted(found, key=lambda use: use.rank is Rank.FALLBACK)

    def problems(self) -> Iterator[Problem]:
        """Names with too many values to be settings, and settings of which the giver is unclear."""
        for (name, source), count in self._counts.items():
            if count > MAX_VALUES:
                where = f" of {source}" if source else ""
                reason = f"more than {MAX_VALUES} values{where} in one run: no param"
                yield Problem(what=f"param {name}", reason=reason)
        for (owner, name, value), claims in self._unclear().items():
            reason = (
                f"which of them was given {name}={value} is not known: each is of class {owner}"
            )
            yield Problem(what=f"params {', '.join(claims)}", reason=reason)

    def _is_kept(self, use: Use) -> bool:
        return self._counts[use.name, use.source] <= MAX_VALUES

    def _key(self, use: Use) -> Key:
        """A setting as its constructor would be given it: `svc__C` of a pipeline is `C` of SVC."""
        owner = self._nested.get((use.source, use.name))
        name = use.name if owner is None else use.name.rpartition("__")[2]
        return owner or use.source, name, key_of(use.value)

    def _given(self) -> dict[Key, Origin]:
        """What constructors were given here."""
        return {self._key(use): use.origin for _, use in self._pending if _is_given(use)}

    def _unclear(self) -> dict[Key, list[str]]:
        """Settings that more objects of one class have than were given them, by what they share."""
        gifts = Counter(self._key(use) for _, use in self._pending if _is_given(use))
        claims: dict[Key, list[str]] = {}
        for use in self._found.values():
            if (use.source, use.name) in self._nested and self._key(use) in gifts:
                claims.setdefault(self._key(use), []).append(use.name)
        return {key: names for key, names in claims.items() if len(names) > gifts[key]}

    def _with_giver(self, use: Use, given: Mapping[Key, Origin]) -> Use:
        """An estimator's setting that its constructor was given here: the giving is its origin."""
        origin = given.get(self._key(use)) if use.origin.how == "estimator" else None
        return use if origin is None else use._replace(origin=origin)


def _is_given(use: Use) -> bool:
    return use.rank is Rank.FALLBACK
