"""D27: texts were read in another encoding than they were written in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from aseptic.checks.check import NotApplicable, check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aseptic.checks.evidence import Evidence
    from aseptic.model import Finding

_LOST = "\N{REPLACEMENT CHARACTER}"
#: A first byte of UTF-8, as it reads in Latin-1 or Windows-1252: most texts have none.
_SUSPECT = re.compile("[\u00c2-\u00f4][^\u0000-\u007f]|\N{REPLACEMENT CHARACTER}")


@check("D27", needs=("data",))
def encoding_damage(run: Evidence, *, values: int = 1) -> Iterator[Finding]:
    """Texts were read in another encoding than they were written in.

    Why: a name with an accent becomes another name, joins and categories miss it, and a letter
    that was replaced is lost.

    Method: texts that become shorter valid text when they are written as Windows-1252 or Latin-1
    and read as UTF-8 again, or that hold U+FFFD, the sign of a lost letter; `values` different
    ones at least. Names of columns too.

    Remedy: read the file with `encoding="utf-8"`; mend what is there with
    `text.encode("cp1252").decode("utf-8")`; lost letters only the source has.

    Bad::

        data = pd.DataFrame({"city": ["Besançon".encode().decode("latin-1"), "Lyon"] * 30})

    Good::

        data = pd.DataFrame({"city": ["Besançon", "Lyon", "São Paulo", "GARÇÃO"] * 30})
    """
    sample = run.sample(run.main)
    names = [name for name in sample.features.columns if _damage(name)]
    columns = sample.of_kind("category", "text", "other")
    if not columns and not names:
        raise NotApplicable(f"{run.main.name} has no columns of text")
    if names:
        yield run.finding(
            f"{len(names):,} names of columns were read in another encoding",
            table=run.main,
            count=len(names),
        )
    for name in columns:
        texts = sample.texts(name)
        kinds = {text: kind for text in texts.index if (kind := _damage(text))}
        if len(kinds) < values or not kinds:
            continue
        hits = sample.features[name].isin(list(kinds)).to_numpy(dtype=bool)
        lost = sum(kind == "lost" for kind in kinds.values())
        yield run.finding(
            f"{hits.mean():.1%} of {name} was read in another encoding than it was written in",
            subject=name,
            remedy="letters are lost: read the source again, with its own encoding"
            if lost == len(kinds)
            else None,
            sample=sample,
            rows=sample.positions[np.flatnonzero(hits)],
            share=float(hits.mean()),
            distinct=len(kinds),
            distinct_with_lost_letters=lost,
        )


def _damage(text: str) -> str | None:
    """`lost`, `garbled` or None."""
    if not _SUSPECT.search(text):
        return None
    if _LOST in text:
        return "lost"
    for encoding in ("cp1252", "latin-1"):
        try:
            mended = text.encode(encoding).decode("utf-8")
        except UnicodeError:
            continue
        return "garbled" if len(mended) < len(text) else None
    return None
