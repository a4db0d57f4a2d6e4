"""Training runs: every optimizer by every schedule on the insurance network, and on digits.

Hyperparameters and rates are numbers that float32 has too, since Keras keeps some in float32.
"""

from functools import cache, partial

import numpy as np

from shared.catalogue.concept import NOTES, Trajectory
from shared.data import load_digits, load_insurance
from shared.reference import schedules
from shared.reference.training import names
from shared.training_cases import Case

EPOCHS = 40  # of the insurance network, each of one step; digits have one epoch of ten
DIGITS_ROWS, BATCH = 320, 32
SCHEDULES = {  # the class of a schedule in both halves, its function, and its options
    "ExponentialDecay": (schedules.exponential_decay, {"decay_rate": 0.0625}),
    "InverseDecay": (schedules.inverse_decay, {"decay_rate": 0.125}),
    "StepDecay": (schedules.step_decay, {"factor": 0.5, "every": 10}),
    "PolynomialDecay": (schedules.polynomial_decay, {"decay_epochs": 30, "end_factor": 0.125}),
    "CosineDecay": (schedules.cosine_decay, {"decay_epochs": 30}),
    "LinearWarmup": (schedules.linear_warmup, {"warmup_epochs": 8, "start_factor": 0.25}),
}


@cache
def insurance():
    """Age in centuries and affordability, and who has insurance, (13, 2) and (13, 1)."""
    people, y = load_insurance(("age", "affordability"))
    return rounded(people / np.array([100.0, 1.0])), y[:, None]


@cache
def digits():
    """The first digits and their classes."""
    x, y = load_digits()
    return rounded(x[:DIGITS_ROWS]), y[:DIGITS_ROWS]


def rounded(values):
    """Float32 numbers in float64, so that both precisions start from the very same ones."""
    return values.astype(np.float32).astype(np.float64)


def case(row, options):
    """The run that a row of the catalogue and one of its options stand for."""
    schedule = None
    if "schedule" in options:
        function, more = SCHEDULES[options["schedule"]]
        schedule = partial(_scheduled, function, more)
    run = partial(Case, optimizer=update(row), options=hyperparameters(options),
                  rate=RATES[row.name], schedule=schedule)  # fmt: skip
    if options["problem"] == "insurance":
        x, y = insurance()
        loss = "binary_cross_entropy_with_logits"
        return run((1,), x, y, loss, epochs=row.steps, batch_size=len(x))
    x, y = (values[: BATCH * row.steps] for values in digits())
    return run((16, 10), x, y, "softmax_cross_entropy", epochs=1, batch_size=BATCH)


def _scheduled(function, options, t, rate):
    return function(t, rate, **options)


def hyperparameters(options):
    """Those of the optimizer alone."""
    return {n: value for n, value in options.items() if n not in ("problem", "schedule")}


def update(row):
    """The reference's update: of Nesterov's the form in which the parameters look ahead."""
    return "nesterov_reformulated" if row.name == "nesterov" else row.name


def recorded(row, options):
    """What is compared: as `shared.reference.training.names`, without state that stays unused."""
    layers = 1 if options["problem"] == "insurance" else 2
    unused = ("mean_gradient_", "velocity_") if row.name == "rmsprop" else ()
    return tuple(n for n in names(layers, update(row)) if not n.startswith(unused))


def _row(name, formula, rate, *forms, source=NOTES):
    RATES[name] = rate
    first, *others = forms or ({},)
    runs = (
        {"problem": "insurance"},
        *({"problem": "insurance", "schedule": schedule} for schedule in SCHEDULES),
        {"problem": "digits"},
    )
    return Trajectory(
        name,
        "training",
        formula,
        "by backpropagation",
        tensors=(),  # they depend on the network: see `recorded`
        steps=EPOCHS,
        source=source,
        options=(
            *({**run, **first} for run in runs),
            *({"problem": "insurance", **form} for form in others),
        ),
    )


RATES = {}
MOMENTUM = [{"momentum": 0.875, "velocity_form": form} for form in ("scaled", "unscaled")]
ADAM = {"beta_1": 0.875, "beta_2": 0.984375, "epsilon": 2.0**-10}
DECAY = {"weight_decay": 0.25}  # 1 − αλ is exact: torch rounds it once for all steps
ADAGRAD = {"initial_accumulator_value": 0.125, "epsilon": 2.0**-10}
RMSPROP = {"rho": 0.875, "momentum": 0.0, "epsilon": 2.0**-10, "centered": False,
           "velocity_form": "scaled"}  # fmt: skip


def _forms(options, *chosen):
    return [{**options, "epsilon_form": form} for form in chosen]


TRAINING = (
    _row("sgd", "W ← W − αg", 0.5),
    _row("momentum", "V ← βV − αg, W ← W + V", 0.125, *MOMENTUM),
    _row("nesterov", "V ← βV − α ∂L(W + βV)/∂W, W ← W + V", 0.125, *MOMENTUM),
    _row("delta_bar_delta", "r ← r + κ or r (1 − φ), W ← W − r ⊙ g", 0.25,
         {"kappa": 0.0078125, "phi": 0.125, "theta": 0.75}, source="Jacobs 1988"),
    _row("adagrad", "G ← G + g², W ← W − αg/√(G + ε)", 0.25,
         *_forms(ADAGRAD, "inside", "outside")),
    _row("rmsprop", "v ← βv + (1 − β)g², W ← W − αg/√(v + ε)", 2.0**-6,
         *_forms(RMSPROP, "inside", "outside")),
    _row("adam", "W ← W − αm̂/√(v̂ + ε)", 2.0**-5, *_forms(ADAM, "inside", "outside", "hat")),
    _row("adamw", "W ← (1 − αλ)W − αm̂/√(v̂ + ε)", 2.0**-5,
         *_forms(DECAY | ADAM, "inside", "outside", "hat"), source="Loshchilov & Hutter 2019"),
    _row("adadelta", "W ← W − α √(u + ε)/√(v + ε) g", 1.0,
         {"rho": 0.875, "epsilon": 2.0**-10}, source="Zeiler 2012"),
)  # fmt: skip
