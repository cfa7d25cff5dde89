"""What one run sees of its trainings with torch: which optimizer, which network, which loss."""

from __future__ import annotations

import time
import weakref
from typing import TYPE_CHECKING, Any

import torch

from aseptic.integrations.torch_epochs import Epochs, Source
from aseptic.integrations.torch_losses import Targets, predicted_classes, read_loss, value_of
from aseptic.integrations.torch_training import Training
from aseptic.integrations.variables import (
    names_logged_in_callers,
    objects_in_callers,
    part_in_callers,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aseptic.active_run import ActiveRun
    from aseptic.integrations.torch_losses import Loss
    from aseptic.integrations.variables import Part

_INTERVAL_S = 0.25  # from one write of points to the next: a write costs as much as some steps
_MOST_TRAININGS = 4
_FACTS_AT = (8, 64)  # steps after which it is told what the targets are like
_TARGET_BATCHES = 64  # whose targets are counted at first; then one in sixteen


class TorchWatch:
    """Sees the trainings of one run and logs them."""

    def __init__(self, run: ActiveRun) -> None:
        self.run = run
        self.is_off = False
        self._trainings: list[Training] = []
        self._latest: Training | None = None
        self._models: list[weakref.ref[Any]] = []
        self._handles: list[Any] = []
        self._losses: list[Loss] = []  # computed with gradients since the last update
        self._objectives: list[tuple[Any, Any]] = []  # what backward passes began with
        self._scaled: list[tuple[Any, Any]] = []  # what a GradScaler made of a loss
        self._losses_an_update = 1  # how many there were in the last update that was looked at
        self._backwards = 0  # since the last step of an optimizer
        self._is_resting = False  # in this update, to save time
        self.spent_s = 0.0  # since the last update that was looked at
        self._targets = Targets()
        self._batches = 0
        self._is_certain = True  # that the loss function that was recognised is the objective
        self._epochs = Epochs(self._tell_epoch)
        self._told: dict[str, float] = {}
        self._points: list[tuple[Mapping[str, Any], float, float]] = []
        self._written_at = 0.0
        self._parts: dict[int, Part | None] = {}  # of data sets, by the names of their loaders
        self._evaluations = [0, 0]  # all, and those in training mode
        #: Whether the graph keeps its tensors through functions of the user's, or computes them
        #: anew (`torch.utils.checkpoint`): reading it would show.
        self.has_saved_hooks = False

    # -- by hand --------------------------------------------------------------------------------
    def add(self, model: Any, optimizer: Any, loss: Any) -> None:
        """What is named by hand need not be found."""
        self._add_model(model)
        if optimizer is not None:
            self._training_of(optimizer, is_stepping=False)
        if isinstance(loss, torch.nn.Module) and not type(loss).__module__.startswith("torch."):
            self._handles.append(loss.register_forward_hook(self._computed_by_module))

    # -- what torch tells -----------------------------------------------------------------------
    def computed(
        self, kind: str, prediction: Any, target: Any, options: Mapping[str, Any], result: Any
    ) -> None:
        """A loss function has returned."""
        reduction = str(options.get("reduction", "mean"))
        loss = read_loss(kind, result, prediction, target, reduction)
        if loss is None:
            return
        if result.requires_grad:
            self._losses.append(loss)
            if self._batches < _TARGET_BATCHES or self._batches % 16 == 0:
                self._targets.add(kind, prediction, target, options)
            self._batches += 1
        elif not torch.is_grad_enabled():
            self._evaluated(loss, kind, prediction, target)

    def backward(self, tensors: tuple[Any, ...]) -> None:
        """A backward pass is about to begin."""
        self._backwards += 1
        # what a person logs of the last step has been logged by now, and stands
        if self._points and time.time() - self._written_at > _INTERVAL_S:
            self._write()
        if self._is_resting:
            self._trainings[0].glance()
            return
        for training in self._trainings:
            training.begin_update()
        root = tensors[0]
        if len(tensors) != 1 or not isinstance(root, torch.Tensor):
            self._is_certain = False
            return
        if root.numel() == 1:
            self._objectives.append((weakref.ref(root), self._objective(root)))
        is_one = len(self._trainings) == 1
        if is_one and root.grad_fn is not None and not self.has_saved_hooks:
            self._trainings[0].read(root.grad_fn)

    def scaled(self, outputs: Any, result: Any) -> None:
        """A GradScaler has multiplied a loss: the objective is what it was before."""
        if isinstance(outputs, torch.Tensor) and outputs.numel() == 1:
            self._scaled = [(weakref.ref(result), value_of(outputs))]

    def scaler_updated(self) -> None:
        """A GradScaler has made the step, or left it out: what was not applied counts no more."""
        self._objectives, self._losses, self._scaled = [], [], []
        self._backwards = 0

    def found_saved_hooks(self) -> None:
        """The graph keeps its tensors through functions: reading it would call them."""
        self.has_saved_hooks = True

    def before_step(self, optimizer: Any, has_closure: bool) -> None:
        """An optimizer is about to change its weights."""
        self._epochs.close_evaluations()
        if has_closure:
            self._objectives, self._losses = [], []
        if self._is_resting and self._trainings[0].is_of(optimizer):
            self._trainings[0].count()
            return
        self._is_resting = False
        training = self._training_of(optimizer)
        if training is not self._latest:
            if self._latest is not None and training is self._trainings[0]:
                self._take_turns()
            self._latest = training
        if training is not None:
            training.before(has_closure=has_closure)

    def after_step(self, optimizer: Any, has_closure: bool) -> None:
        """An optimizer has changed its weights."""
        training = self._latest
        if training is None:
            return
        self._backwards = 0
        if self._is_resting:
            self._epochs.stepped(None, *self._recognised(self._losses_an_update))
            self._losses = []
            self._is_resting = training.rest()
            return
        if has_closure:  # the first of its evaluations was at the weights of this step
            self._objectives, self._losses = self._objectives[:1], self._losses[:1]
        objective = sum(value for _, value in self._objectives) if self._objectives else None
        training.after(optimizer, objective, has_closure=has_closure)
        if objective is not None:
            if training is self._trainings[0]:
                self._losses_an_update = len(self._objectives)
                self._epochs.stepped(objective, *self._recognised(self._losses_an_update))
                if training.step in _FACTS_AT and self._is_certain:
                    self._tell_changed(training, self._targets.facts())
            self._objectives, self._scaled = [], []
        self._losses = []
        training.spend(self.spent_s)
        self.spent_s = 0.0
        self._is_resting = len(self._trainings) == 1 and not has_closure and training.rests

    def waited(self, iterator: Any, seconds: float, is_over: bool) -> None:
        """A data loader has given a batch, or its end."""
        self._epochs.waited(iterator, seconds, is_over=is_over)

    def stop(self) -> None:
        """Logs what is left, and takes out the hooks of modules that were named by hand."""
        for handle in self._handles:
            handle.remove()
        if not self.is_off:
            self._epochs.finish()
            if self._trainings:
                self._tell_last_facts(self._trainings[0])
            for training in self._trainings:
                training.finish()
            self._write()
        self._trainings, self._models, self._latest = [], [], None

    # -- trainings ------------------------------------------------------------------------------
    def _training_of(self, optimizer: Any, *, is_stepping: bool = True) -> Training | None:
        """The training that an optimizer's weights belong to; a new one for new weights.

        Two optimizers that step after one backward pass train together; each after its own, such
        as those of a GAN, are two trainings.
        """
        for training in self._trainings:
            if training.is_of(optimizer):
                return training
        found = next((one for one in self._trainings if one.shares_weights(optimizer)), None)
        is_first = found is None and is_stepping and self._latest is not None
        is_late = is_first and not self._backwards
        if is_late:
            found = self._latest
        if found is None:
            if len(self._trainings) == _MOST_TRAININGS:
                self.run.problem("training", f"only the first {_MOST_TRAININGS} are watched")
                return None
            number = len(self._trainings) + 1
            prefix = "" if number == 1 else f"training{number}/"
            if number == 1:
                self.run.leave_to_person(names_logged_in_callers())
            found = Training(prefix, self._tell)
            self._trainings.append(found)
        modules = modules_of(optimizer, [one for ref in self._models if (one := ref()) is not None])
        found.take_in(optimizer, modules, late=is_late)
        for _, module in modules:
            self._add_model(module)
        if found.missed_layers:
            self.run.problem("layers", found.missed_layers)
        return found

    def _take_turns(self) -> None:
        """Several networks are trained against each other: no loss is that of the run."""
        if self._trainings[0].prefix == "":
            self._trainings[0].prefix = "training1/"
            reason = (
                "several are trained in turn: their series are training1/loss, training2/loss, …"
            )
            self.run.problem("training", reason)

    def _add_model(self, model: Any) -> None:
        if all(ref() is not model for ref in self._models):
            self._models.append(weakref.ref(model))

    # -- losses ---------------------------------------------------------------------------------
    def _objective(self, root: Any) -> Any:
        """What a backward pass began with, as a number."""
        unscaled = [value for ref, value in self._scaled if ref() is root]
        return unscaled[0] if unscaled else value_of(root)

    def _recognised(self, passes: int) -> tuple[Any, int]:
        """The mean loss of this update and its samples, where it is certain which it was.

        `passes`: how many backward passes there were, each with one loss.
        """
        losses = self._losses
        if not self._is_certain:
            return None, 0
        if len(losses) == passes == 1:
            return losses[0].value, losses[0].samples
        roots = [ref() for ref, _ in self._objectives]
        exact = [one for one in losses if any(one.result() is root for root in roots)]
        certain = exact if len(exact) == passes else losses
        if not certain or len(certain) != passes:
            return None, 0
        samples = sum(one.samples for one in certain)
        return sum(one.value * one.samples for one in certain) / max(samples, 1), samples

    def _computed_by_module(self, _module: Any, inputs: Any, result: Any) -> None:
        if not torch.compiler.is_compiling() and isinstance(result, torch.Tensor):
            with self.run.guarded("loss function"):
                target = inputs[1] if len(inputs) > 1 else result
                self.computed("", inputs[0], target, {}, result)

    # -- evaluations ----------------------------------------------------------------------------
    def _evaluated(self, loss: Loss, kind: str, prediction: Any, target: Any) -> None:
        models = [one for ref in self._models if (one := ref()) is not None]
        if not models or len(self._trainings) != 1 or prediction.requires_grad:
            return  # what was computed with gradients is the training's own
        if any(map(_differs_in_training, models)):
            self._evaluations[0] += 1
            self._evaluations[1] += any(map(_is_in_training_mode, models))
        if any(one.training for one in models):
            return
        source = self._source(target)
        if source is not None:
            predicted = predicted_classes(kind, prediction)
            self._epochs.evaluated(source, loss.value, loss.samples, predicted)

    def _source(self, target: Any) -> Source | None:
        """Where the data of an evaluation are from; None where it cannot be told."""
        loader = self._epochs.source_in_loader()
        if loader is None:
            memory = target.untyped_storage().data_ptr()
            part = part_in_callers(lambda one: _is_in_memory(one, memory))
            return None if part is None else Source(0, part)
        dataset, is_trained_on = loader
        if dataset not in self._parts:
            self._parts[dataset] = part_in_callers(lambda one: _loads(one, dataset))
        return Source(dataset, "train" if is_trained_on else self._parts[dataset])

    # -- what is told ---------------------------------------------------------------------------
    def _tell(self, values: Mapping[str, Any], step: float) -> None:
        self._points.append((values, step, time.time()))

    def _write(self) -> None:
        """Hands on what was seen, in one piece; reads what is still on another device."""
        self._written_at = time.time()
        points, self._points = self._points, []
        self.run.log_seen([(_numbers(values), step, at) for values, step, at in points])

    def forget_points(self) -> None:
        """In a forked process: what was not written yet is its parent's to write."""
        self._points = []

    def _tell_epoch(self, values: Mapping[str, Any]) -> None:
        if self._trainings and not self._trainings[0].prefix:
            told = dict(values)
            if (share := self._epochs.wait_share) is not None and "train_loss" in told:
                told["data_wait_share"] = share
            self._trainings[0].say_at_last_step(told)

    def _tell_last_facts(self, training: Training) -> None:
        facts = self._targets.facts() if self._is_certain else {}
        evaluations, wrong = self._evaluations
        if evaluations:
            facts["eval_in_train_mode_share"] = wrong / evaluations
        self._tell_changed(training, facts)

    def _tell_changed(self, training: Training, facts: Mapping[str, float]) -> None:
        fresh = {name: value for name, value in facts.items() if self._told.get(name) != value}
        self._told.update(fresh)
        if fresh:
            training.say_at_last_step(fresh)


def _numbers(values: Mapping[str, Any]) -> Mapping[str, float | int]:
    if not any(isinstance(one, torch.Tensor) for one in values.values()):
        return values
    return {
        name: one.item() if isinstance(one, torch.Tensor) else one for name, one in values.items()
    }


def modules_of(optimizer: Any, known: list[Any]) -> list[tuple[str, Any]]:
    """The modules whose parameters an optimizer trains, with a prefix for the names of layers.

    The smallest that has all of them; else as many as it takes, each named as its variable is.
    """
    wanted = {id(one) for group in optimizer.param_groups for one in group["params"]}
    found = [("", one) for one in known]
    if not any(wanted <= _ids_of(one) for one in known):
        found += objects_in_callers(torch.nn.Module)
    sizes = [(len(ids), name, one, ids) for name, one in found if (ids := _ids_of(one)) & wanted]
    whole = [(size, one) for size, _, one, ids in sizes if wanted <= ids]
    if whole:
        return [("", min(whole, key=lambda pair: pair[0])[1])]
    chosen = []
    for _, name, one, ids in sorted(sizes, key=lambda each: -each[0]):
        if ids & wanted:
            chosen.append((name, one))
            wanted -= ids
    return chosen


def _ids_of(module: Any) -> set[int]:
    return {id(one) for one in module.parameters()}


def _is_in_memory(value: Any, memory: int) -> bool:
    is_plain = type(value) is torch.Tensor and value.layout is torch.strided
    return is_plain and value.untyped_storage().data_ptr() == memory


def _loads(value: Any, dataset: int) -> bool:
    is_loader = isinstance(value, torch.utils.data.DataLoader)
    return is_loader and id(value.dataset) == dataset


def _differs_in_training(model: Any) -> bool:
    return any(map(_is_by_mode, model.modules()))


def _is_in_training_mode(model: Any) -> bool:
    return any(one.training for one in model.modules() if _is_by_mode(one))


def _is_by_mode(module: Any) -> bool:
    """Whether a module computes something else in training: dropout, batch normalisation."""
    if isinstance(module, torch.nn.modules.dropout._DropoutNd):  # noqa: SLF001 -- their base class
        return bool(module.p > 0)
    is_norm = isinstance(module, torch.nn.modules.batchnorm._NormBase)  # noqa: SLF001 -- as above
    return is_norm and bool(module.track_running_stats)
