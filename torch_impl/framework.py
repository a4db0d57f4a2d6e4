"""PyTorch behind the interface that the parity engine is handed.

The twin module offers the same names with the same meaning, so that the engine and the tests speak
to either framework without knowing which: tensors from NumPy arrays and back, values with first and
second derivatives, compilation modes, devices, clocks, memory, seeds.
"""

import functools
import inspect
import random
import time

import numpy as np
import torch
from torch.utils import _pytree as pytree

from shared.arguments import in_order, positions, put
from shared.weights import check

NAME = "torch"
MODES = ("eager", "graph", "compiled")


def tensor(array, device="cpu"):
    """A tensor with the values and dtype of a NumPy array, on the named device."""
    return torch.tensor(np.asarray(array), device=_native(device))


def array(value):
    """The NumPy array of a tensor (or parameter, or Python number)."""
    return np.asarray(value.detach().cpu() if isinstance(value, torch.Tensor) else value)


def is_floating(value):
    """Whether a tensor has a real floating-point dtype."""
    return value.dtype.is_floating_point


def differentiable(gradient, tensors=1):
    """Give a function the gradient that was derived for it by hand (torch.autograd.Function).

    `gradient(g, h, *arguments)` takes the upstream gradient g, the output h and the function's own
    arguments, and returns one gradient for each of `tensors`: that many leading arguments, or those
    of the names given. The others, be they labels, masks or options, are constants. The plain
    formula, which autograd can differentiate by itself, stays reachable as `function.__wrapped__`.

    >>> @differentiable(lambda g, h, x: g * 2 * x)
    ... def square(x):
    ...     return x * x
    >>> value_and_gradients(square, np.array([3.0]))
    (array([9.]), (array([6.]),))
    """

    def decorate(formula):
        order, places = in_order(formula), positions(formula, tensors)
        name = formula.__name__

        class Apply(torch.autograd.Function):
            generate_vmap_rule = True
            forward = staticmethod(formula)

            @staticmethod
            def setup_context(ctx, inputs, output):
                found = [isinstance(value, torch.Tensor) for value in inputs]
                tensors = (v if is_one else None for v, is_one in zip(inputs, found, strict=True))
                ctx.save_for_backward(output, *tensors)
                # kept here too, a saved tensor would never be freed
                ctx.constants = [None if o else v for v, o in zip(inputs, found, strict=True)]

            @staticmethod
            def backward(ctx, g):
                h, *saved = ctx.saved_tensors
                kept = zip(saved, ctx.constants, strict=True)
                gradients = gradient(g, h, *(c if s is None else s for s, c in kept))
                if len(places) == 1:
                    gradients = (gradients,)
                return put((None,) * len(saved), places, gradients)

        # torch asks for the signature at every call, and works it out where none is attached
        formula.__signature__ = inspect.signature(formula)

        @functools.wraps(formula)
        def function(*arguments, **options):
            arguments = order(arguments, options)
            for place in places:
                _floating(arguments[place], name)
            if not torch.is_grad_enabled():
                return formula(*arguments)
            return Apply.apply(*arguments)

        return function

    return decorate


def _floating(value, name):
    if not isinstance(value, torch.Tensor):
        raise TypeError(f"{name} needs a tensor, got {type(value).__name__}: pass torch.tensor(x)")
    if not value.dtype.is_floating_point:
        raise TypeError(
            f"{name} needs a floating-point tensor, got {str(value.dtype).removeprefix('torch.')}: "
            f"pass x.to(torch.float32)"
        )
    return value


def sum_to(values, shape):
    """Sum over the axes along which a parameter of this shape was shared by broadcasting."""
    return values.sum_to_size(shape)


def is_positive(x):
    """1 where x > 0, else 0, in x's dtype; 0 where x is NaN.

    >>> is_positive(torch.tensor([-2.0, 0.0, 3.0])).tolist()
    [0.0, 0.0, 1.0]
    """
    # a comparison and a cast take several times as long
    return torch.sign(torch.clamp(x, min=0))


def value_and_gradients(fn, *arrays, upstream=None):
    """(outputs, gradients) of `fn` at NumPy arrays, as NumPy.

    Gradients are those of Σ upstream ⊙ output (upstream 1 unless given), one for each array; None
    for an integer array, which has none. `fn` may return one tensor or a tuple of them.

    >>> value_and_gradients(lambda x: x * x, np.array([1.0, 3.0]))
    (array([1., 9.]), (array([2., 6.]),))
    """
    inputs = [tensor(values) for values in arrays]
    for x in inputs:
        x.requires_grad_(is_floating(x))
    outputs = fn(*inputs)
    flat = [t for t in pytree.tree_leaves(outputs) if t.requires_grad]
    flat_upstream = pytree.tree_leaves(upstream) if upstream is not None else [None] * len(flat)
    torch.autograd.backward(
        flat, [_upstream(t, g) for t, g in zip(flat, flat_upstream, strict=True)]
    )
    return pytree.tree_map(array, outputs), tuple(
        None if x.grad is None else array(x.grad) for x in inputs
    )


def _upstream(output, g):
    return torch.ones_like(output) if g is None else torch.as_tensor(g, dtype=output.dtype)


def _measure(function, inputs, upstream, direction):
    """Output, gradients, and the gradient of Σ direction ⊙ g_x with respect to x."""
    if upstream is None:
        return function(*inputs), [], None
    inputs = [x.detach().requires_grad_() for x in inputs]
    output = function(*inputs)
    gradients = torch.autograd.grad(output, inputs, upstream, create_graph=direction is not None)
    if direction is None:
        return output, gradients, None
    if not gradients[0].requires_grad:  # a constant gradient, as of a linear function
        return output, gradients, torch.zeros_like(inputs[0])
    second = torch.autograd.grad(gradients[0], inputs[0], direction, materialize_grads=True)[0]
    return output, gradients, second


def _measure_captured(functions, batch, mode):
    """Outputs and gradients, all functions in one graph and their backward passes in another.

    No second order: a compiled backward pass cannot itself be differentiated (AOTAutograd).
    """
    inputs = [[x.detach().requires_grad_(g is not None) for x in inputs] for inputs, g, _ in batch]

    def forward(inputs):
        return [function(*x) for function, x in zip(functions, inputs, strict=True)]

    torch.compiler.reset()  # or the graphs of every batch before would be kept
    outputs = compiled(forward, mode)(inputs)
    sought = [x for x in pytree.tree_leaves(inputs) if x.requires_grad]
    upstream = [g for _, g, _ in batch]
    ends = [h for h, g in zip(outputs, upstream, strict=True) if g is not None]
    arriving = [g for g in upstream if g is not None]
    gradients = iter(torch.autograd.grad(ends, sought, arriving) if ends else ())
    return [
        (output, [next(gradients) for t in x if t.requires_grad], None)
        for output, x in zip(outputs, inputs, strict=True)
    ]


def evaluate(calls, mode="eager", device="cpu"):
    """Measure many functions at once: [(output, gradients, second or None)] as NumPy.

    Each call is (function, inputs, upstream, direction) with NumPy arrays; without an upstream
    gradient only the output is measured, without a direction no second order. In the modes "graph"
    and "compiled" all calls go into one graph, so that there is one compilation for all of them.
    """
    functions = [function for function, *_ in calls]
    batch = [
        pytree.tree_map(
            lambda a: None if a is None else tensor(a, device), (list(inputs), upstream, direction)
        )
        for _, inputs, upstream, direction in calls
    ]
    if mode == "eager":
        results = [_measure(f, *arguments) for f, arguments in zip(functions, batch, strict=True)]
    else:
        results = _measure_captured(functions, batch, mode)
    return pytree.tree_map(lambda t: None if t is None else array(t), results)


def prepared(function, inputs, upstream=None, mode="eager"):
    """A call without arguments of (output, gradients), computed anew each time and left there.

    For clocks: nothing is copied, and all that is not the work itself is done beforehand. `inputs`
    are tensors; without an upstream gradient there are no gradients, and none are prepared for. In
    the modes "graph" and "compiled" the output is one graph and the gradients are another.

    >>> square = prepared(lambda x: x * x, [tensor(3.0)], upstream=tensor(1.0))
    >>> output, (g_x,) = square()
    >>> array(output).item(), array(g_x).item()
    (9.0, 6.0)
    """
    inputs = [x.detach().requires_grad_(upstream is not None) for x in inputs]
    captured = compiled(function, mode)

    @torch.no_grad()
    def forward():
        return captured(*inputs), []

    def both():
        output = captured(*inputs)
        gradients = torch.autograd.grad(output, inputs, upstream)
        return output, list(gradients)

    return forward if upstream is None else both


def compiled(fn, mode):
    """The function in a mode: "eager" as it is, "graph" captured, "compiled" by torch.compile.

    "graph" captures the same graph but runs it with the eager kernels (backend "aot_eager").
    """
    if mode == "eager":
        return fn
    backend = "inductor" if mode == "compiled" else "aot_eager"
    # a count of its own, or the ninth function from the same lines would be one too many
    return torch.compile(fn, backend=backend, fullgraph=True, isolate_recompiles=True)


def captures():
    """How many graphs were captured so far in this process, of whatever torch.compile was given.

    One that grows while nothing new is called betrays a function that is captured again and again.
    """
    from torch._dynamo.utils import counters  # takes a second to load, as torch.compile will have

    return counters["stats"]["unique_graphs"]


def forget_captures():
    """Let go of graphs that torch.compile keeps with the code it captured: for long processes."""
    torch.compiler.reset()


def load(model, arrays):
    """Set all weights of a module or model from NumPy arrays by name, or none of them.

    Names are those within the module ("weight"), or a path from the model ("hidden.weight"). Raises
    WeightError, naming the tensor, if one is missing, one is too many, or a shape differs.
    """
    weights = model.state_dict()
    name = type(model).__name__
    check(name, arrays, {n: w.shape for n, w in weights.items()}, "build and name it alike")
    model.load_state_dict({name: tensor(values) for name, values in arrays.items()})


def reloaded(layer, example, folder):
    """The module as it comes back from disk, saved by torch.save in the folder.

    `example` is a NumPy array that the module can be called with; torch needs none to save.
    """
    path = f"{folder}/layer.pt"
    torch.save(layer, path)
    return torch.load(path, weights_only=False)


@functools.cache
def unavailable(mode):
    """Why a mode cannot be had on this machine; empty when it can."""
    if mode not in MODES:
        return f"{NAME} has no mode {mode!r}, only {', '.join(MODES)}"
    if mode == "compiled" and not torch.cuda.is_available():
        from torch._inductor.cpp_builder import get_cpp_compiler

        try:
            get_cpp_compiler()
        except Exception:  # the class it raises is private and has changed between releases
            return "torch.compile needs a C++ compiler (g++ or clang++), and none is here"
    return ""


def kernels():
    """Which kernels it takes on this processor, of those that compute otherwise than the rest.

    The vector instructions by their name, "AVX2" or "AVX512" among others.
    """
    return (torch.backends.cpu.get_cpu_capability(),)


def devices():
    """The devices seen, by names both halves share: "cpu", "gpu:0", "gpu:1"…"""
    return ["cpu", *(f"gpu:{i}" for i in range(torch.cuda.device_count()))]


def _native(device):
    return device.replace("gpu", "cuda")


def clock(device="cpu"):
    """A moment after the device has finished all work given to it: two of them differ in seconds.

    A number of the processor's monotonic clock, or a `Moment` of a GPU's own.
    """
    return time.perf_counter() if device == "cpu" else Moment(device)


class Moment:
    """A moment that a GPU itself noted, by an event in its queue of work."""

    def __init__(self, device):
        with torch.cuda.device(_native(device)):
            self.event = torch.cuda.Event(enable_timing=True)
            self.event.record()
        self.event.synchronize()

    def __sub__(self, earlier):
        # milliseconds
        return earlier.event.elapsed_time(self.event) / 1000


def peak_memory(device):
    """Most bytes held on a GPU since the start, by the framework's own count; None on the CPU."""
    return None if device == "cpu" else torch.cuda.max_memory_allocated(_native(device))


def reset_peak_memory(device):
    """Start counting a GPU's peak memory anew, from what is held now."""
    if device != "cpu":
        torch.cuda.reset_peak_memory_stats(_native(device))


def set_full_precision():
    """Have float32 products computed in float32 on a GPU too, not in TF32 of 10 bits."""
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False


def set_seed(seed):
    """Seed Python's, NumPy's and the framework's generators."""
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def set_deterministic():
    """Ask for operations that repeat bit for bit, at some cost in speed."""
    torch.use_deterministic_algorithms(True)
