"""What is seen of a training with PyTorch."""

from __future__ import annotations

import math

import pytest

import aseptic

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402
from torch.utils.data import DataLoader, TensorDataset  # noqa: E402

from aseptic.integrations.torch_training import probe_steps  # noqa: E402


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


@pytest.fixture
def tracked(tmp_path):
    """A run, and its metrics when it has ended."""
    return lambda: aseptic.track(store=str(tmp_path))


def xy(rows=96):
    x = torch.randn(rows, 6)
    return x, (x[:, 0] > 0.5).long()


def loader(rows=96, batch=16):
    return DataLoader(TensorDataset(*xy(rows)), batch_size=batch)


def net():
    return nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 2))


def fit(model, batches, *, epochs=2, clear=True, optimizer=None):
    optimizer = optimizer or torch.optim.SGD(model.parameters(), lr=0.1)
    losses = []
    for _ in range(epochs):
        model.train()
        for x, y in batches:
            if clear:
                optimizer.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    return losses


def values(run):
    return {name: metric.value for name, metric in run.snapshot().metrics.items()}


def series(run, name):
    (found,) = run.store.read_series([run.run_id], name)
    return found.step.tolist(), found.value.tolist()


def test_each_step_has_its_loss_its_gradient_and_its_rate(tracked):
    with tracked() as run:
        model = net()
        losses = fit(model, loader())
    assert series(run, "loss") == (list(range(12)), losses)
    assert len(series(run, "grad_norm")[1]) == 12
    assert values(run)["lr"] == 0.1


def test_the_norm_of_the_gradient_is_that_of_torch(tracked):
    with tracked() as run:
        model = net()
        F.cross_entropy(model(xy()[0]), xy()[1]).backward()
        expected = nn.utils.get_total_norm([one.grad for one in model.parameters()]).item()
        torch.optim.SGD(model.parameters(), lr=0.1).step()
    assert values(run)["grad_norm"] == pytest.approx(expected, rel=1e-6)


def test_layers_have_the_names_of_the_network_and_their_places(tracked):
    with tracked() as run:
        fit(net(), loader())
    assert {name for name in values(run) if name.startswith("layer/") and "/index" in name} == {
        "layer/0/index",
        "layer/2/index",
    }
    assert values(run)["layer/2/index"] == 1
    assert values(run)["layer/2/update_ratio"] > 0
    assert 0 <= values(run)["layer/0/dead_share"] <= 1


def test_an_epoch_is_told_at_its_last_step_with_the_mean_over_its_samples(tracked):
    with tracked() as run:
        losses = fit(net(), loader(rows=40))  # batches of 16, 16 and 8
    steps, found = series(run, "train_loss")
    assert steps == [2, 5]
    assert found[0] == pytest.approx((16 * losses[0] + 16 * losses[1] + 8 * losses[2]) / 40)
    assert values(run)["n_train"] == 40
    assert values(run)["steps_per_epoch"] == 3


def test_a_pass_that_is_left_early_is_no_epoch(tracked):
    with tracked() as run:
        model = net()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for x, y in loader():
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
            break
    assert "train_loss" not in values(run)


def evaluate(model, batches, *, mode=False):
    model.train(mode)
    with torch.no_grad():
        return [F.cross_entropy(model(x), y).item() for x, y in batches]


def test_what_is_evaluated_without_gradients_is_the_validation_loss(tracked):
    with tracked() as run:
        model, train, other = net(), loader(), loader(rows=32)
        fit(model, train, epochs=1)
        first = evaluate(model, other)
        fit(model, train, epochs=1)
        evaluate(model, other)
    assert series(run, "val_loss")[1][0] == pytest.approx(sum(first) / 2)
    assert series(run, "val_loss")[0] == series(run, "train_loss")[0]


def test_an_evaluation_of_the_training_data_is_no_validation(tracked):
    with tracked() as run:
        model, train = net(), loader()
        fit(model, train)
        evaluate(model, train)
    assert "val_loss" not in values(run)


def test_of_two_sources_the_one_that_is_called_validation_counts(tracked):
    with tracked() as run:
        model, train = net(), loader()
        val_loader, test_loader = loader(rows=32), loader(rows=16)
        fit(model, train)
        expected = evaluate(model, val_loader)
        evaluate(model, test_loader)
    assert values(run)["val_loss"] == pytest.approx(sum(expected) / 2)


def test_of_two_sources_without_a_name_nothing_is_told(tracked):
    with tracked() as run:
        model, train = net(), loader()
        first, second = loader(rows=32), loader(rows=16)
        fit(model, train)
        evaluate(model, first)
        evaluate(model, second)
    assert "val_loss" not in values(run)


def test_a_target_is_for_validation_if_its_variable_says_so(tracked):
    with tracked() as run:
        model = net()
        fit(model, loader())
        x_new, y_new = xy(32)
        evaluate(model, [(x_new, y_new)])
        assert "val_loss" not in values(run)
        x_val, y_val = xy(32)
        fit(model, loader())
        (expected,) = evaluate(model, [(x_val, y_val)])
    assert series(run, "val_loss")[1] == [pytest.approx(expected)]


def test_the_dummy_answers_with_the_shares_of_the_classes(tracked):
    with tracked() as run:
        batches = loader()
        fit(net(), batches)
    share = torch.cat([y for _, y in batches]).float().mean().item()
    expected = -share * math.log(share) - (1 - share) * math.log(1 - share)
    assert values(run)["dummy_loss"] == pytest.approx(expected)
    assert values(run)["n_classes"] == 2
    assert values(run)["top_class_share"] == pytest.approx(max(share, 1 - share))


@pytest.mark.parametrize("criterion", [nn.BCEWithLogitsLoss(), nn.MSELoss()])
def test_the_dummy_of_other_losses(criterion, tracked):
    x, y = xy()
    target = y.float()[:, None]
    with tracked() as run:
        model = nn.Linear(6, 1)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(3):
            optimizer.zero_grad()
            criterion(model(x), target).backward()
            optimizer.step()
    share = target.mean().item()
    entropy = -share * math.log(share) - (1 - share) * math.log(1 - share)
    expected = entropy if isinstance(criterion, nn.BCEWithLogitsLoss) else share * (1 - share)
    assert values(run)["dummy_loss"] == pytest.approx(expected, rel=1e-5)


def test_gradients_that_are_not_cleared_are_counted(tracked):
    with tracked() as cleared:
        fit(net(), loader())
    with tracked() as kept:
        fit(net(), loader(), clear=False)
    assert values(cleared)["uncleared_grad_share"] == 0
    assert values(kept)["uncleared_grad_share"] == 1


def test_gradients_that_are_set_to_zero_are_cleared(tracked):
    with tracked() as run:
        model = net()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for x, y in loader():
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
            optimizer.zero_grad(set_to_none=False)
    assert values(run)["uncleared_grad_share"] == 0


def test_an_evaluation_in_training_mode_is_seen(tracked):
    model = nn.Sequential(nn.Linear(6, 16), nn.Dropout(0.5), nn.Linear(16, 2))
    with tracked() as right:
        fit(model, loader())
        evaluate(model, loader(rows=32))
    with tracked() as wrong:
        fit(model, loader())
        evaluate(model, loader(rows=32), mode=True)
    assert values(right)["eval_in_train_mode_share"] == 0
    assert values(wrong)["eval_in_train_mode_share"] == 1
    assert "val_loss" not in values(wrong)


def test_inputs_that_are_not_scaled_are_seen(tracked):
    x, y = xy()
    with tracked() as run:
        model = net()
        fit(model, [(x * torch.tensor([1.0, 1, 1, 1, 1, 1000]), y)] * 4)
    assert values(run)["input_abs_max"] > 500
    assert values(run)["input_scale_ratio"] > 500


def test_units_that_are_dead_and_weights_that_are_the_same_are_seen(tracked):
    with tracked() as run:
        model = net()
        with torch.no_grad():
            model[0].weight.fill_(0.1)
            model[0].bias.fill_(-100.0)
        fit(model, loader())
    assert values(run)["layer/0/dead_share"] == 1
    assert values(run)["layer/0/identical_share"] == 1
    assert values(run)["layer/2/identical_share"] == 0


def test_units_that_are_saturated_are_seen(tracked):
    with tracked() as run:
        model = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 2))
        with torch.no_grad():
            model[0].weight.mul_(1000)
        fit(model, loader())
    assert values(run)["layer/0/saturated_share"] > 0.9


def test_accumulated_batches_are_one_step_of_the_mean_loss(tracked):
    with tracked() as run:
        model = net()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
        losses = []
        for place, (x, y) in enumerate(loader()):
            loss = F.cross_entropy(model(x), y) / 2
            loss.backward()
            losses.append(loss.item())
            if place % 2:
                optimizer.step()
                optimizer.zero_grad()
    assert series(run, "loss")[1] == pytest.approx([sum(losses[at : at + 2]) for at in (0, 2, 4)])
    assert values(run)["train_loss"] == pytest.approx(2 * sum(losses) / 6)


def test_networks_that_are_trained_in_turn_have_series_of_their_own(tracked):
    with tracked() as run:
        one, other = nn.Linear(6, 6), nn.Linear(6, 2)
        first = torch.optim.SGD(one.parameters(), lr=0.1)
        second = torch.optim.SGD(other.parameters(), lr=0.1)
        x, y = xy()
        for _ in range(5):
            first.zero_grad()
            F.mse_loss(one(x), x).backward()
            first.step()
            second.zero_grad()
            F.cross_entropy(other(x), y).backward()
            second.step()
    assert len(series(run, "loss")[1]) == 1
    assert len(series(run, "training1/loss")[1]) == 4
    assert len(series(run, "training2/loss")[1]) == 5
    assert [one.what for one in run.snapshot().problems] == ["training"]


def test_two_optimizers_after_one_backward_pass_are_one_training(tracked):
    with tracked() as run:
        model = net()
        first = torch.optim.SGD(model[0].parameters(), lr=0.1)
        second = torch.optim.Adam(model[2].parameters(), lr=0.1)
        x, y = xy()
        for _ in range(5):
            model.zero_grad()
            F.cross_entropy(model(x), y).backward()
            first.step()
            second.step()
    assert series(run, "loss")[0] == [0, 1, 2, 3, 4]
    assert series(run, "layer/0/update_ratio")[0] == [0, 1, 2, 3, 4]
    assert series(run, "layer/2/update_ratio")[0] == [1, 2, 3, 4]


def test_what_a_person_logs_stands_alone(tracked):
    with tracked() as run:
        record = run.log
        for step, loss in enumerate(fit(net(), loader(), epochs=1)):
            record(loss=loss + 1, step=step)
    assert all(value > 1 for value in series(run, "loss")[1][-5:])
    with tracked() as other:
        record = other.log
        record(loss=7.0, step=0)
        fit(net(), loader())
    assert series(other, "loss")[1] == [7.0]
    assert len(series(other, "grad_norm")[1]) == 12


def test_watch_names_a_network_and_a_loss_that_could_not_be_found(tracked):
    class Own(nn.Module):
        def forward(self, prediction, target):
            return (prediction - target).abs().pow(1.5).mean()

    x, _ = xy()
    hidden = [nn.Linear(6, 1)]
    with tracked() as run:
        own = Own()
        aseptic.watch(hidden[0], loss=own)
        optimizer = torch.optim.SGD(hidden[0].parameters(), lr=0.1)
        for _ in range(3):
            optimizer.zero_grad()
            own(hidden[0](x), x[:, :1]).backward()
            optimizer.step()
        y_val = x[:, :1]
        hidden[0].eval()
        with torch.no_grad():
            expected = own(hidden[0](x), y_val).item()
    assert values(run)["layer/Linear/index"] == 0
    assert values(run)["val_loss"] == pytest.approx(expected)
    assert not own._forward_hooks


def test_watch_refuses_what_is_no_network(tracked):
    with tracked(), pytest.raises(TypeError, match=r"torch\.nn\.Module"):
        aseptic.watch("net")


def test_watch_without_a_run_says_so_and_does_nothing(capsys):
    aseptic.watch(net())


def test_the_values_come_from_the_network_of_a_trainer_object(tracked):
    class Trainer:
        def __init__(self):
            self.model = nn.Sequential(nn.Linear(6, 4), nn.ReLU(), nn.Linear(4, 2))
            self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.1)

        def fit(self):
            for x, y in loader():
                self.optimizer.zero_grad()
                F.cross_entropy(self.model(x), y).backward()
                self.optimizer.step()

    with tracked() as run:
        Trainer().fit()
    assert "layer/2/grad_norm" in values(run)


def test_there_are_120_probes_at_most_and_the_first_third_is_dense():
    steps = list(probe_steps())
    assert len(steps) == 120
    assert steps[:8] == list(range(8))
    assert steps == sorted(set(steps))
    of_a_thousand = [step for step in steps if step < 1000]
    assert sum(step < 333 for step in of_a_thousand) > 35
    assert sum(step >= 666 for step in of_a_thousand) >= 3


def test_a_fault_of_ours_does_not_stop_the_training(tracked, monkeypatch):
    from aseptic.integrations.torch_watch import TorchWatch

    def fail(*_):
        raise RuntimeError("ours")

    monkeypatch.setattr(TorchWatch, "backward", fail)
    with tracked() as run:
        assert len(fit(net(), loader())) == 12
    assert [one.reason for one in run.snapshot().problems] == ["RuntimeError: ours"]


def test_a_series_that_will_be_logged_later_is_left_to_the_person(tracked):
    def train(model):
        for epoch in range(2):
            losses = fit(model, loader(), epochs=1)
            aseptic.log(loss=sum(losses) / len(losses), step=epoch)

    with tracked() as run:
        train(net())
    assert series(run, "loss")[0] == [0, 1]
    assert len(series(run, "grad_norm")[1]) == 12
