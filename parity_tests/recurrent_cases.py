"""The recurrent functions at sequences masked in every way, and how parties are compared there."""

from functools import cache

import numpy as np
import pytest

from parity_tests import parties
from shared import parity
from shared.cases import Case
from shared.catalogue.recurrent import MASK, RECURRENT, row
from shared.evidence import PASS

MASKS = {
    "all kinds": MASK,
    "none": MASK[:1],
    "padded": MASK[:3],
    "gaps": MASK[:4],
    "short": MASK[:, 2:4],
    "few": MASK[[1, 4], 1:4],
    "long": np.arange(100) < np.array([[100], [63]]),
    "one step": np.ones((3, 1), bool),
    "one cell": np.ones((1, 1), bool),
}
LAYERS = {concept.name: concept.layer for concept in RECURRENT}

every_layer = pytest.mark.parametrize("name", LAYERS)
every_half = pytest.mark.parametrize("half", parties.HALVES, ids=lambda half: half.framework.NAME)
in_both = pytest.mark.parametrize("dtype", ["float32", "float64"])


@cache
def case(name, masked="all kinds"):
    """A recurrent layer's function at its inputs."""
    return Case(row(name, MASKS[masked]), {})


def failures(cases, chosen, dtype, mode="eager"):
    """What does not pass, once every tensor of every case has been compared."""
    rows = parity.compare(cases, chosen, dtype, mode)
    assert {r.tensor for r in rows} == {tensor for case in cases for tensor in case.truth}
    return [(r.concept, r.tensor, r.left, r.right, r.used) for r in rows if r.verdict != PASS]
