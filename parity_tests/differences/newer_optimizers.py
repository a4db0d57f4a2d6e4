"""Adafactor and Muon, and optimizers that only one framework has."""

import keras
import numpy as np
import tensorflow as tf
import torch

from parity_tests.differences.entry import (
    CRASH,
    OPTIMIZER,
    SILENT_WRONG,
    difference,
)
from parity_tests.differences.optimizers import CURVATURE, START, descend_keras, descend_torch

TITLE = "Newer and rarer optimizers"
STAGE = OPTIMIZER

# numbers that float32 has too: Keras takes a Python float through float32
BETA_1, BETA_2 = 0.875, 1 - 2.0**-10


@difference(
    item="learning rate of Adafactor() by default",
    keras="0.001",
    torch="0.01; elsewhere the two agree, if no gradient is below 1e-15",
    severity=SILENT_WRONG,
    hits="every use of Adafactor without a learning rate",
    recipe="pass the learning rate",
    sources=("keras/src/optimizers/adafactor.py:L46", "torch/optim/_adafactor.py:L27"),
    steps=(1, 10),
)
class AdafactorLearningRate:
    w = np.array([[1.0, -2.0, 0.5], [0.25, 3.0, -1.0]])

    def in_keras(w, steps):
        keras.config.set_floatx("float64")
        optimizer, w = keras.optimizers.Adafactor(beta_2_decay=-1.0), keras.Variable(w)
        for _ in range(steps):
            optimizer.apply([w * 1.0], [w])
        return w

    def in_torch(w, steps):
        w = torch.tensor(w, requires_grad=True)
        optimizer = torch.optim.Adafactor([w], beta2_decay=-1.0)
        for _ in range(steps):
            w.grad = w.detach().clone()
            optimizer.step()
        return w.detach()

    def torch_as_keras(w, steps):
        w = torch.tensor(w, requires_grad=True)
        optimizer = torch.optim.Adafactor([w], lr=0.001, beta2_decay=-1.0)
        for _ in range(steps):
            w.grad = w.detach().clone()
            optimizer.step()
        return w.detach()

    def keras_as_torch(w, steps):
        keras.config.set_floatx("float64")
        optimizer, w = keras.optimizers.Adafactor(0.01, beta_2_decay=-1.0), keras.Variable(w)
        for _ in range(steps):
            optimizer.apply([w * 1.0], [w])
        return w


@difference(
    item="length of Muon's step by the shape of the weight",
    keras="η 0.2 √max(rows, columns), which makes it as long as Adam's",
    torch="η √max(1, rows / columns)",
    severity=SILENT_WRONG,
    hits="every use of Muon; Keras' kernels moreover are torch's transposed",
    recipe="torch: adjust_lr_fn='match_rms_adamw'; Keras: rms_rate=None, and the factor in the "
    "rate",
    sources=("keras/src/optimizers/muon.py:L258", "torch/optim/_muon.py:L79"),
    ulp=4,  # roundings of the two factors
)
class MuonStepLength:
    # without iterations the step is the gradient over its norm, which bfloat16 holds exactly
    gradient = np.ones((4, 1), np.float32)

    def in_keras(gradient):
        w = keras.Variable(0 * gradient)
        optimizer = keras.optimizers.Muon(0.5, weight_decay=None, ns_steps=0)
        optimizer.apply([tf.constant(gradient)], [w])
        return w

    def in_torch(gradient):
        w = torch.zeros(gradient.shape, requires_grad=True)
        w.grad = torch.tensor(gradient)
        torch.optim.Muon([w], lr=0.5, weight_decay=0.0, ns_steps=0).step()
        return w.detach()

    def torch_as_keras(gradient):
        w = torch.zeros(gradient.shape, requires_grad=True)
        w.grad = torch.tensor(gradient)
        options = {"weight_decay": 0.0, "ns_steps": 0, "adjust_lr_fn": "match_rms_adamw"}
        torch.optim.Muon([w], lr=0.5, **options).step()
        return w.detach()

    def keras_as_torch(gradient):
        w = keras.Variable(0 * gradient)
        rate = 0.5 * max(1, w.shape[0] / w.shape[1]) ** 0.5
        options = {"weight_decay": None, "ns_steps": 0, "rms_rate": None}
        keras.optimizers.Muon(rate, **options).apply([tf.constant(gradient)], [w])
        return w


@difference(
    item="weight decay of Muon() by default",
    keras="0.004",
    torch="0.1",
    severity=SILENT_WRONG,
    hits="every use of Muon without weight_decay",
    recipe="pass weight_decay",
    sources=("keras/src/optimizers/muon.py:L90", "torch/optim/_muon.py:L92"),
    ulp=2,  # torch rounds 1 − η λ in double precision, Keras the product in float32
)
class MuonWeightDecay:
    w = np.ones((2, 2), np.float32)

    def in_keras(w):
        w = keras.Variable(w)
        keras.optimizers.Muon(0.5).apply([w * 0.0], [w])
        return w

    def in_torch(w):
        w = torch.tensor(w, requires_grad=True)
        w.grad = torch.zeros_like(w)
        torch.optim.Muon([w], lr=0.5).step()
        return w.detach()

    def torch_as_keras(w):
        w = torch.tensor(w, requires_grad=True)
        w.grad = torch.zeros_like(w)
        torch.optim.Muon([w], lr=0.5, weight_decay=0.004).step()
        return w.detach()

    def keras_as_torch(w):
        w = keras.Variable(w)
        keras.optimizers.Muon(0.5, weight_decay=0.1).apply([w * 0.0], [w])
        return w


@difference(
    item="precision of Muon's orthogonalisation",
    keras="in the weights' own type",
    torch="in bfloat16, whatever the weights: three digits",
    severity=SILENT_WRONG,
    hits="every use of Muon; singular values of the step differ in their third digit",
    recipe="Keras: cast the gradient to bfloat16 within zeropower_via_newtonschulz5 to come near",
    sources=("keras/src/optimizers/muon.py:L282", "torch/optim/_muon.py:L55"),
    unaligned="torch has no argument for it, and no two kernels round bfloat16 products alike",
)
class MuonPrecision:
    gradient = np.array([[1.0]], np.float32)

    def in_keras(gradient):
        w = keras.Variable(0 * gradient)
        optimizer = keras.optimizers.Muon(1.0, weight_decay=None, rms_rate=None)
        optimizer.apply([tf.constant(gradient)], [w])
        return w

    def in_torch(gradient):
        w = torch.zeros(gradient.shape, requires_grad=True)
        w.grad = torch.tensor(gradient)
        torch.optim.Muon([w], lr=1.0, weight_decay=0.0).step()
        return w.detach()


@difference(
    item="Lion",
    keras="keras.optimizers.Lion",
    torch="no such optimizer",
    severity=CRASH,
    hits="models trained by Lion",
    recipe="torch: w ← w − η sign(β₁ m + (1 − β₁) g), then m ← β₂ m + (1 − β₂) g",
    sources=("keras/src/optimizers/lion.py:L44", "torch/optim/__init__.py:L51"),
    unaligned="nothing in torch to follow",
)
class Lion:
    def in_keras():
        options = {"learning_rate": 0.0625, "beta_1": 0.875, "beta_2": 0.9375}
        return descend_keras(keras.optimizers.Lion, **options)

    def in_torch():
        return getattr(torch.optim, "Lion", None)

    def torch_as_keras():
        w, curvature = torch.tensor(START), torch.tensor(CURVATURE)
        m = torch.zeros_like(w)
        for _ in range(10):
            gradient = w * curvature
            w = w - 0.0625 * torch.sign(0.875 * m + 0.125 * gradient)
            m = 0.9375 * m + 0.0625 * gradient
        return w.detach()


@difference(
    item="FTRL",
    keras="keras.optimizers.Ftrl",
    torch="no such optimizer",
    severity=CRASH,
    hits="wide-and-deep models of click rates",
    recipe="torch: z ← z + g − w (√n' − √n) / η, then w ← −z η / √n' (without regularisation)",
    sources=("keras/src/optimizers/ftrl.py:L78", "torch/optim/__init__.py:L51"),
    unaligned="nothing in torch to follow",
)
class Ftrl:
    def in_keras():
        options = {"learning_rate": 0.0625, "initial_accumulator_value": 0.125}
        return descend_keras(keras.optimizers.Ftrl, **options)

    def in_torch():
        return getattr(torch.optim, "Ftrl", None)

    def torch_as_keras():
        w, curvature = torch.tensor(START), torch.tensor(CURVATURE)
        z, n = torch.zeros_like(w), torch.full_like(w, 0.125)
        for _ in range(10):
            gradient = w * curvature
            after = n + gradient**2
            z = z + gradient - w * (after.sqrt() - n.sqrt()) / 0.0625
            w, n = -z * 0.0625 / after.sqrt(), after
        return w.detach()


@difference(
    item="LAMB",
    keras="keras.optimizers.Lamb",
    torch="no such optimizer",
    severity=CRASH,
    hits="BERT trained with large batches",
    recipe="torch: Adam's step, scaled by ‖w‖ / ‖step‖",
    sources=("keras/src/optimizers/lamb.py:L38", "torch/optim/__init__.py:L51"),
    unaligned="nothing in torch to follow",
)
class Lamb:
    def in_keras():
        options = {"learning_rate": 0.0625, "beta_1": BETA_1, "beta_2": BETA_2}
        return descend_keras(keras.optimizers.Lamb, **options)

    def in_torch():
        return getattr(torch.optim, "Lamb", None)

    def torch_as_keras():
        w, curvature = torch.tensor(START), torch.tensor(CURVATURE)
        m, v = torch.zeros_like(w), torch.zeros_like(w)
        for step in range(1, 11):
            gradient = w * curvature
            m = BETA_1 * m + (1 - BETA_1) * gradient
            v = BETA_2 * v + (1 - BETA_2) * gradient**2
            root = (v / (1 - BETA_2**step)).sqrt()
            adam = m / (1 - BETA_1**step) / (root + 1e-7)
            w = w - 0.0625 * w.norm() / adam.norm() * adam
        return w.detach()


@difference(
    item="Rprop",
    keras="no such optimizer",
    torch="torch.optim.Rprop",
    severity=CRASH,
    hits="training on whole data sets",
    recipe="Keras: a step for each weight, times 1.2 while the gradient keeps its sign, else times "
    "0.5 and no move",
    sources=("keras/src/optimizers/__init__.py:L21", "torch/optim/rprop.py:L290"),
    unaligned="nothing in Keras to follow",
)
class Rprop:
    def in_keras():
        return getattr(keras.optimizers, "Rprop", None)

    def in_torch():
        return descend_torch(torch.optim.Rprop, lr=0.0625)

    def keras_as_torch():
        w = keras.Variable(START, dtype="float64")
        before, size = np.zeros(2), np.full(2, 0.0625)
        for _ in range(10):
            gradient = np.array(w * CURVATURE)
            turned = gradient * before
            size *= np.where(turned > 0, 1.2, np.where(turned < 0, 0.5, 1.0))
            size = np.clip(size, 1e-6, 50)
            gradient[turned < 0] = 0
            w.assign_sub(np.sign(gradient) * size)
            before = gradient
        return w


@difference(
    item="L-BFGS",
    keras="no such optimizer",
    torch="torch.optim.LBFGS, which calls a closure for the loss",
    severity=CRASH,
    hits="physics-informed networks and style transfer",
    recipe="Keras: scipy.optimize.minimize(method='L-BFGS-B') over the flattened weights",
    sources=("keras/src/optimizers/__init__.py:L21", "torch/optim/lbfgs.py:L206"),
    unaligned="nothing in Keras to follow, and another line search takes other steps",
)
class Lbfgs:
    def in_keras():
        return getattr(keras.optimizers, "LBFGS", None)

    def in_torch():
        w, curvature = torch.tensor(START, requires_grad=True), torch.tensor(CURVATURE)
        optimizer = torch.optim.LBFGS([w], lr=0.0625, max_iter=1)

        def closure():
            optimizer.zero_grad()
            loss = (curvature * w**2).sum() / 2
            loss.backward()
            return loss

        optimizer.step(closure)
        return w.detach()
