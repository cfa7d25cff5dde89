"""What part each piece of data plays, by its name: train, validation, test, reference, serving."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aseptic.checks.tables import Role

_WORDS: dict[str, Role] = {
    "train": "train",
    "training": "train",
    "tr": "train",
    "fit": "train",
    "valid": "validation",
    "validation": "validation",
    "val": "validation",
    "dev": "validation",
    "test": "test",
    "testing": "test",
    "te": "test",
    "holdout": "test",
    "eval": "test",
    "reference": "reference",
    "population": "reference",
    "serving": "serving",
    "production": "serving",
    "live": "serving",
}
_TARGETS = {"y", "target", "targets", "label", "labels"}
_SPLIT = re.compile(r"[^A-Za-z]+|(?<=[a-z])(?=[A-Z])")


def role_of(name: str) -> Role | None:
    """The role that a variable's name says: `X_train`, `trainX`, `df_val`; None if it says none.

    A name that says two says none: `train_test`.
    """
    roles = {_WORDS[word] for word in _words(name) if word in _WORDS}
    return roles.pop() if len(roles) == 1 else None


def is_target_name(name: str) -> bool:
    """Whether a name is that of what is predicted: `y_test`, `train_labels`."""
    return any(word in _TARGETS for word in _words(name))


def _words(name: str) -> list[str]:
    return [word.lower() for word in _SPLIT.split(name) if word]
