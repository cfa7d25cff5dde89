"""H02: gains that are no more than chance."""

from __future__ import annotations

from tests.checks.examples import judge

from aseptic.checks.rules.h02_within_noise import within_noise
from aseptic.model import DataInput, Run
from aseptic.testing import make_run


def scored(value: float, C: int = 0, rows: int = 200, digest: str = "ab", **fields: object) -> Run:
    data = DataInput(name="X_val", kind="array", digest=digest, shape=(rows, 4))
    own = {"params": {"C": C}, "metrics": {"acc": value}, "data_inputs": {"X_val": data}}
    return make_run(**own | fields)


def test_a_small_gain_over_a_baseline_is_a_warning_else_information():
    for is_baseline, severity in ((True, "warning"), (False, "info")):
        earlier = [scored(0.80, C=3), scored(0.90, C=1, is_baseline=is_baseline)]
        (finding,) = judge(within_noise, run=scored(0.91, C=2), earlier=earlier).findings
        assert finding.severity == severity


def test_the_best_earlier_run_is_compared_with():
    earlier = [scored(0.80, C=3), scored(0.90, C=1), scored(0.85, C=4)]
    (finding,) = judge(within_noise, run=scored(0.91, C=2), earlier=earlier).findings
    assert earlier[1].name in finding.message
    assert "200 rows of X_val" in finding.message


def test_the_same_gain_on_many_rows_counts():
    earlier = [scored(0.90, C=1, rows=20_000)]
    assert not judge(within_noise, run=scored(0.91, C=2, rows=20_000), earlier=earlier).findings


def test_a_loss_and_an_equal_score_claim_nothing():
    for value in (0.90, 0.85):
        earlier = [scored(0.90, C=1)]
        assert not judge(within_noise, run=scored(value, C=2), earlier=earlier).findings


def test_seeds_that_differ_widely_say_more_than_the_rows():
    values = (0.86, 0.90, 0.94)
    earlier = [scored(v, C=1, rows=20_000, seed=place) for place, v in enumerate(values)]
    (finding,) = judge(within_noise, run=scored(0.95, C=2, rows=20_000), earlier=earlier).findings
    assert "3 seeds" in finding.message


def test_another_seed_of_the_same_configuration_is_no_gain():
    earlier = [scored(0.90, C=1, seed=1)]
    (outcome,) = judge(within_noise, run=scored(0.91, C=1, seed=2), earlier=earlier).outcomes
    assert outcome.outcome == "not applicable"


def test_scores_on_other_data_are_not_compared():
    earlier = [scored(0.90, C=1, digest="cd")]
    (outcome,) = judge(within_noise, run=scored(0.91, C=2), earlier=earlier).outcomes
    assert outcome.outcome == "not applicable"


def test_less_is_better_for_a_loss():
    earlier = [scored(0, C=1, metrics={"val_rmse": 10.0})]
    run = scored(0, C=2, metrics={"val_rmse": 9.9})
    assert judge(within_noise, run=run, earlier=earlier).findings
    worse = scored(0, C=2, metrics={"val_rmse": 10.1})
    assert not judge(within_noise, run=worse, earlier=earlier).findings
