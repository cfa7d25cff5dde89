"""Alerts: a real command and a real TLS server are told of this process's runs alone."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import sys
import textwrap
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import aseptic
from aseptic import alerts, notices, tracking
from aseptic.errors import BadOption
from aseptic.testing import make_finding

SECRET = "s3cr3t-of-the-hook"


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ASEPTIC_STORE", raising=False)
    monkeypatch.setattr(tracking, "_default_store", None)
    monkeypatch.setattr(notices, "_said", set())
    return tmp_path


def configure(project, text):
    (project / "pyproject.toml").write_text(f"[tool.aseptic.alerts]\n{text}\n")


def writes(project, *, script="print(json.dumps([json.load(sys.stdin), env, sys.argv[1:]]))"):
    """A command that appends what it was told to a file, and the file."""
    told = project / "told.jsonl"
    program = project / "tell.py"
    program.write_text(
        "import json, os, sys, time\n"
        "env = {k: v for k, v in os.environ.items() if k.startswith('ASEPTIC_')}\n"
        f"sys.stdout = open({str(told)!r}, 'a')\n{script}\n"
    )
    return f"command = [{sys.executable!r}, {str(program)!r}, '${{ASEPTIC_MESSAGE}}']", told


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def drain():
    alerts._finish()


class Hook:
    """A TLS server with a certificate of an authority of its own."""

    def __init__(self, folder: Path, *, status=200, location=None, pause_s=0.0):
        self.requests = []
        self.authority = folder / "authority.pem"
        make_certificates(folder)
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                hook.requests.append((self.path, dict(self.headers), json.loads(body)))
                time.sleep(pause_s)
                self.send_response(status)
                if location:
                    self.send_header("Location", location)
                self.end_headers()

            do_GET = do_POST

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "server.pem", folder / "server.key")
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"https://localhost:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def make_certificates(folder):
    def openssl(*words):
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    if not (folder / "server.pem").exists():
        new = ("-nodes", "-newkey", "rsa:2048", "-days", "2")
        openssl("req", "-x509", *new, "-keyout", "authority.key", "-out", "authority.pem",
                "-subj", "/CN=a test authority")  # fmt: skip
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "server.key",
                "-out", "server.csr", "-subj", "/CN=localhost")  # fmt: skip
        (folder / "names").write_text("subjectAltName=DNS:localhost")
        openssl("x509", "-req", "-in", "server.csr", "-CA", "authority.pem",
                "-CAkey", "authority.key", "-CAcreateserial", "-days", "2",
                "-extfile", "names", "-out", "server.pem")  # fmt: skip


@pytest.fixture
def hook(tmp_path_factory, monkeypatch):
    """Makes servers whose authority is trusted."""
    folder = tmp_path_factory.mktemp("hook")
    made = []

    def make(**options):
        made.append(Hook(folder, **options))
        monkeypatch.setenv("SSL_CERT_FILE", str(made[-1].authority))
        return made[-1]

    yield make
    for one in made:
        one.server.shutdown()


def test_a_command_gets_the_finding_as_json_in_its_environment_and_as_a_word(project):
    command, told = writes(project)
    configure(project, f'on = ["error", "failed"]\n{command}')
    finding = make_finding("T02", severity="error", message="`rm -rf /`; $(it) grows\n\0")
    with aseptic.track("calm-otter", experiment="digits") as run:
        run.record(finding)
        run.record(make_finding("T14", severity="warning"))
        drain()
    ((message, env, words),) = lines(told)
    text = f"calm-otter: T02 {finding.name}: `rm -rf /`; $(it) grows\n"
    assert words == [text]
    assert message["text"] == text + "\0"
    assert message["run"] == {
        "run_id": run.run_id,
        "name": "calm-otter",
        "experiment": "digits",
        "notebook": None,
        "status": "running",
    }
    assert message["finding"]["code"] == env["ASEPTIC_CODE"] == "T02"
    assert env["ASEPTIC_SEVERITY"] == "error"
    assert env["ASEPTIC_RUN_ID"] == run.run_id


def test_the_end_of_a_run_is_told_by_its_status(project):
    command, told = writes(project)
    configure(project, f'on = ["failed", "interrupted"]\n{command}')
    with aseptic.track("fine"):
        pass
    with pytest.raises(ZeroDivisionError), aseptic.track("broken"):
        _ = 1 / 0
    with aseptic.track("stopped") as run:
        run.stop("T02 divergence: it grows")
    drain()
    assert [message["text"] for message, _, _ in lines(told)] == [
        "broken: failed",
        "stopped: interrupted (T02 divergence: it grows)",
    ]


def test_a_finding_is_told_once_however_often_it_is_recorded_and_never_where_it_is_known(project):
    command, told = writes(project)
    configure(project, f'on = ["warning"]\n{command}')
    with aseptic.track() as run:
        for message in ("at 3", "at 4"):
            run.record(make_finding("T02", severity="error", message=message))
        run.record(make_finding("D10", severity="warning", acknowledged="known"))
        run.record(make_finding("D11", severity="info"))
    drain()
    assert [message["finding"]["message"] for message, _, _ in lines(told)] == ["at 3"]


def test_a_webhook_is_posted_to_over_tls_with_secrets_of_the_environment(
    project, hook, monkeypatch
):
    server = hook()
    monkeypatch.setenv("HOOK_TOKEN", SECRET)
    configure(
        project,
        f'webhook = "{server.url}/services/${{HOOK_TOKEN}}"\n'
        'headers = { Authorization = "Bearer ${HOOK_TOKEN}" }',
    )
    with aseptic.track() as run:
        run.record(make_finding("T02", severity="error"))
    drain()
    ((path, headers, body),) = server.requests
    assert path == f"/services/{SECRET}"
    assert headers["Authorization"] == f"Bearer {SECRET}"
    assert headers["Content-Type"] == "application/json"
    assert body["finding"]["code"] == "T02"


def failure_of(project, capsys):
    """The problem that a failed alert leaves, and what was said."""
    with aseptic.track() as run:
        run.record(make_finding("T02", severity="error"))
        run.record(make_finding("T03", severity="error"))
        drain()
    said = capsys.readouterr().err
    recorded = aseptic.get_run(run.run_id)
    reasons = {one.reason for one in recorded.problems if one.what == "alert"}
    (reason,) = reasons
    assert said.count(reason) == 1, said
    content = b"".join(path.read_bytes() for path in project.rglob("*") if path.is_file()
                       and path.name != "pyproject.toml")  # fmt: skip
    assert SECRET not in said
    assert SECRET.encode() not in content
    return reason


@pytest.mark.parametrize("status", [301, 302, 307, 308, 500])
def test_a_redirect_is_not_followed_and_a_refusal_is_a_problem_without_the_secret(
    project, hook, monkeypatch, capsys, status
):
    elsewhere = hook()
    server = hook(status=status, location=f"{elsewhere.url}/stolen")
    monkeypatch.setenv("HOOK_TOKEN", SECRET)
    configure(project, f'webhook = "{server.url}/${{HOOK_TOKEN}}"')
    assert failure_of(project, capsys) == f"the webhook at localhost answers {status}"
    assert elsewhere.requests == []


def test_a_certificate_of_an_unknown_authority_is_refused(project, hook, monkeypatch, capsys):
    server = hook()
    monkeypatch.delenv("SSL_CERT_FILE")
    monkeypatch.setenv("HOOK_TOKEN", SECRET)
    configure(project, f'webhook = "{server.url}/${{HOOK_TOKEN}}"')
    reason = failure_of(project, capsys)
    assert reason.startswith("the webhook at localhost cannot be reached: ")
    assert "certificate" in reason
    assert server.requests == []


def test_a_server_that_does_not_answer_is_given_up(project, hook, monkeypatch, capsys):
    server = hook(pause_s=30)
    configure(project, f'webhook = "{server.url}"\ntimeout_s = 0.3')
    assert failure_of(project, capsys) == "the webhook at localhost cannot be reached: TimeoutError"


def test_a_variable_that_is_not_there_is_said_by_its_name(project, capsys):
    configure(project, 'webhook = "https://localhost:1/${NOT_THERE_AT_ALL}"')
    assert failure_of(project, capsys) == "webhook: there is no variable NOT_THERE_AT_ALL"


def test_a_command_that_hangs_is_ended_with_what_it_started(project, capsys):
    pid_file = project / "pid"
    script = (
        "import subprocess\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(300)'])\n"
        f"open({str(pid_file)!r}, 'w').write(str(child.pid))\n"
        "time.sleep(300)"
    )
    command, _ = writes(project, script=script)
    configure(project, f"{command}\ntimeout_s = 4")
    with aseptic.track() as run:
        run.record(make_finding("T02", severity="error"))
        drain()
    (problem,) = [one for one in run.snapshot().problems if one.what == "alert"]
    assert problem.reason.endswith("did not end within 4 s")
    pid = int(pid_file.read_text())
    for _ in range(100):
        state = Path(f"/proc/{pid}/stat")
        if not state.exists() or state.read_text().split()[2] == "Z":
            return
        time.sleep(0.05)
    pytest.fail("the command's child lives on")


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("['no-such-program-at-all']", "cannot be called: No such file or directory"),
        (f"[{sys.executable!r}, '-c', 'raise SystemExit(3)']", "ended with 3"),
        ("['echo', '${HOME}']", "there is no variable HOME"),
    ],
)
def test_a_command_that_fails_is_a_problem(project, capsys, command, said):
    configure(project, f"command = {command}")
    assert failure_of(project, capsys).endswith(said)


def test_an_alert_holds_up_neither_the_run_nor_what_comes_after_it(project):
    command, told = writes(project, script="time.sleep(2); print('1')")
    configure(project, command)
    with aseptic.track() as run:
        run.record(make_finding("T02", severity="error"))
    assert lines(told) == [], "it was waited for"
    drain()
    assert lines(told) == [1]


def test_the_interpreter_waits_for_an_alert_but_not_for_ever(project):
    command, told = writes(project, script="time.sleep(1); print('1')")
    configure(project, command)
    script = project / "train.py"
    script.write_text(
        textwrap.dedent(
            """
            import aseptic
            with aseptic.track():
                raise ValueError("no")
            """
        )
    )
    subprocess.run([sys.executable, str(script)], timeout=60, check=False, capture_output=True)
    assert lines(told) == [1]
    command, told = writes(project, script="time.sleep(100)")
    configure(project, f"{command}\ntimeout_s = 60")
    subprocess.run([sys.executable, str(script)], timeout=50, check=False, capture_output=True)


def test_what_stands_in_a_store_tells_nobody(project):
    with aseptic.track() as run:
        for step in range(100):
            run.log(loss=1.5**step, step=step)
    command, told = writes(project)
    configure(project, f'on = ["info", "finished"]\n{command}')
    found = aseptic.check(run.run_id)
    assert "T02" in [one.code for one in aseptic.get_run(run.run_id).findings], found
    drain()
    assert lines(told) == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_child_tells_nothing(project):
    command, told = writes(project)
    configure(project, command)
    with aseptic.track() as run:
        run.record(make_finding("T02", severity="error"))
        drain()
        pid = os.fork()
        if not pid:
            run.record(make_finding("T03", severity="error"))
            alerts._finish()
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert len(lines(told)) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('on = ["error"]', "neither `command` nor `webhook`"),
        ('webhook = "http://localhost/x"', "https://"),
        ('command = "notify-send hello"', "array"),
        ('command = ["x"]\nshell = true', "no setting shell"),
        ('command = ["x"]\ntimeout_s = 600', "timeout_s"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused_and_said(project, capsys, text, said):
    configure(project, text)
    with pytest.raises(BadOption, match=r"alerts") as refused:
        alerts.load_alert_settings(project)
    assert said in str(refused.value)
    with aseptic.track() as run:
        run.record(make_finding("T02", severity="error"))
    assert "aseptic: nothing is told of runs: " in capsys.readouterr().err
    assert "alerts" in [one.what for one in aseptic.get_run(run.run_id).problems]
