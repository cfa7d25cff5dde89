from __future__ import annotations

import numpy as np
import pandas as pd
from tests.checks.examples import judge

from aseptic.checks.rules.d09_identifier_column import identifier_column


def test_numbers_and_tokens_without_repetition_are_found():
    rng = np.random.default_rng(0)
    data = pd.DataFrame(
        {"row": rng.permutation(200), "code": [f"K-{n:x}" for n in range(200)], "y": 1.5}
    )
    found = judge(identifier_column, train=data, target="y").findings
    assert {(one.subject, one.severity) for one in found} == {
        ("row", "warning"),
        ("code", "warning"),
    }


def test_years_amounts_and_sentences_are_no_identifiers():
    rng = np.random.default_rng(0)
    data = pd.DataFrame(
        {
            "year": np.arange(1900, 2020),
            "population": rng.choice(10**8, 120, replace=False),
            "review": [f"it was good {n}" for n in range(120)],
            "day": [f"2020-{1 + n % 12:02d}-{1 + n // 12:02d}" for n in range(120)],
        }
    )
    assert judge(identifier_column, data=data).findings == ()


def test_a_repetition_outside_of_the_sample_is_seen():
    ids = np.random.default_rng(0).permutation(30_000)
    ids[5] = ids[6]
    assert judge(identifier_column, data=pd.DataFrame({"id": ids})).findings == ()
