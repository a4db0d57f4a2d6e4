"""What the training steps of one network and of two have in common."""

import numpy as np

from parity_tests.timings.networks import MOMENTUM, RATE


def optimizer_of(half, model, own, mode, device):
    """Momentum, ours or as it ships, of a model that is moved to the device."""
    if half.in_keras:
        import keras

        if own:
            return half.module("optimizers").Momentum(RATE, MOMENTUM)
        return keras.optimizers.SGD(RATE, momentum=MOMENTUM)
    import torch

    compiled = mode == "compiled"
    model.to(device.replace("gpu", "cuda"))
    options = {"lr": RATE, "momentum": MOMENTUM}
    if own:
        return half.module("optimizers").Momentum(model.parameters(), **options, flat=compiled)
    return torch.optim.SGD(model.parameters(), **options, fused=compiled)


def single(values):
    """Numbers in the precision that is timed; class ids as they are."""
    return values.astype(np.float32) if values.dtype.kind == "f" else values
