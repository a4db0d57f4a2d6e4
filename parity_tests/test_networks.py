"""The float64 network that models are held to: what reaches its input."""

import numpy as np

from shared.reference.networks import Step, backward, forward

STEPS = (Step("linear", "linear_1"), Step("tanh"))
WEIGHTS = {"linear_1/kernel": np.array([[2.0, -1.0], [0.5, 3.0]]), "linear_1/bias": np.zeros(2)}
X = np.array([[0.0, 0.0]])  # where tanh has the slope 1


def test_the_gradient_of_the_input_is_that_of_the_steps_and_of_a_loss_at_the_input():
    h, g = forward(STEPS, WEIGHTS, X), np.array([[1.0, 10.0]])
    for at_input in ({}, {0: np.array([[0.25, 0.5]])}):
        g_x, _ = backward(STEPS, WEIGHTS, h, {2: g, **at_input})
        # g Wᵀ, by hand
        assert g_x.tolist() == ([[-7.75, 31.0]] if at_input else [[-8.0, 30.5]])


def test_a_hidden_loss_reaches_the_weights_before_it_and_no_others():
    steps = (*STEPS, Step("linear", "linear_2"))
    weights = WEIGHTS | {"linear_2/kernel": np.ones((2, 1)), "linear_2/bias": np.zeros(1)}
    h = forward(steps, weights, X)
    _, gradients = backward(steps, weights, h, {2: np.array([[1.0, 2.0]]), 3: np.zeros((1, 1))})
    assert gradients["linear_1/bias"].tolist() == [1.0, 2.0]
    assert not gradients["linear_2/kernel"].any() and not gradients["linear_2/bias"].any()
