from __future__ import annotations

import numpy as np
import pandas as pd
from tests.checks.examples import judge

from aseptic.checks.rules.d10_class_imbalance import class_imbalance


def test_a_class_of_one_in_fifty_is_worth_knowing():
    (found,) = judge(class_imbalance, data=(np.zeros((500, 1)), np.arange(500) % 50 == 0)).findings
    assert found.severity == "info"
    assert found.message == "class True has 10 of 500 rows, one for 49 of class False"


def test_few_rows_alone_are_no_reason():
    label = ["a"] * 21 + ["b"] * 2
    assert judge(class_imbalance, data=(np.zeros((23, 1)), label)).findings == ()


def test_one_class_is_not_applicable():
    report = judge(class_imbalance, data=(pd.DataFrame({"a": range(30)}), ["x"] * 30))
    assert report.outcomes[0].outcome == "not applicable"
