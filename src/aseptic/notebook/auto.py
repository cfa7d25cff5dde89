"""`%aseptic auto`: which cells train or log, and so become runs by themselves."""

from __future__ import annotations

import ast
import sys
import types
from typing import TYPE_CHECKING, Any

from aseptic.active_run import ActiveRun

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_TRAINING = frozenset(
    {
        "backward",
        "cross_val_predict",
        "cross_val_score",
        "cross_validate",
        "fit",
        "fit_predict",
        "fit_resample",
        "partial_fit",
        "train",
    }
)
_LOGGING = frozenset({"log"})


def is_training(tree: ast.Module, namespace: Mapping[str, Any]) -> bool:
    """Whether a cell fits or logs, itself or in the notebook's functions that it calls."""
    called = list(_calls(tree))
    known = {**namespace, **dict.fromkeys(_aliases(tree), sys.modules["aseptic"])}
    if any(_is_training_call(call, known) for call in called):
        return True
    names = {call.func.id for call in called if isinstance(call.func, ast.Name)}
    return any(_function_trains(namespace.get(name), namespace, set()) for name in names)


def _calls(tree: ast.Module) -> Iterator[ast.Call]:
    """Calls that are executed when the cell is: those in bodies of functions are not."""
    pending: list[ast.AST] = list(tree.body)
    while pending:
        node = pending.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            continue
        if isinstance(node, ast.Call):
            yield node
        pending.extend(ast.iter_child_nodes(node))


def _aliases(tree: ast.Module) -> Iterator[str]:
    """The names under which the cell itself imports aseptic."""
    for node in tree.body:
        if isinstance(node, ast.Import):
            yield from (a.asname or a.name for a in node.names if a.name == "aseptic")


def _is_training_call(call: ast.Call, namespace: Mapping[str, Any]) -> bool:
    if isinstance(call.func, ast.Name):
        return call.func.id in _TRAINING and call.func.id != "train"
    if not isinstance(call.func, ast.Attribute):
        return False
    owner = call.func.value
    if call.func.attr in _LOGGING:
        return isinstance(owner, ast.Name) and _is_aseptic(namespace.get(owner.id))
    return call.func.attr in _TRAINING


def _is_aseptic(thing: Any) -> bool:
    is_module = isinstance(thing, types.ModuleType) and thing.__name__ == "aseptic"
    return is_module or isinstance(thing, ActiveRun)


def _function_trains(thing: Any, namespace: Mapping[str, Any], seen: set[str]) -> bool:
    """Whether a function of the notebook fits or logs, by the names in its code."""
    if not isinstance(thing, types.FunctionType) or thing.__globals__ is not namespace:
        return False
    names = set(_names_in(thing.__code__))
    if names & _TRAINING or ("log" in names and any(_is_aseptic(namespace.get(n)) for n in names)):
        return True
    fresh = names - seen
    seen |= fresh
    return any(_function_trains(namespace.get(name), namespace, seen) for name in fresh)


def _names_in(code: types.CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names_in(constant)
