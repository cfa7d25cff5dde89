"""evidently: the presets of drift and of data summary, with the tests that they make themselves.

Train is the reference and test the current data, as its documentation advises.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from evidently import Report
from evidently.presets import DataDriftPreset, DataSummaryPreset
from judging import Finding, main

if TYPE_CHECKING:
    import pandas as pd
    from reading import Case


def judge(case: Case, train: pd.DataFrame, test: pd.DataFrame) -> list[Finding]:
    for frame in (train, test):  # Arrow cannot hold columns of several types, and nor can it
        for name in case.mixed:
            frame[name] = frame[name].astype(str)
    report = Report([DataDriftPreset(), DataSummaryPreset()], include_tests=True)
    tests = json.loads(report.run(test, train).json())["tests"]
    return [_finding(one, case) for one in tests if one["status"] == "FAIL"]


def _finding(test: dict, case: Case) -> Finding:
    params = test["metric_config"]["params"]
    check = params["type"].rpartition(":")[2]
    is_of_target = check == "ValueDrift" and params.get("column") == case.target
    return {
        "check": "TargetDrift" if is_of_target else check,
        "subject": params.get("column"),
        "severity": "warning",
        "said": f"{test['name']}: {test['description']}",
    }


if __name__ == "__main__":
    main("evidently", judge)
