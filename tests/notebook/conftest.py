"""A real IPython shell in a folder of its own."""

import subprocess

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

import aseptic
from aseptic.notebook import loading


class Shell:
    """An IPython shell without history on disk, and what a test asks of it."""

    def __init__(self):
        config = Config()
        config.HistoryManager.enabled = False
        self.ip = InteractiveShell(config=config)
        self.run("%load_ext aseptic")

    def run(self, cell, **kwargs):
        return self.ip.run_cell(cell, store_history=True, **kwargs)

    @property
    def names(self):
        return self.ip.user_ns

    def last(self):
        """The newest run, whole."""
        return aseptic.get_run(aseptic.runs().run_id[0])

    def extension(self):
        return loading._loaded[id(self.ip)]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A git repository with one commit; the current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ASEPTIC_STORE", raising=False)
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / ".ipython"))
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run(["git", "init", "-q", "-b", "main"], check=True)
    (tmp_path / ".gitignore").write_text(".ipython\n")
    subprocess.run(["git", "add", "."], check=True)
    subprocess.run(["git", *who, "commit", "-qm", "start"], check=True)
    return tmp_path


@pytest.fixture
def new_shell(folder):
    """Makes shells with the extension loaded, and unloads it at the end."""
    made = []

    def make():
        made.append(Shell())
        return made[-1]

    yield make
    for shell in made:
        shell.run("%unload_ext aseptic")


@pytest.fixture
def shell(new_shell):
    return new_shell()
