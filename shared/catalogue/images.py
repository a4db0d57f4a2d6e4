"""Networks on images of digits: the CNN."""

from functools import cache

from shared.catalogue.concept import network_row
from shared.catalogue.training import rounded
from shared.data import load_digits
from shared.network_cases import NetworkCase, mean_loss
from shared.reference.networks import Step
from shared.weights.layouts import behind_flatten

CLASSES = 10
ROWS, BATCH = 32, 8  # of the short runs that are compared, four steps each


def images(rows=ROWS):
    """The first digits as images (rows, 8, 8, 1), and their classes."""
    x, y = load_digits()
    return rounded(x[:rows]).reshape(-1, 8, 8, 1), y[:rows]


@cache
def cnn(**options):
    """Digits by two convolutions, and the ten classes."""
    return convolutional(*images(), filters=(4, 6), **options)


def convolutional(x, y, filters, strides=1, padding="same", pool_size=2, **more):
    """A CNN's training on images x (rows, side, side, channels) of the classes y."""
    *_, side, channels = x.shape
    steps, sizes, layers = [], {}, {}
    for r, F in enumerate(filters, 1):
        sizes[f"conv_{r}"] = {"height": 3, "width": 3, "channels": channels, "filters": F}
        layers[f"conv_{r}"] = "Conv2D"
        options = {"strides": (strides, strides), "padding": padding}
        steps += [Step("conv2d", f"conv_{r}", options), Step("relu")]
        channels, side = F, -(-(side if padding == "same" else side - 2) // strides)
        if pool_size:
            steps.append(Step("max_pool2d", options={"pool_size": pool_size, "strides": pool_size}))
            side //= pool_size
    layers["linear_1"] = behind_flatten(side, side, channels)
    sizes["linear_1"] = {"inputs": side * side * channels, "units": CLASSES}
    steps += [Step("flatten"), Step("linear", "linear_1")]
    objective = mean_loss("softmax_cross_entropy")
    return NetworkCase(
        layers, sizes, tuple(steps), x, y, objective, **{"batch_size": BATCH, **more}
    )


def perceptron(x, y, units, **more):
    """An MLP's training on features x (rows, D) of the classes y."""
    widths = (x.shape[1], *units)
    sizes = {
        f"linear_{r}": {"inputs": D, "units": U}
        for r, (D, U) in enumerate(zip(widths, units, strict=False), 1)
    }
    steps = [step for name in sizes for step in (Step("linear", name), Step("relu"))][:-1]
    layers, objective = dict.fromkeys(sizes, "Linear"), mean_loss("softmax_cross_entropy")
    return NetworkCase(layers, sizes, tuple(steps), x, y, objective, **more)


IMAGES = (
    network_row(
        "cnn", "h ← pool(Φ(h ∗ W + b)), z = flatten(h) W + b", ROWS // BATCH,
        {"pool_size": 2}, {"strides": 2, "pool_size": None},
        {"padding": "valid", "pool_size": None}, source="LeCun, Bottou, Bengio & Haffner 1998",
    ),
)  # fmt: skip
CASES = {"cnn": cnn}
