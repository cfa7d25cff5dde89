"""What T19 finds and what it lets pass."""

from __future__ import annotations

from tests.checks.rules.trainings import findings, healthy

from aseptic.checks.rules.t19_starved_of_data import starved_of_data


def test_a_training_that_waits_is_found():
    (finding,) = findings(starved_of_data, healthy(data_wait_share=[0.1, 0.8, 0.8]))
    assert finding.message == "80% of the time is spent waiting for data"


def test_the_first_batch_may_take_its_time():
    assert findings(starved_of_data, healthy(data_wait_share=[0.9, 0.2, 0.1])) == ()
