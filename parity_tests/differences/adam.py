"""Adam: where epsilon stands, which defaults, which bias correction."""

import math

import keras
import numpy as np
import tensorflow as tf
import torch

from parity_tests.differences.entry import (
    CRASH,
    OPTIMIZER,
    SILENT_WRONG,
    SLOW_DRIFT,
    difference,
)
from parity_tests.differences.optimizers import CURVATURE, START, descend_keras, descend_torch

TITLE = "Adam"
STAGE = OPTIMIZER

# numbers that float32 has too: Keras takes a Python float through float32
BETA_1, BETA_2 = 0.875, 1 - 2.0**-10


def epsilon_hat(optimizer, step):
    """Before a step of torch's Adam: ε̂ of the paper's second form, as Keras means it."""
    for group in optimizer.param_groups:
        hat = group.setdefault("epsilon_hat", group["eps"])
        group["eps"] = hat / math.sqrt(1 - group["betas"][1] ** (step + 1))


def epsilon_outside(optimizer, step):
    """Before a step of Keras' Adam: ε of the paper's Algorithm 1, as torch means it."""
    if step == 0:
        optimizer.outside = optimizer.epsilon
    optimizer.epsilon = optimizer.outside * math.sqrt(1 - optimizer.beta_2 ** (step + 1))


@difference(
    item="epsilon of Adam() by default",
    keras="1e-7, added to √v: m η √(1 − β₂ᵗ) / (1 − β₁ᵗ) / (√v + ε)",
    torch="1e-8, added to √v̂, which is √v / √(1 − β₂ᵗ)",
    severity=SLOW_DRIFT,
    hits="every model trained by Adam",
    recipe="torch: before step t set group['eps'] to ε / √(1 − β₂ᵗ); Keras: optimizer.epsilon to "
    "ε √(1 − β₂ᵗ)",
    sources=("keras/src/optimizers/adam.py:L48", "torch/optim/adam.py:L40"),
    steps=(1, 10, 100),
)
class AdamEpsilon:
    def in_keras(steps):
        options = {"learning_rate": 0.0625, "beta_1": BETA_1, "beta_2": BETA_2}
        return descend_keras(keras.optimizers.Adam, steps, **options)

    def in_torch(steps):
        return descend_torch(torch.optim.Adam, steps, lr=0.0625, betas=(BETA_1, BETA_2))

    def torch_as_keras(steps):
        options = {"lr": 0.0625, "betas": (BETA_1, BETA_2), "eps": 1e-7}
        return descend_torch(torch.optim.Adam, steps, before=epsilon_hat, **options)

    def keras_as_torch(steps):
        options = {"learning_rate": 0.0625, "beta_1": BETA_1, "beta_2": BETA_2, "epsilon": 1e-8}
        return descend_keras(keras.optimizers.Adam, steps, before=epsilon_outside, **options)


@difference(
    item="Adam with equal epsilon, gradients of a thousandth",
    keras="m η √(1 − β₂ᵗ) / (1 − β₁ᵗ) / (√v + ε): at the first step as if ε were 32 times as large",
    torch="m̂ η / (√v̂ + ε)",
    severity=SLOW_DRIFT,
    hits="ports that have written out the same epsilon, and think it settled",
    recipe="torch: before step t set group['eps'] to ε / √(1 − β₂ᵗ); Keras: optimizer.epsilon to "
    "ε √(1 − β₂ᵗ)",
    sources=("keras/src/optimizers/adam.py:L135", "torch/optim/adam.py:L544"),
    steps=(1, 10, 100),
)
class AdamEpsilonPlace:
    scale = 1e-3

    def in_keras(steps, scale):
        options = {"learning_rate": 0.0625, "beta_1": BETA_1, "beta_2": BETA_2, "epsilon": 1e-7}
        return descend_keras(keras.optimizers.Adam, steps, scale, **options)

    def in_torch(steps, scale):
        options = {"lr": 0.0625, "betas": (BETA_1, BETA_2), "eps": 1e-7}
        return descend_torch(torch.optim.Adam, steps, scale, **options)

    def torch_as_keras(steps, scale):
        options = {"lr": 0.0625, "betas": (BETA_1, BETA_2), "eps": 1e-7}
        return descend_torch(torch.optim.Adam, steps, scale, before=epsilon_hat, **options)

    def keras_as_torch(steps, scale):
        options = {"learning_rate": 0.0625, "beta_1": BETA_1, "beta_2": BETA_2, "epsilon": 1e-7}
        return descend_keras(keras.optimizers.Adam, steps, scale, before=epsilon_outside, **options)


@difference(
    item="Adam with equal epsilon 1e-7, gradients of its size",
    keras="the first step is 3 % of the learning rate: ε acts 32 times as large",
    torch="the first step is half of the learning rate",
    severity=SILENT_WRONG,
    hits="deep or badly scaled networks, whose first layers get gradients of 1e-7",
    recipe="torch: before step t set group['eps'] to ε / √(1 − β₂ᵗ); Keras: optimizer.epsilon to "
    "ε √(1 − β₂ᵗ)",
    sources=("keras/src/optimizers/adam.py:L135", "torch/optim/adam.py:L544"),
)
class AdamEpsilonVanishingGradients:
    scale = 1e-7

    def in_keras(scale):
        options = {"learning_rate": 0.0625, "beta_1": BETA_1, "beta_2": BETA_2, "epsilon": 1e-7}
        return descend_keras(keras.optimizers.Adam, scale=scale, **options)

    def in_torch(scale):
        options = {"lr": 0.0625, "betas": (BETA_1, BETA_2), "eps": 1e-7}
        return descend_torch(torch.optim.Adam, scale=scale, **options)

    def torch_as_keras(scale):
        options = {"lr": 0.0625, "betas": (BETA_1, BETA_2), "eps": 1e-7}
        return descend_torch(torch.optim.Adam, scale=scale, before=epsilon_hat, **options)

    def keras_as_torch(scale):
        options = {"learning_rate": 0.0625, "beta_1": BETA_1, "beta_2": BETA_2, "epsilon": 1e-7}
        return descend_keras(keras.optimizers.Adam, scale=scale, before=epsilon_outside, **options)


def corrected_as_float32(optimizer, step):
    """Before a step of torch's Adam: the bias corrections of betas that are float32."""
    for group in optimizer.param_groups:
        lr = group.setdefault("lr_given", group["lr"])
        exact = [1 - beta ** (step + 1) for beta in group["betas"]]
        rounded = [1 - float(np.float32(beta)) ** (step + 1) for beta in group["betas"]]
        group["lr"] = lr * math.sqrt(rounded[1] / exact[1]) * exact[0] / rounded[0]


@difference(
    item="bias correction of Adam, with betas of 0.9 and 0.999",
    keras="1 − β₂ᵗ of a β₂ rounded to float32, whatever the weights: off by 1.3e-5 at t = 1",
    torch="in double precision, even of float32 weights",
    severity=SLOW_DRIFT,
    hits="every run of Adam: the first step is 7e-6 shorter in Keras",
    recipe="Keras: pass np.float64(0.999), where the weights are float64 too; torch: multiply "
    "lr by the ratio of the corrections",
    sources=("keras/src/optimizers/adam.py:L111", "torch/optim/adam.py:L531"),
    steps=(1, 10, 100),
)
class AdamBiasCorrectionFloat32:
    def in_keras(steps):
        options = {"learning_rate": 0.0625, "epsilon": 0.0}
        return descend_keras(keras.optimizers.Adam, steps, **options)

    def in_torch(steps):
        return descend_torch(torch.optim.Adam, steps, lr=0.0625, eps=0.0)

    def torch_as_keras(steps):
        options = {"lr": 0.0625, "eps": 0.0}
        return descend_torch(torch.optim.Adam, steps, before=corrected_as_float32, **options)

    def keras_as_torch(steps):
        options = {"beta_1": np.float64(0.9), "beta_2": np.float64(0.999)}
        options |= {"learning_rate": 0.0625, "epsilon": 0.0}
        return descend_keras(keras.optimizers.Adam, steps, **options)


@difference(
    item="first step of Adam in float32",
    keras="0.00999993 of a learning rate of 0.01: 1 − β₂ is that of a rounded β₂",
    torch="0.01, to the last bit or two",
    severity=SLOW_DRIFT,
    hits="comparisons of float32 runs, which differ from the first step by 60 ULP",
    recipe="torch: multiply lr by √((1 − β̃₂ᵗ)/(1 − β₂ᵗ)) (1 − β₁ᵗ)/(1 − β̃₁ᵗ), β̃ rounded to float32",
    sources=("keras/src/optimizers/adam.py:L111", "torch/optim/adam.py:L531"),
    unaligned="of float32 weights Keras rounds every beta to float32, whatever its type",
    ulp=8,  # eight roundings of each framework's step
)
class AdamFirstStepFloat32:
    def in_keras():
        w = keras.Variable([0.0])
        keras.optimizers.Adam(0.01, epsilon=0.0).apply([tf.ones(1)], [w])
        return w

    def in_torch():
        w = torch.zeros(1, requires_grad=True)
        w.grad = torch.ones(1)
        torch.optim.Adam([w], lr=0.01, eps=0.0).step()
        return w.detach()

    def torch_as_keras():
        w = torch.zeros(1, requires_grad=True)
        w.grad = torch.ones(1)
        optimizer = torch.optim.Adam([w], lr=0.01, eps=0.0)
        corrected_as_float32(optimizer, step=0)
        optimizer.step()
        return w.detach()


@difference(
    item="AMSGrad",
    keras="the largest v so far, uncorrected, and ε̂ added to its root",
    torch="the same v, and ε added to √(v / (1 − β₂ᵗ))",
    severity=SLOW_DRIFT,
    hits="Adam(amsgrad=True); the maximum itself is the same",
    recipe="torch: before step t set group['eps'] to ε / √(1 − β₂ᵗ); Keras: optimizer.epsilon to "
    "ε √(1 − β₂ᵗ)",
    sources=("keras/src/optimizers/adam.py:L130", "torch/optim/adam.py:L539"),
    steps=(1, 10, 100),
)
class AdamAmsgrad:
    def in_keras(steps):
        options = {"learning_rate": 0.0625, "beta_1": BETA_1, "beta_2": BETA_2, "epsilon": 1e-7}
        return descend_keras(keras.optimizers.Adam, steps, amsgrad=True, **options)

    def in_torch(steps):
        options = {"lr": 0.0625, "betas": (BETA_1, BETA_2), "eps": 1e-7, "amsgrad": True}
        return descend_torch(torch.optim.Adam, steps, **options)

    def torch_as_keras(steps):
        options = {"lr": 0.0625, "betas": (BETA_1, BETA_2), "eps": 1e-7, "amsgrad": True}
        return descend_torch(torch.optim.Adam, steps, before=epsilon_hat, **options)

    def keras_as_torch(steps):
        options = {"learning_rate": 0.0625, "beta_1": BETA_1, "beta_2": BETA_2, "epsilon": 1e-7}
        options |= {"amsgrad": True, "before": epsilon_outside}
        return descend_keras(keras.optimizers.Adam, steps, **options)


@difference(
    item="weight_decay of Adam",
    keras="decoupled, as in AdamW",
    torch="added to the gradient, and so divided by √v with it",
    severity=SILENT_WRONG,
    hits="Adam(weight_decay=…): one name, two algorithms",
    recipe="torch: AdamW, or Adam(decoupled_weight_decay=True); Keras: no weight_decay, but λ w "
    "added to the gradient, or kernel_regularizer=L2(λ / 2)",
    sources=("keras/src/backend/tensorflow/optimizer.py:L98", "torch/optim/adam.py:L428"),
)
class AdamWeightDecay:
    def in_keras():
        options = {"learning_rate": 0.0625, "beta_1": BETA_1, "beta_2": BETA_2, "epsilon": 0.0}
        return descend_keras(keras.optimizers.Adam, weight_decay=0.125, **options)

    def in_torch():
        options = {"lr": 0.0625, "betas": (BETA_1, BETA_2), "eps": 0.0, "weight_decay": 0.125}
        return descend_torch(torch.optim.Adam, **options)

    def torch_as_keras():
        options = {"lr": 0.0625, "betas": (BETA_1, BETA_2), "eps": 0.0, "weight_decay": 0.125}
        return descend_torch(torch.optim.AdamW, **options)

    def keras_as_torch():
        options = {"learning_rate": 0.0625, "beta_1": BETA_1, "beta_2": BETA_2, "epsilon": 0.0}
        return descend_keras(keras.optimizers.Adam, penalty=0.125, **options)


@difference(
    item="weight decay of AdamW() by default",
    keras="0.004",
    torch="0.01",
    severity=SILENT_WRONG,
    hits="AdamW without weight_decay; both multiply it by the learning rate",
    recipe="pass weight_decay",
    sources=("keras/src/optimizers/adamw.py:L56", "torch/optim/adamw.py:L27"),
    steps=(1, 10, 100),
)
class AdamwWeightDecay:
    def in_keras(steps):
        options = {"learning_rate": 0.0625, "beta_1": BETA_1, "beta_2": BETA_2, "epsilon": 0.0}
        return descend_keras(keras.optimizers.AdamW, steps, **options)

    def in_torch(steps):
        options = {"lr": 0.0625, "betas": (BETA_1, BETA_2), "eps": 0.0}
        return descend_torch(torch.optim.AdamW, steps, **options)

    def torch_as_keras(steps):
        options = {"lr": 0.0625, "betas": (BETA_1, BETA_2), "eps": 0.0}
        decay = float(np.float32(0.004))  # Keras takes it through float32
        return descend_torch(torch.optim.AdamW, steps, weight_decay=decay, **options)

    def keras_as_torch(steps):
        options = {"learning_rate": 0.0625, "beta_1": BETA_1, "beta_2": BETA_2, "epsilon": 0.0}
        decay = np.float64(0.01)
        return descend_keras(keras.optimizers.AdamW, steps, weight_decay=decay, **options)


@difference(
    item="Adam on a weight that gets its first gradient at step 11",
    keras="one count of iterations: its moments are corrected as at step 11",
    torch="a count for each weight: corrected as at step 1",
    severity=SILENT_WRONG,
    hits="layers that are unfrozen, and branches that some batches skip",
    recipe="torch: give p.grad zeros instead of None while it waits; Keras: a second optimizer for "
    "what comes later",
    sources=("keras/src/optimizers/adam.py:L106", "torch/optim/adam.py:L414"),
)
class AdamLateWeight:
    def in_keras():
        keras.config.set_floatx("float64")
        first, late = keras.Variable(START), keras.Variable(START)
        optimizer = keras.optimizers.Adam(0.0625, BETA_1, BETA_2, epsilon=0.0)
        for step in range(20):
            gradient = None if step < 10 else late * CURVATURE
            optimizer.apply([first * CURVATURE, gradient], [first, late])
        return late

    def in_torch():
        curvature = torch.tensor(CURVATURE)
        first, late = (torch.tensor(START, requires_grad=True) for _ in range(2))
        optimizer = torch.optim.Adam([first, late], 0.0625, (BETA_1, BETA_2), eps=0.0)
        for step in range(20):
            first.grad = first.detach() * curvature
            late.grad = None if step < 10 else late.detach() * curvature
            optimizer.step()
        return late.detach()

    def torch_as_keras():
        curvature = torch.tensor(CURVATURE)
        first, late = (torch.tensor(START, requires_grad=True) for _ in range(2))
        optimizer = torch.optim.Adam([first, late], 0.0625, (BETA_1, BETA_2), eps=2.0**-1000)
        for step in range(20):
            first.grad = first.detach() * curvature
            late.grad = late.detach() * (0.0 if step < 10 else curvature)
            optimizer.step()
        return late.detach()

    def keras_as_torch():
        keras.config.set_floatx("float64")
        first, late = keras.Variable(START), keras.Variable(START)
        of_first, of_late = (
            keras.optimizers.Adam(0.0625, BETA_1, BETA_2, epsilon=0.0) for _ in range(2)
        )
        for step in range(20):
            of_first.apply([first * CURVATURE], [first])
            if step >= 10:
                of_late.apply([late * CURVATURE], [late])
        return late


@difference(
    item="Adam with β₁ = 0, an integer",
    keras="taken",
    torch="ValueError: betas must be both floats or both tensors",
    severity=CRASH,
    hits="GANs, which often set betas=(0, 0.9)",
    recipe="write 0.0",
    sources=("keras/src/optimizers/adam.py:L46", "torch/optim/adam.py:L72"),
    unaligned="Keras has no such check to turn on",
)
class AdamIntegerBeta:
    def in_keras():
        options = {"learning_rate": 0.0625, "beta_1": 0, "beta_2": BETA_2, "epsilon": 0.0}
        return descend_keras(keras.optimizers.Adam, **options)

    def in_torch():
        return descend_torch(torch.optim.Adam, lr=0.0625, betas=(0, BETA_2), eps=0.0)

    def torch_as_keras():
        return descend_torch(torch.optim.Adam, lr=0.0625, betas=(0.0, BETA_2), eps=0.0)
