"""deepchecks: the suites of data integrity and of train against test, by their own conditions.

Two checks that are in no suite are asked for too, since they have a like among ours.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from deepchecks.tabular import Dataset, Suite
from deepchecks.tabular.checks import (
    ClassImbalance,
    PercentOfNulls,
    SimpleModelComparison,
    TrainTestPerformance,
)
from deepchecks.tabular.suites import data_integrity, train_test_validation
from judging import Finding, main

if TYPE_CHECKING:
    import pandas as pd
    from reading import Case


def judge(case: Case, train: pd.DataFrame, test: pd.DataFrame) -> list[Finding]:
    dates = [name for name in train if train[name].dtype.kind == "M"]
    texts = [n for n in train if n != case.target and train[n].dtype.kind in "Ob"]
    texts = [n for n in texts if train[n].nunique() <= 100]  # else it fails on columns of text
    first, second = (
        Dataset(
            frame,
            label=case.target,
            cat_features=texts,
            datetime_name=dates[0] if dates else None,
            label_type="regression" if case.task == "regression" else _kind(train[case.target]),
        )
        for frame in (train, test)
    )
    more = Suite(
        "more",
        PercentOfNulls().add_condition_percent_of_nulls_not_greater_than(),
        ClassImbalance().add_condition_class_ratio_less_than(),
    )
    results = [
        data_integrity().run(first, with_display=False),
        more.run(first, with_display=False),
        train_test_validation().run(first, second, with_display=False),
    ]
    if case.model is not None:
        results.append(_of_model(case, first, second, train))
    return [one for result in results for check in result.results for one in _findings(check)]


def _of_model(case: Case, first: Dataset, second: Dataset, train: pd.DataFrame) -> Any:
    from models import build_model

    model = build_model(case.model, case.task)
    model.fit(train.drop(columns=case.target), train[case.target])
    checks = (
        TrainTestPerformance().add_condition_train_test_relative_degradation_less_than(),
        SimpleModelComparison().add_condition_gain_greater_than(),
    )
    return Suite("fit", *checks).run(first, second, model, with_display=False)


def _findings(result: Any) -> list[Finding]:
    name = type(getattr(result, "check", None)).__name__
    return [
        {
            "check": name,
            "severity": "warning",
            "said": f"{condition.name}: {condition.details}",
        }
        for condition in getattr(result, "conditions_results", [])
        if condition.category.name in ("FAIL", "WARN")
    ]


def _kind(target: pd.Series) -> str:
    return "binary" if target.nunique() == 2 else "multiclass"


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    main("deepchecks", judge)
