"""The REST API, asked as a browser asks it."""

from __future__ import annotations

import math
import time

import msgspec
import numpy as np
import pytest

from aseptic.contract import RunTable
from aseptic.server.encoding import MSGPACK
from aseptic.testing import make_finding, record_run


@pytest.fixture
def store(server, project):
    return server.store(project)


def test_runs_come_as_a_table_newest_first(server, project, store):
    record_run(store, name="first", params={"C": 1.0}, acc=0.8)
    record_run(store, name="second", params={"C": 10.0}, acc=0.9)
    table = server.get("runs", at=project)
    columns = {column["key"]: column["values"] for column in table["columns"]}
    assert columns["name"] == ["second", "first"]
    assert columns["params.C"] == [10.0, 1.0]
    assert columns["metrics.acc"] == [0.9, 0.8]
    assert (table["project"], table["total"]) == (project, 2)


def test_a_query_selects_a_column_sorts_and_a_page_is_a_part_of_it(server, project, store):
    for i in range(7):
        record_run(store, name=f"r{i}", acc=i / 10, experiment="a" if i < 6 else "b")
    asked = {"at": project, "query": "acc > 0.05", "experiment": "a", "sort": "metrics.acc"}
    table = server.get("runs", **asked, offset=1, limit=2)
    assert _names(table) == ["r2", "r3"]
    assert table["total"] == 5
    assert _names(server.get("runs", **{**asked, "sort": "-metrics.acc"}))[:2] == ["r5", "r4"]


def test_runs_of_a_notebook_are_those_that_it_made(server, project, store):
    record_run(store, name="here", notebook="train.ipynb")
    record_run(store, name="there", notebook="other.ipynb")
    assert _names(server.get("runs", at=project, notebook="train.ipynb")) == ["here"]
    (server.root / project / "train.ipynb").write_text("{}")
    assert _names(server.get("runs", at=f"{project}/train.ipynb", of_notebook=True)) == ["here"]
    assert len(_names(server.get("runs", at=project, of_notebook=True))) == 2


def test_a_notebook_stands_for_its_project(server, project, store):
    (server.root / project / "train.ipynb").write_text("{}")
    record_run(store, name="one")
    assert _names(server.get("runs", at=f"{project}/train.ipynb")) == ["one"]


def test_the_panel_gets_numbers_as_the_bytes_that_they_are(server, project, store):
    record_run(store, loss=math.nan)
    reply = server.http.get("runs", params={"at": project}, headers={"Accept": MSGPACK})
    assert reply.headers["Content-Type"] == MSGPACK
    table = msgspec.msgpack.decode(reply.content, type=RunTable)
    loss = next(column for column in table.columns if column.key == "metrics.loss")
    assert np.isnan(np.frombuffer(loss.values, "<f8")).all()
    plain = server.get("runs", at=project)
    assert next(c for c in plain["columns"] if c["key"] == "metrics.loss")["values"] == [None]


def test_one_run_is_told_whole(server, project, store):
    run = record_run(store, source="model.fit(X)", note="the first")
    told = server.get(f"runs/{run.run_id}", at=project)
    assert (told["source"], told["note"]) == ("model.fit(X)", "the first")


def test_series_are_reduced_to_the_screen_and_raw_on_request(server, project, store):
    run = record_run(store, series={"loss": list(np.linspace(1, 0, 5_000))})
    asked = {"at": project, "run_id": run.run_id, "metric": "loss"}
    (curve,) = server.get("series", **asked, points=100)
    assert len(curve["value"]) == len(curve["low"]) == 100
    assert curve["count"] == 5_000
    (raw,) = server.get("series", **asked, raw=True)
    assert len(raw["value"]) == 5_000
    assert raw["low"] is None
    (zoomed,) = server.get("series", **asked, x_min=10, x_max=20, points=1_000)
    assert (zoomed["step"][0], zoomed["step"][-1]) == (9, 21)


def test_differences_and_findings_are_told_in_words(server, project, store):
    before = record_run(store, params={"C": 1.0})
    after = record_run(store, params={"C": 2.0}, findings=(make_finding("D15"),))
    told = server.get("differences", at=project, before=before.run_id, after=after.run_id)
    params = next(one for one in told["sections"] if one["kind"] == "params")
    assert (params["changes"][0]["before"], params["changes"][0]["after"]) == ("1.0", "2.0")
    (found,) = server.get("findings", at=project, run_id=after.run_id)
    assert [one["code"] for one in found["findings"]] == ["D15"]


def test_a_finding_is_acknowledged_and_taken_back(server, project, store):
    run = record_run(store, findings=(make_finding("D15"),))
    path = f"runs/{run.run_id}/acknowledge"
    told = server.post(path, {"code": "D15", "reason": "known"}, at=project)
    assert told["findings"][0]["acknowledged"] == "known"
    told = server.post(path, {"code": "D15", "reason": None}, at=project)
    assert told["findings"][0]["acknowledged"] is None
    server.post(path, {"code": "D99", "reason": "known"}, at=project, expect=404)


def test_a_person_edits_runs_and_puts_them_into_the_trash_and_back(server, project, store):
    one, two = (record_run(store).run_id for _ in range(2))
    marks = {"run_ids": [one, two], "add_tags": ["final"], "is_starred": True}
    server.post("mark", marks, at=project)
    told = server.patch(f"runs/{one}", {"note": "good", "name": "best"}, at=project)
    assert told["name"] == "best"
    server.patch(f"runs/{one}", {"is_baseline": True}, at=project)
    run = store.get_run(one)
    assert (run.tags, run.note, run.name) == (("final",), "good", "best")
    assert run.is_starred
    assert run.is_baseline
    server.patch(f"runs/{one}", {"note": None, "is_baseline": False}, at=project)
    assert store.get_run(one).note is None
    assert not store.get_run(one).is_baseline
    server.post("trash", {"run_ids": [two]}, at=project)
    assert server.get("runs", at=project)["total"] == 1
    assert server.get("runs", at=project, trashed=True)["total"] == 1
    server.post("restore", {"run_ids": [two]}, at=project)
    assert server.get("runs", at=project)["total"] == 2


def test_a_check_goes_on_in_the_background_and_tells_how_far_it_is(server, project, store):
    run = record_run(store, params={"path": "/home/me/data.csv"})
    job = server.post(f"runs/{run.run_id}/check", {"thorough": True}, at=project, expect=202)
    deadline = time.monotonic() + 120
    while job["status"] in ("waiting", "running") and time.monotonic() < deadline:
        time.sleep(0.2)
        job = server.get(f"jobs/{job['job_id']}")
    assert job["status"] == "done", job
    assert job["of"] > 10
    assert any(one.is_thorough for one in store.get_run(run.run_id).checks)


def test_no_run_yet_is_said_and_nothing_is_made(server):
    (server.root / "fresh").mkdir()
    reply = server.http.get("runs", params={"at": "fresh"})
    assert reply.status_code == 503
    assert "no run" in reply.json()["message"]
    assert not (server.root / "fresh" / ".aseptic").exists()


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("runs?query=acc+>", 400, "acc"),
        ("runs?query=nonsense>1", 400, "nonsense"),
        ("runs?sort=metrics.none", 400, "no column"),
        ("runs?limit=0", 400, "limit"),
        ("runs?colour=red", 400, "colour"),
        ("runs/0123456789abcdef", 404, "no run"),
        ("series?run_id=..%2F..", 400, "run_id"),
        ("jobs/0123456789abcdef", 404, "no job"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(server, project, store, path, status, said):
    record_run(store, acc=1.0)
    joined = f"{path}{'&' if '?' in path else '?'}at={project}" if "jobs" not in path else path
    reply = server.http.get(joined)
    assert reply.status_code == status
    assert said in reply.json()["message"]
    assert "\n" not in reply.json()["message"]


def _names(table):
    return next(column["values"] for column in table["columns"] if column["key"] == "name")
