"""Layers without a family of their own: dense, embedding, and what changes shapes."""

import keras
import numpy as np
import tensorflow as tf
import torch
import torch.nn.functional as F
from torch import nn

from parity_tests.differences.entry import (
    CRASH,
    LAYERS,
    NONE,
    SILENT_WRONG,
    WEIGHTS,
    difference,
)

TITLE = "Layers"
STAGE = LAYERS


def built(layer, x, *weights):
    """A layer of Keras made for inputs like x, with these weights."""
    layer.build(x.shape)
    layer.set_weights(weights)
    return layer


def loaded(module, **weights):
    """A module of torch with these weights, by their names; others stay as they are."""
    module.load_state_dict({name: torch.tensor(w) for name, w in weights.items()}, strict=False)
    return module


# --- dense ------------------------------------------------------------------------------------


@difference(
    item="weights of a dense layer, copied as they are",
    keras="kernel of shape (inputs, units): x @ kernel",
    torch="weight of shape (units, inputs): x @ weight.T",
    severity=SILENT_WRONG,
    hits="layers with as many units as inputs; others fail on the shape",
    recipe="transpose the matrix",
    sources=("keras/src/layers/core/dense.py:L138", "torch/nn/modules/linear.py:L109"),
    stage=WEIGHTS,
)
class DenseLayout:
    x = np.random.default_rng(0).normal(size=(2, 3))
    matrix = np.random.default_rng(1).normal(size=(3, 3))

    def in_keras(x, matrix):
        dense = keras.layers.Dense(3, use_bias=False, dtype="float64")
        return built(dense, x, matrix)(x)

    def in_torch(x, matrix):
        linear = nn.Linear(3, 3, bias=False, dtype=torch.float64)
        return loaded(linear, weight=matrix)(torch.tensor(x)).detach()

    def torch_as_keras(x, matrix):
        linear = nn.Linear(3, 3, bias=False, dtype=torch.float64)
        return loaded(linear, weight=matrix.T)(torch.tensor(x)).detach()

    def keras_as_torch(x, matrix):
        dense = keras.layers.Dense(3, use_bias=False, dtype="float64")
        return built(dense, x, matrix.T)(x)


@difference(
    item="dense layer on a batch of sequences",
    keras="the last axis is transformed, all others are a batch",
    torch="the last axis is transformed, all others are a batch",
    severity=NONE,
    hits="nobody; no TimeDistributed is needed",
    recipe="nothing to do",
    sources=("keras/src/layers/core/dense.py:L222", "torch/nn/modules/linear.py:L134"),
)
class DenseSequences:
    x = np.random.default_rng(0).normal(size=(2, 4, 3))
    kernel = np.random.default_rng(1).normal(size=(3, 5))

    def in_keras(x, kernel):
        return built(keras.layers.Dense(5, use_bias=False, dtype="float64"), x, kernel)(x)

    def in_torch(x, kernel):
        return F.linear(torch.tensor(x), torch.tensor(kernel.T))


@difference(
    item="weights of a layer that has not seen an input",
    keras="none: they are made and drawn at the first call, which tells the number of inputs",
    torch="all of them, since the number of inputs is an argument",
    severity=SILENT_WRONG,
    hits="weights copied, counted or handed to an optimizer before the first call, and seeds set "
    "between the two",
    recipe="Keras: call build, or begin the model with an Input; torch: nn.LazyLinear",
    sources=("keras/src/layers/core/dense.py:L124", "torch/nn/modules/linear.py:L259"),
    stage=WEIGHTS,
)
class DenseUnbuilt:
    def in_keras():
        return sum(int(np.prod(w.shape)) for w in keras.layers.Dense(3).weights)

    def in_torch():
        return sum(w.numel() for w in nn.Linear(4, 3).parameters())

    def torch_as_keras():
        lazy = nn.parameter.UninitializedParameter
        made = [w for w in nn.LazyLinear(3).parameters() if not isinstance(w, lazy)]
        return sum(w.numel() for w in made)

    def keras_as_torch():
        dense = keras.layers.Dense(3)
        dense.build((None, 4))
        return sum(int(np.prod(w.shape)) for w in dense.weights)


@difference(
    item="dense layer on a single vector, without a batch",
    keras="ValueError: a layer expects two axes at least",
    torch="is transformed like one row of a batch",
    severity=CRASH,
    hits="trying a model out on one sample",
    recipe="Keras: add the axis of the batch and take it off again",
    sources=("keras/src/layers/core/dense.py:L121", "torch/nn/modules/linear.py:L67"),
    unaligned="nn.Linear has no setting that refuses a vector",
)
class DenseVector:
    x = np.array([1.0, 2.0])
    kernel = np.array([[1.0], [-0.5]])

    def in_keras(x, kernel):
        return built(keras.layers.Dense(1, use_bias=False, dtype="float64"), x[None], kernel)(x)

    def in_torch(x, kernel):
        return F.linear(torch.tensor(x), torch.tensor(kernel.T))

    def keras_as_torch(x, kernel):
        dense = built(keras.layers.Dense(1, use_bias=False, dtype="float64"), x[None], kernel)
        return dense(x[None])[0]


# --- embedding --------------------------------------------------------------------------------


@difference(
    item="gradient of the row of an embedding that stands for padding",
    keras="mask_zero=True marks the steps; row 0 is trained like any other",
    torch="padding_idx=0 leaves row 0 without a gradient",
    severity=SILENT_WRONG,
    hits="text models whose layers after the embedding ignore the mask",
    recipe="torch: leave padding_idx out; Keras: multiply the output by the mask",
    sources=("keras/src/layers/core/embedding.py:L202", "torch/nn/modules/sparse.py:L24"),
)
class EmbeddingPaddingGradient:
    ids = np.array([[3, 1, 0, 0]])
    table = np.random.default_rng(0).normal(size=(4, 2))

    def in_keras(ids, table):
        embedding = keras.layers.Embedding(4, 2, mask_zero=True, dtype="float64")
        embedding = built(embedding, ids, table)
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(embedding(ids) ** 2)
        return tf.convert_to_tensor(tape.gradient(loss, embedding.embeddings.value))

    def in_torch(ids, table):
        weight = torch.tensor(table, requires_grad=True)
        F.embedding(torch.tensor(ids), weight, padding_idx=0).square().sum().backward()
        return weight.grad

    def torch_as_keras(ids, table):
        weight = torch.tensor(table, requires_grad=True)
        F.embedding(torch.tensor(ids), weight).square().sum().backward()
        return weight.grad

    def keras_as_torch(ids, table):
        embedding = built(keras.layers.Embedding(4, 2, dtype="float64"), ids, table)
        seen = tf.cast(ids != 0, "float64")[..., None]
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum((embedding(ids) * seen) ** 2)
        return tf.convert_to_tensor(tape.gradient(loss, embedding.embeddings.value))


@difference(
    item="row of a fresh embedding that stands for padding",
    keras="mask_zero=True draws row 0 like any other",
    torch="padding_idx=0 fills row 0 with zeros",
    severity=SILENT_WRONG,
    hits="models that sum or average embeddings over padded sequences",
    recipe="torch: leave padding_idx out; Keras: set row 0 to zero once the layer is built",
    sources=("keras/src/layers/core/embedding.py:L157", "torch/nn/modules/sparse.py:L186"),
)
class EmbeddingPaddingRow:
    def in_keras():
        embedding = keras.layers.Embedding(4, 2, mask_zero=True)
        return "zeros" if np.all(embedding(np.array([0])) == 0) else "drawn"

    def in_torch():
        embedding = nn.Embedding(4, 2, padding_idx=0)
        return "zeros" if torch.all(embedding(torch.tensor([0])) == 0) else "drawn"

    def torch_as_keras():
        embedding = nn.Embedding(4, 2)
        return "zeros" if torch.all(embedding(torch.tensor([0])) == 0) else "drawn"

    def keras_as_torch():
        embedding = keras.layers.Embedding(4, 2, mask_zero=True)
        embedding.build()
        embedding.embeddings.assign(embedding.embeddings * [[0.0], [1.0], [1.0], [1.0]])
        return "zeros" if np.all(embedding(np.array([0])) == 0) else "drawn"


@difference(
    item="negative id handed to an embedding",
    keras="−1 is the last row, as in NumPy",
    torch="IndexError",
    severity=CRASH,
    hits="data in which −1 stands for missing: Keras trains the last row with it",
    recipe="torch: take ids modulo the number of rows; Keras: check the ids before",
    sources=("keras/src/backend/tensorflow/numpy.py:L3058", "torch/nn/functional.py:L2615"),
    unaligned="Keras has no setting that refuses a negative id",
)
class EmbeddingNegativeId:
    ids = np.array([0, -1])
    table = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])

    def in_keras(ids, table):
        return built(keras.layers.Embedding(3, 2, dtype="float64"), ids, table)(ids)

    def in_torch(ids, table):
        return F.embedding(torch.tensor(ids), torch.tensor(table))

    def torch_as_keras(ids, table):
        return F.embedding(torch.tensor(ids) % len(table), torch.tensor(table))


@difference(
    item="ids of an embedding given as floats",
    keras="are cut to int32",
    torch="RuntimeError: ids must be integers",
    severity=CRASH,
    hits="ids that stand in one array with features",
    recipe="torch: ids.long()",
    sources=("keras/src/layers/core/embedding.py:L195", "torch/nn/functional.py:L2615"),
    unaligned="Keras has no setting that refuses floats",
)
class EmbeddingFloatIds:
    ids = np.array([0.0, 1.9])
    table = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])

    def in_keras(ids, table):
        return built(keras.layers.Embedding(3, 2, dtype="float64"), ids, table)(ids)

    def in_torch(ids, table):
        return F.embedding(torch.tensor(ids), torch.tensor(table))

    def torch_as_keras(ids, table):
        return F.embedding(torch.tensor(ids).long(), torch.tensor(table))


@difference(
    item="largest norm of an embedding's rows",
    keras="a constraint limits all rows, after each step of the optimizer",
    torch="max_norm limits the rows that are looked up, in place, at the lookup",
    severity=SILENT_WRONG,
    hits="embeddings with a limited norm; in torch a prediction changes the weights",
    recipe="limit the same rows at the same moment, by max / (10⁻⁷ + norm)",
    sources=("keras/src/constraints/constraints.py:L105", "torch/nn/functional.py:L2614"),
)
class EmbeddingMaxNorm:
    ids = np.array([0, 2])
    table = np.array([[3.0, 4.0], [6.0, 8.0], [0.3, 0.4]])

    def in_keras(ids, table):
        return keras.constraints.MaxNorm(1.0, axis=1)(table)

    def in_torch(ids, table):
        weight = torch.tensor(table)
        F.embedding(torch.tensor(ids), weight, max_norm=1.0)
        return weight

    def torch_as_keras(ids, table):
        norms = torch.linalg.vector_norm(torch.tensor(table), dim=1, keepdim=True)
        return torch.tensor(table) * (norms.clamp(max=1.0) / (1e-7 + norms))

    def keras_as_torch(ids, table):
        norms = np.linalg.norm(table, axis=1, keepdims=True)
        limited = np.where(norms > 1.0, table / (1e-7 + norms), table)
        looked_up = np.isin(np.arange(len(table)), ids)[:, None]
        return keras.ops.where(looked_up, limited, table)


# --- shapes -----------------------------------------------------------------------------------


@difference(
    item="order in which an image is flattened",
    keras="rows, columns, channels",
    torch="channels, rows, columns",
    severity=SILENT_WRONG,
    hits="the first dense layer after the convolutions, with weights copied",
    recipe="torch: permute to channels last before flattening, or permute the rows of the kernel",
    sources=("keras/src/layers/reshaping/flatten.py:L58", "torch/nn/modules/flatten.py:L25"),
)
class FlattenOrder:
    image = np.random.default_rng(0).normal(size=(1, 2, 2, 3))

    def in_keras(image):
        return keras.layers.Flatten(dtype="float64")(image)

    def in_torch(image):
        return nn.Flatten()(torch.tensor(image).permute(0, 3, 1, 2))

    def torch_as_keras(image):
        x = torch.tensor(image).permute(0, 3, 1, 2)
        return nn.Flatten()(x.permute(0, 2, 3, 1))

    def keras_as_torch(image):
        x = keras.layers.Permute((3, 1, 2), dtype="float64")(image)
        return keras.layers.Flatten(dtype="float64")(x)


@difference(
    item="flattening a batch of single numbers",
    keras="gives a column, (batch, 1)",
    torch="IndexError: there is no axis 1 to begin at",
    severity=CRASH,
    hits="targets or scores of shape (batch,)",
    recipe="torch: x[:, None]",
    sources=("keras/src/layers/reshaping/flatten.py:L58", "torch/nn/modules/flatten.py:L25"),
    unaligned="nothing is gained by an error in Keras too",
)
class FlattenScalars:
    x = np.array([1.0, 2.0, 3.0])

    def in_keras(x):
        return keras.layers.Flatten(dtype="float64")(x)

    def in_torch(x):
        return nn.Flatten()(torch.tensor(x))

    def torch_as_keras(x):
        return torch.tensor(x)[:, None]


@difference(
    item="reshape with an axis left open",
    keras="layers.Reshape keeps the axis of the batch: the shape is that of one sample",
    torch="reshape counts the batch: −1 takes samples apart",
    severity=SILENT_WRONG,
    hits="models whose Reshape was turned into x.reshape",
    recipe="torch: write the batch first, or nn.Unflatten(1, shape); Keras: keras.ops.reshape",
    sources=("keras/src/layers/reshaping/reshape.py:L68", "torch/nn/modules/flatten.py:L130"),
)
class ReshapeBatch:
    x = np.arange(12.0).reshape(2, 6)

    def in_keras(x):
        return keras.layers.Reshape((-1, 3), dtype="float64")(x)

    def in_torch(x):
        return torch.tensor(x).reshape(-1, 3)

    def torch_as_keras(x):
        return nn.Unflatten(1, (-1, 3))(torch.tensor(x))

    def keras_as_torch(x):
        return keras.ops.reshape(x, (-1, 3))


@difference(
    item="numbers of the axes in a permutation",
    keras="layers.Permute counts from 1 and leaves the batch out",
    torch="permute counts from 0 and names every axis",
    severity=CRASH,
    hits="models whose Permute was turned into x.permute",
    recipe="torch: put 0 in front; Keras: keras.ops.transpose",
    sources=("keras/src/layers/reshaping/permute.py:L59", "torch/_tensor_docs.py:L3680"),
    unaligned="there is nothing to align with: torch refuses the arguments",
)
class PermuteBatch:
    x = np.arange(12.0).reshape(2, 3, 2)

    def in_keras(x):
        return keras.layers.Permute((2, 1), dtype="float64")(x)

    def in_torch(x):
        return torch.tensor(x).permute(2, 1)

    def torch_as_keras(x):
        return torch.tensor(x).permute(0, 2, 1)


@difference(
    item="axis along which tensors are joined",
    keras="layers.Concatenate: the last",
    torch="torch.cat: the first",
    severity=SILENT_WRONG,
    hits="skip connections: the batch grows instead of the features",
    recipe="name the axis in both",
    sources=("keras/src/layers/merging/concatenate.py:L36", "torch/_torch_docs.py:L2384"),
)
class ConcatenateAxis:
    a = np.ones((2, 2))
    b = np.zeros((2, 2))

    def in_keras(a, b):
        return keras.layers.Concatenate(dtype="float64")([a, b])

    def in_torch(a, b):
        return torch.cat([torch.tensor(a), torch.tensor(b)])

    def torch_as_keras(a, b):
        return torch.cat([torch.tensor(a), torch.tensor(b)], dim=-1)

    def keras_as_torch(a, b):
        return keras.layers.Concatenate(axis=0, dtype="float64")([a, b])
