"""The handlers under `/aseptic/api/`: each authenticated, and authorized as `aseptic`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import url_path_join
from tornado.web import authenticated

from aseptic.version import __version__

if TYPE_CHECKING:
    from tornado.web import Application


def add_handlers(app: Application, *, root: str) -> None:
    """Serves the API for the project in the folder that the server was started in."""
    base = url_path_join(app.settings["base_url"], "aseptic", "api")
    options: dict[str, Any] = {"project": Path(root).name}
    app.add_handlers(".*$", [(url_path_join(base, "status"), StatusHandler, options)])


class StatusHandler(APIHandler):
    """Says which aseptic answers, and for which project."""

    auth_resource = "aseptic"

    def initialize(self, project: str) -> None:
        """Takes the name of the project; never its path, which is nobody's business."""
        self.project = project

    @authenticated
    @authorized
    def get(self) -> None:
        """`{"version": "0.1.0", "project": "digits"}`."""
        self.finish({"version": __version__, "project": self.project})
