"""Gradients summed over batches, weights averaged over steps, and the loss scaled."""

import keras
import numpy as np
import tensorflow as tf
import torch
from torch import nn

from parity_tests.differences.entry import (
    COSMETIC,
    OPTIMIZER,
    SILENT_WRONG,
    difference,
)

TITLE = "Accumulating gradients, and averaging weights"
STAGE = OPTIMIZER


def averaged_by_keras(steps, **options):
    """The average of weights that walk down by one, once it has replaced them."""
    w = keras.Variable([0.0], dtype="float64")
    optimizer = keras.optimizers.SGD(1.0, use_ema=True, **options)
    for _ in range(steps):
        optimizer.apply([tf.ones(1, tf.float64)], [w])
    optimizer.finalize_variable_values([w])
    return w


def averaged_by_torch(steps, average, every=1):
    """The average of weights that walk down by one."""
    model = nn.Linear(1, 1, bias=False, dtype=torch.float64)
    model.weight.data.zero_()
    averaged = average(model)
    for step in range(1, steps + 1):
        if step % every == 0:
            model.weight.data -= 1.0
        averaged.update_parameters(model)
    return averaged.module.weight.flatten().detach()


@difference(
    item="average of the weights over the steps",
    keras="use_ema: an exponential average, begun at the weights after the first step",
    torch="AveragedModel: the plain mean of all weights, as for SWA",
    severity=SILENT_WRONG,
    hits="diffusion models, and whatever is evaluated by averaged weights",
    recipe="torch: AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.99)), updated after "
    "every step; Keras: keep the mean in a callback",
    sources=("keras/src/optimizers/base_optimizer.py:L977", "torch/optim/swa_utils.py:L85"),
    steps=(1, 10, 100),
)
class WeightAverage:
    def in_keras(steps):
        return averaged_by_keras(steps, ema_momentum=0.99)

    def in_torch(steps):
        return averaged_by_torch(steps, torch.optim.swa_utils.AveragedModel)

    def torch_as_keras(steps):
        def average(model):
            rule = torch.optim.swa_utils.get_ema_multi_avg_fn(0.99)
            return torch.optim.swa_utils.AveragedModel(model, multi_avg_fn=rule)

        return averaged_by_torch(steps, average)

    def keras_as_torch(steps):
        w = keras.Variable([0.0], dtype="float64")
        optimizer, total = keras.optimizers.SGD(1.0), 0.0
        for _ in range(steps):
            optimizer.apply([tf.ones(1, tf.float64)], [w])
            total += np.array(w)
        return total / steps


@difference(
    item="decay of an exponential average by default",
    keras="ema_momentum=0.99",
    torch="get_ema_multi_avg_fn(decay=0.999)",
    severity=SILENT_WRONG,
    hits="averages whose decay is not written out: over 100 steps, or 1000",
    recipe="pass the decay",
    sources=("keras/src/optimizers/sgd.py:L53", "torch/optim/swa_utils.py:L42"),
    steps=(1, 10, 100),
)
class EmaDecay:
    def in_keras(steps):
        return averaged_by_keras(steps)

    def in_torch(steps):
        def average(model):
            rule = torch.optim.swa_utils.get_ema_multi_avg_fn()
            return torch.optim.swa_utils.AveragedModel(model, multi_avg_fn=rule)

        return averaged_by_torch(steps, average)

    def torch_as_keras(steps):
        def average(model):
            rule = torch.optim.swa_utils.get_ema_multi_avg_fn(0.99)
            return torch.optim.swa_utils.AveragedModel(model, multi_avg_fn=rule)

        return averaged_by_torch(steps, average)

    def keras_as_torch(steps):
        return averaged_by_keras(steps, ema_momentum=0.999)


@difference(
    item="exponential average under accumulated gradients",
    keras="moves at every batch, so n times for each update, which shortens its memory n-fold",
    torch="moves where update_parameters is called, in most loops after each optimizer.step()",
    severity=SILENT_WRONG,
    hits="use_ema together with gradient_accumulation_steps",
    recipe="torch: call update_parameters at every batch from the first update on; Keras: "
    "ema_momentum ** (1 / n) comes near",
    sources=("keras/src/optimizers/base_optimizer.py:L596", "torch/optim/swa_utils.py:L42"),
    unaligned="Keras cannot be told to leave out batches",
    steps=(4, 40),
)
class EmaUnderAccumulation:
    def in_keras(steps):
        return averaged_by_keras(steps, gradient_accumulation_steps=4)

    def in_torch(steps):
        def average(model):
            rule = torch.optim.swa_utils.get_ema_multi_avg_fn(0.99)
            return torch.optim.swa_utils.AveragedModel(model, multi_avg_fn=rule)

        return averaged_by_torch(steps // 4, average)

    def torch_as_keras(steps):
        class Average(torch.optim.swa_utils.AveragedModel):
            def __init__(self, model):
                super().__init__(
                    model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.99)
                )
                self.batches = 0

            def update_parameters(self, model):
                self.batches += 1
                if self.batches >= 4:  # until the first update there is nothing to average
                    super().update_parameters(model)

        return averaged_by_torch(steps, Average, every=4)


@difference(
    item="gradients accumulated over batches",
    keras="gradient_accumulation_steps=n: their mean",
    torch="backward() n times: their sum",
    severity=SILENT_WRONG,
    hits="large batches simulated on a small machine: n times the learning rate in torch",
    recipe="torch: divide each loss by n; Keras: multiply each loss by n",
    sources=("keras/src/optimizers/base_optimizer.py:L567", "torch/_tensor.py:L566"),
)
class AccumulatedGradients:
    targets = np.array([1.0, 2.0, 4.0, 8.0])

    def in_keras(targets):
        w = keras.Variable([0.0], dtype="float64")
        optimizer = keras.optimizers.SGD(0.5, gradient_accumulation_steps=4)
        for target in targets:
            optimizer.apply([w - target], [w])
        return w

    def in_torch(targets):
        w = torch.zeros(1, dtype=torch.float64, requires_grad=True)
        optimizer = torch.optim.SGD([w], lr=0.5)
        for target in targets:
            ((w - target) ** 2 / 2).sum().backward()
        optimizer.step()
        return w.detach()

    def torch_as_keras(targets):
        w = torch.zeros(1, dtype=torch.float64, requires_grad=True)
        optimizer = torch.optim.SGD([w], lr=0.5)
        for target in targets:
            ((w - target) ** 2 / 2).sum().div(4).backward()
        optimizer.step()
        return w.detach()

    def keras_as_torch(targets):
        w = keras.Variable([0.0], dtype="float64")
        optimizer = keras.optimizers.SGD(0.5, gradient_accumulation_steps=4)
        for target in targets:
            optimizer.apply([(w - target) * 4.0], [w])
        return w


@difference(
    item="learning rate schedule under accumulated gradients",
    keras="reads the count of batches: at update k the rate of batch n k + n − 1",
    torch="reads the count of scheduler.step(), in most loops one for each update",
    severity=SILENT_WRONG,
    hits="gradient_accumulation_steps with any schedule: it runs n times as fast",
    recipe="Keras: lengthen the schedule n-fold; torch: LambdaLR(lambda k: f(n * k + n - 1))",
    sources=("keras/src/optimizers/base_optimizer.py:L781", "torch/optim/lr_scheduler.py:L287"),
)
class AccumulationAndSchedule:
    def in_keras():
        schedule = keras.optimizers.schedules.PiecewiseConstantDecay([6, 11], [1.0, 0.5, 0.25])
        optimizer = keras.optimizers.SGD(schedule, gradient_accumulation_steps=4)
        w = keras.Variable([0.0], dtype="float64")
        for _ in range(16):
            optimizer.apply([tf.ones(1, tf.float64)], [w])
        return w

    def in_torch():
        w = torch.zeros(1, dtype=torch.float64, requires_grad=True)
        optimizer = torch.optim.SGD([w], lr=1.0)
        schedule = torch.optim.lr_scheduler.MultiStepLR(optimizer, [7, 12], gamma=0.5)
        for _ in range(4):
            w.grad = torch.ones_like(w)
            optimizer.step()
            schedule.step()
        return w.detach()

    def torch_as_keras():
        w = torch.zeros(1, dtype=torch.float64, requires_grad=True)
        optimizer = torch.optim.SGD([w], lr=1.0)

        def factor(update):
            batch = 4 * update + 3
            return 1.0 if batch <= 6 else 0.5 if batch <= 11 else 0.25

        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
        for _ in range(4):
            w.grad = torch.ones_like(w)
            optimizer.step()
            schedule.step()
        return w.detach()

    def keras_as_torch():
        boundaries = [4 * 6 + 3, 4 * 11 + 3]
        schedule = keras.optimizers.schedules.PiecewiseConstantDecay(boundaries, [1.0, 0.5, 0.25])
        optimizer = keras.optimizers.SGD(schedule, gradient_accumulation_steps=4)
        w = keras.Variable([0.0], dtype="float64")
        for _ in range(16):
            optimizer.apply([tf.ones(1, tf.float64)], [w])
        return w


@difference(
    item="scale of the loss that mixed precision begins with",
    keras="LossScaleOptimizer: 2¹⁵",
    torch="GradScaler: 2¹⁶; both double it after 2000 finite steps, and halve it after an infinite",
    severity=COSMETIC,
    hits="float16 training: one more step is skipped at first in torch",
    recipe="torch: init_scale=2.0**15; Keras: initial_scale=2.0**16",
    sources=("keras/src/optimizers/loss_scale_optimizer.py:L49", "torch/amp/grad_scaler.py:L126"),
)
class LossScale:
    def in_keras():
        optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.5))
        optimizer.build([keras.Variable([1.0])])
        return optimizer.scale_loss(1.0)

    def in_torch():
        return torch.amp.GradScaler("cpu").scale(torch.tensor(1.0))

    def torch_as_keras():
        return torch.amp.GradScaler("cpu", init_scale=2.0**15).scale(torch.tensor(1.0))

    def keras_as_torch():
        inner = keras.optimizers.SGD(0.5)
        optimizer = keras.optimizers.LossScaleOptimizer(inner, initial_scale=2.0**16)
        optimizer.build([keras.Variable([1.0])])
        return optimizer.scale_loss(1.0)
