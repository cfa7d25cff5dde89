"""What an administrator may say in `jupyter_server_config.py`."""

from __future__ import annotations

from traitlets import List, Unicode
from traitlets.config import Configurable


class AsepticServer(Configurable):
    """aseptic's part of the Jupyter server."""

    roots = List(
        Unicode(),
        help="Folders whose stores may be shown, besides the server's root folder and its project.",
    ).tag(config=True)
