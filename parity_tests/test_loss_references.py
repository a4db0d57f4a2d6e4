"""The losses' reference by itself: samples along several axes, and signs at the edge."""

import numpy as np
import pytest

from parity_tests.loss_cases import normal
from shared.comparison import gamma
from shared.reference import losses as reference
from shared.reference.activations import sigmoid

LEAD, CLASSES = (2, 3), 4
X, V = (normal((*LEAD, CLASSES), seed=seed) for seed in (1, 2))
G = normal(LEAD, seed=3)
IDS = np.array([[0, 3, 1], [2, 2, 0]])


def in_a_row(values):
    """The same samples along one axis."""
    return values.reshape(-1, *values.shape[len(LEAD) :])


@pytest.mark.parametrize("reduction", ["mean", "none"])
@pytest.mark.parametrize("labels", [IDS, np.eye(CLASSES)[IDS]], ids=["ids", "one-hot"])
def test_cross_entropy_takes_samples_along_several_axes(labels, reduction):
    g = G if reduction == "none" else G[0, 0]
    for order, upstream in (("", ()), ("_gradient", (g,)), ("_second", (V, g))):
        function = getattr(reference, f"softmax_cross_entropy{order}")
        found = function(*upstream, labels, X, reduction=reduction)
        row = [in_a_row(a) if np.ndim(a) else a for a in (*upstream, labels, X)]
        np.testing.assert_array_equal(
            found, function(*row, reduction=reduction).reshape(np.shape(found))
        )


@pytest.mark.parametrize("reduction", ["mean", "none"])
def test_the_contractive_penalty_takes_samples_along_several_axes(reduction):
    h, W = sigmoid(X), normal((5, CLASSES), seed=4)
    g = G if reduction == "none" else G[0, 0]
    g_h, g_W = reference.contractive_penalty_gradient(g, h, W, reduction)
    flat = in_a_row(g) if np.ndim(g) else g
    expected_h, expected_W = reference.contractive_penalty_gradient(flat, in_a_row(h), W, reduction)
    np.testing.assert_array_equal(g_h, expected_h.reshape(h.shape))
    # both sum the same terms, in another order
    each = np.broadcast_to(np.abs(g), LEAD)[..., None] / (1 if np.ndim(g) else G.size)
    terms = 2 * np.abs(W) * np.sum(each * (h * (1 - h)) ** 2, axis=(0, 1))
    assert (np.abs(g_W - expected_W) <= 2 * gamma(G.size + 10, "float64") * terms).all()


@pytest.mark.parametrize("ids", [[[0, 1, 5], [0, 1, 0]], [[0, 1, -1], [0, 1, 1]]])
def test_an_id_that_is_no_class_is_refused_wherever_it_stands(ids):
    with pytest.raises(ValueError, match="class ids run from 0 to 1, and y_true holds others"):
        reference.softmax_cross_entropy(np.array(ids), X[..., :2])


def test_ids_that_name_every_class_are_refused_where_one_is_none():
    with pytest.raises(ValueError, match="class ids run from 0 to 1"):
        reference.softmax_cross_entropy(np.array([0, 1, 5]), X[0, :, :2])


def test_a_mean_of_either_zero_is_approached_from_above():
    """As activations are: σ is above 0, whatever sign a 0 is rounded to."""
    slopes = [reference.sparsity_penalty_gradient(1.0, np.array([[z]]), 0.5) for z in (0.0, -0.0)]
    np.testing.assert_array_equal(np.ravel(slopes), [-np.inf, -np.inf])
