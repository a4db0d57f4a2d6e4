"""The weights that both halves are handed alike: drawn once, moved both ways, kept on disk."""

from shared.weights.checking import WeightError, check
from shared.weights.disk import load, save
from shared.weights.drawing import draw, standard_draw
from shared.weights.layouts import LAYERS, Layer, layout
from shared.weights.moving import to_keras, to_torch

__all__ = [
    "LAYERS",
    "Layer",
    "WeightError",
    "check",
    "draw",
    "layout",
    "load",
    "save",
    "standard_draw",
    "to_keras",
    "to_torch",
]
