"""Which directions whitening keeps, and which way they point, just at the edge: in all three."""

import numpy as np
import pytest

from parity_tests.parties import HALVES
from parity_tests.training_run import module
from shared.reference import preprocessing as reference

TIE = 2.0**-20
NAMES = [half.framework.NAME for half in HALVES]


def of_half(half):
    """(signed, principal_directions) of a half, from arrays to arrays."""
    whitening, framework = module(half, "preprocessing.whitening"), half.framework

    def signed(V):
        return framework.array(whitening._signed(framework.tensor(V)))

    def principal_directions(x, *ratio):
        found = whitening.principal_directions(framework.tensor(x), *ratio)
        return tuple(map(framework.array, found))

    return signed, principal_directions


PARTIES = [(reference.signed, reference.principal_directions), *map(of_half, HALVES)]
every_party = pytest.mark.parametrize("party", PARTIES, ids=["reference", *NAMES])


@every_party
def test_components_count_as_equally_large_within_the_tie_and_no_further(party):
    signed, _ = party
    within, beyond = 1 - TIE, 1 - TIE - 2.0**-30
    V = np.array([[within, beyond, -within], [-1.0, -1.0, 1.0]])
    np.testing.assert_array_equal(signed(V), V * [1, -1, -1])


def along_axes(*counts):
    """Rows with 1 or −1 on one axis: so many pairs of them on each, a diagonal covariance."""
    axes = np.eye(len(counts))
    return np.concatenate([s * axes[[i] * n] for i, n in enumerate(counts) for s in (1.0, -1.0)])


@every_party
def test_a_direction_of_just_the_least_share_is_kept_and_one_of_less_is_not(party):
    _, principal_directions = party
    x = along_axes(3, 1)  # variances 3/4 and 1/4
    for ratio, kept in ((0.25, [0.75, 0.25]), (0.3, [0.75])):
        np.testing.assert_array_equal(principal_directions(x, ratio)[2], kept)


@every_party
def test_what_rounding_makes_of_no_variance_grows_with_the_number_of_features(party):
    _, principal_directions = party
    eps = np.finfo(np.float64).eps
    for share, kept in ((2 * eps, 1), (8 * eps, 2)):  # of four features, 4 eps are rounding's
        x = along_axes(1, 1, 1, 1)[[0, 1, 6, 7]] * np.sqrt([1, 1, 1, share])
        assert len(principal_directions(x, 0.0)[2]) == kept


def test_in_rows_that_do_not_differ_the_reference_finds_no_direction():
    assert reference.principal_directions(np.ones((2, 2)))[2].size == 0
