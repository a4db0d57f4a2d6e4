"""What the optimizers refuse, and what they make of gradients that are zero, huge or NaN."""

import inspect

import keras
import numpy as np
import pytest
import tensorflow as tf
import torch

import tf_impl.optimizers
import torch_impl.optimizers
from parity_tests.optimizer_cases import CASES
from shared.hyperparameters import AMOUNTS, SHARES

nan, inf = np.nan, np.inf
CLASSES = sorted({case.optimizer for case in CASES})
ADAPTIVE = ("AdaGrad", "RMSprop", "Adam", "AdamW", "Adadelta")


def steps_of_keras(name, gradients, **options):
    W = keras.Variable([1.0])
    optimizer = getattr(tf_impl.optimizers, name)(0.5, **options)
    for g in gradients:
        optimizer.apply([tf.constant([g])], [W])
        yield W.numpy().item()


def steps_of_torch(name, gradients, **options):
    W = torch.nn.Parameter(torch.tensor([1.0]))
    optimizer = getattr(torch_impl.optimizers, name)([W], 0.5, **options)
    for g in gradients:
        W.grad = torch.tensor([g])
        optimizer.step()
        yield W.item()


both = pytest.mark.parametrize("steps", [steps_of_keras, steps_of_torch])


def made(half, name, options):
    if half == "tf":
        return getattr(tf_impl.optimizers, name)(**{"learning_rate": 0.5, **options})
    W = torch.nn.Parameter(torch.zeros(1))
    return getattr(torch_impl.optimizers, name)([W], **{"lr": 0.5, **options})


def ranges():
    """(half, class, hyperparameter, a value out of its range) for every number of every class."""
    for half, module in (("tf", tf_impl.optimizers), ("torch", torch_impl.optimizers)):
        for name in CLASSES:
            for option, argument in inspect.signature(getattr(module, name)).parameters.items():
                bad = {True: (-0.1, nan, 1.0), False: (-0.1, nan, inf)}[option in SHARES]
                if option in SHARES or option in AMOUNTS:
                    pair = isinstance(argument.default, tuple)
                    yield from ((half, name, option, (0.5, b) if pair else b) for b in bad)


@pytest.mark.parametrize("half, name, option, value", list(ranges()), ids=str)
def test_a_number_out_of_range_is_named(half, name, option, value):
    with pytest.raises(ValueError, match=f"^{option} must be ") as raised:
        made(half, name, {option: value})
    assert str(raised.value).endswith(f", got {value}")


def test_every_number_has_a_range():
    """Every hyperparameter is a number that is checked, a form, or a switch."""
    switches = {"centered", "flat", "params", "kwargs"}
    for module in (tf_impl.optimizers, torch_impl.optimizers):
        for name in CLASSES:
            kind = getattr(module, name)
            known = {*SHARES, *AMOUNTS, *kind.FORMS, *switches}
            assert set(inspect.signature(kind).parameters) <= known


@pytest.mark.parametrize("half", ["tf", "torch"])
@pytest.mark.parametrize("case", [c for c in CASES if "epsilon_form" in c.options], ids=str)
def test_a_form_that_there_is_not_is_named_with_those_there_are(half, case):
    with pytest.raises(ValueError, match=r"epsilon_form must be 'inside' or .*, got 'between'"):
        made(half, case.optimizer, {"epsilon_form": "between"})


@pytest.mark.parametrize("half", ["tf", "torch"])
def test_adam_alone_has_the_hat(half):
    for name in ("AdaGrad", "RMSprop"):
        with pytest.raises(ValueError, match="'inside' or 'outside', got 'hat'"):
            made(half, name, {"epsilon_form": "hat"})


def test_a_torch_groups_own_numbers_are_checked_too():
    W, V = (torch.nn.Parameter(torch.zeros(1)) for _ in range(2))
    optimizer = torch_impl.optimizers.Adam([W])
    with pytest.raises(ValueError, match=r"betas must be .*, got \(0.9, 1.0\)"):
        optimizer.add_param_group({"params": [V], "betas": (0.9, 1.0)})
    assert len(optimizer.param_groups) == 1


@pytest.mark.parametrize("name", CLASSES)
@both
def test_a_gradient_of_zero_moves_nothing_at_first(steps, name):
    decay = {"weight_decay": 0.0} if name == "AdamW" else {}
    assert list(steps(name, [0.0, 0.0], **decay)) == [1, 1]


@pytest.mark.parametrize("name", ["AdaGrad", "Adam"])
@both
def test_zero_by_zero_is_not_a_number(steps, name):
    of_name = {"eps" if steps is steps_of_torch else "epsilon": 0.0}
    assert np.isnan(list(steps(name, [0.0], **of_name))).all()


@both
def test_a_velocity_carries_on_without_a_gradient(steps):
    # V = −½, then β times it
    assert list(steps("Momentum", [1.0, 0.0, 0.0], momentum=0.5)) == [0.5, 0.25, 0.125]


@pytest.mark.parametrize("name", ADAPTIVE)
@both
def test_a_square_that_overflows_stops_its_element_for_good(steps, name):
    decay = {"weight_decay": 0.0} if name == "AdamW" else {}
    assert list(steps(name, [1e30, 1.0, 1.0], **decay)) == [1, 1, 1]


@pytest.mark.parametrize("name", ["SGD", "Momentum", "Nesterov"])
@both
def test_without_a_square_a_huge_gradient_is_a_huge_step(steps, name):
    (found,) = steps(name, [1e30])
    assert found < -4e29


@pytest.mark.parametrize("name", CLASSES)
@both
def test_a_gradient_that_is_not_a_number_is_not_hidden(steps, name):
    assert np.isnan(list(steps(name, [nan, 1.0]))).all()


def test_a_variance_that_rounding_takes_below_zero_is_zero():
    """v − ḡ² of a constant gradient tends to 0 from above, and by rounding to either side of it."""
    found = {}
    for kind in (torch_impl.optimizers.RMSprop, torch.optim.RMSprop):
        W = torch.nn.Parameter(torch.ones(1, dtype=torch.float64))
        optimizer = kind([W], 2.0**-10, alpha=0.99, eps=1e-7, centered=True)
        if "epsilon_form" in optimizer.param_groups[0]:
            optimizer.param_groups[0]["epsilon_form"] = "outside"
        W.grad = torch.full_like(W, 0.1)
        for _ in range(4000):
            optimizer.step()
        found[kind] = W.isfinite().item()
    assert found == {torch_impl.optimizers.RMSprop: True, torch.optim.RMSprop: False}
