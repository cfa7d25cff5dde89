"""A run beside the runs before it: what was scored, on which data, and with which settings."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from aseptic.checks.code import same_code
from aseptic.checks.kept_rows import kept_rows
from aseptic.checks.roles import is_target_name, role_of
from aseptic.direction import direction_of
from aseptic.series_names import is_diagnostic

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence

    from aseptic.checks.evidence import Evidence
    from aseptic.checks.tables import Role
    from aseptic.model import Direction, Metric, Run

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_COSTS = frozenset(
    """
    time times seconds secs sec ms duration latency memory bytes mb gb size elapsed runtime fps
    throughput cost
    """.split()  # noqa: SIM905 - a list of words reads best as words
)
_SEED = re.compile(r"(random_state|seed)(\s*=\s*)\d+")
_SEED_CALL = re.compile(r"(seed|default_rng|RandomState)(\()\d+")
_SEED_NAMES = frozenset({"seed", "random_state", "rng"})
#: What the metrics of a run are judged by, most telling first.
_RANKS: tuple[Role | None, ...] = ("test", "validation", None)


class Score(NamedTuple):
    """One metric that judges: which way is better, and what data it says it was measured on."""

    name: str
    value: float
    direction: Direction
    role: Role | None

    def gain_over(self, value: float) -> float:
        """By how much this score is better than another value of the same metric."""
        return self.value - value if self.direction == "max" else value - self.value


def scores_of(run: Run) -> list[Score]:
    """The metrics that say how good the run's model is: of test data, of validation, of neither.

    Those of training data, times and sizes, and those of no known direction are left out.
    """
    found = [score for metric in run.metrics.values() if (score := _score(metric)) is not None]
    return sorted(found, key=lambda score: _RANKS.index(score.role))


def _score(metric: Metric) -> Score | None:
    direction = metric.direction or direction_of(metric.name)
    role = role_of(metric.name)
    value = metric.value
    if is_diagnostic(metric.name) or isinstance(value, bool):
        return None
    if direction is None or role not in _RANKS:
        return None
    if not math.isfinite(value) or not _COSTS.isdisjoint(words_of(metric.name)):
        return None
    return Score(metric.name, float(value), direction, role)


def is_cost(metric: str) -> bool:
    """Whether a metric says what a run took: a time, a size."""
    return not _COSTS.isdisjoint(words_of(metric))


def words_of(name: str) -> list[str]:
    """The words of a name in small letters: `valF1_macro` has `val`, `f`, `1`, `macro`."""
    return [word.lower() for word in _WORD.findall(name)]


# Which data -------------------------------------------------------------------------------------
class Judge(NamedTuple):
    """Data that judges a run."""

    name: str
    role: Role
    digest: str
    rows: int
    row_hashes: str | None = None  # the same for the same rows in another order

    def is_read_by(self, run: Run) -> bool:
        """Whether a run read these data, in this order or another."""
        if any(data.digest == self.digest for data in run.data_inputs.values()):
            return True
        return self.row_hashes in {kept.digest for kept in kept_rows(run)}


def judges_of(run: Run, *, evidence: Evidence | None = None) -> list[Judge]:
    """The test and validation data of a run, by the roles in evidence or by their names.

    Of features and targets, the features count. Data that the cell made itself are known by the
    hashes of their rows.
    """
    known = {table.name: table.role for table in evidence.tables} if evidence else {}
    found = []
    for data in run.data_inputs.values():
        role = known.get(data.name) or role_of(data.name)
        is_table = bool(data.shape) and not is_target_name(data.name) and data.digest is not None
        if is_table and role in ("test", "validation"):
            assert data.digest is not None
            found.append(Judge(data.name, role, data.digest, data.shape[0], data.row_hashes))
    return [*found, *_made(run)]


def _made(run: Run) -> Iterator[Judge]:
    for kept in kept_rows(run):
        if kept.name not in run.data_inputs and kept.role in ("test", "validation"):
            yield Judge(kept.name, kept.role, kept.digest, kept.rows, kept.digest)


def judge_of(score: Score, judges: Sequence[Judge]) -> Judge | None:
    """The data that a score was measured on, where it is clear: of its role, or the only one."""
    of_role = [judge for judge in judges if score.role in (None, judge.role)]
    return of_role[0] if len({judge.rows for judge in of_role}) == 1 else None


# What a run was ---------------------------------------------------------------------------------
def configuration(run: Run) -> Hashable:
    """What a person chose: the code and the params, but for the numbers of seeds."""
    source = re.sub(r"\A\s*%%track\b[^\n]*", "", run.source).strip()
    for pattern in (_SEED, _SEED_CALL):
        source = pattern.sub(r"\1\2", source)
    params = {
        name: repr(param.value)
        for name, param in run.params.items()
        if not param.is_filled_in and _SEED_NAMES.isdisjoint(_parts(name))
    }
    return source, tuple(sorted(params.items()))


def _parts(name: str) -> set[str]:
    return {name, *re.split(r"\.|__", name)}


def is_rerun(run: Run, earlier: Run) -> bool:
    """Whether two runs had the same code, params, seed, data, packages and commit."""
    return (
        run.seed == earlier.seed
        and _params(run) == _params(earlier)
        and _has_same_data(run, earlier)
        and _surroundings(run) == _surroundings(earlier)
        and same_code(run) == same_code(earlier)
    )


def _params(run: Run) -> dict[str, str]:
    return {name: repr(param.value) for name, param in run.params.items()}


def _has_same_data(run: Run, earlier: Run) -> bool:
    digests = {name: data.digest for name, data in run.data_inputs.items()}
    same = digests == {name: data.digest for name, data in earlier.data_inputs.items()}
    return same and None not in digests.values()


def _surroundings(run: Run) -> Hashable:
    packages = tuple(sorted(run.environment.packages.items()))
    git, place = run.git, run.environment
    code = (git.commit, git.diff_digest)
    return code, packages, place.python, place.platform, place.cpu, place.gpus


def finished(runs: Sequence[Run], *, most: int) -> Iterator[Run]:
    """Those that came to their end, of the newest ones."""
    return (run for run in runs[:most] if run.status == "finished")


# How sure a metric is ---------------------------------------------------------------------------
class Noise(NamedTuple):
    """How much chance alone moves a metric, as a standard error, and where that is known from."""

    error: float
    source: str


def noise_of(
    score: Score,
    run: Run,
    other: Run,
    *,
    judges: Sequence[Judge],
    earlier: Sequence[Run],
    reruns: int = 3,
) -> Noise | None:
    """The noise of a score when two runs are compared; None where nothing tells it.

    The standard error of the score for the rows of the data that judged it, or, where so many
    `reruns` of one of the two differ in nothing but the seed, their standard deviation times √2:
    the larger.
    """
    found = []
    judge = judge_of(score, judges)
    error = judge and standard_error(score.name, score.value, judge.rows)
    if judge and error is not None:
        found.append(Noise(error, f"from the {judge.rows:,} rows of {judge.name}"))
    for one in (run, other):
        values = _of_reruns(one, score, (run, *earlier))
        if len(values) >= reruns:
            spread = float(np.std(values, ddof=1)) * math.sqrt(2)
            found.append(Noise(spread, f"from {len(values)} seeds of {one.name}"))
    return max(found, default=None)


def _of_reruns(run: Run, score: Score, all_runs: Sequence[Run]) -> list[float]:
    """The values of all runs that differ from this one in nothing but the seed."""
    own = configuration(run)
    return [
        float(one.metrics[score.name].value)
        for one in all_runs
        if score.name in one.metrics and configuration(one) == own
    ]


_SHARES = frozenset(
    {"acc", "accuracy", "precision", "recall", "f", "sensitivity", "specificity", "error", "err"}
)


def standard_error(metric: str, value: float, rows: int) -> float | None:
    """The standard error of a metric that was measured on so many rows; None if it is not known.

    Of shares (accuracy, F1, …) that of a binomial, with two rows of each kind added (Agresti and
    Coull 1998); of an AUC by Hanley and McNeil (1982) with classes of equal size; of R² by its
    large-sample variance; of RMSE, MSE and MAE as of normal errors, which is the least it can be;
    of a log loss as of one whose values spread as much as they are large.
    """
    if rows < 2 or not math.isfinite(value):
        return None
    words = set(words_of(metric))
    root = math.sqrt(rows)
    if words & {"auc", "auroc", "roc"}:
        return _auc_error(value, rows)
    if "r" in words and "2" in words:
        return 2 * abs(1 - value) * math.sqrt(max(value, 0.05) / rows)
    if "rmse" in words:
        return abs(value) / math.sqrt(2 * rows)
    if "mse" in words:
        return abs(value) * math.sqrt(2 / rows)
    if "mae" in words or words >= {"absolute", "error"}:
        return abs(value) * 0.76 / root
    if words & {"logloss", "loss", "nll"} or words >= {"cross", "entropy"}:
        return abs(value) / root
    return _share_error(value, rows) if words & _SHARES else None


def _share_error(value: float, rows: int) -> float | None:
    scale = 100.0 if 1.5 < value <= 100.0 else 1.0
    share = value / scale
    if not 0.0 <= share <= 1.0:
        return None
    share = (share * rows + 2) / (rows + 4)
    return scale * math.sqrt(share * (1 - share) / (rows + 4))


def _auc_error(value: float, rows: int) -> float | None:
    if not 0.0 <= value <= 1.0:
        return None
    area, half = min(max(value, 0.5), 1 - 1 / rows), rows / 2
    one, other = area / (2 - area), 2 * area * area / (1 + area)
    spread = (half - 1) * (one + other - 2 * area * area)
    return math.sqrt(max(area * (1 - area) + spread, 0.0)) / half
