"""The optimizers' updates: pure, element by element, from a parameter and its state to new ones.

    W  parameter; x where it is the look-ahead point W + βV     g  ∂L/∂W     α  lr
    V  velocity     v  average of g²     m, ḡ  averages of g     t  number of the step, from 1

Each takes the parameter, its gradient and its state, and returns the parameter and the state as
they are after the step. A state that the options leave out is None, before and after. Nothing here
knows of parameters or devices: the same lines run eagerly, under torch.compile, and on one vector
of all parameters.

What counts the steps, 1/(1 − βᵗ), is one number for all elements: `unbias` works it out, in
float64, as t has to be. With float32's 0.999, 1 − β is off by 1e−5.

Formulas are those of Introduction to Deep Learning, Unit 1; papers are named where one came from
elsewhere. The classes' docstrings say what the forms stand for.
"""

import torch


def unbias(beta, t):
    """1/(1 − βᵗ): what makes an average that began at 0 one of the gradients alone."""
    # u = 1 / (1 − βᵗ)
    return 1 / (1 - beta**t)


def sgd(W, g, lr):
    """Gradient descent."""
    # W ← W − αg
    return (W - lr * g,)


def momentum(W, g, V, lr, momentum, velocity_form):
    """Descent with a velocity, which swallows α or stands outside it."""
    if velocity_form == "scaled":
        # V ← βV − αg
        V = momentum * V - lr * g
        # W ← W + V
        return W + V, V
    # V ← βV + g
    V = momentum * V + g
    # W ← W − αV
    return W - lr * V, V


def nesterov(x, g, V, lr, momentum, velocity_form):
    """Momentum with the gradient at x = W + βV: by way of W, or in terms of x alone."""
    if velocity_form == "look_ahead":
        # W = x − βV
        W = x - momentum * V
        # V ← βV − αg
        V = momentum * V - lr * g
        # W ← W + V
        W = W + V
        # x = W + βV
        return W + momentum * V, V
    if velocity_form == "scaled":
        # V ← βV − αg
        V = momentum * V - lr * g
        # x ← x + βV − αg
        return x + momentum * V - lr * g, V
    # V ← βV + g
    V = momentum * V + g
    # x ← x − α(g + βV)
    return x - lr * (g + momentum * V), V


def delta_bar_delta(W, g, rate, mean, kappa, phi, theta):
    """A rate for each element, raised while the gradient keeps its sign. Source: Jacobs, 1988."""
    # signs, not g ⊙ ḡ, which can underflow
    agreement = torch.sign(g) * torch.sign(mean)
    # r ← r + κ where g and ḡ agree, r − φr where they do not
    rate = rate + kappa * torch.relu(agreement) - phi * rate * torch.relu(-agreement)
    # W ← W − r ⊙ g
    W = W - rate * g
    # ḡ ← θḡ + (1 − θ)g
    return W, rate, theta * mean + (1 - theta) * g


def adagrad(W, g, G, lr, eps, epsilon_form):
    """Each element's steps divided by the root of all its squared gradients."""
    # G ← G + g²
    G = G + g * g
    # W ← W − αg/√(G + ε)
    return W - lr * g / _root(G, eps, epsilon_form), G


def rmsprop(W, g, v, mean, V, lr, alpha, momentum, eps, centered, epsilon_form, velocity_form):
    """Each element's steps divided by the root of an average of its squared gradients."""
    # v ← βv + (1 − β)g²
    v = spread = alpha * v + (1 - alpha) * g * g
    if centered:
        # ḡ ← βḡ + (1 − β)g
        mean = alpha * mean + (1 - alpha) * g
        # a variance, which rounding must not take below 0
        spread = torch.clamp(v - mean * mean, min=0)
    # Δ = g/√(v + ε)
    step = g / _root(spread, eps, epsilon_form)
    if momentum == 0:
        # W ← W − αΔ
        return W - lr * step, v, mean, V
    if velocity_form == "scaled":
        # V ← μV + αΔ
        V = momentum * V + lr * step
        # W ← W − V
        return W - V, v, mean, V
    # V ← μV + Δ
    V = momentum * V + step
    # W ← W − αV
    return W - lr * V, v, mean, V


def adam(W, g, m, v, lr, unbias_1, unbias_2, beta_1, beta_2, eps, epsilon_form):
    """Momentum's average gradient, divided by RMSprop's root, both unbiased."""
    # m ← β₁m + (1 − β₁)g
    m = beta_1 * m + (1 - beta_1) * g
    # v ← β₂v + (1 − β₂)g²
    v = beta_2 * v + (1 - beta_2) * g * g
    # m̂ = m / (1 − β₁ᵗ), v̂ = v / (1 − β₂ᵗ)
    m_hat, v_hat = m * unbias_1, v * unbias_2
    if epsilon_form == "hat":
        # √v + ε, divided by √(1 − β₂ᵗ) as a whole
        eps, epsilon_form = eps * torch.sqrt(unbias_2), "outside"
    # W ← W − αm̂/√(v̂ + ε)
    return W - lr * m_hat / _root(v_hat, eps, epsilon_form), m, v


def adamw(
    W, g, m, v, lr, unbias_1, unbias_2, weight_decay,
    beta_1, beta_2, eps, epsilon_form,
):  # fmt: skip
    """Adam of a parameter that first decays by itself. Source: Loshchilov & Hutter, 2019."""
    # W ← W − αλW
    W = W - lr * weight_decay * W
    return adam(*(W, g, m, v, lr, unbias_1, unbias_2), beta_1, beta_2, eps, epsilon_form)


def adadelta(W, g, v, u, lr, rho, eps):
    """Steps in the units of W: a root of past steps over one of gradients. Source: Zeiler, 2012."""
    # v ← ρv + (1 − ρ)g²
    v = rho * v + (1 - rho) * g * g
    # Δ = −√(u + ε)/√(v + ε) g
    step = -torch.sqrt(u + eps) / torch.sqrt(v + eps) * g
    # u ← ρu + (1 − ρ)Δ²
    u = rho * u + (1 - rho) * step * step
    # W ← W + αΔ
    return W + lr * step, v, u


def _root(v, eps, epsilon_form):
    """√(v + ε) with ε "inside" the root, √v + ε with it "outside"."""
    return torch.sqrt(v + eps) if epsilon_form == "inside" else torch.sqrt(v) + eps
