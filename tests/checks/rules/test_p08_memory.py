"""P08: memory of predicting."""

from __future__ import annotations

import numpy as np
from tests.checks.examples import judge

from aseptic.checks.rules.p08_memory import memory

ROWS = np.zeros((20, 2))


class Greedy:
    def predict(self, rows):
        return np.ones((len(rows), 1000)).sum(axis=1)


def test_the_declared_memory_holds_for_all_callers_together():
    for callers, is_found in ((1, False), (4, True)):
        deploy = {"memory_mb": 20, "callers": callers}
        report = judge(memory, model=Greedy(), test=ROWS, settings={"deploy": deploy})
        assert bool(report.findings) is is_found, report


def test_without_a_limit_a_few_megabytes_are_clean():
    assert not judge(memory, model=Greedy(), test=ROWS).findings
