"""BatchNorm and LayerNorm: running statistics in both conventions, modes, batches, precision."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import torch
from torch import nn

import tf_impl.layers as tl
import torch_impl.layers as hl
from parity_tests.layer_concepts import drawn
from shared.comparison import gamma
from shared.reference import layers as reference
from shared.reference.layers.normalization import running_statistics_terms

STEPS = 5
BATCHES = [(1 + 2 * drawn(6, 3, 2, 4, seed=70 + i)).astype(np.float32) for i in range(STEPS)]
FIRST = np.moveaxis(BATCHES[0], -1, 1)
KERAS_WAY = {"share": 0.01, "unbiased": False}
TORCH_WAY = {"share": 0.1, "unbiased": True}
IN_KERAS_TERMS = {"momentum": 0.1, "momentum_of": "new", "unbiased": True}
IN_TORCH_TERMS = {"momentum": 0.99, "momentum_of": "old", "unbiased": False}


def keras_statistics(layer):
    for x in BATCHES:
        layer(x, training=True)
    return layer.moving_mean.numpy(), layer.moving_variance.numpy()


def torch_statistics(module):
    for x in BATCHES:
        module(torch.tensor(np.moveaxis(x, -1, 1)))
    return module.running_mean.numpy().copy(), module.running_var.numpy().copy()


def expected(share, unbiased, dtype="float32"):
    """Both statistics after all batches, and how far from them rounding may lead.

    Each step carries (1 − s) of the error so far, and its own as `running_statistics_terms` has it.
    """
    kept, errors = (np.zeros(4), np.ones(4)), (np.zeros(4), np.zeros(4))
    count = BATCHES[0].size // 4 + 6
    for x in BATCHES:
        x = x.astype(float)
        terms = running_statistics_terms(x, *kept, share, unbiased)
        errors = [
            (1 - share) * e + gamma(count, dtype) * t for e, t in zip(errors, terms, strict=True)
        ]
        kept = reference.running_statistics(x, *kept, share, unbiased)
    return kept, errors


@pytest.mark.parametrize(
    "statistics, layers, way",
    [
        (keras_statistics, (tl.BatchNorm, keras.layers.BatchNormalization), KERAS_WAY),
        (torch_statistics, (lambda: hl.BatchNorm(4), lambda: nn.BatchNorm2d(4)), TORCH_WAY),
        (keras_statistics, (lambda: tl.BatchNorm(**IN_KERAS_TERMS),), TORCH_WAY),
        (torch_statistics, (lambda: hl.BatchNorm(4, **IN_TORCH_TERMS),), KERAS_WAY),
    ],
    ids=["Keras", "torch", "torch's way in Keras", "Keras's way in torch"],
)
def test_running_statistics_after_several_steps(statistics, layers, way):
    values, errors = expected(**way)
    for make in layers:
        for found, value, error in zip(statistics(make()), values, errors, strict=True):
            assert (np.abs(found - value) <= error).all()


def test_each_convention_shows_in_the_statistics():
    base, errors = expected(**TORCH_WAY)
    for change in ({"share": 0.9}, {"unbiased": False}):
        other, _ = expected(**{**TORCH_WAY, **change})
        assert (np.abs(other[1] - base[1]) > 2 * errors[1]).all()


def test_inference_uses_the_statistics_and_keeps_them():
    layer = tl.BatchNorm()
    module = hl.BatchNorm(4, eps=1e-3, **IN_TORCH_TERMS)
    before = keras_statistics(layer), torch_statistics(module)
    module.eval()
    ours, theirs = layer(BATCHES[0]).numpy(), module(torch.tensor(FIRST)).detach().numpy()
    np.testing.assert_array_equal(layer.moving_mean, before[0][0])
    np.testing.assert_array_equal(module.running_var, before[1][1])
    for h, (mean, variance) in zip((ours, np.moveaxis(theirs, 1, -1)), before, strict=True):
        # r takes three roundings and each of the four operations after it one
        terms = np.abs(BATCHES[0] - mean) / np.sqrt(variance + 1e-3)
        value = (BATCHES[0].astype(float) - mean) / np.sqrt(variance.astype(float) + 1e-3)
        assert (np.abs(h - value) <= gamma(8, "float32") * terms).all()


def test_keras_keeps_the_statistics_of_a_layer_that_is_not_trainable():
    ours, theirs = tl.BatchNorm(), keras.layers.BatchNormalization()
    for layer in (ours, theirs):
        layer.build(BATCHES[0].shape)
        layer.trainable = False
        h = layer(BATCHES[0], training=True)
        np.testing.assert_array_equal(layer.moving_mean, np.zeros(4))
        expected_h = BATCHES[0] / np.sqrt(1 + 1e-3)
        assert (np.abs(h - expected_h) <= gamma(8, "float32") * np.abs(expected_h)).all()


def test_torch_counts_batches_as_its_own_does():
    ours, theirs = hl.BatchNorm(4), nn.BatchNorm2d(4)
    for module in (ours, theirs):
        torch_statistics(module)
    assert ours.num_batches_tracked == theirs.num_batches_tracked == STEPS
    assert ours.num_batches_tracked.dtype == theirs.num_batches_tracked.dtype


@pytest.mark.parametrize("unbiased", [True, False])
def test_one_value_to_a_channel_is_standardized_to_beta_and_has_variance_0(unbiased):
    layer = tl.BatchNorm(momentum=0.5, unbiased=unbiased)
    module = hl.BatchNorm(4, momentum=0.5, unbiased=unbiased)
    x = BATCHES[0][0, 0, :1]
    np.testing.assert_array_equal(layer(x, training=True), np.zeros((1, 4)))
    assert torch.equal(module(torch.tensor(x)), torch.zeros(1, 4))
    for mean, variance in (
        (layer.moving_mean, layer.moving_variance), (module.running_mean, module.running_var)
    ):  # fmt: skip
        np.testing.assert_array_equal(mean, 0.5 * x[0])
        np.testing.assert_array_equal(variance, np.full(4, 0.5))
    kept = reference.running_statistics(x.astype(float), np.zeros(4), np.ones(4), 0.5, unbiased)
    np.testing.assert_array_equal(kept, [0.5 * x[0], np.full(4, 0.5)])
    with pytest.raises(ValueError, match="Expected more than 1 value per channel"):
        nn.BatchNorm1d(4)(torch.tensor(x))


def test_of_two_values_the_unbiased_variance_is_half_the_square_of_their_distance():
    x = np.array([[1.0, -2.0], [4.0, 2.0]])
    for found in (
        tl.running_statistics(
            tf.constant(x), tf.zeros(2, "float64"), tf.zeros(2, "float64"), 1, True
        ),
        hl.running_statistics(*map(torch.tensor, (x, np.zeros(2), np.zeros(2))), 1, True),
        reference.running_statistics(x, np.zeros(2), np.zeros(2), 1, True),
    ):
        np.testing.assert_array_equal(found, [[2.5, 0], [4.5, 8]])


@pytest.mark.parametrize("layer", [tl.BatchNorm, tl.LayerNorm])
def test_weights_keep_their_precision_where_a_policy_computes_in_half(layer):
    """2⁻²⁶ is 0 in float16, and 32 standard deviations of it are not."""
    layer = layer(dtype="mixed_float16")
    x = np.zeros((1024, 1) if layer.name.startswith("batch") else (1, 1024), np.float16)
    x.flat[0] = 1
    layer.build(x.shape)
    layer.gamma.assign(np.full(layer.gamma.shape, 2.0**-26))
    assert np.asarray(layer(x, training=True) if x.shape[1] == 1 else layer(x)).flat[0] > 0


def test_an_empty_batch_leaves_the_statistics_as_they_were():
    layer, module = tl.BatchNorm(), hl.BatchNorm(4)
    keras_before, torch_before = keras_statistics(layer), torch_statistics(module)
    assert layer(BATCHES[0][:0], training=True).shape == (0, 3, 2, 4)
    assert module(torch.zeros(0, 4, 3, 2)).shape == (0, 4, 3, 2)
    np.testing.assert_array_equal(layer.moving_mean, keras_before[0])
    np.testing.assert_array_equal(layer.moving_variance, keras_before[1])
    np.testing.assert_array_equal(module.running_mean, torch_before[0])
    np.testing.assert_array_equal(module.running_var, torch_before[1])


@pytest.mark.parametrize("shape", [(6, 4), (6, 5, 4), (6, 3, 2, 4), (2, 3, 3, 2, 4)])
def test_any_axes_besides_the_channels_belong_to_the_batch(shape):
    x = drawn(*shape, seed=80)
    one = np.ones(4)
    flat = tl.batch_norm(tf.constant(x.reshape(-1, 4)), one, one, 1e-3).numpy().reshape(shape)
    channels_first = torch.tensor(np.moveaxis(x, -1, 1))
    h = hl.batch_norm(channels_first, torch.tensor(one), torch.tensor(one), 1e-3).numpy()
    size = gamma(x.size // 4 + 6, "float64") * reference.normalization.batch_norm_terms(
        x, one, one, 1e-3
    )
    assert (np.abs(tl.batch_norm(tf.constant(x), one, one, 1e-3) - flat) <= 2 * size).all()
    assert (np.abs(np.moveaxis(h, 1, -1) - flat) <= 2 * size).all()


@pytest.mark.parametrize("shape", [(4,), (3, 4), (2, 3, 4)])
def test_a_sample_is_standardized_over_as_many_axes_as_its_weights_have(shape):
    x = drawn(5, 2, 3, 4, seed=81).astype(np.float32)
    axes = list(range(-len(shape), 0))
    module, theirs = hl.LayerNorm(shape, eps=1e-3), nn.LayerNorm(shape, eps=1e-3)
    nn.init.normal_(theirs.weight)
    module.load_state_dict(theirs.state_dict())
    layer, keras_own = tl.LayerNorm(axes), keras.layers.LayerNormalization(axes)
    for made in (layer, keras_own):
        made.build(x.shape)
        made.set_weights([theirs.weight.detach(), theirs.bias.detach()])
    weight, bias = layer.get_weights()
    terms = reference.normalization.layer_norm_terms(x.astype(float), weight, bias, 1e-3)
    size = gamma(int(np.prod(shape)) + 6, "float32") * terms
    value = reference.layer_norm(x.astype(float), weight, bias, 1e-3)
    for h in (
        layer(x).numpy(),
        keras_own(x).numpy(),
        *(m(torch.tensor(x)).detach().numpy() for m in (module, theirs)),
    ):
        assert (np.abs(h - value) <= size).all()


@pytest.mark.parametrize("axis", [1, [1, 2], [-3, -1]])
def test_layer_norm_needs_the_last_axes(axis):
    with pytest.raises(ValueError, match="LayerNorm needs the last axes, got"):
        tl.LayerNorm(axis)(np.zeros((2, 3, 4, 5), np.float32))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_neither_overflows_nor_counts_in_itself(dtype):
    """Squares of 3000 are beyond float16, and sums of 4096 of them beyond the digits of either."""
    half, one = getattr(torch, dtype), np.ones(2)
    x = torch.tensor(3000 + 500 * drawn(4096, 2, seed=82)).to(half)
    values = x.double().numpy()
    expected = reference.batch_norm(values, one, 0 * one, 1e-3)
    terms = reference.normalization.batch_norm_terms(values, one, 0 * one, 1e-3)
    # computed in float32, then rounded once
    size = torch.finfo(half).eps / 2 * np.abs(expected) + gamma(4096 + 6, "float32") * terms
    of_keras = tl.BatchNorm(dtype=f"mixed_{dtype}")(tf.cast(values, dtype), training=True)
    of_torch = hl.BatchNorm(2, eps=1e-3).to(half)(x)
    assert (of_keras.dtype.name, of_torch.dtype) == (dtype, half)
    for h in (tf.cast(of_keras, tf.float64).numpy(), of_torch.detach().double().numpy()):
        assert (np.abs(h - expected) <= size).all()
    assert np.max(size) < 0.05  # where in half precision itself nothing would be left


def test_conventions_and_shapes_are_checked():
    with pytest.raises(ValueError, match='momentum_of "old" or "new", not \'both\''):
        tl.BatchNorm(momentum_of="both")
    with pytest.raises(ValueError, match='momentum_of "old" or "new", not \'both\''):
        hl.BatchNorm(4, momentum_of="both")
    message = r"batch_norm needs a parameter for each channel, of shape \(3,\), got \(4,\)"
    with pytest.raises(ValueError, match=message):
        tl.batch_norm(tf.zeros((2, 3)), tf.zeros(4), tf.zeros(4), 1e-3)
    with pytest.raises(ValueError, match=message):
        hl.BatchNorm(4)(torch.zeros(2, 3))
    message = r"needs a parameter for each channel, of shape \(3,\), got \(4,\)"
    for module, zeros in ((tl, tf.zeros), (hl, torch.zeros)):
        three, four = (zeros((n,)) for n in (3, 4))
        with pytest.raises(ValueError, match=f"batch_norm_inference {message}"):
            module.batch_norm_inference(zeros((2, 3)), three, three, three, four, 1e-3)
        with pytest.raises(ValueError, match=f"running_statistics {message}"):
            module.running_statistics(zeros((2, 3)), three, four, 0.1, True)
        with pytest.raises(ValueError, match=r"layer_norm needs .* of shape \(3,\), got \(4,\)"):
            module.layer_norm(zeros((2, 3)), three, four, 1e-3)
    message = r"layer_norm needs x of shape \(2, 4\), got \(2, 3\)"
    with pytest.raises(ValueError, match=message):
        tl.layer_norm(tf.zeros((2, 3)), tf.zeros(4), tf.zeros(4), 1e-3)
    with pytest.raises(ValueError, match=message):
        hl.LayerNorm(4)(torch.zeros(2, 3))
