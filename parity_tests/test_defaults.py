"""What hyperparameters are where none is given: once here, and the same in all three places."""

import inspect
from math import inf

import pytest

import shared.reference.optimizers
import shared.reference.preprocessing
import shared.reference.schedules
import tf_impl.optimizers
import tf_impl.preprocessing
import tf_impl.schedules
import torch_impl.optimizers
import torch_impl.preprocessing
import torch_impl.schedules
from shared.vocabulary import translate

EPSILON = {"epsilon": 1e-8, "epsilon_form": "inside"}
ADAM = {"learning_rate": 0.001, "beta_1": 0.9, "beta_2": 0.999, **EPSILON}
PLATEAU = {"factor": 0.1, "patience": 3, "min_delta": 0.0, "cooldown": 0, "min_lr": 0.0}
DEFAULTS = {  # of the course notes where these name a number, else of the papers and frameworks
    "SGD": {},
    "Momentum": {"momentum": 0.9, "velocity_form": "scaled"},
    "Nesterov": {"momentum": 0.9, "velocity_form": "look_ahead"},
    "DeltaBarDelta": {"kappa": 0.01, "phi": 0.1, "theta": 0.7},
    "AdaGrad": {"initial_accumulator_value": 0.0, **EPSILON},
    "RMSprop": {"rho": 0.9, "momentum": 0.0, "centered": False, "velocity_form": "scaled",
                **EPSILON},
    "Adam": ADAM,
    "AdamW": {**ADAM, "weight_decay": 0.01},
    "Adadelta": {"learning_rate": 1.0, "rho": 0.95, "epsilon": 1e-6},
    "ExponentialDecay": {},
    "InverseDecay": {},
    "StepDecay": {},
    "ManualSchedule": {},
    "PlateauDecay": PLATEAU,
    "PlateauState": {"best": inf, "waited": 0, "resting": 0},
    "CosineDecay": {"end_factor": 0.0},
    "PolynomialDecay": {"power": 1.0, "end_factor": 0.0},
    "LinearWarmup": {"start_factor": 1 / 3},
    "MeanCentering": {},
    "MinMaxScaling": {},
    "Standardization": {},
    "PCAWhitening": {"min_variance_ratio": 1e-6},
}  # fmt: skip
OF_A_CLASS = {  # what a class of some half takes besides
    "flat": False, "steps_per_epoch": 1, "dtype": "float64", "last_epoch": -1, "after": None,
    "monitor": "val_loss",
}  # fmt: skip
OF_ANOTHER_NAME = {"manual": "ManualSchedule", "principal_directions": "PCAWhitening",
                   "nesterov_reformulated": "Momentum", "look_ahead": "Nesterov"}  # fmt: skip
MODULES = [getattr(package, name) for package in (shared.reference, tf_impl, torch_impl)
           for name in ("optimizers", "schedules", "preprocessing")]  # fmt: skip
FUNCTIONS = {name.lower(): name for name in DEFAULTS}


def stated(callable_):
    """Argument -> its default, of those that have one."""
    parameters = inspect.signature(callable_).parameters.items()
    return {name: p.default for name, p in parameters if p.default is not p.empty}


def in_its_words(defaults, found):
    """The table's names and numbers as the signature has them."""
    words = {n: v for n, v in defaults.items() if n not in ("beta_1", "beta_2") or n in found}
    if "betas" in found:
        words["betas"] = defaults["beta_1"], defaults["beta_2"]
    return {name if name in found else translate(name): value for name, value in words.items()}


def named_here():
    for module in MODULES:
        for name, found in vars(module).items():
            title = OF_ANOTHER_NAME.get(name, FUNCTIONS.get(name.replace("_", "").lower()))
            if title and callable(found):
                yield pytest.param(title, found, id=f"{module.__name__}.{name}")


@pytest.mark.parametrize("title, found", list(named_here()))
def test_defaults(title, found):
    given = stated(found)
    expected = in_its_words(DEFAULTS[title], given)
    if inspect.isclass(found):
        assert given == {**expected, **{n: OF_A_CLASS[n] for n in given if n in OF_A_CLASS}}
    else:
        # a rate that is state, of which the update is told nothing
        assert {n: v for n, v in given.items() if n != "learning_rate" or v}.items() <= (
            expected.items()
        )


def test_every_class_is_named_here():
    for module in MODULES[3:]:
        classes = {n for n, c in vars(module).items() if inspect.isclass(c)}
        assert classes - {"Optimizer", "FlatParameters"} <= set(DEFAULTS)
