"""What one framework calls by one name and the other by another, and how each lays out tensors.

The mirror test reads signatures through the table; the engine's options, order of arguments and
layouts are the first column's, and are translated for whoever speaks the second's.
"""

from dataclasses import dataclass

import numpy as np

TERMS = {
    # TensorFlow / Keras: PyTorch
    "axis": "dim",
    "keepdims": "keepdim",
    "learning_rate": "lr",
    "initial_learning_rate": "initial_lr",
    "epsilon": "eps",
    "stddev": "std",
    "rho": "alpha",
    "initial_state": "hx",
    "rate": "p",
    "pool_size": "kernel_size",
    "recurrent_kernel": "recurrent_weight",
    "gamma": "weight",
    "beta": "bias",
    "embeddings": "weight",
    "beta_1": "betas",
    "beta_2": "betas",
    "kernel": "weight",
    "strides": "stride",
    "y_true": "target",
    "y_pred": "input",
    "call": "forward",
    "adapt": "fit",
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


@dataclass(frozen=True)
class Layout:
    """Where the second column puts a tensor's axes and, along the last one, its equal blocks."""

    axes: tuple[int, ...] | None = None
    gates: tuple[int, ...] = (0,)

    def forth(self, values):
        """The first column's tensor as the second has it.

        >>> Layout(axes=(1, 0), gates=(1, 0)).forth(np.array([[1, 2]])).tolist()
        [[2], [1]]
        """
        values = _regrouped(values, self.gates)
        return values if self.axes is None else np.transpose(values, self.axes)

    def back(self, values):
        """The reverse of `forth`."""
        values = values if self.axes is None else np.transpose(values, np.argsort(self.axes))
        return _regrouped(values, tuple(np.argsort(self.gates)))


def _regrouped(values, gates):
    if len(gates) == 1:
        return values
    blocks = np.split(values, len(gates), axis=-1)
    return np.concatenate([blocks[place] for place in gates], axis=-1)


@dataclass(frozen=True)
class Dialect:
    """How a party says what the catalogue says: as it stands there."""

    def options(self, options: dict) -> dict:
        """The options in the party's words."""
        return options

    def order(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """The tensors in the order in which the party's functions take them."""
        return names

    def forth(self, concept, name, values):
        """A tensor of the concept, its "output" or a "direction" in x, in the party's layout."""
        return values

    def back(self, concept, name, values):
        """The reverse of `forth`."""
        return values


class Translated(Dialect):
    """The second column: other words, predictions before labels, channels first."""

    def options(self, options):
        return translate_options(options)

    def order(self, names):
        if names[:2] == ("y_true", "y_pred"):
            return "y_pred", "y_true", *names[2:]
        return names

    def forth(self, concept, name, values):
        layout = concept.layouts.get(concept.x if name == "direction" else name)
        return values if layout is None or values is None else layout.forth(values)

    def back(self, concept, name, values):
        layout = concept.layouts.get(name)
        return values if layout is None else layout.back(values)


KERAS, TORCH = Dialect(), Translated()
