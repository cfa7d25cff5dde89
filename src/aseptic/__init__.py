"""aseptic: experiment hygiene for Jupyter. These are its public names."""

from aseptic.api import (
    check,
    compare,
    curves,
    diff,
    digest,
    get_run,
    history,
    load_ipython_extension,
    open_store,
    roles,
    runs,
    unload_ipython_extension,
    watch,
)
from aseptic.errors import AsepticError
from aseptic.scripts import track
from aseptic.tracking import log, log_artifact, log_params
from aseptic.upstream import artifact
from aseptic.version import __version__

__all__ = [
    "AsepticError",
    "__version__",
    "artifact",
    "check",
    "compare",
    "curves",
    "diff",
    "digest",
    "get_run",
    "history",
    "load_ipython_extension",
    "log",
    "log_artifact",
    "log_params",
    "open_store",
    "roles",
    "runs",
    "track",
    "unload_ipython_extension",
    "watch",
]
