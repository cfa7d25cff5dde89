"""P03: packages beside the files of the project."""

from __future__ import annotations

from pathlib import Path

from tests.checks.examples import judge

from aseptic.checks.rules.p03_unpinned_packages import unpinned_packages
from aseptic.model import Environment
from aseptic.testing import make_run

SOURCE = "import numpy as np\nfrom sklearn.svm import SVC\nimport aseptic, mine"
PACKAGES = {"aseptic": "0.1", "joblib": "1.4.0", "numpy": "2.1.0", "scikit-learn": "1.5.0"}


def found(folder: Path, *, depth: str = "asked", source: str = SOURCE) -> list[tuple[str, str]]:
    run = make_run(source=source, environment=Environment(packages=PACKAGES))
    report = judge(unpinned_packages, run=run, folder=folder, depth=depth)
    return [(finding.severity, finding.message) for finding in report.findings]


def test_a_lock_that_holds_what_was_used_is_clean(tmp_path: Path):
    named = "".join(
        f'[[package]]\nname = "{name}"\nversion = "{version}"\n'
        for name, version in PACKAGES.items()
    )
    (tmp_path / "uv.lock").write_text(named)
    assert found(tmp_path) == []


def test_another_version_than_the_file_asks_for_is_a_warning(tmp_path: Path):
    (tmp_path / "requirements.txt").write_text("numpy==1.26.4\nscikit-learn==1.5.0\njoblib<1")
    ((severity, message),) = found(tmp_path)
    assert severity == "warning"
    others = "joblib 1.4.0 (<1), numpy 2.1.0 (==1.26.4)"
    assert message == f"{others} are other versions than requirements.txt says"


def test_what_is_imported_and_not_named_is_a_warning_and_what_those_import_is_not(tmp_path: Path):
    (tmp_path / "requirements.txt").write_text("numpy==2.1.0")
    assert found(tmp_path) == [("warning", "scikit-learn is imported and not in requirements.txt")]


def test_names_without_versions_are_information(tmp_path: Path):
    (tmp_path / "requirements.txt").write_text("numpy\nscikit-learn>=1.3")
    ((severity, message),) = found(tmp_path)
    assert severity == "info"
    assert message.startswith("numpy, scikit-learn have no fixed version in requirements.txt")


def test_a_folder_without_files_is_said_when_asked_and_not_after_each_cell(tmp_path: Path):
    ((severity, message),) = found(tmp_path)
    assert severity == "info"
    assert "4 packages" in message
    assert found(tmp_path, depth="automatic") == []


def test_a_run_without_packages_or_of_no_python_is_no_fault(tmp_path: Path):
    (outcome,) = judge(unpinned_packages, run=make_run(), folder=tmp_path).outcomes
    assert outcome.outcome == "not applicable"
    (tmp_path / "requirements.txt").write_text("numpy==2.1.0")
    assert found(tmp_path, source="no Python at all") == []
