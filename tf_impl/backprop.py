"""Backpropagation by hand, without a tape: the course's recursions, for networks of any depth.

    weights  [(W, b), …] from the first layer to the last, W (D, U), b (U,)
    x        (B, D)          the input, one row for each example
    a        [a_1, …]        pre-activations, each (B, U)
    h        [x, h_1, …, o]  what each layer reads, and the output o: h_r = Φ(a_r)
    g        ∂L/∂o           upstream gradient, of o's shape; L is the loss
    Δ(h,o)   ∂L/∂h           what reaches a post-activation h by way of the output o
    δ(h,o)   ∂L/∂a_h         what reaches its pre-activation a_h

An activation is a name, a (name, options) pair, or a list of these with one for each layer:
"relu", ("maxout", {"pieces": 2}), ["tanh", ("prelu", {"slope": 0.1}), "softmax"]. Every activation
of this project will do, in any layer, with its options in this framework's words. The slopes of
prelu are fixed here: they get no gradient. Φ' is the gradient derived by hand in activations.py;
of softmax, log_softmax and maxout it is a Jacobian, and enters as a vector-Jacobian product.

The functions trace and compile. The batch size may be unknown while they are traced; the widths of
the layers may not.

Source: Introduction to Deep Learning, Unit 1 (backpropagation and post-activation variables; the
recurrence with pre-activation values; loss functions on multiple output nodes and hidden nodes).
"""

from itertools import chain

import tensorflow as tf

from shared.arguments import in_order
from shared.reference.backprop import KNOWN, checked, checked_again
from tf_impl import activations
from tf_impl.framework import differentiable

_IN_ORDER = {name: in_order(getattr(activations, name)) for name in KNOWN}


def forward_pass(weights, x, activation):
    """(a, h): every pre-activation a_1 … a_k, and x with every post-activation h_1 … h_k = o.

    Raises ValueError, naming the layer and the shapes, where W, b and what the layer reads do not
    fit each other, where an activation is unknown, and where there is not one for each layer.

    >>> weights = [(tf.constant([[2.0]]), tf.constant([1.0]))]
    >>> a, h = forward_pass(weights, tf.constant([[-3.0]]), "relu")
    >>> a[0].numpy().tolist(), h[1].numpy().tolist()
    ([[-5.0]], [[0.0]])
    """
    a, h = [], [x]
    for (W, b), phi in zip(weights, checked(weights, x, activation), strict=True):
        # a_r = h_{r−1} W + b
        a.append(tf.matmul(h[-1], W) + b)
        # h_r = Φ(a_r)
        h.append(_activate(phi, a[-1]))
    return a, h


def backward_pass_post_activation(weights, a, h, activation, g):
    """([(g_W, g_b), …], g_x) by the recursion over post-activations, from Δ(o,o) = ∂L/∂o.

    The gradients come in the order of the weights and have their shapes. Raises ValueError where a
    and h are not those of a forward pass through these weights, or g has another shape than o.

    >>> weights = [(tf.constant([[2.0]]), tf.constant([1.0]))]
    >>> a, h = forward_pass(weights, tf.constant([[3.0]]), "identity")
    >>> backward_pass_post_activation(weights, a, h, "identity", tf.constant([[1.0]]))[1].numpy()
    array([[2.]], dtype=float32)
    """
    phis = checked_again(weights, a, h, activation, g)
    # Δ(o,o) = ∂L/∂o
    gradients, delta = [], g
    for r in reversed(range(1, len(h))):
        W, _ = weights[r - 1]
        # s = Δ(h_r,o) Φ'(a_r), which the next two share
        s = _through(phis[r - 1], delta, h[r], a[r - 1])
        # ∂L/∂w = Δ(h_r,o) Φ'(a_r) h_{r−1}; for a bias h_{r−1} is 1
        gradients.insert(0, (tf.matmul(h[r - 1], s, transpose_a=True), tf.reduce_sum(s, 0)))
        # Δ(h_{r−1},o) = Σ Δ(h_r,o) Φ'(a_r) w(h_{r−1},h_r)
        delta = tf.matmul(s, W, transpose_b=True)
    return gradients, delta


def backward_pass_pre_activation(weights, a, h, activation, g):
    """([(g_W, g_b), …], g_x) by the recursion over pre-activations, from δ(o,o) = Φ'(a_o) ∂L/∂o.

    Takes, gives and raises what backward_pass_post_activation does.
    """
    phis = checked_again(weights, a, h, activation, g)
    return _gradients(weights, h, _deltas(weights, a, h, phis, g))


def backward_pass_several_outputs(weights, a, h, activation, g):
    """([(g_W, g_b), …], g_x) with δ(h,o) found for each output node o on its own, then summed.

    It costs as many backward passes as there are output nodes O, and shows that one pass from all
    of them at once is their sum. Takes, gives and raises what backward_pass_post_activation does.
    """
    phis = checked_again(weights, a, h, activation, g)
    nodes = tf.range(g.shape[1])
    alone = [tf.where(nodes == o, g, tf.zeros_like(g)) for o in range(g.shape[1])]
    each = [_deltas(weights, a, h, phis, g_o) for g_o in alone]
    # δ(h,O) = Σ δ(h,o) over the nodes o in O
    deltas = [tf.reduce_sum(tf.stack(of_layer), 0) for of_layer in zip(*each, strict=True)]
    return _gradients(weights, h, deltas)


def backward_pass_hidden_losses(weights, a, h, activation, g, hidden):
    """([(g_W, g_b), …], g_x) of a loss at the output and losses L_r at hidden layers r.

    `hidden` is {r: ∂L_r/∂h_r}, of the shape of h[r], for some of the hidden layers 1 … k − 1, as in
    a sparse autoencoder. What L_r owes to the weights otherwise than through h_r, as a contractive
    penalty does, is the caller's to add. Otherwise as backward_pass_post_activation.
    """
    phis = checked_again(weights, a, h, activation, g, hidden)
    return _gradients(weights, h, _deltas(weights, a, h, phis, g, hidden))


RECURSIONS = {
    "post_activation": backward_pass_post_activation,
    "pre_activation": backward_pass_pre_activation,
    "several_outputs": backward_pass_several_outputs,
}


def network_gradient(g, o, x, W1, b1, W2, b2, W3, b3, activation, recursion):
    weights = [(W1, b1), (W2, b2), (W3, b3)]
    # only o was kept, so the forward pass is repeated
    a, h = forward_pass(weights, x, activation)
    gradients, g_x = RECURSIONS[recursion](weights, a, h, activation, g)
    return g_x, *chain(*gradients)


@differentiable(network_gradient, tensors=7)
def network(x, W1, b1, W2, b2, W3, b3, activation="tanh", recursion="pre_activation"):
    """o of three layers, differentiable: whoever asks for its gradient gets a recursion's.

    `recursion` is one of "post_activation", "pre_activation" and "several_outputs".

    >>> one = (tf.ones((1, 1)), tf.zeros(1))
    >>> network(tf.constant([[-2.0]]), *one, *one, *one, activation="relu").numpy().tolist()
    [[0.0]]
    """
    _, h = forward_pass([(W1, b1), (W2, b2), (W3, b3)], x, activation)
    return h[-1]


def _arguments(phi, a):
    name, options = phi
    if "slope" in options:
        slope = tf.convert_to_tensor(options["slope"], a.dtype)
        options = {**options, "slope": slope}
    return _IN_ORDER[name]((a,), options)


def _activate(phi, a):
    # h = Φ(a)
    return getattr(activations, phi[0])(*_arguments(phi, a))


def _through(phi, g, h, a):
    # g_a = Φ'(a) g
    g_a = getattr(activations, f"{phi[0]}_gradient")(g, h, *_arguments(phi, a))
    return g_a[0] if isinstance(g_a, tuple) else g_a


def _deltas(weights, a, h, phis, g, hidden=None):
    # δ(o,o) = Φ'(a_o) ∂L/∂o
    deltas = [_through(phis[-1], g, h[-1], a[-1])]
    for r in reversed(range(1, len(a))):
        W, _ = weights[r]
        # s = Σ w(h_r,h) δ(h,o)
        s = tf.matmul(deltas[0], W, transpose_b=True)
        # δ(h_r,o) = Φ'(a_r) Σ w(h_r,h) δ(h,o)
        delta = _through(phis[r - 1], s, h[r], a[r - 1])
        if hidden and r in hidden:
            # δ(h_r,N(h_r)) ← δ(h_r,N(h_r)) + Φ'(a_r) ∂L_r/∂h_r
            delta = delta + _through(phis[r - 1], hidden[r], h[r], a[r - 1])
        deltas.insert(0, delta)
    return deltas


def _gradients(weights, h, deltas):
    gradients = []
    for r, delta in enumerate(deltas):
        # ∂L/∂w = δ(h_{r+1},o) h_r; for a bias h_r is 1
        gradients.append((tf.matmul(h[r], delta, transpose_a=True), tf.reduce_sum(delta, 0)))
    # ∂L/∂x = Σ w(x,h) δ(h,o)
    return gradients, tf.matmul(deltas[0], weights[0][0], transpose_b=True)
