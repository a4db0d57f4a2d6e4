"""Recurrent layers: cells, backpropagation through time by hand, and Keras layers of them.

    x (B, T, D)  input               W, R, b  kernel (D, kU), recurrent_kernel (U, kU), bias (kU,)
    h, c (B, U)  states              z, a, m  sums under the gates: a = xW + b, z = a + hR
    g  upstream gradient             mask (B, T)  true where a step is read: all of them for None

A function gives its states after every step as one tensor: h (B, T, U), for the LSTM h beside c
(B, T, 2U). The last step holds the final states, and a gradient may enter anywhere. A masked step
leaves the states as they are, so that its output repeats the one before. Shapes that do not agree,
or a sequence without a step, are a ValueError.

What needs no state is done for all steps at once: on the way there the input's part of the sums, on
the way back the slopes (all states being known, gates are computed again rather than kept) and the
gradients of x and the weights. The rest walks through time by tf.scan, which is a loop in a graph:
tracing and compiling cost the same for any length, and the length may be unknown until it runs. The
way back is a loop of its own, so that XLA has none to differentiate.

Elman 1990, Finding Structure in Time; Hochreiter & Schmidhuber 1997, Long Short-Term Memory, with
the forget gate of Gers, Schmidhuber & Cummins 2000; Cho et al. 2014, Learning Phrase
Representations; Werbos 1990, Backpropagation Through Time.
"""

import keras
import tensorflow as tf

from tf_impl.activations import sigmoid, sigmoid_gradient, tanh, tanh_gradient
from tf_impl.framework import differentiable
from tf_impl.layers.linear import expect


class _Recurrent(keras.layers.Layer):
    """What the layers share: weights with Keras's names and layouts, states and masks in and out.

    The arguments are Keras's; activations, dropout, `go_backwards` and `stateful` are not offered.
    Before anything is read the output is the initial state, where keras.layers.LSTM has 0.
    """

    core, gates, states = None, 1, 1
    bias_shape, first_bias = (), "zeros"

    def __init__(self, units, return_sequences=False, return_state=False, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.return_sequences = return_sequences
        self.return_state = return_state

    def build(self, input_shape):
        width = self.gates * self.units
        shapes = (input_shape[-1], width), (self.units, width), (*self.bias_shape, width)
        self.kernel = self.add_weight(shapes[0], "glorot_uniform", name="kernel")
        self.recurrent_kernel = self.add_weight(shapes[1], "orthogonal", name="recurrent_kernel")
        self.bias = self.add_weight(shapes[2], self.first_bias, name="bias")

    def call(self, x, initial_state=None, mask=None):
        if initial_state is None:
            initial_state = [tf.zeros((tf.shape(x)[0], self.units), x.dtype)] * self.states
        first = tf.nest.flatten(initial_state)
        h = self.core(x, self.kernel, self.recurrent_kernel, self.bias, *first, mask=mask)
        states = tf.split(h, self.states, axis=-1)
        final = [state[:, -1] for state in states]
        output = states[0] if self.return_sequences else final[0]
        return (output, *final) if self.return_state else output

    def compute_mask(self, x, previous_mask):
        passed_on = previous_mask if self.return_sequences else None
        return [passed_on] + [None] * self.states if self.return_state else passed_on

    def get_config(self):
        options = ("units", "return_sequences", "return_state")
        return {**super().get_config(), **{name: getattr(self, name) for name in options}}


def simple_rnn_cell(a, h, recurrent_kernel):
    """The state after a step, from a (B, U) and the state before."""
    # h ← tanh(a + hR)
    return tanh(a + h @ recurrent_kernel)


def simple_rnn_cell_gradient(g_h, slope, recurrent_kernel):
    """(g_z, g_h): of the sum and of the state before, from that of the state after."""
    # g_z = g_h ⊙ ∂h/∂z
    g_z = g_h * slope
    # g_h ← g_z Rᵀ
    return g_z, g_z @ tf.transpose(recurrent_kernel)


def simple_rnn_gradient(g, h, x, kernel, recurrent_kernel, bias, h0, mask):
    h_before = _before(h, h0)
    # z = xW + b + hR
    z = x @ kernel + bias + h_before @ recurrent_kernel

    # ∂h/∂z = 1 − tanh²(z)
    slope = tanh_gradient(1, tanh(z), z)

    def back(g_h, slope):
        return simple_rnn_cell_gradient(g_h, slope, recurrent_kernel)

    g_z, g_h0 = _walk_back(back, [g], [slope], mask)
    g_x, g_W, g_R = _products_gradient(g_z, g_z, x, h_before, kernel)
    # g_b = Σ g_z
    return g_x, g_W, g_R, tf.reduce_sum(g_z, (0, 1)), g_h0


@differentiable(simple_rnn_gradient, tensors=5)
def simple_rnn(x, kernel, recurrent_kernel, bias, h0, mask=None):
    """h after every step, (B, T, U): h ← tanh(xW + hR + b).

    >>> one, x = tf.ones((1, 1)), tf.constant([[[0.0], [100.0], [-100.0]]])
    >>> mask = tf.constant([[True, True, False]])
    >>> h = simple_rnn(x, one, one, tf.zeros(1), tf.zeros((1, 1)), mask)
    >>> h.numpy().ravel().tolist()  # tanh(0), tanh(100), and what was there before
    [0.0, 1.0, 1.0]
    """
    _expect_shapes("simple_rnn", 1, x, kernel, recurrent_kernel, bias, mask, h0)
    # a = xW + b
    a = x @ kernel + bias

    def step(a, h):
        return [simple_rnn_cell(a, h, recurrent_kernel)]

    (h,) = _walk(step, a, [h0], mask)
    return h


@keras.saving.register_keras_serializable("tf_impl")
class SimpleRNN(_Recurrent):
    """Layer of simple_rnn: h ← tanh(xW + hR + b)."""

    core = staticmethod(simple_rnn)


def lstm_cell(a, h, c, recurrent_kernel):
    """The states (h, c) after a step, from a (B, 4U) and the states before."""
    # z = a + hR, of the gates i, f, o and the candidate n
    z = a + h @ recurrent_kernel
    _, _, z_n, _ = tf.split(z, 4, axis=-1)
    # σ of all four at once: what that wastes costs less than two operations more
    i, f, _, o = tf.split(sigmoid(z), 4, axis=-1)
    # c ← f ⊙ c + i ⊙ tanh(z_n)
    c = f * c + i * tanh(z_n)
    # h ← o ⊙ tanh(c)
    return o * tanh(c), c


def lstm_slopes(z, c_before, c):
    """How steep the states after a step are, along its sums and its cells.

    ∂c/∂z of i, f and n beside ∂h/∂z of o; ∂h/∂c; ∂c/∂c_before.
    """
    z_i, z_f, z_n, z_o = tf.split(z, 4, axis=-1)
    i, f, n, o = sigmoid(z_i), sigmoid(z_f), tanh(z_n), sigmoid(z_o)
    # ∂c/∂z_i = n ⊙ i(1 − i)
    slope_i = sigmoid_gradient(n, i, z_i)
    # ∂c/∂z_f = c_before ⊙ f(1 − f)
    slope_f = sigmoid_gradient(c_before, f, z_f)
    # ∂c/∂z_n = i ⊙ (1 − n²)
    slope_n = tanh_gradient(i, n, z_n)
    # ∂h/∂z_o = tanh(c) ⊙ o(1 − o)
    slope_o = sigmoid_gradient(tanh(c), o, z_o)
    # ∂h/∂c = o ⊙ (1 − tanh²(c)), ∂c/∂c_before = f
    slope_c = tanh_gradient(o, tanh(c), c)
    return tf.concat([slope_i, slope_f, slope_n, slope_o], axis=-1), slope_c, f


def lstm_cell_gradient(g_h, g_c, slope_z, slope_c, f, recurrent_kernel):
    """(g_z, g_h, g_c): of the sums and of the states before, from those of the states after."""
    # g_c ← g_c + g_h ⊙ ∂h/∂c
    g_c = g_c + g_h * slope_c
    # g_z = g_c ⊙ ∂c/∂z for i, f and n, g_h ⊙ ∂h/∂z for o
    g_z = tf.concat([g_c, g_c, g_c, g_h], axis=-1) * slope_z
    # g_h ← g_z Rᵀ, g_c ← g_c ⊙ f
    return g_z, g_z @ tf.transpose(recurrent_kernel), g_c * f


def lstm_gradient(g, h, x, kernel, recurrent_kernel, bias, h0, c0, mask):
    h, c = tf.split(h, 2, axis=-1)
    h_before, c_before = _before(h, h0), _before(c, c0)
    # z = xW + b + hR
    z = x @ kernel + bias + h_before @ recurrent_kernel

    slopes = lstm_slopes(z, c_before, c)

    def back(g_h, g_c, *slopes):
        return lstm_cell_gradient(g_h, g_c, *slopes, recurrent_kernel)

    upstream = tf.split(g, 2, axis=-1)
    g_z, g_h0, g_c0 = _walk_back(back, upstream, slopes, mask)
    g_x, g_W, g_R = _products_gradient(g_z, g_z, x, h_before, kernel)
    # g_b = Σ g_z
    return g_x, g_W, g_R, tf.reduce_sum(g_z, (0, 1)), g_h0, g_c0


@differentiable(lstm_gradient, tensors=6)
def lstm(x, kernel, recurrent_kernel, bias, h0, c0, mask=None):
    """h and c after every step, side by side, (B, T, 2U).

    z = xW + hR + b, c ← σ(z_f) c + σ(z_i) tanh(z_n), h ← σ(z_o) tanh(c). The weights hold i, f, n
    and o in this order, n being the candidate that Keras calls c.

    >>> one, none = tf.ones((1, 1)), tf.zeros((1, 4))
    >>> h = lstm(tf.ones((1, 2, 1)), none, none, tf.zeros(4), one, 80 * one)
    >>> h.numpy().ravel().tolist()  # every gate is 1/2: c halves, h = tanh(c) / 2
    [0.5, 40.0, 0.5, 20.0]
    """
    _expect_shapes("lstm", 4, x, kernel, recurrent_kernel, bias, mask, h0, c0)
    # a = xW + b
    a = x @ kernel + bias

    def step(a, h, c):
        return lstm_cell(a, h, c, recurrent_kernel)

    h, c = _walk(step, a, [h0, c0], mask)
    return tf.concat([h, c], axis=-1)


def _unit_forget_bias(shape, dtype=None):
    # Gers, Schmidhuber & Cummins 2000: at first, what is in the cell is kept
    i, f, n, o = tf.split(tf.zeros(shape, dtype), 4, axis=-1)
    return tf.concat([i, f + 1, n, o], axis=-1)


@keras.saving.register_keras_serializable("tf_impl")
class LSTM(_Recurrent):
    """Layer of lstm: c ← σ(z_f) c + σ(z_i) tanh(z_n), h ← σ(z_o) tanh(c).

    The forget gate's bias starts at 1, as in keras.layers.LSTM.
    """

    core, gates, states = staticmethod(lstm), 4, 2
    first_bias = staticmethod(_unit_forget_bias)


def gru_cell(a, h, recurrent_kernel, recurrent_bias):
    """The state after a step, from a (B, 3U) and the state before."""
    # m = hR + b₁
    m = h @ recurrent_kernel + recurrent_bias
    _, _, a_n = tf.split(a, 3, axis=-1)
    _, _, m_n = tf.split(m, 3, axis=-1)
    # z = a + m, of the gates; the third part of it, and of its σ, is not read
    z = a + m
    z_u, _, _ = tf.split(z, 3, axis=-1)
    u, r, _ = tf.split(sigmoid(z), 3, axis=-1)
    # n = tanh(a_n + r ⊙ m_n)
    n = tanh(a_n + r * m_n)
    # h ← u ⊙ h + (1 − u) ⊙ n, where 1 − u = σ(−z_u)
    return u * h + sigmoid(-z_u) * n


def gru_slopes(sums, h):
    """How steep the state after a step is, from that before it, h.

    ∂h/∂a beside ∂h/∂m; ∂h/∂h_before where these stay.
    """
    a_u, a_r, a_n, m_u, m_r, m_n = tf.split(sums, 6, axis=-1)
    u, r = sigmoid(a_u + m_u), sigmoid(a_r + m_r)
    z_n = a_n + r * m_n
    n = tanh(z_n)
    # ∂h/∂z_n = (1 − u) ⊙ (1 − n²)
    slope_n = tanh_gradient(sigmoid(-a_u - m_u), n, z_n)
    # ∂h/∂z_r = ∂h/∂z_n ⊙ m_n ⊙ r(1 − r)
    slope_r = sigmoid_gradient(slope_n * m_n, r, a_r + m_r)
    # ∂h/∂z_u = (h − n) ⊙ u(1 − u)
    slope_u = sigmoid_gradient(h - n, u, a_u + m_u)
    # a and m come in alike, but for m_n, which the reset gate lets through in part
    slopes = [slope_u, slope_r, slope_n, slope_u, slope_r, slope_n * r]
    return tf.concat(slopes, axis=-1), u


def gru_cell_gradient(g_h, slopes, u, recurrent_kernel):
    """(g_sums, g_h): of a beside m and of the state before, from that of the state after."""
    # g_a = g_h ⊙ ∂h/∂a, g_m = g_h ⊙ ∂h/∂m
    g_sums = tf.concat([g_h] * 6, axis=-1) * slopes
    _, g_m = tf.split(g_sums, 2, axis=-1)
    # g_h ← g_h ⊙ u + g_m Rᵀ
    return g_sums, g_h * u + g_m @ tf.transpose(recurrent_kernel)


def gru_gradient(g, h, x, kernel, recurrent_kernel, bias, h0, mask):
    h_before = _before(h, h0)
    # a = xW + b₀, m = hR + b₁
    sums = tf.concat([x @ kernel + bias[0], h_before @ recurrent_kernel + bias[1]], axis=-1)

    slopes = gru_slopes(sums, h_before)

    def back(g_h, *slopes):
        return gru_cell_gradient(g_h, *slopes, recurrent_kernel)

    g_sums, g_h0 = _walk_back(back, [g], slopes, mask)
    g_a, g_m = tf.split(g_sums, 2, axis=-1)
    g_x, g_W, g_R = _products_gradient(g_a, g_m, x, h_before, kernel)
    # g_b = Σ g_a beside Σ g_m
    g_b = tf.stack([tf.reduce_sum(g_a, (0, 1)), tf.reduce_sum(g_m, (0, 1))])
    return g_x, g_W, g_R, g_b, g_h0


@differentiable(gru_gradient, tensors=5)
def gru(x, kernel, recurrent_kernel, bias, h0, mask=None):
    """h after every step, (B, T, U). The bias (2, 3U) is b₀ of the input, b₁ of the state.

    a = xW + b₀, m = hR + b₁, u and r = σ(a + m), n = tanh(a_n + r m_n), h ← u h + (1 − u) n. The
    weights hold u, r and n in this order, u being the update gate that Keras calls z.

    >>> one, none = tf.ones((1, 1)), tf.zeros((1, 3))
    >>> h = gru(tf.ones((1, 2, 1)), none, none, tf.zeros((2, 3)), one)
    >>> h.numpy().ravel().tolist()  # n = 0, so that h halves
    [0.5, 0.25]
    """
    _expect_shapes("gru", 3, x, kernel, recurrent_kernel, bias, mask, h0)
    # a = xW + b₀
    a = x @ kernel + bias[0]

    def step(a, h):
        return [gru_cell(a, h, recurrent_kernel, bias[1])]

    (h,) = _walk(step, a, [h0], mask)
    return h


@keras.saving.register_keras_serializable("tf_impl")
class GRU(_Recurrent):
    """Layer of gru: h ← u h + (1 − u) n, the reset gate applied after the product.

    That is `reset_after=True` of keras.layers.GRU, its default.
    """

    core, gates, bias_shape = staticmethod(gru), 3, (2,)


def _expect_shapes(function, gates, x, kernel, recurrent_kernel, bias, mask, *first):
    units = recurrent_kernel.shape[0]
    width = gates * units
    expect(function, "x", (None, None, kernel.shape[0]), x.shape)
    if x.shape[1] == 0:
        raise ValueError(f"{function} needs at least one step, got x of shape {tuple(x.shape)}")
    expect(function, "kernel", (kernel.shape[0], width), kernel.shape)
    expect(function, "recurrent_kernel", (units, width), recurrent_kernel.shape)
    expect(function, "bias", (2, width) if gates == 3 else (width,), bias.shape)
    for state in first:
        expect(function, "an initial state", (x.shape[0], units), state.shape)
    if mask is not None:
        expect(function, "mask", x.shape[:2], mask.shape)


def _seen(mask):
    """The mask, if there is one, with an axis to broadcast along, (B, T, 1)."""
    return [] if mask is None else [tf.cast(mask, tf.bool)[..., None]]


def _where(seen, new, old):
    """The new values where a step is read, else the old; without a mask all are new."""
    if not seen:
        return list(new)
    return [tf.where(*seen, one, other) for one, other in zip(new, old, strict=True)]


def _before(h, h0):
    """The state before every step: h moved on by one, behind h0."""
    return tf.concat([h0[:, None], h[:, :-1]], axis=1)


def _over_time(step, first, *sequences, reverse=False):
    """What step(state, now) leads to at each step of (B, T, …) sequences, from a first state."""
    by_time = [tf.transpose(values, (1, 0, 2)) for values in sequences]
    states = tf.scan(step, by_time, first, reverse=reverse)
    return [tf.transpose(values, (1, 0, 2)) for values in states]


def _walk(cell, a, first, mask):
    """The states after every step, (B, T, U) each."""

    def step(states, now):
        a, *seen = now
        return _where(seen, cell(a, *states), states)

    return _over_time(step, first, a, *_seen(mask))


def _walk_back(cell_gradient, upstream, slopes, mask):
    """(g_sums, *g_first): of the sums at every step, and of the states before the first.

    The first of the slopes has the sums' shape.
    """
    states, parts = len(upstream), len(upstream) + len(slopes)

    def step(carried, now):
        here, slopes, seen = now[:states], now[states:parts], now[parts:]
        g_after = [later + g for later, g in zip(carried[1:], here, strict=True)]
        g_sums, *g_before = cell_gradient(*g_after, *slopes)
        # what a masked step's output is handed goes on to the step before
        return _where(seen, [g_sums, *g_before], [tf.zeros_like(g_sums), *g_after])

    first = [tf.zeros_like(values[:, 0]) for values in (slopes[0], *upstream)]
    read = *upstream, *slopes, *_seen(mask)
    g_sums, *g_states = _over_time(step, first, *read, reverse=True)
    return g_sums, *(g[:, 0] for g in g_states)


def _products_gradient(g_a, g_m, x, h_before, kernel):
    # g_x = g_a Wᵀ
    g_x = g_a @ tf.transpose(kernel)
    # g_W = Σ xᵀ g_a
    g_W = tf.tensordot(x, g_a, axes=([0, 1], [0, 1]))
    # g_R = Σ hᵀ g_m
    g_R = tf.tensordot(h_before, g_m, axes=([0, 1], [0, 1]))
    return g_x, g_W, g_R
