"""The initializers in both halves: those of the reference, and from one seed the same weights."""

import math

import numpy as np
import pytest

from parity_tests.initializer_cases import BY_NAME, KERAS, ROWS, TORCH, computed
from shared.catalogue.initializers import matrix
from shared.comparison import compare, gamma, unit_roundoff
from shared.weights import standard_draw

SHAPES = ((4, 6), (3, 2, 2, 5), (6, 4), (5, 5), (3, 2, 4), (1, 2, 2, 5), (1, 5), (5, 1), (7,))
CASES = [(r, s) for s in SHAPES for r in ROWS if len(s) > 1 or r.name != "orthogonal"]
CAPTURED = CASES[: 2 * len(ROWS)]  # enough where every formula is compiled at length

every_case = pytest.mark.parametrize(("row", "shape"), CASES, ids=lambda v: getattr(v, "name", v))
every_dtype = pytest.mark.parametrize("dtype", ["float32", "float64"])


@every_dtype
def test_both_halves_are_the_reference_in_every_mode(half, mode, dtype):
    rows, shapes = zip(*(CASES if mode == "eager" else CAPTURED), strict=True)
    drawn = [
        standard_draw(r.kind, s, seed=1).astype(dtype) for r, s in zip(rows, shapes, strict=True)
    ]
    for row, z, W in zip(rows, drawn, computed(half, rows, drawn, mode), strict=True):
        z = z.astype(np.float64)
        worst = compare(W, row.reference(z), row.size(z, dtype), dtype)
        assert W.dtype == dtype
        assert worst.agrees, f"{row.name} {z.shape}: {worst}"


@every_dtype
@every_case
def test_a_seed_gives_both_halves_the_same_weights(row, shape, dtype):
    one, other = (row.made(half, shape, dtype) for half in (KERAS, TORCH))
    z = standard_draw(row.kind, shape, seed=3)
    # bit for bit, but for QR, which each rounds in its way in float64 before both round to dtype
    rounded = row.size(z, "float64") + 2 * unit_roundoff(dtype) * np.abs(one)
    assert compare(one, other, rounded if row.name == "orthogonal" else 0, dtype).agrees
    assert one.dtype == other.dtype == dtype
    assert compare(one, row.reference(z), row.size(z, dtype), dtype).agrees
    if row.name != "zeros":
        assert (one != row.made(KERAS, shape, dtype, seed=4)).all()


@pytest.mark.parametrize("shape", [(48, 48), (64, 32), (32, 64), (3, 3, 4, 24)], ids=str)
@every_dtype
def test_orthogonal_is_orthonormal_and_unique(half, shape, dtype):
    z = standard_draw("normal", shape, seed=2).astype(dtype)
    (W,) = computed(half, [BY_NAME["orthogonal"]._replace(options={})], [z])
    Q = matrix(W).astype(np.float64)
    m, n = Q.shape
    # Q is √n γ from orthonormal (see `displaced`), so QᵀQ is twice that from 1, and γ once more
    assert np.linalg.norm(Q.T @ Q - np.eye(n)) <= 3 * math.sqrt(n) * gamma(m * n, dtype)
    assert (np.diag(Q.T @ matrix(z)) > 0).all()  # of R = QᵀA
