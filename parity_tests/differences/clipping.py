"""What happens to gradients before a step: clipping by value, by norm, and beside a penalty."""

import keras
import numpy as np
import tensorflow as tf
import torch
from torch import nn

from parity_tests.differences.entry import (
    CRASH,
    NONE,
    OPTIMIZER,
    SILENT_WRONG,
    SLOW_DRIFT,
    difference,
)

TITLE = "Clipping"
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
