"""The words of `aseptic run`."""

from __future__ import annotations

import pytest

from aseptic.batch.job import job_of, read_params, value_of
from aseptic.commands import COMMANDS
from aseptic.completion import complete
from aseptic.errors import BadOption
from aseptic.grammar import parse


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("10", 10),
        ("0.1", 0.1),
        ("1e-3", 0.001),
        ("-5", -5),
        ("True", True),
        ("true", True),
        ("false", False),
        ("null", None),
        ("adam", "adam"),
        ("'10'", "10"),
        ("[1, 2]", [1, 2]),
        ("a=b", "a=b"),
        ("", ""),
        ("2026-01-31", "2026-01-31"),
        ("2026-11-24", "2026-11-24"),
    ],
)
def test_a_value_is_read_as_a_person_means_it(text, value):
    found = value_of(text)
    assert (found, type(found)) == (value, type(value))


def test_params_of_the_command_line_go_before_those_of_files(tmp_path):
    first, second = tmp_path / "a.yaml", tmp_path / "b.json"
    first.write_text("C: 1\nkernel: rbf\n")
    second.write_text('{"C": 2, "seed": 7}')
    found = read_params(["C=3"], [str(first), str(second)])
    assert found == {"C": 3, "kernel": "rbf", "seed": 7}


@pytest.mark.parametrize("text", ["- 1\n- 2\n", "C: [1\n", "1: 2\n"])
def test_a_file_that_holds_no_params_is_refused(tmp_path, text):
    file = tmp_path / "params.yaml"
    file.write_text(text)
    with pytest.raises(BadOption, match="params"):
        read_params([], [str(file)])


@pytest.mark.parametrize(
    ("line", "target", "output", "arguments"),
    [
        (["train.ipynb", "out.ipynb"], "train.ipynb", "out.ipynb", []),
        (["train.py", "--", "-p", "x", "--lr=1"], "train.py", None, ["-p", "x", "--lr=1"]),
        (["-p", "C=1", "train.py", "--quiet", "--"], "train.py", None, []),
    ],
)
def test_what_stands_after_two_dashes_is_the_scripts(line, target, output, arguments):
    call = parse(["run", *line], COMMANDS)
    found = call.arguments
    assert (found["target"], found["output"], found["argument"]) == (target, output, arguments)


def test_a_script_takes_no_second_file():
    with pytest.raises(BadOption, match="goes after `--`"):
        job_of("train.py", "out.ipynb")


def test_lists_may_have_commas():
    job = job_of("train.py", None, ignore=["D10,D2", "H03"], stop_on=["divergence, error"])
    assert job.ignore == ("D10", "D2", "H03")
    assert job.stop_on == ("divergence", "error")
    assert [job.is_ignored(code) for code in ("D10", "D21", "D11")] == [True, True, False]


def test_files_are_completed_as_the_shell_would(tmp_path, monkeypatch):
    (tmp_path / "jobs").mkdir()
    for name in ("train.ipynb", "train.py", ".hidden.py", "jobs/nightly.py"):
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    assert complete(["run", "tr"], COMMANDS, None) == ["train.ipynb", "train.py"]
    assert complete(["run", ""], COMMANDS, None) == ["jobs/", "train.ipynb", "train.py"]
    assert complete(["run", "jobs/"], COMMANDS, None) == ["jobs/nightly.py"]
    assert complete(["run", f"{tmp_path}/jo"], COMMANDS, None) == [f"{tmp_path}/jobs/"]
    assert complete(["run", "train.ipynb", "--report", "absent/"], COMMANDS, None) == []


def test_options_and_checks_are_completed():
    assert "--stop-on" in complete(["run", "--st"], COMMANDS, None)
    assert "D15" in complete(["run", "train.ipynb", "--stop-on", "D1"], COMMANDS, None)
