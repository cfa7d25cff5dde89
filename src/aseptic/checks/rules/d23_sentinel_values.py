# ruff: noqa: SIM905 - word lists read best as words
"""D23: a number or a text stands for "missing"."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from aseptic.checks.check import NotApplicable, check
from aseptic.checks.words import is_placeholder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from aseptic.checks.evidence import Evidence
    from aseptic.checks.tables import Sample
    from aseptic.model import Finding

_SENTINELS = np.array(
    "-1 -7 -8 -9 -77 -88 -99 -777 -888 -999 -7777 -8888 -9999 -99999 -999999 99 777 888 999 7777"
    " 8888 9999 99999 999999 9999999 99999999 2147483647 -2147483648 0 -1e30 1e30".split(),
    dtype=np.float64,
)
_MOST_ZEROS = 0.3  # more often, 0 is what it says: nothing
_DISTINCT = 10  # other values: a column of few codes has no support to lie outside of
_CODE = re.compile(r"[A-Z]{2,3}")


@check("D23", needs=("data",))
def sentinel_values(
    run: Evidence, *, share: float = 0.002, rows: int = 3, distance: float = 0.1
) -> Iterator[Finding]:
    """A number or a text stands for "missing".

    Why: -999 or 0 is then taken for a measurement, and "?" for a category; means, scales and
    splits of trees are wrong, and no imputer fills it.

    Method: numbers in use as such codes (-1, -9, -99, -999, 99, 999, 9999, 0 and the like) that
    occur in more than `share` of the rows and at least `rows` times, and lie outside the range of
    all the others by more than `distance` of that range; -1 where no other is negative, and it lies
    as far outside, or 0 does not occur, or it is three times as frequent as its neighbours; 0 only
    in at most 30 % of the rows, where 99 % of the others lie above half of their median. For text:
    "?", "n/a", "null", "-", the empty text and the like.

    Remedy: declare it when reading (`na_values=`) or replace it by `np.nan`, then treat it as
    missing.

    Bad::

        data = pd.DataFrame({"age": np.random.default_rng(0).integers(18, 80, size=300)})
        data.loc[::20, "age"] = -999

    Good::

        data = pd.DataFrame({"age": np.random.default_rng(0).integers(18, 80, size=300)})
    """
    sample = run.sample(run.main)
    if not len(sample):
        raise NotApplicable(f"{run.main.name} has no rows")
    for names, numbers in sample.number_blocks():
        for place in _candidates(numbers):
            for sentinel, hits in _sentinels(numbers[:, place], distance):
                if hits.sum() >= rows and hits.mean() > share:
                    yield _finding(run, sample, names[place], f"{sentinel:.10g}", hits)
    for name in sample.of_kind("category", "text", "other"):
        words = [text for text in sample.texts(name).index if is_placeholder(text)]
        if words and not _are_codes(sample, name, words):
            hits = sample.features[name].isin(words).to_numpy(dtype=bool)
            shown = " and ".join(f"{word.strip()!r}" for word in words[:3])
            yield _finding(run, sample, name, shown, hits)


def _finding(
    run: Evidence, sample: Sample, name: str, sentinel: str, hits: NDArray[np.bool_]
) -> Finding:
    return run.finding(
        f"{hits.mean():.1%} of {name} is {sentinel}, which seems to stand for missing",
        subject=name,
        sample=sample,
        rows=sample.positions[hits],
        share=float(hits.mean()),
        count=int(hits.sum()),
        sentinel=sentinel,
    )


def _candidates(numbers: NDArray[np.float64]) -> NDArray[np.int64]:
    """Columns whose least or greatest value is a sentinel."""
    if not numbers.size:
        return np.zeros(0, dtype=np.int64)
    ends = np.nanmin(numbers, axis=0), np.nanmax(numbers, axis=0)
    return np.flatnonzero(np.isin(ends[0], _SENTINELS) | np.isin(ends[1], _SENTINELS))


def _sentinels(
    values: NDArray[np.float64], distance: float
) -> Iterator[tuple[float, NDArray[np.bool_]]]:
    known = values[np.isfinite(values)]
    for _ in range(2):  # a column may have one on each side
        for sentinel in (known.min(initial=np.inf), known.max(initial=-np.inf)):
            rest = known[known != sentinel]
            if sentinel not in _SENTINELS or len(np.unique(rest)) < _DISTINCT:
                continue
            if _lies_outside(float(sentinel), len(known) - len(rest), rest, distance):
                yield float(sentinel), values == sentinel
                known = rest
                break
        else:
            return


def _lies_outside(sentinel: float, count: int, rest: NDArray[np.float64], distance: float) -> bool:
    low, middle, high = np.quantile(rest, [0.0, 0.5, 1.0])
    gap = max(low - sentinel, sentinel - high)
    if sentinel == 0:
        near = float(np.quantile(rest, 0.01))  # one stray low value is no nearness
        is_rare = count <= _MOST_ZEROS * (count + len(rest))
        return bool(is_rare and low > 0 and near >= 0.5 * middle and near > distance * (high - low))
    if sentinel == -1:
        near = int((rest <= low + 1).sum())
        is_apart = low >= 1 or gap > distance * (high - low)
        return bool(low >= 0 and (is_apart or count >= 3 * near))
    return bool(gap > distance * (high - low))


def _are_codes(sample: Sample, name: str, words: list[str]) -> bool:
    """Whether NA is one of many codes of two or three letters, such as that of Namibia."""
    others = [text for text in sample.texts(name).index if text not in words]
    return words == ["NA"] and len(others) > 3 and all(_CODE.fullmatch(one) for one in others)
