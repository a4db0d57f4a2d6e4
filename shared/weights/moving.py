"""Weights from one framework's names and layouts to the other's, for a layer or a whole model.

A layer is named ("LSTM") or declared (`layout("LSTM", without=("bias",))`). A model is a mapping of
the names of its layers to their layers, nested where the model is. Its arrays are nested likewise
or named by path, "hidden/kernel" in Keras and "hidden.weight" in torch, which is what comes back:
a mapping for framework.load, nn.Module.load_state_dict or shared.weights.save.
"""

from collections.abc import Iterator, Mapping

import numpy as np

from shared.weights.checking import WeightError, check_names, fault
from shared.weights.layouts import Layer, layout
from shared.weights.sizes import described, solve_sizes

Model = str | Layer | Mapping
Path = tuple[str, ...]

SEPARATORS = {"keras": "/", "torch": "."}


def to_torch(layer: Model, arrays: Mapping) -> dict[str, np.ndarray]:
    """Keras's weights, by name, as torch's state dict: new arrays of the same dtype.

    Raises:
        WeightError: a tensor is missing, is one too many or does not fit the others.

    >>> moved = to_torch("Linear", {"kernel": np.ones((3, 2)), "bias": np.zeros(2)})
    >>> {name: values.shape for name, values in moved.items()}
    {'weight': (2, 3), 'bias': (2,)}
    >>> list(to_torch({"hidden": "Embedding"}, {"hidden/embeddings": np.ones((5, 2))}))
    ['hidden.weight']
    """
    return _moved(layer, arrays, "keras", "torch")


def to_keras(layer: Model, arrays: Mapping) -> dict[str, np.ndarray]:
    """torch's state dict, as NumPy arrays, as Keras's weights by name; as `to_torch` otherwise.

    SimpleRNN and LSTM have one bias in Keras, the sum of torch's two: see layouts.SummedBias.

    >>> moved = to_keras("Linear", {"weight": np.ones((2, 3)), "bias": np.zeros(2)})
    >>> {name: values.shape for name, values in moved.items()}
    {'kernel': (3, 2), 'bias': (2,)}
    """
    return _moved(layer, arrays, "torch", "keras")


def _moved(model, arrays, source, target):
    moved = {}
    for path, layer, group in by_layer(model, arrays, SEPARATORS[source]):
        _check(place(path, layer), layer, group, source)
        for weight in layer.weights:
            for name, values in getattr(weight, f"to_{target}")(group).items():
                moved[SEPARATORS[target].join((*path, name))] = np.array(values, order="C")
    return moved


def _check(where, layer, group, framework):
    shapes = layer.shapes(framework)
    expected = {name: f"a tensor of shape {described(s)}" for name, s in shapes.items()}
    remedy = "pass just these, or declare what the layer is built without: layout(name, without)"
    check_names(where, group, expected, remedy)
    solve_sizes(where, group, shapes)


def by_layer(model: Model, tree: Mapping, separator: str) -> Iterator[tuple[Path, Layer, dict]]:
    """Each layer of a model with its path and its own share of the tree, by name.

    A layer by itself has the path (), and takes the whole tree.
    """
    if not isinstance(model, Mapping):
        return iter([((), _declared(model), dict(tree))])
    layers = _layers(model)
    groups = {path: {} for path in layers}
    for (*path, name), leaf in _leaves(tree, separator):
        group = groups.get(tuple(path))
        if group is None:
            known = ", ".join(separator.join((*p, "…")) for p in layers)
            remedy = "declare its layer, or leave it out"
            raise fault("model", separator.join((*path, name)), f"only {known}", "this", remedy)
        if name in group:
            remedy = "pass it nested or by path, not both"
            raise fault(place(path, layers[tuple(path)]), name, "one such tensor", "two", remedy)
        group[name] = leaf
    return ((path, layer, groups[path]) for path, layer in layers.items())


def place(path: Path, layer: Layer) -> str:
    """How a layer is named in messages."""
    return f"{'/'.join(path)} ({layer.name})" if path else layer.name


def _declared(layer: str | Layer) -> Layer:
    return layer if isinstance(layer, Layer) else layout(layer)


def _layers(model: Mapping) -> dict[Path, Layer]:
    layers = {path: _declared(layer) for path, layer in _leaves(model, SEPARATORS["keras"])}
    for path in layers:
        if SEPARATORS["torch"] in "".join(path):
            found = f"layer name {'/'.join(path)!r}"
            raise WeightError(f"{found}: in torch a dot separates names; nest the layers instead.")
    return layers


def _leaves(tree: Mapping, separator: str, above: Path = ()) -> Iterator[tuple[Path, object]]:
    for name, value in tree.items():
        path = (*above, *name.split(separator))
        if isinstance(value, Mapping):
            yield from _leaves(value, separator, path)
        else:
            yield path, value
