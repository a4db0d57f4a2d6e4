"""The torch optimizers as torch's own kind: groups, schedulers, closures, saving, compilation."""

import copy
import io
import pickle

import numpy as np
import pytest
import torch

import torch_impl.optimizers as to
from parity_tests.optimizer_cases import CASES, START, Run, gradient, rates
from shared.comparison import compare

STEPS = 12
every_case = pytest.mark.parametrize("case", CASES, ids=str)
one_of_each_class = pytest.mark.parametrize(
    "case", {case.optimizer: case for case in CASES}.values(), ids=str
)
SCHEDULED = pytest.mark.parametrize(
    "case",
    {c.optimizer: c for c in CASES if c.optimizer != "DeltaBarDelta"}.values(),
    ids=str,
)


def optimizer_of(case, parameters, lr=2.0**-5, **more):
    return getattr(to, case.optimizer)(parameters, lr, **case.torch_options, **more)


def parameter(values):
    p = torch.nn.Parameter(torch.tensor(values))
    p.grad = torch.ones_like(p)
    return p


def train(model, optimizer, steps):
    x = torch.arange(12.0).reshape(4, 3) / 8
    for _ in range(steps):
        optimizer.zero_grad()
        model(x).square().mean().backward()
        optimizer.step()


@pytest.mark.parametrize("flat", [False, True], ids=["", "flat"])
@one_of_each_class
def test_training_goes_on_from_disk_bit_for_bit(case, flat):
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1))
    optimizer = optimizer_of(case, model.parameters(), flat=flat)
    train(model, optimizer, 3)
    file = io.BytesIO()
    torch.save([model.state_dict(), optimizer.state_dict()], file)
    file.seek(0)
    twin = copy.deepcopy(model)
    again = optimizer_of(case, twin.parameters(), lr=1.0, flat=flat)
    for one, state in zip((twin, again), torch.load(file), strict=True):
        one.load_state_dict(state)
    train(model, optimizer, 3)
    train(twin, again, 3)
    for one, other in zip(model.parameters(), twin.parameters(), strict=True):
        assert torch.equal(one, other)
    for one, other in zip(optimizer.state.values(), again.state.values(), strict=True):
        assert one.keys() == other.keys()
        assert all(torch.equal(one[name], other[name]) for name in one)


@SCHEDULED
def test_torchs_schedulers_drive_the_rate(case):
    scheduled, by_hand = (torch.nn.Parameter(torch.tensor(START)) for _ in range(2))
    one, other = (optimizer_of(case, [p]) for p in (scheduled, by_hand))
    scheduler = torch.optim.lr_scheduler.StepLR(one, step_size=2, gamma=0.5)
    for k in range(6):
        other.param_groups[0]["lr"] = 2.0**-5 * 0.5 ** (k // 2)
        for p in (scheduled, by_hand):
            p.grad = torch.tensor(gradient(p.detach().numpy(), k))
        one.step()
        scheduler.step()
        other.step()
        assert torch.equal(scheduled, by_hand)


def test_the_rates_of_delta_bar_delta_are_its_own():
    p, q = parameter(START), parameter(START)
    one, other = to.DeltaBarDelta([p], 0.5), to.DeltaBarDelta([q], 0.5)
    for optimizer in (one, other, one, other):
        optimizer.step()
        one.param_groups[0]["lr"] = 100.0
    assert torch.equal(p, q)


@one_of_each_class
def test_groups_have_hyperparameters_of_their_own(case):
    alone = [parameter([1.0, 2.0]) for _ in range(2)]
    for p, lr in zip(alone, (0.5, 0.125), strict=True):
        optimizer_of(case, [p], lr).step()
    together = [parameter([1.0, 2.0]) for _ in range(2)]
    groups = [{"params": [together[0]], "lr": 0.5}, {"params": [together[1]]}]
    optimizer_of(case, groups, 0.125).step()
    assert all(torch.equal(p, q) for p, q in zip(alone, together, strict=True))
    assert not torch.equal(*alone)


def test_a_closure_is_evaluated_with_gradients_and_its_loss_returned():
    W = torch.nn.Parameter(torch.tensor([2.0]))
    optimizer = to.SGD([W], 0.25)

    def closure():
        optimizer.zero_grad()
        L = (W * W).sum()
        L.backward()
        return L

    assert optimizer.step(closure) == 4
    assert W.item() == 1


@pytest.mark.parametrize("flat", [False, True], ids=["", "flat"])
@one_of_each_class
def test_a_parameter_without_a_gradient_is_skipped(case, flat):
    p, q = parameter([1.0, 2.0]), parameter([1.0])
    frozen = torch.nn.Parameter(torch.tensor([3.0]), requires_grad=False)
    optimizer = optimizer_of(case, [p, q, frozen], flat=flat)
    q.grad = None
    optimizer.step()
    optimizer.step()
    q.grad = torch.ones_like(q)
    optimizer.step()
    # counted from its own first gradient on
    alone = parameter([1.0])
    optimizer_of(case, [alone]).step()
    assert torch.equal(q, alone) and frozen.item() == 3
    assert optimizer.state[p]["step"] == 3 and optimizer.state[q]["step"] == 1


@pytest.mark.parametrize("flat", [False, True], ids=["", "flat"])
@one_of_each_class
def test_repeated_ids_are_one_gradient(case, flat):
    rows = []
    for sparse in (False, True):
        torch.manual_seed(0)
        table = torch.nn.Embedding(4, 2, sparse=sparse)
        optimizer = optimizer_of(case, table.parameters(), flat=flat)
        for _ in range(2):
            optimizer.zero_grad()
            (table(torch.tensor([1, 0, 1, 1])) * torch.tensor([1.0, -2.0])).sum().backward()
            optimizer.step()
        rows.append(table.weight.detach())
    assert torch.equal(*rows)


@pytest.mark.parametrize(
    "clip, expected",
    [
        (lambda ps: torch.nn.utils.clip_grad_value_(ps, 2.0), ([2.0, 2.0], [0.0, -2.0])),
        (lambda ps: [torch.nn.utils.clip_grad_norm_(p, 2.5) for p in ps], ([1.5, 2.0], [0, -2.5])),
        (lambda ps: torch.nn.utils.clip_grad_norm_(ps, 6.5), ([1.5, 2.0], [0.0, -6.0])),
    ],
    ids=["value", "norm", "norm of all"],
)
def test_clipping_is_by_value_by_norm_and_by_the_norm_of_all(clip, expected):
    V, W = (torch.nn.Parameter(torch.zeros(2)) for _ in range(2))
    V.grad, W.grad = torch.tensor([3.0, 4.0]), torch.tensor([0.0, -12.0])
    norms = V.grad.norm(), W.grad.norm(), torch.hypot(V.grad.norm(), W.grad.norm())
    clip([V, W])
    to.SGD([V, W], 1.0).step()
    # torch divides by the norm plus 1e−6: at most so much too short, and the roundings of a norm
    short = 1e-6 / float(min(norms))
    for found, value in zip((-V.detach(), -W.detach()), expected, strict=True):
        bound = (short + 8 * 2.0**-24) * np.abs(value)
        assert compare(found.numpy(), value, bound, "float32").agrees


@one_of_each_class
def test_torch_compiles_a_step(case):
    p, q = parameter([1.0, 2.0]), parameter([1.0, 2.0])
    plain, other = optimizer_of(case, [p]), optimizer_of(case, [q])
    step = torch.compile(other.step, backend="aot_eager")
    for _ in range(3):
        plain.step()
        step()
    assert torch.equal(p, q)


def in_parts(case, flat):
    """The run of `optimizer_cases`, its parameter in three pieces of their own shapes."""
    pieces = [torch.nn.Parameter(torch.tensor(part)) for part in
              (START[:4].reshape(2, 2), START[4], START[5:])]  # fmt: skip
    optimizer = optimizer_of(case, pieces, rates(STEPS)[0], flat=flat)
    for k, lr in enumerate(rates(STEPS)):
        optimizer.param_groups[0]["lr"] = lr
        whole = torch.cat([p.detach().reshape(-1) for p in pieces])
        g = torch.tensor(gradient(whole.numpy(), k)).split([4, 1, 1])
        optimizer.zero_grad()
        sum((p * part.reshape(p.shape)).sum() for p, part in zip(pieces, g, strict=True)).backward()
        optimizer.step()
        yield torch.cat([p.detach().reshape(-1) for p in pieces]).numpy()


@pytest.mark.parametrize("flat", [False, True], ids=["", "flat"])
@one_of_each_class
def test_many_parameters_are_the_reference_too(case, flat):
    run = Run(case, STEPS)
    found = np.stack(list(in_parts(case, flat)))
    bound = 2 * run.bound("W", "float64")
    assert compare(found, run.truth["W"], bound, "float64").agrees


def flat_pair():
    p, q = parameter([[1.0, 2.0]]), parameter([3.0])
    optimizer = to.Momentum([p, q], 0.5, 0.5, flat=True)
    optimizer.step()
    return p, q, optimizer


def test_flat_parameters_are_views_that_stay_themselves():
    p, q, optimizer = flat_pair()
    assert p.untyped_storage().data_ptr() == q.untyped_storage().data_ptr()
    assert p.shape == (1, 2) and p.is_leaf
    optimizer.zero_grad()
    assert p.grad.tolist() == [[0, 0]] and q.grad.tolist() == [0]
    (3 * p).sum().backward()
    optimizer.step()
    # V = ½·(−½) − ½·3; without a gradient, ½·(−½)
    assert p.tolist() == [[0.5 - 1.75, 1.5 - 1.75]] and q.tolist() == [2.5 - 0.25]


def test_flat_parameters_take_gradients_from_elsewhere():
    p, q, optimizer = flat_pair()
    p.grad, q.grad = torch.tensor([[3.0, 3.0]]), torch.tensor([5.0])
    optimizer.step()
    assert p.tolist() == [[0.5 - 1.75, 1.5 - 1.75]] and q.tolist() == [2.5 - 2.75]


def test_flat_parameters_that_miss_a_step_are_counted_apart_from_then_on():
    p, q, optimizer = flat_pair()
    for g in (None, torch.tensor([5.0])):
        p.grad, q.grad = torch.tensor([[3.0, 3.0]]), g
        optimizer.step()
    assert optimizer.state[p]["step"] == 3 and optimizer.state[q]["step"] == 2
    # V = −½, −7/4, −19/8 for p; −½, −11/4 for q
    assert p.tolist() == [[0.5 - 4.125, 1.5 - 4.125]] and q.tolist() == [2.5 - 2.75]


def test_flat_parameters_are_laid_out_anew_when_moved():
    p, q, optimizer = flat_pair()
    p.data = torch.tensor([[8.0, 8.0]])
    optimizer.step()
    assert p.tolist() == [[7.25, 7.25]] and q.tolist() == [1.75]


def test_hyperparameters_changed_midway_hold_from_then_on():
    p, q, optimizer = flat_pair()
    optimizer.param_groups[0]["momentum"] = 0.0
    optimizer.step()
    assert p.tolist() == [[0.0, 1.0]] and q.tolist() == [2.0]


def test_a_flat_optimizer_is_copied_and_pickled():
    *_, optimizer = flat_pair()
    for again in (copy.deepcopy(optimizer), pickle.loads(pickle.dumps(optimizer))):
        for p in again.param_groups[0]["params"]:
            p.grad = torch.ones_like(p)  # which a copy does without
        again.step()
        assert again.param_groups[0]["params"][1].tolist() == [1.75]


def test_a_flat_group_has_one_dtype():
    mixed = [parameter([1.0]), torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))]
    with pytest.raises(ValueError, match=r"one dtype and one device .*float32.*float64"):
        to.SGD(mixed, 0.5, flat=True)


def test_a_flat_group_of_two_dtypes_is_not_added():
    optimizer = to.SGD([parameter([1.0])], 0.5, flat=True)
    mixed = [parameter([1.0]), torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))]
    with pytest.raises(ValueError, match="one dtype and one device"):
        optimizer.add_param_group({"params": mixed})
    assert len(optimizer.param_groups) == 1


def test_a_flat_update_is_one_graph_or_refused():
    class Broken(to.SGD):
        @staticmethod
        def update(W, g, lr):
            torch._dynamo.graph_break()
            return (W - lr * g,)

    with pytest.raises(torch._dynamo.exc.Unsupported, match="graph_break"):
        Broken([parameter([1.0])], 0.5, flat=True).step()


def test_gradients_are_given_up_by_default_as_in_torch():
    p = parameter([1.0])
    to.SGD([p], 0.5).zero_grad()
    assert p.grad is None


def test_numbers_are_not_rounded_to_float32():
    p = torch.nn.Parameter(torch.ones(1, dtype=torch.float64))
    p.grad = torch.ones_like(p)
    optimizer = to.Adam([p], 0.1)
    optimizer.step()
    state = optimizer.state[p]
    assert (state["first_moment"].item(), state["second_moment"].item()) == (1 - 0.9, 1 - 0.999)


def test_state_of_an_older_file_gets_the_options_it_lacks():
    p = parameter([1.0])
    state = to.Adam([p]).state_dict()
    del state["param_groups"][0]["epsilon_form"]
    optimizer = to.Adam([p], epsilon_form="hat")
    optimizer.load_state_dict(state)
    assert optimizer.param_groups[0]["epsilon_form"] == "hat"
