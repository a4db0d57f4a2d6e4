"""Adamax and Nadam: defaults, the place of epsilon, the schedule of the momentum."""

import keras
import numpy as np
import tensorflow as tf
import torch

from parity_tests.differences.adam import BETA_1, BETA_2
from parity_tests.differences.entry import (
    OPTIMIZER,
    SILENT_WRONG,
    SLOW_DRIFT,
    difference,
)
from parity_tests.differences.optimizers import CURVATURE, START, descend_keras, descend_torch

TITLE = "Adamax and Nadam"
STAGE = OPTIMIZER


def adamax_of_keras(steps, rate=0.001, beta_1=BETA_1, beta_2=BETA_2, epsilon=1e-7):
    """Adamax in torch, with ε added to the norm where it divides."""
    w, curvature = torch.tensor(START), torch.tensor(CURVATURE)
    m = norm = torch.zeros_like(w)
    for step in range(1, steps + 1):
        gradient = w * curvature
        m = beta_1 * m + (1 - beta_1) * gradient
        norm = torch.maximum(beta_2 * norm, gradient.abs())
        w = w - rate * m / ((1 - beta_1**step) * (norm + epsilon))
    return w


class AdamaxOfTorch(keras.optimizers.Adamax):
    """Adamax with ε added to each gradient, within the maximum."""

    def update_step(self, gradient, variable, learning_rate):
        index = self._get_variable_index(variable)
        m, norm = self._m[index], self._u[index]
        m.assign_add((gradient - m) * (1 - self.beta_1))
        norm.assign(tf.maximum(self.beta_2 * norm, tf.abs(gradient) + self.epsilon))
        step = tf.cast(self.iterations + 1, gradient.dtype)
        variable.assign_sub(learning_rate * m / ((1 - self.beta_1**step) * norm))


@difference(
    item="defaults of Adamax()",
    keras="learning rate 0.001, epsilon 1e-7",
    torch="learning rate 0.002, eps 1e-8",
    severity=SILENT_WRONG,
    hits="every use of Adamax",
    recipe="pass the learning rate, and an epsilon too small to matter (1e-300 of float64 weights)",
    sources=("keras/src/optimizers/adamax.py:L55", "torch/optim/adamax.py:L33"),
    steps=(1, 10, 100),
)
class AdamaxDefaults:
    def in_keras(steps):
        return descend_keras(keras.optimizers.Adamax, steps, beta_1=BETA_1, beta_2=BETA_2)

    def in_torch(steps):
        return descend_torch(torch.optim.Adamax, steps, betas=(BETA_1, BETA_2))

    def torch_as_keras(steps):
        return adamax_of_keras(steps)

    def keras_as_torch(steps):
        options = {"learning_rate": 0.002, "beta_1": BETA_1, "beta_2": BETA_2, "epsilon": 1e-8}
        return descend_keras(AdamaxOfTorch, steps, **options)


@difference(
    item="where Adamax' epsilon stands",
    keras="added where the norm divides: m / (u + ε)",
    torch="inside the maximum, where it decays with the norm: u ← max(β₂ u, |g| + ε)",
    severity=SLOW_DRIFT,
    hits="ports with equal hyperparameters and small gradients",
    recipe="an epsilon too small to matter in both; else write the formula: no argument moves it",
    sources=("keras/src/optimizers/adamax.py:L127", "torch/optim/adamax.py:L282"),
    steps=(1, 10, 100),
)
class AdamaxEpsilon:
    def in_keras(steps):
        options = {"learning_rate": 0.0625, "beta_1": BETA_1, "beta_2": BETA_2, "epsilon": 1e-3}
        return descend_keras(keras.optimizers.Adamax, steps, **options)

    def in_torch(steps):
        options = {"lr": 0.0625, "betas": (BETA_1, BETA_2), "eps": 1e-3}
        return descend_torch(torch.optim.Adamax, steps, **options)

    def torch_as_keras(steps):
        return adamax_of_keras(steps, rate=0.0625, epsilon=1e-3)

    def keras_as_torch(steps):
        options = {"learning_rate": 0.0625, "beta_1": BETA_1, "beta_2": BETA_2, "epsilon": 1e-3}
        return descend_keras(AdamaxOfTorch, steps, **options)


def nadam_of_keras(steps, rate=0.001, beta_1=BETA_1, beta_2=BETA_2, epsilon=1e-7):
    """Nadam in torch, with Keras' schedule of the momentum: 0.96ᵗ, half of it of a float32 0.96."""
    w, curvature = torch.tensor(START), torch.tensor(CURVATURE)
    m, v, product = torch.zeros_like(w), torch.zeros_like(w), 1.0
    for step in range(1, steps + 1):
        gradient = w * curvature
        now, after = (beta_1 * (1 - 0.5 * float(np.float32(0.96)) ** (step + i)) for i in (0, 1))
        product *= beta_1 * (1 - 0.5 * 0.96**step)
        m = beta_1 * m + (1 - beta_1) * gradient
        v = beta_2 * v + (1 - beta_2) * gradient**2
        m_hat = after * m / (1 - product * after) + (1 - now) * gradient / (1 - product)
        w = w - rate * m_hat / ((v / (1 - beta_2**step)).sqrt() + epsilon)
    return w


class NadamOfTorch(keras.optimizers.Nadam):
    """Nadam whose momentum is scheduled by 0.96^(t momentum_decay), as torch has it."""

    momentum_decay = 0.004

    def _momentum_at(self, step):
        return self.beta_1 * (1 - 0.5 * 0.96 ** (step * self.momentum_decay))

    def _backend_update_step(self, gradients, variables, learning_rate):
        self._u_product.assign(self._u_product * self._momentum_at(int(self.iterations) + 1))
        keras.Optimizer._backend_update_step(self, gradients, variables, learning_rate)

    def update_step(self, gradient, variable, learning_rate):
        step, index = int(self.iterations) + 1, self._get_variable_index(variable)
        m, v, product = self._momentums[index], self._velocities[index], self._u_product
        now, after = self._momentum_at(step), self._momentum_at(step + 1)
        m.assign_add((gradient - m) * (1 - self.beta_1))
        v.assign_add((gradient**2 - v) * (1 - self.beta_2))
        m_hat = after * m / (1 - product * after) + (1 - now) * gradient / (1 - product)
        root = (v / (1 - self.beta_2**step)) ** 0.5
        variable.assign_sub(learning_rate * m_hat / (root + self.epsilon))


@difference(
    item="defaults of Nadam() and NAdam()",
    keras="learning rate 0.001, epsilon 1e-7",
    torch="learning rate 0.002, eps 1e-8",
    severity=SILENT_WRONG,
    hits="every use of Nadam",
    recipe="pass both, and see the schedule of the momentum",
    sources=("keras/src/optimizers/nadam.py:L41", "torch/optim/nadam.py:L36"),
    steps=(1, 10, 100),
)
class NadamDefaults:
    def in_keras(steps):
        return descend_keras(keras.optimizers.Nadam, steps, beta_1=BETA_1, beta_2=BETA_2)

    def in_torch(steps):
        torch.set_default_dtype(torch.float64)  # else μ₁ … μₜ is multiplied in float32
        return descend_torch(torch.optim.NAdam, steps, betas=(BETA_1, BETA_2))

    def torch_as_keras(steps):
        return nadam_of_keras(steps)

    def keras_as_torch(steps):
        options = {"learning_rate": 0.002, "beta_1": BETA_1, "beta_2": BETA_2, "epsilon": 1e-8}
        return descend_keras(NadamOfTorch, steps, **options)


@difference(
    item="schedule of Nadam's momentum",
    keras="μₜ = β₁ (1 − ½ 0.96ᵗ): at β₁ after some hundred steps",
    torch="μₜ = β₁ (1 − ½ 0.96^(0.004 t)): little above β₁ / 2 for a thousand steps",
    severity=SILENT_WRONG,
    hits="every use of Nadam with equal hyperparameters",
    recipe="torch: momentum_decay=1.0, which is Keras' but for 7e-10; Keras: override update_step",
    sources=("keras/src/optimizers/nadam.py:L119", "torch/optim/nadam.py:L347"),
    steps=(1, 10, 100),
)
class NadamMomentumDecay:
    def in_keras(steps):
        options = {"learning_rate": 0.0625, "beta_1": BETA_1, "beta_2": BETA_2, "epsilon": 1e-7}
        return descend_keras(keras.optimizers.Nadam, steps, **options)

    def in_torch(steps):
        torch.set_default_dtype(torch.float64)
        options = {"lr": 0.0625, "betas": (BETA_1, BETA_2), "eps": 1e-7}
        return descend_torch(torch.optim.NAdam, steps, **options)

    def torch_as_keras(steps):
        return nadam_of_keras(steps, rate=0.0625)

    def keras_as_torch(steps):
        options = {"learning_rate": 0.0625, "beta_1": BETA_1, "beta_2": BETA_2, "epsilon": 1e-7}
        return descend_keras(NadamOfTorch, steps, **options)


@difference(
    item="Nadam in float64 with one schedule of the momentum",
    keras="0.96 goes through float32 in μₜ, but not in the product of all μ",
    torch="0.96 in double precision, if torch.set_default_dtype(float64) is set",
    severity=SLOW_DRIFT,
    hits="comparisons in float64, which part after nine digits",
    recipe="write the formula: no argument moves it",
    sources=("keras/src/optimizers/nadam.py:L116", "torch/optim/nadam.py:L347"),
    steps=(1, 10, 100),
)
class NadamFloat32Constant:
    def in_keras(steps):
        options = {"learning_rate": 0.0625, "beta_1": BETA_1, "beta_2": BETA_2, "epsilon": 1e-7}
        return descend_keras(keras.optimizers.Nadam, steps, **options)

    def in_torch(steps):
        torch.set_default_dtype(torch.float64)
        options = {"lr": 0.0625, "betas": (BETA_1, BETA_2), "eps": 1e-7, "momentum_decay": 1.0}
        return descend_torch(torch.optim.NAdam, steps, **options)

    def torch_as_keras(steps):
        return nadam_of_keras(steps, rate=0.0625)

    def keras_as_torch(steps):
        class Exact(NadamOfTorch):
            momentum_decay = 1.0

        options = {"learning_rate": 0.0625, "beta_1": BETA_1, "beta_2": BETA_2, "epsilon": 1e-7}
        return descend_keras(Exact, steps, **options)


@difference(
    item="product of the momenta in NAdam of float64 weights",
    keras="in the weights' own type",
    torch="in the default type, float32, however precise the weights",
    severity=SLOW_DRIFT,
    hits="comparisons of NAdam in float64, which part after seven digits",
    recipe="torch.set_default_dtype(torch.float64) before the first step",
    sources=("keras/src/optimizers/nadam.py:L93", "torch/optim/nadam.py:L138"),
    steps=(1, 10),
)
class NadamProductFloat32:
    def in_keras(steps):
        options = {"learning_rate": 0.0625, "beta_1": BETA_1, "beta_2": BETA_2, "epsilon": 1e-7}
        return descend_keras(NadamOfTorch, steps, **options)

    def in_torch(steps):
        options = {"lr": 0.0625, "betas": (BETA_1, BETA_2), "eps": 1e-7}
        return descend_torch(torch.optim.NAdam, steps, **options)

    def torch_as_keras(steps):
        torch.set_default_dtype(torch.float64)
        options = {"lr": 0.0625, "betas": (BETA_1, BETA_2), "eps": 1e-7}
        return descend_torch(torch.optim.NAdam, steps, **options)

    def keras_as_torch(steps):
        class Rounded(NadamOfTorch):
            def _backend_update_step(self, *given):
                momentum = np.float32(self._momentum_at(int(self.iterations) + 1))
                self._u_product.assign(np.float64(np.float32(self._u_product) * momentum))
                keras.Optimizer._backend_update_step(self, *given)

        options = {"learning_rate": 0.0625, "beta_1": BETA_1, "beta_2": BETA_2, "epsilon": 1e-7}
        return descend_keras(Rounded, steps, **options)
