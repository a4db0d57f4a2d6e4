"""Losses at the ends: written conventions hold to the bit, and what cannot be meant is refused."""

from functools import cache, partial

import numpy as np
import pytest
import tensorflow as tf
import torch

import tf_impl.losses
import torch_impl.losses
from parity_tests.loss_cases import (
    ELEMENTWISE,
    OF_LABELS,
    OURS,
    Case,
    of,
    ours,
)
from shared.reference import losses as reference

inf, nan = np.inf, np.nan


LOGITS = [1e4, 1e4, -1e4, -1e4, inf, inf, -inf, -inf, inf, 0, nan]
ROWS = [[1e4, -1e4], [1e4, -1e4], [-inf, 5], [-inf, 5], [-inf, -inf], [inf, 0], [nan, 0]]
# name: y, p or x, each loss, and its slope times g = 2
POINTS = {
    "squared_error": ([[0, 0]] * 3, [[inf, 0], [nan, 0], [1, 2]], [inf, nan, 5],
                      [[inf, 0], [nan, 0], [4, 8]]),
    "mean_squared_error": ([0, 0, nan, 3], [inf, nan, 0, 1], [inf, nan, nan, 4],
                           [inf, nan, nan, -8]),
    "binary_cross_entropy": (
        [0, 1, 0, 1, 0.5, 0.5, 1, 0, 1, nan],
        [0, 0, 1, 1, 0, 1, -0.0, -0.0, nan, 0.5],
        [0, inf, inf, 0, inf, inf, inf, 0, nan, nan],
        [2, -inf, inf, -2, -inf, inf, -inf, 2, nan, nan],
    ),
    "binary_cross_entropy_with_logits": (
        [0, 1, 0, 1, 0, 1, 0, 1, 0.5, nan, 1],
        LOGITS,
        [1e4, 0, 0, 1e4, inf, 0, 0, inf, inf, nan, nan],
        [2, 0, 0, -2, 2, 0, 0, -2, 1, nan, nan],
    ),
    "softmax_cross_entropy": (
        [[1, 0], [0, 1], [0, 1], [1, 0], [1, 0], [0, 1], [0, 1]],
        ROWS,
        [0, 2e4, 0, inf, nan, nan, nan],
        [[0, 0], [2, -2], [0, 0], [-2, 2], [nan, nan], [nan, nan], [nan, nan]],
    ),
}  # fmt: skip


@cache
def at_points(half, mode):
    """Name -> (losses, slopes) of a half at the points, all in one graph."""
    calls = []
    for name, (y, p, losses, _) in POINTS.items():
        case = Case(name, "", (np.float32(y),), (np.float32(p),), {"reduction": "none"})
        calls.append((of(half, case, ours(half, case)), case.tensors,
                      np.full(np.shape(losses), 2, np.float32), None))  # fmt: skip
    results = half.framework.evaluate(calls, mode)
    return {name: (h, g) for name, (h, (g,), _) in zip(POINTS, results, strict=True)}


@pytest.mark.parametrize("mode", ["eager", "compiled"], indirect=True)
@pytest.mark.parametrize("name", POINTS)
def test_both_halves_keep_the_conventions(half, mode, name):
    _, _, losses, slopes = POINTS[name]
    found = at_points(half, mode)[name]
    np.testing.assert_array_equal(found[0], np.float32(losses))
    np.testing.assert_array_equal(found[1], np.float32(slopes))
    assert not np.signbit(found[0][found[0] == 0]).any()


@pytest.mark.parametrize("name", POINTS)
def test_the_reference_keeps_the_conventions(name):
    y, p, losses, slopes = (np.array(values, np.float64) for values in POINTS[name])
    g = np.full(losses.shape, 2.0)
    np.testing.assert_array_equal(getattr(reference, name)(y, p, "none"), losses)
    np.testing.assert_array_equal(getattr(reference, f"{name}_gradient")(g, y, p, "none"), slopes)


def call(half, name, y, p, reduction="mean"):
    """(value, slope) of a half's loss of these labels and predictions, both arrays."""
    p = np.asarray(p, np.float32)
    case = Case(name, "", (np.asarray(y),), (p,), {"reduction": reduction})
    value, (slope,) = half.framework.value_and_gradients(of(half, case, ours(half, case)), p)
    return value, slope


def test_a_probability_outside_0_and_1_is_nan(half):
    for p in ([-0.5, 1.5], [1.5, -0.5], [inf, -inf]):
        losses, _ = call(half, "binary_cross_entropy", [0, 1], p, "none")
        assert np.isnan(losses).all()
        assert np.isnan(reference.binary_cross_entropy([0, 1], p, "none")).all()


def test_the_slope_at_a_logit_of_0_is_a_half_less_the_label(half):
    _, slope = call(half, "binary_cross_entropy_with_logits", [0, 0.25, 1], [0, 0, 0], "sum")
    np.testing.assert_array_equal(slope, [0.5, 0.25, -0.5])


@pytest.mark.parametrize("name", OF_LABELS)
def test_an_empty_batch_has_no_mean_and_a_sum_of_0(half, name):
    empty = np.zeros((0, 3))
    shape = (0, 3) if name in ELEMENTWISE else (0,)
    for reduction, expected in {"mean": nan, "sum": 0.0, "none": np.zeros(shape)}.items():
        value, slope = call(half, name, empty, empty, reduction)
        np.testing.assert_array_equal(value, expected)
        np.testing.assert_array_equal(getattr(reference, name)(empty, empty, reduction), expected)
        assert (value.shape, slope.shape) == (np.shape(expected), (0, 3))


@pytest.mark.parametrize("name", OF_LABELS)
def test_a_batch_of_one_is_its_own_mean_and_sum(half, name):
    y, p = [[0, 1, 0, 0]], [[0.25, 0.75, 0.5, 0.5]]
    losses, _ = call(half, name, y, p, "none")
    (mean, of_mean), (total, of_sum) = (call(half, name, y, p, r) for r in ("mean", "sum"))
    assert losses.shape == ((1, 4) if name in ELEMENTWISE else (1,))
    assert mean == total / losses.size
    np.testing.assert_array_equal(of_mean, of_sum / losses.size)


@pytest.mark.parametrize("name", OF_LABELS)
def test_an_unknown_reduction_names_the_three(half, name):
    for function in (getattr(reference, name), partial(call, half, name)):
        with pytest.raises(ValueError, match=r'"mean", "sum" or "none", not .average'):
            function([[0.0, 1.0]], [[0.5, 0.5]], "average")


def test_penalties_at_the_ends(half):
    def found(name, *arrays, **options):
        function = partial(getattr(OURS[half.framework.NAME], name), **options)
        return half.framework.value_and_gradients(function, *arrays)

    h = np.array([[0.0, 1.0, 0.5], [0.0, 1.0, 0.5]])
    value, (g_h,) = found("sparsity_penalty", h, target=0.5)
    assert value == inf
    np.testing.assert_array_equal(g_h, [[-inf, inf, 0]] * 2)
    value, (g_h,) = found("sparsity_penalty", np.array([[-0.5, 0.5]]), target=0.5)
    assert np.isnan(value)
    value, (g_h,) = found("sparsity_penalty", np.array([[-0.0, 0.5]]), target=0.5)
    assert value == inf
    np.testing.assert_array_equal(g_h, [[-inf, 0]])
    empty = np.zeros((0, 3))
    assert np.isnan(found("sparsity_penalty", empty, target=0.5)[0])
    W = np.ones((2, 3))
    value, (g_h, g_W) = found("contractive_penalty", h, W, reduction="sum")
    assert value == 2 * 2 / 16
    np.testing.assert_array_equal(g_h, np.zeros((2, 3)))
    np.testing.assert_array_equal(g_W, [[0, 0, 0.25]] * 2)
    assert np.isnan(found("contractive_penalty", empty, W)[0])
    assert found("contractive_penalty", empty, W, reduction="sum")[0] == 0


@pytest.mark.parametrize("target", [0, 1, -0.1, nan])
def test_a_target_that_is_no_mean_activation_is_refused(half, target):
    losses = OURS[half.framework.NAME]
    for module, tensor in ((reference, np.array), (losses, half.framework.tensor)):
        with pytest.raises(ValueError, match="between 0 and 1, not"):
            module.sparsity_penalty(tensor([[0.5]]), target)


SHAPES = (((4,), (4, 1)), ((4, 1), (4,)), ((4, 2), (4, 3)), ((4, 3), (1, 3)), ((3,), (4, 3)))
REFUSED = [
    (name, *shapes)
    for name in OF_LABELS
    for shapes in SHAPES
    if (name, shapes) != ("softmax_cross_entropy", SHAPES[0])  # ids of a single class
]


@pytest.mark.parametrize("name, of_y, of_p", REFUSED)
def test_shapes_that_do_not_agree_are_refused(half, name, of_y, of_p):
    for function in (getattr(reference, name), partial(call, half, name)):
        with pytest.raises(ValueError) as error:
            function(np.zeros(of_y), np.zeros(of_p))
        assert all(str(shape) in str(error.value) for shape in (of_y, of_p))


@pytest.mark.parametrize(
    "name, of_y, of_p", [*REFUSED, *((n, (None, 2), (None, 3)) for n in OF_LABELS)]
)
def test_tensorflow_refuses_shapes_while_it_traces(name, of_y, of_p):
    loss = tf.function(getattr(tf_impl.losses, name), autograph=False)
    with pytest.raises(ValueError, match=r"y_true has shape .* and y_pred"):
        loss.get_concrete_function(tf.TensorSpec(of_y), tf.TensorSpec(of_p))


@pytest.mark.parametrize("name", OF_LABELS)
def test_torch_refuses_shapes_while_it_compiles(name):
    loss, tensors = getattr(torch_impl.losses, name), (torch.zeros(4, 1), torch.zeros(4, 2))
    compiled = partial(torch.compile, loss, backend="eager")
    with pytest.raises(ValueError, match=r"input has shape .* and target"):
        compiled()(*tensors)
    torch.compiler.reset()
    with pytest.raises(torch._dynamo.exc.Unsupported, match=r"input has shape .* and target"):
        compiled(fullgraph=True)(*tensors)


def test_torch_compiles_ids_beyond_the_number_of_places():
    """Classes stand behind the batch: five of them here, at each of three places."""
    x = torch.tensor(np.random.default_rng(0).normal(size=(2, 5, 3)))
    ids = torch.tensor([[4, 0, 3], [1, 4, 2]])
    loss = torch_impl.losses.softmax_cross_entropy
    compiled = torch.compile(loss, backend="aot_eager", fullgraph=True)
    assert torch.equal(compiled(x, ids), loss(x, ids))


def test_weights_that_lie_the_other_way_are_refused(half):
    h, W = np.zeros((5, 3)), np.zeros((3, 4))
    for function in (
        reference.contractive_penalty,
        partial(half.framework.value_and_gradients, OURS[half.framework.NAME].contractive_penalty),
    ):
        with pytest.raises(ValueError, match=r"h has shape \(5, 3\) and W \(3, 4\)"):
            function(h, W)


X = np.array([[1, 2, 3], [3, 1, 0], [0, 0, 1]], np.float32)


@pytest.mark.parametrize("ids", [[0, 3, 1], [0, -1, 1], [0, -100, 1]])
def test_a_class_id_that_no_class_has_is_refused(half, ids):
    for function in (reference.softmax_cross_entropy, partial(call, half, "softmax_cross_entropy")):
        with pytest.raises(ValueError, match="class ids run from 0 to 2"):
            function(np.array(ids), X)


@pytest.mark.parametrize("unknown", [3, -1])
def test_where_nothing_can_be_refused_an_unknown_class_is_nan(unknown):
    y, x = np.array([0, unknown, 1]), tf.constant(X)

    def slopes(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            losses = tf_impl.losses.softmax_cross_entropy(y, x, "none")
        return losses, tape.gradient(losses, x)

    for jit in (False, True):
        losses, g_x = tf.function(slopes, jit_compile=jit, autograph=False)(x)
        np.testing.assert_array_equal(np.isnan(losses), [False, True, False])
        np.testing.assert_array_equal(np.isnan(g_x), [[False] * 3, [True] * 3, [False] * 3])
    with pytest.raises(RuntimeError, match="class ids run from 0 to 2"):
        torch.compile(torch_impl.losses.softmax_cross_entropy, backend="aot_eager", fullgraph=True)(
            torch.tensor(X), torch.tensor(y)
        )
    with pytest.raises(ValueError, match="class ids run from 0 to 2"):
        torch.vmap(torch_impl.losses.softmax_cross_entropy)(torch.tensor(X), torch.tensor(y))


@pytest.mark.parametrize("dtype", ["uint8", "int32", "int64"])
def test_class_ids_may_be_of_any_integer_dtype(half, dtype):
    x = np.zeros((2, 300), np.float32)
    _, slopes = call(half, "softmax_cross_entropy", np.array([3, 255], dtype), x, "sum")
    assert [int(row.argmin()) for row in slopes] == [3, 255]


def test_class_ids_are_integers_save_that_keras_makes_them_floats():
    y = np.array([0.0, 2.0, 1.0])
    of_ints = tf_impl.losses.softmax_cross_entropy([0, 2, 1], X)
    assert tf_impl.losses.softmax_cross_entropy(y, X) == of_ints
    with pytest.raises(ValueError, match=r"y_true holds 1\.5"):
        tf_impl.losses.softmax_cross_entropy(np.array([0.0, 2.0, 1.5]), X)
    with pytest.raises(ValueError, match=r"pass target.long\(\)"):
        torch_impl.losses.softmax_cross_entropy(torch.tensor(X), torch.tensor(y))
