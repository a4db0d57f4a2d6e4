"""The layers' functions as parties of the engine, and the tensors that their tests draw."""

from functools import partial

import numpy as np

import tf_impl.framework
import tf_impl.layers
import torch_impl.framework
import torch_impl.layers
from shared.catalogue.layers import (
    AVERAGE_POOL2D,
    BATCH_NORM,
    BATCH_NORM_INFERENCE,
    CONV2D,
    DROPOUT,
    EMBEDDING,
    FLATTEN,
    LAYER_NORM,
    LINEAR,
    MAX_POOL2D,
    POOLS,
    drawn,
)
from shared.catalogue.layers import LAYERS as CONCEPTS
from shared.parity import Party
from shared.vocabulary import KERAS, TORCH

__all__ = ["AVERAGE_POOL2D", "BATCHED", "BATCH_NORM", "BATCH_NORM_INFERENCE", "CONCEPTS", "CONV2D",
           "DROPOUT", "EMBEDDING", "FLATTEN", "HALVES", "LAYER_NORM", "LINEAR", "MAX_POOL2D",
           "POOLS", "drawn", "of_differentiated"]  # fmt: skip

BATCHED = {"x", "keep", "ids"}  # tensors whose first axis is the batch


def _find(module, dialect, concept, options):
    return partial(getattr(module, concept.name), **dialect.options(options))


def _halves():
    for framework, module, dialect in (
        (tf_impl.framework, tf_impl.layers, KERAS),
        (torch_impl.framework, torch_impl.layers, TORCH),
    ):
        find = partial(_find, module, dialect)
        yield Party(framework.NAME, framework, find, dialect=dialect)


HALVES = tuple(_halves())


def of_differentiated(party, case, arrays):
    """The half's function of the tensors that have a gradient alone, and these in its layout."""
    forth = partial(party.dialect.forth, case.concept)
    native = {name: np.array(forth(name, values)) for name, values in arrays.items()}
    constants = {n: party.adapter.tensor(native.pop(n)) for n in case.concept.constants}

    def function(*tensors):
        given = {**constants, **dict(zip(native, tensors, strict=True))}
        return party.find(case.concept, case.options)(*(given[name] for name in arrays))

    return function, native
