"""H01: when the best of many test scores is luck."""

from __future__ import annotations

import numpy as np
from tests.checks.examples import judge

from aseptic.checks.rules import h01_test_set_reuse
from aseptic.model import DataInput, Run
from aseptic.testing import make_run

CHECK = h01_test_set_reuse.test_set_reuse
TEST = {"X_test": DataInput(name="X_test", kind="array", digest="ab", shape=(200, 4))}


def scored(value: float, C: int = 0, **fields: object) -> Run:
    return make_run(**{"params": {"C": C}, "metrics": {"acc": value}, "data_inputs": TEST} | fields)


def test_a_gain_far_above_luck_is_information():
    earlier = [scored(0.6 + place / 100, C=place) for place in range(8)]
    (finding,) = judge(CHECK, run=scored(0.95, C=9), earlier=earlier).findings
    assert finding.severity == "info"
    assert finding.evidence["configurations"] == 9


def test_a_run_that_is_not_the_best_claims_nothing():
    earlier = [scored(0.9 + place / 1000, C=place) for place in range(8)]
    assert not judge(CHECK, run=scored(0.89, C=9), earlier=earlier).findings


def test_seeds_of_one_configuration_are_not_many_configurations():
    earlier = [scored(0.9 + place / 1000, C=1, seed=place) for place in range(8)]
    assert not judge(CHECK, run=scored(0.93, C=1), earlier=earlier).findings


def test_runs_on_other_test_data_do_not_count():
    other = {"X_test": DataInput(name="X_test", kind="array", digest="cd", shape=(200, 4))}
    earlier = [scored(0.9, C=place, data_inputs=other) for place in range(8)]
    assert not judge(CHECK, run=scored(0.93, C=9), earlier=earlier).findings


def test_the_luck_it_names_is_what_choosing_the_best_of_equal_models_brings():
    rng, k = np.random.default_rng(0), 20
    scores = rng.binomial(200, 0.85, size=(2000, k)) / 200
    optimism = float((scores.max(axis=1) - 0.85).mean())
    values = sorted(scores[0])
    earlier = [scored(value, C=place) for place, value in enumerate(values[:-1])]
    (finding,) = judge(CHECK, run=scored(values[-1] + 0.001, C=99), earlier=earlier).findings
    assert 0.8 * optimism < finding.evidence["luck"] < 1.6 * optimism


def test_no_run_to_compare_with_is_not_applicable():
    (outcome,) = judge(CHECK, run=scored(0.9)).outcomes
    assert outcome.outcome == "not applicable"
    (outcome,) = judge(CHECK, run=make_run(), earlier=[scored(0.9)]).outcomes
    assert outcome.reason == "no metric is known to be of test data"


def test_of_ten_thousand_earlier_runs_the_newest_are_looked_at():
    earlier = [scored(0.8, C=place) for place in range(10_000)]
    found = judge(CHECK, run=scored(0.95, C=-1), earlier=earlier).findings
    assert found[0].evidence["configurations"] == CHECK.thresholds["newest"] + 1
