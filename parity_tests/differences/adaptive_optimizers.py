"""Adagrad, RMSprop and Adadelta: where epsilon stands, and which defaults."""

import keras
import numpy as np
import tensorflow as tf
import torch

from parity_tests.differences.entry import (
    NONE,
    OPTIMIZER,
    SILENT_WRONG,
    SLOW_DRIFT,
    difference,
)
from parity_tests.differences.optimizers import descend_keras, descend_torch

TITLE = "Adagrad, RMSprop and Adadelta"
STAGE = OPTIMIZER


@difference(
    item="weight_decay of RMSprop, Adagrad, Adadelta, Adamax and NAdam",
    keras="decoupled, as of every optimizer",
    torch="added to the gradient; only Adam, NAdam and RAdam have decoupled_weight_decay",
    severity=SILENT_WRONG,
    hits="RMSprop(weight_decay=…) of vision models",
    recipe="torch: weight_decay=0, and p.mul_(1 - lr * wd) before each step; Keras: λ w added to "
    "the gradient",
    sources=("keras/src/backend/tensorflow/optimizer.py:L98", "torch/optim/rmsprop.py:L308"),
)
class RmspropWeightDecay:
    def in_keras():
        options = {"learning_rate": 0.0625, "rho": 0.875, "epsilon": 0.0, "weight_decay": 0.125}
        return descend_keras(keras.optimizers.RMSprop, **options)

    def in_torch():
        options = {"lr": 0.0625, "alpha": 0.875, "eps": 0.0, "weight_decay": 0.125}
        return descend_torch(torch.optim.RMSprop, **options)

    def torch_as_keras():
        def decay(optimizer, step):
            for group in optimizer.param_groups:
                for w in group["params"]:
                    w.data.mul_(1 - group["lr"] * 0.125)

        return descend_torch(torch.optim.RMSprop, before=decay, lr=0.0625, alpha=0.875, eps=0.0)

    def keras_as_torch():
        options = {"learning_rate": 0.0625, "rho": 0.875, "epsilon": 0.0}
        return descend_keras(keras.optimizers.RMSprop, penalty=0.125, **options)


class AdagradOutside(keras.optimizers.Adagrad):
    """Adagrad with ε added to the root."""

    def update_step(self, gradient, variable, learning_rate):
        total = self._accumulators[self._get_variable_index(variable)]
        total.assign_add(gradient**2)
        variable.assign_sub(learning_rate * gradient / (total**0.5 + self.epsilon))


@difference(
    item="defaults of Adagrad()",
    keras="learning rate 0.001, sum of squares begins at 0.1",
    torch="learning rate 0.01, sum of squares begins at 0",
    severity=SILENT_WRONG,
    hits="every use of Adagrad",
    recipe="torch: lr=0.001, initial_accumulator_value=0.1 + 1e-7, eps=0; Keras: "
    "initial_accumulator_value=0, learning_rate=0.01 and an epsilon near 0",
    sources=("keras/src/optimizers/adagrad.py:L38", "torch/optim/adagrad.py:L35"),
    steps=(1, 10, 100),
)
class AdagradDefaults:
    def in_keras(steps):
        return descend_keras(keras.optimizers.Adagrad, steps)

    def in_torch(steps):
        return descend_torch(torch.optim.Adagrad, steps)

    def torch_as_keras(steps):
        # ε is added to the sum in Keras, so it may as well be there from the start
        first = float(np.float32(0.1)) + 1e-7
        options = {"lr": 0.001, "initial_accumulator_value": first, "eps": 0.0}
        return descend_torch(torch.optim.Adagrad, steps, **options)

    def keras_as_torch(steps):
        options = {"learning_rate": 0.01, "initial_accumulator_value": 0.0, "epsilon": 1e-10}
        return descend_keras(AdagradOutside, steps, **options)


@difference(
    item="where Adagrad's epsilon stands",
    keras="inside the root: g / √(s + ε)",
    torch="outside: g / (√s + ε)",
    severity=SLOW_DRIFT,
    hits="ports with equal hyperparameters",
    recipe="torch: eps=0, and ε added to initial_accumulator_value; Keras: override update_step",
    sources=("keras/src/optimizers/adagrad.py:L90", "torch/optim/adagrad.py:L425"),
    steps=(1, 10, 100),
)
class AdagradEpsilon:
    epsilon = 2.0**-10

    def in_keras(epsilon, steps):
        options = {"learning_rate": 0.0625, "initial_accumulator_value": 0.125}
        return descend_keras(keras.optimizers.Adagrad, steps, epsilon=epsilon, **options)

    def in_torch(epsilon, steps):
        options = {"lr": 0.0625, "initial_accumulator_value": 0.125, "eps": epsilon}
        return descend_torch(torch.optim.Adagrad, steps, **options)

    def torch_as_keras(epsilon, steps):
        options = {"lr": 0.0625, "initial_accumulator_value": 0.125 + epsilon, "eps": 0.0}
        return descend_torch(torch.optim.Adagrad, steps, **options)

    def keras_as_torch(epsilon, steps):
        options = {"learning_rate": 0.0625, "initial_accumulator_value": 0.125, "epsilon": epsilon}
        return descend_keras(AdagradOutside, steps, **options)


@difference(
    item="lr_decay of Adagrad",
    keras="no such argument",
    torch="η / (1 + (t − 1) lr_decay)",
    severity=SILENT_WRONG,
    hits="torch code that passes lr_decay",
    recipe="Keras: learning_rate=InverseTimeDecay(η, 1, lr_decay)",
    sources=("keras/src/optimizers/adagrad.py:L35", "torch/optim/adagrad.py:L402"),
)
class AdagradRateDecay:
    def in_keras():
        options = {"learning_rate": 0.0625, "initial_accumulator_value": 0.125, "epsilon": 0.0}
        return descend_keras(keras.optimizers.Adagrad, **options)

    def in_torch():
        options = {"lr": 0.0625, "initial_accumulator_value": 0.125, "eps": 0.0}
        return descend_torch(torch.optim.Adagrad, lr_decay=0.125, **options)

    def torch_as_keras():
        options = {"lr": 0.0625, "initial_accumulator_value": 0.125, "eps": 0.0}
        return descend_torch(torch.optim.Adagrad, lr_decay=0.0, **options)

    def keras_as_torch():
        rate = keras.optimizers.schedules.InverseTimeDecay(
            np.float64(0.0625), np.float64(1.0), np.float64(0.125)
        )
        options = {"learning_rate": rate, "initial_accumulator_value": 0.125, "epsilon": 0.0}
        return descend_keras(keras.optimizers.Adagrad, **options)


def mean_square_with_epsilon(optimizer, step, epsilon):
    """Before a step of torch's RMSprop: keep ε within the mean of squares, as Keras has it."""
    for group in optimizer.param_groups:
        for w in group["params"]:
            if state := optimizer.state[w]:
                state["square_avg"] += epsilon * (1 - group["alpha"]) / group["alpha"]
            else:
                state["step"] = torch.zeros(())
                state["square_avg"] = torch.full_like(w, epsilon / group["alpha"])
                state["momentum_buffer"] = torch.zeros_like(w)
                state["grad_avg"] = torch.zeros_like(w)


class RmspropOutside(keras.optimizers.RMSprop):
    """RMSprop with ε added to the root."""

    def update_step(self, gradient, variable, learning_rate):
        square = self._velocities[self._get_variable_index(variable)]
        square.assign(self.rho * square + (1 - self.rho) * gradient**2)
        spread = square
        if self.centered:
            mean = self._average_gradients[self._get_variable_index(variable)]
            mean.assign(self.rho * mean + (1 - self.rho) * gradient)
            spread = square - mean**2
        variable.assign_sub(learning_rate * gradient / (spread**0.5 + self.epsilon))


@difference(
    item="defaults of RMSprop()",
    keras="learning rate 0.001, rho 0.9, epsilon 1e-7",
    torch="learning rate 0.01, alpha 0.99, eps 1e-8",
    severity=SILENT_WRONG,
    hits="every use of RMSprop",
    recipe="pass the learning rate and rho = alpha; of epsilon see where it stands",
    sources=("keras/src/optimizers/rmsprop.py:L55", "torch/optim/rmsprop.py:L34"),
    steps=(1, 10, 100),
)
class RmspropDefaults:
    def in_keras(steps):
        return descend_keras(keras.optimizers.RMSprop, steps)

    def in_torch(steps):
        return descend_torch(torch.optim.RMSprop, steps)

    def torch_as_keras(steps):
        def inside(optimizer, step):
            mean_square_with_epsilon(optimizer, step, epsilon=1e-7)

        options = {"lr": 0.001, "alpha": 0.9, "eps": 0.0}
        return descend_torch(torch.optim.RMSprop, steps, before=inside, **options)

    def keras_as_torch(steps):
        options = {"learning_rate": 0.01, "rho": 0.99, "epsilon": 1e-8}
        return descend_keras(RmspropOutside, steps, **options)


@difference(
    item="where RMSprop's epsilon stands",
    keras="inside the root: g / √(v + ε)",
    torch="outside: g / (√v + ε); to match Keras' 1e-7 where v is small, it takes 3e-4",
    severity=SLOW_DRIFT,
    hits="ports with equal hyperparameters, reinforcement learning above all",
    recipe="torch: eps=0, square_avg begun at ε and ε (1 − α) / α added to it before every step; "
    "Keras: override update_step",
    sources=("keras/src/optimizers/rmsprop.py:L143", "torch/optim/rmsprop.py:L330"),
    steps=(1, 10, 100),
)
class RmspropEpsilon:
    def in_keras(steps):
        options = {"learning_rate": 0.0625, "rho": 0.875, "epsilon": 1e-7}
        return descend_keras(keras.optimizers.RMSprop, steps, **options)

    def in_torch(steps):
        return descend_torch(torch.optim.RMSprop, steps, lr=0.0625, alpha=0.875, eps=1e-7)

    def torch_as_keras(steps):
        def inside(optimizer, step):
            mean_square_with_epsilon(optimizer, step, epsilon=1e-7)

        options = {"lr": 0.0625, "alpha": 0.875, "eps": 0.0}
        return descend_torch(torch.optim.RMSprop, steps, before=inside, **options)

    def keras_as_torch(steps):
        options = {"learning_rate": 0.0625, "rho": 0.875, "epsilon": 1e-7}
        return descend_keras(RmspropOutside, steps, **options)


@difference(
    item="epsilon of centred RMSprop",
    keras="g / √(v − m² + ε)",
    torch="g / (√(v − m²) + ε)",
    severity=SLOW_DRIFT,
    hits="RMSprop(centered=True): v − m² is small where gradients are steady, so ε weighs more",
    recipe="torch: eps=0 and ε kept within square_avg; Keras: override update_step",
    sources=("keras/src/optimizers/rmsprop.py:L141", "torch/optim/rmsprop.py:L323"),
    steps=(1, 10, 100),
)
class RmspropCentered:
    def in_keras(steps):
        options = {"learning_rate": 0.0625, "rho": 0.875, "epsilon": 1e-3, "centered": True}
        return descend_keras(keras.optimizers.RMSprop, steps, **options)

    def in_torch(steps):
        options = {"lr": 0.0625, "alpha": 0.875, "eps": 1e-3, "centered": True}
        return descend_torch(torch.optim.RMSprop, steps, **options)

    def torch_as_keras(steps):
        def inside(optimizer, step):
            mean_square_with_epsilon(optimizer, step, epsilon=1e-3)

        options = {"lr": 0.0625, "alpha": 0.875, "eps": 0.0, "centered": True}
        return descend_torch(torch.optim.RMSprop, steps, before=inside, **options)

    def keras_as_torch(steps):
        options = {"learning_rate": 0.0625, "rho": 0.875, "epsilon": 1e-3, "centered": True}
        return descend_keras(RmspropOutside, steps, **options)


@difference(
    item="centred RMSprop of a constant gradient",
    keras="finite: ε inside the root makes up for v − m² rounded below zero",
    torch="NaN: the root of a negative number, before ε is added",
    severity=SILENT_WRONG,
    hits="RMSprop(centered=True) near a constant gradient, after hundreds of steps",
    recipe="torch: eps=0 and ε kept within square_avg; Keras: override update_step",
    sources=("keras/src/optimizers/rmsprop.py:L141", "torch/optim/rmsprop.py:L323"),
)
class RmspropCenteredNan:
    # v and m² after many steps of one gradient, whose difference is rounding
    square, mean, gradient = np.array([0.01 * (1 - 2.0**-40)]), np.array([0.1]), np.array([0.1])
    epsilon = 1e-3

    def in_keras(square, mean, gradient, epsilon):
        keras.config.set_floatx("float64")
        optimizer = keras.optimizers.RMSprop(0.0625, rho=0.875, epsilon=epsilon, centered=True)
        optimizer.build([w := keras.Variable(np.ones(1))])
        optimizer._velocities[0].assign(square)
        optimizer._average_gradients[0].assign(mean)
        optimizer.apply([tf.constant(gradient)], [w])
        return w

    def in_torch(square, mean, gradient, epsilon):
        w = torch.tensor([1.0], dtype=torch.float64, requires_grad=True)
        optimizer = torch.optim.RMSprop([w], lr=0.0625, alpha=0.875, eps=epsilon, centered=True)
        optimizer.state[w] = {
            "step": torch.zeros(()),
            "square_avg": torch.tensor(square),
            "grad_avg": torch.tensor(mean),
        }
        w.grad = torch.tensor(gradient)
        optimizer.step()
        return w.detach()

    def torch_as_keras(square, mean, gradient, epsilon):
        w = torch.tensor([1.0], dtype=torch.float64, requires_grad=True)
        optimizer = torch.optim.RMSprop([w], lr=0.0625, alpha=0.875, eps=0.0, centered=True)
        optimizer.state[w] = {
            "step": torch.zeros(()),
            "square_avg": torch.tensor(square + epsilon / 0.875),
            "grad_avg": torch.tensor(mean),
        }
        w.grad = torch.tensor(gradient)
        optimizer.step()
        return w.detach()

    def keras_as_torch(square, mean, gradient, epsilon):
        keras.config.set_floatx("float64")
        optimizer = RmspropOutside(0.0625, rho=0.875, epsilon=epsilon, centered=True)
        optimizer.build([w := keras.Variable(np.ones(1))])
        optimizer._velocities[0].assign(square)
        optimizer._average_gradients[0].assign(mean)
        optimizer.apply([tf.constant(gradient)], [w])
        return w


@difference(
    item="momentum of RMSprop at a constant learning rate",
    keras="v ← μ v + η g / rms, w ← w − v",
    torch="b ← μ b + g / rms, w ← w − η b, which is the same",
    severity=NONE,
    hits="nobody, until the learning rate changes",
    recipe="nothing to do",
    sources=("keras/src/optimizers/rmsprop.py:L150", "torch/optim/rmsprop.py:L336"),
)
class RmspropMomentum:
    def in_keras():
        options = {"learning_rate": 0.0625, "rho": 0.875, "momentum": 0.5, "epsilon": 0.0}
        return descend_keras(keras.optimizers.RMSprop, **options)

    def in_torch():
        options = {"lr": 0.0625, "alpha": 0.875, "momentum": 0.5, "eps": 0.0}
        return descend_torch(torch.optim.RMSprop, **options)


@difference(
    item="RMSprop with momentum once the learning rate changes",
    keras="the rate is inside the velocity: old steps keep old rates",
    torch="the rate is outside: old steps take the new rate",
    severity=SLOW_DRIFT,
    hits="RMSprop with momentum 0.9 and a schedule, as EfficientNet and MobileNet are trained",
    recipe="at each change multiply torch's momentum_buffer by η_old / η_new, or Keras' momentum "
    "by η_new / η_old",
    sources=("keras/src/optimizers/rmsprop.py:L150", "torch/optim/rmsprop.py:L337"),
    steps=(1, 10, 100),
)
class RmspropMomentumRateChange:
    def in_keras(steps):
        def cut(optimizer, step):
            if step == 5:
                optimizer.learning_rate = 0.03125

        options = {"learning_rate": 0.0625, "rho": 0.875, "momentum": 0.5, "epsilon": 0.0}
        return descend_keras(keras.optimizers.RMSprop, steps, before=cut, **options)

    def in_torch(steps):
        def cut(optimizer, step):
            if step == 5:
                optimizer.param_groups[0]["lr"] = 0.03125

        options = {"lr": 0.0625, "alpha": 0.875, "momentum": 0.5, "eps": 0.0}
        return descend_torch(torch.optim.RMSprop, steps, before=cut, **options)

    def torch_as_keras(steps):
        def cut(optimizer, step):
            if step == 5:
                optimizer.param_groups[0]["lr"] = 0.03125
                for state in optimizer.state.values():
                    state["momentum_buffer"] *= 2.0

        options = {"lr": 0.0625, "alpha": 0.875, "momentum": 0.5, "eps": 0.0}
        return descend_torch(torch.optim.RMSprop, steps, before=cut, **options)

    def keras_as_torch(steps):
        def cut(optimizer, step):
            if step == 5:
                optimizer.learning_rate = 0.03125
                for velocity in optimizer._momentums:
                    velocity.assign(velocity / 2.0)

        options = {"learning_rate": 0.0625, "rho": 0.875, "momentum": 0.5, "epsilon": 0.0}
        return descend_keras(keras.optimizers.RMSprop, steps, before=cut, **options)


@difference(
    item="defaults of Adadelta()",
    keras="learning rate 0.001, rho 0.95, epsilon 1e-7",
    torch="learning rate 1.0, rho 0.9, eps 1e-6",
    severity=SILENT_WRONG,
    hits="every use of Adadelta: Keras moves a thousand times as slowly",
    recipe="pass all three; epsilon stands inside both roots in both frameworks",
    sources=("keras/src/optimizers/adadelta.py:L42", "torch/optim/adadelta.py:L32"),
    steps=(1, 10, 100),
)
class AdadeltaDefaults:
    def in_keras(steps):
        return descend_keras(keras.optimizers.Adadelta, steps)

    def in_torch(steps):
        return descend_torch(torch.optim.Adadelta, steps)

    def torch_as_keras(steps):
        return descend_torch(torch.optim.Adadelta, steps, lr=0.001, rho=0.95, eps=1e-7)

    def keras_as_torch(steps):
        options = {"learning_rate": 1.0, "rho": 0.9, "epsilon": 1e-6}
        return descend_keras(keras.optimizers.Adadelta, steps, **options)
