"""Gradients where a formula divides by zero: norms and spreads of zero, powers, logarithms."""

import keras
import numpy as np
import tensorflow as tf
import torch
import torch.nn.functional as F

from parity_tests.differences.entry import (
    LOSSES,
    NONE,
    SILENT_WRONG,
    difference,
)
from parity_tests.differences.gradients import keras_gradient, torch_gradient

TITLE = "Gradients at zero and at singular points"
STAGE = LOSSES


@difference(
    item="gradient of the Euclidean norm of zero",
    keras="NaN: √ has an infinite slope at 0, and is multiplied by 2x = 0",
    torch="0, one of the subgradients",
    severity=SILENT_WRONG,
    hits="distances of equal points, gradient penalties, normalisation of rows of padding",
    recipe="torch: sqrt(sum(x²)); Keras: where(n = 0, 0, sqrt(where(n = 0, 1, n)))",
    sources=(
        "keras/src/backend/tensorflow/linalg.py:L78",
        "torchgen/packaged/autograd/derivatives.yaml:L1343",
    ),
)
class NormOfZero:
    x = np.array([0.0, 0.0])

    def in_keras(x):
        return keras_gradient(keras.ops.norm, x)

    def in_torch(x):
        return torch_gradient(torch.linalg.norm, x)

    def torch_as_keras(x):
        return torch_gradient(lambda x: (x**2).sum().sqrt(), x)

    def keras_as_torch(x):
        def norm(x):
            squares = tf.reduce_sum(x**2)
            is_zero = squares == 0
            return tf.where(is_zero, 0.0, tf.sqrt(tf.where(is_zero, 1.0, squares)))

        return keras_gradient(norm, x)


@difference(
    item="gradient of the standard deviation of equal elements",
    keras="NaN: the square root of a variance of 0, differentiated as written",
    torch="0: the rule masks a deviation of 0",
    severity=SILENT_WRONG,
    hits="minibatch statistics, whitening, rewards that are all the same",
    recipe="torch: sqrt(var(correction=0)); Keras: where(var = 0, 0, sqrt(where(var = 0, 1, var)))",
    sources=(
        "keras/src/backend/tensorflow/numpy.py:L3016",
        "torchgen/packaged/autograd/derivatives.yaml:L1674",
    ),
)
class DeviationOfEquals:
    x = np.array([2.0, 2.0, 2.0])

    def in_keras(x):
        return keras_gradient(keras.ops.std, x)

    def in_torch(x):
        return torch_gradient(lambda x: x.std(correction=0), x)

    def torch_as_keras(x):
        return torch_gradient(lambda x: x.var(correction=0).sqrt(), x)

    def keras_as_torch(x):
        def deviation(x):
            variance = tf.math.reduce_variance(x)
            is_zero = variance == 0
            return tf.where(is_zero, 0.0, tf.sqrt(tf.where(is_zero, 1.0, variance)))

        return keras_gradient(deviation, x)


@difference(
    item="gradient of normalising zero",
    keras="10⁶: what it divides by is √10⁻¹²",
    torch="10¹²: what it divides by is 10⁻¹²",
    severity=SILENT_WRONG,
    hits="rows of padding and embeddings that start at zero, whose first step is enormous",
    recipe="torch: eps=1e-6; Keras: epsilon=1e-24; better, do not normalise zero",
    sources=("tensorflow/python/ops/nn_impl.py:L591", "torch/nn/functional.py:L6100"),
)
class NormalizeZero:
    x = np.array([0.0, 0.0])

    def in_keras(x):
        return keras_gradient(tf.math.l2_normalize, x)

    def in_torch(x):
        return torch_gradient(lambda x: F.normalize(x, dim=0), x)

    def torch_as_keras(x):
        return torch_gradient(lambda x: F.normalize(x, dim=0, eps=1e-6), x)

    def keras_as_torch(x):
        return keras_gradient(lambda x: tf.math.l2_normalize(x, epsilon=1e-24), x)


@difference(
    item="gradient of √x, 1/√x and reciprocal(x) where a factor of 0 comes back to it",
    keras="0: the kernels of their gradients let 0 win over 1/0",
    torch="NaN: 0 · ∞",
    severity=SILENT_WRONG,
    hits="where(x > 0, sqrt(x), 0), and where(d > 0, rsqrt(d), 0) of graphs with single nodes",
    recipe="torch: where inside the root as well; Keras: write x ** 0.5, which gives NaN",
    sources=(
        "tensorflow/python/ops/math_grad.py:L709",
        "torchgen/packaged/autograd/derivatives.yaml:L1637",
    ),
)
class SqrtBehindWhere:
    x = np.array([0.0, 4.0])

    def in_keras(x):
        root = keras_gradient(lambda x: tf.where(x > 0, tf.sqrt(x), 0.0), x)
        inverse = keras_gradient(lambda x: tf.where(x > 0, tf.math.rsqrt(x), 0.0), x)
        return root, inverse

    def in_torch(x):
        root = torch_gradient(lambda x: torch.where(x > 0, torch.sqrt(x), 0.0), x)
        inverse = torch_gradient(lambda x: torch.where(x > 0, torch.rsqrt(x), 0.0), x)
        return root, inverse

    def torch_as_keras(x):
        def safe(of):
            return lambda x: torch.where(x > 0, of(torch.where(x > 0, x, 1.0)), 0.0)

        return torch_gradient(safe(torch.sqrt), x), torch_gradient(safe(torch.rsqrt), x)

    def keras_as_torch(x):
        root = keras_gradient(lambda x: tf.where(x > 0, x**0.5, 0.0), x)
        return root, keras_gradient(lambda x: tf.where(x > 0, x**-0.5, 0.0), x)


@difference(
    item="gradient of log x and 1/x behind where, at 0",
    keras="NaN: the branch that is not taken sends back 0 · ∞",
    torch="NaN as well",
    severity=NONE,
    hits="nobody in porting, everybody in training",
    recipe="in both, where inside the logarithm as well",
    sources=("tensorflow/python/ops/math_grad.py:L762", "torch/_refs/__init__.py:L868"),
)
class LogBehindWhere:
    x = np.array([0.0, 4.0])

    def in_keras(x):
        log = keras_gradient(lambda x: tf.where(x > 0, tf.math.log(x), 0.0), x)
        return log, keras_gradient(lambda x: tf.where(x > 0, 1 / x, 0.0), x)

    def in_torch(x):
        log = torch_gradient(lambda x: torch.where(x > 0, torch.log(x), 0.0), x)
        return log, torch_gradient(lambda x: torch.where(x > 0, 1 / x, 0.0), x)


@difference(
    item="gradient of the square root of a relu that is 0",
    keras="NaN: the slope 0 of relu is multiplied by an infinite one",
    torch="0: relu masks what comes back, whatever it is",
    severity=SILENT_WRONG,
    hits="signed roots, generalised-mean pooling, compression of spectra",
    recipe="torch: relu as x · (x > 0); Keras: where(x > 0, …) inside and outside the root",
    sources=(
        "tensorflow/python/ops/nn_grad.py:L413",
        "torchgen/packaged/autograd/derivatives.yaml:L2119",
    ),
)
class PowerOfRelu:
    x = np.array([-1.0, 0.0, 4.0])

    def in_keras(x):
        return keras_gradient(lambda x: tf.nn.relu(x) ** 0.5, x)

    def in_torch(x):
        return torch_gradient(lambda x: torch.relu(x) ** 0.5, x)

    def torch_as_keras(x):
        return torch_gradient(lambda x: (x * (x > 0)) ** 0.5, x)

    def keras_as_torch(x):
        return keras_gradient(lambda x: tf.where(x > 0, tf.where(x > 0, x, 1.0) ** 0.5, 0.0), x)


@difference(
    item="gradient of x⁰ at 0",
    keras="NaN: 0 · x⁻¹ as written",
    torch="0: an exponent of 0 is looked out for",
    severity=SILENT_WRONG,
    hits="polynomial features and powers whose exponent is a hyperparameter",
    recipe="torch: e · x ** (e − 1) by hand; Keras: where(x = 0, …) inside and outside",
    sources=(
        "tensorflow/python/ops/math_grad.py:L1528",
        "torchgen/packaged/autograd/derivatives.yaml:L1400",
    ),
)
class PowerZero:
    x = np.array([0.0, 2.0])

    def in_keras(x):
        return keras_gradient(lambda x: x**0.0, x)

    def in_torch(x):
        return torch_gradient(lambda x: x**0.0, x)

    def torch_as_keras(x):
        return (0.0 * torch.tensor(x) ** -1.0,)

    def keras_as_torch(x):
        def power(x):
            return tf.where(x == 0, 1.0 + 0.0 * x, tf.where(x == 0, 1.0, x) ** 0.0)

        return keras_gradient(power, x)


@difference(
    item="gradient of x^p at 0 for p of 0.5, 1 and 2",
    keras="∞, 1 and 0",
    torch="the same",
    severity=NONE,
    hits="nobody",
    recipe="nothing to do",
    sources=(
        "tensorflow/python/ops/math_grad.py:L1528",
        "torchgen/packaged/autograd/derivatives.yaml:L1400",
    ),
)
class PowerOfZero:
    x = np.array([0.0])

    def in_keras(x):
        return [keras_gradient(lambda x, p=p: x**p, x) for p in (0.5, 1.0, 2.0)]

    def in_torch(x):
        return [torch_gradient(lambda x, p=p: x**p, x) for p in (0.5, 1.0, 2.0)]


@difference(
    item="gradient of x^p with respect to p, where x is negative",
    keras="0: the logarithm is taken of positive x alone",
    torch="NaN, the logarithm of a negative number",
    severity=SILENT_WRONG,
    hits="learnt exponents, as in generalised-mean pooling of signed features",
    recipe="torch: hand a p that is detached to what is not positive; Keras: add log x by hand",
    sources=(
        "tensorflow/python/ops/math_grad.py:L1539",
        "torchgen/packaged/autograd/derivatives.yaml:L1406",
    ),
)
class PowerExponent:
    x = np.array([-2.0, 3.0])
    p = np.array([2.0, 2.0])

    def in_keras(x, p):
        return keras_gradient(lambda p: tf.pow(x, p), p)

    def in_torch(x, p):
        return torch_gradient(lambda p: torch.pow(torch.tensor(x), p), p)

    def torch_as_keras(x, p):
        x = torch.tensor(x)

        def power(p):
            return torch.where(x > 0, x.clamp(min=1e-300) ** p, x ** p.detach())

        return torch_gradient(power, p)

    def keras_as_torch(x, p):
        return [tf.pow(x, p) * tf.math.log(x)]


@difference(
    item="gradient of atan2 at the origin",
    keras="NaN: 0/0",
    torch="0: a radius of 0 is looked out for",
    severity=SILENT_WRONG,
    hits="phases of spectra, angles of vectors that may be zero",
    recipe="torch: x / (x² + y²) by hand; Keras: replace the origin by (0, 1) with where",
    sources=(
        "tensorflow/python/ops/math_grad.py:L1327",
        "torchgen/packaged/autograd/derivatives.yaml:L355",
    ),
)
class Atan2AtOrigin:
    y = np.array([0.0, 1.0])
    x = np.array([0.0, 1.0])

    def in_keras(y, x):
        return keras_gradient(tf.math.atan2, y, x)

    def in_torch(y, x):
        return torch_gradient(torch.atan2, y, x)

    def torch_as_keras(y, x):
        y, x = torch.tensor(y), torch.tensor(x)
        return x / (x**2 + y**2), -y / (x**2 + y**2)

    def keras_as_torch(y, x):
        def angle(y, x):
            origin = (x == 0) & (y == 0)
            return tf.where(origin, 0.0, tf.math.atan2(y, tf.where(origin, 1.0, x)))

        return keras_gradient(angle, y, x)


@difference(
    item="gradient of hypot(0, 0)",
    keras="0: the ratio of the two is a division that gives 0 for 0/0",
    torch="NaN: x/r is 0/0",
    severity=SILENT_WRONG,
    hits="magnitudes of spectra with silent bins",
    recipe="torch: torch.linalg.vector_norm of the two, stacked; Keras: sqrt(x² + y²)",
    sources=(
        "keras/src/backend/tensorflow/numpy.py:L1764",
        "torchgen/packaged/autograd/derivatives.yaml:L815",
    ),
)
class HypotOfZero:
    x = np.array([0.0])
    y = np.array([0.0])

    def in_keras(x, y):
        return keras_gradient(keras.ops.hypot, x, y)

    def in_torch(x, y):
        return torch_gradient(torch.hypot, x, y)

    def torch_as_keras(x, y):
        def hypot(x, y):
            return torch.linalg.vector_norm(torch.stack([x, y]), dim=0)

        return torch_gradient(hypot, x, y)

    def keras_as_torch(x, y):
        def hypot(x, y):
            return (x**2 + y**2) ** 0.5

        return keras_gradient(hypot, x, y)


@difference(
    item="gradient of x log y at x = 0",
    keras="xlogy has 0 for both: where x is 0 nothing passes",
    torch="xlogy has log y for x, and x/y for y",
    severity=SILENT_WRONG,
    hits="entropies of learnt distributions with exact zeros",
    recipe="torch: where(x = 0, 0, …) around it; Keras: write x · log(y)",
    sources=(
        "tensorflow/python/ops/math_grad.py:L780",
        "torchgen/packaged/autograd/derivatives.yaml:L1007",
    ),
)
class XlogyAtZero:
    x = np.array([0.0, 0.5])
    y = np.array([0.25, 0.5])

    def in_keras(x, y):
        return keras_gradient(tf.math.xlogy, x, y)

    def in_torch(x, y):
        return torch_gradient(torch.xlogy, x, y)

    def torch_as_keras(x, y):
        return torch_gradient(lambda x, y: torch.where(x == 0, 0.0, torch.xlogy(x, y)), x, y)

    def keras_as_torch(x, y):
        return keras_gradient(lambda x, y: x * tf.math.log(y), x, y)


@difference(
    item="gradient of sinc at 0",
    keras="NaN: where hides sin(0)/0, but not its gradient",
    torch="0",
    severity=SILENT_WRONG,
    hits="learnt filters (SincNet), resampling",
    recipe="torch: nothing worth copying; Keras: replace 0 by 1 before dividing",
    unaligned="a NaN is nothing that torch should be made to give",
    sources=(
        "keras/src/backend/tensorflow/numpy.py:L2939",
        "torchgen/packaged/autograd/derivatives.yaml:L1560",
    ),
)
class SincAtZero:
    x = np.array([0.0, 0.5])

    def in_keras(x):
        return keras_gradient(keras.ops.sinc, x)

    def in_torch(x):
        return torch_gradient(torch.sinc, x)

    def keras_as_torch(x):
        def sinc(x):
            angle = np.pi * tf.where(x == 0, 1.0, x)
            return tf.where(x == 0, 1.0, tf.sin(angle) / angle)

        return keras_gradient(sinc, x)


@difference(
    item="gradient of cumprod when one factor is 0",
    keras="0 for the zero: what it should be is divided by the factor, and 0/0 is made 0",
    torch="the product of the others",
    severity=SILENT_WRONG,
    hits="transmittance in volume rendering, survival, discounts: any product of gates",
    recipe="torch: nothing worth copying; Keras: multiply step by step",
    unaligned="a wrong gradient is nothing that torch should be made to give",
    sources=(
        "tensorflow/python/ops/math_grad.py:L1984",
        "torchgen/packaged/autograd/derivatives.yaml:L525",
    ),
)
class CumprodOfZero:
    x = np.array([2.0, 0.0, 3.0])

    def in_keras(x):
        return keras_gradient(tf.math.cumprod, x)

    def in_torch(x):
        return torch_gradient(lambda x: x.cumprod(dim=0), x)

    def keras_as_torch(x):
        def cumprod(x):
            products = [x[0]]
            for factor in x[1:]:
                products.append(products[-1] * factor)
            return tf.stack(products)

        return keras_gradient(cumprod, x)


@difference(
    item="gradient of the product of all elements, one or two of them 0",
    keras="the product of the others: 6 for the zero, or 0 throughout",
    torch="the same",
    severity=NONE,
    hits="nobody",
    recipe="nothing to do",
    sources=(
        "tensorflow/python/ops/math_grad.py:L286",
        "torchgen/packaged/autograd/derivatives.yaml:L1413",
    ),
)
class ProductOfZero:
    x = np.array([2.0, 0.0, 3.0])
    y = np.array([2.0, 0.0, 0.0])

    def in_keras(x, y):
        return keras_gradient(tf.reduce_prod, x), keras_gradient(tf.reduce_prod, y)

    def in_torch(x, y):
        return torch_gradient(torch.prod, x), torch_gradient(torch.prod, y)


@difference(
    item="division by zero in losses and metrics",
    keras="0: they divide by divide_no_nan",
    torch="∞ or NaN",
    severity=SILENT_WRONG,
    hits="means over a batch that is masked throughout, precision without a positive",
    recipe="torch: where(b = 0, 0, a / where(b = 0, 1, b)); Keras: a / b",
    sources=("tensorflow/python/ops/math_ops.py:L1600", "torch/_refs/__init__.py:L1896"),
)
class DivideNoNan:
    a = np.array([1.0, 0.0, 1.0])
    b = np.array([0.0, 0.0, 2.0])

    def in_keras(a, b):
        return keras.ops.divide_no_nan(a, b), *keras_gradient(keras.ops.divide_no_nan, a, b)

    def in_torch(a, b):
        return torch.tensor(a) / torch.tensor(b), *torch_gradient(torch.div, a, b)

    def torch_as_keras(a, b):
        def divide_no_nan(a, b):
            return torch.where(b == 0, 0.0, a / torch.where(b == 0, 1.0, b))

        quotient = divide_no_nan(torch.tensor(a), torch.tensor(b))
        return quotient, *torch_gradient(divide_no_nan, a, b)

    def keras_as_torch(a, b):
        return tf.constant(a) / tf.constant(b), *keras_gradient(lambda a, b: a / b, a, b)


@difference(
    item="gradient of logsumexp with −∞ among its arguments",
    keras="0 for it; NaN throughout where all are −∞",
    torch="the same",
    severity=NONE,
    hits="nobody",
    recipe="in both, fill with a large finite number where all may be −∞",
    sources=(
        "tensorflow/python/ops/math_ops.py:L3377",
        "torchgen/packaged/autograd/derivatives.yaml:L1052",
    ),
)
class LogsumexpInfinite:
    x = np.array([[-np.inf, 0.0], [-np.inf, -np.inf]])

    def in_keras(x):
        return keras_gradient(lambda x: tf.reduce_logsumexp(x, axis=1), x)

    def in_torch(x):
        return torch_gradient(lambda x: torch.logsumexp(x, dim=1), x)
