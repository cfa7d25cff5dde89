"""A training that is watched is the same training: weights, numbers, random state, torch itself."""

from __future__ import annotations

import gc
import random
import sys
import weakref

import numpy as np
import pytest

import aseptic

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402
from torch.utils.data import DataLoader, TensorDataset  # noqa: E402


def data(rows=96, columns=6):
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(rows, columns, generator=generator)
    return x, (x[:, 0] + x[:, 1] > 0).long()


def network():
    return nn.Sequential(
        nn.Linear(6, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.2), nn.Linear(16, 2)
    )


def loop(net, optimizer, *, epochs=3, accumulate=1, scheduler=None, criterion=F.cross_entropy):
    x, y = data()
    loader = DataLoader(TensorDataset(x, y), batch_size=16, shuffle=True)
    values = []
    for _ in range(epochs):
        net.train()
        for place, (xb, yb) in enumerate(loader):
            loss = criterion(net(xb), yb) / accumulate
            loss.backward()
            values.append(loss.item())
            if (place + 1) % accumulate == 0:
                optimizer.step()
                optimizer.zero_grad()
        if scheduler is not None:
            scheduler.step()
        net.eval()
        with torch.no_grad():
            values.append(criterion(net(x), y).item())
    return values


def with_adam():
    net = network()
    return net, loop(net, torch.optim.Adam(net.parameters(), lr=1e-2))


def with_fused_foreach_and_amsgrad():
    net = network()
    return net, loop(net, torch.optim.AdamW(net.parameters(), amsgrad=True, foreach=True))


def with_momentum_and_accumulation():
    net = network()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9, nesterov=True)
    return net, loop(net, optimizer, accumulate=3)


def with_a_scheduler():
    net = network()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    return net, loop(net, optimizer, scheduler=torch.optim.lr_scheduler.StepLR(optimizer, 1, 0.5))


def with_lbfgs():
    net = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 2))
    x, y = data()
    optimizer = torch.optim.LBFGS(net.parameters(), max_iter=5, line_search_fn="strong_wolfe")
    values = []

    def closure():
        optimizer.zero_grad()
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        values.append(loss.item())
        return loss

    values += [optimizer.step(closure).item() for _ in range(4)]
    return net, values


def with_frozen_layers():
    net = network()
    for one in net[0].parameters():
        one.requires_grad_(False)
    return net, loop(net, torch.optim.Adam([one for one in net.parameters() if one.requires_grad]))


def with_two_optimizers_for_one_loss():
    net = network()
    first = torch.optim.SGD(net[0].parameters(), lr=0.1)
    rest = torch.optim.Adam([*net[1].parameters(), *net[4].parameters()])
    x, y = data()
    values = []
    for _ in range(20):
        first.zero_grad()
        rest.zero_grad()
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        first.step()
        rest.step()
        values.append(loss.item())
    return net, values


def with_a_gan():
    make, judge = nn.Linear(3, 6), nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 1))
    x, _ = data()
    of_judge = torch.optim.Adam(judge.parameters(), lr=1e-2)
    of_make = torch.optim.Adam(make.parameters(), lr=1e-2)
    ones, zeros = torch.ones(len(x), 1), torch.zeros(len(x), 1)
    bce = nn.BCEWithLogitsLoss()
    values = []
    for _ in range(15):
        made = make(torch.randn(len(x), 3))
        of_judge.zero_grad()
        loss = bce(judge(x), ones) + bce(judge(made.detach()), zeros)
        loss.backward()
        of_judge.step()
        of_make.zero_grad()
        other = bce(judge(made), ones)
        other.backward()
        of_make.step()
        values += [loss.item(), other.item()]
    return nn.ModuleList([make, judge]), values


def with_a_penalty_on_gradients():
    net = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 2))
    optimizer = torch.optim.Adam(net.parameters())
    x, y = data()
    x = x.clone().requires_grad_(True)
    values = []
    for _ in range(10):
        optimizer.zero_grad(set_to_none=False)
        loss = F.cross_entropy(net(x), y)
        (slope,) = torch.autograd.grad(loss, x, create_graph=True)
        total = loss + slope.pow(2).sum()
        total.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        values.append(total.item())
    return net, values


def with_checkpointing():
    body = nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.Dropout(0.3), nn.ReLU())
    net = nn.ModuleList([body, nn.Linear(8, 2)])
    optimizer = torch.optim.Adam(net.parameters())
    x, y = data()
    values = []
    for _ in range(10):
        optimizer.zero_grad()
        inner = torch.utils.checkpoint.checkpoint(net[0], x, use_reentrant=False)
        loss = F.cross_entropy(net[1](inner), y)
        loss.backward()
        optimizer.step()
        values.append(loss.item())
    return net, values


def with_sparse_gradients():
    net = nn.Sequential(nn.EmbeddingBag(50, 8, sparse=True, mode="sum"), nn.Linear(8, 2))
    sparse = torch.optim.SparseAdam(net[0].parameters())
    dense = torch.optim.SGD(net[1].parameters(), lr=0.1)
    words, y = torch.randint(0, 50, (32, 5)), torch.randint(0, 2, (32,))
    values = []
    for _ in range(10):
        sparse.zero_grad()
        dense.zero_grad()
        loss = F.cross_entropy(net(words), y)
        loss.backward()
        sparse.step()
        dense.step()
        values.append(loss.item())
    return net, values


def with_a_compiled_step():
    net = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 2))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)

    @torch.compile(backend="eager", fullgraph=True)
    def loss_of(x, y):
        return F.cross_entropy(net(x), y)

    x, y = data()
    values = []
    for _ in range(10):
        optimizer.zero_grad()
        loss = loss_of(x, y)
        loss.backward()
        optimizer.step()
        values.append(loss.item())
    return net, values


def with_a_scripted_loss():
    net = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 2))
    return net, loop(
        net,
        torch.optim.SGD(net.parameters(), lr=0.1),
        criterion=torch.jit.script(nn.CrossEntropyLoss()),
    )


def with_a_gradient_scaler():
    net = network()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
    x, y = data()
    values = []
    for _ in range(10):
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = F.cross_entropy(net(x), y)
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
        values.append(loss.item())
    return net, values


def with_a_recurrent_network():
    class Recurrent(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = nn.LSTM(2, 8, batch_first=True)
            self.head = nn.Linear(8, 2)

        def forward(self, x):
            return self.head(self.body(x.view(len(x), 3, 2))[0][:, -1])

    net = Recurrent()
    return net, loop(net, torch.optim.Adam(net.parameters(), lr=1e-2))


def with_a_convolution():
    net = nn.Sequential(
        nn.Unflatten(1, (1, 2, 3)),
        nn.Conv2d(1, 4, 2),
        nn.BatchNorm2d(4),
        nn.ReLU(inplace=True),
        nn.Flatten(),
        nn.Linear(8, 2),
    )
    return net, loop(net, torch.optim.RMSprop(net.parameters()))


TRAININGS = [value for name, value in sorted(globals().items()) if name.startswith("with_")]


def seeded():
    random.seed(3)
    np.random.seed(3)
    torch.manual_seed(3)


def states():
    return random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
@pytest.mark.parametrize("train", TRAININGS)
def test_weights_numbers_and_random_state_are_the_same_bit_for_bit(train, tmp_path):
    seeded()
    plain, values = train()
    after = states()
    seeded()
    with aseptic.track(store=str(tmp_path)) as run:
        watched, others = train()
    assert states() == after
    assert others == values
    expected, found = plain.state_dict(), watched.state_dict()
    assert expected.keys() == found.keys()
    assert all(torch.equal(expected[name], found[name]) for name in expected)
    assert not [one for one in run.snapshot().problems if "in turn" not in one.reason]
    assert run.snapshot().metrics, "nothing was seen"


def trace():
    """What could be left behind in torch and Python."""
    optim = sys.modules["torch.optim.optimizer"]
    return (
        dict(vars(F)),
        dict(vars(torch.autograd)),
        dict(vars(torch.utils.data.dataloader._BaseDataLoaderIter)),
        dict(vars(torch.amp.GradScaler)),
        dict(vars(torch.autograd.graph.saved_tensors_hooks)),
        list(optim._global_optimizer_pre_hooks),
        list(optim._global_optimizer_post_hooks),
        list(sys.meta_path),
        torch.is_grad_enabled(),
    )


@pytest.mark.parametrize("error", [None, ValueError("stop"), KeyboardInterrupt()])
def test_nothing_is_left_in_torch_after_a_run(error, tmp_path):
    before = trace()
    try:
        with aseptic.track(store=str(tmp_path)), aseptic.track(store=str(tmp_path)):
            with_adam()
            if error is not None:
                raise error
    except (ValueError, KeyboardInterrupt):
        pass
    assert trace() == before


def test_hooks_do_not_pile_up_when_a_cell_is_run_again(tmp_path):
    optim = sys.modules["torch.optim.optimizer"]
    counts = []
    for _ in range(3):
        with aseptic.track(store=str(tmp_path)) as run:
            counts.append(len(optim._global_optimizer_pre_hooks))
            with_adam()
        assert run.snapshot().metrics["loss"].count == 18
    assert counts == [1, 1, 1]


def test_no_object_of_a_training_lives_longer(tmp_path):
    with aseptic.track(store=str(tmp_path)):
        x, y = data()
        net = network()
        optimizer = torch.optim.Adam(net.parameters())
        for _ in range(3):
            optimizer.zero_grad()
            loss = F.cross_entropy(net(x), y)
            loss.backward()
            optimizer.step()
        refs = [weakref.ref(one) for one in (net, optimizer, loss, net[0].weight, x)]
        del net, optimizer, loss, x, y
        gc.collect()
        assert [ref() for ref in refs] == [None] * 5


def test_a_failing_loss_shows_the_user_s_own_frames_alone(tmp_path):
    import traceback

    with pytest.raises((RuntimeError, ValueError)) as caught, aseptic.track(store=str(tmp_path)):
        F.cross_entropy(torch.zeros(3, 2), torch.zeros(4, dtype=torch.long))
    files = [frame.filename for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert not [name for name in files if "aseptic/" in name or "aseptic>" in name]


def test_a_run_in_another_sees_its_own_training_alone(tmp_path):
    with aseptic.track(store=str(tmp_path)) as outer:
        with aseptic.track(store=str(tmp_path)) as inner:
            with_adam()
        net = network()
        loop(net, torch.optim.Adam(net.parameters()), epochs=1)
    assert inner.snapshot().metrics["loss"].count == 18
    assert outer.snapshot().metrics["loss"].count == 6


def test_what_is_trained_outside_of_a_run_is_not_watched(tmp_path):
    with_adam()
    with aseptic.track(store=str(tmp_path)) as run:
        pass
    with_adam()
    assert not run.snapshot().metrics
