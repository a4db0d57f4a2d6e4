"""Every concept: its name, formula and gradient, where it comes from, and how it is compared.

Adding a row in one of the files here is what adds a concept to `make parity`: its sample, checks,
bounds, tables and figures follow from the row. The functions it names are looked up in
`shared.reference` and in the two halves, under the same name.
"""

from shared.catalogue.activations import ACTIVATIONS
from shared.catalogue.backprop import BACKPROP
from shared.catalogue.concept import NOTES, Concept, Trajectory
from shared.catalogue.graph import GRAPH
from shared.catalogue.initializers import INITIALIZERS
from shared.catalogue.layers import LAYERS
from shared.catalogue.losses import LOSSES
from shared.catalogue.models import MODELS
from shared.catalogue.preprocessing import PREPROCESSING
from shared.catalogue.recurrent import RECURRENT
from shared.catalogue.schedules import SCHEDULES
from shared.catalogue.training import TRAINING

__all__ = ["ACTIVATIONS", "BACKPROP", "CONCEPTS", "EVERYTHING", "FAMILIES", "GRAPH", "INITIALIZERS",
           "LAYERS", "LOSSES", "MODELS", "NOTES", "PREPROCESSING", "RECURRENT", "SCHEDULES",
           "TRAINING", "Concept", "Trajectory", "select"]  # fmt: skip

CONCEPTS = (*ACTIVATIONS, *LOSSES, *LAYERS, *RECURRENT, *BACKPROP, *GRAPH, *INITIALIZERS,
            *SCHEDULES, *PREPROCESSING)  # fmt: skip
EVERYTHING = {row.name: row for row in (*CONCEPTS, *MODELS, *TRAINING)}
FAMILIES = tuple(dict.fromkeys(row.family for row in EVERYTHING.values()))


def select(only: str | None = None) -> tuple:
    """The rows of a family, or the one of that name, or all.

    >>> [row.name for row in select("relu")]
    ['relu']

    An unknown name raises KeyError with the list of known ones.
    """
    chosen = tuple(r for r in EVERYTHING.values() if not only or only in (r.name, r.family))
    if not chosen:
        known = ", ".join((*FAMILIES, *EVERYTHING))
        raise KeyError(f"no family or concept is called {only!r}; known are: {known}")
    return chosen
