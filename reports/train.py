"""`make train MODEL=cnn FRAMEWORK=torch`: train one model and show what it has learned.

Prints the history and writes history.csv and training.png, the loss and what the model predicts, to
reports/output/train/MODEL-FRAMEWORK. The run is kept there in a checkpoint after each epoch, so
that the same command goes on where it was stopped, and more EPOCHS train on. The models are those
of reports/recipes.py; only the framework that is asked for is loaded.
"""

import argparse
import contextlib
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from rich.console import Console
from rich.table import Table

from parity_tests.halves import PACKAGES, Half, in_words_of
from reports.panels import BLUE, VERMILION, png, quiet
from reports.recipes import LATENT, RECIPES, Data, Recipe
from reports.terminal import RULE, say
from reports.writing import replace_whole
from shared.noise import latent

OUTPUT = Path(__file__).parent / "output" / "train"
FRAMEWORKS = {name.lower(): Half(*rest) for name, rest in PACKAGES.items()}
LINES = 20  # of a history that are printed; the file has all
CURVES = {
    "loss": ("loss", BLUE),
    "val_loss": ("validation loss", VERMILION),
    "discriminator_loss": ("discriminator's loss", BLUE),
    "generator_loss": ("generator's loss", VERMILION),
}


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parse(arguments)
    try:
        recipe = _known("MODEL", options.model, RECIPES)
        half = _known("FRAMEWORK", options.framework, FRAMEWORKS)
        folder = options.output / f"{options.model}-{options.framework}"
        if options.fresh:
            shutil.rmtree(folder / "checkpoint", ignore_errors=True)
        epochs = recipe.epochs if options.epochs is None else options.epochs
        model, data, history = train(half, recipe, folder / "checkpoint", epochs, options.seed)
    except ValueError as error:
        print(f"{error}", file=sys.stderr)
        return 2
    console = Console(highlight=False)
    if history.frame.empty:
        say(console, "Stopped before the first epoch was done. Nothing was written.")
        return 130
    console.print(table(history.frame))
    title = f"{options.model}, {half.name}, seed {options.seed}"
    files = {
        "history.csv": history.frame.to_csv(index=False),
        "training.png": draw(title, history.frame, recipe, data, predicted(half, model, data)),
    }
    replace_whole(folder, files)
    say(console, f"Wrote {' and '.join(files)} to {folder}.")
    if history.interrupted:
        say(console, "Stopped. The same command goes on from the last whole epoch.")
    return 130 if history.interrupted else 0


def _parse(arguments):
    parser = argparse.ArgumentParser(prog="make train", description=__doc__)
    parser.add_argument("model", help=f"one of {', '.join(RECIPES)}")
    parser.add_argument("framework", help=f"one of {', '.join(FRAMEWORKS)}")
    parser.add_argument("--epochs", type=int, help="how often to read all rows")
    parser.add_argument("--seed", type=int, default=0, help="of weights and of the order of rows")
    parser.add_argument("--fresh", action="store_true", help="drop the checkpoint that is there")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="folder for all runs")
    return parser.parse_args(arguments)


def _known(variable, name, table):
    if name not in table:
        raise ValueError(f"{variable} must be one of {', '.join(table)}; got {name!r}")
    return table[name]


def train(half: Half, recipe: Recipe, checkpoint: Path, epochs: int, seed: int):
    """(the model, its data, the history), taken up from the checkpoint if there is one."""
    half.framework.set_seed(seed)
    model, data = recipe.make(half), recipe.data(half)
    place, _, loss = recipe.loss.rpartition(".")
    told = {
        "loss": getattr(half.module(place or "losses"), loss),
        "epochs": epochs,
        "batch_size": recipe.batch_size,
        "seed": seed,
        "mode": recipe.mode[not half.in_keras],
        "checkpoint": checkpoint,
        "progress": True,
    }
    with _threads(half):
        if isinstance(model, tuple):
            optimizers = [_optimizer(half, recipe, each) for each in model]
            told |= {"optimizers": optimizers, "noise": latent(LATENT, seed)}
            history = half.module("models.gan").train(*model, data.x, **told)
        else:
            told |= {"optimizer": _optimizer(half, recipe, model), "validation": data.held_out}
            history = half.module("training").fit(model, data.x, data.y, **told)
    return model, data, history


def _optimizer(half, recipe, model):
    words = in_words_of(half, recipe.optimizer.lower(), recipe.options)
    parameters = () if half.in_keras else (model.parameters(),)
    return getattr(half.module("optimizers"), recipe.optimizer)(
        *parameters, recipe.learning_rate, **words
    )


def _threads(half):
    if half.in_keras:
        return contextlib.nullcontext()
    from reports.threads import one_thread  # loads torch

    return one_thread()


def predicted(half: Half, model, data: Data) -> np.ndarray:
    """What the model, or the last of two, makes, at inference, of the rows that are shown."""
    model = model[-1] if isinstance(model, tuple) else model
    if not half.in_keras:
        model.eval()
    x = data.shown[0]
    x = x.astype(np.float32) if x.dtype.kind == "f" else x
    found = model(half.framework.tensor(x))
    # an autoencoder gives its code besides
    return half.framework.array(found[-1] if isinstance(found, tuple) else found)


def table(frame: pd.DataFrame) -> Table:
    """The history, some epochs of a long one, in at most 80 columns."""
    chosen = np.unique(np.linspace(0, len(frame) - 1, min(LINES, len(frame))).round().astype(int))
    lines = Table(box=RULE, show_edge=False, pad_edge=False, header_style="bold")
    for name in frame:
        lines.add_column(name.replace("_", " "), justify="right")
    for row in frame.iloc[chosen].itertuples(index=False):
        lines.add_row(*("-" if np.isnan(value) else f"{value:.6g}" for value in row))
    return lines


def draw(title: str, frame: pd.DataFrame, recipe: Recipe, data: Data, found: np.ndarray) -> bytes:
    """A PNG: the losses by epoch, and what the model predicts."""

    def paint(figure: Figure):
        left, right = figure.subfigures(1, 2)
        panel = left.subplots()
        look = {"marker": "o" if len(frame) <= LINES else "", "markersize": 2.6}
        for name, (label, color) in CURVES.items():
            if name in frame and frame[name].notna().any():
                panel.plot(frame.epoch, frame[name], color=color.dark, label=label, **look)
        panel.legend(frameon=False)
        quiet(panel, xlabel="epoch")
        panel.set_yscale("log")  # with its own ticks, also within a decade
        panel.xaxis.set_major_locator(MaxNLocator(integer=True))
        left.suptitle(title, fontsize=9.5)
        recipe.show(right, data, found)

    return png((9, 3.6), paint)


if __name__ == "__main__":
    raise SystemExit(main())
