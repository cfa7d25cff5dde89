# ruff: noqa: E501 - each cell is one text, with its line breaks written out
"""A cell with probes does what it does without them: output, tracebacks, names, state."""

import ast
import contextlib
import io
import random
import re
import sys
import traceback

import IPython
import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from aseptic.capture.params import ParamProbe

SETUP = """
import sys, gc, inspect, asyncio, weakref, random, warnings, traceback, contextlib
import numpy as np
events = []
class Boom(Exception): pass
def fail(*args, **kwargs):
    raise Boom(args, kwargs)
def say(x, *rest, **more):
    events.append((x, rest, more))
    print('say', x)
    return x
def outer(x):
    return fail(x)
class Chain:
    def __init__(self, v=0): self.v = v
    def add(self, v): return Chain(self.v + v)
    def step(self, v=1): return Chain(self.v + v)
    def fail(self, *a): raise Boom(self.v)
    def __repr__(self): return f'Chain({self.v})'
    @property
    def bad(self): raise Boom('bad')
class Big: pass
async def later(x):
    await asyncio.sleep(0)
    return x
async def agen(n):
    for i in range(n):
        yield i
class ACM:
    async def __aenter__(self): return say('in')
    async def __aexit__(self, *exc): say('out')
big = Big()
n = 3
rate = 0.5
cfg = {'a': 1, 'b': 2}
"""

CELLS = {
    # errors: where, in what, on which line
    "an error in the callee": "x = 1\nfail(x, n)",
    "an error deep in the callee": "outer(rate)",
    "an error in an argument": "say(1, 1 / 0, rate)",
    "an error in a nested call": "say(say(1), fail(say(2)), say(3))",
    "an unknown name as argument": "say(1, unknown, 2)",
    "an unknown name as callee": "unknown(rate)",
    "an unknown attribute": "big.nothing(rate)",
    "an unknown attribute of a chain": "Chain(1).step(2).nothing(3)",
    "a property that fails": "Chain(1).bad(2)",
    "a wrong number of arguments": "Chain(1, 2, 3)",
    "a wrong keyword": "Chain(1).step(w=rate)",
    "a keyword given twice": "say(1, **{'x': rate})",
    "what cannot be called": "n(rate)",
    "a star that is not iterable": "say(*n)",
    "two stars on no mapping": "say(1, **n)",
    "a multi-line call": "say(\n    1,\n    fail(\n        rate,\n    ),\n    3,\n)",
    "a multi-line call that fails itself": "fail(\n    1,\n    rate,\n    b=n,\n)",
    "a multi-line chain": "(Chain(1)\n   .step(rate)\n   .step(2)\n   .fail(3)\n   .step(4))",
    "a multi-line chain with a wrong argument": "(Chain(1)\n   .step(rate)\n   .step(zz=n)\n)",
    "a multi-line chain on a module": "import os\n(os\n  .path\n  .join(n))",
    "a multi-line chain on a known module": "(inspect\n  .signature(\n  n))",
    "an error in an assignment": "x = fail(1)",
    "an unpacking that does not fit": "a, b = say(1), 2, 3",
    "an unpacking of a call that does not fit": "a, b = Chain(1)",
    "an error in an annotation": "x: fail(1) = say(2)",
    "an error in an increment": "v = say(1)\nv += fail(2)",
    "an increment of a wrong kind": "v = say(1)\nv += 'a'",
    "an error in a condition": "if say(fail(1)):\n    pass",
    "an error in a loop": "for i in range(3):\n    if i == 2:\n        fail(i, rate)\n    say(i)",
    "an error in a with": "with contextlib.suppress(KeyError):\n    fail(rate)",
    "an error raised from another": "try:\n    fail(1)\nexcept Boom as e:\n    raise ValueError(say(2)) from e",
    "an error in a handler": "try:\n    fail(1)\nexcept Boom:\n    fail(2)\nfinally:\n    say(3)",
    "an error in an f-string": "f'{say(1)} {fail(rate)}'",
    "an error in a comprehension": "[fail(i) for i in range(3)]",
    "an error in a call in a comprehension": "[say(i, fail(\n    i, rate)) for i in (1, 2)]",
    "comprehensions of all kinds": "say([say(i) for i in (1, 2)])\n{say(i) for i in (1,)}\n{say(i): [say(j, i) for j in (1,) if say(j)] for i in (3,)}",
    "a comprehension's own names": "i = 7\n[say(i) for i in (1, 2)]\ni, [(lambda: i)() for i in (1, 2)]",
    "a walrus in a comprehension": "[say(last := i) for i in (1, 2)]\nlast",
    "a closure in a comprehension": "fs = [say(lambda: i) for i in (1, 2)]\n[f() for f in fs]",
    "an await in a comprehension": "[say(await later(i)) for i in (1, 2)]",
    "an error in a lambda": "(lambda q: fail(q))(rate)",
    "an error in a decorator": "@fail\ndef g(): pass",
    "an error in a default": "def g(a=fail(1)): pass",
    "an error in a class body": "class A:\n    x = fail(1)",
    "an error in a generator argument": "sum(fail(i) for i in range(3))",
    "an error in a subscript": "cfg[say('zz')]",
    "an error in a slice": "[1, 2][fail(1):]",
    "an error in an assert": "assert say(0), say('no')",
    # bounded: how long IPython takes over a RecursionError depends on what runs the tests, and
    # the kinds of cell in tests/notebook/transparency have one in a process of its own
    "an error in a deep recursion": "def r(k): return r(k + 1) if k < 40 else fail(1)\nr(0)",
    "a system exit": "say(1)\nraise SystemExit",
    "a keyboard interrupt": "say(rate)\nraise KeyboardInterrupt",
    "a syntax error": "say(1\n",
    # what a cell shows
    "the last expression": "say(rate)",
    "the last expression with a semicolon": "say(rate);",
    "the last attribute": "Chain(3).v",
    "the last assignment shows nothing": "x = say(1)",
    "the last increment shows nothing": "x = say(1)\nx += say(2)",
    "the last name": "x = say(1)\nx",
    "two expressions": "Chain(1)\nChain(2).step(rate)",
    "a docstring": "'text'\nsay(1)",
    "a future import": "from __future__ import annotations\nx: unknown = say(rate)\nx",
    # how a cell is evaluated
    "the order of evaluation": "say(say(1), *[say(2)], k=say(3), **{'z': say(4)})",
    "an order with chains": "Chain(say(1)).step(say(2)).step(v=say(3))",
    "a walrus in arguments": "say((y := 1), (y := y + 1), y)\ny",
    "a walrus that replaces an argument": "v = 1\nsay(v, (v := 2), v)\nevents[-1]",
    "a walrus that replaces the callee": "h = say\nh((h := fail) is fail)",
    "an argument that rebinds another": "def change():\n    global n\n    n = 9\n    return 1\nsay(n, change(), n)\nevents[-1]",
    "a generator argument": "say(sum(i for i in range(4)))\nlist(map(say, (i for i in (1, 2))))",
    "a generator stays fresh": "g = (say(i) for i in range(3))\nsay(next(g))\nlist(g)",
    "an iterator that is unpacked": "it = iter([1, 2, 3])\nsay(*it)\nlist(it)",
    "an iterator that is assigned": "it = say(iter([1, 2]))\na, b = it\na, b",
    "a call of a call": "(lambda k: lambda m: say(k + m))(1)(2)",
    "a conditional call": "say(1) if rate > 1 else say(2)",
    "short circuits": "say(0) and say(1) or say(2)",
    "a chained comparison": "say(1) < say(2) < say(0) < say(9)",
    "a match statement": "match say(cfg):\n    case {'a': 1, **rest} if say(rest):\n        r = say(rest)\n    case Chain(v=0):\n        r = 2\nr",
    "a try statement": "try:\n    say(1)\nexcept Boom:\n    say(2)\nelse:\n    say(3)\nfinally:\n    say(4)",
    "a while loop": "k = 0\nwhile say(k) < 2:\n    k += 1\nelse:\n    say('done')",
    "nested loops": "for a in (1, 2):\n    for b in say([a, 3]):\n        if b == 2: continue\n        say(a * b, rate)",
    "a decorator with arguments": "import functools\n@functools.lru_cache(maxsize=4)\ndef g(q): return say(q)\ng(1); g(1)",
    "a class with super": "class B(Chain):\n    def __init__(self, v):\n        super().__init__(v + 1)\nB(say(2)).step(3)",
    "a metaclass call": "class M(type):\n    def __call__(cls, *a): return say(a)\nclass K(metaclass=M): pass\nK(1, rate)",
    "deleting": "x = say(1)\ndel x\n'x' in globals()",
    "chained assignment": "a = b = c = say([1])\na is b is c",
    "starred assignment": "a, *b = say([1, 2, 3])\n(a, b)",
    "an assignment to items and attributes": "cfg[say('k')] = say(5)\nbig.q = say(6)\ncfg, big.q",
    "a slice with calls": "say([1, 2, 3])[say(0):say(2)]",
    "an f-string": "f'{say(rate):.2f} {Chain(1)!r} {n=}'",
    "percent formatting": "'%s %s' % (say(1), say(2))",
    # async
    "top-level await": "x = await later(say(1))\nx",
    "await in arguments": "say(await later(1), await later(rate))",
    "an error after await": "say(await later(1), fail(await later(2)))",
    "async for": "async for i in agen(3):\n    say(i)",
    "async with": "async with ACM() as a:\n    say(a)",
    "async comprehension": "[say(i) async for i in agen(2)]",
    "gather": "await asyncio.gather(later(say(1)), later(2))",
    # looking around
    "locals and globals": "sorted(k for k in locals() if not k.startswith('_'))\nlocals() is globals()",
    "dir": "say(1)\n[k for k in dir() if 'aseptic' in k or k.startswith('<')]",
    "who": "zz = say(1)\n%who",
    "the frame": "inspect.currentframe().f_lineno, inspect.currentframe().f_code.co_name",
    "the caller's frame": "def where(q):\n    f = sys._getframe(1)\n    return f.f_lineno, f.f_code.co_name, len(inspect.stack())\nsay(\n    where(rate))",
    "the stack in a callee": "def stack(q):\n    return [s.name for s in traceback.extract_stack()][-3:]\nstack(rate + 1)",
    "reference counts": "o = Big()\ndef count(q): return sys.getrefcount(q)\n(sys.getrefcount(o), count(o), count(q=o))",
    "reference counts of temporaries": "def count(q): return sys.getrefcount(q)\n(count(Big()), count(say(Big)()), say(sys.getrefcount(Big())))",
    "objects die": "r = weakref.ref(say(Big()) if False else Big())\nr() is None",
    "arguments die": "def give(q): return weakref.ref(q)\n[give(Big())() is None, give(q=Big())() is None]",
    "results die": "o = Big()\nr = weakref.ref(o)\nsay(o is big)\ndel o\nr() is None",
    "unpacked objects die": "a, b = (Big(), Big())\nr = weakref.ref(a)\ndel a\nr() is None",
    "finalizers": "class F:\n    def __del__(self): print('gone')\nsay(1, F())\nevents.clear()\nx = F()\nx = say(2)",
    "warnings": "def w(q): warnings.warn('careful', stacklevel=2)\nw(rate)",
    "magics": "%timeit -n1 -r1 say(rate)\n%time say(n)",
    "a cell magic": "%%capture out\nsay(rate)\nChain(2)",
    "random numbers": "random.seed(1)\nnp.random.seed(2)\nsay(random.random()), np.random.rand()",
    "an exec": "exec('say(rate)')\neval('say(2)')",
}

#: Before 3.11 bytecode has no columns, so that IPython finds the failing node by comparing bytecode
#: with the source, and with probes marks the line only: there, the text without colours is held.
COLORS = "linux" if sys.version_info >= (3, 11) else "nocolor"
COLORS = COLORS if IPython.version_info >= (9,) else {"nocolor": "NoColor"}.get(COLORS, "Linux")


def new_shell():
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = COLORS  # colours mark the node that failed
    shell = InteractiveShell(config=config)
    assert not shell.run_cell(SETUP, silent=True).error_in_exec
    return shell


class _Probed:
    """An AST transformer that does to each cell what tracking does to it."""

    def __init__(self, shell):
        self.shell = shell
        self.probe = None
        self.collected = None

    def visit(self, tree):
        self.probe = self.probe or ParamProbe(self.shell.user_ns)
        return self.probe.instrument(tree)

    def after(self, _):
        if self.probe is not None:
            self.collected, self.probe = self.probe.collect(), None


def observe(cell, *, with_probes):
    """All that a cell shows and leaves behind."""
    shell = new_shell()
    probed = _Probed(shell)
    if with_probes:
        shell.ast_transformers.append(probed)
    random.seed(0)
    np.random.seed(0)
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        result = shell.run_cell(cell, store_history=True)
    probed.after(None)
    names = set(shell.user_ns)
    return probed.collected, {
        "out": _steady(out.getvalue()),
        "err": _steady(err.getvalue()),
        "error": _steady(_traceback(result.error_in_exec)),
        "result": _steady(repr(result.result)),
        "names": names,
        "hidden": sorted(shell.user_ns_hidden),
        "events": _steady(repr(shell.user_ns["events"])),
        "in": shell.user_ns["In"],
        "random": random.getstate(),
        "numpy": np.random.get_state()[1].tolist(),
    }


def _traceback(error):
    """As Python itself prints it, with its carets."""
    return "".join(traceback.format_exception(error)) if error else ""


def _steady(text):
    """A text without addresses, times and the cell's file name."""
    text = re.sub(r"0x[0-9a-f]+", "0x", text)
    text = re.sub(r"(ipykernel|ipython)[-_\w]*", "ipython", text)
    text = re.sub(r"[\d.]+ ([nµm]?s|us)\b|±.*", "TIME", text)
    return re.sub(r"(Wall time|CPU times).*", "TIME", text)


@pytest.mark.parametrize("name", CELLS)
def test_a_cell_is_the_same_with_and_without_probes(name):
    _, plain = observe(CELLS[name], with_probes=False)
    collected, probed = observe(CELLS[name], with_probes=True)
    assert probed == plain
    if collected is not None:
        assert [p for p in collected.problems if "Boom" not in p.reason] == []


def test_nearly_all_of_these_cells_are_probed():
    probed = 0
    for cell in CELLS.values():
        with contextlib.suppress(SyntaxError):
            tree = ast.parse(cell)
            before = ast.dump(tree)
            probe = ParamProbe({})
            probed += ast.dump(probe.instrument(tree)) != before
            probe.collect()
    assert probed >= 90


def test_the_harness_sees_differences():
    """A test that cannot fail tests nothing: these two cells differ in a caret only."""
    _, one = observe("fail(1, 2)", with_probes=False)
    _, other = observe("fail(1,  2)", with_probes=False)
    assert one["out"] != other["out"]


def test_builtins_are_as_before_when_the_cell_has_ended():
    import builtins

    before = set(vars(builtins))
    observe("say(rate)", with_probes=True)
    observe("fail(rate)", with_probes=True)
    assert set(vars(builtins)) == before


@pytest.mark.parametrize(
    "interactivity", ["all", "last", "last_expr", "last_expr_or_assign", "none"]
)
def test_what_is_displayed_is_the_same_for_every_kind_of_interactivity(interactivity):
    cell = "say(1)\nx = say(rate)\nx += say(2)\nif x:\n    x += say(3)\nx += say(4)"
    outputs = []
    for with_probes in (False, True):
        shell = new_shell()
        shell.ast_node_interactivity = interactivity
        if with_probes:
            probed = _Probed(shell)
            shell.ast_transformers.append(probed)
            shell.events.register("post_run_cell", probed.after)
        with contextlib.redirect_stdout(io.StringIO()) as out:
            shell.run_cell(cell)
        outputs.append(out.getvalue())
    assert outputs[0] == outputs[1]
