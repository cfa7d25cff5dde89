"""Queries as people write them in other languages get the right form shown."""

import pytest

from aseptic.errors import BadQuery
from aseptic.store.query import parse


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("alpha = 1", "write `==` for equal"),
        ("mae => 40", "write `>=`"),
        ("mae =< 40", "write `<=`"),
        ("a <> 1", "write `!=`"),
        ("a > 1 && b < 2", "write `and`"),
        ("a > 1 AND b < 2", "write `and`"),
        ("a > 1 || b < 2", "write `or`"),
        ("mae between 1 and 2", "write `1 <= x <= 2`"),
        ("name like 'x%'", "write `name.contains('text')`"),
        ("acc > 0.9 and lr lr", "invalid syntax at 'lr'"),
    ],
)
def test_a_slip_is_answered_with_the_right_form(query, said):
    with pytest.raises(BadQuery) as caught:
        parse(query)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
