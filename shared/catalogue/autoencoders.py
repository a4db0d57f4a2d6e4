"""Autoencoders of digits: plain, denoising, sparse and contractive."""

from functools import cache

from shared.catalogue.concept import network_row
from shared.catalogue.images import images
from shared.network_cases import NetworkCase
from shared.noise import corrupted
from shared.reference import losses
from shared.reference.networks import Step

UNITS = 6
ROWS, BATCH = 40, 8  # five steps: TensorFlow warns where every fourth call is traced anew
STEPS = (
    Step("linear", "encoder"), Step("sigmoid"), Step("linear", "decoder"), Step("sigmoid"),
)  # fmt: skip
CODE, RECONSTRUCTION = 2, 4  # their places in what `forward` gives
KINDS = {  # of a loss, with numbers that float32 has too
    "plain": {},
    "denoising": {},
    "sparse": {"mean_activation": 0.125, "weight": 0.0625},
    "contractive": {"weight": 0.25},
}
STDDEV, SEED = 0.25, 7  # of the noise


def reconstruction(y, h, weights):
    """L = mean (o − y)² and ∂L/∂o."""
    o = h[RECONSTRUCTION]
    gradient = losses.mean_squared_error_gradient(1.0, y, o)
    return losses.mean_squared_error(y, o), {RECONSTRUCTION: gradient}, {}


def sparse(y, h, weights):
    """The same and weight · Σ KL(ρ ‖ mean h), a loss at the code."""
    options = KINDS["sparse"]
    penalty = h[CODE], options["mean_activation"], options["weight"]
    L, at, added = reconstruction(y, h, weights)
    at[CODE] = losses.sparsity_penalty_gradient(1.0, *penalty)
    return L + losses.sparsity_penalty(*penalty), at, added


def contractive(y, h, weights):
    """The same and weight · mean ‖∂h/∂x‖², a loss at the code that reads W besides."""
    weight, W = KINDS["contractive"]["weight"], weights["encoder/kernel"]
    L, at, added = reconstruction(y, h, weights)
    at[CODE], g_W = losses.contractive_penalty_gradient(weight, h[CODE], W)
    return L + weight * losses.contractive_penalty(h[CODE], W), at, added | {"encoder/kernel": g_W}


OBJECTIVES = {"plain": reconstruction, "denoising": reconstruction, "sparse": sparse,
              "contractive": contractive}  # fmt: skip


@cache
def autoencoder(kind, units=UNITS, rows=ROWS, **more):
    """Digits into so many units and back; `more` is how they are trained."""
    y = images(rows)[0].reshape(rows, -1)
    x = corrupted(y, STDDEV, SEED) if kind == "denoising" else y
    return rebuilding(kind, x, y, units, **({"batch_size": BATCH, "rate": 0.5} | more))


def rebuilding(kind, x, y, units, **more):
    """An autoencoder of this kind that is to make y of x."""
    features = y.shape[1]
    sizes = {
        "encoder": {"inputs": features, "units": units},
        "decoder": {"inputs": units, "units": features},
    }
    layers = dict.fromkeys(sizes, "Linear")
    return NetworkCase(layers, sizes, STEPS, x, y, OBJECTIVES[kind], **more)


AUTOENCODERS = (
    network_row(
        "autoencoder", "h = σ(xW + b), o = σ(hW′ + b′), L = mean (o − y)² + a loss of h",
        ROWS // BATCH, *({"kind": kind} for kind in KINDS),
        source="Vincent et al. 2008; Ng 2011; Rifai et al. 2011",
    ),
)  # fmt: skip
CASES = {"autoencoder": autoencoder}
