"""The Keras optimizers as Keras's own kind: they fit, save, clip, accumulate, take sparse rows."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_impl.optimizers as to
from parity_tests.optimizer_cases import CASES

X = np.random.default_rng(0).normal(size=(32, 3)).astype(np.float32)
Y = X[:, :1] - X[:, 1:2]
every_case = pytest.mark.parametrize("case", CASES, ids=str)
one_of_each_class = pytest.mark.parametrize(
    "case", {case.optimizer: case for case in CASES}.values(), ids=str
)


def optimizer_of(case, **more):
    return getattr(to, case.optimizer)(2.0**-5, **case.options, **more)


def network():
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(4, "tanh"), keras.layers.Dense(1)]
    )


def trained(optimizer, jit_compile=False, epochs=8):
    model = network()
    model.compile(optimizer, "mse", jit_compile=jit_compile)
    return model, model.fit(X, Y, epochs=epochs, batch_size=16, verbose=0).history["loss"]


@pytest.mark.parametrize("jit_compile", [False, True], ids=["graph", "XLA"])
@one_of_each_class
def test_keras_fits_with_each_optimizer(case, jit_compile):
    _, losses = trained(optimizer_of(case), jit_compile)
    assert losses[-1] < losses[0] and np.isfinite(losses).all()


@one_of_each_class
def test_training_goes_on_from_disk_bit_for_bit(case, tmp_path):
    model, _ = trained(optimizer_of(case), epochs=2)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert type(loaded.optimizer) is getattr(to, case.optimizer)
    for one in (model, loaded):
        one.fit(X, Y, epochs=2, batch_size=16, shuffle=False, verbose=0)
    states = [[*one.get_weights(), *one.optimizer.variables] for one in (model, loaded)]
    for one, other in zip(*states, strict=True):
        np.testing.assert_array_equal(one, other)


@every_case
def test_an_optimizer_is_made_again_from_its_config(case):
    optimizer = optimizer_of(case, clipnorm=2.0, name="mine")
    again = type(optimizer).from_config(optimizer.get_config())
    assert again.get_config() == optimizer.get_config()
    assert case.options.items() <= again.get_config().items()
    assert (again.name, again.clipnorm) == ("mine", 2.0)


REPEATED = tf.IndexedSlices(tf.constant([[1.0, 2.0], [4.0, 8.0], [0.5, 0.25]]), [1, 0, 1], [3, 2])
SUMMED = tf.constant([[4.0, 8.0], [1.5, 2.25], [0.0, 0.0]])


def after_a_step(optimizer, gradient):
    W = keras.Variable(np.ones((3, 2), np.float32))
    optimizer.apply([gradient], [W])
    return [W.numpy(), *(v.numpy() for v in optimizer.variables)]


@pytest.mark.parametrize(
    "more", [{}, {"global_clipnorm": 2.0}, {"clipnorm": 2.0}, {"clipvalue": 1.0}], ids=str
)
@one_of_each_class
def test_repeated_ids_are_one_gradient(case, more):
    found = [after_a_step(optimizer_of(case, **more), g) for g in (REPEATED, SUMMED)]
    for one, other in zip(*found, strict=True):
        np.testing.assert_array_equal(one, other)


def test_keras_own_squares_and_measures_them_apart():
    for optimizer in (lambda: keras.optimizers.Adam(0.5),
                      lambda: keras.optimizers.SGD(0.5, global_clipnorm=1.0)):  # fmt: skip
        found = [after_a_step(optimizer(), g)[0 if "SGD" in str(optimizer()) else -1]
                 for g in (REPEATED, SUMMED)]  # fmt: skip
        assert np.any(found[0] != found[1])


@one_of_each_class
def test_a_variable_without_a_gradient_stays(case):
    optimizer, W, b = optimizer_of(case), keras.Variable([1.0, 2.0]), keras.Variable([3.0])
    optimizer.apply([tf.constant([1.0, -1.0]), None], [W, b])
    assert b.numpy() == [3.0] and np.all(W.numpy() != [1.0, 2.0])
    with pytest.raises(ValueError, match="No gradients"):
        optimizer.apply([None, None], [W, b])


@one_of_each_class
def test_a_frozen_layer_stays(case):
    model = network()
    model.layers[0].trainable = False
    before = model.get_weights()
    model.compile(optimizer_of(case), "mse")
    model.fit(X, Y, epochs=1, verbose=0)
    same = [np.array_equal(*pair) for pair in zip(before, model.get_weights(), strict=True)]
    assert same == [True, True, False, False]


@one_of_each_class
def test_accumulated_gradients_are_averaged(case):
    whole, parts = optimizer_of(case), optimizer_of(case, gradient_accumulation_steps=2)
    W, V = keras.Variable([1.0, 2.0]), keras.Variable([1.0, 2.0])
    for one, other in ((1.0, 3.0), (-2.0, 0.5)):
        whole.apply([tf.constant([(one + other) / 2, 1.0])], [W])
        for g in (one, other):
            parts.apply([tf.constant([g, 1.0])], [V])
        np.testing.assert_array_equal(W, V)


@pytest.mark.parametrize(
    "clip, expected",
    [
        ({"clipvalue": 2.0}, ([2.0, 2.0], [0.0, -2.0])),
        ({"clipnorm": 2.5}, ([1.5, 2.0], [0.0, -2.5])),
        ({"global_clipnorm": 6.5}, ([1.5, 2.0], [0.0, -6.0])),
    ],
    ids=str,
)
def test_clipping_is_by_value_by_norm_and_by_the_norm_of_all(clip, expected):
    W, V = keras.Variable([0.0, 0.0]), keras.Variable([0.0, 0.0])
    gradients = [tf.constant([3.0, 4.0]), tf.constant([0.0, -12.0])]
    to.SGD(1.0, **clip).apply(gradients, [W, V])
    np.testing.assert_array_equal([-W.numpy(), -V.numpy()], expected)


def test_hyperparameters_are_not_rounded_to_float32():
    g = tf.constant([1.0], tf.float64)

    def state(optimizer):
        W = keras.Variable(np.ones(1), dtype="float64")
        optimizer.apply([g], [W])
        return [float(v.numpy()[0]) for v in (W, *optimizer.variables[2:])]

    assert state(to.Adam(0.5, 0.9, 0.999))[1:] == [1 - 0.9, 1 - 0.999]
    assert state(to.AdaGrad(0.5, initial_accumulator_value=0.1))[1] == 0.1 + 1
    assert state(to.Momentum(0.5, weight_decay=0.1))[0] == 1 - 1 * 0.1 * 0.5 - 0.5
    # the rate is Keras's own variable; what aligns it is said in the docstring
    assert state(to.SGD(0.1))[0] == 1 - float(np.float32(0.1))
    assert state(to.SGD(lambda: tf.constant(0.1, tf.float64)))[0] == 1 - 0.1
    keras.config.set_floatx("float64")
    try:
        assert state(to.SGD(0.1))[0] == 1 - 0.1
    finally:
        keras.config.set_floatx("float32")


def test_a_schedule_drives_the_rate():
    schedule = keras.optimizers.schedules.PiecewiseConstantDecay([0, 1], [1.0, 0.5, 0.25])
    W, optimizer = keras.Variable([0.0]), to.SGD(schedule)
    steps = []
    for _ in range(3):
        before = W.numpy().item()
        optimizer.apply([tf.constant([1.0])], [W])
        steps.append(before - W.numpy().item())
    assert steps == [1.0, 0.5, 0.25]


def test_decay_spares_what_is_excluded():
    W, b = keras.Variable([1.0], name="kernel"), keras.Variable([1.0], name="bias")
    optimizer = to.AdamW(0.5, weight_decay=0.25)
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    optimizer.apply([tf.constant([0.0])] * 2, [W, b])
    assert (W.numpy(), b.numpy()) == (1 - 0.5 * 0.25, 1)


def test_an_integer_rate_is_a_rate():
    W = keras.Variable([1.0])
    to.SGD(1).apply([tf.constant([0.25])], [W])
    assert W.numpy() == 0.75


def test_one_vector_of_parameters_trains_as_they_do():
    """Through Keras's stateless call; the same numbers, since every update is element-wise."""
    model, twin = network(), network()
    flat = to.FlatParameters(twin.trainable_variables)
    ours, theirs = to.Adam(2.0**-5), to.Adam(2.0**-5)
    for _ in range(3):
        with tf.GradientTape() as tape:
            L = tf.reduce_mean(tf.square(model(X) - Y))
        ours.apply(tape.gradient(L, [v.value for v in model.trainable_variables]),
                   model.trainable_variables)  # fmt: skip
        with tf.GradientTape() as tape:
            outputs, _ = twin.stateless_call(flat.parts(), [], X)
            L = tf.reduce_mean(tf.square(outputs - Y))
        theirs.apply([tape.gradient(L, flat.vector.value)], [flat.vector])
    flat.write_back()
    for one, other in zip(model.get_weights(), twin.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_parameters_side_by_side_have_one_dtype():
    mixed = [keras.Variable([1.0]), keras.Variable([1.0], dtype="float64")]
    with pytest.raises(ValueError, match=r"one dtype, got \['float32', 'float64'\]"):
        to.FlatParameters(mixed)
