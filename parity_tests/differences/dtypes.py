"""Types of numbers: what is promoted, what is cast unasked, what a literal becomes."""

import keras
import numpy as np
import tensorflow as tf
import torch
from torch import nn

from parity_tests.differences.entry import (
    COSMETIC,
    CRASH,
    LAYERS,
    NONE,
    SILENT_WRONG,
    SLOW_DRIFT,
    difference,
)

TITLE = "Types of numbers"
STAGE = LAYERS


@difference(
    item="a Python float cast to float64",
    keras="keras.ops.cast and tf.cast go through float32: 0.1 is 0.10000000149",
    torch="exact: 0.1",
    severity=SLOW_DRIFT,
    hits="constants in float64 code, which part after eight digits",
    recipe="Keras: tf.constant(0.1, tf.float64) or np.float64(0.1); torch: float(np.float32(0.1))",
    sources=("tensorflow/python/ops/math_ops.py:L975", "torch/_torch_docs.py:L9344"),
)
class CastPythonFloat:
    def in_keras():
        return keras.ops.cast(0.1, "float64")

    def in_torch():
        return torch.tensor(0.1, dtype=torch.float64)

    def torch_as_keras():
        return torch.tensor(float(np.float32(0.1)), dtype=torch.float64)

    def keras_as_torch():
        return tf.constant(0.1, tf.float64)


@difference(
    item="float64 set as the default after a layer was made",
    keras="set_floatx: later layers stay float32, as their policy was made with the first",
    torch="set_default_dtype: later layers are float64",
    severity=SLOW_DRIFT,
    hits="notebooks that switch to float64 halfway through",
    recipe="Keras: set_dtype_policy('float64') too; torch: dtype= of each layer",
    sources=("keras/src/dtype_policies/dtype_policy.py:L577", "torch/__init__.py:L1335"),
)
class DefaultTypeTooLate:
    def in_keras():
        keras.layers.Dense(1).build((None, 1))
        keras.config.set_floatx("float64")
        layer = keras.layers.Dense(1)
        layer.build((None, 1))
        return layer.kernel.dtype

    def in_torch():
        nn.Linear(1, 1)
        torch.set_default_dtype(torch.float64)
        return str(nn.Linear(1, 1).weight.dtype).removeprefix("torch.")

    def torch_as_keras():
        torch.set_default_dtype(torch.float64)
        layer = nn.Linear(1, 1, dtype=torch.float32)
        return str(layer.weight.dtype).removeprefix("torch.")

    def keras_as_torch():
        keras.layers.Dense(1).build((None, 1))
        keras.config.set_floatx("float64")
        keras.config.set_dtype_policy("float64")
        layer = keras.layers.Dense(1)
        layer.build((None, 1))
        return layer.kernel.dtype


@difference(
    item="tensors of two types added",
    keras="an error of tf; keras.ops promotes to float64",
    torch="promotes to float64",
    severity=CRASH,
    hits="losses in tf that meet NumPy's float64, and masks or counts that are integers",
    recipe="Keras: keras.ops.add, or cast; torch: assert that the types are equal",
    sources=(
        "tensorflow/python/framework/override_binary_operator.py:L106",
        "torch/_prims_common/__init__.py:L1589",
    ),
    unaligned="torch has no such check to turn on",
)
class TypePromotion:
    x = np.array([1.0], np.float32)
    y = np.array([0.1], np.float64)
    n = np.array([3], np.int64)

    def in_keras(x, y, n):
        return tf.constant(x) + tf.constant(y) + tf.constant(n)

    def in_torch(x, y, n):
        return torch.tensor(x) + torch.tensor(y) + torch.tensor(n)

    def keras_as_torch(x, y, n):
        return keras.ops.add(keras.ops.add(x, y), n)


@difference(
    item="an integer tensor times a Python float",
    keras="TypeError of tf: 0.5 is no uint8; keras.ops promotes to float32",
    torch="promotes to float32",
    severity=CRASH,
    hits="images of bytes scaled by 1 / 255",
    recipe="Keras: keras.ops.multiply, or cast first",
    sources=(
        "tensorflow/python/framework/override_binary_operator.py:L106",
        "torch/_prims_common/__init__.py:L1589",
    ),
    unaligned="torch has no such check to turn on",
    ulp=0,
)
class IntegerTimesFloat:
    x = np.array([200], np.uint8)

    def in_keras(x):
        return tf.constant(x) * 0.5

    def in_torch(x):
        return torch.tensor(x) * 0.5

    def keras_as_torch(x):
        return keras.ops.multiply(x, 0.5)


@difference(
    item="a tensor without axes beside one with axes",
    keras="keras.ops: counts as any other: float64 by float32 is float64",
    torch="does not promote within floats: float64 by float32 is float32",
    severity=SLOW_DRIFT,
    hits="a constant such as torch.tensor(0.1, dtype=float64), whose digits are lost",
    recipe="torch: cast the other to float64; Keras: cast the constant to float32",
    sources=("keras/src/backend/common/dtypes.py:L281", "torch/_prims_common/__init__.py:L1589"),
)
class ScalarTensorPromotion:
    scale = np.array(0.1, np.float64)
    x = np.array([1.0, 2.0], np.float32)

    def in_keras(scale, x):
        return keras.ops.multiply(scale, x)

    def in_torch(scale, x):
        return torch.tensor(scale) * torch.tensor(x)

    def torch_as_keras(scale, x):
        return torch.tensor(scale) * torch.tensor(x).double()

    def keras_as_torch(scale, x):
        return keras.ops.multiply(scale.astype(np.float32), x)


@difference(
    item="2³¹ − 1 plus 1: the type of an integer literal",
    keras="int32, which wraps around: −2³¹",
    torch="int64: 2³¹",
    severity=SILENT_WRONG,
    hits="hashes, flattened indices of large tables, counts of tokens; labels, which torch's "
    "losses take as int64 alone",
    recipe="pass dtype: tf.int64, or torch.int32",
    sources=("tensorflow/python/framework/constant_op.py:L178", "torch/_torch_docs.py:L9344"),
)
class IntegerOverflow:
    def in_keras():
        return tf.constant([2**31 - 1]) + 1

    def in_torch():
        return torch.tensor([2**31 - 1]) + 1

    def torch_as_keras():
        return torch.tensor([2**31 - 1], dtype=torch.int32) + 1

    def keras_as_torch():
        return tf.constant([2**31 - 1], tf.int64) + 1


@difference(
    item="quotient of two integers",
    keras="tf: float64; keras.ops.divide: float32",
    torch="float32",
    severity=SLOW_DRIFT,
    hits="shares and rates of counts; the float64 then fails to meet float32",
    recipe="torch: x.double() / y; Keras: keras.ops.divide",
    sources=("tensorflow/python/ops/math_ops.py:L1460", "torch/_torch_docs.py:L11975"),
)
class IntegerQuotient:
    def in_keras():
        return tf.constant([1]) / tf.constant([3])

    def in_torch():
        return torch.tensor([1]) / torch.tensor([3])

    def torch_as_keras():
        return torch.tensor([1]).double() / torch.tensor([3])

    def keras_as_torch():
        return keras.ops.divide(tf.constant([1]), tf.constant([3]))


@difference(
    item="quotient and remainder of integers, rounded down",
    keras="towards −∞",
    torch="towards −∞",
    severity=NONE,
    hits="nobody",
    recipe="nothing to do",
    sources=("tensorflow/python/ops/math_ops.py:L1708", "torch/_torch_docs.py:L4272"),
)
class FloorQuotient:
    def in_keras():
        x, y = tf.constant([-7, 7]), tf.constant([2, -2])
        return x // y, x % y

    def in_torch():
        x, y = torch.tensor([-7, 7]), torch.tensor([2, -2])
        return x // y, x % y


@difference(
    item="integer division by zero",
    keras="an error",
    torch="an error",
    severity=NONE,
    hits="nobody",
    recipe="nothing to do",
    sources=("tensorflow/python/ops/math_ops.py:L1708", "torch/_torch_docs.py:L4272"),
)
class IntegerDivisionByZero:
    def in_keras():
        return tf.constant([7]) // tf.constant([0])

    def in_torch():
        return torch.tensor([7]) // torch.tensor([0])


@difference(
    item="an integer to a negative power",
    keras="an error",
    torch="an error",
    severity=NONE,
    hits="nobody",
    recipe="nothing to do",
    sources=("tensorflow/python/ops/math_ops.py:L700", "torch/_torch_docs.py:L8731"),
)
class NegativePower:
    def in_keras():
        return tf.constant(2) ** -1

    def in_torch():
        return torch.tensor(2) ** -1


@difference(
    item="mean of integers",
    keras="keras.ops.mean: float32; tf.reduce_mean: an integer, rounded down",
    torch="RuntimeError: a floating point type is needed",
    severity=CRASH,
    hits="labels, masks and lengths averaged; accuracies in tf, which come out as 0",
    recipe="torch: mean(dtype=torch.float32), or sum() // n; tf: cast first",
    sources=(
        "keras/src/backend/tensorflow/numpy.py:L652",
        "tensorflow/python/ops/math_ops.py:L2573",
        "torch/_torch_docs.py:L6927",
    ),
    unaligned="Keras has no such check to turn on",
    ulp=2,  # a sum and a quotient
)
class IntegerMean:
    x = np.array([1, 2, 4])

    def in_keras(x):
        return keras.ops.mean(x), tf.reduce_mean(x)

    def in_torch(x):
        return torch.tensor(x).mean(), torch.tensor(x).mean()

    def torch_as_keras(x):
        x = torch.tensor(x)
        return x.mean(dtype=torch.float32), x.sum() // x.numel()


@difference(
    item="sum of bytes, and of 32-bit integers",
    keras="tf.reduce_sum: in their own type, which wraps around; keras.ops.sum widens bytes alone",
    torch="in int64",
    severity=SILENT_WRONG,
    hits="brightness of images, counts of pixels in a mask, sums of large counts; cumsum alike",
    recipe="Keras: cast to int64 first; torch: sum(dtype=x.dtype)",
    sources=("tensorflow/python/ops/math_ops.py:L2229", "torch/_torch_docs.py:L10951"),
)
class IntegerSum:
    pixels = np.array([200, 100], np.uint8)
    counts = np.array([2**31 - 1, 1], np.int32)

    def in_keras(pixels, counts):
        return tf.reduce_sum(pixels), tf.reduce_sum(counts)

    def in_torch(pixels, counts):
        return torch.tensor(pixels).sum(), torch.tensor(counts).sum()

    def torch_as_keras(pixels, counts):
        pixels, counts = torch.tensor(pixels), torch.tensor(counts)
        return pixels.sum(dtype=pixels.dtype), counts.sum(dtype=counts.dtype)

    def keras_as_torch(pixels, counts):
        return [tf.reduce_sum(tf.cast(x, tf.int64)) for x in (pixels, counts)]


@difference(
    item="sum of truth values",
    keras="an error of tf; keras.ops.sum counts",
    torch="counts",
    severity=CRASH,
    hits="correct answers counted",
    recipe="Keras: keras.ops.sum, or tf.math.count_nonzero",
    sources=("tensorflow/python/ops/math_ops.py:L2229", "torch/_torch_docs.py:L10951"),
    unaligned="torch has no such check to turn on",
)
class BooleanSum:
    x = np.array([True, True, False])

    def in_keras(x):
        return tf.reduce_sum(tf.constant(x))

    def in_torch(x):
        return torch.tensor(x).sum()

    def keras_as_torch(x):
        return keras.ops.sum(x)


@difference(
    item="sum of two truth values",
    keras="an error",
    torch="or: True + True is True",
    severity=CRASH,
    hits="masks added up",
    recipe="Keras: logical_or; torch: cast first, if they are to be counted",
    sources=("keras/src/backend/tensorflow/numpy.py:L96", "torch/_torch_docs.py:L358"),
    unaligned="torch has no such check to turn on",
)
class BooleanAddition:
    x = np.array([True, True, False])

    def in_keras(x):
        return keras.ops.add(x, x)

    def in_torch(x):
        return torch.tensor(x) + torch.tensor(x)

    def keras_as_torch(x):
        return keras.ops.logical_or(x, x)


@difference(
    item="integers clipped to limits that are floats",
    keras="TypeError",
    torch="promotes to float32",
    severity=CRASH,
    hits="image augmentation on bytes",
    recipe="Keras: cast first",
    sources=("keras/src/backend/tensorflow/numpy.py:L1198", "torch/_torch_docs.py:L2853"),
    unaligned="torch has no such check to turn on",
)
class IntegerClip:
    x = np.array([1, 5])

    def in_keras(x):
        return keras.ops.clip(x, 0.5, 2.5)

    def in_torch(x):
        return torch.tensor(x).clamp(0.5, 2.5)

    def keras_as_torch(x):
        return keras.ops.clip(keras.ops.cast(x, "float32"), 0.5, 2.5)


@difference(
    item="type of a complex literal",
    keras="tf.constant: complex128",
    torch="complex64",
    severity=SLOW_DRIFT,
    hits="signal processing with constants such as 1j",
    recipe="pass dtype",
    sources=("tensorflow/python/framework/constant_op.py:L178", "torch/_torch_docs.py:L9344"),
)
class ComplexLiteral:
    def in_keras():
        return tf.constant([0.1 + 0.2j])

    def in_torch():
        return torch.tensor([0.1 + 0.2j])

    def torch_as_keras():
        return torch.tensor([0.1 + 0.2j], dtype=torch.complex128)

    def keras_as_torch():
        return tf.constant([0.1 + 0.2j], tf.complex64)


@difference(
    item="type of argmax",
    keras="keras.ops.argmax: int32; tf.argmax: int64",
    torch="int64",
    severity=COSMETIC,
    hits="predicted classes compared with labels of another type, which tf refuses",
    recipe="Keras: cast to int64; torch: .int()",
    sources=("keras/src/backend/tensorflow/numpy.py:L938", "torch/_torch_docs.py:L6838"),
)
class ArgmaxType:
    x = np.array([1.0, 3.0])

    def in_keras(x):
        return keras.ops.argmax(x).dtype.name

    def in_torch(x):
        return str(torch.tensor(x).argmax().dtype).removeprefix("torch.")

    def torch_as_keras(x):
        return str(torch.tensor(x).argmax().int().dtype).removeprefix("torch.")

    def keras_as_torch(x):
        return tf.argmax(x).dtype.name


@difference(
    item="float64 data in a layer of float32",
    keras="cast to float32, and nothing is said",
    torch="RuntimeError: the types must be equal",
    severity=CRASH,
    hits="NumPy data, which is float64, in nearly every first port",
    recipe="torch: x.float(), or torch.as_tensor(x, dtype=layer.weight.dtype)",
    sources=("keras/src/layers/layer.py:L886", "torch/nn/modules/linear.py:L130"),
    unaligned="Keras promotes in matmul, even with autocast=False",
    ulp=2,  # a product and a sum
)
class Float64Data:
    x = np.array([[0.1, 0.2]])

    def in_keras(x):
        return keras.layers.Dense(1, kernel_initializer="ones")(x)

    def in_torch(x):
        layer = nn.Linear(2, 1)
        nn.init.ones_(layer.weight)
        nn.init.zeros_(layer.bias)
        return layer(torch.tensor(x)).detach()

    def torch_as_keras(x):
        layer = nn.Linear(2, 1)
        nn.init.ones_(layer.weight)
        nn.init.zeros_(layer.bias)
        return layer(torch.tensor(x, dtype=layer.weight.dtype)).detach()


@difference(
    item="integer data in a layer of float32",
    keras="promoted to float32",
    torch="RuntimeError: the types must be equal",
    severity=CRASH,
    hits="images of bytes and features that are counts",
    recipe="torch: x.float()",
    sources=("keras/src/backend/tensorflow/numpy.py:L492", "torch/nn/modules/linear.py:L130"),
    unaligned="Keras has no such check to turn on",
    ulp=0,
)
class IntegerData:
    x = np.array([[1, 2]])

    def in_keras(x):
        return keras.layers.Dense(1, kernel_initializer="ones")(x)

    def in_torch(x):
        layer = nn.Linear(2, 1)
        nn.init.ones_(layer.weight)
        nn.init.zeros_(layer.bias)
        return layer(torch.tensor(x)).detach()

    def torch_as_keras(x):
        layer = nn.Linear(2, 1)
        nn.init.ones_(layer.weight)
        nn.init.zeros_(layer.bias)
        return layer(torch.tensor(x).float()).detach()


@difference(
    item="16-bit type of mixed precision",
    keras="named in the policy: mixed_float16 or mixed_bfloat16",
    torch="autocast: bfloat16 on a CPU, float16 on CUDA",
    severity=SLOW_DRIFT,
    hits="torch.autocast without a dtype: three digits instead of four, or underflow",
    recipe="torch: autocast(dtype=…)",
    sources=("keras/src/dtype_policies/dtype_policy.py:L60", "torch/amp/autocast_mode.py:L234"),
)
class MixedPrecisionType:
    def in_keras():
        layer = keras.layers.Dense(2, dtype="mixed_float16")
        return layer(np.ones((1, 2), np.float32)).dtype.name

    def in_torch():
        with torch.autocast("cpu"):
            return str(nn.Linear(2, 2)(torch.ones(1, 2)).dtype).removeprefix("torch.")

    def torch_as_keras():
        with torch.autocast("cpu", dtype=torch.float16):
            return str(nn.Linear(2, 2)(torch.ones(1, 2)).dtype).removeprefix("torch.")

    def keras_as_torch():
        layer = keras.layers.Dense(2, dtype="mixed_bfloat16")
        return layer(np.ones((1, 2), np.float32)).dtype.name
