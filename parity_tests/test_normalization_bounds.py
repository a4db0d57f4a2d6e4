"""What rounding may cost a normalization, against a case worked out on paper.

x = (−1, 3) with ε = 12: μ = 1, d = ∓2, v = 4, r = 1/4, x̂ = ∓1/2. In the units of γ_n

    D = mean |x| + |d| = 4, V = 2 mean(|d| D) + v = 20, ρ = V/32 + 1 = 13/8,
    x̂ is off by r D + |x̂| (ρ + 1) = 37/16, so that with |x̂| it counts 45/16.

With a gain of −2 and g = (1, −2): ĝ = (−2, 4), m = mean(ĝ ⊙ x̂) = 3/2, off by mean |ĝ| 45/16 =
135/16, and g_x = ∓9/16. Every number here is one that float64 has.
"""

import numpy as np
import pytest

from shared.reference.layers import normalization as bounds

BATCH = {"x": np.array([[-1.0], [3.0]]), "gamma": np.array([-2.0]), "beta": np.array([-5.0])}
SAMPLE = {"x": BATCH["x"].T, "gamma": np.full(2, -2.0), "beta": np.full(2, -5.0)}
G = np.array([[1.0], [-2.0]])


@pytest.mark.parametrize(
    "terms, inputs",
    [(bounds.batch_norm_terms, BATCH), (bounds.layer_norm_terms, SAMPLE)],
    ids=["batch", "layer"],
)
def test_a_value(terms, inputs):
    expected = 2 * 45 / 16 + 5
    np.testing.assert_array_equal(terms(**inputs, epsilon=12), np.full(inputs["x"].shape, expected))


@pytest.mark.parametrize(
    "terms, inputs, g, of_gamma, of_beta",
    [
        (bounds.batch_norm_gradient_terms, BATCH, G, [3 * 45 / 16], [3]),
        (bounds.layer_norm_gradient_terms, SAMPLE, G.T, [45 / 16, 90 / 16], [1, 2]),
    ],
    ids=["batch", "layer"],
)
def test_gradients(terms, inputs, g, of_gamma, of_beta):
    mean_g, of_m = 3, 135 / 16
    brackets = np.array([2, 4]) + mean_g + 45 / 16 * 3 / 2 + of_m / 2
    of_x = brackets / 4 + (13 / 8 + 1) * 9 / 16
    for upstream in (g, -g):
        found = terms(upstream, **inputs, epsilon=12)
        for one, expected in zip(found, (of_x.reshape(g.shape), of_gamma, of_beta), strict=True):
            np.testing.assert_array_equal(one, expected)


@pytest.mark.parametrize("unbiased, of_variance", [(True, 2 * 20), (False, 20)])
def test_running_statistics(unbiased, of_variance):
    """ε is no part of a variance: V is the same 20."""
    mean, variance = np.array([-8.0]), np.array([4.0])
    found = bounds.running_statistics_terms(BATCH["x"], mean, variance, 0.25, unbiased)
    expected = [0.75 * 8 + 0.25 * 2], [0.75 * 4 + 0.25 * of_variance]
    np.testing.assert_array_equal(found, expected)


def test_running_statistics_of_three_channels_keep_the_bounds_of_each_apart():
    x = np.arange(24.0).reshape(2, 2, 2, 3) ** 2
    kept = np.arange(3.0), np.arange(1.0, 4.0)
    found = bounds.running_statistics_terms(x, *kept, 0.1, True)
    for i in range(3):
        one = bounds.running_statistics_terms(
            x[..., i].reshape(-1, 1), kept[0][i], kept[1][[i]], 0.1, True
        )
        np.testing.assert_array_equal([f[i] for f in found], np.ravel(one))


def test_the_unbiased_variance_of_8_values_may_be_off_by_8_7ths_of_the_others():
    x, none = np.arange(8.0)[:, None], np.zeros(1)
    (_, biased), (_, unbiased) = (
        bounds.running_statistics_terms(x, none, none, 1, way) for way in (False, True)
    )
    np.testing.assert_array_equal(unbiased, biased * (8 / 7))
