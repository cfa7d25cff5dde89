"""The metrics of a cell: numbers that were measured and bound to a name."""

import ast

import pytest

from aseptic.capture.params import ParamProbe

SETUP = """
import time, math
import numpy as np
from types import SimpleNamespace
def evaluate(x=0.9): return x
def build(n): pass
def both(): return 0.25, 0.75
def report(): return {"loss": 0.5, "acc": 0.75, "note": "x"}
accs = [0.1, 0.2]
X = np.arange(6.0).reshape(3, 2)
cfg = {"lr": 0.1, "epochs": 3}
grid = SimpleNamespace(best_score_=0.5)
"""


def run_cell(source, *, setup=SETUP):
    namespace = {"__name__": "__main__"}
    exec(setup, namespace)
    probe = ParamProbe(namespace)
    tree = probe.instrument(ast.parse(source))
    try:
        exec(compile(tree, "<cell>", "exec"), namespace)
    finally:
        collected = probe.collect()
    assert collected.problems == []
    return collected


def metrics(source, *, setup=SETUP):
    return {one.name: one.value for one in run_cell(source, setup=setup).metrics}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("acc = evaluate()", {"acc": 0.9}),
        ("acc: float = evaluate()", {"acc": 0.9}),
        ("print(acc := evaluate())", {"acc": 0.9}),
        ("a1 = b1 = evaluate()", {"a1": 0.9, "b1": 0.9}),
        ("loss, acc = both()", {"loss": 0.25, "acc": 0.75}),
        ("loss, acc = evaluate(0.5), evaluate(0.6)", {"loss": 0.5, "acc": 0.6}),
        ("error = 1 - evaluate(0.75)", {"error": 0.25}),
        ("acc = evaluate()\nerr = round(1 - acc, 3)", {"acc": 0.9, "err": 0.1}),
        ("q = float(np.mean([0.5, 1.0]))", {"q": 0.75}),
        ("q = np.mean([0.5, 1.0])", {"q": 0.75}),
        ("q = np.array(evaluate())", {"q": 0.9}),
        ("q = sum(evaluate(x) for x in (1, 2)) / 2", {"q": 1.5}),
        ("hits = int(evaluate(3))", {"hits": 3}),
        ("total = 0.0\nfor x in (1, 2):\n    total += evaluate(x)", {"total": 3.0}),
        ("total = evaluate(1)\ntotal += evaluate(2)", {"total": 3}),
        ("acc = accs[-1]", {"acc": 0.2}),
        ("acc = evaluate()\ndel acc", {"acc": 0.9}),
        ("w = 1.0\nfor i in range(2):\n    loss = (w - 3) ** 2\n    w = w + 1", {"loss": 1.0}),
        ("kappa = 2 * accs[0]", {"kappa": 0.2}),
        ("lr, eps = 0.5, 0.5\nval_loss = float(np.log(lr + eps))", {"val_loss": 0.0}),
        ("errs = []\nfor i in (3, 2): errs.append(evaluate(i))\nbest = min(errs)", {"best": 2}),
        ("best = grid.best_score_", {"best": 0.5}),
        ("accs = {c: evaluate(c) for c in (0.1, 1.0)}", {"accs/0.1": 0.1, "accs/1.0": 1.0}),
        ("scores = [evaluate(c) for c in (3, 4)]", {"scores/0": 3, "scores/1": 4}),
        ("if True:\n    with open('/dev/null'):\n        q = evaluate()", {"q": 0.9}),
        ("start = time.time()\nelapsed = 0 * (time.time() - start)", {"elapsed": 0}),
    ],
)
def test_a_measured_number_that_is_bound_is_a_metric(source, expected):
    assert metrics(source) == expected


@pytest.mark.parametrize(
    "source",
    [
        "evaluate()",
        "lr = 0.1",
        "acc = 0.9",
        "loss = 'mse'\nbuild(loss)",
        "scores = [evaluate(i) for i in range(30)]",
        "lr = float('0.1')",
        "n = len(accs)",
        "ok = bool(evaluate())",
        "good = evaluate() > 0.5",
        "t0 = time.time()",
        "n_rows = X.shape[0]",
        "first = X[0, 0]",
        "lr = cfg['lr']",
        "half = math.ceil(len(accs) / 2)",
        "_hidden = evaluate()",
        "n_batches = evaluate()",
        "seed = evaluate(3)",
        "text = str(evaluate())",
        "pi = math.pi",
        "for i in range(3): x = i * 2",
        "mean = evaluate()\nbuild(mean)",
        "settings = dict(cfg)",
        "config = report()",
    ],
)
def test_what_is_no_measured_number_is_no_metric(source):
    assert metrics(source) == {}


def test_a_metric_that_is_reported_or_handed_on_stays_one():
    assert metrics("acc = evaluate()\nprint(acc)\nbuild(acc)") == {"acc": 0.9}
    assert metrics("val = evaluate()\nprint(f'{val:.2f}', round(val, 2))") == {"val": 0.9}


def test_a_metric_that_is_handed_on_is_no_param():
    collected = run_cell("acc = evaluate()\nbuild(acc)")
    assert [one.name for one in collected.params] == ["x"]


def test_a_measured_number_that_is_used_as_a_setting_is_a_param():
    collected = run_cell("mean = evaluate()\nbuild(mean)")
    assert {one.name: one.value for one in collected.params} == {"x": 0.9, "n": 0.9}


def test_a_number_bound_several_times_has_its_last_value_and_its_range():
    (acc,) = run_cell("for v in (0.5, 0.9, 0.7): acc = evaluate(v)").metrics
    assert (acc.value, acc.count, acc.minimum, acc.maximum) == (0.7, 3, 0.5, 0.9)
    assert (acc.origin, acc.direction) == ("assigned", "max")


def test_the_last_of_very_many_values_is_the_one_that_counts():
    (loss,) = run_cell("for i in range(5000): loss = evaluate(i)").metrics
    assert (loss.value, loss.count, loss.minimum) == (4999, 5000, 0)


def test_the_last_of_very_many_increments_counts():
    (loss,) = run_cell("loss = 0\nfor i in range(5000):\n    loss += evaluate(1)\nx = 'a'").metrics
    assert loss.value == 5000


def test_nan_is_kept_and_left_out_of_the_range():
    (loss,) = run_cell("for v in (1.0, float('nan')): loss = evaluate(v)").metrics
    assert loss.value != loss.value
    assert (loss.minimum, loss.maximum) == (1.0, 1.0)


def test_a_returned_dict_of_numbers_gives_its_leaves():
    assert metrics("res = report()") == {"loss": 0.5, "acc": 0.75}


def test_leaves_that_two_variables_share_are_named_after_them():
    setup = SETUP + "def again(): return {'loss': 0.6, 'acc': 0.75}\n"
    found = metrics("train = report()\ntest = again()", setup=setup)
    assert found == {"train/loss": 0.5, "test/loss": 0.6, "acc": 0.75}


def test_a_dict_display_gives_what_is_measured_in_it():
    source = "acc = evaluate()\nrow = {'lr': 0.1, 'acc': acc, 'f1': evaluate(0.5)}"
    assert metrics(source) == {"acc": 0.9, "f1": 0.5}


def test_numbers_stored_in_a_dict_of_results_are_metrics():
    source = """
results, other = {}, {}
for name in ("svc", "tree"):
    results[name] = evaluate(0.5)
other["acc"] = evaluate()
other["x"] = evaluate()
"""
    assert metrics(source) == {"results/svc": 0.5, "results/tree": 0.5, "other/acc": 0.9}


def test_a_dict_of_very_many_numbers_is_a_table():
    assert metrics("scores = {}\nfor k in map(str, range(99)): scores[k] = evaluate()") == {}


def test_the_best_of_a_comprehension_is_a_metric():
    assert metrics("tried = [evaluate(x) for x in (0.5, 0.7)]\nbest = max(tried)") == {"best": 0.7}


def test_a_result_object_gives_its_numbers():
    setup = (
        SETUP
        + """
from dataclasses import dataclass
@dataclass
class Result:
    loss: float
    name: str = "x"
def run(): return Result(0.5)
"""
    )
    assert metrics("out = run()", setup=setup) == {"loss": 0.5}


def test_a_classification_report_gives_its_rows():
    setup = "from sklearn.metrics import classification_report\ny, p = [0, 1, 1], [0, 1, 0]"
    found = metrics("r = classification_report(y, p, output_dict=True)", setup=setup)
    assert found["accuracy"] == pytest.approx(2 / 3)
    assert found["macro avg/f1-score"] == pytest.approx(2 / 3)
    assert found["1/recall"] == 0.5


def test_numbers_taken_out_of_a_report_are_metrics():
    source = "r = report()\nfinal = r['acc']"
    assert metrics(source)["final"] == 0.75


def test_no_more_than_200_leaves_are_taken():
    assert len(metrics("results = dict([(f'k{i}', evaluate(i)) for i in range(300)])")) <= 200


LOGGED = """
import aseptic
def evaluate(x=0.5): return x
class Logger:
    def log(self, *args, **kwargs): pass
logger = Logger()
"""


@pytest.mark.parametrize(
    "source",
    [
        "loss = evaluate()\naseptic.log(loss=loss)",
        "loss = evaluate()\naseptic.log({'train/loss': loss, 'epoch': 1})",
        "import aseptic\nloss = evaluate()\naseptic.log(train_loss=round(loss, 3))",
        "from aseptic import log\nloss = evaluate()\nlog(train_loss=loss)",
        "l = evaluate()\nvalue = float(l)\naseptic.log(loss=value)",
        (
            "total = 0.0\nfor i in (1, 2):\n    loss = evaluate(i)\n    total += loss\n"
            "    aseptic.log(loss=loss)\nprint('done')"
        ),
        (
            "total = 0.0\nfor i in (1, 2):\n    total = total + evaluate(i)\n"
            "    aseptic.log(loss=total / i)\nprint('done')"
        ),
        (
            "total = 0.0\nfor i in (1, 2): total += evaluate(i)\nmean = total / 2\n"
            "aseptic.log(loss=mean)"
        ),
    ],
)
def test_what_is_logged_is_no_metric_a_second_time(source):
    assert metrics(source, setup=LOGGED) == {}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("acc = evaluate()\nlogger.log(accuracy=acc)", {"acc": 0.5}),
        ("acc = evaluate()\nif not acc: aseptic.log(accuracy=acc)", {"acc": 0.5}),
        ("acc = evaluate()\naseptic.log(loss=1.0)", {"acc": 0.5}),
        ("acc = evaluate(0)\naseptic.log(acc=acc)\nacc = evaluate(1)", {"acc": 1}),
        (
            "for i in range(2):\n    acc = evaluate(0)\n    aseptic.log(x=acc)\nacc = evaluate(1)",
            {"acc": 1},
        ),
        ("acc = evaluate()\nloss = evaluate()\naseptic.log(x=loss)", {"acc": 0.5}),
        ("acc, f1 = evaluate(1), evaluate(0)\naseptic.log(gap=acc - f1)", {"acc": 1, "f1": 0}),
    ],
)
def test_what_was_not_logged_by_us_stays_a_metric(source, expected):
    assert metrics(source, setup=LOGGED) == expected


def test_a_logged_number_that_is_handed_on_is_no_param():
    source = "def step(at): pass\nloss = evaluate()\naseptic.log(a=loss)\nstep(loss)"
    assert [one.name for one in run_cell(source, setup=LOGGED).params] == ["x"]


def test_a_tensor_without_axes_is_a_number():
    pytest.importorskip("torch")
    setup = "import torch\ndef step(): return torch.tensor(0.5, requires_grad=True)"
    assert metrics("loss = step()\nval = loss.item()", setup=setup) == {"loss": 0.5, "val": 0.5}
