"""What backpropagation through time may cost where gates' slopes are taken from their outputs.

The reference takes a slope from what goes into a gate, so that it keeps its digits however far the
gate is shut. Both frameworks take it from the gate's output, as 1 − h² and h (1 − h): these cancel
where h is nearly 1, and are off by a rounding of 1 rather than of themselves. Hence the formulas
below, in which the outputs of the gates are read, and rounded, like all that a step reads.
"""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from shared.bounds import Evaluated
from shared.catalogue.concept import Concept
from shared.reference.activations import sigmoid
from shared.reference.layers import recurrent as reference


def _simple_rnn_cell_gradient(nudge, g_h, x, h, W, R, b):
    h = nudge(np.tanh(x @ W + h @ R + b))
    g_z = g_h * (1 - h**2)
    return g_z, g_z, (g_z @ R.T,)


def _lstm_cell_gradient(nudge, g_h, g_c, x, h, c, W, R, b):
    i, f, n, o = np.split(x @ W + h @ R + b, 4, axis=-1)
    i, f, n, o = map(nudge, (sigmoid(i), sigmoid(f), np.tanh(n), sigmoid(o)))
    m = nudge(np.tanh(f * c + i * n))
    g_c = g_c + g_h * o * (1 - m**2)
    g_i, g_f = g_c * n * i * (1 - i), g_c * c * f * (1 - f)
    g_n, g_o = g_c * i * (1 - n**2), g_h * m * o * (1 - o)
    g_z = np.concatenate([g_i, g_f, g_n, g_o], axis=-1)
    return g_z, g_z, (g_z @ R.T, g_c * f)


def _gru_cell_gradient(nudge, g_h, x, h, W, R, b):
    a_u, a_r, a_n = np.split(x @ W + b[0], 3, axis=-1)
    m_u, m_r, m_n = np.split(h @ R + b[1], 3, axis=-1)
    u, r = nudge(sigmoid(a_u + m_u)), nudge(sigmoid(a_r + m_r))
    n = nudge(np.tanh(a_n + r * m_n))
    g_n = g_h * (1 - u) * (1 - n**2)
    g_r, g_u = g_n * m_n * r * (1 - r), g_h * (h - n) * u * (1 - u)
    g_m = np.concatenate([g_u, g_r, g_n * r], axis=-1)
    return np.concatenate([g_u, g_r, g_n], axis=-1), g_m, (g_h * u + g_m @ R.T,)


def gru_from_outputs(x, W, R, b, h0, mask=None, nudge=lambda values: values):
    """A GRU's h after every step, 1 − u from u: where u is nearly 1, each step rounds that."""

    def cell(x, h, W, R, b):
        a_u, a_r, a_n = np.split(x @ W + b[0], 3, axis=-1)
        m_u, m_r, m_n = np.split(h @ R + b[1], 3, axis=-1)
        u, r = nudge(sigmoid(a_u + m_u)), nudge(sigmoid(a_r + m_r))
        return (u * h + (1 - u) * nudge(np.tanh(a_n + r * m_n)),)

    return reference.unrolled(cell, x, (W, R, b), (h0,), mask, nudge)


CELLS = {
    "simple_rnn": (reference.simple_rnn_cell, _simple_rnn_cell_gradient),
    "lstm": (reference.lstm_cell, _lstm_cell_gradient),
    "gru": (reference.gru_cell, _gru_cell_gradient),
}


@dataclass(frozen=True)
class FromOutputs:
    """The bound of a gradient of a recurrent layer, the outputs of its gates being rounded too."""

    concept: Concept
    tensor: str  # "g_x"

    def size(self, at: Evaluated, dtype) -> np.ndarray:
        rounded = replace(at, function=self._gradient)
        return self.concept.bounds[self.tensor].size(rounded, dtype)

    def _gradient(self, g, x, W, R, b, *first_and_mask, nudge):
        cell, cell_gradient = CELLS[self.concept.name]
        *first, mask = first_and_mask
        gradients = reference.backpropagate(
            cell, partial(cell_gradient, nudge), g, x, (W, R, b), tuple(first), mask, nudge
        )
        names = (f"g_{name}" for name in self.concept.differentiated)
        return dict(zip(names, gradients, strict=True))[self.tensor]
