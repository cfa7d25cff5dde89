"""Which numbers bound at a cell's top level are metrics: what the right-hand side says.

An expression is `MEASURED` when a call computed it (`clf.score(X, y)`, also `1 - score`), a
`SETTING` when it is made of constants and of other settings, a `MEMBER` when it is taken out of
an object (`search.best_score_`: the object decides at run time), a `CLOCK` when it is a reading
of time, and `OTHER` for counters, lengths and everything else. Only the syntax is looked at.
"""

from __future__ import annotations

import ast
import enum
from typing import TYPE_CHECKING, Final

from aseptic.direction import direction_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class Kind(enum.Enum):
    """What the right-hand side of an assignment is."""

    SETTING = "setting"
    MEASURED = "measured"
    MEMBER = "member"
    CLOCK = "clock"
    OTHER = "other"


#: Calls that only reshape numbers: the result is what the arguments are.
_TRANSPARENT: Final = frozenset(
    """
    int float complex str bool abs round min max sum pow divmod tuple list sorted set dict
    math.ceil math.floor math.sqrt math.log math.log2 math.log10 math.exp math.pow math.trunc
    np.sqrt np.log np.log2 np.log10 np.exp np.ceil np.floor np.abs np.round np.float32 np.float64
    np.int32 np.int64 numpy.sqrt numpy.log Path pathlib.Path os.path.join Decimal
    """.split()  # noqa: SIM905 - a list of words reads best as words
)
_CLOCKS: Final = frozenset(
    """
    time.time time.perf_counter time.monotonic time.process_time time.time_ns time.perf_counter_ns
    perf_counter monotonic process_time time time_ns datetime.now datetime.utcnow datetime.today
    datetime.datetime.now default_timer timeit.default_timer date.today
    """.split()  # noqa: SIM905 - a list of words reads best as words
)
#: Calls whose number says how much there is or where it is, not how good it is.
_UNMEASURED: Final = frozenset(
    """
    len range enumerate zip id hash ord input open iter next reversed map filter getattr
    count_nonzero count nunique numel nelement getsize cpu_count device_count getpid randint
    choice random get_n_splits index find getenv environ argmax argmin argsort memory_usage
    nbytes ndim bincount pop setdefault manual_seed default_rng get_ipython copy deepcopy vars
    asdict model_dump parse_args
    """.split()  # noqa: SIM905 - a list of words reads best as words
)
_COUNT_WORDS: Final = frozenset(
    """
    n num nb count counts size len length idx index id ids seed total_params params nparams dim dims
    width height rows cols samples features classes batch batches epoch epochs step steps fold folds
    i j k m row col t0 t1 t start end tic toc threshold cutoff cut port pid
    """.split()  # noqa: SIM905 - a list of words reads best as words
)
_CONFIG_WORDS: Final = frozenset(
    """
    cfg config conf configs params param parameters settings hparams hyperparameters args kwargs
    options opts opt hp grid defaults space
    """.split()  # noqa: SIM905 - a list of words reads best as words
)
_RESULT_WORDS: Final = frozenset(
    "metrics metric report results result scores evaluation eval stats performance res".split()  # noqa: SIM905
)


def classify(node: ast.expr, kind_of: Callable[[str], Kind]) -> Kind:
    """What an expression is, given what the names in it stand for."""
    match node:
        case ast.Constant(value=value):
            return Kind.OTHER if value is Ellipsis or value is None else Kind.SETTING
        case ast.Name(id=name):
            return kind_of(name)
        case ast.Call():
            return _of_call(node, kind_of)
        case ast.Attribute(value=inner) | ast.Subscript(value=inner):
            return Kind.MEASURED if _is_measured_root(inner, kind_of) else Kind.MEMBER
        case ast.Await(value=inner) | ast.NamedExpr(value=inner) | ast.UnaryOp(operand=inner):
            return classify(inner, kind_of)
        case ast.ListComp() | ast.SetComp() | ast.DictComp():
            return Kind.MEASURED if _loops(node) else Kind.OTHER
        case ast.IfExp(body=first, orelse=second):
            return _combined([first, second], kind_of)
    return _of_operands(node, kind_of)


def is_metric_name(name: str) -> bool:
    """Whether a measured number of this name is a metric; counts and places are none."""
    if direction_of(name) is not None:
        return True
    words = name.lower().strip("_").split("_")
    return not (words[0] in _COUNT_WORDS or words[-1] in _COUNT_WORDS)


def is_config_name(name: str) -> bool:
    """Whether a variable's name says that it holds settings."""
    return not _CONFIG_WORDS.isdisjoint(name.lower().split("_"))


def is_result_name(name: str) -> bool:
    """Whether a variable's name says that it holds results."""
    return not _RESULT_WORDS.isdisjoint(name.lower().split("_"))


def holds_metrics(variable: str, leaves: Iterable[str]) -> bool:
    """Whether the numbers of a returned dict are metrics, by its variable's and its keys' names."""
    if is_config_name(variable):
        return False
    return is_result_name(variable) or any(direction_of(leaf) for leaf in leaves)


def dotted(node: ast.expr) -> str | None:
    """`a.b.c` as text; None for what is not a name with attributes."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else None


def _of_call(node: ast.Call, kind_of: Callable[[str], Kind]) -> Kind:
    text = dotted(node.func) or ""
    if text in _CLOCKS:
        return Kind.CLOCK
    if text in _TRANSPARENT:
        inner = [arg.value if isinstance(arg, ast.Starred) else arg for arg in node.args]
        return _combined(inner, kind_of)
    last = node.func.attr if isinstance(node.func, ast.Attribute) else text
    return Kind.OTHER if last in _UNMEASURED else Kind.MEASURED


def _is_measured_root(node: ast.expr, kind_of: Callable[[str], Kind]) -> bool:
    """`f(x).loss` and `report["acc"]` after `report = f(x)`."""
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return not isinstance(node, ast.Name) and classify(node, kind_of) is Kind.MEASURED


def _of_operands(node: ast.expr, kind_of: Callable[[str], Kind]) -> Kind:
    match node:
        case ast.BinOp(left=left, right=right):
            return _combined([left, right], kind_of)
        case ast.BoolOp(values=values) | ast.Tuple(elts=values) | ast.List(elts=values):
            return _combined(values, kind_of)
        case ast.Set(elts=values):
            return _combined(values, kind_of)
        case ast.Dict(values=values, keys=keys) if None not in keys:
            return _combined(values, kind_of)
        case ast.Compare(left=left, comparators=others):
            found = _combined([left, *others], kind_of)
            return found if found is Kind.SETTING else Kind.OTHER
    return Kind.OTHER


_ORDER = (Kind.MEASURED, Kind.CLOCK, Kind.MEMBER, Kind.OTHER)


def _combined(nodes: Iterable[ast.expr], kind_of: Callable[[str], Kind]) -> Kind:
    """The most telling of several kinds; a comprehension inside a reduction is measured."""
    found = {Kind.MEASURED if _loops(node) else classify(node, kind_of) for node in nodes}
    return next((kind for kind in _ORDER if kind in found), Kind.SETTING if found else Kind.OTHER)


def _loops(node: ast.expr) -> bool:
    """`sum(loss(x) for x in data)` measures; `max(w for w in widths)` need not."""
    if isinstance(node, ast.DictComp):
        return any(isinstance(inner, ast.Call) for inner in ast.walk(node.value))
    if not isinstance(node, (ast.GeneratorExp, ast.ListComp, ast.SetComp)):
        return False
    return any(isinstance(inner, ast.Call) for inner in ast.walk(node.elt))
