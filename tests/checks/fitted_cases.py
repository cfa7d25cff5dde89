"""Sensible models on untouched data that scikit-learn ships: checks of fits keep quiet here."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import sklearn.datasets
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

_SETS = ("iris", "wine", "breast_cancer", "digits", "diabetes")


class Case(NamedTuple):
    name: str
    train: tuple[Any, Any]
    test: tuple[Any, Any]
    model: Any


def split(name: str, seed: int = 0) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    """The training part and the test part of a set, as features and targets."""
    features, target = getattr(sklearn.datasets, f"load_{name}")(as_frame=True, return_X_y=True)
    stratify = None if name == "diabetes" else target
    a, b, y_a, y_b = train_test_split(
        features, target, test_size=0.3, random_state=seed, stratify=stratify
    )
    return (a, y_a), (b, y_b)


@lru_cache(maxsize=1)
def clean_cases() -> tuple[Case, ...]:
    """Each set with each model."""
    found = []
    for name in _SETS:
        train, test = split(name)
        models: tuple[Any, ...] = (
            make_pipeline(StandardScaler(), LogisticRegression()),
            RandomForestClassifier(50, random_state=0),
            HistGradientBoostingClassifier(max_iter=20),
            make_pipeline(StandardScaler(), SVC()),
            make_pipeline(StandardScaler(), KNeighborsClassifier()),
        )
        if name == "diabetes":
            models = (Ridge(0.1), RandomForestRegressor(50, random_state=0))
        found += [
            Case(f"{name} {type(model).__name__}", train, test, model.fit(*train))
            for model in models
        ]
    return tuple(found)


def alarms(check: Any, judge: Any, *, severities: tuple[str, ...] = ("warning", "error")) -> Any:
    """The names of clean cases for which a check finds something of these severities."""
    return [
        case.name
        for case in clean_cases()
        for finding in judge(
            check, depth="automatic", train=case.train, test=case.test, model=case.model
        ).findings
        if finding.severity in severities
    ]
