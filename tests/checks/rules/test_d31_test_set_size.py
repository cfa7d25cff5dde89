"""What D31 finds and what it lets pass."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("sklearn")

from sklearn.linear_model import LogisticRegression
from tests.checks.examples import judge
from tests.checks.fitted_cases import alarms, split

from aseptic.checks.rules import d31_test_set_size

RULE = d31_test_set_size.test_set_size  # not by its own name: pytest would take it for a test


def labelled(rows: int):
    rng = np.random.default_rng(0)
    features = rng.normal(size=(rows, 3))
    return features, (features[:, 0] + rng.normal(size=rows) > 0).astype(int)


def test_untouched_sets_get_no_warning():
    assert alarms(RULE, judge) == []


@pytest.mark.parametrize(("rows", "severities"), [(2000, []), (50, ["info"]), (5, ["warning"])])
def test_the_fewer_rows_the_more_severe(rows: int, severities: list[str]):
    found = judge(RULE, train=labelled(500), test=labelled(rows)).findings
    assert [one.severity for one in found] == severities


def test_the_models_own_score_is_taken_where_there_is_one():
    train, test = split("iris")
    model = LogisticRegression(max_iter=500).fit(*train)
    assert judge(RULE, train=train, test=test, model=model).findings == ()  # it is nearly perfect
    noisy = LogisticRegression().fit(*labelled(500))
    (finding,) = judge(RULE, train=labelled(500), test=labelled(60), model=noisy).findings
    assert "balanced accuracy" in finding.message
    assert "LogisticRegression" in finding.message


def test_the_remedy_says_how_many_rows_a_gain_needs():
    (finding,) = judge(RULE, train=labelled(500), test=labelled(50)).findings
    assert "1,600 rows" in finding.remedy
