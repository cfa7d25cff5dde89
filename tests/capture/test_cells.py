"""What `capture.cells` sees in sources, functions and sessions."""

from __future__ import annotations

import ast
import gc
import weakref
from datetime import datetime, timezone
from typing import Any

import pytest
from IPython.core.inputtransformer2 import TransformerManager

from aseptic.capture.cells import CellLog, Names, closure_of, names_of, names_of_source

NOW = datetime(2030, 1, 1, tzinfo=timezone.utc)


def names(source: str) -> Names:
    return names_of(ast.parse(source))


@pytest.mark.parametrize(
    ("source", "reads"),
    [
        ("y = x", "x"),
        ("x = 1; y = x", ""),
        ("y = x; x = 1", "x"),
        ("x += 1", "x"),
        ("x: int = y", "int y"),
        ("x: int", "int"),
        ("a.b.c = d[e]", "d e a"),
        ("print(f'{x!r:>{width}}')", "print x width"),
        ("[i * k for i in xs if i > low]", "xs low k"),
        ("{a: b for a, b in pairs}", "pairs"),
        ("[y for x in xss for y in x]", "xss"),
        ("[y for x in xss for y in more]", "xss more"),
        ("if (n := len(xs)) > 1: print(n)", "len xs print"),
        ("any((last := x) for x in xs); last", "any xs"),
        ("f = lambda x, y=z: x + y + w", "z w"),
        ("import a.b, c as d; a, d", ""),
        ("from m import *\nx", "x"),
        ("for i in xs: t = i\nprint(i, t)", "xs print"),
        ("with open(p) as f: t = f.read()\nt", "open p"),
        ("try: a = 1\nexcept E as e: a = e\na", "E"),
        ("if c: x = 1\nelse: x = 2\nx", "c"),
        ("if c: x = 1\nx", "c x"),
        ("while c: x = 1\nx", "c"),
        ("del x", "x"),
        ("class A(B, metaclass=M):\n  n = k\n  m = n\n  def f(self): return n", "B M k"),
        ("@deco\ndef f(a: T = d) -> R: ...", "deco d T R"),
        ("async def f(): await g()\nawait f()", ""),
        (
            "match v:\n  case P(x=y): y\n  case [*r]: r\n  case {'k': z, **o}: z, o\n  case w: w",
            "v P",
        ),
        ("match v:\n  case 1: x = 1\n  case _: x = 2\nx", "v"),
        ("match v:\n  case 1: x = 1\nx", "v x"),
        ("a, (b, *c) = d; a, b, c", "d"),
        ("x[0], y = 1, 2", "x"),
        ("assert x, y", "x y"),
        ("global z; z = 1; z", ""),
    ],
)
def test_reads_are_the_names_loaded_before_the_cell_binds_them(source: str, reads: str):
    assert names(source).reads == tuple(reads.split())


@pytest.mark.parametrize(
    ("source", "writes"),
    [
        ("a = b, c = 1, 2", "a b c"),
        ("import a.b, c as d\nfrom e import f as g, h", "a d g h"),
        ("def f(x): y = 1\nclass C: z = 1", "f C"),
        ("for i in x: ...", "i"),
        ("with a as b, c as (d, e): ...", "b d e"),
        ("try: ...\nexcept E as e: ...", "e"),
        ("(n := 1)", "n"),
        ("[(m := x) for x in y]", "m"),
        ("del a, b[0]", "a"),
        ("def f():\n  global counter\n  counter += 1\n  other = 1", "f counter"),
        ("def f():\n  def g():\n    global deep\n    deep = 1", "f deep"),
        ("x.y = 1; x[0] = 2", ""),
        ("x += 1", "x"),
        ("match v:\n  case {'a': A(b=c), **d}: ...\n  case [*e] as f: ...", "c d e f"),
    ],
)
def test_writes_are_the_names_bound_or_deleted(source: str, writes: str):
    assert names(source).writes == tuple(writes.split())


@pytest.mark.parametrize(
    ("source", "mutates"),
    [
        ("df['x'] = 1", "df"),
        ("df.loc[mask, 'x'] = 1", "df"),
        ("a.b.c += 1", "a"),
        ("del d[k]", "d"),
        ("xs.append(1)", "xs"),
        ("model.layers[0].fit(X)", "model"),
        ("df.drop(columns='a', inplace=True)", "df"),
        ("df.drop(columns='a', inplace=False)", ""),
        ("w.zero_()", "w"),
        ("random.shuffle(xs)", "xs"),
        ("np.dot(a, b, out=c)", "c"),
        ("for d['k'] in xs: ...", "d"),
        ("xs = []; xs.append(1)", ""),
        ("def f(): xs.append(1)", ""),
        ("[x.append(1) for x in xs]", ""),
        ("y = df.sum()", ""),
        ("re.compile('x')", ""),
    ],
)
def test_mutates_are_the_names_whose_objects_change_in_place(source: str, mutates: str):
    assert names(source).mutates == tuple(mutates.split())


def test_what_functions_read_is_deferred():
    source = "def f(x, *a, k=1, **o):\n  y = x + bias\n  def g(): return y + scale\n  return g\n"
    found = names(source + "class A:\n  def m(self): return __class__, rate")
    assert found.deferred == ("bias", "scale", "__class__", "rate")
    assert found.reads == ()


def test_what_a_function_reads_of_its_own_cell_is_not_deferred():
    assert names("def f(): return k\nk = 1").deferred == ()


def test_uses_are_all_top_level_loads():
    assert names("x = 1\ndef f(): return z\ny = f(x)").uses == ("f", "x")


def test_magics_are_understood_after_ipythons_transformation():
    transform = TransformerManager().transform_cell
    found = names_of_source("%matplotlib inline\ny = !ls\nz = x?", transform=transform)
    assert found != ""
    assert names_of_source("!pip list\ny = x", transform=transform) == Names(
        reads=("get_ipython", "x"), writes=("y",), uses=("get_ipython", "x")
    )


def test_a_source_that_is_no_python_is_said_to_be_unknown():
    assert names_of_source("x = = 1") == "its source is not valid Python (SyntaxError)"
    assert names_of_source("x = \0") == names_of_source("\0")
    deep = "(" * 5_000 + ")" * 5_000
    assert isinstance(names_of_source(deep), str)


def test_a_deep_expression_does_not_end_the_walk_with_an_error():
    assert isinstance(names_of_source("+".join(["x"] * 20_000)), (str, Names))


# closure_of -------------------------------------------------------------------------------------


def notebook(source: str) -> dict[str, Any]:
    namespace: dict[str, Any] = {"__name__": "__main__"}
    exec(source, namespace)
    return namespace


def test_what_called_functions_read_is_found_through_all_of_them():
    ns = notebook("data = 1; k = 2; unused = 3\ndef g(): return data\ndef f(): return g() + k")
    assert closure_of(["f"], ns) == {"g", "data", "k"}


def test_nested_functions_lambdas_and_comprehensions_are_followed():
    ns = notebook("a = b = c = 1\ndef f():\n  h = lambda: a\n  def g(): return [b for _ in c]\n")
    assert closure_of(["f"], ns) == {"a", "b", "c"}


def test_methods_of_classes_and_of_their_objects_are_followed():
    source = "rate = 1; size = 2\nclass Net:\n  def step(self): return rate\n"
    ns = notebook(source + "  @property\n  def n(self): return size\nnet = Net()")
    assert closure_of(["Net"], ns) == {"rate", "size"} == closure_of(["net"], ns)


def test_decorated_functions_are_followed():
    source = "import functools\ndef deco(f):\n  @functools.wraps(f)\n  def g(): return f()\n"
    ns = notebook(source + "  return g\nk = 1\n@deco\ndef h(): return k")
    assert "k" in closure_of(["h"], ns)


def test_functions_of_other_modules_are_not_followed():
    ns = notebook("from textwrap import dedent\nre = 1")
    assert closure_of(["dedent", "missing"], ns) == set()


def test_recursion_ends():
    assert closure_of(["f"], notebook("def f(): return g()\ndef g(): return f()")) == {"f", "g"}


def test_looking_runs_no_code_of_the_users():
    source = """
class Trap(type):
    def __getattribute__(cls, name): raise AssertionError(name)
class Evil(metaclass=Trap):
    def __getattribute__(self, name): raise AssertionError(name)
    def m(self): return k
k = 1
evil = Evil()
"""
    assert closure_of(["evil", "Evil"], notebook(source)) == {"k"}


def test_no_function_is_kept_alive():
    ns = notebook("def f(): return f")
    closure_of(["f"], ns)
    code = weakref.ref(ns["f"].__code__)
    ns.clear()
    gc.collect()
    assert code() is None


# CellLog ----------------------------------------------------------------------------------------


def logged(log: CellLog, source: str, *, namespace: dict[str, Any] | None = None, **more: Any):
    cell = log.begin(source, names_of_source(source), started_at=NOW, namespace=namespace, **more)
    return log.end(cell.order, status="ok", duration_s=0.1, namespace=namespace)


def test_cells_are_logged_in_order_with_their_names():
    log = CellLog()
    logged(log, "x = 1", cell_id="a")
    logged(log, "x.append(y)", cell_id="b")
    assert [(c.order, c.cell_id, c.reads, c.writes, c.mutates) for c in log.cells] == [
        (1, "a", (), ("x",), ()),
        (2, "b", ("x", "y"), (), ("x",)),
    ]
    assert log.last_writer("x") == log.cells[1]
    assert log.last_writer("y") is None
    assert log.latest_by_cell_id("a") == log.cells[0]
    assert log.latest_by_cell_id("z") is None


def test_the_order_follows_the_execution_count_and_never_repeats():
    log = CellLog()
    counts = [4, 5, 5, 9]
    assert [logged(log, "x = 1", execution_count=n).order for n in counts] == [4, 5, 6, 9]
    assert log.last_writer("x") == log.cells[-1]


def test_a_cell_that_has_only_begun_is_known_but_has_written_nothing():
    log = CellLog()
    log.begin("x = 1", names("x = 1"), started_at=NOW)
    assert log.cells[0].status == "unknown"
    assert log.last_writer("x") is None


def test_what_a_called_function_reads_joins_the_reads():
    log, ns = CellLog(), notebook("k = 1\ndef f(): return k")
    assert logged(log, "k = 1\ndef f(): return k", namespace=ns).reads == ()
    assert logged(log, "y = f()", namespace=ns).reads == ("f", "k")
    assert logged(log, "k = 2\ny = f()", namespace=ns).reads == ("f",)


def test_builtins_are_no_reads_until_a_cell_binds_them():
    log = CellLog()
    assert logged(log, "print(list(x))").reads == ("x",)
    logged(log, "list = 1")
    assert logged(log, "print(list(x))").reads == ("list", "x")


def test_a_module_is_not_changed_by_its_functions():
    log = CellLog()
    assert logged(log, "ast.append(x)", namespace={"ast": ast}).mutates == ()


def test_unknown_names_have_their_reason():
    log = CellLog()
    assert logged(log, "x = = 1").reason == "its source is not valid Python (SyntaxError)"


def test_cells_from_before_the_log_began_are_remembered():
    log = CellLog()
    log.remember(["", "import numpy as np", "%load_ext aseptic"], started_at=NOW)
    assert [(cell.order, cell.writes, cell.status) for cell in log.cells] == [
        (1, ("np",), "unknown"),
        (2, (), "unknown"),
    ]
    assert logged(log, "x = np.e", execution_count=3).order == 3
    assert log.last_writer("np") == log.cells[0]
