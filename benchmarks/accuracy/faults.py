"""The faults that are planted, each at several strengths, and which of our checks should find it.

A fault is a function of a `Draft`, which it changes: two tables, and beside them what was changed.
It says no word of how it might be found: a check that is tuned to the planting would gain nothing
in real data, so plantings vary at random in column, place and size.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import sessions

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass
class Draft:
    """A case in the making."""

    train: pd.DataFrame
    test: pd.DataFrame
    target: str
    task: str
    rng: np.random.Generator
    subjects: list[str] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    model: str | None = None
    session: str | None = None

    @property
    def features(self) -> list[str]:
        return [name for name in self.train if name != self.target]

    def numeric(self, *, distinct: int = 8) -> list[str]:
        """The features that hold numbers, not just a few of them."""
        return [
            name
            for name in self.features
            if pd.api.types.is_numeric_dtype(self.train[name])
            and self.train[name].dtype != bool
            and self.train[name].nunique() > distinct
        ]

    def texts(self) -> list[str]:
        return [name for name in self.features if self.train[name].map(type).eq(str).all()]

    def pick(self, columns: list[str], count: int = 1) -> list[str]:
        """Some of the columns, drawn; they become the subjects. Raises Unsuitable if none."""
        if not columns:
            raise Unsuitable
        drawn = self.rng.choice(columns, min(count, len(columns)), replace=False)
        self.subjects += [str(name) for name in drawn]
        return self.subjects[-len(drawn) :]

    def some_rows(self, frame: pd.DataFrame, share: float) -> np.ndarray:
        """Positions of that share of rows, at least three."""
        count = min(len(frame), max(3, round(share * len(frame))))
        return np.sort(self.rng.choice(len(frame), count, replace=False))


class Unsuitable(Exception):
    """The base has nothing that this fault could be planted in."""


@dataclass(frozen=True)
class Fault:
    """One fault: `checks` are the codes that name it, `strengths` from weak to strong."""

    name: str
    checks: tuple[str, ...]
    strengths: tuple[float, ...]
    plant: Callable[[Draft, float], None]
    variant: str = "plain"
    task: str | None = None  # where it can only be planted in one of them
    hurts: str = "train"  # `train`: the model is worse; `test`: the score is wrong; `no`


FAULTS: dict[str, Fault] = {}


def _fault(*checks: str, strengths: tuple[float, ...], **more: str):
    def keep(plant: Callable[[Draft, float], None]) -> Callable[[Draft, float], None]:
        name = plant.__name__
        FAULTS[name] = Fault(name, checks, strengths, plant, **more)
        return plant

    return keep


# -- train and test -------------------------------------------------------------------------------
@_fault("D15", strengths=(0.01, 0.05, 0.2, 0.5), hurts="test")
def train_test_overlap(draft: Draft, strength: float) -> None:
    """Rows of train take the place of rows of test."""
    places = draft.some_rows(draft.test, strength)
    donors = draft.rng.choice(len(draft.train), len(places), replace=len(places) > len(draft.train))
    draft.test = _with_rows(draft.test, places, draft.train.iloc[donors])


@_fault("D28", "D15", strengths=(0.05, 0.2, 0.5), hurts="test")
def near_duplicates(draft: Draft, strength: float) -> None:
    """As train-test overlap, with the numbers changed by a thousandth of their spread."""
    numeric = draft.numeric()
    if len(numeric) < 3:
        raise Unsuitable
    places = draft.some_rows(draft.test, strength)
    donors = draft.train.iloc[draft.rng.choice(len(draft.train), len(places))].copy()
    for name in numeric:
        noise = draft.rng.normal(0, 1e-3 * draft.train[name].std(), len(donors))
        donors[name] = donors[name].astype(float) + noise
        draft.train[name], draft.test[name] = (
            frame[name].astype(float) for frame in (draft.train, draft.test)
        )
    draft.test = _with_rows(draft.test, places, donors)


@_fault("D13", strengths=(0.25, 0.5, 1.0), hurts="test")
def covariate_drift(draft: Draft, strength: float) -> None:
    """Two numbers of test lie higher, by so many standard deviations."""
    for name in draft.pick(draft.numeric(distinct=15), 2):
        draft.test[name] = draft.test[name] + strength * draft.train[name].std()


@_fault("D13", strengths=(0.5, 0.8), hurts="test")
def selected_test(draft: Draft, strength: float) -> None:
    """Of the test rows with less of one number than its median, that share is missing."""
    (name,) = draft.pick(draft.numeric(distinct=15))
    low = (draft.test[name] < draft.train[name].median()).to_numpy()
    draft.test = _kept(draft.test, ~(low & (draft.rng.random(len(low)) < strength)))


@_fault("D12", strengths=(0.5, 0.8), hurts="no")
def label_shift(draft: Draft, strength: float) -> None:
    """That share of the most frequent class (or of the upper half) is missing from test."""
    values = draft.test[draft.target]
    if draft.task == "classification":
        drawn = (values == draft.train[draft.target].mode().iloc[0]).to_numpy()
    else:
        drawn = (values > draft.train[draft.target].median()).to_numpy()
    draft.subjects.append(draft.target)
    draft.test = _kept(draft.test, ~(drawn & (draft.rng.random(len(drawn)) < strength)))


@_fault("D16", strengths=(0.5, 1.0), variant="grouped", hurts="test")
def group_leak(draft: Draft, strength: float) -> None:
    """Of that share of persons measured several times, some measurements lie on each side."""
    both = pd.concat([draft.train, draft.test], ignore_index=True)
    persons = both["person"].unique()
    split = set(draft.rng.choice(persons, round(strength * len(persons)), replace=False))
    is_test = np.arange(len(both)) >= len(draft.train)
    loose = both["person"].isin(split).to_numpy()
    is_test[loose] = draft.rng.permutation(is_test[loose])
    draft.train, draft.test = _kept(both, ~is_test), _kept(both, is_test)
    draft.subjects.append("person")


@_fault("D16", strengths=(0.2, 1.0), variant="seasonal", hurts="no")
def time_leak(draft: Draft, strength: float) -> None:
    """That share of the rows is split at random, though dates say what came later."""
    both = pd.concat([draft.train, draft.test], ignore_index=True)
    is_test = np.arange(len(both)) >= len(draft.train)
    loose = draft.rng.random(len(both)) < strength
    is_test[loose] = draft.rng.permutation(is_test[loose])
    draft.train, draft.test = _kept(both, ~is_test), _kept(both, is_test)
    draft.subjects.append("recorded_at")


@_fault("D18", strengths=(1.0, 2.0, 3.0), variant="in_session", hurts="no")
def preprocessing_leak(draft: Draft, strength: float) -> None:
    """A scaler (1), a selection of features (2) or components (3) saw the test rows too."""
    draft.session = f"{sessions.STEPS[int(strength) - 1]}, {draft.rng.choice(sessions.LEAKY)}"


# -- the target in the features -------------------------------------------------------------------
@_fault("D17", strengths=(1.0,), hurts="test")
def target_leak(draft: Draft, strength: float) -> None:  # noqa: ARG001 -- there is one strength
    """The target itself, under another name and by other numbers."""
    for frame, numbers in _numbers_of_target(draft):
        frame["outcome_index"] = numbers * 3.5 + 1
    draft.subjects.append("outcome_index")


@_fault("D17", strengths=(0.05, 0.15), hurts="test")
def noisy_target_leak(draft: Draft, strength: float) -> None:
    """The target with noise of so many standard deviations; of a class, with so many wrong."""
    for frame, numbers in _numbers_of_target(draft):
        if draft.task == "classification":
            wrong = draft.rng.random(len(frame)) < strength / 3
            frame["follow_up"] = np.where(wrong, draft.rng.permutation(numbers), numbers)
        else:
            noise = draft.rng.normal(0, strength * numbers.std(), len(frame))
            frame["follow_up"] = numbers + noise
    draft.subjects.append("follow_up")


@_fault("D17", strengths=(10.0,), task="regression", hurts="test")
def binned_target_leak(draft: Draft, strength: float) -> None:
    """The target in so many bins, as text."""
    edges = draft.train[draft.target].quantile(np.linspace(0, 1, int(strength) + 1)[1:-1])
    for frame, numbers in _numbers_of_target(draft):
        frame["band"] = [f"band {place}" for place in np.searchsorted(edges.to_numpy(), numbers)]
    draft.subjects.append("band")


# -- labels ---------------------------------------------------------------------------------------
@_fault("D06", strengths=(0.05, 0.1, 0.2), task="classification")
def label_noise(draft: Draft, strength: float) -> None:
    """That share of the train labels is another class."""
    places = draft.some_rows(draft.train, strength)
    draft.train[draft.target] = _relabelled(draft, places)
    draft.rows = places.tolist()
    draft.subjects.append(draft.target)


@_fault("D05", strengths=(0.03, 0.1), task="classification")
def conflicting_labels(draft: Draft, strength: float) -> None:
    """Copies of that share of rows have another label."""
    places = draft.some_rows(draft.train, strength)
    copies = draft.train.iloc[places].copy()
    copies[draft.target] = _relabelled(draft, places).iloc[places].to_numpy()
    draft.rows = [*places.tolist(), *range(len(draft.train), len(draft.train) + len(copies))]
    draft.train = pd.concat([draft.train, copies], ignore_index=True)


@_fault("D10", strengths=(0.8, 0.9, 0.95), task="classification", hurts="no")
def class_imbalance(draft: Draft, strength: float) -> None:
    """That share of one class is missing from both tables."""
    counts = draft.train[draft.target].value_counts()
    rare, share = counts.index[-1], counts.iloc[-1] / counts.iloc[0]
    if counts.iloc[-1] * (1 - strength) < 4 or share <= 0.1 or share * (1 - strength) > 0.08:
        raise Unsuitable  # too few for a class, rare by nature, or still enough
    draft.subjects.append(draft.target)
    for side in ("train", "test"):
        frame = getattr(draft, side)
        places = np.flatnonzero(frame[draft.target] == rare)
        dropped = draft.rng.choice(places, round(strength * len(places)), replace=False)
        setattr(draft, side, _kept(frame, ~np.isin(np.arange(len(frame)), dropped)))


@_fault("D21", strengths=(1.0,), hurts="no")
def sorted_rows(draft: Draft, strength: float) -> None:  # noqa: ARG001 -- there is one strength
    """Train is in the order of its target."""
    draft.train = draft.train.sort_values(draft.target, kind="stable").reset_index(drop=True)


@_fault("D11", strengths=(60, 30), hurts="train")
def too_few_rows(draft: Draft, strength: float) -> None:
    """So many rows are left of train."""
    if len(draft.train) < 4 * strength:
        raise Unsuitable
    draft.train = draft.train.iloc[: int(strength)].reset_index(drop=True)


# -- values ---------------------------------------------------------------------------------------
@_fault("D07", strengths=(0.002, 0.01), hurts="train")
def gross_outliers(draft: Draft, strength: float) -> None:
    """That share of one number is 100 to 1,000 times its spread away, as a wrong unit gives."""
    (name,) = draft.pick(draft.numeric(distinct=15))
    places = draft.some_rows(draft.train, strength)
    size = draft.rng.uniform(100, 1000, len(places)) * draft.train[name].std()
    _put(draft.train, name, places, draft.train[name].iloc[places].to_numpy() + size)
    draft.rows = places.tolist()


@_fault("D04", strengths=(0.02, 0.08, 0.2), hurts="no")
def duplicate_rows(draft: Draft, strength: float) -> None:
    """That share of train rows is there twice."""
    places = draft.some_rows(draft.train, strength)
    draft.rows = [*places.tolist(), *range(len(draft.train), len(draft.train) + len(places))]
    draft.train = pd.concat([draft.train, draft.train.iloc[places]], ignore_index=True)


@_fault("D01", strengths=(0.1, 0.3, 0.6))
def missing_at_random(draft: Draft, strength: float) -> None:
    """That share of one column is missing from both tables."""
    (name,) = draft.pick(draft.features)
    for frame in (draft.train, draft.test):
        frame[name] = frame[name].mask(draft.rng.random(len(frame)) < strength)


@_fault("D01", strengths=(0.15, 0.4), hurts="test")
def missing_by_label(draft: Draft, strength: float) -> None:
    """That share of one column is missing, all of it in one class or in the upper half."""
    (name,) = draft.pick(draft.features)
    middle = draft.train[draft.target]
    chosen = middle.mode().iloc[0] if draft.task == "classification" else middle.median()
    for frame in (draft.train, draft.test):
        values = frame[draft.target]
        where = values == chosen if draft.task == "classification" else values > chosen
        rate = min(1.0, strength / max(0.01, where.mean()))
        frame[name] = frame[name].mask(where & (draft.rng.random(len(frame)) < rate))


@_fault("D01", strengths=(0.1, 0.3), hurts="test")
def missing_in_test(draft: Draft, strength: float) -> None:
    """That share of one column is missing from test alone."""
    (name,) = draft.pick(draft.features)
    draft.test[name] = draft.test[name].mask(draft.rng.random(len(draft.test)) < strength)


@_fault("D08", strengths=(0.01, 0.05, 0.2))
def mixed_types(draft: Draft, strength: float) -> None:
    """That share of one number are words."""
    (name,) = draft.pick(draft.numeric(distinct=15))
    words = draft.rng.choice(["unknown", "n/a", "none", "?", "error"], 2, replace=False)
    for frame in (draft.train, draft.test):
        values = frame[name].astype(object)
        for place in draft.some_rows(frame, strength):
            values.iloc[place] = str(draft.rng.choice(words))
        frame[name] = values


@_fault("D24", "D08", strengths=(1.0, 2.0))
def numbers_as_text(draft: Draft, strength: float) -> None:
    """One number is text: as it is (1), or with a thousands comma and a unit (2)."""
    (name,) = draft.pick(draft.numeric(distinct=15))
    form = "{:.10g}" if strength < 2 else "{:,.2f} kg"
    for frame in (draft.train, draft.test):
        frame[name] = [form.format(value) for value in frame[name]]


@_fault("D23", "D07", strengths=(0.02, 0.1))
def sentinels(draft: Draft, strength: float) -> None:
    """That share of one number is -999, 9999 or -1, which stands for missing."""
    (name,) = draft.pick([c for c in draft.numeric(distinct=15) if draft.train[c].min() >= 0])
    free = [mark for mark in (-999, 9999, -1) if not draft.train[name].eq(mark).any()]
    mark = int(draft.rng.choice(free))
    for frame in (draft.train, draft.test):
        _put(frame, name, draft.some_rows(frame, strength), mark)


@_fault("D25", strengths=(0.05, 0.2))
def text_variants(draft: Draft, strength: float) -> None:
    """That share of a text is in other case or has a space at its end."""
    (name,) = draft.pick(draft.texts())
    for frame in (draft.train, draft.test):
        values = frame[name].astype(object)
        for place in draft.some_rows(frame, strength):
            text = values.iloc[place]
            forms = [form for form in (text + " ", text.upper(), text.title()) if form != text]
            values.iloc[place] = str(draft.rng.choice(forms))
        frame[name] = values


@_fault("D26", strengths=(0.01, 0.05), variant="dated", hurts="no")
def impossible_dates(draft: Draft, strength: float) -> None:
    """That share of the dates is long before or long after all others."""
    wrong = ["1900-01-01", "1970-01-01", "2199-12-31"]
    day = pd.Timestamp(str(draft.rng.choice(wrong)))
    draft.subjects.append("recorded_at")
    for frame in (draft.train, draft.test):
        places = draft.some_rows(frame, strength)
        frame.iloc[places, frame.columns.get_loc("recorded_at")] = day


@_fault("D27", strengths=(0.05, 0.2), variant="places", hurts="no")
def encoding_damage(draft: Draft, strength: float) -> None:
    """That share of a text was written in UTF-8 and read as Latin-1."""
    draft.subjects.append("place")
    for frame in (draft.train, draft.test):
        values = frame["place"].astype(object)
        for place in draft.some_rows(frame, strength):
            values.iloc[place] = values.iloc[place].encode("utf-8").decode("cp1252", "replace")
        frame["place"] = values


# -- columns --------------------------------------------------------------------------------------
@_fault("D02", strengths=(1.0,), hurts="no")
def constant_column(draft: Draft, strength: float) -> None:  # noqa: ARG001 -- there is one strength
    """A column of one value."""
    value = draft.rng.choice(np.array([0, 1.5, "v2"], dtype=object))
    draft.train["version"], draft.test["version"] = value, value
    draft.subjects.append("version")


@_fault("D03", "D20", strengths=(1.0, 2.0), hurts="no")
def duplicate_column(draft: Draft, strength: float) -> None:
    """A number a second time: as it is (1), or in another unit (2)."""
    (name,) = draft.pick(draft.numeric())
    for frame in (draft.train, draft.test):
        frame["copy"] = frame[name] if strength < 2 else frame[name] * 2.54 + 10
    draft.subjects.append("copy")


@_fault("D09", strengths=(1.0, 2.0, 3.0), hurts="no")
def identifier_column(draft: Draft, strength: float) -> None:
    """A number of each row in their order (1), at random (2), or a text of its own (3)."""
    rows = len(draft.train) + len(draft.test)
    numbers = np.arange(10_000, 10_000 + rows)
    if strength >= 2:
        numbers = draft.rng.permutation(numbers)
    ids = [f"R{number:x}" for number in numbers] if strength >= 3 else numbers
    draft.train["record"], draft.test["record"] = (
        list(ids[: len(draft.train)]),
        list(ids[len(draft.train) :]),
    )
    draft.subjects.append("record")


@_fault("D19", strengths=(5, 20), hurts="no")
def noise_features(draft: Draft, strength: float) -> None:
    """So many columns of noise."""
    for number in range(int(strength)):
        for frame in (draft.train, draft.test):
            frame[f"noise_{number}"] = draft.rng.normal(size=len(frame))
        draft.subjects.append(f"noise_{number}")


@_fault("D22", strengths=(1.0, 2.0, 3.0, 4.0), hurts="no")
def personal_data(draft: Draft, strength: float) -> None:
    """E-mail addresses (1), telephone numbers (2), IBANs (3), full names (4)."""
    column, make = [
        ("contact", _email),
        ("reachable_at", _telephone),
        ("account", _iban),
        ("full_name", _name),
    ][int(strength) - 1]
    for frame in (draft.train, draft.test):
        frame[column] = [make(draft.rng) for _ in range(len(frame))]
    draft.subjects.append(column)


# -- fit ------------------------------------------------------------------------------------------
@_fault("T14", "T15", strengths=(1.0, 2.0), hurts="no")
def overfit_model(draft: Draft, strength: float) -> None:
    """A tree without limit (1); one nearest neighbour (2). Kept where another is better."""
    draft.model = "deep_tree" if strength < 2 else "one_neighbour"


@_fault("T16", strengths=(1.0, 2.0), hurts="no")
def underfit_model(draft: Draft, strength: float) -> None:
    """A constant (1); a model that is far too rigid (2). Kept where another is better."""
    draft.model = "constant" if strength < 2 else "rigid"


# -- clean data with what some faults need --------------------------------------------------------
def dated(draft: Draft) -> None:
    """Each row has a date, and all of test is later than all of train."""
    rows = len(draft.train) + len(draft.test)
    days = np.sort(draft.rng.uniform(0, 730, rows)).astype("int64")
    cut = len(draft.train)
    days[cut:] += 1
    start = np.datetime64("2021-03-01", "ns")
    for frame, own in ((draft.train, days[:cut]), (draft.test, days[cut:])):
        frame["recorded_at"] = start + draft.rng.permutation(own).astype("timedelta64[D]")


def in_session(draft: Draft) -> None:
    """A model is fitted to prepared numbers, and the preparation sees train alone."""
    if len(draft.numeric()) < 3:
        raise Unsuitable
    draft.session = f"{draft.rng.choice(sessions.STEPS)}, {draft.rng.choice(sessions.SOUND)}"


def seasonal(draft: Draft) -> None:
    """As dated, and the target rises and falls with the season, of which each table has many."""
    days, length = 720, 60  # of all, and of a season
    cut = round(days / length * len(draft.train) / (len(draft.train) + len(draft.test))) * length
    start = np.datetime64("2021-03-01", "ns")
    for frame, first, last in ((draft.train, 0, cut), (draft.test, cut, days)):
        values = pd.Series(pd.factorize(frame[draft.target], sort=True)[0])
        loose = (values - values.mean()) / (values.std() or 1.0) + draft.rng.normal(
            0, 0.7, len(frame)
        )
        season = draft.rng.integers(first // length, last // length, len(frame))
        day = (season + loose.rank(pct=True).to_numpy() * 0.999) * length
        frame["recorded_at"] = start + day.astype("timedelta64[D]")


def places(draft: Draft) -> None:
    """Each row has a town with letters beyond ASCII."""
    towns = ["Zürich", "Genève", "Köln", "São Paulo", "Málaga", "Besançon", "Łódź", "Oslo", "Rome"]
    for frame in (draft.train, draft.test):
        frame["place"] = draft.rng.choice(towns, len(frame))


def grouped(draft: Draft) -> None:
    """Each row is a person measured five times, and nobody is in both tables."""
    numeric = draft.numeric()
    numbers = draft.rng.permutation(len(draft.train) + len(draft.test) + 40)
    spread = draft.train[numeric].std()
    for side in ("train", "test"):
        frame = getattr(draft, side)
        persons = frame.iloc[: max(20, len(frame) // 5)]
        rows = persons.iloc[np.repeat(np.arange(len(persons)), 5)].reset_index(drop=True)
        for name in numeric:
            noise = draft.rng.normal(0, 0.1 * spread[name], len(rows))
            rows[name] = rows[name].astype(float) + noise
        own, numbers = numbers[: len(persons)], numbers[len(persons) :]
        rows["person"] = np.repeat(own, 5)
        setattr(draft, side, rows.sample(frac=1, random_state=len(rows)).reset_index(drop=True))


# -- means ----------------------------------------------------------------------------------------
def _with_rows(frame: pd.DataFrame, places: np.ndarray, rows: pd.DataFrame) -> pd.DataFrame:
    """The frame with other rows at those places."""
    kept = frame.drop(index=frame.index[places])
    both = pd.concat([kept, rows]).reset_index(drop=True)
    return both.sample(frac=1, random_state=len(both)).reset_index(drop=True)


def _kept(frame: pd.DataFrame, keep: np.ndarray) -> pd.DataFrame:
    return frame[keep].reset_index(drop=True)


def _put(frame: pd.DataFrame, name: str, places: np.ndarray, values: object) -> None:
    """Puts values into a column of whole numbers or of others alike."""
    numbers = frame[name].to_numpy(dtype=float, copy=True)
    numbers[places] = values
    frame[name] = numbers


def _numbers_of_target(draft: Draft) -> list[tuple[pd.DataFrame, np.ndarray]]:
    """Each table with its target as numbers; classes are numbered in an order of their own."""
    if draft.task == "regression":
        return [(f, f[draft.target].to_numpy(dtype=float)) for f in (draft.train, draft.test)]
    classes = draft.rng.permutation(sorted(draft.train[draft.target].unique()))
    numbers = {one: float(place) for place, one in enumerate(classes)}
    return [
        (f, f[draft.target].map(numbers).fillna(0).to_numpy(dtype=float))
        for f in (draft.train, draft.test)
    ]


def _relabelled(draft: Draft, places: np.ndarray) -> pd.Series:
    """The targets of train with another class at those places."""
    classes = sorted(draft.train[draft.target].unique())
    values = draft.train[draft.target].copy()
    for place in places:
        others = [one for one in classes if one != values.iloc[place]]
        values.iloc[place] = others[draft.rng.integers(len(others))]
    return values


_FIRST = ("Anna", "Omar", "Lucia", "Jan", "Mei", "Sofia", "Paul", "Aisha", "Ivan", "Maria", "Tom")
_MIDDLE = "ABCDEFGHIJKLMNOPRSTW"
_LAST = ("Keller", "Rossi", "Novak", "Haddad", "Chen", "Silva", "Meyer", "Dubois", "Ivanov")


def _email(rng: np.random.Generator) -> str:
    host = rng.choice(["example.org", "mail.example.com", "example.net"])
    return f"{rng.choice(_FIRST).lower()}.{rng.choice(_LAST).lower()}{rng.integers(999)}@{host}"


def _telephone(rng: np.random.Generator) -> str:
    groups = (rng.integers(low, high) for low, high in ((20, 99), (100, 999), (10, 99), (10, 99)))
    return f"+4{rng.integers(1, 9)} " + " ".join(str(group) for group in groups)


def _iban(rng: np.random.Generator) -> str:
    account = "".join(str(digit) for digit in rng.integers(0, 10, 18))
    check = 98 - int(account + "131400") % 97  # DE is 13 14
    return f"DE{check:02d}{account}"


def _name(rng: np.random.Generator) -> str:
    first, second = rng.choice(_LAST, 2)
    return f"{rng.choice(_FIRST)} {rng.choice(list(_MIDDLE))}. {first}-{second}"
