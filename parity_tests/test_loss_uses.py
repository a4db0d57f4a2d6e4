"""Losses where the frameworks' own stand: they train, they penalise, and they depart as is said."""

from functools import partial

import keras
import numpy as np
import pytest
import tensorflow as tf
import torch
import torch.nn.functional as F

import tf_impl.losses
import torch_impl.losses
from parity_tests.loss_cases import OF_LABELS, normal
from shared.bounds import Evaluated
from shared.catalogue.losses import BOUNDS, PRIMITIVE
from shared.comparison import compare, running_error_bound
from shared.reference import losses as reference

inf, nan = np.inf, np.nan


def labels_of(name, x):
    """Labels that a linear model of x, (n, 3), can learn, and the size of its output."""
    if name == "softmax_cross_entropy":
        return x.argmax(1), 3
    if name in ("squared_error", "mean_squared_error"):
        return x[:, :2] - x[:, 1:], 2
    return (x[:, :1] > 0).astype(np.float32), 1


def linear_model(name, outputs):
    keras.utils.set_random_seed(1)
    activation = "sigmoid" if name == "binary_cross_entropy" else None
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(outputs, activation)])


@pytest.mark.parametrize("name", OF_LABELS)
def test_keras_fits_saves_and_loads_with_each_loss(name, tmp_path):
    x = np.float32(normal((32, 3)))
    y, outputs = labels_of(name, x)
    model, loss = linear_model(name, outputs), getattr(tf_impl.losses, name)
    model.compile(keras.optimizers.SGD(0.1), loss=loss)
    history = model.fit(x, y, epochs=5, batch_size=8, verbose=0).history["loss"]
    assert history == sorted(history, reverse=True)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.loss is loss
    assert loaded.evaluate(x, y, verbose=0) == model.evaluate(x, y, verbose=0)


@pytest.mark.parametrize("name", OF_LABELS)
def test_torch_trains_with_each_loss(name):
    torch.manual_seed(1)
    x = np.float32(normal((32, 3)))
    y, outputs = labels_of(name, x)
    model = torch.nn.Sequential(torch.nn.Linear(3, outputs))
    if name == "binary_cross_entropy":
        model.append(torch.nn.Sigmoid())
    optimizer, history = torch.optim.SGD(model.parameters(), lr=0.1), []
    for _ in range(5):
        optimizer.zero_grad()
        loss = getattr(torch_impl.losses, name)(model(torch.tensor(x)), torch.tensor(y))
        loss.backward()
        optimizer.step()
        history.append(loss.item())
    assert history == sorted(history, reverse=True)
    assert len(set(history)) == 5


def test_keras_weighs_the_losses_of_samples_and_scales_a_mean():
    x, weights = np.float32(normal((8, 3))), np.float32([0, 1, 2, 3, 0, 1, 2, 4])
    model = linear_model("squared_error", 2)
    each = np.sum((model.predict(x, verbose=0) - x[:, :2]) ** 2, 1)
    expected = {"none": np.mean(weights * each), "mean": np.mean(weights) * np.mean(each)}
    for reduction, value in expected.items():
        model.compile("sgd", loss=partial(tf_impl.losses.squared_error, reduction=reduction))
        found = model.evaluate(x, x[:, :2], sample_weight=weights, batch_size=8, verbose=0)
        bound = running_error_bound(value, "float32", 2 * 8 + 6)
        assert compare(found, value, bound, "float32").agrees


def test_keras_aligns_columns_before_the_loss_sees_them():
    x, found = np.float32(normal((8, 3))), []
    for y in (x[:, 0], x[:, :1]):
        model = linear_model("mean_squared_error", 1)
        model.compile("sgd", loss=tf_impl.losses.mean_squared_error)
        found.append(model.evaluate(x, y, verbose=0))
    assert found[0] == found[1]
    with pytest.raises(ValueError, match="y_true has shape"):
        tf_impl.losses.mean_squared_error(x[:, 0], model(x))


def test_labels_are_constants():
    y, p = np.array([1.0, 2.0]), np.array([2.0, 4.0])
    tensors = [torch.tensor(values, requires_grad=True) for values in (p, y)]
    torch_impl.losses.mean_squared_error(*tensors).backward()
    assert tensors[0].grad.tolist() == [1, 2] and tensors[1].grad is None
    of_tf = tf_impl.framework.value_and_gradients(tf_impl.losses.mean_squared_error, y, p)
    assert of_tf[1][0] is None and of_tf[1][1].tolist() == [1, 2]


def test_classes_lie_on_the_last_axis_in_tensorflow_and_on_dim_1_in_torch():
    x, ids = normal((2, 3, 4)), np.array([[0, 2, 1, 1], [2, 2, 0, 1]])
    channels_last, one_hot = np.moveaxis(x, 1, -1), np.eye(3)[ids]
    expected = reference.softmax_cross_entropy(ids, channels_last, "none")
    bound = running_error_bound(expected + 1, "float64", 2 * (4 + PRIMITIVE) + 12)
    first = torch.tensor(x)
    for found in (
        tf_impl.losses.softmax_cross_entropy(ids, channels_last, "none"),
        tf_impl.losses.softmax_cross_entropy(one_hot, channels_last, "none"),
        torch_impl.losses.softmax_cross_entropy(first, torch.tensor(ids), "none"),
        torch_impl.losses.softmax_cross_entropy(first, torch.tensor(one_hot).mT, "none"),
        F.cross_entropy(first, torch.tensor(ids), reduction="none"),
    ):
        assert compare(found, expected, bound, "float64").agrees
    at = Evaluated(None, (np.ones(8), ids.ravel(), channels_last.reshape(8, 3)), np.zeros((8, 3)))
    slopes = reference.softmax_cross_entropy_gradient(*at.inputs, "none")
    bound = BOUNDS["softmax_cross_entropy"]["g_y_pred"].size(at, "float64")
    value_and_gradients = tf_impl.framework.value_and_gradients
    last = partial(tf_impl.losses.softmax_cross_entropy, reduction="sum")
    dim_1 = partial(torch_impl.losses.softmax_cross_entropy, reduction="sum")
    for _, gradients in (
        value_and_gradients(lambda x: last(ids, x), channels_last),
        value_and_gradients(lambda x: last(one_hot, x), channels_last),
    ):
        assert compare(gradients[0].reshape(8, 3), slopes, bound, "float64").agrees
    for labels in (torch.tensor(ids), torch.tensor(one_hot).mT):
        found = torch_impl.framework.value_and_gradients(lambda x, y=labels: dim_1(x, y), x)[1][0]
        assert compare(np.moveaxis(found, 1, -1).reshape(8, 3), slopes, bound, "float64").agrees
    single = torch_impl.losses.softmax_cross_entropy(first[0, :, 0], torch.tensor(ids[0, 0]))
    assert single == torch_impl.losses.softmax_cross_entropy(first, torch.tensor(ids), "none")[0, 0]
    g_x = torch.func.grad(partial(dim_1, target=torch.tensor(ids)))(first)
    g_one = torch.func.grad(partial(dim_1, target=torch.tensor(ids[0, 0])))(first[0, :, 0])
    assert torch.equal(g_one, g_x[0, :, 0])


def test_the_first_and_the_last_class_are_known_where_torch_traces():
    loss = torch_impl.losses.softmax_cross_entropy
    traced = torch.compile(loss, backend="eager", fullgraph=True)
    x, ids = torch.tensor(normal((3, 4))), torch.tensor([0, 3, 1])
    assert torch.equal(traced(x, ids, "none"), loss(x, ids, "none"))


def test_the_contractive_penalty_of_sequences_is_that_of_each_step(half):
    h, W = normal((2, 5, 3)), normal((4, 3))
    function = partial(half.families["losses"].contractive_penalty, reduction="none")
    for dtype in ("float32", "float64"):
        arrays = h.astype(dtype), W.astype(dtype)
        whole = half.framework.value_and_gradients(function, *arrays)
        flat = half.framework.value_and_gradients(function, arrays[0].reshape(10, 3), arrays[1])
        np.testing.assert_array_equal(whole[0].ravel(), flat[0])
        np.testing.assert_array_equal(whole[1][0].reshape(10, 3), flat[1][0])


def test_the_contractive_penalty_is_that_of_the_jacobian_of_a_sigmoid_layer():
    torch.manual_seed(0)
    layer = torch.nn.Linear(4, 3, dtype=torch.float64)
    x = torch.tensor(normal((5, 4)))
    h, W = torch.sigmoid(layer(x)), layer.weight.T
    jacobians = torch.vmap(torch.func.jacrev(lambda x: torch.sigmoid(layer(x))))(x)
    penalties = torch.sum(torch.square(jacobians), (1, 2)).detach().numpy()
    bound = running_error_bound(penalties, "float64", 2 * (4 + 3 + 2 * PRIMITIVE))
    for found in (
        torch_impl.losses.contractive_penalty(h, W, "none").detach(),
        tf_impl.losses.contractive_penalty(h.detach().numpy(), W.detach().numpy(), "none"),
    ):
        assert compare(found, penalties, bound, "float64").agrees


def test_the_gradient_of_the_contractive_penalty_is_whole_with_that_of_the_layer():
    def penalty(W, x):
        h = torch.sigmoid(x @ W)
        return torch_impl.losses.contractive_penalty(h, W)

    W = torch.tensor(normal((4, 3)), requires_grad=True)
    assert torch.autograd.gradcheck(penalty, (W, torch.tensor(normal((5, 4)))))


def test_a_step_of_weight_decay_is_one_on_half_the_l2_penalty():
    W = torch.tensor(normal((4, 3)), requires_grad=True)
    torch_impl.losses.l2_penalty(W, weight=0.25).backward()
    decayed = torch.nn.Parameter(W.detach().clone())
    decayed.grad = torch.zeros_like(decayed)
    torch.optim.SGD([decayed], lr=1.0, weight_decay=0.5).step()
    assert torch.equal(decayed, W - W.grad)


def test_keras_takes_the_l2_penalty_as_a_regularizer():
    penalty = partial(tf_impl.losses.l2_penalty, weight=0.5)
    losses = []
    for regularizer in (penalty, keras.regularizers.L2(0.5)):
        keras.utils.set_random_seed(0)
        layer = keras.layers.Dense(2, kernel_regularizer=regularizer)
        layer(np.ones((1, 3)))
        losses.append(layer.losses[0])
    assert losses[0] == losses[1]


def of_torch(function, p, y):
    p = torch.tensor(p, requires_grad=True)
    losses = function(p, torch.tensor(y), reduction="none")
    return losses.tolist(), torch.autograd.grad(losses.sum(), p)[0].tolist()


def of_tensorflow(function, p, y):
    p = tf.constant(p)
    with tf.GradientTape() as tape:
        tape.watch(p)
        losses = function(y, p)
    return losses.numpy().tolist(), tape.gradient(losses, p).numpy().tolist()


def test_keras_clips_probabilities():
    column = partial(np.reshape, shape=(-1, 1))
    losses, slopes = of_tensorflow(
        keras.losses.binary_crossentropy, column(np.float32([0, 1])), column(np.float32([1, 0]))
    )
    assert 15.9 < losses[1] < losses[0] < 16.2
    assert slopes == [[0], [0]]


def test_torch_clamps_logarithms_and_slopes_and_refuses_other_probabilities():
    losses, slopes = of_torch(F.binary_cross_entropy, [0.0, 1.0, 0.0], [1.0, 0.0, 0.0])
    assert losses == [100, 100, 0]
    np.testing.assert_array_equal(np.float32(slopes), np.float32([-1e12, 1e12, 0]))
    with pytest.raises(RuntimeError, match="between 0 and 1"):
        F.binary_cross_entropy(torch.tensor([1.5]), torch.tensor([1.0]))


def test_the_built_ins_are_nan_at_infinite_logits_and_torch_loses_digits():
    x, y = np.float32([inf, inf, -inf, -inf]), np.float32([0, 1, 0, 1])
    of_tf, _ = of_tensorflow(tf.nn.sigmoid_cross_entropy_with_logits, x, y)
    of_F, _ = of_torch(F.binary_cross_entropy_with_logits, x, y)
    assert np.isnan(of_tf).sum() == np.isnan(of_F).sum() == 3
    losses, slopes = of_torch(F.binary_cross_entropy_with_logits, [-20.0, 20.0], [0.0, 1.0])
    assert (losses[0], slopes[1]) == (0, 0)
    losses, slopes = of_torch(
        torch_impl.losses.binary_cross_entropy_with_logits, [-20.0, 20.0], [0.0, 1.0]
    )
    assert losses[0] > 2e-9 and slopes[1] < -2e-9


def test_the_built_ins_lose_nearly_certain_classes_and_are_nan_beside_masked_ones():
    x, y = np.float32([[20, 0], [-inf, 1]]), np.float32([[1, 0], [0, 1]])
    for losses, _ in (
        of_tensorflow(tf.nn.softmax_cross_entropy_with_logits, x, y),
        of_torch(F.cross_entropy, x, y),
    ):
        assert losses[0] == 0 and np.isnan(losses[1])
    losses, _ = of_torch(torch_impl.losses.softmax_cross_entropy, x, y)
    assert losses[0] > 2e-9 and losses[1] == 0


def test_the_slope_of_tensorflow_takes_labels_to_sum_to_1():
    x, y = np.zeros((1, 2)), np.array([[2.0, 0.0]])
    _, theirs = of_tensorflow(tf.nn.softmax_cross_entropy_with_logits, x, y)
    _, ours = of_tensorflow(partial(tf_impl.losses.softmax_cross_entropy, reduction="none"), x, y)
    assert (theirs, ours) == ([[-1.5, 0.5]], [[-1, 1]])


def test_torch_leaves_out_labels_of_minus_100():
    assert F.cross_entropy(torch.zeros(1, 2), torch.tensor([-100]), reduction="sum") == 0
