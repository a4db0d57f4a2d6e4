"""The updates by hand: numbers worked out on paper, and what happens at the extremes."""

import numpy as np
import pytest
import tensorflow as tf
import torch

import tf_impl.optimizers.updates
import torch_impl.optimizers.updates
from shared.reference import optimizers as reference

UPDATES = {
    "reference": (reference, np.array),
    "TensorFlow": (tf_impl.optimizers.updates, lambda v: tf.constant(v, tf.float64)),
    "torch": (torch_impl.optimizers.updates, lambda v: torch.tensor(v, dtype=torch.float64)),
}
HALVES = ("TensorFlow", "torch")
# name, arguments after W = 4 and g = 2, and what comes out: every number is exact in binary
BY_HAND = {
    "descent": ("sgd", (0.5,), (3.0,)),
    # V = ½·3 − ½·2
    "α in the velocity": ("momentum", (3.0, 0.5, 0.5, "scaled"), (4.5, 0.5)),
    # V = ½·3 + 2
    "α outside the velocity": ("momentum", (3.0, 0.5, 0.5, "unscaled"), (2.25, 3.5)),
    # W = 4 − ½·3 = 2.5, V = ½·3 − ½·2, W = 3, x = 3 + ½·½
    "looking ahead": ("nesterov", (3.0, 0.5, 0.5, "look_ahead"), (3.25, 0.5)),
    # 4 + ½·½ − ½·2
    "looking ahead in x": ("nesterov", (3.0, 0.5, 0.5, "scaled"), (3.25, 0.5)),
    # 4 − ½(2 + ½·3.5)
    "looking ahead, α outside": ("nesterov", (3.0, 0.5, 0.5, "unscaled"), (2.125, 3.5)),
    # g and ḡ agree: the rate ½ + ¼
    "rate up": ("delta_bar_delta", (0.5, 1.0, 0.25, 0.5, 0.75), (2.5, 0.75, 1.25)),
    # they do not: ½ − ½·½
    "rate down": ("delta_bar_delta", (0.5, -2.0, 0.25, 0.5, 0.75), (3.5, 0.25, -1.0)),
    "rate at first": ("delta_bar_delta", (0.5, 0.0, 0.25, 0.5, 0.75), (3.0, 0.5, 0.5)),
    # G = 5 + 4, √(9 + 16) = 5
    "ε inside": ("adagrad", (5.0, 2.5, 16.0, "inside"), (3.0, 9.0)),
    # √9 + 1 = 4
    "ε outside": ("adagrad", (5.0, 2.0, 1.0, "outside"), (3.0, 9.0)),
    # v = ½·28 + ½·4 = 16, √(16 + 9) = 5
    "average of squares": (
        "rmsprop",
        (28.0, None, None, 2.5, 0.5, 0.0, 9.0, False, "inside", "scaled"),
        (3.0, 16.0, None, None),
    ),
    # ḡ = ½·4 + ½·2 = 3, v − ḡ² = 25 − 9 = 16, √16 + 1 = 5
    "variance": (
        "rmsprop",
        (46.0, 4.0, None, 2.5, 0.5, 0.0, 1.0, True, "outside", "scaled"),
        (3.0, 25.0, 3.0, None),
    ),
    # v = ½·4 = 2, ḡ = 3, v − ḡ² = −7, of which rounding leaves less: 0, and √0 + 1
    "variance below 0": (
        "rmsprop",
        (0.0, 4.0, None, 0.5, 0.5, 0.0, 1.0, True, "outside", "scaled"),
        (3.0, 2.0, 3.0, None),
    ),
    # Δ = 2/4, V = ½·3 + 2·Δ
    "velocity of quotients": (
        "rmsprop",
        (28.0, None, 3.0, 2.0, 0.5, 0.5, 0.0, False, "inside", "scaled"),
        (1.5, 16.0, None, 2.5),
    ),
    # V = ½·3 + Δ
    "velocity of quotients, α outside": (
        "rmsprop",
        (28.0, None, 3.0, 2.0, 0.5, 0.5, 0.0, False, "inside", "unscaled"),
        (0.0, 16.0, None, 2.0),
    ),
    # m = ½·4 + ½·2 = 3, v = ¾·4 + ¼·4 = 4, m̂ = 2m, v̂ = 4v, √(16 + 9) = 5
    "unbiased": (
        "adam",
        (4.0, 4.0, 2.5, 2.0, 4.0, 0.5, 0.75, 9.0, "inside"),
        (1.0, 3.0, 4.0),
    ),
    # √16 + 1
    "unbiased, ε outside": (
        "adam",
        (4.0, 4.0, 2.5, 2.0, 4.0, 0.5, 0.75, 1.0, "outside"),
        (1.0, 3.0, 4.0),
    ),
    # √16 + ½·√4
    "unbiased, ε̂": (
        "adam",
        (4.0, 4.0, 2.5, 2.0, 4.0, 0.5, 0.75, 0.5, "hat"),
        (1.0, 3.0, 4.0),
    ),
    # 4 − 2.5·¼·4 − 3
    "decayed": (
        "adamw",
        (4.0, 4.0, 2.5, 2.0, 4.0, 0.25, 0.5, 0.75, 9.0, "inside"),
        (-1.5, 3.0, 4.0),
    ),
    # v = ½·266 + ½·4 = 135, Δ = −√(27 + 9)/√(135 + 9)·2 = −1, u = ½·27 + ½·1
    "steps in the units of W": ("adadelta", (266.0, 27.0, 0.5, 0.5, 9.0), (3.5, 135.0, 14.0)),
}
# the reference counts the steps itself, and works an average out whether it is used or not
REFERENCE = {
    "sgd": (3.0,), "momentum": (4.5, 0.5), "nesterov_reformulated": (3.25, 0.5),
    "delta_bar_delta": (2.5, 0.75, 1.25), "adagrad": (3.0, 9.0),
    "rmsprop": (3.0, 25.0, 3.0, 1.0), "adam": (1.0, 3.0, 1.0), "adamw": (-1.5, 3.0, 1.0),
    "adadelta": (3.5, 135.0, 14.0),
}  # fmt: skip
REFERENCE_ARGUMENTS = {
    "sgd": (0.5,), "momentum": (3.0, 0.5, 0.5), "nesterov_reformulated": (3.0, 0.5, 0.5),
    "delta_bar_delta": (0.5, 1.0, None, 0.25, 0.5, 0.75),
    "adagrad": (5.0, 2.5, 0.0, 16.0),
    "rmsprop": (46.0, 4.0, 0.0, 2.5, 0.5, 0.0, 9.0, True),
    # at t = 1: m̂ = 3/½, v̂ = 1/¼, √(4 + 21) = 5
    "adam": (4.0, 0.0, 1, 2.5, 0.5, 0.75, 21.0),
    "adamw": (4.0, 0.0, 1, 2.5, 0.25, 0.5, 0.75, 21.0),
    "adadelta": (266.0, 27.0, 0.5, 0.5, 9.0),
}  # fmt: skip


def values(result):
    return [None if v is None else float(v) for v in result]


@pytest.mark.parametrize("half", HALVES)
@pytest.mark.parametrize("case", BY_HAND)
def test_a_step_by_hand(half, case):
    module, number = UPDATES[half]
    name, arguments, expected = BY_HAND[case]
    arguments = (number(a) if type(a) is float else a for a in arguments)
    found = getattr(module, name)(number(4.0), number(2.0), *arguments)
    assert values(found) == list(expected)


@pytest.mark.parametrize("name", REFERENCE)
def test_a_step_of_the_reference_by_hand(name):
    found = getattr(reference, name)(4.0, 2.0, *REFERENCE_ARGUMENTS[name])
    assert values(found) == list(REFERENCE[name])


def test_an_average_of_a_few_steps_is_unbiased():
    assert float(tf_impl.optimizers.updates.unbias(0.5, 2)) == 1 / 0.75
    assert float(torch_impl.optimizers.updates.unbias(0.5, 2)) == 1 / 0.75
    # exact to the last digit: float32's 0.999 would give 1000.0129
    assert float(tf_impl.optimizers.updates.unbias(0.999, 1)) == 1 / (1 - 0.999)


def ones(W, k):
    return np.ones_like(W)


def sides(W, k):
    """3, then 4, whose squares add up to that of 5."""
    return np.full_like(W, (3.0, 4.0)[k])


def test_a_run_of_the_reference_begins_as_the_classes_do():
    # √G = 3, then 5: steps of 1 · 3/3 and 5 · 4/5, every number of them exact in binary
    sums = reference.descend("adagrad", sides, [5.0], [1.0, 5.0], epsilon=0.0)
    np.testing.assert_array_equal(sums["W"], [[4.0], [0.0]])
    # the rates begin as the first one, whatever comes after it
    own = reference.descend("delta_bar_delta", ones, [0.0], [0.5, 0.25], kappa=0.0)
    np.testing.assert_array_equal(own["W"], [[-0.5], [-1.0]])


def test_a_run_of_the_reference_looks_ahead_by_the_momentum_it_is_given_or_the_default():
    def slope(W, k):
        return 2 * W

    by_default = reference.descend("nesterov", slope, [1.0], [0.25, 0.25])["W"]
    given = reference.descend("nesterov", slope, [1.0], [0.25, 0.25], momentum=0.9)["W"]
    np.testing.assert_array_equal(by_default, given)
