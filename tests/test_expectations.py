"""What was expected of a run beforehand."""

import pytest

from aseptic.errors import BadOption
from aseptic.expectations import is_met, parse_expectation


@pytest.mark.parametrize(
    ("text", "met"),
    [
        ("acc > 0.9", True),
        ("acc >= 0.95", True),
        ("acc < 0.9", False),
        ("0.9 < acc < 1", True),
        ("loss < -1", False),
        ("metrics['val/acc'] == 0.5", True),
        ("f1 > 0.5", None),
    ],
)
def test_an_expectation_is_met_or_not_or_cannot_be_told(text, met):
    assert is_met(text, {"acc": 0.95, "loss": 0.1, "val/acc": 0.5}) is met


@pytest.mark.parametrize(
    "text", ["acc", "open('x')", "acc > open('x')", "acc >", "a in b", "1 > 'x'"]
)
def test_anything_but_a_comparison_of_metrics_and_numbers_is_refused(text):
    with pytest.raises(BadOption, match="expected a comparison such as"):
        parse_expectation(text)
