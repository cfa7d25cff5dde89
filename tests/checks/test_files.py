"""The files that a run read are read again where they still hold what they held."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import aseptic
from aseptic.capture.contents import Budget, content_digest
from aseptic.capture.data import describe
from aseptic.checking import check_run
from aseptic.checks.files import read_again
from aseptic.model import DataInput
from aseptic.testing import make_run, record_run

FRAME = pd.DataFrame({"a": np.arange(40.0), "b": 1, "c": np.arange(40) % 3})


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / ".git").mkdir()
    FRAME.to_csv(tmp_path / "train.csv", index=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def file_of(path, name="train.csv"):
    found, size = content_digest(str(path / name), Budget(10))
    return DataInput(name=name, kind="file", digest=found, size_bytes=size, location=name)


def inputs(*found):
    return {one.name: one for one in found}


def test_a_file_that_has_not_changed_is_a_table(folder):
    again = read_again(make_run(data_inputs=inputs(file_of(folder))), folder, "asked")
    assert [(one.name, one.role, len(one)) for one in again.tables] == [("train.csv", "train", 40)]
    assert again.notes == ("train.csv was read again: it holds what the run read",)


def test_a_file_that_has_changed_is_none(folder):
    run = make_run(data_inputs=inputs(file_of(folder)))
    (folder / "train.csv").write_text("a,b\n1,2\n")
    again = read_again(run, folder, "asked")
    assert again.tables == ()
    assert again.notes == ("train.csv was not read again: its content has changed since the run",)


def test_a_file_that_is_gone_is_named(folder):
    run = make_run(data_inputs=inputs(file_of(folder)))
    (folder / "train.csv").unlink()
    (note,) = read_again(run, folder, "asked").notes
    assert note.startswith("train.csv was not read again: it cannot be read")


def test_the_frame_that_the_run_made_of_it_has_its_name_and_role(folder):
    frame = describe("df", pd.read_csv(folder / "train.csv"))
    used = DataInput(
        name="df", kind=frame.kind, digest=frame.digest, shape=frame.shape, role="test"
    )
    again = read_again(make_run(data_inputs=inputs(file_of(folder), used)), folder, "asked")
    assert [(one.name, one.role) for one in again.tables] == [("df", "test")]
    assert again.notes == ("train.csv was read again as df: it holds what the run read",)


def test_what_no_reader_is_known_for_is_left_alone(folder):
    (folder / "model.bin").write_bytes(b"1")
    run = make_run(data_inputs=inputs(file_of(folder, "model.bin")))
    assert read_again(run, folder, "thorough") == ((), ())


def test_a_recorded_run_is_judged_by_its_files(folder):
    store = aseptic.open_store(folder / ".aseptic")
    run_id = record_run(store, data_inputs=inputs(file_of(folder))).run_id
    report = check_run(store.get_run(run_id), store, select=["D02"])
    assert [(one.code, one.subject, one.evidence["table"]) for one in report.findings] == [
        ("D02", "b", "train.csv")
    ]
    assert report.notes == ("train.csv was read again: it holds what the run read",)
