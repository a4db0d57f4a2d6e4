"""What a training run needs and notes down, whichever half it runs in.

Epochs and steps count from 0. A step is one update of the weights; steps are counted through, over
all epochs of a run.
"""

import contextlib
import math
import signal
import threading
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from shared.batches import check_count, check_pairs


class Step(NamedTuple):
    """One step: the loss and gradients before its update, and the rate of that update."""

    epoch: int
    step: int
    loss: float
    gradients: dict[str, np.ndarray | None]  # by the framework's name; None: the loss has none
    learning_rate: float


class Epoch(NamedTuple):
    """One epoch: its mean losses, and the learning rate of its first update."""

    epoch: int
    loss: float
    val_loss: float  # NaN without validation
    learning_rate: float


class MeanLoss:
    """The mean loss of all rows, from the mean loss of each batch: a small batch weighs less.

    >>> mean = MeanLoss()
    >>> for loss, rows in ((1.0, 3), (5.0, 1)):
    ...     mean.add(loss, rows)
    >>> mean.value
    2.0
    """

    def __init__(self):
        self.total, self.rows = 0.0, 0

    def add(self, loss, rows):
        self.total += loss * rows
        self.rows += rows

    @property
    def value(self):
        return self.total / self.rows


def finite(loss: Any, epoch: int, step: int) -> float:
    """The loss of a step as a number.

    Raises FloatingPointError if it is NaN or infinite, ValueError if it is more than one number.

    >>> finite(float("nan"), epoch=2, step=17)
    Traceback (most recent call last):
    FloatingPointError: the loss is nan in epoch 2 at step 17, both counted from 0: try a smaller
    learning rate, look for NaN or huge numbers in the data, or compute the loss from logits
    """
    if np.size(loss) != 1:
        raise ValueError(
            f"the loss of a batch must be one number, got shape {np.shape(loss)}: "
            f"ask for its mean, reduction='mean'"
        )
    value = np.asarray(loss).item()
    if not math.isfinite(value):
        raise FloatingPointError(
            f"the loss is {value} in epoch {epoch} at step {step}, both counted from 0: try a "
            f"smaller learning rate, look for NaN or huge numbers in the data, or compute the loss "
            f"from logits"
        )
    return value


def followed(epochs: Sequence[Epoch], validated: bool) -> list[float]:
    """What early stopping goes by: the validation loss, or the loss of a run without validation.

    >>> followed([Epoch(0, 0.5, math.nan, 0.1), Epoch(1, 0.25, math.nan, 0.1)], validated=False)
    [0.5, 0.25]
    """
    return [epoch.val_loss if validated else epoch.loss for epoch in epochs]


def check_run(x, y, validation, epochs: int, batch_size: int, unavailable: str = "") -> None:
    """Raise ValueError, saying what is wrong, where there is no data or there are no steps to take.

    `unavailable` is why the mode cannot be had, if it cannot.
    """
    check_pairs(x, y)
    if validation:
        check_pairs(*validation, "x and y of validation")
    check_count("epochs", epochs)
    check_count("batch_size", batch_size)
    if unavailable:
        raise ValueError(unavailable)


def check_schedule(every: str, follows_loss: bool, validated: bool) -> None:
    """Raise ValueError where a schedule cannot be asked so often, or would miss what it follows.

    >>> check_schedule("epoch", follows_loss=True, validated=False)
    Traceback (most recent call last):
    ValueError: the schedule follows the validation loss: pass fit validation=(x, y)
    """
    if every not in ("epoch", "step"):
        raise ValueError(f"schedule_every must be 'epoch' or 'step', got {every!r}")
    if follows_loss and every == "step":
        raise ValueError(
            "the schedule follows the loss of whole epochs: leave schedule_every at 'epoch'"
        )
    if follows_loss and not validated:
        raise ValueError("the schedule follows the validation loss: pass fit validation=(x, y)")


@contextlib.contextmanager
def interruptible(history):
    """Ctrl-C ends the block without an error, and `history.interrupted` tells of it.

    It takes effect where the function that is handed out is called, at which no update is half
    done; a second one takes effect at once. Other threads than the main one hear of no Ctrl-C.
    """
    pressed = []

    def note(number, frame):
        if pressed:
            raise KeyboardInterrupt
        pressed.append(number)

    def pause():
        if pressed:
            raise KeyboardInterrupt

    listens = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGINT, note) if listens else None
    try:
        yield pause
    except KeyboardInterrupt:
        pressed.append(signal.SIGINT)
    finally:
        history.interrupted = bool(pressed)
        if listens:
            signal.signal(signal.SIGINT, before)


@contextlib.contextmanager
def progress_bar(shown: bool, steps: int, done: int = 0):
    """A function to be called with the epoch and the loss of each step but those done before."""
    if not shown:
        yield lambda epoch, loss: None
        return
    columns = TextColumn("epoch {task.fields[epoch]}"), BarColumn(), MofNCompleteColumn()
    columns += TextColumn("loss {task.fields[loss]:.4g}"), TimeRemainingColumn()
    with Progress(*columns) as bar:
        task = bar.add_task("", total=steps, completed=done, epoch=0, loss=math.nan)
        yield lambda epoch, loss: bar.update(task, advance=1, epoch=epoch, loss=loss)
