"""The shell command: exit codes, where things are printed, and what cannot do harm."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys

import pytest

import aseptic as package
from aseptic.cli.main import main
from aseptic.model import RunEnd, RunStart, Session, utc_now
from aseptic.store import open_store


@pytest.mark.parametrize(
    "line", ["show no-such-run", "runs 'nothing > 1'", "runs --bad", "nonsense", "curves nothing"]
)
def test_a_fault_is_one_line_on_stderr_and_exit_code_2(aseptic, line):
    code, out, err = aseptic(line)
    assert (code, out) == (2, "")
    assert err.startswith("aseptic: ")
    assert err.count("\n") == 1


def test_looking_at_a_store_that_is_not_there_says_so_and_makes_none(tmp_path, capsys):
    assert main(["runs", "--store", str(tmp_path / "none")]) == 2
    assert "there is no store at" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_store_named_on_the_line_is_taken_before_that_of_the_environment(
    store, tmp_path, capsys, monkeypatch
):
    monkeypatch.setenv("ASEPTIC_STORE", str(tmp_path / "none"))
    assert main(["--store", store.url, "status"]) == 0
    assert main([f"--store={store.url}", "--json", "status"]) == 0
    assert main(["status", "--store", store.url]) == 0
    assert "4 (3 finished, 1 failed)" in capsys.readouterr().out


def test_the_version_is_the_package_s(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"aseptic {package.__version__}\n"


@pytest.mark.parametrize("words", [[], ["help"], ["--help"], ["runs", "--help"]])
def test_help_is_printed_and_is_no_fault(words, capsys):
    assert main(words) == 0
    assert "runs" in capsys.readouterr().out


def test_doctor_s_exit_code_says_that_something_needs_attention(aseptic, store, tmp_path):
    assert aseptic("doctor")[0] == 0
    (tmp_path / "lab" / ".aseptic").chmod(0o755)
    code, out, _ = aseptic("doctor")
    assert code == 1
    assert "chmod 700" in out


def test_json_holds_the_same_runs(aseptic):
    code, out, _ = aseptic("runs --json -e digits")
    runs = json.loads(out)
    assert code == 0
    assert [run["name"] for run in runs] == ["plain-wren", "brisk-heron", "calm-otter"]
    assert runs[2]["params"] == {"trees": None, "C": 1.0, "gamma": 0.001}
    assert runs[2]["started_at"] == "2026-01-31T12:00:00Z"


@pytest.mark.parametrize(
    "line",
    [
        "show calm-otter", "status", "doctor", "rm calm-otter", "diff calm-otter brisk-heron",
        "compare", "curves val_loss", "gc",
    ],
)  # fmt: skip
def test_every_result_has_a_json_form(aseptic, line):
    code, out, _ = aseptic(f"{line} --json")
    assert code == 0
    assert json.loads(out)


@pytest.mark.parametrize(
    "line", ["runs", "compare", "curves val_loss", "diff calm-otter brisk-heron"]
)
def test_every_table_has_a_csv_form(aseptic, line):
    code, out, _ = aseptic(f"{line} --csv")
    rows = list(csv.reader(io.StringIO(out)))
    assert code == 0
    assert len(rows) > 1
    assert {len(row) for row in rows} == {len(rows[0])}


def test_what_is_no_table_has_no_csv_form(aseptic):
    assert "has no table" in aseptic("show calm-otter --csv")[2]
    assert "either" in aseptic("runs --csv --json")[2]


HOSTILE = "=cmd|'/c calc'!A0"


@pytest.fixture
def hostile(tmp_path, capsys):
    """A run whose name, tag and note try to reach the terminal and the spreadsheet."""
    store = open_store(tmp_path / "hostile")
    start = RunStart(
        run_id="dead" * 4,
        name="\x1b]0;owned\x07\x1b[31mred\u202e",
        experiment=HOSTILE,
        started_at=utc_now(),
        session=Session(session_id="s", started_at=utc_now()),
        tags=("@SUM(A1)", "\x9b31m"),
        note="-1+1\nsecond\rline\u2028",
        source="print('\x1b[2J')\r\n\x1b[31m",
    )
    journal = store.start_run(start)
    journal.log({"=metric": 1.0, "\x1b[1m": float("nan")}, step=None, time_s=1.0)
    journal.end(RunEnd(status="finished", ended_at=utc_now(), duration_s=1.0))

    def call(*words):
        code = main([*words, "--store", store.url])
        return code, capsys.readouterr().out

    return call


@pytest.mark.parametrize(
    "words",
    [
        ["runs", "--all"], ["show", "dead"], ["compare"], ["diff", "dead", "dead"], ["status"],
        ["curves", "\x1b[1m"], ["runs", "--json"], ["show", "dead", "--json"], ["runs", "--csv"],
        ["rename", "dead", "\x1b[2J"], ["tag", "dead", "+\x1b[2J"], ["rm", "dead"],
    ],
)  # fmt: skip
def test_no_control_character_reaches_the_terminal(hostile, words):
    code, out = hostile(*words)
    assert code == 0
    bad = [one for one in out if one != "\n" and not one.isprintable()]
    assert bad == []


def test_no_control_character_reaches_the_terminal_through_a_fault(aseptic):
    assert "\x1b" not in "".join(aseptic("show '\x1b[2J'")[1:])


def test_no_text_in_csv_is_a_formula(hostile):
    rows = list(csv.reader(io.StringIO(hostile("runs", "--csv")[1])))
    texts = [cell for row in rows for cell in row]
    assert f"'{HOSTILE}" in texts
    assert [cell for cell in texts if cell.startswith(("=", "+", "-", "@", "\t", "\r"))] == []


def test_nan_is_null_in_json(hostile):
    assert json.loads(hostile("runs", "--json")[1])[0]["metrics"]["\x1b[1m"] is None


def shell(*words, env=None, **options):
    return subprocess.run(
        [sys.executable, "-m", "aseptic", *words],
        capture_output=True,
        text=True,
        env={**os.environ, **(env or {})},
        timeout=60,
        **options,
    )


def test_python_m_aseptic_is_the_command(store):
    done = shell("runs", "-n", "1", "--store", store.url)
    assert (done.returncode, done.stderr) == (0, "")
    assert "new-leaf" in done.stdout


def test_a_reader_that_stops_reading_is_no_fault(store):
    command = f"{sys.executable} -m aseptic runs --store {store.url} | true"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=60)
    assert done.stderr == ""


def test_a_terminal_that_knows_only_ascii_gets_the_table_all_the_same(store):
    done = shell("runs", "--store", store.url, env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})
    assert (done.returncode, done.stderr) == (0, "")
    assert "calm-otter" in done.stdout


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_each_shell_has_a_completion_script_that_asks_this_command(aseptic, name):
    code, out, _ = aseptic(f"completion {name}")
    assert code == 0
    assert "aseptic --complete" in out


def test_an_unknown_shell_is_told_which_there_are(aseptic):
    assert "bash, zsh, fish" in aseptic("completion tcsh")[2]


def test_a_shell_completes_words_options_and_runs(aseptic):
    assert aseptic("--complete comp")[1].split() == ["compare", "completion"]
    assert aseptic("--complete runs --")[1].split() == [
        "--experiment", "--limit", "--sort", "--trashed", "--all", "--help", "--store", "--json",
        "--csv",
    ]  # fmt: skip
    assert aseptic("--complete show calm")[1].split() == ["calm-otter"]


def test_a_name_that_a_shell_would_run_is_not_offered(aseptic):
    aseptic("rename calm-otter 'calm-$(reboot)'")
    assert aseptic("--complete show calm")[1].split() == []


def test_completion_without_a_store_still_knows_the_commands(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("ASEPTIC_STORE", str(tmp_path / "none"))
    assert main(["--complete", "sho"]) == 0
    assert capsys.readouterr().out == "show\n"
