"""Declared shapes: every axis a multiple of a size that has a name, so that tensors must agree.

An axis is declared as "units", as "4 units" for the four gates of an LSTM, or as a plain "2".
"""

from collections.abc import Mapping

import numpy as np

from shared.weights.checking import Shape, fault

Declared = tuple[str, ...]
_REMEDY = "pass the tensors of one layer, in its declared layout"


def solve_sizes(place: str, arrays: Mapping, shapes: Mapping[str, Declared]) -> dict[str, int]:
    """The sizes that all arrays agree on; every one of the shapes has its array.

    Raises:
        WeightError: an array has another number of axes, or a size that another one contradicts.

    >>> shapes = {"kernel": ("inputs", "4 units"), "bias": ("4 units",)}
    >>> solve_sizes("LSTM", {"kernel": np.ones((3, 8)), "bias": np.ones(8)}, shapes)
    {'inputs': 3, 'units': 2}
    """
    sizes, stated_by = {}, {}
    for name, shape in shapes.items():
        found = np.shape(arrays[name])
        others = {size: stated_by[size] for size in size_names(shape) if size in stated_by}
        if len(found) == len(shape):
            for length, (times, size) in zip(found, map(_parsed, shape), strict=True):
                sizes.setdefault(size, length // times)
                stated_by.setdefault(size, name)
        if len(found) != len(shape) or found != filled(shape, sizes):
            said = [f"{size} = {sizes[size]} as {other} has it" for size, other in others.items()]
            remedy = "; ".join([*said, _REMEDY])
            raise fault(place, name, _expected(shape, sizes), f"shape {found}", remedy)
    return {size: length for size, length in sizes.items() if size}


def size_names(shape: Declared) -> list[str]:
    """The named sizes of a declared shape.

    >>> size_names(("2", "3 units"))
    ['units']
    """
    return [size for _, size in map(_parsed, shape) if size]


def filled(shape: Declared, sizes: Mapping[str, int]) -> Shape:
    """A declared shape in numbers.

    >>> filled(("inputs", "4 units"), {"inputs": 3, "units": 2})
    (3, 8)
    """
    return tuple(times * (sizes[size] if size else 1) for times, size in map(_parsed, shape))


def described(shape: Declared) -> str:
    """A declared shape as messages write it.

    >>> described(("4 units",))
    '(4 units,)'
    """
    return f"({', '.join(shape)}{',' if len(shape) == 1 else ''})"


def _parsed(axis: str) -> tuple[int, str]:
    """ "4 units" is (4, "units"), "units" is (1, "units") and "2" is (2, "")."""
    times, _, size = (axis, "", "") if axis.isdecimal() else axis.rpartition(" ")
    return int(times or 1), size


def _expected(shape, sizes) -> str:
    known = all(size in sizes for size in size_names(shape))
    return f"shape {described(shape)}" + (f" = {filled(shape, sizes)}" if known else "")
