# ruff: noqa: RUF001, RUF002  # multiplication and minus signs are what people read
"""How values read to a person: numbers, times, sizes, digests, and text that cannot do harm."""

from __future__ import annotations

import math
import re
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Characters that move the cursor, colour the terminal, ring, or turn the direction of writing.
CONTROL = "[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069]"

MISSING = "–"


def plain(text: str) -> str:
    r"""The text on one line, with control characters escaped as `\x1b` or `\n`."""
    return re.sub(CONTROL, lambda found: found[0].encode("unicode_escape").decode(), text)


def shorten(text: str, width: int) -> str:
    """The text cut to a width, with … for what is gone."""
    return text if len(text) <= width else text[: max(0, width - 1)] + "…"


def value(thing: Any, *, width: int = 40) -> str:
    """A param's value on one line: text without quotes, floats in 6 digits, – for None."""
    if thing is None:
        return MISSING
    return shorten(plain(thing if isinstance(thing, str) else _nested(thing)), width)


def _nested(thing: Any) -> str:
    if isinstance(thing, bool) or not isinstance(thing, (float, tuple, list, dict)):
        return repr(thing)
    if isinstance(thing, float):
        text = f"{thing:.6g}"
        return f"{text}.0" if re.fullmatch(r"-?\d+", text) else text
    if isinstance(thing, dict):
        return "{" + ", ".join(f"{key}: {_nested(item)}" for key, item in thing.items()) + "}"
    return "(" + ", ".join(map(_nested, thing)) + ("," if len(thing) == 1 else "") + ")"


def number(thing: float | None) -> str:
    """A metric's value in four significant digits; – for None."""
    return numbers([thing])[0]


def numbers(things: Sequence[float | None]) -> list[str]:
    """Metric values with the same number of decimals, so that they can be compared by eye.

    Four significant digits of the largest; a value that would vanish in that is in exponents.
    """
    decimals = _decimals([x for x in things if x is not None and math.isfinite(x)])
    return [MISSING if x is None else _fixed(x, decimals) for x in things]


def _decimals(finite: Sequence[float]) -> int:
    largest = max(map(abs, finite), default=0)
    if all(isinstance(x, int) for x in finite) or not largest:
        return 0
    useful = min(6, max(0, 3 - math.floor(math.log10(largest))))
    needed = (len(f"{x:.{useful}f}".rstrip("0").partition(".")[2]) for x in finite)
    return max(1 if largest < 1e4 else 0, *needed) if useful else 0


def _fixed(x: float, decimals: int) -> str:
    if not math.isfinite(x) or abs(x) >= 1e9:
        return f"{x:.4g}"
    text = f"{x:.{decimals}f}"
    return text if x == 0 or float(text) else f"{x:.2g}"


def signed(delta: float | None, like: str = "") -> str:
    """A difference with its sign, in as many decimals as the number `like` has."""
    if delta is None:
        return ""
    decimals = len(like.partition(".")[2]) if "e" not in like else 4
    text = _fixed(abs(delta), decimals)
    return f"{'−' if delta < 0 else '+'}{text}"


def digest(text: str | None) -> str:
    """A digest by its ends, such as "a41f…9c"."""
    if text is None:
        return MISSING
    bare = plain(text.rpartition(":")[2])
    return bare if len(bare) <= 8 else f"{bare[:4]}…{bare[-2:]}"


def commit(sha: str | None, *, is_dirty: bool | None = None) -> str:
    """A commit by its first 7 digits, with a star if there are uncommitted changes."""
    return f"{plain(sha)[:7]}{'*' if is_dirty else ''}" if sha else ""


def shape(lengths: Sequence[int]) -> str:
    """Such as "1,797 × 64"."""
    return " × ".join(f"{length:,}" for length in lengths)


def duration(seconds: float | None) -> str:
    """Such as "120 ms", "2.0 s", "3 min 20 s", "2 h 05 min"."""
    if seconds is None:
        return ""
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s"
    return f"{minutes // 60:,} h {minutes % 60:02} min"


def ago(time: datetime, now: datetime) -> str:
    """How long ago, such as "now", "4 min", "3 h", "2 d"; a date when over a month."""
    seconds = (now - time).total_seconds()
    if seconds >= 30 * 86400:
        return f"{time:%Y-%m-%d}"
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length:.0f} {unit}"
    return "now"


def moment(time: datetime) -> str:
    """A time in UTC to the minute: it reads the same wherever and whenever it is read."""
    return f"{time.astimezone(timezone.utc):%Y-%m-%d %H:%M}"


def size(size_bytes: int | None) -> str:
    """Such as "812 B", "3.2 MB"."""
    if size_bytes is None:
        return ""
    amount, unit = float(size_bytes), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if amount < 999.5:
            break
        amount, unit = amount / 1000, larger
    return f"{size_bytes} B" if unit == "B" else f"{amount:.1f} {unit}"


def count(many: int, noun: str) -> str:
    """Such as "1 run", "1,200 runs"."""
    return f"{many:,} {noun}{'' if many == 1 else 's'}"
