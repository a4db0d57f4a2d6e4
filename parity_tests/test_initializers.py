"""The initializers: a seed gives both halves the same weights, of the moments that are stated."""

import json
import math
import pickle
from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import NamedTuple

import keras
import numpy as np
import pytest
import tensorflow as tf
import torch
from torch import nn

import tf_impl.framework
import tf_impl.initializers
import torch_impl.framework
import torch_impl.initializers
from shared.bounds import Evaluated, Exact
from shared.catalogue.initializers import NORMAL, QR, SUM, UNIFORM, matrix
from shared.comparison import compare, gamma, unit_roundoff
from shared.reference import initializers as reference
from shared.weights import standard_draw


def channels_first(values):
    """Weights in torch's layout, (out, in, …), from Keras's (…, in, out)."""
    return np.moveaxis(values, (-1, -2), (0, 1)) if np.ndim(values) > 1 else values


def channels_last(values):
    """The reverse of `channels_first`."""
    return np.moveaxis(values, (0, 1), (-1, -2)) if np.ndim(values) > 1 else values


class Half(NamedTuple):
    framework: ModuleType
    initializers: ModuleType
    forth: Callable  # from Keras's layout to the half's own
    back: Callable


KERAS = Half(tf_impl.framework, tf_impl.initializers, np.asarray, np.asarray)
TORCH = Half(torch_impl.framework, torch_impl.initializers, channels_first, channels_last)


class Row(NamedTuple):
    """An initializer: its class, the kind of its draw, its bound, options that are no defaults."""

    name: str
    layer: str
    kind: str
    bound: object
    options: dict  # in Keras's words and the order of the arguments

    def reference(self, draw):
        return getattr(reference, self.name)(draw, **self.options)

    def weights(self, half, draw):
        """The half's function at a tensor in the half's layout."""
        return getattr(half.initializers, self.name)(draw, *self.options.values())

    def initializer(self, half, seed=3):
        return getattr(half.initializers, self.layer)(*self.options.values(), seed=seed)

    def made(self, half, shape, dtype="float64", seed=3):
        """What the half's class makes of a seed; shapes in Keras's layout."""
        if half is KERAS:
            return self.initializer(half, seed)(shape, dtype).numpy()
        parameter = nn.Parameter(torch.tensor(channels_first(np.full(shape, np.nan, dtype))))
        assert self.initializer(half, seed)(parameter) is parameter
        return channels_last(parameter.detach().numpy())

    def size(self, draw, dtype):
        """The bound at a draw, for a party of this precision against the float64 reference."""
        at = Evaluated(self.reference, (draw,), self.reference(draw), self.options)
        return self.bound.size(at, dtype) + self.bound.size(at, "float64")


ROWS = (
    Row("zeros", "Zeros", "uniform", Exact(), {}),
    Row("random_normal", "RandomNormal", "normal", SUM, {"mean": 0.5, "stddev": 0.3}),
    Row("glorot_uniform", "GlorotUniform", "uniform", UNIFORM, {}),
    Row("glorot_normal", "GlorotNormal", "normal", NORMAL, {}),
    Row("he_uniform", "HeUniform", "uniform", UNIFORM, {}),
    Row("he_normal", "HeNormal", "normal", NORMAL, {}),
    Row("lecun_normal", "LecunNormal", "normal", NORMAL, {}),
    Row("orthogonal", "Orthogonal", "normal", QR, {"gain": 1.5}),
)
BY_NAME = {row.name: row for row in ROWS}
SHAPES = ((4, 6), (3, 2, 2, 5), (6, 4), (5, 5), (3, 2, 4), (1, 2, 2, 5), (1, 5), (5, 1), (7,))
CASES = [(r, s) for s in SHAPES for r in ROWS if len(s) > 1 or r.name != "orthogonal"]
CAPTURED = CASES[: 2 * len(ROWS)]  # enough where every formula is compiled at length

every_half = pytest.mark.parametrize("half", [KERAS, TORCH], ids=lambda h: h.framework.NAME)
every_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
every_case = pytest.mark.parametrize(("row", "shape"), CASES, ids=lambda v: getattr(v, "name", v))
every_dtype = pytest.mark.parametrize("dtype", ["float32", "float64"])


def computed(half, rows, draws, mode="eager"):
    """What the half's functions make of draws, captured together; both in Keras's layout."""

    def everything(tensors):
        return [row.weights(half, z) for row, z in zip(rows, tensors, strict=True)]

    tensors = [half.framework.tensor(half.forth(z)) for z in draws]
    found = half.framework.compiled(everything, mode)(tensors)
    return [half.back(half.framework.array(W)) for W in found]


@every_dtype
@pytest.mark.parametrize("mode", ["eager", "graph", "compiled"])
@every_half
def test_both_halves_are_the_reference_in_every_mode(half, mode, dtype):
    if reason := half.framework.unavailable(mode):
        pytest.skip(reason)
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


DEFAULTS = {"random_normal": {"mean": 0.0, "stddev": 0.05}, "orthogonal": {"gain": 1.0}}


@pytest.mark.parametrize("name", DEFAULTS)
@every_half
def test_defaults_are_those_of_keras(half, name):
    silent, said = (BY_NAME[name]._replace(options=options) for options in ({}, DEFAULTS[name]))
    z = standard_draw("normal", (3, 5), seed=1)
    np.testing.assert_array_equal(*computed(half, [silent, said], [z, z]))
    np.testing.assert_array_equal(silent.made(half, (3, 5)), said.made(half, (3, 5)))
    np.testing.assert_array_equal(silent.reference(z), said.reference(z))
    theirs = getattr(keras.initializers, silent.layer)().get_config()
    assert theirs.items() >= DEFAULTS[name].items()


# what the papers ask for: the variance of weights with these fans
VARIANCE = {
    "random_normal": lambda fan_in, fan_out: 0.3**2,
    "glorot_uniform": lambda fan_in, fan_out: 2 / (fan_in + fan_out),
    "glorot_normal": lambda fan_in, fan_out: 2 / (fan_in + fan_out),
    "he_uniform": lambda fan_in, fan_out: 2 / fan_in,
    "he_normal": lambda fan_in, fan_out: 2 / fan_in,
    "lecun_normal": lambda fan_in, fan_out: 1 / fan_in,
}
FANS = {  # of a dense layer, of convolutions in one and two dimensions, of a vector
    (400, 300): (400, 300),
    (5, 80, 200): (400, 1000),
    (3, 3, 64, 128): (576, 1152),
    (50_000,): (50_000, 50_000),
}


def assert_moments(W, mean, variance, kurtosis):
    """Within 5 standard errors: σ/√N of the mean, σ²√((κ − 1)/N) of the variance."""
    errors = math.sqrt(variance / W.size), variance * math.sqrt((kurtosis - 1) / W.size)
    found = np.array([W.mean() - mean, W.var() - variance])
    assert (np.abs(found) < 5 * np.array(errors)).all(), found / errors


@pytest.mark.parametrize("shape", FANS, ids=str)
@pytest.mark.parametrize("name", VARIANCE)
@every_half
def test_moments_and_range_are_those_stated(half, name, shape):
    row, variance = BY_NAME[name], VARIANCE[name](*FANS[shape])
    W, uniform = row.made(half, shape), row.kind == "uniform"
    assert_moments(W, row.options.get("mean", 0), variance, kurtosis=1.8 if uniform else 3)
    largest = np.abs(W - row.options.get("mean", 0)).max() / math.sqrt(variance)
    # of N numbers: uniform ones all fall 20/N of their range short of its end once in e^20 times,
    # normal ones all stay within 3.5 σ once in e^23 times, for the least N here
    low, high = (1 - 40 / W.size, 1 + gamma(8, "float64")) if uniform else (3.5, np.inf)
    assert low < (largest / math.sqrt(3) if uniform else largest) <= high


@pytest.mark.parametrize("name", ["glorot_normal", "he_normal", "lecun_normal"])
def test_keras_truncates_where_these_do_not_at_the_same_variance(name):
    W = getattr(keras.initializers, name)(seed=1)((400, 300), "float64").numpy()
    variance = VARIANCE[name](400, 300)
    assert_moments(W, 0, variance, kurtosis=3)  # truncated, its kurtosis is less
    assert np.abs(W).max() <= 2 * math.sqrt(variance) / 0.8796


TORCH_OWN = {
    "zeros": nn.init.zeros_,
    "random_normal": partial(nn.init.normal_, mean=0.5, std=0.3),
    "glorot_uniform": nn.init.xavier_uniform_,
    "glorot_normal": nn.init.xavier_normal_,
    "he_uniform": nn.init.kaiming_uniform_,
    "he_normal": nn.init.kaiming_normal_,
    "lecun_normal": partial(nn.init.kaiming_normal_, nonlinearity="linear"),
    "orthogonal": partial(nn.init.orthogonal_, gain=1.5),
}
PLAIN = partial(keras.initializers.VarianceScaling, distribution="untruncated_normal")
KERAS_OWN = {
    "zeros": lambda seed: keras.initializers.Zeros(),
    "random_normal": partial(keras.initializers.RandomNormal, 0.5, 0.3),
    "glorot_uniform": keras.initializers.GlorotUniform,
    "glorot_normal": partial(PLAIN, 1, "fan_avg"),
    "he_uniform": keras.initializers.HeUniform,
    "he_normal": partial(PLAIN, 2, "fan_in"),
    "lecun_normal": partial(PLAIN, 1, "fan_in"),
    "orthogonal": partial(keras.initializers.Orthogonal, 1.5),
}


def torch_own(row, shape):
    """What torch's own initializer draws from a generator's state, and makes of it."""
    draw = torch.empty(channels_first(np.empty(shape)).shape, dtype=torch.float64)
    made = torch.empty_like(draw)
    torch.manual_seed(5)
    _ = draw.uniform_() if row.kind == "uniform" else draw.normal_()
    torch.manual_seed(5)
    TORCH_OWN[row.name](made)
    return channels_last(draw.numpy()), channels_last(made.numpy())


def keras_own(row, shape):
    """What Keras's own initializer draws from a seed, and makes of it."""
    drawn = shape
    if row.name == "orthogonal":  # it draws the matrix the taller way up
        drawn = sorted((math.prod(shape[:-1]), shape[-1]), reverse=True)
    draw = getattr(keras.random, row.kind)(drawn, seed=5, dtype="float64").numpy()
    if drawn != shape:
        draw = np.reshape(draw if drawn[1] == shape[-1] else draw.T, shape)
    return draw, KERAS_OWN[row.name](seed=5)(shape, "float64").numpy()


@pytest.mark.parametrize("shape", [(5, 9), (9, 5), (3, 2, 2, 5)], ids=str)
@every_row
@pytest.mark.parametrize(("half", "own"), [(KERAS, keras_own), (TORCH, torch_own)])
def test_the_frameworks_own_make_the_same_of_a_draw(half, own, row, shape):
    draw, made = own(row, shape)
    (W,) = computed(half, [row], [draw])
    if row.name == "orthogonal":
        assert compare(W, made, row.size(draw, "float64"), "float64").agrees
        return
    # both add up the same two terms, each with at most 6 roundings
    at_zero = row.reference(np.zeros(shape))
    terms = np.abs(row.reference(draw) - at_zero) + np.abs(at_zero)
    bound = gamma(12, "float64") * terms
    if own is keras_own and row.bound is UNIFORM:  # Keras rounds limits to float32 even in float64
        assert not compare(W, made, bound, "float64").agrees
        bound += gamma(1, "float32") * terms
    assert compare(W, made, bound, "float64").agrees


@pytest.mark.parametrize("shape", [(48, 48), (64, 32), (32, 64), (3, 3, 4, 24)], ids=str)
@every_dtype
@every_half
def test_orthogonal_is_orthonormal_and_unique(half, shape, dtype):
    z = standard_draw("normal", shape, seed=2).astype(dtype)
    (W,) = computed(half, [BY_NAME["orthogonal"]._replace(options={})], [z])
    Q = matrix(W).astype(np.float64)
    m, n = Q.shape
    # Q is √n γ from orthonormal (see `displaced`), so QᵀQ is twice that from 1, and γ once more
    assert np.linalg.norm(Q.T @ Q - np.eye(n)) <= 3 * math.sqrt(n) * gamma(m * n, dtype)
    assert (np.diag(Q.T @ matrix(z)) > 0).all()  # of R = QᵀA


def test_a_keras_model_trains_saves_and_starts_again(tmp_path):
    zeros, *others = (row.initializer(KERAS, seed) for seed, row in enumerate(ROWS))
    layer = partial(keras.layers.Conv1D, 4, 2, bias_initializer=zeros)
    layers = [layer(kernel_initializer=initializer) for initializer in others]
    model = keras.Sequential([keras.Input((9, 3)), *layers])
    first = model.get_weights()
    model.compile("sgd", "mse")
    model.fit(np.ones((4, 9, 3)), np.ones((4, 2, 4)), verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    again = keras.models.clone_model(loaded)  # built anew from the configuration that was saved
    for old, trained, saved, new in zip(
        first, *(m.get_weights() for m in (model, loaded, again)), strict=True
    ):
        np.testing.assert_array_equal(saved, trained)
        np.testing.assert_array_equal(new, old)
        assert (trained != old).any()


@every_row
def test_an_initializer_is_made_again_from_its_configuration(row):
    initializer = row.initializer(KERAS, seed=(3, 1))
    assert isinstance(initializer, keras.initializers.Initializer)
    config = json.loads(json.dumps(keras.saving.serialize_keras_object(initializer)))
    again = keras.saving.deserialize_keras_object(config)
    assert type(again) is type(initializer) and again.get_config().items() >= row.options.items()
    np.testing.assert_array_equal(again((4, 3)), initializer((4, 3)))
    assert initializer((4, 3)).dtype == keras.config.floatx()


@every_row
def test_a_torch_initializer_fills_the_parameters_of_a_module(row):
    module = nn.Sequential(nn.Conv1d(2, 3, 5), nn.Flatten(), nn.Linear(12, 4))
    kernels = [p for p in module.parameters() if p.ndim > 1]
    for seed, parameter in enumerate(kernels):
        initializer = row.initializer(TORCH, seed=seed)
        pickle.loads(pickle.dumps(initializer))(parameter)
        keras_shape = channels_last(np.empty(parameter.shape)).shape
        expected = channels_first(row.made(TORCH, keras_shape, "float32", seed))
        np.testing.assert_array_equal(parameter.detach(), expected)
    assert f"seed={seed}" in repr(initializer) and row.layer in repr(initializer)
    module(torch.ones(2, 2, 8)).square().sum().backward()
    assert all(p.is_leaf and p.requires_grad and p.grad is not None for p in kernels)


def test_an_embedding_is_filled_through_its_transpose():
    embedding, row = nn.Embedding(7, 4), BY_NAME["he_normal"]
    row.initializer(TORCH)(embedding.weight.T)
    np.testing.assert_array_equal(embedding.weight.detach(), row.made(KERAS, (7, 4), "float32"))


@pytest.mark.parametrize("shape", [(3, 0), (0, 3), (3, 0, 2)], ids=str)
@every_row
@every_half
def test_a_shape_may_be_empty(half, row, shape):
    assert row.made(half, shape).shape == shape


@every_row
@every_half
def test_a_shape_without_fans_is_refused(half, row):
    if row.name in ("zeros", "random_normal"):
        assert row.made(half, ()).shape == ()
        return
    with pytest.raises(ValueError, match=rf"{row.name} needs a .* or more axes, got \(\)"):
        row.made(half, ())
    with pytest.raises(ValueError, match=r"or more axes|no fans"):
        row.reference(np.float64(0.5))


@every_row
@every_half
def test_what_is_no_floating_point_tensor_is_refused(half, row):
    whole = half.framework.tensor(np.ones((2, 2), np.int32))
    for draw, given in ((whole, "int32"), ([0.5], "list")):
        with pytest.raises(TypeError, match=f"{row.name} needs a floating-point .* got {given}"):
            row.weights(half, draw)


def test_other_misuse_says_what_to_do():
    for half in (KERAS, TORCH):
        with pytest.raises(ValueError, match=r"orthogonal .* 2 or more axes, got \(3,\)"):
            BY_NAME["orthogonal"].made(half, (3,))
    with pytest.raises(TypeError, match=r"HeNormal fills one parameter, got Linear: .*\.weight"):
        TORCH.initializers.HeNormal(seed=1)(nn.Linear(2, 2))
    traced = tf.function(KERAS.initializers.he_normal, [tf.TensorSpec((None, 3))])
    with pytest.raises(ValueError, match=r"he_normal needs a known shape .* \(None, 3\)"):
        traced(tf.ones((2, 3)))
