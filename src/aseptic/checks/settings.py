"""Which checks run, how severe they are and with which thresholds: `[tool.aseptic.checks]`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import msgspec

from aseptic.errors import BadOption
from aseptic.model import Severity
from aseptic.settings import find_project, read_tables

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from aseptic.checks.check import Check

_SEVERITIES = get_args(Severity)


class CheckSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Selection by code or by the beginning of codes: `D` are all checks of data."""

    select: tuple[str, ...] = ("",)
    ignore: tuple[str, ...] = ()
    severity: dict[str, Severity] = {}
    thresholds: dict[str, dict[str, Any]] = {}
    budget_s: float = 0.2  # that checks may take after a cell; 5 % of its time where that is more
    files: tuple[Path, ...] = ()  # Python files with the project's own checks
    stop_on: tuple[str, ...] = ()  # codes, names or a severity: such a finding ends a training

    def chosen(self, checks: Mapping[str, Check]) -> list[Check]:
        """The checks to run. Raises BadOption for codes and thresholds that do not exist."""
        for code in (*self.select, *self.ignore, *self.severity, *self.thresholds):
            _refuse_unknown(code, checks)
        for code, values in self.thresholds.items():
            _refuse_thresholds(checks[code], values)
        return [one for one in checks.values() if self.chooses(one.code)]

    def chooses(self, code: str) -> bool:
        """Whether the check of this code is to run."""
        return code.startswith(self.select) and not (self.ignore and code.startswith(self.ignore))

    def ignoring(self, codes: Iterable[str]) -> CheckSettings:
        """The same, and these ignored too."""
        return msgspec.structs.replace(self, ignore=(*self.ignore, *codes))


def load_check_settings(
    start: Path | None = None,
    *,
    experiment: str | None = None,
    environ: Mapping[str, str] | None = None,
) -> tuple[CheckSettings, dict[str, Any]]:
    """The settings for work in a folder, and the whole table `[tool.aseptic]` that holds them.

    The nearest pyproject.toml with a table `[tool.aseptic.checks]` counts, up to the project's
    root. `ASEPTIC_STOP_ON`, words with commas between, goes before its `stop_on`. Raises BadOption
    for what it does not know.
    """
    start = (start or Path.cwd()).resolve()
    whole: dict[str, Any] = {}
    settings = CheckSettings()
    for folder, table in read_tables(start, find_project(start)):
        whole = {**table, **whole}
        if "checks" in table:
            settings = read_check_settings(table["checks"], folder, experiment=experiment)
            break
    return _with_environ(settings, os.environ if environ is None else environ), whole


def read_check_settings(
    table: Mapping[str, Any], folder: Path, *, experiment: str | None = None
) -> CheckSettings:
    """The settings of `[tool.aseptic.checks]`, with those of the experiment over them.

        [tool.aseptic.checks]
        ignore = ["D10"]
        severity = { D21 = "error" }
        files = ["hygiene/*.py"]

        [tool.aseptic.checks.D01]
        share = 0.2

        [tool.aseptic.checks.experiments.digits]
        ignore = ["D02"]

    Raises BadOption for what it does not know.
    """
    table = dict(table)
    own = table.pop("experiments", {}).get(experiment, {})
    settings = _settings(table, folder)
    if not own:
        return settings
    over = _settings(own, folder)
    return CheckSettings(
        select=over.select if "select" in own else settings.select,
        ignore=(*settings.ignore, *over.ignore),
        severity={**settings.severity, **over.severity},
        thresholds={
            code: {**settings.thresholds.get(code, {}), **over.thresholds.get(code, {})}
            for code in {**settings.thresholds, **over.thresholds}
        },
        budget_s=over.budget_s if "budget_s" in own else settings.budget_s,
        files=(*settings.files, *over.files),
        stop_on=over.stop_on if "stop_on" in own else settings.stop_on,
    )


def _with_environ(settings: CheckSettings, environ: Mapping[str, str]) -> CheckSettings:
    named = environ.get("ASEPTIC_STOP_ON")
    if named is None:
        return settings
    words = tuple(word.strip() for word in named.split(",") if word.strip())
    return msgspec.structs.replace(settings, stop_on=words)


def _settings(table: Mapping[str, Any], folder: Path) -> CheckSettings:
    values = dict(table)
    thresholds = {key: values.pop(key) for key in list(values) if isinstance(values[key], dict)}
    severity = thresholds.pop("severity", {})
    for code, level in severity.items():
        if level not in _SEVERITIES:
            raise BadOption(f"severity of {code}: {level!r} is none of {', '.join(_SEVERITIES)}")
    patterns = _texts(values, "files", ())
    settings = CheckSettings(
        select=_texts(values, "select", ("",)),
        ignore=_texts(values, "ignore", ()),
        severity=severity,
        thresholds=thresholds,
        budget_s=_seconds(values),
        files=tuple(file for pattern in patterns for file in sorted(folder.glob(pattern))),
        stop_on=_texts(values, "stop_on", ()),
    )
    if values:
        raise BadOption(f"[tool.aseptic.checks] has no setting {', '.join(sorted(values))}")
    return settings


def _texts(values: dict[str, Any], key: str, default: tuple[str, ...]) -> tuple[str, ...]:
    found = values.pop(key, default)
    if not isinstance(found, (list, tuple)) or not all(isinstance(one, str) for one in found):
        raise BadOption(f"[tool.aseptic.checks] {key}: a list of texts is expected")
    return tuple(found)


def _seconds(values: dict[str, Any]) -> float:
    found = values.pop("budget_s", CheckSettings().budget_s)
    if not isinstance(found, (int, float)) or isinstance(found, bool) or found < 0:
        raise BadOption("[tool.aseptic.checks] budget_s: a number of seconds is expected")
    return float(found)


def _refuse_unknown(code: str, checks: Mapping[str, Check]) -> None:
    if not any(known.startswith(code) for known in checks):
        raise BadOption(f"no check {code!r}: the checks are {', '.join(checks)}")


def _refuse_thresholds(check: Check, values: Mapping[str, Any]) -> None:
    unknown = set(values) - set(check.thresholds)
    if unknown:
        known = ", ".join(check.thresholds) or "none"
        names = ", ".join(sorted(unknown))
        raise BadOption(f"{check.code} has no threshold {names}: it has {known}")
