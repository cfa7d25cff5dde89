"""Series that tell how a training went are kept and drawn, and are no columns of runs."""

from __future__ import annotations

import pytest

import aseptic
from aseptic.commands import run
from aseptic.series_names import is_diagnostic, layer_series, without_diagnostics


@pytest.fixture
def store(tmp_path):
    store = aseptic.open_store(tmp_path)
    for place in range(2):
        with aseptic.track(store=store) as active:
            for step in range(3):
                active.log(loss=1 / (step + 1 + place), grad_norm=0.5 + place, lr=0.1, step=step)
                active.log({layer_series("0", "grad_norm"): 0.25 + place}, step=step)
            active.log(dummy_loss=2.3 + place, acc=0.5 + place / 4)
    return store


def shown(store, line):
    return run(line.split(), store).text(width=200)


def test_what_tells_how_a_training_went_is_a_diagnostic():
    names = ["layer/0.conv/update_ratio", "grad_norm", "lr", "dummy_loss", "n_train"]
    assert all(map(is_diagnostic, names))
    assert without_diagnostics(["loss", "lr", "val_loss", "acc"], keep=["lr"]) == [
        "loss",
        "lr",
        "val_loss",
        "acc",
    ]


def test_diagnostics_are_no_columns_of_the_runs(store):
    frame = aseptic.runs(store=store)
    assert sorted(name for name in frame if name.startswith("metrics.")) == [
        "metrics.acc",
        "metrics.loss",
    ]
    assert "grad_norm" not in shown(store, "runs --all")
    assert "dummy_loss" not in shown(store, "compare")


def test_a_diagnostic_that_a_query_names_is_a_column(store):
    assert "metrics.grad_norm" in aseptic.runs("grad_norm < 1", store=store)
    assert "grad_norm" in shown(store, "runs --sort grad_norm --all")


def test_the_panel_has_no_column_of_a_diagnostic(store):
    from aseptic.widgets.panel import ComparePanel

    keys = [column["key"] for column in ComparePanel(store).table["columns"]]
    assert sorted(key for key in keys if key.startswith("metrics.")) == [
        "metrics.acc",
        "metrics.loss",
    ]


def test_a_diagnostic_is_drawn_and_shown_of_one_run(store):
    assert "layer/0/grad_norm" in shown(store, "curves layer/0/grad_norm")
    name = aseptic.runs(store=store)["name"][0]
    assert "layer/0/grad_norm" in shown(store, f"show {name}")


def test_no_run_is_judged_by_a_diagnostic(store):
    from aseptic.checks.history import scores_of

    judged = store.get_run(aseptic.runs(store=store)["run_id"][0])
    assert {score.name for score in scores_of(judged)} == {"acc", "loss"}
    assert "dummy_loss" not in shown(store, "diff " + " ".join(aseptic.runs(store=store)["name"]))


def test_the_card_has_no_chip_of_a_diagnostic(store):
    from aseptic.notebook.card import card_parts, card_text

    judged = store.get_run(aseptic.runs(store=store)["run_id"][0])
    card = card_text(judged, list(card_parts(judged, None)))
    assert "acc" in card
    assert "dummy_loss" not in card
    assert "metrics" not in card


def test_of_trainings_that_take_turns_the_loss_of_the_first_is_no_diagnostic():
    assert not is_diagnostic("training1/loss")
    assert is_diagnostic("training1/layer/0/grad_norm")
    assert is_diagnostic("training1/lr")
