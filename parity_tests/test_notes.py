"""The notes' worked numbers, from the reference and from both halves, misprints and all."""

import numpy as np
import pytest

import tf_impl.activations
import tf_impl.framework
import tf_impl.models.logistic_regression
import torch_impl.activations
import torch_impl.framework
import torch_impl.models.logistic_regression
from shared.data import load_insurance
from shared.errata import NUMBERS
from shared.reference import activations as reference

HALVES = {
    "TensorFlow": (tf_impl.framework, tf_impl.activations, tf_impl.models.logistic_regression),
    "torch": (torch_impl.framework, torch_impl.activations, torch_impl.models.logistic_regression),
}


def functions(party):
    """sigmoid and softplus of NumPy arrays, as the party computes them."""
    if party == "reference":
        return reference.sigmoid, reference.softplus
    framework, module, _ = HALVES[party]
    return tuple(
        lambda x, f=f: framework.array(f(framework.tensor(x)))
        for f in (module.sigmoid, module.softplus)
    )


def last_digit(printed):
    """Half a unit of the last digit printed."""
    _, _, decimals = str(printed).partition(".")
    return 0.5 * 10.0 ** -len(decimals)


@pytest.mark.parametrize("party", ["reference", *HALVES])
@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: number.what)
def test_worked_numbers(number, party):
    value = float(number.value(*functions(party)))
    agrees = abs(value - number.printed) <= last_digit(number.printed)
    assert agrees != number.misprint, f"{number.what}: printed {number.printed}, true {value!r}"


def test_true_values_of_the_misprints():
    true = {n.what: float(n.value(*functions("reference"))) for n in NUMBERS if n.misprint}
    assert f"{1 - true['σ(23), first insurance row']:.1e}" == "1.0e-10"
    assert f"{1 - true['(0 − σ(23))²']:.1e}" == "2.1e-10"
    assert true["error y − ŷ, first house"] == -1133
    assert round(true["log loss after the first epoch"], 2) == 17.69


@pytest.mark.parametrize("half", HALVES)
def test_who_buys_insurance(half):
    """The notes' y = 0.042 x − 1.53: at least 0.5 means will buy, from the age of 36.43 on."""
    framework, _, module = HALVES[half]
    model = module.LogisticRegression(1)
    framework.load(model, {"W": np.float32([0.042]), "b": np.float32(-1.53)})
    ages, _ = load_insurance()
    bought = framework.array(model.classify(framework.tensor(ages.astype(np.float32))))
    assert bought.tolist() == [int(age >= 1.53 / 0.042) for age in ages[:, 0]]


@pytest.mark.parametrize("half", HALVES)
def test_the_threshold_itself_counts_as_will_buy(half):
    framework, _, module = HALVES[half]
    model = module.LogisticRegression(2)
    nothing = framework.tensor(np.zeros((1, 2), np.float32))
    assert framework.array(model(nothing)).tolist() == [0.5]
    assert framework.array(model.classify(nothing)).tolist() == [1]
