"""D14 against declared shares and against a table, and whether its weights mend what it found."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.checks.examples import judge

from aseptic.checks.rules.d14_unrepresentative import unrepresentative

SEX = {"sex": {"f": 0.51, "m": 0.49}}


def people(n: int = 2000, women: float = 0.5, age: float = 40, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "sex": rng.choice(["f", "m"], n, p=[women, 1 - women]),
            "age": rng.normal(age, 12, n),
            "town": rng.choice(["a", "b", "c"], n, p=[0.6, 0.3, 0.1]),
        }
    )


def findings(train, reference=None, margins=None):
    given = {} if reference is None else {"reference": reference}
    report = judge(
        unrepresentative,
        train=train,
        settings={} if margins is None else {"reference": margins},
        **given,
    )
    assert "fault" not in (report.outcomes[0].reason or "")
    return report.findings


def test_it_is_not_applicable_where_no_population_is_declared():
    (outcome,) = judge(unrepresentative, train=people()).outcomes
    assert outcome.outcome == "not applicable"
    assert "no reference population" in outcome.reason


@pytest.mark.parametrize("n", [50, 500, 5000])
def test_samples_of_the_population_are_clean(n):
    alarms = sum(
        bool(findings(people(n, seed=2 * at), people(2000, seed=2 * at + 1))) for at in range(100)
    )
    assert alarms <= 2
    alarms = sum(bool(findings(people(n, 0.51, seed=at), margins=SEX)) for at in range(100))
    assert alarms <= 2


def test_too_few_women_are_found_and_named():
    (finding,) = findings(people(women=0.3), margins=SEX)
    assert finding.subject == "sex"
    assert finding.message.startswith("sex f is 3")
    assert "51.0% of the population" in finding.message


def test_the_weights_mend_every_column_that_was_found():
    train, population = people(women=0.3, age=50), people(20_000, seed=1)
    found = findings(train, population)
    assert {finding.subject for finding in found} == {"sex", "age"}
    of_sex = next(finding for finding in found if finding.subject == "sex").evidence["weights"]
    of_age = next(finding for finding in found if finding.subject == "age").evidence["weights"]
    edges = [float(label.split()[-1]) for label in of_age][:-1]
    levels = np.searchsorted(edges, train.age)
    weights = train.sex.map(of_sex).to_numpy() * np.array(list(of_age.values()))[levels]
    mended = np.bincount((train.sex == "f").astype(int), weights) / weights.sum()
    assert mended[1] == pytest.approx((population.sex == "f").mean(), abs=0.01)
    share_of_young = weights[train.age < edges[0]].sum() / weights.sum()
    assert share_of_young == pytest.approx(0.2, abs=0.01)
    assert found[0].evidence["effective_rows"] < len(train)


def test_shares_may_be_percentages_and_leave_others_out():
    rows = people()
    assert not findings(rows, margins={"town": {"a": 60, "b": 30, "c": 10}})
    assert not findings(rows, margins={"town": {"a": 0.6}})
    assert findings(rows, margins={"town": {"a": 0.3}})


def test_codes_are_found_by_what_settings_write():
    rows = pd.DataFrame({"sex": [1.0] * 700 + [2.0] * 300})
    assert findings(rows, margins={"sex": {"1": 0.5, "2": 0.5}})
    assert not findings(rows, margins={"sex": {"1": 0.7, "2": 0.3}})


@pytest.mark.parametrize(
    "margins",
    [{}, {"sex": {}}, {"sex": 5}, {"sex": {"f": "many"}}, {"none": {"a": 1}}, {"sex": {"f": -1}}],
)
def test_odd_margins_give_no_finding_and_no_fault(margins):
    assert not findings(people(), margins=margins)


@pytest.mark.parametrize(
    ("train", "reference"),
    [
        (people(0), people()),
        (people(1), people()),
        (people(), people(1)),
        (pd.DataFrame({"a": [None] * 50}), pd.DataFrame({"a": [1] * 50})),
        (pd.DataFrame({"a": [[1]] * 50}), pd.DataFrame({"a": [{}] * 50})),
        (np.zeros((50, 2)), np.zeros((60, 2))),
        (np.full((50, 2), np.nan), np.ones((60, 2))),
    ],
)
def test_odd_tables_give_no_finding_and_no_fault(train, reference):
    assert not findings(train, reference)
