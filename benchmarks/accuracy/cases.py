"""Makes the labelled cases: clean tables, and the same with one fault each, at several strengths.

    python benchmarks/accuracy/cases.py --part design --out cases/design

The parts share no seed: thresholds may be looked at on `design` only, and what is published comes
from `evaluation`, which also has two data sets that the design part has not. A case is the same
whenever and wherever it is made; those that are there already are not made again.
"""

from __future__ import annotations

import argparse
import inspect
import shutil
import zlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import faults
import numpy as np
from bases import BASES, Base
from faults import FAULTS, Draft, Fault, Unsuitable
from models import build_model, score
from reading import Case, read_case, write_case
from sklearn.model_selection import train_test_split

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

PARTS = {"design": 5, "evaluation": 9}  # bases for each strength of each fault
CLEAN_DRAWS = {"design": 2, "evaluation": 3}  # clean cases of each base
MOST_ROWS = (20_000, 3_000, 500)  # by draw
LARGEST = 100_000  # rows of the largest base, in its first draw
HURT_ROWS = 10_000  # that a model is fitted on to see how much a fault hurts
REDRAWN = 60  # times that the test rows are drawn again for the error of it
SOUND = ("boosted", "forest", "linear")
GAP = 0.03  # between train and test, or behind the best, of a model that is called sound
MARGIN = 0.1  # over a constant, or between train and test, that makes a difference
HARM = 0.05  # that a model must be behind another to be called unsound


@dataclass(frozen=True)
class Plan:
    """One case to make."""

    part: str
    base: Base
    variant: str
    draw: int
    fault: Fault | None = None
    strength: float = 0.0

    @property
    def clean_name(self) -> str:
        return f"{self.base.name}-{self.draw}-{self.variant}"

    @property
    def name(self) -> str:
        if self.fault is None:
            return self.clean_name
        return f"{self.clean_name}-{self.fault.name}-{self.strength:g}"

    def seed(self, *, clean: bool) -> int:
        """A seed of its own for every case of every part."""
        return zlib.crc32(f"{self.part}/{self.clean_name if clean else self.name}".encode())

    @property
    def recipe(self) -> str:
        """What of the code the tables depend on, as a number: old cases are made anew."""
        parts: list[Any] = [_clean, self.fault.plant if self.fault else _sound_model]
        if self.variant != "plain":
            parts.append(getattr(faults, self.variant))
        return f"{zlib.crc32(''.join(map(inspect.getsource, parts)).encode()):08x}"


def plan(part: str, bases: list[Base]) -> list[Plan]:
    """All cases of a part; the clean ones come before those planted in them."""
    bases = [base for base in bases if part == "evaluation" or not base.is_held_out]
    planned: dict[str, Plan] = {}
    for draw in range(CLEAN_DRAWS[part]):
        for base in bases:
            _add(planned, Plan(part, base, "plain", draw))
    for fault in FAULTS.values():
        for strength in fault.strengths:
            for base, draw in _chosen(part, bases, fault, strength):
                _add(planned, Plan(part, base, fault.variant, draw))
                _add(planned, Plan(part, base, fault.variant, draw, fault, strength))
    return sorted(planned.values(), key=lambda one: (one.clean_name, one.fault is not None))


def few(planned: list[Plan], count: int) -> list[Plan]:
    """About so many of them, spread over faults and bases, with their clean twins."""
    planted = [one for one in planned if one.fault is not None]
    order = np.random.default_rng(0).permutation(len(planted))
    chosen, names = [], set()
    for place in sorted(order, key=lambda place: _rank(planted, place, order)):
        if len(names) + 2 > count:
            break
        chosen.append(planted[place].name)
        names |= {planted[place].name, planted[place].clean_name}
    return [one for one in planned if one.name in names]


def in_turn(cases: list[Case]) -> list[str]:
    """Their names: of each fault one case behind its clean twin, then a second one, and so on.

    So a run that is stopped has seen something of all.
    """
    seen: Counter[str | None] = Counter()
    turns = {}
    for place in np.random.default_rng(0).permutation(len(cases)):
        seen[cases[place].fault] += 1
        turns[cases[place].name] = (seen[cases[place].fault], int(place))
    planted = sorted((case for case in cases if case.fault), key=lambda case: turns[case.name])
    names = [name for case in planted for name in (case.twin, case.name)]
    return list(dict.fromkeys([*names, *(case.name for case in cases)]))


def _rank(planted: list[Plan], place: int, order: np.ndarray) -> tuple[int, int]:
    """The first case of each fault, then the second, and so on."""
    fault = planted[place].fault
    own = [int(other) for other in order if planted[other].fault is fault]
    return own.index(int(place)), int(place)


def _add(planned: dict[str, Plan], one: Plan) -> None:
    planned.setdefault(one.name, one)


def _chosen(
    part: str, bases: list[Base], fault: Fault, strength: float
) -> Iterator[tuple[Base, int]]:
    """As many bases as the part has for each strength, drawn from those that suit the fault."""
    rng = np.random.default_rng(zlib.crc32(f"{part}/{fault.name}/{strength:g}".encode()))
    found = 0
    for place in rng.permutation(len(bases)):
        base, draw = bases[place], int(rng.integers(CLEAN_DRAWS[part]))
        if found < PARTS[part] and _suits(base, fault, strength, draw, part):
            found += 1
            yield base, draw


def _suits(base: Base, fault: Fault, strength: float, draw: int, part: str) -> bool:
    if fault.task not in (None, base.task):
        return False
    try:
        _draft(Plan(part, base, fault.variant, draw, fault, strength))
    except Unsuitable:
        return False
    return True


# -- one case -------------------------------------------------------------------------------------
def _clean(one: Plan) -> Draft:
    rows = one.base.load()
    most = LARGEST if len(rows) > LARGEST and one.draw == 0 else MOST_ROWS[one.draw]
    seed = one.seed(clean=True)
    rows = rows.sample(min(most, len(rows)), random_state=seed % 2**31).reset_index(drop=True)
    target = one.base.target
    is_class = one.base.task == "classification"
    counts = rows[target].value_counts()
    if is_class and counts.min() < 4:
        rows = rows[rows[target].isin(counts.index[counts >= 4])]
    train, test = train_test_split(
        rows, test_size=0.3, random_state=seed % 2**31, stratify=rows[target] if is_class else None
    )
    draft = Draft(
        train.reset_index(drop=True),
        test.reset_index(drop=True),
        target,
        one.base.task,
        np.random.default_rng(seed),
    )
    if one.variant != "plain":
        getattr(faults, one.variant)(draft)
    return draft


def _draft(one: Plan) -> Draft:
    """The tables of a case. Raises Unsuitable."""
    draft = _clean(one)
    draft.rng = np.random.default_rng(one.seed(clean=False))
    if one.fault is not None:
        one.fault.plant(draft, one.strength)
        if len(draft.test) < 10 or len(draft.train) < 20:
            raise Unsuitable
    return draft


def make(one: Plan, folder: Path) -> Case | None:
    """Writes a case; None where the fault would not be one (a tree that does not overfit)."""
    draft = _draft(one)
    if one.fault is None:
        draft.model = _sound_model(draft)
    hurt, error = _hurt(one, draft)
    if one.fault is not None and draft.model is not None and (hurt or 0.0) < HARM:
        return None  # no such fault: a deep tree may be the best there is
    case = Case(
        name=one.name,
        base=one.base.name,
        part=one.part,
        task=one.base.task,
        target=one.base.target,
        fault=one.fault.name if one.fault else None,
        strength=one.strength,
        seed=one.seed(clean=False),
        variant=one.variant,
        twin=one.clean_name if one.fault else None,
        subjects=draft.subjects,
        rows=draft.rows,
        model=draft.model,
        session=draft.session,
        hurt=hurt,
        hurt_error=error,
        recipe=one.recipe,
    )
    write_case(folder / one.name, case, draft.train, draft.test)
    return case


def _sound_model(draft: Draft) -> str | None:
    """A model as good as any, on test as on train, or None."""
    tried = {kind: _train_and_test(draft, kind) for kind in SOUND}
    best = max(on_test for _, on_test, _ in tried.values())
    if best < _train_and_test(draft, "constant")[1] + MARGIN:
        return None
    for kind, (on_train, on_test, error) in tried.items():
        if abs(on_train - on_test) <= max(GAP, error) and on_test >= best - GAP:
            return kind
    return None


# -- how much it hurts ----------------------------------------------------------------------------
_SEEN: dict[str, tuple[float, float]] = {}  # the score of clean tables, and its error


def _hurt(one: Plan, draft: Draft) -> tuple[float | None, float | None]:
    """By how much the score differs from that without the fault, and one standard error of it."""
    if one.fault is None or (one.fault.hurts == "no" and draft.model is None):
        return None, None
    if draft.model is not None:
        return _hurt_of_model(one, draft)
    key = f"{one.part}/{one.clean_name}"
    if key not in _SEEN:
        _SEEN[key] = _score(_clean(one), "boosted")
    (clean, clean_error), (own, own_error) = _SEEN[key], _score(draft, "boosted")
    return round(abs(own - clean), 4), round(float(np.hypot(clean_error, own_error)), 4)


def _hurt_of_model(one: Plan, draft: Draft) -> tuple[float, float]:
    """What a better model has more; nothing for a model that should overfit and has no gap."""
    assert draft.model is not None
    on_train, on_test, error = _train_and_test(draft, draft.model)
    if one.fault is FAULTS["overfit_model"] and on_train - on_test < MARGIN:
        return 0.0, round(error, 4)
    better = max(_score(draft, kind)[0] for kind in SOUND)
    return round(better - on_test, 4), round(error, 4)


def _train_and_test(draft: Draft, kind: str) -> tuple[float, float, float]:
    train = _some(draft.train)
    model = build_model(kind, draft.task).fit(train[draft.features], train[draft.target])
    on_train = score(train[draft.target], model.predict(train[draft.features]), draft.task)
    predicted = model.predict(draft.test[draft.features])
    target = draft.test[draft.target].to_numpy()
    return on_train, score(target, predicted, draft.task), _error(target, predicted, draft.task)


def _score(draft: Draft, kind: str) -> tuple[float, float]:
    return _train_and_test(draft, kind)[1:]


def _error(target: np.ndarray, predicted: np.ndarray, task: str) -> float:
    rng = np.random.default_rng(0)
    draws = [rng.integers(0, len(target), len(target)) for _ in range(REDRAWN)]
    return float(np.std([score(target[rows], predicted[rows], task) for rows in draws]))


def _some(frame: pd.DataFrame) -> pd.DataFrame:
    return frame if len(frame) <= HURT_ROWS else frame.sample(HURT_ROWS, random_state=0)


# -- all cases ------------------------------------------------------------------------------------
def make_cases(
    part: str, folder: Path, *, count: int | None = None, bases: list[Base] | None = None
) -> list[Path]:
    """Makes the cases that are missing and returns the folders of all that were planned."""
    bases = [base for base in BASES if base.is_installed] if bases is None else bases
    planned = plan(part, bases)
    if count is not None:
        planned = few(planned, count)
    folder.mkdir(parents=True, exist_ok=True)
    for number, one in enumerate(planned, 1):
        print(f"\r{part}: case {number} of {len(planned)}  {one.name:60.60}", end="", flush=True)
        refused = folder / f"{one.name}.refused"
        if one.recipe in (_recipe(folder / one.name), refused.exists() and refused.read_text()):
            continue
        if make(one, folder) is None:
            shutil.rmtree(folder / one.name, ignore_errors=True)
            refused.write_text(one.recipe)
    print()
    return [folder / one.name for one in planned if (folder / one.name / "case.json").exists()]


def _recipe(folder: Path) -> str | None:
    return read_case(folder).recipe if (folder / "case.json").exists() else None


def main() -> None:
    import warnings

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=PARTS, default="design")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--cases", type=int, help="about so many, for a quick run")
    parser.add_argument("--bases", nargs="*", help="only these data sets")
    parser.add_argument("--names", type=Path, help="where to write the names of the cases")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    bases = [base for base in BASES if base.name in options.bases] if options.bases else None
    made = make_cases(options.part, options.out, count=options.cases, bases=bases)
    if options.names:
        options.names.write_text("\n".join(in_turn([read_case(folder) for folder in made])))
    print(f"{len(made)} cases in {options.out}")


if __name__ == "__main__":
    main()
