"""What somebody does with the tables of a case: prepares the features, fits a model, judges it.

Only a tool that looks on while code runs can tell whether the preparation saw the test rows.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
from sklearn.decomposition import PCA
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

STEPS = ("scaler", "selection", "components")
LEAKY = ("whole table", "parts")  # prepared before the split; fitted on all, applied to each part
SOUND = ("pipeline", "training part")  # in one with the model; fitted on train, applied to both


def run(session: str, train: pd.DataFrame, test: pd.DataFrame, target: str, task: str) -> None:
    """Does what a session says, such as `scaler, whole table`, with the columns of numbers."""
    kind, way = session.split(", ")
    features = [name for name in train.select_dtypes("number") if name != target]
    a, b, y_a, y_b = train[features], test[features], train[target], test[target]
    step, model = _step(kind, len(features)), _model(task)
    if way == "pipeline":
        make_pipeline(step, model).fit(a, y_a).score(b, y_b)
        return
    if way == "whole table":
        both = step.fit_transform(pd.concat([a, b]), pd.concat([y_a, y_b]))
        a, b = both[: len(a)], both[len(a) :]
    elif way == "parts":
        step.fit(pd.concat([a, b]), pd.concat([y_a, y_b]))
        a, b = step.transform(a), step.transform(b)
    else:
        a, b = step.fit_transform(a, y_a), step.transform(b)
    model.fit(a, y_a).score(b, y_b)


def _step(kind: str, columns: int) -> Any:
    if kind == "scaler":
        return StandardScaler()
    return SelectKBest(k=max(2, columns // 2)) if kind == "selection" else PCA(2)


def _model(task: str) -> Any:
    return LogisticRegression(max_iter=100) if task == "classification" else Ridge()
