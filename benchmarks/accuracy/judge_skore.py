"""skore: the checks of an estimator's report, the slow ones too.

It judges models, so where a case has none it is given a boosted tree; what it then says of the fit
and the params of that tree is no word about the data, and is left out.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from judging import Finding, main
from models import build_model
from skore import EstimatorReport

if TYPE_CHECKING:
    import pandas as pd
    from reading import Case

OF_THE_MODEL = {"SKD001", "SKD002", "SKD009", "SKD010", "SKD015", "SKD016"}


def judge(case: Case, train: pd.DataFrame, test: pd.DataFrame) -> list[Finding]:
    report = EstimatorReport(
        build_model(case.model or "boosted", case.task),
        X_train=train.drop(columns=case.target),
        y_train=train[case.target],
        X_test=test.drop(columns=case.target),
        y_test=test[case.target],
    )
    rows = report.checks.summarize(fast_mode=False).frame()
    return [
        {
            "check": row.code,
            "severity": "warning" if row.section == "issue" else "info",
            "said": f"{row.title}: {row.explanation}",
        }
        for row in rows.itertuples()
        if row.section in ("issue", "tip")
        and not (case.model is None and row.code in OF_THE_MODEL)
        and row.code not in ("SKD015", "SKD016")
        and "on par with or better" not in str(row.explanation)
    ]


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    main("skore", judge)
