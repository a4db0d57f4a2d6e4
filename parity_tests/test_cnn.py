"""The CNN: what it learns of digits in both halves, and that weights and files come back."""

from dataclasses import replace

import keras
import numpy as np
import pytest

import tf_impl.models.cnn
from parity_tests import fit_cases
from parity_tests.network_run import CNNRun
from parity_tests.run_cases import STEPS, assert_agrees_to_a_billionth, ours
from parity_tests.training_run import module
from shared.catalogue import images
from shared.data import load_digits
from shared.weights import to_keras, to_torch

LEARNT = 1437  # digits; the other 360 are held out
LONG = replace(images.cnn(), epochs=STEPS * images.BATCH // images.ROWS)


def channels(half, x):
    """Images as the half reads them."""
    return x if half.in_keras else np.moveaxis(x, -1, 1)


def network(half, filters=(8, 16), classes=10, **options):
    image = (8, 8, 1) if half.in_keras else (1, 8, 8)
    return module(half, "models.cnn").CNN(image, filters, classes, **options)


@pytest.mark.parametrize("seed", range(3))
def test_at_least_97_of_100_held_out_digits_are_read_right(half, seed):
    x, y = load_digits()
    order = np.random.default_rng(0).permutation(len(x))
    x, y = channels(half, np.float32(x[order]).reshape(-1, 8, 8, 1)), y[order]
    half.framework.set_seed(seed)
    made = network(half)
    module(half, "training").fit(
        made, x[:LEARNT], y[:LEARNT], loss=half.families["losses"].softmax_cross_entropy,
        optimizer=fit_cases.optimizer(half, "adam", made, 2.0**-7), epochs=10, batch_size=32,
        mode="graph" if half.in_keras else "eager", seed=seed,
    )  # fmt: skip
    classes = half.framework.array(made.classify(half.framework.tensor(x[LEARNT:])))
    assert np.mean(classes == y[LEARNT:]) >= 0.97


def test_200_steps_in_float64_agree_to_a_billionth(half):
    run = CNNRun(None, {"pool_size": 2}, LONG)
    assert_agrees_to_a_billionth(run, half, "graph" if half.in_keras else "eager")


def test_weights_behind_a_flattened_image_come_back_bit_for_bit():
    case = images.cnn()
    there = to_torch(case.layers, case.arrays)
    back = to_keras(case.layers, there)
    assert back.keys() == case.arrays.keys()
    for name, values in case.arrays.items():
        np.testing.assert_array_equal(back[name], values)
    # by hand: of Keras's rows, place after place, torch has channel after channel
    kernel, weight = case.arrays["linear_1/kernel"], there["linear_1.weight"]
    np.testing.assert_array_equal(weight.T[1], kernel[6])  # the second place of the first of six


@pytest.mark.parametrize(
    "options, size",
    [({}, (2, 2, 16)), ({"padding": "valid", "pool_size": None}, (4, 4, 16)),
     ({"strides": 2, "pool_size": None}, (2, 2, 16)), ({"kernel_size": 5}, (2, 2, 16))],
    ids=str,
)  # fmt: skip
def test_what_is_flattened_has_the_same_size_in_both_halves(half, options, size):
    words = {} if half.in_keras else {"strides": "stride"}
    made = network(half, **{words.get(name, name): value for name, value in options.items()})
    assert made.flattened == size
    x = channels(half, np.zeros((3, 8, 8, 1), np.float32))
    assert tuple(made(half.framework.tensor(x)).shape) == (3, 10)


def test_a_class_is_that_of_the_largest_logit(half):
    noise = 16 * np.random.default_rng(0).normal(size=(8, 8, 8, 1))
    run = CNNRun(None, {"pool_size": 2}, replace(images.cnn(), x=noise))
    made = run.model_of(ours(run, half))
    x = half.framework.tensor(run.read(half))
    logits = half.framework.array(made(x))
    assert half.framework.array(made.classify(x)).tolist() == logits.argmax(-1).tolist()
    assert len(set(logits.argmax(-1))) > 1


def test_a_keras_network_comes_back_from_config_and_disk(tmp_path):
    CNN = tf_impl.models.cnn.CNN
    made = CNN((8, 8, 1), (3, 4), 5, 5, 2, "same", None, "tanh", name="mine", dtype="float64")
    again = CNN.from_config(made.get_config())
    assert made.built and again.get_config() == made.get_config()
    assert [(w.path, w.dtype) for w in again.weights] == [(w.path, w.dtype) for w in made.weights]
    made.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    x = np.linspace(-1, 1, 128).reshape(2, 8, 8, 1)
    np.testing.assert_array_equal(loaded(x), made(x))
    assert loaded.get_config() == made.get_config()
