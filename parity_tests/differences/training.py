"""fit against a loop: modes, freezing, what is compiled anew."""

import keras
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from parity_tests.differences.entry import (
    CRASH,
    LOOP,
    NONE,
    SILENT_WRONG,
    difference,
)

TITLE = "Training: fit against a loop"
STAGE = LOOP


def line_in_keras():
    """y = w x, with w = 1, in float64."""
    keras.config.set_floatx("float64")  # which losses follow
    options = {"use_bias": False, "kernel_initializer": "ones", "dtype": "float64"}
    dense = keras.layers.Dense(1, **options)
    return keras.Sequential([keras.Input((1,), dtype="float64"), dense])


def line_in_torch():
    """y = w x, with w = 1, in float64."""
    model = nn.Linear(1, 1, bias=False, dtype=torch.float64)
    nn.init.ones_(model.weight)
    return model


@difference(
    item="freezing a layer after compile",
    keras="the compiled training step goes on as it was traced, and trains the layer",
    torch="requires_grad_(False) holds from the next step on",
    severity=SILENT_WRONG,
    hits="fine-tuning in stages: trainable = False after a first fit does nothing",
    recipe="Keras: compile again after setting trainable, with the same optimizer object",
    sources=("keras/src/backend/tensorflow/trainer.py:L254", "torch/nn/modules/module.py:L2925"),
    unaligned="torch has no compiled step that could go stale",
)
class FreezeAfterCompile:
    x = np.array([[1.0], [2.0]])
    y = np.array([[4.0], [8.0]])

    def in_keras(x, y):
        first, second = (
            keras.layers.Dense(1, kernel_initializer="ones", use_bias=False, dtype="float64")
            for _ in range(2)
        )
        model = keras.Sequential([keras.Input((1,), dtype="float64"), first, second])
        model.compile(keras.optimizers.SGD(0.03125), "mse")
        model.train_on_batch(x, y)
        first.trainable = False
        model.train_on_batch(x, y)
        return first.kernel, second.kernel

    def in_torch(x, y):
        model = nn.Sequential(*(nn.Linear(1, 1, bias=False, dtype=torch.float64) for _ in "ab"))
        for layer in model:
            nn.init.ones_(layer.weight)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.03125)
        for step in range(2):
            model[0].weight.requires_grad_(step == 0)
            optimizer.zero_grad()
            F.mse_loss(model(torch.tensor(x)), torch.tensor(y)).backward()
            optimizer.step()
        return [layer.weight.detach() for layer in model]

    def keras_as_torch(x, y):
        first, second = (
            keras.layers.Dense(1, kernel_initializer="ones", use_bias=False, dtype="float64")
            for _ in range(2)
        )
        model = keras.Sequential([keras.Input((1,), dtype="float64"), first, second])
        model.compile(keras.optimizers.SGD(0.03125), "mse")
        model.train_on_batch(x, y)
        first.trainable = False
        model.compile(model.optimizer, "mse")
        model.train_on_batch(x, y)
        return first.kernel, second.kernel


@difference(
    item="mode of training after a validation",
    keras="training is an argument of each call: the next batch trains again",
    torch="eval() stays until train()",
    severity=SILENT_WRONG,
    hits="loops that validate within an epoch: no dropout and no batch statistics from then on",
    recipe="torch: model.train() at the head of each batch; Keras: training=False in every call",
    sources=("keras/src/layers/layer.py:L873", "torch/nn/modules/module.py:L2907"),
)
class ModeAfterValidation:
    x = np.array([[1.0], [5.0]])

    def in_keras(x):
        layer = keras.layers.BatchNormalization(epsilon=1e-5, dtype="float64")
        layer(x, training=False)
        return layer(x, training=True)

    def in_torch(x):
        layer = nn.BatchNorm1d(1, dtype=torch.float64)
        layer.eval()(torch.tensor(x))
        return layer(torch.tensor(x)).detach()

    def torch_as_keras(x):
        layer = nn.BatchNorm1d(1, dtype=torch.float64)
        layer.eval()(torch.tensor(x))
        return layer.train()(torch.tensor(x)).detach()

    def keras_as_torch(x):
        layer = keras.layers.BatchNormalization(epsilon=1e-5, dtype="float64")
        layer(x, training=False)
        return layer(x, training=False)


@difference(
    item="compiling again in the middle of training",
    keras="compile makes a new optimizer, whose moments and count begin anew",
    torch="the optimizer goes on",
    severity=SILENT_WRONG,
    hits="compile called to unfreeze layers or to add a metric",
    recipe="Keras: compile(optimizer=model.optimizer); torch: make a new optimizer",
    sources=("keras/src/trainers/trainer.py:L176", "torch/optim/optimizer.py:L881"),
)
class CompileAgain:
    x = np.array([[1.0], [2.0]])
    y = np.array([[2.0], [4.0]])

    def in_keras(x, y):
        model = line_in_keras()
        for _ in range(2):
            optimizer = keras.optimizers.SGD(0.03125, momentum=0.875)
            model.compile(optimizer, "mse")
            for _ in range(3):
                model.train_on_batch(x, y)
        return model.layers[0].kernel

    def in_torch(x, y):
        model = line_in_torch()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.03125, momentum=0.875)
        for _ in range(6):
            optimizer.zero_grad()
            F.mse_loss(model(torch.tensor(x)), torch.tensor(y)).backward()
            optimizer.step()
        return model.weight.detach()

    def torch_as_keras(x, y):
        model = line_in_torch()
        for _ in range(2):
            optimizer = torch.optim.SGD(model.parameters(), lr=0.03125, momentum=0.875)
            for _ in range(3):
                optimizer.zero_grad()
                F.mse_loss(model(torch.tensor(x)), torch.tensor(y)).backward()
                optimizer.step()
        return model.weight.detach()

    def keras_as_torch(x, y):
        model, optimizer = line_in_keras(), keras.optimizers.SGD(0.03125, momentum=0.875)
        for _ in range(2):
            model.compile(optimizer, "mse")
            for _ in range(3):
                model.train_on_batch(x, y)
        return model.layers[0].kernel


@difference(
    item="the numbers of a model's output",
    keras="numpy() at any time",
    torch="RuntimeError: the tensor requires a gradient",
    severity=CRASH,
    hits="metrics and plots made of predictions",
    recipe="torch: with torch.no_grad(), or detach() before numpy()",
    sources=("keras/src/backend/common/variables.py:L251", "torch/_tensor_docs.py:L3634"),
    unaligned="Keras has no such check to turn on",
)
class NumbersOfOutput:
    x = np.array([[1.0], [2.0]])

    def in_keras(x):
        return line_in_keras()(x).numpy()

    def in_torch(x):
        return line_in_torch()(torch.tensor(x)).numpy()

    def torch_as_keras(x):
        return line_in_torch()(torch.tensor(x)).detach().numpy()


class Part(keras.Model):
    """Batch normalisation that is called in inference mode, whatever the model is called in."""

    def __init__(self):
        super().__init__(dtype="float64")
        self.part = keras.layers.BatchNormalization(momentum=0.5, dtype="float64")

    def call(self, x):
        return self.part(x, training=False)


@difference(
    item="a part of a model that stays in inference mode while the rest is trained",
    keras="training=False in the call of a class of one's own holds, whatever it is called in",
    torch="eval() of the part is undone by train() of the model",
    severity=SILENT_WRONG,
    hits="fine-tuning with batch normalisation: the running statistics of the backbone are lost",
    recipe="torch: call eval() of the part behind every train(); Keras: leave training out of the "
    "inner call",
    sources=("keras/src/layers/layer.py:L932", "torch/nn/modules/module.py:L2904"),
    stage=LOOP,
)
class PartInInference:
    x = np.array([[1.0], [3.0]])

    def in_keras(x):
        model = Part()
        model(x, training=True)
        return model.part.moving_mean

    def in_torch(x):
        part = nn.BatchNorm1d(1, momentum=0.5, dtype=torch.float64)
        model = nn.Sequential(part)
        part.eval()
        model.train()
        model(torch.tensor(x))
        return part.running_mean

    def torch_as_keras(x):
        part = nn.BatchNorm1d(1, momentum=0.5, dtype=torch.float64)
        model = nn.Sequential(part)
        model.train()
        part.eval()
        model(torch.tensor(x))
        return part.running_mean

    def keras_as_torch(x):
        part = keras.layers.BatchNormalization(momentum=0.5, dtype="float64")
        keras.Sequential([part])(x, training=True)
        return part.moving_mean


@difference(
    item="a part of a functional model that was called with training=False",
    keras="is trained all the same: the model hands its own `training` to every layer",
    torch="is trained all the same: train() of the model undoes eval() of the part",
    severity=NONE,
    hits="transfer learning as guides show it; where the backbone is frozen, its batch "
    "normalisation stays in inference mode for that reason alone",
    recipe="none needed; to keep the mode, see the entry above",
    sources=("keras/src/models/functional.py:L705", "torch/nn/modules/module.py:L2904"),
    stage=LOOP,
)
class PartOfFunctionalModel:
    x = np.array([[1.0], [3.0]])

    def in_keras(x):
        part = keras.layers.BatchNormalization(momentum=0.5, dtype="float64")
        inputs = keras.Input((1,), dtype="float64")
        model = keras.Model(inputs, part(inputs, training=False))
        model(x, training=True)
        return part.moving_mean

    def in_torch(x):
        part = nn.BatchNorm1d(1, momentum=0.5, dtype=torch.float64)
        model = nn.Sequential(part)
        part.eval()
        model.train()
        model(torch.tensor(x))
        return part.running_mean
