"""Who listens to a training: aseptic, as its users call it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

Watch = Callable[[Any, Any], None]


class Log(Protocol):
    def __call__(self, values: Mapping[str, float], *, step: float) -> None: ...
