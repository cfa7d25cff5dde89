"""What one training is made of: data, model, optimizer, and what may be wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Architecture = Literal["dense", "convolutional", "recurrent", "transformer", "mlp", "boosted"]


@dataclass(frozen=True)
class Config:
    """All that decides how a training goes. The second half is sound as it stands by default."""

    source: str
    architecture: Architecture
    seed: int
    n_train: int = 900
    noise: float = 0.0  # see `make_task`
    family: str = ""  # mlp: the estimator; boosted: the library; recurrent: rnn, gru or lstm
    width: int = 32
    depth: int = 2
    activation: str = "relu"
    norm: bool = False
    dropout: float = 0.0
    optimizer: str = "adam"
    lr: float = 1e-3
    weight_decay: float = 0.0
    schedule: str = "none"
    clip: float = 0.0  # of the gradient's norm; 0: none
    batch: int = 32
    epochs: int = 20  # rounds of a boosted model
    patience: int = 0  # epochs without a better validation loss after which it stops; 0: never

    input_scale: float = 1.0  # by which every second column is multiplied
    bad_cells: float = 0.0  # share of rows with a cell that is no number
    init_scale: float = 1.0  # by which the weights are multiplied before training
    init_bias: float = 0.0  # added to the biases of all layers but the last
    init_constant: float | None = None  # what all weights are instead
    is_shuffled: bool = True  # False: ordered by target, the same in each epoch
    zeroes_gradients: bool = True
    updates: Literal["all", "nothing", "last layer"] = "all"
    label_permutation: bool = False
    softmax_twice: bool = False
    evaluates_in_eval_mode: bool = True
    class_weight: float = 1.0  # by which the loss of all classes but the first is multiplied
    wait_each_row_s: float = 0.0
    wait_once_s: float = 0.0  # in the middle, after which someone interrupts it
