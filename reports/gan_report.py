"""What both halves' GAN makes of digits, and how far its runs part: figure, Markdown and CSV."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from tabulate import tabulate

from parity_tests.parties import HALVES
from reports.activation_table import number
from reports.adversaries import BATCH, DTYPES, NETWORK, SAMPLES, Game
from reports.environment import Environment
from reports.panels import (
    BLUE,
    DASHES,
    OVER,
    UNDER,
    VERMILION,
    label,
    legend,
    overlay,
    png,
    quiet,
    title,
)
from reports.pictures import show
from shared.adversarial import PLAYERS
from shared.batches import steps_per_epoch
from shared.data import load_digits

INKS = dict(zip(DTYPES, (VERMILION, BLUE), strict=True))
TEXT = """\
# A GAN on digits

![Digits, and what both halves' generators make of the same noise](gan.png)

A generator and a discriminator learn against each other for {steps:,} steps, in both halves and
both precisions, from the same weights, batches and noise. The images are made of the same noise by
each generator after its last step. Of full ink they are at most so far apart between the halves:
{images}.

## How far the halves part

The largest difference between a weight of one half and the same weight of the other, of all weights
of both players, by the steps taken. What rounding moves, the players go on to answer: both curves
rise alike, until the float32 runs are as far apart as weights are large. The float64 runs begin so
much closer to each other that they stay one and the same to the eye.

{table}

The networks: {network}.

## Measured with

{environment}
"""


def files(game: Game, environment: Environment) -> dict[str, str | bytes]:
    """The report's files by name: the figure and its tables."""
    return {
        "gan.png": draw(game),
        "gan.md": markdown(game, environment),
        "gan.csv": game.apart.assign(time=environment.time).to_csv(index=False),
    }


def markdown(game: Game, environment: Environment) -> str:
    """The figure's numbers: the distance after 1, 10, 100 … steps and after the last one kept."""
    powers = 10 ** np.arange(10)
    last = game.apart["step"].iloc[-1]
    epochs = len(game.halves[DTYPES[0]][0].losses)
    lines = game.apart[game.apart["step"].isin([*powers, last])]
    said = (f"{number(game.images_apart(dtype))} in {dtype}" for dtype in DTYPES)
    return TEXT.format(
        steps=epochs * steps_per_epoch(len(load_digits()[0]), BATCH),
        images=" and ".join(said),
        table=tabulate(lines, "keys", "pipe", showindex=False, floatfmt=(",.0f", ".0e", ".0e")),
        network=NETWORK,
        environment="\n".join(f"- {k}: {v}" for k, v in environment.labelled().items()),
    )


def draw(game: Game) -> bytes:
    """A PNG: images of both halves side by side; below them losses, and how far the runs part."""

    def paint(figure: Figure) -> None:
        above, below = figure.subfigures(2, 1, height_ratios=(2.9, 2.2))
        _pictures(above, game)
        losses, parting = below.subplots(1, 2)
        _losses(losses, game)
        _parting(parting, game)
        one, other = (half.name for half in HALVES)
        legend(below, {one: UNDER, other: {**OVER, **DASHES}}, f"{NETWORK}.")

    return png((10, 5.4), paint)


def _pictures(figure, game):
    half_of_them = SAMPLES // 2
    columns = figure.subplots(1 + 2 * len(DTYPES), len(HALVES)).T
    for place, (half, panels) in enumerate(zip(HALVES, columns, strict=True)):
        panels[0].set_title(half.name, fontsize=10, fontweight="bold", pad=8)
        rows = [("digits", load_digits()[0][:half_of_them])]
        for dtype in reversed(DTYPES):
            images = game.halves[dtype][place].images
            rows += [(f"generated, {dtype}", images[:half_of_them]), ("", images[half_of_them:])]
        for panel, (name, images) in zip(panels, rows, strict=True):
            show(panel, images, "" if place else name)


def _losses(panel: Axes, game: Game) -> None:
    frames = [trained.losses for trained in game.halves["float64"]]
    for player, ink in zip(PLAYERS, (BLUE, VERMILION), strict=True):
        name = f"{player}_loss"
        overlay(panel, [(frame["epoch"], frame[name]) for frame in frames], ink)
        last = frames[0].iloc[-1]
        label(panel, (last["epoch"], last[name]), player, ink)
    panel.axhline(np.log(2), color="#bbbbbb", linewidth=0.6)
    quiet(panel, xlabel="epoch", ylim=(0, None), xlim=(0, max(last["epoch"], 1)))
    title(panel, "losses", "float64; the grey line is log 2, a discriminator that only guesses")


def _parting(panel: Axes, game: Game) -> None:
    panel.set_yscale("log")
    for dtype, ink in INKS.items():
        seen = game.apart[game.apart[dtype] > 0]
        panel.plot(seen["step"], seen[dtype], color=ink.dark, linewidth=1.2)
        label(panel, (seen["step"].iloc[-1], seen[dtype].iloc[-1]), dtype, ink)
    quiet(panel, xlabel="step", xlim=(0, game.apart["step"].iloc[-1]), ylim=(1e-18, 1e1))
    panel.grid(axis="y", color="#e6e6e6", linewidth=0.6)
    title(panel, "how far the halves part", "largest |W of TensorFlow − W of torch| after a step")
