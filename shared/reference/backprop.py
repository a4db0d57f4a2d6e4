"""Backpropagation in float64: the oracle that both halves are measured against.

The recursions of the course for the gradient of a loss L, in a network of any depth:

    weights  [(W, b), …] from the first layer to the last, W (D, U), b (U,)
    a        [a_1, …]        pre-activations, a_r = h_{r−1} W_r + b_r, each (B, U)
    h        [x, h_1, …, o]  what each layer reads and what the last one gives, h_r = Φ(a_r)
    g        ∂L/∂o, of o's shape
    Δ(h,o)   ∂L/∂h by way of the output o, δ(h,o) = ∂L/∂a_h

An activation is a name, a (name, options) pair, or a list of these with one for each layer:
"relu", ("maxout", {"pieces": 2}), ["tanh", ("prelu", {"slope": 0.1}), "softmax"]. The slopes of
prelu are fixed: they get no gradient. Φ' of softmax, log_softmax and maxout is a Jacobian, and what
is multiplied by it here is their vector-Jacobian product.

What a network has to be is checked here for the halves as well: the checks read shapes alone.

Source: Introduction to Deep Learning, Unit 1 (backpropagation and post-activation variables; the
recurrence with pre-activation values; loss functions on multiple output nodes and hidden nodes).
"""

from itertools import chain

import numpy as np

from shared.reference import activations

KNOWN = tuple(name for name in vars(activations) if hasattr(activations, f"{name}_gradient"))


def forward_pass(weights, x, activation):
    """(a, h): every pre-activation and every post-activation."""
    a, h = [], [x]
    for (W, b), phi in zip(weights, checked(weights, x, activation), strict=True):
        a.append(h[-1] @ W + b)
        h.append(_activate(phi, a[-1]))
    return a, h


def backward_pass_post_activation(weights, a, h, activation, g):
    """Δ(h_{r−1},o) = Σ Δ(h_r,o) Φ'(a_r) w and ∂L/∂w = Δ(h_r,o) Φ'(a_r) h_{r−1}, from Δ(o,o) = g."""
    phis = checked_again(weights, a, h, activation, g)
    gradients, delta = [], g
    for r in reversed(range(1, len(h))):
        W, _ = weights[r - 1]
        s = _through(phis[r - 1], delta, a[r - 1])
        gradients.insert(0, (h[r - 1].T @ s, np.sum(s, axis=0)))
        delta = s @ W.T
    return gradients, delta


def backward_pass_pre_activation(weights, a, h, activation, g):
    """δ(h_r,o) = Φ'(a_r) Σ w δ(h_{r+1},o) and ∂L/∂w = δ(h_r,o) h_{r−1}, from δ(o,o) = Φ'(a_o) g."""
    phis = checked_again(weights, a, h, activation, g)
    return _gradients(weights, h, _deltas(weights, a, phis, g))


def backward_pass_several_outputs(weights, a, h, activation, g):
    """As by pre-activations, each output node o on its own; then δ(h,O) = Σ δ(h,o) over o in O."""
    phis = checked_again(weights, a, h, activation, g)
    nodes = range(np.shape(g)[1])
    each = [_deltas(weights, a, phis, np.where(np.arange(len(nodes)) == o, g, 0)) for o in nodes]
    return _gradients(weights, h, [np.sum(delta, axis=0) for delta in zip(*each, strict=True)])


def backward_pass_hidden_losses(weights, a, h, activation, g, hidden):
    """As by pre-activations, then δ(h_r) ← δ(h_r) + Φ'(a_r) hidden[r], where that is ∂L_r/∂h_r."""
    phis = checked_again(weights, a, h, activation, g, hidden)
    return _gradients(weights, h, _deltas(weights, a, phis, g, hidden))


def network(x, W1, b1, W2, b2, W3, b3, activation="tanh", recursion="pre_activation"):
    """o of a network of three layers."""
    return forward_pass([(W1, b1), (W2, b2), (W3, b3)], x, activation)[1][-1]


def network_gradient(g, x, W1, b1, W2, b2, W3, b3, activation="tanh", recursion="pre_activation"):
    """(g_x, g_W1, g_b1, g_W2, g_b2, g_W3, g_b3), by the backward pass that `recursion` names."""
    weights = [(W1, b1), (W2, b2), (W3, b3)]
    a, h = forward_pass(weights, x, activation)
    gradients, g_x = RECURSIONS[recursion](weights, a, h, activation, g)
    return g_x, *chain(*gradients)


RECURSIONS = {
    "post_activation": backward_pass_post_activation,
    "pre_activation": backward_pass_pre_activation,
    "several_outputs": backward_pass_several_outputs,
}


def _activate(phi, a):
    name, options = phi
    return getattr(activations, name)(a, **options)


def _through(phi, g, a):
    name, options = phi
    g_a = getattr(activations, f"{name}_gradient")(g, a, **options)
    return g_a[0] if isinstance(g_a, tuple) else g_a


def _deltas(weights, a, phis, g, hidden=None):
    deltas = [_through(phis[-1], g, a[-1])]
    for r in reversed(range(1, len(a))):
        W, _ = weights[r]
        delta = _through(phis[r - 1], deltas[0] @ W.T, a[r - 1])
        if hidden and r in hidden:
            delta = delta + _through(phis[r - 1], hidden[r], a[r - 1])
        deltas.insert(0, delta)
    return deltas


def _gradients(weights, h, deltas):
    gradients = [(h[r].T @ delta, np.sum(delta, axis=0)) for r, delta in enumerate(deltas)]
    return gradients, deltas[0] @ weights[0][0].T


def checked(weights, x, activation):
    """[(name, options), …], one for each layer, of a network whose shapes fit.

    A dimension that a compiler does not know yet is None, and fits. Raises ValueError, naming the
    layer and the shapes, where W, b and what the layer reads do not fit each other, where an
    activation is unknown, and where there is not one for each layer.

    >>> checked([(np.ones((2, 3)), np.ones(4))], np.ones((5, 2)), "relu")
    Traceback (most recent call last):
    ValueError: layer 1: b has shape (4,), needs (3,): one number for each column of W
    """
    _expect("x", x, (None, None), "a row for each example")
    phis, width = _one_each(activation, len(weights)), x.shape[1]
    for r, ((W, b), (name, options)) in enumerate(zip(weights, phis, strict=True), 1):
        read = f"what layer {r - 1} gives" if r > 1 else "x"
        _expect(f"layer {r}: W", W, (width, None), f"one row for each column of {read}")
        _expect(f"layer {r}: b", b, W.shape[1:], "one number for each column of W")
        width, pieces = W.shape[1], options.get("pieces", 1)
        if width is not None:
            if pieces < 1 or width % pieces:
                raise ValueError(
                    f"layer {r}: {name} needs pieces that divide the columns of W, "
                    f"got {pieces} for {width}"
                )
            width = width // pieces
    return phis


def checked_again(weights, a, h, activation, g, hidden=None):
    """The same before a backward pass, where what it reads fits the network.

    Raises ValueError where a and h are not those of a forward pass through these weights, and where
    a gradient has another shape than what it is the gradient of.
    """
    phis, known = checked(weights, h[0], activation), "forward_pass gave another for these weights"
    if (len(a), len(h)) != (len(weights), len(weights) + 1):
        raise ValueError(
            f"{len(a)} pre-activations and {len(h)} post-activations do not belong to "
            f"{len(weights)} layers: pass a and h as forward_pass gave them"
        )
    for r, (W, _) in enumerate(weights, 1):
        _expect(f"layer {r}: h[{r - 1}]", h[r - 1], (h[0].shape[0], W.shape[0]), known)
        _expect(f"layer {r}: a[{r - 1}]", a[r - 1], (h[0].shape[0], W.shape[1]), known)
    _expect("g", g, h[-1].shape, "the shape of o, whose gradient it is")
    for r, g_r in (hidden or {}).items():
        if not 0 < r < len(weights):
            raise ValueError(
                f"hidden[{r}]: hidden layers are 1 to {len(weights) - 1}; "
                f"the gradient at the output is g"
            )
        _expect(f"hidden[{r}]", g_r, h[r].shape, f"the shape of h[{r}], whose gradient it is")
    return phis


def _one_each(activation, layers):
    alone = isinstance(activation, str) or _is_pair(activation)
    each = [activation] * layers if alone else list(activation)
    if not layers or len(each) != layers:
        raise ValueError(
            f"{len(each)} activations for {layers} layers: give at least one layer, and one "
            f"activation for all or one for each"
        )
    pairs = [phi if _is_pair(phi) else (phi, {}) for phi in each]
    for r, (name, _) in enumerate(pairs, 1):
        if name not in KNOWN:
            known = ", ".join(KNOWN)
            raise ValueError(f"layer {r}: no activation is called {name!r}; known are {known}")
    return pairs


def _is_pair(activation):
    return len(activation) == 2 and isinstance(activation[1], dict)


def _expect(what, value, wanted, why):
    found, wanted = tuple(value.shape), tuple(wanted)
    same = len(found) == len(wanted) and all(
        None in pair or pair[0] == pair[1] for pair in zip(found, wanted, strict=True)
    )
    if not same:
        text = str(wanted).replace("None", "any")
        raise ValueError(f"{what} has shape {found}, needs {text}: {why}")
