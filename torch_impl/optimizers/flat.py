"""Parameters side by side in one vector, for one compiled step on all of them at once."""

import torch


class FlatParameters:
    """Vectors of parameters, gradients and state, of which those of each parameter become views.

    A step on them is one call of a compiled function, not a dozen operations for each parameter.
    The parameters share one dtype and device, have gradients, and have taken equally many steps.

    >>> W, b = (torch.nn.Parameter(torch.tensor(v)) for v in ([[1.0, 2.0]], [3.0]))
    >>> W.grad, b.grad = torch.ones_like(W), torch.zeros_like(b)
    >>> flat = FlatParameters([W, b], [{"step": torch.zeros(())} for _ in "Wb"], [])
    >>> flat.W, flat.g
    (tensor([1., 2., 3.]), tensor([1., 1., 0.]))
    >>> flat.W -= flat.g
    >>> W.data
    tensor([[0., 1.]])
    """

    def __init__(self, parameters, states, names):
        self.parameters, self.names = parameters, names
        self.W = _side_by_side(p.detach() for p in parameters)
        self.g = _side_by_side(dense(p.grad) for p in parameters)
        self.state = [self._gathered(states, name) for name in names]
        self.step = states[0]["step"]
        self.gradients = self._views(self.g)
        for p, W, g in zip(parameters, self._views(self.W), self.gradients, strict=True):
            p.data, p.grad = W, g
        for state in states:
            state["step"] = self.step
        self._addresses = [p.data_ptr() for p in parameters]
        # an optimizer of its own, so that none uses up the compilations of another
        self._update = torch.compile(update_in_place, fullgraph=True, isolate_recompiles=True)

    def _gathered(self, states, name):
        if name not in states[0]:
            return None
        vector = _side_by_side(state[name] for state in states)
        for state, view in zip(states, self._views(vector), strict=True):
            state[name] = view
        return vector

    def _views(self, vector):
        parts = vector.split([p.numel() for p in self.parameters])
        return [part.view(p.shape) for part, p in zip(parts, self.parameters, strict=True)]

    def collect(self):
        """Copy into the vector what gradients lie elsewhere; whether all are in it now.

        They are not where a parameter has none, or was itself moved, say to another device.
        """
        held = zip(self.parameters, self.gradients, self._addresses, strict=True)
        for p, g, address in held:
            if p.grad is g and p.data_ptr() == address:
                continue
            if p.grad is None or p.data_ptr() != address:
                return False
            p.grad = g.copy_(dense(p.grad))
        return True

    def zero_gradients(self):
        """Write 0 over all gradients, in place, and hand the views to parameters without one."""
        self.g.zero_()
        for p, g in zip(self.parameters, self.gradients, strict=True):
            p.grad = g

    def take_step(self, update, rates, options):
        """One step of an update; `rates` are the numbers that change from step to step."""
        # in a tensor: as numbers they would be compiled in, and each new one compiled anew
        rates = torch.tensor(rates, dtype=self.W.dtype)
        self._update(update, self.W, self.g, self.state, rates, options)


def update_in_place(update, W, g, state, rates, options):
    """Overwrite a parameter and its state with what an update makes of them."""
    for old, new in zip((W, *state), update(W, g, *state, *rates, **options), strict=True):
        if old is not None:
            old.copy_(new)


def dense(gradient):
    """The gradient with all its rows, the repeated ids of a sparse one summed."""
    return gradient.to_dense() if gradient.is_sparse else gradient


def _side_by_side(tensors):
    return torch.cat([tensor.reshape(-1) for tensor in tensors])
