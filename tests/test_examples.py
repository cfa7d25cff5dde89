"""The examples run, and what they record is what their text says."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbclient
import nbformat
import numpy as np
import pytest

import aseptic

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "examples"

pytest.importorskip("sklearn")


@pytest.fixture
def own_environment(tmp_path, monkeypatch):
    """Kernels and scripts started here keep runs, history and settings in `tmp_path` alone."""
    for name in ("JUPYTER_DATA_DIR", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
        folder = tmp_path / name.lower()
        folder.mkdir()
        monkeypatch.setenv(name, str(folder))
    monkeypatch.setenv("ASEPTIC_STORE", str(tmp_path / "runs"))
    return dict(os.environ)


def execute(name: str, folder: Path, environment: dict[str, str]) -> nbformat.NotebookNode:
    """The example, executed in a copy of its own."""
    path = shutil.copy(EXAMPLES / name, folder)
    notebook = nbformat.read(path, as_version=4)
    resources = {"metadata": {"path": str(folder)}}
    client = nbclient.NotebookClient(notebook, timeout=240, resources=resources)
    client.execute(env=environment)
    return notebook


def html_of(notebook: nbformat.NotebookNode, cell_id: str) -> str:
    """What a reader without a kernel sees under a cell."""
    outputs = next(cell for cell in notebook.cells if cell.id == cell_id).outputs
    return "\n".join(output.get("data", {}).get("text/html", "") for output in outputs)


def test_the_quickstart_makes_nine_runs_with_params_metrics_and_data(tmp_path, own_environment):
    notebook = execute("quickstart.ipynb", tmp_path, own_environment)
    store = aseptic.open_store(tmp_path / "runs")
    runs = aseptic.runs(experiment="digits", store=store).set_index("name")

    assert list(runs.index) == [
        "svc-final",
        "forest-shallow",
        "forest-large",
        "forest-medium",
        "forest-small",
        "svc-hard",
        "svc-widest",
        "svc-wider",
        "svc-first",
    ]
    assert set(runs["status"]) == {"finished"}
    assert runs.loc["svc-hard", ["params.C", "params.gamma"]].tolist() == [100.0, 0.0001]
    assert runs.loc["svc-first", ["params.C", "params.gamma"]].tolist() == [1.0, 0.01]
    assert runs.loc["forest-shallow", ["params.n_estimators", "params.max_depth"]].tolist() == [
        100,
        5,
    ]
    on_validation = runs.drop("svc-final")
    assert on_validation[["metrics.acc", "metrics.f1"]].gt(0.7).all(axis=None)
    assert on_validation["metrics.acc"].idxmax() == "svc-hard"  # as the text says
    assert runs.loc["svc-final", "metrics.test_acc"] > 0.95
    assert runs.loc["svc-final", "tags"] == ("final",)

    # every run on the validation data read the same data, and the last one other data
    digests = on_validation[[f"data.{name}" for name in ("X_train", "y_train", "X_val", "y_val")]]
    assert digests.notna().all(axis=None)
    assert digests.nunique().eq(1).all()
    assert runs.loc["svc-final", "data.X_test"]
    assert not isinstance(runs.loc["svc-final", "data.X_val"], str)

    assert "svc-hard" in html_of(notebook, "compare")


def test_the_training_curves_have_every_point_of_three_learning_rates(tmp_path, own_environment):
    notebook = execute("training_curves.ipynb", tmp_path, own_environment)
    store = aseptic.open_store(tmp_path / "runs")
    runs = aseptic.runs(experiment="digits-net", store=store).set_index("name")

    assert runs["params.learning_rate"].to_dict() == {"fast": 0.1, "medium": 0.003, "slow": 0.0003}
    assert runs["params.epochs"].tolist() == [40, 40, 40]  # the default, since none was given
    history = aseptic.history(runs["run_id"].tolist(), store=store)
    assert set(history["metric"]) == {"loss", "val_loss", "acc", "train_loss"}  # seen by itself
    history = history[history["metric"] != "train_loss"]
    steps = history.groupby(["run_id", "metric"])["step"].apply(list)
    assert steps.tolist() == [list(np.arange(40.0))] * 9
    assert runs["metrics.loss"].idxmax() == "slow"

    assert "val_loss" in html_of(notebook, "curves")


def test_the_script_tracks_without_a_notebook(tmp_path, own_environment):
    words = [sys.executable, str(EXAMPLES / "script.py"), "--alpha", "1", "--alpha", "10"]
    done = subprocess.run(
        [*words, "--epochs", "5"], cwd=tmp_path, env=own_environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    store = aseptic.open_store(tmp_path / "runs")
    runs = aseptic.runs(experiment="diabetes", store=store)

    assert runs["name"].tolist() == ["sgd-0.0003", "ridge", "ridge"]
    assert runs["params.alpha"].tolist()[1:] == [10.0, 1.0]
    assert runs.loc[0, ["params.eta0", "params.epochs"]].tolist() == [0.0003, 5]
    assert runs["metrics.mae"].gt(30).all()
    points = aseptic.history(runs.loc[0, "run_id"], "worst", store=store)
    assert points["step"].tolist() == [0, 1, 2, 3, 4]
    assert "sgd-0.0003" in done.stdout


def text_of(notebook: nbformat.NotebookNode, cell_id: str) -> str:
    """What a cell shows as plain text or Markdown."""
    outputs = next(cell for cell in notebook.cells if cell.id == cell_id).outputs
    bundles = [output.get("data", {"text/plain": output.get("text", "")}) for output in outputs]
    return "\n".join(b.get("text/markdown") or b.get("text/plain", "") for b in bundles)


#: By example: what stands under which cell.
HYGIENE = {
    "leakage": {"overlap": ["D15 4.9% of the rows of X_test are in X_train"], "answer": ["D17"]},
    "data_quality": {"check": ["D01", "D02", "D03", "D07", "D23", "D25"], "explained": ["D23"]},
    "amount": {"check": ["D11", "D31"]},
    "representativeness": {"check": ["D13 covariate-drift  age"], "reference": ["D14", "age"]},
    "features": {"check": ["D09 identifier-column  sample_id", "D19", "D20"]},
    "fit": {"overfit": ["T15"], "underfit": ["T16"], "table": ["T15", "T16"]},
    "reproducibility": {"first": ["H03 train_test_split"], "project": ["unseeded"]},
    "deployment": {"check": ["checks clean"], "card": ["RandomForestClassifier", "rows"]},
}


@pytest.mark.parametrize("name", HYGIENE)
def test_an_example_of_hygiene_shows_what_it_is_about(name, tmp_path, own_environment):
    if name != "leakage":  # which is found without a word of configuration; the rest takes longer
        (tmp_path / "pyproject.toml").write_text("[tool.aseptic.checks]\nbudget_s = 30")
    notebook = execute(f"hygiene_{name}.ipynb", tmp_path, own_environment)
    missing = {
        cell_id: [text for text in texts if text not in text_of(notebook, cell_id)]
        for cell_id, texts in HYGIENE[name].items()
    }
    assert not any(missing.values()), [missing, *(text_of(notebook, at) for at in missing)]


def test_mended_examples_have_nothing_to_say_of_it(tmp_path, own_environment):
    leakage = execute("hygiene_leakage.ipynb", tmp_path, own_environment)
    assert "D15" not in text_of(leakage, "clean")
    luck = execute("hygiene_reproducibility.ipynb", tmp_path, own_environment)
    assert "H03" not in text_of(luck, "seeded")


@pytest.mark.parametrize("path", sorted(EXAMPLES.rglob("*.ipynb")), ids=lambda path: path.stem)
def test_example_notebooks_are_committed_without_outputs_in_one_form(path):
    tidy = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "tidy_notebooks.py"), "--check"],
        capture_output=True,
        text=True,
    )
    assert path.name not in tidy.stdout


def test_a_gradient_that_vanishes_is_caught_after_three_epochs(tmp_path, own_environment):
    pytest.importorskip("torch")
    notebook = execute("training_vanishing.ipynb", tmp_path, own_environment)
    store = aseptic.open_store(tmp_path / "runs")
    sigmoids = aseptic.get_run("sigmoids", store=store)
    found = next(one for one in sigmoids.findings if one.code == "T06")
    assert (found.severity, found.evidence["step"]) == ("error", 0)
    assert "ReLU" in found.remedy
    assert "T06" in html_of(notebook, "vanishing")
    assert not [one for one in aseptic.get_run("relus", store=store).findings if one.code[0] == "T"]

    def codes_after(epochs: int) -> list[str]:
        """What the same series told when so many epochs were over."""
        points = aseptic.history("sigmoids", store=store)
        last = points[points["metric"] == "val_loss"]["step"].iloc[epochs - 1]
        seen = points[points["step"] <= last].groupby("metric")
        series = {name: (one["step"].to_numpy(), one["value"].to_numpy()) for name, one in seen}
        return [one.code for one in aseptic.check(series=series).findings]

    assert "T06" in codes_after(3)


def test_a_hopeless_training_is_ended_where_that_is_asked_for(tmp_path, own_environment):
    pytest.importorskip("torch")
    environment = {**own_environment, "ASEPTIC_STOP_ON": "vanishing-gradients"}
    with pytest.raises(nbclient.exceptions.CellExecutionError, match="KeyboardInterrupt"):
        execute("training_vanishing.ipynb", tmp_path, environment)
    run = aseptic.get_run("sigmoids", store=aseptic.open_store(tmp_path / "runs"))
    assert run.status == "interrupted"
    assert any(one.what == "stopped" and "T06" in one.reason for one in run.problems)
