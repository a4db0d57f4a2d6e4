"""Losses: each a function of labels and predictions, with its gradient derived by hand.

    y  label, a constant     p  prediction; x where it is a logit     L  loss
    g  upstream gradient     name_gradient(g, L, y_true, y_pred, …) = ∂/∂y_pred Σ g ⊙ L

`reduction` is "mean" (over all losses), "sum" or "none" (the losses themselves); any other is a
ValueError. The mean over an empty batch is NaN and its sum 0. NaN in gives NaN out. What never
happens costs nothing, 0 · log 0 = 0, and what cannot be costs ∞: nothing is clipped.

Labels are cast to the prediction's dtype and have its shape. Other shapes are a ValueError, not
broadcast: (n,) against (n, 1) would pair every label with every prediction. In a tf.function, where
a dimension is not known, the known ones are compared.

`model.compile(loss=mean_squared_error)` works, and so for every loss of labels and predictions.
Keras first aligns (n,) with (n, 1), and multiplies what a loss returns by the sample weights: give
it a loss for each sample, `functools.partial(squared_error, reduction="none")`, if you have any; a
mean would only be scaled by their mean.

Formulas are those of Introduction to Deep Learning, Unit 1; papers are named where a penalty came
from one.
"""

import math

import keras
import tensorflow as tf

from tf_impl.framework import differentiable, is_positive, sum_to


def squared_error_gradient(g, L, y_true, y_pred, reduction):
    y, p = _pair(y_true, y_pred)
    # g_p = 2 g ⊙ (p − y)
    return 2 * _upstream(g, reduction, _per_sample(p)) * (p - y)


@keras.saving.register_keras_serializable("tf_impl")
@differentiable(squared_error_gradient, tensors=("y_pred",))
def squared_error(y_true, y_pred, reduction="mean"):
    """Σ (p − y)² over a sample's outputs: all axes but the first. One loss for each sample.

    keras.losses.MeanSquaredError divides by the number of outputs.

    >>> squared_error(tf.constant([70.0]), tf.constant([1203.0])).numpy().item()
    1283689.0
    """
    y, p = _pair(y_true, y_pred)
    # L = Σ (p − y)²
    L = tf.reshape(_per_sample(tf.square(p - y)), tf.shape(p)[:1])
    return _reduce(L, reduction)


def mean_squared_error_gradient(g, L, y_true, y_pred, reduction):
    y, p = _pair(y_true, y_pred)
    # g_p = 2 g ⊙ (p − y)
    return 2 * _upstream(g, reduction, p) * (p - y)


@keras.saving.register_keras_serializable("tf_impl")
@differentiable(mean_squared_error_gradient, tensors=("y_pred",))
def mean_squared_error(y_true, y_pred, reduction="mean"):
    """(p − y)² of each element, any shape; the mean is over all elements.

    "none" keeps the elements, as F.mse_loss does; Keras's averages over the last axis.

    >>> mean_squared_error(tf.constant([[1.0, 2.0]]), tf.constant([[1.0, 4.0]])).numpy().item()
    2.0
    """
    y, p = _pair(y_true, y_pred)
    # L = (p − y)²
    L = tf.square(p - y)
    return _reduce(L, reduction)


def binary_cross_entropy_gradient(g, L, y_true, y_pred, reduction):
    y, p = _pair(y_true, y_pred)
    # at p = y = 0 and p = y = 1, where the quotient is 0/0, the slopes are 1 and −1
    certain = (p == y) & (p * (1 - p) == 0)
    # |p|, so that a −0 is a 0
    slope = tf.where(certain, 1 - 2 * p, (p - y) / (tf.abs(p) * (1 - p)))
    # g_p = g ⊙ (p − y) / (p (1 − p))
    return _upstream(g, reduction, p) * slope


@keras.saving.register_keras_serializable("tf_impl")
@differentiable(binary_cross_entropy_gradient, tensors=("y_pred",))
def binary_cross_entropy(y_true, y_pred, reduction="mean"):
    """−y log p − (1 − y) log(1 − p): the log loss of each element, from probabilities p.

    Labels lie between 0 and 1. At p = 0 and p = 1 the loss is 0 with slope ±1 if the label agrees,
    ∞ with slope ∓∞ if it does not; for p outside [0, 1] it is NaN. A saturated σ does reach 0 and
    1: train from logits, with binary_cross_entropy_with_logits.

    Keras clips p to [1e−7, 1 − 1e−7], which bounds the loss by 16.1 and makes the slope 0 at both
    ends. F.binary_cross_entropy raises each logarithm to −100 at least, divides the slope by 1e−12
    at least, and refuses p outside [0, 1].

    >>> y, p = tf.constant([1.0, 1.0]), tf.constant([1.0, 0.0])
    >>> binary_cross_entropy(y, p, reduction="none").numpy().tolist()
    [0.0, inf]
    """
    y, p = _pair(y_true, y_pred)
    # L = −y log p − (1 − y) log(1 − p)
    L = _times(y, -tf.math.log(p)) + _times(1 - y, -tf.math.log1p(-p))
    return _reduce(L, reduction)


def binary_cross_entropy_with_logits_gradient(g, L, y_true, y_pred, reduction):
    y, x = _pair(y_true, y_pred)
    sign, wrong = _sides(y, x)
    e = tf.exp(-tf.abs(x))
    # for y = 0 and y = 1 one term is 0, and the other keeps its digits far out
    # g_x = g ⊙ (σ(x) − y) = ±g ⊙ (wrong σ(|x|) − (1 − wrong) σ(−|x|)), σ(|x|) = 1 / (1 + e)
    return _upstream(g, reduction, x) * sign * (wrong - (1 - wrong) * e) / (1 + e)


@keras.saving.register_keras_serializable("tf_impl")
@differentiable(binary_cross_entropy_with_logits_gradient, tensors=("y_pred",))
def binary_cross_entropy_with_logits(y_true, y_pred, reduction="mean"):
    """(1 − y) softplus(x) + y softplus(−x): the log loss of p = σ(x), from logits x of any size.

    An infinite logit is certainty: the loss is 0 if the label agrees, else ∞. The tf.nn and Keras
    functions give NaN for most of those.

    >>> y, x = tf.constant([1.0, 0.0]), tf.constant([1e4, 1e4])
    >>> binary_cross_entropy_with_logits(y, x, reduction="none").numpy().tolist()
    [0.0, 10000.0]
    """
    y, x = _pair(y_true, y_pred)
    _, wrong = _sides(y, x)
    # L = wrong |x| + log(1 + e^−|x|), wrong = 1 − y where x > 0, else y
    L = _times(wrong, tf.abs(x)) + tf.math.log1p(tf.exp(-tf.abs(x)))
    return _reduce(L, reduction)


def softmax_cross_entropy_gradient(g, L, y_true, y_pred, reduction):
    y, x = _labels(y_true, y_pred)
    slopes = _share_slopes if y.dtype.is_floating else _class_slopes
    return slopes(g, reduction, y, x)


@keras.saving.register_keras_serializable("tf_impl")
@differentiable(softmax_cross_entropy_gradient, tensors=("y_pred",))
def softmax_cross_entropy(y_true, y_pred, reduction="mean"):
    """−Σ y log o, o = softmax(x) along the last axis, from logits x of any size.

    Labels are probabilities, one-hot or not, of x's shape (…, C), or class ids of shape (…). An id
    that no class has is a ValueError; where tensors are traced, it makes its loss and gradient NaN.
    Ids may be floats, since Keras casts labels. A logit of −∞ masks its class.

    For labels of sum 1 the gradient is o − y; the tf.nn and Keras functions return that for any
    labels. They lose the loss of a class that is nearly certain, and are NaN beside a masked one.

    >>> y, x = tf.constant([0, 1]), tf.constant([[20.0, 0.0], [1e4, -1e4]])
    >>> print(softmax_cross_entropy(y, x, reduction="none").numpy())
    [2.0611537e-09 2.0000000e+04]
    """
    y, x = _labels(y_true, y_pred)
    losses = _share_losses if y.dtype.is_floating else _class_losses
    return _reduce(losses(y, x), reduction)


def _class_slopes(g, reduction, y, x):
    z_y, e, others = _label_apart(y, x)
    a = _upstream(g, reduction, others) / (others + tf.exp(z_y))
    # g_x = g ⊙ o, and at the label's class g (o − 1) = −g Σ o of the others
    return _put(y, -a * others, a * e)


def _class_losses(y, x):
    z_y, _, others = _label_apart(y, x)
    # L = log Σ e^z − z_y, Σ e^z = 1 + others + (e^z_y − 1)
    return tf.squeeze(tf.math.log1p(others + tf.math.expm1(z_y)) - z_y, -1)


def _share_slopes(g, reduction, y, x):
    _, e, largest, s = _largest_apart(x)
    # (1 + s) (1 − o), which for the largest o is s
    rest = s + (1 - largest) - (e - largest)
    total = tf.reduce_sum(y, -1, keepdims=True)
    # for one-hot y one term is 0, and the other keeps its digits far out
    # g_x = g ⊙ (o Σy − y) = g ⊙ (o (Σy − y) − y (1 − o)), o = e / (1 + s)
    return _upstream(g, reduction, s) / (1 + s) * (e * (total - y) - y * rest)


def _share_losses(y, x):
    z, _, _, s = _largest_apart(x)
    # L = Σ y (log(1 + s) − z)
    return tf.reduce_sum(_times(y, tf.math.log1p(s) - z), -1)


def l2_penalty_gradient(g, L, W, weight):
    # g_W = 2 g weight W
    return 2 * weight * g * W


@differentiable(l2_penalty_gradient)
def l2_penalty(W, weight=1.0):
    """weight · Σ W² of one weight tensor, any shape; without a half.

    keras.regularizers.L2(weight) is the same. tf.nn.l2_loss and torch's weight_decay have the half:
    weight_decay=λ descends on l2_penalty(W, weight=λ/2).

    >>> l2_penalty(tf.constant([[1.0, 2.0], [3.0, 4.0]]), weight=0.5).numpy().item()
    15.0
    """
    # L = weight · Σ W²
    return weight * tf.reduce_sum(tf.square(W))


def sparsity_penalty_gradient(g, L, h, target, weight):
    m, B = _batch_mean(h), tf.cast(tf.shape(h)[0], h.dtype)
    slope = (m - target) / (m * (1 - m))
    # g_h = g weight (m − ρ) / (m (1 − m)) / B
    return tf.broadcast_to(weight * g * slope / B, tf.shape(h))


@differentiable(sparsity_penalty_gradient)
def sparsity_penalty(h, target, weight=1.0):
    """weight · Σ KL(ρ ‖ m), m the mean activation of each unit over the batch, the first axis of h.

    target is ρ, a number strictly between 0 and 1 (else ValueError). A unit that is always 0 or
    always 1 costs ∞; a mean outside [0, 1], as tanh may have, is NaN. Neither framework ships it.

    Ng 2011, Sparse autoencoder (CS294A lecture notes).

    >>> h = tf.constant([[0.25, 1.0], [0.25, 0.0]])
    >>> print(f"{sparsity_penalty(h, target=0.25):.6f}")
    0.130812
    """
    if not 0 < target < 1:
        raise ValueError(f"target is a mean activation between 0 and 1, not {target}")
    m = _batch_mean(h)
    # KL = ρ log(ρ / m) + (1 − ρ) log((1 − ρ) / (1 − m))
    KL = target * tf.math.log(target / m) + (1 - target) * tf.math.log((1 - target) / (1 - m))
    # L = weight · Σ KL
    return weight * tf.reduce_sum(KL)


def contractive_penalty_gradient(g, L, h, W, reduction):
    s, w = h * (1 - h), tf.reduce_sum(tf.square(W), 0)
    g = _upstream(g, reduction, h[..., :1])
    # g_h = 2 g ⊙ h (1 − h) (1 − 2h) ⊙ Σ W²
    g_h = 2 * g * s * (1 - 2 * h) * w
    # g_W = 2 W ⊙ Σ g ⊙ (h (1 − h))²
    return g_h, 2 * W * sum_to(g * tf.square(s), w.shape)


@differentiable(contractive_penalty_gradient, tensors=2)
def contractive_penalty(h, W, reduction="mean"):
    """‖∂h/∂x‖² (Frobenius) of a sigmoid layer h = σ(xW + b): Σ_j (h_j (1 − h_j))² Σ_i W_ij².

    h is (…, units), with one loss for each sample; W is (inputs, units), in this half and the other
    alike: a Dense layer's kernel as it is, and the transpose of torch's nn.Linear.weight. Another
    shape is a ValueError; a square W cannot be told from its transpose.

    g_h and g_W are partial: that h depends on W as well is for the gradient of the layer to add.
    Neither framework ships it. Rifai, Vincent, Muller, Glorot & Bengio 2011, Contractive
    Auto-Encoders.

    >>> contractive_penalty(tf.constant([[0.5, 1.0]]), tf.constant([[4.0, 9.0]])).numpy().item()
    1.0
    """
    if not W.shape.is_compatible_with([None, h.shape[-1]]):
        raise ValueError(
            f"h has shape {h.shape} and W {W.shape}: W must be (inputs, units), as in z = xW + b; "
            f"pass tf.transpose(W) of one that is (units, inputs)"
        )
    # L = Σ_j (h_j (1 − h_j))² Σ_i W_ij²
    L = tf.reduce_sum(tf.square(h * (1 - h)) * tf.reduce_sum(tf.square(W), 0), -1)
    return _reduce(L, reduction)


def _pair(y_true, y_pred):
    """(y, p): the labels in the prediction's dtype, seen to have its shape, and the prediction."""
    y = tf.convert_to_tensor(y_true)
    if not y.shape.is_compatible_with(y_pred.shape):
        raise ValueError(
            f"y_true has shape {y.shape} and y_pred {y_pred.shape}: broadcasting would pair labels "
            f"with predictions of other samples; pass tf.reshape(y_true, tf.shape(y_pred))"
        )
    return tf.cast(y, y_pred.dtype), y_pred


def _labels(y_true, y_pred):
    """(y, x): class ids or, in the logits' dtype, probabilities; beside them the logits."""
    y, x = tf.convert_to_tensor(y_true), y_pred
    if y.shape.rank is None or x.shape.rank is None:
        raise ValueError("the rank tells class ids from probabilities: use tf.ensure_shape first")
    is_ids = y.shape.rank < x.shape.rank
    if not y.shape.is_compatible_with(x.shape[:-1] if is_ids else x.shape):
        raise ValueError(
            f"y_true has shape {y.shape} and y_pred {x.shape}: pass class ids of shape "
            f"{x.shape[:-1]} or probabilities of shape {x.shape}"
        )
    return _class_ids(y, x) if is_ids else tf.cast(y, x.dtype), x


def _class_ids(ids, x):
    y, classes = tf.cast(ids, tf.int64), tf.cast(keras.ops.shape(x)[-1], tf.int64)
    # ids may be floats, as Keras hands them on
    is_class = tf.cast(y % classes, ids.dtype) == ids
    if not tf.executing_eagerly():
        return tf.where(is_class, y, -1)
    if not tf.reduce_all(is_class):
        unknown = tf.cast(ids[~is_class][0], tf.float64)
        raise ValueError(f"y_true holds {unknown:g}: {_known(x)}")
    return y


def _known(x):
    return f"class ids run from 0 to {x.shape[-1] - 1}"


def _batch_mean(h):
    # m = Σ h / B
    m = tf.reduce_mean(h, 0)
    # that of a single −0 is one, and has its logarithm on the other side
    return tf.where(m == 0, tf.zeros_like(m), m)


def _label_apart(y, x):
    """z of each label's class, e^z of all, and Σ e^z of the others, for z = x − max x."""
    z = x - tf.reduce_max(x, -1, keepdims=True)
    z_y, e = _at(y, z), tf.exp(z)
    return z_y, e, tf.reduce_sum(_put(y, tf.zeros_like(z_y), e), -1, keepdims=True)


def _largest_apart(x):
    """z = x − max x, e^z, 1 where that is the largest, else 0, and Σ e^z less one of these."""
    z = x - tf.reduce_max(x, -1, keepdims=True)
    e = tf.exp(z)
    largest = tf.floor(e)
    s = tf.reduce_sum(e - largest, -1, keepdims=True) + (
        tf.reduce_sum(largest, -1, keepdims=True) - 1
    )
    return z, e, largest, s


def _at(y, z):
    """z of the classes that the ids y name, on an axis of size 1; NaN for an id of −1."""
    z_y = tf.gather(z, tf.maximum(y, 0), batch_dims=y.shape.rank)
    z_y = tf.where(y < 0, tf.constant(math.nan, z.dtype), z_y)
    return tf.expand_dims(z_y, -1)


def _put(y, values, e):
    """e with these values, on an axis of size 1, at the classes that the ids y name."""
    is_label = tf.one_hot(y, keras.ops.shape(e)[-1], on_value=True, off_value=False)
    return tf.where(is_label, values, e)


def _sides(y, x):
    """±1, + where x > 0, and how much of the label says otherwise: 1 − y there, else y."""
    positive = is_positive(x)
    sign = 2 * positive - 1
    return sign, positive - sign * y


def _times(y, v):
    # what never happens costs nothing: 0 · ∞ = 0, where v is not negative
    return tf.where((y == 0) & (v == math.inf), tf.zeros_like(v), y * v)


def _per_sample(losses):
    """Σ over all axes but the first, which are kept as axes of size 1."""
    for axis in range(1, len(losses.shape)):
        losses = tf.reduce_sum(losses, axis, keepdims=True)
    return losses


def _reduce(losses, reduction):
    if reduction == "mean":
        return tf.reduce_mean(losses)
    if reduction == "sum":
        return tf.reduce_sum(losses)
    if reduction == "none":
        return losses
    raise ValueError(f'reduction is "mean", "sum" or "none", not {reduction!r}')


def _upstream(g, reduction, losses):
    """What each loss gets of g; `losses` has their shape, summed axes kept as axes of size 1."""
    if reduction == "mean":
        return g / tf.cast(tf.size(losses), g.dtype)
    return g if reduction == "sum" else tf.reshape(g, tf.shape(losses))
