"""The torch modules as torch's own kind: they train, save, copy, compile, change precision."""

import copy
import pickle

import numpy as np
import pytest
import torch
from torch import nn

import torch_impl.layers as hl
from shared.data import load_digits

IMAGES, LABELS = (values[:96] for values in load_digits())
IMAGES = IMAGES.reshape(-1, 8, 8, 1).astype(np.float32)
IDS = np.random.default_rng(0).integers(0, 6, (32, 5))

MODULES = {
    "Linear": (lambda: hl.Linear(5, 3, bias=False), (4, 5)),
    "Activation": (lambda: hl.Activation("tanh"), (4, 5)),
    "Flatten": (lambda: hl.Flatten(), (4, 5, 2)),
    "Dropout": (lambda: hl.Dropout(0.3), (4, 5)),
    "BatchNorm": (lambda: hl.BatchNorm(5, 1e-4, 0.2, "old", False), (4, 5)),
    "LayerNorm": (lambda: hl.LayerNorm((5, 2), 1e-4), (4, 5, 2)),
    "Conv2D": (lambda: hl.Conv2D(2, 3, (3, 2), 2, "same", False), (4, 2, 6, 5)),
    "MaxPool2D": (lambda: hl.MaxPool2D((2, 3), 1), (4, 2, 6, 5)),
    "AveragePool2D": (lambda: hl.AveragePool2D((2, 3), (1, 2)), (4, 2, 6, 5)),
    "Embedding": (lambda: hl.Embedding(6, 3), (4, 5)),
}

every_module = pytest.mark.parametrize("name", MODULES)


def example(name, shape, dtype=np.float32):
    rng = np.random.default_rng(3)
    return (
        rng.integers(0, 6, shape) if name == "Embedding" else rng.normal(size=shape).astype(dtype)
    )


def test_every_layer_is_tried_here():
    names = {name for name in hl.__all__ if isinstance(getattr(hl, name), type)}
    recurrent = {"SimpleRNN", "LSTM", "GRU"}
    assert set(MODULES) == names - recurrent


def torch_network():
    return nn.Sequential(
        hl.Conv2D(1, 6, 3, padding="same"), hl.BatchNorm(6), hl.Activation("relu"), hl.MaxPool2D(2),
        hl.Conv2D(6, 6, 3, 2, padding=1), hl.Activation("silu"), hl.AveragePool2D(2), hl.Flatten(),
        hl.Linear(6, 16), hl.LayerNorm(16), hl.Dropout(0.1), hl.Linear(16, 10),
    )  # fmt: skip


def torch_losses(model, steps, x, y, lr=0.02):
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        losses.append(nn.functional.cross_entropy(model(x), y))
        losses[-1].backward()
        optimizer.step()
    return [float(loss.detach()) for loss in losses]


def test_torch_trains_a_network_of_them():
    torch.manual_seed(1)
    model = torch_network()
    before = copy.deepcopy(model.state_dict())
    x, y = torch.tensor(IMAGES).permute(0, 3, 1, 2), torch.tensor(LABELS)
    losses = torch_losses(model, 20, x, y)
    assert losses[-1] < 0.7 * losses[0]
    assert all(torch.any(new != before[name]) for name, new in model.state_dict().items())


def test_torch_trains_an_embedding():
    torch.manual_seed(1)
    model = nn.Sequential(hl.Embedding(6, 4), hl.Flatten(), hl.Linear(20, 6))
    losses = torch_losses(model, 20, torch.tensor(IDS), torch.tensor(IDS[:, 0]), lr=0.05)
    assert losses[-1] < 0.5 * losses[0]


def test_a_network_of_modules_is_captured_whole():
    """In one graph, training as it does uncaptured: same weights, masks, statistics, gradients."""
    torch.manual_seed(1)
    model = torch_network()
    captured = torch.compile(copy.deepcopy(model), backend="aot_eager", fullgraph=True)
    x, y = torch.tensor(IMAGES[:8]).permute(0, 3, 1, 2), torch.tensor(LABELS[:8])
    losses = []
    for net in (model, captured):
        torch.manual_seed(2)
        losses.append(torch_losses(net, 2, x, y))
    assert losses[0] == losses[1]
    for one, other in zip(model.state_dict().values(), captured.state_dict().values(), strict=True):
        assert torch.equal(one, other)


@every_module
def test_a_module_comes_back_from_copying_pickling_and_its_state(name, tmp_path):
    make, shape = MODULES[name]
    module, x = make(), torch.tensor(example(name, shape))
    for parameter in module.parameters():
        nn.init.uniform_(parameter)
    module(x)  # moves statistics
    torch.save(module.state_dict(), tmp_path / "state.pt")
    restored = make()
    restored.load_state_dict(torch.load(tmp_path / "state.pt"))
    for again in (copy.deepcopy(module), pickle.loads(pickle.dumps(module)), restored):
        assert repr(again) == repr(module)
        assert torch.equal(again.eval()(x), module.eval()(x))


SHOWN = {
    "Linear": "Linear(in_features=5, out_features=3, bias=False)",
    "Activation": "Activation(activation=tanh)",
    "Flatten": "Flatten()",
    "Dropout": "Dropout(p=0.3)",
    "BatchNorm": "BatchNorm(5, eps=0.0001, momentum=0.2, momentum_of=old, unbiased=False)",
    "LayerNorm": "LayerNorm((5, 2), eps=0.0001)",
    "Conv2D": "Conv2D(2, 3, kernel_size=(3, 2), stride=2, padding='same', bias=False)",
    "MaxPool2D": "MaxPool2D(kernel_size=(2, 3), stride=1)",
    "AveragePool2D": "AveragePool2D(kernel_size=(2, 3), stride=(1, 2))",
    "Embedding": "Embedding(num_embeddings=6, embedding_dim=3)",
}


@every_module
def test_a_module_shows_its_options(name):
    assert repr(MODULES[name][0]()) == SHOWN[name]


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
@every_module
def test_a_module_works_in_other_precisions(name, dtype):
    make, shape = MODULES[name]
    module, x = make().to(dtype), torch.tensor(example(name, shape))
    x = x if name == "Embedding" else x.to(dtype).requires_grad_()
    h = module(x)
    h.sum().backward()
    assert h.dtype == dtype
    for values in (h, x.grad, *(p.grad for p in module.parameters())):
        assert values is None or (values.dtype == dtype and values.isfinite().all())


@every_module
def test_a_module_says_what_it_is_to_be_given(name):
    make, shape = MODULES[name]
    if name not in ("Embedding", "Dropout"):  # these are tried elsewhere
        with pytest.raises(TypeError, match="needs a tensor, got ndarray"):
            make()(example(name, shape))
        with pytest.raises(TypeError, match="needs a floating-point tensor, got int64"):
            make()(torch.zeros(shape, dtype=torch.int64))


def test_under_autocast_they_mix_with_torchs_own():
    torch.manual_seed(1)
    model = nn.Sequential(
        nn.Conv2d(1, 3, 3), hl.Conv2D(3, 3, 3), nn.BatchNorm2d(3), hl.BatchNorm(3), nn.ReLU(),
        hl.MaxPool2D(2), hl.Flatten(), nn.Linear(12, 4), hl.Linear(4, 4), hl.LayerNorm(4),
        nn.Linear(4, 10),
    )  # fmt: skip
    with torch.autocast("cpu", torch.bfloat16):
        h = model[:2](torch.tensor(IMAGES).permute(0, 3, 1, 2))
        loss = nn.functional.cross_entropy(model[2:](h), torch.tensor(LABELS))
    loss.backward()
    assert h.dtype == torch.bfloat16
    assert all(p.grad.dtype == p.dtype == torch.float32 for p in model.parameters())
