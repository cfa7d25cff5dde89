"""The process that executes a script: `python -m aseptic.batch.child SCRIPT [ARGUMENT …]`.

The script runs as the module `__main__`, as `python SCRIPT` would run it, within one run, unless
it opens runs itself with `aseptic.track`. SIGTERM and SIGINT interrupt it once, so that the run
ends with all its points.
"""

from __future__ import annotations

import ast
import json
import os
import signal
import sys
import threading
import time
import traceback
import types
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aseptic.batch.script import CHILD_VARIABLE
from aseptic.scripts import track

if TYPE_CHECKING:
    from collections.abc import Iterator


def main(path: str, arguments: list[str]) -> None:
    """Executes the script. Raises what it raises, and SystemExit with 1 after its traceback."""
    asked = json.loads(os.environ.pop(CHILD_VARIABLE, "{}"))
    _interrupt_once()
    _end_with(os.getppid())
    source = Path(path).read_bytes()
    module = _as_main(path, arguments)
    run = track(experiment=asked.get("experiment"), params=asked.get("params"))
    try:
        code = compile(source, path, "exec", dont_inherit=True)
        if tracks_itself(source):
            exec(code, module.__dict__)  # noqa: S102 -- this is what the process is for
        else:
            with run:
                exec(code, module.__dict__)  # noqa: S102 -- as above
    except SystemExit:
        raise
    except BaseException as error:  # noqa: BLE001 -- shown as Python would show it
        _show(error)
        raise SystemExit(130 if isinstance(error, KeyboardInterrupt) else 1) from None


def tracks_itself(source: bytes) -> bool:
    """Whether a script speaks of `aseptic.track`, or imports `track` from aseptic.

    Read from its source: what a module that it imports does is not seen, and its runs then lie
    within the run of the script.
    """
    tree = ast.parse(source)
    names = set(_names_of_aseptic(tree))
    return "track" in names or any(
        isinstance(node, ast.Attribute)
        and node.attr == "track"
        and isinstance(node.value, ast.Name)
        and node.value.id in names
        for node in ast.walk(tree)
    )


def _names_of_aseptic(tree: ast.AST) -> Iterator[str]:
    """The names that aseptic has in a script; "track" where that is imported, as whatever."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (one.asname or one.name for one in node.names if one.name == "aseptic")
        elif isinstance(node, ast.ImportFrom) and node.module == "aseptic":
            yield from ("track" for one in node.names if one.name in ("track", "*"))


def _as_main(path: str, arguments: list[str]) -> types.ModuleType:
    module = types.ModuleType("__main__")
    module.__dict__.update(__file__=path, __builtins__=__builtins__)
    sys.modules["__main__"] = module  # pickled classes and spawned processes find it there
    sys.argv = [path, *arguments]
    sys.path[0] = str(Path(path).parent)
    return module


def _show(error: BaseException) -> None:
    """The traceback without the frames of this module."""
    shown = error.__traceback__
    while shown is not None and shown.tb_frame.f_code.co_filename == __file__:
        shown = shown.tb_next
    sys.stderr.flush()
    traceback.print_exception(type(error), error.with_traceback(shown), shown)


def _interrupt_once() -> None:
    """The first SIGINT or SIGTERM is a KeyboardInterrupt; later ones would break the ending."""
    is_ending = False

    def interrupt(_number: int, _frame: Any) -> None:
        nonlocal is_ending
        if not is_ending:
            is_ending = True
            raise KeyboardInterrupt

    signal.signal(signal.SIGINT, interrupt)
    signal.signal(signal.SIGTERM, interrupt)


def _end_with(parent: int) -> None:
    """Interrupts the script when the process that started it is killed: nobody waits for it."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1.0)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=watch, name="aseptic-parent", daemon=True).start()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
