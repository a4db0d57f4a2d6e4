"""What every optimizer here shares: state, checks, sparse gradients. The formulas are elsewhere."""

from typing import ClassVar

import torch

from shared.hyperparameters import check
from torch_impl.optimizers.flat import FlatParameters, dense, update_in_place


class Optimizer(torch.optim.Optimizer):
    """A torch optimizer whose step is a pure function of `torch_impl.optimizers.updates`.

    Each parameter group has its own hyperparameters. Clip gradients with torch.nn.utils, accumulate
    them by calling `backward` more than once. A parameter without a gradient is skipped; repeated
    ids of a sparse gradient are summed first, and its other rows have the gradient 0.

    Numbers stay Python's, in double precision, until they meet a tensor.

    With `flat=True` a group's parameters, gradients and state lie side by side in one vector each,
    and a step is one compiled function of them, the same one. `zero_grad` then writes zeros over
    the gradients instead of taking them away: a parameter that gets none counts as one of gradient
    0. A step at which some parameter has no gradient at all is taken parameter by parameter.

    Steps are counted for each parameter, from its first gradient on, as in torch.

    Raises ValueError, naming it, for a hyperparameter that is out of its range.
    """

    HYPERPARAMETERS = ()
    FORMS: ClassVar = {}

    def __init__(self, params, lr, options, flat):
        self._flat = {}
        super().__init__(params, {"lr": lr, **options, "flat": flat})

    def starts(self, group):
        """Name of each state -> the number it begins as, or None if the options leave it out."""
        return {}

    def rates(self, group, t):
        """What an update takes that changes from step to step; t counts the steps from 1."""
        return (group["lr"],)

    def options(self, group):
        """What an update takes that stays as it is."""
        return {name: group[name] for name in self.HYPERPARAMETERS}

    def add_param_group(self, param_group):
        check({**self.defaults, **param_group}, self.FORMS)
        super().add_param_group(param_group)
        group = self.param_groups[-1]
        kinds = {(p.dtype, p.device) for p in group["params"]}
        if group["flat"] and len(kinds) > 1:
            self.param_groups.pop()
            raise ValueError(
                "flat=True needs one dtype and one device in a group, got "
                f"{sorted(map(str, kinds))}: give each kind a group of its own"
            )

    def __setstate__(self, state):
        super().__setstate__(state)
        self._flat = {}  # what was loaded lies elsewhere
        for group in self.param_groups:
            for name, value in self.defaults.items():
                group.setdefault(name, value)

    def zero_grad(self, set_to_none=True):
        super().zero_grad(set_to_none)
        for flat in filter(None, self._flat.values()):
            flat.zero_gradients()

    @torch.no_grad()
    def step(self, closure=None):
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for place, group in enumerate(self.param_groups):
            if not (group["flat"] and self._step_at_once(place, group)):
                self._step_one_by_one(group)
        return loss

    def _step_one_by_one(self, group):
        names, options = list(self.starts(group)), self.options(group)
        for p in group["params"]:
            if p.grad is None:
                continue
            state = self._state_of(p, group)
            state["step"] += 1
            now = [state.get(name) for name in names]
            rates = self.rates(group, state["step"])
            update_in_place(self.update, p, dense(p.grad), now, rates, options)

    def _state_of(self, p, group):
        state = self.state[p]
        if not state:
            state["step"] = torch.zeros((), dtype=torch.float64)
            for name, start in self.starts(group).items():
                if start is not None:
                    state[name] = torch.full_like(p, start, memory_format=torch.preserve_format)
        return state

    def _step_at_once(self, place, group):
        """Take a flat group's step, or leave it to be taken one by one: whether it was taken."""
        flat = self._flat.get(place)
        if flat is None or not flat.collect():
            flat = self._flat[place] = self._laid_flat(group)
        if flat is None:
            return False
        flat.step += 1
        flat.take_step(self.update, self.rates(group, flat.step.item()), self.options(group))
        return True

    def _laid_flat(self, group):
        parameters = group["params"]
        states = [self._state_of(p, group) for p in parameters]
        for state in states:
            state["step"] = state["step"].clone()  # no longer shared
        counts = {state["step"].item() for state in states}
        if len(counts) > 1 or any(p.grad is None for p in parameters):
            return None
        return FlatParameters(parameters, states, list(self.starts(group)))
