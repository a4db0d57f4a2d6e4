"""Checkpoints: a training run kept on disk after each epoch, and taken up where it was left.

    run.json                which run it is, and its history
    schedule.json           what a callback remembers
    model.keras             the model, as Keras saves it
    weights.safetensors     its weights by Keras's names, for other readers
    optimizer.safetensors   the optimizer's state, as Keras counts its variables
    generators.safetensors  what layers draw from, as dropout does: a .keras file leaves it out

A run of several models has a folder for each, of its name, in which these lie but for run.json.
What is taken up gives the same numbers, bit for bit, as a run that was never stopped: the order of
rows and early stopping's count follow from the seed and the history.
"""

import json
from pathlib import Path

import numpy as np

from shared import weights
from shared.checkpoints import read_record, replacing, write_record
from shared.runs import Epoch
from tf_impl.framework import array


class Trained:
    """A model and what trains it, as they lie in a folder.

    Args:
        model, optimizer: both built.
        scheduled: the optimizer's rate in the course of the run, a Scheduled.
    """

    def __init__(self, model, optimizer, scheduled):
        self.model, self.optimizer, self.scheduled = model, optimizer, scheduled

    def described(self):
        """Model and optimizer in words."""
        shapes = [tuple(w.shape) for w in self.model.weights]
        # a callback lowers the rate in the course of a run
        unsaid = ("name", "learning_rate") if self.scheduled.follows_loss else ("name",)
        config = {n: v for n, v in self.optimizer.get_config().items() if n not in unsaid}
        words = f"{type(self.optimizer).__name__} {config}"
        return {"shapes of weights": str(shapes), "optimizer": words, "dtype": self.model.dtype}

    def read(self, folder, epochs):
        """Set everything as it was when it was written, after these epochs."""
        self.scheduled.take_up(json.loads((folder / "schedule.json").read_text()), epochs)
        self.model.load_weights(folder / "model.keras")
        optimizer = _read(folder / "optimizer.safetensors", self._state())
        self.optimizer.load_own_variables(optimizer)
        generators = _read(folder / "generators.safetensors", _generators(self.model))
        _set_generators(self.model, generators)

    def write(self, folder):
        """Write everything into a folder that is there."""
        self.model.save(folder / "model.keras")
        # as framework.load knows the weights
        named = {w.path.removeprefix(f"{self.model.name}/"): w for w in self.model.weights}
        weights.save(folder / "weights.safetensors", {n: array(w) for n, w in named.items()})
        weights.save(folder / "optimizer.safetensors", self._state())
        weights.save(folder / "generators.safetensors", _generators(self.model))
        (folder / "schedule.json").write_text(json.dumps(self.scheduled.state()))

    def _state(self):
        """The optimizer's state, an array for each of its variables."""
        state = {}
        self.optimizer.save_own_variables(state)
        return state


class Checkpoint:
    """The folder of a run and all that a step of the run changes; without a folder it does nothing.

    Args:
        folder: where the run is kept, or None.
        run: the run in words, of shared.checkpoints.described; models and optimizers are added.
        trained: each Trained by its name, which is its folder within the run's; a run of one model
            has it under "", in the run's own.
        kind: of the tuples that the history has for epochs.
    """

    def __init__(self, folder, run, trained, kind=Epoch):
        self.folder = None if folder is None else Path(folder)
        self.trained, self.kind = trained, kind
        self.run = run if self.folder is None else {**run, **self._described()}

    def _described(self):
        return {
            f"{name} {what}".strip(): words
            for name, each in self.trained.items()
            for what, words in each.described().items()
        }

    def take_up(self, most):
        """The epochs that are done, of at most so many, with everything set as after the last.

        Raises:
            ValueError: the folder holds another run, more epochs, or something else.
            WeightError: a file in it is damaged.
        """
        epochs = self.folder and read_record(self.folder, self.run, most, self.kind)
        if not epochs:
            return []
        for name, each in self.trained.items():
            each.read(self.folder / name, epochs)
        return epochs

    def save(self, epochs):
        """Replace what the folder holds by the run as it is after these epochs."""
        if not self.folder:
            return
        with replacing(self.folder) as new:
            for name, each in self.trained.items():
                (new / name).mkdir(exist_ok=True)
                each.write(new / name)
            write_record(new, self.run, epochs)


def _read(path, here):
    """The arrays of a file, which have the names and shapes of those here."""
    return weights.load(path, {name: np.shape(values) for name, values in here.items()})


def _generators(model):
    """The states of the generators that a model draws from."""
    return {str(i): array(state) for i, state in enumerate(_drawn_from(model))}


def _set_generators(model, states):
    for i, state in enumerate(_drawn_from(model)):
        state.assign(states[str(i)])


def _drawn_from(model):
    weights = {id(weight) for weight in model.weights}
    return [v for v in model.variables if id(v) not in weights]
