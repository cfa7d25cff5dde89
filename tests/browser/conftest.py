"""A real JupyterLab and a real Chromium for the tests, apart from whatever the user has."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
LABEXTENSION = ROOT / "src" / "aseptic" / "labextension"
CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
JUPYTER_FOLDERS = (
    "JUPYTER_DATA_DIR",
    "JUPYTER_CONFIG_DIR",
    "JUPYTER_RUNTIME_DIR",
    "IPYTHONDIR",
    "JUPYTERLAB_SETTINGS_DIR",
    "JUPYTERLAB_WORKSPACES_DIR",
)
QUIET = {"checkForUpdates": False, "fetchNews": "false", "doNotDisturbMode": True}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests come last: once begun, Playwright's event loop runs in this thread."""
    here = [item for item in items if Path(__file__).parent in item.path.parents]
    for item in here:
        item.add_marker(pytest.mark.browser)
    items[:] = [item for item in items if item not in here] + here


@pytest.fixture(scope="session")
def chromium_path() -> str:
    found = (
        shutil.which(os.environ.get("CHROMIUM", ""))  # as tools/get_browser.sh
        or shutil.which("chromium")
        or shutil.which("chromium-browser")
        or shutil.which("google-chrome")
    )
    if found is None:
        message = "no Chromium on the PATH: the browser tests cannot run"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return found


@pytest.fixture(scope="session")
def screenshots() -> Path:
    """Where screenshots go: `ASEPTIC_SCREENSHOTS`, or a folder that is said at the end."""
    folder = Path(os.environ.get("ASEPTIC_SCREENSHOTS") or tempfile.mkdtemp(prefix="aseptic-"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


class Server:
    """A Jupyter server on loopback; `app` is "lab" or "notebook"."""

    def __init__(self, folder: Path, app: str = "lab") -> None:
        self.app = app
        self.root = folder / "work"
        self.token = secrets.token_hex(16)
        self.port = _free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.log = folder / "server.log"
        self._prepare(folder)
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                self._command(folder),
                env=self._environment(folder),
                cwd=self.root,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._wait()

    def url(self, notebook: str) -> str:
        if self.app == "notebook":
            return f"{self.base}/notebooks/{notebook}?token={self.token}"
        return f"{self.base}/lab/tree/{notebook}?reset&token={self.token}"

    def get(self, path: str, token: str | None = None) -> tuple[int, str]:
        headers = {"Authorization": f"token {token}"} if token else {}
        request = urllib.request.Request(f"{self.base}{path}", headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as reply:
                return reply.status, reply.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(errors="replace")

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()

    def _prepare(self, folder: Path) -> None:
        self.root.mkdir(parents=True)
        for name in JUPYTER_FOLDERS:
            (folder / name).mkdir()
        # the labextension as built here, whatever is installed
        (folder / "labextensions").mkdir()
        (folder / "labextensions" / "aseptic").symlink_to(LABEXTENSION)
        settings = folder / "JUPYTERLAB_SETTINGS_DIR" / "@jupyterlab" / "apputils-extension"
        settings.mkdir(parents=True)
        (settings / "notification.jupyterlab-settings").write_text(json.dumps(QUIET))

    def _environment(self, folder: Path) -> dict[str, str]:
        return {
            **os.environ,
            **{name: str(folder / name) for name in JUPYTER_FOLDERS},
            "PYTHONPATH": os.pathsep.join(
                filter(None, [str(ROOT / "tests" / "widgets"), os.environ.get("PYTHONPATH")])
            ),
        }

    def _command(self, folder: Path) -> list[str]:
        return [
            sys.executable, "-m", "jupyter", self.app, "--no-browser", "--allow-root",
            "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={self.port}",
            "--ServerApp.port_retries=0", f"--IdentityProvider.token={self.token}",
            f"--ServerApp.root_dir={self.root}",
            "--ServerApp.jpserver_extensions=aseptic.server=True",
            f"--LabServerApp.extra_labextensions_path={folder / 'labextensions'}",
            "--expose-app-in-browser", "--LabApp.news_url=", "--LabApp.extension_manager=readonly",
            "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        ]  # fmt: skip

    def _wait(self) -> None:
        for _ in range(600):
            if self.process.poll() is not None:
                raise RuntimeError(f"Jupyter ended: {self.log.read_text()[-2000:]}")
            try:
                if self.get("/api/status", self.token)[0] == 200:
                    return
            except OSError:
                pass
            time.sleep(0.1)
        raise RuntimeError(f"Jupyter did not start: {self.log.read_text()[-2000:]}")


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("lab"))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def notebook7(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("notebook7"), app="notebook")
    yield server
    server.stop()


@pytest.fixture(scope="session")
def browser(chromium_path):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=chromium_path, headless=True, args=CHROMIUM_ARGS
        )
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser):
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(30_000)
    yield page
    context.close()


class Notebook:
    """A notebook that is open in a browser."""

    def __init__(self, page, server: Server, name: str, cells: list[str]) -> None:
        self.page = page
        self.server = server
        self.path = server.root / name
        made = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(source) for source in cells],
            metadata={"kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)"}},
        )
        nbformat.write(made, self.path)
        self.open()

    def open(self) -> None:
        path = self.path.relative_to(self.server.root).as_posix()
        self.page.goto(self.server.url(path))
        self.page.wait_for_selector(".jp-NotebookPanel .jp-CodeCell")
        self.wait_idle()

    def wait_idle(self) -> None:
        """Until the kernel is connected and idle; before, keys that execute a cell are lost."""
        self.page.wait_for_function(
            """() => {
                const context = window.jupyterapp?.shell.currentWidget?.sessionContext;
                const kernel = context?.session?.kernel;
                return kernel?.connectionStatus === 'connected' && kernel.status === 'idle';
            }""",
            timeout=60_000,
        )

    def cell(self, i: int):
        return self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Cell").nth(i)

    def run(self, i: int, *, seconds: int = 60) -> None:
        """Executes a cell and waits for its end."""
        cell = self.cell(i)
        before = cell.locator(".jp-InputPrompt").first.inner_text()
        cell.locator(".cm-content").first.click()
        self.page.keyboard.press("Control+Enter")
        self.page.wait_for_function(
            r"([cell, before]) => { const text = cell.querySelector('.jp-InputPrompt').innerText;"
            r" return /\[\d+\]/.test(text) && text !== before; }",
            arg=[cell.element_handle(), before],
            timeout=seconds * 1000,
        )

    def output(self, i: int) -> str:
        return self.cell(i).locator(".jp-OutputArea").inner_text()

    def shut_down(self) -> None:
        """Ends the kernel, so that a test run does not gather them."""
        self.page.evaluate(
            "() => window.jupyterapp?.shell.currentWidget?.sessionContext?.shutdown()"
        )

    def save(self) -> None:
        self.page.keyboard.press("Escape")
        self.page.keyboard.press("Control+s")
        self.page.wait_for_timeout(800)


@pytest.fixture
def open_notebook(page, lab):
    """Makes a notebook of some cells and opens it in JupyterLab, or in another server."""
    names = iter(range(1000))

    def make(*cells: str, server: Server | None = None, name: str | None = None) -> Notebook:
        name = name or f"n{secrets.token_hex(3)}{next(names)}"
        opened.append(Notebook(page, server or lab, f"{name}.ipynb", list(cells)))
        return opened[-1]

    opened: list[Notebook] = []
    yield make
    for notebook in opened:
        notebook.shut_down()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
