"""A step for each element by the size of its gradients so far: AdaGrad, RMSprop, Adadelta."""

from typing import ClassVar

from torch_impl.optimizers import updates
from torch_impl.optimizers.base import Optimizer


class AdaGrad(Optimizer):
    """G ← G + g², W ← W − αg/√(G + ε).

    That is the `epsilon_form` "inside", of the notes and of keras.optimizers.Adagrad; "outside" is
    torch's: √G + ε. G begins as `initial_accumulator_value`. A gradient whose square overflows, in
    float32 from 1.8e19 on, makes G infinite, and its element never moves again: clip first. With
    ε = 0 an element without any gradient so far is 0/0, NaN.
    """

    update = staticmethod(updates.adagrad)
    HYPERPARAMETERS = ("eps", "epsilon_form")
    FORMS: ClassVar = {"epsilon_form": ("inside", "outside")}

    def __init__(
        self,
        params,
        lr,
        initial_accumulator_value=0.0,
        eps=1e-8,
        epsilon_form="inside",
        flat=False,
    ):
        options = {
            "initial_accumulator_value": initial_accumulator_value,
            "eps": eps,
            "epsilon_form": epsilon_form,
        }
        super().__init__(params, lr, options, flat)

    def starts(self, group):
        return {"sum_of_squares": group["initial_accumulator_value"]}


class RMSprop(Optimizer):
    """v ← βv + (1 − β)g², W ← W − αg/√(v + ε), β being `alpha`.

    That is the `epsilon_form` "inside", of the notes and of keras.optimizers.RMSprop; "outside" is
    torch's: √v + ε. `centered` takes the square of the average gradient from v, and 0 for what
    rounding takes below it, where torch's root is NaN. `momentum` μ puts a velocity behind it:
    V ← μV + αg/√(v + ε), W ← W − V, which is the `velocity_form` "scaled", Keras's; "unscaled" is
    torch's, with α outside V. On squares that overflow and ε = 0, see AdaGrad.
    """

    update = staticmethod(updates.rmsprop)
    HYPERPARAMETERS = ("alpha", "momentum", "eps", "centered", "epsilon_form", "velocity_form")
    FORMS: ClassVar = {
        "epsilon_form": ("inside", "outside"),
        "velocity_form": ("scaled", "unscaled"),
    }

    def __init__(
        self,
        params,
        lr,
        alpha=0.9,
        momentum=0.0,
        eps=1e-8,
        centered=False,
        epsilon_form="inside",
        velocity_form="scaled",
        flat=False,
    ):
        options = {
            "alpha": alpha,
            "momentum": momentum,
            "eps": eps,
            "centered": centered,
            "epsilon_form": epsilon_form,
            "velocity_form": velocity_form,
        }
        super().__init__(params, lr, options, flat)

    def starts(self, group):
        return {
            "mean_square": 0.0,
            "mean_gradient": 0.0 if group["centered"] else None,
            "velocity": 0.0 if group["momentum"] > 0 else None,
        }


class Adadelta(Optimizer):
    """v ← ρv + (1 − ρ)g², Δ = −√(u + ε)/√(v + ε) g, u ← ρu + (1 − ρ)Δ², W ← W + αΔ.

    The same in keras.optimizers.Adadelta and torch.optim.Adadelta, whose defaults differ. Those
    here are the paper's, which knows no α. On squares that overflow and ε = 0, see AdaGrad.
    Source: M. D. Zeiler, 2012.
    """

    update = staticmethod(updates.adadelta)
    HYPERPARAMETERS = ("rho", "eps")

    def __init__(self, params, lr=1.0, rho=0.95, eps=1e-6, flat=False):
        super().__init__(params, lr, {"rho": rho, "eps": eps}, flat)

    def starts(self, group):
        return {"mean_square": 0.0, "mean_square_step": 0.0}
