"""What happens to gradients before a step: clipping, and the slices of an embedding."""

import keras
import numpy as np
import tensorflow as tf
import torch
import torch.nn.functional as F
from torch import nn

from parity_tests.differences.entry import (
    CRASH,
    NONE,
    OPTIMIZER,
    SILENT_WRONG,
    SLOW_DRIFT,
    difference,
)

TITLE = "Clipping, and the gradients of embeddings"
STAGE = OPTIMIZER


def stepped_by(gradients, **options):
    """The gradients that Keras' SGD comes to step by, given these."""
    variables = [keras.Variable(np.zeros_like(g), dtype="float64") for g in gradients]
    optimizer = keras.optimizers.SGD(1.0, **options)
    optimizer.apply([tf.constant(g) for g in gradients], variables)
    return [-np.array(v) for v in variables]


def with_gradients(gradients):
    """Weights of torch that hold these gradients."""
    weights = [torch.zeros(g.shape, dtype=torch.float64, requires_grad=True) for g in gradients]
    for w, g in zip(weights, gradients, strict=True):
        w.grad = torch.tensor(g)
    return weights


@difference(
    item="clipping by the norm of all gradients",
    keras="global_clipnorm: g c / max(‖g‖, c)",
    torch="clip_grad_norm_: g c / (‖g‖ + 1e-6), where ‖g‖ is above c",
    severity=SLOW_DRIFT,
    hits="every model with clipped gradients: in torch they come out too short by 1e-6 / ‖g‖",
    recipe="torch: clip_grads_with_norm_(parameters, c, get_total_norm(gradients) - 1e-6); Keras: "
    "scale the gradients by hand",
    sources=("keras/src/optimizers/base_optimizer.py:L1193", "torch/nn/utils/clip_grad.py:L164"),
)
class GlobalClipNorm:
    gradients = (np.array([3.0, 4.0]), np.array([0.5, -0.25]))

    def in_keras(gradients):
        return stepped_by(gradients, global_clipnorm=1.0)

    def in_torch(gradients):
        weights = with_gradients(gradients)
        nn.utils.clip_grad_norm_(weights, 1.0)
        return [w.grad for w in weights]

    def torch_as_keras(gradients):
        weights = with_gradients(gradients)
        norm = nn.utils.get_total_norm([w.grad for w in weights])
        nn.utils.clip_grads_with_norm_(weights, 1.0, norm - 1e-6)
        return [w.grad for w in weights]

    def keras_as_torch(gradients):
        norm = tf.linalg.global_norm([tf.constant(g) for g in gradients])
        scale = tf.minimum(1.0, 1.0 / (norm + 1e-6))
        return stepped_by([g * np.array(scale) for g in gradients])


@difference(
    item="what clipnorm bounds",
    keras="clipnorm: the norm of each variable's gradient by itself",
    torch="clip_grad_norm_: the norm of all gradients together",
    severity=SILENT_WRONG,
    hits="ports that take clipnorm for clip_grad_norm_; the directions of the steps differ",
    recipe="Keras: global_clipnorm; torch: clip_grad_norm_ for each parameter by itself",
    sources=("keras/src/optimizers/base_optimizer.py:L1110", "torch/nn/utils/clip_grad.py:L230"),
)
class ClipNormOfEach:
    gradients = (np.array([3.0, 4.0]), np.array([0.5, -0.25]))

    def in_keras(gradients):
        return stepped_by(gradients, clipnorm=1.0)

    def in_torch(gradients):
        weights = with_gradients(gradients)
        nn.utils.clip_grad_norm_(weights, 1.0)
        return [w.grad for w in weights]

    def torch_as_keras(gradients):
        weights = with_gradients(gradients)
        for w in weights:
            nn.utils.clip_grads_with_norm_([w], 1.0, w.grad.norm() - 1e-6)
        return [w.grad for w in weights]

    def keras_as_torch(gradients):
        norm = np.sqrt(sum((g**2).sum() for g in gradients))
        return stepped_by([g * min(1.0, 1.0 / (norm + 1e-6)) for g in gradients])


@difference(
    item="clipping by the norm when one gradient is infinite",
    keras="every gradient becomes NaN",
    torch="that one becomes NaN, the others 0",
    severity=SILENT_WRONG,
    hits="a loss that overflows once: Keras loses all weights, torch one",
    recipe="torch: error_if_nonfinite=True, or multiply by the scale + (norm − norm); Keras: skip "
    "the step",
    sources=("keras/src/optimizers/base_optimizer.py:L1196", "torch/nn/utils/clip_grad.py:L168"),
)
class ClipNormInfinite:
    gradients = (np.array([np.inf, 4.0]), np.array([0.5, -0.25]))

    def in_keras(gradients):
        return stepped_by(gradients, global_clipnorm=1.0)

    def in_torch(gradients):
        weights = with_gradients(gradients)
        nn.utils.clip_grad_norm_(weights, 1.0)
        return [w.grad for w in weights]

    def torch_as_keras(gradients):
        weights = with_gradients(gradients)
        norm = nn.utils.get_total_norm([w.grad for w in weights])
        nn.utils.clip_grads_with_norm_(weights, 1.0, norm + (norm - norm))
        return [w.grad for w in weights]

    def keras_as_torch(gradients):
        norm = np.sqrt(sum((g**2).sum() for g in gradients))
        return stepped_by([g * min(1.0, 1.0 / (norm + 1e-6)) for g in gradients])


@difference(
    item="clipping to a norm of 0",
    keras="clipnorm=0 clips nothing",
    torch="max_norm=0 makes every gradient 0",
    severity=SILENT_WRONG,
    hits="a configuration where 0 is to mean off",
    recipe="torch: clip only if the norm is positive; Keras: multiply the gradients by 0",
    sources=("keras/src/optimizers/base_optimizer.py:L871", "torch/nn/utils/clip_grad.py:L164"),
)
class ClipNormZero:
    gradients = (np.array([3.0, 4.0]), np.array([0.5, -0.25]))

    def in_keras(gradients):
        return stepped_by(gradients, global_clipnorm=0.0)

    def in_torch(gradients):
        weights = with_gradients(gradients)
        nn.utils.clip_grad_norm_(weights, 0.0)
        return [w.grad for w in weights]

    def torch_as_keras(gradients):
        weights, max_norm = with_gradients(gradients), 0.0
        if max_norm > 0:
            nn.utils.clip_grad_norm_(weights, max_norm)
        return [w.grad for w in weights]

    def keras_as_torch(gradients):
        return stepped_by([0.0 * g for g in gradients])


@difference(
    item="clipping by value and by norm together",
    keras="ValueError: only one of clipnorm, clipvalue and global_clipnorm",
    torch="clip_grad_value_ and clip_grad_norm_, one after the other",
    severity=CRASH,
    hits="torch loops that clip twice",
    recipe="Keras: clip by hand before apply",
    sources=("keras/src/optimizers/base_optimizer.py:L133", "torch/nn/utils/clip_grad.py:L257"),
    unaligned="torch has no such check to turn on",
)
class ClipTwice:
    gradients = (np.array([3.0, 4.0]), np.array([0.5, -0.25]))

    def in_keras(gradients):
        return stepped_by(gradients, clipvalue=2.0, global_clipnorm=1.0)

    def in_torch(gradients):
        weights = with_gradients(gradients)
        nn.utils.clip_grad_value_(weights, 2.0)
        nn.utils.clip_grad_norm_(weights, 1.0)
        return [w.grad for w in weights]

    def keras_as_torch(gradients):
        clipped = [np.clip(g, -2.0, 2.0) for g in gradients]
        norm = np.sqrt(sum((g**2).sum() for g in clipped))
        return stepped_by([g * min(1.0, 1.0 / (norm + 1e-6)) for g in clipped])


@difference(
    item="clipping by value, NaN and infinity included",
    keras="clipvalue: min(max(g, −c), c)",
    torch="clip_grad_value_: the same; a NaN stays one in both",
    severity=NONE,
    hits="nobody",
    recipe="nothing to do",
    sources=("keras/src/optimizers/base_optimizer.py:L879", "torch/nn/utils/clip_grad.py:L290"),
)
class ClipValue:
    gradients = (np.array([3.0, -4.0]), np.array([np.inf, np.nan]))

    def in_keras(gradients):
        return stepped_by(gradients, clipvalue=1.0)

    def in_torch(gradients):
        weights = with_gradients(gradients)
        nn.utils.clip_grad_value_(weights, 1.0)
        return [w.grad for w in weights]


@difference(
    item="clipping and an L2 penalty",
    keras="a regulariser is in the loss: its gradient is clipped with the rest",
    torch="weight_decay is added in the step, after the gradients were clipped",
    severity=SILENT_WRONG,
    hits="regularised models with clipped gradients",
    recipe="torch: add λ w to p.grad before clipping, weight_decay=0; Keras: clip by hand, then "
    "add λ w",
    sources=("keras/src/optimizers/base_optimizer.py:L588", "torch/optim/sgd.py:L355"),
)
class ClipAndPenalty:
    w = np.array([1.0, -2.0])
    gradient = np.array([3.0, 4.0])

    def in_keras(w, gradient):
        w = keras.Variable(w, dtype="float64")
        optimizer = keras.optimizers.SGD(0.5, clipvalue=2.0)
        optimizer.apply([gradient + 0.125 * w], [w])
        return w

    def in_torch(w, gradient):
        w = torch.tensor(w, requires_grad=True)
        w.grad = torch.tensor(gradient)
        nn.utils.clip_grad_value_([w], 2.0)
        torch.optim.SGD([w], lr=0.5, weight_decay=0.125).step()
        return w.detach()

    def torch_as_keras(w, gradient):
        w = torch.tensor(w, requires_grad=True)
        w.grad = torch.tensor(gradient) + 0.125 * w.detach()
        nn.utils.clip_grad_value_([w], 2.0)
        torch.optim.SGD([w], lr=0.5).step()
        return w.detach()

    def keras_as_torch(w, gradient):
        w = keras.Variable(w, dtype="float64")
        clipped = tf.clip_by_value(tf.constant(gradient), -2.0, 2.0)
        keras.optimizers.SGD(0.5).apply([clipped + 0.125 * w], [w])
        return w


def embedding_gradient(w, ids):
    """Gradient of ½ Σ rows² with respect to a table of embeddings: slices, one for each id."""
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.gather(w.value, ids) ** 2) / 2
    return tape.gradient(loss, w.value)


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
    table = np.array([[1.0, -2.0], [0.5, 1.0], [3.0, 2.0]])
    ids = np.array([1, 1, 2])

    def in_keras(table, ids):
        w = keras.Variable(table, dtype="float64")
        optimizer = keras.optimizers.Adam(0.0625, 0.875, 0.9375, epsilon=1e-7)
        for _ in range(3):
            optimizer.apply([embedding_gradient(w, ids)], [w])
        return w

    def in_torch(table, ids):
        w = torch.tensor(table, requires_grad=True)
        optimizer = torch.optim.Adam([w], 0.0625, (0.875, 0.9375))
        for step in range(1, 4):
            optimizer.param_groups[0]["eps"] = 1e-7 / (1 - 0.9375**step) ** 0.5
            optimizer.zero_grad()
            (F.embedding(torch.tensor(ids), w) ** 2 / 2).sum().backward()
            optimizer.step()
        return w.detach()

    def keras_as_torch(table, ids):
        w = keras.Variable(table, dtype="float64")
        optimizer = keras.optimizers.Adam(0.0625, 0.875, 0.9375, epsilon=1e-7)
        for _ in range(3):
            optimizer.apply([tf.convert_to_tensor(embedding_gradient(w, ids))], [w])
        return w


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
    table = np.array([[1.0, -2.0], [0.5, 1.0], [3.0, 2.0]])
    batches = np.array([[0, 1], [1, 2], [1, 2]])

    def in_keras(table, batches):
        w = keras.Variable(table, dtype="float64")
        optimizer = keras.optimizers.Adam(0.0625, 0.875, 0.9375, epsilon=1e-7)
        for ids in batches:
            optimizer.apply([embedding_gradient(w, ids)], [w])
        return w

    def in_torch(table, batches):
        w = torch.tensor(table, requires_grad=True)
        optimizer = torch.optim.SparseAdam([w], 0.0625, (0.875, 0.9375), eps=1e-7)
        for ids in batches:
            optimizer.zero_grad()
            (F.embedding(torch.tensor(ids), w, sparse=True) ** 2 / 2).sum().backward()
            optimizer.step()
        return w.detach()

    def torch_as_keras(table, batches):
        w = torch.tensor(table, requires_grad=True)
        optimizer = torch.optim.Adam([w], 0.0625, (0.875, 0.9375))
        for step, ids in enumerate(batches, start=1):
            optimizer.param_groups[0]["eps"] = 1e-7 / (1 - 0.9375**step) ** 0.5
            optimizer.zero_grad()
            (F.embedding(torch.tensor(ids), w) ** 2 / 2).sum().backward()
            optimizer.step()
        return w.detach()


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
    table = np.array([[1.0, -2.0], [0.5, 1.0], [3.0, 2.0]])
    ids = np.array([0, 1, 2])

    def in_keras(table, ids):
        w = keras.Variable(table, dtype="float64")
        optimizer = keras.optimizers.Adam(0.0625, 0.875, 0.9375, epsilon=1e-2)
        for _ in range(3):
            optimizer.apply([embedding_gradient(w, ids)], [w])
        return w

    def in_torch(table, ids):
        w = torch.tensor(table, requires_grad=True)
        optimizer = torch.optim.SparseAdam([w], 0.0625, (0.875, 0.9375), eps=1e-2)
        for _ in range(3):
            optimizer.zero_grad()
            (F.embedding(torch.tensor(ids), w, sparse=True) ** 2 / 2).sum().backward()
            optimizer.step()
        return w.detach()


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
    table = np.array([[1.0, -2.0], [0.5, 1.0], [3.0, 2.0]])
    ids = np.array([1, 1, 2])

    def in_keras(table, ids):
        w = keras.Variable(table, dtype="float64")
        keras.optimizers.SGD(0.0625).apply([embedding_gradient(w, ids)], [w])
        return w

    def in_torch(table, ids):
        w = torch.tensor(table, requires_grad=True)
        (F.embedding(torch.tensor(ids), w) ** 2 / 2).sum().backward()
        torch.optim.SGD([w], lr=0.0625).step()
        return w.detach()


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
    ids = np.array([1, 1, 1])

    def in_keras(table, ids):
        w = keras.Variable(table, dtype="float64")
        optimizer = keras.optimizers.SGD(1.0, global_clipnorm=0.5)
        optimizer.apply([embedding_gradient(w, ids)], [w])
        return tf.norm(w - table)

    def in_torch(table, ids):
        w = torch.tensor(table, requires_grad=True)
        (F.embedding(torch.tensor(ids), w) ** 2 / 2).sum().backward()
        nn.utils.clip_grads_with_norm_([w], 0.5, w.grad.norm() - 1e-6)
        torch.optim.SGD([w], lr=1.0).step()
        return (w.detach() - torch.tensor(table)).norm()

    def keras_as_torch(table, ids):
        w = keras.Variable(table, dtype="float64")
        optimizer = keras.optimizers.SGD(1.0, global_clipnorm=0.5)
        optimizer.apply([tf.convert_to_tensor(embedding_gradient(w, ids))], [w])
        return tf.norm(w - table)
