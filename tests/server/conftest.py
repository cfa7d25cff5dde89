"""A real Jupyter server with the extension, apart from whatever the user has."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from aseptic.store import open_store
from aseptic.store.sqlite import SqliteStore

JUPYTER_FOLDERS = ("JUPYTER_DATA_DIR", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR")


class Server:
    """A Jupyter server on loopback, its root folder `work`, and a client that may ask it."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.root = folder / "work"
        self.root.mkdir(parents=True, exist_ok=True)
        self.token = secrets.token_hex(16)
        self.port = _free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.log = folder / "server.log"
        environment = {**os.environ, **{name: str(folder / name) for name in JUPYTER_FOLDERS}}
        environment.pop("ASEPTIC_STORE", None)
        command = [
            sys.executable, "-m", "jupyter", "server", "--allow-root", "--no-browser",
            "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={self.port}",
            "--ServerApp.port_retries=0", f"--IdentityProvider.token={self.token}",
            f"--ServerApp.root_dir={self.root}",
            "--ServerApp.jpserver_extensions=aseptic.server=True", *options,
        ]  # fmt: skip
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                command, env=environment, cwd=self.root, stdout=log, stderr=subprocess.STDOUT
            )
        self.http = httpx.Client(
            base_url=f"{self.base}/aseptic/api/",
            headers={"Authorization": f"token {self.token}"},
            timeout=30,
        )
        self._wait()

    def store(self, folder: str = ".") -> SqliteStore:
        """The store of a folder, as a kernel there would open it."""
        store = open_store(self.root / folder / ".aseptic")
        assert isinstance(store, SqliteStore)
        return store

    def get(self, path: str, **params: Any) -> Any:
        """The JSON that is answered, which must be well."""
        reply = self.http.get(path, params=params)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def post(self, path: str, body: Any = None, *, expect: int = 200, **params: Any) -> Any:
        """The JSON that is answered to a JSON body."""
        reply = self.http.post(path, params=params, content=json.dumps(body))
        assert reply.status_code == expect, reply.text
        return reply.json()

    def patch(self, path: str, body: Any, **params: Any) -> Any:
        """The JSON that is answered to a change of one thing."""
        reply = self.http.patch(path, params=params, content=json.dumps(body))
        assert reply.status_code == 200, reply.text
        return reply.json()

    def stop(self) -> None:
        """Ends the server."""
        self.http.close()
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()

    def _wait(self) -> None:
        for _ in range(600):
            if self.process.poll() is not None:
                break
            try:
                if self.http.get("status").status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        raise RuntimeError(f"Jupyter did not start: {self.log.read_text()[-3000:]}")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture(scope="module")
def start_server(tmp_path_factory):
    """Starts servers that end with the module: each takes seconds to be there."""
    started = []

    def start(*options: str, config: str = "") -> Server:
        folder = tmp_path_factory.mktemp("server")
        if config:
            (folder / "config.py").write_text(config)
            options = (*options, f"--config={folder / 'config.py'}")
        started.append(Server(folder, *options))
        return started[-1]

    yield start
    for one in started:
        one.stop()


@pytest.fixture(scope="module")
def server(start_server):
    return start_server()


@pytest.fixture
def project(server, request):
    """The name of a fresh folder under the server's root, a project of its own."""
    name = f"project-{secrets.token_hex(4)}"
    (server.root / name / ".aseptic").mkdir(parents=True)
    return name
