"""What T25 finds and what it lets pass."""

from __future__ import annotations

import pytest
from tests.checks.rules.trainings import findings, healthy, outcome

from aseptic.checks.rules.t25_class_collapse import class_collapse


@pytest.mark.parametrize(
    ("predicted", "common", "is_found"),
    [(1.0, 0.7, True), (0.9, 0.7, False), (1.0, 0.99, False), (1.0, 0.1, True)],
)
def test_one_class_for_all_is_found_where_it_is_more_than_its_share(predicted, common, is_found):
    series = healthy(top_predicted_share=[0.5, predicted], top_class_share=common)
    assert bool(findings(class_collapse, series)) is is_found


def test_without_predictions_it_cannot_judge():
    assert outcome(class_collapse, healthy()).outcome == "not applicable"
