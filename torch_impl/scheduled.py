"""What sets the learning rate in the course of a run: a schedule, by epoch or by step.

    schedule   an LRScheduler of torch, or whatever has a step(metric)
    rate       the learning rate of the next update

Source: Introduction to Deep Learning, Unit 1 (learning rate decay).
"""

from inspect import signature

from shared.runs import check_schedule


class Scheduled:
    """An optimizer's learning rate in the course of a run, as its schedule says."""

    def __init__(self, optimizer, schedule, every, steps, validated):
        self.optimizer, self.schedule, self.every = optimizer, schedule, every
        if schedule is not None and not hasattr(schedule, "step"):
            raise TypeError(
                f"schedule must be an LRScheduler or have a step(metric), "
                f"got {type(schedule).__name__}"
            )
        # its step has to be told the loss, where an LRScheduler's can do without arguments
        wanted = signature(schedule.step).parameters.values() if schedule else ()
        self.follows_loss = any(p.default is p.empty for p in wanted)
        check_schedule(every, self.follows_loss, validated)
        if getattr(schedule, "optimizer", optimizer) is not optimizer:
            raise ValueError("the schedule is of another optimizer: make it of the one given")

    def rate(self):
        return float(self.optimizer.param_groups[0]["lr"])

    def after_step(self):
        if self.schedule and self.every == "step":
            self.schedule.step()

    def after_epoch(self, epoch):
        if self.follows_loss:
            self.schedule.step(epoch.val_loss)
        elif self.schedule and self.every == "epoch":
            self.schedule.step()

    def state(self):
        """What a schedule remembers; the optimizer keeps the rates that it has come to."""
        return self.schedule.state_dict() if self.schedule else {}

    def take_up(self, state, epochs):
        """Go on from a state, in which these epochs are counted."""
        if state:
            self.schedule.load_state_dict(state)
