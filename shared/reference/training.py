"""Training in float64: every step of a run by hand, from forward pass to update.

    weights  [(W, b), …]  of a network of linear layers, as in `shared.reference.backprop`
    batches  the rows that each step reads, one array of indices for each step of the whole run
    rates    the learning rate of each step

A step reads a batch and the weights, finds o by the forward pass, ∂L/∂o by the loss's gradient and
∂L/∂W by the backward pass, and updates each weight by a function of `optimizers`. Linear regression
is a network of one layer with the activation "identity", logistic regression another one with the
loss from logits; their labels have the shape (n, 1) of what the network gives.

Source: Introduction to Deep Learning, Unit 1.
"""

from collections.abc import Iterable

import numpy as np

from shared.histories import record
from shared.reference import losses, optimizers
from shared.reference.backprop import backward_pass_pre_activation, forward_pass


def names(layers: int, optimizer: str) -> tuple[str, ...]:
    """What is recorded of a network of so many linear layers: see `recorded`.

    >>> names(1, "momentum")
    ('loss', 'g_W1', 'g_b1', 'W1', 'b1', 'velocity_W1', 'velocity_b1', 'learning_rate')
    """
    return recorded([f"{kind}{r}" for r in range(1, layers + 1) for kind in "Wb"], optimizer)


def recorded(weights: Iterable[str], optimizer: str) -> tuple[str, ...]:
    """The loss, gradients, weights of these names, states of the optimizer, and the rate."""
    weights = list(weights)
    gradients = [f"g_{weight}" for weight in weights]
    state = [f"{name}_{weight}" for name in optimizers.STATE[optimizer] for weight in weights]
    return "loss", *gradients, *weights, *state, "learning_rate"


def train(
    weights, x, y, *, activation, loss, batches, rates, optimizer="sgd",
    nudge=lambda values: values, **options,
):  # fmt: skip
    """Every step's loss, gradients and rate, and weights and state after it: name -> (steps, …).

    `loss` is the name of one of `losses`, `optimizer` that of one of `optimizers`, whose further
    hyperparameters are `options`. `nudge` stands for rounding: it is applied to all that a step
    reads, rows, weights, states, gradients and rate.

    >>> run = train([(np.zeros((1, 1)), np.zeros(1))], np.array([[2.0]]), np.array([[1.0]]),
    ...             activation="identity", loss="squared_error", batches=[[0]], rates=[0.25])
    >>> run["loss"].tolist(), run["g_W1"].tolist(), run["W1"].tolist()
    ([1.0], [[[-4.0]]], [[[1.0]]])
    """
    pairs = enumerate(weights, 1)
    named = {f"{kind}{r}": v for r, pair in pairs for kind, v in zip("Wb", pair, strict=True)}

    def find(at, rows):
        flat = list(at.values())
        L, gradients = loss_and_gradients(flat, nudge(x[rows]), nudge(y[rows]), activation, loss)
        return L, dict(zip(at, gradients, strict=True))

    return descend(named, find, batches, rates, optimizer, nudge, **options)


def descend(weights, find, batches, rates, optimizer="sgd", nudge=lambda values: values, **options):
    """As `train`, of any weights by name: `find(weights, batch)` gives L and ∂L/∂W by name.

    What it reads besides the weights, it nudges itself.
    """
    found = {name: np.asarray(values, np.float64) for name, values in weights.items()}
    states = _first_states(optimizer, found, rates[0], options)
    steps = iter(zip(batches, rates, range(1, len(rates) + 1), strict=True))

    def step():
        batch, rate, t = next(steps)
        W, rate = {name: nudge(values) for name, values in found.items()}, nudge(rate)
        state = {name: [nudge(values) for values in of] for name, of in states.items()}
        at = W
        if optimizer == "nesterov":
            beta = options.get("momentum", 0.9)
            at = {name: optimizers.look_ahead(w, *state[name], beta) for name, w in W.items()}
        L, gradients = find(at, batch)
        gradients = {name: nudge(gradients[name]) for name in W}
        counted = (t,) if optimizer in optimizers.COUNTING else ()
        update = getattr(optimizers, optimizer)
        for name, w in W.items():
            found[name], *states[name] = update(
                w, gradients[name], *state[name], *counted, learning_rate=rate, **options
            )
        by_name = [values for of_all in zip(*states.values(), strict=True) for values in of_all]
        return L, *gradients.values(), *found.values(), *by_name, rate

    return record(step, len(rates), names=recorded(found, optimizer))


def loss_and_gradients(flat, x, y, activation, loss):
    """L of a batch and [∂L/∂W, ∂L/∂b, …], from the weights [W, b, …]."""
    weights = list(zip(flat[::2], flat[1::2], strict=True))
    a, h = forward_pass(weights, x, activation)
    L = getattr(losses, loss)(y, h[-1])
    g = getattr(losses, f"{loss}_gradient")(1.0, y, h[-1])
    gradients, _ = backward_pass_pre_activation(weights, a, h, activation, g)
    return L, [values for pair in gradients for values in pair]


def predict(weights, x, activation):
    """o of the network."""
    return forward_pass(weights, x, activation)[1][-1]


def _first_states(optimizer, weights, rate, options):
    begin = {"learning_rate": rate, "initial_accumulator_value": 0.0, **options}
    starts = [begin.get(value, value) for value in optimizers.STATE[optimizer].values()]
    return {name: [np.full(W.shape, start) for start in starts] for name, W in weights.items()}
