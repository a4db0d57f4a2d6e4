"""Autoencoders beside the float64 runs: in every mode, over many steps, saved and loaded."""

import keras
import numpy as np
import pytest

import tf_impl.models.autoencoder
import torch_impl.models.autoencoder
from parity_tests.autoencoder_run import AutoencoderRun
from parity_tests.run_cases import STEPS, assert_agrees_to_a_billionth, assert_follows, ours
from parity_tests.training_run import module
from shared import comparison
from shared.catalogue import MODELS
from shared.catalogue.autoencoders import KINDS, autoencoder
from shared.noise import corrupted
from shared.weights import standard_draw

(ROW,) = (row for row in MODELS if row.name == "autoencoder")
LONG = {"epochs": STEPS // ROW.steps}
every_kind = pytest.mark.parametrize("kind", KINDS)


@pytest.mark.parametrize("kind", ["sparse", "contractive"])
@pytest.mark.parametrize("mode", ["graph", "compiled"])
def test_losses_of_the_code_are_captured_as_well(half, kind, mode):
    """In the catalogue other options than the first are compared eagerly."""
    if half.framework.unavailable(mode):
        pytest.skip(half.framework.unavailable(mode))
    run = AutoencoderRun(ROW, {"kind": kind})
    assert_follows(run, run.history(ours(run, half), "float64", mode))


@every_kind
def test_200_steps_in_float64_agree_to_a_billionth(half, kind):
    run = AutoencoderRun(ROW, {"kind": kind, **LONG})
    assert_agrees_to_a_billionth(run, half)


def test_each_kind_of_loss_reaches_what_it_should():
    """Gradients of the same weights and images, by kind: hidden losses change the encoder's."""
    first = {kind: {n: v[0] for n, v in autoencoder(kind).truth.items()} for kind in KINDS}
    plain, others = first["plain"], {kind: first[kind] for kind in ("sparse", "contractive")}
    for found in others.values():
        assert found["loss"] > plain["loss"]
        for weight in ("kernel", "bias"):
            np.testing.assert_array_equal(
                found[f"g_decoder/{weight}"], plain[f"g_decoder/{weight}"]
            )
            # but for the kernels' rows of pixels that no image has ink in
            moved = found[f"g_encoder/{weight}"] != plain[f"g_encoder/{weight}"]
            assert moved.any(axis=0).all()
    assert (autoencoder("denoising").y == autoencoder("plain").y).all()
    assert (autoencoder("denoising").x != autoencoder("plain").x).all()


def test_the_contractive_gradient_is_that_of_the_loss_by_its_slope():
    """∂L/∂W through h and through W itself, against the reference's own loss a step to each side.

    A central difference of step s is off by s² L'''/6, and by 2u|L|/s of rounding.
    """
    case, s = autoencoder("contractive"), 2.0**-17
    W, rows = case.arrays, case.order[0]
    L, gradients = case.loss_and_gradients(W, case.x[rows], case.y[rows])
    direction = np.random.default_rng(0).choice([-1.0, 1.0], W["encoder/kernel"].shape)

    def there(step):
        moved = W | {"encoder/kernel": W["encoder/kernel"] + step * direction}
        return case.loss_and_gradients(moved, case.x[rows], case.y[rows])[0]

    slope, wider = ((there(k * s) - there(-k * s)) / (2 * k * s) for k in (1, 2))
    expected = np.sum(gradients["encoder/kernel"] * direction)
    # the error of the wider difference is four times that of the other
    allowed = abs(wider - slope) + 2 * comparison.gamma(case.x.shape[1], "float64") * L / s
    assert abs(slope - expected) <= allowed < 1e-6 * abs(expected)


def test_the_code_and_the_reconstruction_are_those_of_encode_and_decode(half):
    run = AutoencoderRun(ROW, {"kind": "plain"})
    model, x = run.model_of(ours(run, half)), half.framework.tensor(run.case.x)
    found = model(x)
    assert type(found) is module(half, "models.autoencoder").Coded
    h, o = map(half.framework.array, found)
    np.testing.assert_array_equal(half.framework.array(model.encode(x)), h)
    np.testing.assert_array_equal(half.framework.array(model.decode(half.framework.tensor(h))), o)
    assert ((h > 0) & (h < 1)).all() and h.shape == (40, 6) and o.shape == (40, 64)


def test_a_keras_autoencoder_comes_back_from_config_and_disk_before_it_was_called(tmp_path):
    made = tf_impl.models.autoencoder.Autoencoder(3, 2, name="mine", dtype="float64")
    again = type(made).from_config(made.get_config())
    assert made.built and again.get_config() == made.get_config()
    assert [(w.path, w.dtype) for w in again.weights] == [(w.path, w.dtype) for w in made.weights]
    made.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    x = np.array([[1.0, -2.0, 0.5]])
    for found, expected in zip(loaded(x), made(x), strict=True):
        np.testing.assert_array_equal(found, expected)
    assert loaded.get_config() == made.get_config()


def test_a_torch_autoencoder_shows_its_layers():
    made = torch_impl.models.autoencoder.Autoencoder(3, 2)
    assert (made.features, made.units) == (3, 2)
    shown = repr(made)
    for part in ("(encoder): Linear(in_features=3, out_features=2", "(decoder): Linear(in_feat"):
        assert part in shown


def test_noise_is_the_same_for_whoever_asks_and_of_numbers_that_float32_has():
    x = autoencoder("plain").x
    found = corrupted(x, 0.25, seed=1)
    noise = 0.25 * standard_draw("normal", x.shape, seed=1)
    np.testing.assert_array_equal(found, (x + noise).astype(np.float32))
    assert (found != corrupted(x, 0.25, seed=2)).all()
    # the standard deviation of n draws scatters by 1/√(2n) of itself, here five times that
    assert abs(np.std(found - x) / 0.25 - 1) < 5 / np.sqrt(2 * x.size)
