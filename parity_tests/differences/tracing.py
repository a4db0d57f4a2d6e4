"""Compiled functions: what is fixed when they are traced; and what a model keeps track of."""

import keras
import numpy as np
import tensorflow as tf
import torch
from torch import nn

from parity_tests.differences.entry import (
    CRASH,
    LOOP,
    SILENT_WRONG,
    difference,
)

TITLE = "Compiled functions"
STAGE = LOOP


@difference(
    item="a Python number that a compiled step reads, changed between two calls",
    keras="the value at the time of tracing counts for good; fit compiles the step",
    torch="is read at each call",
    severity=SILENT_WRONG,
    hits="annealed weights of a loss (KL, temperature, teacher forcing) kept as attributes",
    recipe="Keras: keep it in a variable and assign to it; torch: read it once, before the loop",
    sources=(
        "keras/src/backend/tensorflow/trainer.py:L143",
        "tensorflow/python/eager/polymorphic_function/polymorphic_function.py:L1391",
        "torch/nn/modules/module.py:L1971",
    ),
)
class NumberOfTrace:
    x = np.array([1.0, 3.0])

    def in_keras(x):
        settings = {"weight": 1.0}

        @tf.function
        def weighted(x):
            return settings["weight"] * x

        first = weighted(tf.constant(x))
        settings["weight"] = 0.5
        return first, weighted(tf.constant(x))

    def in_torch(x):
        settings = {"weight": 1.0}

        def weighted(x):
            return settings["weight"] * x

        first = weighted(torch.tensor(x))
        settings["weight"] = 0.5
        return first, weighted(torch.tensor(x))

    def torch_as_keras(x):
        settings = {"weight": 1.0}

        def weighted(x, weight=settings["weight"]):
            return weight * x

        first = weighted(torch.tensor(x))
        settings["weight"] = 0.5
        return first, weighted(torch.tensor(x))

    def keras_as_torch(x):
        settings = {"weight": tf.Variable(1.0, dtype="float64")}

        @tf.function
        def weighted(x):
            return settings["weight"] * x

        first = weighted(tf.constant(x))
        settings["weight"].assign(0.5)
        return first, weighted(tf.constant(x))


@difference(
    item="a Python list that a compiled step appends to, called three times",
    keras="grows once, when the step is traced",
    torch="grows at each call",
    severity=SILENT_WRONG,
    hits="counters, logs and prints within train_step",
    recipe="Keras: count in a variable, print by tf.print, or compile with run_eagerly=True",
    unaligned="to act in the first call alone is nothing that torch should be made to do",
    sources=(
        "tensorflow/python/eager/polymorphic_function/polymorphic_function.py:L1391",
        "torch/nn/modules/module.py:L1971",
    ),
)
class EffectOfTrace:
    x = np.array([1.0, 3.0])

    def in_keras(x):
        seen = []

        @tf.function
        def step(x):
            seen.append("step")
            return 2 * x

        for _ in range(3):
            step(tf.constant(x))
        return len(seen)

    def in_torch(x):
        seen = []

        def step(x):
            seen.append("step")
            return 2 * x

        for _ in range(3):
            step(torch.tensor(x))
        return len(seen)

    def keras_as_torch(x):
        seen = tf.Variable(0)

        @tf.function
        def step(x):
            seen.assign_add(1)
            return 2 * x

        for _ in range(3):
            step(tf.constant(x))
        return seen


@difference(
    item="an activation that a compiled call keeps for later",
    keras="raises when it is read: what was kept is a symbol of the graph",
    torch="is a tensor like any other",
    severity=CRASH,
    hits="forward hooks, attention maps and auxiliary losses stored on self",
    recipe="Keras: return it beside the output, or assign it to a variable",
    unaligned="an error is nothing that torch should be made to raise",
    sources=("tensorflow/python/framework/func_graph.py:L637", "torch/nn/modules/module.py:L1971"),
)
class ActivationKept:
    x = np.array([1.0, 3.0])

    def in_keras(x):
        kept = []

        @tf.function
        def forward(x):
            kept.append(x**2)
            return kept[0] + 1

        forward(tf.constant(x))
        return kept[0].numpy()

    def in_torch(x):
        kept = []

        def forward(x):
            kept.append(x**2)
            return kept[0] + 1

        forward(torch.tensor(x))
        return kept[0].numpy()

    def keras_as_torch(x):
        @tf.function
        def forward(x):
            hidden = x**2
            return hidden + 1, hidden

        _, hidden = forward(tf.constant(x))
        return hidden.numpy()


@difference(
    item="an if that asks a tensor, within a model",
    keras="raises TypeError: the tensor of a functional model has no value yet",
    torch="the value decides, call by call",
    severity=CRASH,
    hits="early exits, conditional normalisation, checks for NaN",
    recipe="Keras: where, or cond if a branch is dear",
    unaligned="an error is nothing that torch should be made to raise",
    sources=("keras/src/backend/common/keras_tensor.py:L227", "torch/_tensor_docs.py:L2795"),
)
class BranchOnTensor:
    x = np.array([[1.0, -3.0]])

    def in_keras(x):
        inputs = keras.Input((2,), dtype="float64")
        outputs = inputs if keras.ops.sum(inputs) > 0 else -inputs
        return keras.Model(inputs, outputs)(x)

    def in_torch(x):
        x = torch.tensor(x)
        return x if x.sum() > 0 else -x

    def keras_as_torch(x):
        inputs = keras.Input((2,), dtype="float64")
        outputs = keras.ops.where(keras.ops.sum(inputs) > 0, inputs, -inputs)
        return keras.Model(inputs, outputs)(x)


@difference(
    item="two branches whose results are of different types",
    keras="raises TypeError: both branches of tf.cond are built, and must be alike",
    torch="the branch that is taken decides",
    severity=CRASH,
    hits="losses that are 0 where nothing is to be learnt, written as the integer 0 or None",
    recipe="Keras: let both return tensors of one type and shape, as tf.zeros_like",
    unaligned="an error is nothing that torch should be made to raise",
    sources=("tensorflow/python/ops/cond.py:L54", "torch/nn/modules/module.py:L1971"),
)
class BranchesUnlike:
    x = np.array([1.0, -3.0])

    def in_keras(x):
        @tf.function
        def loss(x):
            return tf.cond(tf.reduce_sum(x) > 0, lambda: tf.reduce_mean(x), lambda: 0)

        return loss(tf.constant(x))

    def in_torch(x):
        x = torch.tensor(x)
        return x.mean() if x.sum() > 0 else 0

    def keras_as_torch(x):
        @tf.function
        def loss(x):
            nothing = tf.zeros([], x.dtype)
            return tf.cond(tf.reduce_sum(x) > 0, lambda: tf.reduce_mean(x), lambda: nothing)

        return loss(tf.constant(x))


@difference(
    item="a loop over the rows of a tensor, within a compiled step",
    keras="raises: comprehensions, zip and enumerate cannot go through a symbol of the graph",
    torch="goes through the rows",
    severity=CRASH,
    hits="losses by sample, and models that treat each step or each box by itself",
    recipe="Keras: tf.unstack where the number of rows is known, tf.map_fn where it is not",
    unaligned="an error is nothing that torch should be made to raise",
    sources=("tensorflow/python/framework/tensor.py:L323", "torch/_tensor.py:L1195"),
)
class LoopOverRows:
    x = np.array([1.0, 3.0])

    def in_keras(x):
        @tf.function
        def doubled(x):
            return tf.stack([2 * row for row in x])

        return doubled(tf.constant(x))

    def in_torch(x):
        return torch.stack([2 * row for row in torch.tensor(x)])

    def keras_as_torch(x):
        @tf.function
        def doubled(x):
            return tf.stack([2 * row for row in tf.unstack(x)])

        return doubled(tf.constant(x))


@difference(
    item="a tensor that grows in a loop, within a compiled step",
    keras="raises ValueError: a shape may not change from turn to turn",
    torch="grows",
    severity=CRASH,
    hits="decoding word by word, rollouts of unknown length",
    recipe="Keras: shape_invariants with None for the axis that grows, or a tf.TensorArray",
    unaligned="an error is nothing that torch should be made to raise",
    sources=("tensorflow/python/ops/while_loop.py:L108", "torch/_torch_docs.py:L2384"),
)
class GrowingTensor:
    x = np.array([1.0, 3.0])

    def in_keras(x):
        def longer(y):
            return tf.concat([y, y[-1:] + 1], axis=0)

        @tf.function
        def decode(x):
            return tf.while_loop(lambda y: tf.size(y) < 5, longer, [x])[0]

        return decode(tf.constant(x))

    def in_torch(x):
        y = torch.tensor(x)
        while y.numel() < 5:
            y = torch.cat([y, y[-1:] + 1])
        return y

    def keras_as_torch(x):
        def longer(y):
            return tf.concat([y, y[-1:] + 1], axis=0)

        @tf.function
        def decode(x):
            shapes = [tf.TensorShape([None])]
            return tf.while_loop(lambda y: tf.size(y) < 5, longer, [x], shapes)[0]

        return decode(tf.constant(x))


@difference(
    item="an error that is caught, within a compiled step",
    keras="is not caught: when the step runs, Python's try is long over",
    torch="is caught, and the other way is taken",
    severity=CRASH,
    hits="inverses and decompositions that are tried again with a larger diagonal",
    recipe="Keras: ask before, as by the determinant, and choose by tf.cond; or run_eagerly=True",
    unaligned="an error is nothing that torch should be made to raise",
    sources=(
        "tensorflow/python/eager/polymorphic_function/polymorphic_function.py:L1316",
        "torch/linalg/__init__.py:L217",
    ),
)
class ErrorCaught:
    x = np.array([[1.0, 1.0], [1.0, 1.0]])

    def in_keras(x):
        @tf.function
        def inverse(x):
            try:
                return tf.linalg.inv(x)
            except tf.errors.InvalidArgumentError:
                return tf.linalg.inv(x + tf.eye(2, dtype=x.dtype))

        return inverse(tf.constant(x))

    def in_torch(x):
        x = torch.tensor(x)
        try:
            return torch.linalg.inv(x)
        except torch.linalg.LinAlgError:
            return torch.linalg.inv(x + torch.eye(2, dtype=x.dtype))

    def keras_as_torch(x):
        @tf.function
        def inverse(x):
            jitter = tf.where(tf.linalg.det(x) == 0, 1.0, 0.0)
            return tf.linalg.inv(x + tf.cast(jitter, x.dtype) * tf.eye(2, dtype=x.dtype))

        return inverse(tf.constant(x))


@difference(
    item="a tensor made a Python number within a compiled step",
    keras="raises TypeError: there is no number yet",
    torch="item() waits for the number; no gradient flows through it",
    severity=CRASH,
    hits="scales and thresholds read by float(x), .item() or .numpy()",
    recipe="Keras: leave it a tensor, behind stop_gradient",
    unaligned="an error is nothing that torch should be made to raise",
    sources=("tensorflow/python/framework/tensor.py:L302", "torch/_tensor_docs.py:L2798"),
)
class NumberOfTensor:
    x = np.array([1.0, 4.0])

    def in_keras(x):
        @tf.function
        def scaled(x):
            return x / float(tf.reduce_max(x))

        return scaled(tf.constant(x))

    def in_torch(x):
        x = torch.tensor(x)
        return x / x.max().item()

    def keras_as_torch(x):
        @tf.function
        def scaled(x):
            return x / tf.stop_gradient(tf.reduce_max(x))

        return scaled(tf.constant(x))


@difference(
    item="the length of a sequence, taken from its shape within a model",
    keras="is None where the Input leaves it open: a division by it raises ValueError",
    torch="is a number at each call",
    severity=CRASH,
    hits="means over time, positions and masks that are built from x.shape[1]",
    recipe="Keras: count with sum(ones_like(x)), or take keras.ops.shape(x)[1] in a layer",
    unaligned="an error is nothing that torch should be made to raise",
    sources=("keras/src/backend/common/keras_tensor.py:L70", "torch/_tensor_docs.py:L4753"),
)
class LengthOfSequence:
    x = np.array([[[1.0, 2.0], [3.0, 6.0]]])

    def in_keras(x):
        inputs = keras.Input((None, 2), dtype="float64")
        outputs = keras.ops.sum(inputs, axis=1) / inputs.shape[1]
        return keras.Model(inputs, outputs)(x)

    def in_torch(x):
        x = torch.tensor(x)
        return x.sum(1) / x.shape[1]

    def keras_as_torch(x):
        inputs = keras.Input((None, 2), dtype="float64")
        count = keras.ops.sum(keras.ops.ones_like(inputs), axis=1)
        outputs = keras.ops.sum(inputs, axis=1) / count
        return keras.Model(inputs, outputs)(x)


@difference(
    item="a weight made in the forward pass",
    keras="raises ValueError where the pass is compiled: each trace would make another",
    torch="is made anew at each call, and no optimizer ever sees it",
    severity=CRASH,
    hits="nn.Linear or nn.Parameter written in forward, where its size is first known",
    recipe="make it in build, or lazily (nn.LazyLinear); what is made anew each time is a constant",
    unaligned="an error is nothing that torch should be made to raise",
    sources=(
        "tensorflow/python/eager/polymorphic_function/polymorphic_function.py:L703",
        "torch/nn/parameter.py:L30",
    ),
)
class WeightInForward:
    x = np.array([1.0, 3.0])

    def in_keras(x):
        @tf.function
        def forward(x):
            return tf.Variable([2.0, 2.0], dtype="float64") * x

        return forward(tf.constant(x))

    def in_torch(x):
        def forward(x):
            return nn.Parameter(torch.tensor([2.0, 2.0], dtype=torch.float64)) * x

        return forward(torch.tensor(x)).detach()

    def keras_as_torch(x):
        @tf.function
        def forward(x):
            return tf.constant([2.0, 2.0], dtype="float64") * x

        return forward(tf.constant(x))


@difference(
    item="a state that is carried from one batch to the next",
    keras="a variable cuts the graph: what was assigned is a constant to the next tape",
    torch="the graph goes on into the batch before, freed by then: RuntimeError",
    severity=CRASH,
    hits="recurrent networks that go on where they stopped, truncated backpropagation",
    recipe="torch: detach the state after each batch",
    unaligned="an error is nothing that Keras should be made to raise",
    sources=("keras/src/layers/rnn/rnn.py:L442", "torch/autograd/__init__.py:L307"),
)
class StateCarried:
    w = 3.0

    def in_keras(w):
        w, state = tf.Variable(w, dtype="float64"), tf.Variable(1.0, dtype="float64")
        gradients = []
        for _ in range(2):
            with tf.GradientTape() as tape:
                after = w * state
                loss = after**2
            gradients.append(tape.gradient(loss, w))
            state.assign(after)
        return gradients

    def in_torch(w):
        w = torch.tensor(w, dtype=torch.float64, requires_grad=True)
        state = torch.tensor(1.0, dtype=torch.float64)
        gradients = []
        for _ in range(2):
            state = w * state
            gradients += torch.autograd.grad(state**2, w)
        return gradients

    def torch_as_keras(w):
        w = torch.tensor(w, dtype=torch.float64, requires_grad=True)
        state = torch.tensor(1.0, dtype=torch.float64)
        gradients = []
        for _ in range(2):
            state = w * state.detach()
            gradients += torch.autograd.grad(state**2, w)
        return gradients
