"""The hand-written gradients are the slopes of the functions, in both orders."""

import numpy as np
import pytest
import tensorflow as tf
import torch

import tf_impl.activations
import torch_impl.activations
from shared.catalogue import ACTIVATIONS
from shared.comparison import ulp_bound

OPTIONS = {"maxout": {"pieces": 3}, "leaky_relu": {"negative_slope": 0.3}, "elu": {"alpha": 0.7}}
POINTS = np.array([[-4.7, -2.1, -0.83, -0.31, 0.17, 0.62], [1.31, 1.9, 2.6, 3.3, 4.1, 5.3]])
SLOPES = np.linspace(0.1, 0.6, 6)
STEP = 2.0**-10

every_concept = pytest.mark.parametrize("concept", ACTIVATIONS, ids=lambda concept: concept.name)


def function_and_inputs(module, concept):
    """The function of float64 tensors alone, and arrays without kinks or ties for it."""
    options = OPTIONS.get(concept.name, {})
    inputs = (POINTS, SLOPES) if concept.parameters else (POINTS,)
    return lambda *t: getattr(module, concept.name)(*t, **options), inputs


@every_concept
def test_torch_finds_the_gradients_to_be_the_slopes_in_both_orders(concept):
    function, arrays = function_and_inputs(torch_impl.activations, concept)
    tensors = [torch.tensor(values, requires_grad=True) for values in arrays]
    assert torch.autograd.gradcheck(function, tensors, check_batched_grad=True)
    assert torch.autograd.gradgradcheck(function, tensors)


def assert_slopes(function, arrays):
    """Jacobians equal central differences, within what halving the step of these changes.

    A central difference is off by a multiple of the square of its step, so that twice the step is
    off by four times as much, and the change by three times as much as what is asserted.
    """
    near, far = (tf.test.compute_gradient(function, arrays, step) for step in (STEP, 2 * STEP))
    rounding = ulp_bound(np.max(np.abs(function(*arrays))), "float64", 4) / STEP
    for jacobian, differences, further in zip(near[0], near[1], far[1], strict=True):
        error = np.abs(jacobian - differences)
        assert (error <= np.abs(further - differences) + rounding).all(), error.max()
        assert np.abs(differences).max() > 0


@every_concept
def test_tensorflow_finds_the_gradients_to_be_the_slopes(concept):
    function, arrays = function_and_inputs(tf_impl.activations, concept)
    assert_slopes(function, [tf.constant(values) for values in arrays])


@pytest.mark.parametrize("name", [concept.name for concept in ACTIVATIONS if concept.second_order])
def test_tensorflow_finds_the_second_derivatives_to_be_the_slopes_of_the_gradients(name):
    function = getattr(tf_impl.activations, name)
    weights = np.random.default_rng(0).normal(size=POINTS.shape)

    def gradient(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            total = tf.reduce_sum(weights * function(x))
        return tape.gradient(total, x)

    assert_slopes(gradient, [tf.constant(POINTS)])


def jacobian(half, function, x):
    """∂h_i/∂x_j by way of the hand-written gradient."""
    columns = [
        half.framework.value_and_gradients(function, x, upstream=unit)[1][0]
        for unit in np.eye(len(x))
    ]
    return np.stack(columns)


def test_the_jacobian_of_softmax_has_h_times_1_minus_h_on_its_diagonal(half):
    x = np.log([0.5, 0.25, 0.25])
    h = np.array([0.5, 0.25, 0.25])
    expected = np.diag(h * (1 - h)) - np.outer(h, h) * (1 - np.eye(3))
    error = np.abs(jacobian(half, half.activations.softmax, x) - expected)
    assert (error <= ulp_bound(1.0, "float64", 4)).all()


def test_functions_are_traced_once_for_every_batch_size():
    cases = [(c, *function_and_inputs(tf_impl.activations, c)) for c in ACTIVATIONS]

    @tf.function(input_signature=[tf.TensorSpec([None, 6], tf.float64)], autograph=False)
    def gradients(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            total = tf.add_n([tf.reduce_sum(f(x, *rest)) for _, f, (_, *rest) in cases])
        return total, tape.gradient(total, x)

    whole, g_x = gradients(POINTS)
    parts = [gradients(POINTS[[row]]) for row in range(len(POINTS))]
    np.testing.assert_array_equal(g_x, np.concatenate([g for _, g in parts]))
    assert gradients.experimental_get_tracing_count() == 1
    assert np.isfinite(whole)
