"""An extension that is not transparent: each fault named in `FAULTY` is one the oracle must see.

It tracks cells in the way of aseptic: `%%track` is taken off and the work is done in hooks.
"""

from __future__ import annotations

import ast
import builtins
import logging
import os
import random
import signal
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path
from typing import Any

from first_line import FirstLine

kept: list[Any] = []


class Faulty:
    """One method a fault, called where its name's first word says."""

    def __init__(self, shell: Any, faults: set[str]) -> None:
        self.shell, self.faults = shell, faults
        self.first_line = FirstLine("%%track --quiet", keeps_lines="post_line" not in faults)

    # -- before the cell --
    def pre_random(self) -> None:
        random.random()

    def pre_numpy_random(self) -> None:
        sys.modules["numpy"].random.rand()

    def pre_seed(self) -> None:
        random.seed(0)

    def pre_card(self) -> None:
        from IPython.display import HTML, display

        display(HTML("a card before the output"))

    def pre_stdout(self) -> None:
        class Tee(type(sys.stdout)):  # type: ignore[misc]
            pass

        sys.stdout.__class__ = Tee

    def pre_trace(self) -> None:
        sys.settrace(lambda *a: None)

    def pre_sleep_signal(self) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def pre_open(self) -> None:
        kept_open = builtins.open
        if kept_open.__module__ != __name__:
            builtins.open = lambda *a, **k: kept_open(*a, **k)

    def pre_child(self) -> None:
        subprocess.Popen(["true"])
        time.sleep(0.05)

    # -- in the tree --
    def tree_swallow(self, tree: ast.Module) -> ast.Module:
        handler = ast.ExceptHandler(type=None, name=None, body=[ast.Pass()])
        tree.body = [ast.Try(body=tree.body, handlers=[handler], orelse=[], finalbody=[])]
        return ast.fix_missing_locations(tree)

    def tree_repr(self, tree: ast.Module) -> ast.Module:
        for name in {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}:
            repr(self.shell.user_ns.get(name))
        return tree

    def tree_twice(self, tree: ast.Module) -> ast.Module:
        class Twice(ast.NodeTransformer):
            def visit_Call(self, node: ast.Call) -> ast.AST:
                node.args = [
                    ast.Subscript(ast.Tuple([arg, arg], ast.Load()), ast.Constant(1), ast.Load())
                    if isinstance(arg, ast.Call)
                    else arg
                    for arg in node.args
                ]
                return node

        return ast.fix_missing_locations(Twice().visit(tree))

    def tree_name(self, tree: ast.Module) -> ast.Module:
        self.shell.user_ns["_probe"] = max
        return tree

    # -- after the cell --
    def post_reference(self, result: Any) -> None:
        kept.extend(self.shell.user_ns.values())

    def post_result(self, result: Any) -> None:
        kept.append(result)

    def post_filter(self, result: Any) -> None:
        warnings.simplefilter("ignore")

    def post_registry(self, result: Any) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")

    def post_print(self, result: Any) -> None:
        print("tracked")

    def post_stderr(self, result: Any) -> None:
        sys.stderr.write("tracked\n")

    def post_fd(self, result: Any) -> None:
        os.write(1, b"tracked\n")

    def post_underscore(self, result: Any) -> None:
        self.shell.user_ns["_"] = "changed"

    def post_out(self, result: Any) -> None:
        self.shell.user_ns["_oh"][99] = "changed"

    def post_history(self, result: Any) -> None:
        self.shell.run_cell("pass", store_history=True) if len(kept) < 3 else None
        kept.append(None)

    def post_hook(self, result: Any) -> None:
        sys.excepthook = lambda *a: None

    def post_cwd(self, result: Any) -> None:
        os.chdir("/")

    def post_environ(self, result: Any) -> None:
        os.environ["FAULTY_WAS"] = "here"

    def post_logging(self, result: Any) -> None:
        logging.basicConfig()

    def post_thread(self, result: Any) -> None:
        threading.Thread(target=time.sleep, args=(1,), name="faulty").start()

    def post_descriptor(self, result: Any) -> None:
        os.dup(1)

    def post_recursion(self, result: Any) -> None:
        sys.setrecursionlimit(5000)

    def post_patch(self, result: Any) -> None:
        def seed(a: Any = None) -> None:
            random._inst.seed(a)  # type: ignore[attr-defined]

        random.seed = seed  # type: ignore[assignment]

    def post_builtin(self, result: Any) -> None:
        builtins.faulty = 1  # type: ignore[attr-defined]

    def post_last_error(self, result: Any) -> None:
        self.shell.last_execution_succeeded = True
        self.shell.last_execution_result = None

    def post_file(self, result: Any) -> None:
        Path("faulty.txt").write_text("left behind")

    def post_import(self, result: Any) -> None:
        import zmq  # noqa: F401

    def post_umask(self, result: Any) -> None:
        os.umask(0o077)

    def post_line(self, result: Any) -> None:
        pass  # done by the first line: no blank line is left

    # -- when it is unloaded --
    def unload_callback(self) -> None:
        self.shell.events.register("post_run_cell", self.post_run_cell)

    def unload_transformer(self) -> None:
        self.shell.ast_transformers.append(self)

    def unload_magic(self) -> None:
        self.shell.register_magic_function(print, magic_name="faulty")

    # -- the hooks --
    def _call(self, stage: str, *args: Any) -> Any:
        for fault in sorted(self.faults):
            if fault.startswith(stage + "_"):
                args = (getattr(self, fault)(*args),) if stage == "tree" else args
                if stage != "tree":
                    getattr(self, fault)(*args)
        return args[0] if args else None

    def pre_run_cell(self, info: Any) -> None:
        self._call("pre")

    def visit(self, tree: ast.Module) -> ast.Module:
        return self._call("tree", tree)  # type: ignore[no-any-return]

    def post_run_cell(self, result: Any) -> None:
        self._call("post", result)

    def load(self) -> None:
        self.first_line.install(self.shell)
        self.shell.ast_transformers.append(self)
        self.shell.events.register("pre_run_cell", self.pre_run_cell)
        self.shell.events.register("post_run_cell", self.post_run_cell)

    def unload(self) -> None:
        self.first_line.remove(self.shell)
        self.shell.ast_transformers.remove(self)
        self.shell.events.unregister("pre_run_cell", self.pre_run_cell)
        self.shell.events.unregister("post_run_cell", self.post_run_cell)
        self._call("unload")


_loaded: list[Faulty] = []


def load_ipython_extension(shell: Any) -> None:
    _loaded.append(Faulty(shell, set(os.environ.get("FAULTY", "").split())))
    _loaded[-1].load()


def unload_ipython_extension(shell: Any) -> None:
    _loaded.pop().unload()
