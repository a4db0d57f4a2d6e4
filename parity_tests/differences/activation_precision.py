"""Activations far from zero, at NaN and in their last digits."""

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
from torch_impl.builtins.activations import softplus

TITLE = "Activations: precision, infinities and NaN"
STAGE = LAYERS


@difference(
    item="gelu by default, in float64",
    keras="exact, but 1/√2 is rounded to float32 on its way into the formula",
    torch="exact, in double precision",
    severity=SLOW_DRIFT,
    hits="comparisons of transformers in float64, which part after eight digits",
    recipe="write the formula with the constant of the other",
    sources=("tensorflow/python/ops/nn_ops.py:L3756", "torch/nn/functional.py:L2054"),
)
class GeluFloat32Constant:
    x = np.array([-3.0, -1.0, 0.5, 2.0])

    def in_keras(x):
        return keras.activations.gelu(x)

    def in_torch(x):
        return F.gelu(torch.tensor(x))

    def torch_as_keras(x):
        x = torch.tensor(x)
        return 0.5 * x * torch.erfc(-x * float(np.float32(0.5**0.5)))

    def keras_as_torch(x):
        x = tf.constant(x)
        return 0.5 * x * tf.math.erfc(-x * tf.constant(0.5**0.5, x.dtype))


@difference(
    item="gelu by the tanh formula, in float64",
    keras="0.044715 is rounded to float32; 0.7978845608 is not",
    torch="both in double precision",
    severity=SLOW_DRIFT,
    hits="comparisons of BERT and GPT-2 in float64",
    recipe="write the formula with the constants of the other",
    sources=("tensorflow/python/ops/nn_ops.py:L3747", "torch/nn/functional.py:L2054"),
)
class GeluTanhFloat32Constant:
    x = np.array([-3.0, -1.0, 0.5, 2.0])

    def in_keras(x):
        return keras.activations.gelu(x, approximate=True)

    def in_torch(x):
        return F.gelu(torch.tensor(x), approximate="tanh")

    def torch_as_keras(x):
        x = torch.tensor(x)
        inner = x + float(np.float32(0.044715)) * x**3
        return 0.5 * x * (1 + torch.tanh((2 / np.pi) ** 0.5 * inner))

    def keras_as_torch(x):
        x = tf.constant(x)
        inner = x + tf.constant(0.044715, x.dtype) * x**3
        return 0.5 * x * (1 + tf.tanh((2 / np.pi) ** 0.5 * inner))


@difference(
    item="softplus far right of zero",
    keras="log(1 + eˣ) throughout",
    torch="x itself where beta·x > threshold=20, which drops up to 2·10⁻⁹",
    severity=COSMETIC,
    hits="comparisons in float64; in float32 nothing is lost",
    recipe="torch: threshold=40; Keras: where(x > 20, x, softplus(x))",
    sources=("keras/src/backend/tensorflow/nn.py:L66", "torch/nn/modules/activation.py:L991"),
)
class SoftplusThreshold:
    x = np.array([-30.0, 0.0, 20.0, 20.5, 25.0])

    def in_keras(x):
        return keras.activations.softplus(x)

    def in_torch(x):
        return F.softplus(torch.tensor(x))

    def torch_as_keras(x):
        return softplus(torch.tensor(x))

    def keras_as_torch(x):
        return keras.ops.where(x > 20, x, keras.activations.softplus(x))


@difference(
    item="elu at small negative numbers, in float64",
    keras="eˣ − 1 as written: 0 where |x| < 10⁻¹⁶, and ever fewer digits before",
    torch="expm1(x), which keeps every digit",
    severity=COSMETIC,
    hits="comparisons relative to the size of each element",
    recipe="torch: where(x > 0, x, exp(x) − 1); Keras: where(x > 0, x, expm1(x))",
    sources=("keras/src/backend/tensorflow/nn.py:L118", "torch/nn/functional.py:L1863"),
)
class EluNearZero:
    x = np.array([-1e-17, -1e-20])

    def in_keras(x):
        return keras.activations.elu(x) / x

    def in_torch(x):
        x = torch.tensor(x)
        return F.elu(x) / x

    def torch_as_keras(x):
        x = torch.tensor(x)
        return torch.where(x > 0, x, torch.exp(x) - 1) / x

    def keras_as_torch(x):
        return keras.ops.where(x > 0, x, keras.ops.expm1(x)) / x


@difference(
    item="selu, its two constants",
    keras="1.0507009873554805 and 1.6732632423543772",
    torch="the same, in double precision",
    severity=NONE,
    hits="nobody",
    recipe="nothing to do",
    sources=("keras/src/backend/tensorflow/nn.py:L126", "torch/nn/functional.py:L1887"),
)
class SeluConstants:
    x = np.array([-8.0, -1.0, 0.0, 2.0])

    def in_keras(x):
        return keras.activations.selu(x)

    def in_torch(x):
        return F.selu(torch.tensor(x))


@difference(
    item="logarithm of a sigmoid smaller than the smallest normal number",
    keras="−∞: TensorFlow's threads flush subnormal numbers to 0",
    torch="finite, if less exact",
    severity=COSMETIC,
    hits="logarithms of probabilities, which become −∞ earlier in TensorFlow",
    recipe="take log_sigmoid in both; or torch.set_flush_denormal(True)",
    unaligned="TensorFlow has no setting against flushing",
    sources=("keras/src/backend/tensorflow/nn.py:L43", "torch/_torch_docs.py:L9900"),
)
class SigmoidSubnormal:
    x = np.array([-709.0, -720.0])

    def in_keras(x):
        return keras.ops.log(keras.activations.sigmoid(x))

    def in_torch(x):
        return torch.log(torch.sigmoid(torch.tensor(x)))

    def torch_as_keras(x):
        h = torch.sigmoid(torch.tensor(x))
        return torch.log(torch.where(h < torch.finfo(h.dtype).tiny, 0.0, h))


@difference(
    item="log(sigmoid(x)) written out, far left",
    keras="−∞: the sigmoid is 0 there",
    torch="−∞ as well",
    severity=NONE,
    hits="nobody in porting, everybody in training",
    recipe="take log_sigmoid in both, which gives −800",
    sources=("keras/src/backend/tensorflow/nn.py:L101", "torch/nn/functional.py:L2043"),
)
class LogOfSigmoid:
    x = np.array([-800.0, -1.0])

    def in_keras(x):
        return keras.ops.log(keras.activations.sigmoid(x)), keras.activations.log_sigmoid(x)

    def in_torch(x):
        return torch.log(torch.sigmoid(torch.tensor(x))), F.logsigmoid(torch.tensor(x))


@difference(
    item="the last digits of tanh, sigmoid and exp in float32",
    keras="Eigen's kernels; that of tanh is a rational approximation",
    torch="those of SLEEF, or of the C library",
    severity=COSMETIC,
    hits="comparisons of recurrent networks digit by digit",
    recipe="where the digits matter, compute in float64 and round down, in both",
    unaligned="neither has the other's kernels",
    ulp=0,
    sources=("keras/src/backend/tensorflow/nn.py:L58", "torch/nn/functional.py:L2333"),
)
class KernelsFloat32:
    x = np.linspace(-9, 9, 1001, dtype="float32")

    def in_keras(x):
        return keras.activations.tanh(x), keras.activations.sigmoid(x), keras.ops.exp(x)

    def in_torch(x):
        x = torch.tensor(x)
        return torch.tanh(x), torch.sigmoid(x), torch.exp(x)


@difference(
    item="elu and mish in bfloat16",
    keras="each step is rounded to 8 bits: elu(−0.01) is −0.0117",
    torch="computed in float32, and rounded once: −0.0099",
    severity=SLOW_DRIFT,
    hits="networks in mixed_bfloat16; selu, softplus and log_sigmoid alike",
    recipe="Keras: cast to float32 before the activation, and back",
    sources=("keras/src/backend/tensorflow/nn.py:L117", "torch/nn/functional.py:L1863"),
    unaligned="a second rounding is nothing that torch should be made to do",
    ulp=0,
)
class Bfloat16Steps:
    x = np.array([-3.0, -0.5, -0.01], np.float32)

    def in_keras(x):
        x = tf.cast(x, tf.bfloat16)
        return [tf.cast(f(x), tf.float32) for f in (keras.activations.elu, keras.activations.mish)]

    def in_torch(x):
        x = torch.tensor(x).bfloat16()
        return [f(x).float() for f in (F.elu, F.mish)]

    def keras_as_torch(x):
        x = tf.cast(tf.cast(x, tf.bfloat16), tf.float32)
        y = [f(x) for f in (keras.activations.elu, keras.activations.mish)]
        return [tf.cast(tf.cast(each, tf.bfloat16), tf.float32) for each in y]


@difference(
    item="softmax and log_softmax of rows with infinities and NaN",
    keras="NaN throughout if +∞, NaN or nothing but −∞ is in the row",
    torch="the same",
    severity=NONE,
    hits="nobody",
    recipe="nothing to do; fill with a large finite number where a row may be empty",
    sources=("keras/src/backend/tensorflow/nn.py:L171", "torch/nn/functional.py:L2170"),
)
class SoftmaxInfinite:
    x = np.array(
        [[-np.inf, -np.inf, -np.inf], [-np.inf, 0.0, 1.0], [np.inf, 0.0, 1.0], [np.nan, 0.0, 1.0]]
    )

    def in_keras(x):
        return keras.activations.softmax(x), keras.activations.log_softmax(x)

    def in_torch(x):
        return F.softmax(torch.tensor(x), dim=-1), F.log_softmax(torch.tensor(x), dim=-1)


@difference(
    item="sigmoid, tanh and silu of large numbers, and their gradients, in float64",
    keras="no overflow: 0, ±1 and x, with gradients of 0 and 1",
    torch="the same",
    severity=NONE,
    hits="nobody",
    recipe="nothing to do",
    sources=("keras/src/backend/tensorflow/nn.py:L90", "torch/nn/functional.py:L2423"),
)
class LargeNumbers:
    x = np.array([-1e4, -800.0, -1.0, 0.0, 1.0, 800.0, 1e4])

    def in_keras(x):
        functions = [keras.activations.get(name) for name in ("sigmoid", "tanh", "silu")]
        return [(f(x), *keras_gradient(f, x)) for f in functions]

    def in_torch(x):
        functions = (torch.sigmoid, torch.tanh, F.silu)
        return [(f(torch.tensor(x)), *torch_gradient(f, x)) for f in functions]


@difference(
    item="silu, gelu, mish and softsign at −∞",
    keras="NaN: the formulas come to −∞ · 0 and −∞/∞",
    torch="NaN as well",
    severity=NONE,
    hits="nobody",
    recipe="nothing to do",
    sources=("keras/src/backend/tensorflow/nn.py:L90", "torch/nn/functional.py:L2423"),
)
class MinusInfinity:
    x = np.array([-np.inf])

    def in_keras(x):
        names = ("silu", "gelu", "mish", "softsign")
        return [keras.activations.get(name)(x) for name in names]

    def in_torch(x):
        x = torch.tensor(x)
        return [f(x) for f in (F.silu, F.gelu, F.mish, F.softsign)]


@difference(
    item="hard_shrink and soft_shrink of NaN",
    keras="0: NaN passes neither comparison",
    torch="NaN",
    severity=SILENT_WRONG,
    hits="runs that diverge, which nothing shows in Keras",
    recipe="torch: where(|x| > 0.5, …, 0) as Keras has it; Keras: let NaN through by hand",
    sources=("keras/src/backend/tensorflow/nn.py:L74", "torch/nn/functional.py:L2073"),
)
class ShrinkNan:
    x = np.array([-1.0, 0.25, np.nan])

    def in_keras(x):
        return keras.activations.hard_shrink(x), keras.activations.soft_shrink(x)

    def in_torch(x):
        return F.hardshrink(torch.tensor(x)), F.softshrink(torch.tensor(x))

    def torch_as_keras(x):
        x = torch.tensor(x).nan_to_num(nan=0.0)
        return F.hardshrink(x), F.softshrink(x)

    def keras_as_torch(x):
        hard, soft = keras.activations.hard_shrink(x), keras.activations.soft_shrink(x)
        return keras.ops.where(np.isnan(x), x, hard), keras.ops.where(np.isnan(x), x, soft)


@difference(
    item="threshold of NaN",
    keras="the value put below the threshold: NaN is not above it",
    torch="NaN: it is not below it either",
    severity=SILENT_WRONG,
    hits="runs that diverge, which nothing shows in Keras",
    recipe="torch: where(x > threshold, x, value); Keras: where(x <= threshold, value, x)",
    sources=("keras/src/backend/tensorflow/nn.py:L159", "torch/nn/functional.py:L1724"),
)
class ThresholdNan:
    x = np.array([-1.0, 0.5, np.nan])

    def in_keras(x):
        return keras.activations.threshold(x, 0.0, 7.0)

    def in_torch(x):
        return F.threshold(torch.tensor(x), 0.0, 7.0)

    def torch_as_keras(x):
        x = torch.tensor(x)
        return torch.where(x > 0.0, x, 7.0)

    def keras_as_torch(x):
        return keras.ops.where(x <= 0.0, 7.0, x)
