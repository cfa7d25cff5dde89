"""The nouns of aseptic as plain values: what a run is made of, without any way to get it.

Everything here is immutable, compares by value and can be encoded by msgspec. Capture makes
these values, the journal carries them, the store keeps them, the surfaces show them.
"""

from __future__ import annotations

import os
import re
from datetime import datetime, timezone
from typing import Any, Literal

import msgspec

RunStatus = Literal["running", "finished", "failed", "interrupted", "lost"]
Direction = Literal["max", "min"]

#: A value as it is recorded: None, bool, int, float, str, or a tuple or str-keyed dict of these.
#: Anything else is recorded by its text. A sequence is always a tuple.
Value = Any

RUN_ID = re.compile(r"[0-9a-f]{16}")


class _Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The base of all records: immutable, compared by value, encoded without its defaults."""


class Origin(_Record, frozen=True, kw_only=True):
    """Where a param's value came from: the evidence that it is the value that was used."""

    how: Literal[
        "assigned",  # a constant bound to a name in the tracked cell
        "argument",  # an argument of a call at the cell's top level
        "default",  # the callee's default, since the call did not give the argument
        "estimator",  # the estimator's or optimizer's own settings
        "global",  # a global that a called function reads, or a name from another cell
        "parameters",  # papermill's `parameters` cell
        "given",  # `-p`, `track(params=…)`, `log_params`
    ]
    cell: int | None = None  # execution order of the cell that holds the value
    cell_id: str | None = None  # the notebook's id of that cell
    line: int | None = None  # 1-based, in that cell
    callee: str | None = None  # what was called with it, such as `SVC` or `train_test_split`
    variable: str | None = None  # the variable it was passed by, if any


#: How a param came about that no person set.
FILLED_IN = ("default", "estimator")


class ParamUse(_Record, frozen=True, kw_only=True):
    """One value that a param had when it was used."""

    value: Value
    origin: Origin


class Param(_Record, frozen=True, kw_only=True):
    """An input value of a run, with every distinct value it was used with, in order of use."""

    name: str
    uses: tuple[ParamUse, ...]
    note: str | None = None  # said to the reader, such as "2 values in one run"

    @property
    def is_filled_in(self) -> bool:
        """Whether no person set it: a default, or an estimator's own setting.

        `model`, the class of the estimator, is not one of these: it says which params to expect.
        """
        return self.name != "model" and all(use.origin.how in FILLED_IN for use in self.uses)

    @property
    def value(self) -> Value:
        """The value, or a tuple of the distinct values in order of use."""
        values = [use.value for use in self.uses]
        return values[0] if len(values) == 1 else tuple(values)


class Metric(_Record, frozen=True, kw_only=True):
    """A number of a run: its last value, and a summary of its series."""

    name: str
    value: float | int
    direction: Direction | None = None  # None: it is not known which way is better
    count: int = 1
    minimum: float | None = None  # NaN values left out
    maximum: float | None = None
    step: float | None = None  # the last step
    origin: str | None = None  # "log", or "assigned" for a number bound at the top level


class ColumnSchema(_Record, frozen=True, kw_only=True):
    """Name and type of one column, and its small sketch."""

    name: str
    dtype: str
    missing: int | None = None
    distinct: int | None = None  # estimated where `DataInput.sketch_rows` < rows
    minimum: Value = None
    maximum: Value = None
    mean: float | None = None
    std: float | None = None
    quantiles: tuple[float, ...] = ()  # at 0, 5, 25, 50, 75, 95, 100 %


class DataInput(_Record, frozen=True, kw_only=True):
    """Something that a run read. `digest` is None where `reason` says why it has none."""

    name: str  # the variable, or the path or URL as the user wrote it
    kind: str  # "dataframe", "array", "file", "folder", "url", "query", …
    digest: str | None = None
    reason: str | None = None
    shape: tuple[int, ...] = ()
    size_bytes: int | None = None
    location: str | None = None  # path, URL without credentials, or SQL text
    columns: tuple[ColumnSchema, ...] = ()
    sketch_rows: int | None = None  # rows that the sketch was made from
    row_hashes: str | None = None  # digest of the artifact holding one 64-bit hash a row
    role: str | None = None  # "train", "validation", "test", "reference", "serving"
    role_from: str | None = None  # "roles" (a person), a use such as `SVC.fit`, or "name"
    from_run: str | None = None  # id of the run whose artifact it is, where it was read as one


class Artifact(_Record, frozen=True, kw_only=True):
    """A file or object that the run made, kept by content."""

    name: str
    digest: str  # sha256 of the content: its name in the object store
    size_bytes: int
    media_type: str = "application/octet-stream"
    note: str | None = None  # such as "first 2 MB of 31 MB"
    content_digest: str | None = None  # that of a file of this content, as a data input


class GitState(_Record, frozen=True, kw_only=True):
    """The repository as the run found it. Empty fields have their reason in `reason`."""

    commit: str | None = None
    branch: str | None = None
    remote: str | None = None  # without credentials
    is_dirty: bool | None = None
    changed: tuple[str, ...] = ()  # tracked files that differ from the commit
    untracked: tuple[str, ...] = ()
    diff: str | None = None  # name of the artifact
    diff_digest: str | None = None  # of the whole diff, however much of it was kept
    reason: str | None = None


class Environment(_Record, frozen=True, kw_only=True):
    """Where the run happened."""

    python: str = ""
    platform: str = ""
    packages: dict[str, str] = {}  # distributions that the session imported
    cpu: str | None = None
    cpu_count: int | None = None
    memory_bytes: int | None = None
    gpus: tuple[str, ...] = ()
    seeds: dict[str, Value] = {}  # seeds that were set, and digests of generator states


class Cell(_Record, frozen=True, kw_only=True):
    """One executed cell of a session."""

    order: int  # 1, 2, …: the order of execution in this session
    source: str
    cell_id: str | None = None
    started_at: datetime
    duration_s: float | None = None
    reads: tuple[str, ...] = ()  # global names that it loads
    writes: tuple[str, ...] = ()  # global names that it binds or deletes
    mutates: tuple[str, ...] = ()  # names whose object it changes in place, as far as can be seen
    status: Literal["ok", "error", "interrupted", "unknown"] = "unknown"
    run_id: str | None = None  # the run that this cell was
    reason: str | None = None  # why its names are unknown, such as a syntax error


class State(_Record, frozen=True, kw_only=True):
    """Whether a run can be trusted to come from the notebook as it reads."""

    kind: Literal["clean", "stale", "unknown"] = "unknown"
    reasons: tuple[str, ...] = ()


Severity = Literal["info", "warning", "error"]


class Finding(_Record, frozen=True, kw_only=True):
    """What a check found in a run, or in data."""

    code: str
    name: str
    severity: Severity
    message: str
    subject: str | None = None  # what it is about: a column, a param, a layer
    #: Numbers by name; `rows` (positions in `table`), `plot` (see `checks.plots`), `sample`.
    evidence: Value = None
    remedy: str | None = None
    acknowledged: str | None = None  # the reason that a person gave for leaving it as it is


class CheckOutcome(_Record, frozen=True, kw_only=True):
    """How one check ended: silence alone does not say that all is well."""

    code: str
    name: str
    outcome: Literal["findings", "clean", "not applicable"]
    reason: str | None = None  # why it is not applicable; else what it was judged by, if not plain
    is_thorough: bool = False
    duration_s: float = 0.0


class Withdrawal(_Record, frozen=True, kw_only=True):
    """What a check found earlier in the run no longer stands: what it finds now comes after."""

    code: str


class Outputs(_Record, frozen=True, kw_only=True):
    """What the cell showed. None where it could not be captured; `problems` of the run say why."""

    stdout: str | None = None
    stderr: str | None = None
    result: str | None = None
    error: str | None = None  # "ValueError: …"
    traceback: str | None = None
    peak_memory_bytes: int | None = None


class Session(_Record, frozen=True, kw_only=True):
    """One life of one process that makes runs."""

    session_id: str
    started_at: datetime
    notebook: str | None = None  # path, relative to the project where it lies in it
    host: str = ""
    pid: int = 0
    process_started: float = 0.0  # seconds since the epoch, as psutil tells
    boot_id: str = ""


class RunStart(_Record, frozen=True, kw_only=True):
    """What is known of a run when it begins; the first frame of its journal."""

    run_id: str
    name: str
    experiment: str
    started_at: datetime
    session: Session
    source: str = ""  # the cell's source, or the script's
    cell: Cell | None = None
    tags: tuple[str, ...] = ()
    note: str | None = None
    seed: int | None = None
    baseline: str | None = None  # `--baseline`: the run to compare with
    expects: tuple[str, ...] = ()  # `--expect`: what was expected of the run beforehand


class RunEnd(_Record, frozen=True, kw_only=True):
    """How a run ended; the last frame of its journal."""

    status: RunStatus
    ended_at: datetime
    duration_s: float  # by the monotonic clock


class Problem(_Record, frozen=True, kw_only=True):
    """Something that was not recorded, and why."""

    what: str
    reason: str


class Run(_Record, frozen=True, kw_only=True):
    """One tracked execution, whole. Made by a store; see `aseptic.get_run`."""

    run_id: str
    name: str
    experiment: str
    status: RunStatus
    started_at: datetime
    ended_at: datetime | None = None
    duration_s: float | None = None
    session_id: str = ""
    notebook: str | None = None
    source: str = ""
    tags: tuple[str, ...] = ()
    note: str | None = None
    seed: int | None = None
    is_starred: bool = False
    is_baseline: bool = False
    trashed_at: datetime | None = None
    expects: tuple[str, ...] = ()
    state: State = State()
    params: dict[str, Param] = {}
    metrics: dict[str, Metric] = {}
    data_inputs: dict[str, DataInput] = {}
    artifacts: dict[str, Artifact] = {}
    findings: tuple[Finding, ...] = ()
    checks: tuple[CheckOutcome, ...] = ()
    git: GitState = GitState()
    environment: Environment = Environment()
    cells: tuple[Cell, ...] = ()  # the session's cells up to and including this run's
    outputs: Outputs = Outputs()
    problems: tuple[Problem, ...] = ()


def new_run_id() -> str:
    """64 random bits as 16 hex digits, from the operating system.

    Never from `random` or numpy: a seed in the user's cell must not repeat ids, and asking
    for one must not change the user's random state.
    """
    return os.urandom(8).hex()


def utc_now() -> datetime:
    """The time, in UTC."""
    return datetime.now(timezone.utc)


def writable(value: Any) -> Any:
    r"""A record or value with lone surrogates of its texts written out, such as `\udcff`.

    File names that are no UTF-8 have them. A browser, a DataFrame or a saved notebook would
    refuse the whole run for one of them.
    """
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, tuple):
        return tuple(map(writable, value))
    if isinstance(value, dict):
        return {writable(key): writable(item) for key, item in value.items()}
    if isinstance(value, msgspec.Struct):
        fields = {name: writable(getattr(value, name)) for name in value.__struct_fields__}
        return msgspec.structs.replace(value, **fields)
    return value


def is_writable(value: Any) -> bool:
    """Whether no text of a record or value has a lone surrogate."""
    try:
        msgspec.msgpack.encode(value, enc_hook=repr)
    except UnicodeEncodeError:
        return False
    except OverflowError:  # an integer beyond 64 bits: what comes after it is not known
        return bool(writable(value) == value)
    return True
