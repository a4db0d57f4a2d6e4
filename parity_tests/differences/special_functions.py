"""Special functions: error, gamma and Bessel functions, and their gradients."""

import keras
import numpy as np
import tensorflow as tf
import torch

from parity_tests.differences.entry import (
    COSMETIC,
    CRASH,
    LOSSES,
    SILENT_WRONG,
    SLOW_DRIFT,
    difference,
)
from parity_tests.differences.gradients import keras_gradient, torch_gradient

TITLE = "Special functions"
STAGE = LOSSES


@difference(
    item="error function of an infinite float64",
    keras="NaN, and of numbers beyond 10¹⁵⁴: their square overflows; float32 gives ±1",
    torch="±1",
    severity=SILENT_WRONG,
    hits="normal distribution functions with infinite limits, as of a censored or truncated normal",
    recipe="Keras: clip to ±10 first, where erf is ±1 already",
    sources=("tensorflow/python/ops/gen_math_ops.py:L3517", "torch/special/__init__.py:L205"),
    unaligned="a NaN is nothing that torch should be made to give",
)
class ErfInfinite:
    x = np.array([-np.inf, 0.0, np.inf])

    def in_keras(x):
        return keras.ops.erf(x)

    def in_torch(x):
        return torch.erf(torch.tensor(x))

    def keras_as_torch(x):
        return keras.ops.erf(keras.ops.clip(x, -10.0, 10.0))


@difference(
    item="inverse error function just below 1",
    keras="∞: it goes by way of (1 + x) / 2, which rounds to 1; and 0 of 10⁻⁹",
    torch="3.83 in float32",
    severity=SILENT_WRONG,
    hits="normal and truncated normal numbers made of uniform ones",
    recipe="Keras: −erfinv(−x) where x is positive",
    sources=("tensorflow/python/ops/math_ops.py:L5655", "torch/special/__init__.py:L282"),
    unaligned="an infinity is nothing that torch should be made to give",
    ulp=4,
)
class ErfinvNearOne:
    x = np.nextafter(np.ones(1, np.float32), np.float32(0))

    def in_keras(x):
        return keras.ops.erfinv(x)

    def in_torch(x):
        return torch.erfinv(torch.tensor(x))

    def keras_as_torch(x):
        return keras.ops.where(x > 0, -keras.ops.erfinv(-x), keras.ops.erfinv(x))


@difference(
    item="regularised incomplete gamma function of shape 0",
    keras="NaN",
    torch="1, the limit; and 0 for its complement",
    severity=COSMETIC,
    hits="distribution functions of Poisson counts, at the count below zero",
    recipe="torch: torch.where(a == 0, nan, …); Keras: tf.where(a == 0, 1, tf.math.igamma(…))",
    sources=("tensorflow/python/ops/gen_math_ops.py:L4543", "torch/special/__init__.py:L888"),
)
class IgammaOfZero:
    a = np.array([0.0, 2.0])
    x = np.array([1.0, 0.0])

    def in_keras(a, x):
        return tf.math.igamma(a, x)

    def in_torch(a, x):
        return torch.special.gammainc(torch.tensor(a), torch.tensor(x))

    def torch_as_keras(a, x):
        a, x = torch.tensor(a), torch.tensor(x)
        return torch.where(a == 0, torch.nan, torch.special.gammainc(a, x))

    def keras_as_torch(a, x):
        return tf.where(a == 0, 1.0, tf.math.igamma(a, x))


@difference(
    item="gradient of the regularised incomplete gamma function with respect to its shape",
    keras="tf.math.igamma has it",
    torch="torch.special.gammainc raises NotImplementedError",
    severity=CRASH,
    hits="gamma and Poisson likelihoods with learnt shapes, censored data",
    recipe="torch: a central difference, or a series by hand",
    unaligned="torch has no such derivative in closed form; Keras should not be made to raise",
    sources=(
        "tensorflow/python/ops/math_grad.py:L1143",
        "torchgen/packaged/autograd/derivatives.yaml:L836",
    ),
)
class IgammaShape:
    a = np.array([2.0])
    x = np.array([1.0])

    def in_keras(a, x):
        return keras_gradient(tf.math.igamma, a, x)

    def in_torch(a, x):
        return torch_gradient(torch.special.gammainc, a, x)


@difference(
    item="gradient of log Γ at 0",
    keras="NaN: digamma has a pole there",
    torch="−∞, the limit from the right",
    severity=COSMETIC,
    hits="Dirichlet and beta likelihoods whose parameters reach 0",
    recipe="keep the parameters away from 0: add a small number in both",
    sources=(
        "tensorflow/python/ops/math_grad.py:L935",
        "torchgen/packaged/autograd/derivatives.yaml:L956",
    ),
)
class LgammaAtZero:
    x = np.array([0.0])

    def in_keras(x):
        return keras_gradient(tf.math.lgamma, x)

    def in_torch(x):
        return torch_gradient(torch.lgamma, x)

    def torch_as_keras(x):
        x = torch.tensor(x)
        return (torch.where(x == 0, torch.nan, torch.digamma(x)),)

    def keras_as_torch(x):
        return [tf.where(x == 0, -np.inf, tf.math.digamma(x))]


@difference(
    item="trigamma in float64",
    keras="tf.math.polygamma(1, x): to the last digits",
    torch="torch.polygamma(1, x), and the gradient of digamma: nine digits",
    severity=SLOW_DRIFT,
    hits="natural gradients and entropies of Dirichlet, beta and gamma distributions",
    recipe="torch: torch.special.zeta(2, x) for positive x",
    sources=("tensorflow/python/ops/gen_math_ops.py:L7248", "torch/special/__init__.py:L169"),
    unaligned="digits that are lost are nothing that Keras should be made to lose",
)
class TrigammaDigits:
    x = np.array([0.25, 0.75, 1.75, 4.0])

    def in_keras(x):
        return tf.math.polygamma(np.ones(4), x)

    def in_torch(x):
        return torch.polygamma(1, torch.tensor(x))

    def torch_as_keras(x):
        return torch.special.zeta(2.0, torch.tensor(x))


@difference(
    item="gradient of the modified Bessel function I₁ at 0",
    keras="1: a wrong limit; bessel_i1e has the right one",
    torch="1/2",
    severity=SILENT_WRONG,
    hits="von Mises and Rice likelihoods whose concentration starts at 0",
    recipe="Keras: bessel_i1e(x) · exp|x|",
    sources=(
        "tensorflow/python/ops/math_grad.py:L1017",
        "torchgen/packaged/autograd/derivatives.yaml:L827",
    ),
    unaligned="a wrong limit is nothing that torch should be made to give",
)
class BesselAtZero:
    x = np.array([0.0, 1.0])

    def in_keras(x):
        return keras_gradient(tf.math.bessel_i1, x)

    def in_torch(x):
        return torch_gradient(torch.special.i1, x)

    def keras_as_torch(x):
        return keras_gradient(lambda x: tf.math.bessel_i1e(x) * tf.exp(tf.abs(x)), x)


@difference(
    item="gradient of the Bessel function J₀",
    keras="tf.math.special.bessel_j0 has it: −J₁",
    torch="torch.special.bessel_j0 has none, nor have J₁, Y₀, Y₁, K₀ and K₁",
    severity=CRASH,
    hits="waves and diffraction, and kernels of Matérn processes",
    recipe="torch: an autograd.Function whose backward is −bessel_j1(x) · g",
    sources=(
        "tensorflow/python/ops/math_grad.py:L1096",
        "torchgen/packaged/autograd/derivatives.yaml:L3082",
    ),
    unaligned="an error is nothing that Keras should be made to raise",
)
class BesselGradient:
    x = np.array([0.5, 1.0])

    def in_keras(x):
        return keras_gradient(tf.math.special.bessel_j0, x)

    def in_torch(x):
        return torch_gradient(torch.special.bessel_j0, x)

    def torch_as_keras(x):
        class BesselJ0(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                ctx.save_for_backward(x)
                return torch.special.bessel_j0(x)

            @staticmethod
            def backward(ctx, g):
                (x,) = ctx.saved_tensors
                return -torch.special.bessel_j1(x) * g

        return torch_gradient(BesselJ0.apply, x)


@difference(
    item="digamma at its pole at 0",
    keras="NaN",
    torch="−∞ at 0, ∞ at −0",
    severity=COSMETIC,
    hits="Dirichlet and gamma distributions whose parameter has come to 0",
    recipe="torch: where(x == 0, NaN, digamma(x)); TensorFlow: where(x == 0, −1/x, digamma(x))",
    sources=("tensorflow/python/ops/gen_math_ops.py:L3224", "torch/special/__init__.py:L112"),
)
class DigammaAtPole:
    x = np.array([0.0, -0.0, 0.5, 2.0])

    def in_keras(x):
        return tf.math.digamma(x)

    def in_torch(x):
        return torch.special.digamma(torch.tensor(x))

    def torch_as_keras(x):
        x = torch.tensor(x)
        return torch.where(x == 0, torch.nan, torch.special.digamma(x))

    def keras_as_torch(x):
        return tf.where(x == 0, -1 / x, tf.math.digamma(x))


@difference(
    item="gradient of acosh outside its domain",
    keras="NaN, as acosh itself",
    torch="1/√(x² − 1), a number for x < −1 as well",
    severity=SILENT_WRONG,
    hits="hyperbolic embeddings: a distance is NaN, and its gradient looks sound",
    recipe="torch: where(x < 1, NaN, …) of the gradient; Keras: write 1/√(x² − 1)",
    sources=(
        "tensorflow/python/ops/math_grad.py:L872",
        "torchgen/packaged/autograd/derivatives.yaml:L319",
    ),
)
class AcoshOutside:
    x = np.array([-2.0, 0.5, 2.0])

    def in_keras(x):
        return keras_gradient(tf.math.acosh, x)

    def in_torch(x):
        return torch_gradient(torch.acosh, x)

    def torch_as_keras(x):
        (slope,) = torch_gradient(torch.acosh, x)
        return [torch.where(torch.tensor(x) < 1, torch.nan, slope)]

    def keras_as_torch(x):
        return [tf.math.rsqrt(x * x - 1)]


@difference(
    item="logaddexp2 in float64",
    keras="log 2 is rounded to float32 on its way: nine digits",
    torch="in double precision",
    severity=SLOW_DRIFT,
    hits="comparisons in float64; information in bits",
    recipe="torch: round log 2 to float32; Keras: logaddexp(x ln 2, y ln 2) / ln 2",
    sources=("keras/src/backend/tensorflow/numpy.py:L2120", "torch/_torch_docs.py:L6223"),
)
class LogaddexpOfTwo:
    x, y = np.array([-2.5, 0.5, 3.0]), np.array([-2.0, 0.5, -1.0])

    def in_keras(x, y):
        return keras.ops.logaddexp2(x, y)

    def in_torch(x, y):
        return torch.logaddexp2(torch.tensor(x), torch.tensor(y))

    def torch_as_keras(x, y):
        x, y = torch.tensor(x), torch.tensor(y)
        log2 = float(np.log(np.float32(2)))
        return torch.maximum(x, y) + torch.log1p(torch.exp(-(x - y).abs() * log2)) / log2

    def keras_as_torch(x, y):
        return keras.ops.logaddexp(x * np.log(2), y * np.log(2)) / np.log(2)


@difference(
    item="hypot of two infinities, and of infinity and NaN",
    keras="NaN: ∞/∞ on the way",
    torch="∞, as in IEEE 754",
    severity=COSMETIC,
    hits="norms in a run that overflows: NaN a step earlier",
    recipe="torch: max · √(1 + (min/max)²) as written; Keras: where(isinf(x) | isinf(y), ∞, …)",
    sources=("keras/src/backend/tensorflow/numpy.py:L1764", "torch/_torch_docs.py:L5302"),
)
class HypotOfInfinities:
    x, y = np.array([np.inf, np.inf, 3.0]), np.array([-np.inf, np.nan, 4.0])

    def in_keras(x, y):
        return keras.ops.hypot(x, y)

    def in_torch(x, y):
        return torch.hypot(torch.tensor(x), torch.tensor(y))

    def torch_as_keras(x, y):
        x, y = torch.tensor(x).abs(), torch.tensor(y).abs()
        largest, least = torch.maximum(x, y), torch.minimum(x, y)
        return largest * torch.sqrt(1 + (least / largest) ** 2)

    def keras_as_torch(x, y):
        infinite = keras.ops.isinf(x) | keras.ops.isinf(y)
        return keras.ops.where(infinite, np.inf, keras.ops.hypot(x, y))


@difference(
    item="step function of NaN",
    keras="heaviside gives the value of the step at 0",
    torch="heaviside gives 0",
    severity=SILENT_WRONG,
    hits="spiking networks that diverge: neither shows the NaN",
    recipe="torch: where(isnan(x), values, …); Keras: where(isnan(x), 0, …)",
    sources=("keras/src/backend/tensorflow/numpy.py:L172", "torch/_torch_docs.py:L9056"),
)
class HeavisideOfNan:
    x, at_zero = np.array([-1.0, 0.0, 2.0, np.nan]), np.array(0.5)

    def in_keras(x, at_zero):
        return keras.ops.heaviside(x, at_zero)

    def in_torch(x, at_zero):
        return torch.heaviside(torch.tensor(x), torch.tensor(at_zero))

    def torch_as_keras(x, at_zero):
        x, at_zero = torch.tensor(x), torch.tensor(at_zero)
        return torch.where(torch.isnan(x), at_zero, torch.heaviside(x, at_zero))

    def keras_as_torch(x, at_zero):
        return keras.ops.where(np.isnan(x), 0.0, keras.ops.heaviside(x, at_zero))
