"""The measured facts of the activations as Markdown and CSV, beside what the notes claim."""

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict
from itertools import groupby

from tabulate import tabulate

from reports.activation_table import SATURATED, Facts, number, to_frame
from reports.dead_units import NEGLIGIBLE, Recipe
from reports.environment import Environment
from shared.catalogue import NOTES

Say = Callable[[Facts], str]

COLUMNS: dict[str, Say] = {
    "f": lambda f: f.activation,
    "formula": lambda f: f.formula,
    "range": lambda f: f.interval,
    "mean": lambda f: number(f.mean),
    "f(x) + f(−x)": lambda f: number(f.oddness),
    "f′(−10)": lambda f: number(f.slope_left),
    "f′(10)": lambda f: number(f.slope_right),
    "saturates": lambda f: f.saturates,
    "largest f′": lambda f: number(f.steepest),
    "dead before": lambda f: f"{f.dead_before} of {f.units}",
    "dead after": lambda f: f.dead_share,
    "accuracy": lambda f: "-" if math.isnan(f.accuracy) else f"{f.accuracy:.1%}",
}

# The rows of the notes' table that are measured here: its words, and what was found.
CLAIMS: dict[str, tuple[dict[str, str], Say]] = {
    "Output Range": (
        {"relu": "[0, ∞)", "sigmoid": "(0, 1)", "tanh": "(−1, 1)"},
        lambda f: f.interval,
    ),
    "Zero-centered?": (
        {"relu": "No", "sigmoid": "No", "tanh": "Yes"},
        lambda f: f"mean {number(f.mean)}, f(x) + f(−x) at most {number(f.oddness)} in size",
    ),
    "Vanishing Gradient Issue?": (
        {"relu": "No (for positive values)", "sigmoid": "Yes", "tanh": "Yes"},
        lambda f: f"f′(−10) = {number(f.slope_left)}, f′(10) = {number(f.slope_right)}",
    ),
    "Exploding Gradient Issue?": (
        {"relu": "No", "sigmoid": "Yes", "tanh": "Yes"},
        lambda f: f"f′ at most {number(f.steepest)} in size",
    ),
    "Dying Neuron Problem?": (
        {"relu": "Yes (for negative values)", "sigmoid": "No", "tanh": "No"},
        lambda f: f"dead before {f.dead_before} of {f.units}, after {f.dead_share}",
    ),
}

TEXT = """\
# Activations, measured

![Every activation with its derivative](activations.png)

{table}

One entry in a cell is what both halves gave; where they differ, it is TensorFlow's / torch's.

- range: of f(x) for x from −10⁶ to 10⁶. A bound is closed where f attains it within 10 of 0, open
  where f only comes nearer to it farther out, and ∞ where f keeps growing as x reaches from 10 over
  10² and 10⁴ to 10⁶, by no less each time.
- mean: of f over standard normal x; 0 for an odd function.
- f(x) + f(−x): the largest in size for x from −10 to 10; 0 for an odd function.
- saturates: on the sides where f′ at ±10 is below {saturated} in size.
- largest f′: in size, for x from −10⁶ to 10⁶.
- dead before, dead after: the hidden units whose f′ is below {negligible} in size for every image
  that the network is trained on, before its training and after. "diverged": numbers overflowed.
  {agreement}
- accuracy: of the trained network on the images it was not trained on.

The network: {recipe}.
It is one example; another seed or learning rate gives other counts.

## Beside the notes

What the table in {notes} says, and what was measured.

{claims}

An activation multiplies the gradient that flows back by f′: where that is at most 1 in size, it
makes no gradient larger. The rows "Used in" and "Computational Cost" of the notes' table are not
measured here.

## Measured with

{environment}
"""


def markdown(facts: Sequence[Facts], recipe: Recipe, environment: Environment) -> str:
    """The report. Both halves' facts of an activation stand next to each other in `facts`."""
    pairs = [list(pair) for _, pair in groupby(facts, key=lambda f: f.activation)]
    return TEXT.format(
        table=_table([[_cell(pair, say) for say in COLUMNS.values()] for pair in pairs], COLUMNS),
        claims=_table(_claims(pairs), ("feature", "activation", "the notes", "measured")),
        recipe=recipe,
        saturated=number(SATURATED),
        negligible=number(NEGLIGIBLE),
        notes=NOTES,
        agreement=_agreement(pairs),
        environment="\n".join(f"- {k}: {v}" for k, v in environment.labelled().items()),
    )


def csv(facts: Sequence[Facts], environment: Environment) -> str:
    """One line for each activation and half, with the environment as further, constant columns."""
    return to_frame(facts).assign(**asdict(environment)).to_csv(index=False, na_rep="nan")


def _cell(pair: Sequence[Facts], say: Say) -> str:
    """What is said of both halves: once if it is the same."""
    return " / ".join(dict.fromkeys(say(facts) for facts in pair))


def _claims(pairs: Sequence[Sequence[Facts]]) -> list[list[str]]:
    found = {pair[0].activation: pair for pair in pairs}
    return [
        [feature, name, words, _cell(found[name], say)]
        for feature, (claims, say) in CLAIMS.items()
        for name, words in claims.items()
        if name in found
    ]


def _agreement(pairs: Sequence[Sequence[Facts]]) -> str:
    apart = [pair[0].activation for pair in pairs if len({f.dead_share for f in pair}) > 1]
    if apart:
        return f"The two halves do not find the same for {', '.join(apart)}."
    return f"The two halves find the same for each of the {len(pairs)} activations."


def _table(rows: Sequence[Sequence[str]], titles: Sequence[str]) -> str:
    escaped = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    return tabulate(escaped, list(titles), "pipe", disable_numparse=True)
