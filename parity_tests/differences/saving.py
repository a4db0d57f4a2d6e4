"""Weights and states: what is kept, under which name, in which order, and what loading refuses."""

import tempfile
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
import torch
from torch import nn

from parity_tests.differences.entry import (
    COSMETIC,
    CRASH,
    NONE,
    SILENT_WRONG,
    WEIGHTS,
    difference,
)

TITLE = "Saving and loading"
STAGE = WEIGHTS


@difference(
    item="weights kept aside while training goes on",
    keras="get_weights() copies",
    torch="state_dict() refers to the weights themselves, and follows them",
    severity=SILENT_WRONG,
    hits="the best weights of a run, kept in memory: they turn out to be the last",
    recipe="torch: copy.deepcopy(model.state_dict()); Keras: keep model.weights",
    sources=("keras/src/layers/layer.py:L770", "torch/nn/modules/module.py:L2194"),
)
class KeptWeights:
    def in_keras():
        layer = keras.layers.Dense(1, kernel_initializer="ones", use_bias=False)
        layer.build((None, 1))
        (kept,) = layer.get_weights()
        layer.kernel.assign(9 * tf.ones((1, 1)))
        return kept

    def in_torch():
        layer = nn.Linear(1, 1, bias=False)
        nn.init.ones_(layer.weight)
        kept = layer.state_dict()
        nn.init.constant_(layer.weight, 9.0)
        return kept["weight"]

    def torch_as_keras():
        layer = nn.Linear(1, 1, bias=False)
        nn.init.ones_(layer.weight)
        kept = {name: tensor.clone() for name, tensor in layer.state_dict().items()}
        nn.init.constant_(layer.weight, 9.0)
        return kept["weight"]

    def keras_as_torch():
        layer = keras.layers.Dense(1, kernel_initializer="ones", use_bias=False)
        layer.build((None, 1))
        (kept,) = layer.weights
        layer.kernel.assign(9 * tf.ones((1, 1)))
        return kept


@difference(
    item="running statistics among the weights",
    keras="weights and get_weights() have all four tensors of a batch normalisation",
    torch="parameters() has weight and bias; the statistics are buffers, in state_dict() alone",
    severity=SILENT_WRONG,
    hits="weights copied by parameters(): the statistics stay at 0 and 1",
    recipe="torch: state_dict(); Keras: trainable_weights",
    sources=("keras/src/layers/layer.py:L712", "torch/nn/modules/module.py:L2665"),
)
class RunningStatistics:
    def in_keras():
        layer = keras.layers.BatchNormalization()
        layer.build((None, 3))
        return len(layer.weights)

    def in_torch():
        return len(list(nn.BatchNorm1d(3).parameters()))

    def torch_as_keras():
        state = nn.BatchNorm1d(3).state_dict()
        return len(state) - 1  # num_batches_tracked has no counterpart

    def keras_as_torch():
        layer = keras.layers.BatchNormalization()
        layer.build((None, 3))
        return len(layer.trainable_weights)


@difference(
    item="count of batches in a batch normalisation's state",
    keras="none",
    torch="num_batches_tracked, an int64 that only momentum=None reads",
    severity=COSMETIC,
    hits="weights zipped with state_dict(): all that follows is off by one",
    recipe="torch: leave out num_batches_tracked",
    sources=(
        "keras/src/layers/normalization/batch_normalization.py:L243",
        "torch/nn/modules/batchnorm.py:L76",
    ),
    unaligned="Keras has no such count to keep",
)
class BatchCount:
    def in_keras():
        layer = keras.layers.BatchNormalization()
        layer.build((None, 3))
        return [w.name for w in layer.weights]

    def in_torch():
        return list(nn.BatchNorm1d(3).state_dict())

    def torch_as_keras():
        named = {"weight": "gamma", "bias": "beta"}
        named |= {"running_mean": "moving_mean", "running_var": "moving_variance"}
        return [named[name] for name in nn.BatchNorm1d(3).state_dict() if name in named]


@difference(
    item="order of a batch normalisation's tensors",
    keras="gamma, beta, moving mean, moving variance",
    torch="weight, bias, running mean, running variance: the same",
    severity=NONE,
    hits="nobody",
    recipe="nothing to do",
    sources=(
        "keras/src/layers/normalization/batch_normalization.py:L243",
        "torch/nn/modules/batchnorm.py:L76",
    ),
)
class BatchNormOrder:
    def in_keras():
        layer = keras.layers.BatchNormalization()
        layer.build((None, 1))
        layer(np.array([[1.0], [5.0]]), training=True)
        return [float(w[0]) > 0.5 for w in layer.weights]

    def in_torch():
        layer = nn.BatchNorm1d(1)
        layer(torch.tensor([[1.0], [5.0]]))
        return [float(w) > 0.5 for w in layer.state_dict().values()][:4]


@difference(
    item="state of dropout",
    keras="a seed generator, saved with the model: masks go on where they stopped",
    torch="none: masks come from the one generator of the process",
    severity=COSMETIC,
    hits="counts of a model's variables, and runs that are taken up again",
    recipe="torch: save torch.get_rng_state() too; Keras: count weights instead of variables",
    sources=("keras/src/layers/regularization/dropout.py:L53", "torch/nn/modules/dropout.py:L19"),
)
class DropoutState:
    def in_keras():
        return len(keras.layers.Dropout(0.5).variables)

    def in_torch():
        return len(nn.Dropout(0.5).state_dict())

    def torch_as_keras():
        return len({**nn.Dropout(0.5).state_dict(), "generator": torch.get_rng_state()})

    def keras_as_torch():
        return len(keras.layers.Dropout(0.5).weights)


@difference(
    item="a layer that is used twice",
    keras="its weights are listed once",
    torch="state_dict() lists them under both names; parameters() once",
    severity=COSMETIC,
    hits="tied embeddings, and weights zipped with state_dict()",
    recipe="torch: named_parameters(); Keras: one name for each use by hand",
    sources=("keras/src/layers/layer.py:L712", "torch/nn/modules/module.py:L2194"),
    unaligned="Keras knows a layer by one name alone",
)
class LayerUsedTwice:
    def in_keras():
        layer, x = keras.layers.Dense(1), keras.Input((1,))
        return len(keras.Model(x, layer(layer(x))).weights)

    def in_torch():
        layer = nn.Linear(1, 1)
        return len(nn.Sequential(layer, layer).state_dict())

    def torch_as_keras():
        layer = nn.Linear(1, 1)
        return len(dict(nn.Sequential(layer, layer).named_parameters()))


@difference(
    item="order of the weights, where layers are used in another order than they were made",
    keras="a functional model lists its layers as the data passes them",
    torch="as they became attributes, whatever forward does",
    severity=SILENT_WRONG,
    hits="weights copied by position: layers of one shape are exchanged",
    recipe="torch: make layers in the order of use; Keras: a subclass of Model goes by attributes",
    sources=("keras/src/models/functional.py:L162", "torch/nn/modules/module.py:L2017"),
)
class OrderOfUse:
    def in_keras():
        last, first = (keras.layers.Dense(1, use_bias=False, name=n) for n in ("last", "first"))
        model = keras.Model(x := keras.Input((1,)), last(first(x)))
        return [weight.path.split("/")[0] for weight in model.weights]

    def in_torch():
        model = nn.Module()
        model.last, model.first = nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False)
        model.forward = lambda x: model.last(model.first(x))
        return [name.split(".")[0] for name in model.state_dict()]

    def torch_as_keras():
        model = nn.Module()
        model.first, model.last = nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False)
        model.forward = lambda x: model.last(model.first(x))
        return [name.split(".")[0] for name in model.state_dict()]

    def keras_as_torch():
        class Model(keras.Model):
            def __init__(self):
                super().__init__()
                self.last = keras.layers.Dense(1, use_bias=False, name="last")
                self.first = keras.layers.Dense(1, use_bias=False, name="first")

            def call(self, x):
                return self.last(self.first(x))

        (model := Model())(np.ones((1, 1)))
        return [weight.path.split("/")[1] for weight in model.weights]


def stack(*names):
    """A Keras model with a layer of each name."""
    layers = [keras.layers.Dense(1, name=name, kernel_initializer="ones") for name in names]
    return keras.Sequential([keras.Input((1,)), *layers])


@difference(
    item="a file with the weights of more layers than the model has",
    keras="the others are passed over",
    torch="RuntimeError: unexpected keys (strict=True)",
    severity=CRASH,
    hits="heads that were cut off",
    recipe="torch: load_state_dict(strict=False); Keras: compare the layers by hand",
    sources=("keras/src/saving/saving_lib.py:L833", "torch/nn/modules/module.py:L2530"),
    unaligned="Keras does not check what the file holds beyond the model",
)
class SurplusWeights:
    def in_keras():
        small = stack("a")
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "model.weights.h5"
            stack("a", "b").save_weights(file)
            small.load_weights(file)
        return small.layers[0].kernel

    def in_torch():
        large = nn.Sequential(nn.Linear(1, 1), nn.Linear(1, 1))
        small = nn.Sequential(nn.Linear(1, 1))
        nn.init.ones_(large[0].weight)
        small.load_state_dict(large.state_dict())
        return small[0].weight.detach()

    def torch_as_keras():
        large = nn.Sequential(nn.Linear(1, 1), nn.Linear(1, 1))
        small = nn.Sequential(nn.Linear(1, 1))
        nn.init.ones_(large[0].weight)
        small.load_state_dict(large.state_dict(), strict=False)
        return small[0].weight.detach()


@difference(
    item="a file whose layers have other names",
    keras="layers of one kind are matched by their order, whatever their names",
    torch="RuntimeError: missing and unexpected keys",
    severity=CRASH,
    hits="renamed layers: torch refuses, and Keras may load what belongs elsewhere",
    recipe="torch: rename the keys of the state_dict; Keras: compare the names by hand",
    sources=("keras/src/saving/saving_lib.py:L833", "torch/nn/modules/module.py:L2530"),
    unaligned="Keras does not read the names",
)
class RenamedLayers:
    def in_keras():
        model = stack("new")
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "model.weights.h5"
            stack("old").save_weights(file)
            model.load_weights(file)
        return model.layers[0].kernel

    def in_torch():
        old = nn.ModuleDict({"old": nn.Linear(1, 1)})
        new = nn.ModuleDict({"new": nn.Linear(1, 1)})
        nn.init.ones_(old["old"].weight)
        new.load_state_dict(old.state_dict())
        return new["new"].weight.detach()

    def torch_as_keras():
        old = nn.ModuleDict({"old": nn.Linear(1, 1)})
        new = nn.ModuleDict({"new": nn.Linear(1, 1)})
        nn.init.ones_(old["old"].weight)
        state = old.state_dict().items()
        new.load_state_dict({name.replace("old", "new"): tensor for name, tensor in state})
        return new["new"].weight.detach()


def classifier(classes, body):
    """A Keras model of a body with this weight and a head for so many classes."""
    body = keras.layers.Dense(1, kernel_initializer=keras.initializers.Constant(body))
    return keras.Sequential([keras.Input((1,)), body, keras.layers.Dense(classes)])


@difference(
    item="weights of another shape in a file, told to be lenient",
    keras="load_weights(skip_mismatch=True) leaves them out and loads the others",
    torch="load_state_dict(strict=False) forgives names alone: RuntimeError, size mismatch",
    severity=CRASH,
    hits="fine-tuning with another number of classes",
    recipe="torch: leave out of the state_dict what has another shape; Keras: skip_mismatch=False",
    sources=("keras/src/saving/saving_lib.py:L692", "torch/nn/modules/module.py:L2443"),
)
class ShapeMismatch:
    def in_keras():
        model = classifier(classes=2, body=0.0)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "model.weights.h5"
            classifier(classes=3, body=7.0).save_weights(file)
            model.load_weights(file, skip_mismatch=True)
        return model.layers[0].kernel

    def in_torch():
        saved = nn.Sequential(nn.Linear(1, 1), nn.Linear(1, 3))
        model = nn.Sequential(nn.Linear(1, 1), nn.Linear(1, 2))
        nn.init.constant_(saved[0].weight, 7.0)
        model.load_state_dict(saved.state_dict(), strict=False)
        return model[0].weight.detach()

    def torch_as_keras():
        saved = nn.Sequential(nn.Linear(1, 1), nn.Linear(1, 3))
        model = nn.Sequential(nn.Linear(1, 1), nn.Linear(1, 2))
        nn.init.constant_(saved[0].weight, 7.0)
        own = model.state_dict()
        fitting = {n: w for n, w in saved.state_dict().items() if w.shape == own[n].shape}
        model.load_state_dict(fitting, strict=False)
        return model[0].weight.detach()

    def keras_as_torch():
        model = classifier(classes=2, body=0.0)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "model.weights.h5"
            classifier(classes=3, body=7.0).save_weights(file)
            model.load_weights(file)
        return model.layers[0].kernel


@difference(
    item="state of an optimizer that has not stepped yet, where it is loaded",
    keras="a warning, and the state is passed over: momentum begins anew",
    torch="taken",
    severity=SILENT_WRONG,
    hits="runs taken up again from a checkpoint",
    recipe="Keras: optimizer.build(model.trainable_variables) before loading",
    sources=("keras/src/optimizers/base_optimizer.py:L761", "torch/optim/optimizer.py:L881"),
    unaligned="torch cannot be told to pass over a state",
)
class StateBeforeFirstStep:
    def in_keras():
        w, state = keras.Variable([1.0]), {}
        optimizer = keras.optimizers.SGD(0.5, momentum=0.5)
        optimizer.apply([tf.ones(1)], [w])
        optimizer.save_own_variables(state)
        resumed = keras.optimizers.SGD(0.5, momentum=0.5)
        resumed.load_own_variables(state)
        resumed.apply([tf.ones(1)], [w])
        return w

    def in_torch():
        w = torch.ones(1, requires_grad=True)
        w.grad = torch.ones(1)
        optimizer = torch.optim.SGD([w], lr=0.5, momentum=0.5)
        optimizer.step()
        resumed = torch.optim.SGD([w], lr=0.5, momentum=0.5)
        resumed.load_state_dict(optimizer.state_dict())
        resumed.step()
        return w.detach()

    def keras_as_torch():
        w, state = keras.Variable([1.0]), {}
        optimizer = keras.optimizers.SGD(0.5, momentum=0.5)
        optimizer.apply([tf.ones(1)], [w])
        optimizer.save_own_variables(state)
        resumed = keras.optimizers.SGD(0.5, momentum=0.5)
        resumed.build([w])
        resumed.load_own_variables(state)
        resumed.apply([tf.ones(1)], [w])
        return w


@difference(
    item="learning rate of an optimizer whose state is loaded",
    keras="that of the file",
    torch="that of the file, in place of the one that was passed",
    severity=NONE,
    hits="whoever wants another rate from then on: set it after loading",
    recipe="nothing to do",
    sources=("keras/src/optimizers/base_optimizer.py:L775", "torch/optim/optimizer.py:L881"),
)
class LoadedRate:
    def in_keras():
        w, state = keras.Variable([1.0]), {}
        saved, loaded = keras.optimizers.SGD(0.5), keras.optimizers.SGD(0.125)
        saved.build([w])
        loaded.build([w])
        saved.save_own_variables(state)
        loaded.load_own_variables(state)
        return loaded.learning_rate

    def in_torch():
        w = torch.ones(1)
        saved, loaded = torch.optim.SGD([w], lr=0.5), torch.optim.SGD([w], lr=0.125)
        loaded.load_state_dict(saved.state_dict())
        return loaded.param_groups[0]["lr"]


@difference(
    item="place in a schedule, once the optimizer's state is loaded",
    keras="kept: the schedule reads the optimizer's count of iterations",
    torch="lost: the scheduler has a state of its own",
    severity=SILENT_WRONG,
    hits="runs taken up again: warm-up and decay begin anew",
    recipe="torch: save and load scheduler.state_dict() too; Keras: iterations.assign(0)",
    sources=("keras/src/optimizers/base_optimizer.py:L781", "torch/optim/lr_scheduler.py:L287"),
)
class PlaceInSchedule:
    def in_keras():
        w, state = keras.Variable([1.0]), {}
        schedule = keras.optimizers.schedules.ExponentialDecay(1.0, 1, 0.5)
        optimizer, resumed = keras.optimizers.SGD(schedule), keras.optimizers.SGD(schedule)
        for _ in range(2):
            optimizer.apply([tf.ones(1)], [w])
        optimizer.save_own_variables(state)
        resumed.build([w])
        resumed.load_own_variables(state)
        resumed.apply([tf.ones(1)], [w])
        return resumed.learning_rate

    def in_torch():
        w = torch.ones(1, requires_grad=True)
        w.grad = torch.ones(1)
        optimizer, resumed = torch.optim.SGD([w], lr=1.0), torch.optim.SGD([w], lr=1.0)
        scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: 0.5**epoch)
        for _ in range(2):
            optimizer.step()
            scheduler.step()
        again = torch.optim.lr_scheduler.LambdaLR(resumed, lambda epoch: 0.5**epoch)
        resumed.load_state_dict(optimizer.state_dict())
        resumed.step()
        again.step()
        return resumed.param_groups[0]["lr"]

    def torch_as_keras():
        w = torch.ones(1, requires_grad=True)
        w.grad = torch.ones(1)
        optimizer, resumed = torch.optim.SGD([w], lr=1.0), torch.optim.SGD([w], lr=1.0)
        scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: 0.5**epoch)
        for _ in range(2):
            optimizer.step()
            scheduler.step()
        again = torch.optim.lr_scheduler.LambdaLR(resumed, lambda epoch: 0.5**epoch)
        resumed.load_state_dict(optimizer.state_dict())
        again.load_state_dict(scheduler.state_dict())
        resumed.step()
        again.step()
        return resumed.param_groups[0]["lr"]

    def keras_as_torch():
        w, state = keras.Variable([1.0]), {}
        schedule = keras.optimizers.schedules.ExponentialDecay(1.0, 1, 0.5)
        optimizer, resumed = keras.optimizers.SGD(schedule), keras.optimizers.SGD(schedule)
        for _ in range(2):
            optimizer.apply([tf.ones(1)], [w])
        optimizer.save_own_variables(state)
        resumed.build([w])
        resumed.load_own_variables(state)
        resumed.iterations.assign(0)
        resumed.apply([tf.ones(1)], [w])
        return resumed.learning_rate


@difference(
    item="the optimizer in a file of weights",
    keras="save_weights of a compiled model keeps its optimizer's state too",
    torch="model.state_dict() has none of it",
    severity=SILENT_WRONG,
    hits="pretrained weights loaded in Keras: training goes on at the old count and moments",
    recipe="torch: save optimizer.state_dict() too; Keras: load the weights before compile",
    sources=("keras/src/saving/saving_lib.py:L768", "torch/nn/modules/module.py:L2194"),
)
class OptimizerInFile:
    def in_keras():
        saved, loaded = stack("a"), stack("a")
        for model in (saved, loaded):
            model.compile(keras.optimizers.SGD(0.5), "mse")
            model.optimizer.build(model.trainable_variables)
        saved.optimizer.iterations.assign(7)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "model.weights.h5"
            saved.save_weights(file)
            loaded.load_weights(file)
        return loaded.optimizer.iterations

    def in_torch():
        saved, loaded = nn.Linear(1, 1), nn.Linear(1, 1)
        optimizer = torch.optim.Adam(loaded.parameters())
        loaded.load_state_dict(saved.state_dict())
        return len(optimizer.state)

    def torch_as_keras():
        saved, loaded = nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False)
        first, second = (torch.optim.Adam(model.parameters()) for model in (saved, loaded))
        for _ in range(7):
            saved.weight.grad = torch.ones(1, 1)
            first.step()
        loaded.load_state_dict(saved.state_dict())
        second.load_state_dict(first.state_dict())
        return second.state[loaded.weight]["step"]

    def keras_as_torch():
        saved, loaded = stack("a"), stack("a")
        saved.compile(keras.optimizers.SGD(0.5), "mse")
        saved.optimizer.build(saved.trainable_variables)
        saved.optimizer.iterations.assign(7)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "model.weights.h5"
            saved.save_weights(file)
            loaded.load_weights(file)
        loaded.compile(keras.optimizers.SGD(0.5), "mse")
        return loaded.optimizer.iterations


@difference(
    item="a whole model loaded from a file",
    keras="load_model builds it from its configuration",
    torch="UnpicklingError: torch.load takes weights alone (weights_only=True)",
    severity=CRASH,
    hits="models saved by torch.save(model)",
    recipe="torch: save the state_dict; weights_only=False only of files that you trust",
    sources=("keras/src/saving/saving_api.py:L126", "torch/serialization.py:L89"),
    unaligned="Keras has no such restriction for its own layers",
)
class WholeModel:
    def in_keras():
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "model.keras"
            stack("a").save(file)
            return keras.saving.load_model(file).layers[0].kernel

    def in_torch():
        layer = nn.Linear(1, 1)
        nn.init.ones_(layer.weight)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "model.pt"
            torch.save(layer, file)
            return torch.load(file).weight.detach()

    def torch_as_keras():
        layer = nn.Linear(1, 1)
        nn.init.ones_(layer.weight)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "model.pt"
            torch.save(layer, file)
            return torch.load(file, weights_only=False).weight.detach()
