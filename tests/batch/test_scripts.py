"""Scripts as jobs: run as `python SCRIPT` runs them, within one run."""

from __future__ import annotations

import pytest

from aseptic.batch.child import tracks_itself

TRAIN = """
import argparse, sys
import aseptic

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float)
parser.add_argument("--epochs", type=int)
parser.add_argument("files", nargs="*")
given = parser.parse_args()

class Model: ...

if __name__ == "__main__":
    import pickle
    pickle.loads(pickle.dumps(Model()))
    for step in range(given.epochs):
        aseptic.log(loss=given.lr / (step + 1), step=step)
    print("trained", given.files, sys.path[0])
"""


def test_a_script_is_one_run_with_its_params_and_arguments(place):
    place.write("train.py", TRAIN)
    done = place.run("train.py", "-p", "lr=0.5", "-e", "nightly", "--", "--epochs", "4", "a b")
    assert done.code == 0, done.err
    assert f"trained ['a b'] {place.folder}" in done.out
    (run,) = place.runs
    assert (run.name, run.status, run.experiment) == (run.name, "finished", "nightly")
    assert run.params["lr"].value == 0.5
    assert run.params["lr"].uses[0].origin.how == "given"
    assert run.params["arguments"].value == "--epochs 4 'a b'"
    assert run.metrics["loss"].count == 4
    assert "class Model" in run.source


def test_a_script_that_fails_ends_the_job_with_1_and_its_own_traceback(place):
    place.write("train.py", "def broken():\n    raise ValueError('no such file')\nbroken()\n")
    done = place.run("train.py", "--report", "report.json")
    assert done.code == 1
    assert done.err.count("File ") == 2
    assert "child.py" not in done.err
    assert "ValueError: no such file" in done.err
    assert place.report().error == "exit code 1"
    assert place.runs[0].status == "failed"


@pytest.mark.parametrize(
    ("ending", "code", "status"), [("sys.exit(0)", 0, "finished"), ("sys.exit(3)", 1, "failed")]
)
def test_the_exit_code_of_a_script_decides_whether_it_failed(place, ending, code, status):
    place.write("train.py", f"import sys\n{ending}\n")
    assert place.run("train.py").code == code
    assert place.runs[0].status == status


def test_a_script_that_tracks_itself_gets_no_run_around_its_own(place):
    place.write(
        "train.py",
        "import aseptic as a\nfor C in (1, 2):\n    with a.track(params={'C': C}) as run:\n"
        "        run.log(acc=C / 2)\n",
    )
    done = place.run("train.py", "--report", "report.json")
    assert done.code == 0, done.err
    assert [run.params["C"].value for run in place.runs] == [1, 2]
    assert [run.metrics["acc"] for run in place.report().runs] == [0.5, 1.0]


@pytest.mark.parametrize(
    ("source", "is_so"),
    [
        ("import aseptic\nwith aseptic.track(): ...", True),
        ("import aseptic as a\n@a.track()\ndef f(): ...", True),
        ("from aseptic import track as t", True),
        ("from aseptic import *", True),
        ("import aseptic\naseptic.log(loss=1)", False),
        ("from mlflow import track\ntrack()", False),
        ("music.track()", False),
    ],
)
def test_whether_a_script_tracks_itself_is_read_from_its_source(source, is_so):
    assert tracks_itself(source.encode()) is is_so


def test_a_script_that_cannot_be_parsed_fails_as_with_python(place):
    place.write("train.py", "def (:\n")
    done = place.run("train.py")
    assert done.code == 1
    assert "SyntaxError" in done.err
