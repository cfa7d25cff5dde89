import pytest

from aseptic.errors import BadOption
from aseptic.settings import Settings, load_settings


def test_the_store_lies_at_the_git_root(tmp_path):
    (tmp_path / ".git").mkdir()
    folder = tmp_path / "notebooks" / "deep"
    folder.mkdir(parents=True)
    assert load_settings(folder, environ={}) == Settings(
        project=tmp_path, store=str(tmp_path / ".aseptic")
    )


def test_a_worktree_whose_git_is_a_file_is_a_root_as_well(tmp_path):
    (tmp_path / ".git").write_text("gitdir: elsewhere\n")
    (tmp_path / "sub").mkdir()
    assert load_settings(tmp_path / "sub", environ={}).project == tmp_path


def test_without_git_the_store_lies_beside_the_notebook(tmp_path):
    assert load_settings(tmp_path, environ={}).store == str(tmp_path / ".aseptic")


def test_without_git_a_store_above_is_found(tmp_path):
    (tmp_path / ".aseptic").mkdir()
    (tmp_path / "sub").mkdir()
    assert load_settings(tmp_path / "sub", environ={}).project == tmp_path


def test_pyproject_names_another_store_relative_to_itself(tmp_path):
    (tmp_path / ".git").mkdir()
    (tmp_path / "sub").mkdir()
    (tmp_path / "pyproject.toml").write_text('[tool.aseptic]\nstore = "data/runs"\n')
    assert load_settings(tmp_path / "sub", environ={}).store == str(tmp_path / "data" / "runs")


def test_a_pyproject_outside_the_project_says_nothing(tmp_path):
    (tmp_path / "pyproject.toml").write_text('[tool.aseptic]\nstore = "outside"\n')
    project = tmp_path / "project"
    (project / ".git").mkdir(parents=True)
    assert load_settings(project, environ={}).store == str(project / ".aseptic")


def test_the_environment_comes_before_pyproject(tmp_path):
    (tmp_path / "pyproject.toml").write_text('[tool.aseptic]\nstore = "a"\n')
    found = load_settings(tmp_path, environ={"ASEPTIC_STORE": "b"})
    assert found.store == str(tmp_path / "b")
    url = {"ASEPTIC_STORE": "postgresql://host/db"}
    assert load_settings(tmp_path, environ=url).store == "postgresql://host/db"


def test_a_pyproject_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "pyproject.toml").write_text("[tool\n")
    with pytest.raises(BadOption, match=r"pyproject\.toml"):
        load_settings(tmp_path, environ={})
