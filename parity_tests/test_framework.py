"""Both adapters behave alike, so that the engine need not know which one it is handed."""

import random

import numpy as np
import pytest
import tensorflow as tf
import torch

import tf_impl.framework


@pytest.mark.parametrize(
    "dtype", ["float16", "float32", "float64", "int32", "int64", "uint8", "bool"]
)
@pytest.mark.parametrize("shape", [(), (0,), (2, 3)], ids=str)
def test_an_array_comes_back_as_it_went_in(half, dtype, shape):
    values = np.ones(shape, dtype)
    tensor = half.framework.tensor(values)
    found = half.framework.array(tensor)
    assert isinstance(found, np.ndarray)
    assert (found.dtype, found.shape) == (np.dtype(dtype), shape)
    np.testing.assert_array_equal(found, values)
    assert half.framework.is_floating(tensor) == (values.dtype.kind == "f")


def test_a_tensor_is_a_copy(half):
    values = np.zeros(3)
    tensor = half.framework.tensor(values)
    values[:] = 7
    np.testing.assert_array_equal(half.framework.array(tensor), np.zeros(3))


def test_numbers_and_lists_are_arrays_too(half):
    assert half.framework.array(2.5) == 2.5
    np.testing.assert_array_equal(half.framework.array(half.framework.tensor([1, 2])), [1, 2])


def test_gradients_are_those_of_the_sum_of_the_outputs(half):
    x, y = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([5.0, 6.0])
    output, gradients = half.framework.value_and_gradients(lambda x, y: x * y, x, y)
    np.testing.assert_array_equal(output, x * y)
    np.testing.assert_array_equal(gradients[0], [[5, 6], [5, 6]])
    np.testing.assert_array_equal(gradients[1], [4, 6])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_gradients_are_weighed_by_what_comes_from_upstream(half, dtype):
    x, upstream = np.array([1.0, 2.0, 4.0], dtype), np.array([1.0, 10.0, 0.0], dtype)
    _, (g_x,) = half.framework.value_and_gradients(lambda x: x * x, x, upstream=upstream)
    np.testing.assert_array_equal(g_x, [2, 40, 0])
    assert g_x.dtype == dtype


def test_a_single_number_has_a_gradient(half):
    output, (g_x,) = half.framework.value_and_gradients(lambda x: x * x, np.array(3.0))
    assert (output.shape, output, g_x.shape, g_x) == ((), 9, (), 6)


def test_several_outputs_keep_their_structure_and_add_their_gradients(half):
    x = np.array([1.0, 2.0])
    (double, square), (g_x,) = half.framework.value_and_gradients(lambda x: (2 * x, x * x), x)
    np.testing.assert_array_equal(double, [2, 4])
    np.testing.assert_array_equal(square, [1, 4])
    np.testing.assert_array_equal(g_x, 2 + 2 * x)
    upstream = (np.array([1.0, 0.0]), np.array([0.0, 5.0]))
    _, (g_x,) = half.framework.value_and_gradients(lambda x: (2 * x, x * x), x, upstream=upstream)
    np.testing.assert_array_equal(g_x, [2, 20])


def test_an_integer_array_and_an_unused_one_have_no_gradient(half):
    x, n, unused = np.array([1.0, 2.0]), np.array([3, 4]), np.array([9.0])
    output, gradients = half.framework.value_and_gradients(lambda x, n, unused: x * 2, x, n, unused)
    np.testing.assert_array_equal(output, [2, 4])
    np.testing.assert_array_equal(gradients[0], [2, 2])
    assert gradients[1:] == (None, None)


def planted(half):
    """Functions whose gradients are wrong, as (function, inputs, the gradients planted)."""
    x, slope = np.float32([[-1.0, 2.0], [3.0, -4.0]]), np.float32([5.0, 6.0])
    g = np.float32([[1.0, 2.0], [4.0, 0.5]])

    @half.framework.differentiable(lambda g, h, x: 7 * g)
    def square(x):
        return x * x

    @half.framework.differentiable(lambda g, h, x, factor: 3 * g + h - factor * x)
    def scaled(x, factor=2.0):
        return factor * x

    @half.framework.differentiable(lambda g, h, x, slope: (11 * g, 13 * slope), tensors=2)
    def product(x, slope):
        return slope * x

    return (
        (square, (x,), (7 * g,)),
        (scaled, (x,), (3 * g,)),
        (product, (x, slope), (11 * g, 13 * slope)),
        (lambda x: scaled(square(x), factor=4.0), (x,), (21 * g,)),
        (lambda x: square(x) + x, (x,), (8 * g,)),
    )


def test_a_gradient_written_by_hand_is_the_one_used(half, mode):
    functions = planted(half)
    g = np.float32([[1.0, 2.0], [4.0, 0.5]])
    measured = half.framework.evaluate([(f, inputs, g, None) for f, inputs, _ in functions], mode)
    for (function, inputs, expected), (h, gradients, second) in zip(
        functions, measured, strict=True
    ):
        np.testing.assert_array_equal(h, value(half, function, inputs))
        assert second is None
        for gradient, wrong in zip(gradients, expected, strict=True):
            np.testing.assert_array_equal(gradient, wrong)


def value(half, function, inputs):
    return half.framework.array(function(*map(half.framework.tensor, inputs)))


def test_the_second_derivative_is_that_of_the_gradient_written_by_hand(half):
    @half.framework.differentiable(lambda g, h, x: g * 5 * x * x)
    def cube(x):
        return x * x * x

    x, g, v = np.float32([1.0, 2.0]), np.float32([3.0, 4.0]), np.float32([1.0, 0.5])
    ((_, (g_x,), second),) = half.framework.evaluate([(cube, (x,), g, v)], "eager")
    np.testing.assert_array_equal(g_x, g * 5 * x * x)
    np.testing.assert_array_equal(second, v * g * 10 * x)


def test_a_second_derivative_that_vanishes_is_zero(half):
    x = np.float32([1.0, 2.0])
    identity = half.activations.identity
    ((_, _, second),) = half.framework.evaluate([(identity, (x,), x, x)], "eager")
    np.testing.assert_array_equal(second, [0, 0])


def test_the_plain_formula_keeps_the_gradient_of_its_own(half):
    square = planted(half)[0][0]
    _, (g_x,) = half.framework.value_and_gradients(square.__wrapped__, np.float32([3.0]))
    np.testing.assert_array_equal(g_x, [6.0])


@pytest.mark.parametrize(
    "shape, axes",
    [((), (0, 1, 2)), ((1,), (0, 1, 2)), ((4,), (0, 1)), ((3, 1), (0, 2)), ((2, 3, 4), ())],
    ids=str,
)
def test_a_shared_parameter_gathers_over_the_axes_it_was_shared_along(half, shape, axes):
    values = np.arange(24.0).reshape(2, 3, 4)
    found = half.framework.array(half.framework.sum_to(half.framework.tensor(values), shape))
    np.testing.assert_array_equal(found, np.sum(values, axis=axes).reshape(shape))


def test_the_halves_name_the_same_modes_and_say_what_they_lack(half):
    assert half.framework.MODES == ("eager", "graph", "compiled")
    assert half.framework.unavailable("eager") == half.framework.unavailable("graph") == ""
    said = half.framework.unavailable("quantum")
    assert said == f"{half.framework.NAME} has no mode 'quantum', only eager, graph, compiled"


def test_the_processor_is_a_device_and_has_no_count_of_its_memory(half):
    devices = half.framework.devices()
    assert devices[0] == "cpu"
    assert devices[1:] == [f"gpu:{i}" for i in range(len(devices) - 1)]
    assert half.framework.peak_memory("cpu") is None


OTHERWISE = {"TensorFlow": {"oneDNN"}, "torch": {"DEFAULT", "AVX2", "AVX512", "NEON", "SVE256"}}


def test_the_kernels_are_named(half):
    assert {*half.framework.kernels()} <= OTHERWISE[half.framework.NAME]


def test_onednn_is_named_where_the_softmax_is_its_own(half):
    """Which drops the NaN of a row with ∞; TensorFlow's own kernel does not."""
    of_onednn = float(tf.nn.softmax([1.0, np.inf, 2.0])[0]) == 0
    assert (tf_impl.framework.kernels() == ("oneDNN",)) == of_onednn


def test_a_function_with_a_gradient_by_hand_refuses_integers_by_its_name(half):
    def doubled(x):
        return x + x

    function = half.framework.differentiable(lambda g, h, x: 2 * g)(doubled)
    with pytest.raises(TypeError, match="doubled needs a floating-point tensor, got int32"):
        function(half.framework.tensor(np.int32([1])))


def test_the_clock_never_goes_back(half):
    readings = [half.framework.clock() for _ in range(100)]
    assert readings == sorted(readings)
    assert readings[-1] > readings[0]


DRAW = {"TensorFlow": lambda: float(tf.random.uniform(())), "torch": lambda: float(torch.rand(()))}


def test_a_seed_repeats_every_generator(half):
    draws = []
    for seed in (5, 5, 6):
        half.framework.set_seed(seed)
        draws.append((random.random(), np.random.rand(), DRAW[half.framework.NAME]()))
    assert draws[0] == draws[1]
    assert all(one != other for one, other in zip(draws[0], draws[2], strict=True))


def test_a_gradient_may_be_for_arguments_named(half, mode):
    """The others are constants: an integer mask passes through, and gets no gradient."""

    @half.framework.differentiable(
        lambda g, h, mask, x, factor, y: (7 * g, 9 * g), tensors=("x", "y")
    )
    def masked(mask, x, factor=2.0, y=None):
        return mask * (factor * x + y)

    x, g = np.float32([1.0, -3.0]), np.float32([1.0, 0.5])
    mask = half.framework.tensor(np.float32([1, 0]))
    ((h, gradients, _),) = half.framework.evaluate(
        [(lambda x, y: masked(mask, x, y=y), (x, x), g, None)], mode
    )
    np.testing.assert_array_equal(h, [3, 0])
    np.testing.assert_array_equal(gradients, [7 * g, 9 * g])


def test_a_gradient_for_an_argument_that_is_not_there_is_refused(half):
    with pytest.raises(ValueError, match="has no labels, only"):
        half.framework.differentiable(lambda g, h, x: g, tensors=("labels",))(lambda x: x)
