"""Losses: the reference is right, both halves equal it, and the written conventions hold."""

from dataclasses import dataclass, replace
from functools import cache, cached_property, partial

import keras
import mpmath
import numpy as np
import pytest
import tensorflow as tf
import torch
import torch.nn.functional as F

import tf_impl.losses
import torch_impl.losses
from shared.bounds import Evaluated
from shared.catalogue.losses import BOUNDS, PRIMITIVE, REDUCE, softmax_parts
from shared.comparison import compare, running_error_bound
from shared.reference import losses as reference
from shared.reference.activations import sigmoid

inf, nan = np.inf, np.nan
OURS = {"TensorFlow": tf_impl.losses, "torch": torch_impl.losses}
OF_LABELS = ("squared_error", "mean_squared_error", "binary_cross_entropy",
             "binary_cross_entropy_with_logits", "softmax_cross_entropy")  # fmt: skip
ELEMENTWISE = OF_LABELS[1:4]

mp = mpmath.mp.clone()  # a context of its own, so that no one else's precision changes
mp.dps = 50
many, exp, log, log1p = (np.frompyfunc(f, 1, 1) for f in (mp.mpf, mp.exp, mp.log, mp.log1p))


# ---- cases: each loss at float32 numbers, confident and doubtful, right and wrong


@dataclass(frozen=True, eq=False)
class Case:
    """One loss with one set of options, at tensors after its labels, if it has any."""

    name: str
    kind: str
    labels: tuple[np.ndarray, ...]
    tensors: tuple[np.ndarray, ...]
    options: dict

    def __str__(self):
        return "-".join(filter(None, (self.name, self.kind, self.options.get("reduction"))))

    @property
    def inputs(self):
        return *self.labels, *self.tensors

    @cached_property
    def g(self):
        return normal(np.shape(self.reference("")), seed=2)

    def reference(self, order, *upstream):
        """The reference's value, "_gradient" or "_second" here."""
        return getattr(reference, self.name + order)(*upstream, *self.inputs, **self.options)

    @cached_property
    def truth(self):
        """[(tensor, inputs of the reference, what it gives)] of the value and each gradient."""
        gradients = self.reference("_gradient", self.g)
        gradients = gradients if isinstance(gradients, tuple) else (gradients,)
        value, *names = (name for name in BOUNDS[self.name] if name != "second")
        slopes = zip(names, gradients, strict=True)
        return [(value, self.inputs, self.reference("")),
                *((name, (self.g, *self.inputs), g) for name, g in slopes)]  # fmt: skip

    def assert_right(self, found, dtype):
        """The value and gradients found are the reference's, within the bounds."""
        for values, (tensor, inputs, expected) in zip(found, self.truth, strict=True):
            at = Evaluated(None, inputs, np.asarray(expected), self.options)
            bound = BOUNDS[self.name][tensor].size(at, dtype)
            worst = compare(values, expected, bound, dtype)
            assert worst.agrees, (tensor, worst)


def float32(values):
    """Numbers of float32, in float64."""
    return np.asarray(values).astype(np.float32).astype(np.float64)


def normal(shape, size=1.0, seed=1):
    return float32(size * np.random.default_rng(seed).normal(size=shape))


def drawn():
    """(name, kind, labels, tensors, options other than the reduction)"""
    p, x, h = normal((5, 3)), normal((5, 3), 5.0), float32(sigmoid(normal((5, 3))))
    x[:3] = [20, 0.5, -1], [-30, 40, 0.5], [2, 2, 2]
    h[0] = 2.0**-20, 1 - 2.0**-20, 1e-6
    shares = np.array([[1, 2, 5], [4, 4, 0], [3, 0, 5], [0, 8, 0], [2, 3, 3]]) / 8
    ids, soft = np.array([0, 2, 1, 0, 2]), float32(sigmoid(normal((5, 3), seed=3)))
    hard = np.round(soft)
    hard[:2] = [0, 1, 0]
    yield "squared_error", "", (normal((5, 3), seed=3),), (p,), {}
    yield "mean_squared_error", "", (normal((5, 3), seed=3),), (p,), {}
    for kind, y in (("hard", hard), ("soft", soft)):
        yield "binary_cross_entropy", kind, (y,), (h,), {}
        yield "binary_cross_entropy_with_logits", kind, (y,), (x,), {}
    of_rows = {"ids": ids, "one-hot": np.eye(3)[ids], "soft": shares, "weighted": soft}
    for kind, y in of_rows.items():
        yield "softmax_cross_entropy", kind, (y,), (x,), {}
    yield "l2_penalty", "", (), (x,), {"weight": 0.375}
    yield "sparsity_penalty", "", (), (h,), {"target": 0.1, "weight": 3.0}
    yield "contractive_penalty", "", (), (h[:, 1:], normal((4, 2))), {}


CASES = [
    Case(*row, options | reduction)
    for *row, options in drawn()
    for reduction in (
        [{}] if row[0] in ("l2_penalty", "sparsity_penalty") else [{"reduction": r} for r in REDUCE]
    )
]
every_case = pytest.mark.parametrize("case", CASES, ids=str)


# ---- the reference, by arithmetic with 50 digits

# the loss of each sample or element, as it is written down
EXACT = {
    "squared_error": lambda y, p: np.sum((p - y) ** 2, 1),
    "mean_squared_error": lambda y, p: (p - y) ** 2,
    "binary_cross_entropy": lambda y, p: -y * log(p) - (1 - y) * log1p(-p),
    "binary_cross_entropy_with_logits": lambda y, x: y * log1p(exp(-x)) + (1 - y) * log1p(exp(x)),
    "softmax_cross_entropy": lambda y, x: np.sum(
        y * (log(np.sum(exp(x), 1, keepdims=True)) - x), 1
    ),
    "l2_penalty": lambda W, weight: weight * np.sum(W**2),
    "sparsity_penalty": lambda h, target, weight: weight * np.sum(
        target * log(target / np.mean(h, 0))
        + (1 - target) * log((1 - target) / (1 - np.mean(h, 0)))
    ),
    "contractive_penalty": lambda h, W: np.sum((h * (1 - h)) ** 2 * np.sum(W**2, 0), 1),
}  # fmt: skip


def exact(case, tensors):
    """The value at other tensors, all numbers having 50 digits."""
    options = {name: value for name, value in case.options.items() if name != "reduction"}
    labels = [many(softmax_parts(y, case.tensors[0])[0]) for y in case.labels]
    losses = EXACT[case.name](*labels, *tensors, **options)
    return REDUCE[case.options.get("reduction", "none")](losses)


def units(values):
    """One array for each place: 1 there and 0 elsewhere."""
    return many(np.eye(values.size).reshape(-1, *values.shape))


def slopes(case, place):
    """∂ Σ g ⊙ value / ∂ tensors[place], by differences."""

    def along(unit, t):
        tensors = [many(values) for values in case.tensors]
        tensors[place] = tensors[place] + t * unit
        return np.sum(case.g * exact(case, tensors))

    values = case.tensors[place]
    found = [mp.diff(partial(along, unit), 0) for unit in units(values)]
    return np.reshape(found, values.shape).astype(np.float64)


@every_case
def test_the_reference_is_right(case):
    value = np.asarray(exact(case, [many(values) for values in case.tensors]), np.float64)
    case.assert_right([value, *(slopes(case, i) for i, _ in enumerate(case.tensors))], "float64")


@pytest.mark.parametrize("case", [c for c in CASES if "second" in BOUNDS[c.name]], ids=str)
def test_the_second_derivatives_of_the_reference_are_right(case):
    (x,), v = case.tensors, normal(case.tensors[0].shape, seed=4)

    def along(unit, s, t):
        return np.sum(case.g * exact(case, [many(x) + s * unit + t * many(v)]))

    found = [mp.diff(partial(along, unit), (0, 0), (1, 1)) for unit in units(x)]
    found = np.reshape(found, x.shape).astype(np.float64)
    at = Evaluated(None, (v, case.g, *case.inputs), found, case.options)
    bound = BOUNDS[case.name]["second"].size(at, "float64")
    worst = compare(case.reference("_second", v, case.g), found, bound, "float64")
    assert worst.agrees, worst


# ---- both halves, the plain formulas, and what the frameworks ship

# Measured in float64, and held to float32's bounds: these may cancel where ours do not, which costs
# them some digits; another formula would still be seen.
FORMULA = "float32"


def of(half, case, function):
    """The half's function of the case's tensors alone, labels being constants."""
    labels = [half.framework.tensor(values) for values in case.labels]
    if half.framework.NAME == "torch":
        return lambda *tensors: function(*tensors, *labels, **case.options)
    return lambda *tensors: function(*labels, *tensors, **case.options)


def ours(half, case):
    return getattr(OURS[half.framework.NAME], case.name)


# to a compiler a reduction is one more constant
MEANS = [case for case in CASES if case.options.get("reduction", "mean") == "mean"]


@cache
def measured(half, mode, dtype):
    """Case -> (value, gradients) of a half's losses, all in one graph."""
    cases = CASES if mode == "eager" else MEANS
    calls = [
        (of(half, case, ours(half, case)), [t.astype(dtype) for t in case.tensors],
         case.g.astype(dtype), None)
        for case in cases
    ]  # fmt: skip
    results = half.framework.evaluate(calls, mode)
    return {case: (h, *g) for case, (h, g, _) in zip(cases, results, strict=True)}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@every_case
def test_each_half_equals_the_reference(half, dtype, case):
    case.assert_right(measured(half, "eager", dtype)[case], dtype)


@pytest.mark.parametrize("mode", ["graph", "compiled"], indirect=True)
@pytest.mark.parametrize("case", MEANS, ids=str)
def test_each_half_equals_the_reference_where_it_is_captured(half, mode, case):
    case.assert_right(measured(half, mode, "float32")[case], "float32")


def test_tensorflow_traces_each_loss_once_for_every_batch_size():
    cases = [c for c in CASES if c.kind != "ids" and c.options.get("reduction") == "sum"]
    shapes = [[tf.TensorSpec([None, v.shape[1]], tf.float64) for v in c.inputs] for c in cases]
    shapes[-1][1] = tf.TensorSpec([4, 2], tf.float64)  # W has no batch

    @tf.function(input_signature=[shapes], autograph=False)
    def totals(batch):
        functions = [getattr(tf_impl.losses, case.name) for case in cases]
        return [f(*inputs, "sum") for f, inputs in zip(functions, batch, strict=True)]

    whole = [list(case.inputs) for case in cases]
    rows = [[[inputs[0][[i]], inputs[1] if c.name == "contractive_penalty" else inputs[1][[i]]]
             for c, inputs in zip(cases, whole, strict=True)] for i in range(5)]  # fmt: skip
    parts = [totals(row) for row in rows]
    for case, total, *each in zip(cases, totals(whole), *parts, strict=True):
        bound = BOUNDS[case.name]["h"].size(
            Evaluated(None, case.inputs, np.asarray(total), case.options), "float64"
        )
        assert compare(np.sum(each), total, bound, "float64").agrees
    assert totals.experimental_get_tracing_count() == 1


@every_case
def test_the_gradient_by_hand_is_that_of_the_plain_formula(half, case):
    plain = of(half, case, ours(half, case).__wrapped__)
    h, gradients = half.framework.value_and_gradients(plain, *case.tensors, upstream=case.g)
    case.assert_right((h, *gradients), FORMULA)


# fmt: off
BUILT_IN = {  # the losses that each framework ships, not yet reduced
    "TensorFlow": {
        "squared_error": lambda y, p: p.shape[1] * keras.losses.mean_squared_error(y, p),
        "mean_squared_error": lambda y, p: keras.losses.mean_squared_error(
            y[..., None], p[..., None]
        ),
        "binary_cross_entropy": lambda y, p: keras.losses.binary_crossentropy(
            y[..., None], p[..., None]
        ),
        "binary_cross_entropy_with_logits": tf.nn.sigmoid_cross_entropy_with_logits,
        "softmax_cross_entropy": lambda y, x: (
            tf.nn.sparse_softmax_cross_entropy_with_logits
            if y.dtype.is_integer else tf.nn.softmax_cross_entropy_with_logits
        )(y, x),
    },
    "torch": {
        "squared_error": lambda p, y: torch.sum(F.mse_loss(p, y, reduction="none"), 1),
        "mean_squared_error": partial(F.mse_loss, reduction="none"),
        "binary_cross_entropy": partial(F.binary_cross_entropy, reduction="none"),
        "binary_cross_entropy_with_logits": partial(
            F.binary_cross_entropy_with_logits, reduction="none"
        ),
        "softmax_cross_entropy": partial(F.cross_entropy, reduction="none"),
    },
}
# fmt: on


REDUCED = {
    "TensorFlow": {"mean": tf.reduce_mean, "sum": tf.reduce_sum, "none": tf.identity},
    "torch": {"mean": torch.mean, "sum": torch.sum, "none": torch.clone},
}
# weighted labels, whose sum is not 1, have another gradient in TensorFlow: see below
SHIPPED = [c for c in CASES if c.name in OF_LABELS and c.kind != "weighted"]


@pytest.mark.parametrize("case", SHIPPED, ids=str)
def test_the_built_ins_compute_the_same(half, case):
    near = replace(case, tensors=(np.clip(case.tensors[0], -4, 4),))  # torch loses far tails
    losses = of(half, replace(near, options={}), BUILT_IN[half.framework.NAME][case.name])
    reduce = REDUCED[half.framework.NAME][case.options["reduction"]]
    h, gradients = half.framework.value_and_gradients(
        lambda p: reduce(losses(p)), *near.tensors, upstream=near.g
    )
    near.assert_right((h, *gradients), FORMULA)


@every_case
def test_torch_finds_the_gradients_to_be_the_slopes_in_both_orders(case):
    probabilities = case.name in ("binary_cross_entropy", "sparsity_penalty", "contractive_penalty")
    inside = (0.05, 0.95) if probabilities else (-4, 4)
    tensors = [torch.tensor(np.clip(t, *inside), requires_grad=True) for t in case.tensors]
    labels = [torch.tensor(values) for values in case.labels]
    loss = partial(getattr(torch_impl.losses, case.name), **case.options)
    assert torch.autograd.gradcheck(lambda *t: loss(*t, *labels), tensors, check_batched_grad=True)
    assert torch.autograd.gradgradcheck(lambda *t: loss(*t, *labels), tensors)


# ---- conventions, to the bit

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


# ---- what is refused: shapes that would broadcast, class ids that no class has


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


def test_where_nothing_can_be_refused_an_unknown_class_is_nan():
    y, x = np.array([0, 3, 1]), tf.constant(X)

    def slopes(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            losses = tf_impl.losses.softmax_cross_entropy(y, x, "none")
        return losses, tape.gradient(losses, x)

    for jit in (False, True):
        losses, g_x = tf.function(slopes, jit_compile=jit, autograph=False)(x)
        np.testing.assert_array_equal(np.isnan(losses), [False, True, False])
        np.testing.assert_array_equal(np.isnan(g_x), [[False] * 3, [True] * 3, [False] * 3])
    with pytest.raises(RuntimeError, match="Class values"):
        torch.compile(torch_impl.losses.softmax_cross_entropy, backend="aot_eager", fullgraph=True)(
            torch.tensor(X), torch.tensor(y)
        )
    losses = torch.vmap(torch_impl.losses.softmax_cross_entropy)(torch.tensor(X), torch.tensor(y))
    assert torch.isnan(losses).tolist() == [False, True, False]


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


# ---- drop-ins


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
    single = torch_impl.losses.softmax_cross_entropy(first[0, :, 0], torch.tensor(ids[0, 0]))
    assert single == torch_impl.losses.softmax_cross_entropy(first, torch.tensor(ids), "none")[0, 0]


# ---- penalties, against what they penalise


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


# ---- where the built-ins depart, as the docstrings say


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
