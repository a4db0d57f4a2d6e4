"""Conv2D: padding in both frameworks' ways, sizes known only when run, errors."""

import re

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

KERNEL = drawn(3, 2, 2, 4, seed=90)
BIAS = drawn(4, seed=91)


def in_torch(x, kernel, bias, *options):
    """torch's function of Keras's layouts."""
    image = torch.tensor(np.moveaxis(x, -1, 1))
    weight = torch.tensor(np.array(kernel.transpose(3, 2, 0, 1)))
    h = hl.conv2d(image, weight, torch.tensor(bias), *options)
    return np.moveaxis(h.numpy(), 1, -1)


def bound(x, kernel, bias, *options):
    """γ_n Σ |terms|, of a sum over the window and all channels."""
    terms = reference.conv2d(np.abs(x), np.abs(kernel), np.abs(bias), *options)
    return gamma(kernel[..., 0].size + 1, "float64") * terms


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("k", [1, 2, 3, 4])
def test_same_is_kerass_padding_for_every_size_and_stride(k, stride):
    kernel, bias = drawn(k, k, 2, 3, seed=92), np.zeros(3)
    for n in range(2, 8):
        x = drawn(1, n, n, 2, seed=93)
        theirs = keras.ops.conv(x, kernel, stride, padding="same")
        ours = (
            tl.conv2d(tf.constant(x), kernel, bias, stride, "same"),
            in_torch(x, kernel, bias, stride, "same"),
        )
        size = 2 * bound(x, kernel, bias, stride, "same")
        for h in ours:
            assert h.shape == theirs.shape == (1, -(-n // stride), -(-n // stride), 3)
            assert (np.abs(h - theirs) <= size).all()


@pytest.mark.parametrize("padding", [0, 1, (2, 0), "valid"])
@pytest.mark.parametrize("stride", [1, 2, (1, 3)])
def test_torchs_padding_is_torchs_in_both_halves(padding, stride):
    x = drawn(2, 6, 5, 2, seed=94)
    theirs = nn.Conv2d(2, 4, (3, 2), stride, 0 if padding == "valid" else padding).double()
    with torch.no_grad():
        theirs.weight.copy_(torch.tensor(KERNEL.transpose(3, 2, 0, 1)))
        theirs.bias.copy_(torch.tensor(BIAS))
        h = np.moveaxis(theirs(torch.tensor(np.moveaxis(x, -1, 1))).numpy(), 1, -1)
    size = 2 * bound(x, KERNEL, BIAS, stride, padding)
    ours = tl.conv2d(tf.constant(x), KERNEL, BIAS, stride, padding)
    assert (np.abs(ours - h) <= size).all()
    assert (np.abs(in_torch(x, KERNEL, BIAS, stride, padding) - h) <= size).all()


def test_torch_itself_refuses_same_with_a_stride():
    with pytest.raises(ValueError, match="padding='same' is not supported for strided"):
        nn.Conv2d(2, 4, 3, stride=2, padding="same")
    assert hl.Conv2D(2, 4, 3, stride=2, padding="same")(torch.zeros(1, 2, 5, 5)).shape[2:] == (3, 3)


def test_same_with_a_stride_is_not_torchs_padding():
    """Of 6 rows, a kernel of 3 and a stride of 2 "same" pads below alone, 1 on either side."""
    x = drawn(1, 6, 6, 2, seed=95)
    kernel = drawn(3, 3, 2, 4, seed=96)
    same, ones = (tl.conv2d(tf.constant(x), kernel, BIAS, 2, p).numpy() for p in ("same", 1))
    assert same.shape == ones.shape
    assert np.abs(same - ones).max() > 0.1


@pytest.mark.parametrize("padding", ["valid", "same", 1])
def test_sizes_that_are_known_only_when_run(padding):
    signature = [tf.TensorSpec([None, None, None, 2], tf.float64)]

    @tf.function(input_signature=signature, autograph=False)
    def apply(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            h = tl.conv2d(x, KERNEL, BIAS, 2, padding)
            pooled = tl.max_pool2d(h, 2, 1)
        return pooled, tape.gradient(pooled, x)

    for n in (5, 8):
        x = drawn(2, n, n + 1, 2, seed=97)
        pooled, g_x = apply(x)
        h = tl.conv2d(tf.constant(x), KERNEL, BIAS, 2, padding)
        g_h = reference.max_pool2d_gradient(np.ones(pooled.shape), h.numpy(), 2, 1)
        expected = reference.conv2d_gradient(g_h, x, KERNEL, BIAS, 2, padding)[0]
        np.testing.assert_array_equal(pooled, reference.max_pool2d(h.numpy(), 2, 1))
        sizes = reference.conv2d_gradient(g_h, x, np.abs(KERNEL), BIAS, 2, padding)[0]
        assert (np.abs(g_x - expected) <= gamma(KERNEL[:, :, 0].size, "float64") * sizes).all()


@pytest.mark.parametrize("k", [1, 2, 3])
def test_same_of_a_size_that_is_known_only_when_run(k):
    kernel, bias = drawn(k, k, 2, 3, seed=101), np.zeros(3)

    @tf.function(input_signature=[tf.TensorSpec([None] * 3 + [2], tf.float64)], autograph=False)
    def apply(x):
        return tl.conv2d(x, kernel, bias, 1, "same")

    x = drawn(1, 4, 5, 2, seed=102)
    np.testing.assert_array_equal(apply(x), tl.conv2d(tf.constant(x), kernel, bias, 1, "same"))


@pytest.mark.parametrize("n", range(3, 10))
def test_what_no_window_reaches_has_no_gradient_however_much_that_is(n):
    x, stride = drawn(1, n, n, 2, seed=104), 3
    g = np.ones(reference.conv2d(x, KERNEL, BIAS, stride, "valid").shape)
    expected = reference.conv2d_gradient(g, x, KERNEL, BIAS, stride, "valid")[0]
    sizes = reference.conv2d_gradient(g, x, np.abs(KERNEL), BIAS, stride, "valid")[0]
    tensor, leaf = tf.constant(x), torch.tensor(np.moveaxis(x, -1, 1)).requires_grad_()
    with tf.GradientTape() as tape:
        tape.watch(tensor)
        h = tl.conv2d(tensor, KERNEL, BIAS, stride, "valid")
    weight = torch.tensor(np.array(KERNEL.transpose(3, 2, 0, 1)))
    hl.conv2d(leaf, weight, torch.tensor(BIAS), stride, "valid").sum().backward()
    for g_x in (tape.gradient(h, tensor).numpy(), np.moveaxis(leaf.grad.numpy(), 1, -1)):
        error = np.abs(g_x - expected)
        assert (error <= gamma(KERNEL[:, :, 0].size, "float64") * sizes).all()


def test_unless_told_otherwise_every_window_is_taken_and_nothing_padded():
    x = drawn(1, 7, 8, 2, seed=103).astype(np.float32)
    assert tl.Conv2D(3, 3)(x).shape == (1, 5, 6, 3)
    assert hl.Conv2D(2, 3, 3)(torch.tensor(np.moveaxis(x, -1, 1))).shape == (1, 3, 5, 6)


def test_a_keras_layer_knows_its_output_shape():
    x = keras.Input((7, 8, 2))
    assert tl.Conv2D(3, 3, strides=2, padding="same")(x).shape == (None, 4, 4, 3)
    assert tl.Conv2D(3, 3, strides=2, padding=1)(x).shape == (None, 4, 4, 3)
    assert tl.MaxPool2D(2)(x).shape == tl.AveragePool2D((2, 2))(x).shape == (None, 3, 4, 2)


@pytest.mark.parametrize(
    "shape, kernel, padding, message",
    [
        ((1, 5, 5, 3), (3, 3, 2, 4), "valid", r"conv2d needs x of shape"),
        ((5, 5, 2), (3, 3, 2, 4), "valid", r"conv2d needs x of shape"),
        ((1, 2, 5, 2), (3, 3, 2, 4), "valid", r"images of at least \(3, 3\), got \(2, 5\)"),
        ((1, 5, 5, 2), (3, 3, 2, 4), "full", r'"valid", "same", a number or a pair, not \'full\''),
        ((1, 5, 5, 2), (3, 3, 2, 5), "valid", r"conv2d needs bias of shape \(5,\), got \(4,\)"),
    ],
)
def test_what_does_not_fit_is_named(shape, kernel, padding, message):
    with pytest.raises(ValueError, match=message):
        tl.conv2d(tf.zeros(shape), tf.zeros(kernel), tf.zeros(4), 1, padding)
    channels_first = (*shape[:-3], shape[-1], *shape[-3:-1])
    weight = torch.zeros(kernel[3], kernel[2], *kernel[:2])
    with pytest.raises(ValueError, match=message):
        hl.conv2d(torch.zeros(channels_first), weight, torch.zeros(4), 1, padding)


@pytest.mark.parametrize("value", [0, -1, (1, 0), (1, 2, 3)])
def test_sizes_and_strides_are_one_number_or_two_from_1_on(value):
    message = re.escape(f"a number or a pair of them, at least 1, got {value}")
    for module, zeros, kernel in (
        (tl, tf.zeros((1, 5, 5, 1)), tf.zeros((3, 3, 1, 1))),
        (hl, torch.zeros(1, 1, 5, 5), torch.zeros(1, 1, 3, 3)),
    ):
        with pytest.raises(ValueError, match=message):
            module.conv2d(zeros, kernel, zeros[0, 0, 0, :1], value, "same")
        with pytest.raises(ValueError, match=message):
            module.max_pool2d(zeros, value, 1)
        with pytest.raises(ValueError, match=message):
            module.average_pool2d(zeros, 2, value)
        with pytest.raises(ValueError, match="at least 0, got -1"):
            module.conv2d(zeros, kernel, zeros[0, 0, 0, :1], 1, -1)
