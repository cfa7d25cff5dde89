"""Models for any table: the yardstick of how much a fault hurts, and sound and unsound ones.

They take tables as they are: texts as numbered categories or columns of their own, dates as days,
and what is no number in a column of numbers as missing.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import balanced_accuracy_score, r2_score
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor


class AsNumbers(BaseEstimator, TransformerMixin):
    """A table as an array of floats: categories by number, in the order of their names."""

    def fit(self, table: pd.DataFrame, _: Any = None) -> AsNumbers:
        self.categories_ = {name: _categories(table[name]) for name in table}
        self.feature_names_in_ = np.array(list(table), dtype=object)
        self.n_features_in_ = table.shape[1]
        return self

    def transform(self, table: pd.DataFrame) -> np.ndarray:
        columns = [_numbers(table[name], own) for name, own in self.categories_.items()]
        return np.column_stack(columns) if columns else np.empty((len(table), 0))

    def get_feature_names_out(self, _: Any = None) -> np.ndarray:
        return self.feature_names_in_


def build_model(kind: str, task: str) -> Pipeline:
    """An unfitted model of that kind for the task."""
    is_class = task == "classification"
    after: list[Any] = {
        "boosted": lambda: [
            HistGradientBoostingClassifier(max_iter=60, random_state=0)
            if is_class
            else HistGradientBoostingRegressor(max_iter=60, random_state=0)
        ],
        "linear": lambda: _scaled(LogisticRegression(max_iter=500) if is_class else Ridge()),
        "forest": lambda: _filled(
            RandomForestClassifier(60, min_samples_leaf=20, random_state=0)
            if is_class
            else RandomForestRegressor(60, min_samples_leaf=20, random_state=0)
        ),
        "deep_tree": lambda: _filled(
            DecisionTreeClassifier(random_state=0)
            if is_class
            else DecisionTreeRegressor(random_state=0)
        ),
        "one_neighbour": lambda: _scaled(
            KNeighborsClassifier(1) if is_class else KNeighborsRegressor(1)
        ),
        "constant": lambda: _filled(
            DummyClassifier(strategy="prior") if is_class else DummyRegressor()
        ),
        "rigid": lambda: _scaled(LogisticRegression(C=1e-6) if is_class else Ridge(alpha=1e7)),
    }[kind]()
    return make_pipeline(AsNumbers(), *after)


def score(target: Any, predicted: Any, task: str) -> float:
    """Balanced accuracy, or R² but not below -1."""
    if task == "classification":
        return float(balanced_accuracy_score(target, predicted))
    return max(-1.0, float(r2_score(target, predicted)))


def _filled(model: Any) -> list[Any]:
    return [SimpleImputer(strategy="median", keep_empty_features=True), model]


def _scaled(model: Any) -> list[Any]:
    return [
        SimpleImputer(strategy="median", keep_empty_features=True),
        StandardScaler(),
        model,
    ]


def _categories(values: pd.Series) -> dict[str, int] | None:
    """The distinct texts of a column by number, or None for numbers and dates."""
    if values.dtype.kind in "iufbmM":
        return None
    known = values.dropna()
    if pd.to_numeric(known, errors="coerce").notna().mean() > 0.5 and not _are_texts(known):
        return None
    return {text: place for place, text in enumerate(sorted(known.astype(str).unique()))}


def _are_texts(known: pd.Series) -> bool:
    return bool(known.map(lambda one: isinstance(one, str)).all())


def _numbers(values: pd.Series, categories: dict[str, int] | None) -> np.ndarray:
    if categories is not None:
        return values.astype(str).map(categories).to_numpy(dtype=float)
    if values.dtype.kind in "mM":
        days = (values - pd.Timestamp("2000-01-01")).dt.total_seconds() / 86_400
        return days.to_numpy(dtype=float)
    return pd.to_numeric(values, errors="coerce").to_numpy(dtype=float)
