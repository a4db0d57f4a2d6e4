"""Draws are seeded, of the distribution they name, and alike in both precisions."""

import numpy as np
import pytest

from parity_tests.weighted_layers import PAIRS
from shared.weights import WeightError, draw, layout, standard_draw
from shared.weights.sizes import filled

every_pair = pytest.mark.parametrize("pair", PAIRS, ids=str)
COUNT = 100_000


@pytest.mark.parametrize(
    "kind, mean, variance, fourth",  # moments; the last two about the mean
    [("uniform", 1 / 2, 1 / 12, 1 / 80), ("normal", 0, 1, 3)],
)
def test_a_standard_draw_has_the_moments_of_its_distribution(kind, mean, variance, fourth):
    values = standard_draw(kind, COUNT, seed=4)
    # five standard deviations of the sample's mean and variance
    assert abs(values.mean() - mean) < 5 * np.sqrt(variance / COUNT)
    assert abs(values.var() - variance) < 5 * np.sqrt((fourth - variance**2) / COUNT)
    if kind == "uniform":
        assert values.min() >= 0 and values.max() < 1


@pytest.mark.parametrize("kind", ["uniform", "normal"])
@pytest.mark.parametrize("shape", [(), 3, (2, 3), (0, 4)])
def test_a_standard_draw_has_shape_and_precision_and_follows_its_seed(kind, shape):
    values = standard_draw(kind, shape, seed=[1, 2])
    assert isinstance(values, np.ndarray) and values.dtype == np.float64
    assert values.shape == np.empty(shape).shape
    np.testing.assert_array_equal(values, standard_draw(kind, shape, seed=[1, 2]))
    assert not values.size or (values != standard_draw(kind, shape, seed=[1, 3])).all()


def test_an_unknown_kind_is_refused_with_those_that_are_known():
    with pytest.raises(ValueError, match=r"'cauchy'; choose one of \['uniform', 'normal'\]"):
        standard_draw("cauchy", 3, seed=0)


@every_pair
def test_drawn_weights_have_their_names_and_shapes_and_are_float32_numbers(pair):
    weights = draw(pair.layout, pair.sizes, seed=0)
    declared = pair.layout.shapes("keras")
    assert list(weights) == list(declared)
    for name, values in weights.items():
        assert values.shape == filled(declared[name], pair.sizes)
        assert values.dtype == np.float64
        np.testing.assert_array_equal(values, values.astype(np.float32))


@every_pair
def test_a_seed_gives_the_same_weights_and_no_two_streams_are_alike(pair):
    one, again, other = (draw(pair.layout, pair.sizes, seed) for seed in (0, 0, 1))
    for name in one:
        np.testing.assert_array_equal(one[name], again[name])
    numbers = [x for weights in (one, other) for values in weights.values() for x in values.flat]
    assert len(set(numbers)) == len(numbers)


def test_weights_keep_sums_and_variances_of_a_usable_size():
    kernel = draw("Conv2D", {"height": 5, "width": 5, "channels": 16, "filters": 250}, 0)["kernel"]
    sums = np.sqrt((kernel**2).sum(axis=(0, 1, 2)))  # standard deviation of Σ x W for x of size 1
    assert sums.min() > 0.7 and sums.max() < 1.3
    variance = draw("BatchNorm", {"features": 1000}, 0)["moving_variance"]
    assert variance.min() >= 0.5 and variance.max() <= 1.5


def test_a_model_is_drawn_layer_by_layer():
    model = {"a": "Embedding", "b": {"c": layout("GRU", without=("bias",))}}
    sizes = {"a": {"vocabulary": 5, "units": 2}, "b": {"c": {"inputs": 2, "units": 3}}}
    shapes = {name: values.shape for name, values in draw(model, sizes, seed=0).items()}
    assert shapes == {
        "a/embeddings": (5, 2),
        "b/c/kernel": (2, 9),
        "b/c/recurrent_kernel": (3, 9),
    }


def test_a_size_may_be_0():
    assert draw("Linear", {"inputs": 0, "units": 2}, seed=0)["kernel"].shape == (0, 2)


@pytest.mark.parametrize(
    "sizes, said",
    [
        (
            {"inputs": 3},
            "Linear, units: expected a size, found none; give the sizes inputs, units.",
        ),
        (
            {"inputs": 3, "units": 2, "filters": 4},
            "Linear, filters: expected no such size, found 4; ",
        ),
        (
            {"inputs": 3.0, "units": 2},
            "Linear, inputs: expected a whole number from 0, found 3.0; ",
        ),
        ({"inputs": 3, "units": -1}, "Linear, units: expected a whole number from 0, found -1; "),
    ],
)
def test_sizes_that_do_not_fit_the_layer_are_refused(sizes, said):
    with pytest.raises(WeightError) as caught:
        draw("Linear", sizes, seed=0)
    assert str(caught.value).startswith(said)
