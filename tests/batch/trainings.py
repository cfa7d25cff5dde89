"""A real small training in numpy: a network on the digits, healthy or with one fault.

Run as a script by `aseptic run trainings.py -p kind=overfit`. It logs the series that the checks
of a training read, under their usual names.
"""

from __future__ import annotations

import argparse
from itertools import pairwise

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import aseptic

CLASSES = 10


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kind", default="healthy")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def main() -> None:
    np.seterr(all="ignore")  # one of the faults is to overflow
    given = parse()
    kind = given.kind
    rng = np.random.default_rng(given.seed)
    X, y = load_digits(return_X_y=True)
    X_train, X_rest, y_train, y_rest = train_test_split(
        X / 16 - 0.3, y, test_size=0.5, stratify=y, random_state=0
    )
    X_val, X_test, y_val, y_test = train_test_split(X_rest, y_rest, test_size=0.5, random_state=0)
    widths, lr, activation, epochs = [64, 64, CLASSES], 0.3, "relu", given.epochs
    if kind == "overfit":  # few rows, half of their labels wrong, and room to learn them by heart
        X_train, y_train = X_train[:100], y_train[:100].copy()
        wrong = rng.random(100) < 0.5
        y_train[wrong] = rng.integers(0, CLASSES, wrong.sum())
        widths, epochs = [64, 256, CLASSES], 10 * epochs
    elif kind == "diverging":
        widths, activation, lr = [64, 64, 64, CLASSES], "leaky", 8.0
    elif kind == "vanishing":
        widths, activation, lr = [64, *[32] * 9, CLASSES], "sigmoid", 0.05
    elif kind == "worse":
        X_train, y_train = X_train[:150], y_train[:150]
    net = Net(widths, activation, rng)
    shares = np.bincount(y_train, minlength=CLASSES) / len(y_train)
    facts = {"dummy_loss": float(-(shares * np.log(shares + 1e-12)).sum())}
    aseptic.log(facts | {"n_train": len(y_train), "n_classes": CLASSES}, step=0)
    train(net, (X_train, y_train), (X_val, y_val), lr=lr, epochs=epochs, rng=rng, kind=kind)
    aseptic.log(test_acc=net.accuracy(X_test, y_test))


def train(net, data, validation, *, lr, epochs, rng, kind) -> None:
    X, y = data
    step = 0
    for epoch in range(epochs):
        losses, order = [], rng.permutation(len(X))
        for start in range(0, len(X), 50):
            rows = order[start : start + 50]
            before = [weights.copy() for weights in net.weights]
            loss, gradients = net.gradients(X[rows], y[rows])
            net.step(gradients, lr)
            losses.append(loss)
            norms = [float(np.linalg.norm(one)) for one in gradients]
            values = {"loss": loss, "grad_norm": float(np.linalg.norm(norms)), "lr": lr}
            if step % 10 == 0:
                values |= layer_values(net, before, norms)
            aseptic.log(values, step=step)
            step += 1
        if kind == "crashing" and epoch == 3:
            raise RuntimeError("CUDA error: device-side assert triggered")
        val_loss = net.loss(*validation)
        values = {"train_loss": float(np.mean(losses)), "val_loss": val_loss}
        aseptic.log(values | {"val_acc": net.accuracy(*validation)}, step=step - 1)


def layer_values(net, before, norms) -> dict[str, float]:
    values = {}
    for number, (weights, old, norm) in enumerate(zip(net.weights, before, norms, strict=True)):
        size = float(np.linalg.norm(old))
        values[f"layer/{number}/grad_norm"] = norm
        values[f"layer/{number}/weight_norm"] = size
        values[f"layer/{number}/update_ratio"] = float(np.linalg.norm(weights - old)) / size
    return values


class Net:
    def __init__(self, widths, activation, rng) -> None:
        self.activation = activation
        sizes = pairwise(widths)
        self.weights = [rng.normal(size=pair) * np.sqrt(2 / pair[0]) for pair in sizes]
        self.biases = [np.zeros(width) for width in widths[1:]]

    def forward(self, X):
        outputs = [X]
        for number, (weights, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            z = outputs[-1] @ weights + bias
            if number < len(self.weights) - 1:
                z = self.activate(z)
            outputs.append(z)
        return outputs

    def activate(self, z):
        if self.activation == "sigmoid":
            return 1 / (1 + np.exp(-z))
        return np.maximum(z, 0.3 * z if self.activation == "leaky" else 0)

    def slope(self, a):
        """The derivative of the activation, by what came out of it."""
        if self.activation == "sigmoid":
            return a * (1 - a)
        return np.where(a > 0, 1.0, 0.3 if self.activation == "leaky" else 0.0)

    def log_shares(self, X):
        z = self.forward(X)[-1]
        z = z - z.max(axis=1, keepdims=True)
        return z - np.log(np.exp(z).sum(axis=1, keepdims=True))

    def loss(self, X, y) -> float:
        return float(-self.log_shares(X)[np.arange(len(y)), y].mean())

    def accuracy(self, X, y) -> float:
        return float((self.log_shares(X).argmax(axis=1) == y).mean())

    def gradients(self, X, y):
        outputs = self.forward(X)
        delta = np.exp(self.log_shares(X))
        delta[np.arange(len(y)), y] -= 1
        delta /= len(y)
        gradients, self.bias_gradients = [], []
        for number in reversed(range(len(self.weights))):
            gradients.append(outputs[number].T @ delta)
            self.bias_gradients.append(delta.sum(axis=0))
            if number:
                delta = delta @ self.weights[number].T
                a = outputs[number]
                delta = delta * self.slope(a)
        self.bias_gradients.reverse()
        return self.loss(X, y), gradients[::-1]

    def step(self, gradients, lr) -> None:
        for weights, gradient in zip(self.weights, gradients, strict=True):
            weights -= lr * gradient
        for bias, gradient in zip(self.biases, self.bias_gradients, strict=True):
            bias -= lr * gradient


if __name__ == "__main__":
    main()
