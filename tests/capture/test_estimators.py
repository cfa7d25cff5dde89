"""The settings of estimators, searches, optimizers, boosters and networks, as they were used."""

import ast

import pytest

from aseptic.capture.params import ParamProbe

DATA = """
from sklearn.datasets import load_iris
from sklearn.svm import SVC
from sklearn.linear_model import LogisticRegression
from sklearn.ensemble import RandomForestClassifier, VotingClassifier
from sklearn.preprocessing import StandardScaler
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.compose import ColumnTransformer
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV, cross_val_score
from sklearn.model_selection import train_test_split
X, y = load_iris(return_X_y=True)
"""


def run_cell(source, *, setup=DATA):
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


def params(source, *, setup=DATA):
    return {one.name: one.value for one in run_cell(source, setup=setup).params}


def test_an_estimators_own_settings_are_params_with_the_model():
    found = params("C, gamma = 1.5, 0.001\nclf = SVC(C=C, gamma=gamma).fit(X, y)")
    assert found["C"] == 1.5
    assert found["gamma"] == 0.001
    assert found["kernel"] == "rbf"
    assert found["model"] == "SVC"


def test_what_was_given_in_the_cell_says_so_and_the_rest_is_the_estimators_own():
    found = {one.name: one.uses[0].origin for one in run_cell("SVC(C=5).fit(X, y)").params}
    assert (found["C"].how, found["C"].callee, found["C"].line) == ("argument", "SVC", 1)
    assert found["kernel"].how == "estimator"


@pytest.mark.parametrize(
    ("source", "typed"),
    [
        ("SVC(C=50, kernel='poly').fit(X, y)", {"C", "kernel"}),
        ("SVC(C=1.0).fit(X, y)", {"C"}),
        ("SVC().fit(X, y)", set()),
        ("clf = SVC()\nclf.set_params(C=10)\nclf.fit(X, y)", {"C"}),
        ("make_pipeline(SVC(C=3)).fit(X, y)", {"C", "svc__C", "steps"}),
        ("Pipeline([('s', StandardScaler()), ('m', SVC(C=3))]).fit(X, y)", {"m__C", "steps"}),
        (
            "p = make_pipeline(StandardScaler(), SVC())\np.set_params(svc__C=3)\np.fit(X, y)",
            {"svc__C", "steps"},
        ),
        (
            "GridSearchCV(SVC(C=2), {'gamma': [0.1, 1]}, cv=3).fit(X, y)",
            {"estimator", "estimator__C", "param_grid.gamma", "cv"},
        ),
        (
            "VotingClassifier([('a', SVC(C=2)), ('b', LogisticRegression())]).fit(X, y)",
            {"estimators", "a__C"},
        ),
        ("cross_val_score(SVC(C=3), X, y, cv=4)", {"C", "cv"}),
        ("Pipeline([('m', SVC(C=1.0))]).fit(X, y)", {"m__C", "steps"}),
        ("m = SVC(C=1)\np = Pipeline([('m', m)])\np.fit(X, y)", {"m__C", "steps"}),
        (
            "GridSearchCV(SVC(C=1.0), {'gamma': [0.1, 1]}, cv=3).fit(X, y)",
            {"estimator", "estimator__C", "param_grid.gamma", "cv"},
        ),
        (
            "VotingClassifier([('a', SVC(C=1.0)), ('b', SVC(C=1.0))]).fit(X, y)",
            {"estimators", "a__C", "b__C"},
        ),
    ],
)
def test_what_a_person_typed_is_not_filled_in(source, typed):
    found = [one.name for one in run_cell(source).params if not one.is_filled_in]
    assert set(found) - {"model"} == typed


def test_where_one_of_two_alike_was_given_its_default_that_is_said():
    namespace = {"__name__": "__main__"}
    exec(DATA, namespace)
    probe = ParamProbe(namespace)
    source = "VotingClassifier([('a', SVC(C=1.0)), ('b', SVC())]).fit(X, y)"
    exec(compile(probe.instrument(ast.parse(source)), "<cell>", "exec"), namespace)
    params, _, problems = probe.collect()
    assert {one.name for one in params if not one.is_filled_in} == {"estimators", "model"}
    assert [(one.what, one.reason) for one in problems] == [
        ("params a__C, b__C", "which of them was given C=1 is not known: each is of class SVC")
    ]


def test_a_grid_is_named_as_one_whoever_gets_it():
    source = """
from sklearn.model_selection import ParameterGrid
for chosen in ParameterGrid({"C": [1, 2]}):
    SVC(**chosen).fit(X, y)
"""
    found = params(source)
    assert (found["param_grid.C"], found["C"]) == ((1, 2), (1, 2))


def test_settings_are_those_at_the_time_of_fit():
    assert params("clf = SVC(C=1)\nclf.set_params(C=10)\nclf.fit(X, y)")["C"] == 10


def test_an_estimator_from_another_cell_tells_its_settings_when_it_is_fitted():
    found = {
        one.name: one for one in run_cell("clf.fit(X, y)", setup=DATA + "clf = SVC(C=3)").params
    }
    assert found["C"].value == 3
    assert found["C"].uses[0].origin.how == "argument"
    assert found["C"].uses[0].origin.callee == "SVC"
    assert found["kernel"].uses[0].origin.how == "estimator"


def test_an_estimator_that_is_only_made_has_its_arguments_recorded():
    found = params("clf = SVC(C=3)")
    assert found["C"] == 3
    assert "model" not in found


def test_an_estimator_that_is_handed_over_tells_its_settings():
    found = params("scores = cross_val_score(SVC(C=3), X, y, cv=4)")
    assert (found["C"], found["cv"], found["model"]) == (3, 4, "SVC")


def test_a_pipeline_names_its_steps_and_its_model():
    found = params("Pipeline([('s', StandardScaler()), ('svc', SVC(C=5))]).fit(X, y).score(X, y)")
    assert found["svc__C"] == 5
    assert found["steps"] == ("s: StandardScaler", "svc: SVC")
    assert found["model"] == "SVC"
    assert not {"C", "s", "svc"} & found.keys()


def test_a_search_records_its_grid_and_what_it_chose_and_not_what_it_replaced():
    source = """
search = GridSearchCV(SVC(gamma=0.1), {'C': [0.1, 10.0]}, cv=3)
search.fit(X, y)
best = search.best_score_
"""
    collected = run_cell(source)
    found = {one.name: one.value for one in collected.params}
    assert found["param_grid.C"] == (0.1, 10.0)
    assert found["best_params.C"] in (0.1, 10.0)
    assert found["cv"] == 3
    assert found["estimator__gamma"] == 0.1
    assert found["estimator"] == "SVC"
    assert found["model"] == "SVC"
    assert "estimator__C" not in found
    assert "C" not in found
    assert [metric.name for metric in collected.metrics] == ["best"]


def test_a_random_search_over_a_distribution_names_it():
    source = """
search = RandomizedSearchCV(SVC(), {'C': uniform(1, 2)}, n_iter=2, cv=2, random_state=0).fit(X, y)
"""
    found = params(source, setup=DATA + "from scipy.stats import uniform")
    assert found["param_distributions.C"].startswith("rv_")
    assert (found["n_iter"], found["random_state"]) == (2, 0)
    assert 1 <= found["best_params.C"] <= 3


def test_several_models_in_a_loop_are_all_recorded():
    source = "for clf in [SVC(C=2), LogisticRegression(C=3)]:\n    clf.fit(X, y)"
    found = params(source)
    assert found["model"] == ("SVC", "LogisticRegression")
    assert (found["SVC.C"], found["LogisticRegression.C"]) == (2, 3)


def test_a_default_of_another_estimator_does_not_take_the_name():
    found = params("SVC().fit(X, y)\nLogisticRegression(C=3).fit(X, y)")
    assert (found["C"], found["SVC.C"]) == (3, 1.0)


def test_an_ensemble_of_named_estimators_is_told_by_text():
    found = params("VotingClassifier([('a', SVC(C=2)), ('b', LogisticRegression())]).fit(X, y)")
    assert found["estimators"] == ("a: SVC", "b: LogisticRegression")
    assert found["a__C"] == 2
    assert found["model"] == "VotingClassifier"


def test_a_transformer_is_no_model():
    found = params("Z = StandardScaler(with_mean=False).fit_transform(X)")
    assert found["with_mean"] is False
    assert "model" not in found


def test_splitting_records_how_it_was_split_and_no_data():
    found = params("a, b, c, d = train_test_split(X, y, test_size=0.3, random_state=4)")
    assert found == {"test_size": 0.3, "random_state": 4}


def test_an_estimator_of_the_notebook_is_an_estimator():
    setup = (
        DATA
        + """
from sklearn.base import BaseEstimator
class Mine(BaseEstimator):
    def __init__(self, depth=3): self.depth = depth
    def fit(self, X, y): return self
    def predict(self, X): return X
"""
    )
    assert params("Mine(4).fit(X, y)", setup=setup) == {"depth": 4, "model": "Mine"}


# -- torch ----------------------------------------------------------------------------------------

TORCH = """
import torch
from torch import nn
class Net(nn.Module):
    def __init__(self, hidden=8):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(4, hidden), nn.ReLU(), nn.Linear(hidden, 1))
    def forward(self, x):
        return self.layers(x)
x, y = torch.ones(6, 4), torch.ones(6, 1)
"""
TRAIN = """
torch.manual_seed(5)
model = Net(hidden=16)
opt = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
criterion = nn.MSELoss()
for epoch in range(3):
    loss = criterion(model(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
"""


def test_a_training_loop_in_torch_records_its_optimizer_network_and_loss():
    pytest.importorskip("torch")
    collected = run_cell(TRAIN, setup=TORCH)
    found = {one.name: one.value for one in collected.params}
    assert found["lr"] == 0.1
    assert found["momentum"] == 0.9
    assert found["hidden"] == 16
    assert found["seed"] == 5
    assert found["optimizer"] == "SGD"
    assert found["model"] == "Net"
    assert not {"params", "epoch", "x", "y"} & found.keys()
    assert [(one.name, one.count, one.direction) for one in collected.metrics] == [
        ("loss", 3, "min")
    ]


def test_an_optimizer_is_recorded_as_it_was_when_it_first_stepped():
    pytest.importorskip("torch")
    source = """
model = Net()
opt = torch.optim.Adam(model.parameters(), lr=0.1)
opt.param_groups[0]["lr"] = 0.02
sched = torch.optim.lr_scheduler.ExponentialLR(opt, gamma=0.5)
for _ in range(3):
    model(x).sum().backward()
    opt.step()
    sched.step()
"""
    found = params(source, setup=TORCH)
    assert found["lr"] == 0.02
    assert found["gamma"] == 0.5
    assert found["betas"] == (0.9, 0.999)


def test_a_setting_of_an_optimizer_that_the_cell_changed_has_both_values_and_says_so():
    pytest.importorskip("torch")
    source = """
model = Net()
opt = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(3):
    model(x).sum().backward()
    opt.step()
    for g in opt.param_groups:
        g["lr"] = 0.01
"""
    found = {one.name: one for one in run_cell(source, setup=TORCH).params}
    assert found["lr"].value == (0.1, 0.01)
    assert found["lr"].note == "2 values in one run"
    assert not found["lr"].is_filled_in
    assert found["momentum"].value == 0


def test_an_optimizer_that_cannot_be_read_at_the_end_is_said_and_the_rest_is_kept():
    pytest.importorskip("torch")
    namespace = {"__name__": "__main__"}
    exec(TORCH, namespace)
    probe = ParamProbe(namespace)
    source = "opt = torch.optim.SGD(Net().parameters(), lr=0.1)\nopt.step()\nopt.param_groups = [1]"
    exec(compile(probe.instrument(ast.parse(source)), "<cell>", "exec"), namespace)
    params, _, problems = probe.collect()
    assert {one.name: one.value for one in params}["lr"] == 0.1
    assert [one.what for one in problems] == ["params: the optimizer at the end"]


def test_groups_of_an_optimizer_that_differ_are_told_apart():
    pytest.importorskip("torch")
    source = """
m = Net()
opt = torch.optim.SGD([
    {"params": m.layers[0].parameters(), "lr": 0.1},
    {"params": m.layers[2].parameters()},
], lr=0.5, momentum=0.3)
opt.step()
"""
    found = params(source, setup=TORCH)
    assert (found["group0.lr"], found["group1.lr"], found["momentum"]) == (0.1, 0.5, 0.3)
    assert "lr" not in found


def test_an_optimizer_that_is_handed_to_a_function_tells_its_settings():
    pytest.importorskip("torch")
    setup = TORCH + "def fit(net, opt, epochs): pass\n"
    found = params(
        "net = Net()\nfit(net, torch.optim.SGD(net.parameters(), lr=0.3), 4)", setup=setup
    )
    assert (found["lr"], found["epochs"], found["model"]) == (0.3, 4, "Net")


def test_the_random_state_of_torch_is_untouched():
    torch = pytest.importorskip("torch")
    namespace = {"__name__": "__main__"}
    exec(TORCH, namespace)
    torch.manual_seed(0)
    exec(TRAIN, namespace)
    expected = (torch.get_rng_state(), namespace["loss"].item())
    probe = ParamProbe(namespace)
    exec(compile(probe.instrument(ast.parse(TRAIN)), "<cell>", "exec"), namespace)
    probe.collect()
    assert torch.equal(torch.get_rng_state(), expected[0])
    assert namespace["loss"].item() == expected[1]


# -- boosters -------------------------------------------------------------------------------------


def test_xgboosts_classifier_tells_what_was_set_and_not_what_was_left_open():
    pytest.importorskip("xgboost")
    found = params(
        "XGBClassifier(n_estimators=3, max_depth=2, learning_rate=0.3).fit(X, y)",
        setup=DATA + "from xgboost import XGBClassifier",
    )
    assert (found["n_estimators"], found["max_depth"], found["learning_rate"]) == (3, 2, 0.3)
    assert found["model"] == "XGBClassifier"
    assert "gamma" not in found


def test_xgboosts_training_function_tells_its_dict_and_its_rounds():
    pytest.importorskip("xgboost")
    source = """
settings = {"eta": 0.3, "max_depth": 2, "objective": "multi:softmax", "num_class": 3}
booster = xgb.train(settings, xgb.DMatrix(X, label=y), num_boost_round=3)
"""
    found = params(source, setup=DATA + "import xgboost as xgb")
    assert found["eta"] == 0.3
    assert found["objective"] == "multi:softmax"
    assert found["num_boost_round"] == 3


def test_lightgbm_tells_its_settings_in_both_ways():
    pytest.importorskip("lightgbm")
    setup = DATA + "import lightgbm as lgb"
    found = params(
        "lgb.LGBMClassifier(n_estimators=2, num_leaves=5, verbose=-1).fit(X, y)", setup=setup
    )
    assert (found["n_estimators"], found["num_leaves"], found["model"]) == (2, 5, "LGBMClassifier")
    source = "lgb.train({'num_leaves': 4, 'verbose': -1}, lgb.Dataset(X, y), num_boost_round=2)"
    found = params(source, setup=setup)
    assert (found["num_leaves"], found["num_boost_round"]) == (4, 2)
