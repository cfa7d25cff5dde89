"""The layers of a network: which there are, and the norms of their weights, gradients and updates.

A layer is a module with a weight of two or more dimensions of its own, that is to be trained;
biases and the scales of normalisation do not count. References are weak.
"""

from __future__ import annotations

import math
import weakref
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_MOST_LAYERS = 100
_MOST_VALUES = 1_000_000  # of a layer, to be copied for the size of an update; of more a sample
_MOST_UNITS = 2_048  # of a layer, to be compared for equal weights


class Layer:
    """The weights of one module."""

    __slots__ = ("name", "parameters", "weights")

    def __init__(self, name: str, weights: Sequence[Any], parameters: Sequence[Any]) -> None:
        self.name = name
        self.weights = [weakref.ref(one) for one in weights]
        self.parameters = [weakref.ref(one) for one in parameters]

    def live(self) -> list[Any]:
        """The weights that still exist."""
        return [one for ref in self.weights if (one := ref()) is not None]


class Layers:
    """The layers of the networks that are trained together."""

    def __init__(self, layers: list[Layer]) -> None:
        self.total = len(layers)
        self._layers = [layers[at] for at in _spread(len(layers), _MOST_LAYERS)]
        self._before: list[tuple[str, Any, Any]] = []

    def __len__(self) -> int:
        return len(self._layers)

    def names_by_parameter(self) -> dict[int, str]:
        """The name of each layer, by the `id` of its parameters."""
        return {
            id(one): layer.name
            for layer in self._layers
            for ref in layer.parameters
            if (one := ref()) is not None
        }

    def norms(self) -> Iterator[tuple[str, float]]:
        """`layer/NAME/grad_norm` and `…/weight_norm`, before an optimizer's step."""
        for layer in self._layers:
            weights = layer.live()
            if weights:
                gradients = [one.grad for one in weights if one.grad is not None]
                yield f"layer/{layer.name}/weight_norm", norm(weights)
                if gradients:
                    yield f"layer/{layer.name}/grad_norm", norm(gradients)

    def remember(self) -> None:
        """Keeps the weights as they are before an optimizer's step."""
        self._before = [
            (layer.name, ref, _sample(weight).clone())
            for layer in self._layers
            for ref in layer.weights
            if (weight := ref()) is not None
        ]

    def updates(self, *, without: Iterable[int] = ()) -> Iterator[tuple[str, float]]:
        """`layer/NAME/update_ratio`: the norm of what `remember` missed, over that of the weights.

        Layers all of whose weights are in `without` (their `id`) are passed over.
        """
        passed = set(without)
        moved: dict[str, list[float]] = {}
        for name, ref, before in self._before:
            weight = ref()
            if weight is not None and id(weight) not in passed:
                now = _sample(weight)
                sums = moved.setdefault(name, [0.0, 0.0])
                sums[0] += norm([now - before]) ** 2
                sums[1] += norm([before]) ** 2
        self._before = []
        for name, (change, size) in moved.items():
            if size > 0:
                yield f"layer/{name}/update_ratio", math.sqrt(change / size)

    def beginnings(self) -> Iterator[tuple[str, float]]:
        """`layer/NAME/index` and `…/identical_share`, the share of units with a twin."""
        for place, layer in enumerate(self._layers):
            yield f"layer/{layer.name}/index", float(place)
            weights = layer.live()
            if len(weights) == 1 and 2 <= weights[0].shape[0] <= _MOST_UNITS:
                yield f"layer/{layer.name}/identical_share", _identical_share(weights[0])


def layers_of(modules: Iterable[tuple[str, Any]], parameters: Sequence[Any]) -> Layers:
    """The trainable layers of named modules; without modules, the parameters by their numbers."""
    found: list[Layer] = []
    seen: set[int] = set()
    for prefix, module in modules:
        for name, part in module.named_modules(prefix=prefix):
            own = [
                one
                for one in part.parameters(recurse=False)
                if one.requires_grad and id(one) not in seen
            ]
            weights = [one for one in own if one.dim() > 1 and not one.is_sparse]
            if weights:
                seen.update(map(id, own))
                found.append(Layer(name or type(part).__name__, weights, own))
    if not found:
        weights = [one for one in parameters if one.dim() > 1 and one.requires_grad]
        found = [Layer(str(place), [one], [one]) for place, one in enumerate(weights)]
    return Layers(found)


def norm(tensors: Sequence[Any]) -> float:
    """The L2 norm of some tensors together."""
    squares = 0.0
    for one in tensors:
        values = one.detach()
        if values.is_sparse:
            values = values.coalesce().values()
        if values.device.type == "cpu" and values.dtype in _NUMPY:
            flat = values.numpy().ravel(order="K")
            squares += float(np.vdot(flat, flat))
        else:
            squares += float(torch.linalg.vector_norm(values.float()).item()) ** 2
    if math.isinf(squares):  # too large for its type, squared, or infinite indeed
        parts = [torch.linalg.vector_norm(one.detach().double()).item() for one in tensors]
        return math.hypot(*parts)
    return math.sqrt(squares)


def norm_on_device(tensors: Sequence[Any]) -> Any:
    """The same as a tensor where the tensors are, so that nobody waits for the device."""
    norms = torch._foreach_norm([one.detach() for one in tensors])  # noqa: SLF001 -- as clip_grad_norm_
    return torch.linalg.vector_norm(torch.stack([one.to(norms[0].device) for one in norms]))


_NUMPY = frozenset({torch.float32, torch.float64})


def _sample(weight: Any) -> Any:
    flat = weight.detach().reshape(-1)
    return flat[:: -(-flat.numel() // _MOST_VALUES)]


def _identical_share(weight: Any) -> float:
    units = weight.detach().float().cpu().numpy().reshape(weight.shape[0], -1)
    _, counts = np.unique(units, axis=0, return_counts=True)
    return float(counts[counts > 1].sum() / len(units))


def _spread(count: int, most: int) -> list[int]:
    """At most so many places, evenly, the first and the last among them."""
    if count <= most:
        return list(range(count))
    return [round(at * (count - 1) / (most - 1)) for at in range(most)]
