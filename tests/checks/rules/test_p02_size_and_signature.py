"""P02: large models, and models that take columns in any order."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.checks.examples import judge

from aseptic.checks.rules.p02_size_and_signature import size_and_signature

sklearn = pytest.importorskip("sklearn")
from sklearn.compose import make_column_transformer  # noqa: E402
from sklearn.linear_model import LogisticRegression  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import OneHotEncoder  # noqa: E402

RNG = np.random.default_rng(0)
FRAME = pd.DataFrame({"age": RNG.normal(size=200), "kind": RNG.choice(["a", "b"], size=200)})
LABEL = (FRAME["age"] > 0).astype(int)


class Constant:
    def __init__(self, size: int = 0) -> None:
        self.weights = np.zeros(size)

    def predict(self, rows):
        return np.zeros(len(rows))


@pytest.mark.parametrize("depth", ["automatic", "asked"])
def test_a_model_above_the_declared_size_is_an_error(depth: str):
    deploy = {"deploy": {"size_mb": 1}}
    report = judge(
        size_and_signature, depth=depth, model=Constant(10**6), test=FRAME, settings=deploy
    )
    (finding,) = report.findings
    assert finding.severity == "error"
    assert "1 MB are declared" in finding.message


def test_a_model_fitted_on_an_array_takes_any_order_and_one_fitted_on_names_does_not():
    numbers = pd.DataFrame(RNG.normal(size=(200, 3)), columns=list("abc"))
    label = (numbers["a"] > 0).astype(int)
    by_name = LogisticRegression().fit(numbers, label)
    by_place = LogisticRegression().fit(numbers.to_numpy(), label)
    assert not judge(size_and_signature, model=by_name, test=numbers).findings
    (finding,) = judge(size_and_signature, model=by_place, test=numbers.to_numpy()).findings
    assert finding.severity == "info"
    assert "no error" in finding.message


def test_a_pipeline_that_finds_its_columns_by_name_is_clean():
    encode = make_column_transformer((OneHotEncoder(), ["kind"]), remainder="passthrough")
    model = make_pipeline(encode, LogisticRegression()).fit(FRAME, LABEL)
    report = judge(size_and_signature, model=model, test=FRAME)
    assert report.outcomes[0].outcome == "clean", report


def test_one_column_and_one_row_are_clean():
    model = LogisticRegression().fit(FRAME[["age"]].to_numpy(), LABEL)
    assert not judge(size_and_signature, model=model, test=FRAME[["age"]].to_numpy()).findings
    assert not judge(size_and_signature, model=Constant(), test=np.zeros((1, 3))).findings
