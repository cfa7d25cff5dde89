"""A case on disk: two tables in Parquet and what is known about them in JSON.

Read by every judge in an environment of its own, so nothing but pandas is needed, in any version
from 1.5 on. Columns that hold values of several types are kept as JSON texts, which Parquet can
hold, and come back as they were.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from pathlib import Path


@dataclass
class Case:
    """What is known of one case. `fault` is None where nothing is planted."""

    name: str
    base: str
    part: str  # design or evaluation
    task: str  # classification or regression
    target: str
    fault: str | None
    strength: float
    seed: int
    variant: str = "plain"  # what clean data it was planted in
    twin: str | None = None  # the case without the fault
    subjects: list[str] = field(default_factory=list)  # the columns it was planted in, if any
    rows: list[int] = field(default_factory=list)  # the rows of train it was planted in, if any
    model: str | None = None  # the model that judges are given: see models.py
    session: str | None = None  # what is done with the tables: see sessions.py
    hurt: float | None = None  # by how much the score is wrong or worse
    hurt_error: float | None = None  # one standard error of it
    mixed: list[str] = field(default_factory=list)  # columns kept as JSON texts
    recipe: str = ""  # changes with the code that plants the fault

    @property
    def hurts(self) -> bool:
        """Whether the model's score is visibly hurt: by 0.02 and two standard errors."""
        return self.hurt is not None and self.hurt >= max(0.02, 2 * (self.hurt_error or 0.0))


def write_case(folder: Path, case: Case, train: pd.DataFrame, test: pd.DataFrame) -> None:
    """Writes the case; its JSON comes last, so a case that was interrupted is not one."""
    folder.mkdir(parents=True, exist_ok=True)
    case.mixed = sorted(name for name in train if _is_mixed(train[name]) or _is_mixed(test[name]))
    for name, frame in (("train", train), ("test", test)):
        kept = frame.assign(**{column: _as_json(frame[column]) for column in case.mixed})
        kept.to_parquet(folder / f"{name}.parquet", index=False)
    (folder / "case.json").write_text(json.dumps(asdict(case), indent=1))


def read_case(folder: Path) -> Case:
    """What is known of a case."""
    return Case(**json.loads((folder / "case.json").read_text()))


def read_tables(folder: Path, case: Case) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Train and test, the target among their columns."""
    train, test = (pd.read_parquet(folder / f"{name}.parquet") for name in ("train", "test"))
    for frame in (train, test):
        for column in case.mixed:
            values = [None if text is None else json.loads(text) for text in frame[column]]
            frame[column] = pd.Series(values, dtype=object, index=frame.index)
    return train, test


def list_cases(folder: Path) -> list[Path]:
    """The folders of all cases, in order of their names."""
    return sorted(path.parent for path in folder.glob("*/case.json"))


def _is_mixed(values: pd.Series) -> bool:
    return values.dtype == object and not all(isinstance(one, str) for one in values.dropna())


def _as_json(values: pd.Series) -> pd.Series:
    texts = [None if pd.isna(one) else json.dumps(_plain(one)) for one in values]
    return pd.Series(texts, dtype=object, index=values.index)


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value
