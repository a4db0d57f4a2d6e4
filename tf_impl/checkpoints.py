"""Checkpoints: a training run kept on disk after each epoch, and taken up where it was left.

    run.json                which run it is, its history, and a callback's state
    model.keras             the model, as Keras saves it
    weights.safetensors     its weights by Keras's names, for other readers
    optimizer.safetensors   the optimizer's state, as Keras counts its variables
    generators.safetensors  what layers draw from, as dropout does: a .keras file leaves it out

What is taken up gives the same numbers, bit for bit, as a run that was never stopped: the order of
rows and early stopping's count follow from the seed and the history.
"""

from pathlib import Path

import numpy as np

from shared import weights
from shared.checkpoints import read_record, replacing, write_record
from tf_impl.framework import array


class Checkpoint:
    """The folder of a run and all that a step of the run changes; without a folder it does nothing.

    Args:
        folder: where the run is kept, or None.
        run: the run in words, of shared.checkpoints.described; model and optimizer are added.
        model, optimizer: both built.
        scheduled: the optimizer's rate in the course of the run, with state() and take_up().
    """

    def __init__(self, folder, run, model, optimizer, scheduled):
        self.folder = None if folder is None else Path(folder)
        self.model, self.optimizer, self.scheduled = model, optimizer, scheduled
        self.run = run if self.folder is None else {**run, **self._described()}

    def _described(self):
        """Model and optimizer in words."""
        shapes = [tuple(w.shape) for w in self.model.weights]
        # a callback lowers the rate in the course of a run
        unsaid = ("name", "learning_rate") if self.scheduled.follows_loss else ("name",)
        config = {n: v for n, v in self.optimizer.get_config().items() if n not in unsaid}
        words = f"{type(self.optimizer).__name__} {config}"
        return {"shapes of weights": str(shapes), "optimizer": words, "dtype": self.model.dtype}

    def take_up(self, most):
        """The epochs that are done, of at most so many, with everything set as after the last.

        Raises:
            ValueError: the folder holds another run, more epochs, or something else.
            WeightError: a file in it is damaged.
        """
        record = self.folder and read_record(self.folder, self.run, most)
        if not record:
            return []
        self.scheduled.take_up(record["schedule"], record["epochs"])
        self.model.load_weights(self.folder / "model.keras")
        optimizer = _read(self.folder / "optimizer.safetensors", self._state())
        self.optimizer.load_own_variables(optimizer)
        generators = _read(self.folder / "generators.safetensors", _generators(self.model))
        _set_generators(self.model, generators)
        return record["epochs"]

    def save(self, epochs):
        """Replace what the folder holds by the run as it is after these epochs."""
        if not self.folder:
            return
        with replacing(self.folder) as new:
            self.model.save(new / "model.keras")
            # as framework.load knows the weights
            named = {w.path.removeprefix(f"{self.model.name}/"): w for w in self.model.weights}
            weights.save(new / "weights.safetensors", {n: array(w) for n, w in named.items()})
            weights.save(new / "optimizer.safetensors", self._state())
            weights.save(new / "generators.safetensors", _generators(self.model))
            write_record(new, self.run, epochs, schedule=self.scheduled.state())

    def _state(self):
        """The optimizer's state, an array for each of its variables."""
        state = {}
        self.optimizer.save_own_variables(state)
        return state


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
