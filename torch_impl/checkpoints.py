"""Checkpoints: a training run kept on disk after each epoch, and taken up where it was left.

    run.json             which run it is, and its history
    state.pt             model, optimizer, schedule and generators, as torch saves them
    weights.safetensors  the model's state dict by torch's names, for other readers

A run of several models has a folder for each, of its name, in which these lie but for run.json.
What is taken up gives the same numbers, bit for bit, as a run that was never stopped: the order of
rows and early stopping's count follow from the seed and the history.
"""

from pathlib import Path

import torch

from shared import weights
from shared.checkpoints import read_record, replacing, write_record
from shared.runs import Epoch
from torch_impl.framework import array


class Trained:
    """A model and what trains it, as they lie in a folder.

    Args:
        model, optimizer: the optimizer is of this model's parameters.
        scheduled: the optimizer's rate in the course of the run, a Scheduled.
    """

    def __init__(self, model, optimizer, scheduled):
        self.model, self.optimizer, self.scheduled = model, optimizer, scheduled

    def described(self):
        """Model and optimizer in words."""
        shapes = [tuple(w.shape) for w in self.model.state_dict().values()]
        words = f"{type(self.optimizer).__name__} {self.optimizer.defaults}"
        dtype = str(next(self.model.parameters()).dtype)
        return {"shapes of weights": str(shapes), "optimizer": words, "dtype": dtype}

    def read(self, folder, epochs):
        """Set everything as it was when it was written, after these epochs."""
        # numbers and tensors only, so that a file from elsewhere can run no code
        state = torch.load(folder / "state.pt", map_location="cpu", weights_only=True)
        self.scheduled.take_up(state["schedule"], epochs)
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        _set_generators(self.model, state["generators"])

    def write(self, folder):
        """Write everything into a folder that is there."""
        torch.save(self._state(), folder / "state.pt")
        named = self.model.state_dict()
        weights.save(folder / "weights.safetensors", {n: array(w) for n, w in named.items()})

    def _state(self):
        """All that is not history, as torch saves it."""
        return {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.scheduled.state(),
            "generators": _generators(self.model),
        }


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
            RuntimeError: a file in it is damaged.
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


def _generators(model):
    """The states of the generators that a model draws from: the CPU's, and its GPU's."""
    device = next(model.parameters()).device
    gpu = {"gpu": torch.cuda.get_rng_state(device)} if device.type == "cuda" else {}
    return {"cpu": torch.get_rng_state(), **gpu}


def _set_generators(model, states):
    torch.set_rng_state(states["cpu"])
    if "gpu" in states:
        torch.cuda.set_rng_state(states["gpu"], next(model.parameters()).device)
