"""Networks of the catalogue trained by `fit`: of our layers in both halves, and of built-ins."""

from functools import cached_property

import numpy as np

from parity_tests.halves import in_words_of
from parity_tests.parties import HALVES
from parity_tests.training_run import CLASSES, Trainer, TrainingRun, module
from shared.catalogue import models as catalogue
from shared.weights import to_keras, to_torch


class NetworkRun(TrainingRun):
    """A network on its data: its truth, its bounds, and everybody's history.

    A kind of network says which class of which module it is, what that is made with in a half's
    words, and what a half reads.
    """

    sample = "drawn weights"
    module, name, shipped = "", "", ""  # of the half, in it, and among its builtins.models
    loss = "softmax_cross_entropy"

    def arguments(self, half):
        """What the model is made with, in the half's words."""
        return self.options

    def read(self, half):
        """x as the half reads it."""
        return self.case.x

    def __init__(self, row, options, case=None):
        self.row, self.options = row, options
        self.case = case or catalogue.case(row, options)
        self.tensors = self.case.tensors

    @cached_property
    def trainers(self):
        """Both halves' own layers, loss and optimizer, and their frameworks'."""
        name = self.case.optimizer
        return [
            Trainer(half, label, made, {})
            for half in HALVES
            for label, made in (
                ("", getattr(module(half, "optimizers"), CLASSES[name])),
                (" built-in", module(half, "builtins.optimizers").FUNCTIONS[name]),
            )
        ]

    def model_of(self, trainer, dtype="float64"):
        """A party's model with the case's weights."""
        half, case = trainer.half, self.case
        native = half.framework.tensor(np.zeros((), dtype)).dtype
        made = self._class(trainer)(**self.arguments(half), dtype=native)
        arrays = case.arrays if half.in_keras else to_torch(case.layers, case.arrays)
        half.framework.load(made, {name: values.astype(dtype) for name, values in arrays.items()})
        return made

    def _class(self, trainer):
        if trainer.label:
            return getattr(module(trainer.half, "builtins.models"), self.shipped)
        return getattr(module(trainer.half, self.module), self.name)

    def loss_of(self, trainer, trained):
        """The loss that a party's model is trained by."""
        half = trainer.half
        losses = half.builtins.FUNCTIONS if trainer.label else vars(half.families["losses"])
        return losses[self.loss]

    def _fit(self, trainer, trained, optimizer, mode, on_step):
        half, case = trainer.half, self.case
        module(half, "training").fit(
            trained,
            self.read(half),
            case.y,
            loss=self.loss_of(trainer, trained),
            optimizer=optimizer,
            epochs=case.epochs,
            batch_size=case.batch_size,
            mode=mode,
            on_step=on_step,
        )

    def by_weight(self, half, arrays):
        arrays = {name: half.framework.array(values) for name, values in arrays.items()}
        return arrays if half.in_keras else to_keras(self.case.layers, arrays)

    def _optimizer(self, trainer, model):
        options = in_words_of(trainer.half, self.case.optimizer, self.case.options)
        return trainer.optimizer(model, self.case.rate, options)

    @property
    def _states(self):
        return ()


class CNNRun(NetworkRun):
    """The CNN on digits, images channels last and channels first."""

    module, name, shipped = "models.cnn", "CNN", "cnn"

    def arguments(self, half):
        height, width, channels = self.case.x.shape[1:]
        image = (height, width, channels) if half.in_keras else (channels, height, width)
        filters = [s["filters"] for s in self.case.sizes.values() if "filters" in s]
        # `translate` would have pool_size as the kernel_size of a pooling layer
        words = {} if half.in_keras else {"strides": "stride"}
        options = {words.get(name, name): value for name, value in self.options.items()}
        return {"image": image, "filters": filters, "classes": 10, **options}

    def read(self, half):
        return self.case.x if half.in_keras else np.moveaxis(self.case.x, -1, 1)


class MLPRun(NetworkRun):
    """The MLP on the classes of its case."""

    module, name, shipped = "models.mlp", "MLP", "mlp"

    def arguments(self, half):
        units = [sizes["units"] for sizes in self.case.sizes.values()]
        return {"features": self.case.x.shape[1], "units": units}
