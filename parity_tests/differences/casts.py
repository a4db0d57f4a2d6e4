"""Types of numbers: casts, and operators that take one type only."""

import keras
import numpy as np
import tensorflow as tf
import torch

from parity_tests.differences.entry import CRASH, LAYERS, NONE, SILENT_WRONG, difference

TITLE = "Types of numbers: casts and operators"
STAGE = LAYERS


@difference(
    item="numbers outside 8 bits, cast to float8_e4m3fn",
    keras="NaN beyond 464, and for infinity",
    torch="the largest number there is, 448",
    severity=SILENT_WRONG,
    hits="weights and activations stored in 8 bits without a scale",
    recipe="Keras: clip to ±448 first; torch: put NaN where |x| is larger",
    sources=("tensorflow/python/ops/math_ops.py:L975", "torch/_tensor_docs.py:L5129"),
)
class Float8Overflow:
    x = np.array([1000.0, 1.0, -600.0], np.float32)

    def in_keras(x):
        return tf.cast(tf.cast(x, "float8_e4m3fn"), tf.float32)

    def in_torch(x):
        return torch.tensor(x).to(torch.float8_e4m3fn).float()

    def torch_as_keras(x):
        x = torch.tensor(x)
        x = torch.where(x.abs() > 464, torch.nan, x)
        return x.to(torch.float8_e4m3fn).float()

    def keras_as_torch(x):
        x = tf.clip_by_value(x, -448.0, 448.0)
        return tf.cast(tf.cast(x, "float8_e4m3fn"), tf.float32)


@difference(
    item="numbers that an integer type does not hold, cast to it",
    keras="300 and −1 wrap around in uint8; what int32 does not hold is −2³¹, NaN as well",
    torch="the same on x86; no standard says what it should be",
    severity=NONE,
    hits="nobody on x86; other processors give other numbers",
    recipe="clip before casting, in both",
    sources=("tensorflow/python/ops/math_ops.py:L975", "torch/_tensor_docs.py:L5129"),
)
class CastOutOfRange:
    x = np.array([300.0, -1.0, 3e9, np.nan, np.inf])

    def in_keras(x):
        return tf.cast(x[:2], tf.uint8), tf.cast(x, tf.int32)

    def in_torch(x):
        return torch.tensor(x[:2]).to(torch.uint8), torch.tensor(x).to(torch.int32)


@difference(
    item="a NumPy array times a tensor",
    keras="the array is converted to the type of the tensor, float32",
    torch="TypeError; the other way round, tensor times array, the result is float64",
    severity=CRASH,
    hits="constants kept in NumPy: masks, scales, class weights",
    recipe="torch: torch.as_tensor(array, dtype=x.dtype)",
    sources=(
        "tensorflow/python/framework/override_binary_operator.py:L145",
        "torch/_tensor.py:L1239",
    ),
    unaligned="an error is nothing that Keras should be made to raise",
    ulp=0,
)
class NumpyOperand:
    scale = np.array([0.1, 0.2])
    x = np.array([1.0, 3.0], np.float32)

    def in_keras(scale, x):
        return scale * tf.constant(x)

    def in_torch(scale, x):
        return scale * torch.tensor(x)

    def torch_as_keras(scale, x):
        x = torch.tensor(x)
        return torch.as_tensor(scale, dtype=x.dtype) * x


@difference(
    item="a Python number or list where a tensor is expected",
    keras="is converted",
    torch="TypeError of torch.mean([…]), torch.sqrt(2.0) and torch.maximum(x, 1.0)",
    severity=CRASH,
    hits="formulas with a constant, and the mean of a list of losses",
    recipe="torch: torch.tensor or torch.stack; clamp(min=1.0) for maximum(x, 1.0)",
    sources=("keras/src/backend/tensorflow/numpy.py:L2159", "torch/_torch_docs.py:L6736"),
    unaligned="an error is nothing that Keras should be made to raise",
)
class PythonNumber:
    x = np.array([0.5, 3.0])

    def in_keras(x):
        return keras.ops.maximum(x, 1.0)

    def in_torch(x):
        return torch.maximum(torch.tensor(x), 1.0)

    def torch_as_keras(x):
        return torch.tensor(x).clamp(min=1.0)


@difference(
    item="minus of bytes",
    keras="an error of tf: unsigned integers have no negative",
    torch="wraps around: −1 is 255",
    severity=CRASH,
    hits="differences of images written as −a + b",
    recipe="cast to a signed type first, in both; Keras: 0 − x wraps as well",
    sources=("tensorflow/python/ops/gen_math_ops.py:L6993", "torch/_torch_docs.py:L8220"),
    unaligned="an error is nothing that torch should be made to raise",
)
class NegativeByte:
    x = np.array([1, 255], np.uint8)

    def in_keras(x):
        return -tf.constant(x)

    def in_torch(x):
        return -torch.tensor(x)

    def keras_as_torch(x):
        return tf.zeros_like(x) - x


@difference(
    item="floor of integers",
    keras="keras.ops.floor: float32, which holds 24 bits; tf.floor: an error",
    torch="left as they are",
    severity=SILENT_WRONG,
    hits="indices, ids and time stamps that pass through floor or ceil",
    recipe="Keras: leave integers alone; torch: x.float().floor()",
    sources=("keras/src/backend/tensorflow/numpy.py:L1630", "torch/_torch_docs.py:L4246"),
)
class FloorOfIntegers:
    x = np.array([2**24 + 1])

    def in_keras(x):
        return keras.ops.floor(x)

    def in_torch(x):
        return torch.floor(torch.tensor(x))

    def torch_as_keras(x):
        return torch.floor(torch.tensor(x).float())

    def keras_as_torch(x):
        integers = keras.backend.is_int_dtype(x.dtype)
        return keras.ops.convert_to_tensor(x) if integers else keras.ops.floor(x)


@difference(
    item="sigmoid of integers",
    keras="raises: the kernel takes floating point alone",
    torch="the integers are promoted to float32",
    severity=CRASH,
    hits="labels, counts and indices that are fed in as they are",
    recipe="Keras: cast to float32 first",
    unaligned="an error is nothing that torch should be made to raise",
    sources=("keras/src/backend/tensorflow/nn.py:L43", "torch/nn/functional.py:L2344"),
    ulp=1,
)
class SigmoidOfIntegers:
    x = np.array([0, 200])

    def in_keras(x):
        return keras.activations.sigmoid(x)

    def in_torch(x):
        return torch.sigmoid(torch.tensor(x))

    def keras_as_torch(x):
        return keras.activations.sigmoid(keras.ops.cast(x, "float32"))


@difference(
    item="any and all of numbers",
    keras="an error of tf: truth values only; keras.ops.any casts",
    torch="a number other than 0 is true",
    severity=CRASH,
    hits="checks for a non-zero mask, count or flag kept as numbers",
    recipe="Keras: keras.ops.any, or tf.cast(x, bool) first",
    sources=("tensorflow/python/ops/math_ops.py:L3272", "torch/_torch_docs.py:L876"),
    unaligned="an error is nothing that torch should be made to raise",
)
class AnyOfNumbers:
    x = np.array([0, 2])

    def in_keras(x):
        return tf.reduce_any(tf.constant(x))

    def in_torch(x):
        return torch.any(torch.tensor(x))

    def keras_as_torch(x):
        return keras.ops.any(x)


@difference(
    item="a function mapped over rows, whose result is of another type",
    keras="an error of tf.map_fn: the type of the input is expected; keras.ops.map finds out",
    torch="torch.vmap takes what comes",
    severity=CRASH,
    hits="masks, labels and counts computed row by row",
    recipe="Keras: fn_output_signature, or keras.ops.map",
    sources=("tensorflow/python/ops/map_fn.py:L624", "torch/_functorch/apis.py:L68"),
    unaligned="an error is nothing that torch should be made to raise",
)
class MapToAnotherType:
    x = np.array([1.0, 2.0])

    def in_keras(x):
        return tf.map_fn(lambda row: row > 1.5, tf.constant(x))

    def in_torch(x):
        return torch.vmap(lambda row: row > 1.5)(torch.tensor(x))

    def keras_as_torch(x):
        return tf.map_fn(lambda row: row > 1.5, tf.constant(x), fn_output_signature=tf.bool)
