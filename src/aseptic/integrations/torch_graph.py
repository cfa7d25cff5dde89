"""What the graph of a loss tells before its backward pass: units, and what the network was fed.

It is only read. A node of the graph keeps what its backward pass needs: the result of a ReLU, the
input of a linear layer. So no hook has to be put on a module, and functions are seen as well.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_MOST_NODES = 20_000
_MOST_BELOW = 12  # nodes between an activation and the layer that feeds it
_FEWEST_ROWS = 8  # of a batch, for a unit that is 0 in all of them to mean something
#: Where a unit counts as saturated: its input beyond ±5 (tanh), ±8 (sigmoid), as in DeepDiagnosis.
_TANH_LIMIT = math.tanh(5)
_SIGMOID_LIMIT = 1 / (1 + math.exp(-8))
#: A node that multiplies its input with weights: the input's name, and its place among the edges.
_INPUTS = {
    "AddmmBackward0": ("_saved_mat1", 1),
    "MmBackward0": ("_saved_self", 0),
    "ConvolutionBackward0": ("_saved_input", 0),
}
_ACTIVATIONS = frozenset({"ReluBackward0", "TanhBackward0", "SigmoidBackward0"})


class Units(NamedTuple):
    """Shares of a layer's units; None where its activation has no such state."""

    dead: float | None
    saturated: float | None


class Seen(NamedTuple):
    """What one graph told."""

    units: dict[str, Units]  # by layer
    input_abs_max: float | None
    input_scale_ratio: float | None


def read_graph(root: Any, layers: Mapping[int, str]) -> Seen:
    """Reads the graph below a node. `layers` names the layer of a parameter by its `id`."""
    units: dict[str, Units] = {}
    largest: list[float] = []
    ratios: list[float] = []
    last: str | None = None  # the layer nearest to the loss: its activation may well saturate
    for node in _nodes(root):
        name = type(node).__name__
        if name in _INPUTS:
            last = last or _own_layer(node, layers)
            _read_input(node, name, largest, ratios)
        elif name in _ACTIVATIONS:
            layer = _layer_below(node, layers)
            if layer is not None and last is not None and layer != last and layer not in units:
                found = _read_units(node, name)
                if found is not None:
                    units[layer] = found
    return Seen(units, max(largest, default=None), max(ratios, default=None))


def _nodes(root: Any) -> Iterator[Any]:
    """The nodes below, those nearest to the root first."""
    seen, level = {root}, [root]
    while level and len(seen) < _MOST_NODES:
        following = []
        for node in level:
            yield node
            for below, _ in node.next_functions:
                if below is not None and below not in seen:
                    seen.add(below)
                    following.append(below)
        level = following


def _own_layer(node: Any, layers: Mapping[int, str]) -> str | None:
    """The layer whose parameter a node uses itself, or by way of a transposition."""
    for below, _ in node.next_functions:
        if below is None:
            continue
        kind = type(below).__name__
        if kind in ("TBackward0", "TransposeBackward0"):
            below = below.next_functions[0][0]  # noqa: PLW2901 -- the parameter itself
        layer = layers.get(id(getattr(below, "variable", None)))
        if layer is not None:
            return layer
    return None


def _layer_below(node: Any, layers: Mapping[int, str]) -> str | None:
    """The layer that feeds an activation, through reshaping and normalisation."""
    for _ in range(_MOST_BELOW):
        if type(node).__name__ in _INPUTS:
            return _own_layer(node, layers)
        node = next((below for below, _ in node.next_functions if below is not None), None)
        if node is None or type(node).__name__ in _ACTIVATIONS:
            return None
    return None


def _read_units(node: Any, name: str) -> Units | None:
    result = node._saved_result.detach()  # noqa: SLF001 -- how a node names what it keeps
    if result.dim() < 2 or result.shape[0] < _FEWEST_ROWS:
        return None
    if name == "ReluBackward0":
        axis = 1 if _is_by_channel(node) else result.dim() - 1
        others = [place for place in range(result.dim()) if place != axis]
        return Units((result.amax(dim=others) <= 0).float().mean().item(), None)
    if name == "TanhBackward0":
        return Units(None, (result.abs() > _TANH_LIMIT).float().mean().item())
    is_far = (result > _SIGMOID_LIMIT) | (result < 1 - _SIGMOID_LIMIT)
    return Units(None, is_far.float().mean().item())


def _is_by_channel(node: Any) -> bool:
    """Whether units are channels, as behind a convolution, and not the last axis."""
    for _ in range(_MOST_BELOW):
        name = type(node).__name__
        if name == "ConvolutionBackward0":
            return True
        node = next((below for below, _ in node.next_functions if below is not None), None)
        if node is None or type(node).__name__ in ("AddmmBackward0", "MmBackward0"):
            return False
    return False


def _read_input(node: Any, name: str, largest: list[float], ratios: list[float]) -> None:
    """The values that a first layer is fed: those that no gradient goes into."""
    saved, place = _INPUTS[name]
    edges = node.next_functions
    if len(edges) <= place or edges[place][0] is not None:
        return
    values = getattr(node, saved, None)
    if values is None or not values.dtype.is_floating_point or values.numel() == 0:
        return
    values = values.detach()
    largest.append(values.abs().max().item())
    columns = values if values.dim() == 2 else values.transpose(0, 1).flatten(1).t()
    if columns.shape[0] >= _FEWEST_ROWS and columns.shape[1] > 1:
        spread = columns.float().std(dim=0)
        spread = spread[spread > 0]
        if len(spread) > 1:
            ratios.append((spread.max() / spread.min()).item())
