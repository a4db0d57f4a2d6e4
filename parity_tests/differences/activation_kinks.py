"""Gradients of activations where their slope jumps, and at NaN and infinity."""

import keras
import numpy as np
import tensorflow as tf
import torch
import torch.nn.functional as F

from parity_tests.differences.entry import (
    COSMETIC,
    LAYERS,
    NONE,
    SILENT_WRONG,
    SLOW_DRIFT,
    difference,
)
from parity_tests.differences.gradients import keras_gradient, torch_gradient

TITLE = "Activations: gradients at their kinks"
STAGE = LAYERS


@difference(
    item="gradient of selu at 0",
    keras="the slope from the right, 1.0507: x < 0 is the other branch",
    torch="the slope from the left, 1.7581: x <= 0 is",
    severity=COSMETIC,
    hits="inputs that are exactly 0, as after padding or dropout",
    recipe="write where(x >= 0, …) or where(x > 0, …)",
    sources=("keras/src/backend/tensorflow/nn.py:L126", "torch/_decomp/decompositions.py:L169"),
)
class SeluAtZero:
    x = np.array([-1.0, 0.0, 1.0])
    scale = 1.0507009873554805
    alpha = 1.6732632423543772

    def in_keras(x):
        return keras_gradient(keras.activations.selu, x)

    def in_torch(x):
        return torch_gradient(F.selu, x)

    def torch_as_keras(x, scale, alpha):
        def selu(x):
            return scale * torch.where(x >= 0, x, alpha * torch.expm1(x))

        return torch_gradient(selu, x)

    def keras_as_torch(x, scale, alpha):
        def selu(x):
            return scale * tf.where(x > 0, x, alpha * tf.math.expm1(x))

        return keras_gradient(selu, x)


@difference(
    item="gradient of celu at 0",
    keras="2: max(x, 0) and min(x, 0) each pass all of it on, and are added",
    torch="1",
    severity=SILENT_WRONG,
    hits="inputs that are exactly 0, as after padding or dropout",
    recipe="torch: x.clamp(min=0) + expm1(x.clamp(max=0)); Keras: where(x > 0, x, expm1(x))",
    sources=("keras/src/backend/tensorflow/nn.py:L135", "torch/_decomp/decompositions.py:L169"),
)
class CeluAtZero:
    x = np.array([-1.0, 0.0, 1.0])

    def in_keras(x):
        return keras_gradient(keras.activations.celu, x)

    def in_torch(x):
        return torch_gradient(F.celu, x)

    def torch_as_keras(x):
        # clamp passes the gradient on at its limit
        return torch_gradient(lambda x: x.clamp(min=0) + torch.expm1(x.clamp(max=0)), x)

    def keras_as_torch(x):
        return keras_gradient(lambda x: tf.where(x > 0, x, tf.math.expm1(x)), x)


@difference(
    item="gradient of celu with alpha=0.7, in float64",
    keras="exp(x/alpha) in double precision",
    torch="alpha is rounded to float32 where the backward formula has 1/alpha",
    severity=SLOW_DRIFT,
    hits="comparisons and gradient checks in float64, which part after eight digits",
    recipe="torch: write celu out; Keras: write that gradient out",
    sources=(
        "keras/src/backend/tensorflow/nn.py:L135",
        "torchgen/packaged/autograd/derivatives.yaml:L2140",
    ),
)
class CeluGradientFloat32:
    x = np.array([-2.0, -1.0, -0.5, 1.0])

    def in_keras(x):
        return keras_gradient(lambda x: keras.activations.celu(x, alpha=0.7), x)

    def in_torch(x):
        return torch_gradient(lambda x: F.celu(x, alpha=0.7), x)

    def torch_as_keras(x):
        return torch_gradient(lambda x: torch.where(x > 0, x, 0.7 * torch.expm1(x / 0.7)), x)

    def keras_as_torch(x):
        inverse = 1 / float(np.float32(0.7))
        return [tf.where(x > 0, 1.0, 0.7 * inverse * tf.exp(x * inverse))]


@difference(
    item="gradient of hard_tanh at −1 and 1",
    keras="1: clip_by_value passes it on at its limits",
    torch="0",
    severity=COSMETIC,
    hits="saturated units, quantised networks with inputs of exactly ±1",
    recipe="torch: clamp(−1, 1); Keras: where(|x| < 1, x, sign(x))",
    sources=("keras/src/backend/tensorflow/nn.py:L151", "torch/_decomp/decompositions.py:L217"),
)
class HardTanhEnds:
    x = np.array([-2.0, -1.0, 0.0, 1.0, 2.0])

    def in_keras(x):
        return keras_gradient(keras.activations.hard_tanh, x)

    def in_torch(x):
        return torch_gradient(F.hardtanh, x)

    def torch_as_keras(x):
        return torch_gradient(lambda x: x.clamp(-1, 1), x)

    def keras_as_torch(x):
        return keras_gradient(lambda x: tf.where(tf.abs(x) < 1, x, tf.sign(x)), x)


@difference(
    item="gradient of a relu cut off at 3, at the cut",
    keras="1 with max_value=3, though with max_value=6, which is relu6, it is 0",
    torch="0 with F.hardtanh(x, 0, 3)",
    severity=COSMETIC,
    hits="saturated units, quantised networks",
    recipe="torch: relu(x).clamp(max=3); Keras: where(x < 3, relu(x), 3)",
    sources=("keras/src/activations/activations.py:L104", "torch/_decomp/decompositions.py:L217"),
)
class ReluMaxValue:
    x = np.array([-1.0, 0.0, 1.0, 3.0, 4.0])

    def in_keras(x):
        return keras_gradient(lambda x: keras.activations.relu(x, max_value=3.0), x)

    def in_torch(x):
        return torch_gradient(lambda x: F.hardtanh(x, 0.0, 3.0), x)

    def torch_as_keras(x):
        return torch_gradient(lambda x: F.relu(x).clamp(max=3.0), x)

    def keras_as_torch(x):
        return keras_gradient(lambda x: tf.where(x < 3.0, tf.nn.relu(x), 3.0), x)


@difference(
    item="gradient of PReLU at 0",
    keras="0: it is written relu(x) − slope · relu(−x), and both have slope 0 there",
    torch="the slope",
    severity=COSMETIC,
    hits="inputs that are exactly 0, as after padding or dropout",
    recipe="torch: relu(x) − slope · relu(−x); Keras: where(x > 0, x, slope · x)",
    sources=("keras/src/layers/activations/prelu.py:L76", "torch/_decomp/decompositions.py:L316"),
)
class PreluAtZero:
    x = np.array([[-1.0, 0.0, 1.0]])

    def in_keras(x):
        layer = keras.layers.PReLU(keras.initializers.Constant(0.25), dtype="float64")
        return keras_gradient(layer, x)

    def in_torch(x):
        return torch_gradient(lambda x: F.prelu(x, torch.full((1,), 0.25, dtype=x.dtype)), x)

    def torch_as_keras(x):
        return torch_gradient(lambda x: F.relu(x) - 0.25 * F.relu(-x), x)

    def keras_as_torch(x):
        return keras_gradient(lambda x: tf.where(x > 0, x, 0.25 * x), x)


@difference(
    item="gradient of relu, relu6 and hard_tanh at NaN",
    keras="0: NaN passes no comparison",
    torch="1: NaN passes no comparison, the other way round",
    severity=COSMETIC,
    hits="runs that have already failed; in torch the NaN goes on to all weights below",
    recipe="write the comparison that the other has",
    sources=(
        "tensorflow/python/ops/nn_grad.py:L413",
        "torchgen/packaged/autograd/derivatives.yaml:L2119",
    ),
)
class ReluAtNan:
    x = np.array([-0.5, np.nan, 0.5])

    def in_keras(x):
        names = ("relu", "relu6", "hard_tanh")
        return [keras_gradient(keras.activations.get(name), x) for name in names]

    def in_torch(x):
        return [torch_gradient(f, x) for f in (F.relu, F.relu6, F.hardtanh)]

    def torch_as_keras(x):
        def without_nan(x):
            return torch.where(torch.isnan(x), x.detach(), x)

        activations = (F.relu, F.relu6, F.hardtanh)
        return [torch_gradient(lambda x, f=f: f(without_nan(x)), x) for f in activations]

    def keras_as_torch(x):
        def with_nan(f):
            return lambda x: tf.where(tf.math.is_nan(x), x, f(x))

        names = ("relu", "relu6", "hard_tanh")
        return [keras_gradient(with_nan(keras.activations.get(name)), x) for name in names]


@difference(
    item="gradient of softsign at infinity",
    keras="0: the kernel has 1/(1 + |x|)²",
    torch="NaN: the quotient x/(1 + |x|) is differentiated as written, ∞/∞",
    severity=SILENT_WRONG,
    hits="values that have overflowed",
    recipe="torch: clamp x to finite numbers first; Keras: write x / (1 + |x|)",
    sources=("tensorflow/python/ops/nn_grad.py:L488", "torch/nn/functional.py:L2097"),
)
class SoftsignAtInfinity:
    x = np.array([-np.inf, 1.0, np.inf])

    def in_keras(x):
        return keras_gradient(keras.activations.softsign, x)

    def in_torch(x):
        return torch_gradient(F.softsign, x)

    def torch_as_keras(x):
        return torch_gradient(lambda x: F.softsign(x.clamp(-1e300, 1e300)), x)

    def keras_as_torch(x):
        return keras_gradient(lambda x: x / (1 + tf.abs(x)), x)


@difference(
    item="gradient of hard_silu at infinity",
    keras="NaN: the product x · relu6(x + 3)/6 is differentiated as written, ∞ · 0",
    torch="1 and 0, the slopes of the straight and the flat part",
    severity=SILENT_WRONG,
    hits="values that have overflowed",
    recipe="Keras: where(|x| < 3, …) inside and outside the product, relu(x) elsewhere",
    sources=("keras/src/backend/tensorflow/nn.py:L113", "torch/_decomp/decompositions.py:L230"),
    unaligned="a NaN is nothing that torch should be made to give",
)
class HardSiluAtInfinity:
    x = np.array([-np.inf, 1.0, np.inf])

    def in_keras(x):
        return keras_gradient(keras.activations.hard_silu, x)

    def in_torch(x):
        return torch_gradient(F.hardswish, x)

    def keras_as_torch(x):
        def hard_silu(x):
            within = tf.abs(x) < 3
            inside = tf.where(within, x, 0.0)
            return tf.where(within, inside * (inside + 3) / 6, tf.nn.relu(x))

        return keras_gradient(hard_silu, x)


@difference(
    item="gradient of leaky_relu and elu at 0",
    keras="the slope from the left",
    torch="the slope from the left",
    severity=NONE,
    hits="nobody",
    recipe="nothing to do",
    sources=("tensorflow/python/ops/nn_grad.py:L445", "torch/_decomp/decompositions.py:L250"),
)
class LeakyReluAtZero:
    x = np.array([-1.0, 0.0, 1.0])

    def in_keras(x):
        leaky = keras_gradient(lambda x: keras.activations.leaky_relu(x, 0.125), x)
        return leaky, keras_gradient(lambda x: keras.activations.elu(x, 0.5), x)

    def in_torch(x):
        leaky = torch_gradient(lambda x: F.leaky_relu(x, 0.125), x)
        return leaky, torch_gradient(lambda x: F.elu(x, 0.5), x)


@difference(
    item="gradient of elu far left of zero",
    keras="elu(x) + 1, in which the digits of eˣ are lost: 0 at −50",
    torch="eˣ: 1.9·10⁻²² at −50; only an elu in place has elu(x) + 1",
    severity=COSMETIC,
    hits="comparisons of gradients by their relative error; in float32 from −10 on",
    recipe="torch: elu(x) + 1 by hand; Keras: where(x > 0, x, exp(x) − 1)",
    sources=("tensorflow/python/ops/nn_grad.py:L460", "torch/_decomp/decompositions.py:L150"),
)
class EluFarLeft:
    x = np.array([-50.0, -40.0])

    def in_keras(x):
        return keras_gradient(keras.activations.elu, x)

    def in_torch(x):
        return torch_gradient(F.elu, x)

    def torch_as_keras(x):
        return (F.elu(torch.tensor(x)) + 1,)

    def keras_as_torch(x):
        return keras_gradient(lambda x: tf.where(x > 0, x, tf.exp(x) - 1), x)


@difference(
    item="gradient of hard_sigmoid in float64",
    keras="1/6 in double precision, and 0 at −3 and 3",
    torch="1/6 rounded to float32, and 0 at −3 and 3",
    severity=SLOW_DRIFT,
    hits="comparisons and gradient checks of mobile networks in float64",
    recipe="torch: clamp(x + 3, 0, 6) / 6; Keras: write that gradient out",
    sources=("keras/src/backend/tensorflow/nn.py:L110", "torch/_decomp/decompositions.py:L202"),
)
class HardSigmoidFloat32:
    x = np.array([-4.0, -3.0, 0.0, 3.0, 4.0])

    def in_keras(x):
        return keras_gradient(keras.activations.hard_sigmoid, x)

    def in_torch(x):
        return torch_gradient(F.hardsigmoid, x)

    def torch_as_keras(x):
        return torch_gradient(lambda x: F.relu6(x + 3) / 6, x)

    def keras_as_torch(x):
        return [tf.where(tf.abs(x) < 3, float(np.float32(1 / 6)), tf.zeros_like(x))]


@difference(
    item="gradient of hard_silu at −3 and 3",
    keras="0 and 1, the slopes of the flat and the straight part",
    torch="the same",
    severity=NONE,
    hits="nobody",
    recipe="nothing to do",
    sources=("keras/src/backend/tensorflow/nn.py:L114", "torch/_decomp/decompositions.py:L230"),
)
class HardSiluEnds:
    x = np.array([-4.0, -3.0, 0.0, 3.0, 4.0])

    def in_keras(x):
        return keras_gradient(keras.activations.hard_silu, x)

    def in_torch(x):
        return torch_gradient(F.hardswish, x)


@difference(
    item="gradients of soft_shrink, hard_shrink and threshold at their limits",
    keras="0: the limit belongs to the flat part",
    torch="the same",
    severity=NONE,
    hits="nobody",
    recipe="nothing to do",
    sources=(
        "keras/src/backend/tensorflow/nn.py:L73",
        "torchgen/packaged/autograd/derivatives.yaml:L2162",
    ),
)
class ShrinkEnds:
    x = np.array([-1.0, -0.5, 0.0, 0.5, 1.0])

    def in_keras(x):
        soft = keras_gradient(keras.activations.soft_shrink, x)
        hard = keras_gradient(keras.activations.hard_shrink, x)
        return soft, hard, keras_gradient(lambda x: keras.activations.threshold(x, 0.5, 0.0), x)

    def in_torch(x):
        cut = torch_gradient(lambda x: F.threshold(x, 0.5, 0.0), x)
        return torch_gradient(F.softshrink, x), torch_gradient(F.hardshrink, x), cut
