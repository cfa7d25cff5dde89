"""`aseptic check`, `explain` and `acknowledge`, as a shell calls them."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import aseptic
from aseptic.checks.discovery import load_checks
from aseptic.cli.main import main
from aseptic.model import Finding, utc_now
from aseptic.testing import record_run


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with train.csv and test.parquet, which share ten rows; and no store."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ASEPTIC_STORE", raising=False)
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(500, 3)), columns=list("abc"))
    frame["y"] = rng.integers(0, 2, 500)
    frame.iloc[:400].to_csv("train.csv", index=False)
    frame.iloc[390:].to_parquet("test.parquet")
    return tmp_path


def words(line: str) -> list[str]:
    return line.split()


def test_files_alone_are_checked_without_a_store(files: Path, capsys: pytest.CaptureFixture):
    assert main(words("check --train train.csv --test test.parquet --target y --select D15")) == 0
    printed = capsys.readouterr().out
    assert "D15 train-test-overlap  9.1% of the rows of test are in train" in printed
    assert "→ drop duplicates before the split" in printed
    assert list(files.glob(".aseptic")) == []


def test_findings_can_be_had_as_json_and_csv(files: Path, capsys: pytest.CaptureFixture):
    line = "check --train train.csv --test test.parquet --target y --select D15"
    main(words(f"{line} --json"))
    found = json.loads(capsys.readouterr().out)
    assert found["findings"][0]["evidence"]["count"] == 10
    assert [one["outcome"] for one in found["checks"]] == ["findings"]
    main(words(f"{line} --csv"))
    assert capsys.readouterr().out.startswith("code,name,severity,subject,message")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("check --train no.csv", "cannot read no.csv"),
        ("check --train train.csv --target z", "target='z': no table has this column"),
        ("check --train train.csv --select Z9", "no check 'Z9'"),
        ("check --target y", "say --train FILE too"),
        ("check --train pyproject.toml", "its name ends with none of .csv"),
        ("check", "there is no store"),
        ("explain Z99", "no check 'Z99'. There are: D"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    files: Path, line: str, said: str, capsys: pytest.CaptureFixture
):
    assert main(words(line)) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("code", ["D15", "d15", "train-test-overlap"])
def test_a_check_is_explained_by_code_or_name(
    files: Path, code: str, capsys: pytest.CaptureFixture
):
    assert main(["explain", code]) == 0
    printed = capsys.readouterr().out
    for part in ("D15 train-test-overlap", "why", "method", "remedy", "bad example"):
        assert part in printed
    thresholds = load_checks()["D15"].thresholds
    rows = [line.split() for line in printed.splitlines()]
    shown = {row[0]: float(row[1]) for row in rows if len(row) == 2 and row[0] in thresholds}
    assert shown == thresholds


def test_a_run_is_checked_and_keeps_what_was_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
):
    monkeypatch.chdir(tmp_path)
    store = aseptic.open_store(tmp_path / "runs")
    source = "from sklearn.model_selection import train_test_split\ntrain_test_split(X, y)\n"
    record_run(store, name="calm-otter", source=source)
    at = f"--store {tmp_path / 'runs'}"
    assert main(words(f"check --select H03 {at}")) == 0
    assert "H03 unseeded" in capsys.readouterr().out
    found = store.get_run("calm-otter")
    assert [finding.code for finding in found.findings] == ["H03"]
    assert [(one.code, one.outcome) for one in found.checks] == [("H03", "findings")]

    assert main([*words("acknowledge calm-otter H03 on purpose:"), "it is a demo", *words(at)]) == 0
    assert "H03 in calm-otter is acknowledged: on purpose: it is a demo" in capsys.readouterr().out
    main(words(f"check calm-otter --select H03 {at}"))  # found again, and still acknowledged
    assert store.get_run("calm-otter").findings[0].acknowledged == "on purpose: it is a demo"
    assert store.read_runs("'H03' in findings").run_ids == []

    assert main(words(f"acknowledge calm-otter H03 --clear {at}")) == 0
    assert len(store.read_runs("'H03' in findings").run_ids) == 1


def test_what_is_acknowledged_holds_for_later_runs_until_it_is_taken_back(
    tmp_path: Path, capsys: pytest.CaptureFixture
):
    store = aseptic.open_store(tmp_path / "runs")
    found = Finding(code="D10", name="class-imbalance", severity="warning", message="1 % are rare")

    def run(name, experiment="fraud"):
        with aseptic.track(name, experiment=experiment, store=store) as active:
            active.record(found)
        return [one.acknowledged for one in store.get_run(name).findings]

    assert run("first") == [None]
    assert main([*words(f"acknowledge first D10 --store {store.url}"), "fraud is rare"]) == 0
    assert run("second") == ["in run first: fraud is rare"]
    assert run("third") == ["in run first: fraud is rare"]
    assert run("elsewhere", "other") == [None]
    assert main(words(f"acknowledge third D10 --clear --store {store.url}")) == 0
    assert "open again, in all runs of fraud" in capsys.readouterr().out
    assert run("fourth") == [None]
    assert store.get_run("first").findings[0].acknowledged is None


def test_a_run_that_is_checked_again_knows_what_was_acknowledged_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    store = aseptic.open_store(tmp_path / "runs")
    source = "from sklearn.model_selection import train_test_split\ntrain_test_split(X, y)\n"
    for name, hours in [("first", 2), ("second", 1)]:
        started_at = utc_now() - timedelta(hours=hours)
        record_run(store, name=name, experiment="e", source=source, started_at=started_at)
        main(words(f"check {name} --select H03 --store {store.url}"))
    store.acknowledge(store.get_run("first").run_id, "H03", "a demo")
    main(words(f"check second --select H03 --store {store.url}"))
    assert store.get_run("second").findings[0].acknowledged == "in run first: a demo"


def test_a_finding_that_is_not_there_cannot_be_acknowledged(
    tmp_path: Path, capsys: pytest.CaptureFixture
):
    store = aseptic.open_store(tmp_path / "runs")
    record_run(store, name="calm-otter")
    assert main([*words(f"acknowledge calm-otter D15 why --store {tmp_path / 'runs'}")]) == 2
    assert "D15" in capsys.readouterr().err


def test_codes_are_completed(tmp_path: Path):
    from aseptic.commands import complete

    assert "D15" in complete(["explain", "D1"], None)
    assert "D15" in complete(["check", "--select", "D"], None)


def test_a_card_says_what_is_known_and_what_was_not_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture
):
    store = aseptic.open_store(tmp_path / "runs")
    record_run(store, name="calm-otter", metrics={"acc": 0.9})
    card = tmp_path / "CARD.md"
    assert main(words(f"deploy-card calm-otter -o {card} --store {tmp_path / 'runs'}")) == 0
    assert card.read_text() == capsys.readouterr().out.rstrip("\n") + "\n"
    assert "calm-otter" in card.read_text()
    assert "the model is not at hand" in card.read_text()
