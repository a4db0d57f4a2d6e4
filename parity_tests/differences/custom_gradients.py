"""Gradients written by hand: tf.custom_gradient and torch.autograd.Function."""

import numpy as np
import tensorflow as tf
import torch

from parity_tests.differences.entry import CRASH, LOOP, SILENT_WRONG, difference
from parity_tests.differences.gradients import keras_gradient, torch_gradient

TITLE = "Gradients written by hand"
STAGE = LOOP


def keras_second(function, x):
    """Derivative of the derivative of x f(x), summed."""
    x = tf.constant(x)
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = tf.reduce_sum(x * function(x))
        slope = inner.gradient(y, x)
    return outer.gradient(slope, x)


def torch_second(function, x):
    """The same in torch."""
    x = torch.tensor(x, requires_grad=True)
    y = (x * function(x)).sum()
    (slope,) = torch.autograd.grad(y, x, create_graph=True)
    return torch.autograd.grad(slope.sum(), x)[0]


@difference(
    item="second derivative through a number that the forward pass kept for the backward pass",
    keras="right: the tape has followed the number, since the function runs under it",
    torch="the number counts as a constant: forward runs without a graph",
    severity=SILENT_WRONG,
    hits="gradient penalties and Hessians of functions written by hand",
    recipe="torch: save the inputs, and compute the number again in backward; TensorFlow: "
    "stop_gradient makes it a constant",
    sources=("tensorflow/python/ops/custom_gradient.py:L571", "torch/autograd/function.py:L52"),
)
class NumberOfForward:
    x = np.array([1.0, 2.0])

    def in_keras(x):
        @tf.custom_gradient
        def sinh(x):
            e = tf.exp(x)
            return (e - 1 / e) / 2, lambda g: g * (e + 1 / e) / 2

        return keras_second(sinh, x)

    def in_torch(x):
        class Sinh(torch.autograd.Function):
            def forward(ctx, x):
                ctx.e = torch.exp(x)
                return (ctx.e - 1 / ctx.e) / 2

            def backward(ctx, g):
                return g * (ctx.e + 1 / ctx.e) / 2

        return torch_second(Sinh.apply, x)

    def torch_as_keras(x):
        class Sinh(torch.autograd.Function):
            def forward(ctx, x):
                ctx.save_for_backward(x)
                return torch.sinh(x)

            def backward(ctx, g):
                e = torch.exp(*ctx.saved_tensors)
                return g * (e + 1 / e) / 2

        return torch_second(Sinh.apply, x)

    def keras_as_torch(x):
        @tf.custom_gradient
        def sinh(x):
            e = tf.stop_gradient(tf.exp(x))
            return (e - 1 / e) / 2, lambda g: g * (e + 1 / e) / 2

        return keras_second(sinh, x)


@difference(
    item="gradient of an argument that was broadcast",
    keras="handed on in the shape in which it is returned",
    torch="summed to the shape of the argument",
    severity=SILENT_WRONG,
    hits="biases and scales of layers with gradients written by hand",
    recipe="sum over the broadcast axes in the function itself",
    sources=("tensorflow/python/ops/custom_gradient.py:L591", "torch/autograd/function.py:L442"),
    unaligned="torch sums whatever is returned, if it can be",
)
class BroadcastArgument:
    x, b = np.ones((2, 3)), np.zeros(3)

    def in_keras(x, b):
        @tf.custom_gradient
        def add(b):
            return x + b, lambda g: g

        return keras_gradient(add, b)

    def in_torch(x, b):
        class Add(torch.autograd.Function):
            def forward(ctx, b):
                return torch.tensor(x) + b

            def backward(ctx, g):
                return g

        return torch_gradient(Add.apply, b)

    def keras_as_torch(x, b):
        @tf.custom_gradient
        def add(b):
            return x + b, lambda g: tf.reduce_sum(g, axis=0)

        return keras_gradient(add, b)


@difference(
    item="a gradient of the wrong shape",
    keras="handed on, to fail or to broadcast later",
    torch="raises RuntimeError, naming both shapes",
    severity=CRASH,
    hits="reductions whose gradient was not spread over the elements again",
    recipe="return the shape of the argument: g · ones_like(x)",
    sources=("tensorflow/python/ops/custom_gradient.py:L591", "torch/autograd/function.py:L442"),
    unaligned="TensorFlow does not look at the shape; assert it in the function",
)
class WrongShape:
    x = np.array([1.0, 2.0, 3.0])

    def in_keras(x):
        @tf.custom_gradient
        def total(x):
            return tf.reduce_sum(x), lambda g: g

        return keras_gradient(total, x)

    def in_torch(x):
        class Total(torch.autograd.Function):
            def forward(ctx, x):
                return x.sum()

            def backward(ctx, g):
                return g

        return torch_gradient(Total.apply, x)

    def torch_as_keras(x):
        class Total(torch.autograd.Function):
            def forward(ctx, x):
                ctx.save_for_backward(x)
                return x.sum()

            def backward(ctx, g):
                (x,) = ctx.saved_tensors
                return g * torch.ones_like(x)

        (slope,) = torch_gradient(Total.apply, x)
        return [slope[0]]


@difference(
    item="type of a gradient that is wider than its argument",
    keras="handed on as it is; what multiplies it next raises",
    torch="rounded to the type of the argument",
    severity=SILENT_WRONG,
    hits="functions that compute in float64 inside, for the sake of digits",
    recipe="TensorFlow: cast the gradient to the type of the argument; torch: nothing",
    sources=("tensorflow/python/ops/custom_gradient.py:L591", "torch/autograd/function.py:L442"),
    unaligned="torch keeps no gradient of another type than its tensor's",
)
class WiderGradient:
    x = np.float32([1.0, 2.0])

    def in_keras(x):
        @tf.custom_gradient
        def third(x):
            return x / 3, lambda g: tf.cast(g, tf.float64) / 3

        return keras_gradient(third, x)

    def in_torch(x):
        class Third(torch.autograd.Function):
            def forward(ctx, x):
                return x / 3

            def backward(ctx, g):
                return g.double() / 3

        return torch_gradient(Third.apply, x)

    def keras_as_torch(x):
        @tf.custom_gradient
        def third(x):
            return x / 3, lambda g: tf.cast(tf.cast(g, tf.float64) / 3, x.dtype)

        return keras_gradient(third, x)


@difference(
    item="a weight that a function with its own gradient reads without being handed it",
    keras="raises TypeError: the gradient must take `variables` and answer for them",
    torch="gets no gradient, and nothing says so",
    severity=CRASH,
    hits="layers whose call is given a gradient by hand",
    recipe="hand the weight over as an argument, and return a gradient for it",
    sources=("tensorflow/python/ops/custom_gradient.py:L557", "torch/autograd/function.py:L441"),
)
class WeightOfClosure:
    x = np.array([1.0, 2.0])

    def in_keras(x):
        w = tf.Variable(3.0, dtype=tf.float64)

        @tf.custom_gradient
        def scaled(x):
            return w * x, lambda g: g * w

        return keras_gradient(scaled, x)

    def in_torch(x):
        w = torch.tensor(3.0, dtype=torch.float64, requires_grad=True)

        class Scaled(torch.autograd.Function):
            def forward(ctx, x):
                return w * x

            def backward(ctx, g):
                return g * w

        Scaled.apply(torch.tensor(x, requires_grad=True)).sum().backward()
        return w.grad

    def torch_as_keras(x):
        w = torch.tensor(3.0, dtype=torch.float64, requires_grad=True)

        class Scaled(torch.autograd.Function):
            def forward(ctx, x):
                if w.requires_grad:
                    raise TypeError("hand over the weight as an argument")
                return w * x

        return torch_gradient(Scaled.apply, x)

    def keras_as_torch(x):
        w = tf.Variable(3.0, dtype=tf.float64)

        @tf.custom_gradient
        def scaled(x):
            return w * x, lambda g, variables: (g * w, [None for _ in variables])

        with tf.GradientTape() as tape:
            y = scaled(tf.constant(x))
        return tape.gradient(y, w)


@difference(
    item="a function with its own gradient, mapped over a batch",
    keras="vectorized_map takes it as any other",
    torch="raises: vmap asks for setup_context, and for generate_vmap_rule or a rule",
    severity=CRASH,
    hits="gradients of each sample, and Jacobians by torch.func",
    recipe="torch: write forward without ctx, setup_context, and generate_vmap_rule = True",
    unaligned="vectorized_map has no such rule that could be missing",
    sources=(
        "tensorflow/python/ops/parallel_for/control_flow_ops.py:L453",
        "torch/autograd/function.py:L606",
    ),
)
class MappedFunction:
    x = np.array([1.0, 2.0])

    def in_keras(x):
        @tf.custom_gradient
        def square(x):
            return x * x, lambda g: 2 * g * x

        return tf.vectorized_map(square, tf.constant(x))

    def in_torch(x):
        class Square(torch.autograd.Function):
            def forward(ctx, x):
                ctx.save_for_backward(x)
                return x * x

            def backward(ctx, g):
                (x,) = ctx.saved_tensors
                return 2 * g * x

        return torch.vmap(Square.apply)(torch.tensor(x))

    def torch_as_keras(x):
        class Square(torch.autograd.Function):
            generate_vmap_rule = True

            def forward(x):
                return x * x

            def setup_context(ctx, inputs, output):
                ctx.save_for_backward(*inputs)

            def backward(ctx, g):
                (x,) = ctx.saved_tensors
                return 2 * g * x

        return torch.vmap(Square.apply)(torch.tensor(x))


@difference(
    item="an argument by its name, in a compiled step",
    keras="raises ValueError: names are taken in eager mode alone",
    torch="is taken",
    severity=CRASH,
    hits="functions that worked while the model was debugged eagerly",
    recipe="TensorFlow: hand options over by position, or in a closure",
    unaligned="torch has nothing to refuse",
    sources=("tensorflow/python/ops/custom_gradient.py:L406", "torch/autograd/function.py:L610"),
)
class ArgumentByName:
    x = np.array([1.0, -2.0])

    def in_keras(x):
        @tf.custom_gradient
        def leaky(x, slope):
            return tf.where(x > 0, x, slope * x), lambda g: tf.where(x > 0, g, slope * g)

        return tf.function(lambda x: leaky(x, slope=0.5))(tf.constant(x))

    def in_torch(x):
        class Leaky(torch.autograd.Function):
            def forward(ctx, x, slope):
                return torch.where(x > 0, x, slope * x)

        return Leaky.apply(torch.tensor(x), slope=0.5)

    def keras_as_torch(x):
        def leaky(x, slope):
            @tf.custom_gradient
            def of(x):
                return tf.where(x > 0, x, slope * x), lambda g: tf.where(x > 0, g, slope * g)

            return of(x)

        return tf.function(lambda x: leaky(x, slope=0.5))(tf.constant(x))
