"""What a project may say about checks."""

from __future__ import annotations

from pathlib import Path

import pytest

from aseptic.checks.discovery import load_checks
from aseptic.checks.settings import CheckSettings, load_check_settings
from aseptic.errors import BadOption

CHECKS = load_checks()


def write(folder: Path, text: str) -> None:
    (folder / ".git").mkdir(exist_ok=True)
    (folder / "pyproject.toml").write_text(text)


def test_without_settings_all_checks_run(tmp_path: Path):
    write(tmp_path, "")
    settings, _ = load_check_settings(tmp_path)
    assert settings == CheckSettings()
    assert settings.chosen(CHECKS) == list(CHECKS.values())


def test_codes_are_chosen_by_their_beginning_and_ignored(tmp_path: Path):
    write(tmp_path, '[tool.aseptic.checks]\nselect = ["D"]\nignore = ["D15"]')
    settings, _ = load_check_settings(tmp_path)
    chosen = [check.code for check in settings.chosen(CHECKS)]
    assert "D15" not in chosen
    assert all(code.startswith("D") for code in chosen)


def test_an_experiment_has_settings_of_its_own_over_the_projects(tmp_path: Path):
    write(
        tmp_path,
        """
        [tool.aseptic.checks]
        ignore = ["D01"]
        severity = { D15 = "warning" }
        [tool.aseptic.checks.D15]
        share = 0.1
        rows = 5
        [tool.aseptic.checks.experiments.digits]
        ignore = ["D15"]
        [tool.aseptic.checks.experiments.digits.D15]
        share = 0.2
        """,
    )
    digits, _ = load_check_settings(tmp_path, experiment="digits")
    other, _ = load_check_settings(tmp_path, experiment="other")
    assert digits.ignore == ("D01", "D15")
    assert digits.thresholds == {"D15": {"share": 0.2, "rows": 5}}
    assert other.thresholds == {"D15": {"share": 0.1, "rows": 5}}
    assert other.severity == {"D15": "warning"}


def test_the_nearest_file_that_speaks_of_checks_counts(tmp_path: Path):
    write(tmp_path, '[tool.aseptic.checks]\nignore = ["D15"]\n[tool.aseptic.deploy]\nrate = 5')
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "pyproject.toml").write_text('[tool.aseptic]\nstore = "elsewhere"')
    settings, table = load_check_settings(inner)
    assert settings.ignore == ("D15",)
    assert table["deploy"] == {"rate": 5}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[tool.aseptic.checks]\nselct = ["D"]', "no setting selct"),
        ('[tool.aseptic.checks]\nselect = "D15"', "list of texts"),
        ('[tool.aseptic.checks]\nbudget_s = "long"', "a number of seconds"),
        ('[tool.aseptic.checks]\nseverity = { D15 = "fatal" }', "'fatal' is none of"),
    ],
)
def test_what_it_does_not_know_is_refused(tmp_path: Path, text: str, said: str):
    write(tmp_path, text)
    with pytest.raises(BadOption, match=said):
        load_check_settings(tmp_path)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (CheckSettings(ignore=("Z99",)), "no check 'Z99'"),
        (CheckSettings(thresholds={"D15": {"shares": 1}}), "no threshold shares: it has share"),
    ],
)
def test_codes_and_thresholds_that_do_not_exist_are_refused(settings: CheckSettings, said: str):
    with pytest.raises(BadOption, match=said):
        settings.chosen(CHECKS)


def test_files_of_the_project_add_checks_of_their_own(tmp_path: Path):
    write(tmp_path, '[tool.aseptic.checks]\nfiles = ["hygiene/*.py"]')
    (tmp_path / "hygiene").mkdir()
    (tmp_path / "hygiene" / "ours.py").write_text(
        '''
from aseptic.checks import check

@check("X01", severity="info", needs=("train",))
def too_wide(run, *, columns=3):
    """The table is wide."""
    if len(run.train.columns) > columns:
        yield run.finding(f"{len(run.train.columns)} columns", columns=columns)
'''
    )
    settings, _ = load_check_settings(tmp_path)
    checks = load_checks(settings.files)
    assert checks["X01"].name == "too-wide"
    assert checks["X01"].thresholds == {"columns": 3}


def test_a_file_that_cannot_be_loaded_is_named(tmp_path: Path):
    (tmp_path / "broken.py").write_text("import no_such_module")
    with pytest.raises(BadOption, match=r"broken\.py: ModuleNotFoundError"):
        load_checks([tmp_path / "broken.py"])


def test_two_checks_of_one_code_are_refused(tmp_path: Path):
    (tmp_path / "twice.py").write_text(
        'from aseptic.checks import check\n@check("D15")\ndef other(run):\n    "Other."\n    yield'
    )
    with pytest.raises(BadOption, match="two checks have the code D15"):
        load_checks([tmp_path / "twice.py"])
