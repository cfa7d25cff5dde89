"""Which part data play, as a person said it with `aseptic.roles`, for the session.

Kept by name, or by a weak reference to the object: nothing is kept alive.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

from aseptic.errors import BadOption

if TYPE_CHECKING:
    from collections.abc import Mapping

_declared: dict[str, tuple[Any, ...]] = {}  # by role: a name or a reference, for X and for y


def declare(given: Mapping[str, Any]) -> None:
    """Notes the data of each role, in place of what was said before. Raises BadOption."""
    _declared.update({role: _marks(role, data) for role, data in given.items()})


def forget() -> None:
    """Nothing was declared."""
    _declared.clear()


def shown() -> dict[str, str]:
    """What is declared, by role: the name that was given, or what kind of object."""
    return {role: ", ".join(map(_said, marks)) for role, marks in _declared.items()}


def declared_names(namespace: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """By role: the variables that now hold what was declared, the features first."""
    names = {
        role: tuple(name for mark in marks for name in _names(mark, namespace))
        for role, marks in _declared.items()
    }
    return {role: found for role, found in names.items() if found}


def _marks(role: str, data: Any) -> tuple[Any, ...]:
    if isinstance(data, tuple) and len(data) == 2:
        return (*_marks(role, data[0]), *_marks(role, data[1]))
    if isinstance(data, str):
        return (data,)
    try:
        return (weakref.ref(data),)
    except TypeError:
        kind = type(data).__name__
        raise BadOption(f"roles({role}=…): name the variable as text, not the {kind}") from None


def _said(mark: Any) -> str:
    if isinstance(mark, str):
        return mark
    data = mark()
    return "nothing any more" if data is None else f"a {type(data).__name__}"


def _names(mark: Any, namespace: Mapping[str, Any]) -> list[str]:
    """The first public name of an object; a text is a name."""
    if isinstance(mark, str):
        return [mark] if mark in namespace else []
    data = mark()
    if data is None:
        return []
    known = namespace.copy() if isinstance(namespace, dict) else dict(namespace)
    return [name for name, value in known.items() if value is data and name[:1] != "_"][:1]
