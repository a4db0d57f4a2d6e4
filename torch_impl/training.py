"""Training: the loop that fits a model to data, with autograd, in steps that are compiled.

    x, y   examples and labels, NumPy arrays with one row for each example
    L      loss of a batch, its mean          ∂L/∂W  its gradient for each weight W
    step   one update W ← W − …, by the optimizer     epoch  as many as read every row once

Source: Introduction to Deep Learning, Unit 1 (batch, mini-batch and stochastic gradient descent).
"""

import contextlib
from dataclasses import dataclass, field
from itertools import count

import numpy as np
import pandas as pd
import torch

from shared.batches import batches, steps_per_epoch
from shared.checkpoints import described
from shared.runs import (
    Epoch,
    MeanLoss,
    Step,
    check_run,
    finite,
    followed,
    interruptible,
    progress_bar,
)
from torch_impl.checkpoints import Checkpoint, Trained
from torch_impl.framework import array, compiled, tensor, unavailable
from torch_impl.scheduled import Scheduled


@dataclass
class History:
    """What a run leaves behind."""

    epochs: list[Epoch] = field(default_factory=list)
    interrupted: bool = False  # by Ctrl-C

    @property
    def frame(self):
        """A row for each whole epoch: epoch, loss, val_loss, learning_rate."""
        return pd.DataFrame(self.epochs, columns=Epoch._fields)


def fit(
    model,
    x,
    y,
    *,
    loss,
    optimizer,
    epochs,
    batch_size,
    schedule=None,
    validation=None,
    mode="eager",
    seed=0,
    shuffle=True,
    early_stopping=None,
    progress=False,
    on_step=None,
    schedule_every="epoch",
    checkpoint=None,
):
    """Train a model in place; the history of the run, its `frame` a row for each epoch.

    The halves read the same batches in the same order. Epochs and steps count from 0. The loss of
    an epoch is the mean over its rows, as the weights were when each was read; val_loss is taken
    after the epoch (NaN without validation), and learning_rate is that of the epoch's first update.

    Args:
        model: an nn.Module, in training mode in steps and not in validation; its own mode comes
            back. A frozen weight, and one that the loss does not depend on, stays as it is.
        x, y: NumPy arrays of as many rows. Floating-point numbers are cast to the dtype of the
            model's weights.
        loss: loss(input, target), the mean over a batch: one of losses.py, or any function of
            tensors.
        optimizer: any torch optimizer of the model's parameters whose step needs no closure. It
            keeps its state, so that a second call goes on.
        epochs: how often to read all rows.
        batch_size: how many rows to a step: all of them, some, or 1. The last batch of an epoch
            holds what is left.
        schedule: an LRScheduler of this optimizer, which is stepped after each epoch (or step), so
            that the rate of update 0 is its first one; or one whose step is given the validation
            loss, such as PlateauDecay. It keeps its count, so that a second call goes on.
        validation: (x, y) to measure the loss by after each epoch, in the order given.
        mode: "eager", "graph" (captured, run by the eager kernels) or "compiled" (torch.compile). A
            step is traced once for full batches and once for a smaller last one, and no more when
            the rate changes: what is captured is the loss, with its backward pass.
        seed: of the order of rows; that of epoch e follows from the seed and e alone.
        shuffle: whether to take the rows in another order each epoch.
        early_stopping: a shared.early_stopping.EarlyStopping, which goes by the validation loss, or
            by the loss where there is no validation. The weights stay those of the last epoch.
        progress: whether to show a progress bar.
        on_step: called with a shared.runs.Step after each step.
        schedule_every: "epoch" or "step": what the schedule counts.
        checkpoint: a folder to keep the run in. It is replaced after each epoch, whole or not at
            all, and a run that finds one there goes on from it, bit for bit as if it had never been
            stopped; give it the same arguments, but for `epochs`, which may be more.

    Ctrl-C ends the run after the step it is in; the history then holds the whole epochs so far, and
    its `interrupted` is true.

    Raises:
        ValueError: no rows, or not as many in x and y; a count below 1; an unknown mode; nothing to
            train; a schedule that follows a validation loss that is not there; a checkpoint of
            another run, or a folder of something else.
        TypeError: the schedule is none.
        FloatingPointError: the loss became NaN or infinite; the message names epoch and step. The
            weights are those after that step.

    >>> from torch_impl.losses import squared_error
    >>> from torch_impl.models.linear_regression import LinearRegression
    >>> x, y = np.array([[0.0], [1.0]]), np.array([1.0, 3.0])
    >>> model = LinearRegression(1)
    >>> sgd = torch.optim.SGD(model.parameters(), lr=0.5)
    >>> fit(model, x, y, loss=squared_error, optimizer=sgd, epochs=2, batch_size=2).frame
       epoch   loss  val_loss  learning_rate
    0      0  5.000       NaN            0.5
    1      1  0.625       NaN            0.5
    """
    check_run(x, y, validation, epochs, batch_size, unavailable(mode))
    data = _readable(model, x, y)
    held_out = _readable(model, *validation) if validation else None
    steps, device = steps_per_epoch(len(x), batch_size), _device(model)
    scheduled = Scheduled(optimizer, schedule, schedule_every, steps, bool(validation))
    update, evaluate = make_steps(model, loss, optimizer, mode)
    run = {} if checkpoint is None else described(
        x, y, validation, loss=loss, batch_size=batch_size, schedule=schedule,
        schedule_every=schedule_every, mode=mode, seed=seed, shuffle=shuffle,
        early_stopping=early_stopping,
    )  # fmt: skip
    kept = Checkpoint(checkpoint, run, {"": Trained(model, optimizer, scheduled)})
    history = History(kept.take_up(epochs))
    done = len(history.epochs)
    counted = count(done * steps)
    with (
        interruptible(history) as pause,
        progress_bar(progress, epochs * steps, done * steps) as advance,
        _own_mode(model),
    ):
        for epoch in range(done, epochs):
            if early_stopping and early_stopping.stops(followed(history.epochs, bool(validation))):
                break
            mean, rate = MeanLoss(), scheduled.rate()
            for rows in batches(len(x), batch_size, epoch, seed, shuffle):
                now = scheduled.rate() if on_step else rate
                step = next(counted)
                L, gradients = update(*_read(data, rows, device))
                L = finite(array(L), epoch, step)
                mean.add(L, len(rows))
                scheduled.after_step()
                if on_step:
                    on_step(Step(epoch, step, L, _as_arrays(gradients), now))
                advance(epoch, L)
                pause()
            val_loss = _mean_loss(evaluate, held_out, batch_size, device)
            history.epochs.append(Epoch(epoch, mean.value, val_loss, rate))
            scheduled.after_epoch(history.epochs[-1])
            kept.save(history.epochs)
    return history


def _readable(model, *arrays):
    """The arrays, their floating-point numbers in the dtype of the model's weights."""
    arrays = [np.asarray(values) for values in arrays]
    trainable = [p for p in model.parameters() if p.requires_grad]
    if not trainable:
        raise ValueError("the model has no trainable weights: unfreeze those it is to learn")
    dtype = array(torch.empty(0, dtype=trainable[0].dtype)).dtype
    return [values.astype(dtype) if values.dtype.kind == "f" else values for values in arrays]


def _device(model):
    """Where the model's weights are, and its data has to be."""
    return str(next(model.parameters()).device)


def _read(data, rows, device):
    return [tensor(values[rows], device) for values in data]


@contextlib.contextmanager
def _own_mode(model):
    """Afterwards the model is in training mode, or not, as it was before."""
    training = model.training
    try:
        yield
    finally:
        model.train(training)


def make_steps(model, loss, optimizer, mode="eager"):
    """Two functions of a batch: one updates the weights, giving (L, ∂L/∂W), one gives L alone.

    `fit` is a loop around them. ∂L/∂W is a dictionary by the weights' names.

    >>> from torch_impl.losses import squared_error
    >>> from torch_impl.models.linear_regression import LinearRegression
    >>> model = LinearRegression(1)
    >>> sgd = torch.optim.SGD(model.parameters(), lr=0.5)
    >>> update, evaluate = make_steps(model, squared_error, sgd)
    >>> x, y = tensor(np.float32([[0.0], [1.0]])), tensor(np.float32([1.0, 3.0]))
    >>> for _ in range(2):
    ...     print(update(x, y)[0].item(), "->", evaluate(x, y).item())
    5.0 -> 0.625
    0.625 -> 0.15625
    """
    trained = {name: p for name, p in model.named_parameters() if p.requires_grad}

    def forward(x, y):
        # L = mean loss of the batch
        L = loss(model(x), y)
        return L

    def both(x, y):
        L = forward(x, y)
        return L.detach(), torch.autograd.grad(L, list(trained.values()), allow_unused=True)

    captured, evaluated = compiled(both, mode), compiled(forward, mode)
    if mode != "eager":
        # both passes as one graph, called once: torch has it behind a switch
        captured = torch._dynamo.config.patch(trace_autograd_ops=True)(captured)

    def update(x, y):
        model.train()
        L, gradients = captured(x, y)
        for p, g in zip(trained.values(), gradients, strict=True):
            p.grad = g
        # W ← W − …
        optimizer.step()
        return L, dict(zip(trained, gradients, strict=True))

    @torch.no_grad()
    def evaluate(x, y):
        model.eval()
        return evaluated(x, y)

    return update, evaluate


def _as_arrays(gradients):
    """Gradients as NumPy, by name; None where the loss does not depend on the weight."""
    # to_dense sums the repeated ids of a sparse gradient
    dense = {n: None if g is None else g.to_dense() for n, g in gradients.items()}
    # copied, since the next step may write over it
    return {n: None if g is None else array(g).copy() for n, g in dense.items()}


def _mean_loss(evaluate, data, batch_size, device):
    """Mean loss of all rows in order, batch by batch, in inference; NaN without data."""
    if data is None:
        return float("nan")
    mean = MeanLoss()
    for rows in batches(len(data[0]), batch_size, shuffle=False):
        L = evaluate(*_read(data, rows, device))
        mean.add(float(L), len(rows))
    return mean.value
