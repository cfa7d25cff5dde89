"""How a model is to be used, `[tool.aseptic.deploy]`, and what using it costs: time, size, memory.

    [tool.aseptic.deploy]
    rate = 50          # calls a second, of all applications together
    callers = 4        # applications that call at the same time
    batch = 1          # rows of a call
    latency_ms = 100   # in which 95 % of calls are to be answered
    size_mb = 200      # at most, of the saved model
    memory_mb = 500    # at most, while it predicts

A model is only ever asked for predictions; nothing of it is changed.
"""

from __future__ import annotations

import math
import pickle
import threading
import time
import tracemalloc
from dataclasses import dataclass
from types import FunctionType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from aseptic.checks.check import NotApplicable
from aseptic.checks.models import UserModel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aseptic.checks.evidence import Evidence
    from aseptic.checks.tables import Role, Sample

_BATCHES = (1, 32, 1000)
_KNOWN = ("rate", "callers", "batch", "latency_ms", "size_mb", "memory_mb")
_NEEDED = ("rate", "callers", "batch", "latency_ms")
_MOST_CALLS = 300
_MOST_CALLERS = 64
_ORDER: tuple[Role, ...] = ("serving", "test", "validation", "train", "data")


# -- what is declared -----------------------------------------------------------------------------
@dataclass(frozen=True)
class Declared:
    """How the model is to be used; None where it is not said."""

    rate: float | None = None
    callers: float | None = None
    batch: float | None = None
    latency_ms: float | None = None
    size_mb: float | None = None
    memory_mb: float | None = None

    @property
    def missing(self) -> tuple[str, ...]:
        """What is needed to judge latency, and not said."""
        return tuple(name for name in _NEEDED if getattr(self, name) is None)


def is_declared(run: Evidence) -> bool:
    """Whether the project says that its models are to be used: there is a table `deploy`."""
    return isinstance(run.settings.get("deploy"), dict)


def demand_use(run: Evidence) -> None:
    """Raises NotApplicable after a cell, where nothing says that the model is to be used."""
    if run.depth == "automatic" and not is_declared(run):
        raise NotApplicable("no [tool.aseptic.deploy] in pyproject.toml: ask with `%aseptic check`")


def declared_use(run: Evidence) -> Declared:
    """What `[tool.aseptic.deploy]` says, as far as it can be understood."""
    table = _deploy(run)
    known = {name: table[name] for name in _KNOWN if name in table}
    return Declared(**{name: value for name, value in known.items() if _is_number(value)})


def faults_of_use(run: Evidence) -> list[str]:
    """What `[tool.aseptic.deploy]` says that cannot be understood, in words."""
    table = _deploy(run)
    unknown = [f"{name} is not known" for name in table if name not in _KNOWN]
    known = [name for name in _KNOWN if name in table]
    wrong = [f"{name} is no positive number" for name in known if not _is_number(table[name])]
    return [*unknown, *wrong]


def _deploy(run: Evidence) -> dict[str, Any]:
    table = run.settings.get("deploy")
    return table if isinstance(table, dict) else {}


def _is_number(value: Any) -> bool:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_number and math.isfinite(value) and value > 0


# -- the model and rows to ask it about -----------------------------------------------------------
class Served:
    """The model of the evidence, and rows of its data in the form that it takes."""

    def __init__(self, run: Evidence) -> None:
        self.model = UserModel(run)
        self.sample = self._sample(run)
        self._rows = self.model.input_of(self.sample)
        self._predict = run.model.predict

    @staticmethod
    def _sample(run: Evidence) -> Sample:
        found = (run.find_table(role) for role in _ORDER)
        table = next((table for table in found if table is not None and len(table)), None)
        if table is None:
            raise NotApplicable("no rows to ask the model about")
        return table.sample(1000)

    def batch(self, rows: int, *, start: int = 0) -> Any:
        """So many rows, from a place on; they repeat where there are not enough."""
        places = (start + np.arange(rows)) % len(self.sample)
        return self._rows.iloc[places] if hasattr(self._rows, "iloc") else self._rows[places]

    def predict(self, rows: Any) -> Any:
        """Raises NotApplicable where the model fails."""
        try:
            return self._predict(rows)
        except Exception as error:
            reason = str(error).partition("\n")[0][:200]
            message = f"`predict` of {self.model.name} fails: {type(error).__name__}: {reason}"
            raise NotApplicable(message) from error

    def answers(self, rows: Any) -> Any:
        """What it predicts, as an array with an answer for each row. Raises NotApplicable."""
        found = np.asarray(self.predict(rows))
        if found.ndim == 0 or len(found) != len(rows):
            raise NotApplicable(f"{self.model.name} does not give an answer for each row")
        return found


# -- latency --------------------------------------------------------------------------------------
class Latency(NamedTuple):
    """How long calls with so many rows took, one after the other."""

    rows: int
    median_ms: float
    p95_ms: float
    calls: int


class Load(NamedTuple):
    """How long calls took that came at a rate from several applications at once.

    From the moment when each was due, so waiting for the ones before it counts.
    """

    rate: float
    callers: int
    rows: int
    p95_ms: float
    answered: float  # share of the calls due that were answered in the time of measuring
    calls: int


def measure_latency(served: Served, rows: int, *, seconds: float) -> Latency:
    """Calls with so many rows one after the other, after a first one that does not count."""
    batches = [served.batch(rows, start=start * rows) for start in range(8)]
    started = time.perf_counter()
    served.predict(batches[0])
    times: list[float] = []
    while not times or (time.perf_counter() - started < seconds and len(times) < _MOST_CALLS):
        before = time.perf_counter()
        served.predict(batches[len(times) % len(batches)])
        times.append(1000 * (time.perf_counter() - before))
    return Latency(rows, float(np.median(times)), float(np.quantile(times, 0.95)), len(times))


def measure_latencies(served: Served, *, batch: int, seconds: float) -> list[Latency]:
    """With 1, 32, 1,000 and the declared number of rows; the larger while time is left."""
    sizes = sorted({*_BATCHES, batch})
    found: list[Latency] = []
    for size in sizes:
        is_needed = size in (1, batch)
        slow = bool(found) and found[-1].median_ms > 1000 * seconds
        if is_needed or not slow:
            found.append(measure_latency(served, size, seconds=seconds / len(sizes)))
    return found


def measure_load(
    served: Served,
    *,
    rate: float,
    callers: int,
    rows: int,
    seconds: float,
    rng: np.random.Generator,
) -> Load:
    """Calls at random times (Poisson) of so many a second in all, each application in a thread."""
    callers = max(1, min(callers, _MOST_CALLERS))
    due = _due_times(rate, callers, seconds, rng)
    waits: list[list[float]] = [[] for _ in due]
    faults: list[BaseException] = []
    batches = [served.batch(rows, start=start * rows) for start in range(8)]
    started = time.perf_counter() + 0.01
    end = started + 1.5 * seconds  # what comes later is not answered in time

    def call(times: Sequence[float], took: list[float]) -> None:
        try:
            for number, at in enumerate(times):
                time.sleep(max(0.0, started + at - time.perf_counter()))
                if time.perf_counter() > end:
                    return
                served.predict(batches[number % len(batches)])
                took.append(1000 * (time.perf_counter() - started - at))
        except NotApplicable as fault:
            faults.append(fault)

    threads = [
        threading.Thread(target=call, args=one, daemon=True) for one in zip(due, waits, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(3 * seconds + 10)
    if faults:
        raise faults[0]
    return _load_of(due, waits, rate=rate, callers=callers, rows=rows, seconds=seconds)


def _load_of(
    due: list[Any],
    waits: list[list[float]],
    *,
    rate: float,
    callers: int,
    rows: int,
    seconds: float,
) -> Load:
    """What was not answered counts as one that took as long as the measuring."""
    total = sum(map(len, due))
    answered = [wait for took in waits for wait in took]
    times = [*answered, *[1000 * seconds] * (total - len(answered))]
    p95 = float(np.quantile(times, 0.95)) if times else 0.0
    return Load(rate, callers, rows, p95, len(answered) / max(1, total), total)


def _due_times(
    rate: float, callers: int, seconds: float, rng: np.random.Generator
) -> list[np.ndarray]:
    """When each application calls, in seconds from the start."""
    total = max(1, min(int(rate * seconds), 20_000))
    times = np.sort(rng.uniform(0, total / rate, size=total))
    of = rng.integers(0, callers, size=total)
    return [times[of == caller] for caller in range(callers)]


# -- size and what is inside ----------------------------------------------------------------------
class Pickled(NamedTuple):
    """What pickling a model showed: its size, and what another process would not find."""

    size_bytes: int
    is_whole: bool  # False: it is larger than that
    strangers: tuple[str, ...]  # classes and functions of the notebook, lambdas, local ones
    fault: str | None = None  # why it cannot be pickled


def pickled(model: Any, *, most_bytes: int | None = None) -> Pickled:
    """Pickles a model to nowhere, until it is larger than `most_bytes`."""
    sink = _Sink(most_bytes)
    pickler = _Pickler(sink, protocol=5, buffer_callback=sink.take)
    fault, is_whole = None, True
    try:
        pickler.dump(model)
    except _Enough:
        is_whole = False
    except Exception as error:  # noqa: BLE001 -- `__reduce__` of the user's classes may do anything
        fault = f"{type(error).__name__}: {str(error).partition(chr(10))[0][:200]}"
    return Pickled(sink.size_bytes, is_whole, tuple(dict.fromkeys(pickler.strangers)), fault)


class _Enough(Exception):
    """Larger than is asked for."""


class _Sink:
    """Counts what is written to it."""

    def __init__(self, most_bytes: int | None) -> None:
        self.size_bytes = 0
        self._most_bytes = math.inf if most_bytes is None else most_bytes

    def write(self, data: Any) -> int:
        size = len(data)
        self._add(size)
        return size

    def take(self, buffer: Any) -> bool:
        """The memory of an array, without a copy of it; False: it is dealt with."""
        self._add(memoryview(buffer).nbytes)
        return False

    def _add(self, size: int) -> None:
        self.size_bytes += size
        if self.size_bytes > self._most_bytes:
            raise _Enough


class _Pickler(pickle.Pickler):
    """Notes what another process would look for in vain."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.strangers: list[str] = []

    def persistent_id(self, obj: Any) -> Any:
        """Called for every object; None lets it be pickled as it is."""
        named = obj if isinstance(obj, (type, FunctionType)) else type(obj)
        name = getattr(named, "__qualname__", "")
        if "<lambda>" in name:
            self.strangers.append("a lambda")
        elif named.__module__ == "__main__" or "<locals>" in name:
            self.strangers.append(name.replace("<locals>.", ""))


# -- memory ---------------------------------------------------------------------------------------
class Memory(NamedTuple):
    """What predicting took at its height, beside the rows that were handed over."""

    rows: int
    peak_bytes: int
    input_bytes: int


def measure_memory(served: Served, rows: int) -> Memory:
    """What Python and NumPy hold at most during one call. Raises NotApplicable."""
    if tracemalloc.is_tracing():
        raise NotApplicable("tracemalloc is in use")
    batch = served.batch(rows)
    size = int(getattr(batch, "nbytes", 0) or batch.memory_usage(deep=True).sum())
    served.predict(served.batch(1))  # what is made once, at the first call, is not counted
    tracemalloc.start()
    try:
        served.predict(batch)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    return Memory(rows, peak, size)


def megabytes(size: float) -> str:
    """Such as `0.3 MB`, `120 MB`."""
    size = size / 1e6
    return f"{size:.0f} MB" if size >= 10 else f"{size:.1f} MB" if size >= 0.1 else f"{size:.2g} MB"


def listed(names: Sequence[str], shown: int) -> str:
    """The first names, and how many more there are."""
    more = len(names) - shown
    return ", ".join(names[:shown]) + (f" and {more} more" if more > 0 else "")
