"""The paths of all descents as Markdown and CSV: where each ends, and how far apart they are."""

from collections.abc import Sequence

import pandas as pd
from tabulate import tabulate

from reports import descent_figure
from reports.activation_table import number
from reports.descents import FLAT, GLOBAL, HILL, LOCAL
from reports.environment import Environment
from reports.walks import HALVES, NEAR, Walk, reached

TEXT = """\
# Descents

![Paths of both halves' optimizers on surfaces](descents.png)

Each half takes the gradient of L by itself and steps with its own optimizer, in float64. A path
has arrived at the step from which on it stays within {near:.0%} of its first distance from the
optimum. β is `momentum`, κ and φ are those of DeltaBarDelta; what is not said is the default.

{table}

One entry in a cell is what both halves gave; where they differ, it is {halves}'s.
{equal} of {count} pairs of paths are equal bit for bit, the others at most {apart:.0e} apart.
"of the bound" is the largest share that a distance has of what rounding may cost both halves.

- dL/dw = ((w − f)² + 0.06)(w − {local})(w − {hill})(w − {best}): nearly flat at f = {flat}, a local
  optimum at {local}, a hill at {hill}, and the optimum at {best}, where L = 0.
- Nesterov's path is that of W. Its optimizer holds W + βV, where it takes the gradient.

## Measured with

{environment}
"""


def files(walks: Sequence[Walk], environment: Environment) -> dict[str, str | bytes]:
    """The report's files by name: the figure and its tables."""
    return {
        "descents.png": descent_figure.draw(walks),
        "descents.md": markdown(walks, environment),
        "descents.csv": csv(walks, environment),
    }


def markdown(walks: Sequence[Walk], environment: Environment) -> str:
    """A line for each descent; in a cell what both halves gave."""
    apart = [walk.apart for walk in walks]
    return TEXT.format(
        near=NEAR,
        table=tabulate([_cells(walk) for walk in walks], "keys", "pipe", disable_numparse=True),
        halves=" / ".join(HALVES),
        equal=apart.count(0.0),
        count=len(apart),
        apart=max(apart),
        flat=number(FLAT),
        local=LOCAL,
        hill=HILL,
        best=GLOBAL,
        environment="\n".join(f"- {k}: {v}" for k, v in environment.labelled().items()),
    )


def _cells(walk: Walk) -> dict[str, str]:
    def both(say):
        return " / ".join(dict.fromkeys(map(say, walk.paths)))

    descent = walk.descent
    return {
        "L": descent.surface.name,
        "optimizer": descent.optimizer,
        "set to": str(descent),
        "steps": f"{descent.steps}",
        "ends at": both(lambda path: ", ".join(map(number, path[-1]))),
        "L there": both(lambda path: number(float(descent.surface.value(path[-1])))),
        "arrived": both(lambda path: _step(reached(descent, path))),
        "apart": number(walk.apart),
        "of the bound": f"{walk.used:.1%}",
    }


def _step(step: int | None) -> str:
    return "no" if step is None else f"step {step}"


def csv(walks: Sequence[Walk], environment: Environment) -> str:
    """A line for each descent in each half: where it ends and when it arrives."""
    lines = [
        {
            "panel": walk.panel, "surface": walk.descent.surface.name,
            "optimizer": walk.descent.optimizer, "learning_rate": walk.descent.learning_rate,
            **walk.descent.options, "steps": walk.descent.steps, "half": half,
            **dict(zip("xy", path[-1], strict=False)),
            "loss": walk.descent.surface.value(path[-1]), "arrived": reached(walk.descent, path),
            "apart": walk.apart, "share_of_bound": walk.used, "time": environment.time,
        }
        for walk in walks
        for half, path in zip(HALVES, walk.paths, strict=True)
    ]  # fmt: skip
    return pd.DataFrame(lines).to_csv(index=False)
