"""What the files of a project say about versions."""

from __future__ import annotations

from pathlib import Path

import pytest

from aseptic.checks.requirements import read_requirements

UV = '[[package]]\nname = "NumPy"\nversion = "2.1.0"\n\n[[package]]\nname = "local"\n'


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("uv.lock", UV),
        ("poetry.lock", UV),
        ("pylock.toml", '[[packages]]\nname = "numpy"\nversion = "2.1.0"\n'),
        ("Pipfile.lock", '{"default": {"numpy": {"version": "==2.1.0"}}}'),
        ("conda-lock.yml", "package:\n- name: numpy\n  version: 2.1.0\n  manager: conda\n"),
        ("requirements.txt", "# all\n-r other.txt\nnumpy==2.1.0 \\\n    --hash=sha256:ab  # why\n"),
        ("requirements-dev.txt", 'numpy[extra]==2.1.0; python_version > "3"\n'),
        ("pyproject.toml", '[project]\nname = "a"\ndependencies = ["numpy==2.1.0"]\n'),
        ("pyproject.toml", '[tool.poetry.dependencies]\npython = "^3.10"\nnumpy = "2.1.0"\n'),
        ("environment.yml", "name: a\ndependencies:\n  - python=3.11\n  - numpy=2.1.0=h1_0\n"),
        ("environment.yml", "dependencies:\n  - pip:\n    - numpy==2.1.0\n"),
    ],
)
def test_a_version_is_read_of_every_kind_of_file(tmp_path: Path, file: str, text: str):
    (tmp_path / file).write_text(text)
    found = read_requirements(tmp_path)
    assert found is not None
    assert found.file == file
    assert found.allows("numpy", "2.1.0")
    assert not found.allows("NumPy", "1.26.4")
    assert found.names("numpy")
    assert found.is_fixed("numpy")
    assert not found.names("pandas")


def test_a_range_is_not_fixed_and_two_files_must_both_allow(tmp_path: Path):
    (tmp_path / "requirements.txt").write_text("numpy>=1.24\nscikit_learn\n")
    (tmp_path / "pyproject.toml").write_text('[project]\ndependencies = ["numpy<2"]\n')
    found = read_requirements(tmp_path)
    assert found is not None
    assert found.file == "requirements.txt and pyproject.toml"
    assert found.allows("numpy", "1.26")
    assert not found.allows("numpy", "2.0")
    assert not found.is_fixed("numpy")
    assert found.names("scikit-learn")
    assert found.allows("scikit-learn", "1.7.dev0+local")


def test_a_lock_goes_before_what_it_was_made_from(tmp_path: Path):
    (tmp_path / "uv.lock").write_text(UV)
    (tmp_path / "pyproject.toml").write_text('[project]\ndependencies = ["numpy"]\n')
    found = read_requirements(tmp_path)
    assert found is not None
    assert found.is_lock


def test_conda_fixes_the_beginning_of_a_version(tmp_path: Path):
    (tmp_path / "environment.yml").write_text("dependencies:\n  - conda-forge::numpy=2.1\n")
    found = read_requirements(tmp_path)
    assert found is not None
    assert found.allows("numpy", "2.1.3")
    assert not found.allows("numpy", "2.2.0")


@pytest.mark.parametrize("text", ["{", "", "\x00\x01", "[[package]]\nname = 3", "package = 7"])
def test_files_that_cannot_be_read_are_passed_over(tmp_path: Path, text: str):
    for name in ("uv.lock", "Pipfile.lock", "pyproject.toml", "environment.yml", "conda-lock.yml"):
        (tmp_path / name).write_text(text)
    (tmp_path / "requirements.txt").mkdir()
    assert read_requirements(tmp_path) is None


def test_a_folder_without_such_files_says_nothing(tmp_path: Path):
    assert read_requirements(tmp_path) is None
    assert read_requirements(tmp_path / "nowhere") is None
