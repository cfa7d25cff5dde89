"""The one grammar of `%aseptic WORDS` and `aseptic WORDS`: each command and what it does.

`COMMANDS` is the whole of it. A command's function takes the store and returns a result; it
prints nothing and asks nothing.
"""

from __future__ import annotations

from argparse import ArgumentTypeError
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aseptic import comparison
from aseptic.errors import BadOption, NoSuchMetric, RunNotFound
from aseptic.grammar import Argument, Command, HelpAsked, argument, parse
from aseptic.health import health
from aseptic.results import (
    CheckPageResult,
    CheckResult,
    CompareResult,
    CurvesResult,
    DiffResult,
    FactsResult,
    HygieneResult,
    MarkdownResult,
    MessageResult,
    Result,
    RunResult,
    RunsResult,
)
from aseptic.show import readable

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from aseptic.batch.result import JobResult
    from aseptic.checks.evidence import Depth
    from aseptic.checks.tables import Role
    from aseptic.model import Run
    from aseptic.store.base import RunColumns, Store


def run(words: Sequence[str], store: Store) -> Result:
    """Does what the words say. Raises BadOption, and what the command raises."""
    try:
        call = parse(words, COMMANDS)
    except HelpAsked as help_asked:
        return MessageResult(help_asked.text)
    return call(store)


def complete(words: Sequence[str], store: Store | None) -> list[str]:
    """What the last of the words may become; without a store, the words of the grammar only."""
    from aseptic.completion import complete as complete_words

    return complete_words(words, COMMANDS, store)


def diff_runs(store: Store, before: str, after: str) -> DiffResult:
    """What changed from one run to another. Raises RunNotFound."""
    return DiffResult(comparison.diff(store.get_run(before), store.get_run(after)))


# -- looking ------------------------------------------------------------------------------------


def _runs(
    store: Store,
    *,
    query: str | None,
    experiment: str | None,
    limit: int | None,
    trashed: bool,
    sort: str | None,
    all: bool,  # noqa: A002  # the option's name
) -> RunsResult:
    columns = store.read_runs(
        query, experiment=experiment, trashed=trashed, limit=None if sort else limit
    )
    baselines = _baselines(store, columns)
    if sort:
        columns = _sorted(columns, sort)
        columns = comparison.take(columns, range(len(columns.run_ids))[:limit])
    return RunsResult(
        comparison.judged(columns, asked=f"{query} {sort}"),
        project=store.project,
        query=query,
        baselines=baselines,
        metric=sort,
        show_all=all,
        is_trash=trashed,
        most=limit or RunsResult.most,
    )


def _sorted(columns: RunColumns, metric: str) -> RunColumns:
    """The best first, as far as the direction is known; runs without a value last."""
    if metric not in columns.metrics:
        raise NoSuchMetric(metric, known=columns.metrics)
    values = columns.metrics[metric]
    sign = 1 if comparison.metric_direction(columns, metric) == "min" else -1
    known = [i for i, value in enumerate(values) if value is not None and value == value]
    rest = [i for i in range(len(values)) if i not in set(known)]
    return comparison.take(columns, sorted(known, key=lambda i: sign * values[i]) + rest)


def _baselines(store: Store, columns: RunColumns) -> RunColumns:
    """The baseline of each experiment that the runs belong to, also if it is not among them."""
    experiments = dict.fromkeys(columns.fields["experiment"])
    found = store.read_runs("is_baseline") if experiments else columns
    return comparison.take(
        found, [i for i, name in enumerate(found.fields["experiment"]) if name in experiments]
    )


def _show(store: Store, *, run: str) -> RunResult:
    found = store.get_run(run)
    return RunResult(found, store.read_sources([found.run_id]).get(found.run_id, {}))


def _compare(
    store: Store,
    *,
    runs: list[str],
    experiment: str | None,
    all: bool,  # noqa: A002  # the option's name
) -> CompareResult:
    query = runs[0] if len(runs) == 1 and not _is_run(store, runs[0]) else None
    run_ids = None if query or not runs else [store.get_run(name).run_id for name in runs]
    columns = store.read_runs(query, experiment=experiment, run_ids=run_ids)
    if run_ids:
        columns = comparison.take(columns, [columns.run_ids.index(i) for i in run_ids])
    pair = run_ids or columns.run_ids[::-1]  # from the older to the newer
    differences = None
    if len(columns.run_ids) == 2:
        differences = comparison.diff(store.get_run(pair[0]), store.get_run(pair[1]))
    table = RunsResult(
        comparison.judged(columns, asked=query or ""),
        project=store.project,
        query=query,
        baselines=_baselines(store, columns),
        show_all=all,
    )
    return CompareResult(table, differences)


def _is_run(store: Store, word: str) -> bool:
    """Whether a word names a run. One that can only be a name must do so."""
    try:
        store.get_run(word)
    except RunNotFound:
        if word.replace("-", "").isalnum():
            raise
        return False
    return True


def _curves(store: Store, *, metrics: list[str], runs: list[str] | None) -> CurvesResult:
    return read_curves(store, metrics, runs)


def read_curves(store: Store, metrics: list[str], runs: list[str] | None = None) -> CurvesResult:
    """The series of some metrics, of the runs named or of all. Raises NoSuchMetric."""
    run_ids = [store.get_run(name).run_id for name in runs] if runs else None
    columns = store.read_runs(run_ids=run_ids)
    for metric in metrics:
        if metric not in columns.metrics:
            raise NoSuchMetric(metric, known=columns.metrics)
    names = dict(zip(columns.run_ids, columns.fields["name"], strict=True))
    series = [
        one for metric in metrics for one in store.read_series(run_ids or columns.run_ids, metric)
    ]
    return CurvesResult(series, names, metrics)


def _diff(store: Store, *, before: str, after: str) -> DiffResult:
    return diff_runs(store, before, after)


def _status(store: Store) -> FactsResult:
    columns = store.read_runs()
    fields = columns.fields
    experiments = dict.fromkeys(fields["experiment"])
    statuses = {
        status: fields["status"].count(status) for status in dict.fromkeys(fields["status"])
    }
    counted = ", ".join(f"{count} {status}" for status, count in statuses.items())
    newest = zip(fields["name"][:1], fields["started_at"][:1], strict=True)
    facts = {
        "project": store.project,
        "store": store.url,
        "runs": f"{len(columns.run_ids):,}{f' ({counted})' if counted else ''}",
        "experiments": ", ".join(experiments) or "none",
        "newest": next((f"{name}, {readable.moment(t)} UTC" for name, t in newest), "none"),
    }
    return FactsResult(facts)


def _doctor(store: Store) -> FactsResult:
    return health(store)


# -- checking -----------------------------------------------------------------------------------


def check_recorded(
    store: Store,
    run: str | None = None,
    *,
    select: Collection[str] = (),
    ignore: Collection[str] = (),
    thorough: bool = False,
    show_all: bool = False,
) -> CheckResult:
    """What the checks find in a run, or in the newest. Raises RunNotFound and BadOption."""
    from aseptic.checking import check_run

    if run is None:
        newest = store.read_runs(limit=1).run_ids
        if not newest:
            raise BadOption("check: there is no run yet. Data alone: `check --train FILE`.")
        run = newest[0]
    found = store.get_run(run)
    depth: Depth = "thorough" if thorough else "asked"
    report = check_run(found, store, select=select, ignore=ignore, depth=depth)
    return CheckResult(report, found.name, show_all)


def check_handed_over(
    data: Mapping[Role, Any],
    *,
    target: Any = None,
    model: Any = None,
    series: Mapping[str, Any] | None = None,
    select: Collection[str] = (),
    ignore: Collection[str] = (),
    thorough: bool = False,
    show_all: bool = False,
) -> CheckResult:
    """What the checks find in data, a model or series. Raises BadOption."""
    from aseptic.checking import check_data

    depth: Depth = "thorough" if thorough else "asked"
    report = check_data(
        data, target=target, model=model, series=series, select=select, ignore=ignore, depth=depth
    )
    return CheckResult(report, show_all=show_all)


_FILES = ("train", "validation", "test", "reference")


def _check(
    store: Store,
    *,
    run: str | None,
    target: str | None,
    thorough: bool,
    select: list[str],
    ignore: list[str],
    all: bool,  # noqa: A002  # the option's name
    **files: str | None,
) -> CheckResult:
    named = {role: file for role, file in files.items() if file is not None}
    if not named:
        if target is not None:
            raise BadOption("check: --target names a column of files: say --train FILE too.")
        return check_recorded(
            store, run, select=select, ignore=ignore, thorough=thorough, show_all=all
        )
    if run is not None:
        raise BadOption("check: say either a run, or files.")
    from aseptic.checks.files import read_table

    data: Any = {role: read_table(file) for role, file in named.items()}
    return check_handed_over(
        data, target=target, select=select, ignore=ignore, thorough=thorough, show_all=all
    )


def _hygiene(store: Store, *, experiment: str | None) -> HygieneResult:
    return HygieneResult.read(store, experiment=experiment)


def _deploy_card(store: Store, *, run: str, output: str | None) -> MarkdownResult:
    from aseptic.checking import evidence_at_hand
    from aseptic.deployment import deployment_card, measure_use

    found = store.get_run(run)
    card = deployment_card(found, measure_use(evidence_at_hand(found, store)))
    if output is not None:
        try:
            Path(output).write_text(card, encoding="utf-8")
        except OSError as error:
            raise BadOption(f"deploy-card: cannot write {output}: {error.strerror}") from error
    return MarkdownResult(card, {"run_id": found.run_id, "output": output})


def _explain(_store: Store, *, code: str) -> CheckPageResult:
    from aseptic.checking import find_check

    return CheckPageResult(find_check(code))


def _acknowledge(
    store: Store, *, run: str, code: str, reason: list[str], subject: str | None, clear: bool
) -> MessageResult:
    text = " ".join(reason).strip()
    if clear == bool(text):
        raise BadOption("acknowledge: say either the reason, or --clear to take it back.")
    found = store.get_run(run)
    store.acknowledge(found.run_id, code.upper(), text or None, subject=subject)
    what = f"{code.upper()}{f' of {subject}' if subject else ''} in {found.name}"
    said = f"{what} is acknowledged: {text}"
    if not text:
        said = f"{what} is open again, in all runs of {found.experiment}"
    return MessageResult(said, {"run_id": found.run_id, "code": code.upper(), "reason": text})


# -- jobs ---------------------------------------------------------------------------------------


def _run(store: Store, *, target: str, output: str | None, quiet: bool, **words: Any) -> JobResult:
    from aseptic.batch.job import job_of
    from aseptic.batch.result import JobResult
    from aseptic.batch.run import run_job

    job = job_of(target, output, **words)
    report = run_job(job, store)
    return JobResult(report, is_quiet=quiet, is_annotated="github" in job.reports)


def _split_arguments(words: list[str]) -> list[str]:
    """What stands after `--` as options `--argument=WORD`: argparse would take it apart."""
    if "--" not in words:
        return words
    at = words.index("--")
    return [*words[:at], *(f"--argument={word}" for word in words[at + 1 :])]


def _folder_of_job(arguments: dict[str, Any]) -> Path:
    from aseptic.batch.job import folder_of

    return folder_of(arguments["target"])


# -- saying -------------------------------------------------------------------------------------


def _tag(store: Store, *, runs: list[str], add: list[str], remove: list[str]) -> MessageResult:
    if not (add or remove):
        raise BadOption("tag: no tag. Say +TAG to add one, -TAG to remove one: `tag RUN +final`.")
    found = _get_runs(store, runs)
    store.tag([one.run_id for one in found], add=add, remove=remove)
    tags = {one.run_id: list(store.get_run(one.run_id).tags) for one in found}
    rows = [f"{one.name}: {', '.join(tags[one.run_id]) or 'no tags'}" for one in found]
    return MessageResult("\n".join(rows), {"tags": tags})


def _signed_tags(words: list[str]) -> list[str]:
    """`+final -draft` as the options `--add=final --remove=draft`."""
    signs = {"+": "--add=", "-": "--remove="}
    return [
        f"{signs[word[0]]}{word[1:]}"
        if word[:1] in signs and word[1:2] not in ("", "-") and word != "-h"
        else word
        for word in words
    ]


def _note(store: Store, *, run: str, text: list[str], clear: bool) -> MessageResult:
    if clear == bool(text):
        raise BadOption("note: say either the text, or --clear to take the note away.")
    found = store.get_run(run)
    note = " ".join(text) or None
    store.set_note(found.run_id, note)
    data = {"run_id": found.run_id, "note": note}
    return MessageResult(f"{found.name}: {note or 'no note'}", data)


def _rename(store: Store, *, run: str, name: str) -> MessageResult:
    if not name.strip():
        raise BadOption("rename: the name is empty.")
    found = store.get_run(run)
    store.rename(found.run_id, name.strip())
    data = {"run_id": found.run_id, "name": name.strip()}
    return MessageResult(f"{found.name} is now {name.strip()}", data)


def _baseline(
    store: Store, *, run: str | None, clear: bool, experiment: str | None
) -> MessageResult:
    if run and clear:
        raise BadOption("baseline: say either a run, or --clear.")
    if run:
        found = store.get_run(run)
        store.set_baseline(found.run_id, experiment=found.experiment)
        data = {"run_id": found.run_id, "experiment": found.experiment}
        return MessageResult(f"{found.name} is the baseline of {found.experiment}", data)
    baselines = store.read_runs("is_baseline", experiment=experiment)
    names = dict(zip(baselines.fields["experiment"], baselines.fields["name"], strict=True))
    if not clear:
        rows = [f"{name} is the baseline of {where}" for where, name in names.items()]
        return MessageResult("\n".join(rows) or "No baseline is set.", {"baselines": names})
    return _clear_baseline(store, names)


def _clear_baseline(store: Store, names: dict[str, str]) -> MessageResult:
    if len(names) > 1:
        raise BadOption(f"baseline: which experiment? Say -e with one of: {', '.join(names)}.")
    for experiment in names:
        store.set_baseline(None, experiment=experiment)
    rows = [f"{name} is no longer the baseline of {where}" for where, name in names.items()]
    return MessageResult("\n".join(rows) or "No baseline was set.", {"cleared": names})


def _star(store: Store, *, runs: list[str], remove: bool) -> MessageResult:
    found = _get_runs(store, runs)
    store.star([one.run_id for one in found], is_starred=not remove)
    word = "no star" if remove else "★"
    return MessageResult("\n".join(f"{one.name}: {word}" for one in found), _ids(found))


def _rm(store: Store, *, runs: list[str]) -> MessageResult:
    found = _get_runs(store, runs)
    store.trash([one.run_id for one in found])
    undo = " ".join(one.run_id[:8] for one in found)
    what = f"{_names(found)} put into the trash"
    return MessageResult(f"{what}. Undo: aseptic restore {undo}", _ids(found))


def _restore(store: Store, *, runs: list[str]) -> MessageResult:
    trashed = store.read_runs(trashed=True)
    found = [_get_trashed(store, name, trashed) for name in runs]
    store.restore([one.run_id for one in found])
    return MessageResult(f"{_names(found)} taken out of the trash", _ids(found))


def _get_trashed(store: Store, name: str, trashed: RunColumns) -> Run:
    """The newest trashed run of this name; a name may be that of a run outside the trash too."""
    names = trashed.fields["name"]
    return store.get_run(trashed.run_ids[names.index(name)] if name in names else name)


def _gc(store: Store, *, dry_run: bool) -> MessageResult:
    counts = store.gc(dry_run=dry_run)
    what = f"{readable.count(counts['runs'], 'run')}, {readable.count(counts['objects'], 'object')}"
    size = readable.size(counts["size_bytes"])
    verb = "would be deleted" if dry_run else "deleted"
    return MessageResult(f"{what} ({size}) {verb}", {**counts, "is_dry_run": dry_run})


def _get_runs(store: Store, names: list[str]) -> list[Run]:
    """The runs, each once, all found before anything is changed."""
    found = [store.get_run(name) for name in names]
    return list({one.run_id: one for one in found}.values())


def _names(runs: list[Run]) -> str:
    return ", ".join(one.name for one in runs)


def _ids(runs: list[Run]) -> dict[str, Any]:
    return {"run_ids": [one.run_id for one in runs]}


# -- the table ----------------------------------------------------------------------------------

_RUN = argument("run", metavar="RUN", help="id, the beginning of an id, or name", takes="run")
_RUNS = argument(
    "runs", metavar="RUN", nargs="+", help="ids, beginnings of ids, or names", takes="run"
)
_EXPERIMENT = argument(
    "-e", "--experiment", metavar="EXPERIMENT", help="only of this experiment", takes="experiment"
)
_ALL = argument("--all", action="store_true", help="every column, not only what differs")


def _codes(name: str, said: str) -> Argument:
    return argument(name, metavar="CODE", action="append", default=[], help=said, takes="check")


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise ArgumentTypeError(f"{text!r} is not a number of seconds above 0")
    return seconds


def _limit(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"{text!r} is not a whole number from 1 on")
    return int(text)


COMMANDS: tuple[Command, ...] = (
    Command(
        "runs",
        "list runs, the newest first",
        _runs,
        (
            argument("query", metavar="QUERY", nargs="?", help='such as "acc > 0.9 and C < 10"'),
            _EXPERIMENT,
            argument("-n", "--limit", metavar="N", type=_limit, help="at most N runs"),
            argument("--sort", metavar="METRIC", help="the best first", takes="metric"),
            argument("--trashed", action="store_true", help="the runs in the trash"),
            _ALL,
        ),
        has_table=True,
    ),
    Command("show", "show all of one run", _show, (_RUN,)),
    Command(
        "compare",
        "compare runs: what differs, and which is better",
        _compare,
        (
            argument(
                "runs",
                metavar="QUERY|RUN",
                nargs="*",
                help="a query, or runs by name or id; all runs if left out",
                takes="run",
            ),
            _EXPERIMENT,
            _ALL,
        ),
        has_table=True,
    ),
    Command(
        "curves",
        "show how metrics went, step by step",
        _curves,
        (
            argument("metrics", metavar="METRIC", nargs="+", help="metric names", takes="metric"),
            argument("--runs", metavar="RUN", nargs="+", help="only of these runs", takes="run"),
        ),
        has_table=True,
    ),
    Command(
        "diff",
        "show what changed from one run to another: data, params, code, environment, git, metrics",
        _diff,
        (
            argument("before", metavar="BEFORE", help="a run", takes="run"),
            argument("after", metavar="AFTER", help="the run to compare with it", takes="run"),
        ),
        has_table=True,
    ),
    Command(
        "tag",
        "add tags to runs with +TAG, remove them with -TAG",
        _tag,
        (
            _RUNS,
            argument("--add", metavar="TAG", action="append", default=[], help="the same as +TAG"),
            argument(
                "--remove", metavar="TAG", action="append", default=[], help="the same as -TAG"
            ),
        ),
        rewrite=_signed_tags,
        usage="aseptic tag RUN [RUN ...] [+TAG ...] [-TAG ...]",
    ),
    Command(
        "note",
        "write a note on a run, in place of the former",
        _note,
        (
            _RUN,
            argument("text", metavar="TEXT", nargs="*", help="the note"),
            argument("--clear", action="store_true", help="take the note away"),
        ),
    ),
    Command(
        "rename",
        "give a run another name",
        _rename,
        (_RUN, argument("name", metavar="NAME", help="the new name")),
    ),
    Command(
        "baseline",
        "make a run the one that its experiment's other runs are compared with",
        _baseline,
        (
            argument(
                "run",
                metavar="RUN",
                nargs="?",
                help="the run; if left out, say which it is now",
                takes="run",
            ),
            argument("--clear", action="store_true", help="no baseline any more"),
            _EXPERIMENT,
        ),
    ),
    Command(
        "star",
        "mark runs with a star",
        _star,
        (_RUNS, argument("--remove", action="store_true", help="take the star away")),
    ),
    Command("rm", "put runs into the trash", _rm, (_RUNS,)),
    Command(
        "restore",
        "take runs out of the trash",
        _restore,
        (replace(_RUNS, takes="trashed run"),),
    ),
    Command(
        "gc",
        "delete for good what is in the trash, and what no run uses",
        _gc,
        (argument("--dry-run", action="store_true", help="only say what would be deleted"),),
    ),
    Command(
        "check",
        "look for faults of method in a run, or in files of data",
        _check,
        (
            argument(
                "run",
                metavar="RUN",
                nargs="?",
                help="id, beginning of an id, or name; the newest if left out",
                takes="run",
            ),
            argument("--train", metavar="FILE", help="a table: CSV, Parquet, …"),
            argument("--validation", metavar="FILE", help="the table that choices are made with"),
            argument("--test", metavar="FILE", help="the table that the model is judged on"),
            argument("--reference", metavar="FILE", help="whom the data should represent"),
            argument("--target", metavar="COLUMN", help="the column of what is predicted"),
            argument("--thorough", action="store_true", help="look at all rows, not at samples"),
            _codes("--select", "only these checks: codes, or how they begin"),
            _codes("--ignore", "not these checks"),
            argument("--all", action="store_true", help="also say what was clean"),
        ),
        has_table=True,
        is_alone=lambda arguments: any(arguments[name] for name in (*_FILES, "target")),
    ),
    Command(
        "explain",
        "say what a check looks for, why, and what to do",
        _explain,
        (argument("code", metavar="CODE", help="such as D15, or its name", takes="check"),),
        is_alone=lambda _: True,
    ),
    Command(
        "acknowledge",
        "keep the reason why a finding is left as it is",
        _acknowledge,
        (
            _RUN,
            argument("code", metavar="CODE", help="such as D10", takes="check"),
            argument("reason", metavar="REASON", nargs="*", help="why it may stay"),
            argument("--subject", metavar="NAME", help="only of this column, param or layer"),
            argument("--clear", action="store_true", help="take the reason back"),
        ),
    ),
    Command(
        "hygiene",
        "count what is open over all runs, and how it develops",
        _hygiene,
        (_EXPERIMENT,),
        has_table=True,
    ),
    Command(
        "deploy-card",
        "say in Markdown what a run's model takes, needs and costs where it is used",
        _deploy_card,
        (
            _RUN,
            argument("-o", "--output", metavar="FILE", help="write it there too"),
        ),
    ),
    Command(
        "run",
        "execute a notebook or a script as a job, judge it, and end with an exit code",
        _run,
        (
            argument("target", metavar="FILE", help="train.ipynb, or train.py", takes="file"),
            argument(
                "output",
                metavar="OUT.ipynb",
                nargs="?",
                help="where the executed notebook goes; it is kept with its runs anyway",
                takes="file",
            ),
            argument(
                "-p",
                "--param",
                metavar="NAME=VALUE",
                action="append",
                default=[],
                help="a param; may be repeated",
            ),
            argument(
                "-f",
                "--params-file",
                metavar="FILE",
                action="append",
                default=[],
                help="params in YAML or JSON; -p goes before it",
                takes="file",
            ),
            argument(
                "-e",
                "--experiment",
                metavar="EXPERIMENT",
                help="by default the file's name",
                takes="experiment",
            ),
            argument("--cwd", metavar="FOLDER", help="the working folder", takes="file"),
            argument(
                "--fail-on",
                choices=("error", "warning", "never"),
                help="which findings fail the job: error, if it is not said",
            ),
            _codes("--ignore", "findings of these checks do not count"),
            argument(
                "--stop-on",
                metavar="CHECK",
                action="append",
                default=[],
                help="end the training as soon as one of these finds something: codes, names or "
                "severities, with commas between",
                takes="check",
            ),
            argument("--timeout", metavar="SECONDS", type=_seconds, help="end it after so long"),
            argument(
                "--against",
                metavar="RUN",
                help="fail where the job is worse than this run; `baseline`: the experiment's",
                takes="run",
            ),
            argument("--metric", metavar="METRIC", help="by which metric", takes="metric"),
            argument(
                "--report",
                metavar="FILE",
                action="append",
                default=[],
                help="write .xml (JUnit), .sarif, .json or .md; `github`: annotations on stdout",
                takes="file",
            ),
            argument(
                "--argument",
                metavar="WORD",
                action="append",
                default=[],
                help="an argument of the script; the same as after --",
            ),
            argument("--quiet", action="store_true", help="say nothing of a job that is clean"),
        ),
        rewrite=_split_arguments,
        folder=_folder_of_job,
    ),
    Command("status", "say which store this is and what it holds", _status),
    Command("doctor", "check the store, and say what needs attention", _doctor),
)
