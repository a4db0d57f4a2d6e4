"""Steps on a table of embeddings, whose gradient TensorFlow keeps as slices."""

import keras
import numpy as np
import tensorflow as tf
import torch
import torch.nn.functional as F
from torch import nn

from parity_tests.differences.entry import NONE, OPTIMIZER, SILENT_WRONG, difference

TITLE = "Optimizers and embeddings"
STAGE = OPTIMIZER

TABLE = np.array([[1.0, -2.0], [0.5, 1.0], [3.0, 2.0]])


def stepped_by_keras(table, batches, optimizer, dense=False):
    """A table after a step down ½ Σ rows² for each batch of ids; its gradients are slices."""
    w = keras.Variable(table, dtype="float64")
    for ids in batches:
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.gather(w.value, ids) ** 2) / 2
        gradient = tape.gradient(loss, w.value)
        optimizer.apply([tf.convert_to_tensor(gradient) if dense else gradient], [w])
    return w


def stepped_by_torch(table, batches, make, sparse=False, before=None):
    """The same table by torch; `before(optimizer, step)` is called before each step, from 1 on."""
    w = torch.tensor(table, requires_grad=True)
    optimizer = make([w])
    for step, ids in enumerate(batches, start=1):
        optimizer.zero_grad()
        (F.embedding(torch.tensor(ids), w, sparse=sparse) ** 2 / 2).sum().backward()
        if before:
            before(optimizer, step)
        optimizer.step()
    return w.detach()


def keras_adam(epsilon=1e-7):
    return keras.optimizers.Adam(0.0625, 0.875, 0.9375, epsilon=epsilon)


def torch_adam(parameters):
    return torch.optim.Adam(parameters, 0.0625, (0.875, 0.9375))


def sparse_adam(parameters, eps=1e-7):
    return torch.optim.SparseAdam(parameters, 0.0625, (0.875, 0.9375), eps=eps)


def epsilon_hat(optimizer, step):
    """ε of Keras' Adam, which stands beside √v, as torch's beside √v̂."""
    optimizer.param_groups[0]["eps"] = 1e-7 / (1 - 0.9375**step) ** 0.5


@difference(
    item="Adam on an embedding whose ids repeat within a batch",
    keras="squares each slice, then sums: the second moment of a repeated id is too small",
    torch="sums the slices, then squares",
    severity=SILENT_WRONG,
    hits="every language model in Keras on TensorFlow: the most frequent tokens move too far",
    recipe="Keras: tf.convert_to_tensor(gradient) before apply",
    sources=("keras/src/backend/tensorflow/sparse.py:L383", "torch/nn/functional.py:L2503"),
    unaligned="torch always sums the rows of an embedding's gradient first",
)
class EmbeddingRepeatedIds:
    table, batches = TABLE, np.array([[1, 1, 2]] * 3)

    def in_keras(table, batches):
        return stepped_by_keras(table, batches, keras_adam())

    def in_torch(table, batches):
        return stepped_by_torch(table, batches, torch_adam, before=epsilon_hat)

    def keras_as_torch(table, batches):
        return stepped_by_keras(table, batches, keras_adam(), dense=True)


@difference(
    item="Adam on rows of an embedding that a batch does not read",
    keras="they move on by their old momentum, sparse gradient or not",
    torch="SparseAdam leaves them and their moments as they are",
    severity=SILENT_WRONG,
    hits="nn.Embedding(sparse=True), which takes SparseAdam",
    recipe="torch: nn.Embedding(sparse=False) and Adam; Keras has no lazy form",
    sources=("keras/src/optimizers/adam.py:L120", "torch/optim/_functional.py:L65"),
    unaligned="no optimizer of Keras is lazy",
)
class EmbeddingUnreadRows:
    table, batches = TABLE, np.array([[0, 1], [1, 2], [1, 2]])

    def in_keras(table, batches):
        return stepped_by_keras(table, batches, keras_adam())

    def in_torch(table, batches):
        return stepped_by_torch(table, batches, sparse_adam, sparse=True)

    def torch_as_keras(table, batches):
        return stepped_by_torch(table, batches, torch_adam, before=epsilon_hat)


@difference(
    item="where the epsilon of torch's SparseAdam stands",
    keras="Adam: η √(1 − β₂ᵗ) / (1 − β₁ᵗ) m / (√v + ε)",
    torch="SparseAdam: the same, unlike its Adam",
    severity=NONE,
    hits="nobody, but whoever goes from SparseAdam to Adam within torch",
    recipe="nothing to do",
    sources=("keras/src/optimizers/adam.py:L135", "torch/optim/_functional.py:L82"),
)
class SparseAdamEpsilon:
    table, batches = TABLE, np.array([[0, 1, 2]] * 3)

    def in_keras(table, batches):
        return stepped_by_keras(table, batches, keras_adam(epsilon=1e-2))

    def in_torch(table, batches):
        return stepped_by_torch(table, batches, lambda w: sparse_adam(w, eps=1e-2), sparse=True)


@difference(
    item="SGD on an embedding whose ids repeat within a batch",
    keras="subtracts each slice",
    torch="subtracts their sum, which is the same",
    severity=NONE,
    hits="nobody",
    recipe="nothing to do",
    sources=("keras/src/backend/tensorflow/optimizer.py:L70", "torch/nn/functional.py:L2503"),
)
class EmbeddingSgd:
    table, batches = TABLE, np.array([[1, 1, 2]])

    def in_keras(table, batches):
        return stepped_by_keras(table, batches, keras.optimizers.SGD(0.0625))

    def in_torch(table, batches):
        return stepped_by_torch(table, batches, lambda w: torch.optim.SGD(w, lr=0.0625))


@difference(
    item="norm of an embedding's gradient whose ids repeat, where it is clipped",
    keras="the norm of the slices before they are summed, which is too small",
    torch="the norm of their sum",
    severity=SILENT_WRONG,
    hits="language models with global_clipnorm: what is applied is longer than the bound",
    recipe="Keras: tf.convert_to_tensor(gradient) before apply",
    sources=("keras/src/optimizers/base_optimizer.py:L1184", "torch/nn/utils/clip_grad.py:L230"),
    unaligned="torch always sums the rows of an embedding's gradient first",
)
class EmbeddingClipNorm:
    table = np.array([[1.0, -2.0], [3.0, 4.0], [3.0, 2.0]])
    batches = np.array([[1, 1, 1]])

    def in_keras(table, batches):
        optimizer = keras.optimizers.SGD(1.0, global_clipnorm=0.5)
        return tf.norm(stepped_by_keras(table, batches, optimizer) - table)

    def in_torch(table, batches):
        def clip(optimizer, step):
            (w,) = optimizer.param_groups[0]["params"]
            nn.utils.clip_grads_with_norm_([w], 0.5, w.grad.norm() - 1e-6)

        w = stepped_by_torch(table, batches, lambda w: torch.optim.SGD(w, lr=1.0), before=clip)
        return (w - torch.tensor(table)).norm()

    def keras_as_torch(table, batches):
        optimizer = keras.optimizers.SGD(1.0, global_clipnorm=0.5)
        return tf.norm(stepped_by_keras(table, batches, optimizer, dense=True) - table)
