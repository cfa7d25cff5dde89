"""What Python users call, beside the active run: runs, comparisons, digests, and the extension.

Each function imports what it needs when it is called, so that `import aseptic` stays quick.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aseptic.tracking import default_store, use_store

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    import pandas as pd

    from aseptic.recorded import RecordedRun
    from aseptic.results import CheckResult, DiffResult
    from aseptic.store.base import Store
    from aseptic.widgets.curves import CurvesWidget
    from aseptic.widgets.panel import ComparePanel


def open_store(url: str | Path | None = None) -> Store:
    """The run store at a folder or URL; the project's own if none is named.

    Raises StoreUnavailable where it cannot be read, StoreTooNew where a newer aseptic wrote it.
    """
    from aseptic.store import open_store as open_at

    return open_at(url)


def runs(
    query: str | None = None,
    *,
    experiment: str | None = None,
    store: Store | None = None,
    trashed: bool = False,
) -> pd.DataFrame:
    """The runs that a query selects, newest first, one row each.

    Columns: run_id name experiment status state started_at duration_s tags note git_commit
    git_dirty, `params.NAME`, `metrics.NAME` (the last value), `data.NAME` (the digest) and
    findings. A param used with several values holds them as a tuple, in order of use. Series that
    only tell how a training went (`grad_norm`, `layer/…`) are columns where the query names them.

    Raises BadQuery, with what exists.
    """
    from aseptic.comparison import judged
    from aseptic.frames import frame_of

    where = store or default_store()
    columns = where.read_runs(query, experiment=experiment, trashed=trashed)
    return frame_of(judged(columns, asked=query or ""))


def get_run(run: str, *, store: Store | None = None) -> RecordedRun:
    """One run by id, unique prefix of an id, or name (the newest of that name).

    Raises RunNotFound.
    """
    from aseptic.recorded import RecordedRun

    where = store or default_store()
    return RecordedRun.of(where.get_run(run), where)


def history(
    runs: str | Collection[str], metric: str | None = None, *, store: Store | None = None
) -> pd.DataFrame:
    """Metric series, one row a point: run_id metric step time value.

    Raises RunNotFound, and NoSuchMetric where none of the runs has the metric.
    """
    from aseptic.frames import history_frame

    where = store or default_store()
    run_ids = [where.get_run(run).run_id for run in _several(runs)]
    return history_frame(where.read_series(run_ids, metric))


def digest(obj: Any) -> str:
    """The digest of anything that can be a data input: equal content has an equal digest.

    Raises CannotDigest, with the reason.
    """
    from aseptic.capture.data import digest as digest_of

    return digest_of(obj)


def roles(
    *,
    train: Any = None,
    validation: Any = None,
    test: Any = None,
    reference: Any = None,
    serving: Any = None,
    forget: bool = False,
) -> dict[str, str]:
    """Says which data play which part, for the checks of the cells from now on.

    Each is a variable, its name as text, or a pair of features and targets: `train=(X_a, y_a)`.
    It stands above what is seen of fits and what names say. `forget=True` takes everything back
    that was said before. Returns what holds now; without arguments it changes nothing.

    Raises BadOption for an object that can be known by its name alone, such as a list.
    """
    from aseptic import declared

    if forget:
        declared.forget()
    given = {"train": train, "validation": validation, "test": test}
    given |= {"reference": reference, "serving": serving}
    declared.declare({role: data for role, data in given.items() if data is not None})
    return declared.shown()


def compare(
    query_or_runs: str | Sequence[str] | None = None, *, store: Store | None = None
) -> ComparePanel:
    """The panel: a table of runs, their curves, and the differences of those picked.

    Takes a query, a list of runs, or nothing for all runs of the project.
    """
    from aseptic.widgets.panel import ComparePanel

    where = store or default_store()
    if query_or_runs is None or isinstance(query_or_runs, str):
        return ComparePanel(where, query_or_runs)
    return ComparePanel(where, run_ids=[where.get_run(run).run_id for run in query_or_runs])


def curves(
    metrics: str | Sequence[str],
    runs: str | Sequence[str] | None = None,
    *,
    store: Store | None = None,
) -> CurvesWidget:
    """The curves of some metrics over some runs (all that have them, if none are named)."""
    from aseptic.commands import read_curves
    from aseptic.widgets.curves import CurvesWidget

    names = None if runs is None else list(_several(runs))
    found = read_curves(store or default_store(), list(_several(metrics)), names)
    return CurvesWidget(found.series, names=found.names)


def diff(before: str, after: str, *, store: Store | None = None) -> DiffResult:
    """What changed from one run to another: data, params, code, environment, git, metrics."""
    from aseptic.commands import diff_runs

    return diff_runs(store or default_store(), before, after)


def check(
    run: str | None = None,
    *,
    train: Any = None,
    validation: Any = None,
    test: Any = None,
    reference: Any = None,
    target: Any = None,
    model: Any = None,
    series: Mapping[str, Any] | None = None,
    select: Collection[str] = (),
    ignore: Collection[str] = (),
    thorough: bool = False,
    store: Store | None = None,
) -> CheckResult:
    """What the checks find: in a run (the newest, if nothing is given), or in what is handed over.

    Data are tables or pairs `(X, y)`; `target` names the column of what is predicted. `model` is
    a fitted estimator. `series` holds, by name, values by epoch, a pair `(steps, values)`, or one
    number. `select` and `ignore` take codes or their beginnings. `thorough` looks at all rows.

    Raises RunNotFound, and BadOption for what is no data and for codes that do not exist.
    """
    from aseptic.commands import check_handed_over, check_recorded

    data = {"train": train, "validation": validation, "test": test, "reference": reference}
    given: dict[Any, Any] = {role: table for role, table in data.items() if table is not None}
    options: dict[str, Any] = {"select": select, "ignore": ignore, "thorough": thorough}
    if run is None and (given or series is not None):
        return check_handed_over(given, target=target, model=model, series=series, **options)
    return check_recorded(store or default_store(), run, **options)


def watch(model: Any, optimizer: Any = None, loss: Any = None) -> None:
    """Names what the active run trains with PyTorch: its network, optimizer and loss function.

    Most of it is found without: see the page on training. It helps where the network is not to be
    found among the variables of the code that calls `optimizer.step()`, and where the loss
    function is a module of your own: `loss(prediction, target)`.

    Nothing is changed by it, and nothing watched after the run. Without an active run it does
    nothing and says so once. Raises TypeError for a model that is no `torch.nn.Module`.
    """
    from aseptic.tracking import active_run_or_say

    run = active_run_or_say()
    if run is not None:
        from aseptic.integrations.frameworks.torch import watch as watch_torch

        watch_torch(run, model, optimizer, loss)


def load_ipython_extension(shell: Any) -> None:
    """`%load_ext aseptic`: finds or makes the project's store and says so in one line."""
    from aseptic.notebook.loading import load

    load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """`%unload_ext aseptic`: takes every trace out of the shell."""
    from aseptic.notebook.loading import unload

    unload(shell)


def _several(one_or_more: str | Collection[str]) -> Collection[str]:
    return [one_or_more] if isinstance(one_or_more, str) else one_or_more


__all__ = [
    "check",
    "compare",
    "curves",
    "diff",
    "digest",
    "get_run",
    "history",
    "load_ipython_extension",
    "open_store",
    "roles",
    "runs",
    "unload_ipython_extension",
    "use_store",
    "watch",
]
