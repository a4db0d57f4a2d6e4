"""How far a function moves with its inputs is its condition number, worked out by hand."""

import numpy as np
import pytest

from shared.comparison import sensitivity

inf, nan = np.inf, np.nan
STEP = 2.0**-26  # that slopes are taken with
X = np.array([[1.0, -2.0, 3.0], [4.0, 0.0, -7.0]])


def test_a_linear_function_moves_as_its_input_does():
    np.testing.assert_array_equal(sensitivity(lambda x: 5 * x, (X,)), 5 * np.abs(X))


def test_each_input_of_a_product_moves_it():
    y = np.array([[2.0, 2.0, -1.0], [0.0, 8.0, 3.0]])
    np.testing.assert_array_equal(sensitivity(np.multiply, (X, y)), 2 * np.abs(X * y))
    np.testing.assert_array_equal(sensitivity(np.multiply, (X, 3.0)), 6 * np.abs(X))


def test_a_square_moves_twice_as_far():
    x = np.array([1.0, -2.0, 0.0, 8.0])
    # ((1 + s)² − 1)/s = 2 + s
    np.testing.assert_array_equal(sensitivity(np.square, (x,)), (2 + STEP) * x**2)


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_along_an_axis_every_place_moves_the_sum(axis):
    found = sensitivity(lambda x: np.sum(x, axis, keepdims=True), (X,), axis)
    np.testing.assert_array_equal(found, np.sum(np.abs(X), axis, keepdims=True))


def test_moves_of_opposite_sign_do_not_cancel_along_an_axis():
    difference = np.array([[3.0, 3.0]])
    found = sensitivity(lambda x: x - x[..., ::-1], (difference,), -1)
    np.testing.assert_array_equal(found, [[6.0, 6.0]])


def test_the_condition_number_of_exp_is_its_argument():
    x = np.array([-3.0, -0.5, 0.0, 2.0, 10.0])
    error = np.abs(sensitivity(np.exp, (x,)) - np.abs(x) * np.exp(x))
    assert (error <= STEP * (x**2 + 1) * np.exp(x)).all()  # the error of the one-sided slope


def test_softmax_moves_by_its_jacobian():
    x = np.log([[0.5, 0.25, 0.25]])
    h = np.array([0.5, 0.25, 0.25])
    jacobian = np.diag(h) - np.outer(h, h)
    expected = np.abs(jacobian * x).sum(axis=1)
    found = sensitivity(lambda x: np.exp(x) / np.exp(x).sum(-1, keepdims=True), (x,), -1)
    assert (np.abs(found[0] - expected) <= STEP * (x[0] ** 2).sum()).all()


def test_what_is_not_finite_does_not_move():
    found = sensitivity(lambda x: 1 / x, (np.array([0.0, inf, nan, 2.0]),))
    assert found[:3].tolist() == [0, 0, 0]
    assert found[3] > 0
