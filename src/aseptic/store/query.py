"""The query language: Python-looking conditions on runs, translated to SQL, never evaluated.

    acc > 0.9 and lr < 0.1 and 'final' in tags
    status in ('failed', 'lost') or not git_dirty
    0 < params.C <= 10 and metrics["val/acc"] >= 0.8 and name.startswith('svc')

A bare name is a field of the run, else a param, else a metric; `params.x`, `metrics.x` and
`data.x` (a digest) say which, and `["…"]` takes names that are no identifiers. There is
`and or not`, comparison (chained too), `in` and `not in`, `is None`, `.contains(…)` and
`.startswith(…)`.

A comparison is about a value that is there. Where a run has none, or has NaN, it does not hold,
`!=` included; `not (x > 1)` therefore selects those runs too, and `x is None` the runs that
have no `x` or None. A param with several values satisfies a comparison if one of them does.
Numbers are compared as float64; `True` and `False` equal only bools. Times are compared with
ISO texts: `started_at >= '2026-01-31'`.
"""

from __future__ import annotations

import ast
import difflib
import re
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import and_, exists, false, func, not_, or_, select

from aseptic.errors import BadQuery
from aseptic.store import schema
from aseptic.store.sources import is_downstream_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import ColumnElement, Connection, Table

    Condition = ColumnElement[bool]

_LONGEST = 4000  # characters
_DEEPEST = 60  # levels of a query; SQLite takes 1,000 levels of an expression
_LARGEST = 1000  # nodes

_runs = schema.runs.c
_TEXT_FIELDS: dict[str, Any] = {
    "run_id": _runs.run_id,
    "name": _runs.name,
    "experiment": _runs.experiment,
    "status": _runs.status,
    "state": _runs.state,
    "note": _runs.note,
    "notebook": _runs.notebook,
    "git_commit": _runs.git_commit,
    "git_branch": _runs.git_branch,
}
_TIME_FIELDS: dict[str, Any] = {"started_at": _runs.started_at, "ended_at": _runs.ended_at}
_NUMBER_FIELDS: dict[str, Any] = {"duration_s": _runs.duration_s, "seed": _runs.seed}
_BOOL_FIELDS: dict[str, Any] = {
    "is_starred": _runs.is_starred,
    "is_baseline": _runs.is_baseline,
    "git_dirty": _runs.git_dirty,
}
_LISTS = ("tags", "findings", "artifacts", "upstream")
FIELDS = (*_TEXT_FIELDS, *_TIME_FIELDS, *_NUMBER_FIELDS, *_BOOL_FIELDS, *_LISTS)
_SPACES = {"params": schema.params, "metrics": schema.metrics, "data": schema.data_inputs}

_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: lambda a, b: a == b,
    ast.NotEq: lambda a, b: a != b,
    ast.Lt: lambda a, b: a < b,
    ast.LtE: lambda a, b: a <= b,
    ast.Gt: lambda a, b: a > b,
    ast.GtE: lambda a, b: a >= b,
}
_MIRRORED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.Gt,
    ast.LtE: ast.GtE,
    ast.Gt: ast.Lt,
    ast.GtE: ast.LtE,
}


def selected_by(query: str, connection: Connection) -> Condition:
    """The condition on `runs` that a query says. Raises BadQuery, in one line.

    The connection is asked only which params, metrics and data there are.
    """
    return _Translation(query, connection).condition(parse(query))


def parse(query: str) -> ast.expr:
    """The query as a tree of a bounded size. Raises BadQuery."""
    if len(query) > _LONGEST:
        raise BadQuery(f"the query has {len(query)} characters; {_LONGEST} are the most")
    try:
        tree = ast.parse(query.strip(), mode="eval").body
    except SyntaxError as error:
        raise BadQuery(f"cannot read the query {_short(query)}: {_hint(query, error)}") from None
    except (ValueError, RecursionError, MemoryError):
        raise BadQuery(f"cannot read the query {_short(query)}") from None
    if sum(1 for _ in ast.walk(tree)) > _LARGEST or _depth(tree) > _DEEPEST:
        raise BadQuery(f"the query {_short(query)} has too many parts")
    return tree


def _hint(query: str, error: SyntaxError) -> str:
    """What to write instead, for what people write in other languages."""
    for wrong, right in _SLIPS:
        if re.search(wrong, query):
            return f"write {right}"
    at = query.strip()[max(0, (error.offset or 1) - 1) :][:20]
    return f"{error.msg} at {at!r}" if at else str(error.msg)


#: Patterns of other query languages, and how it is said here.
_SLIPS = (
    (r"(?<![=!<>])=(?![=<>])", "`==` for equal"),
    (r"=>", "`>=`"),
    (r"=<", "`<=`"),
    (r"<>", "`!=`"),
    (r"&&|\bAND\b", "`and`"),
    (r"\|\||\bOR\b", "`or`"),
    (r"(?i)\bbetween\b", "`1 <= x <= 2`"),
    (r"(?i)\blike\b", "`name.contains('text')`"),
)


class _Named(Protocol):
    """Something of a run that a query can name."""

    def compared(self, op: type[ast.cmpop], value: Any) -> Condition:
        """Whether the run has a value that compares so."""

    def one_of(self, values: Sequence[Any]) -> Condition:
        """Whether the run has one of the values."""

    def is_missing(self) -> Condition:
        """Whether the run has no value."""

    def holds(self) -> Condition:
        """Whether the run has the value True."""

    def text(self, test: Callable[[Any], Condition]) -> Condition:
        """Whether the run has a text that passes."""


class _Field:
    """A column of the run itself."""

    def __init__(self, name: str, column: Any, convert: Callable[[Any], Any]) -> None:
        self._name = name
        self._column = column
        self._convert = convert

    def compared(self, op: type[ast.cmpop], value: Any) -> Condition:
        return and_(self._column.is_not(None), _COMPARE[op](self._column, self._convert(value)))

    def one_of(self, values: Sequence[Any]) -> Condition:
        known = [self._convert(value) for value in values]
        return and_(self._column.is_not(None), self._column.in_(known))

    def is_missing(self) -> Condition:
        missing: Condition = self._column.is_(None)
        return missing

    def holds(self) -> Condition:
        if self._name not in _BOOL_FIELDS:
            raise BadQuery(f"{self._name} is not true or false: compare it with a value")
        true: Condition = func.coalesce(self._column, False)
        return true

    def text(self, test: Callable[[Any], Condition]) -> Condition:
        if self._name not in _TEXT_FIELDS:
            raise BadQuery(f"{self._name} is not a text")
        return and_(self._column.is_not(None), test(self._column))


class _Value:
    """A param or metric: rows of another table, of which one has to fit."""

    def __init__(self, table: Table, name: str) -> None:
        self._table = table
        self._here = and_(table.c.run_no == _runs.run_no, table.c.name == name)

    def compared(self, op: type[ast.cmpop], value: Any) -> Condition:
        return self._any(self._fits(_COMPARE[op], value))

    def one_of(self, values: Sequence[Any]) -> Condition:
        equal = _COMPARE[ast.Eq]
        return self._any(or_(false(), *(self._fits(equal, value) for value in values)))

    def is_missing(self) -> Condition:
        return not_(self._any(self._table.c.kind != "none"))

    def holds(self) -> Condition:
        return self.compared(ast.Eq, True)  # the value that is compared with

    def text(self, test: Callable[[Any], Condition]) -> Condition:
        return self._any(and_(self._table.c.kind == "str", test(self._table.c.text)))

    def _fits(self, compare: Callable[[Any, Any], Any], value: Any) -> Condition:
        columns = self._table.c
        if isinstance(value, bool):
            return and_(columns.kind == "bool", compare(columns.number, float(value)))
        if isinstance(value, str):
            return and_(columns.kind == "str", compare(columns.text, value))
        return and_(columns.kind.in_(("int", "float")), compare(columns.number, _number(value)))

    def _any(self, condition: Condition) -> Condition:
        return exists().where(self._here, condition)


class _Digest(_Value):
    """The digest of a data input."""

    def is_missing(self) -> Condition:
        return not_(self._any(self._table.c.digest.is_not(None)))

    def holds(self) -> Condition:
        return self._any(self._table.c.digest.is_not(None))

    def text(self, test: Callable[[Any], Condition]) -> Condition:
        return self._any(test(self._table.c.digest))

    def _fits(self, compare: Callable[[Any, Any], Any], value: Any) -> Condition:
        fits: Condition = compare(self._table.c.digest, _text("data", value))
        return fits


class _Translation:
    """One query on its way to SQL."""

    def __init__(self, query: str, connection: Connection) -> None:
        self._query = query
        self._connection = connection

    def condition(self, node: ast.expr) -> Condition:
        """What a whole part of the query says of a run."""
        if isinstance(node, ast.BoolOp):
            parts = [self.condition(value) for value in node.values]
            return and_(*parts) if isinstance(node.op, ast.And) else or_(*parts)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return not_(self.condition(node.operand))
        if isinstance(node, ast.Compare):
            return self._comparison(node)
        if isinstance(node, ast.Call):
            return self._call(node)
        if isinstance(node, ast.Constant) and isinstance(node.value, bool):
            return false() if not node.value else not_(false())
        return self._named(node).holds()

    # -- comparisons ------------------------------------------------------------------------
    def _comparison(self, node: ast.Compare) -> Condition:
        sides = [node.left, *node.comparators]
        pairs = zip(sides, node.ops, sides[1:], strict=False)
        return and_(*(self._pair(left, type(op), right) for left, op, right in pairs))

    def _pair(self, left: ast.expr, op: type[ast.cmpop], right: ast.expr) -> Condition:
        if op in (ast.In, ast.NotIn):
            found = self._membership(left, right)
            return found if op is ast.In else not_(found)
        if _is_value(left) and not _is_value(right):
            left, op, right = right, _MIRRORED.get(op, op), left
        if not _is_value(right):
            raise self._bad(f"compare {_shown(left)} with a value, not with {_shown(right)}")
        value = _value(right)
        if value is None or op in (ast.Is, ast.IsNot):
            return self._none(left, op, value)
        if isinstance(value, tuple):
            raise self._bad(f"use `in` with {_shown(right)}")
        return self._named(left).compared(op, value)

    def _none(self, left: ast.expr, op: type[ast.cmpop], value: Any) -> Condition:
        if value is not None or op not in (ast.Is, ast.IsNot, ast.Eq, ast.NotEq):
            raise self._bad("`is` and `is not` go with None")
        missing = self._named(left).is_missing()
        return missing if op in (ast.Is, ast.Eq) else not_(missing)

    def _membership(self, left: ast.expr, right: ast.expr) -> Condition:
        if isinstance(right, ast.Name) and right.id in _LISTS:
            if not isinstance(left, ast.Constant):
                raise self._bad(f"write 'text' in {right.id}")
            return _in_list(right.id, left.value)
        if _is_value(right):
            values = _value(right)
            if not isinstance(values, tuple):
                raise self._bad(f"`in` takes a list such as ('a', 'b'), not {_shown(right)}")
            return self._named(left).one_of(values)
        part = _value(left) if _is_value(left) else None
        if not isinstance(part, str):
            raise self._bad(f"write 'text' in {_shown(right)}")
        return self._named(right).text(lambda column: _contains(column, part))

    def _call(self, node: ast.Call) -> Condition:
        tests = {"contains": _contains, "startswith": _starts_with}
        if not isinstance(node.func, ast.Attribute) or node.func.attr not in tests:
            raise self._bad(f"{_shown(node.func)} cannot be called; there is .contains('x')")
        is_one_text = len(node.args) == 1 and not node.keywords and _is_value(node.args[0])
        text = _value(node.args[0]) if is_one_text else None
        if not isinstance(text, str):
            raise self._bad(f".{node.func.attr} takes one text")
        test = tests[node.func.attr]
        return self._named(node.func.value).text(lambda column: test(column, text))

    # -- names ------------------------------------------------------------------------------
    def _named(self, node: ast.expr) -> _Named:
        path = _path(node)
        if not path:
            hint = "" if _is_value(node) else '; write metrics["a/b"] for a name such as a/b'
            raise self._bad(f"{_shown(node)} is not a condition on a run{hint}")
        name = ".".join(path)
        if len(path) == 1 and name in FIELDS:
            return self._field(name)
        if path[0] in _SPACES and len(path) > 1:
            return self._in_space(path[0], ".".join(path[1:]))
        for space in ("params", "metrics"):
            if self._exists(space, name):
                return _Value(_SPACES[space], name)
        raise self._unknown(name, [*FIELDS, *self._known("params"), *self._known("metrics")])

    def _field(self, name: str) -> _Named:
        if name in _LISTS:
            raise self._bad(f"write 'text' in {name}")
        if name in _TEXT_FIELDS:
            return _Field(name, _TEXT_FIELDS[name], lambda value: _text(name, value))
        if name in _TIME_FIELDS:
            return _Field(name, _TIME_FIELDS[name], lambda value: _time(name, value))
        if name in _NUMBER_FIELDS:
            return _Field(name, _NUMBER_FIELDS[name], _number)
        return _Field(name, _BOOL_FIELDS[name], bool)

    def _in_space(self, space: str, name: str) -> _Named:
        if not self._exists(space, name):
            raise self._unknown(f"{space}.{name}", [f"{space}.{n}" for n in self._known(space)])
        kind = _Digest if space == "data" else _Value
        return kind(_SPACES[space], name)

    def _exists(self, space: str, name: str) -> bool:
        column = _SPACES[space].c.name
        return (
            self._connection.execute(select(column).where(column == name).limit(1)).first()
            is not None
        )

    def _known(self, space: str) -> list[str]:
        column = _SPACES[space].c.name
        return sorted(self._connection.execute(select(column).distinct().limit(1000)).scalars())

    def _unknown(self, name: str, known: Sequence[str]) -> BadQuery:
        close = difflib.get_close_matches(name, known, n=3)
        if close:
            return self._bad(f"no run has {name!r}; close: {', '.join(close)}")
        there = ", ".join(known[:40]) or "none"
        return self._bad(f"no run has {name!r}; there are: {there}")

    def _bad(self, reason: str) -> BadQuery:
        return BadQuery(f"query {_short(self._query)}: {reason}".replace("\n", " "))


# -- texts and values -----------------------------------------------------------------------------
def _contains(column: Any, part: str) -> Condition:
    """Case matters, on every database: LIKE would not be the same on all."""
    if not part:
        there: Condition = column.is_not(None)
        return there
    contains: Condition = func.replace(column, part, "") != column
    return contains


def _starts_with(column: Any, start: str) -> Condition:
    begins: Condition = func.substr(column, 1, len(start)) == start
    return begins


def _in_list(name: str, value: Any) -> Condition:
    text = _text(name, value)
    if name == "tags":
        table, fits = schema.tags, schema.tags.c.tag == text
    elif name == "artifacts":
        table, fits = schema.artifacts, schema.artifacts.c.name == text
    elif name == "upstream":
        return is_downstream_of(text)
    else:
        table = schema.findings
        is_open = table.c.acknowledged.is_(None)
        fits = and_(is_open, or_(table.c.code == text, table.c.name == text))
    return exists().where(table.c.run_no == _runs.run_no, fits)


def _path(node: ast.expr) -> list[str]:
    """`params.a`, `params["a"]` and `a.b` as names; empty for anything else."""
    if isinstance(node, ast.Name):
        return [node.id]
    if isinstance(node, ast.Attribute):
        return _path_on(node.value, node.attr)
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        return _path_on(node.value, node.slice.value)
    return []


def _path_on(node: ast.expr, name: Any) -> list[str]:
    before = _path(node)
    return [*before, name] if before and isinstance(name, str) else []


def _is_value(node: ast.expr) -> bool:
    if isinstance(node, (ast.Tuple, ast.List)):
        return all(_is_value(item) for item in node.elts)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
        return isinstance(node.operand, ast.Constant) and _is_number(node.operand.value)
    return isinstance(node, ast.Constant) and (
        node.value is None or isinstance(node.value, (str, bool, int, float))
    )


def _value(node: ast.expr) -> Any:
    if isinstance(node, (ast.Tuple, ast.List)):
        return tuple(_value(item) for item in node.elts)
    if isinstance(node, ast.UnaryOp):
        number = _value(node.operand)
        return -number if isinstance(node.op, ast.USub) else number
    assert isinstance(node, ast.Constant)
    return node.value


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _number(value: Any) -> float:
    if not _is_number(value):
        raise BadQuery(f"{value!r} is not a number")
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise BadQuery(f"{name} is compared with a text, not with {value!r}")
    return value


def _time(name: str, value: Any) -> str:
    """A time as it stands in the database; without a zone it is meant in UTC."""
    try:
        time = datetime.fromisoformat(_text(name, value))
    except ValueError:
        raise BadQuery(f"{name} is compared with a time such as '2026-01-31 12:00'") from None
    zoned = time if time.tzinfo else time.replace(tzinfo=timezone.utc)
    return zoned.astimezone(timezone.utc).isoformat(timespec="microseconds")


def _depth(tree: ast.AST) -> int:
    """Levels of the tree; without recursion, since it may be deep."""
    deepest, level = 0, [tree]
    while level:
        deepest += 1
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    return deepest


def _shown(node: ast.expr) -> str:
    return _short(ast.unparse(node))


def _short(text: str) -> str:
    line = " ".join(text.split())
    return repr(line if len(line) <= 60 else line[:57] + "…")
