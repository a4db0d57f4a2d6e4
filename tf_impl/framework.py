"""TensorFlow behind the interface that the parity engine is handed.

The twin module offers the same names with the same meaning, so that the engine and the tests speak
to either framework without knowing which: tensors from NumPy arrays and back, values with first and
second derivatives, compilation modes, devices, clocks, memory, seeds.
"""

import contextlib
import functools
import logging
import time
from collections import Counter

import numpy as np
import tensorflow as tf
from tensorflow.python.util._pywrap_util_port import IsMklEnabled

from shared.arguments import in_order, positions, put
from shared.weights import check

NAME = "TensorFlow"
MODES = ("eager", "graph", "compiled")
_COUNTS = Counter()


def tensor(array, device="cpu"):
    """A tensor with the values and dtype of a NumPy array, on the named device."""
    with tf.device(device):
        return tf.constant(np.asarray(array))


def array(value):
    """The NumPy array of a tensor (or variable, or Python number)."""
    return np.asarray(value)


def is_floating(value):
    """Whether a tensor has a real floating-point dtype."""
    return value.dtype.is_floating


def differentiable(gradient, tensors=1):
    """Give a function the gradient that was derived for it by hand (tf.custom_gradient).

    `gradient(g, h, *arguments)` takes the upstream gradient g, the output h and the function's own
    arguments, and returns one gradient for each of `tensors`: that many leading arguments, or those
    of the names given. The others, be they labels, masks or options, are constants. The plain
    formula, which the tape can differentiate by itself, stays reachable as `function.__wrapped__`.

    >>> @differentiable(lambda g, h, x: g * 2 * x)
    ... def square(x):
    ...     return x * x
    >>> value_and_gradients(square, np.array([3.0]))
    (array([9.]), (array([6.]),))
    """

    def decorate(formula):
        order, places = in_order(formula), positions(formula, tensors)

        @functools.wraps(formula)
        def function(*arguments, **options):
            arguments = order(arguments, options)
            inputs = [_floating(arguments[place], formula.__name__) for place in places]

            @tf.custom_gradient
            def apply(*inputs):
                everything = put(arguments, places, inputs)
                h = formula(*everything)
                return h, lambda g: gradient(g, h, *everything)

            return apply(*inputs)

        return function

    return decorate


def _floating(value, name):
    value = tf.convert_to_tensor(value)
    if not value.dtype.is_floating:
        raise TypeError(
            f"{name} needs a floating-point tensor, got {value.dtype.name}: "
            f"pass tf.cast(x, tf.float32)"
        )
    return value


def sum_to(values, shape):
    """Sum over the axes along which a parameter of this shape was shared by broadcasting."""
    lead = len(values.shape) - len(shape)
    shared = [lead + axis for axis, size in enumerate(shape) if size == 1]
    return tf.reshape(tf.reduce_sum(values, [*range(lead), *shared]), shape)


def is_positive(x):
    """1 where x > 0, else 0, in x's dtype; 0 where x is NaN.

    >>> is_positive(tf.constant([-2.0, 0.0, 3.0])).numpy().tolist()
    [0.0, 0.0, 1.0]
    """
    return tf.cast(x > 0, x.dtype)


def value_and_gradients(fn, *arrays, upstream=None):
    """(outputs, gradients) of `fn` at NumPy arrays, as NumPy.

    Gradients are those of Σ upstream ⊙ output (upstream 1 unless given), one for each array; None
    for an integer array, which has none. `fn` may return one tensor or a tuple of them.

    >>> value_and_gradients(lambda x: x * x, np.array([1.0, 3.0]))
    (array([1., 9.]), (array([2., 6.]),))
    """
    inputs = [tensor(values) for values in arrays]
    with tf.GradientTape() as tape:
        tape.watch([x for x in inputs if is_floating(x)])
        outputs = fn(*inputs)
    gradients = tape.gradient(
        outputs, inputs, upstream, unconnected_gradients=tf.UnconnectedGradients.NONE
    )
    return tf.nest.map_structure(array, outputs), tuple(
        None if g is None else array(tf.convert_to_tensor(g)) for g in gradients
    )


def _measure(function, inputs, upstream, direction):
    """Output, gradients, and the gradient of Σ direction ⊙ g_x with respect to x."""
    if upstream is None:
        return function(*inputs), [], None
    with tf.GradientTape() as second_tape:
        second_tape.watch(inputs[0])
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            output = function(*inputs)
        # convert: that of rows which were gathered comes as slices
        gradients = [tf.convert_to_tensor(g) for g in tape.gradient(output, inputs, upstream)]
        along = gradients[0] if direction is None else gradients[0] * direction
    if direction is None:
        return output, gradients, None
    second = second_tape.gradient(along, inputs[0], unconnected_gradients="zero")
    return output, gradients, second


def evaluate(calls, mode="eager", device="cpu"):
    """Measure many functions at once: [(output, gradients, second or None)] as NumPy.

    Each call is (function, inputs, upstream, direction) with NumPy arrays; without an upstream
    gradient only the output is measured, without a direction no second order. In the modes "graph"
    and "compiled" all calls go into one graph, so that there is one compilation for all of them.
    """
    functions = [function for function, *_ in calls]
    batch = [
        tf.nest.map_structure(
            lambda a: None if a is None else tensor(a, device), (list(inputs), upstream, direction)
        )
        for _, inputs, upstream, direction in calls
    ]

    def everything(batch):
        return [_measure(f, *arguments) for f, arguments in zip(functions, batch, strict=True)]

    with tf.device(device), _retracing_expected():
        results = compiled(everything, mode)(batch)
    return tf.nest.map_structure(lambda t: None if t is None else array(t), results)


def prepared(function, inputs, upstream=None, mode="eager"):
    """A call without arguments of (output, gradients), computed anew each time and left there.

    For clocks: nothing is copied, and all that is not the work itself is done beforehand. `inputs`
    are tensors; without an upstream gradient there are no gradients, and none are prepared for. In
    the modes "graph" and "compiled" output and gradients are one graph.

    >>> square = prepared(lambda x: x * x, [tensor(3.0)], upstream=tensor(1.0))
    >>> output, (g_x,) = square()
    >>> array(output).item(), array(g_x).item()
    (9.0, 6.0)
    """
    inputs = list(inputs)

    def forward(*inputs):
        return function(*inputs), []

    def both(upstream, *inputs):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            output = function(*inputs)
        gradients = tape.gradient(output, inputs, upstream)
        return output, [tf.convert_to_tensor(g) for g in gradients]

    if upstream is None:
        return functools.partial(compiled(forward, mode), *inputs)
    return functools.partial(compiled(both, mode), upstream, *inputs)


@contextlib.contextmanager
def _retracing_expected():
    """Each batch is a graph of its own: TensorFlow's warning of repeated tracing says nothing."""
    logger = tf.get_logger()
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def compiled(fn, mode):
    """The function in a mode: "eager" as it is, "graph" captured, "compiled" by XLA.

    "graph" is tf.function, which runs the graph with the eager kernels.
    """
    if mode == "eager":
        return fn

    @functools.wraps(fn)
    def captured(*arguments, **options):
        # runs whenever TensorFlow traces, and at no other time
        _COUNTS["captures"] += 1
        return fn(*arguments, **options)

    return tf.function(captured, jit_compile=mode == "compiled", autograph=False)


def captures():
    """How many graphs were captured so far in this process, of functions that `compiled` made.

    One that grows while nothing new is called betrays a function that is captured again and again.
    """
    return _COUNTS["captures"]


def forget_captures():
    """Let go of graphs and names that Keras and TensorFlow keep: for long processes."""
    tf.keras.backend.clear_session()


def load(model, arrays):
    """Set all weights of a layer or model from NumPy arrays by name, or none of them.

    Names are those within the layer ("kernel"), or a path from the model ("hidden/kernel"). Raises
    WeightError, naming the tensor, if one is missing, one is too many, or a shape differs.
    """
    weights = {_name(weight, model): weight for weight in model.weights}
    check(model.name, arrays, {n: w.shape for n, w in weights.items()}, "build and name it alike")
    for name, values in arrays.items():
        weights[name].assign(values)


def _name(weight, model):
    if isinstance(model, tf.keras.Model):
        return weight.path.removeprefix(f"{model.name}/")
    return weight.name


def reloaded(layer, example, folder):
    """The layer as it comes back from disk, saved in a .keras file in the folder.

    `example` is a NumPy array that the layer can be called with.
    """
    path = f"{folder}/layer.keras"
    model = tf.keras.Sequential([layer])
    model(example)  # builds it: an unbuilt model would be saved without its weights
    model.save(path)
    return tf.keras.models.load_model(path).layers[0]


def unavailable(mode):
    """Why a mode cannot be had on this machine; empty when it can."""
    return "" if mode in MODES else f"{NAME} has no mode {mode!r}, only {', '.join(MODES)}"


def kernels():
    """Which kernels it takes on this processor, of those that compute otherwise than the rest.

    "oneDNN" where the processor has vector instructions for neural networks (AVX-512 VNNI and the
    like), unless TF_ENABLE_ONEDNN_OPTS says otherwise.
    """
    return ("oneDNN",) if IsMklEnabled() else ()


def devices():
    """The devices seen, by names both halves share: "cpu", "gpu:0", "gpu:1"…"""
    return ["cpu", *(f"gpu:{i}" for i, _ in enumerate(tf.config.list_physical_devices("GPU")))]


def clock(device="cpu"):
    """A moment after the device has finished all work given to it: two of them differ in seconds.

    A number of the processor's monotonic clock: TensorFlow gives no access to a GPU's own.
    """
    if device != "cpu":
        tf.test.experimental.sync_devices()
    return time.perf_counter()


def peak_memory(device):
    """Most bytes held on a GPU since the start, by the framework's own count; None on the CPU."""
    return None if device == "cpu" else tf.config.experimental.get_memory_info(device)["peak"]


def reset_peak_memory(device):
    """Start counting a GPU's peak memory anew, from what is held now."""
    if device != "cpu":
        tf.config.experimental.reset_memory_stats(device)


def set_full_precision():
    """Have float32 products computed in float32 on a GPU too, not in TF32 of 10 bits."""
    tf.config.experimental.enable_tensor_float_32_execution(False)


def set_seed(seed):
    """Seed Python's, NumPy's and the framework's generators."""
    tf.keras.utils.set_random_seed(seed)


def set_deterministic():
    """Ask for operations that repeat bit for bit, at some cost in speed."""
    tf.config.experimental.enable_op_determinism()
