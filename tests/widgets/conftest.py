from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest


def _load(name: str):
    spec = importlib.util.spec_from_file_location(name, Path(__file__).parent / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def synthetic():
    """The module with the made-up store; a kernel in a browser test imports it too."""
    return _load("synthetic")


@pytest.fixture
def store(synthetic):
    return synthetic.SyntheticStore(12)
