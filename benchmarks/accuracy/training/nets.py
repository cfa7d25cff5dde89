"""The networks that are trained in PyTorch: dense, convolutional, recurrent, a transformer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from config import Config
    from data import Task

ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid, "gelu": nn.GELU}


def build_net(config: Config, task: Task) -> nn.Module:
    """A network with the weights that the seed and the config give it."""
    torch.manual_seed(config.seed)
    out = max(task.n_classes, 1)
    shape = task.x["train"].shape[1:]
    makers = {
        "dense": _dense,
        "convolutional": _convolutional,
        "recurrent": Recurrent,
        "transformer": Transformer,
    }
    net = makers[config.architecture](config, shape, out)
    with torch.no_grad():
        _spoil(net, config)
    return net


def _dense(config: Config, shape: tuple[int, ...], out: int) -> nn.Module:
    layers: list[nn.Module] = [nn.Flatten()]
    before = int(torch.tensor(shape).prod())
    for _ in range(config.depth):
        layers += [nn.Linear(before, config.width), *_after(config, nn.BatchNorm1d)]
        before = config.width
    return nn.Sequential(*layers, nn.Linear(before, out))


def _convolutional(config: Config, shape: tuple[int, ...], out: int) -> nn.Module:
    """Over the plane of an image, or the time of a sequence."""
    is_image = len(shape) == 3
    convolution = nn.Conv2d if is_image else nn.Conv1d
    norm = nn.BatchNorm2d if is_image else nn.BatchNorm1d
    pool = nn.MaxPool2d(2) if is_image else nn.MaxPool1d(2)
    layers: list[nn.Module] = [] if is_image else [_TimeLast()]
    before = shape[0] if is_image else shape[1]
    for number in range(config.depth):
        layers += [convolution(before, config.width, 3, padding=1), *_after(config, norm)]
        layers += [pool] if number < 2 else []
        before = config.width
    places = 4 if is_image else shape[0] // 4
    if config.depth == 1:
        places = 16 if is_image else shape[0] // 2
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(before * places, out))


def _after(config: Config, norm: type[nn.Module]) -> list[nn.Module]:
    """What follows each layer."""
    layers = [norm(config.width)] if config.norm else []
    layers.append(ACTIVATIONS[config.activation]())
    return [*layers, nn.Dropout(config.dropout)] if config.dropout else layers


class _TimeLast(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.transpose(1, 2)


class Recurrent(nn.Module):
    """A recurrent layer or two, and a linear one of its last state."""

    def __init__(self, config: Config, shape: tuple[int, ...], out: int) -> None:
        super().__init__()
        kinds = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}
        more = {"nonlinearity": config.activation} if config.family == "rnn" else {}
        self.cells = kinds[config.family](
            shape[1], config.width, config.depth, batch_first=True, **more
        )
        self.dropout = nn.Dropout(config.dropout)
        self.out = nn.Linear(config.width, out)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        states, _ = self.cells(x)
        return self.out(self.dropout(states[:, -1]))


class Transformer(nn.Module):
    """Blocks of attention over embedded points, and a linear layer of their mean."""

    def __init__(self, config: Config, shape: tuple[int, ...], out: int) -> None:
        super().__init__()
        self.embed = nn.Linear(shape[1], config.width)
        self.place = nn.Parameter(torch.randn(shape[0], config.width) * 0.1)
        self.blocks = nn.Sequential(*(_Block(config) for _ in range(config.depth)))
        self.norm = nn.LayerNorm(config.width)
        self.out = nn.Linear(config.width, out)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.out(self.norm(self.blocks(self.embed(x) + self.place)).mean(dim=1))


class _Block(nn.Module):
    def __init__(self, config: Config) -> None:
        super().__init__()
        width = config.width
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = nn.MultiheadAttention(width, 2, batch_first=True)
        self.inner = nn.Linear(width, 2 * width)
        self.activation = ACTIVATIONS[config.activation]()
        self.outer = nn.Linear(2 * width, width)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        own = self.norm1(x)
        x = x + self.dropout(self.attention(own, own, own, need_weights=False)[0])
        return x + self.dropout(self.outer(self.activation(self.inner(self.norm2(x)))))


def last_layer(net: nn.Module) -> nn.Module:
    """The linear layer that gives the output."""
    return [layer for layer in net.modules() if isinstance(layer, nn.Linear)][-1]


def _spoil(net: nn.Module, config: Config) -> None:
    """Weights that are too large, all alike, or biases that keep units from working."""
    last = {id(parameter) for parameter in last_layer(net).parameters()}
    for name, parameter in net.named_parameters():
        is_weight = parameter.ndim > 1
        if is_weight and config.init_constant is not None:
            parameter.fill_(config.init_constant)
        if is_weight and id(parameter) not in last:
            parameter.mul_(config.init_scale)
        if "bias" in name and not is_weight and id(parameter) not in last:
            parameter.add_(config.init_bias)
