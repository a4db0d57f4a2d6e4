"""Recurrent layers in float64: simple RNN, LSTM and GRU, with backpropagation through time by hand.

    x (B, T, D)  input            kernel W (D, kU), recurrent_kernel R (U, kU), bias b (kU,)
    h, c (B, U)  states           k  how many gates a cell has: 1, 4 (i, f, n, o) or 3 (u, r, n)
    mask (B, T)  true where a step is to be read; elsewhere the states stay as they are

Weights lie as Keras keeps them, gates side by side. A layer's value is its state after every step,
(B, T, U), for the LSTM h beside c, (B, T, 2U); so its last step holds the final state, and a
gradient may come in at either. `name_gradient(g, *inputs)` gives one gradient for each of x, W, R,
b and the initial states; `name_terms` and `name_gradient_terms` the sizes of what they are summed
from.

`nudge` stands for rounding: it is applied to every weight, input, state and state's gradient as
each time step reads it.

Source: Elman 1990, Finding Structure in Time; Hochreiter & Schmidhuber 1997, Long Short-Term
Memory, with the forget gate of Gers, Schmidhuber & Cummins 2000; Cho et al. 2014, Learning Phrase
Representations, with the reset gate after the product, as both frameworks have it; Werbos 1990,
Backpropagation Through Time.
"""

import numpy as np

from shared.reference.activations import sigmoid, sigmoid_gradient, tanh, tanh_gradient


def _same(values):
    return values


def simple_rnn_cell(x, h, W, R, b):
    """(h',): tanh(xW + hR + b)."""
    return (tanh(x @ W + h @ R + b),)


def simple_rnn_cell_gradient(g_h, x, h, W, R, b):
    """Gradients of xW + b, of hR, and of the state before the step."""
    g_z = tanh_gradient(g_h, x @ W + h @ R + b)
    return g_z, g_z, (g_z @ R.T,)


def simple_rnn(x, kernel, recurrent_kernel, bias, h0, mask=None, nudge=_same):
    """h after every step, (B, T, U)."""
    return unrolled(simple_rnn_cell, x, (kernel, recurrent_kernel, bias), (h0,), mask, nudge)


def simple_rnn_gradient(g, x, kernel, recurrent_kernel, bias, h0, mask=None, nudge=_same):
    """(g_x, g_kernel, g_recurrent_kernel, g_bias, g_h0)."""
    weights = kernel, recurrent_kernel, bias
    return backpropagate(
        simple_rnn_cell, simple_rnn_cell_gradient, g, x, weights, (h0,), mask, nudge
    )


def simple_rnn_terms(x, kernel, recurrent_kernel, bias, h0, mask=None):
    """Sizes of the terms of the value."""
    return _terms(simple_rnn_cell, x, (kernel, recurrent_kernel, bias), (h0,), mask)


def simple_rnn_gradient_terms(g, x, kernel, recurrent_kernel, bias, h0, mask=None):
    """Sizes of the terms of the gradients."""
    weights = kernel, recurrent_kernel, bias
    return _gradient_terms(simple_rnn_cell, simple_rnn_cell_gradient, g, x, weights, (h0,), mask)


def lstm_cell(x, h, c, W, R, b):
    """(h', c'): c' = σ(z_f) c + σ(z_i) tanh(z_n), h' = σ(z_o) tanh(c'), where z = xW + hR + b."""
    i, f, n, o = np.split(x @ W + h @ R + b, 4, axis=-1)
    c = sigmoid(f) * c + sigmoid(i) * tanh(n)
    return sigmoid(o) * tanh(c), c


def lstm_cell_gradient(g_h, g_c, x, h, c, W, R, b):
    """Gradients of xW + b, of hR, and of the states before the step."""
    i, f, n, o = np.split(x @ W + h @ R + b, 4, axis=-1)
    c_new = sigmoid(f) * c + sigmoid(i) * tanh(n)
    g_c = g_c + tanh_gradient(g_h * sigmoid(o), c_new)
    g_i = sigmoid_gradient(g_c * tanh(n), i)
    g_f = sigmoid_gradient(g_c * c, f)
    g_n = tanh_gradient(g_c * sigmoid(i), n)
    g_o = sigmoid_gradient(g_h * tanh(c_new), o)
    g_z = np.concatenate([g_i, g_f, g_n, g_o], axis=-1)
    return g_z, g_z, (g_z @ R.T, g_c * sigmoid(f))


def lstm(x, kernel, recurrent_kernel, bias, h0, c0, mask=None, nudge=_same):
    """h and c after every step, side by side: (B, T, 2U)."""
    return unrolled(lstm_cell, x, (kernel, recurrent_kernel, bias), (h0, c0), mask, nudge)


def lstm_gradient(g, x, kernel, recurrent_kernel, bias, h0, c0, mask=None, nudge=_same):
    """(g_x, g_kernel, g_recurrent_kernel, g_bias, g_h0, g_c0)."""
    weights = kernel, recurrent_kernel, bias
    return backpropagate(lstm_cell, lstm_cell_gradient, g, x, weights, (h0, c0), mask, nudge)


def lstm_terms(x, kernel, recurrent_kernel, bias, h0, c0, mask=None):
    """Sizes of the terms of the value."""
    return _terms(lstm_cell, x, (kernel, recurrent_kernel, bias), (h0, c0), mask)


def lstm_gradient_terms(g, x, kernel, recurrent_kernel, bias, h0, c0, mask=None):
    """Sizes of the terms of the gradients."""
    weights = kernel, recurrent_kernel, bias
    return _gradient_terms(lstm_cell, lstm_cell_gradient, g, x, weights, (h0, c0), mask)


def gru_cell(x, h, W, R, b):
    """(h',): u h + (1 − u) tanh(a_n + r m_n), a = xW + b₀, m = hR + b₁, u and r σ(a + m)."""
    (a_u, a_r, a_n), (m_u, m_r, m_n) = _gru_sums(x, h, W, R, b)
    n = tanh(a_n + sigmoid(a_r + m_r) * m_n)
    return (sigmoid(a_u + m_u) * h + sigmoid(-a_u - m_u) * n,)


def gru_cell_gradient(g_h, x, h, W, R, b):
    """Gradients of xW + b₀, of hR + b₁, and of the state before the step."""
    (a_u, a_r, a_n), (m_u, m_r, m_n) = _gru_sums(x, h, W, R, b)
    r = sigmoid(a_r + m_r)
    n = a_n + r * m_n
    g_n = tanh_gradient(g_h * sigmoid(-a_u - m_u), n)
    g_r = sigmoid_gradient(g_n * m_n, a_r + m_r)
    g_u = sigmoid_gradient(g_h * (h - tanh(n)), a_u + m_u)
    g_m = np.concatenate([g_u, g_r, g_n * r], axis=-1)
    return np.concatenate([g_u, g_r, g_n], axis=-1), g_m, (g_h * sigmoid(a_u + m_u) + g_m @ R.T,)


def gru(x, kernel, recurrent_kernel, bias, h0, mask=None, nudge=_same):
    """h after every step, (B, T, U). The bias is (2, 3U): of the input's part, of the state's."""
    return unrolled(gru_cell, x, (kernel, recurrent_kernel, bias), (h0,), mask, nudge)


def gru_gradient(g, x, kernel, recurrent_kernel, bias, h0, mask=None, nudge=_same):
    """(g_x, g_kernel, g_recurrent_kernel, g_bias, g_h0)."""
    weights = kernel, recurrent_kernel, bias
    return backpropagate(gru_cell, gru_cell_gradient, g, x, weights, (h0,), mask, nudge)


def gru_terms(x, kernel, recurrent_kernel, bias, h0, mask=None):
    """Sizes of the terms of the value."""
    return _terms(gru_cell, x, (kernel, recurrent_kernel, bias), (h0,), mask)


def gru_gradient_terms(g, x, kernel, recurrent_kernel, bias, h0, mask=None):
    """Sizes of the terms of the gradients."""
    weights = kernel, recurrent_kernel, bias
    return _gradient_terms(gru_cell, gru_cell_gradient, g, x, weights, (h0,), mask)


def _gru_sums(x, h, W, R, b):
    return np.split(x @ W + b[0], 3, axis=-1), np.split(h @ R + b[1], 3, axis=-1)


def _seen(x, mask):
    """The mask with an axis to broadcast along, (B, T, 1); all true unless one is given."""
    return np.ones((*x.shape[:2], 1), bool) if mask is None else np.asarray(mask, bool)[..., None]


def _states(cell, x, weights, first, mask, nudge):
    """The states before the first step and after each: T + 1 tuples of (B, U) arrays."""
    seen, states = _seen(x, mask), [first]
    for t in range(x.shape[1]):
        new = cell(*map(nudge, (x[:, t], *states[-1], *weights)))
        kept = zip(new, states[-1], strict=True)
        states.append(tuple(np.where(seen[:, t], after, before) for after, before in kept))
    return states


def unrolled(cell, x, weights, first, mask, nudge):
    """The states after every step of the cell, side by side."""
    states = _states(cell, x, weights, first, mask, nudge)
    return np.stack([np.concatenate(state, axis=-1) for state in states[1:]], axis=1)


def _walk_back(cell, cell_gradient, g, x, weights, first, mask, nudge):
    """Gradients of the sums at every step, (B, T, kU) each, and of the initial states.

    A cell's gradient is linear in what comes in, so that a masked step takes none and passes it on.
    """
    seen, states = _seen(x, mask), _states(cell, x, weights, first, mask, nudge)
    g_states, g_sums = [np.zeros_like(h) for h in first], []
    for t in reversed(range(x.shape[1])):
        upstream = np.split(nudge(g[:, t]), len(first), axis=-1)
        g_after = [nudge(later) + now for later, now in zip(g_states, upstream, strict=True)]
        taken = [np.where(seen[:, t], g_h, 0.0) for g_h in g_after]
        *g_step, g_before = cell_gradient(*taken, *map(nudge, (x[:, t], *states[t], *weights)))
        passed = zip(g_before, g_after, strict=True)
        g_states = [np.where(seen[:, t], before, after) for before, after in passed]
        g_sums.append(g_step)
    g_a, g_m = (np.stack(parts[::-1], axis=1) for parts in zip(*g_sums, strict=True))
    return g_a, g_m, np.stack([h for h, *_ in states[:-1]], axis=1), g_states


def _products(g_a, g_m, x, h_before, kernel, bias):
    """Gradients of x and the weights, from those of a = xW + b and m = hR (for the GRU + b₁)."""
    g_b = np.stack([np.sum(g_a, (0, 1)), np.sum(g_m, (0, 1))])
    return (
        g_a @ kernel.T,
        np.einsum("btd,btk->dk", x, g_a),
        np.einsum("btu,btk->uk", h_before, g_m),
        g_b if bias.ndim == 2 else g_b[0],
    )


def backpropagate(cell, cell_gradient, g, x, weights, first, mask, nudge):
    """The gradients of x, the weights and the first states, through every step of the cell."""
    walked = _walk_back(cell, cell_gradient, g, x, weights, first, mask, nudge)
    g_a, g_m, h_before, g_first = walked
    read = map(nudge, (g_a, g_m, x, h_before, weights[0]))
    return (*_products(*read, weights[2]), *g_first)


def _terms(cell, x, weights, first, mask):
    # a step weighs the state before, and what makes up the rest of the state after
    h = unrolled(cell, x, weights, first, mask, _same)
    before = np.concatenate([np.concatenate(first, axis=-1)[:, None], h[:, :-1]], axis=1)
    return np.maximum(np.abs(before), np.abs(h))


def _gradient_terms(cell, cell_gradient, g, x, weights, first, mask):
    W, R, b = weights
    walked = _walk_back(cell, cell_gradient, g, x, weights, first, mask, _same)
    g_a, g_m, h_before, (g_h0, *g_c0) = walked
    sizes = _products(*map(np.abs, (g_a, g_m, x, h_before, W)), b)
    return (*sizes, np.abs(g_h0) + np.abs(g_m[:, 0]) @ np.abs(R).T, *map(np.abs, g_c0))
