"""Runs the kinds of cell in fresh processes, in several variants, from a test."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from threading import Semaphore
from typing import Any

from .first_line import PLAIN_FIRST_LINE
from .kinds import Kind

HERE = Path(__file__).parent

# Imported before the forks, so that a kind costs milliseconds; a fresh process without any of
# this is another test.
_PRELOADED = """
    IPython.terminal.interactiveshell IPython.core.completer IPython.extensions.autoreload
    cProfile doctest timeit pdb sqlite3 multiprocessing.pool concurrent.futures.thread
    urllib.request numpy pandas pandas.io.sql matplotlib.pyplot matplotlib_inline.backend_inline
    IPython.lib.pretty sklearn.ensemble sklearn.linear_model sklearn.model_selection
    sklearn.base joblib cloudpickle torch torch.optim torch.utils.data requests pyarrow.parquet
    prompt_toolkit jedi tracemalloc
"""


@dataclass(frozen=True)
class Variant:
    """One way to run the same cells."""

    name: str
    extension: str | None = None
    first_line: str = PLAIN_FIRST_LINE
    environ: tuple[tuple[str, str], ...] = ()
    before: tuple[str, ...] = ()  # Python run after loading, with `shell` in reach
    unload: bool = True


PLAIN = Variant("plain")
LOADED = Variant("loaded", "aseptic")
TRACKED = Variant("tracked", "aseptic", "%%track --quiet")
CARDED = Variant("carded", "aseptic", "%%track")


class Project:
    """A folder under git with the files that cells use; a fresh copy for each run."""

    def __init__(self, root: Path) -> None:
        self._root, self._original = root, root / "original"
        notebooks = self._original / "notebooks"
        notebooks.mkdir(parents=True)
        for name, text in _FILES.items():
            (notebooks / name).write_text(text)
        git = ["git", "-c", "user.name=n", "-c", "user.email=e@example.org"]
        for command in (
            ["git", "init", "-q", "--template=", "-b", "main"],
            [*git, "add", "."],
            [*git, "commit", "-q", "-m", "Begin"],
        ):
            subprocess.run(command, cwd=self._original, check=True)
        (notebooks / "data.csv").write_text(_FILES["data.csv"] + "5,e\n")  # uncommitted

    def copy(self) -> Path:
        folder = self._root / uuid.uuid4().hex[:8]  # of one length: paths wrap alike
        shutil.copytree(self._original, folder)
        return folder

    def on_disk(self, folder: Path) -> dict[str, str]:
        """The files of a project that are not aseptic's own, by digest."""
        index, original = folder / ".git/index", self._original / ".git/index"
        digests = {
            str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()[:12]
            for path in sorted(folder.rglob("*"))
            if path.is_file() and not _is_aseptic_own(path.relative_to(folder).as_posix())
        }
        # git writes times into it: what counts is whether it was written at all
        is_touched = index.read_bytes() != original.read_bytes()
        return digests | {".git/index": "touched" if is_touched else "untouched"}


def _is_aseptic_own(path: str) -> bool:
    return path.startswith((".aseptic/", ".git/objects/", ".git/refs/aseptic/")) or (
        "__pycache__" in path
    )


_FILES = {
    "data.csv": "a,b\n1,x\n2,y\n",
    "script.py": "loaded_by_script = 'yes'\nprint('script runs', __name__)\n",
    "uses_namespace.py": "doubled = given * 2\n",
    "fails.py": "def f():\n    return 1 / 0\nf()\n",
    "module_x.py": (
        "import warnings\n"
        "def warns(): warnings.warn('from the module')\n"
        "def deprecated(): warnings.warn('old module', DeprecationWarning)\n"
    ),
    "prints_when_imported.py": "print('imported')\n",
    "reloaded_module.py": "def value():\n    return 1\n",
}


class Template:
    """A process from which kinds are forked."""

    def __init__(self, modules: list[str], *, environ: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, HERE / "template.py", *modules],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environ,
            cwd=HERE,
        )
        self._is_ready = False

    def ask(self, request: dict[str, Any]) -> None:
        assert self._process.stdin
        self._wait_until_ready()
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()

    def answer(self) -> dict[str, Any]:
        assert self._process.stdout
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def _wait_until_ready(self) -> None:
        if not self._is_ready:
            assert self._process.stdout
            assert self._process.stdout.readline() == "ready\n"
            self._is_ready = True

    def close(self) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()


class Driver:
    """Templates, and the projects that their children run in."""

    def __init__(self, root: Path, *, extension: str | None) -> None:
        self.project = Project(root / "projects")
        self._plain_runs: dict[str, dict[str, Any]] = {}  # by kind: they are run once
        self._home = root / "home"
        self._home.mkdir()
        environ = clean_environ(self._home)
        preloaded = _PRELOADED.split()
        # two processes: the two cores work at once, and aseptic is never imported in the plain one
        self._plain = Template(preloaded, environ=environ)
        self._loaded = Template(
            [*preloaded, "--", *modules_of(extension, environ)] if extension else preloaded,
            environ=environ,
        )

    def run(self, kind: Kind, *variants: Variant) -> list[dict[str, Any]]:
        """What the variants of a kind show, in order. Two run at once."""
        results = {PLAIN.name: self._plain_runs[kind.name]} if kind.name in self._plain_runs else {}
        waiting = {
            self._plain: [v for v in variants if not v.extension and v.name not in results],
            self._loaded: [v for v in variants if v.extension],
        }
        if not waiting[self._loaded] and len(waiting[self._plain]) > 1:  # plain against plain
            waiting[self._loaded] = waiting[self._plain][1:]
            del waiting[self._plain][1:]
        while any(waiting.values()):
            asked = []
            for template, left in waiting.items():
                if left:
                    variant = left.pop(0)
                    folder = self.project.copy()
                    template.ask(self._request(kind, variant, folder))
                    asked.append((template, variant, folder))
            for template, variant, folder in asked:
                answer = template.answer()
                answer["files"] = self.project.on_disk(folder)
                shutil.rmtree(folder)
                shutil.rmtree(folder.with_name(folder.name + "-streams"))
                results[variant.name] = answer
        if PLAIN.name in results:
            self._plain_runs[kind.name] = results[PLAIN.name]
        return [results[variant.name] for variant in variants]

    def _request(self, kind: Kind, variant: Variant, folder: Path) -> dict[str, Any]:
        scratch = folder.with_name(folder.name + "-streams")
        scratch.mkdir()
        return {
            "cells": [
                cell.source(first_line=variant.first_line, loaded=variant.extension is not None)
                for cell in kind.cells
            ],
            "extension": variant.extension,
            "before": list(variant.before),
            "stdin": list(kind.stdin),
            "folder": str(folder / "notebooks"),
            "scratch": str(scratch),
            "environ": dict(variant.environ),
            "timeout_s": 60,
            "unload": variant.unload,
        }

    def close(self) -> None:
        self._plain.close()
        self._loaded.close()


class Ahead:
    """Runs kinds before they are asked for, in the order in which they will be: on all cores."""

    def __init__(self, drivers: list[Driver], jobs: list[tuple[Kind, tuple[Variant, ...]]]) -> None:
        self._drivers: SimpleQueue[Driver] = SimpleQueue()
        for driver in drivers:
            self._drivers.put(driver)
        self._places = Semaphore(4 * len(drivers))  # how far ahead: results are large
        self._pool = ThreadPoolExecutor(len(drivers))
        self._coming = {
            (kind, variants): self._pool.submit(self._run_ahead, kind, variants)
            for kind, variants in jobs
        }

    def run(self, kind: Kind, *variants: Variant) -> list[dict[str, Any]]:
        coming = self._coming.pop((kind, variants), None)
        if coming is None:
            return self._run(kind, variants)
        try:
            return coming.result()
        finally:
            self._places.release()

    def _run_ahead(self, kind: Kind, variants: tuple[Variant, ...]) -> list[dict[str, Any]]:
        self._places.acquire()
        return self._run(kind, variants)

    def _run(self, kind: Kind, variants: tuple[Variant, ...]) -> list[dict[str, Any]]:
        driver = self._drivers.get()
        try:
            return driver.run(kind, *variants)
        finally:
            self._drivers.put(driver)

    def close(self) -> None:
        for coming in self._coming.values():
            coming.cancel()
        for _ in self._coming:
            self._places.release()
        self._pool.shutdown(cancel_futures=True)


def clean_environ(home: Path) -> dict[str, str]:
    """An environment in which nothing of the user's own settings is read."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in ("PATH", "LANG", "LC_ALL", "TMPDIR", "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
    }
    return kept | {
        "HOME": str(home),
        "IPYTHONDIR": str(home / "ipython"),
        "MPLCONFIGDIR": str(home / "matplotlib"),
        "JUPYTER_CONFIG_DIR": str(home / "jupyter"),
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": "1",
        "GIT_CONFIG_NOSYSTEM": "1",
    }


def modules_of(extension: str, environ: dict[str, str]) -> list[str]:
    """The modules that an extension imports to load and to track a cell."""
    script = f"""
import sys, os, tempfile
os.chdir(tempfile.mkdtemp())
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
before = set(sys.modules)
shell.run_line_magic("load_ext", {extension!r})
shell.run_cell("%%track --quiet\\nx = max(1, 2)")
print("MODULES", *(name for name in sys.modules if name not in before))
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        env=environ,
        cwd=HERE,
        check=False,
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("MODULES")]
    assert lines, f"the extension does not load:\n{done.stdout}\n{done.stderr}"
    return lines[0].split()[1:]
