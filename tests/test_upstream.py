"""Artifacts of earlier runs: found, read as files, recorded as data inputs with their run."""

from __future__ import annotations

import contextlib
import os

import pandas as pd
import pytest

import aseptic
from aseptic import notices, tracking, upstream
from aseptic.commands import run
from aseptic.errors import ArtifactNotFound, StoreDamaged
from aseptic.results import RunResult
from aseptic.store import open_store


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder without git, the current one; nothing was read before."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ASEPTIC_STORE", raising=False)
    monkeypatch.setattr(tracking, "_default_store", None)
    monkeypatch.setattr(notices, "_said", set())
    upstream.take_pending()
    return tmp_path


def make(text, *, name=None, experiment="collect", artifact="x.csv", **options):
    """A run that keeps a text."""
    with aseptic.track(name, experiment=experiment, **options) as run:
        run.log_artifact(text, artifact)
    return run


def test_of_an_experiment_the_newest_finished_run_that_has_it_is_read(folder):
    make("a\n1\n")
    newest = make("a\n2\n")
    make("b\n", artifact="other.csv")
    with contextlib.suppress(RuntimeError), aseptic.track(experiment="collect") as failed:
        failed.log_artifact("a\n3\n", "x.csv")
        raise RuntimeError
    with aseptic.track(experiment="analyse") as run:
        assert pd.read_csv(aseptic.artifact("collect", "x.csv"))["a"].tolist() == [2]
    (read,) = aseptic.get_run(run.run_id).data_inputs.values()
    assert (read.name, read.kind, read.from_run) == ("collect/x.csv", "artifact", newest.run_id)
    assert read.digest == newest.snapshot().artifacts["x.csv"].content_digest


@pytest.mark.parametrize("of", ["first", "id", "id's beginning", "'kept' in tags", "seed == 7"])
def test_a_run_is_named_by_id_by_name_or_by_a_query(folder, of):
    first = make("1", name="first", tags=["kept"], seed=7)
    make("2")
    of = {"id": first.run_id, "id's beginning": first.run_id[:6]}.get(of, of)
    assert aseptic.artifact(of, "x.csv").read_text() == "1"


@pytest.mark.parametrize(
    ("run", "name", "said"),
    [
        ("first", "y.csv", "no artifact 'y.csv': the run 'first' has: x.csv."),
        ("collect", "y.csv", "'collect' is no experiment, run or query of which a finished run"),
        ("acc >", "x.csv", "'acc >' is no experiment, run or query"),
    ],
)
def test_what_is_not_there_is_said(folder, run, name, said):
    make("1", name="first")
    with pytest.raises(ArtifactNotFound, match=said):
        aseptic.artifact(run, name)


def test_two_artifacts_of_one_name_are_two_data_inputs(folder):
    for text in ("1", "2"):
        make(text, name=f"run-{text}")
    with aseptic.track(experiment="analyse") as run:
        for name in ("run-1", "run-2", "run-1"):
            aseptic.artifact(name, "x.csv")
    names = set(aseptic.get_run(run.run_id).data_inputs)
    assert names == {"collect/x.csv", "collect/run-2/x.csv"}


def test_a_damaged_artifact_is_refused(folder):
    run = make("1")
    digest = run.snapshot().artifacts["x.csv"].digest
    path = folder / ".aseptic" / "objects" / digest[:2] / digest[2:]
    path.chmod(0o600)
    path.write_text("2")
    with pytest.raises(StoreDamaged):
        aseptic.artifact("collect", "x.csv")


def test_reading_in_the_store_is_no_reading_of_other_files(folder, monkeypatch):
    monkeypatch.setenv("ASEPTIC_STORE", str(folder / "runs"))
    make("1")
    with aseptic.track(experiment="analyse") as run:
        aseptic.artifact("collect", "x.csv").read_text()
    assert list(aseptic.get_run(run.run_id).data_inputs) == ["collect/x.csv"]


def test_a_file_that_was_kept_is_known_again_by_its_content(folder):
    file = folder / "x.csv"
    file.write_text("a\n1\n")
    with aseptic.track("maker", experiment="collect") as maker:
        maker.log_artifact(file)
    with aseptic.track("reader", experiment="analyse") as reader:
        pd.read_csv("x.csv")
    found = aseptic.runs("'maker' in upstream")
    assert found["name"].tolist() == ["reader"]
    listed = run(["runs", "'maker' in upstream"], open_store()).text()
    assert "collect/maker" in listed
    store = open_store()
    page = RunResult(store.get_run("reader"), store.read_sources([reader.run_id])[reader.run_id])
    assert "maker of collect" in page.text()
    told = {"run_id": maker.run_id, "name": "maker", "experiment": "collect"}
    assert page.to_dict()["upstream"] == {"x.csv": told}
    assert "maker of collect" in aseptic.get_run("reader")._repr_html_()


def test_gc_deletes_copies_that_nobody_asked_for_lately(folder):
    make("1")
    path = aseptic.artifact("collect", "x.csv")
    store = open_store()
    store.gc()
    assert path.exists()
    os.utime(path, (0, 0))
    store.gc(dry_run=True)
    assert path.exists()
    store.gc()
    assert not path.parent.exists()
    assert aseptic.artifact("collect", "x.csv").read_text() == "1"
