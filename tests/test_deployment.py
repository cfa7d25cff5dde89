# ruff: noqa: RUF001 - the dash of a range
"""The deployment card: written from its parts alone, and whole with few of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aseptic.checks import Evidence, Table
from aseptic.checks.serving import Declared, Latency, Load, Memory
from aseptic.deployment import Use, deployment_card, measure_use
from aseptic.model import (
    CheckOutcome,
    ColumnSchema,
    DataInput,
    Environment,
    Finding,
    GitState,
    State,
)
from aseptic.testing import make_run
from aseptic.testing.runs import make_param

TEST = DataInput(name="X_test", kind="dataframe", digest="ab" * 16, shape=(400, 2))
TRAIN = DataInput(
    name="X_train",
    kind="dataframe",
    digest="cd" * 16,
    shape=(900, 2),
    columns=(ColumnSchema(name="age", dtype="int64"), ColumnSchema(name="a|b", dtype="str")),
)
LEAK = Finding(
    code="D15",
    name="train-test-overlap",
    severity="error",
    message="5.0% of the rows of X_test are in X_train",
    remedy="drop duplicates: `frame.drop_duplicates()`",
)
RUN = make_run(
    name="forest",
    experiment="churn",
    run_id="ab" * 8,
    params={"depth": make_param("depth", 3), "jobs": make_param("jobs", 1, how="default")},
    metrics={"test_acc": 0.9, "train_acc": 1.0},
    data_inputs={"X_test": TEST, "X_train": TRAIN},
    git=GitState(commit="c" * 40, is_dirty=True),
    state=State(kind="clean"),
    environment=Environment(python="3.11", platform="Linux", packages={"numpy": "2.1.0"}),
    findings=(LEAK,),
)
USE = Use(
    declared=Declared(rate=50, callers=4, batch=1, latency_ms=10, size_mb=1),
    model="RandomForestClassifier",
    size_bytes=2_500_000,
    columns=(("age", "number"), ("a|b", "category")),
    latencies=(Latency(1, 5.0, 8.0, 200), Latency(1000, 20.0, 30.0, 50)),
    load=Load(50, 4, 1, 12.5, 1.0, 100),
    memory=Memory(1, 3_000_000, 16),
)


def section(card: str, title: str) -> str:
    return card.partition(f"## {title}\n\n")[2].partition("\n\n## ")[0]


def test_a_card_says_what_is_known_section_by_section():
    card = deployment_card(RUN, USE)
    assert card.startswith("# Deployment card: forest\n\nRandomForestClassifier, made ")
    assert "Checks: 1 error, 0 warnings." in card
    assert "| param `depth` | 3 |" in section(card, "Model")
    assert "jobs" not in card
    assert "| size | 2.5 MB |" in section(card, "Model")
    assert section(card, "What it takes") == (
        "Rows with 2 columns, in this order:\n\n"
        "|  | column | kind |\n|---|---|---|\n"
        "| 1 | `age` | number |\n| 2 | `a\\|b` | category |"
    )
    assert "| `test_acc` | 0.9 | 0.8702 – 0.9298 | 400 rows of X\\_test |" in card
    assert "| `train_acc` | 1.0 |  |  |" in card
    assert section(card, "How it is to be used").splitlines()[2:] == [
        "| calls a second | 50 |  |",
        "| applications that call | 4 |  |",
        "| rows of a call | 1 |  |",
        "| 95 % answered in (ms) | 10 | 12.5 **(over)** |",
        "| size (MB) | 1 | 2.5 **(over)** |",
        "| memory of a call (MB) | not said | 3 |",
    ]
    assert "| 1,000 | 20 | 30 | 0.02 | 50 |" in section(card, "How fast it answers")
    assert "numpy==2.1.0" in section(card, "What it needs")
    assert section(card, "Mind") == (
        "- **error** D15 5.0% of the rows of X\\_test are in X\\_train."
        " Remedy: drop duplicates: `frame.drop_duplicates()`.\n"
    )


def test_a_run_of_which_little_is_known_has_a_card_that_says_so():
    card = deployment_card(make_run(name="bare"))
    assert "no finding is open" in card
    assert section(card, "What it takes") == "The columns were not recorded."
    assert section(card, "How good it is") == "No metric was recorded."
    assert section(card, "How fast it answers") == "Not measured."
    assert section(card, "What it needs") == "The environment was not recorded."
    assert section(card, "Mind") == "No check was run.\n"


def test_what_was_not_judged_or_measured_and_what_was_left_is_said():
    left = Finding(
        code="D02", name="x", severity="info", message="a is constant", acknowledged="by design"
    )
    silent = CheckOutcome(
        code="P04", name="save-and-load", outcome="not applicable", reason="no rows"
    )
    other = CheckOutcome(code="D01", name="y", outcome="not applicable", reason="no data")
    card = deployment_card(
        RUN,
        replace(USE, notes=("tracemalloc is in use",)),
        findings=[left],
        outcomes=[silent, other],
    )
    assert section(card, "Mind").splitlines() == [
        "- **info** D02 a is constant. Left as it is: by design.",
        "- not measured: tracemalloc is in use.",
        "- not judged: P04 save-and-load: no rows.",
    ]
    assert "no finding is open" in card


def test_names_and_messages_make_no_markup():
    nasty = "<img src=x>|[a](javascript:b)\n# big"
    finding = Finding(code="D01", name="a", severity="info", message=nasty, remedy=nasty)
    column = (("`|\n<b>", "number"),)
    card = deployment_card(
        make_run(name=nasty, params={nasty: 1}, metrics={nasty: 1.0}, findings=(finding,)),
        replace(USE, columns=column),
    )
    for line in card.splitlines():
        bare = line.replace("\\<", "").replace("\\[", "").replace("\\|", "")
        outside = "".join(bare.split("`")[::2])
        assert "<" not in outside
        assert "[a" not in outside
    assert "\n# big" not in card
    assert "| 1 | `'\\|\\n<b>` | number |" in card


def test_a_table_of_ten_thousand_columns_is_cut():
    columns = tuple((f"c{place}", "number") for place in range(10_000))
    card = deployment_card(RUN, replace(USE, columns=columns))
    assert "and 9,940 more." in card
    assert len(card.splitlines()) < 200


def test_use_is_measured_of_a_model_and_its_data():
    linear_model = pytest.importorskip("sklearn.linear_model")
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(300, 3))
    model = linear_model.LogisticRegression().fit(rows, rows[:, 0] > 0)
    deploy = {"rate": 40, "callers": 2, "batch": 8, "latency_ms": 100}
    evidence = Evidence((Table("test", "test", rows),), model=model, settings={"deploy": deploy})
    use = measure_use(evidence, seconds=0.3)
    assert use.model == "LogisticRegression"
    assert [one.rows for one in use.latencies] == [1, 8, 32, 1000]
    assert use.load is not None
    assert use.load.answered == 1.0
    assert use.memory is not None
    assert 500 < (use.size_bytes or 0) < 5000
    assert use.columns == (("0", "number"), ("1", "number"), ("2", "number"))
    assert use.notes == ()
    assert "LogisticRegression" in deployment_card(make_run(), use)


def test_without_data_or_model_the_reason_is_a_note():
    assert measure_use(Evidence(model=object())).notes == ("a object has no `predict`",)
    assert measure_use(Evidence()).notes == ("the model is not at hand",)
