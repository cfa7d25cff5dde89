"""T17: columns of very different size, in a model that measures distances or shrinks weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from aseptic.checks import plots
from aseptic.checks.check import NotApplicable, check
from aseptic.checks.curves import curves_of, plot_of
from aseptic.checks.models import Problem, Score, UserModel, folds, number_said, problem, score

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from aseptic.checks.evidence import Evidence
    from aseptic.checks.tables import Sample
    from aseptic.model import Finding

#: Estimators to which the size of columns matters, by the beginning of their name; those that take
#: long to fit, so that what scaling would bring is not tried after a cell.
_SENSITIVE = (
    "KNeighbors", "RadiusNeighbors", "SVC", "SVR", "NuSVC", "NuSVR", "LinearSVC", "LinearSVR",
    "LogisticRegression", "Ridge", "Lasso", "ElasticNet", "SGD", "MLP", "Perceptron",
    "PassiveAggressive", "GaussianProcess",
)  # fmt: skip
_SLOW = ("MLP", "GaussianProcess", "SGD", "Lasso", "ElasticNet")
_ROWS = {"automatic": 400, "asked": 2_000, "thorough": 5_000}


@check(
    "T17",
    severity="warning",
    needs=("train", "target", "model"),
    instead=("fact:input_abs_max|input_scale_ratio", "series:train_loss|loss"),
    cost="fit",
)
def input_scale(
    run: Evidence,
    *,
    ratio: float = 10.0,
    extreme: float = 1000.0,
    better: float = 0.05,
    errors: float = 3.0,
    largest: float = 100.0,
    explained: float = 0.95,
) -> Iterator[Finding]:
    """A model to which the size of columns matters gets columns of very different size.

    Why: the largest column alone decides what is near, and small ones are shrunk to nothing.

    Method: for a network, by what its first layer was fed: the largest absolute value
    (`input_abs_max`) is above `largest`, or the standard deviations of the columns
    (`input_scale_ratio`) differ by a factor above `extreme`; and less than `explained` of the
    dummy loss is explained at the end.

    Without curves: only for estimators that measure distances, descend by gradients or shrink
    weights, and on what the pipeline hands to them. Where the standard deviations of the columns
    (the 95 % and the 5 % point of those that vary) differ by more than `ratio`, an estimator of the
    same class with the same params is fitted to a sample of training rows as they are and
    standardised (3 folds): it counts where the latter has `better` more skill, above `errors`
    standard errors. Estimators that take long to fit are not tried after a cell: there a ratio
    above `extreme` counts. The model itself is neither fitted nor copied.

    Remedy: `make_pipeline(StandardScaler(), …)`, so that the scaler is fitted on training rows.

    Bad::

        from sklearn.neighbors import KNeighborsClassifier
        rng = np.random.default_rng(0)
        X = rng.normal(size=(500, 3))
        y = (X[:, 0] + X[:, 1] > 0).astype(int)
        X = X * [1, 1, 1000]
        train = (X, y)
        model = KNeighborsClassifier().fit(X, y)

    Good::

        from sklearn.neighbors import KNeighborsClassifier
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
        rng = np.random.default_rng(0)
        X = rng.normal(size=(500, 3))
        y = (X[:, 0] + X[:, 1] > 0).astype(int)
        X = X * [1, 1, 1000]
        train = (X, y)
        model = make_pipeline(StandardScaler(), KNeighborsClassifier()).fit(X, y)
    """
    if run.has("fact:input_abs_max|input_scale_ratio", "series:train_loss|loss"):
        yield from _of_network(run, largest=largest, extreme=extreme, explained=explained)
    else:
        yield from _of_estimator(run, ratio=ratio, extreme=extreme, better=better, errors=errors)


def _of_network(
    run: Evidence, *, largest: float, extreme: float, explained: float
) -> Iterator[Finding]:
    """From what was fed to the first layer of a network."""
    curves = curves_of(run)
    peak = curves.fact("input_abs_max") or 0.0
    spread = curves.fact("input_scale_ratio") or 1.0
    if curves.is_early or not curves.is_harmed(explained=explained, on_validation=True):
        return
    if peak > largest:
        said = f"the model is fed values of up to {peak:,.4g}"
    elif spread > extreme:
        said = f"the columns of the input differ in size by a factor of {spread:,.4g}"
    else:
        return
    loss = curves.steps or curves.train_loss
    assert loss is not None
    yield run.finding(
        said,
        remedy="standardise the input (mean 0, standard deviation 1, by the training rows), or"
        " begin with a layer of batch normalisation",
        plot=plot_of([loss]),
        series=loss.name,
        step=float(loss.x[0]),
        input_abs_max=peak or None,
        input_abs_max_limit=largest,
        input_scale_ratio=spread,
        input_scale_ratio_limit=extreme,
        explained_limit=explained,
        **curves.learnt(),
    )


def _of_estimator(
    run: Evidence, *, ratio: float, extreme: float, better: float, errors: float
) -> Iterator[Finding]:
    """For a fitted scikit-learn estimator: from what it is handed, and from what scaling brings."""
    model = UserModel(run)
    if not model.name.startswith(_SENSITIVE):
        raise NotApplicable(f"the size of columns does not matter to {model.name}")
    learnt = problem(run, run.train)
    rows = learnt.take(np.arange(min(len(learnt), _ROWS[run.depth])))
    handed = _handed(model, learnt.sample)[rows.places]
    spread = handed.std(axis=0)
    varying = spread[spread > 0]
    if len(varying) < 2:
        return
    low, high = np.quantile(varying, [0.05, 0.95])
    found = float(high / low)
    if found <= ratio:
        return
    what = f"columns whose standard deviations differ by a factor of {found:,.0f}"
    if model.name.startswith(_SLOW) and run.depth == "automatic":
        if found > extreme:
            message = f"{model.name} is handed {what}"
            yield _finding(run, model, rows, spread, message, ratio=found, limit=extreme)
        return
    plain, scaled = _tried(model, rows, handed)
    gain, error = scaled.less(plain)
    if gain > max(better, errors * error):
        message = (
            f"{model.name} is handed {what}: with them it has {plain.said}, standardised"
            f" {scaled.value:.2f} ({len(rows):,} rows, 3 folds)"
        )
        yield _finding(
            run,
            model,
            rows,
            spread,
            message,
            ratio=found,
            limit=ratio,
            as_they_are=plain.value,
            standardised=scaled.value,
            gain=number_said(gain, error),
            better_limit=better,
        )


def _finding(
    run: Evidence,
    model: UserModel,
    rows: Problem,
    spread: NDArray[np.float64],
    message: str,
    **numbers: Any,
) -> Finding:
    order = np.argsort(-spread, kind="stable")
    columns = rows.sample.table.columns
    named = columns if len(columns) == len(spread) else [f"input {n}" for n in range(len(spread))]
    inside = "at its beginning" if model.pipeline is not None else "before it"
    return run.finding(
        message,
        subject=model.name,
        remedy=f"put a scaler {inside}: `make_pipeline(StandardScaler(), {model.name}(…))`",
        sample=rows.sample,
        looked_at=rows.said,
        plot=plots.bars(
            [str(named[place]) for place in order],
            {"standard deviation": spread[order].tolist()},
            y="standard deviation",
        ),
        **numbers,
    )


def _handed(model: UserModel, sample: Sample) -> NDArray[np.float64]:
    """What the estimator is handed: the rows after all steps before it."""
    features = model.input_of(sample)
    steps = [] if model.pipeline is None else [step for _, step in model.pipeline.steps[:-1]]
    try:
        for step in steps:
            if step is not None and not isinstance(step, str):
                features = step.transform(features)
        features = features.toarray() if hasattr(features, "toarray") else features
        found = np.asarray(features, dtype=np.float64)
    except Exception as error:
        raise NotApplicable(f"what {model.name} is handed cannot be made: {error}") from error
    if found.ndim != 2 or len(found) != len(sample):
        raise NotApplicable(f"{model.name} is not handed rows and columns")
    if not np.all(np.isfinite(found)):
        raise NotApplicable(f"{model.name} is handed gaps")
    return found


def _tried(model: UserModel, rows: Problem, handed: NDArray[np.float64]) -> tuple[Score, Score]:
    """The scores of a new estimator of the same class and params, as they are and standardised."""
    if not type(model.estimator).__module__.startswith("sklearn."):
        raise NotApplicable(f"{model.name} is not of scikit-learn: another one cannot be made")
    fold = folds(rows)
    scores = []
    for standardise in (False, True):
        predicted = np.empty(len(rows), dtype=rows.target.dtype)
        for number in range(int(fold.max()) + 1):
            others, own = handed[fold != number], handed[fold == number]
            if standardise:
                middle, spread = others.mean(axis=0), others.std(axis=0)
                spread = np.where(spread > 0, spread, 1.0)
                others, own = (others - middle) / spread, (own - middle) / spread
            fresh = type(model.estimator)(**_plain_params(model))
            try:
                fresh.fit(others, rows.target[fold != number])
                predicted[fold == number] = fresh.predict(own)
            except Exception as error:
                reason = f"another {model.name} cannot be fitted: {error}"
                raise NotApplicable(reason) from error
        scores.append(score(rows.target, predicted, rows.task))
    return scores[0], scores[1]


def _plain_params(model: UserModel) -> dict[str, Any]:
    """Its params, without those that hold state or objects of the user's."""
    kept = (int, float, str, bool, type(None))
    params = {name: value for name, value in model.params.items() if isinstance(value, kept)}
    params.pop("class_weight", None)
    params.pop("probability", None)  # of no matter here, and slow
    params.pop("n_jobs", None)
    if "random_state" in params:
        params["random_state"] = 0
    return params
