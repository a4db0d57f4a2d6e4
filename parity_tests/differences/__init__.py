"""The catalogue of differences: one file for each area, both frameworks on the same page.

An entry is a class under `@difference` in the file of its area; it needs no other mention. Each
file says in `TITLE` what it is called and in `STAGE` when a port meets it.
"""

from dataclasses import replace
from importlib import import_module

from parity_tests.differences.entry import Difference

AREAS = (
    "activations",
    "activation_precision",
    "activation_kinks",
    "gradients",
    "singular_gradients",
    "matrix_gradients",
    "layers",
    "dropout",
    "resizing",
    "convolution",
    "pooling",
    "recurrent",
    "sequences",
    "batch_normalization",
    "normalization",
    "attention",
    "attention_masks",
    "initializers",
    "initializer_rules",
    "losses",
    "labels",
    "other_losses",
    "distribution_losses",
    "reductions",
    "loss_weights",
    "regularizers",
    "metrics",
    "count_metrics",
    "optimizers",
    "adam",
    "adamax_and_nadam",
    "adaptive_optimizers",
    "newer_optimizers",
    "clipping",
    "embedding_steps",
    "accumulation",
    "schedules",
    "cosine_schedules",
    "plateaus",
    "autodiff",
    "derivatives",
    "custom_gradients",
    "tracing",
    "numerics",
    "precision",
    "special_functions",
    "statistics",
    "nan_and_infinity",
    "shapes",
    "indexing",
    "scatter",
    "memory",
    "products",
    "linear_algebra",
    "signal",
    "random",
    "random_arguments",
    "dtypes",
    "casts",
    "data",
    "preprocessing",
    "training",
    "modules",
    "saving",
)


def catalogue(*areas: str) -> list[Difference]:
    """Every entry, or those of some areas, in the order of `AREAS` and of their files.

    Raises KeyError naming the areas there are.
    """
    if unknown := sorted(set(areas) - set(AREAS)):
        raise KeyError(f"no area is called {', '.join(unknown)}: there are {', '.join(AREAS)}")
    return [entry for area in areas or AREAS for entry in _entries(area)]


def title(area: str) -> str:
    """What an area is called."""
    return import_module(f"{__name__}.{area}").TITLE


def _entries(area):
    module = import_module(f"{__name__}.{area}")
    found = [value for value in vars(module).values() if isinstance(value, Difference)]
    return [replace(e, area=area, stage=e.stage or module.STAGE) for e in found]
