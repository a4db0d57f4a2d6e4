"""Runs by `fit` of a training case, and how they are held to the float64 run of it."""

from dataclasses import dataclass

import numpy as np

from parity_tests.training_run import CLASSES, by_weight, in_keras, model, module
from shared import comparison


@dataclass
class Run:
    """A run of a half: its history, every step, and the model as it is afterwards."""

    history: object
    steps: list
    model: object


def optimizer(half, name, model, rate, **options):
    """The half's own optimizer of a model, by its name in the reference."""
    made = getattr(module(half, "optimizers"), CLASSES[name])
    options = half.dialect.options(options)
    return made(rate, **options) if in_keras(half) else made(model.parameters(), rate, **options)


def train(half, case, dtype="float64", mode="eager", schedule=None, **more):
    """The case's run by the half's `fit`; `schedule` makes one of an optimizer."""
    made = model(half, case, dtype)
    of_model = optimizer(half, case.optimizer, made, case.rate, **case.options)
    (x, y), held_out = case.split
    steps = []
    history = module(half, "training").fit(
        made, x, y, loss=getattr(half.families["losses"], case.loss), optimizer=of_model,
        epochs=case.epochs, batch_size=case.batch_size, validation=held_out, mode=mode,
        on_step=steps.append, schedule=schedule and schedule(of_model), **more,
    )  # fmt: skip
    return Run(history, steps, made)


def values(half, model):
    """Copies of a model's weights, by the half's names."""
    if in_keras(half):
        return {w.path.partition("/")[2]: w.numpy().copy() for w in model.weights}
    return {name: w.numpy().copy() for name, w in model.state_dict().items()}


def assert_follows(half, case, run, dtype="float64"):
    """Every step's loss, gradients and rate, every epoch's losses, and the weights at the end."""
    assert len(run.steps) == len(case.order)
    found = {"loss": [step.loss for step in run.steps]}
    found["learning_rate"] = [step.learning_rate for step in run.steps]
    for step in run.steps:
        for name, g in by_weight(half, case, step.gradients).items():
            found.setdefault(f"g_{name}", []).append(g)
    frame = run.history.frame
    found["epoch_loss"] = frame.loss
    if case.held_out:
        found["val_loss"] = frame.val_loss
    for name, recorded in found.items():
        assert_close(case, name, np.array(recorded), slice(None), dtype)
    for name, W in by_weight(half, case, values(half, run.model)).items():
        assert_close(case, name, W, -1, dtype)


def assert_close(case, name, found, at, dtype="float64"):
    """What a half recorded under a name of the reference's; the reference is rounded too."""
    bound = sum(case.bound(name, d)[at] for d in (dtype, "float64"))
    difference = comparison.compare(found, case.truth[name][at], bound, dtype)
    assert difference.agrees, f"{name}: {difference}"
