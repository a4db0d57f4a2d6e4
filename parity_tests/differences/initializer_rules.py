"""Initializers by name: ranges, tails, what a fan is, and what a seed repeats.

Draws are random, rules are not: a bound or a deviation is read off many draws, to two digits.
"""

import math

import keras
import numpy as np
import torch
from torch import nn

from parity_tests.differences.entry import (
    CRASH,
    NONE,
    SILENT_WRONG,
    WEIGHTS,
    difference,
)
from parity_tests.differences.initializers import dense_kernel, deviation, largest

TITLE = "Initializers: rules and seeds"
STAGE = WEIGHTS


@difference(
    item="range of the uniform initializer",
    keras="RandomUniform(): −0.05 to 0.05",
    torch="nn.init.uniform_(): 0 to 1, all of one sign",
    severity=SILENT_WRONG,
    hits="weights drawn by name, bounds left out",
    recipe="pass both bounds",
    sources=("keras/src/initializers/random_initializers.py:L181", "torch/nn/init.py:L249"),
)
class UniformRange:
    shape = (100, 100)

    def in_keras(shape):
        weights = np.array(keras.initializers.RandomUniform()(shape))
        return round(float(weights.min()), 2), round(float(weights.max()), 2)

    def in_torch(shape):
        weights = nn.init.uniform_(torch.empty(shape))
        return round(float(weights.min()), 2), round(float(weights.max()), 2)

    def torch_as_keras(shape):
        weights = nn.init.uniform_(torch.empty(shape), -0.05, 0.05)
        return round(float(weights.min()), 2), round(float(weights.max()), 2)

    def keras_as_torch(shape):
        weights = np.array(keras.initializers.RandomUniform(0.0, 1.0)(shape))
        return round(float(weights.min()), 2), round(float(weights.max()), 2)


@difference(
    item="deviation of the normal initializer",
    keras="RandomNormal(): 0.05",
    torch="nn.init.normal_(): 1",
    severity=SILENT_WRONG,
    hits="weights drawn by name, deviation left out",
    recipe="pass the deviation",
    sources=("keras/src/initializers/random_initializers.py:L66", "torch/nn/init.py:L277"),
)
class NormalDeviation:
    shape = (200, 200)

    def in_keras(shape):
        return deviation(keras.initializers.RandomNormal()(shape))

    def in_torch(shape):
        return round(deviation(nn.init.normal_(torch.empty(shape))), 1)

    def torch_as_keras(shape):
        return deviation(nn.init.normal_(torch.empty(shape), std=0.05))

    def keras_as_torch(shape):
        return round(deviation(keras.initializers.RandomNormal(stddev=1.0)(shape)), 1)


@difference(
    item="where the truncated normal is cut, deviation 0.05 in both",
    keras="at two deviations: ±0.1",
    torch="at a=−2 and b=2, which are values: nothing is cut",
    severity=SILENT_WRONG,
    hits="vision transformers and BERT, whose weights are drawn with a deviation of 0.02",
    recipe="torch: pass a and b of two deviations; Keras: RandomNormal",
    sources=("keras/src/backend/tensorflow/random.py:L67", "torch/nn/init.py:L305"),
)
class TruncatedNormalCut:
    shape = (300, 300)

    def in_keras(shape):
        weights = keras.initializers.TruncatedNormal(stddev=0.05)(shape)
        return bool(np.abs(weights).max() <= 0.1)

    def in_torch(shape):
        weights = nn.init.trunc_normal_(torch.empty(shape), std=0.05)
        return bool(weights.abs().max() <= 0.1)

    def torch_as_keras(shape):
        weights = nn.init.trunc_normal_(torch.empty(shape), std=0.05, a=-0.1, b=0.1)
        return bool(weights.abs().max() <= 0.1)

    def keras_as_torch(shape):
        weights = keras.initializers.RandomNormal(stddev=0.05)(shape)
        return bool(np.abs(weights).max() <= 0.1)


@difference(
    item="tails of glorot_normal, he_normal and lecun_normal",
    keras="truncated at two deviations, then widened by 1/0.8796 to the variance asked for",
    torch="xavier_normal_ and kaiming_normal_ are not truncated",
    severity=SILENT_WRONG,
    hits="networks drawn by either name: the variance agrees, the outliers do not",
    recipe="torch: trunc_normal_, deviation widened; Keras: distribution='untruncated_normal'",
    sources=(
        "keras/src/initializers/random_initializers.py:L305",
        "torch/nn/init.py:L669",
    ),
)
class HeNormalTails:
    units = 300

    def in_keras(units):
        weights = keras.initializers.HeNormal()((units, units))
        return bool(np.abs(weights).max() > 3 * math.sqrt(2 / units))

    def in_torch(units):
        weights = nn.init.kaiming_normal_(torch.empty(units, units))
        return bool(weights.abs().max() > 3 * math.sqrt(2 / units))

    def torch_as_keras(units):
        std = math.sqrt(2 / units) / 0.87962566103423978
        weights = nn.init.trunc_normal_(torch.empty(units, units), 0, std, -2 * std, 2 * std)
        return bool(weights.abs().max() > 3 * math.sqrt(2 / units))

    def keras_as_torch(units):
        initializer = keras.initializers.VarianceScaling(2.0, "fan_in", "untruncated_normal")
        return bool(np.abs(initializer((units, units))).max() > 3 * math.sqrt(2 / units))


@difference(
    item="fan_in of a Dense kernel drawn by the other framework's function",
    keras="the first axis: kernels are (in, out)",
    torch="the second axis: weights are (out, in)",
    severity=SILENT_WRONG,
    hits="weights drawn in one layout and copied into the other framework",
    recipe="draw in the layout of the framework that draws, then transpose",
    sources=(
        "keras/src/initializers/random_initializers.py:L689",
        "torch/nn/init.py:L465",
    ),
)
class FanLayout:
    shape = (100, 600)

    def in_keras(shape):
        return largest(keras.initializers.HeUniform()(shape))

    def in_torch(shape):
        return largest(nn.init.kaiming_uniform_(torch.empty(shape)))

    def torch_as_keras(shape):
        return largest(nn.init.kaiming_uniform_(torch.empty(shape).T).T)

    def keras_as_torch(shape):
        return largest(np.array(keras.initializers.HeUniform()(shape[::-1])).T)


@difference(
    item="fans of a convolution kernel drawn by the other framework's function",
    keras="the last two axes are channels: (height, width, in, out)",
    torch="the first two axes are channels: (out, in, height, width)",
    severity=SILENT_WRONG,
    hits="kernels drawn in one layout: even glorot_uniform, symmetric otherwise, is off",
    recipe="draw in the layout of the framework that draws, then permute",
    sources=(
        "keras/src/initializers/random_initializers.py:L697",
        "torch/nn/init.py:L472",
    ),
)
class FanLayoutConvolution:
    shape = (3, 3, 16, 32)

    def in_keras(shape):
        return largest(keras.initializers.GlorotUniform()(shape))

    def in_torch(shape):
        return largest(nn.init.xavier_uniform_(torch.empty(shape)))

    def torch_as_keras(shape):
        weight = torch.empty(shape).permute(3, 2, 0, 1)
        return largest(nn.init.xavier_uniform_(weight))

    def keras_as_torch(shape):
        out, channels, height, width = shape
        return largest(keras.initializers.GlorotUniform()((height, width, channels, out)))


@difference(
    item="fans of a vector",
    keras="its length, for either fan",
    torch="an error: fewer than two dimensions",
    severity=CRASH,
    hits="one loop that draws every parameter, biases and scales among them",
    recipe="torch: draw a view of one column more; Keras: refuse vectors yourself",
    sources=(
        "keras/src/initializers/random_initializers.py:L687",
        "torch/nn/init.py:L461",
    ),
    unaligned="Keras has no setting that makes it refuse",
)
class FanOfVector:
    length = 2000

    def in_keras(length):
        return largest(keras.initializers.HeUniform()((length,)))

    def in_torch(length):
        return largest(nn.init.kaiming_uniform_(torch.empty(length)))

    def torch_as_keras(length):
        vector = torch.empty(length)
        nn.init.kaiming_uniform_(vector[None])
        return largest(vector)


@difference(
    item="He initialization by the average of the fans",
    keras="VarianceScaling(2, 'fan_avg')",
    torch="an error: kaiming_uniform_ knows fan_in and fan_out alone",
    severity=CRASH,
    hits="variance scaling of Keras models, taken over argument by argument",
    recipe="torch: xavier_uniform_ with gain √scale",
    sources=(
        "keras/src/initializers/random_initializers.py:L267",
        "torch/nn/init.py:L548",
    ),
    unaligned="Keras has no setting that makes it refuse",
)
class FanAverage:
    shape = (300, 500)

    def in_keras(shape):
        initializer = keras.initializers.VarianceScaling(2.0, "fan_avg", "uniform")
        return largest(initializer(shape))

    def in_torch(shape):
        return largest(nn.init.kaiming_uniform_(torch.empty(shape), mode="fan_avg"))

    def torch_as_keras(shape):
        return largest(nn.init.xavier_uniform_(torch.empty(shape), gain=math.sqrt(2.0)))


@difference(
    item="the factor 2 handed to variance scaling and to xavier_uniform_",
    keras="scale multiplies the variance",
    torch="gain multiplies the weights, hence the square root of scale",
    severity=SILENT_WRONG,
    hits="scaled initialization, as of residual branches",
    recipe="gain = √scale",
    sources=(
        "keras/src/initializers/random_initializers.py:L315",
        "torch/nn/init.py:L506",
    ),
)
class ScaleOrGain:
    shape, factor = (300, 500), 2.0

    def in_keras(shape, factor):
        return largest(keras.initializers.VarianceScaling(factor, "fan_avg", "uniform")(shape))

    def in_torch(shape, factor):
        return largest(nn.init.xavier_uniform_(torch.empty(shape), gain=factor))

    def torch_as_keras(shape, factor):
        return largest(nn.init.xavier_uniform_(torch.empty(shape), gain=math.sqrt(factor)))

    def keras_as_torch(shape, factor):
        initializer = keras.initializers.VarianceScaling(factor**2, "fan_avg", "uniform")
        return largest(initializer(shape))


@difference(
    item="weights before SELU",
    keras="lecun_normal: variance 1/fan_in, as self-normalising networks ask for",
    torch="kaiming_normal_(nonlinearity='selu'): gain 3/4, a value found by trial",
    severity=SILENT_WRONG,
    hits="self-normalising networks: with 3/4 the activations shrink with depth",
    recipe="torch: nonlinearity='linear'; Keras: VarianceScaling(9/16, 'fan_in')",
    sources=("keras/src/initializers/random_initializers.py:L489", "torch/nn/init.py:L241"),
)
class SeluGain:
    units = 400

    def in_keras(units):
        return round(float(np.var(keras.initializers.LecunNormal()((units, units)))) * units, 1)

    def in_torch(units):
        weights = nn.init.kaiming_normal_(torch.empty(units, units), nonlinearity="selu")
        return round(float(weights.var()) * units, 1)

    def torch_as_keras(units):
        weights = nn.init.kaiming_normal_(torch.empty(units, units), nonlinearity="linear")
        return round(float(weights.var()) * units, 1)

    def keras_as_torch(units):
        initializer = keras.initializers.VarianceScaling(9 / 16, "fan_in")
        return round(float(np.var(initializer((units, units)))) * units, 1)


@difference(
    item="bound of glorot_uniform, each in its own layout",
    keras="√(6/(fan_in + fan_out))",
    torch="the same, of xavier_uniform_",
    severity=NONE,
    hits="nobody",
    recipe="nothing to do",
    sources=("keras/src/initializers/random_initializers.py:L370", "torch/nn/init.py:L507"),
)
class GlorotUniformBound:
    fan_in, fan_out = 200, 300

    def in_keras(fan_in, fan_out):
        return largest(keras.initializers.GlorotUniform()((fan_in, fan_out)))

    def in_torch(fan_in, fan_out):
        return largest(nn.init.xavier_uniform_(torch.empty(fan_out, fan_in)))


@difference(
    item="bound of he_uniform, each in its own layout",
    keras="√(6/fan_in)",
    torch="the same, of kaiming_uniform_ with its own a=0 (Linear passes √5)",
    severity=NONE,
    hits="nobody",
    recipe="nothing to do",
    sources=("keras/src/initializers/random_initializers.py:L647", "torch/nn/init.py:L556"),
)
class HeUniformBound:
    fan_in, fan_out = 200, 300

    def in_keras(fan_in, fan_out):
        return largest(keras.initializers.HeUniform()((fan_in, fan_out)))

    def in_torch(fan_in, fan_out):
        return largest(nn.init.kaiming_uniform_(torch.empty(fan_out, fan_in)))


@difference(
    item="a seeded initializer called twice",
    keras="the same tensor: an integer seed is no state",
    torch="another tensor: the generator has moved on",
    severity=SILENT_WRONG,
    hits="one initializer object, or one seed, handed to several layers: they start as twins",
    recipe="Keras: seed=keras.random.SeedGenerator(n); torch: seed again before each call",
    sources=(
        "keras/src/initializers/random_initializers.py:L191",
        "torch/nn/init.py:L73",
    ),
)
class SeedReused:
    shape = (3, 4)

    def in_keras(shape):
        initializer = keras.initializers.GlorotUniform(seed=0)
        return bool(np.array_equal(initializer(shape), initializer(shape)))

    def in_torch(shape):
        generator = torch.Generator().manual_seed(0)
        one = nn.init.xavier_uniform_(torch.empty(shape), generator=generator)
        other = nn.init.xavier_uniform_(torch.empty(shape), generator=generator)
        return torch.equal(one, other)

    def torch_as_keras(shape):
        one = torch.empty(shape)
        other = torch.empty(shape)
        nn.init.xavier_uniform_(one, generator=torch.Generator().manual_seed(0))
        nn.init.xavier_uniform_(other, generator=torch.Generator().manual_seed(0))
        return torch.equal(one, other)

    def keras_as_torch(shape):
        seed = keras.random.SeedGenerator(0)
        initializer = keras.initializers.GlorotUniform(seed=seed)
        return bool(np.array_equal(initializer(shape), initializer(shape)))


@difference(
    item="one initializer without a seed, handed to two layers",
    keras="the same weights in both: the seed is drawn once, when the object is made",
    torch="an initializer is a function: other weights",
    severity=SILENT_WRONG,
    hits="Keras models that make the initializer once; two towers, two heads start as twins",
    recipe="Keras: pass initializer.clone(), or its name; torch: copy the weights",
    sources=(
        "keras/src/initializers/random_initializers.py:L14",
        "torch/nn/init.py:L73",
    ),
)
class InitializerShared:
    features, units = 3, 4

    def in_keras(features, units):
        initializer = keras.initializers.GlorotUniform()
        one = dense_kernel(features, units, kernel_initializer=initializer)
        other = dense_kernel(features, units, kernel_initializer=initializer)
        return bool(np.array_equal(one, other))

    def in_torch(features, units):
        one, other = nn.Linear(features, units), nn.Linear(features, units)
        for layer in (one, other):
            nn.init.xavier_uniform_(layer.weight)
        return torch.equal(one.weight, other.weight)

    def torch_as_keras(features, units):
        one, other = nn.Linear(features, units), nn.Linear(features, units)
        nn.init.xavier_uniform_(one.weight)
        other.load_state_dict(one.state_dict())
        return torch.equal(one.weight, other.weight)

    def keras_as_torch(features, units):
        one = dense_kernel(features, units, kernel_initializer="glorot_uniform")
        other = dense_kernel(features, units, kernel_initializer="glorot_uniform")
        return bool(np.array_equal(one, other))


@difference(
    item="an initializer applied to weights that exist",
    keras="takes a shape and returns new numbers; the weights stay",
    torch="takes the tensor and writes into it",
    severity=SILENT_WRONG,
    hits="layers drawn anew after they were made",
    recipe="Keras: kernel.assign(initializer(shape)); torch: draw into an empty tensor",
    sources=("keras/src/initializers/constant_initializers.py:L34", "torch/nn/init.py:L337"),
)
class InitializerInPlace:
    features, units = 3, 4

    def in_keras(features, units):
        kernel = dense_kernel(features, units)
        keras.initializers.Constant(7.0)(kernel.shape)
        return bool(np.all(np.array(kernel) == 7))

    def in_torch(features, units):
        weight = nn.Linear(features, units).weight
        nn.init.constant_(weight, 7.0)
        return bool((weight == 7).all())

    def torch_as_keras(features, units):
        weight = nn.Linear(features, units).weight
        nn.init.constant_(torch.empty_like(weight), 7.0)
        return bool((weight == 7).all())

    def keras_as_torch(features, units):
        kernel = dense_kernel(features, units)
        kernel.assign(keras.initializers.Constant(7.0)(kernel.shape))
        return bool(np.all(np.array(kernel) == 7))


@difference(
    item="a convolution that passes its input through, as an initializer",
    keras="an error: Identity takes matrices alone",
    torch="nn.init.dirac_",
    severity=CRASH,
    hits="residual and super-resolution networks that start as the identity",
    recipe="Keras: set the centre of the kernel to np.eye; torch: eye_ refuses as Keras does",
    sources=("keras/src/initializers/constant_initializers.py:L149", "torch/nn/init.py:L395"),
)
class DiracKernel:
    channels = 3

    def in_keras(channels):
        return keras.initializers.Identity()((3, 3, channels, channels))

    def in_torch(channels):
        return nn.init.dirac_(torch.empty(channels, channels, 3, 3)).permute(2, 3, 1, 0)

    def torch_as_keras(channels):
        return nn.init.eye_(torch.empty(channels, channels, 3, 3))

    def keras_as_torch(channels):
        kernel = np.zeros((3, 3, channels, channels), "float32")
        kernel[1, 1] = np.eye(channels)
        return keras.initializers.get(kernel)(kernel.shape)


@difference(
    item="orthogonal kernel of a convolution: are its filters orthonormal?",
    keras="yes: all axes but the last are flattened",
    torch="yes: all axes but the first are flattened, and the outputs stand first",
    severity=NONE,
    hits="nobody",
    recipe="nothing to do",
    sources=("keras/src/initializers/random_initializers.py:L757", "torch/nn/init.py:L701"),
)
class OrthogonalConvolution:
    inputs, outputs, size = 3, 4, 3

    def in_keras(inputs, outputs, size):
        kernel = keras.initializers.Orthogonal()((size, size, inputs, outputs), "float64")
        filters = np.reshape(kernel, (-1, outputs)).T
        return np.allclose(filters @ filters.T, np.eye(outputs))

    def in_torch(inputs, outputs, size):
        weight = torch.empty(outputs, inputs, size, size, dtype=torch.float64)
        filters = nn.init.orthogonal_(weight).flatten(1)
        return np.allclose(filters @ filters.T, np.eye(outputs))
