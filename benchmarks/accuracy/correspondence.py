"""Which checks of other tools say what ours say: one table for each tool.

Read generously: where a check of theirs could name the fault in any way, it counts.
"""

from __future__ import annotations

OURS: dict[str, tuple[str, ...]] = {}  # each of our checks says what its code says

DEEPCHECKS = {
    "PercentOfNulls": ("D01",),
    "MixedNulls": ("D01",),
    "IsSingleValue": ("D02",),
    "FeatureFeatureCorrelation": ("D03", "D20"),
    "DataDuplicates": ("D04",),
    "ConflictingLabels": ("D05",),
    "OutlierSampleDetection": ("D07",),
    "MixedDataTypes": ("D08", "D24"),
    "IdentifierLabelCorrelation": ("D09",),
    "ClassImbalance": ("D10",),
    "LabelDrift": ("D12",),
    "FeatureDrift": ("D13",),
    "MultivariateDrift": ("D13",),
    "TrainTestSamplesMix": ("D15", "D28"),
    "DateTrainTestLeakageDuplicates": ("D16",),
    "DateTrainTestLeakageOverlap": ("D16",),
    "IndexTrainTestLeakage": ("D16",),
    "FeatureLabelCorrelation": ("D17",),
    "FeatureLabelCorrelationChange": ("D17",),
    "StringMismatch": ("D25",),
    "StringMismatchComparison": ("D25",),
    "NewCategoryTrainTest": ("D25", "D27"),
    "SpecialCharacters": ("D27",),
    "StringLengthOutOfBounds": ("D27",),
    "TrainTestPerformance": ("T14", "T15"),
    "SimpleModelComparison": ("T16",),
}

EVIDENTLY = {
    "MissingValueCount": ("D01",),
    "DatasetMissingValueCount": ("D01",),
    "ConstantColumnsCount": ("D02",),
    "AlmostConstantColumnsCount": ("D02",),
    "DuplicatedColumnsCount": ("D03",),
    "DuplicatedRowCount": ("D04",),
    "MinValue": ("D07", "D23"),
    "MaxValue": ("D07", "D23"),
    "MeanValue": ("D07",),
    "StdValue": ("D07",),
    "UniqueValueCount": ("D25", "D27"),
    "ValueDrift": ("D13",),
    "TargetDrift": ("D12",),  # its ValueDrift, of the target
    "DriftedColumnsCount": ("D13",),
}

CLEANLAB = {
    "null": ("D01",),
    "near_duplicate": ("D04", "D05"),
    "label": ("D05", "D06"),
    "outlier": ("D07",),
    "class_imbalance": ("D10",),
    "non_iid": ("D21",),
}

SKORE = {
    "SKD001": ("T14", "T15"),
    "SKD002": ("T16",),
    "SKD009": ("T16",),
    "SKD004": ("D10",),
    "SKD005": ("D10",),
    "SKD008": ("D03", "D20"),
    "SKD011": ("D17",),
    "SKD012": ("D19",),
    "SKD013": ("D16",),
}

TOOLS = {
    "aseptic": OURS,
    "deepchecks": DEEPCHECKS,
    "evidently": EVIDENTLY,
    "cleanlab": CLEANLAB,
    "skore": SKORE,
}


def codes_of(tool: str, check: str) -> tuple[str, ...]:
    """Our codes for a check of a tool; none where it has no like here."""
    return (check,) if tool == "aseptic" else TOOLS[tool].get(check, ())


def covers(tool: str, code: str) -> bool:
    """Whether the tool has a check that says what this one of ours says."""
    return tool == "aseptic" or any(code in codes for codes in TOOLS[tool].values())
