"""`make figures`: draw and tabulate what is measured of activations, graphs and optimization.

Writes a figure and its tables for each to reports/output, replaced together or not at all:

    activations, activation_table    every activation, and the notes' comparison of them
    signal_sizes                     how signals vanish and explode with depth
    path_costs                       what summing over paths costs, and the dynamic programme
    descents                         paths of optimizers on surfaces
    decays                           every schedule's learning rates
    optimizer_losses                 every optimizer's loss on digits
    vanishing                        how far back through time gradients reach
    divergence                       how far the halves' weights part while they train
    autoencoders                     what autoencoders make of digits, and what their codes are like
    gan                              a GAN's digits, and how far its runs part
"""

import argparse
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import track

from parity_tests.parties import HALVES, ours
from reports import (
    activation_figure,
    activation_report,
    adversaries,
    autoencoder_report,
    autoencodings,
    dead_units,
    decay_report,
    decays,
    descent_report,
    divergence,
    environment,
    gan_report,
    optimizer_loss_report,
    optimizer_losses,
    path_costs,
    path_figure,
    signal_report,
    signal_sizes,
    vanishing,
    vanishing_report,
    walks,
)
from reports.activation_curves import ELEMENTWISE, curve, distance
from reports.activation_table import Facts, measure
from reports.writing import replace_whole
from shared.catalogue import ACTIVATIONS, TRAINING, Concept
from shared.parity import Party

OUTPUT = Path(__file__).parent / "output"
SAMPLE = Path(__file__).parent / "sample"
PARTIES = tuple(ours(half) for half in HALVES)


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parse(arguments)
    console = Console(stderr=True)
    started = time.monotonic()
    picture = figure(track(ACTIVATIONS, "drawing", console=console))
    recipe = dead_units.Recipe()
    facts = table(track(ELEMENTWISE, "training", console=console), recipe)
    signals = signal_sizes.measure()
    costs = path_costs.table(track(path_costs.LAYERS, "counting paths", console=console))
    paths, rates = walks.measure(), decays.measure()
    settings = track(optimizer_losses.SETTINGS, "training by each optimizer", console=console)
    trainings = optimizer_losses.measure(settings)
    reach = vanishing.measure(track(vanishing.CELLS, "going back through time", console=console))
    runs = divergence.measure(track(TRAINING, "laying runs over each other", console=console))
    codes = autoencodings.measure(track(autoencodings.KINDS, "reconstructing", console=console))
    with console.status("two networks learn against each other"):
        game = adversaries.measure()
    described = environment.describe(["cpu"], time.monotonic() - started)
    files = {
        "activations.png": picture,
        "activation_table.md": activation_report.markdown(facts, recipe, described),
        "activation_table.csv": activation_report.csv(facts, described),
        **signal_report.files(signals, described),
        "path_costs.png": path_figure.draw(costs),
        "path_costs.md": path_costs.markdown(costs, described),
        "path_costs.csv": path_costs.csv(costs, described),
        **descent_report.files(paths, described),
        **decay_report.files(rates, described),
        **optimizer_loss_report.files(trainings, described),
        **vanishing_report.files(reach, described),
        **divergence.files(runs, described),
        **autoencoder_report.files(codes, described),
        **gan_report.files(game, described),
    }
    for folder in [options.output, *([SAMPLE] if options.sample else [])]:
        replace_whole(folder, files)
        print(f"Wrote {', '.join(files)} to {folder}.")
    return 0


def _parse(arguments):
    parser = argparse.ArgumentParser(prog="make figures", description=__doc__)
    parser.add_argument("--output", type=Path, default=OUTPUT, help="folder for the files")
    parser.add_argument(
        "--sample", action="store_true", help="also replace the committed sample, reports/sample"
    )
    return parser.parse_args(arguments)


def figure(concepts: Iterable[Concept], parties: Sequence[Party] = PARTIES) -> bytes:
    """The PNG of these concepts as the two parties compute them."""
    curves = [(c, tuple(curve(party, c) for party in parties)) for c in concepts]
    apart = max(distance(*pair) for _, pair in curves)
    versions = environment.versions()
    return activation_figure.draw(
        curves,
        footnote=f"The two halves' curves are at most {apart:.0e} apart.\n"
        f"float64, TensorFlow {versions['tensorflow']}, torch {versions['torch']}",
    )


def table(
    concepts: Iterable[Concept], recipe: dead_units.Recipe, parties: Sequence[Party] = PARTIES
) -> list[Facts]:
    """The facts of these concepts, of each in both halves, whose networks are trained for it."""
    return [
        measure(party, concept, dead_units.train(dead_units.HALVES[party.name], concept, recipe))
        for concept in concepts
        for party in parties
    ]


if __name__ == "__main__":
    raise SystemExit(main())
