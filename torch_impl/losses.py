"""Losses: each a function of labels and predictions, with its gradient derived by hand.

    y  label, a constant     p  prediction; x where it is a logit     L  loss
    g  upstream gradient     name_gradient(g, L, input, target, …) = ∂/∂input Σ g ⊙ L

`reduction` is "mean" (over all losses), "sum" or "none" (the losses themselves); any other is a
ValueError. The mean over an empty batch is NaN and its sum 0. NaN in gives NaN out. What never
happens costs nothing, 0 · log 0 = 0, and what cannot be costs ∞: nothing is clipped.

Labels are cast to the prediction's dtype and have its shape. Other shapes are a ValueError, not
broadcast: (n,) against (n, 1) would pair every label with every prediction. torch.compile with
fullgraph=True quotes the ValueError in an error of its own.

A loss stands in a training loop where F.mse_loss would: `mean_squared_error(model(x), y)`, and then
`.backward()`. To weigh samples, ask for a loss for each, as in
`(squared_error(model(x), y, reduction="none") * weights).mean()`. The labels get no gradient, even
if they require one.

Formulas are those of Introduction to Deep Learning, Unit 1; papers are named where a penalty came
from one.
"""

import math

import torch

from torch_impl.framework import differentiable, is_positive, sum_to


def squared_error_gradient(g, L, input, target, reduction):
    y, p = _pair(target, input)
    # g_p = 2 g ⊙ (p − y)
    return 2 * _upstream(g, reduction, _per_sample(p)) * (p - y)


@differentiable(squared_error_gradient, tensors=("input",))
def squared_error(input, target, reduction="mean"):
    """Σ (p − y)² over a sample's outputs: all axes but the first. One loss for each sample.

    F.mse_loss divides by the number of outputs as well.

    >>> squared_error(torch.tensor([1203.0]), torch.tensor([70.0])).item()
    1283689.0
    """
    y, p = _pair(target, input)
    # L = Σ (p − y)²
    L = torch.reshape(_per_sample(torch.square(p - y)), p.shape[:1])
    return _reduce(L, reduction)


def mean_squared_error_gradient(g, L, input, target, reduction):
    y, p = _pair(target, input)
    # g_p = 2 g ⊙ (p − y)
    return 2 * _upstream(g, reduction, p) * (p - y)


@differentiable(mean_squared_error_gradient, tensors=("input",))
def mean_squared_error(input, target, reduction="mean"):
    """(p − y)² of each element, any shape; the mean is over all elements.

    "none" keeps the elements, as F.mse_loss does; Keras's averages over the last axis.

    >>> mean_squared_error(torch.tensor([[1.0, 4.0]]), torch.tensor([[1.0, 2.0]])).item()
    2.0
    """
    y, p = _pair(target, input)
    # L = (p − y)²
    L = torch.square(p - y)
    return _reduce(L, reduction)


def binary_cross_entropy_gradient(g, L, input, target, reduction):
    y, p = _pair(target, input)
    # at p = y = 0 and p = y = 1, where the quotient is 0/0, the slopes are 1 and −1
    certain = (p == y) & (p * (1 - p) == 0)
    # |p|, so that a −0 is a 0
    slope = torch.where(certain, 1 - 2 * p, (p - y) / (torch.abs(p) * (1 - p)))
    # g_p = g ⊙ (p − y) / (p (1 − p))
    return _upstream(g, reduction, p) * slope


@differentiable(binary_cross_entropy_gradient, tensors=("input",))
def binary_cross_entropy(input, target, reduction="mean"):
    """−y log p − (1 − y) log(1 − p): the log loss of each element, from probabilities p.

    Labels lie between 0 and 1. At p = 0 and p = 1 the loss is 0 with slope ±1 if the label agrees,
    ∞ with slope ∓∞ if it does not; for p outside [0, 1] it is NaN. A saturated σ does reach 0 and
    1: train from logits, with binary_cross_entropy_with_logits.

    Keras clips p to [1e−7, 1 − 1e−7], which bounds the loss by 16.1 and makes the slope 0 at both
    ends. F.binary_cross_entropy raises each logarithm to −100 at least, divides the slope by 1e−12
    at least, and refuses p outside [0, 1].

    >>> y, p = torch.tensor([1.0, 1.0]), torch.tensor([1.0, 0.0])
    >>> binary_cross_entropy(p, y, reduction="none").tolist()
    [0.0, inf]
    """
    y, p = _pair(target, input)
    # L = −y log p − (1 − y) log(1 − p)
    L = _times(y, -torch.log(p)) + _times(1 - y, -torch.log1p(-p))
    return _reduce(L, reduction)


def binary_cross_entropy_with_logits_gradient(g, L, input, target, reduction):
    y, x = _pair(target, input)
    sign, wrong = _sides(y, x)
    e = torch.exp(-torch.abs(x))
    # for y = 0 and y = 1 one term is 0, and the other keeps its digits far out
    # g_x = g ⊙ (σ(x) − y) = ±g ⊙ (wrong σ(|x|) − (1 − wrong) σ(−|x|)), σ(|x|) = 1 / (1 + e)
    return _upstream(g, reduction, x) * sign * (wrong - (1 - wrong) * e) / (1 + e)


@differentiable(binary_cross_entropy_with_logits_gradient, tensors=("input",))
def binary_cross_entropy_with_logits(input, target, reduction="mean"):
    """(1 − y) softplus(x) + y softplus(−x): the log loss of p = σ(x), from logits x of any size.

    An infinite logit is certainty: the loss is 0 if the label agrees, else ∞. The built-in gives
    NaN for most of those, and loses the loss near 0 for y = 0 and the slope near 0 for y = 1.

    >>> y, x = torch.tensor([1.0, 0.0]), torch.tensor([1e4, 1e4])
    >>> binary_cross_entropy_with_logits(x, y, reduction="none").tolist()
    [0.0, 10000.0]
    """
    y, x = _pair(target, input)
    _, wrong = _sides(y, x)
    # L = wrong |x| + log(1 + e^−|x|), wrong = 1 − y where x > 0, else y
    L = _times(wrong, torch.abs(x)) + torch.log1p(torch.exp(-torch.abs(x)))
    return _reduce(L, reduction)


def softmax_cross_entropy_gradient(g, L, input, target, reduction):
    y, x = _labels(target, input)
    slopes = _share_slopes if y.dtype.is_floating_point else _class_slopes
    return _classes_back(slopes(g, reduction, y, x))


@differentiable(softmax_cross_entropy_gradient, tensors=("input",))
def softmax_cross_entropy(input, target, reduction="mean"):
    """−Σ y log o, o = softmax(x) along dim 1, from logits x of any size.

    Labels are probabilities, one-hot or not, of x's shape (N, C, …), or integer class ids of shape
    (N, …); of a single sample, (C,) and (). An id that no class has is a ValueError; where tensors
    are traced, torch raises a RuntimeError of its own. A logit of −∞ masks its class.

    F.cross_entropy has the same shapes. It leaves out labels of −100, loses the loss of a class
    that is nearly certain, and is NaN for probabilities beside a masked one.

    >>> y, x = torch.tensor([0, 1]), torch.tensor([[20.0, 0.0], [1e4, -1e4]])
    >>> print(softmax_cross_entropy(x, y, reduction="none"))
    tensor([2.0612e-09, 2.0000e+04])
    """
    y, x = _labels(target, input)
    losses = _share_losses if y.dtype.is_floating_point else _class_losses
    return _reduce(losses(y, x), reduction)


def _class_slopes(g, reduction, y, x):
    z_y, e, others = _label_apart(y, x)
    a = _upstream(g, reduction, others) / (others + torch.exp(z_y))
    # g_x = g ⊙ o, and at the label's class g (o − 1) = −g Σ o of the others
    return _put(y, -a * others, a * e)


def _class_losses(y, x):
    z_y, _, others = _label_apart(y, x)
    # L = log Σ e^z − z_y, Σ e^z = 1 + others + (e^z_y − 1)
    return torch.squeeze(torch.log1p(others + torch.expm1(z_y)) - z_y, -1)


def _share_slopes(g, reduction, y, x):
    _, e, largest, s = _largest_apart(x)
    # (1 + s) (1 − o), which for the largest o is s
    rest = s + (1 - largest) - (e - largest)
    total = torch.sum(y, -1, keepdim=True)
    # for one-hot y one term is 0, and the other keeps its digits far out
    # g_x = g ⊙ (o Σy − y) = g ⊙ (o (Σy − y) − y (1 − o)), o = e / (1 + s)
    return _upstream(g, reduction, s) / (1 + s) * (e * (total - y) - y * rest)


def _share_losses(y, x):
    z, _, _, s = _largest_apart(x)
    # L = Σ y (log(1 + s) − z)
    return torch.sum(_times(y, torch.log1p(s) - z), -1)


def l2_penalty_gradient(g, L, W, weight):
    # g_W = 2 g weight W
    return 2 * weight * g * W


@differentiable(l2_penalty_gradient)
def l2_penalty(W, weight=1.0):
    """weight · Σ W² of one weight tensor, any shape; without a half.

    keras.regularizers.L2(weight) is the same. tf.nn.l2_loss and torch's weight_decay have the half:
    weight_decay=λ descends on l2_penalty(W, weight=λ/2).

    >>> l2_penalty(torch.tensor([[1.0, 2.0], [3.0, 4.0]]), weight=0.5).item()
    15.0
    """
    # L = weight · Σ W²
    return weight * torch.sum(torch.square(W))


def sparsity_penalty_gradient(g, L, h, target, weight):
    m, B = _batch_mean(h), h.shape[0]
    slope = (m - target) / (m * (1 - m))
    # g_h = g weight (m − ρ) / (m (1 − m)) / B
    return (weight * g * slope / B).expand(h.shape)


@differentiable(sparsity_penalty_gradient)
def sparsity_penalty(h, target, weight=1.0):
    """weight · Σ KL(ρ ‖ m), m the mean activation of each unit over the batch, the first axis of h.

    target is ρ, a number strictly between 0 and 1 (else ValueError). A unit that is always 0 or
    always 1 costs ∞; a mean outside [0, 1], as tanh may have, is NaN. Neither framework ships it.

    Ng 2011, Sparse autoencoder (CS294A lecture notes).

    >>> h = torch.tensor([[0.25, 1.0], [0.25, 0.0]])
    >>> print(f"{sparsity_penalty(h, target=0.25):.6f}")
    0.130812
    """
    if not 0 < target < 1:
        raise ValueError(f"target is a mean activation between 0 and 1, not {target}")
    m = _batch_mean(h)
    # KL = ρ log(ρ / m) + (1 − ρ) log((1 − ρ) / (1 − m))
    KL = target * torch.log(target / m) + (1 - target) * torch.log((1 - target) / (1 - m))
    # L = weight · Σ KL
    return weight * torch.sum(KL)


def contractive_penalty_gradient(g, L, h, W, reduction):
    s, w = h * (1 - h), torch.sum(torch.square(W), 0)
    g = _upstream(g, reduction, h[..., :1])
    # g_h = 2 g ⊙ h (1 − h) (1 − 2h) ⊙ Σ W²
    g_h = 2 * g * s * (1 - 2 * h) * w
    # g_W = 2 W ⊙ Σ g ⊙ (h (1 − h))²
    return g_h, 2 * W * sum_to(g * torch.square(s), w.shape)


@differentiable(contractive_penalty_gradient, tensors=2)
def contractive_penalty(h, W, reduction="mean"):
    """‖∂h/∂x‖² (Frobenius) of a sigmoid layer h = σ(xW + b): Σ_j (h_j (1 − h_j))² Σ_i W_ij².

    h is (…, units), with one loss for each sample; W is (inputs, units), in this half and the other
    alike: the transpose of nn.Linear.weight, and a Keras Dense layer's kernel as it is. Another
    shape is a ValueError; a square W cannot be told from its transpose.

    g_h and g_W are partial: that h depends on W as well is for the gradient of the layer to add.
    Neither framework ships it. Rifai, Vincent, Muller, Glorot & Bengio 2011, Contractive
    Auto-Encoders.

    >>> contractive_penalty(torch.tensor([[0.5, 1.0]]), torch.tensor([[4.0, 9.0]])).item()
    1.0
    """
    if W.dim() != 2 or W.shape[1:] != h.shape[-1:]:
        raise ValueError(
            f"h has shape {tuple(h.shape)} and W {tuple(W.shape)}: W must be (inputs, units), as "
            f"in z = xW + b; pass weight.T of an nn.Linear, which is (units, inputs)"
        )
    # L = Σ_j (h_j (1 − h_j))² Σ_i W_ij²
    L = torch.sum(torch.square(h * (1 - h)) * torch.sum(torch.square(W), 0), -1)
    return _reduce(L, reduction)


def _pair(target, input):
    """(y, p): the labels in the prediction's dtype, seen to have its shape, and the prediction."""
    if target.shape != input.shape:
        raise ValueError(
            f"input has shape {tuple(input.shape)} and target {tuple(target.shape)}: broadcasting "
            f"would pair labels with predictions of other samples; pass target.reshape(input.shape)"
        )
    return target.to(input.dtype), input


def _labels(target, input):
    """(y, x): class ids or, in the logits' dtype, probabilities; beside them the logits."""
    x = _classes_last(input)
    is_ids = target.dim() < input.dim()
    if target.shape != (x.shape[:-1] if is_ids else input.shape):
        raise ValueError(
            f"input has shape {tuple(input.shape)} and target {tuple(target.shape)}: pass class "
            f"ids of shape {tuple(x.shape[:-1])} or probabilities of shape {tuple(input.shape)}"
        )
    return _class_ids(target, x) if is_ids else _classes_last(target).to(x.dtype), x


def _class_ids(ids, x):
    if ids.dtype.is_floating_point:
        raise ValueError(f"target holds {ids.dtype}: class ids are integers; pass target.long()")
    y = ids.long()
    if not torch.compiler.is_compiling():
        return y
    # a compiled gather that finds one out of range may end the process
    nearest = torch.clamp(y, 0, x.shape[-1] - 1)
    torch._assert_async(torch.all(y == nearest), f"target holds others: {_known(x)}")
    return nearest


def _known(x):
    return f"class ids run from 0 to {x.shape[-1] - 1}"


def _classes_last(x):
    # F.cross_entropy has them on dim 1, of a single sample on dim 0
    return x.movedim(min(1, x.dim() - 1), -1)


def _classes_back(x):
    # the inverse of _classes_last
    return x.movedim(-1, min(1, x.dim() - 1))


def _batch_mean(h):
    # m = Σ h / B
    m = torch.mean(h, 0)
    # that of a single −0 is one when compiled, and has its logarithm on the other side
    return torch.where(m == 0, torch.zeros_like(m), m)


def _label_apart(y, x):
    """z of each label's class, e^z of all, and Σ e^z of the others, for z = x − max x."""
    z = x - torch.amax(x, -1, keepdim=True)
    z_y, e = _at(y, z), torch.exp(z)
    return z_y, e, torch.sum(_put(y, torch.zeros_like(z_y), e), -1, keepdim=True)


def _largest_apart(x):
    """z = x − max x, e^z, 1 where that is the largest, else 0, and Σ e^z less one of these."""
    z = x - torch.amax(x, -1, keepdim=True)
    e = torch.exp(z)
    largest = torch.floor(e)
    s = torch.sum(e - largest, -1, keepdim=True) + (torch.sum(largest, -1, keepdim=True) - 1)
    return z, e, largest, s


def _at(y, z):
    """z of the classes that the ids y name, on an axis of size 1."""
    try:
        return torch.gather(z, -1, y[..., None])
    except RuntimeError as error:
        raise ValueError(f"target holds others: {_known(z)}") from error


def _put(y, values, e):
    """e with these values, on an axis of size 1, at the classes that the ids y name."""
    return torch.scatter(e, -1, y[..., None], values)


def _sides(y, x):
    """±1, + where x > 0, and how much of the label says otherwise: 1 − y there, else y."""
    positive = is_positive(x)
    sign = 2 * positive - 1
    return sign, positive - sign * y


def _times(y, v):
    # what never happens costs nothing: 0 · ∞ = 0, where v is not negative
    return torch.where((y == 0) & (v == math.inf), torch.zeros_like(v), y * v)


def _per_sample(losses):
    """Σ over all axes but the first, which are kept as axes of size 1."""
    for axis in range(1, len(losses.shape)):
        losses = torch.sum(losses, axis, keepdim=True)
    return losses


def _reduce(losses, reduction):
    if reduction == "mean":
        return torch.mean(losses)
    if reduction == "sum":
        return torch.sum(losses)
    if reduction == "none":
        return losses
    raise ValueError(f'reduction is "mean", "sum" or "none", not {reduction!r}')


def _upstream(g, reduction, losses):
    """What each loss gets of g; `losses` has their shape, summed axes kept as axes of size 1."""
    if reduction == "mean":
        return g / losses.numel()
    return g if reduction == "sum" else torch.reshape(g, losses.shape)
