"""H03: which calls draw without a seed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.checks.examples import judge
from tests.checks.rules.cells import run_of_cells

from aseptic.checks.rules.h03_unseeded import unseeded
from aseptic.testing import make_run

EXAMPLES = Path(__file__).parents[3] / "examples"


def messages(source: str, **fields: object) -> list[str]:
    report = judge(unseeded, run=make_run(source=source, **fields))
    return [finding.message for finding in report.findings]


@pytest.mark.parametrize(
    "source",
    [
        "a, b = train_test_split(X, y, random_state=None)",
        "clf = RandomForestClassifier(n_estimators=10).fit(X, y)",
        "from sklearn import ensemble\nclf = ensemble.ExtraTreesRegressor()",
        "folds = KFold(5, shuffle=True)",
        "import numpy as np\nX = np.random.rand(3)",
        "import numpy as np\nrng = np.random.default_rng()",
        "import random\nrandom.shuffle(rows)",
        "from random import choice\nchoice(rows)",
        "import torch\nx = torch.randn(3)",
        "from torch import nn\nnet = nn.Sequential(nn.Linear(3, 1))",
        "loader = DataLoader(rows, shuffle=True)",
        "part = df.sample(frac=0.1)",
        "import keras\nnet = keras.Sequential([keras.layers.Dense(3)])",
    ],
)
def test_a_call_without_a_seed_is_found(source: str):
    assert len(messages(source)) == 1


@pytest.mark.parametrize(
    "source",
    [
        "clf = LogisticRegression().fit(X, y); SVC(C=1.0).fit(X, y)",
        "folds = KFold(5)",
        "a, b = train_test_split(X, y, random_state=seed)",
        "clf = RandomForestClassifier(**settings)",
        "import numpy as np\nnp.random.seed(0)\nclf = RandomForestClassifier()\nnp.random.rand()",
        "import numpy as np\nrng = np.random.default_rng(0)\nrng.normal(size=3)",
        "import random\nrandom.seed(1)\nrandom.shuffle(rows)",
        "import torch\ntorch.manual_seed(0)\nx = torch.randn(3)",
        "from lib import seed_everything\nseed_everything(0)\nclf = RandomForestClassifier()",
        "z = distribution.sample()",
        "import mine\nmine.shuffle(rows)",
        "%matplotlib inline\n!ls\nx = 1",
        "this is no Python",
    ],
)
def test_what_draws_nothing_or_has_a_seed_is_clean(source: str):
    assert messages(source) == []


def test_all_calls_are_one_finding_with_their_places():
    run = run_of_cells(
        "from sklearn.ensemble import RandomForestClassifier\nparts = train_test_split(X)",
        "clf = RandomForestClassifier().fit(parts)",
    )
    (finding,) = judge(unseeded, run=run).findings
    assert finding.message == (
        "train_test_split (line 2 of cell 1) and RandomForestClassifier (line 1)"
        " draw random numbers that no seed fixes"
    )


def test_a_cell_that_the_run_did_not_use_is_passed_over():
    assert not judge(unseeded, run=run_of_cells("other = train_test_split(X)", "acc = 1")).findings


def test_a_cell_that_only_seeds_counts_though_it_makes_nothing():
    own = "clf = RandomForestClassifier().fit(X, y)"
    assert not judge(unseeded, run=run_of_cells("np.random.seed(0)", own)).findings
    assert not judge(
        unseeded, run=run_of_cells("from numpy.random import seed", "seed(1)", own)
    ).findings
    assert judge(unseeded, run=run_of_cells("torch.manual_seed(0)", own)).findings


def test_the_seed_of_a_run_fixes_its_own_cell_but_not_the_split_before_it():
    own = "clf = RandomForestClassifier().fit(parts)"
    assert messages(own, seed=0) == []
    run = run_of_cells("parts = train_test_split(X)", own, seed=0)
    (finding,) = judge(unseeded, run=run).findings
    assert finding.subject == "train_test_split"
    assert "--seed" not in finding.remedy


def test_the_cells_of_our_examples_are_clean():
    of_faults = {"hygiene_reproducibility.ipynb"}
    for file in {*EXAMPLES.glob("*.ipynb")} - {EXAMPLES / name for name in of_faults}:
        cells = [cell for cell in json.loads(file.read_text())["cells"] if "outputs" in cell]
        assert messages("\n".join("".join(cell["source"]) for cell in cells)) == [], file
