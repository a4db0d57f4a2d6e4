"""Automatic differentiation: what is recorded, what may be asked, and what is handed back."""

import keras
import numpy as np
import tensorflow as tf
import torch
import torch.nn.functional as F
from torch.utils.checkpoint import checkpoint

from parity_tests.differences.entry import (
    COSMETIC,
    CRASH,
    LOOP,
    NONE,
    SILENT_WRONG,
    difference,
)
from parity_tests.differences.gradients import keras_gradient, torch_gradient

TITLE = "Automatic differentiation"
STAGE = LOOP


@difference(
    item="gradient of several numbers at once",
    keras="that of their sum, without a word",
    torch="raises: only a scalar has an implicit gradient",
    severity=CRASH,
    hits="losses without reduction; in Keras a forgotten mean is a larger step",
    recipe="torch: y.sum().backward(); Keras: reduce by hand, so that it is seen",
    unaligned="an error is nothing that Keras should be made to raise",
    sources=("tensorflow/python/eager/backprop.py:L960", "torch/autograd/__init__.py:L209"),
)
class VectorTarget:
    x = np.array([1.0, 3.0])

    def in_keras(x):
        x = tf.constant(x)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = x**2
        return tape.gradient(y, x)

    def in_torch(x):
        x = torch.tensor(x, requires_grad=True)
        (x**2).backward()
        return x.grad

    def torch_as_keras(x):
        x = torch.tensor(x, requires_grad=True)
        (x**2).sum().backward()
        return x.grad


@difference(
    item="two losses differentiated one after the other",
    keras="each gradient by itself",
    torch="backward adds to .grad, which holds both",
    severity=SILENT_WRONG,
    hits="training loops without zero_grad",
    recipe="torch: zero_grad before each backward, or torch.autograd.grad; Keras: add them",
    sources=("tensorflow/python/eager/backprop.py:L960", "torch/optim/optimizer.py:L1024"),
)
class GradientsAddUp:
    x = np.array([1.0, 3.0])

    def in_keras(x):
        keras_gradient(lambda x: x**2, x)
        return keras_gradient(lambda x: x**3, x)

    def in_torch(x):
        x = torch.tensor(x, requires_grad=True)
        (x**2).sum().backward()
        (x**3).sum().backward()
        return (x.grad,)

    def torch_as_keras(x):
        x = torch.tensor(x, requires_grad=True)
        (x**2).sum().backward()
        x.grad = None  # what zero_grad does
        (x**3).sum().backward()
        return (x.grad,)

    def keras_as_torch(x):
        (first,) = keras_gradient(lambda x: x**2, x)
        (second,) = keras_gradient(lambda x: x**3, x)
        return [first + second]


@difference(
    item="asking twice for the gradient of one graph",
    keras="raises, but with persistent=True",
    torch="raises, but with retain_graph=True",
    severity=NONE,
    hits="nobody",
    recipe="persistent=True is retain_graph=True",
    sources=("tensorflow/python/eager/backprop.py:L1005", "torch/autograd/__init__.py:L255"),
)
class SecondCall:
    x = np.array([1.0, 3.0])

    def in_keras(x):
        x = tf.constant(x)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = x**2
        return tape.gradient(y, x), tape.gradient(y, x)

    def in_torch(x):
        x = torch.tensor(x, requires_grad=True)
        y = (x**2).sum()
        return torch.autograd.grad(y, x), torch.autograd.grad(y, x)


@difference(
    item="second derivative",
    keras="a tape within a tape",
    torch="raises: the first gradient is not recorded, but with create_graph=True",
    severity=CRASH,
    hits="gradient penalties, physics-informed networks, meta-learning",
    recipe="torch: create_graph=True in the inner call",
    unaligned="an error is nothing that Keras should be made to raise",
    sources=("tensorflow/python/eager/backprop.py:L960", "torch/autograd/__init__.py:L572"),
)
class SecondDerivative:
    x = np.array([1.0, 3.0])

    def in_keras(x):
        x = tf.constant(x)
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                y = x**3
            first = inner.gradient(y, x)
        return [outer.gradient(first, x)]

    def in_torch(x):
        x = torch.tensor(x, requires_grad=True)
        (first,) = torch.autograd.grad((x**3).sum(), x)
        return torch.autograd.grad(first.sum(), x)

    def torch_as_keras(x):
        x = torch.tensor(x, requires_grad=True)
        (first,) = torch.autograd.grad((x**3).sum(), x, create_graph=True)
        return torch.autograd.grad(first.sum(), x)


@difference(
    item="gradient with respect to what was not used",
    keras="None",
    torch="torch.autograd.grad raises, but with allow_unused=True",
    severity=CRASH,
    hits="models with branches that a batch does not take",
    recipe="torch: allow_unused=True, or materialize_grads=True for 0; Keras: "
    "unconnected_gradients='zero'",
    unaligned="an error is nothing that Keras should be made to raise",
    sources=("tensorflow/python/eager/backprop.py:L965", "torch/autograd/__init__.py:L441"),
)
class UnusedInput:
    x = np.array([1.0, 3.0])
    unused = np.array([2.0])

    def in_keras(x, unused):
        return keras_gradient(lambda x, unused: x**2, x, unused)[1]

    def in_torch(x, unused):
        return torch_gradient(lambda x, unused: x**2, x, unused)[1]

    def torch_as_keras(x, unused):
        x, unused = (torch.tensor(v, requires_grad=True) for v in (x, unused))
        return torch.autograd.grad((x**2).sum(), [x, unused], allow_unused=True)[1]


@difference(
    item="jacobian of what does not depend on the input",
    keras="None",
    torch="torch.autograd.functional.jacobian gives zeros: strict=False",
    severity=CRASH,
    hits="sensitivity analyses of models with constant outputs",
    recipe="Keras: unconnected_gradients='zero'; torch: strict=True raises",
    unaligned="None is nothing that torch should be made to give",
    sources=("tensorflow/python/eager/backprop.py:L1085", "torch/autograd/functional.py:L587"),
)
class UnusedJacobian:
    x = np.array([1.0, 3.0, 5.0])

    def in_keras(x):
        x = tf.constant(x)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.ones(2, x.dtype)
        return tape.jacobian(y, x)

    def in_torch(x):
        def constant(x):
            return torch.ones(2, dtype=x.dtype)

        return torch.autograd.functional.jacobian(constant, torch.tensor(x))

    def keras_as_torch(x):
        x = tf.constant(x)
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(x)
            y = tf.unstack(tf.ones(2, x.dtype))
        return tf.stack([tape.gradient(e, x, unconnected_gradients="zero") for e in y])


@difference(
    item="gradient of integers",
    keras="None, with a line in the log",
    torch="raises: only floating point and complex tensors can require gradients",
    severity=CRASH,
    hits="inputs read as integers: pixels, counts, Python numbers without a point",
    recipe="make them floating point, in both",
    unaligned="neither result is one to want",
    sources=("tensorflow/python/eager/backprop.py:L875", "torch/_tensor_docs.py:L28"),
)
class IntegerInput:
    x = np.array([1, 3])

    def in_keras(x):
        x = tf.constant(x)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = x * x
        return tape.gradient(y, x)

    def in_torch(x):
        return torch_gradient(lambda x: x * x, x)


@difference(
    item="gradient with respect to a frozen weight",
    keras="None: the tape watches what is trainable",
    torch="raises: it does not require a gradient",
    severity=CRASH,
    hits="saliency and transfer learning, where part of a model is frozen",
    recipe="Keras: tape.watch(variable); torch: requires_grad_(True)",
    unaligned="neither gives a gradient; the recipe makes both give it",
    sources=("tensorflow/python/eager/backprop.py:L760", "torch/autograd/__init__.py:L434"),
)
class FrozenWeight:
    w = np.array([1.0, 3.0])

    def in_keras(w):
        w = keras.Variable(w, trainable=False, dtype="float64")
        with tf.GradientTape() as tape:
            y = w**2
        return tape.gradient(y, w.value)

    def in_torch(w):
        w = torch.nn.Parameter(torch.tensor(w), requires_grad=False)
        return torch.autograd.grad((w**2).sum(), w)


@difference(
    item="gradient with respect to an intermediate result",
    keras="as of anything the tape has seen",
    torch=".grad of it is None after backward, but after retain_grad()",
    severity=CRASH,
    hits="Grad-CAM, gradients of activations",
    recipe="torch: h.retain_grad() before backward, or torch.autograd.grad(loss, h)",
    unaligned="None is nothing that Keras should be made to give",
    sources=("tensorflow/python/eager/backprop.py:L960", "torch/_tensor_docs.py:L6602"),
)
class IntermediateGradient:
    x = np.array([1.0, 3.0])

    def in_keras(x):
        x = tf.constant(x)
        with tf.GradientTape() as tape:
            tape.watch(x)
            h = x**2
            y = h**2
        return tape.gradient(y, h)

    def in_torch(x):
        h = torch.tensor(x, requires_grad=True) ** 2
        (h**2).sum().backward()
        return h.grad

    def torch_as_keras(x):
        h = torch.tensor(x, requires_grad=True) ** 2
        h.retain_grad()
        (h**2).sum().backward()
        return h.grad


@difference(
    item="what was computed before the tape was opened",
    keras="is a constant to it: the gradient lacks that part",
    torch="is in the graph, wherever it was computed",
    severity=SILENT_WRONG,
    hits="a regulariser or an embedding computed once, above the loop",
    recipe="Keras: open the tape first; torch: detach what is to be a constant",
    sources=("tensorflow/python/eager/backprop.py:L831", "torch/_tensor.py:L798"),
)
class OutsideTape:
    x = np.array([1.0, 3.0])

    def in_keras(x):
        x = tf.constant(x)
        square = x**2
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = square * x
        return tape.gradient(y, x)

    def in_torch(x):
        x = torch.tensor(x, requires_grad=True)
        square = x**2
        (square * x).sum().backward()
        return x.grad

    def torch_as_keras(x):
        x = torch.tensor(x, requires_grad=True)
        square = (x**2).detach()
        (square * x).sum().backward()
        return x.grad

    def keras_as_torch(x):
        x = tf.constant(x)
        with tf.GradientTape() as tape:
            tape.watch(x)
            square = x**2
            y = square * x
        return tape.gradient(y, x)


@difference(
    item="a NumPy function within a model",
    keras="is taken, and cuts the gradient: None",
    torch="raises: NumPy cannot read what requires a gradient",
    severity=CRASH,
    hits="np.exp or np.sqrt left in a loss",
    recipe="call the framework's own function in both",
    unaligned="neither gives a gradient",
    sources=("tensorflow/python/framework/ops.py:L368", "torch/_tensor.py:L1241"),
)
class NumpyInside:
    x = np.array([1.0, 3.0])

    def in_keras(x):
        x = tf.constant(x)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.constant(np.square(x))
        return tape.gradient(y, x)

    def in_torch(x):
        x = torch.tensor(x, requires_grad=True)
        np.square(x).sum().backward()
        return x.grad


@difference(
    item="a weight that is changed between the forward pass and the gradient",
    keras="the value that was read counts",
    torch="raises: what the graph had saved was modified in place",
    severity=CRASH,
    hits="GANs and actor-critics, where one step updates what the next gradient reads",
    recipe="torch: clone the weight into the graph, or take the gradient first",
    unaligned="an error is nothing that Keras should be made to raise",
    sources=("tensorflow/python/ops/resource_variable_ops.py:L815", "torch/autograd/graph.py:L966"),
)
class AssignedAfterUse:
    w = np.array([1.0, 3.0])

    def in_keras(w):
        w = tf.Variable(w)
        with tf.GradientTape() as tape:
            y = w**2
        w.assign([5.0, 5.0])
        return tape.gradient(y, w)

    def in_torch(w):
        w = torch.tensor(w, requires_grad=True)
        y = (w**2).sum()
        with torch.no_grad():
            w.fill_(5.0)
        y.backward()
        return w.grad

    def torch_as_keras(w):
        w = torch.tensor(w, requires_grad=True)
        y = (w.clone() ** 2).sum()
        with torch.no_grad():
            w.fill_(5.0)
        y.backward()
        return w.grad


@difference(
    item="a value that is written into a variable, and read again, within one step",
    keras="assign cuts the graph: the gradient is None",
    torch="copy_ is recorded, and differentiated through",
    severity=CRASH,
    hits="memories, buffers and running statistics that a loss reads",
    recipe="Keras: go on with the tensor, and assign it as well; torch: detach before copy_",
    unaligned="None is nothing that torch should be made to give",
    sources=("tensorflow/python/ops/resource_variable_ops.py:L1063", "torch/_tensor_docs.py:L1156"),
)
class AssignedWithin:
    w = np.array([1.0, 3.0])

    def in_keras(w):
        w, memory = tf.Variable(w), tf.Variable(np.zeros(2))
        with tf.GradientTape() as tape:
            memory.assign(w**2)
            y = 2 * memory
        return tape.gradient(y, w)

    def in_torch(w):
        w, memory = torch.tensor(w, requires_grad=True), torch.zeros(2, dtype=torch.float64)
        memory.copy_(w**2)
        (2 * memory).sum().backward()
        return w.grad

    def keras_as_torch(w):
        w, memory = tf.Variable(w), tf.Variable(np.zeros(2))
        with tf.GradientTape() as tape:
            value = w**2
            memory.assign(value)
            y = 2 * value
        return tape.gradient(y, w)


@difference(
    item="a step of gradient descent written by hand",
    keras="assign_sub does it",
    torch="sub_ raises: a leaf that requires a gradient is changed in place",
    severity=CRASH,
    hits="hand-written optimizers; w = w − g, which runs, leaves a weight without .grad",
    recipe="torch: within torch.no_grad()",
    unaligned="an error is nothing that Keras should be made to raise",
    sources=(
        "tensorflow/python/ops/resource_variable_ops.py:L1000",
        "torch/autograd/grad_mode.py:L22",
    ),
)
class StepInPlace:
    w = np.array([1.0, 3.0])

    def in_keras(w):
        w = tf.Variable(w)
        with tf.GradientTape() as tape:
            y = w**2
        w.assign_sub(0.1 * tape.gradient(y, w))
        return w

    def in_torch(w):
        w = torch.tensor(w, requires_grad=True)
        (w**2).sum().backward()
        w.sub_(0.1 * w.grad)
        return w.detach()

    def torch_as_keras(w):
        w = torch.tensor(w, requires_grad=True)
        (w**2).sum().backward()
        with torch.no_grad():
            w.sub_(0.1 * w.grad)
        return w.detach()


@difference(
    item="stop_gradient and detach",
    keras="stop_gradient is a constant to the gradient",
    torch="detach is too",
    severity=NONE,
    hits="nobody",
    recipe="nothing to do",
    sources=("tensorflow/python/ops/array_ops.py:L6772", "torch/_tensor.py:L798"),
)
class StopGradient:
    x = np.array([1.0, 3.0])

    def in_keras(x):
        return keras_gradient(lambda x: x * tf.stop_gradient(x), x)

    def in_torch(x):
        return torch_gradient(lambda x: x * x.detach(), x)


@difference(
    item="what the gradient with respect to one tensor comes in",
    keras="as the source was given: alone, in a list or in a dictionary",
    torch="torch.autograd.grad gives a tuple, of one as well",
    severity=COSMETIC,
    hits="code that stacks, prints or compares gradients",
    recipe="torch: take the tuple apart; Keras: hand over a list",
    sources=("tensorflow/python/eager/backprop.py:L960", "torch/autograd/__init__.py:L407"),
)
class OneGradient:
    x = np.array([1.0, 3.0])

    def in_keras(x):
        x = tf.constant(x)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = x**2
        return tape.gradient(y, x)

    def in_torch(x):
        x = torch.tensor(x, requires_grad=True)
        return torch.autograd.grad((x**2).sum(), x)

    def torch_as_keras(x):
        x = torch.tensor(x, requires_grad=True)
        (gradient,) = torch.autograd.grad((x**2).sum(), x)
        return gradient

    def keras_as_torch(x):
        return keras_gradient(lambda x: x**2, x)


@difference(
    item="recomputing activations to save memory, with dropout",
    keras="tf.recompute_grad draws another mask: outputs and gradients belong to two networks",
    torch="checkpoint puts the generator back, and draws the same mask",
    severity=SILENT_WRONG,
    hits="large models trained with little memory",
    recipe="Keras: draw the seed outside; torch: preserve_rng_state=False does as TensorFlow",
    sources=("tensorflow/python/ops/custom_gradient.py:L601", "torch/utils/checkpoint.py:L355"),
)
class RecomputedDropout:
    x = np.ones(64)

    def in_keras(x):
        seeds = keras.random.SeedGenerator(1)
        dropout = tf.recompute_grad(lambda x: keras.random.dropout(x, 0.5, seed=seeds))
        x = tf.constant(x)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = dropout(x)
        return np.array_equal(y, tape.gradient(y, x))

    def in_torch(x):
        x = torch.tensor(x, requires_grad=True)
        y = checkpoint(F.dropout, x, 0.5, use_reentrant=False)
        y.sum().backward()
        return torch.equal(y, x.grad)

    def torch_as_keras(x):
        x = torch.tensor(x, requires_grad=True)
        y = checkpoint(F.dropout, x, 0.5, use_reentrant=False, preserve_rng_state=False)
        y.sum().backward()
        return torch.equal(y, x.grad)

    def keras_as_torch(x):
        dropout = tf.recompute_grad(lambda x: keras.random.dropout(x, 0.5, seed=1))
        x = tf.constant(x)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = dropout(x)
        return np.array_equal(y, tape.gradient(y, x))


@difference(
    item="tensors computed in inference mode, used in training afterwards",
    keras="there is no such mode: tensors are tensors",
    torch="raises: inference tensors cannot be saved for backward",
    severity=CRASH,
    hits="features of a frozen model, computed once",
    recipe="torch: torch.no_grad() instead of inference_mode(), or clone the tensor",
    unaligned="an error is nothing that Keras should be made to raise",
    sources=("tensorflow/python/eager/backprop.py:L887", "torch/autograd/grad_mode.py:L213"),
)
class InferenceMode:
    w = np.array([1.0, 3.0])

    def in_keras(w):
        features = tf.ones(2, "float64") * 2
        return keras_gradient(lambda w: w * features, w)

    def in_torch(w):
        with torch.inference_mode():
            features = torch.ones(2) * 2
        return torch_gradient(lambda w: w * features, w)

    def torch_as_keras(w):
        with torch.no_grad():
            features = torch.ones(2) * 2
        return torch_gradient(lambda w: w * features, w)
