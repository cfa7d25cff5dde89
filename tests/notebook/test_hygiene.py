"""Checks run after a tracked cell: who is train and test, what is found, and what stays out."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import weakref

import pytest

import aseptic

pytest.importorskip("sklearn")

DATA = """
import numpy as np, pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split, cross_val_score, GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
rng = np.random.default_rng(0)
X = pd.DataFrame(rng.normal(size=(300, 4)), columns=list("abcd"))
y = pd.Series((X.a + rng.normal(size=300) > 0).astype(int), name="label")
"""


def write_settings(folder, *, select):
    """Says which checks run, and that they may take their time: the machine may be busy."""
    text = f"[tool.aseptic.checks]\nselect = {select}\nbudget_s = 60\n"
    (folder / "pyproject.toml").write_text(text)


@pytest.fixture
def ready(shell, folder):
    """A shell with data, and the checks of splits alone: the others take their time."""
    write_settings(folder, select=["D15", "D18"])
    shell.run(DATA)
    return shell


def roles(run):
    return {name: (one.role, one.role_from) for name, one in run.data_inputs.items()}


def codes(run):
    return {finding.code for finding in run.findings}


def outcome(run, code):
    return next(one.outcome for one in run.checks if one.code == code)


def uses(shell):
    return [use.said for use in shell.extension().hygiene.lineage.uses]


# -- who is train, who is test ---------------------------------------------------------------------


def test_roles_come_from_what_the_cell_did(ready):
    ready.run("A, B, a, b = train_test_split(X, y, random_state=0)")
    ready.run("%%track\nscore = LogisticRegression().fit(A, a).score(B, b)")
    fit, score = "LogisticRegression.fit", "LogisticRegression.score"
    run = ready.last()
    assert roles(run) == {
        "A": ("train", fit),
        "a": ("train", fit),
        "B": ("test", score),
        "b": ("test", score),
    }
    assert outcome(run, "D15") == "clean"


def test_roles_come_from_names_where_nothing_was_fitted(ready):
    ready.run("X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)")
    ready.run("%%track\nn = len(X_train), len(X_test), len(y_train)")
    assert roles(ready.last()) == {
        "X_train": ("train", "name"),
        "X_test": ("test", "name"),
        "y_train": ("train", "name"),
    }


def test_what_a_person_says_stands_above_all(ready):
    ready.run(
        "one, other = X[:200], X[200:]\nimport aseptic\naseptic.roles(train='one', test=other)"
    )
    ready.run("%%track\nn = len(one) + len(other)")
    assert roles(ready.last()) == {"one": ("train", "roles"), "other": ("test", "roles")}
    assert outcome(ready.last(), "D15") == "clean"


def test_roles_can_be_taken_back(ready):
    assert ready.run("import aseptic\naseptic.roles(train='X')").result == {"train": "X"}
    assert ready.run("aseptic.roles(forget=True)").result == {}
    ready.run("%%track\nn = len(X)")
    assert roles(ready.last()) == {"X": (None, None)}


def test_a_list_is_declared_by_its_name(ready):
    with pytest.raises(aseptic.AsepticError, match="name the variable"):
        aseptic.roles(train=[1, 2])


def test_a_frame_whose_columns_were_fitted_is_the_training_data(ready):
    ready.run("df = X.assign(label=y)\ntr, te = df[:200], df[200:]\ncols = ['a', 'b']")
    ready.run(
        "%%track\nm = LogisticRegression().fit(tr[cols], tr['label'])\nm.score(te[cols], te.label)"
    )
    found = roles(ready.last())
    assert (found["tr"][0], found["te"][0]) == ("train", "test")


def test_rows_used_for_choosing_are_validation(ready):
    ready.run("A, V, T = X[:200], X[200:250], X[250:]\na, v, t = y[:200], y[200:250], y[250:]")
    ready.run(
        "%%track\n"
        "for C in (.1, 1, 10):\n    m = LogisticRegression(C=C).fit(A, a)\n    m.score(V, v)\n"
        "m.score(T, t)"
    )
    found = {name: role for name, (role, _) in roles(ready.last()).items()}
    assert found["A"], found["V"] == ("train", "validation")
    assert (found["V"], found["T"]) == ("validation", "test")


def test_rows_of_training_that_are_scored_stay_training(ready):
    ready.run("%%track\nm = LogisticRegression().fit(X, y)\nm.score(X, y)")
    assert roles(ready.last())["X"] == ("train", "LogisticRegression.fit")


def test_what_the_cell_made_is_judged_and_no_data_input(ready):
    ready.run(
        "%%track\nX_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)\n"
        "X_test = pd.concat([X_test, X_train[:20]]); y_test = pd.concat([y_test, y_train[:20]])\n"
        "LogisticRegression().fit(X_train, y_train).score(X_test, y_test)"
    )
    run = ready.last()
    assert set(run.data_inputs) == {"X", "y"}
    assert "D15" in codes(run)
    [finding] = [one for one in run.findings if one.code == "D15"]
    assert finding.evidence["table"] == "X_test"


# -- D18 -------------------------------------------------------------------------------------------


def test_scaling_before_the_split_is_found_over_cells(ready):
    ready.run("%%track\nscaled = StandardScaler().fit_transform(X)")
    ready.run("A, B, a, b = train_test_split(scaled, y, random_state=0)")
    ready.run("%%track\nLogisticRegression().fit(A, a).score(B, b)")
    run = ready.last()
    assert "D18" in codes(run)
    ready.run("%%track\nn = 1 + len(X)")
    assert "D18" not in codes(ready.last())


def test_scaling_columns_of_a_frame_before_the_split_is_found(ready):
    ready.run(
        "%%track\ndf = X.copy(); df[['a', 'b']] = StandardScaler().fit_transform(df[['a', 'b']])\n"
        "A, B, a, b = train_test_split(df, y, random_state=0)\n"
        "LogisticRegression().fit(A, a).score(B, b)"
    )
    assert "D18" in codes(ready.last())


RIGHT = {
    "fitted on train": """
s = StandardScaler().fit(A)
LogisticRegression().fit(s.transform(A), a).score(s.transform(B), b)
""",
    "in a pipeline": """
make_pipeline(StandardScaler(), LogisticRegression()).fit(A, a).score(B, b)
""",
    "cross-validated pipeline": """
cross_val_score(make_pipeline(StandardScaler(), LogisticRegression()), X, y)
""",
    "scored on train too": """
s = StandardScaler()
m = LogisticRegression().fit(s.fit_transform(A), a)
m.score(s.transform(A), a); m.score(s.transform(B), b)
""",
    "searched pipeline": """
model = make_pipeline(StandardScaler(), LogisticRegression())
GridSearchCV(model, {"logisticregression__C": [.1, 1]}).fit(A, a).score(B, b)
""",
    "rows that repeat by nature": """
R = pd.DataFrame(rng.integers(0, 2, size=(300, 2)), columns=list("ab"))
A, B, a, b = train_test_split(R, y, random_state=1)
s = StandardScaler().fit(A)
LogisticRegression().fit(s.transform(A), a).score(s.transform(B), b)
""",
    "fitted on all, and not used": """
from sklearn.decomposition import PCA
PCA(2).fit_transform(X)
LogisticRegression().fit(A, a).score(B, b)
""",
}


@pytest.mark.parametrize("code", RIGHT.values(), ids=RIGHT)
def test_right_preprocessing_is_clean(ready, code):
    ready.run("A, B, a, b = train_test_split(X, y, random_state=0)")
    ready.run(f"%%track{code}")
    assert outcome(ready.last(), "D18") == "clean"


def test_choosing_features_before_the_split_is_an_error(ready):
    ready.run(
        "%%track\nfrom sklearn.feature_selection import SelectKBest\n"
        "best = SelectKBest(k=2).fit_transform(X, y)\n"
        "A, B, a, b = train_test_split(best, y, random_state=0)\n"
        "LogisticRegression().fit(A, a).score(B, b)"
    )
    assert [f.severity for f in ready.last().findings if f.code == "D18"] == ["error"]


# -- the watch -------------------------------------------------------------------------------------


def test_nested_estimators_are_one_use(ready):
    ready.run(
        "%%track\ncross_val_score(make_pipeline(StandardScaler(), LogisticRegression()), X, y)"
    )
    assert uses(ready) == ["cross_val_score of Pipeline"]
    ready.run("%%track\ncross_val_score(LogisticRegression(), X, y, n_jobs=2)")
    assert uses(ready)[1:] == ["cross_val_score of LogisticRegression"]


def test_equal_calls_in_a_loop_are_as_many_uses(ready):
    ready.run("%%track\nfor i in range(5):\n    LogisticRegression().fit(X[i:].copy(), y[i:])")
    found = ready.extension().hygiene.lineage.uses
    assert [use.features.rows for use in found] == [300, 299, 298, 297, 296]


def test_everything_is_as_it_was_after_the_cell(ready):
    from sklearn.utils import _set_output, validation

    before = validation.get_tags, _set_output._wrap_data_with_container
    code = (
        "LogisticRegression().fit(X, y)\nwithin = sys.modules['sklearn.utils.validation'].get_tags"
    )
    ready.run(f"%%track\nimport sys\n{code}")
    assert (validation.get_tags, _set_output._wrap_data_with_container) == before
    assert ready.names["within"] is not before[0]


def test_no_object_is_kept_alive(ready):
    ready.run("class Probe(LogisticRegression):\n    pass")
    ready.run("%%track\nm = Probe().fit(X, y)\nZ = X.copy()\nm.score(Z, y)")
    dead = [weakref.ref(ready.names["m"]), weakref.ref(ready.names["Z"])]
    ready.run("del m, Z")
    gc.collect()
    assert [ref() for ref in dead] == [None, None]


def test_the_random_state_and_the_result_are_the_users_own(ready):
    code = (
        "np.random.seed(1)\nfrom sklearn.ensemble import RandomForestClassifier\n"
        "m = RandomForestClassifier(5).fit(X, y)\n"
        "found = float(m.predict_proba(X)[:, 1].sum()), float(np.random.rand())"
    )
    ready.run(code)
    plain = ready.names["found"]
    ready.run(f"%%track\n{code}")
    assert ready.names["found"] == plain
    ready.run("after = float(np.random.rand())\nnp.random.seed(1)")


def test_a_failing_fit_has_no_frame_of_ours(ready):
    ready.run(
        """%%track
import traceback
try:
    LogisticRegression().fit(X, y[:-1])
except ValueError as error:
    files = [entry.filename for entry in traceback.extract_tb(error.__traceback__)]
"""
    )
    assert not [file for file in ready.names["files"] if "aseptic" in file]


def test_objects_in_data_are_not_asked(ready):
    ready.run(
        """
class Shy:
    def fail(self, *_):
        raise SystemExit
    __hash__ = __eq__ = __str__ = __repr__ = fail

odd = pd.DataFrame({"a": [Shy() for _ in range(30)]})
from sklearn.preprocessing import FunctionTransformer
"""
    )
    ready.run("%%track\nout = FunctionTransformer().fit_transform(odd)")
    assert ready.last().status == "finished"
    assert [use.features.reason for use in ready.extension().hygiene.lineage.uses] == [
        "it holds objects"
    ]


def test_sklearn_that_the_cell_itself_imports_is_seen(tmp_path):
    code = """
from IPython.core.interactiveshell import InteractiveShell
from aseptic.notebook import loading
shell = InteractiveShell.instance()
shell.run_cell("%load_ext aseptic")
shell.run_cell('''%%track --quiet
import numpy as np
from sklearn.linear_model import LinearRegression
X = np.arange(40.).reshape(20, 2)
m = LinearRegression().fit(X, X[:, 0])
''')
print([use.said for use in loading._loaded[id(shell)].hygiene.lineage.uses])
"""
    assert in_fresh_python(code, tmp_path) == "['LinearRegression.fit']"


# -- the checks ------------------------------------------------------------------------------------


def test_ignored_checks_do_not_run(ready):
    ready.run("%%track --ignore D15\nn = len(X)")
    found = {one.code for one in ready.last().checks}
    assert "D15" not in found
    assert "D18" in found


def test_an_unknown_code_is_a_problem_of_the_run(ready):
    ready.run("%%track --ignore Z99\nn = len(X)")
    assert [one.what for one in ready.last().problems if "Z99" in one.reason] == ["checks"]


def test_the_project_says_which_checks_run(ready, folder):
    (folder / "pyproject.toml").write_text('[tool.aseptic.checks]\nselect = ["D15"]\n')
    ready.run("%%track\nn = len(X)")
    assert [one.code for one in ready.last().checks] == ["D15"]


def test_the_same_data_are_judged_once(ready):
    ready.run("X_train, X_test = X[:200], X[200:]")
    cell = "%%track\nn = len(X_train) + len(X_test)"
    ready.run(cell)
    first = {one.code: one for one in ready.last().checks}
    ready.run(cell)
    again = {one.code: one for one in ready.last().checks}
    assert again["D15"] == first["D15"]  # its time included: it was not run again
    ready.run("X_test = X[150:]")
    ready.run(cell)
    assert "D15" in codes(ready.last())


def test_a_cell_without_data_imports_no_checks(tmp_path):
    code = """
import sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.run_cell("%load_ext aseptic")
shell.run_cell("%%track --quiet\\nz = 1")
print([name for name in ("aseptic.checks", "pandas", "sklearn") if name in sys.modules])
"""
    assert in_fresh_python(code, tmp_path) == "[]"


def in_fresh_python(code, folder):
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    said = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, env=environ
    )
    assert said.returncode == 0, said.stderr
    return said.stdout.splitlines()[-1]


# -- the code that a run came from -----------------------------------------------------------------


@pytest.fixture
def traced(shell, folder):
    """A shell with data, and the checks of code and history alone."""
    write_settings(folder, select=["H03", "H04"])
    shell.run(DATA)
    return shell


def test_a_split_without_a_seed_in_an_earlier_cell_is_seen(traced):
    traced.run("A, B, a, b = train_test_split(X, y)")
    traced.run("%%track\nscore = LogisticRegression().fit(A, a).score(B, b)")
    (found,) = (one for one in traced.last().findings if one.code == "H03")
    assert found.subject == "train_test_split"
    assert "of cell" in found.message


def test_a_seed_in_an_earlier_cell_counts(traced):
    traced.run("np.random.seed(0)")
    traced.run("A, B, a, b = train_test_split(X, y)")
    traced.run("%%track\nscore = LogisticRegression().fit(A, a).score(B, b)")
    assert outcome(traced.last(), "H03") == "clean"


def test_the_same_cells_with_another_result_are_seen_and_other_cells_are_not(traced):
    def runs_with(step):
        traced.run(f"def measure(): return float(rng.normal()) * {step}")
        traced.run("%%track\nacc = measure()")
        return outcome(traced.last(), "H04")

    assert runs_with(1) != "findings"
    assert runs_with(2) == "clean"
    assert runs_with(2) == "findings"


def test_only_the_rows_that_were_scored_are_judged(ready):
    ready.run("A, B, a, b = train_test_split(X, y, random_state=0)")
    ready.run("X_test, y_test = pd.concat([B, A[:20]]), pd.concat([b, a[:20]])")
    ready.run("%%track\nm = LogisticRegression().fit(A, a)\nm.score(X_test[:-20], y_test[:-20])")
    assert outcome(ready.last(), "D15") == "clean"
    assert roles(ready.last())["X_test"] == ("test", "LogisticRegression.score")
    ready.run("%%track\nm = LogisticRegression().fit(A, a)\nm.score(X_test, y_test)")
    assert outcome(ready.last(), "D15") == "findings"


# -- with `%aseptic auto`, cells that are no runs are seen too -------------------------------------

SCALED = "S = StandardScaler().fit_transform(X)"
SPLIT = "A, B, a, b = train_test_split(S, y, random_state=0)"
SCORED = "score = LogisticRegression().fit(A, a).score(B, b)"


def test_a_scaler_that_an_untracked_cell_fitted_is_known_to_the_next_run(ready):
    ready.run("%aseptic auto on")
    ready.run(SCALED)
    ready.run(SPLIT)
    ready.run(SCORED)
    assert codes(ready.last()) == {"D18"}


def test_without_auto_untracked_cells_are_not_looked_at(ready):
    ready.run(SCALED)
    ready.run(SPLIT)
    ready.run(f"%%track\n{SCORED}")
    assert codes(ready.last()) == set()
    assert "StandardScaler.fit_transform" not in uses(ready)


@pytest.mark.parametrize("cell", ["1 / 0", SCALED, "raise KeyboardInterrupt"])
def test_nothing_stays_of_the_look_at_an_untracked_cell(ready, cell):
    from sklearn.utils import validation

    before = validation.get_tags
    ready.run("%aseptic auto on")
    ready.run(cell)
    assert validation.get_tags is before


def test_nothing_stays_of_the_look_at_the_cell_that_unloads_the_extension(ready):
    from sklearn.utils import validation

    before = validation.get_tags
    ready.run("%aseptic auto on")
    ready.run("%unload_ext aseptic")
    assert validation.get_tags is before
    ready.run("%load_ext aseptic")


# -- hashes of rows --------------------------------------------------------------------------------


def kept(run):
    from aseptic.checks.kept_rows import kept_rows

    return {(one.name, one.role, one.rows) for one in kept_rows(run)}


def test_a_run_keeps_hashes_of_the_rows_of_its_data(ready):
    ready.run(
        "%%track\nA, B, a, b = train_test_split(X, y, random_state=0)\n"
        "score = LogisticRegression().fit(A, a).score(B, b)"
    )
    run = ready.last()
    assert kept(run) == {("X", "data", 300), ("A", "train", 225), ("B", "test", 75)}
    assert run.data_inputs["y"].row_hashes is None, "one column: the hash would be the value"


def test_a_leak_is_found_from_another_process(ready, folder):
    write_settings(folder, select=["D18"])
    ready.run(
        "%%track leaky\nA, B, a, b = train_test_split(X, y, random_state=0)\n"
        "B, b = pd.concat([B, A[:9]]), pd.concat([b, a[:9]])\n"
        "score = LogisticRegression().fit(A, a).score(B, b)"
    )
    command = [sys.executable, "-m", "aseptic", "check", "leaky", "--select", "D15"]
    found = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    assert "10.7% of the rows of B are in A" in found.stdout, found
    assert "D15: judged by hashes of rows alone" in found.stdout


def test_no_hashes_are_kept_where_there_is_no_time(ready, folder):
    (folder / "pyproject.toml").write_text("[tool.aseptic.checks]\nbudget_s = 0.0\n")
    ready.run("%%track\nmodel = LogisticRegression().fit(X, y)")
    assert kept(ready.last()) == set()
