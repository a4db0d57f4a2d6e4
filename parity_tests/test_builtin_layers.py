"""Beside the frameworks' own layers: weights move both ways, outputs and gradients are theirs."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import pytest
import tensorflow as tf
import torch
from keras import layers as kl
from torch import nn

import tf_impl.builtins
import tf_impl.layers as tl
import torch_impl.builtins
import torch_impl.layers as hl
from parity_tests import layer_concepts as rows
from shared.bounds import Departure
from shared.cases import Case
from shared.catalogue import Concept
from shared.comparison import compare
from shared.vocabulary import TORCH


@dataclass(frozen=True)
class Pair:
    """One of ours and the framework's own that computes the same, for a case of the catalogue."""

    concept: Concept
    options: dict
    ours: Callable
    theirs: Callable
    framework: str = ""
    training: bool = True
    departures: tuple[Departure, ...] = ()  # what is said of the framework's functions

    def __str__(self):
        return f"{self.framework} {self.concept.name} {Case(self.concept, self.options).label}"

    @property
    def case(self):
        return Case(self.concept, self.options)

    def size(self, tensor, dtype):
        """What ours and theirs together may be apart by."""
        at = self.case.truth[tensor][1]
        own = self.case.bound(tensor).size(at, dtype)
        subject = self.concept.name, tensor
        stated = [d.bound for d in self.departures if (d.concept, d.tensor) == subject]
        return own + np.maximum.reduce([own, *(bound.size(at, dtype) for bound in stated)])


KERAS_EPSILON, TORCH_EPSILON = ({"epsilon": e} for e in (1e-3, 1e-5))


def _keras_pairs():
    add = partial(Pair, framework="keras", departures=tf_impl.builtins.DEPARTURES)
    sizes = rows.EMBEDDING.sample().values.shape
    yield add(rows.LINEAR, {}, partial(tl.Linear, 5), partial(kl.Dense, 5))
    yield add(rows.FLATTEN, {}, tl.Flatten, kl.Flatten)
    yield add(rows.LAYER_NORM, KERAS_EPSILON, tl.LayerNorm, kl.LayerNormalization)
    yield add(rows.EMBEDDING, {}, partial(tl.Embedding, *sizes), partial(kl.Embedding, *sizes))
    norms = tl.BatchNorm, kl.BatchNormalization
    yield add(rows.BATCH_NORM, KERAS_EPSILON, *norms)
    yield add(rows.BATCH_NORM_INFERENCE, KERAS_EPSILON, *norms, training=False)
    for options in (o for o in rows.CONV2D.options if isinstance(o["padding"], str)):
        layers = (partial(layer, 3, (3, 2), **options) for layer in (tl.Conv2D, kl.Conv2D))
        yield add(rows.CONV2D, options, *layers)
    for options in rows.MAX_POOL2D.options:
        largest = (partial(layer, **options) for layer in (tl.MaxPool2D, kl.MaxPooling2D))
        yield add(rows.MAX_POOL2D, options, *largest)
        means = (partial(layer, **options) for layer in (tl.AveragePool2D, kl.AveragePooling2D))
        yield add(rows.AVERAGE_POOL2D, options, *means)


def _torch_pairs():
    add = partial(Pair, framework="torch", departures=torch_impl.builtins.DEPARTURES)
    sizes = rows.EMBEDDING.sample().values.shape
    yield add(rows.LINEAR, {}, partial(hl.Linear, 4, 5), partial(nn.Linear, 4, 5))
    yield add(rows.FLATTEN, {}, hl.Flatten, nn.Flatten)
    yield add(rows.LAYER_NORM, TORCH_EPSILON, partial(hl.LayerNorm, 4), partial(nn.LayerNorm, 4))
    yield add(rows.EMBEDDING, {}, partial(hl.Embedding, *sizes), partial(nn.Embedding, *sizes))
    norms = partial(hl.BatchNorm, 4), partial(nn.BatchNorm2d, 4)
    yield add(rows.BATCH_NORM, TORCH_EPSILON, *norms)
    yield add(rows.BATCH_NORM_INFERENCE, TORCH_EPSILON, *norms, training=False)
    for options in (o for o in rows.CONV2D.options if o["padding"] != "same"):
        layers = (
            partial(layer, 2, 3, (3, 2), *options.values()) for layer in (hl.Conv2D, nn.Conv2d)
        )
        yield add(rows.CONV2D, options, *layers)
    for options in rows.MAX_POOL2D.options:
        largest = (partial(layer, *options.values()) for layer in (hl.MaxPool2D, nn.MaxPool2d))
        yield add(rows.MAX_POOL2D, options, *largest)
        means = (partial(layer, *options.values()) for layer in (hl.AveragePool2D, nn.AvgPool2d))
        yield add(rows.AVERAGE_POOL2D, options, *means)


def weights(case):
    """Name -> array of what the layer owns, in the order of the function's arguments."""
    return {name: values for name, values in case.tensors.items() if name not in ("x", "ids")}


def keras_results(pair, layer, dtype):
    """Tensor name -> array of a built layer."""
    case, sought = pair.case, pair.concept.differentiated
    ids = case.tensors.get("ids")
    x = tf.constant(case.tensors["x"].astype(dtype) if ids is None else ids)
    with tf.GradientTape() as tape:
        tape.watch(x)
        training = {"training": pair.training} if "batch_norm" in pair.concept.name else {}
        h = layer(x, **training)
    owned = {v.name: v.value for v in layer.trainable_variables}
    tensors = [x if name == "x" else owned[name] for name in sought]
    gradients = tape.gradient(h, tensors, tf.constant(case.upstream.astype(dtype)))
    gradients = [np.asarray(tf.convert_to_tensor(g)) for g in gradients]
    return {"h": h.numpy(), **dict(zip((f"g_{n}" for n in sought), gradients, strict=True))}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("pair", list(_keras_pairs()), ids=str)
def test_keras_layers_compute_what_kerass_own_do(pair, dtype):
    ours, theirs = pair.ours(dtype=dtype), pair.theirs(dtype=dtype)
    shape = pair.case.tensors.get("ids", pair.case.x).shape
    for layer in (ours, theirs):
        layer.build(shape)
    state = [values.astype(dtype) for values in weights(pair.case).values()]
    if pair.concept is rows.BATCH_NORM:
        state += [np.zeros(4), np.ones(4)]
    theirs.set_weights(state)
    ours.set_weights(theirs.get_weights())
    assert [v.name for v in ours.weights] == [v.name for v in theirs.weights]
    for mine, own in zip(ours.get_weights(), state, strict=True):
        np.testing.assert_array_equal(mine, own)
    results = [keras_results(pair, layer, dtype) for layer in (ours, theirs)]
    for tensor in pair.case.truth:
        left, right = (result[tensor] for result in results)
        assert compare(left, right, pair.size(tensor, dtype), dtype).agrees, tensor


TORCH_NAMES = {"kernel": "weight", "gamma": "weight", "embeddings": "weight", "beta": "bias",
               "mean": "running_mean", "variance": "running_var"}  # fmt: skip


def torch_results(pair, module, dtype):
    """Tensor name -> array in the catalogue's layout."""
    case, concept = pair.case, pair.concept

    def native(name, values):
        return torch.tensor(np.array(TORCH.forth(concept, name, values)))

    ids = case.tensors.get("ids")
    x = (
        native("x", case.tensors["x"].astype(dtype)).requires_grad_()
        if ids is None
        else native("ids", ids)
    )
    module.train(pair.training)
    h = module(x)
    owned = dict(module.named_parameters())
    sought = concept.differentiated
    tensors = [x if name == "x" else owned[TORCH_NAMES.get(name, name)] for name in sought]
    gradients = torch.autograd.grad(h, tensors, native("output", case.upstream.astype(dtype)))
    found = {"h": TORCH.back(concept, "output", h.detach().numpy())}
    for name, gradient in zip(sought, gradients, strict=True):
        found[f"g_{name}"] = TORCH.back(concept, name, gradient.numpy())
    return found


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("pair", list(_torch_pairs()), ids=str)
def test_modules_compute_what_torchs_own_do(pair, dtype):
    ours, theirs = (make().to(getattr(torch, dtype)) for make in (pair.ours, pair.theirs))
    for name, values in weights(pair.case).items():
        theirs.state_dict()[TORCH_NAMES.get(name, name)].copy_(
            torch.tensor(np.array(TORCH.forth(pair.concept, name, values)))
        )
    ours.load_state_dict(theirs.state_dict())
    assert list(ours.state_dict()) == list(theirs.state_dict())
    theirs.load_state_dict(ours.state_dict())
    results = [torch_results(pair, module, dtype) for module in (ours, theirs)]
    for tensor in pair.case.truth:
        left, right = (result[tensor] for result in results)
        assert compare(left, right, pair.size(tensor, dtype), dtype).agrees, tensor
