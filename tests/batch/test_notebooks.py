"""Notebooks as jobs, each in a real kernel started by the real command."""

from __future__ import annotations

import json

import pytest

from .conftest import PARAMETERS, RUN

pytest.importorskip("papermill")

FIT = """\
model = LogisticRegression().fit(X_train, y_train)
test_acc = model.score(X_test, y_test)
"""


def test_a_tagged_cell_is_a_run_without_a_line_of_ours_in_the_notebook(place):
    target = place.notebook(
        ("C = 1.0", PARAMETERS), ("acc = 0.5 * C", RUN), "undefined_outside = acc"
    )
    place.write("params.yaml", "C: 3.0\n")
    done = place.run(target, "out.ipynb", "-f", "params.yaml", "-p", "C=1.5")
    assert done.code == 0, done.err
    (run,) = place.runs
    assert (run.status, run.experiment, run.notebook) == ("finished", "train", "train.ipynb")
    assert run.metrics["acc"].value == 0.75
    assert run.params["C"].value == 1.5
    assert run.params["C"].uses[0].origin.how == "parameters"
    assert run.state.kind == "clean", run.state.reasons
    assert "acc" in done.out
    assert "exit code 0: clean" in done.out
    kept = json.loads(place.store.read_object(run.artifacts["executed.ipynb"].digest))
    saved = json.loads((place.folder / "out.ipynb").read_bytes())
    assert [cell["source"] for cell in kept["cells"]] == [cell["source"] for cell in saved["cells"]]


def test_a_cell_that_fails_ends_the_job_with_1_and_says_which(place):
    target = place.notebook(
        "import aseptic",
        ("aseptic.log(loss=1.0)\nraise ValueError('no such file')", RUN),
        ("acc = 1.0", RUN),
    )
    done = place.run(target, "--report", "report.json")
    report = place.report()
    assert (done.code, report.exit_code, report.failed_cell) == (1, 1, 2)
    assert report.error == "cell 2: ValueError: no such file"
    assert "exit code 1: failed: cell 2: ValueError: no such file" in done.out
    (run,) = place.runs
    assert (run.status, run.metrics["loss"].value) == ("failed", 1.0)
    assert "executed.ipynb" in run.artifacts


def test_a_notebook_that_records_nothing_says_so_and_fails_only_who_asks_for_a_check(place):
    target = place.notebook("x = 1")
    done = place.run(target)
    assert done.code == 0
    assert "no run was recorded: tag a cell `run`" in done.out
    done = place.run(target, "--fail-on", "error")
    assert done.code == 3
    assert "nothing was recorded, so nothing was checked" in done.out


def test_findings_at_the_level_fail_the_job_and_others_do_not(place):
    target = place.notebook(
        "import numpy as np, pandas as pd\n"
        "from sklearn.linear_model import LogisticRegression\n"
        "rng = np.random.default_rng(0)\n"
        "X = pd.DataFrame(rng.normal(size=(400, 3)), columns=list('abc'))\n"
        "y = (X.a + rng.normal(size=400) > 0).astype(int)\n"
        "X_train, y_train = X[:300], y[:300]\n"
        "X_test, y_test = X[200:], y[200:]",
        (FIT, RUN),
    )
    done = place.run(target, "--report", "report.json")
    assert done.code == 3, done.out + done.err
    report = place.report()
    assert [one.code for one in report.runs[0].findings if one.severity == "error"] == ["D15"]
    assert "1 finding at --fail-on error" in done.out
    assert "D15 train-test-overlap" in done.out
    done = place.run(target, "--ignore", "D15", "--report", "report.json")
    assert done.code == 0, done.out
    assert all(one.code != "D15" for one in place.report().runs[0].findings)
    assert all(one.code != "D15" for one in place.runs[-1].findings)


def test_a_secret_that_a_notebook_prints_is_not_kept(place):
    target = place.notebook(
        ("api_key = 'none'", PARAMETERS),
        ("print('password = \"hunter2hunter2\"')\nacc = 1.0", RUN),
    )
    done = place.run(target, "-p", "api_key=k3yk3yk3yk3y9", "--report", "report.json")
    assert done.code == 0, done.err
    (run,) = place.runs
    kept = place.store.read_object(run.artifacts["executed.ipynb"].digest).decode()
    assert "hunter2" not in kept
    assert "k3yk3y" not in kept + (place.folder / "report.json").read_text() + done.out
    assert "removed" in kept


def test_what_cannot_be_run_is_said_before_anything_is(place):
    target = place.notebook(("acc = 1.0", RUN))
    for words, told in (
        (["absent.ipynb"], "there is no file absent.ipynb"),
        (["train.sh"], "neither a notebook (.ipynb) nor a script (.py)"),
        ([target, "-p", "C"], "-p C: NAME=VALUE is expected"),
        ([target, "--against", "nobody"], "no run 'nobody'"),
        ([target, "--against", "baseline"], "has no baseline yet"),
        ([target, "--metric", "acc"], "say --against RUN too"),
        ([target, "--stop-on", "divergance"], "no check has that code or name"),
        ([target, "--ignore", "Q99"], "no check 'Q99'"),
        ([target, "--report", "report.pdf"], "--report report.pdf: say github, or a file"),
        ([target, "--timeout", "0"], "'0' is not a number of seconds above 0"),
        ([target, "--", "--epochs", "3"], "only scripts take arguments"),
    ):
        done = place.run(*words)
        assert (done.code, told in done.err) == (2, True), (words, done)
    assert not (place.folder / ".aseptic" / "journal").exists()


def test_a_param_that_the_notebook_does_not_know_is_said(place):
    target = place.notebook(("C = 1.0", PARAMETERS), ("acc = 0.5 * C", RUN))
    done = place.run(target, "-p", "c=2.0")
    assert done.code == 0
    assert "note: Passed unknown parameter: c" in done.out


def test_without_papermill_the_command_says_how_to_get_it(place):
    target = place.notebook(("acc = 1.0", RUN))
    place.write("papermill.py", "raise ImportError('none here', name='papermill')")
    place.environ["PYTHONPATH"] = f"{place.folder}:{place.environ.get('PYTHONPATH', '')}"
    done = place.run(target)
    assert done.code == 2
    assert "pip install 'aseptic[batch]'" in done.err


def test_a_kernel_without_aseptic_is_named(place):
    target = place.notebook(("acc = 1.0", RUN))
    place.write("sitecustomize.py", "import os, sys\nif os.environ.get('ASEPTIC_JOB_RUNS'):\n"
                "    sys.modules['aseptic.notebook.job'] = None\n")  # fmt: skip
    place.environ["PYTHONPATH"] = f"{place.folder}:{place.environ.get('PYTHONPATH', '')}"
    done = place.run(target)
    assert done.code == 2
    assert "aseptic cannot be loaded in the kernel 'python3'" in done.err


def test_a_notebook_works_in_its_own_folder_unless_another_is_named(place):
    inner = place.folder / "inner"
    inner.mkdir()
    target = place.notebook(
        ("from pathlib import Path\nhere = Path.cwd().name\nacc = 1.0\nPath('made').touch()", RUN),
        name="inner/train.ipynb",
    )
    assert place.run(target).code == 0
    assert (inner / "made").exists()
    assert place.run(target, "--cwd", ".").code == 0
    assert (place.folder / "made").exists()
