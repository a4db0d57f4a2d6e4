"""Optimizers: other defaults, another place for epsilon and for the rate, weights that decay."""

import keras
import numpy as np
import tensorflow as tf
import torch
from torch import nn
from torch.nn.utils import clip_grad_norm_, clip_grads_with_norm_, get_total_norm

from parity_tests.differences.entry import (
    COSMETIC,
    CRASH,
    NONE,
    OPTIMIZER,
    SILENT_WRONG,
    SLOW_DRIFT,
    difference,
)

TITLE = "Optimizers"
STAGE = OPTIMIZER
RATE = 2.0**-6  # which float32 has: Keras keeps a learning rate in the default precision
DRIFT = (1, 10, 100)


def gradients(steps):
    """The same gradients for everyone, whatever the weights are."""
    return np.random.default_rng(0).normal(size=(steps, 3))


def by_keras(optimizer, g, steps=None):
    """Weights that start at 1, after steps by these gradients, in float64."""
    w = keras.Variable(np.ones(g.shape[1:]), dtype="float64")
    optimizer.build([w])
    for each in g[:steps]:
        optimizer.apply([tf.constant(each)], [w])
    return w.numpy()


def by_torch(make, g, steps=None, before=None):
    """The same in torch; `before(optimizer, step)` is called before each step, counted from 1."""
    w = nn.Parameter(torch.ones(g.shape[1:], dtype=torch.float64))
    optimizer = make([w])
    for step, each in enumerate(g[:steps], start=1):
        w.grad = torch.tensor(each)
        if before:
            before(optimizer, step)
        optimizer.step()
    return w.detach()


@difference(
    item="learning rate of SGD where none is given",
    keras="0.01",
    torch="0.001",
    severity=SILENT_WRONG,
    hits="every port that leaves the rate to the default",
    recipe="pass the learning rate in both",
    sources=("keras/src/optimizers/sgd.py:L45", "torch/optim/sgd.py:L32"),
)
class SgdRate:
    g = gradients(10)

    def in_keras(g):
        return by_keras(keras.optimizers.SGD(), g)

    def in_torch(g):
        return by_torch(torch.optim.SGD, g)

    def torch_as_keras(g):
        # which Keras keeps in float32
        return by_torch(lambda w: torch.optim.SGD(w, lr=float(np.float32(0.01))), g)

    def keras_as_torch(g):
        keras.config.set_floatx("float64")
        return by_keras(keras.optimizers.SGD(0.001), g)


@difference(
    item="precision of the learning rate beside float64 weights",
    keras="a variable of the default precision: 0.05 is 0.0500000007",
    torch="a Python float, in double precision",
    severity=SLOW_DRIFT,
    hits="comparisons in float64, after eight digits",
    recipe="Keras: set_floatx('float64') before the optimizer is made; torch: round the rate",
    sources=("keras/src/optimizers/base_optimizer.py:L188", "torch/optim/sgd.py:L32"),
)
class RatePrecision:
    g = gradients(10)

    def in_keras(g):
        return by_keras(keras.optimizers.SGD(0.05), g)

    def in_torch(g):
        return by_torch(lambda w: torch.optim.SGD(w, lr=0.05), g)

    def torch_as_keras(g):
        return by_torch(lambda w: torch.optim.SGD(w, lr=float(np.float32(0.05))), g)

    def keras_as_torch(g):
        keras.config.set_floatx("float64")
        return by_keras(keras.optimizers.SGD(0.05), g)


@difference(
    item="a learning rate that is an integer",
    keras="ValueError: a float is asked for",
    torch="taken",
    severity=CRASH,
    hits="lr=1 in experiments and in full-batch descent",
    recipe="write 1.0",
    sources=("keras/src/optimizers/base_optimizer.py:L178", "torch/optim/sgd.py:L32"),
)
class RateInteger:
    g = gradients(2)

    def in_keras(g):
        return by_keras(keras.optimizers.SGD(1), g)

    def in_torch(g):
        return by_torch(lambda w: torch.optim.SGD(w, lr=1), g)

    def torch_as_keras(g):
        rate = 1
        if not isinstance(rate, float):
            raise ValueError("the learning rate has to be a float")
        return by_torch(lambda w: torch.optim.SGD(w, lr=rate), g)

    def keras_as_torch(g):
        return by_keras(keras.optimizers.SGD(1.0), g)


@difference(
    item="a momentum that is an integer, as momentum=0",
    keras="ValueError: a float from 0 to 1 is asked for",
    torch="taken",
    severity=CRASH,
    hits="configurations with momentum: 0",
    recipe="write 0.0",
    sources=("keras/src/optimizers/sgd.py:L74", "torch/optim/sgd.py:L32"),
    unaligned="torch checks no type: what it takes, nothing makes it refuse",
)
class MomentumInteger:
    g = gradients(2)

    def in_keras(g):
        return by_keras(keras.optimizers.SGD(RATE, momentum=0), g)

    def in_torch(g):
        return by_torch(lambda w: torch.optim.SGD(w, lr=RATE, momentum=0), g)

    def keras_as_torch(g):
        return by_keras(keras.optimizers.SGD(RATE, momentum=0.0), g)


@difference(
    item="precision of the momentum beside float64 weights, 0.9 in both",
    keras="cast by way of float32: 0.8999999761581421",
    torch="0.9 in double precision",
    severity=SLOW_DRIFT,
    hits="comparisons in float64",
    recipe="Keras: momentum=np.float64(0.9), which keeps its precision",
    sources=("keras/src/optimizers/sgd.py:L104", "torch/optim/sgd.py:L32"),
    steps=DRIFT,
)
class MomentumPrecision:
    g = gradients(100)

    def in_keras(g, steps):
        return by_keras(keras.optimizers.SGD(RATE, momentum=0.9), g, steps)

    def in_torch(g, steps):
        return by_torch(lambda w: torch.optim.SGD(w, lr=RATE, momentum=0.9), g, steps)

    def torch_as_keras(g, steps):
        momentum = float(np.float32(0.9))
        return by_torch(lambda w: torch.optim.SGD(w, lr=RATE, momentum=momentum), g, steps)

    def keras_as_torch(g, steps):
        return by_keras(keras.optimizers.SGD(RATE, momentum=np.float64(0.9)), g, steps)


@difference(
    item="momentum when the learning rate changes",
    keras="the rate is inside the velocity: v = μv − αg, w = w + v",
    torch="the rate is outside: b = μb + g, w = w − αb",
    severity=SILENT_WRONG,
    hits="every schedule beside SGD with momentum: after a drop Keras keeps its speed for a while",
    recipe="when α changes, multiply torch's buffers by α_old/α_new, or Keras's by α_new/α_old",
    sources=("keras/src/optimizers/sgd.py:L109", "torch/optim/sgd.py:L377"),
)
class MomentumRateChange:
    g = gradients(20)

    def in_keras(g):
        w = keras.Variable(np.ones(3), dtype="float64")
        optimizer = keras.optimizers.SGD(RATE, momentum=np.float64(0.9))
        optimizer.build([w])
        for step, each in enumerate(g):
            if step == 10:
                optimizer.learning_rate = RATE / 8
            optimizer.apply([tf.constant(each)], [w])
        return w.numpy()

    def in_torch(g):
        def drop(optimizer, step):
            if step == 11:
                optimizer.param_groups[0]["lr"] = RATE / 8

        return by_torch(lambda w: torch.optim.SGD(w, lr=RATE, momentum=0.9), g, before=drop)

    def torch_as_keras(g):
        def drop(optimizer, step):
            if step == 11:
                optimizer.param_groups[0]["lr"] = RATE / 8
                for state in optimizer.state.values():
                    state["momentum_buffer"] *= 8

        return by_torch(lambda w: torch.optim.SGD(w, lr=RATE, momentum=0.9), g, before=drop)

    def keras_as_torch(g):
        w = keras.Variable(np.ones(3), dtype="float64")
        optimizer = keras.optimizers.SGD(RATE, momentum=np.float64(0.9))
        optimizer.build([w])
        for step, each in enumerate(g):
            if step == 10:
                optimizer.learning_rate = RATE / 8
                for velocity in optimizer.momentums:
                    velocity.assign(velocity / 8)
            optimizer.apply([tf.constant(each)], [w])
        return w.numpy()


@difference(
    item="Nesterov momentum at a constant rate",
    keras="w + μv − αg, v having been updated",
    torch="w − α(g + μb), b having been updated",
    severity=NONE,
    hits="nobody, as long as the rate stays",
    recipe="nothing to do",
    sources=("keras/src/optimizers/sgd.py:L112", "torch/optim/sgd.py:L361"),
)
class Nesterov:
    g = gradients(20)

    def in_keras(g):
        momentum = np.float64(0.9)
        return by_keras(keras.optimizers.SGD(RATE, momentum=momentum, nesterov=True), g)

    def in_torch(g):
        def make(w):
            return torch.optim.SGD(w, lr=RATE, momentum=0.9, nesterov=True)

        return by_torch(make, g)


@difference(
    item="dampening of momentum",
    keras="no such argument",
    torch="dampening=d: b = μb + (1 − d)g, but for the first step, b = g",
    severity=SILENT_WRONG,
    hits="configurations of torch that give a dampening",
    recipe="Keras: the rate times 1 − d, and the velocity set to −αd g₁/μ before the first step",
    sources=("keras/src/optimizers/sgd.py:L45", "torch/optim/sgd.py:L361"),
)
class Dampening:
    g = gradients(20)

    def in_keras(g):
        return by_keras(keras.optimizers.SGD(RATE, momentum=np.float64(0.5)), g)

    def in_torch(g):
        return by_torch(lambda w: torch.optim.SGD(w, lr=RATE, momentum=0.5, dampening=0.5), g)

    def torch_as_keras(g):
        return by_torch(lambda w: torch.optim.SGD(w, lr=RATE, momentum=0.5), g)

    def keras_as_torch(g):
        w = keras.Variable(np.ones(3), dtype="float64")
        optimizer = keras.optimizers.SGD(RATE * 0.5, momentum=np.float64(0.5))
        optimizer.build([w])
        optimizer.momentums[0].assign(-RATE * 0.5 * g[0] / 0.5)
        for each in g:
            optimizer.apply([tf.constant(each)], [w])
        return w.numpy()


@difference(
    item="weight_decay of SGD with momentum",
    keras="decoupled: w = w − αλw before the step, and not in the velocity",
    torch="coupled: λw is added to the gradient, and so enters the buffer",
    severity=SILENT_WRONG,
    hits="nearly every recipe for image models",
    recipe="torch: decay the weights by hand before the step; Keras: add λw to the gradient",
    sources=("keras/src/backend/tensorflow/optimizer.py:L98", "torch/optim/sgd.py:L355"),
)
class SgdWeightDecay:
    g = gradients(20)

    def in_keras(g):
        options = {"momentum": np.float64(0.9), "weight_decay": np.float64(0.125)}
        return by_keras(keras.optimizers.SGD(RATE, **options), g)

    def in_torch(g):
        return by_torch(lambda w: torch.optim.SGD(w, RATE, momentum=0.9, weight_decay=0.125), g)

    def torch_as_keras(g):
        @torch.no_grad()
        def decay(optimizer, step):
            for w in optimizer.param_groups[0]["params"]:
                w.mul_(1 - RATE * 0.125)

        return by_torch(lambda w: torch.optim.SGD(w, RATE, momentum=0.9), g, before=decay)

    def keras_as_torch(g):
        w = keras.Variable(np.ones(3), dtype="float64")
        optimizer = keras.optimizers.SGD(RATE, momentum=np.float64(0.9))
        optimizer.build([w])
        for each in g:
            optimizer.apply([each + 0.125 * w], [w])
        return w.numpy()


@difference(
    item="weight_decay of SGD without momentum",
    keras="w − αλw − αg",
    torch="w − α(g + λw)",
    severity=NONE,
    hits="nobody: without momentum the two are one",
    recipe="nothing to do",
    sources=("keras/src/backend/tensorflow/optimizer.py:L98", "torch/optim/sgd.py:L355"),
)
class PlainSgdWeightDecay:
    g = gradients(20)

    def in_keras(g):
        return by_keras(keras.optimizers.SGD(RATE, weight_decay=np.float64(0.125)), g)

    def in_torch(g):
        return by_torch(lambda w: torch.optim.SGD(w, RATE, weight_decay=0.125), g)


@difference(
    item="precision of weight_decay beside float64 weights, 0.1 in both",
    keras="cast by way of float32",
    torch="0.1 in double precision",
    severity=SLOW_DRIFT,
    hits="comparisons in float64",
    recipe="Keras: weight_decay=np.float64(0.1)",
    sources=("keras/src/backend/tensorflow/optimizer.py:L97", "torch/optim/sgd.py:L355"),
    steps=DRIFT,
)
class WeightDecayPrecision:
    g = gradients(100)

    def in_keras(g, steps):
        return by_keras(keras.optimizers.SGD(RATE, weight_decay=0.1), g, steps)

    def in_torch(g, steps):
        return by_torch(lambda w: torch.optim.SGD(w, RATE, weight_decay=0.1), g, steps)

    def torch_as_keras(g, steps):
        decay = float(np.float32(0.1))
        return by_torch(lambda w: torch.optim.SGD(w, RATE, weight_decay=decay), g, steps)

    def keras_as_torch(g, steps):
        return by_keras(keras.optimizers.SGD(RATE, weight_decay=np.float64(0.1)), g, steps)


def adam(**more):
    """Keras's Adam, nothing of it rounded to float32."""
    options = {"beta_1": 0.875, "beta_2": 0.96875, "epsilon": 1e-7} | more
    options = {n: v if isinstance(v, bool) else np.float64(v) for n, v in options.items()}
    return keras.optimizers.Adam(RATE, **options)


BETAS = 0.875, 0.96875


@difference(
    item="ε of Adam where none is given",
    keras="1e-7",
    torch="1e-8",
    severity=SLOW_DRIFT,
    hits="every port that leaves it to the default; strongly where gradients are small",
    recipe="pass epsilon in both, and mind its place (the next entry)",
    sources=("keras/src/optimizers/adam.py:L135", "torch/optim/adam.py:L48"),
    steps=DRIFT,
)
class AdamEpsilonDefault:
    g = 1e-3 * gradients(100)

    def in_keras(g, steps):
        # its rate and βs as torch has them
        beta_1, beta_2 = np.float64(0.9), np.float64(0.999)
        return by_keras(keras.optimizers.Adam(RATE, beta_1, beta_2), g, steps)

    def in_torch(g, steps):
        return by_torch(lambda w: torch.optim.Adam(w, RATE), g, steps)

    def torch_as_keras(g, steps):
        def moved(optimizer, step):
            optimizer.param_groups[0]["eps"] = 1e-7 / np.sqrt(1 - 0.999**step)

        return by_torch(lambda w: torch.optim.Adam(w, RATE), g, steps, before=moved)

    def keras_as_torch(g, steps):
        options = np.float64(0.9), np.float64(0.999)
        w = keras.Variable(np.ones(3), dtype="float64")
        optimizer = keras.optimizers.Adam(RATE, *options)
        optimizer.build([w])
        for step, each in enumerate(g[:steps], start=1):
            optimizer.epsilon = np.float64(1e-8 * np.sqrt(1 - 0.999**step))
            optimizer.apply([tf.constant(each)], [w])
        return w.numpy()


@difference(
    item="place of ε in Adam, the same ε in both",
    keras="α√(1 − β₂ᵗ)/(1 − β₁ᵗ) · m/(√v + ε), the paper's ε̂: larger at first",
    torch="α m̂/(√v̂ + ε), the paper's algorithm 1",
    severity=SLOW_DRIFT,
    hits="all training by Adam; seriously where gradients are of the size of ε",
    recipe="torch: set eps to ε/√(1 − β₂ᵗ) before step t; Keras: epsilon to ε√(1 − β₂ᵗ)",
    sources=("keras/src/optimizers/adam.py:L135", "torch/optim/adam.py:L544"),
    steps=DRIFT,
)
class AdamEpsilonPlace:
    g = 1e-3 * gradients(100)

    def in_keras(g, steps):
        return by_keras(adam(), g, steps)

    def in_torch(g, steps):
        return by_torch(lambda w: torch.optim.Adam(w, RATE, BETAS, eps=1e-7), g, steps)

    def torch_as_keras(g, steps):
        def moved(optimizer, step):
            optimizer.param_groups[0]["eps"] = 1e-7 / np.sqrt(1 - BETAS[1] ** step)

        return by_torch(lambda w: torch.optim.Adam(w, RATE, BETAS), g, steps, before=moved)

    def keras_as_torch(g, steps):
        w, optimizer = keras.Variable(np.ones(3), dtype="float64"), adam()
        optimizer.build([w])
        for step, each in enumerate(g[:steps], start=1):
            optimizer.epsilon = np.float64(1e-7 * np.sqrt(1 - BETAS[1] ** step))
            optimizer.apply([tf.constant(each)], [w])
        return w.numpy()


@difference(
    item="Adam where gradients are of the size of ε",
    keras="ε̂ = 1e-7 is up to 32 times as large as torch's at the first step",
    torch="ε = 1e-7 beside the corrected √v̂",
    severity=SILENT_WRONG,
    hits="embeddings, reinforcement learning, losses that are summed and then scaled down",
    recipe="scale the loss up, or move ε as for its place",
    sources=("keras/src/optimizers/adam.py:L135", "torch/optim/adam.py:L544"),
    steps=DRIFT,
)
class AdamTinyGradients:
    g = 1e-7 * gradients(100)

    def in_keras(g, steps):
        return by_keras(adam(), g, steps)

    def in_torch(g, steps):
        return by_torch(lambda w: torch.optim.Adam(w, RATE, BETAS, eps=1e-7), g, steps)

    def torch_as_keras(g, steps):
        def moved(optimizer, step):
            optimizer.param_groups[0]["eps"] = 1e-7 / np.sqrt(1 - BETAS[1] ** step)

        return by_torch(lambda w: torch.optim.Adam(w, RATE, BETAS), g, steps, before=moved)

    def keras_as_torch(g, steps):
        w, optimizer = keras.Variable(np.ones(3), dtype="float64"), adam()
        optimizer.build([w])
        for step, each in enumerate(g[:steps], start=1):
            optimizer.epsilon = np.float64(1e-7 * np.sqrt(1 - BETAS[1] ** step))
            optimizer.apply([tf.constant(each)], [w])
        return w.numpy()


@difference(
    item="AMSGrad, the place of ε in it",
    keras="m/(√max v + ε̂), the correction outside",
    torch="m̂/(√(max v)/√(1 − β₂ᵗ) + ε)",
    severity=SLOW_DRIFT,
    hits="Adam with amsgrad=True",
    recipe="as for Adam",
    sources=("keras/src/optimizers/adam.py:L130", "torch/optim/adam.py:L544"),
    steps=DRIFT,
)
class AmsGrad:
    g = 1e-3 * gradients(100)

    def in_keras(g, steps):
        return by_keras(adam(amsgrad=True), g, steps)

    def in_torch(g, steps):
        def make(w):
            return torch.optim.Adam(w, RATE, BETAS, eps=1e-7, amsgrad=True)

        return by_torch(make, g, steps)

    def torch_as_keras(g, steps):
        def moved(optimizer, step):
            optimizer.param_groups[0]["eps"] = 1e-7 / np.sqrt(1 - BETAS[1] ** step)

        def make(w):
            return torch.optim.Adam(w, RATE, BETAS, amsgrad=True)

        return by_torch(make, g, steps, before=moved)

    def keras_as_torch(g, steps):
        w, optimizer = keras.Variable(np.ones(3), dtype="float64"), adam(amsgrad=True)
        optimizer.build([w])
        for step, each in enumerate(g[:steps], start=1):
            optimizer.epsilon = np.float64(1e-7 * np.sqrt(1 - BETAS[1] ** step))
            optimizer.apply([tf.constant(each)], [w])
        return w.numpy()


@difference(
    item="weight_decay of Adam: one name, two algorithms",
    keras="decoupled, as AdamW: w = w − αλw",
    torch="coupled: λw is added to the gradient, and divided by √v̂ with it",
    severity=SILENT_WRONG,
    hits="everybody who writes Adam(weight_decay=…)",
    recipe="torch: AdamW for what Keras calls Adam(weight_decay=…); Keras: add λw to the gradient",
    sources=("keras/src/backend/tensorflow/optimizer.py:L98", "torch/optim/adam.py:L428"),
    steps=DRIFT,
)
class AdamWeightDecay:
    g = gradients(100)

    def in_keras(g, steps):
        return by_keras(adam(weight_decay=0.125, epsilon=0.0), g, steps)

    def in_torch(g, steps):
        def make(w):
            return torch.optim.Adam(w, RATE, BETAS, eps=0.0, weight_decay=0.125)

        return by_torch(make, g, steps)

    def torch_as_keras(g, steps):
        def make(w):
            return torch.optim.AdamW(w, RATE, BETAS, eps=0.0, weight_decay=0.125)

        return by_torch(make, g, steps)

    def keras_as_torch(g, steps):
        w, optimizer = keras.Variable(np.ones(3), dtype="float64"), adam(epsilon=0.0)
        optimizer.build([w])
        for each in g[:steps]:
            optimizer.apply([each + 0.125 * w], [w])
        return w.numpy()


@difference(
    item="weight decay of AdamW where none is given",
    keras="0.004",
    torch="0.01",
    severity=SILENT_WRONG,
    hits="every port that leaves it to the default",
    recipe="pass weight_decay in both",
    sources=("keras/src/optimizers/adamw.py:L56", "torch/optim/adamw.py:L27"),
    steps=DRIFT,
)
class AdamWDecay:
    g = gradients(100)

    def in_keras(g, steps):
        options = {"beta_1": np.float64(0.875), "beta_2": np.float64(0.96875)}
        return by_keras(keras.optimizers.AdamW(RATE, **options, epsilon=np.float64(0)), g, steps)

    def in_torch(g, steps):
        return by_torch(lambda w: torch.optim.AdamW(w, RATE, BETAS, eps=0.0), g, steps)

    def torch_as_keras(g, steps):
        decay = float(np.float32(0.004))

        def make(w):
            return torch.optim.AdamW(w, RATE, BETAS, eps=0.0, weight_decay=decay)

        return by_torch(make, g, steps)

    def keras_as_torch(g, steps):
        options = {"beta_1": np.float64(0.875), "beta_2": np.float64(0.96875)}
        options |= {"epsilon": np.float64(0), "weight_decay": np.float64(0.01)}
        return by_keras(keras.optimizers.AdamW(RATE, **options), g, steps)


@difference(
    item="Adam on a parameter that has no gradient at first",
    keras="one count of steps for all: step 11 is corrected as the 11th",
    torch="a count for each parameter, which begins with its first gradient",
    severity=SILENT_WRONG,
    hits="layers that are thawed in the course of a training, branches that are taken late",
    recipe="torch: give zeros rather than None; Keras: count from the first gradient",
    sources=("keras/src/optimizers/adam.py:L106", "torch/optim/adam.py:L414"),
)
class AdamLateGradient:
    g = gradients(20)

    def in_keras(g):
        w = [keras.Variable(np.ones(3), dtype="float64") for _ in range(2)]
        optimizer = adam(epsilon=0.0)
        optimizer.build(w)
        for step, each in enumerate(g):
            late = tf.constant(each) if step >= 10 else None
            optimizer.apply([tf.constant(each), late], w)
        return w[1].numpy()

    def in_torch(g):
        w = [nn.Parameter(torch.ones(3, dtype=torch.float64)) for _ in range(2)]
        optimizer = torch.optim.Adam(w, RATE, BETAS, eps=0.0)
        for step, each in enumerate(g):
            w[0].grad, w[1].grad = torch.tensor(each), torch.tensor(each) if step >= 10 else None
            optimizer.step()
        return w[1].detach()

    def torch_as_keras(g):
        w = nn.Parameter(torch.ones(3, dtype=torch.float64))
        optimizer = torch.optim.Adam([w], RATE, BETAS, eps=1e-300)
        for step, each in enumerate(g):
            w.grad = torch.tensor(each) if step >= 10 else torch.zeros_like(w)
            optimizer.step()
        return w.detach()

    def keras_as_torch(g):
        w = keras.Variable(np.ones(3), dtype="float64")
        optimizer = adam(epsilon=0.0)  # its own, for the layer that is thawed
        optimizer.build([w])
        for each in g[10:]:
            optimizer.apply([tf.constant(each)], [w])
        return w.numpy()


@difference(
    item="RMSprop where nothing is given: rate, decay",
    keras="α = 0.001, ρ = 0.9",
    torch="α = 0.01, alpha = 0.99",
    severity=SILENT_WRONG,
    hits="every port that leaves them to the defaults",
    recipe="pass both; ε apart, which has another place (the next entry)",
    sources=("keras/src/optimizers/rmsprop.py:L56", "torch/optim/rmsprop.py:L35"),
    steps=DRIFT,
)
class RmsPropDefaults:
    g = gradients(100)

    def in_keras(g, steps):
        return by_keras(keras.optimizers.RMSprop(epsilon=np.float64(0)), g, steps)

    def in_torch(g, steps):
        return by_torch(lambda w: torch.optim.RMSprop(w, eps=0.0), g, steps)

    def torch_as_keras(g, steps):
        rate = float(np.float32(0.001))
        return by_torch(lambda w: torch.optim.RMSprop(w, rate, alpha=0.9, eps=0.0), g, steps)

    def keras_as_torch(g, steps):
        keras.config.set_floatx("float64")
        optimizer = keras.optimizers.RMSprop(0.01, np.float64(0.99), epsilon=np.float64(0))
        return by_keras(optimizer, g, steps)


@difference(
    item="place of ε in RMSprop, the same ε in both",
    keras="αg/√(v + ε)",
    torch="αg/(√v + ε)",
    severity=SLOW_DRIFT,
    hits="all training by RMSprop; seriously with a large ε, as for reinforcement learning",
    recipe="torch: eps=0, and v starts at ε and gets ε(1 − ρ)/ρ before each step",
    sources=("keras/src/optimizers/rmsprop.py:L143", "torch/optim/rmsprop.py:L330"),
    steps=DRIFT,
    unaligned="Keras adds ε under the root: no setting takes it out",
)
class RmsPropEpsilonPlace:
    g = gradients(100)

    def in_keras(g, steps):
        rho, epsilon = np.float64(0.875), np.float64(1e-3)
        return by_keras(keras.optimizers.RMSprop(RATE, rho, epsilon=epsilon), g, steps)

    def in_torch(g, steps):
        return by_torch(lambda w: torch.optim.RMSprop(w, RATE, 0.875, eps=1e-3), g, steps)

    def torch_as_keras(g, steps):
        def shift(optimizer, step):
            for w in optimizer.param_groups[0]["params"]:
                if step == 1:
                    state = optimizer.state[w]
                    state["step"], state["square_avg"] = torch.tensor(0.0), torch.zeros_like(w)
                    state["square_avg"] += 1e-3
                optimizer.state[w]["square_avg"] += 1e-3 * (1 - 0.875) / 0.875

        return by_torch(lambda w: torch.optim.RMSprop(w, RATE, 0.875, eps=0.0), g, steps, shift)


@difference(
    item="centered RMSprop by a gradient that stays the same",
    keras="g/√(v − m² + ε): ε is beneath the root",
    torch="√(v − m²) is NaN once rounding makes it negative, and ε is added after",
    severity=SILENT_WRONG,
    hits="centered=True on a loss with a constant slope: NaN weights after some hundred steps",
    recipe="torch: shift the mean square by ε, as for the place of ε; or do not center",
    sources=("keras/src/optimizers/rmsprop.py:L141", "torch/optim/rmsprop.py:L323"),
    unaligned="Keras's root is never of a negative number: nothing makes it fail",
)
class RmsPropCenteredNan:
    g = np.full((1, 1), 0.1)
    v, m = 0.01, 0.1  # to which both means come in the end: 0.01 − 0.1² is rounded to −2e-18

    def in_keras(g, v, m):
        w = keras.Variable(np.ones(1), dtype="float64")
        options = {"rho": np.float64(1), "epsilon": np.float64(1e-7), "centered": True}
        optimizer = keras.optimizers.RMSprop(RATE, **options)
        optimizer.build([w])
        for state, value in (("velocity", v), ("average_gradient", m)):
            next(each for each in optimizer.variables if each.name.endswith(state)).assign([value])
        optimizer.apply([tf.constant(g[0])], [w])
        return bool(np.isfinite(w.numpy()).all())

    def in_torch(g, v, m):
        def start(optimizer, step):
            (w,) = optimizer.param_groups[0]["params"]
            state = {"step": torch.tensor(0.0), "square_avg": torch.full_like(w, v)}
            optimizer.state[w] |= state | {"grad_avg": torch.full_like(w, m)}

        def make(w):
            return torch.optim.RMSprop(w, RATE, 1.0, eps=1e-7, centered=True)

        return bool(torch.isfinite(by_torch(make, g, before=start)).all())

    def torch_as_keras(g, v, m):
        def start(optimizer, step):
            (w,) = optimizer.param_groups[0]["params"]
            state = {"step": torch.tensor(0.0), "square_avg": torch.full_like(w, v + 1e-7)}
            optimizer.state[w] |= state | {"grad_avg": torch.full_like(w, m)}

        def make(w):
            return torch.optim.RMSprop(w, RATE, 1.0, eps=0.0, centered=True)

        return bool(torch.isfinite(by_torch(make, g, before=start)).all())


@difference(
    item="momentum of RMSprop at a constant rate",
    keras="b = μb + αg/√v, w − b",
    torch="b = μb + g/√v, w − αb",
    severity=NONE,
    hits="nobody, as long as the rate stays",
    recipe="nothing to do",
    sources=("keras/src/optimizers/rmsprop.py:L150", "torch/optim/rmsprop.py:L330"),
)
class RmsPropMomentum:
    g = gradients(20)

    def in_keras(g):
        options = map(np.float64, (0.875, 0.5, 0.0))
        return by_keras(keras.optimizers.RMSprop(RATE, *options), g)

    def in_torch(g):
        return by_torch(lambda w: torch.optim.RMSprop(w, RATE, 0.875, 0.0, momentum=0.5), g)


@difference(
    item="momentum of RMSprop when the learning rate changes",
    keras="the rate is inside the velocity",
    torch="the rate is outside it",
    severity=SILENT_WRONG,
    hits="schedules beside RMSprop with momentum, as MobileNet's recipe has them",
    recipe="when α changes, multiply torch's buffers by α_old/α_new, or Keras's by α_new/α_old",
    sources=("keras/src/optimizers/rmsprop.py:L150", "torch/optim/rmsprop.py:L330"),
)
class RmsPropRateChange:
    g = gradients(20)

    def in_keras(g):
        w = keras.Variable(np.ones(3), dtype="float64")
        optimizer = keras.optimizers.RMSprop(RATE, *map(np.float64, (0.875, 0.5, 0.0)))
        optimizer.build([w])
        for step, each in enumerate(g):
            if step == 10:
                optimizer.learning_rate = RATE / 8
            optimizer.apply([tf.constant(each)], [w])
        return w.numpy()

    def in_torch(g):
        def drop(optimizer, step):
            if step == 11:
                optimizer.param_groups[0]["lr"] = RATE / 8

        def make(w):
            return torch.optim.RMSprop(w, RATE, 0.875, 0.0, momentum=0.5)

        return by_torch(make, g, before=drop)

    def torch_as_keras(g):
        def drop(optimizer, step):
            if step == 11:
                optimizer.param_groups[0]["lr"] = RATE / 8
                for state in optimizer.state.values():
                    state["momentum_buffer"] *= 8

        def make(w):
            return torch.optim.RMSprop(w, RATE, 0.875, 0.0, momentum=0.5)

        return by_torch(make, g, before=drop)

    def keras_as_torch(g):
        w = keras.Variable(np.ones(3), dtype="float64")
        optimizer = keras.optimizers.RMSprop(RATE, *map(np.float64, (0.875, 0.5, 0.0)))
        optimizer.build([w])
        for step, each in enumerate(g):
            if step == 10:
                optimizer.learning_rate = RATE / 8
                for velocity in optimizer._momentums:
                    velocity.assign(velocity / 8)
            optimizer.apply([tf.constant(each)], [w])
        return w.numpy()


@difference(
    item="Adagrad where nothing is given: rate, first accumulator, ε",
    keras="α = 0.001, accumulator 0.1, ε = 1e-7 beneath the root",
    torch="α = 0.01, accumulator 0, ε = 1e-10 beside the root",
    severity=SILENT_WRONG,
    hits="every port that leaves them to the defaults: the first steps are of another size",
    recipe="pass all three; torch: ε = 0 and the accumulator 0.1 + ε",
    sources=("keras/src/optimizers/adagrad.py:L38", "torch/optim/adagrad.py:L36"),
    steps=DRIFT,
    unaligned="Keras has ε beneath the root alone: 1e-11 of torch's, beside it, is left",
)
class AdagradDefaults:
    g = gradients(100)

    def in_keras(g, steps):
        return by_keras(keras.optimizers.Adagrad(), g, steps)

    def in_torch(g, steps):
        return by_torch(torch.optim.Adagrad, g, steps)

    def torch_as_keras(g, steps):
        def make(w):
            first = float(np.float32(0.1)) + 1e-7
            rate = float(np.float32(0.001))
            return torch.optim.Adagrad(w, rate, initial_accumulator_value=first, eps=0.0)

        return by_torch(make, g, steps)


@difference(
    item="lr_decay of Adagrad",
    keras="no such argument",
    torch="α/(1 + (t − 1) lr_decay)",
    severity=SILENT_WRONG,
    hits="configurations of torch that give it",
    recipe="Keras: InverseTimeDecay(α, 1, lr_decay) as the learning rate",
    sources=("keras/src/optimizers/adagrad.py:L38", "torch/optim/adagrad.py:L402"),
)
class AdagradDecay:
    g = gradients(20)

    def in_keras(g):
        options = {"initial_accumulator_value": np.float64(1), "epsilon": np.float64(0)}
        return by_keras(keras.optimizers.Adagrad(RATE, **options), g)

    def in_torch(g):
        options = {"lr_decay": 0.125, "initial_accumulator_value": 1.0, "eps": 0.0}
        return by_torch(lambda w: torch.optim.Adagrad(w, RATE, **options), g)

    def torch_as_keras(g):
        options = {"initial_accumulator_value": 1.0, "eps": 0.0}
        return by_torch(lambda w: torch.optim.Adagrad(w, RATE, **options), g)

    def keras_as_torch(g):
        keras.config.set_floatx("float64")
        rate = keras.optimizers.schedules.InverseTimeDecay(np.float64(RATE), 1, np.float64(0.125))
        options = {"initial_accumulator_value": np.float64(1), "epsilon": np.float64(0)}
        return by_keras(keras.optimizers.Adagrad(rate, **options), g)


@difference(
    item="Adadelta where nothing is given: rate, ρ, ε",
    keras="α = 0.001, ρ = 0.95, ε = 1e-7",
    torch="α = 1, ρ = 0.9, ε = 1e-6",
    severity=SILENT_WRONG,
    hits="every port that leaves them to the defaults: Keras hardly moves",
    recipe="pass all three: then both are the same, ε in both roots",
    sources=("keras/src/optimizers/adadelta.py:L42", "torch/optim/adadelta.py:L32"),
    steps=DRIFT,
)
class AdadeltaDefaults:
    g = gradients(100)

    def in_keras(g, steps):
        return by_keras(keras.optimizers.Adadelta(), g, steps)

    def in_torch(g, steps):
        return by_torch(torch.optim.Adadelta, g, steps)

    def torch_as_keras(g, steps):
        rate = float(np.float32(0.001))
        return by_torch(lambda w: torch.optim.Adadelta(w, rate, rho=0.95, eps=1e-7), g, steps)

    def keras_as_torch(g, steps):
        return by_keras(keras.optimizers.Adadelta(1.0, rho=0.9, epsilon=1e-6), g, steps)


@difference(
    item="Adamax where nothing is given: rate, ε",
    keras="α = 0.001, ε = 1e-7",
    torch="α = 0.002, ε = 1e-8",
    severity=SILENT_WRONG,
    hits="every port that leaves them to the defaults",
    recipe="pass both, ε too small to count: its place differs",
    sources=("keras/src/optimizers/adamax.py:L55", "torch/optim/adamax.py:L33"),
    steps=DRIFT,
)
class AdamaxDefaults:
    g = gradients(100)

    def in_keras(g, steps):
        betas = np.float64(0.9), np.float64(0.999)
        return by_keras(keras.optimizers.Adamax(0.001, *betas, np.float64(1e-300)), g, steps)

    def in_torch(g, steps):
        return by_torch(lambda w: torch.optim.Adamax(w, eps=1e-300), g, steps)

    def torch_as_keras(g, steps):
        rate = float(np.float32(0.001))
        return by_torch(lambda w: torch.optim.Adamax(w, rate, eps=1e-300), g, steps)

    def keras_as_torch(g, steps):
        keras.config.set_floatx("float64")
        betas = np.float64(0.9), np.float64(0.999)
        return by_keras(keras.optimizers.Adamax(0.002, *betas, np.float64(1e-300)), g, steps)


@difference(
    item="place of ε in Adamax, the same ε in both",
    keras="m/(u + ε), u = max(β₂u, |g|)",
    torch="u = max(β₂u, |g| + ε): ε is inside the maximum, and decays with it",
    severity=SLOW_DRIFT,
    hits="Adamax with an ε that counts",
    recipe="take ε too small to count in both",
    sources=("keras/src/optimizers/adamax.py:L127", "torch/optim/adamax.py:L282"),
    steps=DRIFT,
    unaligned="no setting moves ε into or out of the maximum",
)
class AdamaxEpsilonPlace:
    g = gradients(100)

    def in_keras(g, steps):
        options = map(np.float64, (*BETAS, 1e-3))
        return by_keras(keras.optimizers.Adamax(RATE, *options), g, steps)

    def in_torch(g, steps):
        return by_torch(lambda w: torch.optim.Adamax(w, RATE, BETAS, eps=1e-3), g, steps)


@difference(
    item="how fast Nadam's momentum grows",
    keras="β₁(1 − ½ 0.96ᵗ): the decay is 1",
    torch="β₁(1 − ½ 0.96^(ψt)) with momentum_decay ψ = 0.004",
    severity=SILENT_WRONG,
    hits="everybody who ports Nadam",
    recipe="torch: momentum_decay=1; 1e-9 is left, as Keras rounds 0.96 to float32 in one place",
    sources=("keras/src/optimizers/nadam.py:L116", "torch/optim/nadam.py:L347"),
    steps=DRIFT,
    ulp=1,
    unaligned="Keras has no argument for the decay",
)
class NadamDecay:
    g = gradients(100)

    def in_keras(g, steps):
        options = map(np.float64, (*BETAS, 1e-8))
        return by_keras(keras.optimizers.Nadam(RATE, *options), g, steps).astype(np.float32)

    def in_torch(g, steps):
        return by_torch(lambda w: torch.optim.NAdam(w, RATE, BETAS), g, steps).float()

    def torch_as_keras(g, steps):
        def make(w):
            return torch.optim.NAdam(w, RATE, BETAS, momentum_decay=1.0)

        return by_torch(make, g, steps).float()


@difference(
    item="Nadam's learning rate where none is given",
    keras="0.001",
    torch="0.002",
    severity=SILENT_WRONG,
    hits="every port that leaves it to the default",
    recipe="pass the learning rate",
    sources=("keras/src/optimizers/nadam.py:L119", "torch/optim/nadam.py:L40"),
)
class NadamRate:
    def in_keras():
        return np.float64(keras.optimizers.Nadam().learning_rate.numpy())

    def in_torch():
        return torch.optim.NAdam([torch.zeros(1)]).param_groups[0]["lr"]

    def torch_as_keras():
        rate = float(np.float32(0.001))
        return torch.optim.NAdam([torch.zeros(1)], rate).param_groups[0]["lr"]

    def keras_as_torch():
        keras.config.set_floatx("float64")
        return np.float64(keras.optimizers.Nadam(0.002).learning_rate.numpy())


@difference(
    item="clipping all gradients by one norm",
    keras="g·c·min(1/norm, 1/c)",
    torch="g·min(1, c/(norm + 1e-6))",
    severity=SLOW_DRIFT,
    hits="all clipped training, in the seventh digit",
    recipe="torch: clip_grads_with_norm_ with the norm less 1e-6; Keras: clip by hand",
    sources=("keras/src/optimizers/base_optimizer.py:L1193", "torch/nn/utils/clip_grad.py:L131"),
)
class ClipByGlobalNorm:
    g = 5 * gradients(1)

    def in_keras(g):
        return by_keras(keras.optimizers.SGD(RATE, global_clipnorm=1.0), g)

    def in_torch(g):
        def clip(optimizer, step):
            clip_grad_norm_(optimizer.param_groups[0]["params"], 1.0)

        return by_torch(lambda w: torch.optim.SGD(w, RATE), g, before=clip)

    def torch_as_keras(g):
        def clip(optimizer, step):
            w = optimizer.param_groups[0]["params"]
            clip_grads_with_norm_(w, 1.0, get_total_norm([p.grad for p in w]) - 1e-6)

        return by_torch(lambda w: torch.optim.SGD(w, RATE), g, before=clip)

    def keras_as_torch(g):
        norm = np.sqrt(np.sum(g**2))
        return by_keras(keras.optimizers.SGD(RATE), g * min(1.0, 1.0 / (norm + 1e-6)))


@difference(
    item="clipnorm: the norm of what",
    keras="of each variable by itself; global_clipnorm is of all",
    torch="clip_grad_norm_ is of all parameters that it is given",
    severity=SILENT_WRONG,
    hits="everybody who takes clipnorm for clip_grad_norm_",
    recipe="Keras: global_clipnorm; torch: clip each parameter by itself",
    sources=("keras/src/optimizers/base_optimizer.py:L1108", "torch/nn/utils/clip_grad.py:L185"),
)
class ClipnormOfEach:
    g = 5 * gradients(2)

    def in_keras(g):
        w = [keras.Variable(np.ones(3), dtype="float64") for _ in range(2)]
        optimizer = keras.optimizers.SGD(1.0, clipnorm=1.0)
        optimizer.build(w)
        optimizer.apply([tf.constant(each) for each in g], w)
        return [each.numpy() for each in w]

    def in_torch(g):
        w = [nn.Parameter(torch.ones(3, dtype=torch.float64)) for _ in range(2)]
        for each, found in zip(w, g, strict=True):
            each.grad = torch.tensor(found)
        clip_grads_with_norm_(w, 1.0, get_total_norm([p.grad for p in w]) - 1e-6)
        torch.optim.SGD(w, 1.0).step()
        return [each.detach() for each in w]

    def torch_as_keras(g):
        w = [nn.Parameter(torch.ones(3, dtype=torch.float64)) for _ in range(2)]
        for each, found in zip(w, g, strict=True):
            each.grad = torch.tensor(found)
            clip_grads_with_norm_([each], 1.0, torch.linalg.norm(each.grad) - 1e-6)
        torch.optim.SGD(w, 1.0).step()
        return [each.detach() for each in w]

    def keras_as_torch(g):
        w = [keras.Variable(np.ones(3), dtype="float64") for _ in range(2)]
        optimizer = keras.optimizers.SGD(1.0, global_clipnorm=1.0)
        optimizer.build(w)
        optimizer.apply([tf.constant(each) for each in g], w)
        return [each.numpy() for each in w]


@difference(
    item="clipping by norm where one gradient is infinite",
    keras="all of them become NaN",
    torch="that one becomes NaN, all others 0",
    severity=SILENT_WRONG,
    hits="mixed precision and exploding losses: the model is lost in one, a step in the other",
    recipe="torch: error_if_nonfinite=True, or multiply by a norm that is NaN; Keras: check first",
    sources=("keras/src/optimizers/base_optimizer.py:L1196", "torch/nn/utils/clip_grad.py:L52"),
)
class ClipInfinite:
    g = np.array([[1.0, 2.0, np.inf]])

    def in_keras(g):
        return by_keras(keras.optimizers.SGD(RATE, global_clipnorm=1.0), g)

    def in_torch(g):
        def clip(optimizer, step):
            clip_grad_norm_(optimizer.param_groups[0]["params"], 1.0)

        return by_torch(lambda w: torch.optim.SGD(w, RATE), g, before=clip)

    def torch_as_keras(g):
        def clip(optimizer, step):
            (w,) = optimizer.param_groups[0]["params"]
            norm = clip_grad_norm_([w], 1.0)
            w.grad += norm - norm  # NaN where the norm is not finite

        return by_torch(lambda w: torch.optim.SGD(w, RATE), g, before=clip)

    def keras_as_torch(g):
        norm = np.sqrt(np.sum(g**2))
        with np.errstate(invalid="ignore"):
            return by_keras(keras.optimizers.SGD(RATE), g * min(1.0, 1.0 / (norm + 1e-6)))


@difference(
    item="gradient accumulation over four batches",
    keras="gradient_accumulation_steps=4: the mean of the four",
    torch="backward() adds up: the sum of the four",
    severity=SILENT_WRONG,
    hits="everybody who accumulates: the rate is four times as large in torch",
    recipe="torch: divide the loss by the number of batches; Keras: multiply the rate by it",
    sources=("keras/src/optimizers/base_optimizer.py:L567", "torch/optim/sgd.py:L355"),
)
class Accumulation:
    g = gradients(8)

    def in_keras(g):
        return by_keras(keras.optimizers.SGD(RATE, gradient_accumulation_steps=4), g)

    def in_torch(g):
        summed = g.reshape(2, 4, 3).sum(1)  # as four calls of backward() leave it in w.grad
        return by_torch(lambda w: torch.optim.SGD(w, RATE), summed)

    def torch_as_keras(g):
        summed = (g / 4).reshape(2, 4, 3).sum(1)
        return by_torch(lambda w: torch.optim.SGD(w, RATE), summed)

    def keras_as_torch(g):
        return by_keras(keras.optimizers.SGD(4 * RATE, gradient_accumulation_steps=4), g)


@difference(
    item="a schedule beside gradient accumulation",
    keras="counts batches: the update after four of them takes the rate of the fourth",
    torch="scheduler.step() beside optimizer.step() counts updates",
    severity=SILENT_WRONG,
    hits="schedules that decay four times as fast as was meant",
    recipe="torch: the schedule at 4n + 3; Keras: decay_steps four times as large",
    sources=("keras/src/optimizers/base_optimizer.py:L781", "torch/optim/lr_scheduler.py:L269"),
)
class AccumulationSchedule:
    g = gradients(16)

    def in_keras(g):
        rate = keras.optimizers.schedules.PiecewiseConstantDecay([6], [RATE, RATE / 8])
        return by_keras(keras.optimizers.SGD(rate, gradient_accumulation_steps=4), g)

    def in_torch(g):
        w = nn.Parameter(torch.ones(3, dtype=torch.float64))
        optimizer = torch.optim.SGD([w], RATE)
        schedule = torch.optim.lr_scheduler.MultiStepLR(optimizer, [7], gamma=0.125)
        for four in g.reshape(4, 4, 3):
            w.grad = torch.tensor(four.mean(0))
            optimizer.step()
            schedule.step()
        return w.detach()

    def torch_as_keras(g):
        w = nn.Parameter(torch.ones(3, dtype=torch.float64))
        optimizer = torch.optim.SGD([w], RATE)
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimizer, lambda n: 0.125 if 4 * n + 3 > 6 else 1.0
        )
        for four in g.reshape(4, 4, 3):
            w.grad = torch.tensor(four.mean(0))
            optimizer.step()
            schedule.step()
        return w.detach()

    def keras_as_torch(g):
        rate = keras.optimizers.schedules.PiecewiseConstantDecay([4 * 6 + 3], [RATE, RATE / 8])
        return by_keras(keras.optimizers.SGD(rate, gradient_accumulation_steps=4), g)


@difference(
    item="averaging of weights",
    keras="use_ema: an exponential mean, momentum 0.99",
    torch="AveragedModel: the plain mean of all that it is shown",
    severity=SILENT_WRONG,
    hits="evaluation by averaged weights",
    recipe="torch: multi_avg_fn=get_ema_multi_avg_fn(0.99), updated after each step",
    sources=("keras/src/optimizers/base_optimizer.py:L977", "torch/optim/swa_utils.py:L42"),
    unaligned="Keras has no plain mean: add the weights up in a callback",
)
class WeightAverage:
    g = gradients(50)

    def in_keras(g):
        w = keras.Variable(np.ones(3), dtype="float64")
        optimizer = keras.optimizers.SGD(RATE, use_ema=True, ema_momentum=0.75)
        optimizer.build([w])
        for each in g:
            optimizer.apply([tf.constant(each)], [w])
        return optimizer._model_variables_moving_average[0].numpy()

    def in_torch(g):
        model = nn.ParameterList([nn.Parameter(torch.ones(3, dtype=torch.float64))])
        averaged = torch.optim.swa_utils.AveragedModel(model)
        for each in g:
            model[0].data -= RATE * torch.tensor(each)
            averaged.update_parameters(model)
        return averaged.module[0].detach()

    def torch_as_keras(g):
        model = nn.ParameterList([nn.Parameter(torch.ones(3, dtype=torch.float64))])
        mean = torch.optim.swa_utils.get_ema_multi_avg_fn(0.75)
        averaged = torch.optim.swa_utils.AveragedModel(model, multi_avg_fn=mean)
        for each in g:
            model[0].data -= RATE * torch.tensor(each)
            averaged.update_parameters(model)
        return averaged.module[0].detach()


@difference(
    item="Adam on an embedding with a word twice in a batch",
    keras="squares the two slices apart: the second moment is g₁² + g₂²",
    torch="adds them up first: (g₁ + g₂)²",
    severity=SILENT_WRONG,
    hits="every embedding that is trained by Keras's Adam on TensorFlow",
    recipe="Keras: tf.convert_to_tensor(gradient) before apply; torch cannot be made to",
    sources=("keras/src/backend/tensorflow/sparse.py:L348", "torch/optim/adam.py:L428"),
    unaligned="torch adds repeated ids up in the backward pass, before an optimizer sees them",
)
class EmbeddingAdam:
    ids = np.array([1, 1, 2])

    def in_keras(ids):
        w = tf.Variable(np.ones((4, 2)))
        optimizer = adam(epsilon=1e-3)
        optimizer.build([w])
        for _ in range(2):
            with tf.GradientTape() as tape:
                L = tf.reduce_sum(tf.gather(w, ids) ** 2)
            optimizer.apply([tape.gradient(L, w)], [w])
        return w.numpy()

    def in_torch(ids):
        w = nn.Parameter(torch.ones(4, 2, dtype=torch.float64))
        optimizer = torch.optim.Adam([w], RATE, BETAS)
        for step in (1, 2):
            # ε in Keras's place
            optimizer.param_groups[0]["eps"] = 1e-3 / np.sqrt(1 - BETAS[1] ** step)
            optimizer.zero_grad()
            (w[torch.tensor(ids)] ** 2).sum().backward()
            optimizer.step()
        return w.detach()

    def keras_as_torch(ids):
        w = tf.Variable(np.ones((4, 2)))
        optimizer = adam(epsilon=1e-3)
        optimizer.build([w])
        for _ in range(2):
            with tf.GradientTape() as tape:
                L = tf.reduce_sum(tf.gather(w, ids) ** 2)
            optimizer.apply([tf.convert_to_tensor(tape.gradient(L, w))], [w])
        return w.numpy()


@difference(
    item="Adam on rows of an embedding that a batch does not have",
    keras="they move on by what is left of their momentum",
    torch="SparseAdam leaves them where they are; Adam with dense gradients does as Keras",
    severity=SILENT_WRONG,
    hits="nn.Embedding(sparse=True) with SparseAdam",
    recipe="torch: sparse=False and Adam; Keras: mask what the batch does not have",
    sources=("keras/src/optimizers/adam.py:L120", "torch/optim/sparse_adam.py:L13"),
    unaligned="Keras's Adam has no lazy form",
)
class EmbeddingLazyAdam:
    batches = np.array([[0, 1], [2, 3]])

    def in_keras(batches):
        w, optimizer = tf.Variable(np.ones((4, 2))), adam(epsilon=0.0)
        optimizer.build([w])
        for ids in batches:
            with tf.GradientTape() as tape:
                L = tf.reduce_sum(tf.gather(w, ids) ** 2)
            optimizer.apply([tape.gradient(L, w)], [w])
        return w.numpy()[:2]

    def in_torch(batches):
        layer = nn.Embedding(4, 2, sparse=True, _weight=torch.ones(4, 2, dtype=torch.float64))
        optimizer = torch.optim.SparseAdam(layer.parameters(), RATE, BETAS, eps=1e-300)
        for ids in batches:
            optimizer.zero_grad()
            (layer(torch.tensor(ids)) ** 2).sum().backward()
            optimizer.step()
        return layer.weight[:2].detach()

    def torch_as_keras(batches):
        layer = nn.Embedding(4, 2, _weight=torch.ones(4, 2, dtype=torch.float64))
        optimizer = torch.optim.Adam(layer.parameters(), RATE, BETAS, eps=1e-300)
        for ids in batches:
            optimizer.zero_grad()
            (layer(torch.tensor(ids)) ** 2).sum().backward()
            optimizer.step()
        return layer.weight[:2].detach()


@difference(
    item="global_clipnorm on an embedding with a word twice in a batch",
    keras="the norm of the slices, not added up: too small or too large",
    torch="the norm of the gradient",
    severity=SILENT_WRONG,
    hits="clipped training of text models in Keras on TensorFlow",
    recipe="Keras: tf.convert_to_tensor(gradient) before apply",
    sources=("keras/src/optimizers/base_optimizer.py:L1184", "torch/nn/utils/clip_grad.py:L131"),
    unaligned="torch adds repeated ids up in the backward pass",
)
class EmbeddingClip:
    ids = np.array([1, 1, 2])

    def in_keras(ids):
        w = tf.Variable(np.ones((4, 2)))
        optimizer = keras.optimizers.SGD(1.0, global_clipnorm=0.5)
        optimizer.build([w])
        with tf.GradientTape() as tape:
            L = tf.reduce_sum(tf.gather(w, ids) ** 2)
        optimizer.apply([tape.gradient(L, w)], [w])
        return w.numpy()

    def in_torch(ids):
        w = nn.Parameter(torch.ones(4, 2, dtype=torch.float64))
        (w[torch.tensor(ids)] ** 2).sum().backward()
        clip_grads_with_norm_([w], 0.5, torch.linalg.norm(w.grad) - 1e-6)
        torch.optim.SGD([w], 1.0).step()
        return w.detach()

    def keras_as_torch(ids):
        w = tf.Variable(np.ones((4, 2)))
        optimizer = keras.optimizers.SGD(1.0, global_clipnorm=0.5)
        optimizer.build([w])
        with tf.GradientTape() as tape:
            L = tf.reduce_sum(tf.gather(w, ids) ** 2)
        optimizer.apply([tf.convert_to_tensor(tape.gradient(L, w))], [w])
        return w.numpy()


@difference(
    item="SGD on an embedding with a word twice in a batch",
    keras="adds what the slices bring",
    torch="adds up first",
    severity=NONE,
    hits="nobody: without squares the order does not matter",
    recipe="nothing to do",
    sources=("keras/src/backend/tensorflow/sparse.py:L348", "torch/optim/sgd.py:L355"),
)
class EmbeddingSgd:
    ids = np.array([1, 1, 2])

    def in_keras(ids):
        w = tf.Variable(np.ones((4, 2)))
        optimizer = keras.optimizers.SGD(RATE)
        optimizer.build([w])
        with tf.GradientTape() as tape:
            L = tf.reduce_sum(tf.gather(w, ids) ** 2)
        optimizer.apply([tape.gradient(L, w)], [w])
        return w.numpy()

    def in_torch(ids):
        w = nn.Parameter(torch.ones(4, 2, dtype=torch.float64))
        (w[torch.tensor(ids)] ** 2).sum().backward()
        torch.optim.SGD([w], RATE).step()
        return w.detach()


@difference(
    item="gradients of a second step",
    keras="tape.gradient gives those of this step",
    torch="backward() adds to what is there: zero_grad() is the caller's",
    severity=SILENT_WRONG,
    hits="loops without zero_grad(), the first thing that goes wrong in a port to torch",
    recipe="torch: optimizer.zero_grad() before each backward()",
    sources=("tensorflow/python/eager/backprop.py:L960", "torch/optim/sgd.py:L355"),
)
class ZeroGrad:
    x = np.array([1.0, 2.0])

    def in_keras(x):
        w = tf.Variable([1.0, 1.0], dtype=tf.float64)
        for _ in range(2):
            with tf.GradientTape() as tape:
                L = tf.reduce_sum(w * x)
            g = tape.gradient(L, w)
        return g

    def in_torch(x):
        w = torch.ones(2, dtype=torch.float64, requires_grad=True)
        for _ in range(2):
            (w * torch.tensor(x)).sum().backward()
        return w.grad

    def torch_as_keras(x):
        w = torch.ones(2, dtype=torch.float64, requires_grad=True)
        for _ in range(2):
            w.grad = None
            (w * torch.tensor(x)).sum().backward()
        return w.grad

    def keras_as_torch(x):
        w, g = tf.Variable([1.0, 1.0], dtype=tf.float64), 0.0
        for _ in range(2):
            with tf.GradientTape() as tape:
                L = tf.reduce_sum(w * x)
            g = g + tape.gradient(L, w)
        return g


@difference(
    item="weight decay of a parameter without a gradient",
    keras="leaves it alone",
    torch="leaves it alone",
    severity=NONE,
    hits="nobody; a gradient of zeros decays in both",
    recipe="nothing to do",
    sources=("keras/src/backend/tensorflow/optimizer.py:L98", "torch/optim/adamw.py:L27"),
)
class DecayWithoutGradient:
    g = gradients(4)

    def in_keras(g):
        w = [keras.Variable(np.ones(3), dtype="float64") for _ in range(2)]
        optimizer = keras.optimizers.SGD(RATE, weight_decay=np.float64(0.125))
        optimizer.build(w)
        for each in g:
            optimizer.apply([tf.constant(each), None], w)
        return w[1].numpy()

    def in_torch(g):
        w = [nn.Parameter(torch.ones(3, dtype=torch.float64)) for _ in range(2)]
        optimizer = torch.optim.SGD(w, RATE, weight_decay=0.125)
        for each in g:
            w[0].grad = torch.tensor(each)
            optimizer.step()
        return w[1].detach()


@difference(
    item="a new optimizer for a model that was trained before",
    keras="compile() starts moments and count anew, in silence",
    torch="so does a new optimizer, unless load_state_dict brings them back",
    severity=NONE,
    hits="both alike: the first steps are large again",
    recipe="keep the optimizer's variables, or its state dict",
    sources=("keras/src/optimizers/base_optimizer.py:L33", "torch/optim/adam.py:L414"),
)
class NewOptimizer:
    g = gradients(20)

    def in_keras(g):
        w = keras.Variable(np.ones(3), dtype="float64")
        for half in (g[:10], g[10:]):
            optimizer = adam(epsilon=0.0)
            optimizer.build([w])
            for each in half:
                optimizer.apply([tf.constant(each)], [w])
        return w.numpy()

    def in_torch(g):
        w = nn.Parameter(torch.ones(3, dtype=torch.float64))
        for half in (g[:10], g[10:]):
            optimizer = torch.optim.Adam([w], RATE, BETAS, eps=0.0)
            for each in half:
                w.grad = torch.tensor(each)
                optimizer.step()
        return w.detach()


@difference(
    item="Adam's first step in float32",
    keras="1 − β₂ is taken of β₂ rounded to float32: 7e-6 too small",
    torch="bias corrections in double precision",
    severity=COSMETIC,
    hits="comparisons of first steps in float32",
    recipe="train in float64 where steps are compared",
    sources=("keras/src/optimizers/adam.py:L111", "torch/optim/adam.py:L496"),
    ulp=16,
    unaligned="no argument of either moves it; the project's own Adam has both forms",
)
class AdamFirstStepFloat32:
    g = np.ones(3, np.float32)

    def in_keras(g):
        w = keras.Variable(np.zeros(3), dtype="float32")
        optimizer = keras.optimizers.Adam(0.01, epsilon=0.0)
        optimizer.build([w])
        optimizer.apply([tf.constant(g)], [w])
        return w.numpy()

    def in_torch(g):
        w = nn.Parameter(torch.zeros(3))
        w.grad = torch.tensor(g)
        torch.optim.Adam([w], 0.01, eps=0.0).step()
        return w.detach()
