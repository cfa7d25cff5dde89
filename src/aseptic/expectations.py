"""What was expected of a run beforehand, such as `acc > 0.9`, and whether it came true."""

from __future__ import annotations

import ast
import operator
from typing import TYPE_CHECKING, Any

from aseptic.errors import BadOption

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}


def parse_expectation(text: str) -> ast.Compare:
    """A comparison of metrics and numbers. Raises BadOption for anything else."""
    try:
        tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError):
        tree = None
    if not isinstance(tree, ast.Compare) or not _is_readable(tree):
        raise BadOption(f"--expect {text!r}: expected a comparison such as 'acc > 0.9'")
    return tree


def is_met(text: str, metrics: Mapping[str, float]) -> bool | None:
    """Whether the expectation holds for these metrics; None where one of them is missing."""
    tree = parse_expectation(text)
    terms = [_value(term, metrics) for term in (tree.left, *tree.comparators)]
    if any(term is None for term in terms):
        return None
    pairs = zip(tree.ops, terms, terms[1:], strict=False)
    return all(_COMPARISONS[type(op)](left, right) for op, left, right in pairs)


def _is_readable(tree: ast.Compare) -> bool:
    terms = all(_is_term(term) for term in (tree.left, *tree.comparators))
    return terms and all(type(op) in _COMPARISONS for op in tree.ops)


def _is_term(node: ast.expr) -> bool:
    return _number(node) is not None or _metric_name(node) is not None


def _value(node: ast.expr, metrics: Mapping[str, float]) -> float | None:
    number = _number(node)
    return metrics.get(_metric_name(node) or "") if number is None else number


def _number(node: ast.expr) -> float | None:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = _number(node.operand)
        return None if inner is None else -inner
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        return None if isinstance(node.value, bool) else node.value
    return None


def _metric_name(node: ast.expr) -> str | None:
    """`acc`, or `metrics["val/acc"]`."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        is_metrics = isinstance(node.value, ast.Name) and node.value.id == "metrics"
        return str(node.slice.value) if is_metrics else None
    return None
