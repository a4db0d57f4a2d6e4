"""Optimizers in float64: every update as its source writes it, and runs of them.

    W  parameter     g  ∂L/∂W     α  learning rate     t  number of the step, from 1

Each update takes W, g, the state in the order of `STATE`, and its hyperparameters, and returns W
and the state as they are after the step. `epsilon_form` says where ε stands: "inside" the root,
√(v + ε); "outside", √v + ε; or, for Adam, "hat": outside the root of the uncorrected v.
`velocity_form` says whether α is inside the velocity ("scaled") or outside it ("unscaled"): the two
part when α changes.

Sources: Introduction to Deep Learning, Unit 1 (SGD, momentum, Nesterov, AdaGrad, RMSprop, Adam).
R. A. Jacobs, Increased rates of convergence through learning rate adaptation, 1988 (delta-bar-
delta). M. D. Zeiler, ADADELTA, 2012. D. P. Kingma, J. Ba, Adam, 2015 (Algorithm 1: "outside", end
of section 2: "hat"). I. Loshchilov, F. Hutter, Decoupled weight decay regularization, 2019. A.
Graves, Generating sequences with recurrent neural networks, 2013 (centred RMSprop).
"""

import numpy as np

from shared.histories import record

# update: name of each state and what it begins as; a string names the hyperparameter that says
STATE = {
    "sgd": {},
    "momentum": {"velocity": 0.0},
    "nesterov": {"velocity": 0.0},
    "nesterov_reformulated": {"velocity": 0.0},
    "delta_bar_delta": {"rate": "learning_rate", "mean_gradient": 0.0},
    "adagrad": {"sum_of_squares": "initial_accumulator_value"},
    "rmsprop": {"mean_square": 0.0, "mean_gradient": 0.0, "velocity": 0.0},
    "adam": {"first_moment": 0.0, "second_moment": 0.0},
    "adamw": {"first_moment": 0.0, "second_moment": 0.0},
    "adadelta": {"mean_square": 0.0, "mean_square_step": 0.0},
}
COUNTING = ("adam", "adamw")  # whose update depends on t


def sgd(W, g, learning_rate):
    """W ← W − αg."""
    return (W - learning_rate * g,)


def momentum(W, g, V, learning_rate, momentum=0.9, velocity_form="scaled"):
    """V ← βV − αg, W ← W + V; unscaled: V ← βV + g, W ← W − αV."""
    if velocity_form == "unscaled":
        V = momentum * V + g
        return W - learning_rate * V, V
    V = momentum * V - learning_rate * g
    return W + V, V


def nesterov(W, g, V, learning_rate, momentum=0.9):
    """V ← βV − αg, W ← W + V, where g is the gradient at `look_ahead(W, V, momentum)`."""
    V = momentum * V - learning_rate * g
    return W + V, V


def look_ahead(W, V, momentum=0.9):
    """W + βV: where the velocity alone would carry W, and where Nesterov takes the gradient."""
    return W + momentum * V


def nesterov_reformulated(x, g, V, learning_rate, momentum=0.9, velocity_form="scaled"):
    """The same for x = W + βV itself: V ← βV − αg, x ← x + βV − αg.

    Unscaled: V ← βV + g, x ← x − α(g + βV).
    """
    if velocity_form == "unscaled":
        V = momentum * V + g
        return x - learning_rate * (g + momentum * V), V
    V = momentum * V - learning_rate * g
    return x + momentum * V - learning_rate * g, V


def delta_bar_delta(W, g, rate, mean, learning_rate=None, kappa=0.01, phi=0.1, theta=0.7):
    """Each element's rate: + κ where g has the sign of its average ḡ, × (1 − φ) where the other.

    W ← W − rate ⊙ g, ḡ ← θḡ + (1 − θ)g. The learning rate is what the rates begin as.
    """
    agreement = np.sign(g) * np.sign(mean)
    rate = rate + kappa * (agreement > 0) - phi * rate * (agreement < 0)
    return W - rate * g, rate, theta * mean + (1 - theta) * g


def adagrad(
    W, g, G, learning_rate, initial_accumulator_value=0.0, epsilon=1e-8, epsilon_form="inside"
):
    """G ← G + g², W ← W − αg/√(G + ε)."""
    G = G + g**2
    return W - learning_rate * g / root(G, epsilon, epsilon_form), G


def rmsprop(
    W, g, v, mean, V, learning_rate, rho=0.9, momentum=0.0, epsilon=1e-8, centered=False,
    epsilon_form="inside", velocity_form="scaled",
):  # fmt: skip
    """v ← βv + (1 − β)g², W ← W − αg/√(v + ε).

    Centred, v less the square of the average gradient stands under the root. With momentum μ the
    quotient goes into a velocity: V ← μV + αg/√(v + ε), W ← W − V.
    """
    v = rho * v + (1 - rho) * g**2
    mean = rho * mean + (1 - rho) * g
    spread = np.maximum(v - mean**2, 0) if centered else v
    step = g / root(spread, epsilon, epsilon_form)
    if velocity_form == "unscaled":
        V = momentum * V + step
        return W - learning_rate * V, v, mean, V
    V = momentum * V + learning_rate * step
    return W - V, v, mean, V


def adam(
    W, g, m, v, t, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-8,
    epsilon_form="inside",
):  # fmt: skip
    """m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², W ← W − αm̂/√(v̂ + ε).

    m̂ = m/(1 − β₁ᵗ), v̂ = v/(1 − β₂ᵗ). The notes print v for v̂ in the last formula, having defined
    v̂ on the line above.
    """
    m = beta_1 * m + (1 - beta_1) * g
    v = beta_2 * v + (1 - beta_2) * g**2
    m_hat = m / (1 - beta_1**t)
    v_hat = v / (1 - beta_2**t)
    if epsilon_form == "hat":
        # √v + ε, and all of it over √(1 − β₂ᵗ)
        return W - learning_rate * m_hat * np.sqrt(1 - beta_2**t) / (np.sqrt(v) + epsilon), m, v
    return W - learning_rate * m_hat / root(v_hat, epsilon, epsilon_form), m, v


def adamw(
    W, g, m, v, t, learning_rate=0.001, weight_decay=0.01, beta_1=0.9, beta_2=0.999, epsilon=1e-8,
    epsilon_form="inside",
):  # fmt: skip
    """W ← W − αλW, then Adam: λ is not in the gradient, so no root divides it."""
    W = W - learning_rate * weight_decay * W
    return adam(W, g, m, v, t, learning_rate, beta_1, beta_2, epsilon, epsilon_form)


def adadelta(W, g, v, u, learning_rate=1.0, rho=0.95, epsilon=1e-6):
    """v ← ρv + (1 − ρ)g², Δ = −√(u + ε)/√(v + ε) g, u ← ρu + (1 − ρ)Δ², W ← W + αΔ."""
    v = rho * v + (1 - rho) * g**2
    step = -np.sqrt(u + epsilon) / np.sqrt(v + epsilon) * g
    return W + learning_rate * step, v, rho * u + (1 - rho) * step**2


def root(v, epsilon, epsilon_form):
    """√(v + ε) "inside", √v + ε "outside"."""
    return np.sqrt(v + epsilon) if epsilon_form == "inside" else np.sqrt(v) + epsilon


def descend(name, gradient, W, rates, nudge=lambda values: values, **options):
    """As many steps of an update as there are rates: "W" and each state -> (steps, …) array.

    `gradient(W, k)` is that of step k, from 0. `nudge` stands for rounding: it is applied to the
    parameter, the gradient and the state as each step reads them.

    >>> descend("sgd", lambda W, k: 2 * W, np.array([1.0]), [0.25, 0.25])["W"].tolist()
    [[0.5], [0.25]]
    """
    update, remaining = globals()[name], enumerate(rates)
    starts = {"learning_rate": rates[0], "initial_accumulator_value": 0.0, **options}
    begin = [starts.get(value, value) for value in STATE[name].values()]
    now = [np.asarray(W, np.float64), *(np.full(np.shape(W), value) for value in begin)]

    def step():
        k, rate = next(remaining)
        W, *state = map(nudge, now)
        at = look_ahead(W, *state, options.get("momentum", 0.9)) if name == "nesterov" else W
        counted = (k + 1,) if name in COUNTING else ()
        g = nudge(gradient(at, k))
        now[:] = update(W, g, *state, *counted, learning_rate=rate, **options)
        return now

    return record(step, len(rates), names=("W", *STATE[name]))
