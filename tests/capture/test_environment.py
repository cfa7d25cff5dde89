"""What `capture.environment` promises."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import random
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from aseptic.capture.environment import (
    apply_seed,
    imported_packages,
    random_states,
    read_environment,
)


def test_python_and_the_machine_are_named():
    env = read_environment()
    assert env.python == platform.python_version()
    assert env.cpu_count == os.cpu_count()
    assert env.cpu
    assert env.memory_bytes is not None
    assert env.memory_bytes > 2**20


def test_imported_packages_go_by_their_distributions_names():
    import sklearn
    import yaml  # a module that is not called as its distribution

    packages = imported_packages(["numpy.linalg", "sklearn", "yaml", "json", "no_such_module"])
    assert packages == {
        "numpy": np.__version__,
        "scikit-learn": sklearn.__version__,
        "pyyaml": yaml.__version__,
    }


def test_no_package_is_listed_that_the_session_did_not_import():
    code = "from aseptic.capture.environment import *; print(sorted(imported_packages()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert "scikit-learn" not in done.stdout
    assert "psutil" in done.stdout


def test_versions_agree_with_importlib_metadata():
    import pandas  # noqa: F401 - one more to compare

    for name, version in imported_packages().items():
        if name != "aseptic":
            assert importlib.metadata.version(name) == version, name


def test_a_modules_own_version_counts_only_where_it_may_have_been_upgraded(tmp_path: Path):
    code = """
import os, sys, time
sys.path.insert(0, os.getcwd())
import small
from aseptic.capture.environment import _find_package
print(*_find_package("small", small))
time.sleep(2)
os.rename("small-1.0.post1.dist-info", "small-2.0.dist-info")  # as an upgrade leaves it
print(*_find_package("small", small))
"""
    (tmp_path / "small.py").write_text('__version__ = "1.0"')
    (tmp_path / "small-1.0.post1.dist-info").mkdir()
    time.sleep(2)  # the start of a process is known to a second
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, check=True, text=True
    )
    assert done.stdout.split() == ["small", "1.0.post1", "small", "1.0"]


def test_a_package_installed_in_the_session_is_found(tmp_path: Path):
    from aseptic.capture.environment import _find_package

    def find_fresh():
        module = SimpleNamespace(__file__=str(tmp_path / "fresh.py"))
        return _find_package("fresh", module)

    assert find_fresh() is None
    time.sleep(0.01)
    (tmp_path / "fresh.py").touch()
    (tmp_path / "fresh-3.1.dist-info").mkdir()
    assert find_fresh() == ("fresh", "3.1")


def test_states_differ_after_a_draw_and_are_not_changed_by_looking():
    random.seed(1)
    np.random.seed(1)
    before = random_states()
    assert random_states() == before
    assert random.random() == random.Random(1).random()
    np.random.rand()
    after = random_states()
    assert before["random"] != after["random"]
    assert before["numpy"] != after["numpy"]


def test_a_seed_makes_the_same_numbers_come():
    assert set(apply_seed(7)) >= {"random", "numpy"}
    first = random.random(), np.random.rand(), random_states()
    apply_seed(7)
    assert (random.random(), np.random.rand(), random_states()) == first


def test_a_seed_of_more_than_32_bits_is_taken():
    apply_seed(2**40 + 1)
    apply_seed(-3)


def test_cuda_is_not_initialised_to_name_a_gpu(monkeypatch: pytest.MonkeyPatch):
    def fail() -> int:
        raise AssertionError("this would initialise CUDA")

    cuda = SimpleNamespace(is_initialized=lambda: False, device_count=fail)
    monkeypatch.setitem(sys.modules, "torch.cuda", cuda)
    assert read_environment().gpus == ()


def test_an_initialised_gpu_is_named(monkeypatch: pytest.MonkeyPatch):
    cuda = SimpleNamespace(
        is_initialized=lambda: True, device_count=lambda: 1, get_device_name=lambda index: "A100"
    )
    monkeypatch.setitem(sys.modules, "torch.cuda", cuda)
    assert read_environment().gpus == ("A100",)


def test_reading_again_is_quick():
    read_environment()
    times = []
    for _ in range(20):
        started = time.perf_counter()
        read_environment()
        times.append(time.perf_counter() - started)
    assert sorted(times)[10] < 0.02  # 1 ms on an idle machine
