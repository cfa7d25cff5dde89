"""cleanlab: Datalab on train, with out-of-fold predictions of a boosted tree.

It counts as said what Datalab reports: a kind of issue with at least one row.
"""

from __future__ import annotations

import contextlib
import io
from typing import TYPE_CHECKING

import numpy as np
from cleanlab import Datalab
from judging import Finding, main
from models import AsNumbers, build_model
from sklearn.impute import SimpleImputer
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

if TYPE_CHECKING:
    import pandas as pd
    from reading import Case


def judge(case: Case, train: pd.DataFrame, _: pd.DataFrame) -> list[Finding]:
    features, target = train.drop(columns=case.target), train[case.target]
    scaled = make_pipeline(AsNumbers(), SimpleImputer(keep_empty_features=True), StandardScaler())
    numbers = scaled.fit_transform(features)
    model = build_model("boosted", case.task)
    is_class = case.task == "classification"
    folds = min(5, int(target.value_counts().min())) if is_class else 5
    method = "predict_proba" if is_class else "predict"
    guesses = cross_val_predict(model, features, target, cv=max(2, folds), method=method)
    kind = "classification" if is_class else "regression"
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        lab = Datalab({"label": target.to_numpy()}, label_name="label", task=kind, verbosity=0)
        lab.find_issues(features=numbers, pred_probs=np.asarray(guesses))
    summary = lab.get_issue_summary()
    return [_finding(lab, row.issue_type) for row in summary.itertuples() if row.num_issues > 0]


def _finding(lab: Datalab, kind: str) -> Finding:
    rows = np.flatnonzero(lab.get_issues(kind)[f"is_{kind}_issue"])
    said = f"{len(rows)} rows with the issue {kind}"
    return {"check": kind, "severity": "warning", "said": said, "rows": rows.tolist()}


if __name__ == "__main__":
    main("cleanlab", judge)
