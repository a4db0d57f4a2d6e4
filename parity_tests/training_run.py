"""Networks trained by `fit`, by an optimizer and a schedule: both halves, and built-ins in them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from parity_tests.halves import Half, in_words_of
from parity_tests.parties import HALVES
from shared.catalogue.training import SCHEDULES, case, hyperparameters, recorded
from shared.reference.optimizers import STATE
from shared.weights import to_keras, to_torch

CLASSES = {
    "sgd": "SGD", "momentum": "Momentum", "nesterov": "Nesterov",
    "delta_bar_delta": "DeltaBarDelta", "adagrad": "AdaGrad", "rmsprop": "RMSprop", "adam": "Adam",
    "adamw": "AdamW", "adadelta": "Adadelta",
}  # fmt: skip


def module(half, name):
    """A module of a half by its name within it: "training", "models.mlp"."""
    return half.module(name)


def in_keras(half):
    return half.in_keras


def model(half, case, dtype="float64"):
    """The half's MLP with the case's weights."""
    native = half.framework.tensor(np.zeros((), dtype)).dtype
    features = case.x.shape[1]
    made = module(half, "models.mlp").MLP(features, case.units, case.activation, dtype=native)
    arrays = case.arrays if in_keras(half) else to_torch(case.layers, case.arrays)
    half.framework.load(made, {name: values.astype(dtype) for name, values in arrays.items()})
    return made


def renamed(arrays):
    """linear_1/kernel as W1, linear_1/bias as b1 …"""
    short = {"kernel": "W", "bias": "b"}
    parts = {name: name.removeprefix("linear_").split("/") for name in arrays}
    return {f"{short[kind]}{r}": arrays[name] for name, (r, kind) in parts.items()}


def by_weight(half, case, arrays):
    """Arrays by the half's names of weights, in the reference's names and layouts."""
    arrays = {name: half.framework.array(values) for name, values in arrays.items()}
    return renamed(arrays if in_keras(half) else to_keras(case.layers, arrays))


def weights(half, model):
    """A model's weights by the half's names of them."""
    if in_keras(half):
        return {w.path.partition("/")[2]: w for w in model.weights}
    return dict(model.named_parameters())


def state(half, model, optimizer, name):
    """The state of an optimizer that goes by this name, by the half's names of weights."""
    if in_keras(half):
        kept, names = {v.name: v for v in optimizer.variables}, weights(half, model)
        return {n: kept[f"{w.path.replace('/', '_')}_{name}"] for n, w in names.items()}
    return {n: optimizer.state[p][name] for n, p in weights(half, model).items()}


@dataclass(frozen=True)
class Trainer:
    """A party: its half, and what makes its optimizer, or None where it has not the form."""

    half: Half
    label: str
    make: Callable
    words: dict[str, str]  # what it calls the optimizer's state, where that is another name

    @property
    def name(self):
        return self.half.framework.NAME + self.label

    def optimizer(self, model, rate, options):
        first = () if in_keras(self.half) else (model.parameters(),)
        return self.make(*first, rate, **options)


def trainers(name):
    """Both halves' own optimizers of a name, and their frameworks'."""
    for half in HALVES:
        yield Trainer(half, "", getattr(module(half, "optimizers"), CLASSES[name]), {})
        shipped = module(half, "builtins.optimizers")
        if name in shipped.FUNCTIONS:
            words = shipped.STATE.get(name, {})
            yield Trainer(half, " built-in", shipped.FUNCTIONS[name], words)


class TrainingRun:
    """An optimizer by a schedule on a problem: its truth, its bounds, and everybody's history."""

    def __init__(self, row, options):
        self.row, self.options = row, options
        self.sample = options["problem"]
        self.tensors = recorded(row, options)
        self.case = case(row, options)

    @property
    def truth(self):
        return self.case.truth

    def bound(self, tensor, dtype):
        return self.case.bound(tensor, dtype)

    @cached_property
    def trainers(self):
        """Those that have an optimizer of this form."""
        return [t for t in trainers(self.row.name) if self._optimizer(t, self.model_of(t))]

    @property
    def names(self):
        return [trainer.name for trainer in self.trainers]

    def histories(self, dtype, mode):
        """Name of each party -> its history."""
        return {trainer.name: self.history(trainer, dtype, mode) for trainer in self.trainers}

    def history(self, trainer, dtype, mode):
        """Name of each recorded tensor -> its values at every step, (steps, …)."""
        half, trained = trainer.half, self.model_of(trainer, dtype)
        optimizer, rows = self._optimizer(trainer, trained), []

        def on_step(step):
            found = {"loss": step.loss, "learning_rate": step.learning_rate}
            gradients = self.by_weight(half, step.gradients)
            found |= {f"g_{name}": values for name, values in gradients.items()}
            found |= self.by_weight(half, self._weights(trainer, trained))
            for name in self._states:
                kept = state(half, trained, optimizer, trainer.words.get(name, name))
                found |= {f"{name}_{w}": v for w, v in self.by_weight(half, kept).items()}
            # copied, since the next step writes over it
            rows.append({name: np.array(values) for name, values in found.items()})

        self._fit(trainer, trained, optimizer, mode, on_step)
        return {name: np.stack([row[name] for row in rows]) for name in self.tensors}

    def _fit(self, trainer, trained, optimizer, mode, on_step):
        half, case = trainer.half, self.case
        module(half, "training").fit(
            trained, case.x, case.y, loss=getattr(half.families["losses"], case.loss),
            optimizer=optimizer, epochs=case.epochs, batch_size=case.batch_size, mode=mode,
            schedule=self._schedule(half, optimizer), on_step=on_step,
        )  # fmt: skip

    def model_of(self, trainer, dtype="float64"):
        """A party's model with the case's weights."""
        return model(trainer.half, self.case, dtype)

    def _weights(self, trainer, trained):
        return weights(trainer.half, trained)

    def by_weight(self, half, arrays):
        return by_weight(half, self.case, arrays)

    def _optimizer(self, trainer, model):
        options = in_words_of(trainer.half, self.row.name, hyperparameters(self.options))
        return trainer.optimizer(model, self.case.rate, options)

    def _schedule(self, half, optimizer):
        name = self.options.get("schedule")
        if name is None:
            return None
        schedule, (_, options) = getattr(module(half, "schedules"), name), SCHEDULES[name]
        first = self.case.rate if in_keras(half) else optimizer
        return schedule(first, **options)

    @property
    def _states(self):
        """The states that are recorded."""
        return [s for s in STATE[self.case.optimizer] if f"{s}_W1" in self.tensors]
