"""Recurrent layers: cells, backpropagation through time by hand, and torch modules of them.

    x (B, T, D)  input               Wᵀ, Rᵀ, b  weight (kU, D), recurrent_weight (kU, U), bias (kU,)
    h, c (B, U)  states              z, a, m  sums under the gates: a = xW + b, z = a + hR
    g  upstream gradient             mask (B, T)  true where a step is read: all of them for None

A function gives its states after every step as one tensor: h (B, T, U), for the LSTM h beside c
(B, T, 2U). The last step holds the final states, and a gradient may enter anywhere. A masked step
leaves the states as they are, so that its output repeats the one before. Shapes that do not agree,
or a sequence without a step, are a ValueError.

What needs no state is done for all steps at once: on the way there the input's part of the sums, on
the way back the slopes (all states being known, gates are computed again rather than kept) and the
gradients of x and the weights. The rest walks through time by a Python loop, torch's scan being a
prototype. torch.compile unrolls it and compiles every step anew, which takes seconds for each, so
that long sequences are better left to run eagerly.

Elman 1990, Finding Structure in Time; Hochreiter & Schmidhuber 1997, Long Short-Term Memory, with
the forget gate of Gers, Schmidhuber & Cummins 2000; Cho et al. 2014, Learning Phrase
Representations; Werbos 1990, Backpropagation Through Time.
"""

import torch
from torch import nn

from torch_impl.activations import sigmoid, sigmoid_gradient, tanh, tanh_gradient
from torch_impl.framework import differentiable
from torch_impl.layers.linear import expect


class _Recurrent(nn.Module):
    """What the layers share: weights with torch's names and layouts, states and masks in and out.

    The arguments are torch's, batch first; layers, directions and dropout are not offered. A mask,
    `torch.arange(T) < lengths[:, None]`, stands where nn.LSTM would take packed sequences. It is
    true for what is read, as in Keras; that of nn.Transformer is true for what is not.
    """

    core, gates, states = None, 1, 1
    joined = staticmethod(torch.add)

    def __init__(self, input_size, hidden_size, dtype=None):
        super().__init__()
        self.input_size = input_size
        self.hidden_size = hidden_size
        width = self.gates * hidden_size
        self.weight_ih_l0 = nn.Parameter(torch.empty(width, input_size, dtype=dtype))
        self.weight_hh_l0 = nn.Parameter(torch.empty(width, hidden_size, dtype=dtype))
        self.bias_ih_l0 = nn.Parameter(torch.empty(width, dtype=dtype))
        self.bias_hh_l0 = nn.Parameter(torch.empty(width, dtype=dtype))
        self.reset_parameters()

    def reset_parameters(self):
        bound = self.hidden_size**-0.5
        for weight in self.parameters():
            nn.init.uniform_(weight, -bound, bound)

    def forward(self, x, hx=None, mask=None):
        if hx is None:
            hx = (x.new_zeros(1, len(x), self.hidden_size),) * self.states
        first = [h[0] for h in (hx if isinstance(hx, tuple | list) else (hx,))]
        bias = self.joined(self.bias_ih_l0, self.bias_hh_l0)
        h = self.core(x, self.weight_ih_l0, self.weight_hh_l0, bias, *first, mask=mask)
        states = torch.chunk(h, self.states, dim=-1)
        final = tuple(state[None, :, -1] for state in states)
        return states[0], final if self.states > 1 else final[0]

    def extra_repr(self):
        return f"{self.input_size}, {self.hidden_size}"


def simple_rnn_cell(a, h, recurrent_weight):
    """The state after a step, from a (B, U) and the state before."""
    # h ← tanh(a + hR)
    return tanh(a + h @ recurrent_weight.T)


def simple_rnn_cell_gradient(g_h, slope, recurrent_weight):
    """(g_z, g_h): of the sum and of the state before, from that of the state after."""
    # g_z = g_h ⊙ ∂h/∂z
    g_z = g_h * slope
    # g_h ← g_z Rᵀ
    return g_z, g_z @ recurrent_weight


def simple_rnn_gradient(g, h, x, weight, recurrent_weight, bias, h0, mask):
    h_before = _before(h, h0)
    # z = xW + b + hR
    z = x @ weight.T + bias + h_before @ recurrent_weight.T

    # ∂h/∂z = 1 − tanh²(z)
    slope = tanh_gradient(1, tanh(z), z)

    def back(g_h, slope):
        return simple_rnn_cell_gradient(g_h, slope, recurrent_weight)

    g_z, g_h0 = _walk_back(back, [g], [slope], mask)
    g_x, g_W, g_R = _products_gradient(g_z, g_z, x, h_before, weight)
    # g_b = Σ g_z
    return g_x, g_W, g_R, torch.sum(g_z, (0, 1)), g_h0


@differentiable(simple_rnn_gradient, tensors=5)
def simple_rnn(x, weight, recurrent_weight, bias, h0, mask=None):
    """h after every step, (B, T, U): h ← tanh(xW + hR + b).

    >>> one, x = torch.ones((1, 1)), torch.tensor([[[0.0], [100.0], [-100.0]]])
    >>> mask = torch.tensor([[True, True, False]])
    >>> h = simple_rnn(x, one, one, torch.zeros(1), torch.zeros((1, 1)), mask)
    >>> h.ravel().tolist()  # tanh(0), tanh(100), and what was there before
    [0.0, 1.0, 1.0]
    """
    _expect_shapes("simple_rnn", 1, x, weight, recurrent_weight, bias, mask, h0)
    # a = xW + b
    a = x @ weight.T + bias

    def step(a, h):
        return [simple_rnn_cell(a, h, recurrent_weight)]

    (h,) = _walk(step, a, [h0], mask)
    return h


class SimpleRNN(_Recurrent):
    """Module of simple_rnn: h ← tanh(xW + hR + b)."""

    core = staticmethod(simple_rnn)


def lstm_cell(a, h, c, recurrent_weight):
    """The states (h, c) after a step, from a (B, 4U) and the states before."""
    # z = a + hR, of the gates i, f, o and the candidate n
    z = a + h @ recurrent_weight.T
    _, _, z_n, _ = torch.chunk(z, 4, dim=-1)
    # σ of all four at once: what that wastes costs less than two operations more
    i, f, _, o = torch.chunk(sigmoid(z), 4, dim=-1)
    # c ← f ⊙ c + i ⊙ tanh(z_n)
    c = f * c + i * tanh(z_n)
    # h ← o ⊙ tanh(c)
    return o * tanh(c), c


def lstm_slopes(z, c_before, c):
    """How steep the states after a step are, along its sums and its cells.

    ∂c/∂z of i, f and n beside ∂h/∂z of o; ∂h/∂c; ∂c/∂c_before.
    """
    z_i, z_f, z_n, z_o = torch.chunk(z, 4, dim=-1)
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
    return torch.cat([slope_i, slope_f, slope_n, slope_o], dim=-1), slope_c, f


def lstm_cell_gradient(g_h, g_c, slope_z, slope_c, f, recurrent_weight):
    """(g_z, g_h, g_c): of the sums and of the states before, from those of the states after."""
    # g_c ← g_c + g_h ⊙ ∂h/∂c
    g_c = g_c + g_h * slope_c
    # g_z = g_c ⊙ ∂c/∂z for i, f and n, g_h ⊙ ∂h/∂z for o
    g_z = torch.cat([g_c, g_c, g_c, g_h], dim=-1) * slope_z
    # g_h ← g_z Rᵀ, g_c ← g_c ⊙ f
    return g_z, g_z @ recurrent_weight, g_c * f


def lstm_gradient(g, h, x, weight, recurrent_weight, bias, h0, c0, mask):
    h, c = torch.chunk(h, 2, dim=-1)
    h_before, c_before = _before(h, h0), _before(c, c0)
    # z = xW + b + hR
    z = x @ weight.T + bias + h_before @ recurrent_weight.T

    slopes = lstm_slopes(z, c_before, c)

    def back(g_h, g_c, *slopes):
        return lstm_cell_gradient(g_h, g_c, *slopes, recurrent_weight)

    upstream = torch.chunk(g, 2, dim=-1)
    g_z, g_h0, g_c0 = _walk_back(back, upstream, slopes, mask)
    g_x, g_W, g_R = _products_gradient(g_z, g_z, x, h_before, weight)
    # g_b = Σ g_z
    return g_x, g_W, g_R, torch.sum(g_z, (0, 1)), g_h0, g_c0


@differentiable(lstm_gradient, tensors=6)
def lstm(x, weight, recurrent_weight, bias, h0, c0, mask=None):
    """h and c after every step, side by side, (B, T, 2U).

    z = xW + hR + b, c ← σ(z_f) c + σ(z_i) tanh(z_n), h ← σ(z_o) tanh(c). The weights hold i, f, n
    and o in this order, n being the candidate that torch calls g.

    >>> one, none = torch.ones((1, 1)), torch.zeros((4, 1))
    >>> h = lstm(torch.ones((1, 2, 1)), none, none, torch.zeros(4), one, 80 * one)
    >>> h.ravel().tolist()  # every gate is 1/2: c halves, h = tanh(c) / 2
    [0.5, 40.0, 0.5, 20.0]
    """
    _expect_shapes("lstm", 4, x, weight, recurrent_weight, bias, mask, h0, c0)
    # a = xW + b
    a = x @ weight.T + bias

    def step(a, h, c):
        return lstm_cell(a, h, c, recurrent_weight)

    h, c = _walk(step, a, [h0, c0], mask)
    return torch.cat([h, c], dim=-1)


class LSTM(_Recurrent):
    """Module of lstm: c ← σ(z_f) c + σ(z_i) tanh(z_n), h ← σ(z_o) tanh(c).

    Both biases of the forget gate start as all weights do, as in nn.LSTM.
    """

    core, gates, states = staticmethod(lstm), 4, 2


def gru_cell(a, h, recurrent_weight, recurrent_bias):
    """The state after a step, from a (B, 3U) and the state before."""
    # m = hR + b₁
    m = h @ recurrent_weight.T + recurrent_bias
    _, _, a_n = torch.chunk(a, 3, dim=-1)
    _, _, m_n = torch.chunk(m, 3, dim=-1)
    # z = a + m, of the gates; the third part of it, and of its σ, is not read
    z = a + m
    _, z_u, _ = torch.chunk(z, 3, dim=-1)
    r, u, _ = torch.chunk(sigmoid(z), 3, dim=-1)
    # n = tanh(a_n + r ⊙ m_n)
    n = tanh(a_n + r * m_n)
    # h ← u ⊙ h + (1 − u) ⊙ n, where 1 − u = σ(−z_u)
    return u * h + sigmoid(-z_u) * n


def gru_slopes(sums, h):
    """How steep the state after a step is, from that before it, h.

    ∂h/∂a beside ∂h/∂m; ∂h/∂h_before where these stay.
    """
    a_r, a_u, a_n, m_r, m_u, m_n = torch.chunk(sums, 6, dim=-1)
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
    slopes = [slope_r, slope_u, slope_n, slope_r, slope_u, slope_n * r]
    return torch.cat(slopes, dim=-1), u


def gru_cell_gradient(g_h, slopes, u, recurrent_weight):
    """(g_sums, g_h): of a beside m and of the state before, from that of the state after."""
    # g_a = g_h ⊙ ∂h/∂a, g_m = g_h ⊙ ∂h/∂m
    g_sums = torch.cat([g_h] * 6, dim=-1) * slopes
    _, g_m = torch.chunk(g_sums, 2, dim=-1)
    # g_h ← g_h ⊙ u + g_m Rᵀ
    return g_sums, g_h * u + g_m @ recurrent_weight


def gru_gradient(g, h, x, weight, recurrent_weight, bias, h0, mask):
    h_before = _before(h, h0)
    # a = xW + b₀, m = hR + b₁
    sums = torch.cat([x @ weight.T + bias[0], h_before @ recurrent_weight.T + bias[1]], dim=-1)

    slopes = gru_slopes(sums, h_before)

    def back(g_h, *slopes):
        return gru_cell_gradient(g_h, *slopes, recurrent_weight)

    g_sums, g_h0 = _walk_back(back, [g], slopes, mask)
    g_a, g_m = torch.chunk(g_sums, 2, dim=-1)
    g_x, g_W, g_R = _products_gradient(g_a, g_m, x, h_before, weight)
    # g_b = Σ g_a beside Σ g_m
    g_b = torch.stack([torch.sum(g_a, (0, 1)), torch.sum(g_m, (0, 1))])
    return g_x, g_W, g_R, g_b, g_h0


@differentiable(gru_gradient, tensors=5)
def gru(x, weight, recurrent_weight, bias, h0, mask=None):
    """h after every step, (B, T, U). The bias (2, 3U) is b₀ of the input, b₁ of the state.

    a = xW + b₀, m = hR + b₁, u and r = σ(a + m), n = tanh(a_n + r m_n), h ← u h + (1 − u) n. The
    weights hold r, u and n in this order, u being the update gate that torch calls z.

    >>> one, none = torch.ones((1, 1)), torch.zeros((3, 1))
    >>> h = gru(torch.ones((1, 2, 1)), none, none, torch.zeros((2, 3)), one)
    >>> h.ravel().tolist()  # n = 0, so that h halves
    [0.5, 0.25]
    """
    _expect_shapes("gru", 3, x, weight, recurrent_weight, bias, mask, h0)
    # a = xW + b₀
    a = x @ weight.T + bias[0]

    def step(a, h):
        return [gru_cell(a, h, recurrent_weight, bias[1])]

    (h,) = _walk(step, a, [h0], mask)
    return h


class GRU(_Recurrent):
    """Module of gru: h ← u h + (1 − u) n, the reset gate applied after the product.

    That is what nn.GRU does too; the paper of 2014 resets the state before it.
    """

    core, gates = staticmethod(gru), 3
    joined = staticmethod(lambda *biases: torch.stack(biases))


def _expect_shapes(function, gates, x, weight, recurrent_weight, bias, mask, *first):
    units = recurrent_weight.shape[1]
    width = gates * units
    expect(function, "x", (None, None, weight.shape[1]), x.shape)
    if x.shape[1] == 0:
        raise ValueError(f"{function} needs at least one step, got x of shape {tuple(x.shape)}")
    expect(function, "weight", (width, weight.shape[1]), weight.shape)
    expect(function, "recurrent_weight", (width, units), recurrent_weight.shape)
    expect(function, "bias", (2, width) if gates == 3 else (width,), bias.shape)
    for state in first:
        expect(function, "an initial state", (x.shape[0], units), state.shape)
    if mask is not None:
        expect(function, "mask", x.shape[:2], mask.shape)


def _seen(mask):
    """The mask, if there is one, with an axis to broadcast along, (B, T, 1)."""
    return [] if mask is None else [mask.to(torch.bool)[..., None]]


def _where(seen, new, old):
    """The new values where a step is read, else the old; without a mask all are new."""
    if not seen:
        return list(new)
    return [torch.where(*seen, one, other) for one, other in zip(new, old, strict=True)]


def _before(h, h0):
    """The state before every step: h moved on by one, behind h0."""
    return torch.cat([h0[:, None], h[:, :-1]], dim=1)


def _over_time(step, first, *sequences, reverse=False):
    """What step(state, now) leads to at each step of (B, T, …) sequences, from a first state."""
    by_time = list(zip(*(values.unbind(1) for values in sequences), strict=True))
    state, states = first, []
    for now in reversed(by_time) if reverse else by_time:
        state = step(state, now)
        states.append(state)
    states = reversed(states) if reverse else states
    return [torch.stack(values, dim=1) for values in zip(*states, strict=True)]


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
        return _where(seen, [g_sums, *g_before], [torch.zeros_like(g_sums), *g_after])

    first = [torch.zeros_like(values[:, 0]) for values in (slopes[0], *upstream)]
    read = *upstream, *slopes, *_seen(mask)
    g_sums, *g_states = _over_time(step, first, *read, reverse=True)
    return g_sums, *(g[:, 0] for g in g_states)


def _products_gradient(g_a, g_m, x, h_before, weight):
    # g_x = g_a Wᵀ
    g_x = g_a @ weight
    # g_W = Σ xᵀ g_a
    g_W = torch.tensordot(g_a, x, dims=([0, 1], [0, 1]))
    # g_R = Σ hᵀ g_m
    g_R = torch.tensordot(g_m, h_before, dims=([0, 1], [0, 1]))
    return g_x, g_W, g_R
