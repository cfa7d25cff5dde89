"""The params of a cell: the values that were used, and nothing else."""

import ast
import gc
import weakref

import pytest

from aseptic.capture.params import ParamProbe
from aseptic.model import Origin


def run_cell(source, *, setup="", namespace=None, defined_in=lambda _: None):
    """What a cell records when it runs after `setup`, which is another cell."""
    namespace = {"__name__": "__main__"} if namespace is None else namespace
    exec(setup, namespace)
    probe = ParamProbe(namespace, cell_order=7, cell_id="abc", defined_in=defined_in)
    tree = probe.instrument(ast.parse(source))
    try:
        exec(compile(tree, "<cell>", "exec"), namespace)
    finally:
        collected = probe.collect()
    return collected


def params(source, **context):
    collected = run_cell(source, **context)
    assert collected.problems == []
    return {param.name: param.value for param in collected.params}


def param(name, source, **context):
    return next(one for one in run_cell(source, **context).params if one.name == name)


TRAIN = "def train(lr, hidden=32): return lr * hidden\n"
FIT = "def fit(lr, decay=0.0): pass\n"


# -- what was used --------------------------------------------------------------------------------


def test_literals_at_the_call_win_over_constants_that_were_not_used():
    assert params("lr = 0.1; train(0.3, hidden=64); lr = 0.2", setup=TRAIN) == {
        "lr": 0.3,
        "hidden": 64,
    }


def test_a_name_used_with_two_values_has_both_and_says_so():
    lr = param("lr", "lr = 0.1\ntrain(lr)\nlr = 0.2\ntrain(lr)", setup=TRAIN)
    assert lr.value == (0.1, 0.2)
    assert lr.note == "2 values in one run"
    assert [use.origin.line for use in lr.uses] == [2, 4]


def test_a_value_used_twice_is_recorded_once():
    assert params("train(0.1)\ntrain(0.1)", setup=TRAIN) == {"lr": 0.1, "hidden": 32}


def test_arguments_are_named_by_the_signature_and_defaults_are_said_to_be_defaults():
    found = {one.name: one for one in run_cell("\ntrain(0.3)", setup=TRAIN).params}
    assert found["lr"].uses[0].origin == Origin(
        how="argument", cell=7, cell_id="abc", line=2, callee="train"
    )
    assert found["hidden"].uses[0].origin.how == "default"
    assert found["hidden"].value == 32


def test_a_bare_variable_is_named_in_the_origin():
    found = {one.name: one for one in run_cell("rate = 0.1\ntrain(rate)", setup=TRAIN).params}
    assert found["lr"].uses[0].origin.variable == "rate"
    assert found["rate"].value == 0.1
    assert found["rate"].uses[0].origin.how == "assigned"


def test_the_value_is_the_one_at_the_time_of_the_call():
    assert params("def f(a, b): pass\nx = 1\nf(x, (x := 2))\nf(x, 3)")["a"] == (1, 2)


def test_a_variable_changed_while_the_arguments_are_evaluated_is_read_after_that():
    source = """
def change():
    global x
    x = 2
    return 10
def f(a, b): pass
f(change(), x)
"""
    assert params(source, setup="x = 1")["b"] == 2


def test_an_expression_is_recorded_by_its_value():
    assert params("train(0.1 * 3 + 1, hidden=2 ** 6)", setup=TRAIN) == {
        "lr": 0.1 * 3 + 1,
        "hidden": 64,
    }


def test_a_call_that_was_not_reached_records_nothing():
    assert params("if False:\n    lr = 5\n    train(lr)", setup=TRAIN) == {}


def test_params_of_a_cell_that_fails_are_kept():
    namespace = {"__name__": "__main__"}
    exec("def train(lr): raise KeyError('no')", namespace)
    probe = ParamProbe(namespace)
    tree = probe.instrument(ast.parse("train(0.5)"))
    with pytest.raises(KeyError, match="no"):
        exec(compile(tree, "<cell>", "exec"), namespace)
    assert [one.value for one in probe.collect().params] == [0.5]


# -- constants of the cell ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("C, gamma = 1.0, 0.001", {"C": 1.0, "gamma": 0.001}),
        ("lr: float = 0.1", {"lr": 0.1}),
        ("a = b = 3", {"a": 3, "b": 3}),
        ("(n_heads := 4)", {"n_heads": 4}),
        ("[a, (b, c)] = [1, (2, 3)]", {"a": 1, "b": 2, "c": 3}),
        ("lr = -1e-3", {"lr": -1e-3}),
        ("width = 2 ** 7", {"width": 128}),
        ("hidden = (64, 32)", {"hidden": (64, 32)}),
        ("features = ['age', 'income']", {"features": ("age", "income")}),
        ("name = 'resnet'", {"name": "resnet"}),
        ("use_gpu = False", {"use_gpu": False}),
        ("cfg = {'lr': 0.1, 'net': {'hidden': 64}}", {"lr": 0.1, "net.hidden": 64}),
        ("base = 16\nbatch = base * 4", {"base": 16, "batch": 64}),
    ],
)
def test_a_constant_that_nothing_was_seen_to_use_is_recorded_as_assigned(source, expected):
    collected = run_cell(source)
    assert {one.name: one.value for one in collected.params} == expected
    assert {use.origin.how for one in collected.params for use in one.uses} == {"assigned"}


@pytest.mark.parametrize(
    "source",
    [
        "best = None",
        "total = 0\nfor x in (1, 2):\n    total += x",
        "step = 0\nwhile step < 3:\n    step = step + 1",
        "best = 0.0\nbest = max([best, len('abc')])",
        "_hidden = 3",
        "n = len([1, 2])",
    ],
)
def test_accumulators_counters_lengths_and_placeholders_are_no_params(source):
    assert params(source) == {}


def test_a_constant_used_outside_of_calls_is_its_value_at_the_use():
    lr = param("lr", "lr = 0.1\ntrain(lr)\nlr = 0.2\nhalf = lr / 2", setup=TRAIN)
    assert lr.value == (0.1, 0.2)


# -- unpacked and handed-over configs -------------------------------------------------------------


CONFIGS = {
    "dict": "cfg = {'lr': 0.1, 'hidden': 64}",
    "dataclass": """
from dataclasses import dataclass, asdict
@dataclass
class Config:
    lr: float = 0.5
    hidden: int = 64
cfg = Config(lr=0.1)
""",
    "namespace": "import argparse\ncfg = argparse.Namespace(lr=0.1, hidden=64)",
    "simple namespace": "import types\ncfg = types.SimpleNamespace(lr=0.1, hidden=64)",
    "pydantic": """
from pydantic import BaseModel
class Config(BaseModel):
    lr: float = 0.5
    hidden: int = 64
cfg = Config(lr=0.1)
""",
    "named tuple": """
from typing import NamedTuple
class Config(NamedTuple):
    lr: float
    hidden: int = 64
cfg = Config(0.1)
""",
}
UNPACKED = {
    "dict": "train(**cfg)",
    "dataclass": "train(**asdict(cfg))",
    "namespace": "train(**vars(cfg))",
    "simple namespace": "train(**vars(cfg))",
    "pydantic": "train(**cfg.model_dump())",
    "named tuple": "train(**cfg._asdict())",
}


@pytest.mark.parametrize("kind", CONFIGS)
def test_an_unpacked_config_gives_its_members(kind):
    assert params(UNPACKED[kind], setup=TRAIN + CONFIGS[kind]) == {"lr": 0.1, "hidden": 64}


@pytest.mark.parametrize("kind", CONFIGS)
def test_a_config_made_in_the_cell_gives_its_members(kind):
    assert params(CONFIGS[kind] + "\n" + UNPACKED[kind], setup=TRAIN) == {"lr": 0.1, "hidden": 64}


@pytest.mark.parametrize("kind", CONFIGS)
def test_a_config_that_is_handed_over_gives_its_members(kind):
    setup = "def train(config): pass\n" + CONFIGS[kind]
    assert params("train(cfg)", setup=setup) == {"lr": 0.1, "hidden": 64}


def test_a_config_changed_before_the_call_has_the_values_of_the_call():
    source = CONFIGS["dataclass"] + "cfg.lr = 0.9\ntrain(cfg)"
    assert params(source, setup="def train(config): pass") == {"lr": 0.9, "hidden": 64}


def test_members_that_are_read_are_params():
    setup = "cfg = {'lr': 0.1, 'epochs': 3, 'unused': 1}\ndef train(rate): pass"
    source = "for epoch in range(cfg['epochs']):\n    train(cfg['lr'])"
    assert params(source, setup=setup) == {"epochs": 3, "rate": 0.1, "lr": 0.1}


def test_members_of_a_class_used_as_a_config_are_params():
    setup = "class Config:\n    lr = 0.1\n    epochs = 3\ndef train(rate): pass"
    assert params("train(Config.lr)", setup=setup) == {"rate": 0.1, "lr": 0.1}


def test_unpacked_positions_are_named_by_the_signature():
    assert params("args = [0.1, 64]\ntrain(*args)", setup=TRAIN)["hidden"] == 64


def test_an_iterator_that_is_unpacked_is_not_consumed_by_looking():
    assert params("train(*iter([0.1, 64]))", setup=TRAIN) == {}


# -- loops ----------------------------------------------------------------------------------------


def test_a_loop_over_values_gives_all_of_them():
    assert params("for lr in [0.1, 0.01]:\n    train(lr)", setup=TRAIN)["lr"] == (0.1, 0.01)


def test_a_loop_over_values_is_recorded_under_both_names():
    found = params("for rate in (0.1, 0.01): train(rate)", setup=TRAIN)
    assert found["lr"] == found["rate"] == (0.1, 0.01)


@pytest.mark.parametrize(
    "loop",
    [
        "for epoch in range(5): step(epoch)",
        "for i in range(5): step(t=i)",
        "for i, x in enumerate('abc'): step(i)",
        "i = 0\nwhile i < 5:\n    step(i)\n    i += 1",
    ],
)
def test_loop_counters_are_no_params(loop):
    found = params(loop, setup="def step(epoch=None, t=None): pass")
    assert {value for value in found.values() if value is not None} == set()


def test_a_comprehension_over_values_is_a_loop_over_values():
    assert params("[train(rate) for rate in (0.1, 0.2)]", setup=TRAIN)["lr"] == (0.1, 0.2)
    found = params("{r: [train(r, hidden=h) for h in (1, 2)] for r in (0.1,)}", setup=TRAIN)
    assert found == {"lr": 0.1, "hidden": (1, 2)}


def test_a_comprehension_does_not_mistake_its_variable_for_another_of_that_name():
    found = params("lr = 9\n[train(lr) for lr in (0.1, 0.2)]\nout = lr", setup=TRAIN)
    assert found["lr"] == (0.1, 0.2)


def test_counters_of_comprehensions_are_no_params():
    setup = "def step(epoch=None, t=None): pass"
    found = params(
        "[step(epoch) for epoch in range(5)] + [step(t=i) for i in range(5)]", setup=setup
    )
    assert {value for value in found.values() if value is not None} == set()


def test_a_generator_can_be_run_when_the_cell_has_ended():
    namespace = {"__name__": "__main__"}
    run_cell("later = (train(x) for x in (1, 2))", setup=TRAIN, namespace=namespace)
    assert list(namespace["later"]) == [32, 64]


def test_seeds_are_params_even_when_they_are_counted():
    assert params("for i in range(3): train(seed=i)", setup="def train(seed): pass") == {
        "seed": (0, 1, 2)
    }


def test_a_setting_that_is_counted_through_is_a_param():
    setup = "def train(max_depth): pass"
    assert params("for depth in range(1, 4): train(max_depth=depth)", setup=setup) == {
        "max_depth": (1, 2, 3)
    }


def test_more_than_64_values_are_data_and_that_is_said():
    collected = run_cell("for w in [x / 7 for x in range(70)]: f(w)", setup="def f(weight): pass")
    assert collected.params == []
    assert "more than 64 values" in collected.problems[0].reason


def test_a_site_stops_looking_after_a_thousand_calls_and_says_so():
    collected = run_cell("a = 1\nfor i in range(3000): f(a)", setup="def f(weight): pass")
    assert {one.name: one.value for one in collected.params} == {"weight": 1, "a": 1}
    assert "first 1000 calls" in collected.problems[0].reason


# -- other cells ----------------------------------------------------------------------------------


def where(name):
    return {
        "epochs": Origin(how="parameters", cell=1, cell_id="params"),
        "lr": Origin(how="global", cell=3, cell_id="config"),
    }.get(name)


def test_a_param_from_another_cell_says_which():
    lr = param("lr", "train(lr)", setup=TRAIN + "lr = 0.1", defined_in=where)
    assert lr.uses[0].origin == Origin(
        how="global", cell=3, cell_id="config", callee="train", variable="lr"
    )


def test_papermills_parameters_cell_is_named_as_such():
    epochs = param("epochs", "for e in range(epochs): pass", setup="epochs = 5", defined_in=where)
    assert (epochs.value, epochs.uses[0].origin.how) == (5, "parameters")


def test_a_global_that_a_function_reads_is_a_param():
    setup = (
        "lr = 0.1\nunused = 7\ndef train(): return inner()\ndef inner(): return [lr for _ in 'ab']"
    )
    assert params("train()", setup=setup) == {"lr": 0.1}


def test_a_global_is_recorded_with_its_value_at_the_call():
    setup = "def train(): return lr"
    lr = param("lr", "lr = 0.1\ntrain()\nlr = 0.2\ntrain()\nlr = 0.3", setup=setup)
    assert lr.value == (0.1, 0.2)
    assert {use.origin.how for use in lr.uses} == {"global"}


def test_members_that_a_function_reads_of_a_config_are_params():
    setup = "CFG = {'lr': 0.1, 'hidden': 3}\ndef train(): return CFG['lr'] + CFG.get('hidden', 1)"
    assert params("train()", setup=setup) == {"lr": 0.1, "hidden": 3}


def test_methods_and_constructors_of_a_notebooks_class_read_globals_too():
    setup = "depth = 3\nclass Net:\n    def __init__(self, width): self.d = depth\n"
    assert params("Net(5)", setup=setup) == {"width": 5, "depth": 3}


def test_state_that_a_function_keeps_in_a_global_is_no_param():
    setup = "count = 0\nlog = []\ndef f():\n    global count\n    count += 1\n    log.append(count)"
    assert params("f(); f()", setup=setup) == {}


# -- two callees, one name ------------------------------------------------------------------------


def test_a_default_that_disagrees_is_named_after_its_callee():
    assert params(
        "train(0.3)\nfit(0.3, decay=0.1)\nother()",
        setup=TRAIN
        + FIT
        + """
def other(lr=9): pass
""",
    ) == {"lr": 0.3, "hidden": 32, "decay": 0.1, "other.lr": 9}


def test_two_callees_that_are_given_different_values_are_told_apart():
    assert params("train(0.3)\nfit(0.5)", setup=TRAIN + FIT) == {
        "train.lr": 0.3,
        "fit.lr": 0.5,
        "hidden": 32,
        "decay": 0.0,
    }


def test_two_callees_that_are_given_the_same_value_share_the_name():
    assert params("train(0.3)\nfit(lr=0.3)", setup=TRAIN + FIT)["lr"] == 0.3


def test_one_callee_with_two_values_keeps_the_bare_name():
    assert params("train(0.3)\ntrain(0.4)\nfit(0.3)", setup=TRAIN + FIT)["lr"] == (0.3, 0.4)


def test_true_and_one_are_different_values():
    assert params("f(True)\nf(1)", setup="def f(flag): pass")["flag"] == (True, 1)


def test_nan_is_one_value():
    assert (
        len(param("flag", "f(float('nan'))\nf(float('nan'))", setup="def f(flag): pass").uses) == 1
    )


# -- what is no param -----------------------------------------------------------------------------


def test_data_modules_and_functions_are_no_params():
    setup = """
import math, numpy as np, pandas as pd
X = np.zeros((3, 2)); df = pd.DataFrame({'a': [1]}); rows = list(range(100))
def train(a, b, c, d, e, f): pass
"""
    assert params("train(X, df, rows, math, len, lambda: 0)", setup=setup) == {}


def test_secrets_are_no_params():
    setup = "def connect(host, password, api_key=None, token_count=1): pass"
    source = "api_key = 'abcdefgh'\nconnect('db', 'hunter2', api_key=api_key)"
    assert params(source, setup=setup) == {"host": "db", "token_count": 1}


def test_a_secret_in_a_text_is_taken_out():
    url = params("load('https://me:hunter2@host/x')", setup="def load(url): pass")["url"]
    assert "hunter2" not in url


def test_arguments_of_reports_and_plain_helpers_are_no_params():
    setup = "import numpy as np, json\ndef plot_curve(title): pass\ndef log_result(a): pass"
    source = """
print('a', sep='-'); len('abc'); np.zeros(5); np.full((2, 2), fill_value=3)
plot_curve('x'); log_result(1); json.dumps(1, indent=3); 'a'.join(['b']); [].append(3)
"""
    assert params(source, setup=setup) == {}


def test_seeds_are_params_whatever_they_are_given_to():
    setup = "import numpy as np, random, pandas as pd\ndf = pd.DataFrame({'a': range(9)})"
    assert params("np.random.seed(3)", setup=setup) == {"seed": 3}
    assert params("random.seed(4)", setup=setup)["seed"] == 4
    assert params("rng = np.random.default_rng(7)", setup=setup) == {"seed": 7}
    assert params("d = df.sample(frac=0.5, random_state=1)", setup=setup) == {
        "frac": 0.5,
        "random_state": 1,
    }
    found = params("random.seed(1); np.random.seed(2)", setup=setup)
    assert found == {"random.seed": 1, "np.random.seed": 2}


def test_calls_inside_functions_classes_and_generators_are_not_looked_at():
    source = """
def outer():
    train(0.5)
class A:
    train(0.6)
list(train(x) for x in (0.7,))
f = lambda: train(0.8)
outer(); f()
"""
    assert params(source, setup=TRAIN) == {}


@pytest.mark.parametrize(
    ("value", "recorded"),
    [
        ("1", 1),
        ("1.5", 1.5),
        ("None", None),
        ("True", True),
        ("'adam'", "adam"),
        ("np.float64(0.1)", 0.1),
        ("np.int32(3)", 3),
        ("np.bool_(True)", True),
        ("np.array(2.5)", 2.5),
        ("np.float32", "float32"),
        ("[1, 2]", (1, 2)),
        ("{3, 1}", (1, 3)),
        ("Path('a/b')", "a/b"),
        ("Color.RED", "Color.RED"),
        ("2 ** 80", "0x100000000000000000000"),
        ("range(3)", "range(0, 3)"),
        ("dict", "dict"),
        ("Decimal('1.10')", "1.10"),
        ("1j", "1j"),
        ("float('inf')", float("inf")),
    ],
)
def test_values_are_reduced_to_plain_ones(value, recorded):
    setup = """
import enum, numpy as np
from pathlib import Path
from decimal import Decimal
class Color(enum.Enum): RED = 1
def f(v): pass
"""
    found = params(f"f({value})", setup=setup)["v"]
    assert found == recorded
    assert type(found) is type(recorded)


def test_long_texts_are_cut_and_still_told_apart():
    found = params("f('x' * 600 + 'a')\nf('x' * 600 + 'b')", setup="def f(prompt): pass")["prompt"]
    assert len(found) == 2
    assert all(len(one) < 560 and "601 characters" in one for one in found)


# -- safety ---------------------------------------------------------------------------------------


def test_no_reference_to_an_object_of_the_users_survives():
    namespace = {"__name__": "__main__"}
    setup = "class Big: pass\ndef f(x): return Big()\nbig = Big()"
    collected = run_cell("y = f(big)\nz = f(x=Big())", setup=setup, namespace=namespace)
    dead = [weakref.ref(namespace[name]) for name in "yz"] + [weakref.ref(namespace["big"])]
    for name in ("y", "z", "big"):
        del namespace[name]
    gc.collect()
    assert [ref() for ref in dead] == [None, None, None]
    assert collected.problems == []


def test_an_object_that_lies_about_itself_is_left_alone():
    setup = """
class Hostile:
    def __getattr__(self, name): raise SystemExit(name)
    def __eq__(self, other): raise SystemExit
    __hash__ = None
    def __repr__(self): raise SystemExit
    def __bool__(self): raise SystemExit
    def __len__(self): raise SystemExit
    def __iter__(self): raise SystemExit
    __class__ = property(lambda self: 1 / 0)
h = Hostile()
def f(x): pass
"""
    assert params("f(h)\ny = h\nf(x=h)", setup=setup) == {}


def test_a_failing_get_params_is_a_problem_and_the_cell_goes_on():
    setup = """
from sklearn.base import BaseEstimator
class Bad(BaseEstimator):
    def get_params(self, deep=True): raise SystemExit("no")
    def fit(self, X): return self
"""
    collected = run_cell("Bad().fit([1])\ndone = 1", setup=setup)
    assert "SystemExit: no" in collected.problems[0].reason


def test_a_fault_of_ours_leaves_the_cell_as_it_was():
    class Faulty(dict):
        def get(self, *_):
            raise RuntimeError("planned")

    probe = ParamProbe(Faulty())
    tree = ast.parse("a = f(1)\ng(a, 2)")
    before = ast.dump(tree)
    assert ast.dump(probe.instrument(tree)) == before
    assert "planned" in probe.collect().problems[0].reason


def test_a_namespace_with_builtins_of_its_own_is_left_alone():
    namespace = {"__builtins__": {"len": len}}
    probe = ParamProbe(namespace)
    exec(compile(probe.instrument(ast.parse("n = len('abc')\nk = 3")), "<cell>", "exec"), namespace)
    assert probe.collect() == ([], [], [])


def test_names_that_are_local_to_a_timed_statement_are_not_read_from_the_namespace():
    """Regression: `%timeit lr = 0.3; train(lr)` recorded the `lr` of another cell."""
    namespace = {"__name__": "__main__", "lr": 9}
    exec(TRAIN, namespace)
    probe = ParamProbe(namespace)
    tree = probe.instrument(ast.parse("lr = 0.3\ntrain(lr)"))
    inner = ast.parse("def inner(): pass")
    inner.body[0].body = tree.body
    exec(compile(inner, "<timeit>", "exec"), namespace)
    namespace["inner"]()
    assert 9 not in [one.value for one in probe.collect().params]


def test_a_cell_that_runs_another_records_both():
    namespace = {"__name__": "__main__"}
    exec(TRAIN, namespace)
    probe = ParamProbe(namespace)

    def run_inner(source):
        tree = probe.instrument(ast.parse(source))
        exec(compile(tree, "<inner>", "exec"), namespace)

    namespace["run_inner"] = run_inner
    run_inner("train(0.1)\nrun_inner('train(0.2)')\ntrain(0.3)")
    found = {one.name: one.value for one in probe.collect().params}
    assert found["lr"] == (0.1, 0.2, 0.3)


def test_a_keyboard_interrupt_is_not_eaten():
    setup = """
from sklearn.base import BaseEstimator
class Slow(BaseEstimator):
    def get_params(self, deep=True): raise KeyboardInterrupt
    def fit(self, X): return self
"""
    with pytest.raises(KeyboardInterrupt):
        run_cell("Slow().fit([1])", setup=setup)


def test_a_second_collect_gives_nothing():
    probe = ParamProbe({})
    exec(compile(probe.instrument(ast.parse("a = 1")), "<cell>", "exec"), {})
    assert len(probe.collect().params) == 1
    assert probe.collect() == ([], [], [])


@pytest.mark.parametrize("moved", ["", ".to(device)", ".to('cpu').float()"])
def test_a_network_that_is_moved_where_it_is_built_names_its_settings_as_one_that_is_not(moved):
    pytest.importorskip("torch")
    setup = """
import torch
class Net(torch.nn.Module):
    def __init__(self, hidden=16):
        super().__init__()
class Head(Net): pass
device = "cpu"
"""
    source = f"model = Net(hidden=32){moved}\nhead = Head(hidden=8){moved}"
    found = params(source, setup=setup)
    found.pop("device", None)
    assert found == {"Net.hidden": 32, "Head.hidden": 8}
