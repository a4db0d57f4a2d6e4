"""Every optimizer's loss on digits as a figure, Markdown and CSV."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from tabulate import tabulate

from reports.activation_table import number
from reports.environment import Environment
from reports.optimizer_losses import HALVES, LOW, NETWORK, Training
from reports.panels import BLUE, DASHES, OVER, UNDER, legend, overlay, png, quiet, title

COLUMNS, WIDTH, ROW_HEIGHT = 3, 10.0, 2.45  # inches
OTHERS = {"color": "#d4d4d4", "linewidth": 0.7, "zorder": 0}

TEXT = """\
# Losses of all optimizers on digits

![Loss by epoch, an optimizer in each panel](optimizer_losses.png)

Every optimizer starts from the same weights and takes {epochs} steps, one an epoch, by each half's
own `fit`. The loss of an epoch is the one before its step; accuracy and the held-out loss are those
after the last, on images that were not trained on. The rates were found by trying powers of two.

The network: {network}.

{table}

One entry in a cell is what both halves gave; where they differ, it is {halves}'s.
"apart" is the largest difference between the halves' training losses, relative to the loss; "ULP"
is the same in units in the last place of float64. β is `momentum`, κ and φ are those of
DeltaBarDelta; what is not said is the default.

## Measured with

{environment}
"""


def files(trainings: Sequence[Training], environment: Environment) -> dict[str, str | bytes]:
    """The report's files by name: the figure and its tables."""
    return {
        "optimizer_losses.png": draw(trainings),
        "optimizer_losses.md": markdown(trainings, environment),
        "optimizer_losses.csv": csv(trainings, environment),
    }


def markdown(trainings: Sequence[Training], environment: Environment) -> str:
    """A line for each optimizer; in a cell what both halves gave."""
    rows = [_cells(training) for training in trainings]
    return TEXT.format(
        network=NETWORK,
        epochs=len(trainings[0].losses[0]),
        table=tabulate(rows, "keys", "pipe", disable_numparse=True),
        halves=" / ".join(HALVES),
        environment="\n".join(f"- {k}: {v}" for k, v in environment.labelled().items()),
    )


def _cells(training: Training) -> dict[str, str]:
    def both(say):
        return " / ".join(dict.fromkeys(map(say, training.halves)))

    return {
        "optimizer": training.setting.optimizer,
        "set to": str(training.setting),
        "first loss": both(lambda trained: number(trained.losses[0])),
        "last loss": both(lambda trained: number(trained.losses[-1])),
        f"below {LOW:g} from": both(lambda trained: _epoch(trained.losses)),
        "held-out loss": both(lambda trained: number(trained.val_loss)),
        "accuracy": both(lambda trained: f"{trained.accuracy:.1%}"),
        "apart": number(training.apart),
        "ULP": number(training.ulps),
    }


def _epoch(losses: np.ndarray) -> str:
    """The first epoch from which on the loss stays low."""
    (high,) = np.nonzero(~(losses < LOW))
    first = high[-1] + 1 if len(high) else 0
    return f"epoch {first}" if first < len(losses) else "no"


def csv(trainings: Sequence[Training], environment: Environment) -> str:
    """A line for each epoch of each optimizer, with both halves' losses."""
    frames = [
        pd.DataFrame({
            "optimizer": training.setting.optimizer, "epoch": np.arange(len(training.losses[0])),
            **dict(zip(HALVES, training.losses, strict=True)), "time": environment.time,
        })
        for training in trainings
    ]  # fmt: skip
    return pd.concat(frames).to_csv(index=False)


def draw(trainings: Sequence[Training]) -> bytes:
    """A PNG with a panel for each optimizer, the others' curves in grey behind its own."""
    one, other = HALVES
    words = {one: UNDER, other: {**OVER, **DASHES}, "the other optimizers": OTHERS}
    apart = max(training.apart for training in trainings)
    footnote = f"{NETWORK}.\nThe two halves' losses are at most {apart:.0e} apart, relatively."

    def paint(figure: Figure) -> None:
        rows = -(-len(trainings) // COLUMNS)
        panels = figure.subplots(rows, COLUMNS, sharex=True, sharey=True, squeeze=False)
        for panel, training in zip(panels.flat, trainings, strict=False):
            _panel(panel, training, trainings)
        for panel in panels[-1]:
            panel.set_xlabel("epoch, a step each")
        for panel in panels[:, 0]:
            panel.set_ylabel("training loss")
        legend(figure, words, footnote)

    return png((WIDTH, 0.6 + ROW_HEIGHT * -(-len(trainings) // COLUMNS)), paint)


def _panel(panel: Axes, training: Training, everyone: Sequence[Training]) -> None:
    panel.set_yscale("log")
    for another in everyone:
        panel.plot(another.losses[0], **OTHERS)
    epochs = np.arange(len(training.losses[0]))
    overlay(panel, [(epochs, losses) for losses in training.losses], BLUE)
    quiet(panel, xlim=(0, len(epochs) - 1))
    panel.grid(axis="y", color="#eeeeee", linewidth=0.6)
    said = _cells(training)
    words = f"{said['set to']}\nlast loss {said['last loss']}, held-out accuracy {said['accuracy']}"
    title(panel, training.setting.optimizer, words)
