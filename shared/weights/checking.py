"""Names and shapes held to what is expected, and how it is said where they differ."""

from collections.abc import Collection, Mapping

import numpy as np

Shape = tuple[int, ...]


class WeightError(ValueError):
    """Weights are missing, too many, of another shape than expected, or cannot be read."""


def fault(place: str, tensor: str, expected: str, found: str, remedy: str) -> WeightError:
    """The error for one tensor of a layer, model or file, in one sentence."""
    return WeightError(f"{place}, {tensor}: expected {expected}, found {found}; {remedy}.")


def check(place: str, arrays: Mapping, shapes: Mapping[str, Shape], remedy: str) -> None:
    """Hold arrays to exactly these names and shapes.

    `place` names the layer, model or file that they belong to and `remedy` says what to do about
    an array that differs; both go into the message.

    Raises:
        WeightError: an array is missing, is one too many, or has another shape.

    >>> check("hidden", {"kernel": np.ones((2, 3))}, {"kernel": (3, 2)}, "transpose it")
    Traceback (most recent call last):
    shared.weights.checking.WeightError: hidden, kernel: expected shape (3, 2), found shape (2, 3);
    transpose it.
    """
    shapes = {name: tuple(map(int, shape)) for name, shape in shapes.items()}
    check_names(place, arrays, {n: f"a tensor of shape {s}" for n, s in shapes.items()}, remedy)
    for name, values in arrays.items():
        found = np.shape(values)
        if found != shapes[name]:
            raise fault(place, name, f"shape {shapes[name]}", f"shape {found}", remedy)


def check_names(place: str, arrays: Mapping, expected: Mapping[str, str], remedy: str) -> None:
    """Hold arrays to exactly these names; `expected` says of each what was to be there."""
    for name in expected:
        if name not in arrays:
            raise fault(place, name, expected[name], only(arrays), remedy)
    for name in arrays:
        if name not in expected:
            found = f"one more, of shape {np.shape(arrays[name])}"
            raise fault(place, name, only(expected), found, remedy)


def only(names: Collection[str]) -> str:
    """The names in a message, "only kernel, bias", or "nothing" where there are none."""
    return f"only {', '.join(names)}" if names else "nothing"
