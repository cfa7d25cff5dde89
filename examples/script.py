"""Runs without a notebook: two kinds of regression on scikit-learn's diabetes data.

python script.py --alpha 0.1 --alpha 1 --alpha 10 --eta0 0.001
"""

from __future__ import annotations

import argparse

import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Ridge, SGDRegressor
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

import aseptic

X, y = load_diabetes(return_X_y=True)
X_train, X_val, y_train, y_val = train_test_split(X, y, test_size=0.3, random_state=0)


@aseptic.track(experiment="diabetes")
def ridge(alpha: float) -> None:
    """Each call is a run; `alpha` is its param. Solved at once: one point of each metric."""
    model = Ridge(alpha=alpha).fit(X_train, y_train)
    mae = mean_absolute_error(y_val, model.predict(X_val))
    aseptic.log(mae=mae, r2=model.score(X_val, y_val))


def descend(eta0: float, epochs: int) -> None:
    """One run, step by step: a curve of each metric."""
    settings = {"eta0": eta0, "epochs": epochs}
    with aseptic.track(f"sgd-{eta0:g}", experiment="diabetes", params=settings) as run:
        scaler = StandardScaler().fit(X_train)
        model = SGDRegressor(eta0=eta0, learning_rate="constant", random_state=0)
        for epoch in range(epochs):
            model.partial_fit(scaler.transform(X_train), y_train)
            errors = np.abs(model.predict(scaler.transform(X_val)) - y_val)
            run.log(mae=errors.mean(), worst=errors.max(), step=epoch)


def main() -> None:
    """Runs them all and prints what came out."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--alpha", type=float, action="append", help="give it several times")
    options.add_argument("--eta0", type=float, default=0.0003)
    options.add_argument("--epochs", type=int, default=60)
    given = options.parse_args()

    for alpha in given.alpha or [0.1, 1.0, 10.0]:
        ridge(alpha)
    descend(given.eta0, given.epochs)

    runs = aseptic.runs(experiment="diabetes")
    columns = ["name", "status", "duration_s", "params.alpha", "params.eta0", "metrics.mae"]
    print(runs[columns].to_string(index=False))


if __name__ == "__main__":
    main()
