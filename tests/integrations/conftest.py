"""Trainings of a few steps, on machines that are busy."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def look_at_each_step(monkeypatch):
    """No step is passed over to save time: what is logged must not depend on the machine."""
    torch_training = pytest.importorskip("aseptic.integrations.torch_training")
    monkeypatch.setattr(torch_training, "_FREE_S", 1e9)
