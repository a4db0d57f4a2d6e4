"""fit against a loop: modes, freezing, what is reported, which rows are read in which order."""

import keras
import numpy as np
import tensorflow as tf
import torch
import torch.nn.functional as F
from torch import nn

from parity_tests.differences.entry import (
    COSMETIC,
    CRASH,
    EVALUATION,
    LOOP,
    SILENT_WRONG,
    difference,
)

TITLE = "Training: fit against a loop"
STAGE = LOOP


def line_in_keras(penalty=None):
    """y = w x, with w = 1, in float64."""
    keras.config.set_floatx("float64")  # which losses follow
    options = {"use_bias": False, "kernel_regularizer": penalty, "dtype": "float64"}
    dense = keras.layers.Dense(1, kernel_initializer="ones", **options)
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
    item="batch normalisation that is frozen",
    keras="trainable=False: normalises by its running statistics, and keeps them",
    torch="requires_grad_(False): goes on with the batch's statistics, and moves the running ones",
    severity=SILENT_WRONG,
    hits="every fine-tuning of a pretrained image model",
    recipe="torch: eval() of those layers after every model.train(); Keras: trainable=False of "
    "gamma and beta alone",
    sources=(
        "keras/src/layers/normalization/batch_normalization.py:L363",
        "torch/nn/modules/batchnorm.py:L187",
    ),
)
class FrozenBatchNorm:
    x = np.array([[1.0], [5.0]])

    def in_keras(x):
        layer = keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-5, dtype="float64")
        layer.build(x.shape)
        layer.trainable = False
        y = layer(x, training=True)
        return y, layer.moving_mean

    def in_torch(x):
        layer = nn.BatchNorm1d(1, dtype=torch.float64).requires_grad_(False)
        y = layer(torch.tensor(x))
        return y.detach(), layer.running_mean

    def torch_as_keras(x):
        layer = nn.BatchNorm1d(1, dtype=torch.float64).requires_grad_(False)
        layer.train().eval()
        y = layer(torch.tensor(x))
        return y.detach(), layer.running_mean

    def keras_as_torch(x):
        layer = keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-5, dtype="float64")
        layer.build(x.shape)
        layer.gamma.trainable = layer.beta.trainable = False
        y = layer(x, training=True)
        return y, layer.moving_mean


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
    item="gradients of two batches in a row",
    keras="each tape gives those of its own batch",
    torch="backward() adds to those that are there",
    severity=SILENT_WRONG,
    hits="loops without zero_grad()",
    recipe="torch: optimizer.zero_grad() before backward(); Keras: add them by hand",
    sources=("tensorflow/python/eager/backprop.py:L960", "torch/_tensor.py:L566"),
)
class GradientsKept:
    batches = np.array([1.0, 2.0, 4.0])

    def in_keras(batches):
        w = tf.Variable(tf.ones((), tf.float64))
        for x in batches:
            with tf.GradientTape() as tape:
                loss = x * w
            gradient = tape.gradient(loss, w)
        return gradient

    def in_torch(batches):
        w = torch.ones((), dtype=torch.float64, requires_grad=True)
        for x in batches:
            (x * w).backward()
        return w.grad

    def torch_as_keras(batches):
        w = torch.ones((), dtype=torch.float64, requires_grad=True)
        optimizer = torch.optim.SGD([w], lr=0.5)
        for x in batches:
            optimizer.zero_grad()
            (x * w).backward()
        return w.grad

    def keras_as_torch(batches):
        w, total = tf.Variable(tf.ones((), tf.float64)), 0.0
        for x in batches:
            with tf.GradientTape() as tape:
                loss = x * w
            total += tape.gradient(loss, w)
        return total


@difference(
    item="penalty of the weights in the loss that is reported",
    keras="regularisers are part of it, in training and in validation",
    torch="weight_decay acts in the optimizer, and is in no loss",
    severity=SILENT_WRONG,
    hits="losses compared between the frameworks, and thresholds on them",
    recipe="torch: add the penalty to the loss; Keras: report the loss as a metric of its own too",
    sources=("keras/src/trainers/trainer.py:L348", "torch/optim/sgd.py:L355"),
)
class PenaltyInLoss:
    x = np.array([[1.0], [2.0]])
    y = np.array([[2.0], [4.0]])

    def in_keras(x, y):
        model = line_in_keras(penalty=keras.regularizers.L2(0.5))
        model.compile(keras.optimizers.SGD(0.0), "mse")
        return model.train_on_batch(x, y)

    def in_torch(x, y):
        return F.mse_loss(line_in_torch()(torch.tensor(x)), torch.tensor(y)).detach()

    def torch_as_keras(x, y):
        model = line_in_torch()
        loss = F.mse_loss(model(torch.tensor(x)), torch.tensor(y))
        return (loss + 0.5 * (model.weight**2).sum()).detach()

    def keras_as_torch(x, y):
        model = line_in_keras(penalty=keras.regularizers.L2(0.5))
        model.compile(keras.optimizers.SGD(0.0), "mse", metrics=["mse"])
        return model.train_on_batch(x, y)[1]


class Recorder(keras.Model):
    """A model that notes down which rows fit hands it, a list for each batch."""

    def __init__(self):
        super().__init__()
        self.batches = []
        self.compile(run_eagerly=True)

    def train_step(self, data):
        self.batches.append(np.array(keras.utils.unpack_x_y_sample_weight(data)[0]).ravel())
        return {"loss": 0.0}

    def test_step(self, data):
        return {"loss": 0.0}


@difference(
    item="order of the rows, unless said",
    keras="fit shuffles arrays at every epoch (shuffle=True)",
    torch="DataLoader keeps the order (shuffle=False)",
    severity=SILENT_WRONG,
    hits="data sorted by class, which torch then learns one class at a time",
    recipe="pass shuffle",
    sources=("keras/src/backend/tensorflow/trainer.py:L325", "torch/utils/data/dataloader.py:L259"),
)
class Shuffling:
    x = np.arange(64.0)

    def in_keras(x):
        model = Recorder()
        model.fit(x, batch_size=64, verbose=0)
        return np.array_equal(np.concatenate(model.batches), x)

    def in_torch(x):
        loader = torch.utils.data.DataLoader(torch.tensor(x), batch_size=64)
        return torch.equal(torch.cat(list(loader)), torch.tensor(x))

    def torch_as_keras(x):
        loader = torch.utils.data.DataLoader(torch.tensor(x), batch_size=64, shuffle=True)
        return torch.equal(torch.cat(list(loader)), torch.tensor(x))

    def keras_as_torch(x):
        model = Recorder()
        model.fit(x, batch_size=64, shuffle=False, verbose=0)
        return np.array_equal(np.concatenate(model.batches), x)


@difference(
    item="size of a batch, unless said",
    keras="32",
    torch="1",
    severity=SILENT_WRONG,
    hits="epochs with 32 times as many updates in torch",
    recipe="pass batch_size",
    sources=(
        "keras/src/trainers/data_adapters/array_data_adapter.py:L88",
        "torch/utils/data/dataloader.py:L258",
    ),
)
class BatchSize:
    x = np.arange(64.0)

    def in_keras(x):
        model = Recorder()
        model.fit(x, verbose=0)
        return len(model.batches)

    def in_torch(x):
        return len(torch.utils.data.DataLoader(torch.tensor(x)))

    def torch_as_keras(x):
        return len(torch.utils.data.DataLoader(torch.tensor(x), batch_size=32))

    def keras_as_torch(x):
        model = Recorder()
        model.fit(x, batch_size=1, verbose=0)
        return len(model.batches)


@difference(
    item="rows that are held out for validation",
    keras="validation_split: the last ones, before any shuffling",
    torch="random_split: drawn",
    severity=SILENT_WRONG,
    hits="data sorted by class or by time",
    recipe="torch: Subset(data, range(n)); Keras: shuffle the arrays first",
    sources=(
        "keras/src/trainers/data_adapters/array_slicing.py:L464",
        "torch/utils/data/dataset.py:L506",
    ),
)
class HeldOutRows:
    x = np.arange(10.0)

    def in_keras(x):
        model = Recorder()
        model.fit(x, validation_split=0.2, shuffle=False, verbose=0)
        return model.batches[0]

    def in_torch(x):
        torch.manual_seed(0)
        rows, _ = torch.utils.data.random_split(torch.tensor(x), [0.8, 0.2])
        return torch.stack(list(rows))

    def torch_as_keras(x):
        return torch.stack(list(torch.utils.data.Subset(torch.tensor(x), range(8))))

    def keras_as_torch(x):
        torch.manual_seed(0)
        drawn, model = x[torch.randperm(len(x)).numpy()], Recorder()
        model.fit(drawn, validation_split=0.2, shuffle=False, verbose=0)
        return model.batches[0]


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
    item="setting the learning rate where there is a schedule",
    keras="TypeError: it is not settable",
    torch="set, until the scheduler's next step",
    severity=CRASH,
    hits="callbacks that reduce the rate on a plateau",
    recipe="Keras: assign another schedule",
    sources=("keras/src/optimizers/base_optimizer.py:L722", "torch/optim/lr_scheduler.py:L287"),
    unaligned="torch has no such check to turn on",
)
class RateBesideSchedule:
    def in_keras():
        schedule = keras.optimizers.schedules.ExponentialDecay(1.0, 1, 0.5)
        optimizer = keras.optimizers.SGD(schedule)
        optimizer.learning_rate = 0.125
        return optimizer.learning_rate

    def in_torch():
        optimizer = torch.optim.SGD([torch.ones(1)], lr=1.0)
        torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
        optimizer.param_groups[0]["lr"] = 0.125
        return optimizer.param_groups[0]["lr"]

    def keras_as_torch():
        schedule = keras.optimizers.schedules.ExponentialDecay(1.0, 1, 0.5)
        optimizer = keras.optimizers.SGD(schedule)
        optimizer.learning_rate = keras.optimizers.schedules.ExponentialDecay(0.125, 1, 1.0)
        return optimizer.learning_rate


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


@difference(
    item="running mean of the losses of an epoch",
    keras="keras.metrics.Mean adds in float32",
    torch="loss.item() is a Python float: double precision",
    severity=COSMETIC,
    hits="long epochs: the last digits of what is reported",
    recipe="Keras: Mean(dtype='float64'); torch: add tensors",
    sources=("keras/src/metrics/reduction_metrics.py:L97", "torch/_tensor_docs.py:L2791"),
    stage=EVALUATION,
)
class MeanOfLosses:
    # 2²⁴ + 1 is no float32
    losses = np.array([2.0**24, 1.0, 1.0, 1.0], np.float32)

    def in_keras(losses):
        metric = keras.metrics.Mean()
        for loss in losses:
            metric.update_state(loss)
        return metric.result()

    def in_torch(losses):
        return sum(loss.item() for loss in torch.tensor(losses)) / len(losses)

    def torch_as_keras(losses):
        total = torch.zeros(())
        for loss in torch.tensor(losses):
            total += loss
        return total / len(losses)

    def keras_as_torch(losses):
        metric = keras.metrics.Mean(dtype="float64")
        for loss in losses:
            metric.update_state(loss)
        return metric.result()
