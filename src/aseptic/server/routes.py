"""One declaration for each thing that the API offers: the handlers serve it, OpenAPI tells it.

A resource is a plain function of a store and its parameters, called in a thread: nothing that
reads a store may run in the server's loop.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable

Resource = TypeVar("Resource", bound="Callable[..., Any]")
Method = Literal["GET", "POST", "PATCH"]
#: What an id of a run or a job looks like: anything else in a path names nothing.
ID = re.compile(r"[0-9a-f]{16}")


class Place(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which project is meant."""

    at: str = ""  # the path of a notebook or folder, relative to the server's root folder


@dataclass(frozen=True)
class Route:
    """One method on one path, and the types of what goes in and what comes out."""

    method: Method
    path: str  # below `/aseptic/api/`, such as `runs/{run_id}/series`
    function: Callable[..., Any]
    params: type[Place]  # of the query string
    body: Any  # type of the JSON body; None: there is none
    reply: Any
    status: int

    @property
    def summary(self) -> str:
        """What it does, in one line."""
        return (self.function.__doc__ or "").strip().partition("\n")[0]

    @property
    def pattern(self) -> str:
        """The path as a regular expression; what stands in it are named groups."""
        return re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.path)

    @property
    def names(self) -> list[str]:
        """The names of what stands in the path."""
        return re.findall(r"\{(\w+)\}", self.path)


ROUTES: list[Route] = []


def route(
    method: Method,
    path: str,
    *,
    params: type[Place] = Place,
    body: Any = None,
    reply: Any,
    status: int = 200,
) -> Callable[[Resource], Resource]:
    """Declares that the function answers this method on this path.

    It is called with the store, what stands in the path and, as far as it has them, `params` and
    `body`.
    """

    def declare(function: Resource) -> Resource:
        ROUTES.append(Route(method, path, function, params, body, reply, status))
        return function

    return declare
