"""`fit` where training is more than a step of every weight: frozen layers, dropout, BatchNorm."""

from collections import OrderedDict

import keras
import numpy as np
import pytest
import torch

import tf_impl.layers
import torch_impl.layers
import torch_impl.training
from parity_tests import fit_cases
from parity_tests.fit_line import Line, X, Y
from parity_tests.test_fit import insurance
from parity_tests.training_run import in_keras, module


class KerasUnread(tf_impl.layers.Linear):
    """A linear layer with one weight more, which nothing reads."""

    def build(self, input_shape):
        super().build(input_shape)
        self.unread = self.add_weight(shape=(2,), initializer="ones", name="unread")


class TorchUnread(torch_impl.layers.Linear):
    """The same."""

    def __init__(self, *sizes):
        super().__init__(*sizes)
        self.unread = torch.nn.Parameter(torch.ones(2))


def frozen(half):
    """A network whose first layer is frozen, and whose second has a weight that nothing reads."""
    if in_keras(half):
        first = tf_impl.layers.Linear(4, name="linear_1", trainable=False)
        return keras.Sequential([keras.Input((2,)), first, KerasUnread(1, name="linear_2")])
    first = torch_impl.layers.Linear(2, 4).requires_grad_(False)
    return torch.nn.Sequential(OrderedDict(linear_1=first, linear_2=TorchUnread(4, 1)))


def test_frozen_weights_and_those_without_a_gradient_stay(half, mode):
    made, steps = frozen(half), []
    before = fit_cases.values(half, made)
    adam = fit_cases.optimizer(half, "adam", made, 0.125)
    (x, y), _ = insurance().split
    loss = half.families["losses"].binary_cross_entropy_with_logits
    module(half, "training").fit(
        made, x, y, loss=loss, optimizer=adam, epochs=1, batch_size=5, mode=mode,
        on_step=steps.append,
    )  # fmt: skip
    after = fit_cases.values(half, made)
    changed = {name for name in before if not np.array_equal(before[name], after[name])}
    last = {"linear_2/kernel", "linear_2/bias"} if in_keras(half) else {
        "linear_2.weight", "linear_2.bias"}  # fmt: skip
    assert changed == last
    gradients = steps[0].gradients
    assert {name for name, g in gradients.items() if g is not None} == last
    (unread,) = (name for name, g in gradients.items() if g is None)
    assert "unread" in unread


def with_layer(half, keras_layer, torch_layer):
    """A layer that is another one in training, and a linear one behind it."""
    if in_keras(half):
        return keras.Sequential([keras.Input((2,)), keras_layer, tf_impl.layers.Linear(1)])
    return torch.nn.Sequential(torch_layer, torch_impl.layers.Linear(2, 1))


def at_rest(half, made, mode, validation=(X, Y[:, None])):
    """A run of two epochs whose rate is 0."""
    sgd = fit_cases.optimizer(half, "sgd", made, 0.0)
    loss = half.families["losses"].mean_squared_error
    return module(half, "training").fit(
        made, X, Y[:, None], loss=loss, optimizer=sgd, epochs=2, batch_size=5, mode=mode,
        validation=validation,
    ).frame  # fmt: skip


def test_one_weight_that_is_trained_is_enough(half):
    line = Line(half)
    if in_keras(half):
        line.model.b.trainable = False
    else:
        line.model.b.requires_grad_(False)
    before, b = (np.copy(half.framework.array(v)) for v in (line.model.W, line.model.b))
    line.fit()
    assert (half.framework.array(line.model.W) != before).all()
    np.testing.assert_array_equal(half.framework.array(line.model.b), b)


def test_dropout_drops_in_steps_and_not_in_validation(half):
    half.framework.set_seed(1)
    dropout = half.families["layers"].Dropout
    frame = at_rest(half, with_layer(half, dropout(0.5), dropout(0.5)), "eager")
    assert frame.loss[0] != frame.loss[1]
    assert frame.val_loss[0] == frame.val_loss[1]


def test_batch_norm_keeps_statistics_of_steps_and_not_of_validation(half, mode):
    found = []
    for validation in ((8 * X, Y[:, None]), None):
        norm = half.families["layers"].BatchNorm
        layers = (norm(), None) if in_keras(half) else (None, norm(2))
        made = with_layer(half, *layers)
        at_rest(half, made, mode, validation)
        moving = [v for n, v in fit_cases.values(half, made).items() if "mean" in n]
        found.append(moving[0])
    assert found[0].all()
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize("training", [True, False])
def test_a_module_is_in_its_own_mode_again_afterwards(training):
    made = torch.nn.Linear(2, 1).train(training)
    sgd = torch.optim.SGD(made.parameters(), lr=0.125)
    more = {"loss": torch.nn.functional.mse_loss, "epochs": 1, "batch_size": 2}
    data = X, Y[:, None]
    torch_impl.training.fit(made, *data, optimizer=sgd, validation=data, **more)
    assert made.training is training
