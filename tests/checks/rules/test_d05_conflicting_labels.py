from __future__ import annotations

import numpy as np
import pandas as pd
from tests.checks.examples import judge

from aseptic.checks.rules.d05_conflicting_labels import conflicting_labels


def test_copies_with_other_labels_are_found():
    data = np.random.default_rng(0).normal(size=(300, 5))
    label = np.arange(300) % 2
    data[290:] = data[0:20:2]
    label[290:] = 1
    (found,) = judge(conflicting_labels, train=(data, label)).findings
    assert found.evidence["share"] == 20 / 300


def test_coarse_data_conflict_by_nature():
    rng = np.random.default_rng(0)
    train = (rng.integers(0, 3, size=(600, 3)), rng.integers(0, 2, 600))
    test = (rng.integers(0, 3, size=(200, 3)), rng.integers(0, 2, 200))
    assert judge(conflicting_labels, train=train, test=test).findings == ()
    assert judge(conflicting_labels, train=train).findings == ()


def test_numbers_do_not_conflict():
    report = judge(conflicting_labels, train=(np.zeros((50, 2)), np.linspace(0, 1, 50)))
    assert report.outcomes[0].outcome == "not applicable"
    assert pd.notna(report.outcomes[0].reason)


def test_features_of_few_values_conflict_by_nature_even_if_one_column_tells_little():
    rng = np.random.default_rng(0)

    def people(rows):
        features = pd.DataFrame(
            {
                "class": rng.choice(["1st", "2nd", "3rd"], rows),
                "age": rng.choice(["adult", "child"], rows, p=[0.95, 0.05]),
                "sex": rng.choice(["man", "woman"], rows),
            }
        )
        return features, rng.integers(0, 2, rows)

    train, test = people(900), people(400)
    assert judge(conflicting_labels, train=train, test=test).findings == ()
    assert judge(conflicting_labels, train=train).findings == ()
    for features, _ in (train, test):  # of other times: no row is in both
        features["day"] = rng.integers(0, 250, len(features)) + 300 * (features is test[0])
    assert judge(conflicting_labels, train=train, test=test).findings == ()
