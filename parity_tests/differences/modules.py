"""Models as objects: what belongs to them, what is counted, copied and frozen."""

import copy

import keras
import numpy as np
import tensorflow as tf
import torch
from torch import nn

from parity_tests.differences.entry import CRASH, SILENT_WRONG, WEIGHTS, difference

TITLE = "Models and what belongs to them"
STAGE = WEIGHTS


def keras_ones():
    """A model of one layer whose only weight is 1."""
    layer = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones", dtype="float64")
    return keras.Sequential([keras.Input((1,), dtype="float64"), layer])


@difference(
    item="a copy of a model",
    keras="keras.models.clone_model draws new weights",
    torch="copy.deepcopy takes the weights along",
    severity=SILENT_WRONG,
    hits="target networks, teachers of distillation, averages of weights, each fold of a "
    "cross-validation",
    recipe="Keras: copy.deepcopy, or set_weights of the clone; torch: initialise the copy anew",
    sources=("keras/src/models/cloning.py:L25", "torch/nn/parameter.py:L74"),
)
class CopyOfModel:
    def in_keras():
        model = keras_ones()
        model.set_weights([np.array([[7.0]])])
        return keras.models.clone_model(model).get_weights()[0]

    def in_torch():
        model = nn.Linear(1, 1, bias=False, dtype=torch.float64)
        nn.init.constant_(model.weight, 7.0)
        return copy.deepcopy(model).weight.detach()

    def torch_as_keras():
        model = nn.Linear(1, 1, bias=False, dtype=torch.float64)
        nn.init.constant_(model.weight, 7.0)
        clone = copy.deepcopy(model)
        nn.init.ones_(clone.weight)
        return clone.weight.detach()

    def keras_as_torch():
        model = keras_ones()
        model.set_weights([np.array([[7.0]])])
        clone = keras.models.clone_model(model)
        clone.set_weights(model.get_weights())
        return clone.get_weights()[0]


@difference(
    item="one layer thawed within a frozen model",
    keras="stays frozen: trainable = False of the model outweighs what its layers say",
    torch="is trained: each parameter has requires_grad of its own",
    severity=SILENT_WRONG,
    hits="fine-tuning of the last layers of a frozen backbone",
    recipe="Keras: set trainable = True on the model, then False on each layer that stays frozen",
    sources=("keras/src/layers/layer.py:L696", "torch/nn/modules/module.py:L2925"),
)
class ThawedLayer:
    def in_keras():
        layers = [keras.layers.Dense(2, use_bias=False) for _ in range(3)]
        model = keras.Sequential([keras.Input((2,)), *layers])
        model.trainable = False
        layers[-1].trainable = True
        return len(model.trainable_variables)

    def in_torch():
        model = nn.Sequential(*(nn.Linear(2, 2, bias=False) for _ in range(3)))
        model.requires_grad_(False)
        model[-1].requires_grad_(True)
        return sum(p.requires_grad for p in model.parameters())

    def torch_as_keras():
        model = nn.Sequential(*(nn.Linear(2, 2, bias=False) for _ in range(3)))
        model[-1].requires_grad_(True)
        model.requires_grad_(False)
        return sum(p.requires_grad for p in model.parameters())

    def keras_as_torch():
        layers = [keras.layers.Dense(2, use_bias=False) for _ in range(3)]
        model = keras.Sequential([keras.Input((2,)), *layers])
        for layer in layers[:-1]:
            layer.trainable = False
        return len(model.trainable_variables)


@difference(
    item="number of parameters of a model with batch normalisation",
    keras="count_params() has the running mean and variance among them",
    torch="parameters() has not: they are buffers",
    severity=SILENT_WRONG,
    hits="sizes of networks, as papers and summaries state them",
    recipe="Keras: count trainable_variables; torch: count the buffers as well, but for "
    "num_batches_tracked",
    sources=("keras/src/layers/layer.py:L1523", "torch/nn/modules/batchnorm.py:L66"),
)
class ParameterCount:
    def in_keras():
        layers = keras.layers.BatchNormalization(), keras.layers.Dense(2)
        return keras.Sequential([keras.Input((3,)), *layers]).count_params()

    def in_torch():
        model = nn.Sequential(nn.BatchNorm1d(3), nn.Linear(3, 2))
        return sum(p.numel() for p in model.parameters())

    def torch_as_keras():
        model = nn.Sequential(nn.BatchNorm1d(3), nn.Linear(3, 2))
        return sum(v.numel() for v in model.state_dict().values() if v.is_floating_point())

    def keras_as_torch():
        layers = keras.layers.BatchNormalization(), keras.layers.Dense(2)
        model = keras.Sequential([keras.Input((3,)), *layers])
        return sum(int(np.prod(v.shape)) for v in model.trainable_variables)


@difference(
    item="a variable that a layer makes for itself",
    keras="a tf.Variable is no weight of a Keras layer: neither trained nor saved",
    torch="an nn.Parameter is found as soon as it is an attribute",
    severity=SILENT_WRONG,
    hits="layers from the time of Keras 2, which found every tf.Variable",
    recipe="Keras: self.add_weight, or keras.Variable; torch: a plain tensor is not found either",
    sources=("keras/src/layers/layer.py:L359", "torch/nn/modules/module.py:L1982"),
)
class OwnVariable:
    def in_keras():
        class Scale(keras.layers.Layer):
            def __init__(self):
                super().__init__()
                self.scale = tf.Variable(2.0)

        return len(Scale().trainable_variables)

    def in_torch():
        class Scale(nn.Module):
            def __init__(self):
                super().__init__()
                self.scale = nn.Parameter(torch.tensor(2.0))

        return len(list(Scale().parameters()))

    def torch_as_keras():
        class Scale(nn.Module):
            def __init__(self):
                super().__init__()
                self.scale = torch.tensor(2.0, requires_grad=True)

        return len(list(Scale().parameters()))

    def keras_as_torch():
        class Scale(keras.layers.Layer):
            def __init__(self):
                super().__init__()
                self.scale = self.add_weight(shape=(), initializer="ones")

        return len(Scale().trainable_variables)


@difference(
    item="the layers of a model that holds another model",
    keras="model.layers has the inner model as one of them",
    torch="modules() goes through all, however deep, and begins with the model itself",
    severity=SILENT_WRONG,
    hits="loops that freeze, initialise or convert 'every layer of this kind'",
    recipe="Keras: go into layers that have layers; torch: children() for the outermost alone",
    sources=("keras/src/models/model.py:L172", "torch/nn/modules/module.py:L2805"),
)
class NestedLayers:
    def in_keras():
        inner = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
        model = keras.Sequential([keras.Input((2,)), inner, keras.layers.Dense(1)])
        return sum(isinstance(layer, keras.layers.Dense) for layer in model.layers)

    def in_torch():
        model = nn.Sequential(nn.Sequential(nn.Linear(2, 2)), nn.Linear(2, 1))
        return sum(isinstance(module, nn.Linear) for module in model.modules())

    def torch_as_keras():
        model = nn.Sequential(nn.Sequential(nn.Linear(2, 2)), nn.Linear(2, 1))
        return sum(isinstance(module, nn.Linear) for module in model.children())

    def keras_as_torch():
        def every(layer):
            return [layer] + [inner for one in getattr(layer, "layers", ()) for inner in every(one)]

        inner = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
        model = keras.Sequential([keras.Input((2,)), inner, keras.layers.Dense(1)])
        return sum(isinstance(layer, keras.layers.Dense) for layer in every(model))


@difference(
    item="a weight set from an array of another shape",
    keras="assign raises ValueError, naming both shapes",
    torch="copy_ broadcasts it",
    severity=CRASH,
    hits="weights copied by hand, a bias or one row taken for the whole matrix",
    recipe="torch: load_state_dict, which compares shapes; Keras: broadcast_to first",
    sources=("keras/src/backend/common/variables.py:L288", "torch/_tensor_docs.py:L1163"),
)
class AssignedShape:
    w = np.array([1.0, 2.0])

    def in_keras(w):
        layer = keras.layers.Dense(2, use_bias=False, dtype="float64")
        layer.build((None, 2))
        layer.kernel.assign(w)
        return layer.kernel

    def in_torch(w):
        layer = nn.Linear(2, 2, bias=False, dtype=torch.float64)
        with torch.no_grad():
            layer.weight.copy_(torch.tensor(w))
        return layer.weight.detach()

    def torch_as_keras(w):
        layer = nn.Linear(2, 2, bias=False, dtype=torch.float64)
        layer.load_state_dict({"weight": torch.tensor(w)})
        return layer.weight.detach()

    def keras_as_torch(w):
        layer = keras.layers.Dense(2, use_bias=False, dtype="float64")
        layer.build((None, 2))
        layer.kernel.assign(np.broadcast_to(w, (2, 2)))
        return layer.kernel


@difference(
    item="a NumPy array handed to a model",
    keras="is made a tensor, of the type of the layer",
    torch="raises TypeError",
    severity=CRASH,
    hits="prediction code around a model",
    recipe="torch: torch.from_numpy; Keras: nothing",
    sources=("keras/src/layers/layer.py:L881", "torch/nn/modules/linear.py:L134"),
    unaligned="Keras takes a tensor as well, and need not refuse an array",
)
class ArrayHandedOver:
    x = np.array([[3.0]])

    def in_keras(x):
        return keras_ones()(x)

    def in_torch(x):
        model = nn.Linear(1, 1, bias=False, dtype=torch.float64)
        nn.init.ones_(model.weight)
        return model(x).detach()

    def torch_as_keras(x):
        model = nn.Linear(1, 1, bias=False, dtype=torch.float64)
        nn.init.ones_(model.weight)
        return model(torch.from_numpy(x)).detach()


@difference(
    item="layers that a model keeps in a list",
    keras="are tracked: lists, tuples, dicts and sets of layers are looked through",
    torch="are not: no optimizer, no state_dict and no .to() knows of them",
    severity=SILENT_WRONG,
    hits="blocks of a residual network or heads collected in a Python list, which never train",
    recipe="torch: nn.ModuleList, nn.ModuleDict or nn.ParameterList",
    unaligned="to lose layers is nothing that Keras should be made to do",
    sources=("keras/src/layers/layer.py:L356", "torch/nn/modules/container.py:L335"),
)
class LayersInList:
    def in_keras():
        class Model(keras.Model):
            def __init__(self):
                super().__init__()
                self.blocks = [keras.layers.Dense(2), keras.layers.Dense(2)]

        model = Model()
        for block in model.blocks:
            block.build((None, 2))
        return len(model.trainable_weights)

    def in_torch():
        class Model(nn.Module):
            def __init__(self):
                super().__init__()
                self.blocks = [nn.Linear(2, 2), nn.Linear(2, 2)]

        return len(list(Model().parameters()))

    def torch_as_keras():
        class Model(nn.Module):
            def __init__(self):
                super().__init__()
                self.blocks = nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2)])

        return len(list(Model().parameters()))
