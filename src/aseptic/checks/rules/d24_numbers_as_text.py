"""D24: a column of numbers is kept as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aseptic.checks.check import NotApplicable, check
from aseptic.checks.words import are_numbers, is_placeholder, without_unit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aseptic.checks.evidence import Evidence
    from aseptic.model import Finding


@check("D24", needs=("data",))
def numbers_as_text(
    run: Evidence, *, share: float = 0.999, distinct: int = 12, unit: float = 0.95
) -> Iterator[Finding]:
    """A column of numbers is kept as text.

    Why: an encoder makes a category of every number, and "10" sorts before "9".

    Method: at least `share` of the texts of a column, placeholders such as "?" aside, are numbers
    as people write them (`1,234.50`, `12 %`, `€ 3`), and at least `distinct` are different; so
    are numbers with a unit or currency, if it is the same one in a share of `unit` of the
    different texts (`12.00 kg`, `CHF 3`). Codes are none: texts of digits with a leading zero, or
    all of one length from four digits on.

    Remedy: `pd.to_numeric(column)`, or `pd.read_csv(…, thousands=",", decimal=".")`; strip signs
    of currency and per cent first.

    Bad::

        prices = np.random.default_rng(0).normal(1500, 200, size=200)
        data = pd.DataFrame({"price": [f"{price:,.2f}" for price in prices]})

    Good::

        data = pd.DataFrame({"postcode": [f"{number:05d}" for number in range(200)]})
    """
    sample = run.sample(run.main)
    candidates = sample.of_kind("category", "text")
    if not candidates:
        raise NotApplicable(f"{run.main.name} has no columns of text")
    for name in candidates:
        texts = sample.texts(name)
        texts = texts[[not is_placeholder(text) for text in texts.index]]
        if len(texts) < distinct:
            continue
        said, bare = without_unit(list(texts.index), share=unit) or ("", list(texts.index))
        found = texts.to_numpy()[are_numbers(bare)].sum() / texts.sum()
        if found >= share and not _are_codes(bare):
            yield run.finding(
                f"{name} holds numbers, but as text{f', with {said}' if said else ''}",
                subject=name,
                remedy=_remedy(said) if said else None,
                sample=sample,
                share=float(found),
                limit=share,
                distinct=len(texts),
            )


def _remedy(unit: str) -> str:
    return (
        f"`pd.to_numeric(column.str.replace({unit!r}, '').str.replace(',', ''))`, and the unit into"
        " the name of the column"
    )


def _are_codes(texts: list[str]) -> bool:
    digits = [text for text in texts if text.isdigit()]
    if len(digits) < len(texts):
        return False
    lengths = {len(text) for text in digits}
    has_zeros = any(text[0] == "0" and len(text) > 1 for text in digits)
    return has_zeros or (len(lengths) == 1 and max(lengths) >= 4)
