"""What a job is asked to do: the words of `aseptic run`, read and refused before anything runs."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from aseptic.errors import BadOption

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from aseptic.checks.check import Check

FailOn = Literal["error", "warning", "never"]

_WORDS = {"true": True, "false": False, "null": None}  # as YAML and JSON write them


@dataclass(frozen=True, kw_only=True)
class Job:
    """A notebook or a script, and what is to be held against it."""

    target: str  # a path, or for a notebook a URL that papermill reads
    output: str | None = None  # where the executed notebook goes; None: it is kept with the run
    params: Mapping[str, Any] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()  # of a script
    experiment: str | None = None
    folder: Path  # the working folder of the job
    fail_on: FailOn | None = None  # None: nobody said it, so "error"
    ignore: tuple[str, ...] = ()  # codes of checks, or how they begin
    stop_on: tuple[str, ...] = ()
    timeout_s: float | None = None
    against: str | None = None  # the run to compare with; "baseline": that of the experiment
    metric: str | None = None
    reports: tuple[str, ...] = ()

    @property
    def is_notebook(self) -> bool:
        """Whether papermill executes it."""
        return is_notebook(self.target)

    @property
    def name(self) -> str:
        """The last part of its path."""
        return Path(self.target).name

    @property
    def level(self) -> FailOn:
        """The severity from which on findings fail the job."""
        return self.fail_on or "error"

    def is_ignored(self, code: str) -> bool:
        """Whether findings of this check do not count."""
        return bool(self.ignore) and code.startswith(self.ignore)


def job_of(
    target: str,
    output: str | None,
    *,
    param: Sequence[str] = (),
    params_file: Sequence[str] = (),
    experiment: str | None = None,
    cwd: str | None = None,
    fail_on: FailOn | None = None,
    ignore: Sequence[str] = (),
    stop_on: Sequence[str] = (),
    timeout: float | None = None,
    against: str | None = None,
    metric: str | None = None,
    report: Sequence[str] = (),
    argument: Sequence[str] = (),
) -> Job:
    """The job that the words of `aseptic run` ask for. Raises BadOption.

    A notebook works in its own folder, as in JupyterLab; a script in the current one, as with
    `python`.
    """
    if not (is_notebook(target) or target.endswith(".py")):
        raise BadOption(f"run: {target} is neither a notebook (.ipynb) nor a script (.py)")
    if output is not None and not is_notebook(target):
        raise BadOption(f"run: {output}: what a script is given goes after `--`")
    if argument and is_notebook(target):
        raise BadOption("run: a notebook takes params, with -p; only scripts take arguments")
    own = folder_of(target) if is_notebook(target) else Path.cwd()
    return Job(
        target=target,
        output=output,
        params=read_params(param, params_file),
        arguments=tuple(argument),
        experiment=experiment,
        folder=Path(cwd).resolve() if cwd else own,
        fail_on=fail_on,
        ignore=split_list(ignore),
        stop_on=split_list(stop_on),
        timeout_s=timeout,
        against=against,
        metric=metric,
        reports=tuple(report),
    )


def is_notebook(target: str) -> bool:
    """Whether a path or URL is that of a notebook."""
    return target.endswith(".ipynb")


def folder_of(target: str) -> Path:
    """The folder whose project and settings a job has: that of the file, else the current one."""
    return Path.cwd() if "://" in target else Path(target).resolve().parent


def read_params(words: Iterable[str], files: Iterable[str]) -> dict[str, Any]:
    """The params of files in YAML or JSON, and over them those given as NAME=VALUE.

    Raises BadOption.
    """
    params: dict[str, Any] = {}
    for file in files:
        params |= _params_of_file(file)
    for word in words:
        name, equals, text = word.partition("=")
        if not (equals and name.isidentifier()):
            raise BadOption(f"run: -p {word}: NAME=VALUE is expected")
        params[name] = value_of(text)
    return params


def value_of(text: str) -> Any:
    """A value as it is typed: a Python literal, true, false or null; else the text itself."""
    if text in _WORDS:
        return _WORDS[text]
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text


def _params_of_file(file: str) -> dict[str, Any]:
    try:
        import yaml  # type: ignore[import-untyped]  # its types are a package of their own
    except ImportError:
        raise BadOption("run: -f needs PyYAML: pip install 'aseptic[batch]'") from None
    try:
        found = yaml.safe_load(Path(file).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise BadOption(f"run: cannot read {file}: {error}") from error
    if found is None:
        return {}
    if not isinstance(found, dict) or not all(isinstance(name, str) for name in found):
        raise BadOption(f"run: {file} holds no params by name")
    return found


def split_list(words: Iterable[str]) -> tuple[str, ...]:
    """The parts of words that may each name several, with commas between."""
    return tuple(part.strip() for word in words for part in word.split(",") if part.strip())


def refuse_unknown_stops(stop_on: Sequence[str], checks: Mapping[str, Check]) -> None:
    """Raises BadOption for what is neither a check nor a severity: it would never stop anything."""
    known = {"error", "warning", "info"}
    known |= {name.lower() for one in checks.values() for name in (one.code, one.name)}
    for word in stop_on:
        if word.lower() not in known:
            raise BadOption(f"run: --stop-on {word}: no check has that code or name")
