"""H03: the code draws random numbers, and nothing says which."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from aseptic.checks.check import NotApplicable, check
from aseptic.checks.code import Call, calls_in, code_of, earlier_code

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aseptic.checks.evidence import Evidence
    from aseptic.model import Finding, Run


@check("H03", severity="warning", needs=("run",), cost="look")
def unseeded(run: Evidence, *, shown: int = 4) -> Iterator[Finding]:
    """The code draws random numbers that no seed fixes.

    Why: the next run gives another metric for no reason that the record shows, so two runs
    cannot be compared by what was changed in them.

    Method: the syntax of the run's code and of the cells that it used is searched for calls that
    draw random numbers: of `random`, NumPy, pandas, scikit-learn, imbalanced-learn, PyTorch and
    Keras. A call is seeded by its own argument (`random_state`, `seed`, a generator), by a seed
    of its library in an earlier cell, by a function with "seed" in its name, or by the run's own
    `--seed`, which seeds what is drawn in the run's own cell. Up to `shown` of the calls are named.

    Remedy: give each of them its own seed (`random_state=0`), or seed the whole run:
    `%%track --seed 0`.

    Bad::

        from aseptic.testing import make_run

        run = make_run(source="X_train, X_test, y_train, y_test = train_test_split(X, y)")

    Good::

        from aseptic.testing import make_run

        run = make_run(source="parts = train_test_split(X, y, random_state=0)")
    """
    record = run.run
    assert record is not None
    if not record.source:
        raise NotApplicable("the run has no source")
    found = unseeded_calls(record)
    if found:
        names = [f"{_short(call.name)} ({call.code.at(call.node.lineno)})" for call in found]
        more = f" and {len(names) - shown} more" if len(names) > shown else ""
        verb = "draws" if len(found) == 1 else "draw"
        yield run.finding(
            f"{_listed(names[:shown])}{more} {verb} random numbers that no seed fixes",
            subject=_short(found[0].name),
            remedy=_remedy(found),
            calls=len(found),
            lines=tuple(call.code.at(call.node.lineno) for call in found[:20]),
        )


def unseeded_calls(run: Run) -> list[Call]:
    """The calls of a run that draw random numbers without a seed, the first one of each line."""
    calls = list(calls_in(code_of(run)))
    seeding = calls_in(code for code in earlier_code(run) if "seed" in code.source.lower())
    said = [*calls, *seeding]  # a cell that only seeds makes nothing that the run's cell reads
    if any("seed" in _short(call.name).lower() and _is_general(call) for call in said):
        return []
    given = {library for call in said for library in _seeded_libraries(call)}
    found = [call for call in calls if _library(call) not in {None, *given}]
    if run.seed is not None:  # it seeds the global generators, when the run's own cell begins
        found = [call for call in found if not call.code.is_own or _library(call) == "a generator"]
    return list({(call.code, call.node.lineno, call.name): call for call in found}.values())


# Which calls fix a generator ---------------------------------------------------------------------
_SEEDERS = {
    "random.seed": "random",
    "numpy.random.seed": "numpy",
    "np.random.seed": "numpy",
    "numpy.random.set_state": "numpy",
    "torch.manual_seed": "torch",
    "torch.random.manual_seed": "torch",
    "tensorflow.random.set_seed": "keras",
    "tf.random.set_seed": "keras",
}


def _seeded_libraries(call: Call) -> Iterator[str]:
    if call.name in _SEEDERS and (call.node.args or call.node.keywords):
        yield _SEEDERS[call.name]


def _is_general(call: Call) -> bool:
    """Whether a call seeds all there is: `seed_everything(0)`, `set_seed(0)`, `fix_seeds()`."""
    is_method = call.name.startswith(".") or call.name in _SEEDERS
    return not is_method and call.name not in (
        "numpy.random.SeedSequence",
        "np.random.SeedSequence",
    )


# Which calls draw --------------------------------------------------------------------------------
#: Draw from NumPy's global generator where they have no `random_state`.
_SKLEARN = frozenset(
    """
    train_test_split shuffle resample permutation_importance
    ShuffleSplit StratifiedShuffleSplit GroupShuffleSplit
    RandomForestClassifier RandomForestRegressor ExtraTreesClassifier ExtraTreesRegressor
    DecisionTreeClassifier DecisionTreeRegressor ExtraTreeClassifier ExtraTreeRegressor
    BaggingClassifier BaggingRegressor AdaBoostClassifier AdaBoostRegressor
    GradientBoostingClassifier GradientBoostingRegressor IsolationForest RandomTreesEmbedding
    MLPClassifier MLPRegressor BernoulliRBM SGDClassifier SGDRegressor SGDOneClassSVM Perceptron
    PassiveAggressiveClassifier PassiveAggressiveRegressor RANSACRegressor
    KMeans MiniBatchKMeans BisectingKMeans SpectralClustering GaussianMixture
    BayesianGaussianMixture LatentDirichletAllocation FastICA TSNE UMAP
    GaussianRandomProjection SparseRandomProjection RBFSampler Nystroem
    RandomizedSearchCV HalvingRandomSearchCV HalvingGridSearchCV ParameterSampler
    make_classification make_regression make_blobs make_moons make_circles make_friedman1
    make_friedman2 make_friedman3 make_gaussian_quantiles make_multilabel_classification
    make_low_rank_matrix make_swiss_roll make_s_curve make_hastie_10_2
    SMOTE SMOTENC BorderlineSMOTE ADASYN RandomOverSampler RandomUnderSampler SMOTEENN SMOTETomek
    """.split()  # noqa: SIM905 - a list of words reads best as words
)
#: Draw only where this argument is given as True.
_SWITCHED = {
    "KFold": "shuffle",
    "StratifiedKFold": "shuffle",
    "StratifiedGroupKFold": "shuffle",
    "SVC": "probability",
    "NuSVC": "probability",
    "HistGradientBoostingClassifier": "early_stopping",
    "HistGradientBoostingRegressor": "early_stopping",
}
_SPLITTERS = frozenset({"random_split", "DataLoader"})
_TORCH = frozenset(
    """
    rand randn randint randperm rand_like randn_like randint_like bernoulli multinomial normal
    """.split()  # noqa: SIM905 - a list of words reads best as words
)
_TORCH_LAYERS = frozenset(
    """
    Linear Conv1d Conv2d Conv3d ConvTranspose2d Embedding LSTM GRU RNN Transformer
    TransformerEncoderLayer MultiheadAttention Bilinear
    """.split()  # noqa: SIM905 - a list of words reads best as words
)
_KERAS = frozenset({"Dense", "Conv1D", "Conv2D", "LSTM", "GRU", "Embedding"})
_STDLIB = frozenset(
    """
    random randint randrange choice choices shuffle sample uniform gauss normalvariate betavariate
    expovariate triangular
    """.split()  # noqa: SIM905 - a list of words reads best as words
)
_NOT_DRAWN = frozenset({"seed", "get_state", "set_state", "SeedSequence", "Generator"})
_GENERATORS = frozenset({"default_rng", "RandomState", "PCG64", "MT19937", "Philox", "SFC64"})
_SEED_ARGUMENTS = ("random_state", "seed", "generator", "rng")


def _library(call: Call) -> str | None:
    """Whose generator a call draws from unseeded; None where it draws nothing, or has a seed."""
    name, node = call.name, call.node
    last = _short(name)
    head = name.rpartition(".")[0]
    if _has_seed(node):
        return None
    if head in ("numpy.random", "np.random"):
        return _of_numpy(last, node)
    if last == "default_rng":
        return _of_numpy(last, node)
    if head == "random":
        return "random" if last in _STDLIB else None
    if head.split(".")[0] == "torch" or last in _SPLITTERS or head == "nn":
        return "torch" if _draws_in_torch(last, head, node) else None
    if "keras" in name and last in _KERAS:
        return "keras"
    return "numpy" if _draws_from_numpy(last, name, node) else None


def _of_numpy(last: str, node: ast.Call) -> str | None:
    if last in _GENERATORS:
        return None if node.args or node.keywords else "a generator"
    return None if last in _NOT_DRAWN else "numpy"


def _draws_in_torch(last: str, head: str, node: ast.Call) -> bool:
    if last == "DataLoader":
        return _is_true(node, "shuffle")
    is_layer = last in _TORCH_LAYERS and head.rpartition(".")[2] == "nn"
    is_function = last in _TORCH and head == "torch"
    return is_layer or is_function or last == "random_split" or head.endswith("nn.init")


def _draws_from_numpy(last: str, name: str, node: ast.Call) -> bool:
    if last in _SWITCHED:
        return _is_true(node, _SWITCHED[last])
    if last == "sample":  # of a DataFrame, not of a distribution
        return any(word.arg in ("frac", "n") for word in node.keywords) and "." in name
    is_sklearn = name == last or name.startswith(("sklearn.", "imblearn.", "umap."))
    return last in _SKLEARN and is_sklearn


def _has_seed(node: ast.Call) -> bool:
    """Whether a seed is given, or may be: `**settings` may hold one."""
    for word in node.keywords:
        if word.arg is None:
            return True
        if word.arg in _SEED_ARGUMENTS:
            return not (isinstance(word.value, ast.Constant) and word.value.value is None)
    return False


def _is_true(node: ast.Call, argument: str) -> bool:
    return any(
        word.arg == argument and isinstance(word.value, ast.Constant) and word.value.value is True
        for word in node.keywords
    )


def _short(name: str) -> str:
    return name.rpartition(".")[2]


# Words -------------------------------------------------------------------------------------------
def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _remedy(found: list[Call]) -> str:
    library = _library(found[0])
    name = _short(found[0].name)
    seeds = {
        "random": "call `random.seed(0)` before",
        "torch": "call `torch.manual_seed(0)` before the model is made",
        "keras": "call `keras.utils.set_random_seed(0)` before the model is made",
        "a generator": f"give it a seed: `{name}(0)`",
    }
    one = seeds.get(library or "", f"give it a seed: `{name}(…, random_state=0)`")
    if name.islower() and library == "numpy" and "random" in found[0].name:
        one = "use a generator with a seed: `rng = np.random.default_rng(0)`"
    is_own = all(call.code.is_own for call in found) and library != "a generator"
    return f"{one}; or seed the whole run: `%%track --seed 0`" if is_own else one
