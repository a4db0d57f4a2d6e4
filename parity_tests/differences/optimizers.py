"""Gradient descent, and what all optimizers share: rates, momentum, decay, what is refused."""

import keras
import numpy as np
import tensorflow as tf
import torch

from parity_tests.differences.entry import (
    CRASH,
    NONE,
    OPTIMIZER,
    SILENT_WRONG,
    SLOW_DRIFT,
    difference,
)
from tf_impl.builtins.optimizers import momentum

TITLE = "Optimizers: gradient descent, and what all of them share"
STAGE = OPTIMIZER

START = np.array([1.0, -2.0])
CURVATURE = np.array([1.0, 4.0])


def descend_keras(kind, steps=10, scale=1.0, penalty=0.0, before=None, **options):
    """Where a Keras optimizer is after some steps down a parabola, all of it in float64."""
    keras.config.set_floatx("float64")  # else the learning rate is kept in float32
    optimizer, w = kind(**options), keras.Variable(START)
    for step in range(steps):
        if before:
            before(optimizer, step)
        optimizer.apply([w * (scale * CURVATURE + penalty)], [w])
    return w


def descend_torch(kind, steps=10, scale=1.0, penalty=0.0, before=None, **options):
    """Where a torch optimizer is after some steps down a parabola, all of it in float64."""
    w = torch.tensor(START, requires_grad=True)
    optimizer = kind([w], **options)
    for step in range(steps):
        w.grad = w.detach() * torch.tensor(scale * CURVATURE + penalty)
        if before:
            before(optimizer, step)
        optimizer.step()
    return w.detach()


@difference(
    item="learning rate of SGD() by default",
    keras="0.01",
    torch="0.001",
    severity=SILENT_WRONG,
    hits="a model trained by SGD whose learning rate is not written out",
    recipe="pass the learning rate",
    sources=("keras/src/optimizers/sgd.py:L45", "torch/optim/sgd.py:L32"),
)
class SgdLearningRate:
    def in_keras():
        return descend_keras(keras.optimizers.SGD)

    def in_torch():
        return descend_torch(torch.optim.SGD)

    def torch_as_keras():
        return descend_torch(torch.optim.SGD, lr=0.01)

    def keras_as_torch():
        return descend_keras(keras.optimizers.SGD, learning_rate=0.001)


@difference(
    item="learning rate of an optimizer of float64 weights",
    keras="kept in a variable of keras.config.floatx(), float32 unless set: 0.05 is 0.0500000007",
    torch="a Python float in double precision",
    severity=SLOW_DRIFT,
    hits="comparisons in float64, which part after eight digits",
    recipe="Keras: set_floatx('float64') before making the optimizer; torch: round the rate to "
    "float32",
    sources=("keras/src/optimizers/base_optimizer.py:L188", "torch/optim/sgd.py:L53"),
    steps=(1, 10, 100),
)
class LearningRateFloat32:
    w = np.array([1.0, -2.0])

    def in_keras(w, steps):
        optimizer, w = keras.optimizers.SGD(0.05), keras.Variable(w, dtype="float64")
        for _ in range(steps):
            optimizer.apply([w * 1.0], [w])
        return w

    def in_torch(w, steps):
        w = torch.tensor(w, requires_grad=True)
        optimizer = torch.optim.SGD([w], lr=0.05)
        for _ in range(steps):
            w.grad = w.detach().clone()
            optimizer.step()
        return w.detach()

    def torch_as_keras(w, steps):
        w = torch.tensor(w, requires_grad=True)
        optimizer = torch.optim.SGD([w], lr=float(np.float32(0.05)))
        for _ in range(steps):
            w.grad = w.detach().clone()
            optimizer.step()
        return w.detach()

    def keras_as_torch(w, steps):
        keras.config.set_floatx("float64")
        optimizer, w = keras.optimizers.SGD(0.05), keras.Variable(w)
        for _ in range(steps):
            optimizer.apply([w * 1.0], [w])
        return w


@difference(
    item="momentum of SGD in float64",
    keras="ops.cast(0.9, 'float64') takes a Python float through float32: 0.899999976",
    torch="0.9 in double precision",
    severity=SLOW_DRIFT,
    hits="comparisons in float64, which part after seven digits",
    recipe="Keras: momentum=np.float64(0.9); torch: momentum=float(np.float32(0.9))",
    sources=("keras/src/optimizers/sgd.py:L104", "torch/optim/sgd.py:L364"),
    steps=(1, 10, 100),
)
class SgdMomentumFloat32:
    def in_keras(steps):
        return descend_keras(keras.optimizers.SGD, steps, learning_rate=0.05, momentum=0.9)

    def in_torch(steps):
        return descend_torch(torch.optim.SGD, steps, lr=0.05, momentum=0.9)

    def torch_as_keras(steps):
        return descend_torch(torch.optim.SGD, steps, lr=0.05, momentum=float(np.float32(0.9)))

    def keras_as_torch(steps):
        options = {"learning_rate": 0.05, "momentum": 0.9, "velocity_form": "scaled"}
        return descend_keras(momentum, steps, **options)


@difference(
    item="a learning rate that is an integer",
    keras="ValueError: it must be a float, a schedule or a callable",
    torch="taken",
    severity=CRASH,
    hits="learning_rate=1, as Adadelta is often given",
    recipe="write 1.0",
    sources=("keras/src/optimizers/base_optimizer.py:L176", "torch/optim/sgd.py:L45"),
    unaligned="torch has no such check to turn on",
)
class IntegerLearningRate:
    def in_keras():
        return descend_keras(keras.optimizers.Adadelta, learning_rate=1, rho=0.875, epsilon=1e-6)

    def in_torch():
        return descend_torch(torch.optim.Adadelta, lr=1, rho=0.875, eps=1e-6)

    def keras_as_torch():
        return descend_keras(keras.optimizers.Adadelta, learning_rate=1.0, rho=0.875, epsilon=1e-6)


@difference(
    item="SGD(momentum=0), an integer",
    keras="ValueError: it must be a float between 0 and 1",
    torch="taken",
    severity=CRASH,
    hits="hyperparameters read from a configuration file",
    recipe="write 0.0",
    sources=("keras/src/optimizers/sgd.py:L74", "torch/optim/sgd.py:L47"),
    unaligned="torch has no such check to turn on",
)
class IntegerMomentum:
    def in_keras():
        return descend_keras(keras.optimizers.SGD, learning_rate=0.0625, momentum=0)

    def in_torch():
        return descend_torch(torch.optim.SGD, lr=0.0625, momentum=0)

    def keras_as_torch():
        return descend_keras(keras.optimizers.SGD, learning_rate=0.0625, momentum=0.0)


@difference(
    item="a negative learning rate, to ascend",
    keras="taken",
    torch="ValueError",
    severity=CRASH,
    hits="adversarial training, and rewards that are maximised",
    recipe="torch: maximize=True; Keras has no such argument: negate the rate, or the loss",
    sources=("keras/src/optimizers/base_optimizer.py:L176", "torch/optim/sgd.py:L45"),
    unaligned="Keras has no such check to turn on",
)
class NegativeLearningRate:
    def in_keras():
        return descend_keras(keras.optimizers.SGD, learning_rate=-0.0625)

    def in_torch():
        return descend_torch(torch.optim.SGD, lr=-0.0625)

    def torch_as_keras():
        return descend_torch(torch.optim.SGD, lr=0.0625, maximize=True)


@difference(
    item="SGD(nesterov=True) without a momentum",
    keras="plain gradient descent",
    torch="ValueError: a momentum is required",
    severity=CRASH,
    hits="a search over hyperparameters that comes to momentum 0",
    recipe="torch: nesterov=momentum > 0",
    sources=("keras/src/optimizers/sgd.py:L112", "torch/optim/sgd.py:L63"),
    unaligned="Keras has no such check to turn on",
)
class NesterovWithoutMomentum:
    def in_keras():
        return descend_keras(keras.optimizers.SGD, learning_rate=0.0625, nesterov=True)

    def in_torch():
        return descend_torch(torch.optim.SGD, lr=0.0625, nesterov=True)

    def torch_as_keras():
        momentum = 0.0
        options = {"momentum": momentum, "nesterov": momentum > 0}
        return descend_torch(torch.optim.SGD, lr=0.0625, **options)


@difference(
    item="SGD with momentum once the learning rate changes",
    keras="the rate is inside the velocity: v ← μ v − η g, w ← w + v; old gradients keep old rates",
    torch="the rate is outside: b ← μ b + g, w ← w − η b; old gradients take the new rate",
    severity=SLOW_DRIFT,
    hits="momentum under a schedule: cut to a tenth, and Keras goes on ten times as fast at first",
    recipe="at each change multiply torch's momentum_buffer by η_old / η_new, or Keras' momentum "
    "by η_new / η_old",
    sources=("keras/src/optimizers/sgd.py:L109", "torch/optim/sgd.py:L379"),
    steps=(1, 10, 100),
)
class SgdMomentumRateChange:
    def in_keras(steps):
        def cut(optimizer, step):
            if step == 5:
                optimizer.learning_rate = 0.00625

        options = {"learning_rate": 0.0625, "momentum": 0.875}
        return descend_keras(keras.optimizers.SGD, steps, before=cut, **options)

    def in_torch(steps):
        def cut(optimizer, step):
            if step == 5:
                optimizer.param_groups[0]["lr"] = 0.00625

        return descend_torch(torch.optim.SGD, steps, before=cut, lr=0.0625, momentum=0.875)

    def torch_as_keras(steps):
        def cut(optimizer, step):
            if step == 5:
                optimizer.param_groups[0]["lr"] = 0.00625
                for state in optimizer.state.values():
                    state["momentum_buffer"] *= 10.0

        return descend_torch(torch.optim.SGD, steps, before=cut, lr=0.0625, momentum=0.875)

    def keras_as_torch(steps):
        def cut(optimizer, step):
            if step == 5:
                optimizer.learning_rate = 0.00625
                for velocity in optimizer.momentums:
                    velocity.assign(velocity / 10.0)

        options = {"learning_rate": 0.0625, "momentum": 0.875}
        return descend_keras(keras.optimizers.SGD, steps, before=cut, **options)


@difference(
    item="Nesterov momentum at a constant learning rate",
    keras="w ← w + μ v − η g",
    torch="w ← w − η (g + μ b), which is the same with v = −η b",
    severity=NONE,
    hits="nobody",
    recipe="nothing to do",
    sources=("keras/src/optimizers/sgd.py:L112", "torch/optim/sgd.py:L367"),
)
class SgdNesterov:
    def in_keras():
        options = {"learning_rate": 0.0625, "momentum": 0.875, "nesterov": True}
        return descend_keras(keras.optimizers.SGD, steps=50, **options)

    def in_torch():
        options = {"lr": 0.0625, "momentum": 0.875, "nesterov": True}
        return descend_torch(torch.optim.SGD, steps=50, **options)


@difference(
    item="dampening of SGD's momentum",
    keras="no such argument: v ← μ v − η g",
    torch="b ← μ b + (1 − d) g, but b = g at the first step",
    severity=SILENT_WRONG,
    hits="torch code that passes dampening",
    recipe="Keras: learning rate η (1 − d), and the first velocity preset to −η d g / μ",
    sources=("keras/src/optimizers/sgd.py:L109", "torch/optim/sgd.py:L364"),
)
class SgdDampening:
    def in_keras():
        return descend_keras(keras.optimizers.SGD, learning_rate=0.0625, momentum=0.875)

    def in_torch():
        return descend_torch(torch.optim.SGD, lr=0.0625, momentum=0.875, dampening=0.5)

    def torch_as_keras():
        return descend_torch(torch.optim.SGD, lr=0.0625, momentum=0.875, dampening=0.0)

    def keras_as_torch():
        keras.config.set_floatx("float64")
        optimizer, w = keras.optimizers.SGD(0.0625 * 0.5, momentum=0.875), keras.Variable(START)
        optimizer.build([w])
        optimizer.momentums[0].assign(w * CURVATURE * (-0.0625 * 0.5 / 0.875))
        for _ in range(10):
            optimizer.apply([w * CURVATURE], [w])
        return w


@difference(
    item="weight decay of SGD without momentum",
    keras="decoupled: w ← w − η λ w, then the step",
    torch="in the gradient: g + λ w, which without momentum comes to the same",
    severity=NONE,
    hits="nobody",
    recipe="nothing to do",
    sources=("keras/src/backend/tensorflow/optimizer.py:L98", "torch/optim/sgd.py:L355"),
)
class SgdWeightDecayPlain:
    def in_keras():
        return descend_keras(keras.optimizers.SGD, learning_rate=0.0625, weight_decay=0.125)

    def in_torch():
        return descend_torch(torch.optim.SGD, lr=0.0625, weight_decay=0.125)


@difference(
    item="weight decay of SGD with momentum",
    keras="decoupled: w ← w − η λ w beside the velocity",
    torch="in the gradient: λ w enters the velocity, and acts 1 / (1 − μ) times as strongly",
    severity=SILENT_WRONG,
    hits="every image model trained by SGD, momentum 0.9 and weight decay: a factor of ten",
    recipe="torch: weight_decay=0, and p.mul_(1 - lr * wd) before each step; Keras: no "
    "weight_decay, but kernel_regularizer=L2(wd / 2), or λ w added to the gradient",
    sources=("keras/src/backend/tensorflow/optimizer.py:L98", "torch/optim/sgd.py:L355"),
)
class SgdWeightDecayMomentum:
    def in_keras():
        options = {"learning_rate": 0.0625, "momentum": 0.875, "weight_decay": 0.125}
        return descend_keras(keras.optimizers.SGD, **options)

    def in_torch():
        options = {"lr": 0.0625, "momentum": 0.875, "weight_decay": 0.125}
        return descend_torch(torch.optim.SGD, **options)

    def torch_as_keras():
        def decay(optimizer, step):
            for group in optimizer.param_groups:
                for w in group["params"]:
                    w.data.mul_(1 - group["lr"] * 0.125)

        return descend_torch(torch.optim.SGD, before=decay, lr=0.0625, momentum=0.875)

    def keras_as_torch():
        options = {"learning_rate": 0.0625, "momentum": 0.875}
        return descend_keras(keras.optimizers.SGD, penalty=0.125, **options)


@difference(
    item="weight decay of float64 weights",
    keras="tf.cast takes a Python float through float32: 0.1 is 0.1000000015",
    torch="double precision",
    severity=SLOW_DRIFT,
    hits="comparisons in float64, which part after eight digits",
    recipe="Keras: weight_decay=np.float64(0.1); torch: float(np.float32(0.1))",
    sources=("keras/src/backend/tensorflow/optimizer.py:L97", "torch/optim/adam.py:L419"),
    steps=(1, 10, 100),
)
class WeightDecayFloat32:
    def in_keras(steps):
        options = {"learning_rate": 0.0625, "weight_decay": 0.1}
        return descend_keras(keras.optimizers.SGD, steps, scale=0.0, **options)

    def in_torch(steps):
        return descend_torch(torch.optim.SGD, steps, scale=0.0, lr=0.0625, weight_decay=0.1)

    def torch_as_keras(steps):
        options = {"lr": 0.0625, "weight_decay": float(np.float32(0.1))}
        return descend_torch(torch.optim.SGD, steps, scale=0.0, **options)

    def keras_as_torch(steps):
        options = {"learning_rate": 0.0625, "weight_decay": np.float64(0.1)}
        return descend_keras(keras.optimizers.SGD, steps, scale=0.0, **options)


@difference(
    item="a step when no variable has a gradient",
    keras="ValueError: no gradients provided for any variable",
    torch="nothing happens",
    severity=CRASH,
    hits="a loop that steps before backward(), or trains while all is frozen",
    recipe="torch: raise if every p.grad is None; Keras: skip apply then",
    sources=("keras/src/optimizers/base_optimizer.py:L860", "torch/optim/sgd.py:L88"),
)
class NoGradients:
    def in_keras():
        w = keras.Variable([1.0, -2.0])
        keras.optimizers.SGD(0.5).apply([None], [w])
        return w

    def in_torch():
        w = torch.tensor([1.0, -2.0], requires_grad=True)
        torch.optim.SGD([w], lr=0.5).step()
        return w.detach()

    def torch_as_keras():
        w = torch.tensor([1.0, -2.0], requires_grad=True)
        optimizer = torch.optim.SGD([w], lr=0.5)
        if all(w.grad is None for group in optimizer.param_groups for w in group["params"]):
            raise ValueError("No gradients provided for any variable.")
        optimizer.step()
        return w.detach()

    def keras_as_torch():
        gradients, w = [None], keras.Variable([1.0, -2.0])
        if any(gradient is not None for gradient in gradients):
            keras.optimizers.SGD(0.5).apply(gradients, [w])
        return w


@difference(
    item="a variable that an optimizer has not seen when it was built",
    keras="ValueError: unknown variable; an optimizer keeps to the variables of its first step",
    torch="add_param_group takes it up at any time",
    severity=CRASH,
    hits="unfreezing layers, or growing a network, in the middle of training",
    recipe="Keras: optimizer.build() with all variables before the first step",
    sources=("keras/src/optimizers/base_optimizer.py:L409", "torch/optim/optimizer.py:L1103"),
    unaligned="torch has no such restriction to turn on",
)
class LateVariable:
    def in_keras():
        first, second = keras.Variable([1.0]), keras.Variable([2.0])
        optimizer = keras.optimizers.SGD(0.5)
        optimizer.apply([tf.ones(1)], [first])
        optimizer.apply([tf.ones(1), tf.ones(1)], [first, second])
        return first, second

    def in_torch():
        first = torch.tensor([1.0], requires_grad=True)
        second = torch.tensor([2.0], requires_grad=True)
        optimizer = torch.optim.SGD([first], lr=0.5)
        first.grad, second.grad = torch.ones(1), torch.ones(1)
        optimizer.step()
        optimizer.add_param_group({"params": [second]})
        optimizer.step()
        return first.detach(), second.detach()

    def keras_as_torch():
        first, second = keras.Variable([1.0]), keras.Variable([2.0])
        optimizer = keras.optimizers.SGD(0.5)
        optimizer.build([first, second])
        optimizer.apply([tf.ones(1)], [first])
        optimizer.apply([tf.ones(1), tf.ones(1)], [first, second])
        return first, second


@difference(
    item="learning rate of the first updates, where the scheduler is stepped first",
    keras="schedule(iterations), counted from 0 whatever the order",
    torch="scheduler.step() before optimizer.step() skips the first rate, with a warning only",
    severity=SILENT_WRONG,
    hits="training loops written for torch before 1.1",
    recipe="torch: optimizer.step(), then scheduler.step()",
    sources=("keras/src/optimizers/base_optimizer.py:L781", "torch/optim/lr_scheduler.py:L269"),
)
class SchedulerStepOrder:
    rate = np.float64(1.0)

    def in_keras(rate):
        schedule = keras.optimizers.schedules.ExponentialDecay(1.0, 1, 0.5)
        optimizer, w = keras.optimizers.SGD(schedule), keras.Variable(rate)
        walked = []
        for _ in range(3):
            before = float(w)
            optimizer.apply([tf.ones(())], [w])
            walked.append(before - float(w))
        return np.array(walked)

    def in_torch(rate):
        w = torch.tensor(rate, requires_grad=True)
        optimizer = torch.optim.SGD([w], lr=1.0)
        scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
        walked = []
        for _ in range(3):
            before, w.grad = w.item(), torch.ones_like(w)
            scheduler.step()
            optimizer.step()
            walked.append(before - w.item())
        return np.array(walked)

    def torch_as_keras(rate):
        w = torch.tensor(rate, requires_grad=True)
        optimizer = torch.optim.SGD([w], lr=1.0)
        scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
        walked = []
        for _ in range(3):
            before, w.grad = w.item(), torch.ones_like(w)
            optimizer.step()
            scheduler.step()
            walked.append(before - w.item())
        return np.array(walked)

    def keras_as_torch(rate):
        schedule = keras.optimizers.schedules.ExponentialDecay(1.0, 1, 0.5)
        optimizer, w = keras.optimizers.SGD(schedule), keras.Variable(rate)
        optimizer.build([w])
        optimizer.iterations.assign(1)
        walked = []
        for _ in range(3):
            before = float(w)
            optimizer.apply([tf.ones(())], [w])
            walked.append(before - float(w))
        return np.array(walked)


@difference(
    item="weight decay of a parameter without a gradient",
    keras="leaves it alone",
    torch="leaves it alone",
    severity=NONE,
    hits="nobody; a gradient of zeros decays in both",
    recipe="nothing to do",
    sources=("keras/src/backend/tensorflow/optimizer.py:L98", "torch/optim/sgd.py:L346"),
)
class DecayWithoutGradient:
    g = np.array([0.5, -1.0])

    def in_keras(g):
        used, unused = (keras.Variable(START, dtype="float64") for _ in range(2))
        optimizer = keras.optimizers.SGD(0.5, weight_decay=0.125)
        optimizer.apply([tf.constant(g), None], [used, unused])
        return unused

    def in_torch(g):
        used, unused = (torch.tensor(START, requires_grad=True) for _ in range(2))
        optimizer = torch.optim.SGD([used, unused], lr=0.5, weight_decay=0.125)
        used.grad = torch.tensor(g)
        optimizer.step()
        return unused.detach()
