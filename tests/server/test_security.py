"""Who may ask what: every path, with and without the right to it."""

from __future__ import annotations

import re
from urllib.parse import quote

import httpx
import pytest
import websocket

from aseptic.testing import record_run

PATHS = [
    ("GET", "status"),
    ("GET", "openapi.json"),
    ("GET", "runs"),
    ("GET", "runs/0123456789abcdef"),
    ("GET", "series?run_id=0123456789abcdef"),
    ("GET", "differences?before=0123456789abcdef&after=0123456789abcdef"),
    ("GET", "findings?run_id=0123456789abcdef"),
    ("PATCH", "runs/0123456789abcdef"),
    ("POST", "mark"),
    ("POST", "runs/0123456789abcdef/acknowledge"),
    ("POST", "trash"),
    ("POST", "restore"),
    ("POST", "runs/0123456789abcdef/check"),
    ("GET", "runs/0123456789abcdef/artifacts/model.pkl"),
    ("GET", "jobs/0123456789abcdef"),
    ("DELETE", "jobs/0123456789abcdef"),
    ("GET", "events"),
    ("GET", "nothing/here"),
]

DENIES = """
from jupyter_server.auth import Authorizer
class Denies(Authorizer):
    def is_authorized(self, handler, user, action, resource):
        return resource != "aseptic" or action == "read"
c.ServerApp.authorizer_class = Denies
"""


@pytest.fixture(scope="module")
def strict(start_server):
    """A server where each handler must say that it is authenticated."""
    return start_server("--ServerApp.allow_unauthenticated_access=False")


@pytest.fixture(scope="module")
def reading(start_server):
    """A server whose users may read what is aseptic's, and no more."""
    return start_server(config=DENIES)


@pytest.mark.parametrize(("method", "path"), PATHS)
@pytest.mark.parametrize("kind", ["server", "strict"])
def test_nobody_is_answered_without_a_token(request, kind, method, path):
    one = request.getfixturevalue(kind)
    reply = httpx.request(method, f"{one.base}/aseptic/api/{path}", content="{}")
    assert reply.status_code == 403, reply.text


def test_every_path_that_is_served_is_among_those_tested(server):
    told = server.get("openapi.json")["paths"]
    plain = [(method, path.partition("?")[0]) for method, path in PATHS]
    tested = {(method, re.sub(r"[0-9a-f]{16}", "*", path)) for method, path in plain}
    for path, methods in told.items():
        plain = re.sub(r"\{(run_id|job_id)\}", "*", path.lstrip("/")).replace("{name}", "model.pkl")
        for method in methods:
            assert (method.upper(), plain) in tested


@pytest.mark.parametrize(("method", "path"), [one for one in PATHS if one[0] != "GET"])
def test_who_may_only_read_changes_nothing(reading, method, path):
    reply = reading.http.request(method, path, content="{}")
    assert reply.status_code == 403
    assert reading.http.get("status").status_code == 200


def test_a_cookie_alone_changes_nothing(server):
    with httpx.Client(base_url=server.base) as browser:
        browser.get("/api/status", params={"token": server.token})  # leaves a cookie
        assert browser.get("/aseptic/api/status").status_code == 200
        reply = browser.post("/aseptic/api/trash", content='{"run_ids": []}')
    assert reply.status_code == 403
    assert "_xsrf" in reply.text


def test_another_site_is_told_nothing(server):
    with httpx.Client(base_url=server.base) as browser:
        browser.get("/api/status", params={"token": server.token})
        foreign = {"Origin": "https://evil.example", "Referer": "https://evil.example/"}
        reply = browser.get("/aseptic/api/runs", headers=foreign)
        assert reply.status_code in (403, 404)
        with pytest.raises(websocket.WebSocketBadStatusException) as refused:
            websocket.create_connection(
                f"ws://127.0.0.1:{server.port}/aseptic/api/events",
                origin="https://evil.example",
                cookie="; ".join(f"{name}={value}" for name, value in browser.cookies.items()),
            )
    assert refused.value.status_code == 403


@pytest.mark.parametrize(
    "at",
    ["..", "../..", "/../../etc", "a/../../..", "....//..", "%2e%2e", "..\\..", "~root", "x\0"],
)
def test_no_path_leads_out_of_the_servers_folder(server, at):
    reply = server.http.get("runs", params={"at": at})
    assert reply.status_code in (400, 403, 503)
    assert str(server.root) not in reply.text


def test_a_link_leads_out_of_the_folder_in_vain(server, tmp_path):
    (tmp_path / ".aseptic").mkdir()
    link = server.root / "link"
    link.symlink_to(tmp_path)
    assert server.http.get("runs", params={"at": "link"}).status_code == 403


def test_a_project_that_names_a_store_elsewhere_is_refused(server, project, tmp_path):
    store = tmp_path / "elsewhere"
    store.mkdir()
    (server.root / project / "pyproject.toml").write_text(f'[tool.aseptic]\nstore = "{store}"\n')
    reply = server.http.get("runs", params={"at": project})
    assert reply.status_code == 403
    assert "AsepticServer.roots" in reply.json()["message"]
    assert list(store.iterdir()) == []


def test_the_configuration_allows_a_store_elsewhere(start_server, tmp_path):
    one = start_server(f"--AsepticServer.roots={tmp_path}")
    store = tmp_path / "store"
    store.mkdir()
    (one.root / "pyproject.toml").write_text(f'[tool.aseptic]\nstore = "{store}"\n')
    (one.root / ".aseptic").mkdir()
    assert one.get("runs")["total"] == 0


def test_an_artifact_is_a_download_that_can_do_nothing(server, project):
    store = server.store(project)
    digest, _ = store.put_object(b"<script>alert(1)</script>")
    name = '../a/page "ü\r\nX-Evil: 1.html'
    run = record_run(store, artifacts={name: digest, "plain.txt": digest})
    quoted = quote(name, safe="")
    reply = server.http.get(f"runs/{run.run_id}/artifacts/{quoted}", params={"at": project})
    assert reply.status_code == 200
    assert "X-Evil" not in reply.headers
    assert "/" not in reply.headers["Content-Disposition"]
    reply = server.http.get(f"runs/{run.run_id}/artifacts/plain.txt", params={"at": project})
    assert reply.content == b"<script>alert(1)</script>"
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in reply.headers["Content-Security-Policy"]
    assert reply.headers["Content-Disposition"].startswith("attachment;")
    assert reply.headers["Content-Type"].startswith("application/octet-stream")


@pytest.mark.parametrize("name", ["..%2F..%2Fruns.db", "%2Fetc%2Fpasswd", "..%5Cruns.db", "none"])
def test_the_name_of_an_artifact_is_no_path(server, project, name):
    run = record_run(server.store(project))
    reply = server.http.get(f"runs/{run.run_id}/artifacts/{name}", params={"at": project})
    assert reply.status_code == 404


@pytest.mark.parametrize("run_id", ["..", "%2e%2e%2f", "0123", "' OR 1=1", "0123456789abcdeg"])
def test_an_id_that_is_none_names_nothing(server, project, run_id):
    reply = server.http.get(f"runs/{quote(run_id, safe='%')}/artifacts/x", params={"at": project})
    assert reply.status_code == 404


def test_what_a_run_says_reaches_the_browser_as_json(server, project):
    run = record_run(server.store(project), note="</script><script>alert(1)</script>\x00\u2028")
    reply = server.http.get(f"runs/{run.run_id}", params={"at": project})
    assert reply.headers["Content-Type"] == "application/json"
    assert "default-src 'none'" in reply.headers["Content-Security-Policy"]
    assert reply.json()["note"] == "</script><script>alert(1)</script>\x00\u2028"


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b'{"run_ids": "x"}', b'{"run_ids": ["../x"]}', b"\xff", b"9" * 5_000]
)
def test_a_body_that_is_not_what_is_expected_is_refused(server, project, body):
    record_run(server.store(project))
    reply = server.http.post("trash", params={"at": project}, content=body)
    assert reply.status_code == 400
    assert reply.json()["message"]
