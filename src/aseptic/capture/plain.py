"""The content of Python values: numbers, text, dates, and containers of these.

No method that a user may have written is called on a value: exact types are read by their own
built-in methods, and a value of any other type is handed to the caller's `other`, which knows
tables and arrays or refuses. A sequence is written by columns: one code a value, then for each
type present the payload of its values.

What a dict holds counts, not the order in which it was filled, as for `==`.
"""

from __future__ import annotations

import datetime
import decimal
import fractions
import uuid
from collections.abc import Callable, Iterable, Sequence
from pathlib import PosixPath, PurePosixPath, PureWindowsPath, WindowsPath
from typing import TYPE_CHECKING, Any

import numpy as np

from aseptic.capture.arrays import canonical_bytes
from aseptic.capture.digests import WINDOW_ROWS, node, spans, windows
from aseptic.capture.kinds import data_kind
from aseptic.errors import CannotDigest

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MAX_DEPTH = 50

#: The digest of what is no plain value, or CannotDigest.
Other = Callable[[object], bytes]


class PlainDigest:
    """Digests values, and remembers which containers it is in."""

    def __init__(self, other: Other) -> None:
        self._other = other
        self._inside: list[int] = []

    def value(self, value: object) -> bytes:
        """The digest of one value of any kind."""
        kind = _tag(type(value))
        if kind == "other":
            return self._other(value)
        if kind in _READERS:
            return self._container(kind, value)
        return node(kind, _PAYLOADS[kind]([value]))

    def values(self, values: Sequence[object]) -> bytes:
        """The digest of values in their order."""
        cuts = spans(len(values), WINDOW_ROWS)
        return windows(len(values), [self._window(values[a:b], a) for a, b in cuts])

    def _window(self, values: Sequence[object], start: int) -> bytes:
        tags = {kind: _tag(kind) for kind in set(map(type, values))}
        names = sorted(set(tags.values()))
        codes = _codes(values, {kind: names.index(tag) for kind, tag in tags.items()})
        fields = []
        for place, name in enumerate(names):
            at = np.flatnonzero(codes == place)
            chosen = values if len(at) == len(values) else [values[i] for i in at.tolist()]
            fields.append(self._payload(name, chosen, at + start))
        return node("window", ",".join(names).encode(), codes.tobytes(), *fields)

    def _payload(self, tag: str, values: Sequence[Any], places: NDArray[np.intp]) -> bytes:
        if tag in _PAYLOADS:
            return _PAYLOADS[tag](values)
        pairs = zip(values, places, strict=True)
        return b"".join(self._at(int(place), value) for value, place in pairs)

    def _at(self, place: int, value: object) -> bytes:
        try:
            return self.value(value)
        except CannotDigest as error:
            raise CannotDigest("values", f"at position {place}: {error.reason}") from None

    def _container(self, tag: str, value: object) -> bytes:
        if id(value) in self._inside:
            raise CannotDigest(tag, "it contains itself")
        if len(self._inside) >= _MAX_DEPTH:
            raise CannotDigest(tag, f"it is nested more than {_MAX_DEPTH} levels deep")
        self._inside.append(id(value))
        try:
            return node(tag, *_READERS[tag](self, value))
        finally:
            self._inside.pop()

    def _sequence(self, value: list[object] | tuple[object, ...]) -> list[bytes]:
        read = list.__iter__ if isinstance(value, list) else tuple.__iter__
        return [self.values(list(read(value)))]  # type: ignore[arg-type]  # chosen by its type

    def _dict(self, value: dict[object, object]) -> list[bytes]:
        items = list(dict.items(value))
        keys = [key for key, _ in items]
        order = self._order(keys)
        return [self.values([keys[i] for i in order]), self.values([items[i][1] for i in order])]

    def _set(self, value: set[object] | frozenset[object]) -> list[bytes]:
        read = set.__iter__ if isinstance(value, set) else frozenset.__iter__
        members = list(read(value))  # type: ignore[arg-type]  # chosen by its type
        return [self.values([members[i] for i in self._order(members)])]

    def _order(self, members: list[Any]) -> list[int]:
        """An order that does not depend on hash seeds: of the values, or else of their digests."""
        if set(map(type, members)) in ({str}, {int}):
            return sorted(range(len(members)), key=members.__getitem__)
        digests = [self.value(member) for member in members]
        return sorted(range(len(members)), key=digests.__getitem__)


def text_bytes(values: Sequence[str]) -> bytes:
    """The lengths and then the characters of strings."""
    return b"".join(text_fields(values))


def text_fields(
    present: Sequence[str], missing: NDArray[np.bool_] | None = None
) -> tuple[bytes, bytes]:
    """The lengths, and the characters, of strings; -1 is the length of one that is missing."""
    joined = "".join(present)
    if joined.isascii():
        sizes, content = map(str.__len__, present), joined.encode()
    else:
        encoded = [str.encode(text, "utf-8", "surrogatepass") for text in present]
        sizes, content = map(len, encoded), b"".join(encoded)
    lengths = np.fromiter(sizes, np.dtype("<i8"), len(present))
    if missing is not None:
        lengths, known = np.full(len(missing), -1, dtype="<i8"), lengths
        lengths[~missing] = known
    return lengths.tobytes(), content


def _codes(values: Sequence[object], places: dict[type, int]) -> NDArray[np.uint16]:
    if len(places) == 1:
        return np.zeros(len(values), dtype="<u2")
    return np.fromiter((places[type(value)] for value in values), np.dtype("<u2"), len(values))


def _tag(kind: type) -> str:
    if kind in _TAGS:
        return _TAGS[kind]
    if data_kind(kind) is not None:  # such as SciPy's dictionary of keys, which is a dict
        return "other"
    return next((tag for base, tag in _BASES if issubclass(kind, base)), "other")


def _nothing(_: Sequence[object]) -> bytes:
    return b""


def _bools(values: Sequence[bool]) -> bytes:
    return bytes(values)


def _ints(values: Sequence[int]) -> bytes:
    try:
        return b"q" + np.array(values, dtype="<i8").tobytes()
    except OverflowError:
        return b"x" + text_bytes([format(value, "x") for value in values])


def _floats(values: Sequence[float]) -> bytes:
    return bytes(canonical_bytes(np.array(values, dtype=np.float64)))


def _complexes(values: Sequence[complex]) -> bytes:
    return bytes(canonical_bytes(np.array(values, dtype=np.complex128)))


def _binary(values: Sequence[bytes | bytearray]) -> bytes:
    lengths = np.fromiter(map(len, values), np.dtype("<i8"), len(values))
    return lengths.tobytes() + b"".join(values)


def _memory(values: Sequence[memoryview]) -> bytes:
    layouts = [f"{view.format}{list(view.shape or ())}" for view in values]
    return text_bytes(layouts) + _binary([view.tobytes() for view in values])


def _by_text(text: Callable[[Any], str]) -> Callable[[Sequence[Any]], bytes]:
    return lambda values: text_bytes([text(value) for value in values])


def _time(value: datetime.datetime | datetime.time) -> str:
    """ISO 8601 with the zone's name; a zone class of the user's own would run the user's code."""
    zone = value.tzinfo
    if zone is None:
        return f"{value.isoformat()} {value.fold}"
    if type(zone).__module__.partition(".")[0] not in {"datetime", "zoneinfo", "pytz", "dateutil"}:
        raise CannotDigest("time", f"its time zone is a {type(zone).__name__}")
    name = "" if type(zone).__module__.startswith("dateutil") else str(zone)
    return f"{value.isoformat()} {value.fold} {name}"


_TAGS: dict[type, str] = {
    type(None): "none",
    type(...): "ellipsis",
    bool: "bool",
    int: "int",
    float: "float",
    complex: "complex",
    str: "str",
    bytes: "bytes",
    bytearray: "bytearray",
    memoryview: "memory",
    range: "range",
    datetime.datetime: "datetime",
    datetime.date: "date",
    datetime.time: "time",
    datetime.timedelta: "timedelta",
    decimal.Decimal: "decimal",
    fractions.Fraction: "fraction",
    uuid.UUID: "uuid",
    PosixPath: "path",
    PurePosixPath: "path",
    WindowsPath: "path",
    PureWindowsPath: "path",
}

#: Text and containers are read by the built-in's own methods, subclasses (namedtuple) too.
_BASES: tuple[tuple[type, str], ...] = (
    (str, "str"),
    (list, "list"),
    (tuple, "tuple"),
    (dict, "dict"),
    (set, "set"),
    (frozenset, "frozenset"),
)

_PAYLOADS: dict[str, Callable[[Sequence[Any]], bytes]] = {
    "none": _nothing,
    "ellipsis": _nothing,
    "bool": _bools,
    "int": _ints,
    "float": _floats,
    "complex": _complexes,
    "str": text_bytes,
    "bytes": _binary,
    "bytearray": _binary,
    "memory": _memory,
    "range": _by_text(lambda value: f"{value.start} {value.stop} {value.step}"),
    "datetime": _by_text(_time),
    "date": _by_text(datetime.date.isoformat),
    "time": _by_text(_time),
    "timedelta": _by_text(lambda value: f"{value.days} {value.seconds} {value.microseconds}"),
    "decimal": _by_text(str),
    "fraction": _by_text(str),
    "uuid": _by_text(str),
    "path": _by_text(str),
}

_READERS: dict[str, Callable[[PlainDigest, Any], Iterable[bytes]]] = {
    "list": PlainDigest._sequence,  # noqa: SLF001 - its own methods, by the name of the container
    "tuple": PlainDigest._sequence,  # noqa: SLF001
    "dict": PlainDigest._dict,  # noqa: SLF001
    "set": PlainDigest._set,  # noqa: SLF001
    "frozenset": PlainDigest._set,  # noqa: SLF001
}
