"""Recurrent networks of the catalogue trained by `fit`: of our layers, and of built-ins."""

import re

import numpy as np

from parity_tests.network_run import NetworkRun
from parity_tests.training_run import module

CELL = re.compile("/.*_cell/")
NETWORKS = {"simple_rnn": "RNN", "lstm": "LSTM", "gru": "GRU"}


class SequenceRun(NetworkRun):
    """A recurrent network on a series of numbers, or on a text whose lines are padded."""

    module = "models.rnn"

    @property
    def loss(self):
        return "softmax_cross_entropy" if self.case.masked else "mean_squared_error"

    @property
    def name(self):
        return NETWORKS[self.case.function]

    @property
    def shipped(self):
        return self.name.lower()

    def arguments(self, half):
        sizes = self.case.sizes
        return {
            "features": sizes["recurrent_1"]["inputs"],
            "units": sizes["recurrent_1"]["units"],
            "outputs": sizes["linear_1"]["units"],
            "every_step": self.case.every_step,
        }

    def model_of(self, trainer, dtype="float64"):
        if not (trainer.label and trainer.half.in_keras):
            return super().model_of(trainer, dtype)
        made = self._class(trainer)(**self.arguments(trainer.half), dtype=dtype)
        # by place: Keras's own layers have cells, whose names stand in those of their weights
        made.set_weights([values.astype(dtype) for values in self.case.arrays.values()])
        return made

    def loss_of(self, trainer, trained):
        if not (self.case.masked and self.case.every_step):
            return super().loss_of(trainer, trained)
        where = "builtins.models" if trainer.label else self.module
        return module(trainer.half, where).masked_cross_entropy

    def by_weight(self, half, arrays):
        if half.in_keras:
            arrays = {CELL.sub("/", name): values for name, values in arrays.items()}
        else:
            # what is frozen has no gradient, and adds nothing to the bias that it is the half of
            frozen, moved = "recurrent_1.bias_hh_l0", "recurrent_1.bias_ih_l0"
            arrays = {frozen: np.zeros(arrays[moved].shape), **arrays}
        return super().by_weight(half, arrays)
