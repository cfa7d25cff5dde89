from aseptic.model import Metric
from aseptic.store import open_store
from aseptic.testing import make_run, record_run


def test_a_keyword_that_is_no_field_is_a_metric():
    run = make_run(name="a", loss=0.5)
    assert (run.name, run.metrics) == ("a", {"loss": Metric(name="loss", value=0.5)})


def test_a_run_made_later_has_started_later():
    assert make_run().started_at < make_run().started_at


def test_a_recorded_run_is_the_run_that_was_made(tmp_path):
    store = open_store(tmp_path)
    run = record_run(store, params={"C": 1}, acc=0.5)
    assert store.get_run(run.run_id) == run
