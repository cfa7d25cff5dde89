"""Cells that train, in a real shell: seen without a line for it, and left as they were."""

from __future__ import annotations

import sys
import traceback

import pytest

torch = pytest.importorskip("torch")

SETUP = """
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset
torch.manual_seed(0)
X, y = torch.randn(64, 6), torch.randint(0, 2, (64,))
train_loader = DataLoader(TensorDataset(X, y), batch_size=16)
net = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 2))
optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
"""
TRAIN = """
for epoch in range(2):
    for xb, yb in train_loader:
        optimizer.zero_grad()
        loss = F.cross_entropy(net(xb), yb)
        loss.backward()
        optimizer.step()
"""


@pytest.fixture
def shell(new_shell, monkeypatch):
    from aseptic.integrations import torch_training

    monkeypatch.setattr(torch_training, "_FREE_S", 1e9)
    shell = new_shell()
    shell.run(SETUP)
    return shell


def problems(run):
    """Those of the run that are about its training."""
    return [one for one in run.problems if "front end" not in one.reason]


def hooks():
    return len(sys.modules["torch.optim.optimizer"]._global_optimizer_pre_hooks)


def test_a_tracked_cell_that_trains_has_its_curves(shell):
    assert shell.run("%%track\n" + TRAIN).success
    run = shell.last()
    assert run.metrics["loss"].count == 8
    assert run.metrics["train_loss"].count == 2
    assert "layer/2/update_ratio" in run.metrics
    assert not problems(run)


def test_the_last_loss_is_recorded_once(shell):
    shell.run("%%track\n" + TRAIN + "loss = loss.item()")
    run = shell.last()
    assert run.metrics["loss"].value == shell.names["loss"]
    assert run.metrics["loss"].count == 8
    assert not problems(run)


def test_a_cell_that_is_run_again_and_one_that_fails_leave_nothing(shell):
    for _ in range(3):
        shell.run("%%track\n" + TRAIN)
        assert shell.last().metrics["loss"].count == 8
    shell.run("%%track\n" + TRAIN + "1 / 0")
    assert shell.last().status == "failed"
    assert shell.last().metrics["loss"].count == 8
    assert hooks() == 0


def test_a_cell_without_a_run_is_not_watched(shell):
    shell.run(TRAIN)
    assert hooks() == 0


def test_a_loop_of_torch_is_a_run_by_itself_under_auto(shell):
    shell.run("%aseptic auto")
    shell.run(TRAIN)
    assert shell.last().metrics["loss"].count == 8


def test_the_traceback_of_a_failing_loss_has_no_frame_of_ours(shell, capsys):
    result = shell.run("%%track\nF.cross_entropy(net(X), y[:3])")
    assert "aseptic" not in capsys.readouterr().out.partition("Traceback")[2].partition("Error:")[0]
    files = [one.filename for one in traceback.extract_tb(result.error_in_exec.__traceback__)]
    assert not [name for name in files if "watched by aseptic" in name]


def test_a_series_that_the_cell_logs_is_the_cell_s(shell):
    shell.run("%%track\nimport aseptic\n" + TRAIN + "    aseptic.log(loss=loss, step=epoch)")
    run = shell.last()
    assert run.metrics["loss"].count == 2
    assert run.metrics["grad_norm"].count == 8
