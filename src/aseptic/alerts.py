"""Tells of findings, and of how runs ended, by a command or a webhook: `[tool.aseptic.alerts]`.

Only runs of this process are told of: nothing that stands in a store, whoever wrote it, calls a
command or a webhook. Telling waits for nobody: a thread does it, one alert after the other. What
comes out of `${NAME}` in a URL or a header is never written down or said.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import math
import os
import queue
import re
import signal
import subprocess
import threading
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import msgspec

from aseptic.errors import AsepticError, BadOption
from aseptic.model import Finding, RunEnd
from aseptic.notices import say_once
from aseptic.selection import is_selected
from aseptic.settings import find_project, read_tables

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from aseptic.active_run import ActiveRun
    from aseptic.store.base import Record

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_MOST_WAITING = 100  # alerts that were not told yet
_EXIT_S = 5.0  # that the interpreter's end waits for them
_VERSION = 1  # of what is sent


class AlertSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What is told, and how. `headers` are those of the webhook."""

    on: tuple[str, ...] = ("error", "failed")
    command: tuple[str, ...] = ()
    webhook: str | None = None
    headers: dict[str, str] = {}
    timeout_s: float = 10.0


class _Failed(AsepticError):
    """An alert could not be told; the message says why, without any secret."""


def watch(run: ActiveRun, folder: Path) -> None:
    """Tells of what happens in a run, as the project in whose `folder` it runs has set."""
    run.on_record(_Alerts(folder).hear)


def load_alert_settings(folder: Path) -> AlertSettings | None:
    """Those of the nearest pyproject.toml that has any, up to the project's root.

    Raises BadOption for what it does not know.
    """
    for _, table in read_tables(folder, find_project(folder.resolve())):
        if "alerts" in table:
            return _settings(table["alerts"])
    return None


def _settings(table: Any) -> AlertSettings:
    try:
        settings = msgspec.convert(table, type=AlertSettings)
    except msgspec.ValidationError as error:
        raise BadOption(f"[tool.aseptic.alerts]: {error}") from None
    unknown = sorted({*table} - {*AlertSettings.__struct_fields__})
    if unknown:
        raise BadOption(f"[tool.aseptic.alerts] has no setting {', '.join(unknown)}")
    if not settings.command and settings.webhook is None:
        raise BadOption("[tool.aseptic.alerts]: neither `command` nor `webhook` says how to tell")
    if settings.webhook is not None and not settings.webhook.startswith("https://"):
        raise BadOption(
            "[tool.aseptic.alerts] webhook: a URL that begins with https:// is expected"
        )
    if not 0 < settings.timeout_s <= 60:
        raise BadOption("[tool.aseptic.alerts] timeout_s: between 0 and 60 seconds are expected")
    return settings


class _Alerts:
    """Hears what is recorded in one run."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._settings: AlertSettings | None = None
        self._is_read = False
        self._told: set[tuple[str, str | None]] = set()

    def hear(self, run: ActiveRun, record: Record | RunEnd) -> None:
        """Tells of a finding once, however often it is recorded; and of the end of the run."""
        if not self._is_read:
            self._is_read = True  # before: a problem is a record too
            self._read(run)
        if self._settings is None:
            return
        if isinstance(record, Finding):
            key = (record.code, record.subject)
            is_new = record.acknowledged is None and key not in self._told
            if is_new and is_selected(record, self._settings.on):
                self._told.add(key)
                _tell(_Alert(run, self._settings, _of_finding(run, record)))
        elif isinstance(record, RunEnd) and record.status in self._settings.on:
            _tell(_Alert(run, self._settings, _of_end(run, record)))

    def _read(self, run: ActiveRun) -> None:
        try:
            self._settings = load_alert_settings(self._folder)
        except BadOption as error:
            say_once(f"nothing is told of runs: {error}")
            run.problem("alerts", str(error))


# -- what is told ---------------------------------------------------------------------------------
def _of_finding(run: ActiveRun, finding: Finding) -> dict[str, Any]:
    evidence = finding.evidence if isinstance(finding.evidence, dict) else {}
    step = evidence.get("step")
    is_place = isinstance(step, (int, float)) and math.isfinite(step)
    said = {
        name: getattr(finding, name)
        for name in ("code", "name", "severity", "message", "subject", "remedy")
    }
    found = {**said, "series": evidence.get("series"), "step": step if is_place else None}
    text = f"{run.name}: {finding.code} {finding.name}: {finding.message}"
    return _message(run, "finding", text, status="running", finding=found)


def _of_end(run: ActiveRun, end: RunEnd) -> dict[str, Any]:
    why = f" ({run.stopped_by})" if run.stopped_by else ""
    text = f"{run.name}: {end.status}{why}"
    return _message(run, "run-ended", text, status=end.status, finding=None)


def _message(
    run: ActiveRun, event: str, text: str, *, status: str, finding: dict[str, Any] | None
) -> dict[str, Any]:
    start = run.start
    about = {
        "run_id": start.run_id,
        "name": start.name,
        "experiment": start.experiment,
        "notebook": start.session.notebook,
        "status": status,
    }
    return {"version": _VERSION, "event": event, "text": text, "run": about, "finding": finding}


def _variables(message: Mapping[str, Any]) -> dict[str, str]:
    """The same for a command's environment; a variable holds no NUL."""
    run, finding = message["run"], message["finding"] or {}
    values = {
        "EVENT": message["event"],
        "MESSAGE": message["text"],
        "RUN_ID": run["run_id"],
        "RUN_NAME": run["name"],
        "EXPERIMENT": run["experiment"],
        "STATUS": run["status"],
        "CODE": finding.get("code", ""),
        "CHECK": finding.get("name", ""),
        "SEVERITY": finding.get("severity", ""),
    }
    return {f"ASEPTIC_{name}": value.replace("\0", "") for name, value in values.items()}


# -- telling --------------------------------------------------------------------------------------
class _Alert(NamedTuple):
    run: ActiveRun
    settings: AlertSettings
    message: dict[str, Any]

    def deliver(self) -> None:
        """Calls the command and the webhook. A failure is a problem of the run, said once."""
        ways = (
            (self.settings.command, _call_command),
            (self.settings.webhook, _call_webhook),
        )
        for how, call in ways:
            if how:
                try:
                    call(self.settings, self.message)
                except _Failed as error:
                    self._fail(str(error))

    def _fail(self, reason: str) -> None:
        say_once(f"nobody was told: {reason}")
        if not self.run.is_ended:
            self.run.problem("alert", reason)


def _call_command(settings: AlertSettings, message: dict[str, Any]) -> None:
    known = _variables(message)
    words = [_filled(word, known, place="command") for word in settings.command]
    try:
        process = subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **known},
            start_new_session=True,  # so that all that it started can be ended
        )
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise _Failed(f"the command {settings.command[0]} cannot be called: {reason}") from None
    try:
        process.communicate(json.dumps(message).encode(), timeout=settings.timeout_s)
    except subprocess.TimeoutExpired:
        _end_group(process)
        reason = f"did not end within {settings.timeout_s:g} s"
        raise _Failed(f"the command {settings.command[0]} {reason}") from None
    if process.returncode:
        reason = f"ended with {process.returncode}"
        raise _Failed(f"the command {settings.command[0]} {reason}")


def _end_group(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.communicate()


def _call_webhook(settings: AlertSettings, message: dict[str, Any]) -> None:
    """Posts the message as JSON. Redirects are not followed, and the answer is not read."""
    from http.client import HTTPException
    from urllib.error import HTTPError, URLError
    from urllib.request import Request

    template = settings.webhook or ""
    told = f"the webhook at {urlsplit(template).hostname}"  # as it is written: without its secrets
    url = _filled(template, os.environ, place="webhook")
    headers = {
        name: _filled(text, os.environ, place=f"header {name}")
        for name, text in settings.headers.items()
    }
    kind = {"Content-Type": "application/json", "User-Agent": "aseptic"}
    try:
        body = json.dumps(message).encode()
        request = Request(url, body, headers={**kind, **headers}, method="POST")  # noqa: S310 -- https only, see `_settings`
        with _opener().open(request, timeout=settings.timeout_s):
            return
    except HTTPError as error:
        error.close()
        raise _Failed(f"{told} answers {error.code}") from None
    except URLError as error:
        reason = getattr(error.reason, "verify_message", "") or type(error.reason).__name__
        raise _Failed(f"{told} cannot be reached: {reason}") from None
    except (OSError, ValueError, HTTPException) as error:
        raise _Failed(f"{told} cannot be reached: {type(error).__name__}") from None


def _opener() -> Any:
    import ssl
    from urllib.request import HTTPRedirectHandler, HTTPSHandler, build_opener

    class NoRedirects(HTTPRedirectHandler):
        """A redirect is an answer like any other that is no success."""

        def redirect_request(self, *_: Any) -> None:
            return None

    return build_opener(NoRedirects, HTTPSHandler(context=ssl.create_default_context()))


def _filled(text: str, values: Mapping[str, str], *, place: str) -> str:
    """The text with the values of `${NAME}`."""

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in values:
            raise _Failed(f"{place}: there is no variable {name}")
        return values[name]

    return _VARIABLE.sub(value, text)


# -- the thread -----------------------------------------------------------------------------------
_waiting: queue.Queue[_Alert] = queue.Queue(_MOST_WAITING)
_thread: threading.Thread | None = None
_lock = threading.Lock()


def _tell(alert: _Alert) -> None:
    """Hands an alert to the thread, which begins with the first one."""
    global _thread  # noqa: PLW0603 -- one thread a process
    try:
        _waiting.put_nowait(alert)
    except queue.Full:
        say_once(f"more than {_MOST_WAITING} alerts are waiting: some are not told")
        return
    with _lock:
        if _thread is None:
            _thread = threading.Thread(target=_tell_all, name="aseptic-alerts", daemon=True)
            _thread.start()
            atexit.register(_finish)


def _tell_all() -> None:
    while True:
        alert = _waiting.get()
        try:
            alert.deliver()
        except Exception as error:  # noqa: BLE001 -- the next alert may be told
            say_once(f"nobody was told: {type(error).__name__}")
        finally:
            _waiting.task_done()


def _finish() -> None:
    """At the interpreter's end: waits a while for what was not told yet."""
    with _waiting.all_tasks_done:
        _waiting.all_tasks_done.wait_for(lambda: not _waiting.unfinished_tasks, _EXIT_S)


def _after_fork() -> None:
    """A forked child tells nothing: what was waiting is its parent's."""
    global _waiting, _thread, _lock  # the lock may have been held
    _waiting, _thread, _lock = queue.Queue(_MOST_WAITING), None, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
