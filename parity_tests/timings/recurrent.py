"""The recurrent layers against the frameworks' own layers, which give h of every step, and no c.

The catalogue's built-ins step cells one by one, to have all states; no one would train with those.
Frameworks are imported where they are used: a process may hold one of them alone.
"""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from parity_tests.timings import inputs
from shared.bounds import Evaluated
from shared.catalogue import RECURRENT, Concept
from shared.comparison import enough_draws
from shared.recurrent_bounds import FromOutputs, gru_from_outputs

ROWS = {row.name: row for row in RECURRENT}
KERAS_LAYERS = {"simple_rnn": "SimpleRNN", "lstm": "LSTM", "gru": "GRU"}
VALUES = {"gru": gru_from_outputs}  # as both frameworks compute it over many steps
TORCH_FUNCTIONS = {"simple_rnn": "rnn_tanh", "lstm": "lstm", "gru": "gru"}


def of_outputs(concept, size):
    """A recurrent row as a layer has it: h of every step, all steps read. Others as they are."""
    if concept.name not in ROWS:
        return concept
    _, _, features, units = inputs.SEQUENCES[size]
    bounds = {
        # x W + h R + b has that many terms
        tensor: OfStates(concept.name, tensor, replace(bound, terms=features + units + 1))
        for tensor, bound in concept.bounds.items()
    }
    given = {name: getattr(concept, name) for name in concept.__dataclass_fields__}
    return OfOutputs(**{**given, "bounds": bounds, "constants": {}})


class OfOutputs(Concept):
    """A recurrent function that gives h alone, of unmasked sequences."""

    @property
    def value(self):
        def outputs(x, *weights):
            return ROWS[self.name].value(x, *weights)[..., : weights[1].shape[0]]

        return outputs

    def derivative(self, order):
        gradient = ROWS[self.name].derivative(order)
        return lambda g, *inputs: gradient(_padded(self.name, g), *inputs)


def _padded(name, g):
    """Nothing arrives from upstream at c."""
    return np.concatenate([g, np.zeros_like(g)], axis=-1) if name == "lstm" else g


@dataclass(frozen=True)
class OfStates:
    """What a bound of all states, or of their gradients, says of h alone."""

    name: str
    tensor: str
    bound: object

    def size(self, at, dtype):
        row = ROWS[self.name]
        mask = np.ones(at.inputs[0].shape[:2], bool)
        if self.tensor == "h":
            states = _evaluated(VALUES.get(self.name, row.value), (*at.inputs, mask))
            return self.bound.size(states, dtype)[..., : at.values.shape[-1]]
        place = row.differentiated.index(self.tensor.removeprefix("g_"))
        part = partial(_part, row.derivative("gradient"), place)
        g, *inputs = at.inputs
        return self.bound.size(_evaluated(part, (_padded(self.name, g), *inputs, mask)), dtype)


def _evaluated(function, inputs):
    values = function(*inputs)
    return Evaluated(function, inputs, values, draws=enough_draws(values.size))


def _part(gradient, place, *inputs, **options):
    return gradient(*inputs, **options)[place]


def best(party, half):
    """The party as it computes a recurrent row: the framework's own layer, or our function's h."""

    def find(concept, options):
        if concept.name not in ROWS:
            return party.find(concept, options)
        if party.name.endswith("built-in"):
            return partial(_keras if half.in_keras else _torch, concept.name)
        function = party.find(concept, options)

        def outputs(x, kernel, recurrent, *others):
            units = recurrent.shape[0 if half.in_keras else 1]
            return function(x, kernel, recurrent, *others)[..., :units]

        return outputs

    departures = [d for d in party.departures if d.concept not in ROWS]
    stated = {d.concept: d for d in party.departures if d.concept in ROWS}
    departures += [_of_states(d, tensor) for d in stated.values() for tensor in _gradients(d)]
    return replace(party, find=find, departures=tuple(departures))


def _gradients(departure):
    return (f"g_{name}" for name in ROWS[departure.concept].differentiated)


def _of_states(departure, tensor):
    """What is said of some gradients, for the same reason, of any: other inputs show it in others.

    That is, that slopes are taken from the outputs of gates.
    """
    row = ROWS[departure.concept]
    bound = OfStates(row.name, tensor, FromOutputs(row, tensor))
    return replace(departure, tensor=tensor, bound=bound)


def _keras(name, x, kernel, recurrent_kernel, bias, *first):
    """keras.layers.SimpleRNN, LSTM or GRU with weights handed in."""
    import keras

    units = recurrent_kernel.shape[0]
    layer = getattr(keras.layers, KERAS_LAYERS[name])(units, return_sequences=True)
    layer.build(x.shape)
    kept = [variable.value for variable in layer.non_trainable_variables]
    weights = kernel, recurrent_kernel, bias
    h, _ = layer.stateless_call(weights, kept, x, initial_state=list(first))
    return h


def _torch(name, x, weight, recurrent_weight, bias, *first):
    """What nn.RNN, nn.LSTM and nn.GRU call, batch first, in one layer and one direction."""
    import torch

    biases = bias if bias.ndim == 2 else (bias, torch.zeros_like(bias))
    states = [h[None] for h in first]
    h, *_ = getattr(torch, TORCH_FUNCTIONS[name])(
        x, states if len(states) > 1 else states[0], [weight, recurrent_weight, *biases],
        True, 1, 0.0, False, False, True,
    )  # fmt: skip
    return h
