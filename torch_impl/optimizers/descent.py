"""Gradient descent, its two kinds of momentum, and a rate for each element: torch optimizers."""

from typing import ClassVar

from torch_impl.optimizers import updates
from torch_impl.optimizers.base import Optimizer


class SGD(Optimizer):
    """W ← W − αg.

    >>> import torch
    >>> W = torch.nn.Parameter(torch.tensor([1.0, 2.0]))
    >>> W.grad = torch.tensor([1.0, -1.0])
    >>> SGD([W], 0.5).step()
    >>> W.tolist()
    [0.5, 2.5]
    """

    update = staticmethod(updates.sgd)

    def __init__(self, params, lr, flat=False):
        super().__init__(params, lr, {}, flat)


class Momentum(Optimizer):
    """V ← βV − αg, W ← W + V, β being `momentum`.

    That is the `velocity_form` "scaled", of the notes and of keras.optimizers.SGD: α is inside V.
    "unscaled" is that of torch.optim.SGD: V ← βV + g, W ← W − αV. They are the same as long as α
    stays, and part when it changes.
    """

    update = staticmethod(updates.momentum)
    HYPERPARAMETERS = ("momentum", "velocity_form")
    FORMS: ClassVar = {"velocity_form": ("scaled", "unscaled")}

    def __init__(self, params, lr, momentum=0.9, velocity_form="scaled", flat=False):
        options = {"momentum": momentum, "velocity_form": velocity_form}
        super().__init__(params, lr, options, flat)

    def starts(self, group):
        return {"velocity": 0.0}


class Nesterov(Optimizer):
    """V ← βV − α ∂L(W + βV)/∂W, W ← W + V.

    Gradients are taken where the parameters are, so the parameters hold the look-ahead point
    x = W + βV; W is x − βV, `parameter - momentum * velocity`. The `velocity_form` "look_ahead", of
    the notes, goes back to W, takes its step and looks ahead again. "scaled" is the same in terms
    of x alone, as keras.optimizers.SGD(nesterov=True) has it: V ← βV − αg, x ← x + βV − αg.
    "unscaled" is torch's: V ← βV + g, x ← x − α(g + βV), the same as long as α stays.
    """

    update = staticmethod(updates.nesterov)
    HYPERPARAMETERS = ("momentum", "velocity_form")
    FORMS: ClassVar = {"velocity_form": ("look_ahead", "scaled", "unscaled")}

    def __init__(self, params, lr, momentum=0.9, velocity_form="look_ahead", flat=False):
        options = {"momentum": momentum, "velocity_form": velocity_form}
        super().__init__(params, lr, options, flat)

    def starts(self, group):
        return {"velocity": 0.0}


class DeltaBarDelta(Optimizer):
    """W ← W − r ⊙ g, with a rate for each element: up by κ, or down by the share φ of itself.

    Up where g has the sign of its running average ḡ ← θḡ + (1 − θ)g of the steps before, down where
    it has the other. For full batches only: the noise of mini-batches flips signs, and the rates
    would follow it.

    All rates begin as the learning rate. A later change of that changes nothing: the rates are
    state, and a schedule has no say in them. Source: R. A. Jacobs, 1988.
    """

    update = staticmethod(updates.delta_bar_delta)
    HYPERPARAMETERS = ("kappa", "phi", "theta")

    def __init__(self, params, lr, kappa=0.01, phi=0.1, theta=0.7, flat=False):
        super().__init__(params, lr, {"kappa": kappa, "phi": phi, "theta": theta}, flat)

    def starts(self, group):
        return {"rate": group["lr"], "mean_gradient": 0.0}

    def rates(self, group, t):
        return ()
