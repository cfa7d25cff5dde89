"""Shares with their intervals, and tables in Markdown."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Share:
    """So many of so many, with the interval of Wilson at 95 %."""

    count: int
    of: int

    @property
    def value(self) -> float:
        return self.count / self.of if self.of else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """Source: E. B. Wilson, J. Am. Stat. Assoc. 22 (1927)."""
        if not self.of:
            return math.nan, math.nan
        z, n, p = 1.96, self.of, self.value
        middle = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        return max(0.0, middle - half), min(1.0, middle + half)

    def said(self, *, per: int = 1) -> str:
        """Such as `0.97 (0.91-0.99)`; as percentages with `per=100`."""
        if not self.of:
            return "-"
        low, high = (per * bound for bound in self.interval)
        form = "{:.2f} ({:.2f}-{:.2f})" if per == 1 else "{:.1f} ({:.1f}-{:.1f})"
        return form.format(per * self.value, low, high)


def table(head: list[str], rows: list[list[str]]) -> str:
    """A table of Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines) + "\n"
