"""What one framework calls by one name and the other by another: one table, used by the tests.

The mirror test reads signatures through it; the engine's options are written in the first column's
words and translated for whoever speaks the second's.
"""

TERMS = {
    # TensorFlow / Keras: PyTorch
    "axis": "dim",
    "keepdims": "keepdim",
    "learning_rate": "lr",
    "epsilon": "eps",
    "rho": "alpha",
    "beta_1": "betas",
    "beta_2": "betas",
    "kernel": "weight",
    "strides": "stride",
    "y_true": "target",
    "y_pred": "input",
    "call": "forward",
}


def translate(name: str) -> str:
    """The second framework's word for the first's; the word itself where both agree.

    >>> translate("axis"), translate("alpha")
    ('dim', 'alpha')
    """
    return TERMS.get(name, name)


def translate_options(options: dict) -> dict:
    """The same options in the second framework's words.

    >>> translate_options({"axis": 0})
    {'dim': 0}
    """
    return {translate(name): value for name, value in options.items()}
