"""Which name each recorded value gets when callees disagree about it.

Every use of a value has a name, a source (the callee or the variable's owner; empty for a
variable itself) and a rank. For one name:

1. Fallbacks (a constant that nothing was seen to use, a constructor's arguments where the object
   was not seen at work) count only if the name has no other use.
2. A source whose values another source has too says nothing new and is merged into it.
3. If one source with explicit values is left, it keeps the bare name. If several are, each is
   named `source.name`, except the variable itself, which keeps the bare name.
4. Defaults that disagree with the explicit values, or with other defaults, are `source.name`.

The outcome depends only on the order of the uses.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, NamedTuple

from aseptic.model import Param, ParamUse

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from aseptic.model import Origin, Value


class Rank(enum.Enum):
    """How sure it is that a value was chosen, and used."""

    EXPLICIT = "explicit"
    DEFAULT = "default"
    FALLBACK = "fallback"


class Use(NamedTuple):
    """One value seen in use under one name."""

    name: str
    value: Value
    origin: Origin
    source: str
    rank: Rank = Rank.EXPLICIT


class _Group(NamedTuple):
    source: str
    uses: list[Use]
    keys: frozenset[str]

    @property
    def is_explicit(self) -> bool:
        return any(use.rank is not Rank.DEFAULT for use in self.uses)


def params_of(uses: Iterable[Use]) -> list[Param]:
    """The params that uses add up to, in order of first use."""
    by_name: dict[str, list[Use]] = {}
    for use in uses:
        by_name.setdefault(use.name, []).append(use)
    found = (param for name, group in by_name.items() for param in _params(name, group))
    return list({param.name: param for param in found}.values())


def key_of(value: Value) -> str:
    """What makes two values the same: 1 and 1.0 are, True and 1 are not, and NaN is itself."""
    if type(value) is float and value.is_integer() and abs(value) < 2**53:
        return repr(int(value))
    return repr(value)


def _params(name: str, uses: Sequence[Use]) -> list[Param]:
    used = [use for use in uses if use.rank is not Rank.FALLBACK] or list(uses)
    groups = _merged(_grouped(used))
    explicit = [group for group in groups if group.is_explicit]
    silent = [group for group in groups if not group.is_explicit]
    bare = explicit or silent[:1]
    is_disputed = len(explicit) > 1 or (not explicit and len(silent) > 1)
    others = silent if explicit else silent[1:]
    named = [_param(_qualified(name, group) if is_disputed else name, group) for group in bare]
    return named + [_param(_qualified(name, group), group) for group in others]


def _qualified(name: str, group: _Group) -> str:
    return f"{group.source}.{name}" if group.source else name


def _grouped(uses: Iterable[Use]) -> list[_Group]:
    by_source: dict[str, list[Use]] = {}
    for use in uses:
        by_source.setdefault(use.source, []).append(use)
    return [_group(source, found) for source, found in by_source.items()]


def _group(source: str, uses: list[Use]) -> _Group:
    distinct = {key_of(use.value): use for use in reversed(uses)}
    kept = [use for use in uses if distinct[key_of(use.value)] is use]
    return _Group(source, kept, frozenset(distinct))


def _merged(groups: list[_Group]) -> list[_Group]:
    """The groups without those whose values another one has too.

    Defaults never swallow explicit values, and of two equal groups the earlier one stays.
    """
    kept: list[_Group] = []
    for place, group in enumerate(groups):
        if not any(
            _covers(other, group, is_earlier=other_place < place)
            for other_place, other in enumerate(groups)
            if other is not group
        ):
            kept.append(group)
    return kept


def _covers(other: _Group, group: _Group, *, is_earlier: bool) -> bool:
    if group.is_explicit and not other.is_explicit:
        return False
    is_firmer = other.is_explicit and not group.is_explicit
    if group.keys == other.keys:
        return is_firmer or is_earlier
    return group.keys < other.keys


def _param(name: str, group: _Group) -> Param:
    uses = tuple(ParamUse(value=use.value, origin=use.origin) for use in group.uses)
    note = f"{len(uses)} values in one run" if len(uses) > 1 else None
    return Param(name=name, uses=uses, note=note)
