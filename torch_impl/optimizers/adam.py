"""Adam and AdamW: torch optimizers."""

from typing import ClassVar

from torch_impl.optimizers import updates
from torch_impl.optimizers.base import Optimizer


class Adam(Optimizer):
    """m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², W ← W − αm̂/√(v̂ + ε).

    m̂ = m/(1 − β₁ᵗ) and v̂ = v/(1 − β₂ᵗ). ε stands where `epsilon_form` says: "inside" the root, as
    in the notes; "outside", √v̂ + ε, as in Algorithm 1 of the paper and in torch.optim.Adam; or as
    its ε̂, "hat", m̂√(1 − β₂ᵗ)/(√v + ε), as in keras.optimizers.Adam. A gradient whose square
    overflows, in float32 from about 6e20 on, makes v infinite, and its element never moves again:
    clip first. With ε = 0 an element without any gradient so far is 0/0, NaN.

    Source: D. P. Kingma, J. Ba, Adam: a method for stochastic optimization, 2015.

    >>> import torch
    >>> W = torch.nn.Parameter(torch.tensor([1.0, 1.0]))
    >>> W.grad = torch.tensor([4.0, -0.25])
    >>> Adam([W], 0.5, eps=0.0).step()
    >>> W.tolist()  # the first step is of the size of α, whatever the gradient's
    [0.5, 1.5]
    """

    update = staticmethod(updates.adam)
    HYPERPARAMETERS = ("eps", "epsilon_form")
    FORMS: ClassVar = {"epsilon_form": ("inside", "outside", "hat")}

    def __init__(
        self,
        params,
        lr=0.001,
        betas=(0.9, 0.999),
        eps=1e-8,
        epsilon_form="inside",
        flat=False,
    ):
        options = {
            "betas": betas,
            "eps": eps,
            "epsilon_form": epsilon_form,
        }
        super().__init__(params, lr, options, flat)

    def starts(self, group):
        return {"first_moment": 0.0, "second_moment": 0.0}

    def rates(self, group, t):
        return group["lr"], *(updates.unbias(beta, t) for beta in group["betas"])

    def options(self, group):
        beta_1, beta_2 = group["betas"]
        return {"beta_1": beta_1, "beta_2": beta_2, **super().options(group)}


class AdamW(Adam):
    """W ← W − αλW, then Adam, λ being `weight_decay`: decay that is not part of the gradient.

    Parameters that are not to decay have a group with a `weight_decay` of 0. Source: I. Loshchilov,
    F. Hutter, Decoupled weight decay regularization, 2019.
    """

    update = staticmethod(updates.adamw)
    HYPERPARAMETERS = ("weight_decay", "eps", "epsilon_form")

    def __init__(
        self,
        params,
        lr=0.001,
        betas=(0.9, 0.999),
        eps=1e-8,
        weight_decay=0.01,
        epsilon_form="inside",
        flat=False,
    ):
        options = {
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "epsilon_form": epsilon_form,
        }
        Optimizer.__init__(self, params, lr, options, flat)
