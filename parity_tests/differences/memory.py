"""Memory: what is written in place, and which tensors share it."""

import keras
import numpy as np
import tensorflow as tf
import torch
from torch import nn

from parity_tests.differences.entry import CRASH, LOOP, SILENT_WRONG, difference

TITLE = "Writing in place and shared memory"
STAGE = LOOP


@difference(
    item="an element of a tensor assigned to",
    keras="raises: tensors do not change",
    torch="is done in place, and differentiated through",
    severity=CRASH,
    hits="masks and targets filled in by index",
    recipe="Keras: keras.ops.scatter_update",
    unaligned="an error is nothing that torch should be made to raise",
    sources=(
        "tensorflow/python/framework/ops.py:L302",
        "torchgen/packaged/autograd/derivatives.yaml:L895",
    ),
)
class ItemAssigned:
    x = np.array([1.0, 3.0])

    def in_keras(x):
        x = tf.constant(x)
        x[0] = 5.0
        return x

    def in_torch(x):
        x = torch.tensor(x)
        x[0] = 5.0
        return x

    def keras_as_torch(x):
        return keras.ops.scatter_update(x, [[0]], [5.0])


@difference(
    item="x += 1 while another name holds the tensor",
    keras="a new tensor: the other name keeps the old numbers",
    torch="in place: the other name sees the new numbers",
    severity=SILENT_WRONG,
    hits="residual connections written as x += layer(x), kept activations",
    recipe="torch: x = x + 1; Keras: a Variable and assign_add",
    sources=("tensorflow/python/ops/math_ops.py:L1743", "torch/_tensor_docs.py:L377"),
)
class AugmentedAssignment:
    def in_keras():
        kept = x = tf.ones(2)
        x += 1.0
        return kept

    def in_torch():
        kept = x = torch.ones(2)
        x += 1.0
        return kept

    def torch_as_keras():
        kept = x = torch.ones(2)
        x = x + 1.0
        return kept

    def keras_as_torch():
        kept = x = keras.Variable(tf.ones(2))
        x.assign_add(tf.ones(2))
        return kept


@difference(
    item="a slice that is added to",
    keras="is a tensor of its own: x stays as it is",
    torch="is a view: += on it changes x",
    severity=SILENT_WRONG,
    hits="padding, gates and buffers that are cut out and changed",
    recipe="torch: clone the slice; Keras: put the slice back with slice_update",
    sources=(
        "tensorflow/python/framework/ops.py:L302",
        "torchgen/packaged/autograd/derivatives.yaml:L1568",
    ),
)
class SliceShares:
    x = np.zeros(3)

    def in_keras(x):
        x = tf.constant(x)
        y = x[:2]
        y += 1
        return x

    def in_torch(x):
        x = torch.tensor(x)
        y = x[:2]
        y += 1
        return x

    def torch_as_keras(x):
        x = torch.tensor(x)
        y = x[:2].clone()
        y += 1
        return x

    def keras_as_torch(x):
        x = tf.constant(x)
        return keras.ops.slice_update(x, [0], x[:2] + 1)


@difference(
    item="a detached weight, after the weight is updated",
    keras="stop_gradient holds the value that was read",
    torch="detach shares the memory of the weight: it holds the new value",
    severity=SILENT_WRONG,
    hits="target networks and old policies that are kept for comparison",
    recipe="torch: detach().clone(); Keras: keep the variable, not its value",
    sources=("tensorflow/python/ops/resource_variable_ops.py:L815", "torch/_tensor.py:L798"),
)
class DetachShares:
    w = np.array([1.0, 3.0])

    def in_keras(w):
        w = tf.Variable(w)
        old = tf.stop_gradient(w)
        w.assign([9.0, 9.0])
        return old

    def in_torch(w):
        w = nn.Parameter(torch.tensor(w))
        old = w.detach()
        with torch.no_grad():
            w.fill_(9.0)
        return old

    def torch_as_keras(w):
        w = nn.Parameter(torch.tensor(w))
        old = w.detach().clone()
        with torch.no_grad():
            w.fill_(9.0)
        return old

    def keras_as_torch(w):
        old = w = tf.Variable(w)
        w.assign([9.0, 9.0])
        return old


@difference(
    item="the NumPy array of a weight, after the weight is updated",
    keras="holds the value that was read",
    torch="is a view: it holds the new value",
    severity=SILENT_WRONG,
    hits="recording weights over training, all of which then equal the last",
    recipe="torch: .detach().numpy().copy(); Keras: read the variable when it is needed",
    sources=("tensorflow/python/framework/ops.py:L416", "torch/_tensor_docs.py:L3643"),
)
class NumpyShares:
    w = np.array([1.0, 3.0])

    def in_keras(w):
        w = tf.Variable(w)
        recorded = w.numpy()
        w.assign([9.0, 9.0])
        return recorded

    def in_torch(w):
        w = nn.Parameter(torch.tensor(w))
        recorded = w.detach().numpy()
        with torch.no_grad():
            w.fill_(9.0)
        return recorded

    def torch_as_keras(w):
        w = nn.Parameter(torch.tensor(w))
        recorded = w.detach().numpy().copy()
        with torch.no_grad():
            w.fill_(9.0)
        return recorded

    def keras_as_torch(w):
        w = tf.Variable(w)
        w.assign([9.0, 9.0])
        return w.numpy()


@difference(
    item="a weight made of a NumPy array, after the array is changed",
    keras="keras.Variable copies",
    torch="from_numpy and as_tensor share the memory of the array; torch.tensor copies",
    severity=SILENT_WRONG,
    hits="a buffer that is filled anew for each batch",
    recipe="torch: torch.tensor(array); Keras: assign the array again",
    sources=("keras/src/backend/tensorflow/core.py:L43", "torch/_torch_docs.py:L4412"),
)
class FromNumpyShares:
    x = np.array([1.0, 3.0])

    def in_keras(x):
        x = x.copy()
        made = keras.Variable(x, dtype="float64")
        x[0] = 9.0
        return made

    def in_torch(x):
        x = x.copy()
        made = torch.from_numpy(x)
        x[0] = 9.0
        return made

    def torch_as_keras(x):
        x = x.copy()
        made = torch.tensor(x)
        x[0] = 9.0
        return made

    def keras_as_torch(x):
        x = x.copy()
        made = keras.Variable(x, dtype="float64")
        x[0] = 9.0
        made.assign(x)
        return made
