"""What can be seen of a process that runs cells, as plain values that can be compared.

It runs inside the process under test, so it imports nothing that is not there already, calls no
method of a user's object, and keeps none alive.
"""

from __future__ import annotations

import builtins
import gc
import hashlib
import logging
import os
import re
import signal
import sys
import threading
import warnings
from pathlib import Path
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_PLAIN_TYPES = (int, float, complex, str, bytes, bool, type(None), type(...))
_CONTAINERS = (list, tuple, set, frozenset, dict)

# Modules whose functions a tracker might patch, if they are imported.
_PATCHABLE = """
    asyncio asyncio.events atexit builtins codecs contextlib contextvars copy csv gc gzip
    hashlib importlib inspect io json linecache logging marshal math multiprocessing
    multiprocessing.process os os.path pathlib pickle posix random shutil signal site socket
    sqlite3 subprocess sys tempfile threading time tokenize traceback types urllib.request
    warnings weakref _io IPython.core.compilerop IPython.core.display_functions
    IPython.core.displayhook IPython.core.displaypub IPython.core.events IPython.core.history
    IPython.core.inputtransformer2 IPython.core.interactiveshell IPython.core.magic
    IPython.core.ultratb IPython.display ipykernel.ipkernel ipykernel.iostream
    ipykernel.kernelbase ipykernel.zmqshell matplotlib matplotlib.figure matplotlib.pyplot
    matplotlib_inline.backend_inline numpy numpy.lib.npyio numpy.random numpy.random.mtrand
    pandas pandas.core.frame pandas.core.series pandas.io.parsers pandas.io.parsers.readers
    pandas.io.common pandas.io.sql pyarrow.parquet sklearn.base sklearn.model_selection
    sklearn.pipeline sklearn.utils.validation joblib.parallel torch torch.nn torch.optim
    torch.serialization torch.utils.data requests.sessions
"""


project = "no project yet"  # the folder of the project, which is another in each run


class Baseline:
    """What the patchable modules held before aseptic came; says later what was replaced."""

    def __init__(self) -> None:
        self._members: list[tuple[str, Mapping[str, Any], str, Any]] = []
        for name in _PATCHABLE.split():
            module = sys.modules.get(name)
            if isinstance(module, ModuleType):
                self._add(name, vars(module))

    def _add(self, owner: str, members: Mapping[str, Any]) -> None:
        for key, value in list(members.items()):
            if isinstance(value, _FUNCTIONS):
                self._members.append((owner, members, key, value))
            if isinstance(value, type) and value.__module__ == owner:
                self._add(f"{owner}.{key}", vars(value))

    def replaced(self) -> list[str]:
        return [
            f"{owner}.{key} is now {_callable_name(members.get(key))}"
            for owner, members, key, value in self._members
            if members.get(key) is not value
        ]


_FUNCTIONS = (type, FunctionType, BuiltinFunctionType, staticmethod, classmethod, property)


def _callable_name(value: object) -> str:
    if isinstance(value, MethodType):
        value = value.__func__
    if isinstance(value, (FunctionType, BuiltinFunctionType, type)):
        return f"{value.__module__}.{value.__qualname__}"
    return f"<{type(value).__module__}.{type(value).__qualname__}>"


def normalise(text: str) -> str:
    """Text without what differs between two processes: addresses, folders, cell file names."""
    text = text.replace(project, "<project>").replace(project.rpartition("/")[2], "<project>")
    text = re.sub(r"\b(0x|at )[0-9a-fA-F]{6,}\b", r"\1…", text)
    text = re.sub(r"# first|%%track( --quiet)?", "<first line>", text)
    text = re.sub(r"<ipython-input-(\d+)-[0-9a-f]+>", r"<cell \1>", text)
    text = re.sub(r"[^\s\"']*/ipykernel_\d+/\d+\.py", "<cell>", text)
    return re.sub(r"(/tmp/)?tmp[a-z0-9_]{8}\b", "<tmp>", text)


def _cwd_exists() -> bool:
    try:
        Path.cwd()
    except OSError:
        return False
    return True


def describe(value: object, depth: int = 0) -> Any:
    """A value as text: whole if it is made of plain values, else the name of its type."""
    kind = type(value)
    if any(kind is plain for plain in _PLAIN_TYPES):  # `in` would call a metaclass's __eq__
        return normalise(repr(value)) if len(repr(value)) < 100_000 else f"long {kind.__name__}"
    if any(kind is container for container in _CONTAINERS) and depth < 5:
        if kind is dict:
            items = [
                f"{describe(k, depth + 1)}: {describe(v, depth + 1)}" for k, v in value.items()
            ]
        else:
            items = [describe(item, depth + 1) for item in value]
        if kind is set or kind is frozenset:
            items.sort()
        return f"{kind.__name__}({', '.join(items)})"
    if kind is FunctionType or kind is BuiltinFunctionType:
        return f"<function {value.__module__}.{value.__qualname__}>"
    # type.__dict__ lookups, not attribute access: a metaclass may notice those
    module = type.__dict__["__module__"].__get__(kind) if "__module__" in vars(type) else "?"
    name = type.__dict__["__qualname__"].__get__(kind)
    return f"<{module}.{name}>"


def describe_exception(error: BaseException | None) -> Any:
    if error is None:
        return None
    frames = []
    tb = error.__traceback__
    while tb is not None:
        code = tb.tb_frame.f_code
        frames.append(f"{_short(code.co_filename)}:{code.co_name}:{tb.tb_lineno}")
        tb = tb.tb_next
    try:
        text = str(error)
    except BaseException as failure:  # what the kind is about
        text = f"<str raises {type(failure).__name__}>"
    return {
        "type": type(error).__qualname__,
        "text": normalise(text),
        "frames": frames,
        "cause": type(error.__cause__).__qualname__,
        "context": type(error.__context__).__qualname__,
        "notes": describe(getattr(error, "__notes__", None)),
    }


def _short(filename: str) -> str:
    return normalise(filename.rpartition("site-packages/")[2])


def _digest(value: object) -> str:
    return hashlib.sha256(repr(value).encode()).hexdigest()[:16]


def _random_states() -> dict[str, str]:
    states = {}
    if "random" in sys.modules:
        states["random"] = _digest(sys.modules["random"].getstate())
    if "numpy" in sys.modules:
        name, keys, *rest = sys.modules["numpy"].random.get_state()
        states["numpy"] = _digest((name, keys.tobytes(), rest))
    if "torch" in sys.modules:
        states["torch"] = _digest(sys.modules["torch"].get_rng_state().numpy().tobytes())
    return states


def _namespace(shell: Any) -> dict[str, str]:
    skipped = {"In", "Out", "_ih", "_oh", "__builtins__", "get_ipython", "exit", "quit", "open"}
    return {
        # raw input is compared apart: it holds the first line
        name: describe(shell.user_ns[name]) if not re.fullmatch(r"_i+\d*", name) else "raw input"
        for name in sorted(shell.user_ns)
        if name not in skipped
    }


def _history(shell: Any) -> dict[str, Any]:
    ns = shell.user_ns
    raw = [
        text
        for name, text in sorted(ns.items())
        if re.fullmatch(r"_i+\d*", name) and type(text) is str
    ]
    manager = shell.history_manager
    return {
        "In": [describe(text) for text in ns.get("In", [])],
        "In is _ih": ns.get("In") is ns.get("_ih"),
        "raw": [describe(text) for text in [*raw, *manager.input_hist_raw]],
        "Out": describe(ns.get("Out")),
        "Out is _oh": ns.get("Out") is ns.get("_oh"),
        "In is the history's": ns.get("In") is manager.input_hist_parsed,
        "execution_count": shell.execution_count,
        "outputs": {
            n: [o.output_type for o in outputs] for n, outputs in _history_outputs(manager).items()
        },
        "exceptions": {
            str(n): normalise(f"{e['ename']}: {e['evalue']}")
            for n, e in getattr(manager, "exceptions", {}).items()
        },
        "open, exit, quit": [
            "io.open" if ns[name] is builtins.open else _callable_name(ns[name])
            for name in ("open", "exit", "quit")
            if name in ns
        ],
    }


def _history_outputs(manager: Any) -> dict[str, Any]:
    return {str(number): outputs for number, outputs in getattr(manager, "outputs", {}).items()}


def _python(base: Baseline) -> dict[str, Any]:
    numpy, pandas, pyplot = (sys.modules.get(n) for n in ("numpy", "pandas", "matplotlib.pyplot"))
    return {
        "replaced functions": base.replaced(),
        "builtins": sorted(vars(builtins)),
        "open is io.open": builtins.open is sys.modules["io"].open,
        "builtins._": "_" in vars(builtins),
        "warning filters": [describe(list(f[:1])) + repr(f[1:]) for f in warnings.filters],
        "showwarning": _callable_name(warnings.showwarning),
        "formatwarning": _callable_name(warnings.formatwarning),
        "warnings shown": _warnings_shown(),
        "streams": {
            name: _callable_name(getattr(sys, name))
            + f" {_callable_name(getattr(sys, name).write)}"
            for name in ("stdout", "stderr", "stdin")
        },
        "hooks": {
            name: _callable_name(getattr(sys, name))
            for name in ("excepthook", "displayhook", "unraisablehook", "breakpointhook")
        }
        | {"threading.excepthook": _callable_name(threading.excepthook)},
        "trace": _callable_name(sys.gettrace()),
        "profile": _callable_name(sys.getprofile()),
        "threading trace": _callable_name(threading.gettrace()),
        "recursion limit": sys.getrecursionlimit(),
        "switch interval": sys.getswitchinterval(),
        "gc": [gc.isenabled(), gc.get_threshold(), gc.get_debug(), len(gc.callbacks)],
        "asyncgen hooks": [_callable_name(hook) for hook in sys.get_asyncgen_hooks()],
        "path": [normalise(p) for p in sys.path],
        "meta_path": [_callable_name(finder) for finder in sys.meta_path],
        "path_hooks": len(sys.path_hooks),
        "argv": describe(sys.argv),
        "last error": _callable_name(getattr(sys, "last_type", None)),
        "__main__": normalise(repr(sys.modules["__main__"])),
        "int digits": sys.get_int_max_str_digits(),
        "tracing memory": bool(
            "tracemalloc" in sys.modules and sys.modules["tracemalloc"].is_tracing()
        ),
        "numpy": [repr(numpy.geterr()), repr(numpy.get_printoptions())] if numpy else None,
        "pandas": _digest(sorted(_flat(pandas.options.d))) if pandas else None,
        "figures": pyplot.get_fignums() if pyplot else None,
        "rcParams": _digest(sorted(map(str, dict.items(sys.modules["matplotlib"].rcParams))))
        if "matplotlib" in sys.modules
        else None,
    }


def _flat(options: dict[str, Any], prefix: str = "") -> list[str]:
    flat = []
    for key, value in options.items():
        if isinstance(value, dict):
            flat += _flat(value, f"{prefix}{key}.")
        else:
            flat.append(f"{prefix}{key}={value!r}")
    return flat


def _warnings_shown() -> list[str]:
    """Where the registries that make a warning be shown once stand, for user code."""
    registry = sys.modules["__main__"].__dict__.get("__warningregistry__", {})
    return sorted(f"{key}" for key in registry if key != "version")


def _process() -> dict[str, Any]:
    return {
        "cwd": normalise(str(Path.cwd())) if _cwd_exists() else None,
        "environ": {k: normalise(v) for k, v in sorted(os.environ.items())},
        "signals": {
            s.name: _callable_name(signal.getsignal(s))
            if callable(signal.getsignal(s))
            else str(signal.getsignal(s))
            for s in sorted(signal.valid_signals())
            if isinstance(s, signal.Signals)
        },
        "timer": signal.getitimer(signal.ITIMER_REAL) != (0.0, 0.0),
        "umask": _umask(),
        "threads": _threads(),
        "children": sorted(_children()),
        "descriptors": sorted(_descriptors()),
        "logging": _logging(),
    }


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _threads() -> list[str]:
    return sorted(
        f"{re.sub(r'[0-9]+', 'N', t.name)}{' daemon' if t.daemon else ''}"
        for t in threading.enumerate()
        if t.is_alive()
    )


def _children() -> list[str]:
    """The child processes, those that were never waited for included."""
    pids = [
        pid
        for task in Path("/proc/self/task").iterdir()
        for pid in (_read(task / "children") or "").split()
    ]
    stats = [_read(Path("/proc", pid, "stat")) or " gone gone" for pid in pids]
    return [f"{stat.split(' ')[2]} child" for stat in stats]


def _read(path: Path) -> str | None:
    try:
        return path.read_text()
    except OSError:  # a thread or process that has just ended
        return None


def _descriptors() -> list[str]:
    # as strings: what is open may be a pipe, and a listing opens one itself
    links = {fd: os.path.realpath(fd) for fd in map(str, Path("/proc/self/fd").iterdir())}
    return [
        normalise(re.sub(r"/proc/\d+/fd/(pipe|socket|anon_inode):\[?.*", r"\1", target))
        for target in links.values()
        if not re.fullmatch(r"/proc/\d+/fd(/\d+)?", target)
    ]


def _logging() -> dict[str, Any]:
    def seen(logger: logging.Logger) -> str:
        handlers = [_callable_name(type(h)) for h in logger.handlers]
        return (
            f"{logger.level} {handlers} {logger.propagate} {logger.disabled} {len(logger.filters)}"
        )

    loggers = {
        name: seen(logger)
        for name, logger in sorted(logging.root.manager.loggerDict.items())
        if isinstance(logger, logging.Logger) and (logger.level or logger.handlers)
    }
    return {
        "root": seen(logging.root),
        "loggers": loggers,
        "disabled": logging.root.manager.disable,
        "class": _callable_name(logging.getLoggerClass()),
        "factory": _callable_name(logging.getLogRecordFactory()),
        "raise": logging.raiseExceptions,
    }


def _shell(shell: Any) -> dict[str, Any]:
    return {
        "ast_transformers": [_callable_name(type(t)) for t in shell.ast_transformers],
        "input_transformers_cleanup": [_callable_name(t) for t in shell.input_transformers_cleanup],
        "input_transformers_post": [_callable_name(t) for t in shell.input_transformers_post],
        "callbacks": [
            f"{event}: {_callable_name(callback)}"
            for event, callbacks in shell.events.callbacks.items()
            for callback in callbacks
        ],
        "magics": sorted(
            f"{kind} {name}"
            for kind, magics in shell.magics_manager.magics.items()
            for name in magics
        ),
        "own attributes": sorted(
            name
            for name, value in vars(shell).items()
            if callable(value) and hasattr(type(shell), name)
        ),
        "types": [
            _callable_name(type(part))
            for part in (
                shell,
                shell.displayhook,
                shell.display_pub,
                shell.compile,
                shell.display_formatter,
                shell.events,
                shell.history_manager,
            )
        ],
        "formatters": {
            name: [sorted(map(str, f.type_printers)), sorted(map(str, f.deferred_printers))]
            for name, f in shell.display_formatter.formatters.items()
        },
        "publishing": shell.display_pub.is_publishing,
        "custom exceptions": describe(shell.custom_exceptions),
        "compiler flags": shell.compile.flags,
        "interactivity": shell.ast_node_interactivity,
        "hidden names": sorted(shell.user_ns_hidden),
        "hooks": sorted(
            f"{name} {_callable_name(hook)}"
            for name, hook in shell.hooks.items()
            if "display" not in name
        ),
        "last succeeded": shell.last_execution_succeeded,
        "last result": None
        if shell.last_execution_result is None
        else [
            describe(shell.last_execution_result.result),
            describe_exception(shell.last_execution_result.error_before_exec),
            describe_exception(shell.last_execution_result.error_in_exec),
        ],
        "displayhook.exec_result": shell.displayhook.exec_result is None,
    }


def modules() -> list[str]:
    """The top-level names of what is imported."""
    return sorted({name.partition(".")[0] for name in sys.modules})


def observe(shell: Any, base: Baseline) -> dict[str, Any]:
    """All of it, in groups."""
    return {
        "namespace": _namespace(shell),
        "history": _history(shell),
        "random": _random_states(),
        "python": _python(base),
        "process": _process(),
        "shell": _shell(shell),
        "modules": modules(),
    }
