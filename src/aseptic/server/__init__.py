"""The Jupyter server extension: what a browser may ask without a kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "aseptic.server"}]


def _load_jupyter_server_extension(server: ServerApp) -> None:
    from aseptic.server.configuration import AsepticServer
    from aseptic.server.handlers import Service, add_handlers
    from aseptic.server.places import Places

    roots = AsepticServer(parent=server).roots
    add_handlers(server.web_app, Service(Places.of(server.root_dir, roots)))
