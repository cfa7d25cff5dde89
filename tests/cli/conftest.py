"""A store with runs that are the same in every test, down to their ids and times."""

from __future__ import annotations

import shlex
import shutil
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from aseptic.cli.main import main
from aseptic.model import DataInput, GitState, Origin, Param, ParamUse
from aseptic.store import open_store
from aseptic.store.base import Store
from aseptic.testing import record_run

NOON = datetime(2026, 1, 31, 12, tzinfo=timezone.utc)
GIT = GitState(commit="3f2c1d9" + "0" * 33, branch="main", is_dirty=False)


def assigned(**values: Any) -> dict[str, Param]:
    """Params that were assigned in the cell."""
    origin = Origin(how="assigned", cell=3, line=1)
    return {
        name: Param(name=name, uses=(ParamUse(value=value, origin=origin),))
        for name, value in values.items()
    }


def record(store: Store, run_id: str, name: str, *, minute: int = 0, **fields: Any) -> None:
    """Records one run that took two seconds, so many minutes after noon."""
    fields = {"experiment": "digits", "notebook": "digits.ipynb", **fields}
    record_run(
        store,
        run_id=run_id.ljust(16, "0"),
        name=name,
        started_at=NOON + timedelta(minutes=minute),
        duration_s=2.0,
        data_inputs={
            "X": DataInput(name="X", kind="array", digest="a41f" * 16, shape=(1797, 64)),
        },
        git=GIT,
        **fields,
    )


@pytest.fixture
def store(recorded: Path, tmp_path: Path) -> Store:
    """Three runs of `digits` and one of `net`, the test's own copy."""
    shutil.copytree(recorded, tmp_path / "lab")
    return open_store(tmp_path / "lab" / ".aseptic")


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the store, recorded once."""
    folder = tmp_path_factory.mktemp("recorded")
    made = open_store(folder / ".aseptic")
    record(
        made, "ca10", "calm-otter",
        params=assigned(C=1.0, gamma=0.001), metrics={"acc": 0.9861},
        source="C = 1.0\nclf = SVC(C=C, gamma=0.001).fit(X, y)",
    )  # fmt: skip
    record(
        made, "b415", "brisk-heron",
        params=assigned(C=10.0, gamma=0.001), metrics={"acc": 0.9917}, tags=("final",), minute=4,
        source="C = 10.0\nclf = SVC(C=C, gamma=0.001, shrinking=False).fit(X, y)",
    )  # fmt: skip
    record(
        made, "91a1", "plain-wren",
        params=assigned(trees=100), metrics={"acc": 0.9694}, minute=9, status="failed",
        source="clf = RandomForestClassifier(100).fit(X, y)",
    )  # fmt: skip
    record(
        made, "0eed", "new-leaf", experiment="net",
        params=assigned(lr=0.1), series={"val_loss": [1.0, 0.5, 0.25, 0.125]}, minute=15,
    )  # fmt: skip
    made.fold()
    return folder


@pytest.fixture
def aseptic(store: Store, capsys: pytest.CaptureFixture[str], monkeypatch: Any):
    """Calls the shell command; returns exit code, stdout and stderr."""
    monkeypatch.setenv("ASEPTIC_STORE", store.url)

    def call(line: str) -> tuple[int, str, str]:
        code = main(shlex.split(line))
        said = capsys.readouterr()
        return code, said.out, said.err

    return call
