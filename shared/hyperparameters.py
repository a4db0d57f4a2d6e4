"""What hyperparameters may be; both halves refuse the same ones in the same words.

An optimizer's are of two kinds. Some are shares of a running average, which keeps a little less
than all of its past: in [0, 1). The others are finite numbers of at least 0. Names are those of
either framework.
"""

import math
import numbers

SHARES = ("momentum", "beta_1", "beta_2", "betas", "rho", "alpha", "theta", "phi")
AMOUNTS = (
    *("learning_rate", "lr", "epsilon", "eps", "weight_decay", "kappa"),
    "initial_accumulator_value",
)


def check(options: dict, forms: dict) -> None:
    """Raise ValueError, naming the option and its value, if one of them is out of its range.

    `forms` maps an option that chooses among formulas to the choices there are. An option that is
    None or callable, as a schedule is, is left alone.

    >>> check({"epsilon": 1e-8, "epsilon_form": "inside"}, {"epsilon_form": ("inside", "outside")})
    >>> check({"beta_1": 1.0}, {})
    Traceback (most recent call last):
    ValueError: beta_1 must be at least 0 and below 1, got 1.0
    """
    for name, value in options.items():
        if name in forms and value not in forms[name]:
            choices = " or ".join(map(repr, forms[name]))
            raise ValueError(f"{name} must be {choices}, got {value!r}")
        if value is None or callable(value):
            continue
        values = value if isinstance(value, tuple | list) else (value,)
        if name in SHARES and not all(0 <= number < 1 for number in values):
            raise ValueError(f"{name} must be at least 0 and below 1, got {value}")
        if name in AMOUNTS and not all(0 <= number < math.inf for number in values):
            raise ValueError(f"{name} must be a finite number of at least 0, got {value}")


def number(name, value, least=0.0, most=math.inf):
    """The value as a float; ValueError, with its name, unless finite and from least to most.

    >>> number("factor", 1, most=1)
    1.0
    >>> number("factor", 2, most=1)
    Traceback (most recent call last):
    ValueError: factor must be a finite number from 0 to 1, got 2
    >>> number("epochs", -1)
    Traceback (most recent call last):
    ValueError: epochs must be a finite number of at least 0, got -1
    """
    is_number = isinstance(value, numbers.Real) and math.isfinite(value)
    if not (is_number and least <= value <= most):
        span = f"of at least {least:g}" if most == math.inf else f"from {least:g} to {most:g}"
        raise ValueError(f"{name} must be a finite number {span}, got {value!r}")
    return float(value)


def whole(name, value, least=1):
    """The value as an int; ValueError, with its name, unless whole and at least `least`."""
    if number(name, value, least) % 1:
        raise ValueError(f"{name} must be a whole number, got {value!r}")
    return int(value)
