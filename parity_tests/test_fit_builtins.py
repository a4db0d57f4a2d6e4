"""`fit` with models, losses and optimizers that the frameworks ship, and with what these add."""

import keras
import numpy as np
import torch

import tf_impl.training
import torch_impl.training
from parity_tests import fit_cases
from parity_tests.fit_line import X, Y
from parity_tests.test_fit import CASES
from parity_tests.training_run import in_keras, module


def built_in(half, case):
    """The case's network, loss and optimizer as the framework ships them."""
    arrays, units, activation = list(case.arrays.values()), case.units, case.activation
    if in_keras(half):
        first = keras.layers.Dense(units[0], activation, dtype="float64")
        made = keras.Sequential([first, keras.layers.Dense(units[1], dtype="float64")])
        made.build((None, case.x.shape[1]))
        made.set_weights(arrays)
        loss = keras.losses.BinaryCrossentropy(from_logits=True, dtype="float64")
        return made, loss, keras.optimizers.SGD(case.rate)
    first, last = torch.nn.Linear(case.x.shape[1], units[0]), torch.nn.Linear(*units)
    made = torch.nn.Sequential(first, torch.nn.Tanh(), last).double()
    with torch.no_grad():
        for weight, array in zip(made.parameters(), arrays, strict=True):
            weight.copy_(torch.tensor(array.T))
    loss = torch.nn.functional.binary_cross_entropy_with_logits
    return made, loss, torch.optim.SGD(made.parameters(), lr=case.rate)


def test_models_losses_and_optimizers_that_frameworks_ship_are_trained_alike(half, mode):
    case = CASES["sgd"]
    made, loss, sgd = built_in(half, case)
    (x, y), held_out = case.split
    frame = module(half, "training").fit(
        made, x, y, loss=loss, optimizer=sgd, epochs=case.epochs, batch_size=case.batch_size,
        validation=held_out, mode=mode,
    ).frame  # fmt: skip
    fit_cases.assert_close(case, "epoch_loss", frame.loss, slice(None))
    fit_cases.assert_close(case, "val_loss", frame.val_loss, slice(None))


def test_a_model_that_was_never_built_is_built_by_its_first_row(half):
    if in_keras(half):
        made = keras.Sequential([keras.layers.Dense(1), keras.layers.Reshape(())])
        sgd = keras.optimizers.SGD(0.125)
    else:
        made = torch.nn.Sequential(torch.nn.Linear(2, 1), torch.nn.Flatten(0))
        sgd = torch.optim.SGD(made.parameters(), lr=0.125)
    loss = half.families["losses"].mean_squared_error
    fit = module(half, "training").fit
    frame = fit(made, X, Y, loss=loss, optimizer=sgd, epochs=2, batch_size=5).frame
    assert frame.loss[1] < frame.loss[0]


def test_what_keras_layers_add_to_the_loss_is_part_of_it():
    penalty = keras.regularizers.L2(0.5)
    last = keras.layers.Dense(1, kernel_initializer="ones", kernel_regularizer=penalty)
    made, loss = keras.Sequential([keras.Input((2,)), last]), keras.losses.MeanSquaredError()
    still = {"optimizer": keras.optimizers.SGD(0.0), "epochs": 1, "batch_size": 4}
    frame = tf_impl.training.fit(made, np.zeros((4, 2)), np.zeros((4, 1)), loss=loss, **still).frame
    assert frame.loss[0] == 1.0


class Overwriting(torch.optim.SGD):
    """Writes gradients over those before, as a flat optimizer does."""

    def zero_grad(self, set_to_none=True):
        super().zero_grad(set_to_none=False)


def test_a_step_keeps_its_gradients_when_the_next_one_writes_over_them():
    found = []
    for kind in (torch.optim.SGD, Overwriting):
        made, steps = torch.nn.Linear(2, 1), []
        torch.nn.init.ones_(made.weight)
        torch.nn.init.ones_(made.bias)
        more = {"loss": torch.nn.functional.mse_loss, "epochs": 2, "batch_size": 5}
        sgd = kind(made.parameters(), lr=0.125)
        torch_impl.training.fit(made, X, Y[:, None], optimizer=sgd, on_step=steps.append, **more)
        found.append([step.gradients["weight"].tolist() for step in steps])
    assert found[0] == found[1]
