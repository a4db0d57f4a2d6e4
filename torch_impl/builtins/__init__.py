"""What PyTorch ships for each concept, set to the catalogue's formula.

Where a built-in cannot be set so, it stands as it is and DEPARTURES says how it departs. Functions
take the catalogue's options by this framework's names.
"""

from torch_impl.builtins import activations, backprop, graph, layers, losses
from torch_impl.builtins.models import logistic_regression

__all__ = ["DEPARTURES", "FUNCTIONS", "logistic_regression"]

_FAMILIES = (activations, backprop, graph, layers, losses)
FUNCTIONS = {name: function for family in _FAMILIES for name, function in family.FUNCTIONS.items()}
DEPARTURES = tuple(departure for family in _FAMILIES for departure in family.DEPARTURES)
